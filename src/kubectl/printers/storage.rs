//! Cells of persistent volumes, claims and storage classes.

use super::{age, join, quantity_text};
use crate::api::meta;
use crate::api::{ObjectMeta, PersistentVolume, PersistentVolumeClaim, StorageClass};
use crate::sim::Time;

const UNSET: &str = "<unset>";
/// Where the class of a volume or claim was written before it had a field.
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const OLD_DEFAULT_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";

/// NAME, CAPACITY, ACCESS MODES, RECLAIM POLICY, STATUS, CLAIM, STORAGECLASS,
/// VOLUMEATTRIBUTESCLASS, REASON, AGE, VOLUMEMODE.
pub(super) fn volume(volume: &PersistentVolume, now: Time) -> Vec<String> {
    let (spec, status) = (&*volume.spec, &*volume.status);
    let claim = spec.claim_ref.as_ref().map(|claim| {
        let namespace = claim.namespace.as_deref().unwrap_or_default();
        format!("{namespace}/{}", claim.name.as_deref().unwrap_or_default())
    });
    let storage = spec.capacity.as_ref();
    let storage = storage.and_then(|capacity| capacity.get("storage"));
    vec![
        volume.name().to_owned(),
        quantity_text(storage),
        access_modes(spec.access_modes.as_deref()),
        spec.persistent_volume_reclaim_policy
            .clone()
            .unwrap_or_default(),
        phase(&volume.metadata, status.phase.as_deref()),
        claim.unwrap_or_default(),
        class_of(&volume.metadata, spec.storage_class_name.as_deref()),
        or_unset(spec.volume_attributes_class_name.as_deref()),
        status.reason.clone().unwrap_or_default(),
        age(volume.metadata.creation_timestamp.as_ref(), now),
        or_unset(spec.volume_mode.as_deref()),
    ]
}

/// NAME, STATUS, VOLUME, CAPACITY, ACCESS MODES, STORAGECLASS, VOLUMEATTRIBUTESCLASS, AGE,
/// VOLUMEMODE.
pub(super) fn claim(claim: &PersistentVolumeClaim, now: Time) -> Vec<String> {
    let (spec, status) = (&*claim.spec, &*claim.status);
    let volume = spec.volume_name.clone().unwrap_or_default();
    let (capacity, modes) = if volume.is_empty() {
        Default::default()
    } else {
        let storage = status.capacity.as_ref();
        let storage = storage.and_then(|capacity| capacity.get("storage"));
        let modes = access_modes(status.access_modes.as_deref());
        (quantity_text(storage), modes)
    };
    vec![
        claim.name().to_owned(),
        phase(&claim.metadata, status.phase.as_deref()),
        volume,
        capacity,
        modes,
        class_of(&claim.metadata, spec.storage_class_name.as_deref()),
        or_unset(spec.volume_attributes_class_name.as_deref()),
        age(claim.metadata.creation_timestamp.as_ref(), now),
        or_unset(spec.volume_mode.as_deref()),
    ]
}

/// NAME, PROVISIONER, RECLAIMPOLICY, VOLUMEBINDINGMODE, ALLOWVOLUMEEXPANSION, AGE.
pub(super) fn class(class: &StorageClass, now: Time) -> Vec<String> {
    let spec = &*class.spec;
    let is_default = [DEFAULT_CLASS, OLD_DEFAULT_CLASS]
        .iter()
        .any(|name| meta::annotation(&class.metadata, name) == Some("true"));
    let mark = if is_default { " (default)" } else { "" };
    let or =
        |field: &Option<String>, default: &str| field.clone().unwrap_or_else(|| default.to_owned());
    vec![
        format!("{}{mark}", class.name()),
        spec.provisioner.clone(),
        or(&spec.reclaim_policy, "Delete"),
        or(&spec.volume_binding_mode, "Immediate"),
        spec.allow_volume_expansion.unwrap_or(false).to_string(),
        age(class.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn phase(metadata: &ObjectMeta, phase: Option<&str>) -> String {
    if metadata.deletion_timestamp.is_some() {
        "Terminating".to_owned()
    } else {
        phase.unwrap_or_default().to_owned()
    }
}

/// The class of a volume or claim.
pub(in crate::kubectl) fn class_of(metadata: &ObjectMeta, class: Option<&str>) -> String {
    let old = meta::annotation(metadata, OLD_CLASS);
    old.or(class).unwrap_or_default().to_owned()
}

/// Short names of access modes, in Kubernetes' order.
pub(in crate::kubectl) fn access_modes(modes: Option<&[String]>) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let modes = modes.unwrap_or_default();
    let there = short
        .iter()
        .filter(|(long, _)| modes.iter().any(|mode| mode == long));
    join(there.map(|(_, short)| short))
}

fn or_unset(text: Option<&str>) -> String {
    text.unwrap_or(UNSET).to_owned()
}
