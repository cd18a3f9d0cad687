//! Jobs and CronJobs.
//! Source: `pkg/apis/batch/validation/validation.go`.

use std::collections::BTreeSet;

use crate::api::{CronJob, Job, batch, core, meta, selector, time_zone};
use crate::apiserver::FieldError;

use super::format::{self, not_negative, one_of};
use super::metadata::{self, immutable};
use super::path::Path;
use super::values::{json, text};
use super::{pod_spec, schedule};

const SPEC: Path<'static> = Path::new("spec");

/// Labels that the API server gives the pods of a Job, so that its generated selector finds them.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// The most pods of an Indexed Job at a time, and the most of its indexes that may fail.
const MOST_INDEXED: i32 = 100_000;

/// A Job that is to be created, its selector generated.
pub(super) fn create(job: &Job, errors: &mut Vec<FieldError>) {
    generated_selector(job, errors);
    body(job, errors);
    let spec = &job.spec;
    let indexed = spec.completion_mode.as_deref() == Some("Indexed");
    if let Some(completions) = spec.completions.filter(|count| indexed && *count > 0) {
        let last = format!("{}-{}", job.name(), completions - 1);
        if !format::dns_1123_label(&last).is_empty() {
            errors.push(FieldError::invalid(
                &Path::new("metadata.name"),
                job.name(),
                &format!("will not able to create pod with invalid DNS label: {last}"),
            ));
        }
    }
}

fn generated_selector(job: &Job, errors: &mut Vec<FieldError>) {
    let spec = &job.spec;
    let Some(selector) = spec.selector.as_ref() else {
        return;
    };
    if spec.manual_selector == Some(true) {
        return;
    }
    if job.uid().is_empty() {
        errors.push(FieldError::required(&Path::new("metadata.uid"), ""));
    }
    let none = meta::Labels::new();
    let labels = labels_of(&spec.template).unwrap_or(&none);
    let path = Path::new("spec.template.metadata.labels");
    let mut expected = meta::Labels::new();
    let pairs = UID_LABELS
        .iter()
        .zip(NAME_LABELS)
        .flat_map(|(uid, name)| [(*uid, job.uid()), (name, job.name())]);
    for (label, value) in pairs {
        let path = path.key(label);
        let message = format!("must be '{value}'");
        match labels.get(label) {
            None => errors.push(FieldError::required(&path, &message)),
            Some(actual) if actual != value => {
                errors.push(FieldError::invalid(&path, json(labels), &message));
            }
            Some(_) => {}
        }
        expected.insert(label.to_owned(), value.to_owned());
    }
    if !selector::matches(selector, &expected) {
        errors.push(FieldError::invalid(
            &SPEC.child("selector"),
            json(selector),
            "`selector` not auto-generated",
        ));
    }
}

fn labels_of(template: &core::PodTemplateSpec) -> Option<&meta::Labels> {
    template.metadata.as_ref()?.labels.as_ref()
}

fn body(job: &Job, errors: &mut Vec<FieldError>) {
    job_spec(&SPEC, &job.spec, errors);
    let path = SPEC.child("selector");
    let Some(given) = &job.spec.selector else {
        errors.push(FieldError::required(&path, ""));
        return;
    };
    metadata::label_selector(&path, Some(given), errors);
    let labels = labels_of(&job.spec.template);
    let none = meta::Labels::new();
    if !selector::matches(given, labels.unwrap_or(&none)) {
        errors.push(FieldError::invalid(
            &SPEC.child("template.metadata.labels"),
            json(&labels),
            "`selector` does not match template `labels`",
        ));
    }
}

fn job_spec(path: &Path<'_>, spec: &batch::JobSpec, errors: &mut Vec<FieldError>) {
    let deadline = path.child("activeDeadlineSeconds");
    let counts = [
        ("parallelism", spec.parallelism),
        ("completions", spec.completions),
        ("backoffLimit", spec.backoff_limit),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index),
        ("maxFailedIndexes", spec.max_failed_indexes),
    ];
    for (field, count) in counts {
        not_negative(&path.child(field), count, errors);
    }
    not_negative(&deadline, spec.active_deadline_seconds, errors);
    completion_mode(path, spec, errors);
    if let Some(policy) = &spec.pod_failure_policy {
        failure_policy(&path.child("podFailurePolicy"), policy, spec, errors);
    }
    if let Some(policy) = spec.pod_replacement_policy.as_deref() {
        let supported: &[&str] = if spec.pod_failure_policy.is_some() {
            &["Failed"]
        } else {
            &["Failed", "TerminatingOrFailed"]
        };
        if !supported.contains(&policy) {
            let path = path.child("podReplacementPolicy");
            errors.push(FieldError::not_supported(&path, policy, supported));
        }
    }
    pod_spec::template(&path.child("template"), &spec.template, errors);
    restart_policy(path, spec, errors);
}

fn completion_mode(path: &Path<'_>, spec: &batch::JobSpec, errors: &mut Vec<FieldError>) {
    let mode = spec.completion_mode.as_deref();
    let indexed = mode == Some("Indexed");
    if let Some(mode) = mode.filter(|mode| !["NonIndexed", "Indexed"].contains(mode)) {
        let path = path.child("completionMode");
        let supported = ["NonIndexed", "Indexed"];
        errors.push(FieldError::not_supported(&path, mode, &supported));
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        errors.push(FieldError::required(
            &path.child("backoffLimitPerIndex"),
            "when maxFailedIndexes is specified",
        ));
    }
    if !indexed {
        let fields = [
            ("backoffLimitPerIndex", spec.backoff_limit_per_index),
            ("maxFailedIndexes", spec.max_failed_indexes),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                let message = "requires indexed completion mode";
                errors.push(FieldError::invalid(&path.child(field), value, message));
            }
        }
        if let Some(policy) = &spec.success_policy {
            errors.push(FieldError::invalid(
                &path.child("successPolicy"),
                json(policy),
                "requires indexed completion mode",
            ));
        }
        return;
    }
    if spec.completions.is_none() {
        errors.push(FieldError::required(
            &path.child("completions"),
            "when completion mode is Indexed",
        ));
    }
    if let Some(count) = spec.parallelism.filter(|count| *count > MOST_INDEXED) {
        let message =
            format!("must be less than or equal to {MOST_INDEXED} when completion mode is Indexed");
        errors.push(FieldError::invalid(
            &path.child("parallelism"),
            count,
            &message,
        ));
    }
    if let (Some(failed), Some(completions)) = (spec.max_failed_indexes, spec.completions)
        && failed > completions
    {
        errors.push(FieldError::invalid(
            &path.child("maxFailedIndexes"),
            failed,
            "must be less than or equal to completions",
        ));
    }
    if let Some(policy) = &spec.success_policy {
        success_policy(&path.child("successPolicy.rules"), policy, spec, errors);
    }
}

fn success_policy(
    path: &Path<'_>,
    policy: &batch::SuccessPolicy,
    spec: &batch::JobSpec,
    errors: &mut Vec<FieldError>,
) {
    if policy.rules.is_empty() {
        errors.push(FieldError::required(
            path,
            "at least one rules must be specified when the successPolicy is specified",
        ));
    }
    let completions = spec.completions.unwrap_or(0);
    for (place, rule) in policy.rules.iter().enumerate() {
        let path = path.index(place);
        if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
            errors.push(FieldError::required(
                &path,
                "at least one of succeededCount or succeededIndexes must be specified",
            ));
        }
        let path = path.child("succeededCount");
        not_negative(&path, rule.succeeded_count, errors);
        if let Some(count) = rule.succeeded_count.filter(|count| *count > completions) {
            let message = format!(
                "must be less than or equal to {completions} (the number of specified completions)"
            );
            errors.push(FieldError::invalid(&path, count, &message));
        }
    }
}

fn failure_policy(
    path: &Path<'_>,
    policy: &batch::PodFailurePolicy,
    spec: &batch::JobSpec,
    errors: &mut Vec<FieldError>,
) {
    const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
    let list = path.child("rules");
    if policy.rules.len() > 20 {
        errors.push(FieldError::too_many(&list, policy.rules.len(), 20));
    }
    for (place, rule) in policy.rules.iter().enumerate() {
        let item = list.index(place);
        let action = item.child("action");
        match rule.action.as_str() {
            "" => errors.push(FieldError::required(
                &action,
                "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]",
            )),
            "FailIndex" if spec.backoff_limit_per_index.is_none() => {
                errors.push(FieldError::invalid(
                    &action,
                    "FailIndex",
                    "requires the backoffLimitPerIndex to be set",
                ));
            }
            other if !ACTIONS.contains(&other) => {
                errors.push(FieldError::not_supported(&action, other, &ACTIONS));
            }
            _ => {}
        }
        if let Some(codes) = &rule.on_exit_codes {
            exit_codes(&item.child("onExitCodes"), codes, spec, errors);
        }
        let conditions = rule
            .on_pod_conditions
            .as_ref()
            .is_some_and(|it| !it.is_empty());
        let message = match (rule.on_exit_codes.is_some(), conditions) {
            (true, true) => "specifying both OnExitCodes and OnPodConditions is not supported",
            (false, false) => "specifying one of OnExitCodes and OnPodConditions is required",
            _ => continue,
        };
        errors.push(FieldError::invalid_without_value(&item, message));
    }
}

fn exit_codes(
    path: &Path<'_>,
    codes: &batch::PodFailurePolicyOnExitCodesRequirement,
    spec: &batch::JobSpec,
    errors: &mut Vec<FieldError>,
) {
    let operator = path.child("operator");
    match codes.operator.as_str() {
        "" => errors.push(FieldError::required(
            &operator,
            "valid values: [\"In\" \"NotIn\"]",
        )),
        "In" | "NotIn" => {}
        other => errors.push(FieldError::not_supported(
            &operator,
            other,
            &["In", "NotIn"],
        )),
    }
    let pod = spec.template.spec.as_ref();
    let mut containers = pod.into_iter().flat_map(|pod| {
        pod.containers
            .iter()
            .chain(pod.init_containers.iter().flatten())
    });
    if let Some(name) = &codes.container_name
        && !containers.any(|container| container.name == *name)
    {
        errors.push(FieldError::invalid(
            &path.child("containerName"),
            name.as_str(),
            "must be one of the container or initContainer names in the pod template",
        ));
    }
    let values = path.child("values");
    if codes.values.is_empty() {
        let message = "at least one value is required";
        errors.push(FieldError::invalid(&values, json(&codes.values), message));
    } else if codes.values.len() > 255 {
        errors.push(FieldError::too_many(&values, codes.values.len(), 255));
    }
    let mut known = BTreeSet::new();
    for (place, code) in codes.values.iter().enumerate() {
        let item = values.index(place);
        if codes.operator == "In" && *code == 0 {
            let message = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(&item, *code, message));
        }
        if !known.insert(code) {
            errors.push(FieldError::duplicate(&item, *code));
        }
    }
    if !codes.values.is_sorted() {
        let value = json(&codes.values);
        errors.push(FieldError::invalid(&values, value, "must be ordered"));
    }
}

fn restart_policy(path: &Path<'_>, spec: &batch::JobSpec, errors: &mut Vec<FieldError>) {
    let pod = spec.template.spec.as_ref();
    let path = path.child("template.spec.restartPolicy");
    match text(pod.and_then(|pod| pod.restart_policy.as_ref())) {
        "" | "Always" => errors.push(FieldError::required(
            &path,
            "valid values: \"OnFailure\", \"Never\"",
        )),
        "OnFailure" if spec.pod_failure_policy.is_some() => errors.push(FieldError::invalid(
            &path,
            "OnFailure",
            "only \"Never\" is supported when podFailurePolicy is specified",
        )),
        "OnFailure" | "Never" => {}
        other => errors.push(FieldError::not_supported(
            &path,
            other,
            &["OnFailure", "Never"],
        )),
    }
}

/// A Job that replaces an older one.
pub(super) fn update(new: &Job, old: &Job, errors: &mut Vec<FieldError>) {
    body(new, errors);
    let (spec, before) = (&new.spec, &old.spec);
    completions(spec, before, errors);
    let fields = [
        ("selector", json(&spec.selector), json(&before.selector)),
        ("template", json(&spec.template), template_before(new, old)),
        (
            "completionMode",
            json(&spec.completion_mode),
            json(&before.completion_mode),
        ),
        (
            "podFailurePolicy",
            json(&spec.pod_failure_policy),
            json(&before.pod_failure_policy),
        ),
        (
            "backoffLimitPerIndex",
            json(&spec.backoff_limit_per_index),
            json(&before.backoff_limit_per_index),
        ),
        (
            "managedBy",
            json(&spec.managed_by),
            json(&before.managed_by),
        ),
        (
            "successPolicy",
            json(&spec.success_policy),
            json(&before.success_policy),
        ),
    ];
    for (field, after, before) in fields {
        immutable(&SPEC.child(field), after, &before, errors);
    }
}

/// The older template, with what may change while a Job is suspended and has not started.
fn template_before(new: &Job, old: &Job) -> serde_json::Value {
    let waiting = old.spec.suspend == Some(true) && old.status.start_time.is_none();
    if !waiting {
        return json(&old.spec.template);
    }
    let mut before = old.spec.template.clone();
    let after = &new.spec.template;
    if let (Some(before), Some(after)) = (&mut before.metadata, &after.metadata) {
        before.labels.clone_from(&after.labels);
        before.annotations.clone_from(&after.annotations);
    }
    if let (Some(before), Some(after)) = (&mut before.spec, &after.spec) {
        before.node_selector.clone_from(&after.node_selector);
        before.tolerations.clone_from(&after.tolerations);
        before.scheduling_gates.clone_from(&after.scheduling_gates);
        before.affinity.clone_from(&after.affinity);
    }
    json(&before)
}

fn completions(spec: &batch::JobSpec, before: &batch::JobSpec, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("completions");
    if spec.completions == before.completions {
        return;
    }
    if spec.completion_mode.as_deref() != Some("Indexed") {
        errors.push(FieldError::invalid(
            &path,
            spec.completions,
            metadata::IMMUTABLE,
        ));
    } else if spec.completions.is_some() && spec.completions != spec.parallelism {
        errors.push(FieldError::invalid(
            &path,
            spec.completions,
            "can only be modified in tandem with spec.parallelism",
        ));
    }
}

/// A CronJob; `old` is the one that it replaces.
pub(super) fn cron_job(new: &CronJob, old: Option<&CronJob>, errors: &mut Vec<FieldError>) {
    let spec = &new.spec;
    let path = SPEC.child("schedule");
    if spec.schedule.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        schedule_text(&path, new, old, errors);
    }
    let deadline = SPEC.child("startingDeadlineSeconds");
    not_negative(&deadline, spec.starting_deadline_seconds, errors);
    if old.is_none_or(|old| old.spec.time_zone != spec.time_zone) {
        known_time_zone(&SPEC.child("timeZone"), spec.time_zone.as_deref(), errors);
    }
    one_of(
        &SPEC.child("concurrencyPolicy"),
        spec.concurrency_policy.as_ref(),
        &["Allow", "Forbid", "Replace"],
        errors,
    );
    let template = SPEC.child("jobTemplate.spec");
    let empty = batch::JobSpec::default();
    let job = spec.job_template.spec.as_ref().unwrap_or(&empty);
    job_spec(&template, job, errors);
    if let Some(selector) = &job.selector {
        errors.push(FieldError::invalid(
            &template.child("selector"),
            json(selector),
            "`selector` will be auto-generated",
        ));
    }
    if job.manual_selector == Some(true) {
        let path = template.child("manualSelector");
        let supported = ["nil", "false"];
        errors.push(FieldError::not_supported(&path, true, &supported));
    }
    let limits = [
        (
            "successfulJobsHistoryLimit",
            spec.successful_jobs_history_limit,
        ),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
    ];
    for (field, limit) in limits {
        not_negative(&SPEC.child(field), limit, errors);
    }
    if old.is_none() && new.name().len() > 52 {
        errors.push(FieldError::invalid(
            &Path::new("metadata.name"),
            new.name(),
            "must be no more than 52 characters",
        ));
    }
}

fn schedule_text(
    path: &Path<'_>,
    new: &CronJob,
    old: Option<&CronJob>,
    errors: &mut Vec<FieldError>,
) {
    let text = new.spec.schedule.as_str();
    if let Err(message) = schedule::check(text) {
        errors.push(FieldError::invalid(path, text, &message));
    }
    if !text.contains("TZ") {
        return;
    }
    let had_zone = old.is_some_and(|old| old.spec.schedule.contains("TZ"));
    let message = match (had_zone, &new.spec.time_zone) {
        (true, Some(_)) => "cannot use both timeZone field and TZ or CRON_TZ in schedule",
        (true, None) => return,
        (false, _) => "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
    };
    errors.push(FieldError::invalid(path, text, message));
}

/// A zone that the database of zones knows, and not that of the machine.
fn known_time_zone(path: &Path<'_>, zone: Option<&str>, errors: &mut Vec<FieldError>) {
    let Some(zone) = zone else { return };
    if zone.is_empty() {
        let message = "timeZone must be nil or non-empty string";
        errors.push(FieldError::invalid(path, zone, message));
    } else if zone.eq_ignore_ascii_case("Local") {
        errors.push(FieldError::invalid(
            path,
            zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ));
    } else if time_zone::named(zone).is_none() {
        let message = format!("unknown time zone {zone}");
        errors.push(FieldError::invalid(path, zone, &message));
    }
}
