//! The RuntimeClass plugin: a pod names a class that there is.

use crate::api::{Key, Pod};
use crate::apiserver::Refusal;

/// Refuses a pod with a class.
/// Source: `plugin/pkg/admission/runtimeclass`.
///
/// Unlike Kubernetes: there are no RuntimeClasses, so that each name is an absent one, and a pod may
/// say itself what its overhead is.
pub(super) fn admit(pod: &Pod, key: &Key) -> Result<(), Refusal> {
    match &pod.spec.runtime_class_name {
        None => Ok(()),
        Some(name) => {
            let why = format!("pod rejected: RuntimeClass \"{name}\" not found");
            Err(Refusal::forbidden(key, &why))
        }
    }
}
