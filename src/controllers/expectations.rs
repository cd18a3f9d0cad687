//! What a loop has written and must have seen before it plans for the same key again.
//! Source: `ControllerExpectations` of `pkg/controller/controller_utils.go`.

use imbl::OrdMap;

use crate::api::{Key, Kind, Object};
use crate::apiserver::Verb;
use crate::client::{Cache, Informers};
use crate::sim::Time;

/// By key: the revisions that its own writes made, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations(OrdMap<Key, Expected>);

#[derive(Clone, Debug, Default)]
struct Expected {
    revisions: OrdMap<Kind, u64>,
    /// The objects that it changed: one whose news was lost is not seen however new the cache is.
    changed: OrdMap<Key, u64>,
    /// From then on it is not waited for any more.
    until: Time,
}

impl Expected {
    fn is_seen(&self, caches: &Informers, now: Time) -> bool {
        let cache_revision = |kind| caches.cache(kind).map_or(u64::MAX, Cache::revision);
        let mut revisions = self.revisions.iter();
        let mut changed = self.changed.iter();
        now >= self.until
            || revisions.all(|(kind, revision)| cache_revision(*kind) >= *revision)
                && changed.all(|(key, revision)| {
                    let copy = caches.object(key);
                    copy.is_none_or(|copy| copy.revision() >= *revision)
                })
    }
}

impl Expectations {
    /// The cache shall see this write, until then at the latest; of an object that was there before it
    /// shall see what the write made of it.
    pub(super) fn expect(&mut self, key: &Key, (verb, written): (&Verb, &Object), until: Time) {
        let expected = self.0.entry(key.clone()).or_default();
        expected.until = until;
        let revision = expected.revisions.entry(written.kind()).or_insert(0);
        *revision = (*revision).max(written.revision());
        if !matches!(verb, Verb::Create(_)) {
            expected.changed.insert(written.key(), written.revision());
        }
    }

    /// Until when a key has to wait for its own writes, if it has to.
    pub(super) fn unseen(&self, key: &Key, caches: &Informers, now: Time) -> Option<Time> {
        let expected = self.0.get(key)?;
        (!expected.is_seen(caches, now)).then_some(expected.until)
    }

    /// Nothing is expected of a key any more.
    pub(super) fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// The keys whose writes are all seen; they are forgotten.
    pub(super) fn take_seen(&mut self, caches: &Informers, now: Time) -> Vec<Key> {
        let seen = self
            .0
            .iter()
            .filter(|(_, expected)| expected.is_seen(caches, now));
        let seen: Vec<Key> = seen.map(|(key, _)| key.clone()).collect();
        for key in &seen {
            self.0.remove(key);
        }
        seen
    }
}
