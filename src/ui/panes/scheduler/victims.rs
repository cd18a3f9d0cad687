//! Preemption as a table: which pods would have to leave each node, and by what one is chosen.

use unicode_width::UnicodeWidthStr;

use super::Matter;
use crate::scheduler::{Candidate, Criterion, Preemption};
use crate::sim::Time;
use crate::ui::panes::pen::{Pen, clipped};
use crate::ui::theme::Role;

/// The criteria in their order, with their headings and widths.
const COLUMNS: [(Criterion, &str, usize); 5] = [
    (Criterion::FewestBudgetViolations, "budgets", 8),
    (Criterion::LowestHighestPriority, "highest", 12),
    (Criterion::LowestSumOfPriorities, "sum", 16),
    (Criterion::FewestVictims, "pods", 5),
    (Criterion::LatestStart, "started", 14),
];

/// From this width on there is room for every column in full.
const WIDE_FROM: usize = 100;

/// How many lines the table would like to have; none when there is nothing to show.
pub(super) fn lines(matter: &Matter<'_>) -> usize {
    let preemption = matter.decision.preemption();
    preemption.map_or(0, |found| match found.candidates.len() {
        0 => 0,
        count => count + found.hopeless.len() + 2,
    })
}

/// Draws the candidates, then the nodes where nobody could help, into so many lines.
pub(super) fn draw(matter: &Matter<'_>, lines: usize, pen: &mut Pen<'_, '_>) {
    let Some(preemption) = matter.decision.preemption() else {
        return;
    };
    if lines < 2 || preemption.candidates.is_empty() {
        return;
    }
    draw_title(preemption, pen);
    let table = Table::of(preemption, pen.width());
    let mut left = lines - 1;
    if left > 1 {
        table.draw_heading(pen);
        left -= 1;
    }
    let chosen = preemption.chosen.map(|(place, _)| place);
    let mut order: Vec<usize> = (0..preemption.candidates.len()).collect();
    order.sort_by_key(|place| Some(*place) != chosen);
    let rows = order.len() + preemption.hopeless.len();
    let shown = if rows <= left {
        rows
    } else {
        left.saturating_sub(1)
    };
    for place in order.iter().take(shown) {
        table.draw_candidate(*place, pen);
    }
    for (node, rejection) in preemption
        .hopeless
        .iter()
        .take(shown.saturating_sub(order.len()))
    {
        pen.cell(node, table.name, Role::Text)
            .write("  ", Role::Text);
        let words = format!(
            "not even if all of lower priority leave: {}",
            rejection.refusal.message()
        );
        let room = pen.room();
        pen.cell(&words, room, Role::Dim).next_line();
    }
    if shown < rows {
        pen.write(&format!("⋮ {} more nodes", rows - shown), Role::Dim)
            .next_line();
    }
}

fn draw_title(preemption: &Preemption, pen: &mut Pen<'_, '_>) {
    let Some((choice, (_, criterion))) = preemption.choice().zip(preemption.chosen) else {
        return;
    };
    let untried = match preemption.untried {
        0 => String::new(),
        more => format!("; {more} more were not tried"),
    };
    pen.write("what if these leave?  ", Role::Title)
        .write("→ ", Role::Good)
        .write(&choice.node, Role::Good)
        .write(
            &format!(": {}{untried}", criterion_words(criterion)),
            Role::Text,
        )
        .next_line();
}

fn criterion_words(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Only => "the only node where that helps",
        Criterion::FewestBudgetViolations => "the fewest victims that a budget protects",
        Criterion::LowestHighestPriority => "its most important victim is the least important",
        Criterion::LowestSumOfPriorities => "the lowest sum of its victims' priorities",
        Criterion::FewestVictims => "the fewest victims",
        Criterion::LatestStart => "its most important victims have run for the shortest time",
        Criterion::First => "all are the same, the first is taken",
    }
}

struct Table<'a> {
    preemption: &'a Preemption,
    fell: Vec<Option<Criterion>>,
    name: usize,
    victims: usize,
    is_wide: bool,
}

impl<'a> Table<'a> {
    fn of(preemption: &'a Preemption, width: usize) -> Self {
        let nodes = preemption
            .candidates
            .iter()
            .map(|candidate| &candidate.node);
        let nodes = nodes.chain(preemption.hopeless.iter().map(|(node, _)| node));
        let name = nodes.map(|node| node.width()).max().unwrap_or(0).min(20);
        let is_wide = width >= WIDE_FROM;
        let mut table = Self {
            fell: preemption.fell_by(),
            preemption,
            name,
            victims: 0,
            is_wide,
        };
        let columns: usize = COLUMNS
            .iter()
            .map(|column| table.column_width(column))
            .sum();
        table.victims = width.saturating_sub(name + 2 + columns).clamp(8, 60);
        table
    }

    fn column_width(&self, (criterion, _, wide): &(Criterion, &str, usize)) -> usize {
        match criterion {
            _ if self.is_wide => *wide,
            Criterion::LowestHighestPriority => 9,
            Criterion::LowestSumOfPriorities => 13,
            Criterion::LatestStart => 10,
            _ => *wide,
        }
    }

    fn draw_heading(&self, pen: &mut Pen<'_, '_>) {
        pen.to(self.name + 2)
            .cell("victims (priority)", self.victims, Role::Dim);
        for column in &COLUMNS {
            pen.cell(column.1, self.column_width(column), Role::Dim);
        }
        pen.next_line();
    }

    fn draw_candidate(&self, place: usize, pen: &mut Pen<'_, '_>) {
        let candidate = &self.preemption.candidates[place];
        let chosen = self.preemption.chosen.filter(|(at, _)| *at == place);
        let decided_by = chosen.map(|(_, criterion)| criterion);
        let role = if chosen.is_some() {
            Role::Good
        } else {
            Role::Text
        };
        pen.cell(&candidate.node, self.name, role)
            .write("  ", Role::Text);
        let width = self.victims - 1;
        pen.cell(&clipped(&victims(candidate), width), self.victims, role);
        for column in &COLUMNS {
            let (criterion, width) = (column.0, self.column_width(column));
            // Where it fell behind; what comes after is not asked any more.
            let (sign, role) = match (self.fell[place], decided_by) {
                (Some(fell), _) if criterion == fell => ("✗", Role::Bad),
                (Some(fell), _) if criterion > fell => ("", Role::Dim),
                (_, Some(by)) if criterion == by => ("★", Role::Good),
                (_, Some(by)) if criterion > by => ("", Role::Dim),
                _ => ("", Role::Text),
            };
            let text = format!("{}{sign}", self.figure(criterion, candidate));
            pen.cell(&text, width, role);
        }
        pen.next_line();
    }

    fn figure(&self, criterion: Criterion, candidate: &Candidate) -> String {
        match criterion {
            Criterion::FewestBudgetViolations => candidate.budget_violations.to_string(),
            Criterion::LowestHighestPriority => candidate.highest_priority().to_string(),
            Criterion::LowestSumOfPriorities => sum_words(candidate),
            Criterion::FewestVictims => candidate.victims.len().to_string(),
            Criterion::LatestStart if candidate.earliest_start() == jiff::Timestamp::MAX => {
                "not yet".to_owned()
            }
            Criterion::LatestStart => {
                let time = Time::from_timestamp(candidate.earliest_start()).to_string();
                let room = if self.is_wide { 12 } else { 8 };
                time.chars().take(room).collect()
            }
            Criterion::Only | Criterion::First => String::new(),
        }
    }
}

/// The victims, the most important first, each with its priority.
fn victims(candidate: &Candidate) -> String {
    let each = candidate.victims.iter();
    let words = each.map(|victim| format!("{} ({})", victim.key.name, victim.priority));
    words.collect::<Vec<_>>().join(", ")
}

/// `2·2³¹+10`: each victim counts from the least priority there is, so that two never count less
/// than one.
fn sum_words(candidate: &Candidate) -> String {
    let count = candidate.victims.len();
    let plain: i64 = candidate
        .victims
        .iter()
        .map(|victim| i64::from(victim.priority))
        .sum();
    match count {
        1 => plain.to_string(),
        _ => format!("{count}·2³¹{plain:+}"),
    }
}
