//! One file per pane; each draws one view and answers one question.

pub mod api_server;
mod border;
pub mod desired;
pub mod editor;
pub mod events;
mod index;
pub mod lifecycle;
pub mod loops;
mod mark;
pub mod nodes;
pub mod object;
mod pen;
mod revisions;
#[cfg(test)]
mod scene;
pub mod scheduler;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) use pen::wrapped;
pub(super) use scheduler::halves;

use super::board::Cell;
use super::model::Pane;
use super::view::View;
use crate::api::Key;
use crate::cluster::ComponentId;
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
    /// A component to look at.
    Component(ComponentId),
    /// A line to go to.
    Line(usize),
}

impl Pane {
    /// Draws it.
    pub fn draw(self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Desired => desired::draw(view, area, buf),
            Self::Nodes => nodes::draw(view, area, buf),
            Self::Lifecycle => lifecycle::draw(view, area, buf),
            Self::Scheduler => scheduler::draw(view, area, buf),
            Self::ApiServer => api_server::draw(view, area, buf),
            Self::Loops => loops::draw(view, area, buf),
            Self::Object => object::draw(view, area, buf),
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
            Self::ApiServer => api_server::next(view, direction).map(Neighbour::Record),
            Self::Loops => loops::next(view, direction).map(Neighbour::Component),
            Self::Object => object::next(view, direction).map(Neighbour::Line),
            Self::Events => events::next(view, direction).map(Neighbour::Record),
            Self::Editor => None,
        }
    }
}
