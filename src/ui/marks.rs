//! The one table of marks: every sign that a view draws, and what it means there. The help of a view lists
//! them all, and a pane those that stand in it, where it has a line to spare.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::model::Pane;
use super::theme::Role;
use super::view::View;

/// A sign, and what it means.
pub type Mark = (&'static str, &'static str);

/// Pods, wherever they are drawn.
const PODS: &[Mark] = &[
    ("●", "runs and is ready"),
    ("◑", "runs, not ready"),
    ("◐", "its node is making it"),
    ("○", "no node yet, or its node has not begun"),
    ("↻", "waits to be tried again"),
    ("◌", "is being ended"),
    ("✓", "ended well"),
    ("✗", "ended badly or cannot start"),
];

const DESIRED: &[Mark] = &[
    ("▾", "open"),
    ("▸", "closed, there is more in it"),
    ("◇", "owns no pods: a Service, an autoscaler"),
    ("Δ", "ready against wanted, or how many too many"),
    ("█", "ready"),
    ("▒", "there, not ready"),
    ("░", "missing"),
    ("–", "no number"),
    ("⇄", "wanted on its left, there on its right"),
    ("≠", "they differ"),
    ("⋮", "lines left out"),
    ("→", "wants so many now"),
];

const LIFECYCLE: &[Mark] = &[
    ("▶", "a command"),
    ("●", "a write, rN its revision"),
    ("◆", "an act"),
    ("▲", "a report of a status"),
    ("↻", "a wait before the next try"),
    ("✗", "refused or ended badly; not true"),
    ("✓", "true"),
    ("╮", "╰ from a cause to what followed"),
    ("┈", "time of a component"),
    ("┊", "nothing happened for so long"),
    ("━", "stays so"),
    ("◂", "so many before"),
    ("▸", "so many after"),
];

const SCHEDULER: &[Mark] = &[
    ("★", "the winner"),
    ("✓", "can hold the pod"),
    ("✗", "cannot, and why"),
    ("·", "no longer asked"),
    ("×", "points times the weight"),
    ("→", "raw points to points of 100; the choice"),
    ("█", "requested by pods there, or used"),
    ("▓", "with this pod"),
    ("░", "free"),
    ("①", "② …: the nodes that a part of the message counts"),
    ("⊕", "the parts beyond the twentieth"),
    ("▸", "what is told now"),
    ("⋮", "lines left out"),
];

const API_SERVER: &[Mark] = &[
    ("✓", "passed, or up to date"),
    ("●", "written"),
    ("✗", "refused here, or a watch that is cut"),
    ("◐", "changes on their way to a watcher"),
    ("↩", "bounced: it wrote from an older copy"),
    ("▶", "the request shown above"),
    ("→", "then; from a value to another"),
];

const LOOPS: &[Mark] = &[
    ("● on", "runs"),
    ("‖", "paused"),
    ("○ off", "switched off"),
    ("✗ down", "its machine has no power"),
    ("◐ slow", "a fault makes it act later"),
    ("◐ late", "a fault makes it hear later"),
    ("·", "none"),
    ("⋮", "lines left out"),
    ("wait", "keys in the queue"),
    ("work", "keys being worked on"),
    ("later", "keys that come back after a while"),
    ("held", "pods that wait for something to happen"),
    ("on way", "changes that it has not heard of yet"),
    ("→", "what it came to"),
];

const NODES: &[Mark] = &[
    ("● Ready", "the node is well"),
    ("◍", "cordoned: nothing new comes here"),
    ("✗ NotReady", "not heard of for too long"),
    ("▁", "▂▃▄▅▆▇█ how much of a node is requested"),
    ("█", "requested by pods"),
    ("░", "free for requests"),
    ("⋮", "lines left out"),
    ("…", "and more"),
];

const EVENTS: &[Mark] = &[
    ("•", "about what is selected"),
    ("▶", "the cursor"),
    ("┌", "its cause"),
    ("└", "what followed from it"),
    ("↳", "the number of the cause"),
    ("→", "then; from a value to another"),
];

const OBJECT: &[Mark] = &[("→", "from a value to another")];

const EDITOR: &[Mark] = &[
    ("▲", "a problem in this line"),
    ("└", "what it is"),
    ("✗", "cannot be applied yet"),
];

/// What stands around the panes, and in what lies over them.
pub const FRAME: &[Mark] = &[
    ("◉", "here, in time; the run on the screen"),
    ("━", "what has happened"),
    ("┄", "what is ahead"),
    ("●", "a command"),
    ("✗", "a fault"),
    ("◆", "a moment with a name"),
    ("┬", "where a run left another"),
    ("╎", "what came before is forgotten"),
    ("‖", "paused"),
    ("▶", "running, or more to the right"),
    ("»", "time without a happening, skipped"),
    ("▲", "more above"),
    ("▼", "more below"),
    ("↳", "followed from the line above"),
    ("○", "the run beside; switched off"),
    ("≠", "the first record that differs"),
    ("−", "only here"),
    ("–", "nothing"),
    ("★", "the winner"),
    ("×", "times: points, or time against the clock"),
    ("→", "then; instead of what was"),
    ("←", "the one that stopped the run"),
    ("█", "has room for it"),
    ("░", "has none"),
];

/// The marks of a pane.
pub fn of(pane: Pane) -> impl Iterator<Item = &'static Mark> {
    let (own, pods): (&[Mark], &[Mark]) = match pane {
        Pane::Desired => (DESIRED, PODS),
        Pane::Lifecycle => (LIFECYCLE, &[]),
        Pane::Scheduler => (SCHEDULER, &[]),
        Pane::ApiServer => (API_SERVER, &[]),
        Pane::Loops => (LOOPS, &[]),
        Pane::Nodes => (NODES, PODS),
        Pane::Events => (EVENTS, &[]),
        Pane::Object => (OBJECT, &[]),
        Pane::Editor => (EDITOR, &[]),
    };
    pods.iter().chain(own)
}

/// Marks that need no line of a pane: they say themselves what they are where they stand.
const PLAIN: [&str; 9] = ["⋮", "…", "·", "→", "–", "×", "⇄", "▾", "Δ"];

/// Says in the panes what their marks mean: on the border below, when no other pane shares it, or in the
/// last of several empty lines.
pub fn explain(view: &View<'_>, panes: &[(Pane, Rect)], buf: &mut Buffer) {
    for (pane, area) in panes {
        let is_shared = panes.iter().any(|(_, other)| {
            other.y + 1 == area.bottom() && other.x < area.right() && area.x < other.right()
        });
        let rows: Vec<String> = (area.y + 1..area.bottom().saturating_sub(1))
            .map(|y| row(*area, y, buf))
            .collect();
        let line = if is_shared {
            spare(&rows).map(|place| area.y + 1 + place)
        } else {
            area.bottom().checked_sub(1)
        };
        let Some(y) = line else {
            continue;
        };
        let room = usize::from(area.width.saturating_sub(4));
        let legend = fitting(view, standing(*pane, &rows), room);
        let width = u16::try_from(legend.width()).unwrap_or(0);
        let x = if is_shared {
            area.x + 1
        } else {
            area.right().saturating_sub(width + 2)
        };
        buf.set_line(x, y, &legend, width);
    }
}

/// What the marks of a picture in an area mean.
pub(super) fn of_picture<'a>(view: &View<'_>, pane: Pane, area: Rect, buf: &Buffer) -> Line<'a> {
    let rows: Vec<String> = (area.y..area.bottom()).map(|y| row(area, y, buf)).collect();
    fitting(view, standing(pane, &rows), usize::from(area.width))
}

/// The marks that stand in rows of a pane and do not say themselves what they are.
fn standing(pane: Pane, rows: &[String]) -> impl Iterator<Item = &'static Mark> {
    let says_itself =
        |sign: &str| PLAIN.contains(&sign) || (!sign.is_ascii() && sign.contains(' '));
    let stands =
        move |(sign, _): &&Mark| !says_itself(sign) && rows.iter().any(|row| row.contains(sign));
    of(pane).filter(stands)
}

/// What is written in a row of a pane.
fn row(area: Rect, y: u16, buf: &Buffer) -> String {
    let inside = area.x + 1..area.right().saturating_sub(1);
    inside.map(|x| buf[(x, y)].symbol()).collect()
}

/// The last of the empty rows at a place where two or more follow each other.
fn spare(rows: &[String]) -> Option<u16> {
    let is_empty = |row: &String| row.trim().is_empty();
    let place = rows.windows(2).rposition(|two| two.iter().all(is_empty))?;
    u16::try_from(place + 1).ok()
}

/// As many marks as there is room for.
fn fitting<'a>(
    view: &View<'_>,
    marks: impl Iterator<Item = &'static Mark>,
    room: usize,
) -> Line<'a> {
    let mut fits: Vec<&Mark> = Vec::new();
    for mark in marks {
        if fits.iter().copied().map(wide).sum::<usize>() + wide(mark) <= room {
            fits.push(mark);
        }
    }
    line(view, &fits)
}

/// A sign and its meaning, with a blank on both sides.
fn item<'a>(view: &View<'_>, (sign, means): &Mark) -> [Span<'a>; 2] {
    [
        view.span(format!(" {sign} "), Role::Key),
        view.span(format!("{means} "), Role::Dim),
    ]
}

/// Marks in rows of so many columns.
#[must_use]
pub fn rows(marks: impl Iterator<Item = &'static Mark>, width: usize) -> Vec<Vec<&'static Mark>> {
    let mut rows: Vec<Vec<&'static Mark>> = Vec::new();
    for mark in marks {
        match rows
            .last_mut()
            .filter(|row| row.iter().copied().map(wide).sum::<usize>() + wide(mark) <= width)
        {
            Some(row) => row.push(mark),
            None => rows.push(vec![mark]),
        }
    }
    rows
}

/// The columns of a mark with its meaning.
fn wide((sign, means): &Mark) -> usize {
    sign.width() + means.width() + 3
}

/// A row of marks as it is drawn.
#[must_use]
pub fn line<'a>(view: &View<'_>, row: &[&Mark]) -> Line<'a> {
    row.iter().flat_map(|mark| item(view, mark)).collect()
}
