//! The PersistentVolumeClaimResize plugin: which claims may ask for more than they have.
//! Source: `plugin/pkg/admission/storage/persistentvolume/resize/admission.go`.

use crate::api::{Key, Kind, Object, PersistentVolumeClaim, volume};
use crate::apiserver::Refusal;
use crate::store::Store;

/// Refuses a claim that grows though it is not bound, or though its class does not let it.
pub(super) fn check(
    claim: &PersistentVolumeClaim,
    key: &Key,
    store: &Store,
) -> Result<(), Refusal> {
    let Some(Object::PersistentVolumeClaim(before)) = store.get(key) else {
        return Ok(());
    };
    if volume::asked(claim) <= volume::asked(before) {
        return Ok(());
    }
    if before.status.phase.as_deref() != Some("Bound") {
        let why = "Only bound persistent volume claims can be expanded";
        return Err(Refusal::forbidden(key, why));
    }
    let class = volume::class_of(claim);
    let expands = match store.get(&Key::new(Kind::StorageClass, "", class)) {
        Some(Object::StorageClass(found)) => found.spec.allow_volume_expansion == Some(true),
        _ => false,
    };
    if class.is_empty() || class != volume::class_of(before) || !expands {
        let why = "only dynamically provisioned pvc can be resized and the storageclass that \
                   provisions the pvc must support resize";
        return Err(Refusal::forbidden(key, why));
    }
    Ok(())
}
