//! Lines that meet: each cell knows in which directions lines leave it, and so which sign it is.

/// Directions in which a line leaves a cell.
const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// A drawing of lines.
#[derive(Clone, Debug)]
pub(super) struct Wires {
    width: usize,
    cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    all: u8,
    lit: u8,
}

/// The way of one arrow, corner by corner.
pub(super) type Way<'a> = &'a [(usize, usize)];

impl Wires {
    /// An empty drawing.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            cells: vec![Cell::default(); width * height],
        }
    }

    /// Draws a way from corner to corner; each corner is in the row or the column of the one before.
    pub(super) fn draw(&mut self, way: Way<'_>, is_lit: bool) {
        for pair in way.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            for x in x1.min(x2)..x1.max(x2) {
                self.join((x, y1), RIGHT, is_lit);
                self.join((x + 1, y1), LEFT, is_lit);
            }
            for y in y1.min(y2)..y1.max(y2) {
                self.join((x2, y), DOWN, is_lit);
                self.join((x2, y + 1), UP, is_lit);
            }
        }
    }

    fn join(&mut self, (x, y): (usize, usize), direction: u8, is_lit: bool) {
        if x >= self.width {
            return;
        }
        if let Some(cell) = self.cells.get_mut(y * self.width + x) {
            cell.all |= direction;
            if is_lit {
                cell.lit |= direction;
            }
        }
    }

    /// The sign of a cell, and whether it belongs to a lit way. A lit way hides what crosses it, but
    /// not what ends there.
    pub(super) fn sign(&self, x: usize, y: usize) -> Option<(&'static str, bool)> {
        if x >= self.width {
            return None;
        }
        let cell = self.cells.get(y * self.width + x)?;
        let is_lit = cell.lit != 0;
        let ends = |axis: u8| {
            let other = cell.all & !cell.lit & axis;
            if other == axis { 0 } else { other }
        };
        let directions = if is_lit {
            cell.lit | ends(UP | DOWN) | ends(LEFT | RIGHT)
        } else {
            cell.all
        };
        let vertical = directions & (UP | DOWN);
        let sign = match (vertical, directions & (LEFT | RIGHT)) {
            (0, 0) => return None,
            (0, _) => "─",
            (_, 0) => "│",
            (DOWN, RIGHT) => "╭",
            (DOWN, LEFT) => "╮",
            (UP, RIGHT) => "╰",
            (UP, LEFT) => "╯",
            (DOWN, _) => "┬",
            (UP, _) => "┴",
            (_, RIGHT) => "├",
            (_, LEFT) => "┤",
            _ => "┼",
        };
        Some((sign, is_lit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_meet_become_corners_and_branches() {
        let mut wires = Wires::new(5, 3);
        wires.draw(&[(0, 0), (2, 0), (2, 2), (4, 2)], false);
        wires.draw(&[(0, 1), (4, 1)], true);
        let rows: Vec<String> = (0..3)
            .map(|y| {
                (0..5)
                    .map(|x| wires.sign(x, y).map_or(" ", |(sign, _)| sign))
                    .collect()
            })
            .collect();
        assert_eq!(rows, ["──╮  ", "─────", "  ╰──"]);
        assert_eq!(wires.sign(2, 1), Some(("─", true)));
        assert_eq!(wires.sign(5, 0), None);
    }
}
