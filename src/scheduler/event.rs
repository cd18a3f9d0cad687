//! What happens in the cluster, told apart by what it can mean for a pod that did not fit.

use crate::api::{Kind, Node, Object, Pod, requests};

/// One way in which an object changed.
/// Source: `EventResource` and `ActionType` of `k8s.io/kube-scheduler/framework`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A pod came to a node.
    PodAdded,
    /// The labels of a pod changed.
    PodLabels,
    /// A pod asks for less than before.
    PodScaledDown,
    /// The tolerations of a pod changed.
    PodTolerations,
    /// The last scheduling gate of a pod is gone.
    PodGatesRemoved,
    /// A pod went, or came to its end.
    PodDeleted,
    /// A node came up.
    NodeAdded,
    /// A node went.
    NodeDeleted,
    /// What a node has for pods changed.
    NodeAllocatable,
    /// The labels of a node changed.
    NodeLabels,
    /// The taints of a node changed, or whether it takes pods at all.
    NodeTaints,
    /// A condition of a node has another status.
    NodeConditions,
    /// The annotations of a node changed.
    NodeAnnotations,
    /// A PersistentVolumeClaim came up.
    ClaimAdded,
    /// A PersistentVolumeClaim changed.
    ClaimUpdated,
    /// A PersistentVolume came up.
    VolumeAdded,
    /// A PersistentVolume changed.
    VolumeUpdated,
    /// A StorageClass came up.
    ClassAdded,
    /// A StorageClass changed.
    ClassUpdated,
    /// Nothing happened; the pod has waited long enough.
    Flush,
}

/// A change with the object before and after it.
#[derive(Clone, Copy, Debug)]
pub struct ClusterEvent<'a> {
    /// In which way it changed.
    pub change: Change,
    /// Before; nothing for what came up.
    pub old: Option<&'a Object>,
    /// After; nothing for what went.
    pub new: Option<&'a Object>,
}

impl<'a> ClusterEvent<'a> {
    /// The node before and after the change.
    pub(super) fn nodes(&self) -> (Option<&'a Node>, Option<&'a Node>) {
        (self.old.and_then(as_node), self.new.and_then(as_node))
    }

    /// The pod before and after the change.
    pub(super) fn pods(&self) -> (Option<&'a Pod>, Option<&'a Pod>) {
        (self.old.and_then(as_pod), self.new.and_then(as_pod))
    }

    /// Whether the change is one of this pod itself.
    pub(super) fn is_of(&self, pod: &Pod) -> bool {
        let (_, new) = self.pods();
        new.is_some_and(|new| new.name() == pod.name() && new.namespace() == pod.namespace())
    }

    /// A pod that left a node and so may make room.
    pub(super) fn leaver(&self) -> Option<&'a Pod> {
        let (old, new) = self.pods();
        let pod = if self.change == Change::PodDeleted {
            old.or(new)
        } else {
            None
        };
        pod.filter(|pod| pod.spec.node_name.is_some() || pod.status.nominated_node_name.is_some())
    }
}

fn as_node(object: &Object) -> Option<&Node> {
    if let Object::Node(node) = object {
        Some(node)
    } else {
        None
    }
}

fn as_pod(object: &Object) -> Option<&Pod> {
    if let Object::Pod(pod) = object {
        Some(pod)
    } else {
        None
    }
}

/// Whether an event may help a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// It cannot help.
    Skip,
    /// It may help: try again.
    Queue,
}

impl From<bool> for Hint {
    fn from(may_help: bool) -> Self {
        if may_help { Self::Queue } else { Self::Skip }
    }
}

/// In which ways an object changed; none for a change that cannot matter, as a heartbeat.
///
/// Pods that wait for a node themselves come up and go without a word here: only their own updates
/// and pods on nodes are events.
/// Sources: `NodeSchedulingPropertiesChange` and `PodSchedulingPropertiesChange` of
/// `pkg/scheduler/framework/events.go`.
#[must_use]
pub fn changes(old: Option<&Object>, new: Option<&Object>) -> Vec<Change> {
    let Some(kind) = new.or(old).map(Object::kind) else {
        return Vec::new();
    };
    let change = match (kind, old, new) {
        (Kind::Node, Some(Object::Node(old)), Some(Object::Node(new))) => {
            return node_changes(old, new);
        }
        (Kind::Pod, Some(Object::Pod(old)), Some(Object::Pod(new))) => {
            return pod_changes(old, new);
        }
        (Kind::Pod, None, Some(Object::Pod(new))) => {
            return if is_on_node(new) {
                vec![Change::PodAdded]
            } else {
                Vec::new()
            };
        }
        (Kind::Node, None, _) => Change::NodeAdded,
        (Kind::Node, _, None) => Change::NodeDeleted,
        (Kind::Pod, _, None) => Change::PodDeleted,
        (Kind::PersistentVolumeClaim, None, _) => Change::ClaimAdded,
        (Kind::PersistentVolumeClaim, _, Some(_)) => Change::ClaimUpdated,
        (Kind::PersistentVolume, None, _) => Change::VolumeAdded,
        (Kind::PersistentVolume, _, Some(_)) => Change::VolumeUpdated,
        (Kind::StorageClass, None, _) => Change::ClassAdded,
        (Kind::StorageClass, _, Some(_)) => Change::ClassUpdated,
        _ => return Vec::new(),
    };
    vec![change]
}

fn is_on_node(pod: &Pod) -> bool {
    pod.spec.node_name.is_some() && !pod.is_finished()
}

fn node_changes(old: &Node, new: &Node) -> Vec<Change> {
    let is_closed = |node: &Node| node.spec.unschedulable == Some(true);
    let conditions = |node: &Node| -> Vec<(String, String)> {
        let conditions = node.status.conditions.iter().flatten();
        conditions
            .map(|each| (each.type_.clone(), each.status.clone()))
            .collect()
    };
    let allocatable = |node: &Node| requests::read_list(node.status.allocatable.as_ref());
    let mut changes = Vec::new();
    let mut note = |is_changed: bool, change: Change| {
        if is_changed {
            changes.push(change);
        }
    };
    let taints = |node: &Node| node.spec.taints.clone().unwrap_or_default();
    note(
        is_closed(old) != is_closed(new) || taints(old) != taints(new),
        Change::NodeTaints,
    );
    note(
        allocatable(old) != allocatable(new),
        Change::NodeAllocatable,
    );
    note(
        old.metadata.labels != new.metadata.labels,
        Change::NodeLabels,
    );
    note(conditions(old) != conditions(new), Change::NodeConditions);
    note(
        old.metadata.annotations != new.metadata.annotations,
        Change::NodeAnnotations,
    );
    changes
}

fn pod_changes(old: &Pod, new: &Pod) -> Vec<Change> {
    if is_on_node(old) && new.is_finished() {
        return vec![Change::PodDeleted];
    }
    if new.is_finished() {
        return Vec::new();
    }
    if !is_on_node(old) && is_on_node(new) {
        return vec![Change::PodAdded];
    }
    let mut changes = Vec::new();
    let mut note = |is_changed: bool, change: Change| {
        if is_changed {
            changes.push(change);
        }
    };
    let has_gates = |pod: &Pod| {
        pod.spec
            .scheduling_gates
            .as_ref()
            .is_some_and(|gates| !gates.is_empty())
    };
    note(
        old.metadata.labels != new.metadata.labels,
        Change::PodLabels,
    );
    note(asks_for_less(old, new), Change::PodScaledDown);
    note(has_gates(old) && !has_gates(new), Change::PodGatesRemoved);
    note(
        old.spec.tolerations != new.spec.tolerations,
        Change::PodTolerations,
    );
    changes
}

fn asks_for_less(old: &Pod, new: &Pod) -> bool {
    let options = requests::RequestOptions::of_placed();
    let (old, new) = (
        requests::pod_requests(old, &options),
        requests::pod_requests(new, &options),
    );
    old.iter().any(|(name, amount)| {
        let now = new.get(name).copied().unwrap_or(crate::api::Quantity::ZERO);
        now < *amount
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(heartbeat: &str, rest: &serde_json::Value) -> Object {
        let mut value = json!({
            "metadata": {"name": "node-a"},
            "spec": {},
            "status": {"conditions": [{
                "type": "Ready", "status": "True", "lastHeartbeatTime": heartbeat,
            }]},
        });
        json_patch::merge(&mut value, rest);
        Object::from_value(Kind::Node, value).expect("a node")
    }

    #[test]
    fn s4_a_heartbeat_is_no_change_and_each_other_update_says_what_it_changed() {
        let before = node("2026-01-01T00:00:00Z", &json!({}));
        let ready =
            |status: &str| json!({"status": {"conditions": [{"type": "Ready", "status": status}]}});
        let cases = [
            (json!({}), vec![]),
            (
                json!({"metadata": {"labels": {"a": "b"}}}),
                vec![Change::NodeLabels],
            ),
            (
                json!({"metadata": {"annotations": {"a": "b"}}}),
                vec![Change::NodeAnnotations],
            ),
            (
                json!({"spec": {"unschedulable": true}}),
                vec![Change::NodeTaints],
            ),
            (
                json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}),
                vec![Change::NodeTaints],
            ),
            (
                json!({"status": {"allocatable": {"cpu": "2"}}}),
                vec![Change::NodeAllocatable],
            ),
            (ready("False"), vec![Change::NodeConditions]),
        ];
        for (rest, expected) in cases {
            let after = node("2026-01-01T00:00:10Z", &rest);
            assert_eq!(changes(Some(&before), Some(&after)), expected, "{rest}");
        }
    }

    #[test]
    fn s4_a_waiting_pod_that_comes_up_is_no_event_and_one_that_ends_makes_room() {
        let pod = |node: Option<&str>, phase: &str| {
            let value = json!({
                "metadata": {"name": "web", "namespace": "default"},
                "spec": {"containers": [], "nodeName": node},
                "status": {"phase": phase},
            });
            Object::from_value(Kind::Pod, value).expect("a pod")
        };
        let (waiting, running) = (pod(None, "Pending"), pod(Some("node-a"), "Running"));
        let ended = pod(Some("node-a"), "Succeeded");
        assert_eq!(changes(None, Some(&waiting)), []);
        assert_eq!(changes(Some(&waiting), Some(&running)), [Change::PodAdded]);
        assert_eq!(changes(Some(&running), Some(&running)), []);
        assert_eq!(changes(Some(&running), Some(&ended)), [Change::PodDeleted]);
        assert_eq!(changes(Some(&running), None), [Change::PodDeleted]);
    }
}
