//! One look at a Job: what is done about its pods, and the two writes of its status, before and
//! after the pods that ended are let go. Source: `syncJob`.

use super::super::controller::{Action, LookAgain, Plan, Planned, Said};
use super::super::{pod_control, wording};
use super::pods;
use super::pods::Change;
use super::stock::Stock;
use super::tracking::{self, Books};
use super::verdict::{self, Verdict};
use crate::api::{Object, Typed, batch, meta};
use crate::sim::Time;

/// What is to be done about a Job that goes on.
pub(super) fn plan(planned: &Planned<'_>, stock: &Stock<'_>) -> Plan {
    let job = stock.job;
    let now = planned.now;
    let mut status = (*job.status).clone();
    if !verdict::is_suspended(job) && status.start_time.is_none() {
        status.start_time = Some(meta::object_time(now));
    }
    let started = status.start_time.as_ref().map_or(now, meta::moment);
    let mut verdict = verdict::of(stock, started, now);
    let mut events = Vec::new();
    let change = if verdict.is_some() {
        end_active(stock)
    } else if job.is_terminating() {
        Change::default()
    } else {
        pods::manage(planned, stock)
    };
    let active = stock.active.len() + change.created - change.deleted.len();
    if verdict.is_none() {
        verdict = verdict::of_completions(stock, active);
        if verdict.is_none() && !job.is_terminating() {
            events.extend(verdict::tell_suspension(job, &mut status, now));
        }
    }
    // What could not be created last time is not told to be there before it is.
    let was_refused = planned.refused.is_some() && change.created > 0;
    let told = active - if was_refused { change.created } else { 0 };
    count_living(&mut status, stock, &change, told);
    let look_again = LookAgain::earlier(
        change.look_again,
        verdict::deadline(job, started, now).filter(|_| verdict.is_none()),
    );
    let leaving = stock.terminating + change.deleted.len();
    let books = tracking::keep(stock, verdict.as_ref(), status);
    let writes = Writes::of(stock, books, verdict.as_ref(), leaving, now);
    events.extend(writes.warning);
    let mut plan = Plan {
        events,
        look_again,
        ..Plan::default()
    };
    let is_changed = !change.actions.is_empty() || !writes.releases.is_empty();
    let is_written = writes.before.is_some() || writes.after.is_some();
    plan.difference = match (is_changed, is_written) {
        (true, _) => "it is not done yet".to_owned(),
        (false, true) => "the status is behind".to_owned(),
        (false, false) => String::new(),
    };
    let (mut first, mut then) = (change.actions, writes.before.into_iter().collect());
    if was_refused {
        std::mem::swap(&mut first, &mut then);
    }
    let steps = [
        first,
        then,
        writes.releases,
        writes.after.into_iter().collect(),
    ];
    plan.actions = steps.into_iter().flatten().collect();
    plan
}

/// Ends all pods of a Job that is over; they count, so they are not let go first.
/// Source: `deleteActivePods`.
fn end_active<'a>(stock: &Stock<'a>) -> Change<'a> {
    let owner = stock.job.clone().into_object();
    let active = stock.active.iter();
    let deletes = active.map(|pod| pod_control::delete(&owner, pod, "the Job is over"));
    Change {
        actions: deletes.collect(),
        deleted: stock.active.clone(),
        ..Change::default()
    }
}

fn count_living(
    status: &mut batch::JobStatus,
    stock: &Stock<'_>,
    change: &Change<'_>,
    active: usize,
) {
    let ready = |pods: &[&crate::api::Pod]| pods.iter().filter(|pod| pod.is_ready()).count();
    let ready = ready(&stock.active) - ready(&change.deleted);
    let terminating = stock.terminating + change.deleted.len();
    status.active = (active > 0).then(|| wording::replicas(active));
    status.ready = Some(wording::replicas(ready));
    status.terminating = Some(wording::replicas(terminating));
}

/// The writes of the status and what goes between them.
struct Writes {
    before: Option<Action>,
    releases: Vec<Action>,
    after: Option<Action>,
    warning: Option<Said>,
}

impl Writes {
    fn of(
        stock: &Stock<'_>,
        books: Books<'_>,
        verdict: Option<&Verdict>,
        leaving: usize,
        now: Time,
    ) -> Self {
        let job = stock.job;
        let owner = job.clone().into_object();
        let (mut noted, mut counted) = (books.noted, books.counted);
        let mut event = None;
        let mut warning = None;
        if let Some(verdict) = verdict {
            verdict.announce(&mut noted, now);
            verdict.announce(&mut counted, now);
            let uncounted = counted.uncounted_terminated_pods.as_ref();
            let is_settled =
                uncounted.is_none_or(|left| left.succeeded.is_none() && left.failed.is_none());
            if is_settled && leaving == 0 && !books.is_full {
                event = Some(verdict.enact(&owner, &mut counted, now));
                warning = too_many(stock, verdict, &owner);
            }
        }
        let before = (noted != *job.status).then(|| {
            let mut written = job.clone();
            *written.status_mut() = noted.clone();
            Action::status(written.into_object(), "writes the status".to_owned())
        });
        let after = (counted != noted).then(|| {
            let mut written = job.clone();
            *written.status_mut() = counted;
            if before.is_some() {
                // The version that the write before it makes is not known yet. Nobody else writes
                // this status, so the last one may win.
                written.metadata_mut().resource_version = None;
            }
            let why = "counts the pods that have gone".to_owned();
            let write = Action::status(written.into_object(), why);
            match event {
                Some(event) => write.saying(event),
                None => write,
            }
        });
        let releases = books.released.into_iter();
        Self {
            before,
            releases: releases
                .map(|pod| tracking::release(pod, "it is noted"))
                .collect(),
            after,
            warning,
        }
    }
}

fn too_many(stock: &Stock<'_>, verdict: &Verdict, owner: &Object) -> Option<Said> {
    let wanted = stock.job.spec.completions?;
    let message = "Too many succeeded pods running after completion count reached";
    (!verdict.is_failure() && stock.succeeded > wanted)
        .then(|| Said::warning(owner, "TooManySucceededPods", message.to_owned()))
}
