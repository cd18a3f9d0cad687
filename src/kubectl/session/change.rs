//! The one request that a command makes about an object that it has read, computed from both.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use crate::api::{Kind, Object, core, meta};
use crate::apiserver::{Patch, PatchType, Refusal, Subresource};
use crate::kubectl::grammar::{Relabel, TaintChanges};
use crate::manifest::patch;
use crate::sim::Time;

/// The annotation that `rollout restart` writes into a template.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// What to do about an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// Nothing, and to say nothing.
    Nothing,
    /// Nothing, but to say this of it: `already cordoned`.
    Say(&'static str),
    /// A patch, and what to say of the object when it has been made.
    Patch {
        /// The patch.
        patch: Patch,
        /// `scaled`, `labeled`.
        said: &'static str,
        /// Lines that come before.
        before: Vec<String>,
    },
}

pub(super) fn own(message: impl Into<String>) -> Failure {
    Failure::Own(message.into())
}

fn patch_of(patch_type: PatchType, body: Value, said: &'static str) -> Change {
    Change::Patch {
        patch: Patch {
            patch_type,
            subresource: Subresource::Main,
            body,
        },
        said,
        before: Vec::new(),
    }
}

/// `deployments.apps "web"`, as messages name an object.
pub(super) fn quoted(object: &Object) -> String {
    let resource = object.kind().info().group_resource();
    format!("{resource} \"{}\"", object.name())
}

/// `ReplicaSet.apps`, as messages name a kind.
pub(super) fn group_kind(object: &Object) -> String {
    let info = object.kind().info();
    if info.group.is_empty() {
        info.name.to_owned()
    } else {
        format!("{}.{}", info.name, info.group)
    }
}

/// The strategic merge patch between an object as it is and as it shall be.
pub(super) fn difference(
    kind: Kind,
    from: &Value,
    to: &Value,
    said: &'static str,
) -> Result<Change, Failure> {
    let body = patch::difference(kind, from, to).map_err(|error| own(error.to_string()))?;
    Ok(patch_of(PatchType::Strategic, body, said))
}

/// `kubectl scale`.
pub(super) fn scale(
    object: &Object,
    replicas: i32,
    current: Option<i32>,
) -> Result<Change, Failure> {
    let now = match object {
        Object::Deployment(deployment) => deployment.spec.replicas,
        Object::ReplicaSet(set) => set.spec.replicas,
        Object::StatefulSet(set) => set.spec.replicas,
        _ => {
            // The resource has no `/scale`, so there is nothing at that path.
            let refusal = Refusal {
                message: "the server could not find the requested resource".to_owned(),
                ..Refusal::not_found(&object.key())
            };
            return Err(Failure::of(&refusal));
        }
    };
    let now = now.unwrap_or(1);
    if let Some(wanted) = current.filter(|wanted| *wanted != now) {
        return Err(own(format!("Expected replicas to be {wanted}, was {now}")));
    }
    let patch = Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Scale,
        body: json!({"spec": {"replicas": replicas}}),
    };
    Ok(Change::Patch {
        patch,
        said: "scaled",
        before: Vec::new(),
    })
}

/// `kubectl set image`.
pub(super) fn image(object: &Object, images: &[(String, String)]) -> Result<Change, Failure> {
    let Some(path) = object.kind().template_path() else {
        let plural = object.kind().info().plural;
        return Err(own(format!(
            "{plural}/{} the object is not a pod or does not have a pod template",
            object.name()
        )));
    };
    let before = object.to_value();
    let mut after = before.clone();
    for (container, image) in images {
        let mut found = false;
        for list in ["containers", "initContainers"] {
            let list = after.pointer_mut(&format!("{path}/spec/{list}"));
            for each in list.and_then(Value::as_array_mut).into_iter().flatten() {
                if container == "*" || each["name"] == container.as_str() {
                    each["image"] = image.as_str().into();
                    found = true;
                }
            }
        }
        if !found {
            return Err(own(format!(
                "unable to find container named \"{container}\""
            )));
        }
    }
    if before == after {
        return Ok(Change::Nothing);
    }
    difference(object.kind(), &before, &after, "image updated")
}

/// `kubectl label`.
pub(super) fn label(object: &Object, relabel: &Relabel) -> Result<Change, Failure> {
    let present = object.metadata().labels.clone().unwrap_or_default();
    let taken = |(key, value): &(String, String)| {
        let old = present.get(key).filter(|old| *old != value)?;
        Some(format!(
            "'{key}' already has a value ({old}), and --overwrite is false"
        ))
    };
    if !relabel.overwrite
        && let Some(message) = relabel.set.iter().find_map(taken)
    {
        return Err(own(message));
    }
    let (changes, missing) = entries(&present, relabel);
    let before: Vec<String> = missing
        .into_iter()
        .map(|key| format!("label \"{key}\" not found."))
        .collect();
    let (added, removed) = (
        changes.values().any(|value| !value.is_null()),
        changes.values().any(Value::is_null),
    );
    let said = match (added, removed) {
        (true, _) => "labeled",
        (false, true) => "unlabeled",
        (false, false) => "not labeled",
    };
    let body = if changes.is_empty() {
        json!({})
    } else {
        json!({"metadata": {"labels": changes}})
    };
    let patch = Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Main,
        body,
    };
    Ok(Change::Patch {
        patch,
        said,
        before,
    })
}

/// `kubectl annotate`.
pub(super) fn annotate(object: &Object, relabel: &Relabel) -> Result<Change, Failure> {
    let present = object.metadata().annotations.clone().unwrap_or_default();
    if !relabel.overwrite {
        let taken: Vec<String> = relabel
            .set
            .iter()
            .filter_map(|(key, value)| {
                let old = present.get(key).filter(|old| *old != value)?;
                Some(format!("'{key}' already has a value ({old})"))
            })
            .collect();
        if !taken.is_empty() {
            return Err(own(format!(
                "--overwrite is false but found the following declared annotation(s): {}",
                taken.join("; ")
            )));
        }
    }
    let (changes, _) = entries(&present, relabel);
    let body = if changes.is_empty() {
        json!({})
    } else {
        json!({"metadata": {"annotations": changes}})
    };
    Ok(patch_of(PatchType::Merge, body, "annotated"))
}

/// What a merge patch says of the entries, and the keys that are not there to be removed.
fn entries(present: &meta::Labels, relabel: &Relabel) -> (Map<String, Value>, Vec<String>) {
    let mut changes = Map::new();
    for (key, value) in &relabel.set {
        if present.get(key) != Some(value) {
            changes.insert(key.clone(), value.as_str().into());
        }
    }
    let mut missing = Vec::new();
    for key in &relabel.remove {
        if present.contains_key(key) {
            changes.insert(key.clone(), Value::Null);
        } else {
            missing.push(key.clone());
        }
    }
    (changes, missing)
}

/// The keys of the new taints that stand among the old ones with the same effect, if any do.
fn taken(old: &[core::Taint], new: &[core::Taint]) -> Option<String> {
    let there = |taint: &&core::Taint| {
        old.iter()
            .any(|each| each.key == taint.key && each.effect == taint.effect)
    };
    let keys: Vec<&str> = new
        .iter()
        .filter(there)
        .map(|taint| taint.key.as_str())
        .collect();
    (!keys.is_empty()).then(|| keys.join(","))
}

/// `kubectl taint`. Source: `reorganizeTaints` of `kubectl/pkg/cmd/taint/utils.go`.
pub(super) fn taint(
    object: &Object,
    changes: &TaintChanges,
    overwrite: bool,
) -> Result<Change, Failure> {
    let Object::Node(node) = object else {
        return Err(own("only node types are supported"));
    };
    let old = node.spec.taints.clone().unwrap_or_default();
    let mut new = changes.add.clone();
    if !overwrite && let Some(keys) = taken(&old, &new) {
        return Err(own(format!(
            "node {} already has {keys} taint(s) with same effect(s) and --overwrite is false",
            node.name()
        )));
    }
    for taint in &old {
        let there = new
            .iter()
            .any(|each| each.key == taint.key && each.effect == taint.effect);
        if !there {
            new.push(taint.clone());
        }
    }
    let added = old.len() != new.len();
    let mut deleted = false;
    for (key, effect) in &changes.remove {
        let before = new.len();
        new.retain(|taint| {
            taint.key != *key
                || effect
                    .as_ref()
                    .is_some_and(|effect| taint.effect != *effect)
        });
        deleted = new.len() != before;
        if !deleted {
            let effect = effect.as_ref().map(|effect| format!(":{effect}"));
            return Err(own(format!(
                "taint \"{key}{}\" not found",
                effect.unwrap_or_default()
            )));
        }
    }
    let said = if added && deleted || overwrite {
        "modified"
    } else if added {
        "tainted"
    } else {
        "untainted"
    };
    // The list is replaced as a whole: taints have no merge key.
    let body = if new == old {
        json!({})
    } else if new.is_empty() {
        json!({"spec": {"taints": null}})
    } else {
        json!({"spec": {"taints": new}})
    };
    Ok(patch_of(PatchType::Strategic, body, said))
}

/// `kubectl cordon` and `kubectl uncordon`.
pub(super) fn cordon(object: &Object, closed: bool) -> Result<Change, Failure> {
    let Object::Node(node) = object else {
        return Err(own("only nodes can be cordoned"));
    };
    if node.spec.unschedulable.unwrap_or(false) == closed {
        return Ok(Change::Say(if closed {
            "already cordoned"
        } else {
            "already uncordoned"
        }));
    }
    let said = if closed { "cordoned" } else { "uncordoned" };
    let value = if closed {
        Value::from(true)
    } else {
        Value::Null
    };
    let body = json!({"spec": {"unschedulable": value}});
    Ok(patch_of(PatchType::Strategic, body, said))
}

/// `kubectl rollout restart`.
pub(super) fn restart(object: &Object, now: Time) -> Result<Change, Failure> {
    match object {
        Object::Deployment(deployment) if deployment.spec.paused == Some(true) => {
            return Err(own(format!(
                "{} can't restart paused deployment (run rollout resume first)",
                quoted(object)
            )));
        }
        Object::Deployment(_) | Object::StatefulSet(_) | Object::DaemonSet(_) => {}
        _ => {
            return Err(own(format!(
                "{} restarting is not supported",
                quoted(object)
            )));
        }
    }
    let before = object.to_value();
    let mut after = before.clone();
    let stamp: Timestamp = Time::from_secs(now.as_secs()).to_timestamp();
    let annotations = &mut after["spec"]["template"]["metadata"]["annotations"];
    annotations[RESTARTED_AT] = stamp.to_string().into();
    if before == after {
        return Err(own(format!(
            "failed to create patch for {}: if restart has already been triggered within the past \
             second, please wait before attempting to trigger another",
            object.name()
        )));
    }
    difference(object.kind(), &before, &after, "restarted")
}

/// `kubectl rollout pause` and `kubectl rollout resume`.
pub(super) fn pause(object: &Object, paused: bool) -> Result<Change, Failure> {
    let quoted = quoted(object);
    let Object::Deployment(deployment) = object else {
        let verb = if paused { "pausing" } else { "resuming" };
        return Err(own(format!("{quoted} {verb} is not supported")));
    };
    match (deployment.spec.paused.unwrap_or(false), paused) {
        (true, true) => Err(own(format!("{quoted} is already paused"))),
        (false, false) => Err(own(format!("{quoted} is not paused"))),
        (false, true) => Ok(patch_of(
            PatchType::Strategic,
            json!({"spec": {"paused": true}}),
            "paused",
        )),
        (true, false) => Ok(patch_of(
            PatchType::Strategic,
            json!({"spec": {"paused": null}}),
            "resumed",
        )),
    }
}
