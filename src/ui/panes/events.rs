//! 7 Events: the trace, one aligned line a record, each with who, what, and because of what.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::{Direction, Neighbour, border};
use crate::cluster::{Detail, Record};
use crate::sim::{RecordId, RecordKind};
use crate::ui::action::Action;
use crate::ui::keymap::{Situation, key_for};
use crate::ui::model::Pane;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// From this width on there is room for the revision and the number of the cause.
const WIDE: u16 = 96;

/// Below this width `deployment-controller` is written as `deployment-c.`
const NARROW: u16 = 76;

/// The widest actor that is not cut, and where there is little room.
const ACTOR_MOST: usize = 26;
const ACTOR_NARROW_MOST: usize = 17;

/// Draws it.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let inside = border::draw(
        view,
        Pane::Events,
        (Pane::Events.name(), Pane::Events.question(), &aside(view)),
        area,
        buf,
    );
    let trace = view.world().trace();
    let ids = view.model.events.until(trace);
    let cursor = cursor(ids, view.model.record);
    let window = window(ids.len(), cursor, usize::from(inside.height));
    let records: Vec<&Record> = ids[window]
        .iter()
        .filter_map(|id| trace.get(*id))
        .map(|record| &**record)
        .collect();
    if records.is_empty() {
        let words = if view.model.events.filter().is_empty() {
            " Nothing has been asked of the cluster yet."
        } else {
            " No record contains this text."
        };
        Line::from(view.span(words, Role::Dim)).render(inside, buf);
        return;
    }
    let at = view
        .model
        .record
        .and_then(|id| trace.get(id))
        .map(|record| &**record);
    let table = Table::of(&records, inside.width);
    for (y, record) in (inside.y..inside.bottom()).zip(records) {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        table.line(view, record, at).render(row, buf);
        view.target(row, || Neighbour::Record(record.id));
        if at.is_some_and(|at| at.id == record.id) && view.focus() == Pane::Events {
            buf.set_style(row, view.theme.style(Role::Selected));
        }
    }
}

/// The record above or below the cursor, its cause to the left, its first effect to the right. Below
/// the last one there is none: then the events follow the newest.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<RecordId> {
    let trace = view.world().trace();
    let ids = view.model.events.until(trace);
    let here = cursor(ids, view.model.record);
    let record = trace.get(view.model.record.or(ids.last().copied())?)?;
    match direction {
        Direction::Up => ids.get(here.saturating_sub(1)).copied(),
        Direction::Down => ids.get(here + 1).copied(),
        Direction::Left => record.cause.filter(|cause| !trace.has_forgotten(*cause)),
        Direction::Right => {
            let mut later = trace.since(record.id.next());
            later
                .find(|effect| effect.cause == Some(record.id))
                .map(|effect| effect.id)
        }
    }
}

fn aside(view: &View<'_>) -> String {
    let events = &view.model.events;
    let hidden = events.hidden_until(view.world().trace());
    let heartbeats = match (events.shows_heartbeats(), hidden) {
        (true, _) => "all records".to_owned(),
        (false, 0) => String::new(),
        (false, _) => {
            let key = key_for(Situation::Events, &Action::Heartbeats);
            format!("{hidden} hidden: {key}")
        }
    };
    let filter = match events.filter() {
        "" => String::new(),
        filter => format!("/{filter}"),
    };
    [filter, heartbeats].join(" ").trim().to_owned()
}

/// The place of the cursor: the record, or the last one before it that is shown; the end without one.
fn cursor(ids: &[RecordId], record: Option<RecordId>) -> usize {
    match record {
        Some(record) => ids.partition_point(|id| *id <= record).saturating_sub(1),
        None => ids.len().saturating_sub(1),
    }
}

/// The rows to show: as many as fit, the cursor among them, with a third of the height after it.
fn window(rows: usize, cursor: usize, height: usize) -> std::ops::Range<usize> {
    let end = (cursor + 1 + height / 3).max(height).min(rows);
    end.saturating_sub(height)..end
}

/// The widths of the columns.
struct Table {
    time: usize,
    actor: usize,
    sentence: usize,
    is_narrow: bool,
    is_wide: bool,
}

impl Table {
    fn of(records: &[&Record], width: u16) -> Self {
        let is_wide = width >= WIDE;
        let is_narrow = width < NARROW;
        let widest = |words: &dyn Fn(&Record) -> String| {
            let widths = records.iter().map(|record| words(record).width());
            widths.max().unwrap_or(0)
        };
        let time = widest(&|record| record.time.to_string());
        let actor = widest(&|record| actor(record, is_narrow));
        let actor = actor.min(if is_narrow {
            ACTOR_NARROW_MOST
        } else {
            ACTOR_MOST
        });
        let around = 2 + time + 1 + actor + 2 + if is_wide { 7 + 9 + 10 } else { 0 };
        Self {
            time,
            actor,
            sentence: usize::from(width).saturating_sub(around),
            is_narrow,
            is_wide,
        }
    }

    fn line<'a>(&self, view: &View<'_>, record: &Record, at: Option<&Record>) -> Line<'a> {
        let (sign, sign_role) = sign(view, record, at);
        let is_fresh = view.world().last_records().any(|last| last.id == record.id);
        let time_role = if is_fresh { Role::Fresh } else { Role::Dim };
        let number = if self.is_wide {
            format!("{:>6} ", record.id.to_string())
        } else {
            String::new()
        };
        let mut spans = vec![
            view.span(format!("{sign} "), sign_role),
            view.span(number, Role::Dim),
            view.span(format!("{:>1$} ", record.time, self.time), time_role),
            view.span(
                fitted(&actor(record, self.is_narrow), self.actor),
                Role::Desired,
            ),
            Span::raw("  "),
            view.span(
                fitted(&brief(record, self.sentence), self.sentence),
                role(record),
            ),
        ];
        if self.is_wide {
            let because = record
                .cause
                .map_or_else(String::new, |cause| format!("↳ {cause}"));
            spans.push(view.span(
                format!(" {:>8}", format!("rev {}", record.revision)),
                Role::Dim,
            ));
            spans.push(view.span(format!(" {because:<9}"), Role::Dim));
        }
        Line::from(spans).style(Style::default())
    }
}

/// Who, shortened where there is little room.
fn actor(record: &Record, is_narrow: bool) -> String {
    let name = record.actor.to_string();
    match name.strip_suffix("-controller") {
        Some(loop_name) if is_narrow => format!("{loop_name}-c."),
        _ => name,
    }
}

/// The sentence of a record. The namespace `default` is left out, as kubectl leaves it out.
#[must_use]
pub fn sentence(record: &Record) -> String {
    record.sentence().replace(" default/", " ")
}

/// The sentence in so many columns. The long beginning of a path says less than its end, so it goes first.
#[must_use]
pub fn brief(record: &Record, room: usize) -> String {
    let whole = sentence(record);
    if whole.width() <= room {
        return whole;
    }
    let short = |word: &str| {
        let (_, after) = word.split_once("/namespaces/default/")?;
        Some(format!("…/{after}"))
    };
    let words = whole.split(' ');
    let words: Vec<String> = words
        .map(|word| short(word).unwrap_or_else(|| word.to_owned()))
        .collect();
    words.join(" ")
}

/// What a record is to the one under the cursor, or to the selected object.
fn sign(view: &View<'_>, record: &Record, at: Option<&Record>) -> (&'static str, Role) {
    let Some(at) = at else {
        let is_about = record.object().is_some_and(|key| view.is_selected(&key));
        return if is_about {
            ("•", Role::Focus)
        } else {
            (" ", Role::Dim)
        };
    };
    if record.id == at.id {
        ("▶", Role::Key)
    } else if at.cause == Some(record.id) {
        ("┌", Role::Focus)
    } else if record.cause == Some(at.id) {
        ("└", Role::Focus)
    } else {
        (" ", Role::Dim)
    }
}

fn role(record: &Record) -> Role {
    if let Detail::Traffic(note) = &record.detail
        && note.counts.lost() > 0
    {
        return Role::Bad;
    }
    match record.kind() {
        RecordKind::Command => Role::Title,
        RecordKind::StoreCommit => Role::Current,
        RecordKind::ApiReject
        | RecordKind::ApiConflict
        | RecordKind::WatchGone
        | RecordKind::LeaseLost
        | RecordKind::FaultNodeDown
        | RecordKind::FaultPartition
        | RecordKind::FaultCrash
        | RecordKind::FaultProbe
        | RecordKind::FaultSlowRegistry
        | RecordKind::FaultImage
        | RecordKind::FaultSlowDisk
        | RecordKind::FaultCompact
        | RecordKind::FaultCutWatch
        | RecordKind::FaultWatch
        | RecordKind::FaultComponent
        | RecordKind::FaultSecondClient => Role::Bad,
        RecordKind::QueueBackoff | RecordKind::BackoffWait => Role::Waiting,
        _ => Role::Text,
    }
}

/// Text in exactly so many columns; what is longer ends with `…`.
pub fn fitted(text: &str, width: usize) -> String {
    let mut fitted = String::new();
    let mut used = 0;
    let whole = text.width();
    for letter in text.chars() {
        let letter_width = unicode_width::UnicodeWidthChar::width(letter).unwrap_or(0);
        if whole > width && used + letter_width + 1 > width {
            if used < width {
                fitted.push('…');
                used += 1;
            }
            break;
        }
        fitted.push(letter);
        used += letter_width;
    }
    fitted.push_str(&" ".repeat(width.saturating_sub(used)));
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_the_cursor_and_is_full_when_it_can_be() {
        for (rows, cursor, height, expected) in [
            (100, 99, 10, 90..100),
            (100, 0, 10, 0..10),
            (100, 50, 10, 44..54),
            (5, 4, 10, 0..5),
            (5, 0, 0, 0..0),
            (0, 0, 10, 0..0),
        ] {
            let window = window(rows, cursor, height);
            assert_eq!(window.len(), expected.len(), "{rows} {cursor} {height}");
            assert!(height == 0 || rows == 0 || window.contains(&cursor));
        }
    }

    #[test]
    fn text_fits_its_column_exactly() {
        for (text, width, expected) in [
            ("etcd", 6, "etcd  "),
            ("etcd", 4, "etcd"),
            ("kubelet", 4, "kub…"),
            ("kubelet", 1, "…"),
            ("kubelet", 0, ""),
        ] {
            assert_eq!(fitted(text, width), expected);
        }
    }

    #[test]
    fn the_cursor_stands_on_the_record_or_on_the_last_one_before_it() {
        let ids = [RecordId(2), RecordId(5), RecordId(9)];
        for (record, place) in [
            (None, 2),
            (Some(5), 1),
            (Some(7), 1),
            (Some(0), 0),
            (Some(50), 2),
        ] {
            assert_eq!(cursor(&ids, record.map(RecordId)), place, "{record:?}");
        }
    }
}
