//! pod-garbage-collector-controller: pods that no kubelet will ever end, because their node is gone,
//! out of service, or was never chosen. Source: `pkg/controller/podgc`.

use std::time::Duration;

use super::controller::{Act, Action, Controller, LookAgain, Periodic, Plan, Planned};
use super::disruption_target::disruption_target;
use crate::api::{Key, Kind, Node, Pod, Typed, taint};
use crate::apiserver::{DeleteOptions, Outcome, Patch, PatchType, Reason, Subresource, Verb};
use crate::client::Informers;

/// How often it looks. Source: `gcCheckPeriod`.
const PERIOD: Duration = Duration::from_secs(20);

/// How long a node has to be missing before its pods go. Source: `quarantineTime`.
const QUARANTINE: Duration = Duration::from_secs(40);

/// Unlike Kubernetes: finished pods are not removed when there are more than 12,500 of them.
pub(super) static POD_GC: Controller = Controller {
    name: "pod-garbage-collector-controller",
    event_source: "pod-garbage-collector-controller",
    watches: &[Kind::Pod, Kind::Node],
    concerns: |_, _| Vec::new(),
    plan,
    periodic: Some(Periodic {
        name: "look for lost pods",
        period: |_| PERIOD,
        keys: |caches, _, _| {
            let pods = caches.all(Kind::Pod, None);
            pods.filter(|cached| {
                Pod::of(&cached.object).is_some_and(|pod| loss(caches, pod).is_some())
            })
            .map(|cached| cached.object.key())
            .collect()
        },
    }),
    pace: None,
    gathers: None,
};

/// Why nobody will end a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// Its node is not in the cache.
    NodeMissing,
    /// Somebody said that its node will not come back.
    OutOfService,
    /// It is to go and never had a node.
    Unscheduled,
}

fn loss(caches: &Informers, pod: &Pod) -> Option<Loss> {
    // Its deletion is as forced as it can be already; only a finalizer holds it.
    if pod.is_terminating() && pod.metadata.deletion_grace_period_seconds == Some(0) {
        return None;
    }
    let Some(name) = pod.spec.node_name.as_deref() else {
        return pod.is_terminating().then_some(Loss::Unscheduled);
    };
    let Some(node) = caches.get::<Node>("", name) else {
        return Some(Loss::NodeMissing);
    };
    let out = !node.is_ready() && taint::is_out_of_service(node);
    (out && pod.is_terminating()).then_some(Loss::OutOfService)
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some((pod, loss)) = subject(planned) else {
        return Plan::nothing("the pod is gone or has its node");
    };
    match loss {
        Loss::Unscheduled => remove(planned, pod, "it never had a node", None),
        Loss::OutOfService => remove(planned, pod, "its node is out of service", None),
        Loss::NodeMissing => {
            let since = planned.waiting_since.unwrap_or(planned.now);
            let left = (since + QUARANTINE).since(planned.now);
            if left.is_zero() {
                let node = pod.spec.node_name.as_deref().unwrap_or_default();
                let question = (Key::new(Kind::Node, "", node), Verb::Get);
                return Plan::asking("a node that may be gone", vec![question], plan_with_answer);
            }
            Plan {
                desired: "a node for the pod".to_owned(),
                observed: "its node is not there".to_owned(),
                difference: format!("waits {} s for it", left.as_secs()),
                look_again: Some(LookAgain::to_act(left)),
                ..Plan::default()
            }
        }
    }
}

fn subject<'a>(planned: &Planned<'a>) -> Option<(&'a Pod, Loss)> {
    let pod = planned.subject::<Pod>()?;
    Some((pod, loss(planned.caches, pod)?))
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let is_gone = answers
        .iter()
        .any(|answer| matches!(answer, Err(refusal) if refusal.reason == Reason::NotFound));
    match subject(planned) {
        Some((pod, Loss::NodeMissing)) if is_gone => {
            let told = ("DeletionByPodGC", "PodGC: node no longer exists");
            remove(planned, pod, "its node no longer exists", Some(told))
        }
        _ => Plan::nothing("the pod is gone or has its node"),
    }
}

/// Marks the pod as failed and removes it without grace: nobody is there to use it.
/// Source: `markFailedAndDeletePod`.
fn remove(planned: &Planned<'_>, pod: &Pod, why: &str, told: Option<(&str, &str)>) -> Plan {
    let key = pod.clone().into_object().key();
    let told = told.and_then(|told| disruption_target(pod, told, planned.now));
    let mut actions: Vec<Action> = told.into_iter().collect();
    if !pod.is_finished() {
        let patch = Patch {
            patch_type: PatchType::Strategic,
            subresource: Subresource::Status,
            body: serde_json::json!({
                "metadata": {"uid": pod.uid()}, "status": {"phase": "Failed"}}),
        };
        let failed = format!("marks {key} as failed: {why}");
        actions.push(Action::new(key.clone(), Verb::Patch(patch), failed));
    }
    let options = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    let removed = format!("removes {key} without grace: {why}");
    actions.push(Action::new(key, Verb::Delete(options), removed).as_act(Act::Collect));
    Plan {
        desired: "no pod that nobody will ever end".to_owned(),
        observed: why.to_owned(),
        difference: "1 pod too many".to_owned(),
        actions,
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Object;
    use crate::apiserver::{Answer, Refusal};
    use crate::controllers::bench::{Bench, changed, object, outlines};

    fn pod(change: impl FnOnce(&mut Value)) -> Object {
        let pod = object(
            Kind::Pod,
            json!({"metadata": {"name": "a", "namespace": "default", "uid": "u"},
                "spec": {"nodeName": "node-a", "containers": []}, "status": {"phase": "Running"}}),
        );
        changed(&pod, change)
    }

    fn node(change: impl FnOnce(&mut Value)) -> Object {
        changed(
            &object(Kind::Node, json!({"metadata": {"name": "node-a"}})),
            change,
        )
    }

    fn terminating(pod: &mut Value) {
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:00Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    }

    fn key() -> Key {
        Key::new(Kind::Pod, "default", "a")
    }

    #[test]
    fn a_pod_whose_node_is_gone_goes_after_forty_seconds_and_a_last_question() {
        let mut bench = Bench::new(&POD_GC, &[pod(|_| {})]);
        let look = bench.plan(&key()).look_again.expect("quarantine");
        assert_eq!(look.after, QUARANTINE);
        bench.waiting_since = Some(bench.now);
        bench.wait(QUARANTINE);
        let inquiry = bench.plan(&key()).inquiry.expect("it asks");
        let missing: Outcome = Err(Refusal::not_found(&Key::new(Kind::Node, "", "node-a")));
        let plan = bench.plan_with(&key(), |planned| {
            (inquiry.then)(planned, std::slice::from_ref(&missing))
        });
        assert_eq!(
            outlines(&plan),
            ["patch pod a", "patch pod a", "delete pod a"]
        );
        let there: Outcome = Ok(Answer::Object(node(|_| {})));
        let plan = bench.plan_with(&key(), |planned| {
            (inquiry.then)(planned, std::slice::from_ref(&there))
        });
        assert!(plan.is_empty());
    }

    #[test]
    fn c8_a_terminating_pod_on_a_silent_node_stays_until_the_node_is_out_of_service() {
        let silent = node(|_| {});
        let plan = Bench::new(&POD_GC, &[pod(terminating), silent]).plan(&key());
        assert!(plan.is_empty());
        let given_up = node(|node| {
            node["spec"] = json!({"taints": [
                {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]});
        });
        let plan = Bench::new(&POD_GC, &[pod(terminating), given_up]).plan(&key());
        assert_eq!(outlines(&plan), ["patch pod a", "delete pod a"]);
    }

    #[test]
    fn a_terminating_pod_that_never_had_a_node_is_removed() {
        let unscheduled = pod(|pod| {
            terminating(pod);
            pod["spec"]["nodeName"] = Value::Null;
        });
        let plan = Bench::new(&POD_GC, &[unscheduled]).plan(&key());
        assert_eq!(outlines(&plan), ["patch pod a", "delete pod a"]);
    }
}
