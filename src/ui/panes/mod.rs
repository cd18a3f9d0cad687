//! One file per pane; each draws one view and answers one question.

mod border;
pub mod desired;
pub mod editor;
pub mod events;
mod index;
pub mod lifecycle;
mod mark;
pub mod nodes;
mod pen;
#[cfg(test)]
mod scene;
pub mod scheduler;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::board::Cell;
use super::model::Pane;
use super::view::View;
use crate::api::Key;
use crate::sim::RecordId;

/// Where the selection of a pane goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the one above.
    Up,
    /// To the one below.
    Down,
    /// Out, or back in time.
    Left,
    /// In, or on in time.
    Right,
}

/// What is next to the cursor of a pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// An object to select.
    Object(Key),
    /// A record to go to.
    Record(RecordId),
    /// A cell of the matrix of a decision, or the way out of it.
    Cell(Option<Cell>),
}

impl Pane {
    /// Draws it.
    pub fn draw(self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Desired => desired::draw(view, area, buf),
            Self::Nodes => nodes::draw(view, area, buf),
            Self::Lifecycle => lifecycle::draw(view, area, buf),
            Self::Scheduler => scheduler::draw(view, area, buf),
            Self::Events => events::draw(view, area, buf),
            Self::Editor => editor::draw(view, area, buf),
        }
    }

    /// What is next to its cursor in a direction, where there is something.
    #[must_use]
    pub fn neighbour(self, view: &View<'_>, direction: Direction) -> Option<Neighbour> {
        match self {
            Self::Desired => desired::next(view, direction).map(Neighbour::Object),
            Self::Nodes => nodes::next(view, direction).map(Neighbour::Object),
            Self::Lifecycle => lifecycle::next(view, direction).map(Neighbour::Record),
            Self::Scheduler => scheduler::next(view, direction),
            Self::Events => events::next(view, direction).map(Neighbour::Record),
            Self::Editor => None,
        }
    }
}
