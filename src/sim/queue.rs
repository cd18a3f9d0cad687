//! The queue of what happens next, ordered by time and then by the order of asking.

use imbl::OrdMap;

use super::Time;

/// Whether an entry is work that will come to an end, or goes on for ever without changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Something is still to be done: the world is not idle before it has happened.
    Work,
    /// A heartbeat, a resync, a check that repeats: an idle world has only these.
    Periodic,
}

/// A priority queue that costs nothing to clone.
#[derive(Clone, Debug)]
pub struct EventQueue<T> {
    entries: OrdMap<(Time, u64), (Urgency, T)>,
    next_sequence: u64,
    work: usize,
}

impl<T: Clone> EventQueue<T> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: OrdMap::new(),
            next_sequence: 0,
            work: 0,
        }
    }

    /// Lets `entry` happen at `at`, after everything already asked for at that time.
    pub fn push(&mut self, at: Time, urgency: Urgency, entry: T) {
        self.entries
            .insert((at, self.next_sequence), (urgency, entry));
        self.next_sequence += 1;
        self.work += usize::from(urgency == Urgency::Work);
    }

    /// Takes the earliest entry.
    pub fn pop(&mut self) -> Option<(Time, Urgency, T)> {
        let (key, _) = self.entries.get_min()?;
        let key = *key;
        let (urgency, entry) = self.entries.remove(&key)?;
        self.work -= usize::from(urgency == Urgency::Work);
        Some((key.0, urgency, entry))
    }

    /// Takes back the first entry at this time that is the one meant, if there is one.
    pub fn take_back(&mut self, at: Time, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        let mut entries = self.entries.range((at, 0)..=(at, u64::MAX));
        let key = entries.find_map(|(key, (_, entry))| is_meant(entry).then_some(*key))?;
        let (urgency, entry) = self.entries.remove(&key)?;
        self.work -= usize::from(urgency == Urgency::Work);
        Some(entry)
    }

    /// Makes work of the periodic entries that are meant: the world is not idle before they have
    /// happened.
    pub fn press(&mut self, is_meant: impl Fn(&T) -> bool) {
        let periodic = self
            .entries
            .iter()
            .filter(|(_, (urgency, entry))| *urgency == Urgency::Periodic && is_meant(entry));
        let keys: Vec<(Time, u64)> = periodic.map(|(key, _)| *key).collect();
        self.work += keys.len();
        for key in keys {
            if let Some((urgency, _)) = self.entries.get_mut(&key) {
                *urgency = Urgency::Work;
            }
        }
    }

    /// When the earliest entry is due, and what it is.
    #[must_use]
    pub fn peek(&self) -> Option<(Time, Urgency, &T)> {
        self.entries
            .get_min()
            .map(|((at, _), (urgency, entry))| (*at, *urgency, entry))
    }

    /// True when only periodic entries are left.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.work == 0
    }

    /// How many entries wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing waits at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in the order in which they will happen.
    pub fn iter(&self) -> impl Iterator<Item = (Time, Urgency, &T)> {
        self.entries
            .iter()
            .map(|((at, _), (urgency, entry))| (*at, *urgency, entry))
    }
}

impl<T: Clone> Default for EventQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_and_then_in_the_order_of_asking() {
        let mut queue = EventQueue::new();
        queue.push(Time::from_secs(2), Urgency::Work, "c");
        queue.push(Time::from_secs(1), Urgency::Work, "a");
        queue.push(Time::from_secs(1), Urgency::Work, "b");
        let order: Vec<&str> =
            std::iter::from_fn(|| queue.pop().map(|(_, _, entry)| entry)).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }

    #[test]
    fn what_was_taken_back_does_not_happen_and_leaves_the_queue_idle() {
        let (soon, late) = (Time::from_secs(1), Time::from_secs(300));
        let mut queue = EventQueue::new();
        queue.push(late, Urgency::Work, "back-off");
        queue.push(late, Urgency::Periodic, "resync");
        assert_eq!(queue.take_back(soon, |entry| *entry == "back-off"), None);
        assert!(!queue.is_idle());
        assert_eq!(
            queue.take_back(late, |entry| *entry == "back-off"),
            Some("back-off")
        );
        assert!(queue.is_idle());
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn what_is_pressed_is_work_until_it_has_happened() {
        let mut queue = EventQueue::new();
        queue.push(Time::from_secs(1), Urgency::Periodic, "probe");
        queue.push(Time::from_secs(2), Urgency::Periodic, "heartbeat");
        queue.press(|entry| *entry == "probe");
        queue.press(|entry| *entry == "probe");
        assert!(!queue.is_idle());
        queue.pop();
        assert!(queue.is_idle());
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn only_periodic_entries_leave_the_queue_idle() {
        let mut queue = EventQueue::new();
        queue.push(Time::START, Urgency::Periodic, "heartbeat");
        assert!(queue.is_idle());
        queue.push(Time::START, Urgency::Work, "request");
        assert!(!queue.is_idle());
        queue.pop();
        queue.pop();
        assert!(queue.is_idle() && queue.is_empty());
    }
}
