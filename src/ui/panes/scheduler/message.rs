//! What came of a decision, in a line or some: the winner and how it won, or the FailedScheduling
//! message with its marks.

use unicode_width::UnicodeWidthStr;

use super::Matter;
use super::marks::Marks;
use crate::scheduler::{Decision, Half, Outcome, Phrase, Scope};
use crate::ui::board::Stop;
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;

/// So many lines the message may take.
const LINES_MOST: usize = 5;

/// Beside the telling of filters.
const ORDER_TOLD: &str = "(kube-scheduler: node by node)";

/// Draws what came of it, as far as it is told.
pub(super) fn draw(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    let decision = matter.decision;
    if matter.told < Stop::Outcome {
        draw_progress(matter, pen);
        return;
    }
    match decision.winner() {
        Some(winner) => {
            pen.write("→ ", Role::Good).write(winner, Role::Good);
            let seed = pen.view().world().config().seed;
            pen.write("   ", Role::Text);
            draw_words(&how_it_won(decision, seed), Role::Text, pen);
            pen.next_line();
        }
        None => draw_message(matter, pen),
    }
}

/// `3 of 5 nodes fit; it has the highest total, 12 more than node-b: ImageLocality +12`.
pub(super) fn how_it_won(decision: &Decision, seed: u64) -> String {
    let (fit, all) = (decision.feasible_count(), decision.node_count());
    let Outcome::Fits { winner, best } = &decision.outcome else {
        return String::new();
    };
    let fits = format!("{fit} of {all} nodes fit");
    if decision.scope() == Scope::Nominated {
        return "room was made for it there, and it fits".to_owned();
    }
    if fit == 1 {
        return format!("{fits}: there is no choice");
    }
    if best.len() > 1 {
        let best = decision.best_names();
        let shown = best[..best.len().min(4)].join(", ");
        let more = if best.len() > 4 { ", …" } else { "" };
        return format!(
            "{fits}; {} tie: {shown}{more}; chance took one (seed {seed})",
            best.len()
        );
    }
    let second = (0..fit).filter(|place| place != winner);
    let second = second.max_by_key(|place| (decision.total(*place), std::cmp::Reverse(*place)));
    let (Some(second), Some(name)) = (
        second,
        second.and_then(|place| decision.feasible().nth(place)),
    ) else {
        return fits;
    };
    let ahead = decision.total(*winner) - decision.total(second);
    let why: Vec<String> = decision
        .differences(*winner, second)
        .iter()
        .map(|(points, plugin)| format!("{plugin} {points:+}"))
        .collect();
    format!(
        "{fits}; highest total, {ahead} more than {name}: {}",
        why.join(", ")
    )
}

/// What is being told.
fn draw_progress(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    let (fit, all) = (
        matter.decision.feasible_count(),
        matter.decision.node_count(),
    );
    if matter.told == matter.reached {
        pen.write(&format!("{fit} of {all} nodes can hold it; "), Role::Text)
            .write("the scores come next", Role::Waiting)
            .next_line();
        return;
    }
    let columns = matter.decision.columns().len();
    let words = match matter.told {
        Stop::Taken => "the pod is taken from the queue".to_owned(),
        Stop::Prepared => "PreFilter: what is there to check?".to_owned(),
        Stop::Filtered { filter, .. } => {
            let filters = matter.decision.filters();
            let is_counted = |(_, column): &(usize, &crate::scheduler::FilterColumn)| column.checks;
            let checking = filters.iter().enumerate().filter(is_counted);
            let before = checking
                .clone()
                .filter(|(place, _)| *place <= filter)
                .count();
            let plugin = filters.get(filter).map_or("", |column| column.plugin);
            format!("Filter {before} of {}: {plugin}", checking.count())
        }
        Stop::Scored { plugin, .. } => {
            let name = matter
                .decision
                .columns()
                .get(plugin)
                .map_or("", |column| column.plugin);
            format!("Score {} of {columns}: {name}", plugin + 1)
        }
        Stop::Totals => "the weighted scores are added up".to_owned(),
        Stop::Outcome => String::new(),
    };
    pen.write("telling  ", Role::Waiting)
        .write(&words, Role::Title);
    if matches!(matter.told, Stop::Filtered { .. }) && pen.room() > ORDER_TOLD.width() + 3 {
        pen.write("   ", Role::Text).write(ORDER_TOLD, Role::Dim);
    }
    pen.next_line();
}

/// The sentence of the FailedScheduling event; before each clause stands the mark that the nodes
/// have that it counts, and the clauses of the node under the cursor stand out.
fn draw_message(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    let decision = matter.decision;
    let phrases = decision.phrases();
    if phrases.is_empty() {
        let message = decision.message().unwrap_or("no node");
        draw_words(message, Role::Bad, pen);
        pen.next_line();
        return;
    }
    pen.write("✗ ", Role::Bad);
    let under = clauses_under_cursor(matter);
    let lines = pen.lines_left();
    let mut place = 0;
    for phrase in &phrases {
        match phrase {
            Phrase::Words(words) => draw_words(words, Role::Dim, pen),
            Phrase::Clause(clause) => {
                let role = if under.contains(&place) {
                    Role::Selected
                } else {
                    Role::Bad
                };
                let text = format!("{} {}", Marks::sign(place), clause.text());
                draw_words(&text, role, pen);
                place += 1;
            }
        }
        if lines - pen.lines_left() >= LINES_MOST {
            break;
        }
    }
    pen.next_line();
}

/// The places of the clauses that count the node under the cursor.
fn clauses_under_cursor(matter: &Matter<'_>) -> Vec<usize> {
    let Some(under) = matter.row.as_ref().filter(|_| matter.has_cursor) else {
        return Vec::new();
    };
    let decision = matter.decision;
    let mut refused = decision
        .verdicts()
        .filter_map(|(node, rejection)| Some((node, rejection?)));
    let rejection = refused
        .find(|(node, _)| *node == under)
        .or_else(|| decision.left_out().find(|(node, _)| *node == under))
        .map(|(_, rejection)| rejection);
    let reasons = rejection.map_or(&[][..], |rejection| &rejection.refusal.reasons);
    let mut places = matter.marks.places(Half::Filter, reasons);
    let preemption = decision.preemption_reasons(under);
    places.extend(matter.marks.places(Half::Preemption, &preemption));
    places
}

/// Writes words one after the other, on the next line where there is no room for one.
fn draw_words(text: &str, role: Role, pen: &mut Pen<'_, '_>) {
    for word in text.split_inclusive(' ') {
        if pen.room() < word.trim_end().width() && pen.column() > 2 {
            pen.next_line().to(2);
        }
        pen.write(word, role);
    }
}
