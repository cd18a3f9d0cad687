//! taint-eviction-controller: pods leave nodes with a NoExecute taint that they do not tolerate, or
//! no longer. Source: `pkg/controller/tainteviction`.

use std::time::Duration;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::disruption_target::disruption_target;
use crate::api::{Key, Kind, Node, Object, Pod, Typed, core, taint};
use crate::apiserver::{DeleteOptions, Verb};
use crate::client::Informers;

pub(super) static TAINT_EVICTION: Controller = Controller {
    name: "taint-eviction-controller",
    event_source: "taint-eviction-controller",
    watches: &[Kind::Node, Kind::Pod],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

const REASON: &str = "TaintManagerEviction";

/// A pod when its node or its tolerations change, and all pods of a node when its NoExecute taints
/// change. A heartbeat concerns nobody.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    match (change.before, change.after) {
        (before, Some(after @ Object::Pod(pod))) => {
            let same = before.and_then(Pod::of).is_some_and(|before| {
                before.spec.node_name == pod.spec.node_name
                    && before.spec.tolerations == pod.spec.tolerations
            });
            let concerned = !same && is_tainted(caches, pod);
            concerned.then(|| after.key()).into_iter().collect()
        }
        (Some(before @ Object::Pod(pod)), None) => {
            let concerned = is_tainted(caches, pod);
            concerned.then(|| before.key()).into_iter().collect()
        }
        (before, Some(Object::Node(node))) => {
            let taints = |node: &Node| no_execute(node).cloned().collect::<Vec<_>>();
            let before = before.and_then(Node::of).map(taints).unwrap_or_default();
            if before == taints(node) {
                return Vec::new();
            }
            pods_on(caches, node.name())
        }
        (Some(Object::Node(node)), None) if no_execute(node).next().is_some() => {
            pods_on(caches, node.name())
        }
        _ => Vec::new(),
    }
}

fn pods_on(caches: &Informers, node: &str) -> Vec<Key> {
    let pods = caches.all(Kind::Pod, None);
    pods.filter(|cached| Pod::of(&cached.object).is_some_and(|pod| pod.spec.is_on(node)))
        .map(|cached| cached.object.key())
        .collect()
}

fn is_tainted(caches: &Informers, pod: &Pod) -> bool {
    node_of(caches, pod).is_some_and(|node| no_execute(node).next().is_some())
}

fn node_of<'a>(caches: &'a Informers, pod: &Pod) -> Option<&'a Node> {
    caches.get::<Node>("", pod.spec.node_name.as_deref()?)
}

fn no_execute(node: &Node) -> impl Iterator<Item = &core::Taint> {
    let taints = node.spec.taints.iter().flatten();
    taints.filter(|taint| taint.effect == "NoExecute")
}

/// How long a pod may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    /// As long as it likes.
    ForEver,
    /// So long since the controller noticed.
    For(Duration),
}

/// Every taint needs a toleration; the shortest of those in use counts.
/// Source: `GetMatchingTolerations`, `getMinTolerationTime`.
fn stay(pod: &Pod, node: &Node) -> Stay {
    let mut shortest: Option<i64> = None;
    for each in no_execute(node) {
        let mut tolerations = pod.spec.tolerations.iter().flatten();
        let Some(used) = tolerations.find(|toleration| taint::tolerates(toleration, each)) else {
            return Stay::For(Duration::ZERO);
        };
        if let Some(seconds) = used.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |shortest| shortest.min(seconds)));
        }
    }
    shortest.map_or(Stay::ForEver, |seconds| {
        Stay::For(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    })
}

fn plan(planned: &Planned<'_>) -> Plan {
    let evictable = planned
        .subject::<Pod>()
        .filter(|pod| !pod.is_terminating())
        .and_then(|pod| Some((pod, node_of(planned.caches, pod)?)));
    let Some((pod, node)) = evictable else {
        return stays(planned, "the pod is gone, going, or on no node");
    };
    let taints: Vec<&str> = no_execute(node).map(|taint| &*taint.key).collect();
    if taints.is_empty() {
        return stays(planned, "no NoExecute taint on its node");
    }
    let observed = format!(
        "{} is tainted NoExecute: {}",
        node.name(),
        taints.join(", ")
    );
    let Stay::For(tolerated) = stay(pod, node) else {
        return stays(planned, &format!("{observed}; tolerated for ever"));
    };
    let since = planned.waiting_since.unwrap_or(planned.now);
    let left = (since + tolerated).since(planned.now);
    if left.is_zero() {
        return evict(planned, pod, observed);
    }
    Plan {
        desired: format!("the pod stays for {} s", tolerated.as_secs()),
        observed,
        difference: format!("it goes in {} s", left.as_secs()),
        look_again: Some(LookAgain::to_act(left)),
        ..Plan::default()
    }
}

/// The pod stays; if it was to go, that is called off.
fn stays(planned: &Planned<'_>, why: &str) -> Plan {
    let mut plan = Plan {
        desired: "the pod stays".to_owned(),
        observed: why.to_owned(),
        ..Plan::default()
    };
    if planned.waiting_since.is_some()
        && let Some(pod) = planned.subject::<Pod>()
    {
        let (namespace, name) = (pod.namespace(), pod.name());
        let message = format!("Cancelling deletion of Pod {namespace}/{name}");
        plan.difference = String::from("its deletion is called off");
        plan.events = vec![Said::normal(&pod.clone().into_object(), REASON, message)];
    }
    plan
}

fn evict(planned: &Planned<'_>, pod: &Pod, observed: String) -> Plan {
    let object = pod.clone().into_object();
    let key = object.key();
    let reason = (
        "DeletionByTaintManager",
        "Taint manager: deleting due to NoExecute taint",
    );
    let mut actions: Vec<Action> = disruption_target(pod, reason, planned.now)
        .into_iter()
        .collect();
    let why = format!("deletes {key}: it does not tolerate the taint (any longer)");
    let delete = Verb::Delete(DeleteOptions::default());
    actions.push(Action::new(key, delete, why));
    let message = format!(
        "Marking for deletion Pod {}/{}",
        pod.namespace(),
        pod.name()
    );
    Plan {
        desired: "no pod here that does not tolerate the taint".to_owned(),
        observed,
        difference: "1 pod too many".to_owned(),
        actions,
        events: vec![Said::normal(&object, REASON, message)],
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controllers::bench::{Bench, messages, object, outlines, written};

    fn node(taints: &Value) -> Object {
        object(
            Kind::Node,
            json!({"metadata": {"name": "node-a"}, "spec": {"taints": taints}}),
        )
    }

    fn pod(tolerations: &Value) -> Object {
        object(
            Kind::Pod,
            json!({"metadata": {"name": "web", "namespace": "default", "uid": "u"},
                "spec": {"nodeName": "node-a", "containers": [], "tolerations": tolerations},
                "status": {"phase": "Running"}}),
        )
    }

    fn unreachable(effect: &str) -> Value {
        json!([{"key": "node.kubernetes.io/unreachable", "effect": effect}])
    }

    fn for_seconds(seconds: i64) -> Value {
        json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists",
            "effect": "NoExecute", "tolerationSeconds": seconds}])
    }

    fn key() -> Key {
        Key::new(Kind::Pod, "default", "web")
    }

    #[test]
    fn c9_who_does_not_tolerate_no_execute_goes_at_once() {
        let objects = [node(&unreachable("NoExecute")), pod(&json!([]))];
        let plan = Bench::new(&TAINT_EVICTION, &objects).plan(&key());
        assert_eq!(outlines(&plan), ["patch pod web", "delete pod web"]);
        let condition = &written(&plan.actions[0])["status"]["conditions"][0];
        assert_eq!(condition["type"], "DisruptionTarget");
        assert_eq!(condition["reason"], "DeletionByTaintManager");
        assert_eq!(
            messages(&plan),
            ["TaintManagerEviction Marking for deletion Pod default/web"]
        );
    }

    #[test]
    fn c9_no_schedule_evicts_nobody() {
        let objects = [node(&unreachable("NoSchedule")), pod(&json!([]))];
        let plan = Bench::new(&TAINT_EVICTION, &objects).plan(&key());
        assert!(plan.is_empty() && plan.look_again.is_none());
    }

    #[test]
    fn c8_300_seconds_of_toleration_run_from_the_moment_of_notice() {
        let objects = [node(&unreachable("NoExecute")), pod(&for_seconds(300))];
        let mut bench = Bench::new(&TAINT_EVICTION, &objects);
        let plan = bench.plan(&key());
        let look = plan.look_again.expect("it comes back");
        assert_eq!(look.after, Duration::from_mins(5));
        assert!(plan.is_empty());
        bench.waiting_since = Some(bench.now);
        bench.wait(Duration::from_secs(299));
        let look = bench.plan(&key()).look_again.expect("one second is left");
        assert_eq!(look.after, Duration::from_secs(1));
        bench.wait(Duration::from_secs(1));
        assert_eq!(outlines(&bench.plan(&key())).len(), 2);
    }

    #[test]
    fn c9_a_node_that_is_back_calls_the_eviction_off() {
        let mut bench = Bench::new(&TAINT_EVICTION, &[node(&json!([])), pod(&for_seconds(300))]);
        bench.waiting_since = Some(bench.now);
        let plan = bench.plan(&key());
        assert!(plan.actions.is_empty());
        assert_eq!(
            messages(&plan),
            ["TaintManagerEviction Cancelling deletion of Pod default/web"]
        );
    }

    #[test]
    fn c8_pods_that_tolerate_for_ever_stay() {
        let forever = json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists",
            "effect": "NoExecute"}]);
        let all = json!([{"operator": "Exists"}]);
        for tolerations in [forever, all] {
            let objects = [node(&unreachable("NoExecute")), pod(&tolerations)];
            let plan = Bench::new(&TAINT_EVICTION, &objects).plan(&key());
            assert!(
                plan.is_empty() && plan.look_again.is_none(),
                "{tolerations}"
            );
        }
    }

    #[test]
    fn c9_a_heartbeat_concerns_nobody_and_a_new_taint_all_pods_of_the_node() {
        let bench = Bench::new(&TAINT_EVICTION, &[node(&json!([])), pod(&json!([]))]);
        let (clean, tainted) = (node(&json!([])), node(&unreachable("NoExecute")));
        let change = |before, after| Change {
            before: Some(before),
            after: Some(after),
        };
        assert_eq!(concerns(&bench.caches, &change(&clean, &clean)), []);
        assert_eq!(concerns(&bench.caches, &change(&clean, &tainted)), [key()]);
    }
}
