//! A buffer as characters, and as one letter a cell for its style.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// The cells of each line that begin a character: those behind a wide one are left out.
pub(super) fn rows(buffer: &Buffer) -> impl Iterator<Item = impl Iterator<Item = (u16, &Cell)>> {
    let area = buffer.area;
    (area.top()..area.bottom()).map(move |y| {
        let mut covered = area.left();
        (area.left()..area.right()).filter_map(move |x| {
            if x < covered {
                return None;
            }
            let cell = &buffer[(x, y)];
            covered = x + u16::try_from(cell.symbol().width().max(1)).unwrap_or(1);
            Some((x, cell))
        })
    })
}

/// The characters.
pub(super) fn print(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The characters, then the styles.
pub(super) fn print_with_styles(buffer: &Buffer) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut order = Vec::new();
    let mut styles = String::new();
    for row in rows(buffer) {
        let mut line = String::new();
        for (_, cell) in row {
            let style = words(cell);
            let next = char::from(b'a' + u8::try_from(order.len() % 26).unwrap_or(0));
            let letter = *letters.entry(style.clone()).or_insert_with(|| {
                order.push((next, style));
                next
            });
            line.push(letter);
        }
        let _ = writeln!(styles, "{line}");
    }
    let mut text = print(buffer);
    text.push('\n');
    text.push_str(&styles);
    for (letter, style) in order {
        let _ = writeln!(text, "{letter}: {style}");
    }
    text
}

fn words(cell: &Cell) -> String {
    let mut words = format!("{} on {}", color(cell.fg), color(cell.bg));
    for (modifier, name) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::REVERSED, "reversed"),
    ] {
        if cell.modifier.contains(modifier) {
            words.push(' ');
            words.push_str(name);
        }
    }
    words
}

/// A colour as `#rrggbb`, or its name.
pub(super) fn color(color: Color) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        other => other.to_string().to_lowercase(),
    }
}
