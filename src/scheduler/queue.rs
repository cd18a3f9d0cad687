//! Where pods wait for a node: ready to be tried, backing off, until something helps, or gated.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::event::{Change, ClusterEvent, Hint, changes};
use super::filters::Rejection;
use super::framework::Point;
use super::in_flight::{Happened, InFlight};
use super::profile::Configuration;
use crate::api::{Key, Kind, Pod, Typed};
use crate::sim::Time;

/// How long pods wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTimes {
    /// The first wait of a pod that did not fit; doubles each time. 1 s in kube-scheduler.
    pub backoff_first: Duration,
    /// The longest such wait. 10 s in kube-scheduler.
    pub backoff_most: Duration,
    /// After which a pod is tried again although nothing has happened. 5 min in kube-scheduler.
    pub flush: Duration,
}

impl Default for QueueTimes {
    fn default() -> Self {
        Self {
            backoff_first: Duration::from_secs(1),
            backoff_most: Duration::from_secs(10),
            flush: Duration::from_mins(5),
        }
    }
}

/// Where a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Ready to be tried.
    Active,
    /// Ready from this moment on.
    BackOff(Time),
    /// Until something happens that may help, or it has waited long enough.
    Unschedulable,
    /// Until a PreEnqueue plugin lets it in.
    Gated,
    /// It is being tried, or bound.
    InFlight,
}

/// A pod that waits for a node.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// The pod as it was last seen.
    pub pod: Pod,
    /// Where it stands in the store.
    pub key: Key,
    /// Where it stands here.
    pub place: Place,
    /// How often it has been tried.
    pub attempts: u32,
    /// How often it did not fit.
    pub failures: u32,
    /// How often in a row it could not be told whether it fits.
    pub errors: u32,
    /// When it came, or came back from its last try.
    pub since: Time,
    /// When it first came.
    pub added: Time,
    /// The plugins that refused it at its last try: what they ask for may help.
    pub refused_by: Arc<BTreeSet<&'static str>>,
    /// Why it may not enter the active queue yet.
    pub gate: Option<Rejection>,
    sequence: u64,
}

impl QueuedPod {
    /// The lower, the earlier it comes.
    fn rank(&self) -> Reverse<i32> {
        Reverse(self.pod.spec.priority.unwrap_or(0))
    }
}

/// A pod that was moved, and what moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The pod.
    pub pod: Key,
    /// Where it stands now.
    pub to: Place,
    /// What happened.
    pub change: Change,
    /// The plugin that took it for a help; nothing when time has passed.
    pub plugin: Option<&'static str>,
}

/// The queues of the scheduler: a value that costs nothing to clone.
/// Source: `pkg/scheduler/backend/queue`.
///
/// Unlike Kubernetes: pods move at the moment when their time is over, not at the next of its ticks
/// (1 s for back-off, 30 s for the flush).
#[derive(Clone, Debug, Default)]
pub struct Queue {
    times: QueueTimes,
    pods: OrdMap<Key, QueuedPod>,
    active: OrdSet<(Reverse<i32>, Time, u64, Key)>,
    backing_off: OrdSet<(Time, u64, Key)>,
    unschedulable: OrdSet<(Time, u64, Key)>,
    gated: OrdSet<Key>,
    in_flight: InFlight,
    next_sequence: u64,
}

impl Queue {
    /// Empty queues.
    #[must_use]
    pub fn new(times: QueueTimes) -> Self {
        Self {
            times,
            ..Self::default()
        }
    }

    /// Takes a pod that waits for a node. One that is here already is only renewed.
    pub fn add(&mut self, pod: &Pod, configuration: &Configuration, now: Time) {
        let key = Key::new(Kind::Pod, pod.namespace(), pod.name());
        if let Some(mut known) = self.take(&key) {
            known.pod = pod.clone();
            let place = known.place;
            self.put(known, place);
            return;
        }
        let queued = QueuedPod {
            pod: pod.clone(),
            key,
            place: Place::InFlight,
            attempts: 0,
            failures: 0,
            errors: 0,
            since: now,
            added: now,
            refused_by: Arc::default(),
            gate: None,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.enter(queued, Place::Active, configuration);
    }

    /// Takes a newer state of a pod that waits. If it may fit now, it moves.
    pub fn update(
        &mut self,
        old: &Pod,
        new: &Pod,
        configuration: &Configuration,
        now: Time,
    ) -> Option<Move> {
        let key = Key::new(Kind::Pod, new.namespace(), new.name());
        let Some(mut queued) = self.take(&key) else {
            self.add(new, configuration, now);
            return None;
        };
        queued.pod = new.clone();
        let (old, new) = (old.clone().into_object(), new.clone().into_object());
        let place = queued.place;
        let events: Vec<Happened> = changes(Some(&old), Some(&new))
            .into_iter()
            .map(|change| Happened {
                only: Some(key.clone()),
                change,
                old: Some(old.clone()),
                new: Some(new.clone()),
            })
            .collect();
        if place == Place::InFlight {
            self.in_flight.see(events.iter().cloned());
        }
        if matches!(place, Place::Unschedulable | Place::Gated) {
            let woken = events.iter().find_map(|event| {
                let help = who_is_helped(&queued, &event.borrow(), configuration);
                help.is_some().then_some((event.change, help))
            });
            if let Some((change, help)) = woken {
                let to = self.requeue(queued, configuration, now);
                return Some(Move {
                    pod: key,
                    to,
                    change,
                    plugin: help.plugin(),
                });
            }
        }
        self.put(queued, place);
        None
    }

    /// Forgets a pod that was deleted or has got a node.
    pub fn remove(&mut self, key: &Key) {
        self.take(key);
        self.in_flight.end(key);
    }

    /// The pod that is tried next: of those that are ready the one of the highest priority, then
    /// who is here for longest. When nobody is ready, one that backs off is not kept waiting.
    #[must_use]
    pub fn head(&self) -> Option<&QueuedPod> {
        match self.active.get_min() {
            Some((_, _, _, key)) => self.pods.get(key),
            None => self.first_in_back_off(),
        }
    }

    /// Whose wait would be over first; of those in the same second the one that would come first
    /// among the ready. Whoever failed by an error waits its whole time.
    /// Source: `popBackoff` and `lessBackoffCompletedWithPriority` of `backend/queue`.
    fn first_in_back_off(&self) -> Option<&QueuedPod> {
        let refused = |pod: &&QueuedPod| !pod.refused_by.is_empty();
        let second = |pod: &QueuedPod| match pod.place {
            Place::BackOff(until) => until.as_secs(),
            _ => 0,
        };
        let first = second(self.backing_off().find(refused)?);
        let together = self.backing_off().take_while(|pod| second(pod) <= first);
        let order = |pod: &&QueuedPod| (pod.rank(), pod.since, pod.sequence);
        together.filter(refused).min_by_key(order)
    }

    /// Takes the [`Queue::head`]. From now on it is in flight, until [`Queue::put_back`] or
    /// [`Queue::remove`].
    pub fn pop(&mut self) -> Option<QueuedPod> {
        let key = self.head()?.key.clone();
        let mut queued = self.take(&key)?;
        queued.attempts += 1;
        self.in_flight.begin(key);
        self.put(queued.clone(), Place::InFlight);
        Some(queued)
    }

    /// Takes back a pod that got no node. `refused_by` names the plugins that refused it; without
    /// any, the attempt failed for another reason and is repeated after a back-off. What happened
    /// meanwhile and may help counts. Says where the pod stands now; nothing when it is gone.
    pub fn put_back(
        &mut self,
        key: &Key,
        refused_by: BTreeSet<&'static str>,
        configuration: &Configuration,
        now: Time,
    ) -> Option<Place> {
        let mut queued = self.take(key)?;
        let seen = self.in_flight.seen_by(key);
        self.in_flight.end(key);
        queued.since = now;
        if refused_by.is_empty() {
            queued.errors += 1;
        } else {
            queued.failures += 1;
            queued.errors = 0;
        }
        queued.refused_by = Arc::new(refused_by);
        let is_helped = queued.refused_by.is_empty()
            || seen
                .iter()
                .any(|event| who_is_helped(&queued, &event.borrow(), configuration).is_some());
        Some(if is_helped {
            self.requeue(queued, configuration, now)
        } else {
            self.put(queued, Place::Unschedulable)
        })
    }

    /// Moves the pods that what happened may help, and remembers it for those in flight.
    pub fn notice(
        &mut self,
        event: &ClusterEvent<'_>,
        configuration: &Configuration,
        now: Time,
    ) -> Vec<Move> {
        self.in_flight.see(std::iter::once_with(|| Happened {
            only: None,
            change: event.change,
            old: event.old.cloned(),
            new: event.new.cloned(),
        }));
        let waiting = self.unschedulable.iter().map(|(_, _, key)| key);
        let helped: Vec<(Key, Help)> = waiting
            .chain(&self.gated)
            .filter_map(|key| {
                let help = who_is_helped(self.pods.get(key)?, event, configuration);
                help.is_some().then(|| (key.clone(), help))
            })
            .collect();
        let mut moves = Vec::new();
        for (key, help) in helped {
            let Some(queued) = self.take(&key) else {
                continue;
            };
            let to = self.requeue(queued, configuration, now);
            if to != Place::Gated {
                moves.push(Move {
                    pod: key,
                    to,
                    change: event.change,
                    plugin: help.plugin(),
                });
            }
        }
        moves
    }

    /// Moves the pods whose time is over.
    pub fn advance(&mut self, configuration: &Configuration, now: Time) -> Vec<Move> {
        let mut due = Vec::new();
        while let Some((until, _, key)) = self.backing_off.get_min().cloned()
            && until <= now
            && let Some(queued) = self.take(&key)
        {
            due.push(queued);
        }
        while let Some((since, _, key)) = self.unschedulable.get_min().cloned()
            && since + self.times.flush <= now
            && let Some(queued) = self.take(&key)
        {
            due.push(queued);
        }
        let moves = due.into_iter().map(|queued| Move {
            pod: queued.key.clone(),
            change: Change::Flush,
            plugin: None,
            to: self.requeue(queued, configuration, now),
        });
        moves.collect()
    }

    /// When the next pod's time is over.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        let backoff = self.backing_off.get_min().map(|(until, _, _)| *until);
        let flush = self.unschedulable.get_min();
        let flush = flush.map(|(since, _, _)| *since + self.times.flush);
        backoff.into_iter().chain(flush).min()
    }

    /// When an unschedulable pod is tried again although nothing has happened.
    #[must_use]
    pub fn flush_of(&self, queued: &QueuedPod) -> Time {
        queued.since + self.times.flush
    }

    /// The pods that are ready, in the order in which they will be tried.
    pub fn active(&self) -> impl Iterator<Item = &QueuedPod> {
        self.active
            .iter()
            .filter_map(|entry| self.pods.get(&entry.3))
    }

    /// How many pods are ready.
    #[must_use]
    pub fn active_count(&self) -> usize {
        self.active.len()
    }

    /// The pods that back off, the first to be ready first.
    pub fn backing_off(&self) -> impl Iterator<Item = &QueuedPod> {
        let entries = self.backing_off.iter();
        entries.filter_map(|entry| self.pods.get(&entry.2))
    }

    /// The pods that wait for something to happen, the longest waiting first.
    pub fn unschedulable(&self) -> impl Iterator<Item = &QueuedPod> {
        let entries = self.unschedulable.iter();
        entries.filter_map(|entry| self.pods.get(&entry.2))
    }

    /// The pods that may not enter the active queue yet.
    pub fn gated(&self) -> impl Iterator<Item = &QueuedPod> {
        self.gated.iter().filter_map(|key| self.pods.get(key))
    }

    /// The pods that are being tried or bound.
    pub fn in_flight(&self) -> impl Iterator<Item = &QueuedPod> {
        self.in_flight.keys().filter_map(|key| self.pods.get(key))
    }

    /// The pod of this key, wherever it stands.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&QueuedPod> {
        self.pods.get(key)
    }

    /// How many pods are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// True when no pod waits at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// Sends a pod to the active queue, or to back-off if it has not waited its time.
    fn requeue(&mut self, queued: QueuedPod, configuration: &Configuration, now: Time) -> Place {
        let until = queued.since + self.backoff(&queued);
        let place = if until > now {
            Place::BackOff(until)
        } else {
            Place::Active
        };
        self.enter(queued, place, configuration)
    }

    /// How long the pod waits after its last try.
    fn backoff(&self, queued: &QueuedPod) -> Duration {
        let count = if queued.errors > 0 {
            queued.errors
        } else {
            queued.failures
        };
        let Some(doublings) = count.checked_sub(1) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let longer = self.times.backoff_first.saturating_mul(factor);
        longer.min(self.times.backoff_most)
    }

    /// Puts a pod where it may be taken from, unless a PreEnqueue plugin keeps it out.
    fn enter(
        &mut self,
        mut queued: QueuedPod,
        place: Place,
        configuration: &Configuration,
    ) -> Place {
        queued.gate = configuration.profile_of(&queued.pod).and_then(|profile| {
            profile.at(Point::PreEnqueue).iter().find_map(|plugin| {
                let refusal = plugin.pre_enqueue(&queued.pod)?;
                let plugin = plugin.name();
                Some(Rejection { plugin, refusal })
            })
        });
        let place = if queued.gate.is_some() {
            Place::Gated
        } else {
            place
        };
        self.put(queued, place)
    }

    /// Puts a pod that stands nowhere into a place.
    fn put(&mut self, mut queued: QueuedPod, place: Place) -> Place {
        queued.place = place;
        let (key, sequence, since) = (queued.key.clone(), queued.sequence, queued.since);
        match place {
            Place::Active => {
                self.active.insert((queued.rank(), since, sequence, key));
            }
            Place::BackOff(until) => {
                self.backing_off.insert((until, sequence, key));
            }
            Place::Unschedulable => {
                self.unschedulable.insert((since, sequence, key));
            }
            Place::Gated => {
                self.gated.insert(key);
            }
            Place::InFlight => {}
        }
        self.pods.insert(queued.key.clone(), queued);
        place
    }

    /// Takes a pod from where it stands.
    fn take(&mut self, key: &Key) -> Option<QueuedPod> {
        let queued = self.pods.remove(key)?;
        let (key, sequence, since) = (key.clone(), queued.sequence, queued.since);
        match queued.place {
            Place::Active => {
                self.active.remove(&(queued.rank(), since, sequence, key));
            }
            Place::BackOff(until) => {
                self.backing_off.remove(&(until, sequence, key));
            }
            Place::Unschedulable => {
                self.unschedulable.remove(&(since, sequence, key));
            }
            Place::Gated => {
                self.gated.remove(&key);
            }
            Place::InFlight => {}
        }
        Some(queued)
    }
}

/// Who takes an event for a help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Help {
    /// Nobody.
    None,
    /// Nobody has refused the pod, so anything is a help.
    Anything,
    /// A plugin that refused the pod.
    Plugin(&'static str),
}

impl Help {
    fn is_some(self) -> bool {
        self != Self::None
    }

    fn plugin(self) -> Option<&'static str> {
        match self {
            Self::Plugin(name) => Some(name),
            Self::None | Self::Anything => None,
        }
    }
}

/// Whether the event may help the pod. Only plugins that refused the pod are asked.
/// Source: `isPodWorthRequeuing` of `pkg/scheduler/backend/queue/scheduling_queue.go`.
fn who_is_helped(
    queued: &QueuedPod,
    event: &ClusterEvent<'_>,
    configuration: &Configuration,
) -> Help {
    let gate = queued.gate.as_ref().map(|gate| gate.plugin);
    let mut refused_by: Box<dyn Iterator<Item = &'static str>> = match gate {
        Some(gate) => Box::new(std::iter::once(gate)),
        None if queued.refused_by.is_empty() => return Help::Anything,
        None => Box::new(queued.refused_by.iter().copied()),
    };
    let Some(profile) = configuration.profile_of(&queued.pod) else {
        return Help::None;
    };
    let helped = refused_by.find(|name| {
        let plugin = profile.plugin(name);
        plugin.is_some_and(|plugin| plugin.hint(&queued.pod, event) == Hint::Queue)
    });
    helped.map_or(Help::None, Help::Plugin)
}
