//! What the screen remembers between two frames; `update` alone changes it.

use crate::api::Key;
use crate::sim::RecordId;

/// Each view answers one question. The numbers are the keys that open them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// 1: what is wanted and what is there?
    #[default]
    Desired,
    /// 2: which way did it go, from the request to now?
    Lifecycle,
    /// 3: why this node?
    Scheduler,
    /// 6: which machines are there, and what do they hold?
    Nodes,
    /// 7: what happened, and because of what?
    Events,
    /// 9: what do I want?
    Editor,
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The object that everything follows.
    pub selection: Option<Key>,
    /// The record under the cursor of the events; none follows the newest.
    pub record: Option<RecordId>,
    /// The pane that has the keys.
    pub focus: Pane,
}
