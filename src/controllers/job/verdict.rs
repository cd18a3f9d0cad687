//! Whether a Job is done: complete, out of retries, or out of time.

use std::time::Duration;

use super::super::controller::{LookAgain, Said};
use super::count::Count;
use crate::api::{Job, Object, batch, meta};
use crate::sim::Time;

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As often as wanted.
    Complete,
    /// Too many pods failed.
    BackoffLimitExceeded,
    /// It took too long.
    DeadlineExceeded,
}

fn has(status: &batch::JobStatus, condition_type: &str) -> bool {
    let mut conditions = status.conditions.iter().flatten();
    conditions.any(|each| each.type_ == condition_type && each.status == "True")
}

/// Whether the Job has come to its end.
pub(super) fn is_finished(job: &Job) -> bool {
    has(&job.status, "Complete") || has(&job.status, "Failed")
}

fn since_start(job: &Job, status: &batch::JobStatus, now: Time) -> Option<(Duration, Duration)> {
    let deadline = job.spec.active_deadline_seconds?;
    if job.spec.suspend == Some(true) {
        return None;
    }
    let started = meta::moment(status.start_time.as_ref()?);
    let deadline = Duration::from_secs(u64::try_from(deadline).unwrap_or(0));
    Some((now.since(started), deadline))
}

/// When the deadline has to be looked at.
pub(super) fn deadline(job: &Job, status: &batch::JobStatus, now: Time) -> Option<LookAgain> {
    let (running, deadline) = since_start(job, status, now)?;
    let left = deadline.checked_sub(running)?;
    Some(LookAgain::to_check(left).because("activeDeadlineSeconds is over"))
}

/// Judges; nothing while the Job goes on. A verdict once told stays.
pub(super) fn of(job: &Job, count: &Count, active: usize, now: Time) -> Option<Verdict> {
    let mut told = job.status.conditions.iter().flatten();
    if let Some(target) = told.find(|each| each.type_ == "FailureTarget" && each.status == "True") {
        return Some(match target.reason.as_deref() {
            Some("DeadlineExceeded") => Verdict::DeadlineExceeded,
            _ => Verdict::BackoffLimitExceeded,
        });
    }
    if has(&job.status, "SuccessCriteriaMet") {
        return Some(Verdict::Complete);
    }
    if count.failed > job.spec.backoff_limit.unwrap_or(6) {
        return Some(Verdict::BackoffLimitExceeded);
    }
    let late = since_start(job, &count.status, now);
    if late.is_some_and(|(running, deadline)| running >= deadline) {
        return Some(Verdict::DeadlineExceeded);
    }
    let complete = match job.spec.completions {
        Some(completions) => count.succeeded >= completions,
        None => count.succeeded > 0 && active == 0,
    };
    (complete && job.spec.suspend != Some(true)).then_some(Verdict::Complete)
}

impl Verdict {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Complete => (
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            ),
            Self::BackoffLimitExceeded => (
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ),
            Self::DeadlineExceeded => (
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            ),
        }
    }

    /// Puts the verdict into the status: first as what is aimed at, and as the end when the last
    /// pod has ended. Returns the event that goes with the end.
    pub(super) fn tell(
        self,
        owner: &Object,
        status: &mut batch::JobStatus,
        is_over: bool,
        now: Time,
    ) -> Option<Said> {
        let (target, end) = match self {
            Self::Complete => ("SuccessCriteriaMet", "Complete"),
            _ => ("FailureTarget", "Failed"),
        };
        let (reason, message) = self.words();
        set(status, target, "True", (reason, message), now);
        if !is_over {
            return None;
        }
        set(status, end, "True", (reason, message), now);
        if self == Self::Complete {
            status.completion_time = Some(meta::object_time(now));
            return Some(Said::normal(owner, "Completed", "Job completed".to_owned()));
        }
        Some(Said::warning(owner, reason, message.to_owned()))
    }
}

fn set(
    status: &mut batch::JobStatus,
    condition_type: &str,
    value: &str,
    (reason, message): (&str, &str),
    now: Time,
) {
    let conditions = status.conditions.get_or_insert_default();
    let current = conditions
        .iter_mut()
        .find(|each| each.type_ == condition_type);
    let new = batch::JobCondition {
        type_: condition_type.to_owned(),
        status: value.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_probe_time: Some(meta::object_time(now)),
        last_transition_time: Some(meta::object_time(now)),
    };
    match current {
        Some(current) if current.status == value => {}
        Some(current) => *current = new,
        None => conditions.push(new),
    }
}

/// Says that a Job is halted or goes on; time before that does not count against the deadline.
pub(super) fn tell_suspension(job: &Job, status: &mut batch::JobStatus, now: Time) -> Option<Said> {
    let was = has(&job.status, "Suspended");
    let is = job.spec.suspend == Some(true);
    let owner = crate::api::Typed::into_object(job.clone());
    match (was, is) {
        (false, true) => {
            set(
                status,
                "Suspended",
                "True",
                ("JobSuspended", "Job suspended"),
                now,
            );
            status.start_time = None;
            Some(Said::normal(
                &owner,
                "Suspended",
                "Job suspended".to_owned(),
            ))
        }
        (true, false) => {
            set(
                status,
                "Suspended",
                "False",
                ("JobResumed", "Job resumed"),
                now,
            );
            status.start_time = Some(meta::object_time(now));
            Some(Said::normal(&owner, "Resumed", "Job resumed".to_owned()))
        }
        _ => None,
    }
}
