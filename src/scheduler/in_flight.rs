//! The pods that are being tried or bound, and what has happened meanwhile.

use imbl::{OrdMap, OrdSet, Vector};

use super::event::{Change, ClusterEvent};
use crate::api::{Key, Object};

/// What happened while pods were being tried.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    /// The only pod in flight that it concerns; nothing for all.
    pub(super) only: Option<Key>,
    pub(super) change: Change,
    pub(super) old: Option<Object>,
    pub(super) new: Option<Object>,
}

impl Happened {
    /// As a plugin is told of it.
    pub(super) fn borrow(&self) -> ClusterEvent<'_> {
        ClusterEvent {
            change: self.change,
            old: self.old.as_ref(),
            new: self.new.as_ref(),
        }
    }
}

/// The pods in flight, and what has happened since the first of them was taken: written down once
/// for all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    /// For each pod, how much had happened when it was taken.
    since: OrdMap<Key, u64>,
    by_start: OrdSet<(u64, Key)>,
    happened: Vector<Happened>,
    /// How much had happened before what is still written down.
    forgotten: u64,
}

impl InFlight {
    /// The pods.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.since.keys()
    }

    /// A pod is taken.
    pub(super) fn begin(&mut self, key: Key) {
        let start = self.forgotten + self.happened.len() as u64;
        self.by_start.insert((start, key.clone()));
        self.since.insert(key, start);
    }

    /// Something happens.
    pub(super) fn see(&mut self, happened: impl Iterator<Item = Happened>) {
        if !self.since.is_empty() {
            self.happened.extend(happened);
        }
    }

    /// What has happened since the pod was taken.
    pub(super) fn seen_by(&self, key: &Key) -> Vec<Happened> {
        let Some(start) = self.since.get(key) else {
            return Vec::new();
        };
        let first = usize::try_from(start - self.forgotten).unwrap_or(usize::MAX);
        let places = first..self.happened.len();
        let seen = places.filter_map(|place| self.happened.get(place));
        let mine = seen.filter(|each| each.only.as_ref().is_none_or(|only| only == key));
        mine.cloned().collect()
    }

    /// Forgets the pod, and what only it had still to hear of.
    pub(super) fn end(&mut self, key: &Key) {
        let Some(start) = self.since.remove(key) else {
            return;
        };
        self.by_start.remove(&(start, key.clone()));
        let all = self.forgotten + self.happened.len() as u64;
        let oldest = self.by_start.get_min().map_or(all, |(start, _)| *start);
        while self.forgotten < oldest {
            self.happened.pop_front();
            self.forgotten += 1;
        }
    }
}
