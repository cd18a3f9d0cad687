//! What then: everything that followed from a record, each line moved right by how many causes lie between.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::hop::Hop;
use super::why::origin;
use super::{scrolled, window};
use crate::cluster::Record;
use crate::sim::RecordId;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many effects the list holds.
pub const MOST: usize = 500;

/// How far to the right a line moves at most.
const INDENT_MOST: usize = 8;

/// Draws what followed; the line under the cursor is selected.
pub(super) fn draw(view: &View<'_>, record: RecordId, cursor: usize, area: Rect, buf: &mut Buffer) {
    let trace = view.world().trace();
    let Some(first) = trace.get(record) else {
        return;
    };
    let effects = trace.effects(record, MOST);
    let count = effects.shown.len() + effects.left_out;
    let title = format!(
        "What followed from {record}, {}: {count} records",
        origin(first)
    );
    let rows: Vec<(&Record, usize)> = std::iter::once((&**first, 0))
        .chain(
            effects
                .shown
                .iter()
                .map(|effect| (&*effect.record, effect.depth)),
        )
        .collect();
    let height = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX);
    let inside = window(view, &title, (area.width.min(130), height), area, buf);
    let line = |(at, (record, depth)): (usize, &(&Record, usize))| {
        let hop = Hop {
            record,
            sign: if *depth == 0 { "◉" } else { "↓" },
            indent: (*depth).min(INDENT_MOST),
            has_cursor: at == cursor,
        };
        hop.line(view, inside.width)
    };
    let mut lines: Vec<Line<'_>> = rows.iter().enumerate().map(line).collect();
    if effects.left_out > 0 {
        let words = format!("… and {} more", effects.left_out);
        lines.push(Line::from(view.span(words, Role::Dim)));
    }
    let height = usize::from(inside.height);
    let top = (cursor + 1 + height / 3).saturating_sub(height);
    scrolled(view, &lines, top, inside, buf);
}
