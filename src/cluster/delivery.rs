//! Changes on their way from the store to those who watch, and watches that open again.

use std::sync::Arc;

use super::Cluster;
use super::step::{Happening, Wake};
use super::watches::{InFlight, WatchId};
use crate::apiserver::{self, event_for};
use crate::client::{self, Delivery, Seen, Subscription};
use crate::sim::{RecordId, Urgency};
use crate::store::Change;

impl Cluster {
    /// Sends a change on its way to everybody who watches for it.
    pub(super) fn spread(&mut self, change: &Arc<Change>, commit: RecordId, urgency: Urgency) {
        for id in self.watches.candidates(change) {
            self.send(id, change, commit, urgency);
        }
    }

    pub(super) fn send(
        &mut self,
        id: WatchId,
        change: &Arc<Change>,
        commit: RecordId,
        urgency: Urgency,
    ) {
        let Some(watch) = self.watches.get_mut(id) else {
            return;
        };
        if !watch.is_open || event_for(change, &watch.subscription.scope).is_none() {
            return;
        }
        watch.sent = change.revision;
        let in_flight = InFlight {
            watch: id,
            opening: watch.opening,
            change: Arc::clone(change),
            commit,
        };
        let component = watch.component.clone();
        self.send_or_meddle(&component, in_flight, urgency);
    }

    /// Sends a change on its way.
    pub(super) fn fly(&mut self, in_flight: InFlight, urgency: Urgency) {
        if let Some(watch) = self.watches.get_mut(in_flight.watch) {
            let at = watch.arrival(self.now, self.profile.network.watch);
            self.queue.push(at, urgency, Happening::Change(in_flight));
        }
    }

    pub(super) fn arrive(&mut self, in_flight: InFlight) {
        let InFlight {
            watch: id,
            opening,
            change,
            commit,
        } = in_flight;
        let Some(watch) = self.watches.get(id) else {
            return;
        };
        let subscription = &watch.subscription;
        let Some(event) = event_for(&change, &subscription.scope) else {
            return;
        };
        let delivery = Delivery {
            kind: subscription.kind,
            revision: change.revision,
            seen: Seen::Event(event),
        };
        self.deliver(id, opening, delivery, commit);
    }

    pub(super) fn deliver(
        &mut self,
        id: WatchId,
        opening: u32,
        delivery: Delivery,
        cause: RecordId,
    ) {
        let Some(watch) = self.watches.get_mut(id) else {
            return;
        };
        if watch.opening == opening {
            watch.delivered = watch.delivered.max(delivery.revision);
            let component = watch.component.clone();
            self.wake(&component, Wake::Watch(delivery), cause);
        }
    }

    /// What a watcher hears first: all that there is, or that it may not watch like this.
    pub(super) fn listed(&self, subscription: &Subscription) -> Seen {
        let listed = self.api.list_for(subscription.kind, &subscription.scope);
        listed.map_or_else(Seen::Refused, Seen::Listed)
    }

    /// Opens a watch: it goes on from where it was, or lists again when that has been forgotten.
    pub(super) fn open(&mut self, id: WatchId, opening: u32, cause: RecordId, urgency: Urgency) {
        let Some(watch) = self.watches.get_mut(id) else {
            return;
        };
        if watch.opening != opening {
            return;
        }
        let (subscription, sent) = (watch.subscription.clone(), watch.sent);
        let (kind, who) = (subscription.kind, watch.component.actor());
        let changes =
            (sent > 0).then(|| apiserver::changes_since(self.api.store(), kind, "", sent));
        let mut cause = cause;
        let missed = match changes {
            Some(Ok(changes)) => Some(changes),
            Some(Err(refusal)) => {
                let note = client::Note::Expired(kind, refusal.to_string());
                cause = self.record(who, Some(cause), note);
                None
            }
            None => None,
        };
        let (revision, seen) = if missed.is_some() {
            (sent, Seen::Resumed)
        } else {
            (self.api.store().revision(), self.listed(&subscription))
        };
        let Some(watch) = self.watches.get_mut(id) else {
            return;
        };
        watch.is_open = !matches!(seen, Seen::Refused(_));
        watch.sent = revision;
        let at = watch.arrival(self.now, self.profile.network.response);
        let delivery = Delivery {
            kind,
            revision,
            seen,
        };
        self.queue.push(
            at,
            Urgency::Work,
            Happening::Delivery {
                watch: id,
                opening,
                delivery,
                cause,
            },
        );
        for change in missed.into_iter().flatten() {
            self.send(id, &change, cause, urgency);
        }
    }
}
