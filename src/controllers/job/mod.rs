//! job-controller: pods that run to their end, so many times. Source: `pkg/controller/job`.

mod backoff;
mod ended;
mod failure_policy;
mod indexes;
mod per_index;
mod pods;
mod stock;
mod success_policy;
mod sync;
mod tracking;
mod verdict;

use std::time::Duration;

use super::claim::{self, Claims};
use super::controller::{Change, Controller, Plan, Planned};
use super::wording;
use crate::api::{Job, Key, Kind, Object, OwnerReference, Pod, Typed, meta};
use crate::apiserver::Outcome;
use crate::client::Informers;
use stock::{FINALIZER, Stock, is_tracked};

/// How long a sync waits for more news. Source: `syncJobBatchPeriod`.
const BATCH: Duration = Duration::from_secs(1);
/// Its name for `managedBy`. Source: `JobControllerName`.
const SELF: &str = "kubernetes.io/job-controller";

pub(super) static JOB: Controller = Controller {
    name: "job-controller",
    event_source: "job-controller",
    watches: &[Kind::Job, Kind::Pod],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: Some(gathers),
};

/// News of pods and of the status wait for others; a Job that is new, gone or asked for something
/// else does not, nor does a pod that nobody counts.
fn gathers(change: &Change<'_>, key: &Key) -> Duration {
    let generation = |job: &Object| job.metadata().generation;
    let is_new_wish = matches!(change.latest(), Some(Object::Job(_)))
        && change.before.map(generation) != change.after.map(generation);
    if is_new_wish || key.kind == Kind::Pod {
        Duration::ZERO
    } else {
        BATCH
    }
}

/// A Job, the Job of a pod, and pods that wait to be counted by nobody any more: their Job is gone or
/// has come to its end.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let mut keys = claim::owners_concerned(caches, change, |job: &Job| job.spec.selector.as_ref());
    match change.latest() {
        Some(Object::Job(job)) if change.after.is_none() || verdict::is_finished(job) => {
            let pods = caches.owned_by::<Pod>(job.uid());
            let held = pods.filter(|pod| is_tracked(pod));
            keys.extend(held.map(|pod| pod.clone().into_object().key()));
        }
        Some(Object::Pod(pod)) if change.after.is_some() && is_forgotten(caches, pod) => {
            keys.push(pod.clone().into_object().key());
        }
        _ => {}
    }
    keys
}

/// Whether a pod waits to be counted and nobody counts it. Source: `syncOrphanPod`.
fn is_forgotten(caches: &Informers, pod: &Pod) -> bool {
    let counts = |owner: &OwnerReference| {
        let job = caches.get::<Job>(pod.namespace(), &owner.name);
        let job = job.filter(|job| job.uid() == owner.uid);
        owner.kind != "Job" || job.is_some_and(|job| !verdict::is_finished(job))
    };
    is_tracked(pod) && !meta::controller_of(&pod.metadata).is_some_and(counts)
}

fn plan(planned: &Planned<'_>) -> Plan {
    if let Some(pod) = planned.subject::<Pod>() {
        return let_go(planned, pod);
    }
    let Some(job) = planned.subject::<Job>() else {
        return Plan::nothing("the Job is gone");
    };
    let managed_by = job.spec.managed_by.as_deref();
    if managed_by.is_some_and(|name| name != SELF) {
        return Plan::nothing("another controller manages the Job");
    }
    if verdict::is_finished(job) {
        return Plan::nothing("the Job is finished");
    }
    let claims = claims(planned, job);
    if claims.orphans.is_empty() {
        return reconcile(planned, job, &claims, false);
    }
    let about = "pods to adopt, if the Job is still wanted";
    let owner = job.clone().into_object();
    Plan::asking(about, claim::question(&owner), plan_with_answer)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(job) = planned.subject::<Job>() else {
        return Plan::nothing("the Job is gone");
    };
    let claims = claims(planned, job);
    reconcile(planned, job, &claims, claim::may_adopt(job.uid(), answers))
}

fn claims<'a>(planned: &Planned<'a>, job: &Job) -> Claims<'a> {
    let owner = job.clone().into_object();
    let selector = job.spec.selector.clone().unwrap_or_default();
    Claims::of(planned.caches, Kind::Pod, &owner, &selector).with_finalizer(FINALIZER)
}

fn let_go(planned: &Planned<'_>, pod: &Pod) -> Plan {
    if !is_forgotten(planned.caches, pod) {
        return Plan::nothing("the pod waits for nobody, or somebody counts it");
    }
    Plan {
        desired: "nobody waits for nothing".to_owned(),
        observed: "the pod waits to be counted".to_owned(),
        difference: "its Job is gone or finished".to_owned(),
        actions: vec![tracking::release(pod, "nobody counts it any more")],
        ..Plan::default()
    }
}

/// Source: `syncJob`.
fn reconcile(planned: &Planned<'_>, job: &Job, claims: &Claims<'_>, adopts: bool) -> Plan {
    let pods: Vec<&Pod> = claims.mine(adopts);
    let stock = Stock::of(job, &pods);
    let mut actions = claims.actions(&job.clone().into_object(), adopts);
    let mut plan = sync::plan(planned, &stock);
    actions.append(&mut plan.actions);
    Plan {
        desired: pods::wanted_words(job),
        observed: format!(
            "{} active, {} succeeded, {} failed",
            stock.active.len(),
            stock.succeeded,
            stock.failed
        ),
        actions,
        ..plan
    }
}

#[cfg(test)]
mod tests;
