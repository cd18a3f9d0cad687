//! Counting each ended pod once: it is noted as uncounted, then its finalizer goes, then it counts.
//! Source: `trackJobStatusAndRemoveFinalizers`.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::controller::Action;
use super::indexes;
use crate::api::{Job, Pod, Typed, batch, meta};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};

/// Keeps a pod until the Job has counted it.
pub(super) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The number of a pod of an Indexed Job.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

pub(super) fn is_tracked(pod: &Pod) -> bool {
    let mut finalizers = pod.metadata.finalizers.iter().flatten();
    finalizers.any(|each| each == FINALIZER)
}

pub(super) fn has_succeeded(pod: &Pod) -> bool {
    pod.phase() == "Succeeded"
}

/// Pods that were deleted before they ended count as failed. Source: `isPodFailed`.
pub(super) fn has_failed(pod: &Pod) -> bool {
    pod.phase() == "Failed" || (pod.is_terminating() && !has_succeeded(pod))
}

pub(super) fn index_of(pod: &Pod) -> Option<i32> {
    meta::annotation(&pod.metadata, INDEX)?.parse().ok()
}

pub(super) fn is_indexed(job: &Job) -> bool {
    job.spec.completion_mode.as_deref() == Some("Indexed")
}

/// How many pods have ended, and how.
pub(super) struct Count {
    /// All that succeeded, counted or not; for Indexed Jobs the number of indexes.
    pub(super) succeeded: i32,
    /// All that failed.
    pub(super) failed: i32,
    /// The indexes that are done.
    pub(super) done: BTreeSet<i32>,
    /// Whether every ended pod is in the numbers of the status.
    pub(super) is_settled: bool,
    /// The part of the status that counts.
    pub(super) status: batch::JobStatus,
    /// Pods that are noted and may lose their finalizer.
    pub(super) released: Vec<Action>,
}

/// Takes stock.
pub(super) fn take_stock(job: &Job, pods: &[&Pod]) -> Count {
    let mut status = (*job.status).clone();
    let noted = status.uncounted_terminated_pods.take().unwrap_or_default();
    let noted = [noted.succeeded, noted.failed].map(Option::unwrap_or_default);
    let by_uid = |uid: &str| pods.iter().find(|pod| pod.uid() == uid);
    let is_held = |uid: &String| by_uid(uid).is_some_and(|pod| is_tracked(pod));
    let [succeeded, failed] = noted.clone();
    let (held_succeeded, free_succeeded): (Vec<_>, Vec<_>) =
        succeeded.into_iter().partition(is_held);
    let (held_failed, free_failed): (Vec<_>, Vec<_>) = failed.into_iter().partition(is_held);
    let mut done = indexes::read(status.completed_indexes.as_deref().unwrap_or_default());
    let mut counted = [status.succeeded.unwrap_or(0), status.failed.unwrap_or(0)];
    counted[0] += length(&free_succeeded);
    counted[1] += length(&free_failed);
    let mut uncounted = batch::UncountedTerminatedPods::default();
    let mut fresh = [held_succeeded, held_failed];
    let known: Vec<&String> = noted.iter().flatten().collect();
    for pod in pods.iter().filter(|pod| is_tracked(pod)) {
        let uid = pod.uid().to_owned();
        if known.contains(&&uid) {
            continue;
        }
        if has_succeeded(pod) {
            fresh[0].push(uid);
        } else if has_failed(pod) {
            fresh[1].push(uid);
        }
    }
    if is_indexed(job) {
        let finished = pods
            .iter()
            .filter(|pod| has_succeeded(pod) && is_tracked(pod));
        done.extend(finished.filter_map(|pod| index_of(pod)));
        status.completed_indexes = (!done.is_empty()).then(|| indexes::write(&done));
    }
    let [succeeded, failed] = [0, 1].map(|side| counted[side] + length(&fresh[side]));
    let is_settled = fresh.iter().all(Vec::is_empty);
    let some = |number: i32| (number > 0).then_some(number);
    status.succeeded = some(counted[0]);
    status.failed = some(counted[1]);
    let [fresh_succeeded, fresh_failed] = fresh;
    uncounted.succeeded = (!fresh_succeeded.is_empty()).then_some(fresh_succeeded);
    uncounted.failed = (!fresh_failed.is_empty()).then_some(fresh_failed);
    status.uncounted_terminated_pods = Some(uncounted);
    let released = known
        .into_iter()
        .filter_map(|uid| by_uid(uid))
        .filter(|pod| is_tracked(pod))
        .map(|pod| release(pod))
        .collect();
    Count {
        succeeded,
        failed,
        done,
        is_settled,
        status,
        released,
    }
}

fn length(list: &[String]) -> i32 {
    super::wording::replicas(list.len())
}

/// Lets a pod go that has been noted.
pub(super) fn release(pod: &Pod) -> Action {
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body: json!({"metadata": {
            "uid": pod.uid(),
            "$deleteFromPrimitiveList/finalizers": [FINALIZER],
        }}),
    };
    let key = pod.clone().into_object().key();
    let why = format!("lets {key} go: it is noted");
    Action::new(key, Verb::Patch(patch), why)
}
