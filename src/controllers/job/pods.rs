//! How many pods a Job runs now. Source: `manageJob`.

use std::collections::BTreeSet;

use super::super::controller::{Action, LookAgain, Planned};
use super::super::pod_control;
use super::super::pod_template::PodMould;
use super::super::{surplus, wording};
use super::ended::waits_for_failure;
use super::stock::{FINALIZER, Stock, is_leaving, is_tracked};
use super::verdict::is_suspended;
use super::{backoff, indexes, per_index, tracking};
use crate::api::{Job, Pod, Typed};
use crate::sim::counted;

/// How many pods one sync creates or deletes at most. Source: `MaxPodCreateDeletePerSync`.
const BURST: usize = 500;
/// The longest beginning of a generated name. Source: `MaxGeneratedNameLength`.
const LONGEST_BEGINNING: usize = 58;

/// What is done about the number of pods.
#[derive(Default)]
pub(super) struct Change<'a> {
    pub(super) actions: Vec<Action>,
    /// How many are created.
    pub(super) created: usize,
    /// Which are deleted.
    pub(super) deleted: Vec<&'a Pod>,
    /// When more can be created.
    pub(super) look_again: Option<LookAgain>,
}

/// `3 completions, 2 at a time`
pub(super) fn wanted_words(job: &Job) -> String {
    let parallelism = job.spec.parallelism.unwrap_or(1);
    match job.spec.completions {
        Some(completions) => format!(
            "{}, {parallelism} at a time",
            counted(wording::size(completions), "completion")
        ),
        None => format!("1 completion, {parallelism} at a time"),
    }
}

/// How many pods shall be active.
fn wanted(stock: &Stock<'_>) -> usize {
    let parallelism = wording::size(stock.job.spec.parallelism.unwrap_or(1));
    if is_suspended(stock.job) {
        return 0;
    }
    match stock.job.spec.completions {
        // Any success means that the others may end, and no new ones come.
        None if stock.succeeded > 0 => stock.active.len(),
        None => parallelism,
        Some(completions) => wording::size(completions - stock.succeeded).min(parallelism),
    }
}

/// The creates or deletes, never both, and when to look again.
pub(super) fn manage<'a>(planned: &Planned<'_>, stock: &Stock<'a>) -> Change<'a> {
    let wanted = wanted(stock);
    let surplus = surplus(planned, stock, stock.active.len().saturating_sub(wanted));
    if !surplus.is_empty() {
        return remove(stock.job, surplus);
    }
    let waited_for = if waits_for_failure(stock.job) {
        stock.terminating
    } else {
        0
    };
    let missing = wanted.saturating_sub(stock.active.len() + waited_for);
    if missing == 0 {
        return Change::default();
    }
    let per_index = stock.job.spec.backoff_limit_per_index.is_some();
    if !per_index {
        let wait = backoff::of_all(stock.job, stock.pods, planned.now);
        if !wait.is_zero() {
            return Change {
                look_again: Some(LookAgain::to_act(wait)),
                ..Change::default()
            };
        }
    }
    let missing = missing.min(BURST);
    if indexes::is_indexed(stock.job) {
        return create_indexes(planned, stock, missing);
    }
    let creates = (0..missing).map(|_| create(stock, None));
    Change {
        actions: creates.collect(),
        created: missing,
        ..Change::default()
    }
}

/// The pods that go: those whose index is taken, unknown or too high, and as many others as it
/// takes. Source: `activePodsForRemoval`.
fn surplus<'a>(planned: &Planned<'_>, stock: &Stock<'a>, least: usize) -> Vec<&'a Pod> {
    let mut left = stock.active.clone();
    surplus::order(&mut left, planned.now, |_| ());
    let mut doomed = Vec::new();
    if indexes::is_indexed(stock.job) {
        // The last of an index is the one that has come furthest.
        let mut taken = BTreeSet::new();
        let mut kept = Vec::new();
        for pod in left.into_iter().rev() {
            let index = indexes::of(stock.job, pod);
            if index.is_some_and(|index| taken.insert(index)) {
                kept.push(pod);
            } else {
                doomed.push(pod);
            }
        }
        kept.reverse();
        left = kept;
    }
    let more = least.saturating_sub(doomed.len());
    doomed.extend(left.into_iter().take(more));
    doomed.truncate(BURST);
    doomed
}

/// Removes pods that shall not count: they are let go first. Source: `deleteJobPods`.
fn remove<'a>(job: &Job, surplus: Vec<&'a Pod>) -> Change<'a> {
    let owner = job.clone().into_object();
    let tracked = surplus.iter().filter(|pod| is_tracked(pod));
    let mut actions: Vec<Action> = tracked
        .map(|pod| tracking::release(pod, "it shall not count"))
        .collect();
    let deletes = surplus.iter();
    let because = "the Job does not need it";
    actions.extend(deletes.map(|pod| pod_control::delete(&owner, pod, because)));
    Change {
        actions,
        deleted: surplus,
        ..Change::default()
    }
}

/// The next pods of an Indexed Job: of the lowest indexes that nobody works on.
/// Source: `firstPendingIndexes`, `getPodCreationInfoForIndependentIndexes`.
fn create_indexes<'a>(planned: &Planned<'_>, stock: &Stock<'a>, missing: usize) -> Change<'a> {
    let mut taken: BTreeSet<i32> = stock.done.clone();
    taken.extend(stock.failed_indexes.iter().flatten());
    taken.extend(stock.active.iter().filter_map(|pod| indexes::carried(pod)));
    if waits_for_failure(stock.job) {
        let leaving = stock.pods.iter().filter(|pod| is_leaving(pod));
        taken.extend(leaving.filter_map(|pod| indexes::carried(pod)));
    }
    let completions = stock.job.spec.completions.unwrap_or(0);
    let pending = (0..completions).filter(|index| !taken.contains(index));
    let pending = pending.take(missing).map(|index| {
        let wait = per_index::wait(stock, index, planned.now);
        (index, wait)
    });
    let (now, later): (Vec<_>, Vec<_>) = pending.partition(|(_, wait)| wait.is_zero());
    if now.is_empty() {
        let wait = later.into_iter().map(|(_, wait)| wait).min();
        return Change {
            look_again: wait.map(LookAgain::to_act),
            ..Change::default()
        };
    }
    Change {
        created: now.len(),
        actions: now
            .into_iter()
            .map(|(index, _)| create(stock, Some(index)))
            .collect(),
        ..Change::default()
    }
}

fn create(stock: &Stock<'_>, index: Option<i32>) -> Action {
    let job = stock.job;
    let owner = job.clone().into_object();
    let mut pod = PodMould::new(&owner, &job.spec.template).unnamed(&owner);
    let metadata = pod.metadata_mut();
    let finalizers = metadata.finalizers.get_or_insert_default();
    if !finalizers.iter().any(|each| each == FINALIZER) {
        finalizers.push(FINALIZER.to_owned());
    }
    let Some(index) = index else {
        return pod_control::create(&owner, pod, "creates a pod".to_owned());
    };
    let end = format!("-{index}-");
    let beginning: String = owner
        .name()
        .chars()
        .take(LONGEST_BEGINNING - end.len())
        .collect();
    metadata.generate_name = Some(format!("{beginning}{end}"));
    for map in [&mut metadata.labels, &mut metadata.annotations] {
        map.get_or_insert_default()
            .insert(indexes::INDEX.to_owned(), index.to_string());
    }
    if job.spec.backoff_limit_per_index.is_some() {
        per_index::carry_on(stock, index, metadata);
    }
    let spec = pod.spec_mut().shared_mut();
    spec.hostname = Some(format!("{}-{index}", owner.name()));
    indexes::add_variable(spec);
    pod_control::create(&owner, pod, format!("creates the pod of index {index}"))
}
