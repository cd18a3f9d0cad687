//! Whether a Job is done: complete, out of retries, out of time, or by one of its policies.

use std::time::Duration;

use super::super::controller::{LookAgain, Said};
use super::ended::has_failed;
use super::failure_policy::{Ruling, rule_on};
use super::stock::Stock;
use super::success_policy;
use crate::api::{Job, Object, Typed, batch, core, meta};
use crate::sim::Time;

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Failed,
}

/// How a Job ends, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    reason: Reason,
    message: String,
}

/// Why a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    CompletionsReached,
    SuccessPolicy,
    PodFailurePolicy,
    BackoffLimitExceeded,
    DeadlineExceeded,
    MaxFailedIndexesExceeded,
    FailedIndexes,
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::CompletionsReached,
        Self::SuccessPolicy,
        Self::PodFailurePolicy,
        Self::BackoffLimitExceeded,
        Self::DeadlineExceeded,
        Self::MaxFailedIndexesExceeded,
        Self::FailedIndexes,
    ];

    const fn end(self) -> End {
        match self {
            Self::CompletionsReached | Self::SuccessPolicy => End::Complete,
            _ => End::Failed,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::CompletionsReached => "CompletionsReached",
            Self::SuccessPolicy => "SuccessPolicy",
            Self::PodFailurePolicy => "PodFailurePolicy",
            Self::BackoffLimitExceeded => "BackoffLimitExceeded",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::MaxFailedIndexesExceeded => "MaxFailedIndexesExceeded",
            Self::FailedIndexes => "FailedIndexes",
        }
    }
}

fn find<'a>(status: &'a batch::JobStatus, condition_type: &str) -> Option<&'a batch::JobCondition> {
    let mut conditions = status.conditions.iter().flatten();
    conditions.find(|each| each.type_ == condition_type)
}

fn standing<'a>(
    status: &'a batch::JobStatus,
    condition_type: &str,
) -> Option<&'a batch::JobCondition> {
    find(status, condition_type).filter(|each| each.status == "True")
}

/// Whether the Job has come to its end. Source: `IsJobFinished`.
pub(super) fn is_finished(job: &Job) -> bool {
    ["Complete", "Failed"]
        .iter()
        .any(|end| standing(&job.status, end).is_some())
}

pub(super) fn is_suspended(job: &Job) -> bool {
    job.spec.suspend == Some(true)
}

/// How long a Job has been running, and how long it may.
fn since_start(job: &Job, started: Time, now: Time) -> Option<(Duration, Duration)> {
    let deadline = job.spec.active_deadline_seconds?;
    let deadline = Duration::from_secs(u64::try_from(deadline).unwrap_or(0));
    (!is_suspended(job)).then(|| (now.since(started), deadline))
}

/// When the deadline has to be looked at.
pub(super) fn deadline(job: &Job, started: Time, now: Time) -> Option<LookAgain> {
    let (running, deadline) = since_start(job, started, now)?;
    let left = deadline.checked_sub(running)?;
    Some(LookAgain::to_act(left).because("activeDeadlineSeconds is over"))
}

/// Judges before anything is done; nothing while the Job goes on. A verdict once told stays.
pub(super) fn of(stock: &Stock<'_>, started: Time, now: Time) -> Option<Verdict> {
    told(&stock.job.status)
        .or_else(|| by_failure_policy(stock))
        .or_else(|| by_limits(stock, started, now))
        .or_else(|| by_indexes(stock))
        .or_else(|| {
            let message = success_policy::met(stock.job, &stock.done)?;
            Some(Verdict::new(Reason::SuccessPolicy, message))
        })
}

fn told(status: &batch::JobStatus) -> Option<Verdict> {
    let mut told = ["SuccessCriteriaMet", "FailureTarget"].into_iter();
    let told = told.find_map(|target| standing(status, target))?;
    let name = told.reason.as_deref();
    let mut reasons = Reason::ALL.into_iter();
    Some(Verdict {
        reason: reasons.find(|reason| Some(reason.name()) == name)?,
        message: told.message.clone().unwrap_or_default(),
    })
}

/// Source: `getFailJobMessage`.
fn by_failure_policy(stock: &Stock<'_>) -> Option<Verdict> {
    let failed = stock.pods.iter().filter(|pod| has_failed(stock.job, pod));
    let mut rulings = failed.map(|pod| rule_on(stock.job, pod));
    rulings.find_map(|ruling| match ruling {
        Ruling::FailJob(message) => Some(Verdict::new(Reason::PodFailurePolicy, message)),
        _ => None,
    })
}

fn by_limits(stock: &Stock<'_>, started: Time, now: Time) -> Option<Verdict> {
    let limit = stock.job.spec.backoff_limit.unwrap_or(6);
    if stock.failed > limit || restarts_reach(stock, limit) {
        let message = "Job has reached the specified backoff limit";
        return Some(Verdict::new(Reason::BackoffLimitExceeded, message));
    }
    let (running, deadline) = since_start(stock.job, started, now)?;
    let message = "Job was active longer than specified deadline";
    (running >= deadline).then(|| Verdict::new(Reason::DeadlineExceeded, message))
}

/// Where containers are started again in place, their restarts are the failures.
/// Source: `pastBackoffLimitOnFailure`.
fn restarts_reach(stock: &Stock<'_>, limit: i32) -> bool {
    let template = stock.job.spec.template.spec.as_ref();
    let policy = template.and_then(|template| template.restart_policy.as_deref());
    if policy != Some("OnFailure") {
        return false;
    }
    let living = stock.pods.iter().filter(|pod| !pod.is_finished());
    let restarts: i32 = living
        .flat_map(|pod| {
            let status = &pod.status;
            let all = [&status.init_container_statuses, &status.container_statuses];
            all.into_iter().flatten().flatten()
        })
        .map(|status: &core::ContainerStatus| status.restart_count)
        .sum();
    restarts > 0 && restarts >= limit
}

fn by_indexes(stock: &Stock<'_>) -> Option<Verdict> {
    let failed = stock.failed_indexes.as_ref()?.len();
    let most = stock.job.spec.max_failed_indexes.map(super::wording::size);
    if most.is_some_and(|most| failed > most) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(Verdict::new(Reason::MaxFailedIndexesExceeded, message));
    }
    let wanted = super::wording::size(stock.job.spec.completions.unwrap_or(0));
    let are_all_over = failed > 0 && failed + stock.done.len() >= wanted;
    are_all_over.then(|| Verdict::new(Reason::FailedIndexes, "Job has failed indexes"))
}

/// Judges by what is left when the numbers of pods have been put right.
pub(super) fn of_completions(stock: &Stock<'_>, active: usize) -> Option<Verdict> {
    let is_enough = match stock.job.spec.completions {
        Some(completions) => stock.succeeded >= completions,
        None => stock.succeeded > 0,
    };
    let message = "Reached expected number of succeeded pods";
    (is_enough && active == 0).then(|| Verdict::new(Reason::CompletionsReached, message))
}

impl Verdict {
    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        self.reason.end() == End::Failed
    }

    /// Puts the verdict into the status as what is aimed at.
    pub(super) fn announce(&self, status: &mut batch::JobStatus, now: Time) {
        let target = match self.reason.end() {
            End::Complete => "SuccessCriteriaMet",
            End::Failed => "FailureTarget",
        };
        if standing(status, target).is_none() {
            let words = (self.reason.name(), self.message.as_str());
            set(status, target, "True", words, now);
        }
    }

    /// Puts the verdict into the status as the end; the event that goes with it.
    pub(super) fn enact(&self, owner: &Object, status: &mut batch::JobStatus, now: Time) -> Said {
        let words = (self.reason.name(), self.message.as_str());
        match self.reason.end() {
            End::Complete => {
                set(status, "Complete", "True", words, now);
                status.completion_time = Some(meta::object_time(now));
                Said::normal(owner, "Completed", "Job completed".to_owned())
            }
            End::Failed => {
                set(status, "Failed", "True", words, now);
                Said::warning(owner, self.reason.name(), self.message.clone())
            }
        }
    }
}

/// Writes a condition; true when that changes something. What was never true needs not be said to
/// be false. Source: `ensureJobConditionStatus`.
fn set(
    status: &mut batch::JobStatus,
    condition_type: &str,
    value: &str,
    (reason, message): (&str, &str),
    now: Time,
) -> bool {
    let conditions = status.conditions.get_or_insert_default();
    let new = batch::JobCondition {
        type_: condition_type.to_owned(),
        status: value.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_probe_time: Some(meta::object_time(now)),
        last_transition_time: Some(meta::object_time(now)),
    };
    let same = |each: &&mut batch::JobCondition| each.type_ == condition_type;
    match conditions.iter_mut().find(same) {
        Some(current)
            if (&current.status, &current.reason, &current.message)
                == (&new.status, &new.reason, &new.message) =>
        {
            return false;
        }
        Some(current) => *current = new,
        None if value == "False" => return false,
        None => conditions.push(new),
    }
    true
}

/// Says that a Job is halted or goes on. Going on starts the clock of the deadline anew.
pub(super) fn tell_suspension(job: &Job, status: &mut batch::JobStatus, now: Time) -> Option<Said> {
    let owner = job.clone().into_object();
    let (value, words, event) = if is_suspended(job) {
        ("True", ("JobSuspended", "Job suspended"), "Suspended")
    } else {
        ("False", ("JobResumed", "Job resumed"), "Resumed")
    };
    if !set(status, "Suspended", value, words, now) {
        return None;
    }
    if !is_suspended(job) {
        status.start_time = Some(meta::object_time(now));
    }
    Some(Said::normal(&owner, event, words.1.to_owned()))
}
