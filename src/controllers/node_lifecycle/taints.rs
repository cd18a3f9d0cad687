//! The taints that fit a node's conditions, and how many nodes may be emptied at once.

use std::time::Duration;

use super::super::controller::Planned;
use super::health;
use crate::api::{Node, core, meta};
use crate::sim::Time;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Which condition with which status means which NoSchedule taint.
/// Source: `nodeConditionToTaintKeyStatusMap`.
const BY_CONDITION: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    (
        "MemoryPressure",
        "True",
        "node.kubernetes.io/memory-pressure",
    ),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    (
        "NetworkUnavailable",
        "True",
        "node.kubernetes.io/network-unavailable",
    ),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// Between two nodes of a zone that are emptied. Source: `--node-eviction-rate`, 0.1 a second.
const EVICTION_PAUSE: Duration = Duration::from_secs(10);
/// The same in a large zone most of which is down. Source: `--secondary-node-eviction-rate`.
const SECONDARY_PAUSE: Duration = Duration::from_secs(100);
/// A zone of up to this size most of which is down is not emptied at all.
/// Source: `--large-cluster-size-threshold`.
const LARGE_ZONE: usize = 50;
/// From this share of nodes on, in per cent, a zone counts as down for the most part.
/// Source: `--unhealthy-zone-threshold`.
const UNHEALTHY_PER_CENT: usize = 55;

/// All taints that the node shall have: those of others as they are, and its own that fit.
pub(super) fn wanted(planned: &Planned<'_>, node: &Node) -> Vec<core::Taint> {
    let mut keys: Vec<(&str, &str)> = no_schedule(node)
        .into_iter()
        .map(|key| (key, "NoSchedule"))
        .collect();
    keys.extend(no_execute(planned, node).map(|key| (key, "NoExecute")));
    let current = node.spec.taints.iter().flatten();
    let mut wanted: Vec<core::Taint> = current
        .filter(|taint| !is_ours(taint) || keys.contains(&(&taint.key, &taint.effect)))
        .cloned()
        .collect();
    for (key, effect) in keys {
        if !has(&wanted, key, effect) {
            wanted.push(core::Taint {
                key: key.to_owned(),
                effect: effect.to_owned(),
                value: None,
                time_added: Some(meta::object_time(planned.now)),
            });
        }
    }
    wanted
}

/// True when both lists hold the same keys and effects.
pub(super) fn same(one: &[core::Taint], other: &[core::Taint]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .all(|taint| has(other, &taint.key, &taint.effect))
}

/// What is added to and taken from a node, in words.
pub(super) fn difference(node: &str, before: &[core::Taint], after: &[core::Taint]) -> String {
    let missing = |from: &[core::Taint], of: &[core::Taint]| -> Vec<String> {
        of.iter()
            .filter(|taint| !has(from, &taint.key, &taint.effect))
            .map(|taint| format!("{}:{}", taint.key, taint.effect))
            .collect()
    };
    let (added, removed) = (missing(before, after), missing(after, before));
    match (added.is_empty(), removed.is_empty()) {
        (false, true) => format!("taints {node} {}", added.join(", ")),
        (true, _) => format!("takes {} from {node}", removed.join(", ")),
        (false, false) => {
            let (added, removed) = (added.join(", "), removed.join(", "));
            format!("taints {node} {added}, and takes {removed}")
        }
    }
}

fn has(taints: &[core::Taint], key: &str, effect: &str) -> bool {
    let mut taints = taints.iter();
    taints.any(|taint| taint.key == key && taint.effect == effect)
}

fn is_ours(taint: &core::Taint) -> bool {
    match taint.effect.as_str() {
        "NoSchedule" => {
            taint.key == UNSCHEDULABLE || BY_CONDITION.iter().any(|(_, _, key)| taint.key == *key)
        }
        "NoExecute" => taint.key == NOT_READY || taint.key == UNREACHABLE,
        _ => false,
    }
}

/// Source: `doNoScheduleTaintingPass`.
fn no_schedule(node: &Node) -> Vec<&'static str> {
    let mut keys: Vec<&str> = health::verdicts(node)
        .filter_map(|(condition, status)| {
            let mut table = BY_CONDITION.iter();
            table
                .find(|(of, with, _)| *of == condition && *with == status)
                .map(|(_, _, key)| *key)
        })
        .collect();
    if node.spec.unschedulable == Some(true) {
        keys.push(UNSCHEDULABLE);
    }
    keys
}

/// The key of the NoExecute taint that fits the node, once it is its turn.
fn no_execute(planned: &Planned<'_>, node: &Node) -> Option<&'static str> {
    let key = fitting(node)?;
    if planned.caches.list::<Node>(None).all(is_down) {
        // Nothing answers at all: more likely it is the control plane that is cut off.
        return None;
    }
    let tainted = [NOT_READY, UNREACHABLE]
        .iter()
        .any(|key| tainted_at(node, key).is_some());
    (tainted || is_its_turn(planned, node)).then_some(key)
}

fn fitting(node: &Node) -> Option<&'static str> {
    match health::ready(node)?.status.as_str() {
        "False" => Some(NOT_READY),
        "Unknown" => Some(UNREACHABLE),
        _ => None,
    }
}

fn is_down(node: &Node) -> bool {
    fitting(node).is_some()
}

fn tainted_at(node: &Node, key: &str) -> Option<Time> {
    let mut taints = node.spec.taints.iter().flatten();
    let taint = taints.find(|taint| taint.key == key && taint.effect == "NoExecute")?;
    Some(taint.time_added.as_ref().map_or(Time::START, meta::moment))
}

fn since(node: &Node) -> Time {
    let ready = health::ready(node);
    let since = ready.and_then(|ready| ready.last_transition_time.as_ref());
    since.map_or(Time::START, meta::moment)
}

/// What the monitor found at one look it taints at the next; a node's own word needs no second.
fn is_due(node: &Node, planned: &Planned<'_>) -> bool {
    match fitting(node) {
        Some(NOT_READY) => true,
        Some(_) => planned.now >= since(node) + planned.profile.nodes.monitor_period,
        None => false,
    }
}

/// Nodes of a zone are emptied one after the other with pauses between.
/// Source: `RateLimitedTimedQueue`, `ComputeZoneState`.
fn is_its_turn(planned: &Planned<'_>, node: &Node) -> bool {
    if !is_due(node, planned) {
        return false;
    }
    let zone: Vec<&Node> = planned
        .caches
        .list::<Node>(None)
        .filter(|other| zone_of(other) == zone_of(node))
        .collect();
    let down = zone.iter().filter(|other| is_down(other)).count();
    let mostly_down =
        down < zone.len() && down > 2 && down * 100 >= zone.len() * UNHEALTHY_PER_CENT;
    let pause = match (mostly_down, zone.len() > LARGE_ZONE) {
        (false, _) => EVICTION_PAUSE,
        (true, true) => SECONDARY_PAUSE,
        (true, false) => return false,
    };
    let times = |other: &&Node| [NOT_READY, UNREACHABLE].map(|key| tainted_at(other, key));
    let rests = zone
        .iter()
        .flat_map(times)
        .flatten()
        .any(|tainted| planned.now < tainted + pause);
    let is_first = zone
        .iter()
        .filter(|other| is_due(other, planned) && times(other) == [None, None])
        .min_by_key(|other| (since(other), other.name().to_owned()))
        .is_some_and(|first| first.name() == node.name());
    !rests && is_first
}

fn zone_of(node: &Node) -> (Option<&str>, Option<&str>) {
    let labels = meta::labels(&node.metadata);
    let label = |name: &str| labels.get(name).map(String::as_str);
    (
        label("topology.kubernetes.io/region"),
        label("topology.kubernetes.io/zone"),
    )
}
