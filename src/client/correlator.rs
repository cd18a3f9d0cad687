//! What keeps a component from writing too many events: many that differ only in their words become
//! one, and of those that still come too often about one object the rest is dropped.
//! Source: `k8s.io/client-go/tools/record/events_cache.go`.

use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::EventType;
use crate::api::Key;
use crate::sim::Time;

/// From so many different messages on they are combined. Source: `defaultAggregateMaxEvents`.
const MOST_DIFFERENT: usize = 10;
/// A pause after which the messages are told apart again.
/// Source: `defaultAggregateIntervalInSeconds`.
const AGGREGATION: Duration = Duration::from_mins(10);
/// So many events about one object go at once. Source: `defaultSpamBurst`.
const BURST: u32 = 25;
/// And then one each five minutes. Source: `defaultSpamQPS`.
const REFILL: Duration = Duration::from_mins(5);

/// An object and its uid.
type Subject = (Key, String);

/// What a component has said about objects lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Correlator {
    alike: OrdMap<(Subject, EventType, &'static str), Alike>,
    /// When the allowance for an object will be full again.
    full_at: OrdMap<Subject, Time>,
}

/// Events that differ only in their words.
#[derive(Clone, Debug)]
struct Alike {
    messages: OrdSet<String>,
    last: Time,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// It is counted together with others in other words.
    pub(super) is_combined: bool,
    /// It is counted here and not written.
    pub(super) is_dropped: bool,
}

impl Correlator {
    /// Source: `EventCorrelate`.
    pub(super) fn judge(
        &mut self,
        subject: &Subject,
        kind: (EventType, &'static str),
        message: &str,
        now: Time,
    ) -> Verdict {
        Verdict {
            is_combined: self.combines(subject, kind, message, now),
            is_dropped: self.drops(subject, now),
        }
    }

    /// Source: `EventAggregate`.
    fn combines(
        &mut self,
        subject: &Subject,
        (event_type, reason): (EventType, &'static str),
        message: &str,
        now: Time,
    ) -> bool {
        let key = (subject.clone(), event_type, reason);
        let fresh = Alike {
            messages: OrdSet::new(),
            last: now,
        };
        let alike = self.alike.entry(key).or_insert_with(|| fresh.clone());
        if now.since(alike.last) > AGGREGATION {
            *alike = fresh;
        }
        alike.messages.insert(message.to_owned());
        alike.last = now;
        if alike.messages.len() < MOST_DIFFERENT {
            return false;
        }
        alike.messages.remove_min();
        true
    }

    /// Source: `EventSourceObjectSpamFilter`.
    fn drops(&mut self, subject: &Subject, now: Time) -> bool {
        let full_at = self.full_at.get(subject).map_or(now, |at| (*at).max(now));
        if full_at.since(now) > REFILL * (BURST - 1) {
            return true;
        }
        self.full_at.insert(subject.clone(), full_at + REFILL);
        false
    }

    /// Forgets what was said about an object that is gone.
    pub(super) fn forget(&mut self, about: &Key) {
        let is_its = |subject: &Subject| subject.0 == *about;
        let first = (about.clone(), String::new());
        let mut gone = self
            .full_at
            .range(first.clone()..)
            .map(|(subject, _)| subject);
        let gone: Vec<Subject> = gone
            .by_ref()
            .take_while(|each| is_its(each))
            .cloned()
            .collect();
        for subject in gone {
            self.full_at.remove(&subject);
        }
        let first = (first, EventType::Normal, "");
        let kinds = self.alike.range(first..).map(|(kind, _)| kind);
        let kinds: Vec<_> = kinds.take_while(|kind| is_its(&kind.0)).cloned().collect();
        for kind in kinds {
            self.alike.remove(&kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn judge(correlator: &mut Correlator, message: &str, second: u64) -> (bool, bool) {
        let subject = (Key::new(Kind::Pod, "default", "a"), "uid".to_owned());
        let kind = (EventType::Normal, "Pulled");
        let now = Time::from_secs(second);
        let verdict = correlator.judge(&subject, kind, message, now);
        (verdict.is_combined, verdict.is_dropped)
    }

    #[test]
    fn c13_the_tenth_of_events_that_differ_in_words_is_combined_until_ten_minutes_of_silence() {
        let mut correlator = Correlator::default();
        let combined: Vec<bool> = (0..12)
            .map(|number| judge(&mut correlator, &format!("image {number}"), 0).0)
            .collect();
        assert_eq!(combined[..9], [false; 9]);
        assert_eq!(combined[9..], [true; 3]);
        assert!(judge(&mut correlator, "image 12", 600).0);
        assert!(!judge(&mut correlator, "image 13", 1_201).0);
    }

    #[test]
    fn c13_of_one_object_25_events_go_at_once_and_then_one_each_five_minutes() {
        let mut correlator = Correlator::default();
        let written = |correlator: &mut Correlator, second: u64| {
            (0..30)
                .filter(|_| !judge(correlator, "again", second).1)
                .count()
        };
        assert_eq!(written(&mut correlator, 0), 25);
        assert_eq!(written(&mut correlator, 299), 0);
        assert_eq!(written(&mut correlator, 300), 1);
        assert_eq!(written(&mut correlator, 900), 2);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut correlator = Correlator::default();
        judge(&mut correlator, "once", 0);
        correlator.forget(&Key::new(Kind::Pod, "default", "a"));
        assert!(correlator.alike.is_empty() && correlator.full_at.is_empty());
    }
}
