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

/// How long after the end of its grace an object may still go by itself.
const FINALIZER_PATIENCE: Duration = Duration::from_secs(15);

/// How many seconds an object with finalizers may take. Source: `finalizerEstimateSeconds`.
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
        // While there are pods nobody has looked for anything else yet.
        let looked_at: &[&Object] = if pods { &[] } else { &left };
        plan.actions.extend(tell(namespace, looked_at, planned.now));
        let estimate = due.iter().map(|object| estimate(object)).max().unwrap_or(0);
        let seconds = u64::try_from(estimate / 2 + 1).unwrap_or(1);
        let after = Duration::from_secs(seconds);
        plan.look_again = Some(if may_go(&due, planned.now) {
            LookAgain::to_act(after)
        } else {
            LookAgain::to_check(after).because("something in it is still held by its finalizers")
        });
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

/// Whether one of these may yet go by itself. What has been given more time than it should need waits
/// for somebody, perhaps for ever: that is no work.
fn may_go(due: &[&Object], now: Time) -> bool {
    due.iter().any(|object| {
        let asked = object.metadata().deletion_timestamp.as_ref();
        let end = asked.map(|asked| meta::moment(asked) + FINALIZER_PATIENCE);
        end.is_none_or(|end| now < end)
    })
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
        remaining(left),
        held(left),
    ]
}

fn remaining(left: &[&Object]) -> Finding {
    let by_kind = left
        .iter()
        .map(|object| object.kind().info().group_resource());
    let resource = |(name, count): (String, usize)| {
        let (plural, group) = name.split_once('.').unwrap_or((&name, ""));
        format!("{plural}.{group} has {count} resource instances")
    };
    let kinds: Vec<String> = tally(by_kind).into_iter().map(resource).collect();
    let (status, reason, message) = if kinds.is_empty() {
        let message = "All content successfully removed".to_owned();
        ("False", "ContentRemoved", message)
    } else {
        let message = format!("Some resources are remaining: {}", kinds.join(", "));
        ("True", "SomeResourcesRemain", message)
    };
    ("NamespaceContentRemaining", status, reason, message)
}

fn held(left: &[&Object]) -> Finding {
    let finalizers = left
        .iter()
        .flat_map(|object| object.metadata().finalizers.clone().unwrap_or_default());
    let held: Vec<String> = tally(finalizers)
        .into_iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let (status, reason, message) = if held.is_empty() {
        let message = "All content-preserving finalizers finished".to_owned();
        ("False", "ContentHasNoFinalizers", message)
    } else {
        let held = held.join(", ");
        let message = format!("Some content in the namespace has finalizers remaining: {held}");
        ("True", "SomeFinalizersRemain", message)
    };
    ("NamespaceFinalizersRemaining", status, reason, message)
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
    fn c10_it_waits_half_a_grace_period_for_pods_and_looks_for_nothing_else() {
        let ending = changed(&there(Kind::Pod, "a"), |pod| {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:30Z");
        });
        let plan = with(&[ending]);
        assert_eq!(outlines(&plan), ["status namespace shop"]);
        let conditions = &written(&plan.actions[0])["status"]["conditions"];
        assert_eq!(conditions[3]["reason"], "ContentRemoved");
        let look = plan.look_again.expect("it comes back");
        assert_eq!(look.after, Duration::from_secs(16));
    }

    #[test]
    fn c10_without_pods_it_says_what_is_held_by_a_finalizer() {
        let held = changed(&there(Kind::ConfigMap, "a"), |map| {
            map["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:30Z");
            map["metadata"]["finalizers"] = json!(["example.com/hold"]);
        });
        let plan = with(&[held]);
        let conditions = &written(&plan.actions[0])["status"]["conditions"];
        assert_eq!(
            conditions[3]["message"],
            "Some resources are remaining: configmaps. has 1 resource instances"
        );
        assert_eq!(
            conditions[4]["message"],
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 \
             resource instances"
        );
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
