//! Which volume a claim gets: the smallest of those that offer the fewest access modes beside its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::volume::{self, Search};
use crate::api::{Kind, PersistentVolume, PersistentVolumeClaim, StorageClass, Typed};
use crate::client::Informers;

/// The class that the claim names, if it is there.
pub(super) fn class<'a>(
    caches: &'a Informers,
    claim: &PersistentVolumeClaim,
) -> Option<&'a StorageClass> {
    caches.get("", volume::class_of(claim))
}

/// The best volume for the claim, if one is free. Source: `findByClaim` of
/// `pkg/controller/volume/persistentvolume/index.go`.
pub(super) fn best<'a>(
    caches: &'a Informers,
    claim: &PersistentVolumeClaim,
) -> Option<&'a PersistentVolume> {
    let all = caches.all(Kind::PersistentVolume, None);
    let all = all.filter_map(|cached| PersistentVolume::of(&cached.object));
    let mut by_modes: BTreeMap<(usize, BTreeSet<&str>), Vec<&PersistentVolume>> = BTreeMap::new();
    for each in all.filter(|each| volume::offers_modes(each, claim)) {
        let modes = each.spec.access_modes.iter().flatten();
        let modes: BTreeSet<&str> = modes.map(String::as_str).collect();
        let group = by_modes.entry((modes.len(), modes)).or_default();
        group.push(each);
    }
    let nobody = BTreeSet::new();
    let search = Search {
        node: None,
        waits_for_pod: class(caches, claim).is_some_and(volume::waits_for_pod),
        taken: &nobody,
    };
    by_modes
        .into_values()
        .find_map(|group| volume::find_match(claim, group.into_iter(), search))
}

/// Why a claim cannot have the volume that it names. Source: `checkVolumeSatisfyClaim`.
pub(super) fn mismatch(
    wanted: &PersistentVolume,
    claim: &PersistentVolumeClaim,
) -> Option<&'static str> {
    if volume::capacity(wanted) < volume::asked(claim) {
        Some("requested PV is too small")
    } else if volume::class_of_volume(wanted) != volume::class_of(claim) {
        Some("storageClassName does not match")
    } else if !volume::is_of_mode(wanted, claim) {
        Some("incompatible volumeMode")
    } else if !volume::offers_modes(wanted, claim) {
        Some("incompatible accessMode")
    } else {
        None
    }
}
