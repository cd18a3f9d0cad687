//! namespace-controller: empties a namespace that is being deleted, and then lets it go.
//! Source: `pkg/controller/namespace/deletion`.

use std::time::Duration;

use super::controller::{Action, Controller, LookAgain, Plan, Planned};
use super::wording;
use crate::api::{Key, Kind, Namespace, Object, Typed, core, meta};
use crate::apiserver::{Answer, DeleteOptions, Outcome, Scope, Verb};
use crate::sim::{Time, counted};

/// What it finds in a namespace it reads from the API server itself: no cache of its own could be
/// sure that there is nothing left. Pods go first, and the rest when the last pod is gone.
///
/// Unlike Kubernetes: objects are deleted one by one and not as a collection.
pub(super) static NAMESPACE: Controller = Controller {
    name: "namespace-controller",
    event_source: "namespace-controller",
    watches: &[Kind::Namespace],
    concerns: |_, change| {
        let terminating = change.after.filter(|namespace| namespace.is_terminating());
        terminating.map(Object::key).into_iter().collect()
    },
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// The finalizer of every namespace that this controller takes away.
const FINALIZER: &str = "kubernetes";

/// How long an object with finalizers may take. Source: `finalizerEstimateSeconds`.
const FINALIZER_ESTIMATE: i64 = 15;

fn is_ours(namespace: &Namespace) -> bool {
    let mut finalizers = namespace.spec.finalizers.iter().flatten();
    namespace.is_terminating() && finalizers.any(|each| each == FINALIZER)
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(namespace) = planned.subject::<Namespace>().filter(|each| is_ours(each)) else {
        return Plan::nothing("the namespace is not being deleted, or is done");
    };
    let questions = Kind::ALL
        .iter()
        .filter(|kind| kind.info().namespaced)
        .map(|kind| {
            let everything = Key::first_of(*kind, namespace.name());
            (everything, Verb::List(Scope::default()))
        })
        .collect();
    Plan::asking(
        "what is left in the namespace",
        questions,
        plan_with_answers,
    )
}

fn plan_with_answers(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(namespace) = planned.subject::<Namespace>().filter(|each| is_ours(each)) else {
        return Plan::nothing("the namespace is gone");
    };
    let mut left: Vec<&Object> = Vec::new();
    for answer in answers {
        match answer {
            Ok(Answer::List { items, .. }) => left.extend(items),
            // Without knowing what is left nothing can be let go.
            _ => return retry(),
        }
    }
    let mut plan = Plan {
        desired: "an empty namespace".to_owned(),
        observed: counted(left.len(), "object"),
        ..Plan::default()
    };
    if left.is_empty() {
        plan.difference = String::from("it need not be held any longer");
        plan.actions = vec![finalize(namespace)];
        return plan;
    }
    plan.difference = wording::difference(0, left.len());
    let pods = left.iter().any(|object| object.kind() == Kind::Pod);
    let now_due = |object: &&&Object| !pods || object.kind() == Kind::Pod;
    let due: Vec<&Object> = left.iter().filter(now_due).copied().collect();
    plan.actions = due.iter().filter_map(|object| delete(object)).collect();
    if plan.actions.is_empty() {
        plan.actions.extend(tell(namespace, &left, planned.now));
        let estimate = due.iter().map(|object| estimate(object)).max().unwrap_or(0);
        let seconds = u64::try_from(estimate / 2 + 1).unwrap_or(1);
        plan.look_again = Some(LookAgain::to_act(Duration::from_secs(seconds)));
    } else {
        plan.look_again = Some(LookAgain::to_act(Duration::ZERO));
    }
    plan
}

fn retry() -> Plan {
    Plan {
        look_again: Some(LookAgain::to_act(Duration::from_secs(1))),
        ..Plan::nothing("the API server did not tell what is left")
    }
}

fn finalize(namespace: &Namespace) -> Action {
    let mut released = namespace.clone();
    let finalizers = released.spec_mut().finalizers.get_or_insert_default();
    finalizers.retain(|each| each != FINALIZER);
    let name = namespace.name().to_owned();
    let object = released.into_object();
    let why = format!("lets namespace {name} go: it is empty");
    Action::new(object.key(), Verb::Finalize(object), why)
}

fn delete(object: &Object) -> Option<Action> {
    if object.is_terminating() {
        return None;
    }
    let options = DeleteOptions {
        uid: Some(object.uid().to_owned()),
        ..DeleteOptions::default()
    };
    let key = object.key();
    let why = format!("deletes {key}: its namespace is being deleted");
    Some(Action::new(key, Verb::Delete(options), why))
}

/// How many seconds an object may still take.
fn estimate(object: &Object) -> i64 {
    match object {
        Object::Pod(pod) => pod.spec.termination_grace_period_seconds.unwrap_or(30),
        _ => FINALIZER_ESTIMATE,
    }
}

/// Says in the namespace's status what holds it up. Source: `status_condition_utils.go`.
fn tell(namespace: &Namespace, left: &[&Object], now: Time) -> Option<Action> {
    let mut written = namespace.clone();
    let conditions = written.status_mut().conditions.get_or_insert_default();
    for (condition_type, status, reason, message) in findings(left) {
        let current = conditions
            .iter_mut()
            .find(|each| each.type_ == condition_type);
        let mut new = core::NamespaceCondition {
            type_: condition_type.to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message),
            last_transition_time: Some(meta::object_time(now)),
        };
        match current {
            Some(current) => {
                if current.status == new.status {
                    new.last_transition_time
                        .clone_from(&current.last_transition_time);
                }
                *current = new;
            }
            None => conditions.push(new),
        }
    }
    (written != *namespace).then(|| {
        let why = "says what is left".to_owned();
        Action::status(written.into_object(), why)
    })
}

type Finding = (&'static str, &'static str, &'static str, String);

fn findings(left: &[&Object]) -> Vec<Finding> {
    let by_kind = tally(
        left.iter()
            .map(|object| object.kind().info().group_resource()),
    );
    let resource = |(name, count): (String, usize)| {
        let (plural, group) = name.split_once('.').unwrap_or((&name, ""));
        format!("{plural}.{group} has {count} resource instances")
    };
    let remaining: Vec<String> = by_kind.into_iter().map(resource).collect();
    let finalizers = left
        .iter()
        .flat_map(|object| object.metadata().finalizers.clone().unwrap_or_default());
    let held: Vec<String> = tally(finalizers)
        .into_iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let finalizing = if held.is_empty() {
        (
            "NamespaceFinalizersRemaining",
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished".to_owned(),
        )
    } else {
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            format!(
                "Some content in the namespace has finalizers remaining: {}",
                held.join(", ")
            ),
        )
    };
    vec![
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {}", remaining.join(", ")),
        ),
        finalizing,
    ]
}

fn tally(words: impl Iterator<Item = String>) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controllers::bench::{Bench, changed, object, outlines, written};

    fn namespace() -> Object {
        object(
            Kind::Namespace,
            json!({"metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:09:00Z"},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Terminating"}}),
        )
    }

    fn there(kind: Kind, name: &str) -> Object {
        object(
            kind,
            json!({"metadata": {"name": name, "namespace": "shop", "uid": name}}),
        )
    }

    fn with(items: &[Object]) -> Plan {
        let key = Key::new(Kind::Namespace, "", "shop");
        let bench = Bench::new(&NAMESPACE, &[namespace()]);
        let inquiry = bench.plan(&key).inquiry.expect("it asks what is left");
        let answer = Ok(Answer::List {
            items: items.to_vec(),
            revision: 100,
        });
        bench.plan_with(&key, |planned| {
            (inquiry.then)(planned, std::slice::from_ref(&answer))
        })
    }

    #[test]
    fn c10_a_namespace_loses_its_pods_then_the_rest_then_itself() {
        let everything = [there(Kind::Service, "web"), there(Kind::Pod, "a")];
        assert_eq!(outlines(&with(&everything)), ["delete pod a"]);
        assert_eq!(outlines(&with(&everything[..1])), ["delete service web"]);
        let last = with(&[]);
        assert_eq!(outlines(&last), ["finalize namespace shop"]);
        let finalizers = &written(&last.actions[0])["spec"]["finalizers"];
        assert_eq!(finalizers, &json!([]));
    }

    #[test]
    fn c10_it_waits_half_a_grace_period_for_pods_and_says_what_is_left() {
        let ending = changed(&there(Kind::Pod, "a"), |pod| {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:30Z");
        });
        let plan = with(&[ending]);
        assert_eq!(outlines(&plan), ["status namespace shop"]);
        let conditions = &written(&plan.actions[0])["status"]["conditions"];
        assert_eq!(conditions[3]["reason"], "SomeResourcesRemain");
        assert_eq!(
            conditions[3]["message"],
            "Some resources are remaining: pods. has 1 resource instances"
        );
        let look = plan.look_again.expect("it comes back");
        assert_eq!(look.after, Duration::from_secs(16));
    }

    #[test]
    fn c10_it_asks_for_every_kind_that_lives_in_a_namespace() {
        let key = Key::new(Kind::Namespace, "", "shop");
        let plan = Bench::new(&NAMESPACE, &[namespace()]).plan(&key);
        let asked = plan.inquiry.expect("it asks").questions;
        let namespaced = Kind::ALL.iter().filter(|kind| kind.info().namespaced);
        assert_eq!(asked.len(), namespaced.count());
        assert!(asked.iter().all(|(key, _)| &*key.namespace == "shop"));
    }
}
