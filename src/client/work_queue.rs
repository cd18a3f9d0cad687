//! A work queue: each key at most once, in order, with a growing wait after failures.

use std::time::Duration;

use imbl::{OrdMap, OrdSet, Vector};

use crate::api::Key;
use crate::sim::{RecordId, Time};

/// A key that waits, and since when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The key.
    pub key: Key,
    /// When it was added.
    pub since: Time,
    /// The record of its adding.
    pub record: RecordId,
}

/// The queue of one controller. A key that is being worked on and is added again waits until the
/// work is done. Source: `client-go/util/workqueue`.
#[derive(Clone, Debug, Default)]
pub struct WorkQueue {
    waiting: Vector<Queued>,
    waiting_keys: OrdMap<Key, RecordId>,
    in_work: OrdMap<Key, Option<Queued>>,
    failures: OrdMap<Key, u32>,
    delayed: OrdMap<Key, Time>,
    parked: OrdSet<Key>,
}

/// What became of an add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It waits to be taken.
    Waiting,
    /// It waits until the work on the same key is done.
    AfterWork,
    /// It was waiting already, since this record.
    Already(RecordId),
}

impl WorkQueue {
    /// Adds a key unless it is there already.
    pub fn add(&mut self, key: &Key, now: Time, record: RecordId) -> Added {
        let queued = Queued {
            key: key.clone(),
            since: now,
            record,
        };
        if let Some(again) = self.in_work.get_mut(key) {
            if let Some(first) = again {
                return Added::Already(first.record);
            }
            *again = Some(queued);
            return Added::AfterWork;
        }
        if let Some(first) = self.waiting_keys.get(key) {
            return Added::Already(*first);
        }
        self.waiting_keys.insert(key.clone(), record);
        self.waiting.push_back(queued);
        Added::Waiting
    }

    /// Takes the key that waits longest and marks it as being worked on.
    pub fn take(&mut self) -> Option<Queued> {
        let queued = self.waiting.pop_front()?;
        self.waiting_keys.remove(&queued.key);
        self.in_work.insert(queued.key.clone(), None);
        Some(queued)
    }

    /// Ends the work on a key; true when it was added meanwhile and waits again.
    pub fn done(&mut self, key: &Key) -> bool {
        match self.in_work.remove(key).flatten() {
            Some(again) => {
                self.waiting_keys.insert(key.clone(), again.record);
                self.waiting.push_back(again);
                true
            }
            None => false,
        }
    }

    /// Counts a failure and returns how long the key has to wait.
    pub fn failed(&mut self, key: &Key, first: Duration, most: Duration) -> Duration {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let wait = first
            .saturating_mul(1_u32.checked_shl(*failures).unwrap_or(u32::MAX))
            .min(most);
        *failures = failures.saturating_add(1);
        wait
    }

    /// Forgets the failures of a key.
    pub fn succeeded(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// Remembers that a key comes at a time; false when it comes earlier anyway.
    pub fn delay(&mut self, key: &Key, until: Time) -> bool {
        if self
            .delayed
            .get(key)
            .is_some_and(|planned| *planned <= until)
        {
            return false;
        }
        self.delayed.insert(key.clone(), until);
        true
    }

    /// Forgets that a key comes later, and says when that would have been.
    pub fn undelay(&mut self, key: &Key) -> Option<Time> {
        self.delayed.remove(key)
    }

    /// True when a delayed key is due; it is forgotten then.
    pub fn is_due(&mut self, key: &Key, now: Time) -> bool {
        let due = self.delayed.get(key).is_some_and(|planned| *planned <= now);
        if due {
            self.delayed.remove(key);
        }
        due
    }

    /// Sets a key aside until something happens that it waits for.
    pub fn park(&mut self, key: &Key) {
        self.parked.insert(key.clone());
    }

    /// Takes a key back from aside.
    pub fn unpark(&mut self, key: &Key) {
        self.parked.remove(key);
    }

    /// Whether a key is set aside.
    #[must_use]
    pub fn is_parked(&self, key: &Key) -> bool {
        self.parked.contains(key)
    }

    /// The keys that wait, first come first.
    pub fn waiting(&self) -> impl Iterator<Item = &Queued> {
        self.waiting.iter()
    }

    /// The keys that are being worked on.
    pub fn in_work(&self) -> impl Iterator<Item = &Key> {
        self.in_work.keys()
    }

    /// The keys that come later, and when.
    pub fn delayed(&self) -> impl Iterator<Item = (&Key, Time)> {
        self.delayed.iter().map(|(key, until)| (key, *until))
    }

    /// How often a key has failed in a row.
    #[must_use]
    pub fn failures(&self, key: &Key) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn key(name: &str) -> Key {
        Key::new(Kind::ReplicaSet, "default", name)
    }

    fn add(queue: &mut WorkQueue, name: &str) -> Added {
        queue.add(&key(name), Time::START, RecordId(0))
    }

    #[test]
    fn a_key_waits_once_and_comes_in_order() {
        let mut queue = WorkQueue::default();
        assert_eq!(add(&mut queue, "a"), Added::Waiting);
        assert_eq!(add(&mut queue, "b"), Added::Waiting);
        assert_eq!(add(&mut queue, "a"), Added::Already(RecordId(0)));
        let order: Vec<_> = std::iter::from_fn(|| queue.take())
            .map(|queued| queued.key)
            .collect();
        assert_eq!(order, [key("a"), key("b")]);
    }

    #[test]
    fn a_key_added_during_its_work_comes_again_afterwards() {
        let mut queue = WorkQueue::default();
        add(&mut queue, "a");
        queue.take();
        assert_eq!(add(&mut queue, "a"), Added::AfterWork);
        assert_eq!(queue.take(), None);
        assert!(queue.done(&key("a")));
        assert!(queue.take().is_some());
        assert!(!queue.done(&key("a")));
    }

    #[test]
    fn failures_double_the_wait_up_to_the_most() {
        let mut queue = WorkQueue::default();
        let (first, most) = (Duration::from_millis(5), Duration::from_millis(30));
        let waits: Vec<u128> = (0..4)
            .map(|_| queue.failed(&key("a"), first, most).as_millis())
            .collect();
        assert_eq!(waits, [5, 10, 20, 30]);
        queue.succeeded(&key("a"));
        assert_eq!(queue.failed(&key("a"), first, most).as_millis(), 5);
    }
}
