//! Who owns the claims of a pod: by `persistentVolumeClaimRetentionPolicy` the set, so that they go
//! with it, or a pod that is scaled away, so that they go with that. The garbage collector does the
//! rest. Source: `isClaimOwnerUpToDate`, `updateClaimOwnerRefForSetAndPod`.

use super::super::controller::{Action, Planned};
use super::identity;
use crate::api::{
    Key, Kind, Object, OwnerReference, PersistentVolumeClaim, Pod, StatefulSet, Typed, meta,
};
use crate::apiserver::Verb;

/// What the policy says about claims when the set is deleted, and when it is scaled down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Policy {
    go_with_set: bool,
    go_when_scaled: bool,
}

impl Policy {
    fn of(set: &StatefulSet) -> Self {
        let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
        let is_delete = |field: Option<&String>| field.is_some_and(|word| word == "Delete");
        Self {
            go_with_set: is_delete(policy.and_then(|policy| policy.when_deleted.as_ref())),
            go_when_scaled: is_delete(policy.and_then(|policy| policy.when_scaled.as_ref())),
        }
    }
}

/// The pod or the set, as an owner of claims.
struct Owner {
    reference: OwnerReference,
    /// Whether the policy wants it to be one.
    is_wanted: bool,
}

impl Owner {
    fn is_named_by(&self, reference: &OwnerReference) -> bool {
        let own = &self.reference;
        (&reference.api_version, &reference.kind, &reference.name)
            == (&own.api_version, &own.kind, &own.name)
    }

    /// A reference to a predecessor of the same name. Source: `hasStaleOwnerRef`.
    fn is_mistaken_in(&self, reference: &OwnerReference) -> bool {
        self.is_named_by(reference) && reference.uid != self.reference.uid
    }
}

/// The set and the pod. A pod within the ordinals owns nothing; beyond them it takes the place of
/// the set.
fn owners(set: &StatefulSet, pod: &Pod) -> [Owner; 2] {
    let policy = Policy::of(set);
    let is_scaled_away = identity::ordinal(set.name(), pod.name())
        .is_none_or(|ordinal| !identity::ordinals(set).contains(&ordinal));
    [
        Owner {
            reference: meta::controller_reference(&set.clone().into_object()),
            is_wanted: policy.go_with_set && !(policy.go_when_scaled && is_scaled_away),
        },
        Owner {
            reference: meta::controller_reference(&pod.clone().into_object()),
            is_wanted: policy.go_when_scaled && is_scaled_away,
        },
    ]
}

/// The writes that put the owners of a pod's claims right.
pub(super) fn corrections(planned: &Planned<'_>, set: &StatefulSet, pod: &Pod) -> Vec<Action> {
    let owners = owners(set, pod);
    let claims = identity::claims(set, pod.name()).into_iter();
    let claims = claims.filter_map(|(key, _)| planned.caches.object(&key));
    claims
        .filter_map(PersistentVolumeClaim::of)
        .filter_map(|claim| correction(set, &owners, claim))
        .collect()
}

fn correction(
    set: &StatefulSet,
    owners: &[Owner; 2],
    claim: &PersistentVolumeClaim,
) -> Option<Action> {
    let current = claim.metadata.owner_references.clone().unwrap_or_default();
    let is_mistaken = |reference| owners.iter().any(|owner| owner.is_mistaken_in(reference));
    if current.iter().any(is_mistaken) {
        // What belongs to a predecessor is left to the garbage collector.
        return None;
    }
    let is_ours = |reference: &&OwnerReference| owners.iter().any(|own| own.is_named_by(reference));
    let (ours, others): (Vec<&OwnerReference>, Vec<_>) = current.iter().partition(is_ours);
    let keeps_all = owners.iter().all(|owner| !owner.is_wanted) && Policy::of(set).keeps_all();
    let is_taken = !keeps_all && others.iter().any(|other| other.controller == Some(true));
    let wanted = owners.iter().filter(|owner| owner.is_wanted && !is_taken);
    let wanted: Vec<&OwnerReference> = wanted.map(|owner| &owner.reference).collect();
    let is_right = ours.len() == wanted.len()
        && wanted.iter().all(|wanted| {
            let mut ours = ours.iter();
            ours.any(|own| own.uid == wanted.uid && own.controller == Some(true))
        });
    if is_right {
        return None;
    }
    let references: Vec<OwnerReference> = others.into_iter().chain(wanted).cloned().collect();
    let mut claim = claim.clone();
    let why = format!("says who owns {}: {}", claim.name(), words(&references));
    claim.metadata_mut().owner_references = (!references.is_empty()).then_some(references);
    let claim = claim.into_object();
    Some(Action::new(claim.key(), Verb::Update(claim), why))
}

impl Policy {
    fn keeps_all(self) -> bool {
        !self.go_with_set && !self.go_when_scaled
    }
}

fn words(references: &[OwnerReference]) -> String {
    let names: Vec<String> = references
        .iter()
        .map(|each| format!("{} {}", each.kind, each.name))
        .collect();
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

/// Why the claims of a pod that is not there yet keep it from coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A claim belongs to the pod's predecessor and goes with it. Source: `PodClaimIsStale`.
    Stale(Key),
    /// A claim is being deleted. Source: `createPersistentVolumeClaims`.
    Leaving(Key),
}

/// The first obstacle to a pod of this name.
pub(super) fn obstacle(planned: &Planned<'_>, set: &StatefulSet, pod: &str) -> Option<Obstacle> {
    let claims = identity::claims(set, pod).into_iter().map(|(key, _)| key);
    let found: Vec<(Key, &Object)> = claims
        .filter_map(|key| planned.caches.object(&key).map(|found| (key, found)))
        .collect();
    let is_stale = |found: &Object| {
        let owners = found.metadata().owner_references.iter().flatten();
        let kind = Kind::Pod.info().name;
        owners
            .into_iter()
            .any(|each| each.kind == kind && each.name == pod)
    };
    let stale = found.iter().find(|(_, found)| is_stale(found));
    if let Some((key, _)) = stale.filter(|_| Policy::of(set).go_when_scaled) {
        return Some(Obstacle::Stale(key.clone()));
    }
    let leaving = found.into_iter().find(|(_, found)| found.is_terminating());
    leaving.map(|(key, _)| Obstacle::Leaving(key))
}
