//! The DefaultStorageClass plugin: a claim that names no class gets the one marked as default.

use crate::api::{Kind, Object, PersistentVolumeClaim, meta};
use crate::store::Store;

const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// The class that an old annotation names, before there was a field.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Of several defaults the newest is taken. Source: `plugin/pkg/admission/storage/storageclass`.
pub(super) fn admit(claim: &mut PersistentVolumeClaim, store: &Store) {
    let named = claim.spec.storage_class_name.is_some();
    if named || meta::annotation(&claim.metadata, BETA_CLASS).is_some() {
        return;
    }
    let classes = store.list(Kind::StorageClass, None);
    let defaults =
        classes.filter(|class| meta::annotation(class.metadata(), IS_DEFAULT) == Some("true"));
    let newest = defaults.min_by_key(|class| {
        let age = std::cmp::Reverse(meta::created(class.metadata()));
        (age, class.name().to_owned())
    });
    if let Some(name) = newest.map(Object::name) {
        claim.spec_mut().storage_class_name = Some(name.to_owned());
    }
}
