//! The StorageObjectInUseProtection plugin: volumes and claims are held while they are used.

use crate::api::{Object, volume};

/// Gives a new volume or claim the finalizer that its protection controller takes away.
/// Source: `plugin/pkg/admission/storage/storageobjectinuseprotection`.
pub(super) fn admit(object: &mut Object) {
    let finalizer = match object {
        Object::PersistentVolume(_) => volume::VOLUME_PROTECTION,
        Object::PersistentVolumeClaim(_) => volume::CLAIM_PROTECTION,
        _ => return,
    };
    let finalizers = object.metadata_mut().finalizers.get_or_insert_default();
    if !finalizers.iter().any(|each| each == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
}
