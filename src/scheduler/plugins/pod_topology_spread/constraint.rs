//! Spread constraints, read once: whom they count, and where.

use std::borrow::Cow;

use super::PodTopologySpread;
use crate::api::core::TopologySpreadConstraint;
use crate::api::meta::{self, Labels};
use crate::api::{
    LabelSelector, LabelSelectorRequirement, Pod, ReplicaSet, Service, StatefulSet, node_affinity,
    selector, taint,
};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::snapshot::Snapshot;

/// A constraint, read.
#[derive(Clone, Debug)]
pub(super) struct Constraint {
    pub(super) topology_key: String,
    pub(super) max_skew: i64,
    pub(super) min_domains: usize,
    /// Which pods it counts; nothing for none.
    pub(super) selector: Option<LabelSelector>,
    honors_affinity: bool,
    honors_taints: bool,
}

impl Constraint {
    fn new(given: &TopologySpreadConstraint, pod: &Pod) -> Result<Self, String> {
        let mut picks = given.label_selector.clone();
        if let Some(problem) = picks.as_ref().and_then(selector::problem) {
            return Err(problem);
        }
        let labels = meta::labels(&pod.metadata);
        let keys = given.match_label_keys.iter().flatten();
        let values = keys.filter_map(|key| Some((key.clone(), labels.get(key)?.clone())));
        for (key, value) in values {
            let requirement = LabelSelectorRequirement {
                key,
                operator: "In".to_owned(),
                values: Some(vec![value]),
            };
            let picks = picks.get_or_insert_default();
            picks
                .match_expressions
                .get_or_insert_default()
                .push(requirement);
        }
        let policy = |given: &Option<String>, default: bool| {
            given.as_deref().map_or(default, |policy| policy == "Honor")
        };
        Ok(Self {
            topology_key: given.topology_key.clone(),
            max_skew: i64::from(given.max_skew),
            min_domains: given
                .min_domains
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(1),
            selector: picks,
            honors_affinity: policy(&given.node_affinity_policy, true),
            honors_taints: policy(&given.node_taints_policy, false),
        })
    }

    /// Whether a pod with these labels belongs to the group.
    pub(super) fn picks(&self, labels: &Labels) -> bool {
        let picks = self.selector.as_ref();
        picks.is_some_and(|picks| selector::matches(picks, labels))
    }

    /// Whether the node's pods count: what the pod could not go to anyway may be left out.
    pub(super) fn counts_on(&self, pod: &PodInfo, node: &NodeInfo) -> bool {
        let spec = &pod.pod.spec;
        if self.honors_affinity && !node_affinity::meets_required(spec, &node.node) {
            return false;
        }
        let tolerations = spec.tolerations.as_deref().unwrap_or_default();
        !self.honors_taints
            || taint::first_untolerated(node.taints(), tolerations, &["NoSchedule", "NoExecute"])
                .is_none()
    }

    /// Whether [`Constraint::counts_on`] says yes of every node.
    pub(super) fn counts_everywhere(&self, pod: &PodInfo) -> bool {
        let spec = &pod.pod.spec;
        let is_free = !self.honors_affinity || !node_affinity::has_required(spec);
        is_free && !self.honors_taints
    }

    /// Whether the placed pod is counted: of the group, in the namespace, not leaving. A selector
    /// that asks for nothing counts nobody.
    pub(super) fn counts(&self, pod: &PodInfo, other: &PodInfo) -> bool {
        other.namespace() == pod.namespace()
            && !other.pod.is_terminating()
            && !self.selector.as_ref().is_none_or(selector::is_empty)
            && self.picks(other.labels())
    }
}

/// Whether the node has every topology of the constraints.
pub(super) fn has_all_topologies(labels: &Labels, constraints: &[Constraint]) -> bool {
    constraints
        .iter()
        .all(|constraint| labels.contains_key(&constraint.topology_key))
}

/// The pod's constraints of one kind, or the defaults' when it has none at all. Defaults count the
/// pods of the same services and the same owner; without such there are none. Where `snapshot` is
/// not known, defaults count nobody.
///
/// # Errors
/// When a selector cannot be understood.
pub(super) fn own_or_default(
    plugin: &PodTopologySpread,
    pod: &Pod,
    when_unsatisfiable: &str,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<Constraint>, String> {
    let own = pod
        .spec
        .topology_spread_constraints
        .as_deref()
        .unwrap_or_default();
    let is_own = !own.is_empty();
    let given: Cow<'_, [TopologySpreadConstraint]> = if is_own {
        own.into()
    } else {
        plugin.defaults.constraints().into()
    };
    let mut constraints = given
        .iter()
        .filter(|constraint| constraint.when_unsatisfiable == when_unsatisfiable)
        .map(|constraint| Constraint::new(constraint, pod))
        .collect::<Result<Vec<_>, _>>()?;
    if !is_own && !constraints.is_empty() {
        let Some(group) = snapshot.and_then(|snapshot| group_of(pod, snapshot)) else {
            return Ok(Vec::new());
        };
        for constraint in &mut constraints {
            constraint.selector = Some(group.clone());
        }
    }
    Ok(constraints)
}

/// The selector of the pods that serve with the pod: what its services and its ReplicaSet or
/// StatefulSet select, together. Source: `DefaultSelector` of `framework/plugins/helper/spread.go`.
///
/// Unlike Kubernetes: ReplicationControllers are not looked at; there are none.
fn group_of(pod: &Pod, snapshot: &Snapshot) -> Option<LabelSelector> {
    let mut group = LabelSelector::default();
    let labels = meta::labels(&pod.metadata);
    for service in snapshot.list::<Service>(pod.namespace()) {
        let Some(wanted) = &service.spec.selector else {
            continue;
        };
        if wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
        {
            let all = group.match_labels.get_or_insert_default();
            all.extend(wanted.clone());
        }
    }
    if let Some(owner) = meta::controller_of(&pod.metadata) {
        let namespace = pod.namespace();
        let of_owner = match (owner.api_version.as_str(), owner.kind.as_str()) {
            ("apps/v1", "ReplicaSet") => snapshot
                .get::<ReplicaSet>(namespace, &owner.name)
                .map(|owner| &owner.spec.selector),
            ("apps/v1", "StatefulSet") => snapshot
                .get::<StatefulSet>(namespace, &owner.name)
                .map(|owner| &owner.spec.selector),
            _ => None,
        };
        if let Some(more) = of_owner {
            add(&mut group, more);
        }
    }
    (!selector::is_empty(&group)).then_some(group)
}

/// Adds the requirements of the other selector, as expressions so that none replaces another.
fn add(group: &mut LabelSelector, more: &LabelSelector) {
    let equal = more.match_labels.iter().flatten();
    let equal = equal.map(|(key, value)| LabelSelectorRequirement {
        key: key.clone(),
        operator: "In".to_owned(),
        values: Some(vec![value.clone()]),
    });
    let expressions = more.match_expressions.iter().flatten().cloned();
    let all: Vec<_> = equal.chain(expressions).collect();
    if !all.is_empty() {
        group.match_expressions.get_or_insert_default().extend(all);
    }
}
