//! disruption-controller: how many pods of a budget may be missing now.
//! Source: `pkg/controller/disruption`.

mod scale;

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::wording;
use crate::api::{
    Key, Kind, LabelSelector, Pod, PodDisruptionBudget, Typed, meta, policy, selector,
};
use crate::client::Informers;
use crate::sim::{Time, counted};
use scale::{Expectation, expectation};

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

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(budget) = planned.subject::<PodDisruptionBudget>() else {
        return Plan::nothing("the budget is gone");
    };
    let mut pods: Vec<&Pod> = match &budget.spec.selector {
        Some(wanted) => planned.caches.selected(budget.namespace(), wanted),
        None => Vec::new(),
    };
    pods.retain(|pod| !pod.is_finished());
    let Expectation {
        expected,
        desired,
        is_unsure,
    } = match expectation(planned.caches, budget, &pods) {
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
        events: doubts(budget, pods.is_empty(), is_unsure),
        ..Plan::default()
    };
    if status != *budget.status {
        plan.difference = format!("{allowed} may go, and the status is behind");
        plan.actions = vec![write(budget, status)];
    }
    plan
}

/// What makes the count worth little: no pods at all, or pods that no controller wants back.
fn doubts(budget: &PodDisruptionBudget, is_empty: bool, is_unsure: bool) -> Vec<Said> {
    let owner = budget.clone().into_object();
    let mut doubts = Vec::new();
    if is_empty {
        let message = "No matching pods found".to_owned();
        doubts.push(Said::normal(&owner, "NoPods", message));
    }
    if is_unsure {
        let wanted = budget.spec.selector.as_ref();
        let wanted = wanted.map_or_else(|| "nil".to_owned(), selector_words);
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {wanted}) were found to be \
             unmanaged. As a result, the status of the PDB cannot be calculated correctly, which \
             may result in undefined behavior. To account for these pods please set \
             \".spec.minAvailable\" field of the PDB to an integer value."
        );
        doubts.push(Said::warning(&owner, "UnmanagedPods", message));
    }
    doubts
}

/// A selector as Go prints it.
fn selector_words(wanted: &LabelSelector) -> String {
    let labels = wanted.match_labels.iter().flatten();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}: {value},"))
        .collect();
    let expressions = wanted.match_expressions.iter().flatten();
    let expressions: Vec<String> = expressions
        .map(|each| {
            let values = each.values.as_deref().unwrap_or_default().join(" ");
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{values}],}},",
                each.key, each.operator
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        expressions.concat()
    )
}

/// Without knowing how many pods there should be, none may go. Source: `failSafe`.
///
/// Unlike Kubernetes: that is said once, and not again with each vain try.
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
mod tests;
