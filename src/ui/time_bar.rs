//! Where we are in time: what lies behind, what is ahead when looking at the past, commands and faults.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::theme::Role;
use super::view::View;
use crate::cluster::Command;
use crate::sim::counted;

/// One cell of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Past,
    Here,
    Ahead,
    Command,
    Fault,
    Bookmark,
    Fork,
    Forgotten,
    Horizon,
}

impl Cell {
    const fn glyph(self) -> (&'static str, Role) {
        match self {
            Self::Past => ("━", Role::Focus),
            Self::Here => ("◉", Role::Fresh),
            Self::Ahead => ("┄", Role::Border),
            Self::Command => ("●", Role::Title),
            Self::Fault => ("✗", Role::Bad),
            Self::Bookmark => ("◆", Role::Key),
            Self::Fork => ("┬", Role::Fresh),
            Self::Forgotten => ("·", Role::Dim),
            Self::Horizon => ("╎", Role::Waiting),
        }
    }
}

/// Draws the bar: the steps of the run from its beginning to its newest one.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (world, head) = (view.world(), &view.snapshot.head);
    let horizon = view.snapshot.horizon;
    let end = end(view);
    let name = name(view);
    let width = width(&name, &end, area);
    let marks = marks(view);
    let mut spans = vec![view.span(name, Role::Title), view.span(" ├", Role::Border)];
    let (here, whole) = (world.steps(), head.steps());
    for cell in cells(horizon.step, (here, whole), &marks, width) {
        let (glyph, role) = cell.glyph();
        spans.push(view.span(glyph, role));
    }
    spans.push(view.span("┤", Role::Border));
    spans.push(Span::styled(end, view.theme.style(Role::Dim)));
    Line::from(spans).render(area, buf);
}

/// The step that a column of the bar stands for.
#[must_use]
pub fn step_at(view: &View<'_>, area: Rect, column: u16) -> Option<u64> {
    let (name, end) = (name(view), end(view));
    let width = width(&name, &end, area);
    let first = usize::from(area.x) + name.width() + 2;
    let last = (width.checked_sub(1)?).max(1) as u64;
    let at = usize::from(column).saturating_sub(first) as u64;
    let whole = view.snapshot.head.steps();
    Some((whole * at.min(last)).div_ceil(last))
}

/// The columns of the bar itself.
fn width(name: &str, end: &str, area: Rect) -> usize {
    usize::from(area.width).saturating_sub(end.width() + name.width() + 3)
}

/// The name of the run, where there are several.
fn name(view: &View<'_>) -> String {
    let runs = &view.snapshot.runs;
    match runs.len() {
        1 => String::new(),
        _ => format!(" {}", runs[view.snapshot.run].name),
    }
}

/// How far time has come, or how much of it is ahead, and from where on it is kept.
fn end(view: &View<'_>) -> String {
    let (world, head) = (view.world(), &view.snapshot.head);
    let horizon = view.snapshot.horizon;
    let kept = match horizon.step {
        0 => String::new(),
        _ => format!(", kept from {}", horizon.time),
    };
    if view.snapshot.is_newest() {
        return format!(" {}{kept} ", world.now());
    }
    let ahead = head.steps() - world.steps();
    format!(
        " {} ahead, to {}{kept} ",
        counted(ahead, "step"),
        head.now()
    )
}

/// What stands on the bar: commands and faults, bookmarks, where runs leave each other.
fn marks(view: &View<'_>) -> Vec<(u64, Cell)> {
    let (snapshot, shown) = (view.snapshot, view.snapshot.run);
    let commands = snapshot.head.journal().map(|entry| match entry.command {
        Command::Kubectl { .. } | Command::Traffic { .. } => (entry.step, Cell::Command),
        Command::Fault { .. } => (entry.step, Cell::Fault),
    });
    let bookmarks = snapshot.bookmarks.iter();
    let forks = snapshot.runs.iter().enumerate();
    let forks = forks.filter_map(|(place, run)| {
        let from = run.branching.as_ref()?;
        (place == shown || from.parent == shown).then_some((from.step, Cell::Fork))
    });
    commands
        .chain(bookmarks.map(|mark| (mark.step, Cell::Bookmark)))
        .chain(forks)
        .collect()
}

/// The cells of a bar: `here` of `whole` steps, with what came from outside at its steps; what lies
/// before the horizon is forgotten.
fn cells(
    horizon: u64,
    (here, whole): (u64, u64),
    marks: &[(u64, Cell)],
    width: usize,
) -> Vec<Cell> {
    if width == 0 {
        return Vec::new();
    }
    let place = |step: u64| {
        let last = (width - 1) as u64;
        usize::try_from(step.min(whole) * last / whole.max(1)).unwrap_or(0)
    };
    let (here_at, horizon_at) = (place(here), place(horizon));
    let mut cells: Vec<Cell> = (0..width)
        .map(|at| match at {
            _ if at < horizon_at => Cell::Forgotten,
            _ if at == horizon_at && horizon > 0 => Cell::Horizon,
            _ if at < here_at => Cell::Past,
            _ => Cell::Ahead,
        })
        .collect();
    for (step, cell) in marks {
        let at = place(*step);
        // A fault stays visible where a command fell into the same cell, and the horizon over all.
        if !matches!(cells[at], Cell::Fault | Cell::Forgotten | Cell::Horizon) {
            cells[at] = *cell;
        }
    }
    cells[here_at] = Cell::Here;
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(here: u64, whole: u64, marks: &[(u64, Cell)]) -> String {
        drawn_from(0, here, whole, marks)
    }

    fn drawn_from(horizon: u64, here: u64, whole: u64, marks: &[(u64, Cell)]) -> String {
        let cells = cells(horizon, (here, whole), marks, 11);
        cells.iter().map(|cell| cell.glyph().0).collect()
    }

    #[test]
    fn the_bar_shows_what_lies_behind_and_what_is_ahead() {
        assert_eq!(drawn(100, 100, &[]), "━━━━━━━━━━◉");
        assert_eq!(drawn(50, 100, &[]), "━━━━━◉┄┄┄┄┄");
        assert_eq!(drawn(0, 100, &[]), "◉┄┄┄┄┄┄┄┄┄┄");
        assert_eq!(drawn(0, 0, &[]), "◉┄┄┄┄┄┄┄┄┄┄");
    }

    #[test]
    fn commands_and_faults_stand_at_their_steps_also_ahead() {
        let marks = [(20, Cell::Command), (70, Cell::Fault), (71, Cell::Command)];
        assert_eq!(drawn(50, 100, &marks), "━━●━━◉┄✗┄┄┄");
    }

    #[test]
    fn what_is_forgotten_is_dotted_up_to_the_horizon_and_nothing_stands_there() {
        let marks = [(20, Cell::Command), (70, Cell::Fault)];
        assert_eq!(drawn_from(30, 100, 100, &marks), "···╎━━━✗━━◉");
        assert_eq!(drawn_from(30, 50, 100, &marks), "···╎━◉┄✗┄┄┄");
        assert_eq!(drawn_from(30, 30, 100, &marks), "···◉┄┄┄✗┄┄┄");
        assert_eq!(drawn_from(1, 100, 100, &[]), "╎━━━━━━━━━◉");
    }
}
