//! One scheduling decision as a value: what the screen shows, what the trace keeps.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::filters::Rejection;
use super::numbers::Numbers;
use super::preemption::Preemption;
use crate::api::Key;

/// Everything that one cycle found out about one pod.
///
/// Columns instead of rows: names of nodes are shared between decisions, equal rejections are kept
/// once, scores are arrays of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The pod.
    pub pod: Key,
    /// The profile that decided.
    pub profile: Arc<str>,
    /// The names of all nodes, in the order of the round.
    pub(super) all_nodes: Arc<[Arc<str>]>,
    /// The filter plugins of the profile, in order.
    pub(super) filters: Box<[FilterColumn]>,
    /// So many feasible nodes are enough: then the search ends.
    pub(super) enough: usize,
    /// The nodes that were to be looked at: all, or those that PreFilter or a nomination left.
    pub(super) candidates: Arc<[Arc<str>]>,
    /// Why those.
    pub(super) scope: Scope,
    /// Where in the candidates the round began.
    pub(super) start: usize,
    /// For each node that was looked at, in order: 0 when it passed, or the number of its rejection.
    pub(super) verdicts: Numbers<u16>,
    /// The different rejections; the first has number 1.
    pub(super) rejections: Box<[Rejection]>,
    /// The rejection of the whole pod before any node was looked at, or of the nodes left out.
    pub(super) before: Option<Rejection>,
    /// One column for each plugin that scored.
    pub(super) columns: Box<[ScoreColumn]>,
    /// What came of it.
    pub outcome: Outcome,
}

/// All that a decision says, printed column by column. Of the nodes only their number: the writes that
/// made them name them, and the start of the round puts them in order.
#[derive(Clone, Copy, Debug)]
pub struct Compact<'a>(&'a Decision);

impl Decision {
    /// What there is to compare two decisions by, without a row for each node.
    #[must_use]
    pub const fn compact(&self) -> Compact<'_> {
        Compact(self)
    }
}

impl fmt::Display for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Named one by one, so that whoever adds a part decides whether it has a say.
        let Decision {
            pod,
            profile,
            all_nodes,
            filters,
            enough,
            candidates,
            scope,
            start,
            verdicts,
            rejections,
            before,
            columns,
            outcome,
        } = self.0;
        let (nodes, candidates) = (all_nodes.len(), candidates.len());
        write!(
            f,
            "{pod} {profile} {nodes} {filters:?} {enough} {candidates} "
        )?;
        write!(f, "{scope:?} {start} {verdicts:?} {rejections:?} ")?;
        write!(f, "{before:?} {columns:?} {outcome:?}")
    }
}

/// A filter plugin, and whether the pod gave it anything to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterColumn {
    /// The plugin.
    pub plugin: &'static str,
    /// False when it said at PreFilter that it has nothing to check for this pod: no node is asked.
    pub checks: bool,
}

/// Which nodes came into question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them, as far as the round went.
    All,
    /// Those that a PreFilter plugin named.
    Narrowed,
    /// None: a PreFilter plugin refused the pod.
    Refused,
    /// The node that earlier preemption made room on; it fits, so no other was looked at.
    Nominated,
}

/// The scores of one plugin for all feasible nodes, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreColumn {
    /// The plugin.
    pub plugin: &'static str,
    /// What its normalised scores are multiplied with.
    pub weight: i64,
    /// What it said.
    pub raw: Numbers<i32>,
    /// The same between 0 and 100.
    pub normalized: Numbers<u8>,
}

impl ScoreColumn {
    /// Normalised score times weight of the feasible node at this place.
    #[must_use]
    pub fn weighted(&self, place: usize) -> i64 {
        i64::from(self.normalized[place]) * self.weight
    }
}

/// What came of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The pod goes to a node.
    Fits {
        /// The place of the winner among the feasible nodes.
        winner: usize,
        /// The places of all feasible nodes with the best total; chance took one of them.
        best: Box<[usize]>,
    },
    /// The pod fits nowhere.
    Unschedulable {
        /// The whole sentence of the FailedScheduling event, preemption included.
        message: String,
        /// What was considered to make room, if anything was.
        preemption: Option<Box<Preemption>>,
    },
    /// A plugin could not tell; the pod is tried again.
    Failed {
        /// What went wrong.
        message: String,
    },
}

impl Decision {
    /// The nodes that were looked at, in order, each with its rejection if it did not pass.
    pub fn verdicts(&self) -> impl Iterator<Item = (&Arc<str>, Option<&Rejection>)> {
        let count = self.candidates.len();
        self.verdicts
            .iter()
            .enumerate()
            .map(move |(place, verdict)| {
                let node = &self.candidates[(self.start + place) % count];
                let number = usize::from(*verdict);
                (
                    node,
                    number.checked_sub(1).map(|place| &self.rejections[place]),
                )
            })
    }

    /// The nodes that passed all filters, in order; places in scores count from here.
    pub fn feasible(&self) -> impl Iterator<Item = &Arc<str>> {
        self.verdicts()
            .filter(|(_, rejection)| rejection.is_none())
            .map(|(node, _)| node)
    }

    /// How many nodes passed all filters.
    #[must_use]
    pub fn feasible_count(&self) -> usize {
        self.verdicts
            .iter()
            .filter(|verdict| **verdict == 0)
            .count()
    }

    /// The filter plugins in the order in which each node is asked.
    #[must_use]
    pub fn filters(&self) -> &[FilterColumn] {
        &self.filters
    }

    /// After so many feasible nodes the search ends: all nodes up to 100 of them, then a part.
    #[must_use]
    pub fn enough(&self) -> usize {
        self.enough
    }

    /// The scores, one column for each plugin that had a preference.
    #[must_use]
    pub fn columns(&self) -> &[ScoreColumn] {
        &self.columns
    }

    /// The total of the feasible node at this place: the sum of its weighted scores.
    #[must_use]
    pub fn total(&self, place: usize) -> i64 {
        self.columns
            .iter()
            .map(|column| column.weighted(place))
            .sum()
    }

    /// By how many points each plugin likes the feasible node at `first` more than that at `second`,
    /// the greatest difference first; plugins that like both the same are left out.
    #[must_use]
    pub fn differences(&self, first: usize, second: usize) -> Vec<(i64, &'static str)> {
        let columns = self.columns.iter();
        let ahead = columns.map(|column| {
            let points = column.weighted(first) - column.weighted(second);
            (points, column.plugin)
        });
        let mut ahead: Vec<_> = ahead.filter(|(points, _)| *points != 0).collect();
        ahead.sort_by_key(|(points, plugin)| (-points.abs(), *plugin));
        ahead
    }

    /// The node that the pod goes to.
    #[must_use]
    pub fn winner(&self) -> Option<&Arc<str>> {
        match &self.outcome {
            Outcome::Fits { winner, .. } => self.feasible().nth(*winner),
            _ => None,
        }
    }

    /// The rejection of the pod by a PreFilter plugin, before any node was looked at.
    #[must_use]
    pub fn pre_filter(&self) -> Option<&Rejection> {
        self.before
            .as_ref()
            .filter(|_| self.scope == Scope::Refused)
    }

    /// Which nodes came into question.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The nodes that a PreFilter plugin left out, with its rejection.
    pub fn left_out(&self) -> impl Iterator<Item = (&Arc<str>, &Rejection)> {
        let rejection = self
            .before
            .as_ref()
            .filter(|_| self.scope == Scope::Narrowed);
        let looked_at: BTreeSet<&str> = match rejection {
            Some(_) => self.candidates.iter().map(|name| &**name).collect(),
            None => BTreeSet::new(),
        };
        let all = rejection
            .into_iter()
            .flat_map(|rejection| self.all_nodes.iter().map(move |node| (node, rejection)));
        all.filter(move |(node, _)| !looked_at.contains(&***node))
    }

    /// The nodes that did not pass, each with its rejection: those looked at, then those left out.
    pub fn rejections(&self) -> impl Iterator<Item = (&Arc<str>, &Rejection)> {
        let looked_at = self
            .verdicts()
            .filter_map(|(node, refused)| Some((node, refused?)));
        looked_at.chain(self.left_out())
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.all_nodes.len()
    }

    /// How many nodes were not looked at because enough feasible ones had been found.
    #[must_use]
    pub fn sampled_out(&self) -> usize {
        match self.scope {
            Scope::All | Scope::Narrowed => self.candidates.len() - self.verdicts.len(),
            Scope::Refused => 0,
            Scope::Nominated => self.all_nodes.len() - self.verdicts.len(),
        }
    }

    /// The nodes that were not looked at because enough feasible ones had been found.
    pub fn sampled_out_nodes(&self) -> impl Iterator<Item = &Arc<str>> {
        let count = self.candidates.len();
        let places = match self.scope {
            Scope::All | Scope::Narrowed => self.verdicts.len()..count,
            Scope::Refused | Scope::Nominated => 0..0,
        };
        places.map(move |place| &self.candidates[(self.start + place) % count])
    }

    /// Where in the candidates the round began.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the next round begins. Source: `nextStartNodeIndex` of `schedule_one.go`.
    #[must_use]
    pub fn next_start(&self, start: usize) -> usize {
        match self.scope {
            Scope::All | Scope::Narrowed if !self.all_nodes.is_empty() => {
                (start + self.verdicts.len()) % self.all_nodes.len()
            }
            _ => start,
        }
    }

    /// The plugins that refused the pod or a node; events that they ask for wake the pod.
    #[must_use]
    pub fn unschedulable_plugins(&self) -> BTreeSet<&'static str> {
        let rejections = self.rejections.iter().chain(&self.before);
        rejections.map(|rejection| rejection.plugin).collect()
    }

    /// The message for a pod that got no node.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Fits { .. } => None,
            Outcome::Unschedulable { message, .. } | Outcome::Failed { message } => Some(message),
        }
    }

    /// What was considered to make room.
    #[must_use]
    pub fn preemption(&self) -> Option<&Preemption> {
        match &self.outcome {
            Outcome::Unschedulable { preemption, .. } => preemption.as_deref(),
            _ => None,
        }
    }

    /// The node that room will be made on.
    #[must_use]
    pub fn nominated_node(&self) -> Option<&Arc<str>> {
        Some(&self.preemption()?.choice()?.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn decision(raw: i32, verdict: u16, winner: usize) -> Decision {
        let nodes: Arc<[Arc<str>]> = Arc::from([Arc::from("node-a"), Arc::from("node-b")]);
        Decision {
            pod: Key::new(Kind::Pod, "default", "web"),
            profile: Arc::from("default-scheduler"),
            all_nodes: Arc::clone(&nodes),
            filters: Box::default(),
            enough: 100,
            candidates: nodes,
            scope: Scope::All,
            start: 0,
            verdicts: vec![0, verdict].into(),
            rejections: Box::default(),
            before: None,
            columns: Box::from([ScoreColumn {
                plugin: "ImageLocality",
                weight: 1,
                raw: vec![7, raw].into(),
                normalized: vec![7, 7].into(),
            }]),
            outcome: Outcome::Fits {
                winner,
                best: Box::from([winner]),
            },
        }
    }

    #[test]
    fn a_score_a_verdict_or_a_winner_makes_another_decision_of_it() {
        let print = |decision: &Decision| decision.compact().to_string();
        let one = print(&decision(7, 0, 0));
        assert_eq!(one, print(&decision(7, 0, 0)));
        for other in [decision(8, 0, 0), decision(7, 1, 0), decision(7, 0, 1)] {
            assert_ne!(one, print(&other));
        }
    }
}
