//! Events do not stay: the store lets them go an hour after they were last written.
//! Source: `pkg/registry/core/event`, and the leases of etcd that `k8s.io/apiserver` gives out.

use super::Cluster;
use super::step::Happening;
use crate::api::{Actor, Event, Key, Kind, Typed, meta};
use crate::apiserver::Note;
use crate::sim::{RecordId, Time, Urgency};

impl Cluster {
    /// Sets the clock of the next look.
    pub(super) fn await_expiry(&mut self, cause: RecordId) {
        let at = self.now + self.profile.store.lease_sweep;
        self.queue
            .push(at, Urgency::Periodic, Happening::Expire { cause });
    }

    /// Removes the events whose time is up, as the store does by itself.
    pub(super) fn expire(&mut self, cause: RecordId) {
        let (now, stay) = (self.now, self.profile.store.event_ttl);
        let events = self.store().list(Kind::Event, None).filter_map(Event::of);
        let old = events.filter(|event| written(event) + stay <= now);
        let old: Vec<Key> = old.map(|event| event.clone().into_object().key()).collect();
        for key in old {
            if let Some(change) = self.api.expire(&key) {
                let by = Actor::Etcd;
                let note = Note::Committed {
                    change: change.clone(),
                    by,
                };
                let record = self.record(Actor::Etcd, Some(cause), note);
                self.spread(&change, record, Urgency::Periodic);
            }
        }
        self.await_expiry(cause);
    }
}

/// When an event was last written: it carries the moment itself.
fn written(event: &Event) -> Time {
    let last = event.spec.last_timestamp.as_ref().map(meta::moment);
    last.unwrap_or_else(|| meta::created(&event.metadata))
}
