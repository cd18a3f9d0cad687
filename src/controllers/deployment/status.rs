//! What a Deployment says about its rollout: numbers, and the conditions Available, Progressing and
//! ReplicaFailure. Source: `pkg/controller/deployment/{sync,progress}.go`.

use std::time::Duration;

use super::limits::Limits;
use super::revision::{Member, Members, REVISION};
use crate::api::{Deployment, apps, meta};
use crate::sim::Time;

const AVAILABLE: &str = "Available";
const PROGRESSING: &str = "Progressing";
const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The rollout has come to its end.
const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
/// The rollout has stood still for too long.
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// Whether a rollout is judged by the progress that it makes.
pub(super) fn deadline(deployment: &Deployment) -> Option<Duration> {
    let seconds = deployment.spec.progress_deadline_seconds?;
    (seconds != i32::MAX).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// The condition of this type.
pub(super) fn condition<'a>(
    status: &'a apps::DeploymentStatus,
    condition_type: &str,
) -> Option<&'a apps::DeploymentCondition> {
    let mut conditions = status.conditions.iter().flatten();
    conditions.find(|condition| condition.type_ == condition_type)
}

fn remove(status: &mut apps::DeploymentStatus, condition_type: &str) {
    if let Some(conditions) = &mut status.conditions {
        conditions.retain(|condition| condition.type_ != condition_type);
        if conditions.is_empty() {
            status.conditions = None;
        }
    }
}

/// Sets a condition: nothing changes when status and reason stay, and the transition time stays
/// when the status stays. Source: `SetDeploymentCondition`.
fn set(status: &mut apps::DeploymentStatus, mut new: apps::DeploymentCondition) {
    if let Some(current) = condition(status, &new.type_) {
        if current.status == new.status && current.reason == new.reason {
            return;
        }
        if current.status == new.status {
            new.last_transition_time
                .clone_from(&current.last_transition_time);
        }
    }
    remove(status, &new.type_);
    status.conditions.get_or_insert_default().push(new);
}

fn new_condition(
    condition_type: &str,
    status: &str,
    (reason, message): (&str, String),
    now: Time,
) -> apps::DeploymentCondition {
    apps::DeploymentCondition {
        type_: condition_type.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message),
        last_update_time: Some(meta::object_time(now)),
        last_transition_time: Some(meta::object_time(now)),
    }
}

fn progressing(
    status: &mut apps::DeploymentStatus,
    value: &str,
    (reason, message): (&str, String),
    now: Time,
) {
    set(
        status,
        new_condition(PROGRESSING, value, (reason, message), now),
    );
}

/// Says that a rollout is halted or goes on, so that the pause does not count against the deadline.
/// Source: `checkPausedConditions`.
pub(super) fn tell_pause(deployment: &mut Deployment, now: Time) {
    let current = condition(&deployment.status, PROGRESSING);
    let reason = current.and_then(|condition| condition.reason.as_deref());
    if deadline(deployment).is_none() || reason == Some(TIMED_OUT) {
        return;
    }
    let was_paused = reason == Some(PAUSED);
    let is_paused = deployment.spec.paused == Some(true);
    let (reason, message) = match (is_paused, was_paused) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    let message = message.to_owned();
    progressing(deployment.status_mut(), "Unknown", (reason, message), now);
}

/// Says that a ReplicaSet was made for the template.
pub(super) fn tell_created(deployment: &mut Deployment, name: &str, now: Time) {
    if deadline(deployment).is_some() {
        let message = format!("Created new replica set \"{name}\"");
        let reason = "NewReplicaSetCreated";
        progressing(deployment.status_mut(), "True", (reason, message), now);
    }
}

/// Says that a ReplicaSet with the template was there already.
pub(super) fn tell_found(deployment: &mut Deployment, name: &str, now: Time) {
    if deadline(deployment).is_some() && condition(&deployment.status, PROGRESSING).is_none() {
        let message = format!("Found new replica set \"{name}\"");
        let reason = "FoundNewReplicaSet";
        progressing(deployment.status_mut(), "True", (reason, message), now);
    }
}

/// Says that no ReplicaSet could be made for the template.
pub(super) fn tell_not_created(deployment: &mut Deployment, name: &str, why: &str, now: Time) {
    if deadline(deployment).is_some() {
        let message = format!("Failed to create new replica set \"{name}\": {why}");
        let reason = "ReplicaSetCreateError";
        progressing(deployment.status_mut(), "False", (reason, message), now);
    }
}

/// The revision that the Deployment is at.
pub(super) fn tell_revision(deployment: &mut Deployment, revision: &str) {
    if meta::annotation(&deployment.metadata, REVISION) != Some(revision) {
        let annotations = deployment
            .metadata_mut()
            .annotations
            .get_or_insert_default();
        annotations.insert(REVISION.to_owned(), revision.to_owned());
    }
}

/// The numbers, and whether enough pods are available. Source: `calculateStatus`.
pub(super) fn count(members: &Members, deployment: &mut Deployment, now: Time) {
    let limits = Limits::of(deployment);
    let some = |number: i32| (number > 0).then_some(number);
    let sum = |of: fn(&apps::ReplicaSetStatus) -> i32| -> i32 {
        members.all().map(|member| of(&member.seen.status)).sum()
    };
    let available: i32 = members.all().map(Member::available).sum();
    let asked: i32 = members.all().map(Member::replicas_before).sum();
    let updated = members
        .new
        .as_ref()
        .map_or(0, |new| new.seen.status.replicas);
    let generation = deployment.metadata.generation;
    let status = deployment.status_mut();
    status.observed_generation = generation;
    status.replicas = some(sum(|status| status.replicas));
    status.updated_replicas = some(updated);
    status.ready_replicas = some(sum(|status| status.ready_replicas.unwrap_or(0)));
    status.available_replicas = some(available);
    status.unavailable_replicas = some(asked - available);
    let enough = available >= limits.least_available();
    let (value, reason, message) = if enough {
        (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    set(
        status,
        new_condition(AVAILABLE, value, (reason, message.to_owned()), now),
    );
}

/// Whether every pod is new and available. Source: `DeploymentComplete`.
pub(super) fn is_complete(deployment: &Deployment, status: &apps::DeploymentStatus) -> bool {
    let wanted = Some(deployment.spec.replicas.unwrap_or(1)).filter(|number| *number > 0);
    status.updated_replicas == wanted
        && status.replicas == wanted
        && status.available_replicas == wanted
        && status.observed_generation >= deployment.metadata.generation
}

/// Judges the progress since the status that the cache holds. Source: `syncRolloutStatus`.
pub(super) fn judge(members: &Members, seen: &Deployment, deployment: &mut Deployment, now: Time) {
    match deadline(deployment) {
        None => remove(deployment.status_mut(), PROGRESSING),
        Some(deadline) => judge_progress(members, seen, deployment, (deadline, now)),
    }
    let failure = members
        .new
        .iter()
        .chain(&members.old)
        .flat_map(|member| member.seen.status.conditions.iter().flatten())
        .find(|condition| condition.type_ == REPLICA_FAILURE);
    match failure {
        None => remove(deployment.status_mut(), REPLICA_FAILURE),
        Some(failure) => {
            let failure = apps::DeploymentCondition {
                type_: failure.type_.clone(),
                status: failure.status.clone(),
                reason: failure.reason.clone(),
                message: failure.message.clone(),
                last_update_time: failure.last_transition_time.clone(),
                last_transition_time: failure.last_transition_time.clone(),
            };
            set(deployment.status_mut(), failure);
        }
    }
}

fn judge_progress(
    members: &Members,
    seen: &Deployment,
    deployment: &mut Deployment,
    (deadline, now): (Duration, Time),
) {
    let current = condition(&deployment.status, PROGRESSING).cloned();
    let status = &deployment.status;
    let was_completed = has_reason(current.as_ref(), NEW_AVAILABLE);
    if was_completed && status.replicas == status.updated_replicas {
        return;
    }
    let subject = match &members.new {
        Some(new) => format!("ReplicaSet \"{}\"", new.seen.name()),
        None => format!("Deployment \"{}\"", deployment.name()),
    };
    if is_complete(deployment, status) {
        let message = format!("{subject} has successfully progressed.");
        progressing(
            deployment.status_mut(),
            "True",
            (NEW_AVAILABLE, message),
            now,
        );
    } else if has_progressed(&seen.status, status) {
        let message = format!("{subject} is progressing.");
        let mut condition = new_condition(PROGRESSING, "True", ("ReplicaSetUpdated", message), now);
        if let Some(current) = current.filter(|current| current.status == "True") {
            condition.last_transition_time = current.last_transition_time;
        }
        // Each step counts anew: the time of the last update is what the deadline runs from.
        let status = deployment.status_mut();
        remove(status, PROGRESSING);
        set(status, condition);
    } else if is_timed_out(current.as_ref(), deadline, now) {
        let message = format!("{subject} has timed out progressing.");
        progressing(deployment.status_mut(), "False", (TIMED_OUT, message), now);
    }
}

fn has_reason(condition: Option<&apps::DeploymentCondition>, reason: &str) -> bool {
    condition.is_some_and(|condition| condition.reason.as_deref() == Some(reason))
}

/// Source: `DeploymentProgressing`.
fn has_progressed(before: &apps::DeploymentStatus, after: &apps::DeploymentStatus) -> bool {
    let number = |number: Option<i32>| number.unwrap_or(0);
    let updated = |status: &apps::DeploymentStatus| number(status.updated_replicas);
    let old = |status: &apps::DeploymentStatus| number(status.replicas) - updated(status);
    updated(after) > updated(before)
        || old(after) < old(before)
        || number(after.ready_replicas) > number(before.ready_replicas)
        || number(after.available_replicas) > number(before.available_replicas)
}

/// Source: `DeploymentTimedOut`.
fn is_timed_out(
    condition: Option<&apps::DeploymentCondition>,
    deadline: Duration,
    now: Time,
) -> bool {
    let Some(condition) = condition else {
        return false;
    };
    if has_reason(Some(condition), NEW_AVAILABLE) {
        return false;
    }
    let updated = condition.last_update_time.as_ref();
    has_reason(Some(condition), TIMED_OUT)
        || updated.is_some_and(|updated| meta::moment(updated) + deadline < now)
}

/// When the deadline of a rollout that stands still has to be looked at. A second is added because
/// dates have no fractions. Source: `requeueStuckDeployment`.
pub(super) fn deadline_check(deployment: &Deployment, now: Time) -> Option<Duration> {
    let deadline = deadline(deployment)?;
    let current = condition(&deployment.status, PROGRESSING)?;
    let is_over = [NEW_AVAILABLE, TIMED_OUT]
        .iter()
        .any(|reason| has_reason(Some(current), reason));
    if is_over || is_complete(deployment, &deployment.status) {
        return None;
    }
    let due = meta::moment(current.last_update_time.as_ref()?) + deadline;
    Some(due.since(now) + Duration::from_secs(1))
}
