//! How far a rollout is, which revisions there are, and the way back to one of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::change::{Change, quoted};
use super::failure::Failure;
use crate::api::{
    DaemonSet, Deployment, LabelSelector, Object, ReplicaSet, StatefulSet, Typed, meta,
};
use crate::apiserver::{Patch, PatchType, Subresource};
use crate::kubectl::describe;
use crate::kubectl::printers::align;
use crate::manifest::patch::LAST_APPLIED;

const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
const TEMPLATE_HASH: &str = "pod-template-hash";

/// Annotations that stay with the deployment when it goes back.
/// Source: `annotationsToSkip` of `kubectl/pkg/polymorphichelpers/rollback.go`.
const STAYING: [&str; 6] = [
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

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
            other.kind()
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

/// The revision that a deployment or one of its replica sets carries; 0 for none.
fn revision_of(metadata: &crate::api::ObjectMeta) -> i64 {
    let text = meta::annotation(metadata, REVISION);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The selector of the replica sets of a deployment.
///
/// # Errors
/// For other kinds. Unlike Kubernetes: daemon sets and stateful sets keep no history here.
pub(super) fn history_of(object: &Object, verb: &str) -> Result<LabelSelector, Failure> {
    match object {
        Object::Deployment(deployment) => Ok(deployment.spec.selector.clone()),
        Object::DaemonSet(_) | Object::StatefulSet(_) => Err(own(format!(
            "Unlike Kubernetes: {} keeps no history here",
            quoted(object)
        ))),
        other => Err(own(format!(
            "no {verb} has been implemented for \"{}\"",
            other.kind()
        ))),
    }
}

/// The replica sets of a deployment by their revision.
fn by_revision<'a>(deployment: &Object, sets: &'a [Object]) -> BTreeMap<i64, &'a ReplicaSet> {
    sets.iter()
        .filter_map(ReplicaSet::of)
        .filter(|set| {
            meta::controller_of(&set.metadata).is_some_and(|owner| owner.uid == deployment.uid())
        })
        .map(|set| (revision_of(&set.metadata), set))
        .collect()
}

/// What `rollout history` prints: the list, or the template of one revision.
pub(super) fn history(
    deployment: &Object,
    sets: &[Object],
    revision: i64,
) -> Result<String, Failure> {
    let sets = by_revision(deployment, sets);
    let path = super::show::path_of(deployment);
    if revision > 0 {
        let Some(set) = sets.get(&revision) else {
            return Err(own(format!(
                "unable to find the specified revision {revision}"
            )));
        };
        let template = set.spec.template.clone().unwrap_or_default();
        let text = describe::template(&template);
        return Ok(format!("{path} with revision #{revision}\n{text}\n"));
    }
    if sets.is_empty() {
        return Ok(format!("{path} \nNo rollout history found.\n"));
    }
    let mut table = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for (revision, set) in sets {
        let cause = meta::annotation(&set.metadata, CHANGE_CAUSE).unwrap_or("<none>");
        writeln!(table, "{revision}\t{cause}").expect("writing to memory does not fail");
    }
    Ok(format!("{path} \n{}\n", align(&table, 0, 2)))
}

/// The patch that brings a deployment back to a revision; 0 is the one before the newest.
/// Source: `kubectl/pkg/polymorphichelpers/rollback.go`.
pub(super) fn undo(
    object: &Object,
    sets: &[Object],
    to_revision: i64,
) -> Result<(String, Option<Change>), Failure> {
    let Object::Deployment(deployment) = object else {
        return Err(own(format!(
            "no rollbacker has been implemented for \"{}\"",
            object.kind()
        )));
    };
    if deployment.spec.paused == Some(true) {
        return Err(own(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout \
             resume' and try again",
        ));
    }
    let sets = by_revision(object, sets);
    let set = if to_revision > 0 {
        sets.get(&to_revision).ok_or_else(|| {
            own(format!(
                "unable to find specified revision {to_revision} in history"
            ))
        })?
    } else {
        sets.values().rev().nth(1).ok_or_else(|| {
            own(format!(
                "no rollout history found for deployment \"{}\"",
                deployment.name()
            ))
        })?
    };
    let mut template = set.spec.template.clone().unwrap_or_default();
    if let Some(labels) = template
        .metadata
        .as_mut()
        .and_then(|metadata| metadata.labels.as_mut())
    {
        labels.remove(TEMPLATE_HASH);
    }
    if template == deployment.spec.template {
        return Ok((
            format!("skipped rollback (current template already matches revision {to_revision})"),
            None,
        ));
    }
    let patch = restoring(deployment, set, template);
    let change = Change::Patch {
        patch,
        said: "rolled back",
        before: Vec::new(),
    };
    Ok((String::new(), Some(change)))
}

/// The JSON patch that puts a template, and the annotations of its time, into a deployment.
fn restoring(
    deployment: &Deployment,
    set: &ReplicaSet,
    template: crate::api::core::PodTemplateSpec,
) -> Patch {
    let mut annotations = Map::new();
    let kept = deployment.metadata.annotations.iter().flatten();
    let kept = kept.filter(|(name, _)| STAYING.contains(&name.as_str()));
    let restored = set.metadata.annotations.iter().flatten();
    let restored = restored.filter(|(name, _)| !STAYING.contains(&name.as_str()));
    for (name, value) in kept.chain(restored) {
        annotations.insert(name.clone(), value.as_str().into());
    }
    let template: Value =
        Object::ReplicaSet(with_template(set, template)).to_value()["spec"]["template"].take();
    Patch {
        patch_type: PatchType::Json,
        subresource: Subresource::Main,
        body: json!([
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/metadata/annotations", "value": annotations},
        ]),
    }
}

/// The replica set with another template: the way of a template to JSON.
fn with_template(set: &ReplicaSet, template: crate::api::core::PodTemplateSpec) -> ReplicaSet {
    let mut set = set.clone();
    set.spec_mut().template = Some(template);
    set
}
