//! Cells of deployments, replica sets, stateful sets, daemon sets, jobs and cron jobs.

use super::{age, human_duration, join, label_text, selector_text};
use crate::api::meta::{self, Labels};
use crate::api::{
    ControllerRevision, CronJob, DaemonSet, Deployment, Job, Kind, ReplicaSet, StatefulSet, batch,
    core,
};
use crate::sim::Time;

/// NAME, READY, UP-TO-DATE, AVAILABLE, AGE, CONTAINERS, IMAGES, SELECTOR.
pub(super) fn deployment(deployment: &Deployment, now: Time) -> Vec<String> {
    let (spec, status) = (&*deployment.spec, &*deployment.status);
    let (containers, images) = containers(Some(&spec.template));
    let ready = count(status.ready_replicas);
    vec![
        deployment.name().to_owned(),
        format!("{ready}/{}", count(spec.replicas)),
        count(status.updated_replicas).to_string(),
        count(status.available_replicas).to_string(),
        age(deployment.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        selector_text(Some(&spec.selector)),
    ]
}

/// NAME, DESIRED, CURRENT, READY, AGE, CONTAINERS, IMAGES, SELECTOR.
pub(super) fn replica_set(set: &ReplicaSet, now: Time) -> Vec<String> {
    let (spec, status) = (&*set.spec, &*set.status);
    let (containers, images) = containers(spec.template.as_ref());
    vec![
        set.name().to_owned(),
        count(spec.replicas).to_string(),
        status.replicas.to_string(),
        count(status.ready_replicas).to_string(),
        age(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        selector_text(Some(&spec.selector)),
    ]
}

/// NAME, CONTROLLER, REVISION, AGE.
pub(super) fn revision(revision: &ControllerRevision, now: Time) -> Vec<String> {
    let owner = meta::controller_of(&revision.metadata);
    let owner = owner.and_then(|owner| {
        let kind = Kind::of_manifest(&owner.api_version, &owner.kind)?;
        Some(format!(
            "{}/{}",
            kind.info().qualified_singular(),
            owner.name
        ))
    });
    vec![
        revision.name().to_owned(),
        owner.unwrap_or_else(|| "<none>".to_owned()),
        revision.spec.revision.to_string(),
        age(revision.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, READY, AGE, CONTAINERS, IMAGES.
pub(super) fn stateful_set(set: &StatefulSet, now: Time) -> Vec<String> {
    let (containers, images) = containers(Some(&set.spec.template));
    let ready = count(set.status.ready_replicas);
    vec![
        set.name().to_owned(),
        format!("{ready}/{}", count(set.spec.replicas)),
        age(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
    ]
}

/// NAME, DESIRED, CURRENT, READY, UP-TO-DATE, AVAILABLE, NODE SELECTOR, AGE, CONTAINERS, IMAGES,
/// SELECTOR.
pub(super) fn daemon_set(set: &DaemonSet, now: Time) -> Vec<String> {
    let (spec, status) = (&*set.spec, &*set.status);
    let (containers, images) = containers(Some(&spec.template));
    let node_selector = spec.template.spec.as_ref();
    let node_selector = node_selector.and_then(|pod| pod.node_selector.as_ref());
    vec![
        set.name().to_owned(),
        status.desired_number_scheduled.to_string(),
        status.current_number_scheduled.to_string(),
        status.number_ready.to_string(),
        count(status.updated_number_scheduled).to_string(),
        count(status.number_available).to_string(),
        label_text(node_selector.unwrap_or(&Labels::new())),
        age(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        selector_text(Some(&spec.selector)),
    ]
}

/// NAME, STATUS, COMPLETIONS, DURATION, AGE, CONTAINERS, IMAGES, SELECTOR.
pub(super) fn job(job: &Job, now: Time) -> Vec<String> {
    let (spec, status) = (&*job.spec, &*job.status);
    let (containers, images) = containers(Some(&spec.template));
    let succeeded = count(status.succeeded);
    let completions = match (spec.completions, count(spec.parallelism)) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallel) if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let duration = status.start_time.as_ref().map(|start| {
        let end = status.completion_time.as_ref().map_or(now, meta::moment);
        human_duration(end.since(meta::moment(start)))
    });
    vec![
        job.name().to_owned(),
        job_status(job).to_owned(),
        completions,
        duration.unwrap_or_default(),
        age(job.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        selector_text(spec.selector.as_ref()),
    ]
}

fn job_status(job: &Job) -> &'static str {
    let conditions = job.status.conditions.as_deref().unwrap_or_default();
    let has = |name: &str| {
        let found = conditions
            .iter()
            .find(|each: &&batch::JobCondition| each.type_ == name);
        found.is_some_and(|condition| condition.status == "True")
    };
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if job.is_terminating() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

/// NAME, SCHEDULE, TIMEZONE, SUSPEND, ACTIVE, LAST SCHEDULE, AGE, CONTAINERS, IMAGES, SELECTOR.
pub(super) fn cron_job(job: &CronJob, now: Time) -> Vec<String> {
    let (spec, status) = (&*job.spec, &*job.status);
    let template = spec.job_template.spec.as_ref();
    let (containers, images) = containers(template.map(|each| &each.template));
    let suspend = match spec.suspend {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = status.last_schedule_time.as_ref();
    vec![
        job.name().to_owned(),
        spec.schedule.clone(),
        spec.time_zone
            .clone()
            .unwrap_or_else(|| super::NONE.to_owned()),
        suspend.to_owned(),
        status.active.as_ref().map_or(0, Vec::len).to_string(),
        last.map_or_else(|| super::NONE.to_owned(), |last| age(Some(last), now)),
        age(job.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        selector_text(template.and_then(|each| each.selector.as_ref())),
    ]
}

/// Names and images of the containers of a template.
fn containers(template: Option<&core::PodTemplateSpec>) -> (String, String) {
    let spec = template.and_then(|template| template.spec.as_ref());
    let containers = spec
        .map(|spec| spec.containers.as_slice())
        .unwrap_or_default();
    let images = containers
        .iter()
        .map(|each| each.image.as_deref().unwrap_or_default());
    (join(containers.iter().map(|each| &each.name)), join(images))
}

fn count(number: Option<i32>) -> i32 {
    number.unwrap_or(0)
}
