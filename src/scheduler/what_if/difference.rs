//! Two decisions laid beside each other, node by node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::WhatIf;
use crate::scheduler::decision::{Decision, Outcome};
use crate::scheduler::filters::Rejection;

/// What a decision says of one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing<'a> {
    /// The pod fits there.
    Fits {
        /// The sum of its weighted scores.
        total: i64,
        /// Whether no other total is higher.
        is_best: bool,
        /// Whether the pod goes there.
        wins: bool,
    },
    /// It does not.
    Refused(&'a Rejection),
    /// The node was not looked at.
    NotLookedAt,
}

/// What one plugin gives one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// The score between 0 and 100.
    pub normalized: u8,
    /// What it is multiplied with.
    pub weight: i64,
}

impl Points {
    /// Score times weight.
    #[must_use]
    pub fn weighted(self) -> i64 {
        i64::from(self.normalized) * self.weight
    }
}

/// A node in both decisions: first as it is, then as it is imagined.
#[derive(Clone, Debug)]
pub struct Pairing<'a> {
    /// The node.
    pub node: &'a Arc<str>,
    /// What becomes of it.
    pub standings: [Standing<'a>; 2],
    /// What each plugin of [`WhatIf::plugins`] gives it; nothing where it did not score.
    pub points: Vec<[Option<Points>; 2]>,
}

impl Pairing<'_> {
    /// Whether anything differs but who wins among equals.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.standings[0] != self.standings[1] || self.points.iter().any(|[a, b]| a != b)
    }
}

impl WhatIf {
    /// The plugins that score in one decision or in both, in order.
    #[must_use]
    pub fn plugins(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for decision in [&self.real, &self.imagined] {
            for column in decision.columns() {
                if !names.contains(&column.plugin) {
                    names.push(column.plugin);
                }
            }
        }
        names
    }

    /// Each node in both decisions: the imagined winner and the real one first, then what differs,
    /// then the rest; by imagined total among these.
    #[must_use]
    pub fn pairings(&self) -> Vec<Pairing<'_>> {
        let plugins = self.plugins();
        let sides = [Side::of(&self.real), Side::of(&self.imagined)];
        let pair = |node| Pairing {
            node,
            standings: [sides[0].standing(node), sides[1].standing(node)],
            points: plugins
                .iter()
                .map(|plugin| [sides[0].points(plugin, node), sides[1].points(plugin, node)])
                .collect(),
        };
        let mut pairings: Vec<Pairing<'_>> = self.imagined.all_nodes.iter().map(pair).collect();
        let wins = |standing: Standing<'_>| matches!(standing, Standing::Fits { wins: true, .. });
        pairings.sort_by_cached_key(|pairing| {
            let [real, imagined] = pairing.standings;
            std::cmp::Reverse((
                wins(imagined),
                wins(real),
                pairing.differs(),
                imagined.total(),
            ))
        });
        pairings
    }

    /// Whether every verdict and every score is the same.
    #[must_use]
    pub fn is_without_difference(&self) -> bool {
        !self.pairings().iter().any(Pairing::differs)
    }

    /// One node in both decisions.
    pub(super) fn pairing(&self, node: &str) -> Option<Pairing<'_>> {
        let mut pairings = self.pairings().into_iter();
        pairings.find(|pairing| **pairing.node == *node)
    }
}

/// A decision with places to look nodes up by name.
struct Side<'a> {
    decision: &'a Decision,
    feasible: BTreeMap<&'a str, usize>,
    refused: BTreeMap<&'a str, &'a Rejection>,
    best: BTreeSet<usize>,
    winner: Option<usize>,
}

impl<'a> Side<'a> {
    fn of(decision: &'a Decision) -> Self {
        let feasible = decision.feasible().enumerate();
        let refused = decision.rejections();
        let (winner, best) = match &decision.outcome {
            Outcome::Fits { winner, best } => (Some(*winner), best.iter().copied().collect()),
            Outcome::Unschedulable { .. } | Outcome::Failed { .. } => (None, BTreeSet::new()),
        };
        Self {
            decision,
            feasible: feasible.map(|(place, node)| (&**node, place)).collect(),
            refused: refused.map(|(node, refused)| (&**node, refused)).collect(),
            best,
            winner,
        }
    }

    fn standing(&self, node: &str) -> Standing<'a> {
        if let Some(place) = self.feasible.get(node) {
            return Standing::Fits {
                total: self.decision.total(*place),
                is_best: self.best.contains(place),
                wins: self.winner == Some(*place),
            };
        }
        let refused = self.refused.get(node).copied();
        refused
            .or(self.decision.pre_filter())
            .map_or(Standing::NotLookedAt, Standing::Refused)
    }

    fn points(&self, plugin: &str, node: &str) -> Option<Points> {
        let place = *self.feasible.get(node)?;
        let mut columns = self.decision.columns().iter();
        let column = columns.find(|column| column.plugin == plugin)?;
        Some(Points {
            normalized: column.normalized[place],
            weight: column.weight,
        })
    }
}
