//! What a decision was made from, kept for a while, so that each verdict and score can be explained.

use std::sync::Arc;

use super::decision::Decision;
use super::filters::Filters;
use super::framework::{Cycle, Plugin, PreFilter, PreScore, Score};
use super::node_info::{NodeInfo, PodInfo};
use super::profile::Profile;
use super::snapshot::Snapshot;
use crate::api::Pod;

/// The pod, the cluster and the plugins as they were in one cycle.
#[derive(Clone, Debug)]
pub struct Grounds {
    pod: PodInfo,
    snapshot: Snapshot,
    profile: Arc<Profile>,
}

impl Grounds {
    /// What a cycle decides from.
    #[must_use]
    pub fn new(pod: &Pod, snapshot: &Snapshot, profile: &Arc<Profile>) -> Self {
        Self {
            pod: PodInfo::new(pod.clone()),
            snapshot: snapshot.clone(),
            profile: Arc::clone(profile),
        }
    }

    /// The pod as it was.
    #[must_use]
    pub fn pod(&self) -> &PodInfo {
        &self.pod
    }

    /// A node as it was, without the pod.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<NodeInfo>> {
        self.snapshot.node(name)
    }

    /// The node with the pods that it is reserved for and that are no less important, as filters
    /// count it.
    #[must_use]
    pub fn node_with_reservations(&self, name: &str) -> Option<Arc<NodeInfo>> {
        let node = self.snapshot.node(name)?;
        let filters = Filters { checks: Vec::new() };
        let trial = filters.with_nominated(&self.cycle(), node);
        Some(trial.map_or_else(|| Arc::clone(node), |trial| trial.node))
    }

    /// What the filter compared on the node, or why it had nothing to check. Nothing for a plugin or
    /// a node that was not there.
    #[must_use]
    pub fn filter_sentence(&self, plugin: &str, node: &str) -> Option<String> {
        let (plugin, node) = (self.profile.plugin(plugin)?, self.snapshot.node(node)?);
        let cycle = self.cycle();
        let check = match plugin.pre_filter(&cycle) {
            PreFilter::Skip => return Some(plugin.nothing_to_check().to_owned()),
            PreFilter::Refuse(refusal) => return Some(refusal.message()),
            PreFilter::Check(check) | PreFilter::Narrow(_, check) => check,
        };
        let filters = Filters {
            checks: vec![(plugin.name(), check)],
        };
        let trial = filters.with_nominated(&cycle, node);
        let (filters, node) = match &trial {
            Some(trial) => (&trial.filters, &trial.node),
            None => (&filters, node),
        };
        let (_, check) = filters.checks.first()?;
        Some(check.sentence(node))
    }

    /// How the raw score of a feasible node came about.
    #[must_use]
    pub fn score_sentence(&self, decision: &Decision, plugin: &str, node: &str) -> Option<String> {
        let node = self.snapshot.node(node)?;
        self.with_rater(decision, plugin, |rater| rater.sentence(node))
    }

    /// How the raw scores became normalised ones.
    #[must_use]
    pub fn scale(&self, decision: &Decision, plugin: &str) -> Option<&'static str> {
        self.with_rater(decision, plugin, |rater| rater.scale())
    }

    fn cycle(&self) -> Cycle<'_> {
        Cycle {
            pod: &self.pod,
            snapshot: &self.snapshot,
        }
    }

    fn with_rater<T>(
        &self,
        decision: &Decision,
        plugin: &str,
        tell: impl FnOnce(&dyn Score<'_>) -> T,
    ) -> Option<T> {
        let plugin: &Arc<dyn Plugin> = self.profile.plugin(plugin)?;
        let feasible = decision.feasible();
        let feasible: Vec<&Arc<NodeInfo>> = feasible
            .filter_map(|name| self.snapshot.node(name))
            .collect();
        match plugin.pre_score(&self.cycle(), &feasible) {
            PreScore::Rate(rater) => Some(tell(&*rater)),
            PreScore::Skip | PreScore::Fail(_) => None,
        }
    }
}
