//! Where the cursor of the view goes: through the queues, into the matrix, and from cell to cell.

use std::sync::Arc;

use super::shown::shown;
use super::{Matter, columns, queues, rows};
use crate::scheduler::Decision;
use crate::sim::RecordId;
use crate::ui::board::{Cell, Stop};
use crate::ui::panes::index::Index;
use crate::ui::panes::{Direction, Neighbour};
use crate::ui::view::View;

/// A decision and how far it can be told.
#[derive(Clone, Debug)]
pub struct Tale {
    /// The record that tells of it.
    pub record: RecordId,
    /// The decision.
    pub decision: Arc<Decision>,
    /// The last stop that the trace has come to.
    pub reached: Stop,
}

/// The decision that is shown, to tell it.
#[must_use]
pub fn tale(view: &View<'_>) -> Option<Tale> {
    let shown = shown(view, &Index::of(view.world()))?;
    Some(Tale {
        record: shown.record,
        decision: Arc::clone(shown.decision),
        reached: shown.reached,
    })
}

/// What is next to the cursor. From the last pod of the queues down, or to the right, lies the matrix;
/// from its first row up, or from its first column to the left, lie the queues.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<Neighbour> {
    let index = Index::of(view.world());
    let shown = shown(view, &index);
    let matter = shown.as_ref().map(|shown| Matter::of(view, shown));
    // Where the decision is being told, the cursor begins at the stop.
    let in_matrix = matter.as_ref().and_then(|matter| {
        let rows = rows::rows(matter.decision, matter.order, matter.told);
        let node = matter.row.as_ref()?;
        let place = rows.iter().position(|row| row.node == node)?;
        let all = columns::all(matter.decision);
        let column = all.iter().position(|column| Some(*column) == matter.under);
        Some((column.unwrap_or(0), rows, place))
    });
    let columns = matter
        .as_ref()
        .map_or(0, |matter| columns::all(matter.decision).len());
    let cell = |node: &Arc<str>, column: usize| {
        let node = Arc::clone(node);
        Some(Neighbour::Cell(Some(Cell { node, column })))
    };
    let Some((column, rows, place)) = in_matrix else {
        let queued = queues::next(view, direction).map(Neighbour::Object);
        let enters = match direction {
            Direction::Right => true,
            Direction::Down => queued.is_none(),
            Direction::Up | Direction::Left => false,
        };
        let matter = matter.filter(|_| enters && columns > 0);
        return match matter {
            Some(matter) => {
                let rows = rows::rows(matter.decision, matter.order, matter.told);
                rows.first().map_or(queued, |row| cell(row.node, 0))
            }
            None => queued,
        };
    };
    match direction {
        Direction::Up if place == 0 => Some(Neighbour::Cell(None)),
        Direction::Left if column == 0 => Some(Neighbour::Cell(None)),
        Direction::Up => cell(rows[place - 1].node, column),
        Direction::Down => cell(rows.get(place + 1)?.node, column),
        Direction::Left => cell(rows[place].node, column - 1),
        Direction::Right if column + 1 < columns => cell(rows[place].node, column + 1),
        Direction::Right => None,
    }
}
