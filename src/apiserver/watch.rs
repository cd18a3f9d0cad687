//! What a watch tells: the changes after a revision, seen through a selector.

use std::sync::Arc;

use super::{Refusal, Scope};
use crate::api::{Key, Kind, Object};
use crate::store::{Change, ChangeType, Store};

/// One message of a watch.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    /// The object is new to the watcher.
    Added(Object),
    /// The object changed.
    Modified(Object),
    /// The object is gone, or has left the selector.
    Deleted(Object),
}

impl WatchEvent {
    /// The object.
    #[must_use]
    pub fn object(&self) -> &Object {
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => object,
        }
    }

    /// `ADDED`, `MODIFIED` or `DELETED`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Added(_) => "ADDED",
            Self::Modified(_) => "MODIFIED",
            Self::Deleted(_) => "DELETED",
        }
    }
}

/// What a watcher with this scope hears of a change; nothing when it was and is outside.
#[must_use]
pub fn event_for(change: &Change, scope: &Scope) -> Option<WatchEvent> {
    let was = change
        .previous
        .as_ref()
        .is_some_and(|object| scope.covers(object));
    let is = change.change_type != ChangeType::Deleted && scope.covers(&change.object);
    let object = || change.object.clone();
    match (was, is) {
        (false, true) => Some(WatchEvent::Added(object())),
        (true, true) => Some(WatchEvent::Modified(object())),
        (true, false) => Some(WatchEvent::Deleted(object())),
        (false, false) => None,
    }
}

/// The changes of one kind (and namespace, if not empty) after a revision.
///
/// # Errors
/// 410 `Expired` when some of them have been forgotten.
pub fn changes_since(
    store: &Store,
    kind: Kind,
    namespace: &str,
    revision: u64,
) -> Result<Vec<Arc<Change>>, Refusal> {
    let belongs =
        |key: &Key| key.kind == kind && (namespace.is_empty() || *key.namespace == *namespace);
    let changes = store
        .changes_after(revision)
        .map_err(|_| Refusal::expired(revision, store.compacted()))?;
    Ok(changes
        .filter(|change| belongs(&change.key))
        .cloned()
        .collect())
}
