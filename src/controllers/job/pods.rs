//! How many pods a Job runs now, and how long it waits after a failure. Source: `manageJob`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::controller::{Action, LookAgain, Planned};
use super::super::pod_control;
use super::super::pod_template::PodMould;
use super::super::wording;
use super::count::{self, Count, FINALIZER, INDEX};
use crate::api::{Job, Object, Pod, Typed, meta};
use crate::sim::Time;

/// The first wait after a failure; doubles. Source: `DefaultJobPodFailureBackOff`.
const BACKOFF_FIRST: Duration = Duration::from_secs(10);
/// The longest one. Source: `MaxJobPodFailureBackOff`; the documentation still says six minutes.
const BACKOFF_MOST: Duration = Duration::from_mins(10);

/// `3 completions, 2 at a time`
pub(super) fn wanted_words(job: &Job) -> String {
    let parallelism = job.spec.parallelism.unwrap_or(1);
    match job.spec.completions {
        Some(completions) => format!(
            "{}, {parallelism} at a time",
            wording::count(wording::size(completions), "completion")
        ),
        None => format!("1 completion, {parallelism} at a time"),
    }
}

/// How many pods shall be active.
fn wanted(job: &Job, count: &Count, active: usize) -> usize {
    let parallelism = wording::size(job.spec.parallelism.unwrap_or(1));
    if job.spec.suspend == Some(true) {
        return 0;
    }
    match job.spec.completions {
        // Any success means that the others may end, and no new ones come.
        None if count.succeeded > 0 => active.min(parallelism),
        None => parallelism,
        Some(completions) => wording::size(completions - count.succeeded).min(parallelism),
    }
}

/// The creates or deletes, and when to look again.
pub(super) fn manage(
    planned: &Planned<'_>,
    job: &Job,
    count: &Count,
    pods: &[&Pod],
    active: &[&Pod],
) -> (Vec<Action>, Option<LookAgain>) {
    let owner = job.clone().into_object();
    let wanted = wanted(job, count, active.len());
    if active.len() > wanted {
        let mut surplus = active.to_vec();
        surplus.sort_by_key(|pod| {
            let created = std::cmp::Reverse(meta::created(&pod.metadata));
            (
                pod.spec.node_name.is_some(),
                pod.is_ready(),
                created,
                pod.name().to_owned(),
            )
        });
        surplus.truncate(active.len() - wanted);
        let deletes = surplus.into_iter().map(|pod| delete(&owner, pod));
        return (deletes.collect(), None);
    }
    if active.len() == wanted {
        return (Vec::new(), None);
    }
    let wait = backoff(pods, planned.now);
    if !wait.is_zero() {
        return (
            Vec::new(),
            Some(LookAgain::to_act(wait).because("the back-off after a failure is over")),
        );
    }
    let missing = wanted - active.len();
    let creates = match job.spec.completions.filter(|_| count::is_indexed(job)) {
        None => (0..missing).map(|_| create(job, &owner, None)).collect(),
        Some(completions) => {
            let taken: BTreeSet<i32> = active
                .iter()
                .filter_map(|pod| count::index_of(pod))
                .collect();
            (0..completions)
                .filter(|index| !count.done.contains(index) && !taken.contains(index))
                .take(missing)
                .map(|index| create(job, &owner, Some(index)))
                .collect()
        }
    };
    (creates, None)
}

/// When a pod ended, as far as its containers tell.
fn ended(pod: &Pod) -> Option<Time> {
    let statuses = pod.status.container_statuses.iter().flatten();
    let finished = statuses.filter_map(|status| {
        let terminated = status.state.as_ref()?.terminated.as_ref()?;
        terminated.finished_at.as_ref().map(meta::moment)
    });
    let ready = pod.condition("Ready");
    let ready = ready.and_then(|ready| ready.last_transition_time.as_ref());
    finished.max().or(ready.map(meta::moment))
}

/// What is left of the wait that the failures since the last success ask for.
/// Source: `getRemainingTime` in `backoff_utils.go`.
fn backoff(pods: &[&Pod], now: Time) -> Duration {
    let last = |is: fn(&Pod) -> bool| {
        let those = pods.iter().filter(|pod| is(pod));
        those.filter_map(|pod| ended(pod)).max()
    };
    let success = last(count::has_succeeded);
    let Some(failure) = last(count::has_failed) else {
        return Duration::ZERO;
    };
    let failures = pods
        .iter()
        .filter(|pod| count::has_failed(pod))
        .filter(|pod| success.is_none_or(|success| ended(pod) > Some(success)))
        .count();
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    let factor = u32::try_from(doublings)
        .ok()
        .and_then(|power| 1_u32.checked_shl(power));
    let wait = BACKOFF_FIRST
        .saturating_mul(factor.unwrap_or(u32::MAX))
        .min(BACKOFF_MOST);
    (failure + wait).since(now)
}

fn create(job: &Job, owner: &Object, index: Option<i32>) -> Action {
    let mut pod = PodMould::new(owner, &job.spec.template).unnamed(owner);
    let metadata = pod.metadata_mut();
    metadata
        .finalizers
        .get_or_insert_default()
        .push(FINALIZER.to_owned());
    let mut why = "creates a pod".to_owned();
    if let Some(index) = index {
        why = format!("creates the pod of index {index}");
        let text = index.to_string();
        metadata.generate_name = Some(format!("{}-{index}-", owner.name()));
        for map in [&mut metadata.labels, &mut metadata.annotations] {
            map.get_or_insert_default()
                .insert(INDEX.to_owned(), text.clone());
        }
        let spec = pod.spec_mut().shared_mut();
        spec.hostname = Some(format!("{}-{index}", owner.name()));
    }
    pod_control::create(owner, pod, why)
}

/// Ends a pod that is not needed any more.
pub(super) fn delete(owner: &Object, pod: &Pod) -> Action {
    pod_control::delete(owner, pod, "the Job does not need it")
}
