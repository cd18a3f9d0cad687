//! The descriptions of jobs and cron jobs.

use super::writer::Writer;
use super::{containers, date, size};
use crate::api::{CronJob, Event, Job, batch, meta};
use crate::kubectl::printers::{NONE, human_duration, selector_text};
use crate::sim::Time;

const UNSET: &str = "<unset>";

/// Source: `describeJob` of `kubectl/pkg/describe/describe.go`.
pub(super) fn job(writer: &mut Writer, job: &Job, events: &[&Event], now: Time) {
    let (spec, status) = (&*job.spec, &*job.status);
    writer.named(job.name(), job.namespace());
    writer.field(0, "Selector", selector_text(spec.selector.as_ref()));
    writer.labels(0, "Labels", job.metadata.labels.as_ref());
    writer.annotations(0, job.metadata.annotations.as_ref());
    writer.controller(&job.metadata);
    if let Some(parallelism) = spec.parallelism {
        writer.field(0, "Parallelism", parallelism);
    }
    writer.field(0, "Completions", or_unset(spec.completions));
    writer.filled(0, "Completion Mode", spec.completion_mode.as_deref());
    if let Some(suspend) = spec.suspend {
        writer.field(0, "Suspend", suspend);
    }
    if let Some(limit) = spec.backoff_limit {
        writer.field(0, "Backoff Limit", limit);
    }
    if let Some(seconds) = spec.ttl_seconds_after_finished {
        writer.field(0, "TTL Seconds After Finished", seconds);
    }
    let (start, end) = (status.start_time.as_ref(), status.completion_time.as_ref());
    if start.is_some() {
        writer.field(0, "Start Time", date(start));
    }
    if end.is_some() {
        writer.field(0, "Completed At", date(end));
    }
    if let (Some(start), Some(end)) = (start, end) {
        let took = meta::moment(end).since(meta::moment(start));
        writer.field(0, "Duration", human_duration(took));
    }
    if let Some(seconds) = spec.active_deadline_seconds {
        writer.field(0, "Active Deadline Seconds", format_args!("{seconds}s"));
    }
    writer.field(0, "Pods Statuses", pods(status));
    if spec.completion_mode.as_deref() == Some("Indexed") {
        let indexes = status.completed_indexes.as_deref().unwrap_or_default();
        writer.field(0, "Completed Indexes", first_indexes(indexes));
    }
    containers::template(writer, Some(&spec.template));
    super::events(writer, events, now);
}

fn pods(status: &batch::JobStatus) -> String {
    let ready = status
        .ready
        .map_or_else(String::new, |ready| format!(" ({ready} Ready)"));
    format!(
        "{} Active{ready} / {} Succeeded / {} Failed",
        size(status.active),
        size(status.succeeded),
        size(status.failed)
    )
}

/// As many indexes as fit into some fifty letters.
/// Source: `capIndexesListOrNone` of `kubectl/pkg/describe/describe.go`.
fn first_indexes(indexes: &str) -> String {
    const ENOUGH: usize = 50;
    if indexes.is_empty() {
        return NONE.to_owned();
    }
    let comma = indexes.get(ENOUGH..).and_then(|rest| rest.find(','));
    match comma {
        Some(comma) => format!("{}...", &indexes[..=ENOUGH + comma]),
        None => indexes.to_owned(),
    }
}

fn or_unset<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| UNSET.to_owned(), |number| number.to_string())
}

/// Source: `describeCronJob` of `kubectl/pkg/describe/describe.go`.
pub(super) fn cron_job(writer: &mut Writer, job: &CronJob, events: &[&Event], now: Time) {
    let (spec, status) = (&*job.spec, &*job.status);
    writer.named(job.name(), job.namespace());
    writer.labels(0, "Labels", job.metadata.labels.as_ref());
    writer.annotations(0, job.metadata.annotations.as_ref());
    writer.field(0, "Schedule", &spec.schedule);
    let policy = spec.concurrency_policy.as_deref();
    writer.field(0, "Concurrency Policy", policy.unwrap_or_default());
    let suspend = spec.suspend.map(|on| if on { "True" } else { "False" });
    writer.field(0, "Suspend", suspend.unwrap_or(UNSET));
    writer.field(0, "Time Zone", spec.time_zone.as_deref().unwrap_or(UNSET));
    let limit = or_unset(spec.successful_jobs_history_limit);
    writer.field(0, "Successful Job History Limit", limit);
    let limit = or_unset(spec.failed_jobs_history_limit);
    writer.field(0, "Failed Job History Limit", limit);
    let deadline = spec.starting_deadline_seconds;
    let deadline = or_unset(deadline.map(|seconds| format!("{seconds}s")));
    writer.field(0, "Starting Deadline Seconds", deadline);
    if let Some(template) = &spec.job_template.spec {
        job_template(writer, template);
    }
    let last = status.last_schedule_time.as_ref();
    let last = last.map_or_else(|| UNSET.to_owned(), |last| date(Some(last)));
    writer.field(0, "Last Schedule Time", last);
    let active = status.active.iter().flatten();
    let active: Vec<&str> = active.filter_map(|job| job.name.as_deref()).collect();
    writer.field(0, "Active Jobs", super::or_none(&active.join(", ")));
    super::events(writer, events, now);
}

fn job_template(writer: &mut Writer, spec: &batch::JobSpec) {
    let selector = spec.selector.as_ref();
    let selector = selector.map(|selector| selector_text(Some(selector)));
    writer.field(0, "Selector", or_unset(selector));
    writer.field(0, "Parallelism", or_unset(spec.parallelism));
    writer.field(0, "Completions", or_unset(spec.completions));
    if let Some(seconds) = spec.active_deadline_seconds {
        writer.field(0, "Active Deadline Seconds", format_args!("{seconds}s"));
    }
    containers::template(writer, Some(&spec.template));
}
