//! How many more of a pod fit: schedule one, let it take its place, and so on until none fits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cycle::schedule;
use super::decision::Decision;
use super::filters::Rejection;
use super::profile::Profile;
use super::snapshot::Snapshot;
use crate::api::Pod;
use crate::sim::Random;

/// After so many the count stops.
pub const PODS_MOST: usize = 10_000;

/// How many more of a pod fit, and what stops them.
#[derive(Clone, Debug, PartialEq)]
pub struct Filling {
    /// How many found a place.
    pub count: usize,
    /// How many of them on each node; all nodes in the order of the round.
    pub nodes: Vec<(Arc<str>, usize)>,
    /// The decision about the first that found none; nothing when the count stopped before.
    pub last: Option<Decision>,
}

impl Filling {
    /// Places one copy after the other beside all pods that are there, `most` at most. `random`
    /// breaks ties.
    #[must_use]
    pub fn of(
        pod: &Pod,
        snapshot: &Snapshot,
        profile: &Profile,
        random: &mut Random,
        most: usize,
    ) -> Self {
        let mut world = snapshot.clone();
        let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        let (mut count, mut start, mut last) = (0, 0, None);
        while count < most {
            let mut copy = pod.clone();
            // No pod of the cluster can have this name, as + is not allowed in names.
            copy.metadata_mut().name = Some(format!("{}+{count}", pod.name()));
            copy.spec_mut().node_name = None;
            copy.status_mut().nominated_node_name = None;
            let decision = schedule(&copy, &world, profile, random, start);
            start = decision.next_start(start);
            let Some(node) = decision.winner().cloned() else {
                last = Some(decision);
                break;
            };
            world.assume(&copy, &node);
            *counts.entry(node).or_insert(0) += 1;
            count += 1;
        }
        let names = world.node_names().iter();
        let of = |name: &Arc<str>| (Arc::clone(name), counts.get(name).copied().unwrap_or(0));
        Self {
            count,
            nodes: names.map(of).collect(),
            last,
        }
    }

    /// What stops the next one on each node.
    #[must_use]
    pub fn stops(&self) -> BTreeMap<Arc<str>, Rejection> {
        let Some(last) = &self.last else {
            return BTreeMap::new();
        };
        let of_all = last.pre_filter().into_iter();
        let of_all =
            of_all.flat_map(|refused| self.nodes.iter().map(move |(node, _)| (node, refused)));
        let all = of_all.chain(last.rejections());
        all.map(|(node, refused)| (Arc::clone(node), refused.clone()))
            .collect()
    }

    /// Why the next one fits nowhere, in the words of its FailedScheduling event.
    #[must_use]
    pub fn message(&self) -> &str {
        let message = self.last.as_ref().and_then(Decision::message);
        message.unwrap_or_default()
    }

    /// Whether others would have to make way for the next one.
    #[must_use]
    pub fn may_preempt(&self) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|decision| decision.nominated_node().is_some())
    }
}
