//! What a stop or a cell says: one sentence with the figures, of what the plugin did and why.

use std::sync::Arc;

use super::Matter;
use super::columns::Column;
use super::message::how_it_won;
use super::rows::{Row, Verdict, rows};
use crate::scheduler::{Decision, Outcome, Rejection, Scope, ScoreColumn};
use crate::sim::counted;
use crate::ui::board::{Part, Stop};

/// Said where the figures are no longer kept.
const GONE: &str = "its figures are no longer kept (p goes back to where they are)";

/// The sentence of the cell under the cursor, or of the stop that was told last; nothing when the
/// whole decision is shown and no cell is looked at.
pub(super) fn sentence(matter: &Matter<'_>, seed: u64) -> Option<String> {
    let is_cell = matter.has_cursor || matter.stop.is_some_and(is_about_a_cell);
    if is_cell && let (Some(node), Some(column)) = (&matter.row, matter.under) {
        return cell(matter, node, column);
    }
    matter.stop.map(|stop| match stop {
        Stop::Taken => taken(matter),
        Stop::Prepared => prepared(matter.decision),
        Stop::Filtered { .. } => String::new(),
        Stop::Scored { plugin, part } => scored(matter, plugin, part),
        Stop::Totals => totals(matter.decision),
        Stop::Outcome => outcome(matter.decision, seed),
    })
}

fn is_about_a_cell(stop: Stop) -> bool {
    matches!(
        stop,
        Stop::Filtered { .. }
            | Stop::Scored {
                part: Part::Raw(_),
                ..
            }
    )
}

fn taken(matter: &Matter<'_>) -> String {
    let nodes = counted(matter.decision.node_count(), "node");
    let priority = matter.grounds.map_or_else(String::new, |grounds| {
        format!(", priority {}", grounds.pod().priority())
    });
    format!(
        "kube-scheduler takes {}{priority}. {nodes}: filters say where it can run, scores say where it should. Only requests count, never real usage.",
        matter.decision.pod
    )
}

/// Which filters have something to check, and whom they left out already.
fn prepared(decision: &Decision) -> String {
    if let Some(refused) = decision.pre_filter() {
        return format!(
            "{} refuses the pod for all nodes: {}",
            refused.plugin,
            refused.refusal.message()
        );
    }
    let filters = decision.filters();
    let idle: Vec<&str> = filters
        .iter()
        .filter(|column| !column.checks)
        .map(|column| column.plugin)
        .collect();
    let checking = filters.len() - idle.len();
    let mut words = format!(
        "{checking} of {} filters have something to check",
        filters.len()
    );
    if !idle.is_empty() {
        words = format!("{words}; nothing for this pod: {}", idle.join(", "));
    }
    let left_out = decision.left_out().count();
    if let Some((_, rejection)) = decision.left_out().next() {
        words = format!(
            "{words}. Left out, {}: {}",
            counted(left_out, "node"),
            rejection.refusal.message()
        );
    }
    if decision.scope() == Scope::Nominated {
        words = format!("{words}. Room was made on one node, which is looked at first");
    }
    format!(
        "{words}. Unlike Kubernetes, which asks all filters of one node and then of the next, this is told filter by filter"
    )
}

fn scored(matter: &Matter<'_>, plugin: usize, part: Part) -> String {
    let decision = matter.decision;
    let Some(column) = decision.columns().get(plugin) else {
        return String::new();
    };
    match part {
        Part::Raw(_) => String::new(),
        Part::Normalized => {
            let name = column.plugin;
            let scale = matter
                .grounds
                .and_then(|grounds| grounds.scale(decision, name));
            let scale = scale.map_or_else(String::new, |scale| format!(": {scale}"));
            let normalized = column.normalized.iter().map(|score| i64::from(*score));
            format!(
                "{name}: raw {} becomes {} of 100{scale}",
                range(
                    &column
                        .raw
                        .iter()
                        .map(|score| i64::from(*score))
                        .collect::<Vec<_>>()
                ),
                range(&normalized.collect::<Vec<_>>())
            )
        }
        Part::Weighted => weighted(decision, column),
    }
}

/// The lowest and the highest of some scores.
fn range(scores: &[i64]) -> String {
    let (least, most) = (scores.iter().min(), scores.iter().max());
    match (least, most) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
        (Some(only), _) => only.to_string(),
        _ => "nothing".to_owned(),
    }
}

fn weighted(decision: &Decision, column: &ScoreColumn) -> String {
    let name = column.plugin;
    let places = 0..column.normalized.len();
    let points = places.map(|place| column.weighted(place));
    let (least, most) = (points.clone().min().unwrap_or(0), points.max().unwrap_or(0));
    let apart = if decision.feasible_count() < 2 {
        String::new()
    } else if least == most {
        "; it is the same for all, so it decides nothing".to_owned()
    } else {
        format!(
            "; between the best and the worst node lie {} points",
            most - least
        )
    };
    format!(
        "{name} counts ×{}: up to {most} points{apart}",
        column.weight
    )
}

/// The nodes by their totals, as many as a sentence bears.
fn totals(decision: &Decision) -> String {
    let ranked = rows(decision, crate::ui::board::Order::Best, Stop::Totals);
    let totals = ranked.iter().filter_map(|row| match row.verdict {
        Verdict::Feasible { total, .. } => Some(format!("{} {total}", row.node)),
        Verdict::Refused(_) | Verdict::LeftOut(_) => None,
    });
    let totals: Vec<String> = totals.take(5).collect();
    let more = if decision.feasible_count() > 5 {
        ", …"
    } else {
        ""
    };
    format!(
        "The weighted scores of each node are added: {}{more}",
        totals.join(", ")
    )
}

fn outcome(decision: &Decision, seed: u64) -> String {
    match (&decision.outcome, decision.winner()) {
        (Outcome::Fits { .. }, Some(winner)) => {
            format!("{winner} gets the pod. {}", how_it_won(decision, seed))
        }
        (Outcome::Failed { .. }, _) => {
            "A plugin could not tell; the pod is tried again after a back-off.".to_owned()
        }
        _ => match decision.nominated_node() {
            Some(node) => format!(
                "No node can hold it, but it is more important than others: they leave {node}, which is nominated for it."
            ),
            None => "No node can hold it. The message counts the nodes for each reason; the marks show which. It waits until something changes that can help.".to_owned(),
        },
    }
}

fn cell(matter: &Matter<'_>, node: &Arc<str>, column: Column) -> Option<String> {
    let rows = rows(matter.decision, matter.order, matter.told);
    let row = rows.iter().find(|row| row.node == node)?;
    if let Verdict::LeftOut(rejection) = row.verdict {
        let (plugin, message) = (rejection.plugin, rejection.refusal.message());
        return Some(format!(
            "{node} was left out by {plugin} at PreFilter: {message}"
        ));
    }
    Some(match column {
        Column::Filter(place) => filter_cell(matter, row, place),
        Column::Score(place) => score_cell(matter, row, place),
        Column::Total => total_cell(matter, row),
    })
}

fn filter_cell(matter: &Matter<'_>, row: &Row<'_>, place: usize) -> String {
    let filters = matter.decision.filters();
    let (plugin, node) = (filters[place].plugin, row.node);
    let fell = row.rejection().and_then(|rejection| {
        let at = filters
            .iter()
            .position(|each| each.plugin == rejection.plugin);
        at.map(|at| (at, rejection))
    });
    let verdict = match fell {
        Some((at, rejection)) if at < place => {
            return format!(
                "{plugin} was not asked about {node}: {} had refused it, and the first no ends it",
                rejection.plugin
            );
        }
        Some((at, rejection)) if at == place => format!("✗ {}", refusal(rejection)),
        _ => "✓ it can run there".to_owned(),
    };
    let said = matter
        .grounds
        .and_then(|grounds| grounds.filter_sentence(plugin, node));
    let said = said.unwrap_or_else(|| GONE.to_owned());
    format!("{plugin} on {node}: {said} → {verdict}")
}

/// The reasons, and what it means that they are final or not.
fn refusal(rejection: &Rejection) -> String {
    use crate::scheduler::Code;
    let firm = match rejection.refusal.code {
        Code::Unschedulable => "; others that leave could help",
        Code::UnschedulableAndUnresolvable => "; whoever leaves, it does not help",
        Code::PreFilterResult | Code::Error => "",
    };
    format!("{}{firm}", rejection.refusal.message())
}

fn score_cell(matter: &Matter<'_>, row: &Row<'_>, plugin: usize) -> String {
    let column = &matter.decision.columns()[plugin];
    let (name, node) = (column.plugin, row.node);
    let Some(place) = row.place() else {
        return no_score(name, row);
    };
    let said = matter
        .grounds
        .and_then(|grounds| grounds.score_sentence(matter.decision, name, node));
    let said = said.unwrap_or_else(|| GONE.to_owned());
    let raw = column.raw[place];
    let mut words = format!("{name} on {node}: {said} → raw {raw}");
    if matter.told
        >= (Stop::Scored {
            plugin,
            part: Part::Normalized,
        })
    {
        let scale = matter
            .grounds
            .and_then(|grounds| grounds.scale(matter.decision, name));
        let scale = scale.map_or_else(String::new, |scale| format!(" ({scale})"));
        words = format!("{words} → {} of 100{scale}", column.normalized[place]);
    }
    if matter.told
        >= (Stop::Scored {
            plugin,
            part: Part::Weighted,
        })
    {
        words = format!("{words}, × {} = {}", column.weight, column.weighted(place));
    }
    words
}

fn no_score(what: &str, row: &Row<'_>) -> String {
    let by = row
        .rejection()
        .map_or("a filter", |rejection| rejection.plugin);
    format!(
        "{what} says nothing of {}: {by} had refused it, and only nodes that fit are scored",
        row.node
    )
}

fn total_cell(matter: &Matter<'_>, row: &Row<'_>) -> String {
    let Some(place) = row.place() else {
        return no_score("The total", row);
    };
    let columns = matter.decision.columns();
    let parts: Vec<String> = columns
        .iter()
        .map(|column| format!("{} {}", column.plugin, column.weighted(place)))
        .collect();
    let total = matter.decision.total(place);
    let against = match matter.decision.outcome {
        Outcome::Fits { winner, .. } if winner != place && matter.told == Stop::Outcome => {
            let lacks = matter.decision.total(winner) - total;
            match lacks {
                0 => "; as good as the winner, chance took the other".to_owned(),
                _ => format!("; {lacks} less than the winner"),
            }
        }
        _ => String::new(),
    };
    format!("{}: {} = {total}{against}", row.node, parts.join(" + "))
}
