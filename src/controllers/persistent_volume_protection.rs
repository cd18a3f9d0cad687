//! persistentvolume-protection-controller: a volume that is to go stays as long as it is bound.
//! Source: `pkg/controller/volume/pvprotection`.

use super::controller::{Action, Controller, Plan, Planned};
use crate::api::{Kind, PersistentVolume, Typed, volume};
use crate::apiserver::Verb;

pub(super) static PERSISTENT_VOLUME_PROTECTION: Controller = Controller {
    name: "persistentvolume-protection-controller",
    event_source: "persistentvolume-protection-controller",
    watches: &[Kind::PersistentVolume],
    concerns: |_, change| {
        change
            .after
            .map(crate::api::Object::key)
            .into_iter()
            .collect()
    },
    plan,
    pace: None,
    gathers: None,
    periodic: None,
};

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(subject) = planned.subject::<PersistentVolume>() else {
        return Plan::nothing("the volume is gone");
    };
    let finalizers = subject.metadata.finalizers.as_deref().unwrap_or_default();
    let is_held = finalizers
        .iter()
        .any(|each| each == volume::VOLUME_PROTECTION);
    if !is_held || !subject.is_terminating() {
        return Plan::nothing("the volume is not to go");
    }
    let is_bound = subject.status.phase.as_deref() == Some("Bound");
    let mut plan = Plan {
        desired: "the volume gone once nothing is bound to it".to_owned(),
        observed: if is_bound {
            "a claim has it"
        } else {
            "no claim has it"
        }
        .to_owned(),
        ..Plan::default()
    };
    if !is_bound {
        let mut free = subject.clone();
        let finalizers = free.metadata_mut().finalizers.get_or_insert_default();
        finalizers.retain(|each| each != volume::VOLUME_PROTECTION);
        let why = format!("lets volume {} go: it is not bound", subject.name());
        let free = free.into_object();
        plan.difference = format!("finalizer {}", volume::VOLUME_PROTECTION);
        plan.actions = vec![Action::new(free.key(), Verb::Update(free), why)];
    }
    plan
}
