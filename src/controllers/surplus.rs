//! Which of too many active pods go first. Source: `ActivePods` of `pkg/controller/controller_utils.go`.

use std::cmp::Reverse;

use crate::api::{Pod, core, meta};
use crate::sim::Time;

/// Orders active pods, those that go first in front: what has come least far, serves for the shortest
/// time, has restarted most and is youngest. `preference` speaks where an owner has more to say; it is
/// asked after readiness.
///
/// Unlike Kubernetes: ages of the same power of two are told apart by restarts, creation and uid in
/// this order always, where Kubernetes goes straight to the uid when the exact ages differ.
pub(super) fn order<P: Ord>(pods: &mut [&Pod], now: Time, preference: impl Fn(&Pod) -> P) {
    pods.sort_by_cached_key(|pod| {
        (
            pod.spec.node_name.is_some(),
            phase_rank(pod.phase()),
            pod.is_ready(),
            preference(pod),
            pod.ready_since().map(|since| age_rank(since, now)),
            Reverse(most_restarts(pod)),
            age_rank(meta::created(&pod.metadata), now),
            pod.uid().to_owned(),
        )
    });
}

fn phase_rank(phase: &str) -> u8 {
    match phase {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

fn most_restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.container_statuses.iter().flatten();
    let restarts = |status: &core::ContainerStatus| status.restart_count;
    statuses.map(restarts).max().unwrap_or(0)
}

/// The power of two of an age in nanoseconds; the younger the lower.
/// Source: `logarithmicRankDiff`.
fn age_rank(since: Time, now: Time) -> u32 {
    now.since(since).as_nanos().max(1).ilog2()
}
