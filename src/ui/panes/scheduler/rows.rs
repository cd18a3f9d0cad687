//! The nodes of the matrix in their order, and those of them that there is room for.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use crate::scheduler::{Decision, Outcome, Rejection};
use crate::ui::board::{Order, Stop};

/// One node of the matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// The node.
    pub node: &'a Arc<str>,
    /// Its place in the round; nothing when it was left out before.
    pub round: Option<usize>,
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

    /// Why it is not feasible.
    pub(super) fn rejection(&self) -> Option<&Rejection> {
        match self.verdict {
            Verdict::Feasible { .. } => None,
            Verdict::Refused(rejection) | Verdict::LeftOut(rejection) => Some(rejection),
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

/// All nodes that have a row, in the order that holds at a stop: before the totals are known, none is
/// better than another.
pub(super) fn rows(decision: &Decision, order: Order, told: Stop) -> Vec<Row<'_>> {
    let (winner, best) = match &decision.outcome {
        Outcome::Fits { winner, best } => (Some(*winner), &**best),
        _ => (None, &[][..]),
    };
    let mut feasible = 0;
    let looked_at = decision
        .verdicts()
        .enumerate()
        .map(|(round, (node, rejection))| {
            let verdict = if let Some(rejection) = rejection {
                Verdict::Refused(rejection)
            } else {
                let place = feasible;
                feasible += 1;
                Verdict::Feasible {
                    place,
                    total: decision.total(place),
                    won: Some(place) == winner,
                    best: best.binary_search(&place).is_ok(),
                }
            };
            Row {
                node,
                round: Some(round),
                verdict,
            }
        });
    let mut rows: Vec<Row<'_>> = looked_at.collect();
    rows.extend(decision.left_out().map(|(node, rejection)| Row {
        node,
        round: None,
        verdict: Verdict::LeftOut(rejection),
    }));
    match order {
        Order::Round => {}
        Order::Name => rows.sort_by_key(|row| row.node),
        Order::Best if told < Stop::Totals => {}
        Order::Best => rows.sort_by_key(|row| match row.verdict {
            Verdict::Feasible { total, won, .. } => {
                (0, told < Stop::Outcome || !won, Reverse(total))
            }
            Verdict::Refused(_) => (1, false, Reverse(0)),
            Verdict::LeftOut(_) => (2, false, Reverse(0)),
        }),
    }
    rows
}

/// The places of the rows that are shown when so many fit: those around the row to be seen.
pub(super) fn window(count: usize, room: usize, seen: Option<usize>) -> Range<usize> {
    let first = seen.map_or(0, |seen| seen.saturating_sub(room / 2));
    let first = first.min(count.saturating_sub(room));
    first..count.min(first + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_with_the_cursor_is_always_shown() {
        let cases = [
            ((3, 10, None), 0..3),
            ((30, 10, None), 0..10),
            ((30, 10, Some(4)), 0..10),
            ((30, 10, Some(15)), 10..20),
            ((30, 10, Some(29)), 20..30),
            ((30, 0, Some(29)), 29..29),
            ((0, 5, None), 0..0),
        ];
        for ((count, room, seen), expected) in cases {
            assert_eq!(
                window(count, room, seen),
                expected,
                "{count} {room} {seen:?}"
            );
        }
    }
}
