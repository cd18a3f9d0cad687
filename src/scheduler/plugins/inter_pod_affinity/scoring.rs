//! How much a node is liked for the pods in its topologies.

use std::sync::Arc;

use super::InterPodAffinity;
use crate::api::core::{PodAffinityTerm, WeightedPodAffinityTerm};
use crate::api::meta::Labels;
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, PreScore, Score};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::pod_groups::PodGroup;
use crate::scheduler::pod_terms::{self, Term};
use crate::scheduler::topology_counts::TopologyCounts;

static NO_LABELS: Labels = Labels::new();

/// Collects what the pod's own preferences and those of the pods that are there say.
/// Source: `framework/plugins/interpodaffinity/scoring.go`.
pub(super) fn pre_score<'a>(plugin: &'a InterPodAffinity, cycle: &Cycle<'a>) -> PreScore<'a> {
    let Cycle { pod, snapshot } = *cycle;
    let has_own = !pod.preferred_affinity().is_empty() || !pod.preferred_anti_affinity().is_empty();
    if plugin.ignore_preferences_of_placed && !has_own {
        return PreScore::Skip;
    }
    let mut points = Points::default();
    let own = [
        (pod.preferred_affinity(), 1),
        (pod.preferred_anti_affinity(), -1),
    ];
    for (terms, sign) in own {
        for weighted in terms {
            let term = Term::new(&weighted.pod_affinity_term, pod, snapshot);
            let points_each = sign * i64::from(weighted.weight);
            for group in snapshot.groups_meant_by(&term) {
                points
                    .0
                    .add_group(term.topology_key, group, points_each, snapshot);
            }
        }
    }
    let labels = snapshot.namespace_labels(pod.namespace());
    let labels = labels.unwrap_or(&NO_LABELS);
    let wishes = Wishes {
        plugin,
        cycle: *cycle,
        labels,
    };
    for group in snapshot.groups_with_wishes() {
        points.add_wishes_of(group, &wishes);
    }
    if points.0.is_touched() {
        PreScore::Rate(Box::new(points))
    } else {
        PreScore::Skip
    }
}

/// To whom the wishes of placed pods may be directed.
struct Wishes<'a> {
    plugin: &'a InterPodAffinity,
    cycle: Cycle<'a>,
    labels: &'a Labels,
}

/// Points by key and value of a node's label.
#[derive(Debug, Default)]
struct Points<'a>(TopologyCounts<'a>);

impl<'a> Points<'a> {
    fn add_wishes_of(&mut self, group: &'a PodGroup, wishes: &Wishes<'a>) {
        let Cycle { pod, snapshot } = wishes.cycle;
        let owner: &'a PodInfo = &group.sample;
        let means =
            |term: &PodAffinityTerm| pod_terms::means_incoming(term, owner, pod, wishes.labels);
        let hard_weight = wishes.plugin.hard_affinity_weight;
        if hard_weight > 0 {
            let required = owner.required_affinity().iter();
            for term in required.filter(|term| means(term)) {
                let key = &term.topology_key;
                self.0.add_group(key, group, hard_weight, snapshot);
            }
        }
        let mut add_all = |terms: &'a [WeightedPodAffinityTerm], sign: i64| {
            for weighted in terms {
                let term = &weighted.pod_affinity_term;
                if means(term) {
                    let weight = sign * i64::from(weighted.weight);
                    self.0
                        .add_group(&term.topology_key, group, weight, snapshot);
                }
            }
        };
        add_all(owner.preferred_affinity(), 1);
        add_all(owner.preferred_anti_affinity(), -1);
    }
}

impl Score<'_> for Points<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        self.0.sum_of(node)
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let topologies = self.0.keys().into_iter().filter_map(|key| {
            let points = self.0.at(key, node.label(key)?);
            let topology = node.topology_words(key)?;
            Some(format!("{points} for the pods in {topology}"))
        });
        let topologies: Vec<String> = topologies.collect();
        match topologies[..] {
            [] => "the node is in none of the topologies that count".to_owned(),
            _ => topologies.join(" + "),
        }
    }

    fn scale(&self) -> &'static str {
        "100 × (raw − lowest) / (highest − lowest); 0 for all when all are equal"
    }

    /// Spreads the scores from 0 for the lowest to 100 for the highest.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "kube-scheduler computes in float64 and cuts off, and scores must equal its scores"
    )]
    fn normalize(&self, scores: &mut [i64], _: &[&Arc<NodeInfo>]) {
        let least = scores.iter().copied().min().unwrap_or(0);
        let most = scores.iter().copied().max().unwrap_or(0);
        for score in scores {
            *score = if most > least {
                let part = (*score - least) as f64 / (most - least) as f64;
                (MAX_NODE_SCORE as f64 * part) as i64
            } else {
                0
            };
        }
    }
}
