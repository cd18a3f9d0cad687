//! Where a daemon pod runs: which nodes fit, what it tolerates, and how it is bound to its node.

use crate::api::{Node, Pod, core, meta};

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
    let terms = required(&pod.spec)?;
    terms
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
pub(super) fn fit(spec: &core::PodSpec, node: &Node) -> Fit {
    let named = spec
        .node_name
        .as_deref()
        .is_none_or(|name| name == node.name());
    if !named || !selects(spec, node) {
        return Fit::Leave;
    }
    let repels = |effects: &[&str]| {
        let mut taints = node.spec.taints.iter().flatten();
        taints.any(|taint| {
            let mut tolerations = spec.tolerations.iter().flatten();
            effects.contains(&taint.effect.as_str())
                && !tolerations.any(|toleration| tolerates(toleration, taint))
        })
    };
    if repels(&["NoExecute"]) {
        Fit::Leave
    } else if repels(&["NoSchedule"]) {
        Fit::Stay
    } else {
        Fit::Run
    }
}

fn tolerates(toleration: &core::Toleration, taint: &core::Taint) -> bool {
    let fits = |wanted: &Option<String>, given: &str| {
        let wanted = wanted.as_deref().unwrap_or_default();
        wanted.is_empty() || wanted == given
    };
    let exists = toleration.operator.as_deref() == Some("Exists");
    let value = toleration.value.as_deref().unwrap_or_default();
    fits(&toleration.effect, &taint.effect)
        && fits(&toleration.key, &taint.key)
        && (exists || value == taint.value.as_deref().unwrap_or_default())
}

fn required(spec: &core::PodSpec) -> Option<&[core::NodeSelectorTerm]> {
    let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = affinity
        .required_during_scheduling_ignored_during_execution
        .as_ref()?;
    Some(&required.node_selector_terms)
}

/// Whether node selector and required node affinity pick the node.
fn selects(spec: &core::PodSpec, node: &Node) -> bool {
    let labels = meta::labels(&node.metadata);
    let mut selector = spec.node_selector.iter().flatten();
    selector.all(|(key, value)| labels.get(key) == Some(value))
        && required(spec).is_none_or(|terms| terms.iter().any(|term| matches(term, node)))
}

fn matches(term: &core::NodeSelectorTerm, node: &Node) -> bool {
    let labels = meta::labels(&node.metadata);
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    let by_label = |each: &core::NodeSelectorRequirement| {
        holds(each, labels.get(&each.key).map(String::as_str))
    };
    let by_field = |each: &core::NodeSelectorRequirement| {
        each.key == NODE_NAME && holds(each, Some(node.name()))
    };
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(by_label)
        && fields.iter().all(by_field)
}

fn holds(requirement: &core::NodeSelectorRequirement, given: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let listed = || given.is_some_and(|given| values.iter().any(|value| value == given));
    let compared = |wanted: std::cmp::Ordering| {
        let number = |text: &str| text.parse::<i64>().ok();
        let bound = values.first().and_then(|value| number(value));
        given
            .and_then(number)
            .zip(bound)
            .is_some_and(|(given, bound)| given.cmp(&bound) == wanted)
    };
    match requirement.operator.as_str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => given.is_some(),
        "DoesNotExist" => given.is_none(),
        "Gt" => compared(std::cmp::Ordering::Greater),
        "Lt" => compared(std::cmp::Ordering::Less),
        _ => false,
    }
}
