//! How a node is: what it says, and for how long it has said nothing.

use std::time::Duration;

use crate::api::{Key, Kind, Node, core, meta};
use crate::client::Informers;
use crate::sim::{Profile, Time};

/// The namespace of the leases by which nodes show that they live.
const LEASES: &str = "kube-node-lease";

/// How long a node may take to say anything at all. Source: `--node-startup-grace-period`.
const STARTUP_GRACE: Duration = Duration::from_mins(1);

/// What a kubelet reports and nobody else knows.
const REPORTED: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// The condition Ready.
pub(super) fn ready(node: &Node) -> Option<&core::NodeCondition> {
    condition(node, "Ready")
}

fn condition<'a>(node: &'a Node, condition_type: &str) -> Option<&'a core::NodeCondition> {
    let mut conditions = node.status.conditions.iter().flatten();
    conditions.find(|condition| condition.type_ == condition_type)
}

/// All conditions without their times.
pub(super) fn verdicts(node: &Node) -> impl Iterator<Item = (&str, &str)> {
    let conditions = node.status.conditions.iter().flatten();
    conditions.map(|condition| (condition.type_.as_str(), condition.status.as_str()))
}

/// Whether the last sign of life came too long ago, by this controller's own clock: it is the
/// arrival of the lease that counts, not the date in it. Source: `tryUpdateNodeHealth`.
pub(super) fn is_silent(caches: &Informers, node: &Node, now: Time, profile: &Profile) -> bool {
    let lease = caches.cached(&Key::new(Kind::Lease, LEASES, node.name()));
    let renewed = lease.map_or(Time::START, |lease| lease.arrived);
    let Some(ready) = ready(node) else {
        let heard = renewed.max(meta::created(&node.metadata));
        return now > heard + STARTUP_GRACE;
    };
    if now <= renewed + profile.nodes.monitor_grace {
        return false;
    }
    let beat = ready.last_heartbeat_time.as_ref().map(meta::moment);
    now > beat.unwrap_or(Time::START) + profile.nodes.monitor_grace
}

/// The status of a node that nobody has heard of; none when it says so already.
pub(super) fn silenced(node: &Node, now: Time) -> Option<core::NodeStatus> {
    if ready(node).is_some_and(|ready| ready.status == "Unknown") {
        return None;
    }
    let mut status = (*node.status).clone();
    let conditions = status.conditions.get_or_insert_default();
    for reported in REPORTED {
        match conditions.iter_mut().find(|each| each.type_ == reported) {
            None => conditions.push(core::NodeCondition {
                type_: reported.to_owned(),
                status: "Unknown".to_owned(),
                reason: Some("NodeStatusNeverUpdated".to_owned()),
                message: Some("Kubelet never posted node status.".to_owned()),
                last_heartbeat_time: node.metadata.creation_timestamp.clone(),
                last_transition_time: Some(meta::object_time(now)),
            }),
            Some(known) if known.status != "Unknown" => {
                "Unknown".clone_into(&mut known.status);
                known.reason = Some("NodeStatusUnknown".to_owned());
                known.message = Some("Kubelet stopped posting node status.".to_owned());
                known.last_transition_time = Some(meta::object_time(now));
            }
            Some(_) => {}
        }
    }
    Some(status)
}

/// The node in words: `node-a is Ready`, `node-b is Unknown, cordoned`.
pub(super) fn words(node: &Node) -> String {
    let ready = match ready(node).map(|ready| ready.status.as_str()) {
        Some("True") => "Ready",
        Some("False") => "NotReady",
        _ => "Unknown",
    };
    let cordoned = if node.spec.unschedulable == Some(true) {
        ", cordoned"
    } else {
        ""
    };
    format!("{} is {ready}{cordoned}", node.name())
}
