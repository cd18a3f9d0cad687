//! The growing wait before another attempt, and how Go prints it.

use std::time::Duration;

use crate::sim::{Profile, Time};

/// The wait of one container or one image. Source: `client-go/util/flowcontrol/backoff.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BackOff {
    /// How long the next wait is.
    pub(super) wait: Duration,
    /// When it last grew.
    pub(super) updated: Time,
}

impl BackOff {
    /// The wait after one more attempt at `now`; the first when there was none for a long time
    /// before `event`.
    #[must_use]
    pub(super) fn next(before: Option<Self>, event: Time, now: Time, profile: &Profile) -> Self {
        let times = &profile.kubelet;
        let wait = match before {
            Some(before) if !before.is_forgotten(event, profile) => {
                (before.wait * 2).min(times.backoff_most)
            }
            _ => times.backoff_first,
        };
        Self { wait, updated: now }
    }

    /// Until when an attempt must wait, if the failure was at `event`; none when it need not.
    #[must_use]
    pub(super) fn until(
        before: Option<Self>,
        event: Time,
        now: Time,
        profile: &Profile,
    ) -> Option<Time> {
        let before = before.filter(|before| !before.is_forgotten(event, profile))?;
        let until = event + before.wait;
        (now < until).then_some(until)
    }

    /// Whether the wait cannot grow any more.
    #[must_use]
    pub(super) fn is_longest(&self, profile: &Profile) -> bool {
        self.wait >= profile.kubelet.backoff_most
    }

    fn is_forgotten(&self, event: Time, profile: &Profile) -> bool {
        event.since(self.updated) > profile.kubelet.backoff_reset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k4_waits_double_from_10_s_to_300_s_and_are_forgotten_after_10_minutes() {
        let profile = Profile::kubernetes_1_34();
        let mut now = Time::START;
        let mut back_off = None;
        let mut waits = Vec::new();
        for _ in 0..7 {
            let until = BackOff::until(back_off, now, now, &profile).unwrap_or(now);
            waits.push(until.since(now).as_secs());
            back_off = Some(BackOff::next(back_off, now, until, &profile));
            now = until;
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300]);
        let soon = now + Duration::from_mins(10);
        assert!(BackOff::until(back_off, soon, soon, &profile).is_some());
        let late = now + Duration::from_secs(601);
        assert_eq!(BackOff::until(back_off, late, late, &profile), None);
        let again = BackOff::next(back_off, late, late, &profile);
        assert_eq!(again.wait.as_secs(), 10);
    }
}
