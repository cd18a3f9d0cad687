//! Two runs side by side: what each of them did from the first record that differs on, and the objects
//! that differ, field by field.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::panes::events::{fitted, sentence};
use super::theme::Role;
use super::view::View;
use serde_json::Value;

use crate::api::{Actor, Kind};
use crate::apiserver;
use crate::cluster::compare::{Difference, differences, first_difference, told_changes};
use crate::cluster::driver::Beside;
use crate::cluster::{Cluster, Detail, Record};
use crate::manifest::{FieldChange, in_words};
use crate::sim::{RecordId, RecordKind};
use crate::store::ChangeType;

/// How many records before the first difference are shown.
const BEFORE: usize = 2;

/// The most records of each side that are looked at.
const RECORDS_MOST: usize = 20_000;

/// The columns of the time between the two sides.
const TIME_WIDTH: usize = 10;

/// One side of the screen.
struct Side<'a> {
    name: &'a str,
    world: &'a Cluster,
    is_shown: bool,
}

/// What happened at one moment on the left, on the right, or on both.
struct Row {
    left: Option<Arc<Record>>,
    right: Option<Arc<Record>>,
}

/// Draws both runs over the panes.
pub fn draw(view: &View<'_>, beside: &Beside, area: Rect, buf: &mut Buffer) {
    let runs = &view.snapshot.runs;
    let shown = Side {
        name: &runs[view.snapshot.run].name,
        world: view.world(),
        is_shown: true,
    };
    let other = Side {
        name: &runs[beside.place].name,
        world: &beside.world,
        is_shown: false,
    };
    // The older run stands on the left.
    let (left, right) = if beside.place < view.snapshot.run {
        (other, shown)
    } else {
        (shown, other)
    };
    Clear.render(area, buf);
    buf.set_style(area, view.theme.ground());
    let first = first_difference(left.world.trace(), right.world.trace(), RecordId(0));
    let title = match first {
        Some(first) => format!("Two runs, the same up to record {first}"),
        None => "Two runs, so far the same".to_owned(),
    };
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(view.theme.style(Role::Focus))
        .title(Line::from(vec![
            Span::raw(" "),
            view.span(title, Role::Title),
            Span::raw(" "),
        ]));
    let inside = block.inner(area);
    block.render(area, buf);
    let objects = objects(view, &left, &right, inside.width);
    let wanted = u16::try_from(objects.len()).unwrap_or(u16::MAX);
    let below = wanted.min(inside.height / 2).max(inside.height.min(3));
    let above = inside.height.saturating_sub(below + 1);
    let mut lines = vec![heads(view, &left, &right, inside.width)];
    lines.extend(happenings(
        view,
        (&left, &right),
        first,
        inside.width,
        usize::from(above),
    ));
    lines.truncate(usize::from(above) + 1);
    lines.resize(usize::from(above) + 1, Line::default());
    lines.extend(objects);
    for (y, line) in (inside.y..inside.bottom()).zip(lines) {
        line.render(
            Rect {
                y,
                height: 1,
                ..inside
            },
            buf,
        );
    }
}

/// The columns of one side.
fn half(width: u16) -> usize {
    usize::from(width).saturating_sub(TIME_WIDTH + 2) / 2
}

/// The names of both runs and the moment that is shown of each.
fn heads<'a>(view: &View<'_>, left: &Side<'_>, right: &Side<'_>, width: u16) -> Line<'a> {
    let head = |side: &Side<'_>| {
        let sign = if side.is_shown { "◉" } else { "○" };
        let settled = if side.world.is_settled() {
            ", settled"
        } else {
            ""
        };
        let (steps, now) = (side.world.steps(), side.world.now());
        let words = format!("{sign} {} · step {steps} · t {now}{settled}", side.name);
        let role = if side.is_shown {
            Role::Title
        } else {
            Role::Text
        };
        view.span(fitted(&words, half(width)), role)
    };
    let time = view.span(
        format!("{:^width$}", "t", width = TIME_WIDTH + 2),
        Role::Dim,
    );
    Line::from(vec![head(left), time, head(right)])
}

/// What is worth a line when two runs are compared: what was asked, written, decided, started, ended.
fn is_told(record: &Record) -> bool {
    use RecordKind as Is;
    let kind = record.kind();
    let about = record.object().map(|key| key.kind);
    let is_aside = matches!(about, Some(Kind::Lease | Kind::Event | Kind::EndpointSlice));
    let is_fault = kind.name().starts_with("fault.");
    let is_told = matches!(
        kind,
        Is::Command
            | Is::StoreCommit
            | Is::ApiReject
            | Is::ApiConflict
            | Is::SchedScore
            | Is::SchedPreempt
            | Is::ContainerStart
            | Is::ContainerExit
            | Is::LeaseLost
            | Is::EvictVerdict
    );
    (is_told || is_fault) && !is_aside
}

/// The records of both sides in the order of time, from a bit before the first that differs.
fn rows(left: &Side<'_>, right: &Side<'_>, first: Option<RecordId>) -> Vec<Row> {
    let told = |side: &Side<'_>, from: RecordId| -> Vec<Arc<Record>> {
        let records = side.world.trace().since(from).take(RECORDS_MOST);
        records.filter(|record| is_told(record)).cloned().collect()
    };
    let from = first.unwrap_or_else(|| left.world.trace().next_id());
    let trace = left.world.trace();
    let before = (0..from.0).rev().filter_map(|id| trace.get(RecordId(id)));
    let mut before: Vec<Row> = before
        .filter(|record| is_told(record))
        .take(BEFORE)
        .map(|record| Row {
            left: Some(Arc::clone(record)),
            right: Some(Arc::clone(record)),
        })
        .collect();
    before.reverse();
    let mut rows = before;
    let (left, right) = (told(left, from), told(right, from));
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let (takes_left, takes_right) = match (left.peek(), right.peek()) {
            (None, None) => return rows,
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(one), Some(other)) if is_like(one, other) => (true, true),
            (Some(one), Some(other)) => (one.time <= other.time, one.time > other.time),
        };
        rows.push(Row {
            left: left.next_if(|_| takes_left),
            right: right.next_if(|_| takes_right),
        });
    }
}

/// Whether both say the same at the same time.
fn is_like(one: &Record, other: &Record) -> bool {
    one.time == other.time && one.actor == other.actor && one.sentence() == other.sentence()
}

fn happenings<'a>(
    view: &View<'_>,
    (left, right): (&Side<'_>, &Side<'_>),
    first: Option<RecordId>,
    width: u16,
    height: usize,
) -> Vec<Line<'a>> {
    let rows = rows(left, right, first);
    let last = rows.len().saturating_sub(height);
    let scroll = view.model.compare_scroll.min(last);
    let rows = rows.iter().skip(scroll).take(height);
    rows.map(|row| happening(view, row, first, width)).collect()
}

fn happening<'a>(view: &View<'_>, row: &Row, first: Option<RecordId>, width: u16) -> Line<'a> {
    let is_same = row.left.is_some() && row.right.is_some();
    let is_first = |record: &Arc<Record>| !is_same && Some(record.id) == first;
    let side = |record: &Option<Arc<Record>>| match record {
        None => view.span(" ".repeat(half(width)), Role::Text),
        Some(record) => {
            let sign = if is_first(record) { "≠" } else { " " };
            let words = format!("{sign} {}", words(record));
            let role = match (is_same, is_first(record)) {
                (true, _) => Role::Dim,
                (_, true) => Role::Fresh,
                _ => Role::Text,
            };
            view.span(fitted(&words, half(width)), role)
        }
    };
    let time = row.left.as_ref().or(row.right.as_ref());
    let time = time.map_or_else(String::new, |record| {
        let millis = record.time.as_millis();
        format!("{}.{:03}", millis / 1000, millis % 1000)
    });
    let time = view.span(format!("{time:^width$}", width = TIME_WIDTH + 2), Role::Dim);
    Line::from(vec![side(&row.left), time, side(&row.right)])
}

/// Who did what, and of a write the first field that it changed.
fn words(record: &Record) -> String {
    let short = |actor: &Actor| actor.to_string().replace("-controller", "-c.");
    let Detail::Api(apiserver::Note::Committed { change, by }) = &record.detail else {
        return format!("{} {}", short(&record.actor), sentence(record));
    };
    let name = change.key.to_string().replace(" default/", " ");
    let by = short(by);
    let before = match (&change.change_type, &change.previous) {
        (ChangeType::Modified, Some(before)) => before,
        (ChangeType::Deleted, _) => return format!("{by} removes {name}"),
        _ => return format!("{by} creates {name}"),
    };
    let changes = told_changes(&before.to_value(), &change.object.to_value());
    let first = changes.first().map(|change| {
        let value = change
            .after
            .as_ref()
            .map_or_else(|| "–".to_owned(), in_words);
        format!(" {}: {value}", change.path)
    });
    format!("{by} → {name}{}", first.unwrap_or_default())
}

/// The objects that differ, field by field.
fn objects<'a>(view: &View<'_>, left: &Side<'_>, right: &Side<'_>, width: u16) -> Vec<Line<'a>> {
    let found = differences(left.world, right.world);
    let head = match found.len() {
        0 => "No object differs.".to_owned(),
        1 => "1 object differs:".to_owned(),
        count => format!("{count} objects differ:"),
    };
    let mut lines = vec![Line::from(view.span(head, Role::Title))];
    for difference in &found {
        let name = difference.key().to_string().replace(" default/", " ");
        let only = |sign: &str, side: &Side<'_>| {
            let words = format!(" {sign} {name} is only in {}", side.name);
            Line::from(view.span(fitted(&words, usize::from(width)), Role::Text))
        };
        match difference {
            Difference::OnlyLeft(_) => lines.push(only("−", left)),
            Difference::OnlyRight(_) => lines.push(only("+", right)),
            Difference::Fields(_, fields) => {
                lines.push(Line::from(view.span(format!(" ~ {name}"), Role::Text)));
                lines.extend(fields.iter().map(|each| field(view, each, width)));
            }
        }
    }
    lines
}

fn field<'a>(view: &View<'_>, field: &FieldChange, width: u16) -> Line<'a> {
    let path_width = (usize::from(width) / 3).min(44);
    let value_width = usize::from(width).saturating_sub(path_width + 10) / 2;
    let value = |value: &Option<Value>| {
        let words = value.as_ref().map_or_else(|| "–".to_owned(), in_words);
        fitted(&words, value_width)
    };
    Line::from(vec![
        view.span(
            format!("     {}", fitted(&field.path, path_width)),
            Role::Dim,
        ),
        view.span(format!(" {}", value(&field.before)), Role::Desired),
        view.span(" → ", Role::Dim),
        view.span(value(&field.after), Role::Current),
    ])
}
