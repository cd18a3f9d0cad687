//! Everything that drawing may look at: a moment of the world, what the screen remembers, colours.

use crate::api::Key;
use crate::cluster::Cluster;
use crate::cluster::task::Snapshot;
use crate::ui::model::Model;
use crate::ui::theme::Theme;

/// What a pane is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The moment.
    pub snapshot: &'a Snapshot,
    /// What the screen remembers.
    pub model: &'a Model,
    /// Colours.
    pub theme: &'a Theme,
}

impl View<'_> {
    /// The world at the moment that is shown.
    #[must_use]
    pub fn world(&self) -> &Cluster {
        &self.snapshot.world
    }

    /// Whether an object is the selected one.
    #[must_use]
    pub fn is_selected(&self, key: &Key) -> bool {
        self.model.selection.as_ref() == Some(key)
    }

    /// Whether the last step was about an object: then it flashes.
    #[must_use]
    pub fn is_fresh(&self, key: &Key) -> bool {
        self.world()
            .last_records()
            .any(|record| record.object().as_ref() == Some(key))
    }
}
