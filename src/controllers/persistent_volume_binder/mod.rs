//! persistentvolume-binder-controller: claims get volumes, volumes that lost their claim are
//! reclaimed, and whoever makes volumes on demand is told of the claims that need one.
//! Source: `pkg/controller/volume/persistentvolume/pv_controller.go`.

mod claims;
mod matching;
#[cfg(test)]
mod tests;
mod volumes;

use std::time::Duration;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned};
use crate::api::{Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Typed, volume};
use crate::apiserver::Verb;
use crate::client::Informers;

/// How often it looks at claims that wait, and says again what they wait for.
/// Source: `pvClaimBinderSyncPeriod`.
const RESYNC: Duration = Duration::from_secs(15);

/// Unlike Kubernetes: a claim looks for a volume as soon as one comes up, not at the next of the
/// checks that are 15 s apart; and of a claim that waits for a pod it is never said which pods are
/// to be scheduled (`WaitForPodScheduled`), because this loop watches no pods.
pub(super) static PERSISTENT_VOLUME_BINDER: Controller = Controller {
    name: "persistentvolume-binder-controller",
    event_source: "persistentvolume-controller",
    watches: &[
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::StorageClass,
    ],
    concerns,
    plan,
    pace: None,
    gathers: None,
    periodic: None,
};

fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let Some(latest) = change.latest() else {
        return Vec::new();
    };
    let mut keys = Vec::new();
    match latest {
        Object::PersistentVolumeClaim(claim) => {
            keys.push(latest.key());
            // The volume learns that its claim is gone.
            let volumes = caches.all(Kind::PersistentVolume, None);
            let volumes = volumes.filter_map(|cached| PersistentVolume::of(&cached.object));
            let own = volumes.filter(|each| volume::is_for(each, claim));
            keys.extend(own.map(|each| Key::new(Kind::PersistentVolume, "", each.name())));
        }
        Object::PersistentVolume(changed) => {
            keys.push(latest.key());
            let may_help = |claim: &PersistentVolumeClaim| {
                let name = volume::volume_name(claim);
                name == changed.name() || name.is_empty() && waits_for_volume(claim, changed)
            };
            keys.extend(claims_where(caches, may_help));
        }
        Object::StorageClass(class) => {
            let may_help = |claim: &PersistentVolumeClaim| {
                let named = volume::class_of(claim);
                volume::volume_name(claim).is_empty() && (named.is_empty() || named == class.name())
            };
            keys.extend(claims_where(caches, may_help));
        }
        _ => {}
    }
    keys
}

/// Whether the change of a volume may be what an unbound claim waits for.
fn waits_for_volume(claim: &PersistentVolumeClaim, changed: &PersistentVolume) -> bool {
    volume::is_for(changed, claim)
        || changed.spec.claim_ref.is_none()
            && volume::class_of_volume(changed) == volume::class_of(claim)
}

fn claims_where(
    caches: &Informers,
    is_meant: impl Fn(&PersistentVolumeClaim) -> bool,
) -> impl Iterator<Item = Key> {
    let all = caches.all(Kind::PersistentVolumeClaim, None);
    let meant =
        all.filter(move |cached| PersistentVolumeClaim::of(&cached.object).is_some_and(&is_meant));
    meant.map(|cached| cached.object.key())
}

fn plan(planned: &Planned<'_>) -> Plan {
    match planned.key.kind {
        Kind::PersistentVolumeClaim => claims::plan(planned),
        _ => volumes::plan(planned),
    }
}

/// A plan that waits for something that this loop cannot do: it says so again at the next check.
fn waiting(desired: &str, observed: String) -> Plan {
    Plan {
        desired: desired.to_owned(),
        difference: observed.clone(),
        observed,
        look_again: Some(LookAgain::to_check(RESYNC)),
        ..Plan::default()
    }
}

/// What is still to be written to bind both to each other: the volume, its phase, the claim, its
/// phase. Source: `bind`.
fn bind(found: &PersistentVolume, claim: &PersistentVolumeClaim) -> Plan {
    let (name, wanted) = (found.name(), claim.name());
    let mut actions = Vec::new();
    let bound = volume::bound_to(found, claim);
    if bound != *found {
        let why = format!("reserves volume {name} for claim {wanted}");
        actions.push(update(bound.clone().into_object(), why));
    }
    if found.status.phase.as_deref() != Some("Bound") {
        let why = format!("says that volume {name} is Bound");
        actions.push(volumes::phase(&bound, "Bound", "", why));
    }
    let complete = claims::bound_to(claim, name);
    if complete != *claim {
        let why = format!("binds claim {wanted} to volume {name}");
        actions.push(update(complete.clone().into_object(), why));
    }
    actions.extend(claims::bound_status(&complete, found));
    let observed = format!("volume {name} for claim {wanted}");
    let difference = match actions.len() {
        0 => String::new(),
        1 => "one write is missing".to_owned(),
        several => format!("{several} writes are missing"),
    };
    Plan {
        desired: "volume and claim bound to each other".to_owned(),
        observed,
        difference,
        actions,
        ..Plan::default()
    }
}

fn update(object: Object, why: String) -> Action {
    Action::new(object.key(), Verb::Update(object), why)
}
