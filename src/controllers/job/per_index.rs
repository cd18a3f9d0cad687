//! Limits that count for each index by itself: `backoffLimitPerIndex`. How often an index has failed
//! is written on its newest pod, so a failed pod stays until its successor carries the number on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::backoff;
use super::ended::ended_at;
use super::failure_policy::{Ruling, rule_on};
use super::stock::Stock;
use crate::api::{Job, ObjectMeta, Pod, meta};
use crate::sim::Time;

/// How many failures of an index count. Source: `JobIndexFailureCountAnnotation`.
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// How many do not. Source: `JobIndexIgnoredFailureCountAnnotation`.
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

fn number(pod: &Pod, annotation: &str) -> u32 {
    let text = meta::annotation(&pod.metadata, annotation);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn all_failures(pod: &Pod) -> u32 {
    number(pod, FAILURES).saturating_add(number(pod, IGNORED))
}

/// Whether the index of a failed pod has failed with it. Source: `isIndexFailed`.
pub(super) fn is_last_failure(job: &Job, pod: &Pod) -> bool {
    let limit = job.spec.backoff_limit_per_index.unwrap_or(0);
    match rule_on(job, pod) {
        Ruling::FailIndex => true,
        Ruling::Ignore => false,
        Ruling::Count | Ruling::FailJob(_) => i64::from(number(pod, FAILURES)) >= i64::from(limit),
    }
}

/// For each index that nobody works on, its last failed pod.
/// Source: `getPodsWithDelayedDeletionPerIndex`.
pub(super) fn last_failed<'a>(
    failed: impl Iterator<Item = (i32, &'a Pod)>,
    settled: &BTreeSet<i32>,
) -> BTreeMap<i32, &'a Pod> {
    let mut last: BTreeMap<i32, &Pod> = BTreeMap::new();
    for (index, pod) in failed.filter(|(index, _)| !settled.contains(index)) {
        let rank = |pod: &Pod| (all_failures(pod), ended_at(pod));
        let newest = last.entry(index).or_insert(pod);
        if rank(newest) <= rank(pod) {
            *newest = pod;
        }
    }
    last
}

/// How long an index has to wait for its next pod. Source: `getRemainingTimePerIndex`.
pub(super) fn wait(stock: &Stock<'_>, index: i32, now: Time) -> Duration {
    stock.held.get(&index).map_or(Duration::ZERO, |failed| {
        let failures = all_failures(failed).saturating_add(1);
        backoff::remaining(failures, ended_at(failed), now)
    })
}

/// Writes on the next pod of an index how often the index has failed.
/// Source: `addIndexFailureCountAnnotation`.
pub(super) fn carry_on(stock: &Stock<'_>, index: i32, metadata: &mut ObjectMeta) {
    let (mut failures, mut ignored) = (0, 0);
    if let Some(failed) = stock.held.get(&index) {
        (failures, ignored) = (number(failed, FAILURES), number(failed, IGNORED));
        match rule_on(stock.job, failed) {
            Ruling::Ignore => ignored = ignored.saturating_add(1),
            _ => failures = failures.saturating_add(1),
        }
    }
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.insert(FAILURES.to_owned(), failures.to_string());
    if ignored > 0 {
        annotations.insert(IGNORED.to_owned(), ignored.to_string());
    }
}
