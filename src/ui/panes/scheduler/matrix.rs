//! The matrix of a decision: rows are nodes, columns are filters and then scores.

use std::sync::Arc;

use super::columns::{Column, Columns, TOTAL, halves, letter};
use super::rows::{Row, Verdict, rows, window};
use super::{Matter, marks::Marks};
use crate::api::{Key, Kind};
use crate::scheduler::{Decision, Half, Rejection, Scope, ScoreColumn};
use crate::ui::board::{Part, Stop};
use crate::ui::panes::pen::{Pen, joined};
use crate::ui::theme::Role;

/// What a row is drawn from.
struct Sheet<'m, 'a> {
    matter: &'m Matter<'a>,
    columns: Columns,
    /// Which letter is which filter, for the heading: where there are no scores and no room below.
    beside: Vec<String>,
}

/// How many lines it takes when every node is shown.
pub(super) fn lines_wanted(matter: &Matter<'_>, width: usize) -> usize {
    let decision = matter.decision;
    let rows = decision.node_count() - decision.sampled_out();
    let below = usize::from(!rest_words(decision).is_empty());
    2 + rows + below + legend(matter, width).len()
}

/// Draws heading, rows and legend into so many lines. Gives the nodes that are shown.
pub(super) fn draw(matter: &Matter<'_>, lines: usize, pen: &mut Pen<'_, '_>) -> Vec<Arc<str>> {
    let decision = matter.decision;
    if decision.scope() == Scope::Refused {
        draw_refused(decision, pen);
        return Vec::new();
    }
    let all = rows(decision, matter.order, matter.told);
    let seen = matter.row.as_ref();
    let seen = seen.and_then(|node| all.iter().position(|row| row.node == node));
    let legend = legend(matter, pen.width());
    let below = usize::from(!rest_words(decision).is_empty());
    let mut room = lines.saturating_sub(2 + below);
    let has_legend = room > legend.len() + all.len().min(3);
    room -= if has_legend { legend.len() } else { 0 };
    let is_cut = all.len() > room;
    let range = window(all.len(), room.saturating_sub(usize::from(is_cut)), seen);
    let shown = &all[range.clone()];
    let columns = Columns::of(decision, shown, pen.width());
    let is_alone = !has_legend && !columns.names_filters();
    let room = pen.width().saturating_sub(columns.scores_start());
    let sheet = Sheet {
        matter,
        beside: if is_alone {
            names(matter, room)
        } else {
            Vec::new()
        },
        columns,
    };
    if lines > 2 {
        sheet.draw_heading(pen);
    }
    for row in shown {
        sheet.draw_row(row, pen);
    }
    if is_cut {
        let (first, last) = (range.start + 1, range.end);
        let words = format!("⋮ {first} to {last} of {} nodes", all.len());
        pen.write(&words, Role::Dim).next_line();
    }
    if below > 0 {
        pen.write(&rest_words(decision), Role::Waiting).next_line();
    }
    if has_legend && !sheet.columns.names_filters() {
        for line in legend {
            pen.write(&line, Role::Dim).next_line();
        }
    }
    shown.iter().map(|row| Arc::clone(row.node)).collect()
}

fn draw_refused(decision: &Decision, pen: &mut Pen<'_, '_>) {
    let plugin = decision.pre_filter().map_or("", |refused| refused.plugin);
    let words = format!("{plugin} has refused the pod at PreFilter: no node was looked at.");
    pen.write(&words, Role::Text).next_line();
}

/// How many nodes were not looked at, and why.
pub(super) fn rest_words(decision: &Decision) -> String {
    let (out, all) = (decision.sampled_out(), decision.node_count());
    match decision.scope() {
        _ if out == 0 => String::new(),
        Scope::Nominated => format!(
            "{out} other nodes were not looked at: room was made for the pod on this one, and it fits"
        ),
        Scope::All | Scope::Narrowed | Scope::Refused => {
            let enough = decision.enough();
            let part = enough * 100 / all.max(1);
            format!(
                "{out} of {all} nodes were not looked at: {enough} that fit are enough ({part} %), the next pod goes on from there"
            )
        }
    }
}

/// Which letter is which filter.
fn lettered(matter: &Matter<'_>) -> Vec<String> {
    let filters = matter.decision.filters();
    let checking = filters.iter().filter(|column| column.checks).enumerate();
    checking
        .map(|(place, column)| format!("{} {}", letter(place), column.plugin))
        .collect()
}

/// The same in lines of so many columns, and how many filters have no letter.
fn legend(matter: &Matter<'_>, width: usize) -> Vec<String> {
    let mut words = lettered(matter);
    let idle = matter.decision.filters().len() - words.len();
    if idle > 0 {
        words.push(format!("{idle} more have nothing to check"));
    }
    joined(words.iter().map(String::as_str), "  ", width)
}

/// The same beside the letters, as short as two lines of so many columns need it.
fn names(matter: &Matter<'_>, width: usize) -> Vec<String> {
    let words = lettered(matter);
    let lines = joined(words.iter().map(String::as_str), "  ", width);
    if lines.len() <= 2 {
        return lines;
    }
    let short = words.iter().map(|word| word.replace("Node", ""));
    let short: Vec<String> = short.map(|word| word.chars().take(14).collect()).collect();
    joined(short.iter().map(String::as_str), "  ", width)
}

impl Sheet<'_, '_> {
    fn told(&self, stop: Stop) -> bool {
        stop <= self.matter.told
    }

    fn heading_role(&self, column: Column) -> Role {
        if self.matter.under == Some(column) {
            Role::Selected
        } else {
            Role::Title
        }
    }

    /// Two lines: the names of plugins broken where a word begins, or letters for the filters.
    fn draw_heading(&self, pen: &mut Pen<'_, '_>) {
        let columns = &self.columns;
        let scores = self.matter.decision.columns();
        let has_scores = self.told(Stop::Scored {
            plugin: 0,
            part: Part::Raw(0),
        }) && columns.shown + columns.rest > 0;
        pen.to(columns.name + 2);
        self.draw_filter_names(true, pen);
        pen.to(columns.scores_start());
        for (place, column) in scores[..columns.shown].iter().enumerate() {
            if has_scores {
                let (name, _) = halves(column.plugin);
                let role = self.heading_role(Column::Score(place));
                pen.cell(name, columns.score - 1, role)
                    .write(" ", Role::Text);
            }
        }
        if has_scores && columns.rest > 0 {
            let role = match self.matter.under {
                Some(Column::Score(place)) if place >= columns.shown => Role::Selected,
                _ => Role::Title,
            };
            pen.write("other", role);
        }
        self.draw_beside(0, has_scores, pen);
        pen.next_line().to(columns.name + 2);
        self.draw_filter_names(false, pen);
        self.draw_beside(1, has_scores, pen);
        pen.to(columns.scores_start());
        if has_scores {
            self.draw_weights(scores, pen);
            pen.right("total", TOTAL - 2, self.heading_role(Column::Total));
        }
        pen.next_line();
    }

    /// Names for the letters, in a line of the heading that has no scores.
    fn draw_beside(&self, line: usize, has_scores: bool, pen: &mut Pen<'_, '_>) {
        if let Some(words) = self.beside.get(line).filter(|_| !has_scores) {
            pen.to(self.columns.scores_start()).write(words, Role::Dim);
        }
    }

    fn draw_weights(&self, scores: &[ScoreColumn], pen: &mut Pen<'_, '_>) {
        let columns = &self.columns;
        for (place, column) in scores[..columns.shown].iter().enumerate() {
            let (_, name) = halves(column.plugin);
            let weight = format!("×{}", column.weight);
            let room = (columns.score - 1).saturating_sub(weight.chars().count() + 1);
            let start = pen.column();
            pen.cell(
                name,
                name.len().min(room),
                self.heading_role(Column::Score(place)),
            );
            let gap = if name.is_empty() { "" } else { " " };
            pen.write(gap, Role::Text).write(&weight, Role::Dim);
            pen.to(start + columns.score);
        }
        if columns.rest > 0 {
            let words = columns.rest.to_string();
            pen.cell(&words, columns.score, Role::Title);
        }
    }

    fn draw_filter_names(&self, is_first_line: bool, pen: &mut Pen<'_, '_>) {
        let columns = &self.columns;
        if !columns.names_filters() {
            if is_first_line {
                pen.write("filters", Role::Title);
                return;
            }
            for (at, place) in columns.filters.iter().enumerate() {
                let role = match self.heading_role(Column::Filter(*place)) {
                    Role::Title => Role::Dim,
                    other => other,
                };
                pen.write(&letter(at).to_string(), role)
                    .write(" ", Role::Text);
            }
            return;
        }
        for place in &columns.filters {
            let plugin = self.matter.decision.filters()[*place].plugin;
            let (first, second) = halves(plugin);
            let name = if is_first_line { first } else { second };
            let role = self.heading_role(Column::Filter(*place));
            pen.cell(name, columns.filter - 1, role)
                .write(" ", Role::Text);
        }
    }

    fn draw_row(&self, row: &Row<'_>, pen: &mut Pen<'_, '_>) {
        let matter = self.matter;
        let is_selected = match &matter.row {
            Some(node) => node == row.node,
            None => pen.view().is_selected(&Key::new(Kind::Node, "", row.node)),
        };
        let won = matches!(row.verdict, Verdict::Feasible { won: true, .. });
        let role = match (is_selected, won && self.told(Stop::Outcome)) {
            (true, _) => Role::Selected,
            (false, true) => Role::Good,
            (false, false) => Role::Text,
        };
        pen.cell(row.node, self.columns.name, role)
            .write("  ", Role::Text);
        if let Verdict::LeftOut(rejection) = row.verdict {
            pen.write("left out", Role::Dim)
                .to(self.columns.scores_start().max(self.columns.name + 11));
            self.draw_reason(row, rejection, pen);
        } else {
            self.draw_filters(row, is_selected, pen);
        }
        match row.verdict {
            Verdict::Feasible {
                place, won, best, ..
            } => {
                pen.to(self.columns.scores_start());
                let sum = self.draw_scores(place, is_selected, pen);
                if let Some(sum) = sum {
                    self.draw_total((sum, won, best), is_selected, pen);
                }
            }
            Verdict::Refused(rejection) => {
                if self.is_refusal_told(row, rejection) {
                    pen.to(self.columns.scores_start());
                    self.draw_reason(row, rejection, pen);
                }
            }
            Verdict::LeftOut(_) => {}
        }
        pen.next_line();
    }

    fn is_refusal_told(&self, row: &Row<'_>, rejection: &Rejection) -> bool {
        let filters = self.matter.decision.filters();
        let place = filters
            .iter()
            .position(|each| each.plugin == rejection.plugin);
        match (place, row.round) {
            (Some(filter), Some(node)) => self.told(Stop::Filtered { filter, node }),
            _ => self.told(Stop::Outcome),
        }
    }

    fn draw_filters(&self, row: &Row<'_>, is_selected: bool, pen: &mut Pen<'_, '_>) {
        let filters = self.matter.decision.filters();
        let plugin = row.rejection().map(|rejection| rejection.plugin);
        let fell = plugin.and_then(|name| filters.iter().position(|each| each.plugin == name));
        let node = row.round.unwrap_or(0);
        for place in &self.columns.filters {
            let filter = *place;
            let (sign, role) = match fell {
                Some(fell) if filter > fell => ("·", Role::Dim),
                Some(fell) if filter == fell => ("✗", Role::Bad),
                _ => ("✓", Role::Good),
            };
            let is_told = match fell {
                // Whom a filter has refused, no later filter is asked about.
                Some(fell) if filter > fell => self.told(Stop::Filtered { filter: fell, node }),
                _ => self.told(Stop::Filtered { filter, node }),
            };
            let start = pen.column();
            if is_told {
                let role = self.cell_role(Column::Filter(filter), is_selected, role);
                pen.write(sign, role);
            }
            pen.to(start + self.columns.filter);
        }
    }

    fn cell_role(&self, column: Column, is_selected: bool, role: Role) -> Role {
        if is_selected && self.matter.under == Some(column) {
            Role::Selected
        } else {
            role
        }
    }

    /// The marks of the message's clauses that count the node, and its own reason.
    fn draw_reason(&self, row: &Row<'_>, rejection: &Rejection, pen: &mut Pen<'_, '_>) {
        let marks = &self.matter.marks;
        let preemption = self.matter.decision.preemption_reasons(row.node);
        let signs = |half| match half {
            Half::Filter => marks.places(half, &rejection.refusal.reasons),
            Half::Preemption => marks.places(half, &preemption),
        };
        if self.told(Stop::Outcome) {
            for place in [signs(Half::Filter), signs(Half::Preemption)].concat() {
                pen.write(Marks::sign(place), Role::Key)
                    .write(" ", Role::Text);
            }
        }
        pen.write(rejection.plugin, Role::Bad)
            .write(": ", Role::Dim);
        let mut message = rejection.refusal.message();
        if self.told(Stop::Outcome) && !signs(Half::Preemption).is_empty() {
            message = format!("{message} · {}", preemption.join(", "));
        }
        let room = pen.room();
        pen.cell(&message, room, Role::Text);
    }

    /// The cells as far as they are told, and the sum of those that are.
    fn draw_scores(&self, place: usize, is_selected: bool, pen: &mut Pen<'_, '_>) -> Option<i64> {
        let (columns, told) = (&self.columns, self.matter.told);
        let scores = self.matter.decision.columns();
        let is_weighted = |plugin: usize| {
            let part = Part::Weighted;
            self.told(Stop::Scored { plugin, part })
        };
        for (plugin, column) in scores[..columns.shown].iter().enumerate() {
            let width = columns.score - 1;
            let words = columns
                .detail
                .words_at((plugin, column), place, told, width);
            let role = match column.weighted(place) {
                0 => Role::Dim,
                _ => Role::Text,
            };
            let role = self.cell_role(Column::Score(plugin), is_selected, role);
            let start = pen.column();
            pen.write(&words, role).to(start + columns.score);
        }
        let sum_of = |plugins: std::ops::Range<usize>| -> i64 {
            let told = plugins.filter(|plugin| is_weighted(*plugin));
            told.map(|plugin| scores[plugin].weighted(place)).sum()
        };
        if columns.rest > 0 {
            let start = pen.column();
            if is_weighted(columns.shown) {
                let is_under =
                    matches!(self.matter.under, Some(Column::Score(at)) if at >= columns.shown);
                let role = if is_selected && is_under {
                    Role::Selected
                } else {
                    Role::Text
                };
                pen.write(&sum_of(columns.shown..scores.len()).to_string(), role);
            }
            pen.to(start + columns.score);
        }
        is_weighted(0).then(|| sum_of(0..scores.len()))
    }

    fn draw_total(
        &self,
        (sum, won, best): (i64, bool, bool),
        is_selected: bool,
        pen: &mut Pen<'_, '_>,
    ) {
        let is_known = self.told(Stop::Totals);
        let (sign, role) = match (won && self.told(Stop::Outcome), best && is_known) {
            (true, _) => ("★", Role::Good),
            (false, true) => ("=", Role::Waiting),
            (false, false) => (" ", Role::Text),
        };
        let role = if is_known { role } else { Role::Dim };
        let number = self.cell_role(Column::Total, is_selected, role);
        let text = sum.to_string();
        pen.to(pen.column() + (TOTAL - 2).saturating_sub(text.len()))
            .write(&text, number)
            .write(" ", role)
            .write(sign, role);
    }
}
