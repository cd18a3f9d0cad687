//! The NamespaceLifecycle plugin: nothing is made in a namespace that is not there or is going.

use crate::api::{Key, Kind, Object};
use crate::apiserver::Refusal;
use crate::store::Store;

/// Namespaces that are never deleted. Source: `immortalNamespaces`.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Refuses to delete what must stay.
pub(in crate::apiserver) fn admit_deletion(key: &Key) -> Result<(), Refusal> {
    if key.kind == Kind::Namespace && IMMORTAL.contains(&&*key.name) {
        return Err(Refusal::forbidden(key, "this namespace may not be deleted"));
    }
    Ok(())
}

/// Source: `apiserver/pkg/admission/plugin/namespace/lifecycle`.
pub(super) fn admit(key: &Key, store: &Store) -> Result<(), Refusal> {
    if key.namespace.is_empty() {
        return Ok(());
    }
    let place = Key::new(Kind::Namespace, "", &key.namespace);
    match store.get(&place) {
        None => Err(Refusal::namespace_not_found(&key.namespace)),
        Some(Object::Namespace(namespace))
            if namespace.status.phase.as_deref() == Some("Terminating") =>
        {
            Err(Refusal::namespace_terminating(key))
        }
        Some(_) => Ok(()),
    }
}
