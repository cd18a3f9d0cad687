//! What a difference says: one sentence why the winner changes or not, and the whole for programs.

use serde_json::{Value, json};

use super::WhatIf;
use super::difference::{Pairing, Points, Standing};
use crate::scheduler::decision::Decision;

/// So many plugins are named as reasons.
const REASONS_MOST: usize = 3;

impl WhatIf {
    /// One sentence: where the pod would go, and why there.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.is_without_difference() && self.real.message() == self.imagined.message() {
            return match self.real.winner() {
                Some(winner) => {
                    format!("Still {winner}: no verdict and no score would be different.")
                }
                None => format!("Still no node: {}", message(&self.imagined)),
            };
        }
        match (self.real.winner(), self.imagined.winner()) {
            (Some(real), Some(imagined)) if real == imagined => self.why_still(imagined),
            (Some(real), Some(imagined)) => self.why_other(real, imagined),
            (Some(real), None) => {
                format!("No node instead of {real}: {}", message(&self.imagined))
            }
            (None, Some(imagined)) => self.why_now(imagined),
            (None, None) => format!("Still no node: {}", message(&self.imagined)),
        }
    }

    fn why_still(&self, winner: &str) -> String {
        let [before, after] = [&self.real, &self.imagined].map(|decision| Lead::of(decision));
        match after {
            Lead::Only => format!("Still {winner}: it would be the only node that fits."),
            Lead::Tie(count) => format!(
                "Still {winner}, but only as one of {count} equally good nodes among which chance decides."
            ),
            Lead::Ahead(points, next) => match before {
                Lead::Ahead(was, _) if was == points => {
                    format!(
                        "Still {winner}: {} ahead of {next}, as before.",
                        many(points)
                    )
                }
                Lead::Ahead(was, _) => format!(
                    "Still {winner}: {} ahead of {next}, where the lead was {was}.",
                    many(points)
                ),
                Lead::Tie(count) => format!(
                    "Still {winner}, and no longer by chance among {count}: {} ahead of {next}.",
                    many(points)
                ),
                Lead::Only => format!("Still {winner}: {} ahead of {next}.", many(points)),
            },
        }
    }

    fn why_other(&self, real: &str, imagined: &str) -> String {
        let (Some(old), Some(new)) = (self.pairing(real), self.pairing(imagined)) else {
            return format!("{imagined} instead of {real}.");
        };
        let begin = format!("{imagined} instead of {real}{}: ", self.by_chance());
        if let Standing::Refused(rejection) = old.standings[1] {
            let (plugin, why) = (rejection.plugin, rejection.refusal.message());
            return format!("{begin}{plugin} would refuse {real} ({why}).");
        }
        let totals = match (new.standings[1], old.standings[1]) {
            (Standing::Fits { total: new, .. }, Standing::Fits { total: old, .. }) => {
                format!("it would have {new} points and {real} {old}")
            }
            _ => format!("{real} would not be looked at"),
        };
        match new.standings[0] {
            Standing::Refused(rejection) => format!(
                "{begin}{} would no longer refuse it, and {totals}.",
                rejection.plugin
            ),
            Standing::NotLookedAt => format!("{begin}{totals}; it was not looked at before."),
            Standing::Fits { .. } => {
                let reasons = reasons(self, &new, &old);
                format!("{begin}{totals}{reasons}.")
            }
        }
    }

    fn why_now(&self, imagined: &str) -> String {
        let pairing = self.pairing(imagined);
        let standing = pairing.map(|pairing| pairing.standings[0]);
        match standing {
            Some(Standing::Refused(rejection)) => format!(
                "{imagined} instead of no node{}: {} would no longer refuse it ({}).",
                self.by_chance(),
                rejection.plugin,
                rejection.refusal.message()
            ),
            _ => format!("{imagined} instead of no node{}.", self.by_chance()),
        }
    }

    /// How an imagined winner was found among equals.
    fn by_chance(&self) -> String {
        let best = self.imagined.best_names();
        let others = best.len().saturating_sub(1);
        match others {
            0 => String::new(),
            1 => ", by chance (one more is as good)".to_owned(),
            others => format!(", by chance ({others} more are as good)"),
        }
    }

    /// The whole comparison for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let plugins = self.plugins();
        let pairings = self.pairings();
        let differences = pairings.iter().filter(|pairing| pairing.differs());
        let differences = differences.map(|pairing| {
            let cells = plugins.iter().zip(&pairing.points);
            let cells = cells.filter(|(_, [real, imagined])| real != imagined);
            let cells = cells.map(|(plugin, [real, imagined])| {
                json!({"plugin": plugin, "real": points(*real), "imagined": points(*imagined)})
            });
            json!({
                "node": &**pairing.node,
                "real": standing(pairing.standings[0]),
                "imagined": standing(pairing.standings[1]),
                "scores": cells.collect::<Vec<_>>(),
            })
        });
        json!({
            "whatIf": self.premises.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "sentence": self.sentence(),
            "differences": differences.collect::<Vec<_>>(),
            "real": self.real.to_value(),
            "imagined": self.imagined.to_value(),
        })
    }
}

impl Standing<'_> {
    /// In a few words: `wins`, `fits`, or who refuses and why.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Fits { wins: true, .. } => "wins".to_owned(),
            Self::Fits { is_best: true, .. } => "fits, as good".to_owned(),
            Self::Fits { .. } => "fits".to_owned(),
            Self::Refused(rejection) => {
                format!("{}: {}", rejection.plugin, rejection.refusal.message())
            }
            Self::NotLookedAt => "not looked at".to_owned(),
        }
    }

    /// Its total, where it fits.
    #[must_use]
    pub fn total(&self) -> Option<i64> {
        match self {
            Self::Fits { total, .. } => Some(*total),
            Self::Refused(_) | Self::NotLookedAt => None,
        }
    }
}

/// How a winner stands to the next.
enum Lead {
    /// There is no next.
    Only,
    /// So many have the best total.
    Tie(usize),
    /// So many points more than this one.
    Ahead(i64, String),
}

impl Lead {
    fn of(decision: &Decision) -> Self {
        let best = decision.best_names();
        if best.len() > 1 {
            return Self::Tie(best.len());
        }
        let winner = decision.winner();
        let mut feasible: Vec<(i64, &str)> = decision
            .feasible()
            .enumerate()
            .map(|(place, node)| (decision.total(place), &**node))
            .collect();
        feasible.sort_by_key(|(total, node)| {
            let wins = winner.is_some_and(|winner| **winner == **node);
            (!wins, -total)
        });
        match feasible[..] {
            [(first, _), (second, next), ..] => Self::Ahead(first - second, next.to_owned()),
            _ => Self::Only,
        }
    }
}

/// By which plugins the lead of one node over another moves, the strongest first.
fn reasons(what_if: &WhatIf, winner: &Pairing<'_>, loser: &Pairing<'_>) -> String {
    let plugins = what_if.plugins();
    let weighted = |points: Option<Points>| points.map_or(0, Points::weighted);
    let shift = |place: usize| -> i64 {
        let lead = |side: usize| {
            weighted(winner.points[place][side]) - weighted(loser.points[place][side])
        };
        lead(1) - lead(0)
    };
    let mut moves: Vec<(i64, &str)> = plugins
        .iter()
        .enumerate()
        .map(|(place, plugin)| (shift(place), *plugin))
        .filter(|(by, _)| *by != 0)
        .collect();
    moves.sort_by_key(|(by, plugin)| (-by.abs(), *plugin));
    let named: Vec<String> = moves
        .iter()
        .take(REASONS_MOST)
        .map(|(by, plugin)| format!("{plugin} {by:+}"))
        .collect();
    match named.as_slice() {
        [] => String::new(),
        named => format!(" (its lead moves by {})", named.join(", ")),
    }
}

fn message(decision: &Decision) -> &str {
    decision.message().unwrap_or("nothing fits.")
}

fn many(points: i64) -> String {
    match points {
        1 => "1 point".to_owned(),
        points => format!("{points} points"),
    }
}

fn points(points: Option<Points>) -> Value {
    points.map_or(Value::Null, |points| {
        json!({
            "normalized": points.normalized,
            "weight": points.weight,
            "weighted": points.weighted(),
        })
    })
}

fn standing(standing: Standing<'_>) -> Value {
    match standing {
        Standing::Fits { total, wins, .. } => json!({"fits": true, "total": total, "wins": wins}),
        Standing::Refused(rejection) => json!({
            "fits": false,
            "plugin": rejection.plugin,
            "reasons": rejection.refusal.reasons,
        }),
        Standing::NotLookedAt => json!({"fits": null}),
    }
}
