//! How many pods of some sort there are in each topology: asked of their groups where those know it,
//! worked out where they do not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;

use super::node_info::NodeInfo;
use super::pod_groups::{Counted, PodGroup};
use super::snapshot::Snapshot;

/// Groups on more nodes than this are asked each time; smaller ones are added up once.
const NODES_MOST: usize = 32;

/// Counts of pods by key and value of a node's label, each pod with a weight.
#[derive(Clone, Debug, Default)]
pub(super) struct TopologyCounts<'a> {
    asked: Vec<Asked<'a>>,
    added: BTreeMap<Arc<str>, OrdMap<Arc<str>, i64>>,
    total: i64,
    is_touched: bool,
}

/// A group that knows how many of its pods are where.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    key: &'a str,
    weight: i64,
    counted: Counted<'a>,
}

impl<'a> TopologyCounts<'a> {
    /// Counts the pods of a group in the topologies of this key.
    pub(super) fn add_group(
        &mut self,
        key: &'a str,
        group: &'a PodGroup,
        weight: i64,
        snapshot: &'a Snapshot,
    ) {
        let is_large = group.node_count() > NODES_MOST;
        if let Some(counted) = group.counted(key).filter(|_| is_large) {
            self.total += weight * counted.total;
            self.is_touched |= counted.total > 0;
            let asked = Asked {
                key,
                weight,
                counted,
            };
            self.asked.push(asked);
            return;
        }
        for (slot, count) in group.nodes() {
            if let Some(node) = snapshot.node_at(slot) {
                self.add(key, node, weight * count);
            }
        }
    }

    /// Counts something on a node in its topology of this key; nothing on nodes without the key.
    pub(super) fn add(&mut self, key: &str, node: &NodeInfo, weight: i64) {
        let Some(value) = node.label(key) else {
            return;
        };
        self.is_touched = true;
        self.total += weight;
        if !self.added.contains_key(key) {
            self.added.insert(key.into(), OrdMap::new());
        }
        let Some(values) = self.added.get_mut(key) else {
            return;
        };
        match values.get_mut(value) {
            Some(count) => *count += weight,
            None => {
                values.insert(value.into(), weight);
            }
        }
    }

    /// Whether nothing is counted anywhere; for counts of pods, which are never below zero.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Whether anything was ever counted.
    pub(super) fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// The keys of topologies in which anything was counted.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        let asked = self.asked.iter().map(|asked| asked.key);
        asked.chain(self.added.keys().map(|key| &**key)).collect()
    }

    /// How much there is in the topology of this key and value.
    pub(super) fn at(&self, key: &str, value: &str) -> i64 {
        let asked = self.asked.iter().filter(|asked| asked.key == key);
        let asked: i64 = asked
            .map(|asked| asked.weight * asked.counted.at(value))
            .sum();
        let added = self.added.get(key).and_then(|values| values.get(value));
        asked + added.copied().unwrap_or(0)
    }

    /// The sum over all topologies that the node is in.
    pub(super) fn sum_of(&self, node: &NodeInfo) -> i64 {
        let asked = self.asked.iter().filter_map(|asked| {
            let value = node.label(asked.key)?;
            Some(asked.weight * asked.counted.at(value))
        });
        let added = self.added.iter();
        let added = added.filter_map(|(key, values)| values.get(node.label(key)?).copied());
        asked.sum::<i64>() + added.sum::<i64>()
    }

    /// Whether the node is in any topology that has some.
    pub(super) fn has_any_of(&self, node: &NodeInfo) -> bool {
        let asked = self.asked.iter().map(|asked| asked.key);
        let mut keys = asked.chain(self.added.keys().map(|key| &**key));
        keys.any(|key| node.label(key).is_some_and(|value| self.at(key, value) > 0))
    }
}
