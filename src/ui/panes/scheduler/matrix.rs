//! The matrix of a decision: rows are nodes, columns are filters and then scores.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::Matter;
use super::rows::{Row, Verdict, rows};
use crate::api::{Key, Kind};
use crate::scheduler::{Criterion, Decision, Preemption, Rejection, ScoreColumn};
use crate::ui::panes::pen::{Pen, clipped, joined, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How wide the total is with its sign.
const TOTAL: usize = 9;

/// How much of a score a column has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// `93→93×1=93`: raw, normalised, weight, weighted.
    Whole,
    /// `93×1`: normalised and weight.
    Normalized,
    /// `93`: weighted.
    Weighted,
}

impl Detail {
    /// What a cell says of a score.
    fn words(self, column: &ScoreColumn, place: usize) -> String {
        let (raw, normalized) = (column.raw[place], column.normalized[place]);
        let (weight, weighted) = (column.weight, column.weighted(place));
        match self {
            Self::Whole => format!("{raw}→{normalized}×{weight}={weighted}"),
            Self::Normalized => format!("{normalized}×{weight}"),
            Self::Weighted => weighted.to_string(),
        }
    }
}

/// Where the columns stand. What is shown of a row adds up to its total: no score is cut off, and
/// those that have no column of their own share one.
struct Columns {
    name: usize,
    filters: usize,
    score: usize,
    detail: Detail,
    /// How many plugins have a column.
    shown: usize,
    /// How many plugins share the one after them.
    rest: usize,
}

impl Columns {
    fn of(matter: &Matter<'_>, rows: &[Row<'_>], width: usize) -> Self {
        let longest = rows.iter().map(|row| row.node.width()).max().unwrap_or(0);
        let name = longest.clamp(4, 20).min(width / 4);
        let filters = matter.filters.len().max(7);
        let columns = matter.decision.columns();
        let room = width.saturating_sub(name + filters + TOTAL + 4);
        let each = room / columns.len().max(1);
        let places: Vec<usize> = rows.iter().filter_map(Row::place).collect();
        let fits = |detail: Detail, score: usize| {
            let mut cells = places
                .iter()
                .flat_map(|place| columns.iter().map(|column| (column, *place)));
            cells.all(|(column, place)| detail.words(column, place).width() < score)
        };
        let (mut score, detail) = match each {
            15.. if fits(Detail::Whole, each.min(22)) => (each.min(22), Detail::Whole),
            9.. if fits(Detail::Normalized, each.min(14)) => (each.min(14), Detail::Normalized),
            _ => (each.clamp(5, 14), Detail::Weighted),
        };
        let mut shown = (room / score).min(columns.len());
        let is_short = shown < columns.len() || !fits(detail, score);
        if is_short {
            let totals = places.iter().map(|place| matter.decision.total(*place));
            let widest = totals.map(|total| total.to_string().len()).max();
            score = score.max(widest.unwrap_or(0) + 1);
            shown = (room / score).min(columns.len());
        }
        let mut rest = columns.len() - shown;
        if rest > 0 && shown > 0 {
            (shown, rest) = (shown - 1, rest + 1);
        } else {
            // Without room for any score, the total stands alone.
            rest = 0;
        }
        Self {
            name,
            filters,
            score,
            detail,
            shown,
            rest,
        }
    }
}

/// Draws the outcome, the matrix, and the legend.
pub(super) fn draw(view: &View<'_>, matter: &Matter<'_>, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    draw_outcome(matter, &mut pen);
    let legend = legend(&matter.filters, pen.width());
    let legend_lines = if pen.lines_left() > legend.len() + 6 {
        legend.len() + 1
    } else {
        0
    };
    let room = pen.lines_left().saturating_sub(legend_lines + 4);
    let (rows, all) = rows(matter.decision, room.max(1));
    let columns = Columns::of(matter, &rows, pen.width());
    if pen.lines_left() > 4 {
        pen.next_line();
        draw_heading(matter, &columns, &mut pen);
    }
    for row in &rows {
        draw_row(view, matter, row, &columns, &mut pen);
    }
    draw_rest(matter.decision, all - rows.len().min(all), &mut pen);
    if legend_lines > 0 {
        while pen.lines_left() > legend.len() {
            pen.next_line();
        }
        for line in legend {
            pen.write(&line, Role::Dim).next_line();
        }
    }
}

/// What came of it, in one or two lines.
fn draw_outcome(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    let decision = matter.decision;
    let (fit, all) = (decision.feasible_count(), decision.node_count());
    if !matter.is_scored && fit > 0 {
        pen.write(&format!("{fit} of {all} nodes can hold it; "), Role::Text);
        pen.write("the scores come next", Role::Waiting).next_line();
        return;
    }
    match decision.winner() {
        Some(winner) => {
            pen.write("→ ", Role::Good).write(winner, Role::Good);
            pen.write(&format!("   {fit} of {all} nodes can hold it"), Role::Text);
            let best = decision.best_names();
            if best.len() > 1 {
                let named = best.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                let more = if best.len() > 4 { ", …" } else { "" };
                let words = format!("; {} tie: {named}{more}; chance took one", best.len());
                pen.write(&words, Role::Waiting);
            } else if best.len() == 1 && fit > 1 {
                pen.write("; it has the highest total", Role::Text);
            }
            pen.next_line();
        }
        None => draw_message(decision, pen),
    }
    if let Some(preemption) = decision.preemption() {
        draw_preemption(preemption, pen);
    }
}

/// The sentence of the FailedScheduling event, over as many as three lines.
fn draw_message(decision: &Decision, pen: &mut Pen<'_, '_>) {
    let message = format!("✗ {}", decision.message().unwrap_or("no node"));
    let width = pen.width().max(1);
    for line in wrapped(&message, width).into_iter().take(3) {
        pen.write(&line, Role::Bad).next_line();
    }
}

fn draw_preemption(preemption: &Preemption, pen: &mut Pen<'_, '_>) {
    let Some((choice, (_, criterion))) = preemption.choice().zip(preemption.chosen) else {
        return;
    };
    let victims: Vec<&str> = choice
        .victims
        .iter()
        .map(|victim| &*victim.key.name)
        .collect();
    let words = format!(
        "makes room on {}: {} must leave ({})",
        choice.node,
        victims.join(", "),
        criterion_words(criterion)
    );
    pen.write(&words, Role::Waiting).next_line();
}

fn criterion_words(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Only => "the only node where that helps",
        Criterion::FewestBudgetViolations => "fewest budgets violated",
        Criterion::LowestHighestPriority => "its most important victim is the least important",
        Criterion::LowestSumOfPriorities => "lowest sum of priorities",
        Criterion::FewestVictims => "fewest victims",
        Criterion::LatestStart => "its victims have run for the shortest time",
        Criterion::First => "all the same, the first is taken",
    }
}

/// Two lines: the names of plugins broken where a word begins, letters for the filters.
fn draw_heading(matter: &Matter<'_>, columns: &Columns, pen: &mut Pen<'_, '_>) {
    let scores = columns.name + columns.filters + 4;
    let shown = &matter.decision.columns()[..columns.shown];
    let has_scores = matter.is_scored && !(shown.is_empty() && columns.rest == 0);
    pen.to(columns.name + 2)
        .write("filters", Role::Title)
        .to(scores);
    for column in shown.iter().filter(|_| has_scores) {
        let (name, _) = halves(column.plugin);
        pen.cell(name, columns.score - 1, Role::Title)
            .write(" ", Role::Text);
    }
    if has_scores && columns.rest > 0 {
        pen.write("other", Role::Title);
    }
    pen.next_line().to(columns.name + 2);
    for place in 0..matter.filters.len() {
        pen.write(&letter(place).to_string(), Role::Dim);
    }
    pen.to(scores);
    for column in shown.iter().filter(|_| has_scores) {
        let (_, name) = halves(column.plugin);
        let weight = format!(" ×{}", column.weight);
        let room = (columns.score - 1).saturating_sub(weight.width());
        let start = pen.column();
        pen.write(&clipped(name, room), Role::Title)
            .write(&weight, Role::Dim);
        pen.to(start + columns.score);
    }
    if has_scores && columns.rest > 0 {
        let words = columns.rest.to_string();
        pen.cell(&words, columns.score, Role::Title);
    }
    if has_scores {
        pen.right("total", TOTAL - 2, Role::Title);
    }
    pen.next_line();
}

/// The letter that stands for a filter.
fn letter(place: usize) -> char {
    u8::try_from(place % 26).map_or('?', |place| char::from(b'a' + place))
}

/// `Taint` and `Toleration`: the name of a plugin, broken at the word nearest to its middle.
pub(in crate::ui) fn halves(plugin: &str) -> (&str, &str) {
    let name = plugin
        .strip_prefix("NodeResources")
        .filter(|rest| rest.len() > 4);
    let name = name.unwrap_or(plugin);
    let words = name
        .match_indices(char::is_uppercase)
        .map(|(at, _)| at)
        .filter(|at| *at > 0);
    let middle = words.min_by_key(|at| (at * 2).abs_diff(name.len()));
    name.split_at(middle.unwrap_or(name.len()))
}

fn draw_row(
    view: &View<'_>,
    matter: &Matter<'_>,
    row: &Row<'_>,
    columns: &Columns,
    pen: &mut Pen<'_, '_>,
) {
    let is_selected = view.is_selected(&Key::new(Kind::Node, "", row.node));
    let won = matter.is_scored && matches!(row.verdict, Verdict::Feasible { won: true, .. });
    let role = match (is_selected, won) {
        (true, _) => Role::Selected,
        (false, true) => Role::Good,
        (false, false) => Role::Text,
    };
    pen.cell(row.node, columns.name, role)
        .write("  ", Role::Text);
    match row.verdict {
        Verdict::Feasible {
            place,
            total,
            won,
            best,
        } => {
            for _ in &matter.filters {
                pen.write("✓", Role::Good);
            }
            pen.to(columns.name + columns.filters + 4);
            if matter.is_scored {
                draw_scores(matter.decision.columns(), place, columns, pen);
                draw_total((total, won, best), pen);
            }
        }
        Verdict::Refused(rejection) => {
            let place = matter
                .filters
                .iter()
                .position(|name| *name == rejection.plugin);
            let passed = place.unwrap_or(matter.filters.len());
            for (at, _) in matter.filters.iter().enumerate() {
                let (sign, role) = match at {
                    at if at < passed => ("✓", Role::Good),
                    at if at == passed => ("✗", Role::Bad),
                    _ => ("·", Role::Dim),
                };
                pen.write(sign, role);
            }
            draw_reason(rejection, columns, pen);
        }
        Verdict::LeftOut(rejection) => {
            pen.write("left out", Role::Dim);
            draw_reason(rejection, columns, pen);
        }
    }
    pen.next_line();
}

fn draw_reason(rejection: &Rejection, columns: &Columns, pen: &mut Pen<'_, '_>) {
    let start = columns.name + columns.filters + 4;
    pen.to(start.max(pen.column() + 1))
        .write(rejection.plugin, Role::Bad)
        .write(": ", Role::Dim);
    let message = rejection.refusal.message();
    let room = pen.room();
    pen.cell(&message, room, Role::Text);
}

fn draw_scores(scores: &[ScoreColumn], place: usize, columns: &Columns, pen: &mut Pen<'_, '_>) {
    for column in &scores[..columns.shown] {
        let words = columns.detail.words(column, place);
        let role = if column.weighted(place) == 0 {
            Role::Dim
        } else {
            Role::Text
        };
        pen.cell(&words, columns.score - 1, role)
            .write(" ", Role::Text);
    }
    if columns.rest > 0 {
        let rest = scores[columns.shown..].iter();
        let sum: i64 = rest.map(|column| column.weighted(place)).sum();
        pen.cell(&sum.to_string(), columns.score, Role::Text);
    }
}

fn draw_total((total, won, best): (i64, bool, bool), pen: &mut Pen<'_, '_>) {
    let (sign, role) = match (won, best) {
        (true, _) => ("★", Role::Good),
        (false, true) => ("=", Role::Waiting),
        (false, false) => (" ", Role::Text),
    };
    pen.right(&total.to_string(), TOTAL - 2, role)
        .write(" ", role)
        .write(sign, role);
}

/// How many nodes have no line of their own, and why.
fn draw_rest(decision: &Decision, not_shown: usize, pen: &mut Pen<'_, '_>) {
    if not_shown > 0 {
        pen.write(&format!("⋮ {not_shown} more nodes"), Role::Dim)
            .next_line();
    }
    if decision.sampled_out() > 0 {
        let words = format!(
            "{} nodes were not looked at: enough feasible ones had been found",
            decision.sampled_out()
        );
        pen.write(&words, Role::Dim).next_line();
    }
}

/// Which letter is which filter, in lines of so many columns.
fn legend(filters: &[&'static str], width: usize) -> Vec<String> {
    let words: Vec<String> = filters
        .iter()
        .enumerate()
        .map(|(place, name)| format!("{} {name}", letter(place)))
        .collect();
    joined(words.iter().map(String::as_str), "   ", width)
}
