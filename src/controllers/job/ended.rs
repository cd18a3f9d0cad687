//! Whether, how and when a pod of a Job has ended.

use std::time::Duration;

use crate::api::{Job, Pod, core, meta};
use crate::sim::Time;

/// Whether a pod must have failed before it is replaced; one that is being deleted has not.
/// Source: `onlyReplaceFailedPods`.
pub(super) fn waits_for_failure(job: &Job) -> bool {
    job.spec.pod_replacement_policy.as_deref() == Some("Failed")
        || job.spec.pod_failure_policy.is_some()
}

pub(super) fn has_succeeded(pod: &Pod) -> bool {
    pod.phase() == "Succeeded"
}

/// Whether a pod has failed; pods that are deleted before they ended count as failed, unless the Job
/// waits for their end. Source: `isPodFailed`.
pub(super) fn has_failed(job: &Job, pod: &Pod) -> bool {
    let is_lost = pod.is_terminating() && !has_succeeded(pod);
    pod.phase() == "Failed" || (is_lost && !waits_for_failure(job))
}

/// When a pod ended: by its containers, by its readiness, by its deletion, by its creation, whichever
/// of these tells first. Source: `getFinishedTime`.
pub(super) fn ended_at(pod: &Pod) -> Time {
    let not_ready = pod
        .condition("Ready")
        .filter(|ready| ready.status == "False");
    let not_ready = not_ready.and_then(|ready| ready.last_transition_time.as_ref());
    containers_ended(pod)
        .or_else(|| not_ready.map(meta::moment))
        .or_else(|| deletion_began(pod))
        .unwrap_or_else(|| meta::created(&pod.metadata))
}

/// When the last container ended, if all have; sidecars end last.
fn containers_ended(pod: &Pod) -> Option<Time> {
    let is_sidecar = |status: &&core::ContainerStatus| {
        let mut inits = pod.spec.init_containers.iter().flatten();
        inits.any(|init| {
            init.name == status.name && init.restart_policy.as_deref() == Some("Always")
        })
    };
    let sidecars = pod.status.init_container_statuses.iter().flatten();
    let statuses = pod.status.container_statuses.iter().flatten();
    let ends = statuses.chain(sidecars.filter(is_sidecar)).map(|status| {
        let terminated = status.state.as_ref()?.terminated.as_ref()?;
        terminated.finished_at.as_ref().map(meta::moment)
    });
    ends.collect::<Option<Vec<Time>>>()?.into_iter().max()
}

fn deletion_began(pod: &Pod) -> Option<Time> {
    let due = meta::moment(pod.metadata.deletion_timestamp.as_ref()?);
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    Some(Time::START + due.since(Time::START).saturating_sub(grace))
}
