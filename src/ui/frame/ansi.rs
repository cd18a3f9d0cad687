//! A buffer with the escapes of a terminal that knows 24-bit colours.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text;

/// Prints it; each line ends with everything switched off.
pub(super) fn print(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in text::rows(buffer) {
        let mut before = None;
        for (_, cell) in row {
            let style = escape(cell);
            if before.as_ref() != Some(&style) {
                out.push_str(&style);
                before = Some(style);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

fn escape(cell: &Cell) -> String {
    let mut codes = String::from("\u{1b}[0");
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
    ] {
        if cell.modifier.contains(modifier) {
            let _ = write!(codes, ";{code}");
        }
    }
    for (color, place) in [(cell.fg, 38), (cell.bg, 48)] {
        if let Color::Rgb(red, green, blue) = color {
            let _ = write!(codes, ";{place};2;{red};{green};{blue}");
        }
    }
    codes.push('m');
    codes
}
