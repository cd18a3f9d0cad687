//! cronjob-controller: Jobs by the calendar. Source: `pkg/controller/cronjob`.

mod schedule;

use super::controller::{Action, Controller, LookAgain, Plan, Planned, Said};
use super::{claim, wording};
use crate::api::owners::Provenance;
use crate::api::{CronJob, Job, Kind, Object, ObjectMeta, Typed, batch, core, meta};
use crate::apiserver::{DeleteOptions, Propagation, Verb};
use crate::sim::{Time, counted};
use schedule::Schedule;

pub(super) static CRON_JOB: Controller = Controller {
    name: "cronjob-controller",
    event_source: "cronjob-controller",
    watches: &[Kind::CronJob, Kind::Job],
    concerns: |caches, change| match change.latest() {
        Some(object @ Object::CronJob(_)) => vec![object.key()],
        Some(object) => claim::responsible(caches, Kind::CronJob, object)
            .into_iter()
            .collect(),
        None => Vec::new(),
    },
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// The annotation with the start for which a Job was made.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// From so many missed starts on something is wrong. Source: `mostRecentScheduleTime`.
const MANY_MISSED: usize = 100;

/// A sync in the making.
struct Sync<'a> {
    planned: &'a Planned<'a>,
    cron_job: &'a CronJob,
    owner: Object,
    jobs: Vec<&'a Job>,
    status: batch::CronJobStatus,
    actions: Vec<Action>,
    events: Vec<Said>,
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(cron_job) = planned
        .subject::<CronJob>()
        .filter(|job| !job.is_terminating())
    else {
        return Plan::nothing("the CronJob is gone or going");
    };
    let zone = cron_job.spec.time_zone.as_deref();
    let Some(schedule) = Schedule::read(&cron_job.spec.schedule, zone) else {
        return Plan::nothing("its schedule cannot be read");
    };
    let mut sync = Sync {
        planned,
        cron_job,
        owner: cron_job.clone().into_object(),
        jobs: planned.caches.owned_by::<Job>(cron_job.uid()).collect(),
        status: (*cron_job.status).clone(),
        actions: Vec::new(),
        events: Vec::new(),
    };
    sync.note_jobs();
    sync.clean_up();
    if cron_job.spec.suspend == Some(true) {
        return sync.into_plan("no start while it is suspended".to_owned(), None);
    }
    if let Some(due) = sync.due(&schedule) {
        sync.start(due);
    }
    let next = schedule.next(planned.now);
    let desired = next.map_or_else(
        || "no start ever".to_owned(),
        |next| format!("the next start at {}", next.to_timestamp()),
    );
    let after = next
        .map(|next| LookAgain::to_check(next.since(planned.now)).because("the next Job is due"));
    sync.into_plan(desired, after)
}

/// How a Job ended, if it has.
fn end(job: &Job) -> Option<&str> {
    let mut conditions = job.status.conditions.iter().flatten();
    conditions
        .find(|each| matches!(each.type_.as_str(), "Complete" | "Failed") && each.status == "True")
        .map(|each| each.type_.as_str())
}

impl Sync<'_> {
    /// What has become of its Jobs. A new one gets into the list of active ones when it is seen: the
    /// plan that made it did not know its uid.
    fn note_jobs(&mut self) {
        for job in self.jobs.clone() {
            let how = end(job);
            if let Some(due) = self.unnoted_start(job) {
                self.activate(job, due);
            } else if how.is_none() && !self.is_active(job) {
                let message = format!(
                    "Saw a job that the controller did not create or forgot: {}",
                    job.name()
                );
                self.events
                    .push(Said::warning(&self.owner, "UnexpectedJob", message));
            }
            if let Some(how) = how {
                self.note_ended(job, how);
            }
        }
        self.note_missing();
    }

    fn note_ended(&mut self, job: &Job, how: &str) {
        if self.is_active(job) {
            self.deactivate(job.uid());
            let message = format!("Saw completed job: {}, condition: {how}", job.name());
            self.events
                .push(Said::normal(&self.owner, "SawCompletedJob", message));
        }
        if how == "Complete" {
            let at = job.status.completion_time.clone();
            self.status.last_successful_time = at.max(self.status.last_successful_time.take());
        }
    }

    /// Jobs in the list of active ones that are not there any more.
    fn note_missing(&mut self) {
        let is_there = |uid: &str| self.jobs.iter().any(|job| job.uid() == uid);
        let active = self.status.active.iter().flatten();
        let missing = active.filter(|each| !each.uid.as_deref().is_some_and(is_there));
        let missing: Vec<core::ObjectReference> = missing.cloned().collect();
        for reference in missing {
            let name = reference.name.unwrap_or_default();
            let message = format!("Active job went missing: {name}");
            self.events
                .push(Said::normal(&self.owner, "MissingJob", message));
            self.deactivate(&reference.uid.unwrap_or_default());
        }
    }

    fn is_active(&self, job: &Job) -> bool {
        let mut active = self.status.active.iter().flatten();
        active.any(|reference| reference.uid.as_deref() == Some(job.uid()))
    }

    fn deactivate(&mut self, uid: &str) {
        let mut active = self.status.active.take().unwrap_or_default();
        active.retain(|reference| reference.uid.as_deref() != Some(uid));
        self.status.active = (!active.is_empty()).then_some(active);
    }

    /// The start for which a Job was made, when it is later than any that was noted.
    fn unnoted_start(&self, job: &Job) -> Option<Time> {
        let annotations = job.metadata.annotations.as_ref()?;
        let due: jiff::Timestamp = annotations.get(SCHEDULED)?.parse().ok()?;
        let due = Time::from_timestamp(due);
        let last = self.status.last_schedule_time.as_ref().map(meta::moment);
        last.is_none_or(|last| last < due).then_some(due)
    }

    fn activate(&mut self, job: &Job, due: Time) {
        let reference = core::ObjectReference {
            api_version: Some("batch/v1".to_owned()),
            kind: Some("Job".to_owned()),
            namespace: Some(job.namespace().to_owned()),
            name: Some(job.name().to_owned()),
            uid: Some(job.uid().to_owned()),
            resource_version: job.metadata.resource_version.clone(),
            field_path: None,
        };
        self.status.active.get_or_insert_default().push(reference);
        self.status.last_schedule_time = Some(meta::object_time(due));
    }

    /// Deletes the oldest ended Jobs beyond the limits.
    fn clean_up(&mut self) {
        let spec = &self.cron_job.spec;
        let limits = [
            ("Complete", spec.successful_jobs_history_limit.unwrap_or(3)),
            ("Failed", spec.failed_jobs_history_limit.unwrap_or(1)),
        ];
        for (how, limit) in limits {
            let ended = self.jobs.iter().copied();
            let mut ended: Vec<&Job> = ended
                .filter(|job| end(job) == Some(how) && !job.is_terminating())
                .collect();
            ended.sort_by_key(|job| {
                let start = job.status.start_time.as_ref().map(meta::moment);
                (start, job.name().to_owned())
            });
            let surplus = ended.len().saturating_sub(wording::size(limit));
            for job in ended.into_iter().take(surplus) {
                self.delete(job, "there are enough old ones");
            }
        }
    }

    /// Deletes a Job, which is no longer active then. Source: `deleteJob`.
    fn delete(&mut self, job: &Job, why: &str) {
        self.deactivate(job.uid());
        let name = job.name();
        let options = DeleteOptions {
            propagation: Propagation::Background,
            ..DeleteOptions::default()
        };
        let key = job.clone().into_object().key();
        let why = format!("deletes {key}: {why}");
        let done = Said::normal(
            &self.owner,
            "SuccessfulDelete",
            format!("Deleted job {name}"),
        );
        let failed = "Deleted job: {refusal}".to_owned();
        let failed = Said::warning(&self.owner, "FailedDelete", failed);
        let delete = Action::new(key, Verb::Delete(options), why);
        self.actions.push(delete.saying(done).warning(failed));
    }

    /// The latest start that is due and was not made yet. Source: `nextScheduleTime`.
    fn due(&mut self, schedule: &Schedule) -> Option<Time> {
        let now = self.planned.now;
        let last = self.status.last_schedule_time.as_ref().map(meta::moment);
        let mut at = last.unwrap_or_else(|| meta::created(&self.cron_job.metadata));
        let limit = self.cron_job.spec.starting_deadline_seconds;
        let limit =
            limit.map(|limit| std::time::Duration::from_secs(u64::try_from(limit).unwrap_or(0)));
        if let Some(limit) = limit {
            at = at.max(now - limit);
        }
        let mut due = None;
        let mut missed = 0;
        while let Some(next) = schedule.next(at).filter(|next| *next <= now) {
            (due, at) = (Some(next), next);
            missed += 1;
        }
        if missed > MANY_MISSED {
            let message = "too many missed start times. Set or decrease \
                           .spec.startingDeadlineSeconds or check clock skew";
            let event = Said::warning(&self.owner, "TooManyMissedTimes", message.to_owned());
            self.events.push(event);
        }
        due
    }

    /// Makes the Job that is due.
    fn start(&mut self, due: Time) {
        let active = self.status.active.iter().flatten();
        let active: Vec<String> = active.filter_map(|each| each.uid.clone()).collect();
        let policy = self.cron_job.spec.concurrency_policy.as_deref();
        if policy == Some("Forbid") && !active.is_empty() {
            let message = "Not starting job because prior execution is running and concurrency \
                           policy is Forbid";
            let event = Said::normal(&self.owner, "JobAlreadyActive", message.to_owned());
            self.events.push(event);
            return;
        }
        if policy == Some("Replace") {
            let jobs = self.jobs.clone();
            for job in jobs
                .iter()
                .filter(|job| active.iter().any(|uid| uid == job.uid()))
            {
                self.delete(job, "a new one takes its place");
            }
        }
        let job = self.job(due);
        let name = job.name().to_owned();
        let job = job.into_object();
        let why = format!("creates the Job that is due at {}", due.to_timestamp());
        let done = format!("Created job {name}");
        let failed = "Error creating job: {refusal}".to_owned();
        let create = Action::new(job.key(), Verb::Create(job), why)
            .saying(Said::normal(&self.owner, "SuccessfulCreate", done))
            .warning(Said::warning(&self.owner, "FailedCreate", failed));
        self.actions.push(create);
    }

    /// The name carries the minute, so that one start makes one Job, however often it is tried.
    fn job(&self, due: Time) -> Job {
        let stamp = due.to_timestamp();
        let template = &self.cron_job.spec.job_template;
        let from = template.metadata.clone().unwrap_or_default();
        let mut annotations = from.annotations.unwrap_or_default();
        annotations.insert(SCHEDULED.to_owned(), stamp.to_string());
        let metadata = ObjectMeta {
            name: Some(format!(
                "{}-{}",
                self.cron_job.name(),
                stamp.as_second() / 60
            )),
            namespace: self.cron_job.metadata.namespace.clone(),
            labels: from.labels,
            annotations: Some(annotations),
            owner_references: Some(vec![meta::controller_reference(&self.owner)]),
            ..ObjectMeta::default()
        };
        Job {
            provenance: Provenance::default(),
            metadata: metadata.into(),
            spec: template.spec.clone().unwrap_or_default().into(),
            status: batch::JobStatus::default().into(),
        }
    }

    fn into_plan(mut self, desired: String, look_again: Option<LookAgain>) -> Plan {
        let active = self.status.active.as_ref().map_or(0, Vec::len);
        let mut difference = String::new();
        if !self.actions.is_empty() {
            "a Job is due or too many".clone_into(&mut difference);
        }
        if self.status != *self.cron_job.status {
            if difference.is_empty() {
                "the status is behind".clone_into(&mut difference);
            }
            let mut written = self.cron_job.clone();
            *written.status_mut() = self.status;
            let why = "writes the status".to_owned();
            self.actions
                .push(Action::status(written.into_object(), why));
        }
        Plan {
            desired,
            observed: format!("{} active", counted(active, "Job")),
            difference,
            actions: self.actions,
            events: self.events,
            look_again,
            ..Plan::default()
        }
    }
}

#[cfg(test)]
mod tests;
