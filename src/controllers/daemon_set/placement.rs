//! Where a daemon pod runs: which nodes fit, what it tolerates, and how it is bound to its node.

use crate::api::{Node, Pod, PodSpec, core, node_affinity, taint};

const NODE_NAME: &str = "metadata.name";

/// Taints that every daemon pod tolerates. Source: `AddOrUpdateDaemonPodTolerations`.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The spec of a daemon pod before it has a node.
pub(super) fn tolerant(mut spec: core::PodSpec) -> core::PodSpec {
    let network = ("node.kubernetes.io/network-unavailable", "NoSchedule");
    let network = (spec.host_network == Some(true)).then_some(network);
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in TOLERATED.into_iter().chain(network) {
        let toleration = core::Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some(effect.to_owned()),
            ..core::Toleration::default()
        };
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
    spec
}

/// Ties a daemon pod to a node: the scheduler still binds it, but may choose only this one.
/// Source: `ReplaceDaemonSetPodNodeNameNodeAffinity`.
pub(super) fn tie(spec: &mut core::PodSpec, node: &str) {
    let term = core::NodeSelectorTerm {
        match_fields: Some(vec![core::NodeSelectorRequirement {
            key: NODE_NAME.to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![node.to_owned()]),
        }]),
        match_expressions: None,
    };
    let affinity = spec.affinity.get_or_insert_default();
    let affinity = affinity.node_affinity.get_or_insert_default();
    affinity.required_during_scheduling_ignored_during_execution = Some(core::NodeSelector {
        node_selector_terms: vec![term],
    });
}

/// The node that a daemon pod is on or tied to. Source: `GetTargetNodeName`.
pub(super) fn target(pod: &Pod) -> Option<&str> {
    if let Some(node) = pod.spec.node_name.as_deref() {
        return Some(node);
    }
    let required = node_affinity::required(&pod.spec)?;
    required
        .node_selector_terms
        .iter()
        .flat_map(|term| term.match_fields.iter().flatten())
        .find(|field| field.key == NODE_NAME)
        .and_then(|field| field.values.as_ref()?.first())
        .map(String::as_str)
}

/// Whether a daemon pod shall run on a node, and whether one that is there may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It shall run.
    Run,
    /// None is started, but one that is there stays.
    Stay,
    /// It must not be there.
    Leave,
}

/// Source: `NodeShouldRunDaemonPod`.
pub(super) fn fit(spec: &PodSpec, node: &Node) -> Fit {
    let name = spec.node_name.as_deref();
    if name.is_some_and(|name| name != node.name()) || !node_affinity::meets_required(spec, node) {
        return Fit::Leave;
    }
    let repels = |effect: &str| {
        let tolerations = spec.tolerations.as_deref().unwrap_or_default();
        let mut taints = node.spec.taints.iter().flatten();
        taints.any(|each| each.effect == effect && !taint::is_tolerated(each, tolerations))
    };
    if repels("NoExecute") {
        Fit::Leave
    } else if repels("NoSchedule") {
        Fit::Stay
    } else {
        Fit::Run
    }
}
