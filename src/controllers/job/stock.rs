//! What there is of a Job: its pods, and how many of them have ended, and how.
//! Source: the head of `syncJob`.

use std::collections::{BTreeMap, BTreeSet};

use super::ended::{has_failed, has_succeeded};
use super::failure_policy::{Ruling, rule_on};
use super::{indexes, per_index};
use crate::api::{Job, Pod};

/// Keeps a pod until the Job has counted it.
pub(super) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";

pub(super) fn is_tracked(pod: &Pod) -> bool {
    let mut finalizers = pod.metadata.finalizers.iter().flatten();
    finalizers.any(|each| each == FINALIZER)
}

/// A Job with its pods, counted.
pub(super) struct Stock<'a> {
    pub(super) job: &'a Job,
    pub(super) pods: &'a [&'a Pod],
    /// Those that have not ended and are not on their way out.
    pub(super) active: Vec<&'a Pod>,
    /// How many are on their way out.
    pub(super) terminating: usize,
    /// All that succeeded, in the status already or not; of an Indexed Job the number of indexes.
    pub(super) succeeded: i32,
    /// All that failed and count.
    pub(super) failed: i32,
    /// The indexes that are done.
    pub(super) done: BTreeSet<i32>,
    /// The indexes that have failed; nothing when there is no limit for each.
    pub(super) failed_indexes: Option<BTreeSet<i32>>,
    /// With a limit for each index: the failed pods that stay until they are replaced.
    pub(super) held: BTreeMap<i32, &'a Pod>,
}

impl<'a> Stock<'a> {
    pub(super) fn of(job: &'a Job, pods: &'a [&'a Pod]) -> Self {
        let status = &job.status;
        let noted = status.uncounted_terminated_pods.as_ref();
        let noted_succeeded = noted.and_then(|noted| noted.succeeded.as_deref());
        let noted_failed = noted.and_then(|noted| noted.failed.as_deref());
        let fresh = |noted: Option<&[String]>, counts: &dyn Fn(&Pod) -> bool| {
            let noted: BTreeSet<&str> = noted.into_iter().flatten().map(String::as_str).collect();
            let can_count = |pod: &Pod| is_tracked(pod) && indexes::can_count(job, pod);
            let fresh = pods.iter().filter(|pod| can_count(pod) && counts(pod));
            fresh.filter(|pod| !noted.contains(pod.uid())).count()
        };
        let number = |counted: Option<i32>, noted: Option<&[String]>, fresh: usize| {
            let seen = super::wording::replicas(noted.map_or(0, <[String]>::len) + fresh);
            counted.unwrap_or(0).saturating_add(seen)
        };
        let succeeded = fresh(noted_succeeded, &has_succeeded);
        let failed = fresh(noted_failed, &|pod| {
            has_failed(job, pod) && rule_on(job, pod) != Ruling::Ignore
        });
        let mut stock = Self {
            job,
            pods,
            active: pods.iter().copied().filter(|pod| pod.is_active()).collect(),
            terminating: pods.iter().filter(|pod| is_leaving(pod)).count(),
            succeeded: number(status.succeeded, noted_succeeded, succeeded),
            failed: number(status.failed, noted_failed, failed),
            done: BTreeSet::new(),
            failed_indexes: None,
            held: BTreeMap::new(),
        };
        if indexes::is_indexed(job) {
            stock.count_indexes();
        }
        stock
    }

    /// Source: `calculateSucceededIndexes`, `calculateFailedIndexes`.
    fn count_indexes(&mut self) {
        let (job, pods) = (self.job, self.pods);
        let completions = job.spec.completions.unwrap_or(0);
        let tracked = pods.iter().copied().filter(|pod| is_tracked(pod));
        let tracked = tracked.filter_map(|pod| Some((indexes::of(job, pod)?, pod)));
        let before = job.status.completed_indexes.as_deref();
        self.done = indexes::read(before.unwrap_or_default(), completions);
        let succeeded = tracked.clone().filter(|(_, pod)| has_succeeded(pod));
        self.done.extend(succeeded.map(|(index, _)| index));
        self.succeeded = super::wording::replicas(self.done.len());
        if job.spec.backoff_limit_per_index.is_none() {
            return;
        }
        let before = job.status.failed_indexes.as_deref();
        let mut lost = indexes::read(before.unwrap_or_default(), completions);
        let failed = tracked.filter(|(_, pod)| has_failed(job, pod));
        let ends_index = |(_, pod): &(i32, &Pod)| per_index::is_last_failure(job, pod);
        lost.extend(failed.clone().filter(ends_index).map(|(index, _)| index));
        let mut settled: BTreeSet<i32> = self.done.union(&lost).copied().collect();
        settled.extend(self.active.iter().filter_map(|pod| indexes::of(job, pod)));
        self.held = per_index::last_failed(failed, &settled);
        self.failed_indexes = Some(lost);
    }
}

/// Whether a pod is being deleted and has not ended. Source: `IsPodTerminating`.
pub(super) fn is_leaving(pod: &Pod) -> bool {
    pod.is_terminating() && !pod.is_finished()
}
