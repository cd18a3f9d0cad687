//! The NamespaceLifecycle plugin: nothing is made in a namespace that is not there or is going.

use crate::api::{Key, Kind, Object};
use crate::apiserver::Refusal;
use crate::store::Store;

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
