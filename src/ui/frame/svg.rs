//! A buffer as a picture: exact cells, whatever font there is; lines and blocks are drawn, not typed.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text;

/// The size of a cell. The width is six tenths of the size of the letters, as in most monospaced fonts.
const WIDTH: f32 = 9.6;
const HEIGHT: f32 = 20.0;
const FONT_SIZE: f32 = 16.0;

/// From the top of a cell to the foot of its letters.
const BASELINE: f32 = 15.0;

/// Around the cells.
const PADDING: f32 = 14.0;

/// How thick light and heavy lines are.
const LIGHT: f32 = 1.2;
const HEAVY: f32 = 2.8;

/// Prints it on a ground, in letters of a colour where the cells name none.
pub(super) fn print(buffer: &Buffer, ground: Color, letters: Color) -> String {
    let picture = Picture {
        ground: named(ground, "#101218"),
        letters: named(letters, "#e6e6e6"),
    };
    let width = f32::from(buffer.area.width) * WIDTH + 2.0 * PADDING;
    let height = f32::from(buffer.area.height) * HEIGHT + 2.0 * PADDING;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\n\
         <style>text{{font:{FONT_SIZE}px \"JetBrains Mono\",\"Cascadia Mono\",\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;white-space:pre}}\
         .b{{font-weight:bold}}.i{{font-style:italic}}.m{{text-anchor:middle}}</style>\n\
         <rect width=\"{width:.1}\" height=\"{height:.1}\" rx=\"10\" fill=\"{}\"/>\n\
         <g transform=\"translate({PADDING} {PADDING})\">\n",
        picture.ground
    );
    for (y, row) in (0_u16..).zip(text::rows(buffer)) {
        let cells: Vec<(u16, &Cell)> = row.map(|(x, cell)| (x - buffer.area.x, cell)).collect();
        picture.grounds(&mut out, y, &cells);
        picture.letters(&mut out, y, &cells);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

struct Picture {
    ground: String,
    letters: String,
}

/// How the letters of a run look.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    color: String,
    is_bold: bool,
    is_italic: bool,
    is_underlined: bool,
}

impl Picture {
    /// The colours of a cell: letters and ground.
    fn colors(&self, cell: &Cell) -> (String, String) {
        let (letters, ground) = (named(cell.fg, &self.letters), named(cell.bg, &self.ground));
        if cell.modifier.contains(Modifier::REVERSED) {
            (ground, letters)
        } else {
            (letters, ground)
        }
    }

    fn look(&self, cell: &Cell) -> Look {
        Look {
            color: self.colors(cell).0,
            is_bold: cell.modifier.contains(Modifier::BOLD),
            is_italic: cell.modifier.contains(Modifier::ITALIC),
            is_underlined: cell.modifier.contains(Modifier::UNDERLINED),
        }
    }

    /// One rectangle for each run of cells with a ground of their own.
    fn grounds(&self, out: &mut String, y: u16, cells: &[(u16, &Cell)]) {
        for run in cells.chunk_by(|(_, one), (_, other)| self.colors(one).1 == self.colors(other).1)
        {
            let color = self.colors(run[0].1).1;
            if color == self.ground {
                continue;
            }
            let (from, to) = (run[0].0, run[run.len() - 1].0 + 1);
            let (x, width) = (f32::from(from) * WIDTH, f32::from(to - from) * WIDTH);
            let y = f32::from(y) * HEIGHT;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{color}\"/>"
            );
        }
    }

    /// Words as runs, other glyphs each in the middle of its cell, lines and blocks as shapes.
    fn letters(&self, out: &mut String, y: u16, cells: &[(u16, &Cell)]) {
        let is_word = |cell: &Cell| {
            cell.symbol()
                .chars()
                .all(|letter| letter.is_ascii_graphic())
        };
        let together = |(_, one): &(u16, &Cell), (_, other): &(u16, &Cell)| {
            is_word(one) && is_word(other) && self.look(one) == self.look(other)
        };
        for run in cells.chunk_by(together) {
            let (x, cell) = run[0];
            let look = self.look(cell);
            if look.is_underlined {
                underline(out, (x, y), run.len(), &look);
            }
            if is_word(cell) {
                let word: String = run.iter().map(|(_, cell)| cell.symbol()).collect();
                let length = WIDTH * f32::from(u16::try_from(run.len()).unwrap_or(u16::MAX));
                let place = format!(
                    "x=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\"",
                    f32::from(x) * WIDTH
                );
                letter(out, y, (&place, ""), &look, &word);
            } else if !cell.symbol().trim().is_empty()
                && !shape(out, (x, y), &look.color, cell.symbol())
            {
                let place = format!("x=\"{:.1}\"", (f32::from(x) + 0.5) * WIDTH);
                letter(out, y, (&place, "m"), &look, cell.symbol());
            }
        }
    }
}

fn letter(out: &mut String, y: u16, (place, class): (&str, &str), look: &Look, text: &str) {
    let mut classes = vec![class];
    if look.is_bold {
        classes.push("b");
    }
    if look.is_italic {
        classes.push("i");
    }
    classes.retain(|class| !class.is_empty());
    let class = if classes.is_empty() {
        String::new()
    } else {
        format!(" class=\"{}\"", classes.join(" "))
    };
    let y = f32::from(y) * HEIGHT + BASELINE;
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text {place} y=\"{y:.1}\"{class} fill=\"{}\">{text}</text>",
        look.color
    );
}

fn underline(out: &mut String, (x, y): (u16, u16), cells: usize, look: &Look) {
    let width = WIDTH * f32::from(u16::try_from(cells).unwrap_or(u16::MAX));
    let (x, y) = (f32::from(x) * WIDTH, f32::from(y) * HEIGHT + BASELINE + 2.0);
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"1\" fill=\"{}\"/>",
        look.color
    );
}

/// Draws a line or a block, and says whether the glyph is one.
fn shape(out: &mut String, (x, y): (u16, u16), color: &str, glyph: &str) -> bool {
    let Some(glyph) = glyph.chars().next() else {
        return false;
    };
    let (left, top) = (f32::from(x) * WIDTH, f32::from(y) * HEIGHT);
    if let Some((from, size, opacity)) = block(glyph) {
        let (x, y) = (left + from.0 * WIDTH, top + from.1 * HEIGHT);
        let (width, height) = (size.0 * WIDTH, size.1 * HEIGHT);
        let _ = writeln!(
            out,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{color}\" fill-opacity=\"{opacity}\"/>"
        );
        return true;
    }
    if let Some((across, down)) = corner(glyph) {
        let (middle_x, middle_y) = (left + WIDTH / 2.0, top + HEIGHT / 2.0);
        let (end_x, end_y) = (
            middle_x + across * WIDTH / 2.0,
            middle_y + down * HEIGHT / 2.0,
        );
        let _ = writeln!(
            out,
            "<path d=\"M{end_x:.2} {middle_y:.2}Q{middle_x:.2} {middle_y:.2} {middle_x:.2} {end_y:.2}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{LIGHT}\"/>"
        );
        return true;
    }
    let Some(arms) = arms(glyph) else {
        return false;
    };
    for (arm, (across, down)) in
        arms.into_iter()
            .zip([(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)])
    {
        if arm > 0.0 {
            let (middle_x, middle_y) = (left + WIDTH / 2.0, top + HEIGHT / 2.0);
            let (end_x, end_y) = (
                middle_x + across * WIDTH / 2.0,
                middle_y + down * HEIGHT / 2.0,
            );
            let dashes = if matches!(glyph, '┄' | '╌' | '┆' | '╎') {
                " stroke-dasharray=\"2.4\""
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "<path d=\"M{middle_x:.2} {middle_y:.2}L{end_x:.2} {end_y:.2}\" stroke=\"{color}\" stroke-width=\"{arm}\"{dashes}/>"
            );
        }
    }
    true
}

/// A part of a cell from 0 to 1, across and down.
type Part = (f32, f32);

/// Where a block begins, how large it is, and how dense.
fn block(glyph: char) -> Option<(Part, Part, f32)> {
    let eighths = |from: char| {
        f32::from(u16::try_from(u32::from(glyph) - u32::from(from) + 1).unwrap_or(8)) / 8.0
    };
    let found = match glyph {
        '█' => ((0.0, 0.0), (1.0, 1.0), 1.0),
        '▓' => ((0.0, 0.0), (1.0, 1.0), 0.7),
        '▒' => ((0.0, 0.0), (1.0, 1.0), 0.45),
        '░' => ((0.0, 0.0), (1.0, 1.0), 0.22),
        '▀' => ((0.0, 0.0), (1.0, 0.5), 1.0),
        '▐' => ((0.5, 0.0), (0.5, 1.0), 1.0),
        '▁'..='▇' => {
            let height = eighths('▁');
            ((0.0, 1.0 - height), (1.0, height), 1.0)
        }
        '▉'..='▏' => ((0.0, 0.0), (1.0 - eighths('▉'), 1.0), 1.0),
        _ => return None,
    };
    Some(found)
}

/// Where the two ends of a rounded corner are: to the right or left, and down or up.
fn corner(glyph: char) -> Option<(f32, f32)> {
    match glyph {
        '╭' => Some((1.0, 1.0)),
        '╮' => Some((-1.0, 1.0)),
        '╯' => Some((-1.0, -1.0)),
        '╰' => Some((1.0, -1.0)),
        _ => None,
    }
}

/// The lines of a glyph from the middle of its cell: up, right, down, left.
fn arms(glyph: char) -> Option<[f32; 4]> {
    const NO: f32 = 0.0;
    let found = match glyph {
        '─' | '┄' | '╌' => [NO, LIGHT, NO, LIGHT],
        '│' | '┆' | '╎' => [LIGHT, NO, LIGHT, NO],
        '┌' => [NO, LIGHT, LIGHT, NO],
        '┐' => [NO, NO, LIGHT, LIGHT],
        '└' => [LIGHT, LIGHT, NO, NO],
        '┘' => [LIGHT, NO, NO, LIGHT],
        '├' => [LIGHT, LIGHT, LIGHT, NO],
        '┤' => [LIGHT, NO, LIGHT, LIGHT],
        '┬' => [NO, LIGHT, LIGHT, LIGHT],
        '┴' => [LIGHT, LIGHT, NO, LIGHT],
        '┼' => [LIGHT; 4],
        '━' => [NO, HEAVY, NO, HEAVY],
        '┃' => [HEAVY, NO, HEAVY, NO],
        '┏' => [NO, HEAVY, HEAVY, NO],
        '┓' => [NO, NO, HEAVY, HEAVY],
        '┗' => [HEAVY, HEAVY, NO, NO],
        '┛' => [HEAVY, NO, NO, HEAVY],
        '┣' => [HEAVY, HEAVY, HEAVY, NO],
        '┫' => [HEAVY, NO, HEAVY, HEAVY],
        '┳' => [NO, HEAVY, HEAVY, HEAVY],
        '┻' => [HEAVY, HEAVY, NO, HEAVY],
        '╋' => [HEAVY; 4],
        '╴' => [NO, NO, NO, LIGHT],
        '╵' => [LIGHT, NO, NO, NO],
        '╶' => [NO, LIGHT, NO, NO],
        '╷' => [NO, NO, LIGHT, NO],
        _ => return None,
    };
    Some(found)
}

/// A colour for a picture, or another one where the cell leaves it to the terminal.
fn named(color: Color, otherwise: &str) -> String {
    match color {
        Color::Reset => otherwise.to_owned(),
        other => text::color(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn picture(line: &str, style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, line, style);
        print(&buffer, Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255))
    }

    #[test]
    fn words_stand_at_their_cells_with_their_exact_length() {
        let svg = picture("ab cd", Style::new());
        assert!(svg.contains("<text x=\"0.0\" textLength=\"19.2\""), "{svg}");
        assert!(
            svg.contains("<text x=\"28.8\" textLength=\"19.2\""),
            "{svg}"
        );
    }

    #[test]
    fn letters_with_a_meaning_in_xml_are_escaped() {
        assert!(picture("<&>", Style::new()).contains(">&lt;&amp;&gt;</text>"));
    }

    #[test]
    fn lines_and_blocks_are_shapes_so_that_they_meet() {
        let svg = picture("─┼█░╭", Style::new());
        assert!(!svg.contains("<text x"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 2 + 4 + 1);
        assert!(svg.contains("fill-opacity=\"0.22\""));
    }

    #[test]
    fn a_ground_of_its_own_is_one_rectangle_and_reversed_swaps() {
        let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(4, 5, 6));
        let svg = picture("abc", style);
        assert!(
            svg.contains("width=\"28.8\" height=\"20\" fill=\"#040506\""),
            "{svg}"
        );
        let svg = picture("abc", style.add_modifier(Modifier::REVERSED));
        assert!(
            svg.contains("fill=\"#010203\"/>") && svg.contains("fill=\"#040506\">abc"),
            "{svg}"
        );
    }

    #[test]
    fn eighths_of_blocks_have_their_size() {
        assert_eq!(block('▄'), Some(((0.0, 0.5), (1.0, 0.5), 1.0)));
        assert_eq!(block('▌'), Some(((0.0, 0.0), (0.5, 1.0), 1.0)));
        assert_eq!(block('▏'), Some(((0.0, 0.0), (0.125, 1.0), 1.0)));
    }
}
