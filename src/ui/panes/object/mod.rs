//! View 8: what is in the object, and who wrote which part of it? Its YAML line by line, and its history.

mod origin;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::index::Index;
use super::pen::{Pen, wrapped};
use super::{Direction, border};
use crate::api::{Key, Object, schema};
use crate::manifest::{self, PrintedLine};
use crate::sim::RecordId;
use crate::ui::model::Pane;
use crate::ui::panes::Neighbour;
use crate::ui::theme::Role;
use crate::ui::view::View;
use crate::ui::yaml;
use origin::Origins;

/// How wide the column of who wrote a line is, and from which width on it is there.
const ORIGIN: usize = 24;
const ORIGIN_FROM: usize = 56;

/// How many lines the words below the text take.
const WORDS: u16 = 5;

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let index = Index::of(view.world());
    let object = subject(view, &index);
    let pane = Pane::Object;
    let name = match &object {
        Some((object, true)) => format!("{} · {}", pane.name(), object.key()),
        Some((object, false)) => format!("{} · {}, gone", pane.name(), object.key()),
        None => pane.name().to_owned(),
    };
    let inner = border::draw(view, pane, (&name, pane.question(), ""), area, buf);
    if inner.is_empty() {
        return;
    }
    let Some((object, _)) = object else {
        Pen::new(view, inner, buf).write(
            "Nothing is selected: the arrows in the other panes select an object.",
            Role::Dim,
        );
        return;
    };
    let lines = lines_of(&object);
    let origins = Origins::of(view.world(), &index, &object);
    let cursor = view.model.line.min(lines.len().saturating_sub(1));
    let words = match inner.height {
        0..9 => 0,
        9..16 => 3,
        _ => WORDS,
    };
    let text = Rect {
        height: inner.height - words,
        ..inner
    };
    draw_text(view, &lines, &origins, cursor, text, buf);
    let below = Rect {
        y: text.bottom(),
        height: words,
        ..inner
    };
    draw_words(view, (&object, &lines[cursor]), &origins, below, buf);
}

/// The line above or below the cursor.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<usize> {
    let index = Index::of(view.world());
    let (object, _) = subject(view, &index)?;
    let last = lines_of(&object).len().checked_sub(1)?;
    let here = view.model.line.min(last);
    match direction {
        Direction::Up => here.checked_sub(1),
        Direction::Down => Some(here + 1).filter(|line| *line <= last),
        Direction::Left | Direction::Right => None,
    }
}

/// The record of the write that the line under the cursor comes from.
#[must_use]
pub fn record_at_cursor(view: &View<'_>) -> Option<RecordId> {
    let index = Index::of(view.world());
    let (object, _) = subject(view, &index)?;
    let lines = lines_of(&object);
    let line = lines.get(view.model.line.min(lines.len().checked_sub(1)?))?;
    Origins::of(view.world(), &index, &object).record(&line.pointer)
}

/// The selected object, or the one written last; when it is gone, its last state.
fn subject(view: &View<'_>, index: &Index) -> Option<(Object, bool)> {
    let state = |key: &Key| {
        let world = view.world();
        let there = world.store().get(key).cloned();
        there.map(|object| (object, true)).or_else(|| {
            let about = index.records.about(key).iter().rev();
            let mut records = about.filter_map(|id| world.trace().get(*id));
            let change = records.find_map(|record| record.change())?;
            Some((change.object.clone(), false))
        })
    };
    let selected = view.model.selection.as_ref().and_then(state);
    selected.or_else(|| index.records.subject().and_then(state))
}

/// The object as kubectl prints it, without the book-keeping of managers.
fn lines_of(object: &Object) -> Vec<PrintedLine> {
    let mut value = object.to_value();
    if let Some(metadata) = value
        .pointer_mut("/metadata")
        .and_then(serde_json::Value::as_object_mut)
    {
        metadata.remove("managedFields");
    }
    manifest::printed(&value)
}

fn draw_text(
    view: &View<'_>,
    lines: &[PrintedLine],
    origins: &Origins,
    cursor: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let rows = usize::from(area.height);
    let first = (cursor + 1 + rows / 3)
        .max(rows)
        .min(lines.len())
        .saturating_sub(rows);
    let width = usize::from(area.width);
    let has_origin = width >= ORIGIN_FROM;
    let room = if has_origin {
        width - ORIGIN - 1
    } else {
        width
    };
    let mut pen = Pen::new(view, area, buf);
    let mut said = String::new();
    for (place, line) in lines.iter().enumerate().skip(first).take(rows) {
        let is_cursor = place == cursor && view.focus() == Pane::Object;
        draw_line(&line.text, room, &mut pen);
        if let Some(origin) = origins.of_field(&line.pointer).filter(|_| has_origin) {
            let words = origin.words();
            if words != said {
                pen.to(room + 1).cell(&words, ORIGIN, origin.role());
            }
            said = words;
        }
        pen.target(0, || Neighbour::Line(place));
        if is_cursor {
            pen.highlight(width, Role::Selected);
        }
        pen.next_line();
    }
}

/// A line of YAML in its colours.
fn draw_line(line: &str, room: usize, pen: &mut Pen<'_, '_>) {
    let mut at = 0;
    let mut write = |text: &str, role: Role| {
        let left = room.saturating_sub(pen.column());
        pen.cell(text, text.width().min(left), role);
    };
    for (range, role) in yaml::parts(line) {
        write(&line[at..range.start], Role::Text);
        write(&line[range.clone()], role);
        at = range.end;
    }
    write(&line[at..], Role::Text);
}

/// Of the line under the cursor: its path, who owns it, who wrote it last, and what it is for.
fn draw_words(
    view: &View<'_>,
    (object, line): (&Object, &PrintedLine),
    origins: &Origins,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let mut pen = Pen::new(view, area, buf);
    let rest = pen.room();
    pen.write(&"─".repeat(rest), Role::Border).next_line();
    let path = origins.path(&line.pointer);
    pen.write(&path, Role::Title);
    let owners = origins.owners(&line.pointer);
    if !owners.is_empty() {
        pen.write("  owned by ", Role::Dim)
            .write(&owners.join(", "), Role::Key);
    }
    pen.next_line();
    let written = origins.record(&line.pointer);
    if let Some(record) = written.and_then(|id| view.world().trace().get(id)) {
        pen.write(&format!("{} ", record.time), Role::Dim);
        let sentence = super::events::sentence(record);
        pen.cell(&sentence, pen.room(), Role::Text);
    }
    pen.next_line();
    let field = schema::field(object.kind(), &path);
    let description = field.map_or("", |field| field.description.as_str());
    for line in wrapped(description, pen.width()) {
        pen.write(&line, Role::Dim).next_line();
    }
}

#[cfg(test)]
mod tests;
