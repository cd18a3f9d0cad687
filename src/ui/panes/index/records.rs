//! Which records of the trace are about which object, and which object was owned by which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Key, Kind, Object, meta};
use crate::apiserver;
use crate::cluster::{Detail, Record, Trace};
use crate::sim::RecordId;
use crate::store::Change;

/// Lookups over the trace.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Records {
    last: Option<Arc<Record>>,
    about: BTreeMap<Key, Vec<RecordId>>,
    owned: BTreeMap<Key, BTreeSet<Key>>,
    owner: BTreeMap<Key, Key>,
}

impl Records {
    /// The records about an object, oldest first.
    pub(in super::super) fn about(&self, key: &Key) -> &[RecordId] {
        self.about.get(key).map_or(&[], Vec::as_slice)
    }

    /// Everything that an object has ever owned, directly.
    pub(in super::super) fn owned_by(&self, key: &Key) -> impl Iterator<Item = &Key> {
        self.owned.get(key).into_iter().flatten()
    }

    /// The last known owner of an object.
    pub(in super::super) fn owner_of(&self, key: &Key) -> Option<&Key> {
        self.owner.get(key)
    }

    /// Takes in what was added, or everything when the trace is another one.
    pub(super) fn follow(&mut self, trace: &Trace) {
        let is_known = self.last.as_ref().is_some_and(|last| {
            trace
                .get(last.id)
                .is_some_and(|record| Arc::ptr_eq(record, last))
        });
        if !is_known {
            *self = Self::default();
        }
        let next = self
            .last
            .as_ref()
            .map_or(RecordId(0), |last| last.id.next());
        for record in trace.since(next) {
            self.take_in(record);
        }
        self.last = trace.last().cloned();
    }

    fn take_in(&mut self, record: &Record) {
        let Some(key) = record.object() else {
            return;
        };
        if let Some(change) = change_of(record)
            && let Some(owner) = owner_of(&change.object)
        {
            self.owned
                .entry(owner.clone())
                .or_default()
                .insert(key.clone());
            self.owner.insert(key.clone(), owner);
        }
        self.about.entry(key).or_default().push(record.id);
    }
}

/// What the record says was written, if it does.
pub(in super::super) fn change_of(record: &Record) -> Option<&Arc<Change>> {
    match &record.detail {
        Detail::Api(apiserver::Note::Committed { change, .. }) => Some(change),
        _ => None,
    }
}

fn owner_of(object: &Object) -> Option<Key> {
    let owner = meta::controller_of(object.metadata())?;
    let kind = Kind::ALL
        .iter()
        .find(|kind| kind.info().name == owner.kind)?;
    Some(Key::new(*kind, object.namespace(), &owner.name))
}
