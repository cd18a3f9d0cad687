//! Below the tree: spec against status of the selected object, the plan about it, and what comes next.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::fields::{self, Field};
use super::{coming, requests, verdict};
use crate::api::{Key, Object, meta};
use crate::client::{self, Reconcile};
use crate::cluster::Detail;
use crate::ui::panes::index::Index;
use crate::ui::panes::pen::{Pen, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many of the latest records about an object are looked through for a plan.
const LOOK_BACK: usize = 200;

/// Where the words of a plan begin.
const INDENT: usize = 6;

/// From this width on, fields are written with where they stand.
const WIDE_FROM: usize = 70;

/// One line of the lower part.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// Whose fields follow.
    Heading(String),
    /// A field and its report.
    Field(Field),
    /// Why the difference does not close.
    Verdict(String, Role),
    /// What became of requests.
    Requests(String, Role),
    /// A line of a plan: whether it is the first, and what it says.
    Plan(bool, String),
    /// A thing that the plan asks for.
    Action(String),
    /// What happens next.
    Next(String),
}

/// The lines, the most important last, because the last line stays when there is little room.
pub(super) fn lines(view: &View<'_>, index: &Index, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let selection = view.model.selection.as_ref();
    if let Some(object) = selection.and_then(|key| view.world().store().get(key)) {
        let mut fields = fields::fields(object);
        if let Object::Service(service) = object {
            let words = fields::selector_words(service);
            lines.push(Line::Heading(format!(
                "{} sends to ready pods with {words}",
                object.key()
            )));
        } else if !fields.is_empty() {
            lines.push(Line::Heading(format!("{}: spec ⇄ status", object.key())));
        }
        fields.sort_by_key(Field::agrees);
        if width < WIDE_FROM {
            fields.iter_mut().for_each(Field::shorten);
        }
        lines.extend(fields.into_iter().map(Line::Field));
        let requests = requests::lines(view, &object.key()).into_iter();
        lines.extend(requests.map(|(words, role)| Line::Requests(words, role)));
        if let Some((who, plan)) = plan_about(view, index, object) {
            lines.extend(plan_lines(&who, &plan, width));
        }
    }
    let subject = selection.or_else(|| verdict::first(&index.objects));
    let subject = subject.and_then(|key| view.world().store().get(key));
    let verdict = subject.and_then(|object| verdict::of(view.world(), &index.objects, object));
    if let Some((words, role)) = verdict {
        let broken = wrapped(&words, width.saturating_sub(INDENT));
        lines.extend(broken.into_iter().map(|words| Line::Verdict(words, role)));
    }
    let next = coming::lines(view, width.saturating_sub(INDENT));
    lines.extend(next.into_iter().map(Line::Next));
    lines
}

/// In how many lines all that must be said is said: the first line of what comes next, and why the
/// difference does not close.
pub(super) fn least(lines: &[Line]) -> usize {
    let verdicts = lines
        .iter()
        .filter(|line| matches!(line, Line::Verdict(..)));
    1 + verdicts.count()
}

/// The lines that stay in so many: what agrees goes first, then what is less than a sentence.
pub(super) fn fitting(mut lines: Vec<Line>, room: usize) -> Vec<Line> {
    for weight in 0..Line::WEIGHT_MOST {
        while lines.len() > room {
            let Some(place) = lines.iter().rposition(|line| line.weight() == weight) else {
                break;
            };
            lines.remove(place);
        }
    }
    lines.truncate(room);
    lines
}

impl Line {
    const WEIGHT_MOST: u8 = 5;

    /// How much is lost without it.
    fn weight(&self) -> u8 {
        match self {
            Self::Field(field) if field.agrees() => 0,
            Self::Action(_) | Self::Heading(_) => 1,
            Self::Plan(..) => 2,
            Self::Requests(..) => 3,
            Self::Field(_) => 4,
            Self::Verdict(..) | Self::Next(_) => Self::WEIGHT_MOST,
        }
    }
}

/// The plan about the object, or about what owns it.
fn plan_about(view: &View<'_>, index: &Index, object: &Object) -> Option<(String, Arc<Reconcile>)> {
    let key = object.key();
    let owner = meta::controller_of(object.metadata());
    let owner = owner.and_then(|owner| index.objects.owner(&owner.uid));
    last_plan(view, index, &key).or_else(|| last_plan(view, index, owner?))
}

fn last_plan(view: &View<'_>, index: &Index, key: &Key) -> Option<(String, Arc<Reconcile>)> {
    let trace = view.world().trace();
    let records = index.records.about(key).iter().rev().take(LOOK_BACK);
    let mut records = records.filter_map(|id| trace.get(*id));
    records.find_map(|record| match &record.detail {
        Detail::Client(client::Note::Planned(plan)) => {
            Some((record.actor.to_string(), Arc::clone(plan)))
        }
        _ => None,
    })
}

fn plan_lines(who: &str, plan: &Reconcile, width: usize) -> Vec<Line> {
    let words = if plan.difference.is_empty() {
        format!(
            "wants {}, sees {}: nothing to do",
            plan.desired, plan.observed
        )
    } else {
        format!(
            "wants {}, sees {}: {}",
            plan.desired, plan.observed, plan.difference
        )
    };
    let words = format!("{who} {words}");
    let broken = wrapped(&words, width.saturating_sub(INDENT))
        .into_iter()
        .take(3)
        .enumerate();
    let mut lines: Vec<Line> = broken
        .map(|(place, words)| Line::Plan(place == 0, words))
        .collect();
    lines.extend(
        plan.actions
            .iter()
            .take(3)
            .map(|action| Line::Action(action.clone())),
    );
    if plan.actions.len() > 3 {
        lines.push(Line::Action(format!("and {} more", plan.actions.len() - 3)));
    }
    lines
}

/// Draws the lines.
pub(super) fn draw(view: &View<'_>, lines: &[Line], area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    let widths = widths(lines, pen.width());
    let mut has_next = false;
    for line in lines {
        if let Line::Next(_) = line {
            pen.write(if has_next { "" } else { "next" }, Role::Key);
            has_next = true;
        }
        draw_line(line, widths, &mut pen);
        pen.next_line();
    }
}

/// How wide names and values are, so that they stand below each other.
fn widths(lines: &[Line], room: usize) -> [usize; 3] {
    let mut widths = [0; 3];
    for line in lines {
        if let Line::Field(field) = line {
            for (width, text) in widths
                .iter_mut()
                .zip([&field.spec, &field.want, &field.status])
            {
                *width = (*width).max(text.width());
            }
        }
    }
    widths[0] = widths[0].min(room / 3);
    widths[1] = widths[1].min(room / 5);
    widths[2] = widths[2].min(room / 3);
    widths
}

fn draw_line(line: &Line, widths: [usize; 3], pen: &mut Pen<'_, '_>) {
    match line {
        Line::Heading(text) => {
            pen.write("─ ", Role::Border)
                .write(text, Role::Title)
                .write(" ", Role::Text);
            let rest = pen.room();
            pen.write(&"─".repeat(rest), Role::Border);
        }
        Line::Field(field) => draw_field(field, widths, pen),
        Line::Requests(words, role) => {
            pen.write("requests ", Role::Key);
            let room = pen.room();
            pen.cell(words, room, *role);
        }
        Line::Plan(is_first, words) => {
            pen.write(if *is_first { "plan" } else { "" }, Role::Key)
                .to(INDENT)
                .write(words, Role::Text);
        }
        Line::Action(words) => {
            pen.to(INDENT)
                .write("→ ", Role::Desired)
                .write(words, Role::Text);
        }
        Line::Verdict(words, role) => {
            pen.to(INDENT).write(words, *role);
        }
        Line::Next(words) => {
            pen.to(INDENT).write(words, Role::Text);
        }
    }
}

fn draw_field(field: &Field, [spec, want, status]: [usize; 3], pen: &mut Pen<'_, '_>) {
    let (sign, role) = if field.agrees() {
        ("= ", Role::Dim)
    } else {
        ("≠ ", Role::Waiting)
    };
    pen.write(sign, role);
    pen.cell(&field.spec, spec, Role::Dim)
        .write(" ", Role::Text);
    pen.cell(&field.want, want, Role::Desired)
        .write(" ⇄ ", Role::Dim);
    pen.cell(&field.status, status, Role::Dim)
        .write(" ", Role::Text);
    let have = if field.agrees() {
        Role::Current
    } else {
        Role::Waiting
    };
    let room = pen.room();
    pen.cell(&field.have, room, have);
}
