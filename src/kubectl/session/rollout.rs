//! How far a rollout is.

use super::change::group_kind;
use super::failure::Failure;
use super::history::revision_of;
use crate::api::{DaemonSet, Deployment, Object, StatefulSet};

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not there yet, in kubectl's words.
    Waiting(String),
    /// There, in kubectl's words.
    Done(String),
}

fn own(message: impl Into<String>) -> Failure {
    Failure::Own(message.into())
}

/// Looks at a workload. Source: `kubectl/pkg/polymorphichelpers/rollout_status.go`.
pub(super) fn status(object: &Object, revision: i64) -> Result<Progress, Failure> {
    match object {
        Object::Deployment(deployment) => deployment_status(deployment, revision),
        Object::DaemonSet(set) => daemon_set_status(set),
        Object::StatefulSet(set) => stateful_set_status(set),
        other => Err(own(format!(
            "no status viewer has been implemented for {}",
            group_kind(other)
        ))),
    }
}

fn deployment_status(deployment: &Deployment, revision: i64) -> Result<Progress, Failure> {
    let (spec, status) = (&*deployment.spec, &*deployment.status);
    let name = deployment.name();
    let running = revision_of(&deployment.metadata);
    if revision > 0 && running != revision {
        return Err(own(format!(
            "desired revision ({revision}) is different from the running revision ({running})"
        )));
    }
    if deployment.metadata.generation > status.observed_generation {
        return Ok(Progress::Waiting(
            "Waiting for deployment spec update to be observed...".to_owned(),
        ));
    }
    let mut conditions = status.conditions.iter().flatten();
    let late = conditions.any(|condition| {
        condition.type_ == "Progressing"
            && condition.reason.as_deref() == Some("ProgressDeadlineExceeded")
    });
    if late {
        return Err(own(format!(
            "deployment \"{name}\" exceeded its progress deadline"
        )));
    }
    let count = |number: Option<i32>| number.unwrap_or(0);
    let (all, updated) = (count(status.replicas), count(status.updated_replicas));
    let available = count(status.available_replicas);
    let wanted = spec.replicas.unwrap_or(1);
    let waiting = |what: String| {
        Ok(Progress::Waiting(format!(
            "Waiting for deployment \"{name}\" rollout to finish: {what}..."
        )))
    };
    if updated < wanted {
        waiting(format!(
            "{updated} out of {wanted} new replicas have been updated"
        ))
    } else if all > updated {
        waiting(format!(
            "{} old replicas are pending termination",
            all - updated
        ))
    } else if available < updated {
        waiting(format!(
            "{available} of {updated} updated replicas are available"
        ))
    } else {
        Ok(Progress::Done(format!(
            "deployment \"{name}\" successfully rolled out"
        )))
    }
}

fn daemon_set_status(set: &DaemonSet) -> Result<Progress, Failure> {
    let strategy = set.spec.update_strategy.as_ref();
    if strategy.and_then(|each| each.type_.as_deref()) == Some("OnDelete") {
        return Err(own(
            "rollout status is only available for RollingUpdate strategy type",
        ));
    }
    let (name, status) = (set.name(), &*set.status);
    if set.metadata.generation > status.observed_generation {
        return Ok(Progress::Waiting(
            "Waiting for daemon set spec update to be observed...".to_owned(),
        ));
    }
    let wanted = status.desired_number_scheduled;
    let updated = status.updated_number_scheduled.unwrap_or(0);
    let available = status.number_available.unwrap_or(0);
    let waiting = |what: String| {
        Ok(Progress::Waiting(format!(
            "Waiting for daemon set \"{name}\" rollout to finish: {what}..."
        )))
    };
    if updated < wanted {
        waiting(format!(
            "{updated} out of {wanted} new pods have been updated"
        ))
    } else if available < wanted {
        waiting(format!(
            "{available} of {wanted} updated pods are available"
        ))
    } else {
        Ok(Progress::Done(format!(
            "daemon set \"{name}\" successfully rolled out"
        )))
    }
}

fn stateful_set_status(set: &StatefulSet) -> Result<Progress, Failure> {
    let (spec, status) = (&*set.spec, &*set.status);
    let strategy = spec.update_strategy.as_ref();
    let kind = strategy.and_then(|each| each.type_.as_deref());
    if kind == Some("OnDelete") {
        return Err(own(
            "rollout status is only available for RollingUpdate strategy type",
        ));
    }
    let observed = status.observed_generation.unwrap_or(0);
    if observed == 0 || set.metadata.generation > Some(observed) {
        return Ok(Progress::Waiting(
            "Waiting for statefulset spec update to be observed...".to_owned(),
        ));
    }
    let wanted = spec.replicas.unwrap_or(1);
    let ready = status.ready_replicas.unwrap_or(0);
    if ready < wanted {
        return Ok(Progress::Waiting(format!(
            "Waiting for {} pods to be ready...",
            wanted - ready
        )));
    }
    let updated = status.updated_replicas.unwrap_or(0);
    let partition = strategy
        .and_then(|each| each.rolling_update.as_ref())
        .and_then(|rolling| rolling.partition)
        .filter(|partition| *partition > 0);
    if let Some(partition) = partition {
        let wanted = wanted - partition;
        return Ok(if updated < wanted {
            Progress::Waiting(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods \
                 have been updated..."
            ))
        } else {
            Progress::Done(format!(
                "partitioned roll out complete: {updated} new pods have been updated..."
            ))
        });
    }
    let revision = |text: &Option<String>| text.clone().unwrap_or_default();
    let (next, current) = (
        revision(&status.update_revision),
        revision(&status.current_revision),
    );
    Ok(if next == current {
        let count = status.current_replicas.unwrap_or(0);
        Progress::Done(format!(
            "statefulset rolling update complete {count} pods at revision {current}..."
        ))
    } else {
        Progress::Waiting(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision \
             {next}..."
        ))
    })
}
