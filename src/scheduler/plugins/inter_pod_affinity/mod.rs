//! InterPodAffinity: which pods a pod must or would like to be near, or far from.

mod scoring;

use std::sync::Arc;

use crate::api::core::PodAffinityTerm;
use crate::api::meta::Labels;
use crate::api::{Node, Pod, meta};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, PreScore, Refusal};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::pod_terms::{self, Term};
use crate::scheduler::snapshot::Snapshot;
use crate::scheduler::topology_counts::TopologyCounts;

/// The plugin. Source: `framework/plugins/interpodaffinity`.
///
/// `matchLabelKeys` and `mismatchLabelKeys` have no part here: the API server turns them into
/// requirements of the term's label selector when the pod is created.
#[derive(Debug)]
pub(super) struct InterPodAffinity {
    /// What a placed pod's required affinity to the pod counts for its node's score; 0 to 100.
    hard_affinity_weight: i64,
    /// Whether placed pods' preferences count only for pods that have some themselves.
    ignore_preferences_of_placed: bool,
}

/// Makes the plugin from `InterPodAffinityArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    let (weight, ignore) = (
        "hardPodAffinityWeight",
        "ignorePreferredTermsOfExistingPods",
    );
    arguments.only(&["apiVersion", "kind", weight, ignore])?;
    Ok(Arc::new(InterPodAffinity {
        hard_affinity_weight: arguments.at(weight).integer(0..=100)?.unwrap_or(1),
        ignore_preferences_of_placed: arguments.at(ignore).boolean()?,
    }))
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let pod = cycle.pod;
        if let Some(problem) = terms_of(pod).find_map(pod_terms::problem) {
            return PreFilter::Refuse(Refusal::unresolvable(format!("parsing pod: {problem}")));
        }
        let check = Required::new(cycle);
        if check.existing.is_empty() && check.affinity.is_empty() && check.anti_affinity.is_empty()
        {
            PreFilter::Skip
        } else {
            PreFilter::Check(Box::new(check))
        }
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        scoring::pre_score(self, cycle)
    }

    fn nothing_to_check(&self) -> &'static str {
        "neither the pod nor one that is there requires to be near or far"
    }

    fn helped_by(&self) -> &'static str {
        "a pod to be near comes or one to be far from goes, a node changes its topology"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::PodAdded | Change::PodLabels | Change::PodDeleted => {
                pod_event_helps(pod, event)
            }
            Change::NodeAdded | Change::NodeLabels => node_event_helps(pod, event),
            _ => false,
        };
        Hint::from(may_help)
    }
}

/// All terms of the pod, as far as they can be wrong.
fn terms_of(pod: &PodInfo) -> impl Iterator<Item = &PodAffinityTerm> {
    let preferred = pod
        .preferred_affinity()
        .iter()
        .chain(pod.preferred_anti_affinity());
    let required = pod
        .required_affinity()
        .iter()
        .chain(pod.required_anti_affinity());
    required.chain(preferred.map(|weighted| &weighted.pod_affinity_term))
}

/// A pod that came, or took other labels, may be one to be near; one that went may be one to be far
/// from, or have kept the pod away itself.
fn pod_event_helps(pod: &Pod, event: &ClusterEvent<'_>) -> bool {
    if event.is_of(pod) {
        return true;
    }
    let waiting = PodInfo::new(pod.clone());
    let nothing = Snapshot::default();
    let info = |pod: Option<&Pod>| pod.cloned().map(PodInfo::new);
    let (old, new) = event.pods();
    let (old, new) = (info(old), info(new));
    let meant = |terms: &[PodAffinityTerm], other: &Option<PodInfo>| {
        other.as_ref().is_some_and(|other| {
            let terms = terms.iter();
            let mut terms = terms.map(|term| (term, Term::new(term, &waiting, &nothing)));
            // Which namespaces a selector picks is not known here: it may help.
            terms.any(|(term, read)| read.means(other) || term.namespace_selector.is_some())
        })
    };
    let came = meant(waiting.required_affinity(), &new) && event.change != Change::PodDeleted;
    let went = meant(waiting.required_anti_affinity(), &old)
        || meant(waiting.required_affinity(), &old) && event.change == Change::PodLabels;
    let let_go = old.as_ref().is_some_and(|old| {
        let mut terms = old.required_anti_affinity().iter();
        terms.any(|term| {
            term.namespace_selector.is_some()
                || pod_terms::means_incoming(term, old, &waiting, &Labels::new())
        })
    });
    came || went || let_go && event.change == Change::PodDeleted
}

/// A node with a topology that the pod asks for may be the place; so may a node without one that
/// its anti-affinity asks for.
fn node_event_helps(pod: &Pod, event: &ClusterEvent<'_>) -> bool {
    let waiting = PodInfo::new(pod.clone());
    let (old, new) = event.nodes();
    let Some(new) = new else {
        return false;
    };
    let label = |node: &Node, key: &str| meta::labels(&node.metadata).get(key).cloned();
    let is_new_value = |term: &PodAffinityTerm| {
        let before = old.and_then(|old| label(old, &term.topology_key));
        before != label(new, &term.topology_key)
    };
    let affinity = waiting.required_affinity();
    let anti_affinity = waiting.required_anti_affinity();
    let has_all = affinity
        .iter()
        .all(|term| label(new, &term.topology_key).is_some());
    if !affinity.is_empty() {
        return has_all && (old.is_none() || affinity.iter().any(is_new_value));
    }
    old.is_none() || anti_affinity.is_empty() || anti_affinity.iter().any(is_new_value)
}

/// What is required: of the pod by itself, and of it by the pods that are there.
#[derive(Clone)]
struct Required<'a> {
    pod: &'a PodInfo,
    affinity: Vec<Term<'a>>,
    anti_affinity: Vec<Term<'a>>,
    namespace_labels: &'a Labels,
    /// Pods that do not want the pod near.
    existing: TopologyCounts<'a>,
    /// Pods that the pod must be near: those that all of its terms mean.
    near: TopologyCounts<'a>,
    /// Pods that the pod must be far from.
    far: TopologyCounts<'a>,
}

impl<'a> Required<'a> {
    fn new(cycle: &Cycle<'a>) -> Self {
        static NONE: Labels = Labels::new();
        let Cycle { pod, snapshot } = *cycle;
        let read = |term: &'a PodAffinityTerm| Term::new(term, pod, snapshot);
        let labels = snapshot.namespace_labels(pod.namespace());
        let mut check = Self {
            pod,
            affinity: pod.required_affinity().iter().map(read).collect(),
            anti_affinity: pod.required_anti_affinity().iter().map(read).collect(),
            namespace_labels: labels.unwrap_or(&NONE),
            existing: TopologyCounts::default(),
            near: TopologyCounts::default(),
            far: TopologyCounts::default(),
        };
        for group in snapshot.groups_with_wishes() {
            let owner = &*group.sample;
            for term in owner.required_anti_affinity() {
                if pod_terms::means_incoming(term, owner, pod, check.namespace_labels) {
                    let key = &term.topology_key;
                    check.existing.add_group(key, group, 1, snapshot);
                }
            }
        }
        // All terms of the affinity must mean a pod, so the first finds all that can count.
        if let Some(first) = check.affinity.first() {
            for group in snapshot.groups_meant_by(first) {
                if check.all_mean(&group.sample) {
                    for term in &check.affinity {
                        check.near.add_group(term.topology_key, group, 1, snapshot);
                    }
                }
            }
        }
        for term in &check.anti_affinity {
            for group in snapshot.groups_meant_by(term) {
                check.far.add_group(term.topology_key, group, 1, snapshot);
            }
        }
        check
    }

    fn count_existing(&mut self, owner: &PodInfo, node: &NodeInfo, times: i64) {
        for term in owner.required_anti_affinity() {
            if pod_terms::means_incoming(term, owner, self.pod, self.namespace_labels) {
                self.existing.add(&term.topology_key, node, times);
            }
        }
    }

    fn count_near(&mut self, other: &PodInfo, node: &NodeInfo, times: i64) {
        if self.all_mean(other) {
            for term in &self.affinity {
                self.near.add(term.topology_key, node, times);
            }
        }
    }

    fn count_far(&mut self, other: &PodInfo, node: &NodeInfo, times: i64) {
        for term in &self.anti_affinity {
            if term.means(other) {
                self.far.add(term.topology_key, node, times);
            }
        }
    }

    fn all_mean(&self, other: &PodInfo) -> bool {
        !self.affinity.is_empty() && self.affinity.iter().all(|term| term.means(other))
    }

    fn count(&mut self, other: &PodInfo, node: &NodeInfo, times: i64) {
        self.count_existing(other, node, times);
        self.count_near(other, node, times);
        self.count_far(other, node, times);
    }

    fn is_near_enough(&self, node: &NodeInfo) -> bool {
        let mut is_near = true;
        for term in &self.affinity {
            let Some(value) = node.label(term.topology_key) else {
                return false;
            };
            is_near &= self.near.at(term.topology_key, value) > 0;
        }
        // The first of a group that wants to be together may go anywhere.
        is_near || self.near.is_empty() && self.all_mean(self.pod)
    }

    fn is_far_enough(&self, node: &NodeInfo) -> bool {
        !self.anti_affinity.iter().any(|term| {
            node.label(term.topology_key)
                .is_some_and(|value| self.far.at(term.topology_key, value) > 0)
        })
    }

    fn is_welcome(&self, node: &NodeInfo) -> bool {
        !self.existing.has_any_of(node)
    }
}

impl<'a> Filter<'a> for Required<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if !self.is_near_enough(node) {
            Err(Refusal::unresolvable(
                "node(s) didn't match pod affinity rules",
            ))
        } else if !self.is_far_enough(node) {
            Err(Refusal::unschedulable(
                "node(s) didn't match pod anti-affinity rules",
            ))
        } else if !self.is_welcome(node) {
            Err(Refusal::unschedulable(
                "node(s) didn't satisfy existing pods anti-affinity rules",
            ))
        } else {
            Ok(())
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let there = |counts: &TopologyCounts<'_>, terms: &[Term<'_>], wish: &str| -> Vec<String> {
            let terms = terms.iter().map(|term| {
                let key = term.topology_key;
                match node.label(key).zip(node.topology_words(key)) {
                    Some((value, topology)) => {
                        let count = counts.at(key, value);
                        format!("{wish} {}: {count} in {topology}", term.words())
                    }
                    None => format!("{wish} {}: the node has no {key}", term.words()),
                }
            });
            terms.collect()
        };
        let mut parts = there(&self.near, &self.affinity, "near");
        if !self.affinity.is_empty() && self.near.is_empty() && self.all_mean(self.pod) {
            parts.push("it is the first of its group and may go anywhere".to_owned());
        }
        parts.extend(there(&self.far, &self.anti_affinity, "far from"));
        let refusing = self.existing.keys().into_iter().filter_map(|key| {
            let (value, topology) = (node.label(key)?, node.topology_words(key)?);
            let count = self.existing.at(key, value);
            (count > 0).then(|| format!("{count} in {topology} want it far"))
        });
        parts.extend(refusing);
        if parts.is_empty() {
            parts.push("no pod there wants it far".to_owned());
        }
        parts.join("; ")
    }

    fn pod_added(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.count(pod, node, 1);
    }

    fn pod_removed(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.count(pod, node, -1);
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
