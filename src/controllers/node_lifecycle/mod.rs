//! node-lifecycle-controller: notices silent nodes, and turns what nodes say about themselves into
//! taints. Source: `pkg/controller/nodelifecycle`.

mod health;
mod taints;

use std::sync::Arc;

use super::controller::{Act, Action, Change, Controller, Periodic, Plan, Planned, Said};
use super::memory::Memory;
use crate::api::owners::Provenance;
use crate::api::{Key, Kind, Node, Object, ObjectMeta, Pod, Typed, core, meta};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};
use crate::client::Informers;
use crate::sim::{Profile, Time};

/// Unlike Kubernetes: a node that reports itself not ready gets its NoExecute taint when that is
/// seen and not up to five seconds later; the events RegisteredNode and RemovingNode likewise.
pub(super) static NODE_LIFECYCLE: Controller = Controller {
    name: "node-lifecycle-controller",
    event_source: "node-controller",
    watches: &[Kind::Node, Kind::Lease, Kind::Pod],
    concerns,
    plan,
    periodic: Some(Periodic {
        name: "node monitor",
        period: |profile| profile.nodes.monitor_period,
        keys: not_well,
    }),
    pace: None,
    gathers: None,
};

/// The nodes that the monitor has to look at closer: silent ones, and those that are not ready or
/// were not so long ago that their taints are gone. Healthy nodes cost two look-ups each.
fn not_well(caches: &Informers, now: Time, profile: &Profile) -> Vec<Key> {
    let nodes = caches.all(Kind::Node, None);
    nodes
        .filter(|cached| {
            Node::of(&cached.object).is_some_and(|node| {
                health::ready(node).is_none_or(|ready| ready.status != "True")
                    || health::is_silent(caches, node, now, profile)
            })
        })
        .map(|cached| cached.object.key())
        .collect()
}

/// A node when its health, its taints or its being cordoned change, and the node of a pod that came
/// to one that is not ready. Leases and heartbeats concern nobody: the monitor reads them.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    match (change.before, change.after) {
        (before, Some(after @ Object::Node(node))) => {
            let same = before.and_then(Node::of).is_some_and(|before| {
                before.spec.taints == node.spec.taints
                    && before.spec.unschedulable == node.spec.unschedulable
                    && health::verdicts(before).eq(health::verdicts(node))
            });
            (!same).then(|| after.key()).into_iter().collect()
        }
        (Some(before @ Object::Node(_)), None) => vec![before.key()],
        (before, Some(Object::Pod(pod))) => {
            let before = before.and_then(Pod::of);
            let came = before.is_none_or(|before| before.spec.node_name != pod.spec.node_name);
            let node = pod.spec.node_name.as_deref().filter(|_| came);
            node.and_then(|node| caches.get::<Node>("", node))
                .filter(|node| health::ready(node).is_some_and(|ready| ready.status != "True"))
                .map(|node| Key::new(Kind::Node, "", node.name()))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(node) = planned.subject::<Node>() else {
        return farewell(&planned.key.name);
    };
    let mut plan = plan_for(node, planned);
    if planned.remembered.is_none() {
        plan.events.push(greeting(node));
        plan.remember = Some(Memory::Met);
    }
    plan
}

/// What is said of a node that is new to the controller.
/// Source: `monitorNodeHealth`, `RecordNodeEvent`; likewise for the next.
fn greeting(node: &Node) -> Said {
    let name = node.name();
    let message = format!("Node {name} event: Registered Node {name} in Controller");
    Said::normal(&node.clone().into_object(), "RegisteredNode", message)
}

/// What is said of a node that somebody has deleted.
fn farewell(name: &str) -> Plan {
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    let gone = Node {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: Arc::default(),
        status: Arc::default(),
    };
    let message = format!("Node {name} event: Removing Node {name} from Controller");
    Plan {
        events: vec![Said::normal(&gone.into_object(), "RemovingNode", message)],
        ..Plan::nothing("the node is gone")
    }
}

fn plan_for(node: &Node, planned: &Planned<'_>) -> Plan {
    let silent = health::is_silent(planned.caches, node, planned.now, planned.profile);
    let told = silent
        .then(|| health::silenced(node, planned.now))
        .flatten();
    let desired = "taints that say how the node is".to_owned();
    if let Some(unknown) = told {
        let mut actions = vec![declare_unknown(node, unknown, planned)];
        if health::ready(node).is_some_and(|ready| ready.status == "True") {
            actions.extend(mark_pods(planned, node.name(), planned.now));
        }
        return Plan {
            desired: "a sign of life every now and then".to_owned(),
            observed: format!("{} has been silent for too long", node.name()),
            difference: "nobody knows how the node is".to_owned(),
            actions,
            ..Plan::default()
        };
    }
    let mut actions: Vec<Action> = retaint(node, planned).into_iter().collect();
    if let Some(ready) = health::ready(node)
        && ready.status != "True"
    {
        let since = ready.last_transition_time.as_ref().map(meta::moment);
        actions.extend(mark_pods(
            planned,
            node.name(),
            since.unwrap_or(planned.now),
        ));
    }
    let difference = if actions.is_empty() {
        String::new()
    } else {
        "its taints or its pods tell another story".to_owned()
    };
    Plan {
        desired,
        observed: health::words(node),
        difference,
        actions,
        ..Plan::default()
    }
}

fn declare_unknown(node: &Node, unknown: core::NodeStatus, planned: &Planned<'_>) -> Action {
    let name = node.name();
    let was_ready = health::ready(node).is_some_and(|ready| ready.status == "True");
    let mut written = node.clone();
    *written.status_mut() = unknown;
    let grace = planned.profile.nodes.monitor_grace.as_secs();
    let why = format!("{name} has not been heard of for {grace} s: its state is Unknown");
    let action = Action::status(written.into_object(), why).as_act(Act::LeaseLost);
    if !was_ready {
        return action;
    }
    let message = format!("Node {name} status is now: NodeNotReady");
    action.saying(Said::normal(
        &node.clone().into_object(),
        "NodeNotReady",
        message,
    ))
}

/// The pods of a node that stopped being ready at `since` stop being ready with it, unless they
/// said since then that they are. Source: `MarkPodsNotReady`.
fn mark_pods(planned: &Planned<'_>, node: &str, since: Time) -> Vec<Action> {
    let pods = planned.caches.list::<Pod>(None);
    pods.filter(|pod| pod.spec.is_on(node))
        .filter(|pod| pod.ready_since().is_some_and(|ready| ready <= since))
        .map(|pod| {
            let mut written = pod.clone();
            let conditions = written.status_mut().conditions.iter_mut().flatten();
            for condition in conditions.filter(|condition| condition.type_ == "Ready") {
                "False".clone_into(&mut condition.status);
                condition.last_transition_time = Some(meta::object_time(planned.now));
            }
            let why = format!("{} cannot be ready: its node is not", pod.name());
            let message = "Node is not ready".to_owned();
            let event = Said::warning(&pod.clone().into_object(), "NodeNotReady", message);
            Action::status(written.into_object(), why).saying(event)
        })
        .collect()
}

/// The patch that gives a node the taints that fit it. It names the version that it was made from:
/// a list of taints is replaced as a whole. Source: `PatchNodeTaints`.
fn retaint(node: &Node, planned: &Planned<'_>) -> Option<Action> {
    let wanted = taints::wanted(planned, node);
    let current = node.spec.taints.clone().unwrap_or_default();
    if taints::same(&current, &wanted) {
        return None;
    }
    let why = taints::difference(node.name(), &current, &wanted);
    let mut written = node.clone();
    written.spec_mut().taints = (!wanted.is_empty()).then_some(wanted);
    let mut spec = written.into_object().to_value()["spec"]["taints"].take();
    if spec.is_null() {
        spec = serde_json::json!([]);
    }
    let body = serde_json::json!({
        "metadata": {"resourceVersion": node.metadata.resource_version},
        "spec": {"taints": spec},
    });
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body,
    };
    let key = Key::new(Kind::Node, "", node.name());
    Some(Action::new(key, Verb::Patch(patch), why).as_act(Act::Taint))
}

#[cfg(test)]
mod tests;
