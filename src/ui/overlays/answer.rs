//! What kubectl printed, as it printed it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::{scrolled, window};
use crate::ui::panes::wrapped;
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
    let room = usize::from(area.width.saturating_sub(4));
    let set = set(text, room);
    let text = set.as_str();
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
    let is_cut = text.lines().any(|line| line.width() > right + room);
    if is_cut && inside.height > 0 {
        let corner = Rect {
            x: inside.right(),
            width: 1,
            height: 1,
            ..inside
        };
        view.span("▶", Role::Key).render(corner, buf);
    }
}

/// Sets what is longer than so many columns on several lines; tables stay as they are.
fn set(text: &str, room: usize) -> String {
    let set = |line: &str| {
        let is_table = line.trim().contains("   ");
        if is_table || line.width() <= room {
            return line.to_owned();
        }
        let indent = line.len() - line.trim_start().len();
        let lines = wrapped(line.trim_start(), room.saturating_sub(indent));
        let between = format!("\n{}", " ".repeat(indent));
        format!("{}{}", " ".repeat(indent), lines.join(&between))
    };
    text.lines().map(set).collect::<Vec<_>>().join("\n")
}
