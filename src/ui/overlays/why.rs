//! Why: the way from a record back to what came from outside, each hop because of the one below. Where
//! older records are forgotten, it ends at the horizon and says so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::hop::{Hop, span};
use super::{scrolled, window};
use crate::cluster::Record;
use crate::sim::RecordId;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Draws the way back from a record; the line under the cursor is selected.
pub(super) fn draw(view: &View<'_>, record: RecordId, cursor: usize, area: Rect, buf: &mut Buffer) {
    let trace = view.world().trace();
    let way: Vec<&Record> = trace.why(record).map(|record| &**record).collect();
    let broken_off = way.last().and_then(|first| trace.breaks_off(first));
    let lines = way.len() + usize::from(broken_off.is_some());
    let height = u16::try_from(lines).unwrap_or(u16::MAX);
    let origin = match (&broken_off, way.last()) {
        (Some(_), _) => "what is forgotten".to_owned(),
        (None, first) => first.map_or_else(String::new, |first| origin(first)),
    };
    let hops = way.len().saturating_sub(1);
    let took = way.first().zip(way.last());
    let took = took.map_or_else(String::new, |(last, first)| {
        span(last.time.since(first.time)).replace('+', ", in ")
    });
    let title = format!("Why? Because of the line below: {hops} hops back to {origin}{took}");
    let inside = window(view, &title, (area.width.min(130), height), area, buf);
    let rows = usize::from(inside.height);
    let line = |(at, record): (usize, &&Record)| {
        let hop = Hop {
            record,
            sign: if record.cause.is_none() { "◉" } else { "↳" },
            indent: 0,
            has_cursor: at == cursor,
        };
        hop.line(view, inside.width)
    };
    let mut lines: Vec<Line<'_>> = way.iter().enumerate().map(line).collect();
    lines
        .extend(broken_off.map(|words| Line::from(view.span(format!("╎ {words}"), Role::Waiting))));
    let first = (cursor + 1 + rows / 3).saturating_sub(rows);
    scrolled(view, &lines, first, inside, buf);
}

/// What everything began with: the command itself, or who began it.
pub(super) fn origin(record: &Record) -> String {
    let sentence = record.sentence();
    match sentence.strip_prefix("runs: ") {
        Some(line) => line.to_owned(),
        None => sentence,
    }
}
