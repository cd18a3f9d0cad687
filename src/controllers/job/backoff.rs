//! How long a Job waits after a failure. Source: `backoff_utils.go`.

use std::time::Duration;

use super::ended::{ended_at, has_failed, has_succeeded};
use crate::api::{Job, Pod};
use crate::sim::Time;

/// The first wait after a failure; doubles. Source: `DefaultJobPodFailureBackOff`.
const FIRST: Duration = Duration::from_secs(10);
/// The longest one. Source: `MaxJobPodFailureBackOff`; the documentation still says six minutes.
const MOST: Duration = Duration::from_mins(10);

/// What is left of the wait that so many failures ask for, the last of them at this time.
/// Source: `getRemainingTimeForFailuresCount`.
pub(super) fn remaining(failures: u32, last: Time, now: Time) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let wait = FIRST.saturating_mul(factor).min(MOST);
    (last + wait).since(now)
}

/// What is left of the wait that the failures since the last success ask for.
///
/// Unlike Kubernetes: the failures are counted in the pods that are still there. Kubernetes keeps
/// them in the memory of the controller, which forgets the wait when it starts again.
pub(super) fn of_all(job: &Job, pods: &[&Pod], now: Time) -> Duration {
    let successes = pods.iter().filter(|pod| has_succeeded(pod));
    let success = successes.map(|pod| ended_at(pod)).max();
    let failures = pods.iter().filter(|pod| has_failed(job, pod));
    let failures: Vec<Time> = failures
        .map(|pod| ended_at(pod))
        .filter(|at| success.is_none_or(|success| *at > success))
        .collect();
    let Some(last) = failures.iter().max() else {
        return Duration::ZERO;
    };
    remaining(
        u32::try_from(failures.len()).unwrap_or(u32::MAX),
        *last,
        now,
    )
}
