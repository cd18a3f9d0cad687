//! A pen that writes styled text line by line into an area and never beyond it; bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::Neighbour;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Writes one line.
#[derive(Debug)]
pub(super) struct Pen<'a, 'b> {
    view: &'a View<'a>,
    buf: &'b mut Buffer,
    area: Rect,
    x: u16,
    y: u16,
}

impl<'a, 'b> Pen<'a, 'b> {
    /// A pen at the beginning of an area.
    pub(super) fn new(view: &'a View<'a>, area: Rect, buf: &'b mut Buffer) -> Self {
        Self {
            view,
            buf,
            area,
            x: 0,
            y: 0,
        }
    }

    /// What is drawn from.
    pub(super) fn view(&self) -> &'a View<'a> {
        self.view
    }

    /// The number of lines that are left, the present one included.
    pub(super) fn lines_left(&self) -> usize {
        usize::from(self.area.height.saturating_sub(self.y))
    }

    /// The number of columns of the area.
    pub(super) fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    /// Where in its line the pen stands.
    pub(super) fn column(&self) -> usize {
        usize::from(self.x)
    }

    /// The columns that are left in this line.
    pub(super) fn room(&self) -> usize {
        usize::from(self.area.width.saturating_sub(self.x))
    }

    /// How many lines are begun or done, as far as the area goes.
    pub(super) fn lines(&self) -> u16 {
        let begun = u16::from(self.x > 0);
        (self.y + begun).min(self.area.height)
    }

    /// Goes to a column of this line.
    pub(super) fn to(&mut self, column: usize) -> &mut Self {
        self.x = u16::try_from(column)
            .unwrap_or(u16::MAX)
            .min(self.area.width);
        self
    }

    /// Goes to the beginning of the next line.
    pub(super) fn next_line(&mut self) -> &mut Self {
        self.y = self.y.saturating_add(1);
        self.x = 0;
        self
    }

    /// Writes in the style of a role, as far as there is room.
    pub(super) fn write(&mut self, text: &str, role: Role) -> &mut Self {
        let style = self.view.theme.style(role);
        self.styled(text, style)
    }

    /// Writes in a style, as far as there is room.
    pub(super) fn styled(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.room();
        if self.lines_left() > 0 && room > 0 {
            let (x, y) = (self.area.x + self.x, self.area.y + self.y);
            let (end, _) = self.buf.set_stringn(x, y, text, room, style);
            self.x = end - self.area.x;
        }
        self
    }

    /// Writes text that is cut with `…` when it is longer than so many columns, and goes behind them.
    pub(super) fn cell(&mut self, text: &str, width: usize, role: Role) -> &mut Self {
        let end = self.column() + width;
        self.write(&clipped(text, width.min(self.room())), role)
            .to(end)
    }

    /// Writes text at the right end of so many columns.
    pub(super) fn right(&mut self, text: &str, width: usize, role: Role) -> &mut Self {
        let (start, end) = (self.column(), self.column() + width);
        let text = clipped(text, width);
        self.to(end - text.width().min(end - start))
            .write(&text, role)
            .to(end)
    }

    /// Writes a bar of so many columns, filled by `part` of `whole`.
    pub(super) fn bar(&mut self, (part, whole): (i64, i64), width: usize, role: Role) -> &mut Self {
        let filled = filled(part, whole, width);
        self.write(&"█".repeat(filled), role);
        self.write(&"░".repeat(width - filled), Role::Dim)
    }

    /// Says what the present line, from a column on, stands for.
    pub(super) fn target(&self, from: usize, what: impl FnOnce() -> Neighbour) {
        if self.lines_left() > 0 {
            let from = u16::try_from(from).unwrap_or(u16::MAX).min(self.area.width);
            let line = Rect {
                x: self.area.x + from,
                y: self.area.y + self.y,
                width: self.area.width - from,
                height: 1,
            };
            self.view.target(line, what);
        }
    }

    /// Lays a style over the first columns of the present line.
    pub(super) fn highlight(&mut self, columns: usize, role: Role) {
        if self.lines_left() > 0 {
            let line = Rect {
                y: self.area.y + self.y,
                height: 1,
                width: u16::try_from(columns)
                    .unwrap_or(u16::MAX)
                    .min(self.area.width),
                ..self.area
            };
            self.buf.set_style(line, self.view.theme.style(role));
        }
    }
}

/// How many of `width` cells `part` of `whole` fills: none only for nothing, all only for everything.
pub(super) fn filled(part: i64, whole: i64, width: usize) -> usize {
    if part <= 0 || width == 0 {
        return 0;
    }
    if part >= whole {
        return width;
    }
    let cells = i128::from(part) * width as i128 * 2 / i128::from(whole) + 1;
    usize::try_from(cells / 2)
        .unwrap_or(width)
        .clamp(1, (width - 1).max(1))
}

/// The text, cut with `…` when it is wider than so many columns.
pub(super) fn clipped(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if kept.width() + 1 > width {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Text broken at blanks into lines of so many columns.
pub(in crate::ui) fn wrapped(text: &str, width: usize) -> Vec<String> {
    joined(text.split(' '), " ", width)
}

/// Words set one after the other, with something between, in lines of so many columns.
pub(super) fn joined<'t>(
    words: impl Iterator<Item = &'t str>,
    between: &str,
    width: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + between.width() + word.width() <= width => {
                line.push_str(between);
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_only_for_nothing_and_full_only_for_everything() {
        let cases = [(0, 0), (1, 1), (500, 5), (999, 9), (1000, 10), (2000, 10)];
        for (part, cells) in cases {
            assert_eq!(filled(part, 1000, 10), cells, "{part}");
        }
        assert_eq!(filled(1, 0, 10), 10);
        assert_eq!(filled(1, 2, 0), 0);
    }

    #[test]
    fn text_is_cut_with_an_ellipsis_within_its_columns() {
        let cases = [
            ("web", 3, "web"),
            ("webs", 3, "we…"),
            ("web", 1, "…"),
            ("web", 0, ""),
        ];
        for (text, width, expected) in cases {
            assert_eq!(clipped(text, width), expected);
        }
    }
}
