//! Which revisions of a workload there are, and the way back to one of them.
//!
//! Source: `history.go` and `rollback.go` of `kubectl/pkg/polymorphichelpers`, Kubernetes 1.34.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::change::{group_kind, own};
use super::failure::Failure;
use crate::api::core::PodTemplateSpec;
use crate::api::{
    ControllerRevision, Deployment, Kind, LabelSelector, Object, ObjectMeta, ReplicaSet, meta,
};
use crate::apiserver::{Patch, PatchType, Subresource};
use crate::kubectl::describe;
use crate::kubectl::printers::align;
use crate::manifest::patch::{self, LAST_APPLIED};

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

/// What keeps one template that a workload has had.
#[derive(Clone, Copy)]
enum Kept<'a> {
    /// A replica set of a deployment.
    ReplicaSet(&'a ReplicaSet),
    /// A revision of a daemon set or a stateful set.
    Revision(&'a ControllerRevision),
}

/// The way back to a revision.
pub(super) enum Undo {
    /// There is none to go: what to say.
    Skip(String),
    /// By this patch.
    Patch(Patch),
}

/// The revision that a deployment or one of its replica sets carries; 0 for none.
pub(super) fn revision_of(metadata: &ObjectMeta) -> i64 {
    let text = meta::annotation(metadata, REVISION);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Which objects keep the templates that a workload has had.
///
/// # Errors
/// For kinds that have no history; `what` is a `history viewer` or a `rollbacker`.
pub(super) fn kept_in(object: &Object, what: &str) -> Result<(Kind, LabelSelector), Failure> {
    let selector = match object {
        Object::Deployment(workload) => {
            return Ok((Kind::ReplicaSet, workload.spec.selector.clone()));
        }
        Object::DaemonSet(workload) => workload.spec.selector.clone(),
        Object::StatefulSet(workload) => workload.spec.selector.clone(),
        other => {
            let kind = group_kind(other);
            return Err(own(format!(
                "no {what} has been implemented for \"{kind}\""
            )));
        }
    };
    Ok((Kind::ControllerRevision, selector))
}

impl<'a> Kept<'a> {
    /// All that a workload owns, by their numbers.
    fn of(workload: &Object, related: &'a [Object]) -> BTreeMap<i64, Self> {
        let owned = related.iter().filter(|object| {
            let owner = meta::controller_of(object.metadata());
            owner.is_some_and(|owner| owner.uid == workload.uid())
        });
        let numbered = owned.filter_map(|object| match object {
            Object::ReplicaSet(set) => Some((revision_of(&set.metadata), Self::ReplicaSet(set))),
            Object::ControllerRevision(kept) => Some((kept.spec.revision, Self::Revision(kept))),
            _ => None,
        });
        numbered.collect()
    }

    fn cause(&self) -> Option<&'a str> {
        meta::annotation(
            match self {
                Self::ReplicaSet(set) => &set.metadata,
                Self::Revision(kept) => &kept.metadata,
            },
            CHANGE_CAUSE,
        )
    }

    /// What a revision changes in the workload.
    fn data(kept: &ControllerRevision) -> Value {
        let data = kept.spec.data.as_ref();
        data.map_or_else(|| json!({}), |data| data.0.clone())
    }

    /// The template as it is shown.
    fn template(&self, workload: &Object) -> Result<PodTemplateSpec, Failure> {
        match self {
            Self::ReplicaSet(set) => {
                let mut template = set.spec.template.clone().unwrap_or_default();
                if let Some(cause) = self.cause() {
                    let metadata = template.metadata.get_or_insert_default();
                    let annotations = metadata.annotations.get_or_insert_default();
                    annotations.insert(CHANGE_CAUSE.to_owned(), cause.to_owned());
                }
                Ok(template)
            }
            Self::Revision(kept) => {
                let unreadable = || own(format!("unable to parse history {}", kept.name()));
                let kind = workload.kind();
                let value = patch::strategic(kind, &workload.to_value(), &Self::data(kept));
                let value = value.map_err(|_| unreadable())?;
                match Object::from_value(kind, value).map_err(|_| unreadable())? {
                    Object::DaemonSet(set) => Ok(set.spec.template.clone()),
                    Object::StatefulSet(set) => Ok(set.spec.template.clone()),
                    _ => Err(unreadable()),
                }
            }
        }
    }
}

/// What `rollout history` prints: the list, or the template of one revision.
pub(super) fn history(
    workload: &Object,
    related: &[Object],
    revision: i64,
) -> Result<String, Failure> {
    let kept = Kept::of(workload, related);
    let path = super::show::path_of(workload);
    let heading = if revision > 0 {
        format!("{path} with revision #{revision}\n")
    } else {
        format!("{path} \n")
    };
    if kept.is_empty() {
        return Ok(format!("{heading}No rollout history found.\n"));
    }
    if revision > 0 {
        let kept = kept
            .get(&revision)
            .ok_or_else(|| own("unable to find the specified revision"))?;
        let text = describe::template(&kept.template(workload)?);
        return Ok(format!("{heading}{text}\n"));
    }
    // Nobody writes down why a stateful set was changed.
    let has_causes = !matches!(workload, Object::StatefulSet(_));
    let mut table = if has_causes {
        "REVISION\tCHANGE-CAUSE\n".to_owned()
    } else {
        "REVISION\n".to_owned()
    };
    for (revision, kept) in kept {
        let written = if has_causes {
            writeln!(table, "{revision}\t{}", kept.cause().unwrap_or("<none>"))
        } else {
            writeln!(table, "{revision}")
        };
        written.expect("writing to memory does not fail");
    }
    Ok(format!("{heading}{}\n", align(&table, 0, 2)))
}

/// The way back to a revision; 0 is the one before the newest.
pub(super) fn undo(
    workload: &Object,
    related: &[Object],
    to_revision: i64,
) -> Result<Undo, Failure> {
    let all = Kept::of(workload, related);
    let found = if to_revision == 0 {
        let before = all.values().rev().nth(1);
        before.ok_or_else(|| match workload {
            Object::Deployment(deployment) => own(format!(
                "no rollout history found for deployment \"{}\"",
                deployment.name()
            )),
            _ => own("no last revision to roll back to"),
        })?
    } else {
        all.get(&to_revision).ok_or_else(|| {
            own(format!(
                "unable to find specified revision {to_revision} in history"
            ))
        })?
    };
    let back = match (found, workload) {
        (Kept::ReplicaSet(set), Object::Deployment(deployment)) => back_to_set(deployment, set)?,
        (Kept::Revision(kept), _) => back_to_revision(workload, kept),
        (Kept::ReplicaSet(_), _) => None,
    };
    Ok(back.map_or_else(
        || {
            Undo::Skip(format!(
                "skipped rollback (current template already matches revision {to_revision})"
            ))
        },
        Undo::Patch,
    ))
}

/// The patch to the template of a replica set; none when it is the present one.
fn back_to_set(deployment: &Deployment, set: &ReplicaSet) -> Result<Option<Patch>, Failure> {
    if deployment.spec.paused == Some(true) {
        return Err(own(format!(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout \
             resume deployment/{}' and try again",
            deployment.name()
        )));
    }
    let mut template = set.spec.template.clone().unwrap_or_default();
    let metadata = template.metadata.as_mut();
    if let Some(labels) = metadata.and_then(|metadata| metadata.labels.as_mut()) {
        labels.remove(TEMPLATE_HASH);
    }
    let differs = template != deployment.spec.template;
    Ok(differs.then(|| restoring(deployment, set, template)))
}

/// The patch to the template that a revision keeps; none when it is the present one.
fn back_to_revision(workload: &Object, kept: &ControllerRevision) -> Option<Patch> {
    let body = Kept::data(kept);
    let mut template = workload.to_value()["spec"]["template"].take();
    template["$patch"] = "replace".into();
    (body != json!({"spec": {"template": template}})).then_some(Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body,
    })
}

/// The JSON patch that puts a template, and the annotations of its time, into a deployment.
fn restoring(deployment: &Deployment, set: &ReplicaSet, template: PodTemplateSpec) -> Patch {
    let mut annotations = Map::new();
    let kept = deployment.metadata.annotations.iter().flatten();
    let kept = kept.filter(|(name, _)| STAYING.contains(&name.as_str()));
    let restored = set.metadata.annotations.iter().flatten();
    let restored = restored.filter(|(name, _)| !STAYING.contains(&name.as_str()));
    for (name, value) in kept.chain(restored) {
        annotations.insert(name.clone(), value.as_str().into());
    }
    // The way of a template to JSON: as part of an object.
    let mut set = set.clone();
    set.spec_mut().template = Some(template);
    let template: Value = Object::ReplicaSet(set).to_value()["spec"]["template"].take();
    Patch {
        patch_type: PatchType::Json,
        subresource: Subresource::Main,
        body: json!([
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/metadata/annotations", "value": annotations},
        ]),
    }
}
