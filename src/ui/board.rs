//! The board on which a decision of the scheduler is told: how far it is told, and where the cursor is.

use std::sync::Arc;

use crate::scheduler::{Decision, Outcome, Scope};
use crate::sim::RecordId;

/// What the scheduler's view remembers.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Up to which stop the decision of a record is told; nothing tells the whole of any.
    pub told: Option<(RecordId, Stop)>,
    /// The cell under the cursor; nothing while the cursor is in the queues.
    pub cursor: Option<Cell>,
    /// The record of an earlier decision that is shown; nothing shows the newest.
    pub record: Option<RecordId>,
    /// In which order the nodes stand.
    pub order: Order,
}

impl Board {
    /// Whether a cell is looked at or a decision is being told.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.cursor.is_some() || self.told.is_some()
    }

    /// The last stop that is told of the decision of a record; nothing for the whole of it.
    #[must_use]
    pub fn told_of(&self, record: RecordId) -> Option<Stop> {
        let told = self.told.filter(|(of, _)| *of == record);
        told.map(|(_, stop)| stop)
    }
}

/// A cell of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The node.
    pub node: Arc<str>,
    /// The column, counted over filters that check, plugins that score, and the total.
    pub column: usize,
}

/// In which order the nodes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The winner, the other feasible ones by their totals, those that were refused.
    #[default]
    Best,
    /// As the scheduler looked at them.
    Round,
    /// By name.
    Name,
}

impl Order {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Best => Self::Round,
            Self::Round => Self::Name,
            Self::Name => Self::Best,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Best => "the best node first",
            Self::Round => "nodes as the scheduler looked at them",
            Self::Name => "nodes by name",
        }
    }
}

/// A stop on the way of a decision. The later stop is the greater one.
///
/// Unlike Kubernetes: the way goes filter by filter and plugin by plugin. kube-scheduler asks all
/// filters of one node before the next, and sixteen nodes at a time; what comes out is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// The pod is taken from the queue.
    Taken,
    /// The plugins have said at PreFilter what there is to check.
    Prepared,
    /// A filter was asked about a node.
    Filtered {
        /// The place of the filter among those of the decision.
        filter: usize,
        /// The place of the node in the round.
        node: usize,
    },
    /// A plugin has scored.
    Scored {
        /// The place of the plugin among those that score.
        plugin: usize,
        /// What is known of its scores.
        part: Part,
    },
    /// The weighted scores are added up.
    Totals,
    /// The winner, or why there is none.
    Outcome,
}

/// What is known of the scores of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The raw score of the feasible node at this place and of those before it.
    Raw(usize),
    /// All of them between 0 and 100.
    Normalized,
    /// Times the weight.
    Weighted,
}

/// How far one step on the way goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// To the next node.
    Node,
    /// To the end of the next plugin.
    Plugin,
}

/// The way of a decision.
#[derive(Debug)]
pub struct Way<'a> {
    decision: &'a Decision,
    /// For each node of the round the place of the filter that refused it.
    fell: Vec<Option<usize>>,
    feasible: usize,
}

impl<'a> Way<'a> {
    /// The way of this decision.
    #[must_use]
    pub fn of(decision: &'a Decision) -> Self {
        let place = |plugin| {
            let mut filters = decision.filters().iter();
            filters.position(|filter| filter.plugin == plugin)
        };
        let fell = decision.verdicts().map(|(_, rejection)| {
            rejection.map(|rejection| place(rejection.plugin).unwrap_or(usize::MAX))
        });
        Self {
            fell: fell.collect(),
            feasible: decision.feasible_count(),
            decision,
        }
    }

    /// The stop after this one; the last one has none.
    #[must_use]
    pub fn after(&self, stop: Stop, stride: Stride) -> Option<Stop> {
        Some(match stop {
            Stop::Taken => Stop::Prepared,
            Stop::Prepared => self.filter_from(0, stride),
            Stop::Filtered { filter, node } => {
                let next = match stride {
                    Stride::Node => self.asked(filter, node + 1).next(),
                    Stride::Plugin => self.asked(filter, node + 1).next_back(),
                };
                next.map_or_else(
                    || self.filter_from(filter + 1, stride),
                    |node| Stop::Filtered { filter, node },
                )
            }
            Stop::Scored { plugin, part } => self.after_score(plugin, part, stride),
            Stop::Totals => Stop::Outcome,
            Stop::Outcome => return None,
        })
    }

    /// The stop before this one; the first one has none.
    #[must_use]
    pub fn before(&self, stop: Stop, stride: Stride) -> Option<Stop> {
        let all = std::iter::successors(Some(Stop::Taken), |each| self.after(*each, stride));
        all.take_while(|each| *each < stop).last()
    }

    /// The nodes of the round, from a place on, that a filter is asked about: those that passed the
    /// filters before it.
    fn asked(&self, filter: usize, first: usize) -> impl DoubleEndedIterator<Item = usize> {
        let places = first..self.fell.len();
        places.filter(move |place| self.fell[*place].is_none_or(|fell| fell >= filter))
    }

    fn filter_from(&self, first: usize, stride: Stride) -> Stop {
        let filters = self.decision.filters().iter().enumerate().skip(first);
        for (filter, _) in filters.filter(|(_, column)| column.checks) {
            let node = match stride {
                Stride::Node => self.asked(filter, 0).next(),
                Stride::Plugin => self.asked(filter, 0).next_back(),
            };
            if let Some(node) = node {
                return Stop::Filtered { filter, node };
            }
        }
        self.score_from(0, stride)
    }

    fn score_from(&self, plugin: usize, stride: Stride) -> Stop {
        let is_scored = matches!(self.decision.outcome, Outcome::Fits { .. });
        if !is_scored || self.decision.scope() == Scope::Refused {
            return Stop::Outcome;
        }
        if plugin >= self.decision.columns().len() {
            return Stop::Totals;
        }
        let part = match stride {
            Stride::Node => Part::Raw(0),
            Stride::Plugin => Part::Weighted,
        };
        Stop::Scored { plugin, part }
    }

    fn after_score(&self, plugin: usize, part: Part, stride: Stride) -> Stop {
        let part = match (part, stride) {
            (Part::Weighted, _) => return self.score_from(plugin + 1, stride),
            (_, Stride::Plugin) | (Part::Normalized, _) => Part::Weighted,
            (Part::Raw(place), _) if place + 1 < self.feasible => Part::Raw(place + 1),
            (Part::Raw(_), _) => Part::Normalized,
        };
        Stop::Scored { plugin, part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object, Pod, Typed};
    use crate::scheduler::{Configuration, DEFAULT_SCHEDULER, Snapshot, schedule};
    use crate::sim::Random;
    use serde_json::json;

    /// A decision about three nodes, of which the second has a taint.
    fn decision(cpu: &str) -> Decision {
        let node = |name: &str, taints: serde_json::Value| {
            let value = json!({
                "metadata": {"name": name},
                "spec": {"taints": taints},
                "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
            });
            Object::from_value(Kind::Node, value).expect("a node")
        };
        let taint = json!([{"key": "disk", "value": "slow", "effect": "NoSchedule"}]);
        let nodes = [node("a", json!([])), node("b", taint), node("c", json!([]))];
        let pod = json!({
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        });
        let pod = Object::from_value(Kind::Pod, pod).expect("a pod");
        let configuration = Configuration::default();
        let profile = configuration.profile(DEFAULT_SCHEDULER);
        let mut random = Random::stream(1, "board");
        let snapshot = Snapshot::from_objects(nodes);
        let pod = Pod::of(&pod).expect("a pod");
        schedule(pod, &snapshot, profile.expect("a profile"), &mut random, 0)
    }

    fn stops(decision: &Decision, stride: Stride) -> Vec<Stop> {
        let way = Way::of(decision);
        std::iter::successors(Some(Stop::Taken), |stop| way.after(*stop, stride)).collect()
    }

    #[test]
    fn a_node_that_a_filter_refused_is_not_asked_about_again() {
        let decision = decision("1");
        let names: Vec<&str> = decision.filters().iter().map(|each| each.plugin).collect();
        let asked = |plugin: &str| {
            let place = names.iter().position(|name| *name == plugin);
            let stops = stops(&decision, Stride::Node);
            let asked = stops.into_iter().filter(
                |stop| matches!(stop, Stop::Filtered { filter, .. } if Some(*filter) == place),
            );
            asked.count()
        };
        assert_eq!(asked("TaintToleration"), 3);
        assert_eq!(asked("NodeResourcesFit"), 2);
        assert_eq!(asked("NodePorts"), 0, "it has nothing to check");
    }

    #[test]
    fn the_way_goes_forward_to_the_outcome_and_back_over_the_same_stops() {
        for (cpu, stride) in [
            ("1", Stride::Node),
            ("1", Stride::Plugin),
            ("9", Stride::Node),
        ] {
            let decision = decision(cpu);
            let (way, there) = (Way::of(&decision), stops(&decision, stride));
            assert!(
                there.is_sorted() && there.last() == Some(&Stop::Outcome),
                "{there:?}"
            );
            let back = std::iter::successors(Some(Stop::Outcome), |stop| way.before(*stop, stride));
            let mut back: Vec<Stop> = back.collect();
            back.reverse();
            assert_eq!(there, back);
            assert_eq!(there.contains(&Stop::Totals), cpu == "1");
        }
    }
}
