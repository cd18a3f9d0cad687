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

/// A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `1.234s`, `350ms`.
#[must_use]
pub(super) fn go_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, rest) = (millis / 1000 % 60, millis % 1000);
    let fraction = match rest {
        0 => String::new(),
        _ => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
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

    #[test]
    fn durations_print_as_go_prints_them() {
        for (millis, text) in [
            (0, "0s"),
            (350, "350ms"),
            (1234, "1.234s"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (80_000, "1m20s"),
            (300_000, "5m0s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(millis)), text);
        }
    }
}
