//! job-controller: pods that run to their end, so many times. Source: `pkg/controller/job`.

mod count;
mod indexes;
mod pods;
mod verdict;

use super::claim::Claims;
use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::wording;
use crate::api::{Job, Key, Kind, LabelSelector, Object, Pod, Typed, meta};
use crate::client::Informers;
use verdict::Verdict;

/// Unlike Kubernetes: `podFailurePolicy`, `successPolicy`, `backoffLimitPerIndex` and
/// `podReplacementPolicy: Failed` are not heeded, and no orphans are adopted.
pub(super) static JOB: Controller = Controller {
    name: "job-controller",
    event_source: "job-controller",
    watches: &[Kind::Job, Kind::Pod],
    concerns: |_, change| concerns(change),
    plan,
    periodic: None,
    pace: None,
};

/// A Job, and the Job that a pod names, whether it is still there or not: pods that wait to be
/// counted must not wait for ever.
fn concerns(change: &Change<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = [change.before, change.after]
        .into_iter()
        .flatten()
        .filter_map(|object| {
            if let Object::Job(_) = object {
                return Some(object.key());
            }
            let owner = meta::controller_of(object.metadata())?;
            (owner.kind == "Job").then(|| Key::new(Kind::Job, object.namespace(), &owner.name))
        })
        .collect();
    keys.dedup();
    keys
}

/// Pods that wait to be counted by a Job that is not there any more.
fn let_go(caches: &Informers, job: &Key) -> Plan {
    let is_its = |pod: &&Pod| {
        meta::controller_of(&pod.metadata).is_some_and(|owner| {
            let key = Key::new(Kind::Job, pod.namespace(), &owner.name);
            let found = caches.object(&key);
            owner.kind == "Job" && key == *job && found.is_none_or(|found| found.uid() != owner.uid)
        })
    };
    let pods = caches.list::<Pod>(Some(&job.namespace));
    let held = pods.filter(is_its).filter(|pod| count::is_tracked(pod));
    let actions: Vec<Action> = held.map(count::release).collect();
    let mut plan = Plan::nothing("the Job is gone");
    if !actions.is_empty() {
        plan.difference = format!(
            "{} wait to be counted",
            wording::count(actions.len(), "pod")
        );
    }
    plan.actions = actions;
    plan
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(job) = planned.subject::<Job>() else {
        return let_go(planned.caches, planned.key);
    };
    let selector = job.spec.selector.clone().unwrap_or_default();
    let owner = job.clone().into_object();
    let pods = own_pods(planned.caches, &owner, &selector);
    if verdict::is_finished(job) {
        // What is left over is let go.
        let held = pods
            .iter()
            .filter(|pod| count::is_tracked(pod) && !pod.is_active());
        let actions: Vec<Action> = held.map(|pod| count::release(pod)).collect();
        return Plan {
            actions,
            ..Plan::nothing("the Job is finished")
        };
    }
    if job.is_terminating() {
        let held = pods.iter().filter(|pod| count::is_tracked(pod));
        let actions: Vec<Action> = held.map(|pod| count::release(pod)).collect();
        return Plan {
            actions,
            ..Plan::nothing("the Job is being deleted")
        };
    }
    reconcile(planned, job, &pods)
}

fn own_pods<'a>(caches: &'a Informers, owner: &Object, selector: &LabelSelector) -> Vec<&'a Pod> {
    let claims = Claims::of(caches, Kind::Pod, owner, selector);
    claims.mine(false)
}

/// Source: `syncJob`.
fn reconcile(planned: &Planned<'_>, job: &Job, pods: &[&Pod]) -> Plan {
    let owner = job.clone().into_object();
    let now = planned.now;
    let mut count = count::take_stock(job, pods);
    let active: Vec<&Pod> = pods.iter().copied().filter(|pod| pod.is_active()).collect();
    let suspended = job.spec.suspend == Some(true);
    if !suspended && count.status.start_time.is_none() {
        count.status.start_time = Some(meta::object_time(now));
    }
    let verdict = verdict::of(job, &count, active.len(), now);
    let mut look_again = verdict::deadline(job, &count.status, now);
    let mut actions = std::mem::take(&mut count.released);
    let mut events: Vec<Said> = verdict::tell_suspension(job, &mut count.status, now)
        .into_iter()
        .collect();
    if let Some(verdict) = verdict {
        let doomed = active.iter().map(|pod| pods::delete(&owner, pod));
        actions.extend(doomed);
        let ending = pods.iter().filter(|pod| pod.is_terminating()).count();
        let is_over = count.is_settled && active.is_empty() && ending == 0;
        events.extend(verdict.tell(&owner, &mut count.status, is_over, now));
    } else {
        let (changes, wait) = pods::manage(planned, job, &count, pods, &active);
        actions.extend(changes);
        look_again = LookAgain::earlier(look_again, wait);
    }
    let terminating = pods
        .iter()
        .filter(|pod| pod.is_terminating() && !pod.is_finished());
    count.status.active = (!active.is_empty()).then(|| wording::replicas(active.len()));
    let ready = active.iter().filter(|pod| pod.is_ready()).count();
    count.status.ready = Some(wording::replicas(ready));
    count.status.terminating = Some(wording::replicas(terminating.count()));
    let mut difference = String::new();
    if !actions.is_empty() {
        "it is not done yet".clone_into(&mut difference);
    }
    let observed = format!(
        "{} active, {} succeeded, {} failed",
        active.len(),
        count.succeeded,
        count.failed
    );
    if count.status != *job.status {
        if difference.is_empty() {
            "the status is behind".clone_into(&mut difference);
        }
        let mut written = job.clone();
        *written.status_mut() = count.status;
        let why = "writes the status".to_owned();
        actions.push(Action::status(written.into_object(), why));
    }
    Plan {
        desired: pods::wanted_words(job),
        observed,
        difference,
        actions,
        events,
        look_again: look_again.filter(|_| !matches!(verdict, Some(Verdict::Complete))),
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests;
