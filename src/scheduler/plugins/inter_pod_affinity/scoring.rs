//! How much a node is liked for the pods in its topologies.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::InterPodAffinity;
use crate::api::core::{PodAffinityTerm, WeightedPodAffinityTerm};
use crate::api::meta::Labels;
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, PreScore, Score};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::pod_terms::{self, Term};

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
            for (_, node) in snapshot.pods_meant_by(&term) {
                points.add(term.topology_key, node, sign * i64::from(weighted.weight));
            }
        }
    }
    let labels = snapshot.namespace_labels(pod.namespace());
    let labels = labels.unwrap_or(&NO_LABELS);
    for node in snapshot.nodes_with_affinity_pods() {
        for owner in node.pods.iter().filter(|pod| pod.has_affinity()) {
            points.add_wishes_of(
                owner,
                node,
                &Wishes {
                    plugin,
                    pod,
                    labels,
                },
            );
        }
    }
    if points.0.is_empty() {
        PreScore::Skip
    } else {
        PreScore::Rate(Box::new(points))
    }
}

/// To whom the wishes of placed pods may be directed.
struct Wishes<'a> {
    plugin: &'a InterPodAffinity,
    pod: &'a PodInfo,
    labels: &'a Labels,
}

/// Points by key and value of a node's label.
#[derive(Debug, Default)]
struct Points(BTreeMap<Arc<str>, BTreeMap<Arc<str>, i64>>);

impl Points {
    fn add(&mut self, key: &str, node: &NodeInfo, points: i64) {
        let Some(value) = node.label(key) else {
            return;
        };
        if !self.0.contains_key(key) {
            self.0.insert(key.into(), BTreeMap::new());
        }
        let values = self.0.entry(key.into()).or_default();
        match values.get_mut(value) {
            Some(sum) => *sum += points,
            None => {
                values.insert(value.into(), points);
            }
        }
    }

    fn add_wishes_of(&mut self, owner: &PodInfo, node: &NodeInfo, wishes: &Wishes<'_>) {
        let means = |term: &PodAffinityTerm| {
            pod_terms::means_incoming(term, owner, wishes.pod, wishes.labels)
        };
        let hard_weight = wishes.plugin.hard_affinity_weight;
        if hard_weight > 0 {
            let required = owner.required_affinity().iter();
            for term in required.filter(|term| means(term)) {
                self.add(&term.topology_key, node, hard_weight);
            }
        }
        let mut add_all = |terms: &[WeightedPodAffinityTerm], sign: i64| {
            for weighted in terms {
                let term = &weighted.pod_affinity_term;
                if means(term) {
                    self.add(&term.topology_key, node, sign * i64::from(weighted.weight));
                }
            }
        };
        add_all(owner.preferred_affinity(), 1);
        add_all(owner.preferred_anti_affinity(), -1);
    }
}

impl Score<'_> for Points {
    fn score(&self, node: &NodeInfo) -> i64 {
        let topologies = self.0.iter();
        topologies
            .filter_map(|(key, values)| values.get(node.label(key)?))
            .sum()
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let topologies = self.0.iter().filter_map(|(key, values)| {
            let value = node.label(key)?;
            let points = values.get(value).copied().unwrap_or(0);
            Some(format!(
                "{points} for the pods in {}",
                node.topology_words(key)?
            ))
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
