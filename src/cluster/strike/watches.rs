//! What happens to watches: they break, tell late, lose events, tell them twice or in another order.

use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;

use super::super::step::Happening;
use super::super::watches::{InFlight, WatchId};
use super::super::{Cluster, ComponentId, Disorder, WatchChange};
use crate::api::Kind;
use crate::client::{Delivery, Seen};
use crate::sim::{RecordId, RecordKind, Urgency, span_words};

/// After which whoever was cheated lists again.
const LIST_AGAIN: Duration = Duration::from_secs(10);

/// The events on their way to a component that do not arrive as they should.
#[derive(Clone, Debug)]
pub(super) struct Disordered {
    disorder: Disorder,
    left: u32,
    /// Events that wait for the one after them.
    held: OrdMap<WatchId, InFlight>,
}

impl Cluster {
    pub(super) fn change_watches(
        &mut self,
        name: &str,
        change: WatchChange,
        cause: RecordId,
    ) -> Result<(), String> {
        let Some(id) = self.component_named(name) else {
            return Err(format!("there is no component \"{name}\""));
        };
        let own = self.kinds_watched(&id);
        let kind = match change {
            WatchChange::Cut(kind) | WatchChange::Delay(kind, _) => kind,
            WatchChange::Disorder(..) => None,
        };
        if let Some(kind) = kind.filter(|kind| !own.contains(kind)) {
            let own: Vec<&str> = own.iter().map(|kind| kind.info().plural).collect();
            return Err(format!(
                "{name} does not watch {}; it watches {}",
                kind.info().plural,
                own.join(", ")
            ));
        }
        let of = kind.map_or_else(String::new, |kind| format!(" on {}", kind.info().plural));
        match change {
            WatchChange::Cut(kind) => {
                let what = format!("cuts the watches of {name}{of}");
                let record = self.struck(RecordKind::FaultCutWatch, None, what, cause);
                self.break_watches(&id, kind, record);
            }
            WatchChange::Delay(kind, delay) => {
                let what = if delay.is_zero() {
                    format!("lets the watches of {name}{of} tell in time")
                } else {
                    format!(
                        "lets the watches of {name}{of} tell {} late",
                        span_words(delay)
                    )
                };
                self.struck(RecordKind::FaultWatch, None, what, cause);
                self.delay_watches(&id, kind, delay);
            }
            WatchChange::Disorder(disorder, count) => {
                self.begin_disorder(id, disorder, count, cause);
            }
        }
        Ok(())
    }

    fn kinds_watched(&self, id: &ComponentId) -> Vec<Kind> {
        let own = self.watches.of(id).into_iter();
        own.filter_map(|watch| Some(self.watches.get(watch)?.subscription.kind))
            .collect()
    }

    fn delay_watches(&mut self, id: &ComponentId, kind: Option<Kind>, delay: Duration) {
        for number in self.watches.of(id) {
            if let Some(watch) = self.watches.get_mut(number)
                && kind.is_none_or(|kind| kind == watch.subscription.kind)
            {
                watch.delay = delay;
            }
        }
    }

    /// Breaks watches, which are opened again a moment later from where they were.
    pub(super) fn break_watches(&mut self, id: &ComponentId, kind: Option<Kind>, cause: RecordId) {
        for watch in self.watches.of(id) {
            let is_meant = self
                .watches
                .get(watch)
                .is_some_and(|watch| kind.is_none_or(|kind| kind == watch.subscription.kind));
            if is_meant {
                self.break_watch(watch, cause);
            }
        }
    }

    fn break_watch(&mut self, watch: WatchId, cause: RecordId) {
        let Some((kind, sent, opening)) = self.close(watch) else {
            return;
        };
        let gone = Delivery {
            kind,
            revision: sent,
            seen: Seen::Gone,
        };
        let delivery = Happening::Delivery {
            watch,
            opening,
            delivery: gone,
            cause,
        };
        self.queue.push(self.now, Urgency::Work, delivery);
        let at = self.now + self.network.duration(self.profile.network.rewatch);
        let open = Happening::Open {
            watch,
            opening,
            cause,
        };
        self.queue.push(at, Urgency::Work, open);
    }

    /// Closes a watch; what was on its way is lost.
    pub(super) fn close(&mut self, watch: WatchId) -> Option<(Kind, u64, u32)> {
        let watch = self.watches.get_mut(watch)?;
        watch.is_open = false;
        watch.opening += 1;
        // What had not arrived was never seen: the watch goes on from there.
        watch.sent = watch.delivered;
        Some((watch.subscription.kind, watch.sent, watch.opening))
    }

    fn begin_disorder(&mut self, id: ComponentId, disorder: Disorder, count: u32, cause: RecordId) {
        let events = match count {
            1 => "event".to_owned(),
            _ => format!("{count} events"),
        };
        let what = match disorder {
            Disorder::Drop => format!("will lose the next {events} for {id}"),
            Disorder::Duplicate => format!("will tell {id} the next {events} twice"),
            Disorder::Reorder => format!("will tell {id} the next {events} after the ones behind"),
        };
        let record = self.struck(RecordKind::FaultWatch, None, what, cause);
        let disordered = Disordered {
            disorder,
            left: count,
            held: OrdMap::new(),
        };
        self.troubles.disordered.insert(id.clone(), disordered);
        if disorder != Disorder::Duplicate {
            let again = Happening::ListAgain {
                of: id,
                cause: record,
            };
            self.queue.push(self.now + LIST_AGAIN, Urgency::Work, again);
        }
    }

    /// Sends a change to a watcher, if nobody meddles; else what becomes of it.
    pub(in crate::cluster) fn send_or_meddle(
        &mut self,
        to: &ComponentId,
        in_flight: InFlight,
        urgency: Urgency,
    ) {
        let Some(disordered) = self.troubles.disordered.get_mut(to) else {
            self.fly(in_flight, urgency);
            return;
        };
        if let Some(earlier) = disordered.held.remove(&in_flight.watch) {
            self.fly(in_flight, urgency);
            self.fly(earlier, urgency);
            return;
        }
        if disordered.left == 0 {
            self.fly(in_flight, urgency);
            return;
        }
        disordered.left -= 1;
        let disorder = disordered.disorder;
        if disorder == Disorder::Reorder {
            disordered.held.insert(in_flight.watch, in_flight.clone());
        }
        let change = Arc::clone(&in_flight.change);
        let (key, revision) = (change.key.clone(), change.revision);
        let what = match disorder {
            Disorder::Drop => format!("loses {key} at revision {revision} on its way to {to}"),
            Disorder::Duplicate => format!("tells {to} twice of {key} at revision {revision}"),
            Disorder::Reorder => {
                format!("holds {key} at revision {revision} back on its way to {to}")
            }
        };
        self.struck(RecordKind::FaultWatch, Some(key), what, in_flight.commit);
        if disorder == Disorder::Duplicate {
            self.fly(in_flight.clone(), urgency);
            self.fly(in_flight, urgency);
        }
    }

    /// A component whose watches lost something lists again, and from now on hears all.
    pub(in crate::cluster) fn list_again(&mut self, id: &ComponentId, cause: RecordId) {
        self.troubles.disordered.remove(id);
        if !self.is_started(id, self.start_of(id)) || self.is_cut_off(id) {
            return;
        }
        let what = format!("ends the watches of {id}: what they lost is made good by a list");
        let record = self.struck(RecordKind::FaultWatch, None, what, cause);
        for number in self.watches.of(id) {
            self.break_watch(number, record);
            if let Some(watch) = self.watches.get_mut(number) {
                watch.sent = 0;
            }
        }
    }
}
