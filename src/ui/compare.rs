//! Two runs side by side: what each of them did from the first record that differs on, and the objects
//! that differ, field by field.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::panes::events::{fitted, sentence};
use super::theme::Role;
use super::view::View;
use serde_json::Value;

use crate::api::{Actor, Key, Kind};
use crate::apiserver;
use crate::cluster::compare::{Difference, differences, first_difference, told_changes};
use crate::cluster::driver::Beside;
use crate::cluster::{Cluster, Detail, Record, Trace};
use crate::manifest::{FieldChange, in_words};
use crate::sim::{RecordId, RecordKind, Time};
use crate::store::ChangeType;

/// How many records before the first difference are shown.
const BEFORE: usize = 2;

/// The most records of each side that are looked at.
const RECORDS_MOST: usize = 20_000;

/// The columns of the time before the two sides.
const TIME_WIDTH: usize = 12;

/// What stands between the two sides.
const DIVIDER: &str = "│ ";

/// What stands between the two values of a field.
const ARROW: &str = " → ";

/// Two runs that do the same within so much time do the same: their delays differ by chance.
const LIKE_WITHIN: Duration = Duration::from_millis(50);

/// The fields that tell most of a change, the best first.
const TELLING: [&str; 8] = [
    "spec.nodeName",
    "status.phase",
    "spec.taints",
    "spec.replicas",
    "status.readyReplicas",
    "status.replicas",
    "status.containerStatuses",
    "spec",
];

/// One side of the screen.
struct Side<'a> {
    name: &'a str,
    world: &'a Cluster,
    is_shown: bool,
}

/// What happened at one moment on the left, on the right, or on both.
struct Row {
    left: Option<Told>,
    right: Option<Told>,
}

/// A record in the words of the comparison.
struct Told {
    record: RecordId,
    time: Time,
    words: String,
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
    let horizon = left
        .world
        .trace()
        .horizon()
        .max(right.world.trace().horizon());
    let title = match first {
        Some(first) if first == horizon && first > RecordId(0) => {
            format!("Two runs that part before record {first}; what came before is forgotten")
        }
        Some(first) => format!("Two runs, the same up to record {first} ≠"),
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
    usize::from(width).saturating_sub(TIME_WIDTH + DIVIDER.width()) / 2
}

/// The names of both runs and the moment that is shown of each.
fn heads<'a>(view: &View<'_>, left: &Side<'_>, right: &Side<'_>, width: u16) -> Line<'a> {
    let head = |side: &Side<'_>| {
        let sign = if side.is_shown { "◉" } else { "○" };
        let is_settled = side.world.is_settled();
        let settled = if is_settled { " · settled" } else { "" };
        let time = side.world.now();
        let steps = side.world.steps();
        let words = format!("{sign} {} · {time} · step {steps}{settled}", side.name);
        let role = if side.is_shown {
            Role::Title
        } else {
            Role::Text
        };
        view.span(fitted(&words, half(width)), role)
    };
    Line::from(vec![
        view.span(format!("{:>TIME_WIDTH$}", "time  "), Role::Dim),
        head(left),
        view.span(DIVIDER, Role::Border),
        head(right),
    ])
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

/// The first rows of both sides in the order of time, from a bit before the first record that differs.
fn rows(left: &Side<'_>, right: &Side<'_>, first: Option<RecordId>, most: usize) -> Vec<Row> {
    let from = first.unwrap_or_else(|| left.world.trace().next_id());
    let trace = left.world.trace();
    let before = (0..from.0).rev().filter_map(|id| trace.get(RecordId(id)));
    let before = before.filter(|record| is_told(record)).take(BEFORE);
    let mut rows: Vec<Row> = before
        .map(|record| Row {
            left: Some(Told::of(record)),
            right: Some(Told::of(record)),
        })
        .collect();
    rows.reverse();
    let mut left = told(left.world.trace(), from).peekable();
    let mut right = told(right.world.trace(), from).peekable();
    while rows.len() < most {
        let (takes_left, takes_right) = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(one), Some(other)) if one.is_like(other) => (true, true),
            (Some(one), Some(other)) => (one.time <= other.time, one.time > other.time),
        };
        rows.push(Row {
            left: left.next_if(|_| takes_left),
            right: right.next_if(|_| takes_right),
        });
    }
    rows
}

/// What is worth a line of a trace, from a record on.
fn told(trace: &Trace, from: RecordId) -> impl Iterator<Item = Told> {
    let records = trace.since(from).take(RECORDS_MOST);
    let records = records.filter(|record| is_told(record));
    records.map(|record| Told::of(record))
}

impl Told {
    fn of(record: &Record) -> Self {
        Self {
            record: record.id,
            time: record.time,
            words: words(record),
        }
    }

    /// Whether the other run did the same at about the same time.
    fn is_like(&self, other: &Self) -> bool {
        let apart = self.time.since(other.time).max(other.time.since(self.time));
        apart < LIKE_WITHIN && self.words == other.words
    }
}

fn happenings<'a>(
    view: &View<'_>,
    (left, right): (&Side<'_>, &Side<'_>),
    first: Option<RecordId>,
    width: u16,
    height: usize,
) -> Vec<Line<'a>> {
    let scroll = view.model.compare_scroll;
    let rows = rows(left, right, first, scroll.saturating_add(height));
    let top = rows.len().saturating_sub(height).min(scroll);
    let shown = rows.iter().skip(top).take(height);
    shown
        .map(|row| happening(view, row, first, width))
        .collect()
}

/// What only one of them did stands on its side; what both did is told once, over both.
fn happening<'a>(view: &View<'_>, row: &Row, first: Option<RecordId>, width: u16) -> Line<'a> {
    let told = row.left.as_ref().or(row.right.as_ref());
    let is_same = row.left.is_some() && row.right.is_some();
    let is_first = !is_same && told.map(|told| told.record) == first;
    let seconds = told.map_or_else(String::new, |told| told.time.to_string());
    let sign = if is_first { "≠" } else { " " };
    let role = match (is_same, is_first) {
        (true, _) => Role::Dim,
        (_, true) => Role::Fresh,
        _ => Role::Text,
    };
    let time = format!("{sign}{seconds:>before$}  ", before = TIME_WIDTH - 3);
    let mut spans = vec![view.span(time, if is_first { role } else { Role::Dim })];
    let words = |told: &Option<Told>, room: usize| {
        let words = told.as_ref().map_or("", |told| &told.words);
        let narrow = || {
            words
                .replace("kube-scheduler", "scheduler")
                .replace("pod …", "…")
        };
        let words = if words.width() > room {
            narrow()
        } else {
            words.to_owned()
        };
        fitted(&words, room)
    };
    if is_same {
        let room = usize::from(width).saturating_sub(TIME_WIDTH);
        spans.push(view.span(words(&row.left, room), role));
    } else {
        spans.push(view.span(words(&row.left, half(width)), role));
        spans.push(view.span(DIVIDER, Role::Border));
        spans.push(view.span(words(&row.right, half(width)), role));
    }
    Line::from(spans)
}

/// Who did what; of a write, what it changed that tells most.
fn words(record: &Record) -> String {
    let by = |actor: &Actor| actor.to_string().replace("-controller", "-c.");
    let Detail::Api(apiserver::Note::Committed { change, by: writer }) = &record.detail else {
        let sentence = sentence(record);
        return match sentence.strip_prefix("runs: ") {
            Some(line) => line.to_owned(),
            None => format!("{}: {sentence}", by(&record.actor)),
        };
    };
    let (writer, name) = (by(writer), short(&change.key));
    let before = match (&change.change_type, &change.previous) {
        (ChangeType::Modified, Some(before)) => before,
        (ChangeType::Deleted, _) => return format!("{writer}: {name} is gone"),
        _ => return format!("{writer}: new {name}"),
    };
    if change.object.is_terminating() && !before.is_terminating() {
        return format!("{writer}: {name} is told to end");
    }
    let changes = told_changes(&before.to_value(), &change.object.to_value());
    let rank = |change: &&FieldChange| {
        let place = TELLING
            .iter()
            .position(|path| change.path.starts_with(path));
        place.unwrap_or(TELLING.len())
    };
    let Some(change) = changes.iter().min_by_key(rank) else {
        return format!("{writer}: {name} reported");
    };
    let field = change
        .path
        .trim_start_matches("spec.")
        .trim_start_matches("status.");
    let value = change
        .after
        .as_ref()
        .map_or_else(|| "–".to_owned(), in_words);
    if field == "nodeName" {
        return format!("{writer}: {name} → {value}");
    }
    format!("{writer}: {name} {field} {value}")
}

/// `pod …tp74c`: the end of a long name tells it from its brothers.
fn short(key: &Key) -> String {
    let kind = key.kind.info().name.to_ascii_lowercase();
    match key.name.rsplit_once('-') {
        Some((begin, end)) if begin.len() + end.len() > 12 => format!("{kind} …{end}"),
        _ => format!("{kind} {}", key.name),
    }
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
    let path = format!("     {}  ", field.path);
    let words = |value: &Option<Value>| {
        let words = value.as_ref().map(in_words);
        words.unwrap_or_else(|| "–".to_owned())
    };
    let (before, after) = (words(&field.before), words(&field.after));
    let room = usize::from(width).saturating_sub(path.width() + ARROW.width());
    // A short value leaves its room to the other one.
    let for_before = before
        .width()
        .min(room.saturating_sub(after.width()).max(room / 2));
    let for_after = after.width().min(room.saturating_sub(for_before));
    Line::from(vec![
        view.span(path, Role::Dim),
        view.span(fitted(&before, for_before), Role::Desired),
        view.span(ARROW, Role::Dim),
        view.span(fitted(&after, for_after), Role::Current),
    ])
}
