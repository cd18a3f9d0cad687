//! What kubectl printed, as it printed it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::{scrolled, window};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Draws the text below the command, from a line and a column on.
pub(super) fn draw(
    view: &View<'_>,
    (title, text): (&str, &str),
    (down, right): (usize, usize),
    area: Rect,
    buf: &mut Buffer,
) {
    let width = text
        .lines()
        .map(UnicodeWidthStr::width)
        .max()
        .unwrap_or(0)
        .max(title.width() + 2)
        .max(40);
    let height = text.lines().count().max(1);
    let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let inside = window(view, title, (narrow(width), narrow(height)), area, buf);
    let lines: Vec<Line<'_>> = text
        .lines()
        .map(|line| {
            let shown: String = line
                .chars()
                .skip(right)
                .filter(|letter| !letter.is_control())
                .collect();
            Line::from(view.span(shown, Role::Text))
        })
        .collect();
    scrolled(view, &lines, down, inside, buf);
}
