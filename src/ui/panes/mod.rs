//! One file per pane; each draws one view and answers one question.

pub mod border;
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

use super::model::{Model, Pane};
use super::view::View;
use crate::api::{Key, Kind};
use crate::cluster::task::Snapshot;
use crate::sim::RecordId;

/// The objects that a pane lists, in the order of its rows.
#[must_use]
pub fn rows(pane: Pane, snapshot: &Snapshot, _model: &Model) -> Vec<Key> {
    let kinds: &[Kind] = match pane {
        Pane::Nodes => &[Kind::Node],
        _ => &[Kind::Deployment, Kind::ReplicaSet, Kind::Pod],
    };
    let store = snapshot.world.store();
    kinds
        .iter()
        .flat_map(|kind| store.list(*kind, None))
        .map(crate::api::Object::key)
        .collect()
}

/// The records that the lifecycle shows.
#[must_use]
pub fn records(snapshot: &Snapshot, model: &Model) -> Vec<RecordId> {
    model.events.until(snapshot.world.trace()).to_vec()
}

impl Pane {
    /// Draws it.
    pub fn draw(self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Desired => desired::draw(view, area, buf),
            Self::Nodes => nodes::draw(view, area, buf),
            Self::Lifecycle | Self::Scheduler => {
                border::draw(view, self, "", area, buf);
            }
            Self::Events => events::draw(view, area, buf),
            Self::Editor => editor::draw(view, area, buf),
        }
    }
}

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
