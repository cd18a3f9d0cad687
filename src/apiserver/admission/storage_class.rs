//! The DefaultStorageClass plugin: a claim that names no class gets the one marked as default.

use crate::api::{Kind, PersistentVolumeClaim, StorageClass, Typed, volume};
use crate::store::Store;

/// Of several defaults the newest is taken. Source: `plugin/pkg/admission/storage/storageclass`.
pub(super) fn admit(claim: &mut PersistentVolumeClaim, store: &Store) {
    if volume::names_class(claim) {
        return;
    }
    let classes = store.list(Kind::StorageClass, None);
    let default = volume::default_class(classes.filter_map(StorageClass::of));
    if let Some(name) = default.map(StorageClass::name) {
        claim.spec_mut().storage_class_name = Some(name.to_owned());
    }
}
