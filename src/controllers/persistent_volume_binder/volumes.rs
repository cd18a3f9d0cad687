//! The binder's plan for a volume: its phase, and what becomes of it when its claim is gone.

use super::super::controller::{Action, Plan, Planned, Said};
use super::update;
use crate::api::{Key, Kind, PersistentVolume, PersistentVolumeClaim, Typed, volume};
use crate::apiserver::{Answer, DeleteOptions, Outcome, Verb};

pub(super) fn plan(planned: &Planned<'_>) -> Plan {
    let Some(subject) = planned.subject::<PersistentVolume>() else {
        return Plan::nothing("the volume is gone");
    };
    let Some(uid) = claimed_by(subject) else {
        return with_phase(subject, "Available", "no claim has it");
    };
    let key = claim_key(subject);
    let known: Option<&PersistentVolumeClaim> = planned.caches.get(&key.namespace, &key.name);
    match known.filter(|claim| claim.uid() == uid) {
        Some(claim) => plan_claimed(subject, claim),
        // What was given up once is not asked about again.
        None if is_given_up(subject) => reclaim(subject),
        None => Plan::asking(
            "a claim that may be gone",
            vec![(key, Verb::Get)],
            plan_with_answer,
        ),
    }
}

/// The cache may only be behind: what the API server says counts.
fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(subject) = planned.subject::<PersistentVolume>() else {
        return Plan::nothing("the volume is gone");
    };
    let Some(uid) = claimed_by(subject) else {
        return with_phase(subject, "Available", "no claim has it");
    };
    let answer = answers.first().and_then(|answer| answer.as_ref().ok());
    let found = answer.and_then(Answer::object);
    let claim = found.and_then(PersistentVolumeClaim::of);
    match claim.filter(|claim| claim.uid() == uid) {
        Some(claim) => plan_claimed(subject, claim),
        None => reclaim(subject),
    }
}

/// The uid of the claim that has the volume; nothing for one that is free or only reserved.
fn claimed_by(subject: &PersistentVolume) -> Option<&str> {
    let claim = subject.spec.claim_ref.as_ref()?;
    claim.uid.as_deref().filter(|uid| !uid.is_empty())
}

fn claim_key(subject: &PersistentVolume) -> Key {
    let claim = subject.spec.claim_ref.as_ref();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let namespace = text(claim.and_then(|claim| claim.namespace.as_ref()));
    let name = text(claim.and_then(|claim| claim.name.as_ref()));
    Key::new(Kind::PersistentVolumeClaim, &namespace, &name)
}

fn is_given_up(subject: &PersistentVolume) -> bool {
    matches!(subject.status.phase.as_deref(), Some("Released" | "Failed"))
}

/// A volume whose claim is there. Source: `syncVolume`.
fn plan_claimed(subject: &PersistentVolume, claim: &PersistentVolumeClaim) -> Plan {
    match volume::volume_name(claim) {
        "" => Plan::nothing("its claim is being bound"),
        name if name == subject.name() => with_phase(subject, "Bound", "its claim has it"),
        _ if is_made_and_deleted(subject) => reclaim(subject),
        _ => unbind(subject, "its claim has another volume", None),
    }
}

fn is_made_and_deleted(subject: &PersistentVolume) -> bool {
    volume::has_annotation(&subject.metadata, volume::PROVISIONED_BY) && policy(subject) == "Delete"
}

fn policy(subject: &PersistentVolume) -> &str {
    let policy = subject.spec.persistent_volume_reclaim_policy.as_deref();
    policy.unwrap_or("Retain")
}

fn with_phase(subject: &PersistentVolume, wanted: &str, observed: &str) -> Plan {
    let mut plan = Plan {
        desired: format!("phase {wanted}"),
        observed: observed.to_owned(),
        ..Plan::default()
    };
    if subject.status.phase.as_deref() != Some(wanted) {
        let now = subject.status.phase.as_deref().unwrap_or("none");
        plan.difference = format!("phase {now}");
        let why = format!("says that volume {} is {wanted}", subject.name());
        plan.actions = vec![phase(subject, wanted, "", why)];
    }
    plan
}

/// The write of a phase. It asks for no version: it is about the phase and nothing else.
pub(super) fn phase(
    subject: &PersistentVolume,
    wanted: &str,
    message: &str,
    why: String,
) -> Action {
    let mut changed = subject.clone();
    changed.metadata_mut().resource_version = None;
    let status = changed.status_mut();
    status.phase = Some(wanted.to_owned());
    status.message = Some(message.to_owned()).filter(|message| !message.is_empty());
    Action::status(changed.into_object(), why)
}

/// Takes back what a controller bound; what a person reserved stays reserved.
/// Source: `unbindVolume`.
fn unbind(subject: &PersistentVolume, observed: &str, said: Option<Said>) -> Plan {
    let mut free = subject.clone();
    if volume::has_annotation(&subject.metadata, volume::BOUND_BY_CONTROLLER) {
        free.spec_mut().claim_ref = None;
        let annotations = &mut free.metadata_mut().annotations;
        if let Some(annotations) = annotations {
            annotations.remove(volume::BOUND_BY_CONTROLLER);
        }
        annotations.take_if(|annotations| annotations.is_empty());
    } else if let Some(claim) = &mut free.spec_mut().claim_ref {
        claim.uid = None;
    }
    let name = subject.name();
    let why = format!("frees volume {name}");
    let action = update(free.clone().into_object(), why);
    let action = match said {
        Some(said) => action.saying(said),
        None => action,
    };
    let why = format!("says that volume {name} is Available");
    Plan {
        desired: "a volume that can be bound again".to_owned(),
        observed: observed.to_owned(),
        difference: "a reference to a claim".to_owned(),
        actions: vec![action, phase(&free, "Available", "", why)],
        ..Plan::default()
    }
}

/// The claim is gone: does what the reclaim policy says. Source: `reclaimVolume`.
///
/// Unlike Kubernetes: `Recycle`, which is deprecated, starts no pod that empties the volume.
fn reclaim(subject: &PersistentVolume) -> Plan {
    let mut plan = Plan {
        desired: format!("a volume without its claim, policy {}", policy(subject)),
        observed: "the claim is gone".to_owned(),
        ..Plan::default()
    };
    if !is_given_up(subject) {
        let why = format!("says that volume {} is Released", subject.name());
        "phase Released".clone_into(&mut plan.difference);
        plan.actions.push(phase(subject, "Released", "", why));
        // What follows is planned when that has been seen.
        return plan;
    }
    match policy(subject) {
        "Delete" => delete(subject, plan),
        "Recycle" if subject.spec.nfs.is_some() || subject.spec.host_path.is_some() => {
            let about = subject.clone().into_object();
            let said = Said::normal(&about, "VolumeRecycled", "Volume recycled".to_owned());
            unbind(subject, "the claim is gone", Some(said))
        }
        "Recycle" => {
            let message = "No recycler plugin found for the volume!".to_owned();
            fail(subject, plan, "VolumeFailedRecycle", message)
        }
        _ => plan,
    }
}

fn delete(subject: &PersistentVolume, mut plan: Plan) -> Plan {
    let name = subject.name();
    if volume::has_annotation(&subject.metadata, volume::PROVISIONED_BY) {
        "the claim is gone; who made the volume deletes it".clone_into(&mut plan.observed);
        return plan;
    }
    let path = subject
        .spec
        .host_path
        .as_ref()
        .map(|host| host.path.as_str());
    match path {
        Some(path) if path.starts_with("/tmp/") && path.len() > "/tmp/".len() => {
            let key = Key::new(Kind::PersistentVolume, "", name);
            let why = format!("deletes volume {name}: its claim is gone");
            "the volume is still there".clone_into(&mut plan.difference);
            if !subject.is_terminating() {
                let verb = Verb::Delete(DeleteOptions::default());
                plan.actions.push(Action::new(key, verb, why));
            }
            plan
        }
        Some(path) => {
            let message =
                format!("host_path deleter only supports /tmp/.+ but received provided {path}");
            fail(subject, plan, "VolumeFailedDelete", message)
        }
        None => {
            let message = format!(
                "error getting deleter volume plugin for volume \"{name}\": no deletable volume plugin matched"
            );
            fail(subject, plan, "VolumeFailedDelete", message)
        }
    }
}

fn fail(subject: &PersistentVolume, mut plan: Plan, reason: &'static str, message: String) -> Plan {
    plan.difference.clone_from(&message);
    if subject.status.phase.as_deref() != Some("Failed") {
        let about = subject.clone().into_object();
        let why = format!("says that volume {} is Failed", subject.name());
        let action = phase(subject, "Failed", &message, why);
        plan.actions = vec![action.saying(Said::warning(&about, reason, message))];
    }
    plan
}
