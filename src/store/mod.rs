//! The revisioned map of all objects with its change log; it stands in for etcd.

mod change;

use std::sync::Arc;

use imbl::{OrdMap, Vector};

pub use change::{Change, ChangeType};

use crate::api::{Key, Kind, Object};

/// All objects at the newest revision, and the changes that led there.
///
/// One counter numbers every write of every kind, as in etcd. Cloning is cheap and gives an
/// independent store.
#[derive(Clone, Debug)]
pub struct Store {
    revision: u64,
    compacted: u64,
    objects: OrdMap<Key, Object>,
    log: Vector<Arc<Change>>,
}

/// What must hold for a write to happen; compared and written in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing stands there yet.
    Absent,
    /// What stands there was last written at this revision.
    Revision(u64),
}

/// The precondition of a write did not hold; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the object was last written at revision {found}, not as expected")]
pub struct Mismatch {
    /// The revision of what stands there, 0 for nothing.
    pub found: u64,
}

/// The revision asked for has been forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The resourceVersion for the provided watch is too old.")]
pub struct Compacted;

impl Store {
    /// An empty store at revision 1, where a fresh etcd begins.
    #[must_use]
    pub fn new() -> Self {
        Self {
            revision: 1,
            compacted: 1,
            objects: OrdMap::new(),
            log: Vector::new(),
        }
    }

    /// The revision of the last write of anything.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes up to this revision have been forgotten.
    #[must_use]
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The object at this place.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// The objects of a kind, in one namespace or (with `None`) in all, ordered by key.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &Object> {
        let namespace = namespace.map(str::to_owned);
        let first = Key::first_of(kind, namespace.as_deref().unwrap_or_default());
        self.objects
            .range(first..)
            .take_while(move |(key, _)| {
                key.kind == kind
                    && namespace
                        .as_deref()
                        .is_none_or(|each| *key.namespace == *each)
            })
            .map(|(_, object)| object)
    }

    /// Everything, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Writes an object if the precondition holds, gives it the new revision, and logs the change.
    ///
    /// # Errors
    /// [`Mismatch`] when the precondition does not hold; then nothing is written.
    pub fn put(
        &mut self,
        mut object: Object,
        expected: Precondition,
    ) -> Result<Arc<Change>, Mismatch> {
        let key = object.key();
        let previous = self.objects.get(&key).cloned();
        let found = previous.as_ref().map_or(0, Object::revision);
        let holds = match expected {
            Precondition::Absent => previous.is_none(),
            Precondition::Revision(revision) => found == revision && previous.is_some(),
        };
        if !holds {
            return Err(Mismatch { found });
        }
        self.revision += 1;
        object.metadata_mut().resource_version = Some(self.revision.to_string());
        self.objects.insert(key.clone(), object.clone());
        let change_type = if previous.is_some() {
            ChangeType::Modified
        } else {
            ChangeType::Added
        };
        Ok(self.log(Change {
            revision: self.revision,
            change_type,
            key,
            object,
            previous,
        }))
    }

    /// Removes an object if the precondition holds, and logs the change.
    ///
    /// # Errors
    /// [`Mismatch`] when another write came first, or nothing is there.
    pub fn remove(&mut self, key: &Key, expected: u64) -> Result<Arc<Change>, Mismatch> {
        let previous = self
            .objects
            .get(key)
            .cloned()
            .ok_or(Mismatch { found: 0 })?;
        if previous.revision() != expected {
            return Err(Mismatch {
                found: previous.revision(),
            });
        }
        self.objects.remove(key);
        self.revision += 1;
        let mut object = previous.clone();
        object.metadata_mut().resource_version = Some(self.revision.to_string());
        Ok(self.log(Change {
            revision: self.revision,
            change_type: ChangeType::Deleted,
            key: key.clone(),
            object,
            previous: Some(previous),
        }))
    }

    /// The changes after a revision, oldest first.
    ///
    /// # Errors
    /// [`Compacted`] when some of them have been forgotten.
    pub fn changes_after(
        &self,
        revision: u64,
    ) -> Result<impl Iterator<Item = &Arc<Change>>, Compacted> {
        let skip = revision.checked_sub(self.compacted).ok_or(Compacted)?;
        let first = usize::try_from(skip).unwrap_or(usize::MAX);
        // By place: an iterator that skips would walk over everything before.
        Ok((first..self.log.len()).filter_map(|place| self.log.get(place)))
    }

    /// The change that made a revision, unless it is forgotten or still to come.
    #[must_use]
    pub fn change_at(&self, revision: u64) -> Option<&Arc<Change>> {
        let place = revision.checked_sub(self.compacted + 1)?;
        self.log.get(usize::try_from(place).ok()?)
    }

    /// Forgets the changes up to and including a revision; objects stay.
    pub fn compact(&mut self, revision: u64) {
        let revision = revision.min(self.revision);
        if revision > self.compacted {
            let forgotten = usize::try_from(revision - self.compacted).unwrap_or(usize::MAX);
            self.log = self.log.split_off(forgotten.min(self.log.len()));
            self.compacted = revision;
        }
    }

    fn log(&mut self, change: Change) -> Arc<Change> {
        let change = Arc::new(change);
        self.log.push_back(Arc::clone(&change));
        change
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config_map(name: &str) -> Object {
        let value = json!({"metadata": {"name": name, "namespace": "default"}});
        Object::from_value(Kind::ConfigMap, value).expect("a name is enough")
    }

    #[test]
    fn a1_one_counter_numbers_every_write() {
        let mut store = Store::new();
        let first = store
            .put(config_map("a"), Precondition::Absent)
            .expect("nothing there");
        let second = store
            .put(config_map("b"), Precondition::Absent)
            .expect("nothing there");
        let third = store
            .remove(&config_map("a").key(), first.revision)
            .expect("still there");
        assert_eq!([first.revision, second.revision, third.revision], [2, 3, 4]);
        assert_eq!(
            store.get(&config_map("b").key()).map(Object::revision),
            Some(3)
        );
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_write_from_an_old_copy_changes_nothing() {
        let mut store = Store::new();
        store
            .put(config_map("a"), Precondition::Absent)
            .expect("nothing there");
        store
            .put(config_map("a"), Precondition::Revision(2))
            .expect("the copy is fresh");
        let late = store.put(config_map("a"), Precondition::Revision(2));
        assert_eq!(late.map(|_| ()), Err(Mismatch { found: 3 }));
        assert!(store.put(config_map("a"), Precondition::Absent).is_err());
        assert_eq!(store.revision(), 3);
    }

    #[test]
    fn a8_a_watch_from_a_revision_sees_exactly_what_came_after_it() {
        let mut store = Store::new();
        for name in ["a", "b", "c"] {
            store
                .put(config_map(name), Precondition::Absent)
                .expect("nothing there");
        }
        let seen = |store: &Store, revision| {
            store
                .changes_after(revision)
                .map(|changes| changes.map(|change| change.revision).collect::<Vec<_>>())
        };
        assert_eq!(seen(&store, 2), Ok(vec![3, 4]));
        store.compact(3);
        assert_eq!(seen(&store, 2), Err(Compacted));
        assert_eq!(seen(&store, 3), Ok(vec![4]));
        assert_eq!(store.change_at(4).map(|change| change.revision), Some(4));
        assert_eq!(store.len(), 3);
    }
}
