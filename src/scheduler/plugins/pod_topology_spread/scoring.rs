//! Soft constraints: the fewer pods of the group a node's topologies have, the better.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::constraint::{Constraint, has_all_topologies, own_or_default};
use super::{Defaults, HOSTNAME, PodTopologySpread, SOFT};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, PreScore, Score};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::pod_groups::PodGroup;
use crate::scheduler::snapshot::Snapshot;

/// Counts the group in the topologies of the feasible nodes.
/// Source: `framework/plugins/podtopologyspread/scoring.go`.
pub(super) fn pre_score<'a>(
    plugin: &PodTopologySpread,
    cycle: &Cycle<'a>,
    feasible: &[&'a Arc<NodeInfo>],
) -> PreScore<'a> {
    let Cycle { pod, snapshot } = *cycle;
    let constraints = match own_or_default(plugin, &pod.pod, SOFT, Some(snapshot)) {
        Ok(constraints) => constraints,
        Err(problem) => {
            let reason = format!("obtaining pod's soft topology spread constraints: {problem}");
            return PreScore::Fail(reason);
        }
    };
    if constraints.is_empty() {
        return PreScore::Skip;
    }
    let has_own = pod.pod.spec.topology_spread_constraints.as_ref();
    let has_own = has_own.is_some_and(|own| !own.is_empty());
    let needs_all = has_own || plugin.defaults != Defaults::System;
    let mut balance = Balance::new(pod, constraints, feasible, needs_all);
    for place in 0..balance.constraints.len() {
        let constraint = &balance.constraints[place];
        let mut groups = snapshot.groups_picked(pod.namespace(), constraint.selector.as_ref());
        groups.retain(|group| constraint.counts(pod, &group.sample));
        if constraint.topology_key == HOSTNAME {
            balance.groups[place] = groups;
            continue;
        }
        for group in groups {
            balance.count(place, group, snapshot);
        }
    }
    PreScore::Rate(Box::new(balance))
}

struct Balance<'a> {
    pod: &'a PodInfo,
    constraints: Vec<Constraint>,
    /// For each constraint, how many pods of the group each topology of feasible nodes has. Nodes
    /// as topologies count for themselves when they are scored.
    domains: Vec<BTreeMap<Arc<str>, i64>>,
    /// For each constraint over nodes, the groups that it counts there.
    groups: Vec<Vec<&'a PodGroup>>,
    /// The more topologies there are, the more each pod counts.
    weights: Vec<f64>,
    /// Feasible nodes that lack a topology: they score nothing.
    ignored: BTreeSet<Arc<str>>,
    /// Whether pods on nodes that lack a topology are left out.
    needs_all: bool,
}

impl<'a> Balance<'a> {
    #[expect(clippy::cast_precision_loss, reason = "topologies are counted")]
    fn new(
        pod: &'a PodInfo,
        constraints: Vec<Constraint>,
        feasible: &[&'a Arc<NodeInfo>],
        needs_all: bool,
    ) -> Self {
        let mut domains = vec![BTreeMap::new(); constraints.len()];
        let mut ignored = BTreeSet::new();
        for node in feasible {
            if needs_all && !has_all_topologies(node.labels(), &constraints) {
                ignored.insert(Arc::clone(&node.name));
                continue;
            }
            for (constraint, domains) in constraints.iter().zip(&mut domains) {
                // A node without the label belongs to the topology without a name.
                let value = node.label(&constraint.topology_key).unwrap_or_default();
                if constraint.topology_key != HOSTNAME && !domains.contains_key(value) {
                    domains.insert(Arc::from(value), 0);
                }
            }
        }
        let nodes = feasible.len() - ignored.len();
        let sizes = constraints
            .iter()
            .zip(&domains)
            .map(|(constraint, domains)| {
                if constraint.topology_key == HOSTNAME {
                    nodes
                } else {
                    domains.len()
                }
            });
        let groups = vec![Vec::new(); constraints.len()];
        let weights = sizes.map(|size| ((size + 2) as f64).ln()).collect();
        Self {
            pod,
            constraints,
            domains,
            groups,
            weights,
            ignored,
            needs_all,
        }
    }

    /// Adds the pods of a group to its topologies, of which only those of feasible nodes matter.
    fn count(&mut self, place: usize, group: &PodGroup, snapshot: &Snapshot) {
        let constraint = &self.constraints[place];
        let domains = &mut self.domains[place];
        let all_count = !self.needs_all && constraint.counts_everywhere(self.pod);
        if let Some(counted) = group
            .counted(&constraint.topology_key)
            .filter(|_| all_count)
        {
            for (value, count) in domains {
                *count += counted.at(value);
                if value.is_empty() {
                    *count += counted.without();
                }
            }
            return;
        }
        for (slot, pods) in group.nodes() {
            let Some(node) = snapshot.node_at(slot) else {
                continue;
            };
            let is_left_out =
                self.needs_all && !has_all_topologies(node.labels(), &self.constraints);
            if is_left_out || !constraint.counts_on(self.pod, node) {
                continue;
            }
            let value = node.label(&constraint.topology_key).unwrap_or_default();
            if let Some(count) = domains.get_mut(value) {
                *count += pods;
            }
        }
    }

    /// How many of the group are in the node's topology of a constraint; nothing without one.
    fn count_at(&self, place: usize, node: &NodeInfo) -> Option<i64> {
        let constraint = &self.constraints[place];
        let value = node.label(&constraint.topology_key)?;
        Some(if constraint.topology_key == HOSTNAME {
            let groups = self.groups[place].iter();
            groups.map(|group| group.on_node(node)).sum()
        } else {
            self.domains[place].get(value).copied().unwrap_or(0)
        })
    }
}

impl<'a> Score<'a> for Balance<'a> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "kube-scheduler rounds in float64, and scores must equal its scores"
    )]
    fn score(&self, node: &NodeInfo) -> i64 {
        if self.ignored.contains(&node.name) {
            return 0;
        }
        let mut score = 0.0;
        for (place, constraint) in self.constraints.iter().enumerate() {
            let Some(count) = self.count_at(place, node) else {
                continue;
            };
            score += count as f64 * self.weights[place] + (constraint.max_skew - 1) as f64;
        }
        score.round() as i64
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        if self.ignored.contains(&node.name) {
            return "the node lacks a topology of the constraints: it counts 0".to_owned();
        }
        let parts = self
            .constraints
            .iter()
            .enumerate()
            .filter_map(|(place, constraint)| {
                let key = &constraint.topology_key;
                let topology = node.topology_words(key)?;
                let count = self.count_at(place, node)?;
                let (weight, skew) = (self.weights[place], constraint.max_skew - 1);
                Some(format!(
                    "{count} of the group in {topology} × {weight:.2} + {skew}"
                ))
            });
        let parts: Vec<String> = parts.collect();
        format!(
            "{}, rounded (× ln(domains + 2), + maxSkew − 1); the fewer, the better",
            parts.join(" + ")
        )
    }

    fn scale(&self) -> &'static str {
        "100 × (highest + lowest − raw) / highest: the fewer pods of the group, the better"
    }

    /// Turns the scores around: the fewest pods are the best.
    fn normalize(&self, scores: &mut [i64], nodes: &[&Arc<NodeInfo>]) {
        let is_ignored = |place: usize| self.ignored.contains(&nodes[place].name);
        let counted = scores
            .iter()
            .enumerate()
            .filter(|(place, _)| !is_ignored(*place));
        let counted: Vec<i64> = counted.map(|(_, score)| *score).collect();
        let least = counted.iter().copied().min().unwrap_or(0);
        let most = counted.iter().copied().max().unwrap_or(0);
        for (place, score) in scores.iter_mut().enumerate() {
            *score = if is_ignored(place) {
                0
            } else if most == 0 {
                MAX_NODE_SCORE
            } else {
                MAX_NODE_SCORE * (most + least - *score) / most
            };
        }
    }
}
