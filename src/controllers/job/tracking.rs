//! Counting each ended pod once: it is noted as uncounted, then its finalizer goes, then it counts.
//! Source: `trackJobStatusAndRemoveFinalizers`.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::controller::{Action, Pack};
use super::ended::{has_failed, has_succeeded};
use super::failure_policy::{Ruling, rule_on};
use super::indexes;
use super::stock::{FINALIZER, Stock, is_tracked};
use super::verdict::Verdict;
use crate::api::{Pod, Typed, batch};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};

/// How many pods are noted at once at most. Source: `MaxUncountedPods`.
const MOST_NOTED: usize = 500;

/// The books of one sync.
pub(super) struct Books<'a> {
    /// The status with the pods that end noted in it.
    pub(super) noted: batch::JobStatus,
    /// Pods that may go once that is written.
    pub(super) released: Vec<&'a Pod>,
    /// The status once they have gone.
    pub(super) counted: batch::JobStatus,
    /// Whether there were more than can be noted at once.
    pub(super) is_full: bool,
}

/// Keeps the books on a status whose numbers are those before this sync.
pub(super) fn keep<'a>(
    stock: &Stock<'a>,
    verdict: Option<&Verdict>,
    mut status: batch::JobStatus,
) -> Books<'a> {
    let mut uncounted = status.uncounted_terminated_pods.take().unwrap_or_default();
    let tracked = stock.pods.iter().copied().filter(|pod| is_tracked(pod));
    let held: BTreeSet<&str> = tracked.clone().map(Pod::uid).collect();
    count(&mut status, &mut uncounted, |uid| held.contains(uid));
    let mut note = Note::on(stock, verdict, uncounted);
    for pod in tracked.filter(|pod| may_go(stock, verdict, pod)) {
        if note.is_full() {
            break;
        }
        note.down(pod);
    }
    if indexes::is_indexed(stock.job) {
        let some = |indexes: &BTreeSet<i32>| indexes::write(indexes);
        status.completed_indexes = Some(some(&stock.done)).filter(|text| !text.is_empty());
        status.succeeded = some_number(super::wording::replicas(stock.done.len()));
        status.failed_indexes = stock.failed_indexes.as_ref().map(some);
    }
    let is_full = note.is_full();
    let (released, mut uncounted) = (note.released, note.uncounted);
    let mut counted = status.clone();
    status.uncounted_terminated_pods = Some(uncounted.clone());
    let gone: BTreeSet<&str> = released.iter().map(|pod| pod.uid()).collect();
    count(&mut counted, &mut uncounted, |uid| !gone.contains(uid));
    counted.uncounted_terminated_pods = Some(uncounted);
    Books {
        noted: status,
        released,
        counted,
        is_full,
    }
}

/// Moves the noted pods that are held no longer into the numbers.
/// Source: `cleanUncountedPodsWithoutFinalizers`.
fn count(
    status: &mut batch::JobStatus,
    uncounted: &mut batch::UncountedTerminatedPods,
    is_held: impl Fn(&str) -> bool,
) {
    let numbers = [&mut status.succeeded, &mut status.failed];
    let lists = [&mut uncounted.succeeded, &mut uncounted.failed];
    for (number, list) in numbers.into_iter().zip(lists) {
        let noted = list.take().unwrap_or_default();
        let before = noted.len();
        let left: Vec<String> = noted.into_iter().filter(|uid| is_held(uid)).collect();
        let moved = super::wording::replicas(before - left.len());
        *number = some_number(number.unwrap_or(0).saturating_add(moved));
        *list = Some(left).filter(|left| !left.is_empty());
    }
}

fn some_number(number: i32) -> Option<i32> {
    (number > 0).then_some(number)
}

/// Whether the finalizer of a pod may be removed. Source: `canRemoveFinalizer`.
fn may_go(stock: &Stock<'_>, verdict: Option<&Verdict>, pod: &Pod) -> bool {
    if stock.job.is_terminating() || verdict.is_some() || has_succeeded(pod) {
        return true;
    }
    let is_held = stock.held.values().any(|held| held.uid() == pod.uid());
    has_failed(stock.job, pod) && !is_held
}

/// The pods that end, as they are noted one after the other.
struct Note<'a, 'b> {
    stock: &'b Stock<'a>,
    /// Whether everything that has not succeeded has failed, because the Job has.
    all_fail: bool,
    known: [BTreeSet<String>; 2],
    uncounted: batch::UncountedTerminatedPods,
    released: Vec<&'a Pod>,
    new_indexes: usize,
}

impl<'a, 'b> Note<'a, 'b> {
    fn on(
        stock: &'b Stock<'a>,
        verdict: Option<&Verdict>,
        uncounted: batch::UncountedTerminatedPods,
    ) -> Self {
        let known = [&uncounted.succeeded, &uncounted.failed];
        Self {
            stock,
            all_fail: verdict.is_some_and(Verdict::is_failure),
            known: known.map(|list| list.iter().flatten().cloned().collect()),
            uncounted,
            released: Vec::new(),
            new_indexes: 0,
        }
    }

    fn is_full(&self) -> bool {
        let lists = [&self.uncounted.succeeded, &self.uncounted.failed];
        self.new_indexes + lists.into_iter().flatten().map(Vec::len).sum::<usize>() >= MOST_NOTED
    }

    fn down(&mut self, pod: &'a Pod) {
        let job = self.stock.job;
        self.released.push(pod);
        let uid = pod.uid().to_owned();
        let [succeeded, failed] = &self.known;
        if has_succeeded(pod) && !failed.contains(&uid) {
            // Of an Indexed Job the index is enough to count no pod twice.
            if indexes::is_indexed(job) {
                self.new_indexes += 1;
            } else if !succeeded.contains(&uid) {
                self.uncounted.succeeded.get_or_insert_default().push(uid);
            }
        } else if (has_failed(job, pod) || self.all_fail)
            && !failed.contains(&uid)
            && indexes::can_count(job, pod)
            && rule_on(job, pod) != Ruling::Ignore
        {
            self.uncounted.failed.get_or_insert_default().push(uid);
        }
    }
}

/// Lets a pod go. All go at the same time.
pub(super) fn release(pod: &Pod, because: &str) -> Action {
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body: json!({"metadata": {
            "uid": pod.uid(),
            "$deleteFromPrimitiveList/finalizers": [FINALIZER],
        }}),
    };
    let key = pod.clone().into_object().key();
    let why = format!("lets {key} go: {because}");
    Action::new(key, Verb::Patch(patch), why).packed(Pack::Whole)
}
