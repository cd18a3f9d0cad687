//! disruption-controller: how many pods of a budget may be missing now.
//! Source: `pkg/controller/disruption`.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::deployment::{Rounding, scaled};
use super::wording;
use crate::api::{
    Deployment, Key, Kind, Pod, PodDisruptionBudget, ReplicaSet, StatefulSet, Typed, meta, policy,
    selector,
};
use crate::client::Informers;
use crate::sim::{Time, counted};

/// How long an eviction that was granted counts while the pod is not on its way out.
/// Source: `DeletionTimeout`.
const DELETION_TIMEOUT: Duration = Duration::from_mins(2);

pub(super) static DISRUPTION: Controller = Controller {
    name: "disruption-controller",
    event_source: "controllermanager",
    watches: &[
        Kind::PodDisruptionBudget,
        Kind::Pod,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
    ],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// A budget for itself, and the budgets of a pod that changed.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    for side in [change.before, change.after].into_iter().flatten() {
        if side.kind() == Kind::PodDisruptionBudget {
            keys.push(side.key());
        } else if let Some(pod) = Pod::of(side) {
            let budgets = caches.list::<PodDisruptionBudget>(Some(pod.namespace()));
            let covering = budgets.filter(|budget| covers(budget, pod));
            keys.extend(covering.map(|budget| {
                Key::new(Kind::PodDisruptionBudget, budget.namespace(), budget.name())
            }));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn covers(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    let wanted = budget.spec.selector.as_ref();
    wanted.is_some_and(|wanted| selector::matches(wanted, meta::labels(&pod.metadata)))
}

/// How many pods are expected, and how many of them have to be healthy.
struct Expectation {
    expected: i32,
    desired: i32,
}

/// Source: `getExpectedPodCount`.
fn expectation(
    caches: &Informers,
    budget: &PodDisruptionBudget,
    pods: &[&Pod],
) -> Result<Expectation, String> {
    let spec = &budget.spec;
    let there = wording::replicas(pods.len());
    if let Some(most) = &spec.max_unavailable {
        let expected = expected_scale(caches, pods)?;
        let missing = scaled(most, expected, Rounding::Up);
        let desired = (expected - missing).max(0);
        return Ok(Expectation { expected, desired });
    }
    match &spec.min_available {
        Some(crate::api::IntOrString::Int(least)) => Ok(Expectation {
            expected: there,
            desired: *least,
        }),
        Some(share) => {
            let expected = expected_scale(caches, pods)?;
            let desired = scaled(share, expected, Rounding::Up);
            Ok(Expectation { expected, desired })
        }
        None => Ok(Expectation {
            expected: there,
            desired: 0,
        }),
    }
}

/// The sum of the scales of the controllers behind the pods. Source: `getExpectedScale`.
fn expected_scale(caches: &Informers, pods: &[&Pod]) -> Result<i32, String> {
    let mut scales: BTreeMap<String, i32> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = meta::controller_of(&pod.metadata) else {
            continue;
        };
        if scales.contains_key(&owner.uid) {
            continue;
        }
        let (uid, scale) = scale_of(caches, pod.namespace(), (&owner.kind, &owner.name))
            .ok_or_else(|| format!("found no controllers for pod \"{}\"", pod.name()))?;
        scales.insert(uid, scale);
        scales.entry(owner.uid.clone()).or_insert(0);
    }
    Ok(scales.values().sum())
}

/// The uid and the size of the workload that a ReplicaSet or StatefulSet stands for.
fn scale_of(
    caches: &Informers,
    namespace: &str,
    (kind, name): (&str, &str),
) -> Option<(String, i32)> {
    if kind == "StatefulSet" {
        let set = caches.get::<StatefulSet>(namespace, name)?;
        return Some((set.uid().to_owned(), set.spec.replicas.unwrap_or(1)));
    }
    let set = caches
        .get::<ReplicaSet>(namespace, name)
        .filter(|_| kind == "ReplicaSet")?;
    let above = meta::controller_of(&set.metadata).filter(|owner| owner.kind == "Deployment");
    match above.and_then(|owner| caches.get::<Deployment>(namespace, &owner.name)) {
        Some(above) => Some((above.uid().to_owned(), above.spec.replicas.unwrap_or(1))),
        None => Some((set.uid().to_owned(), set.spec.replicas.unwrap_or(1))),
    }
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(budget) = planned.subject::<PodDisruptionBudget>() else {
        return Plan::nothing("the budget is gone");
    };
    let pods = planned.caches.list::<Pod>(Some(budget.namespace()));
    let pods: Vec<&Pod> = pods
        .filter(|pod| covers(budget, pod) && !pod.is_finished())
        .collect();
    let Expectation { expected, desired } = match expectation(planned.caches, budget, &pods) {
        Ok(expectation) => expectation,
        Err(why) => return fail(planned, budget, &why),
    };
    let (disrupted, look_again) = disrupted(budget, &pods, planned.now);
    let healthy = pods
        .iter()
        .filter(|pod| pod.is_ready() && !pod.is_terminating())
        .filter(|pod| !disrupted.contains_key(pod.name()))
        .count();
    let healthy = wording::replicas(healthy);
    let allowed = if expected > 0 {
        (healthy - desired).max(0)
    } else {
        0
    };
    let mut status = policy::PodDisruptionBudgetStatus {
        current_healthy: healthy,
        desired_healthy: desired,
        expected_pods: expected,
        disruptions_allowed: allowed,
        disrupted_pods: (!disrupted.is_empty()).then_some(disrupted),
        observed_generation: budget.metadata.generation,
        conditions: budget.status.conditions.clone(),
    };
    let reason = if allowed > 0 {
        ("True", "SufficientPods", "")
    } else {
        ("False", "InsufficientPods", "")
    };
    tell(&mut status, reason, budget, planned.now);
    let mut plan = Plan {
        desired: format!(
            "at least {}",
            counted(wording::size(desired), "healthy pod")
        ),
        observed: counted(wording::size(healthy), "healthy pod"),
        look_again,
        ..Plan::default()
    };
    if status != *budget.status {
        plan.difference = format!("{allowed} may go, and the status is behind");
        plan.actions = vec![write(budget, status)];
    }
    plan
}

/// Without knowing how many pods there should be, none may go. Source: `failSafe`.
fn fail(planned: &Planned<'_>, budget: &PodDisruptionBudget, why: &str) -> Plan {
    let message = format!("Failed to calculate the number of expected pods: {why}");
    let mut plan = Plan::nothing(&message);
    let mut told = budget.status.conditions.iter().flatten();
    if told.any(|condition| condition.reason == "SyncFailed") {
        return plan;
    }
    let owner = budget.clone().into_object();
    let reason = "CalculateExpectedPodCountFailed";
    plan.events = vec![Said::warning(&owner, reason, message)];
    let mut status = (*budget.status).clone();
    status.disruptions_allowed = 0;
    let condition = ("False", "SyncFailed", why);
    tell(&mut status, condition, budget, planned.now);
    plan.actions = vec![write(budget, status)];
    plan
}

fn write(budget: &PodDisruptionBudget, status: policy::PodDisruptionBudgetStatus) -> Action {
    let mut written = budget.clone();
    *written.status_mut() = status;
    let why = "writes how many pods may go".to_owned();
    Action::status(written.into_object(), why)
}

type Disrupted = BTreeMap<String, k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>;

/// Evictions that were granted and are not seen yet; they count as gone for a while.
/// Source: `buildDisruptedPodMap`.
fn disrupted(
    budget: &PodDisruptionBudget,
    pods: &[&Pod],
    now: Time,
) -> (Disrupted, Option<LookAgain>) {
    let mut left = Disrupted::new();
    let mut look_again = None;
    for (name, since) in budget.status.disrupted_pods.iter().flatten() {
        let mut living = pods.iter().filter(|pod| !pod.is_terminating());
        let expires = meta::moment(since) + DELETION_TIMEOUT;
        if expires <= now || !living.any(|pod| pod.name() == *name) {
            continue;
        }
        let look = LookAgain::to_act(expires.since(now));
        look_again = LookAgain::earlier(look_again, Some(look));
        left.insert(name.clone(), since.clone());
    }
    (left, look_again)
}

/// The condition `DisruptionAllowed`.
fn tell(
    status: &mut policy::PodDisruptionBudgetStatus,
    (value, reason, message): (&str, &str, &str),
    budget: &PodDisruptionBudget,
    now: Time,
) {
    const TYPE: &str = "DisruptionAllowed";
    let conditions = status.conditions.get_or_insert_default();
    let current = conditions.iter().find(|each| each.type_ == TYPE);
    let since = current.filter(|current| current.status == value);
    let since = since.map_or_else(
        || meta::object_time(now),
        |current| current.last_transition_time.clone(),
    );
    let new = Condition {
        type_: TYPE.to_owned(),
        status: value.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: budget.metadata.generation,
        last_transition_time: since,
    };
    conditions.retain(|each| each.type_ != TYPE);
    conditions.push(new);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Object;
    use crate::controllers::bench::{Bench, object, written};

    fn world(spec: &Value, ready: usize, total: usize) -> Vec<Object> {
        let mut spec = spec.clone();
        spec["selector"] = json!({"matchLabels": {"app": "web"}});
        let budget = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec});
        let deployment = json!({"metadata": {"name": "web", "namespace": "default", "uid": "d"},
            "spec": {"replicas": total, "selector": {}, "template": {}}});
        let owned = |kind: &str, uid: &str| {
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid,
                "controller": true}])
        };
        let set = json!({"metadata": {"name": "web", "namespace": "default", "uid": "rs",
            "ownerReferences": owned("Deployment", "d")}, "spec": {"selector": {}}});
        let mut objects = vec![
            object(Kind::PodDisruptionBudget, budget),
            object(Kind::Deployment, deployment),
            object(Kind::ReplicaSet, set),
        ];
        objects.extend((0..total).map(|number| {
            let status = if number < ready { "True" } else { "False" };
            object(
                Kind::Pod,
                json!({"metadata": {"name": format!("p{number}"), "namespace": "default",
                        "labels": {"app": "web"}, "ownerReferences": owned("ReplicaSet", "rs")},
                    "status": {"phase": "Running",
                        "conditions": [{"type": "Ready", "status": status}]}}),
            )
        }));
        objects
    }

    #[test]
    fn c12_a_budget_says_how_many_pods_may_go() {
        let cases = [
            (json!({"minAvailable": 2}), 3, 3, (2, 1)),
            (json!({"minAvailable": "50%"}), 5, 5, (3, 2)),
            (json!({"maxUnavailable": 1}), 3, 3, (2, 1)),
            (json!({"maxUnavailable": 1}), 2, 3, (2, 0)),
            (json!({"maxUnavailable": "30%"}), 10, 10, (7, 3)),
        ];
        for (spec, ready, total, (desired, allowed)) in cases {
            let objects = world(&spec, ready, total);
            let plan = Bench::new(&DISRUPTION, &objects).plan(&objects[0].key());
            let status = written(&plan.actions[0])["status"].clone();
            assert_eq!(status["desiredHealthy"], desired, "{spec}");
            assert_eq!(status["disruptionsAllowed"], allowed, "{spec}");
            assert_eq!(status["currentHealthy"], ready, "{spec}");
            let reason = if allowed > 0 {
                "SufficientPods"
            } else {
                "InsufficientPods"
            };
            assert_eq!(status["conditions"][0]["reason"], reason, "{spec}");
        }
    }

    #[test]
    fn c12_an_eviction_that_was_granted_counts_as_gone_until_it_is_seen() {
        let mut objects = world(&json!({"maxUnavailable": 1}), 3, 3);
        objects[0] = crate::controllers::bench::changed(&objects[0], |budget| {
            budget["status"] = json!({"disruptionsAllowed": 0, "currentHealthy": 3,
                "desiredHealthy": 2, "expectedPods": 3,
                "disruptedPods": {"p0": "2026-01-01T00:09:00Z"}});
        });
        let mut bench = Bench::new(&DISRUPTION, &objects);
        let plan = bench.plan(&objects[0].key());
        assert_eq!(written(&plan.actions[0])["status"]["currentHealthy"], 2);
        let look = plan.look_again.expect("it expires");
        assert_eq!(look.after, Duration::from_mins(1));
        bench.wait(look.after);
        let plan = bench.plan(&objects[0].key());
        assert_eq!(written(&plan.actions[0])["status"]["disruptionsAllowed"], 1);
    }
}
