//! Why: the way from a record back to what came from outside, each hop because of the one below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{scrolled, window};
use crate::cluster::Record;
use crate::sim::RecordId;
use crate::ui::panes::events::{fitted, sentence};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of who.
const ACTOR_WIDTH: usize = 22;

/// Draws the way back from a record; the line under the cursor is selected.
pub(super) fn draw(view: &View<'_>, record: RecordId, cursor: usize, area: Rect, buf: &mut Buffer) {
    let trace = view.world().trace();
    let way: Vec<&Record> = trace.why(record).map(|record| &**record).collect();
    let height = u16::try_from(way.len()).unwrap_or(u16::MAX);
    let origin = way.last().map_or_else(String::new, |first| origin(first));
    let hops = way.len().saturating_sub(1);
    let title = format!("Why? Because of the line below: {hops} hops back to {origin}");
    let inside = window(view, &title, (area.width.min(130), height), area, buf);
    let rows = usize::from(inside.height);
    let lines: Vec<Line<'_>> = way
        .iter()
        .enumerate()
        .map(|(at, record)| hop(view, record, at == cursor, inside.width))
        .collect();
    let first = (cursor + 1 + rows / 3).saturating_sub(rows);
    scrolled(view, &lines, first, inside, buf);
}

fn hop<'a>(view: &View<'_>, record: &Record, has_cursor: bool, width: u16) -> Line<'a> {
    let sign = if record.cause.is_none() { "◉" } else { "↳" };
    let around = 2 + 10 + ACTOR_WIDTH + 1;
    let sentence = fitted(&sentence(record), usize::from(width).saturating_sub(around));
    let time = format!("{:>9} ", seconds(record));
    if has_cursor {
        let text = format!(
            "{sign} {time}{} {sentence}",
            fitted(&record.actor.to_string(), ACTOR_WIDTH)
        );
        return Line::from(view.span(text, Role::Selected));
    }
    Line::from(vec![
        view.span(format!("{sign} "), Role::Focus),
        view.span(time, Role::Dim),
        view.span(
            fitted(&record.actor.to_string(), ACTOR_WIDTH),
            Role::Desired,
        ),
        view.span(
            format!(" {sentence}"),
            if record.cause.is_none() {
                Role::Title
            } else {
                Role::Text
            },
        ),
    ])
}

/// What everything began with: the command itself, or who began it.
fn origin(record: &Record) -> String {
    let sentence = record.sentence();
    match sentence.strip_prefix("runs: ") {
        Some(line) => line.to_owned(),
        None => sentence,
    }
}

fn seconds(record: &Record) -> String {
    let millis = record.time.as_millis();
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
