//! The order of nodes in the matrix: the winner, the other feasible ones by total, then those refused.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::scheduler::{Decision, Outcome, Rejection};

/// One node of the matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// The node.
    pub node: &'a Arc<str>,
    /// What became of it.
    pub verdict: Verdict<'a>,
}

impl Row<'_> {
    /// The place of a feasible node among the feasible ones.
    pub(super) fn place(&self) -> Option<usize> {
        match self.verdict {
            Verdict::Feasible { place, .. } => Some(place),
            Verdict::Refused(_) | Verdict::LeftOut(_) => None,
        }
    }
}

/// What became of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict<'a> {
    /// It passed all filters; its place among the feasible nodes.
    Feasible {
        /// Where its scores stand.
        place: usize,
        /// The sum of its weighted scores.
        total: i64,
        /// Whether the pod goes there.
        won: bool,
        /// Whether no other total is higher.
        best: bool,
    },
    /// A filter refused it.
    Refused(&'a Rejection),
    /// A PreFilter plugin left it out before it was looked at.
    LeftOut(&'a Rejection),
}

/// The first rows, and how many nodes there are in all that have one.
pub(super) fn rows(decision: &Decision, most: usize) -> (Vec<Row<'_>>, usize) {
    let (winner, best) = match &decision.outcome {
        Outcome::Fits { winner, best } => (Some(*winner), &**best),
        _ => (None, &[][..]),
    };
    let mut feasible: Vec<(usize, &Arc<str>)> = decision.feasible().enumerate().collect();
    let rank = |place: usize| (Some(place) != winner, Reverse(decision.total(place)), place);
    let shown = most.min(feasible.len());
    if shown > 0 && shown < feasible.len() {
        feasible.select_nth_unstable_by_key(shown - 1, |(place, _)| rank(*place));
        feasible.truncate(shown);
    }
    feasible.sort_by_key(|(place, _)| rank(*place));
    let feasible = feasible.into_iter().map(|(place, node)| {
        let total = decision.total(place);
        let (won, best) = (Some(place) == winner, best.contains(&place));
        Row {
            node,
            verdict: Verdict::Feasible {
                place,
                total,
                won,
                best,
            },
        }
    });
    let refused = decision.verdicts().filter_map(|(node, rejection)| {
        Some(Row {
            node,
            verdict: Verdict::Refused(rejection?),
        })
    });
    let left_out = decision.left_out().map(|(node, rejection)| Row {
        node,
        verdict: Verdict::LeftOut(rejection),
    });
    let rows: Vec<Row<'_>> = feasible.chain(refused).chain(left_out).take(most).collect();
    (rows, decision.node_count() - decision.sampled_out())
}
