//! The ServiceAccount plugin: each pod is somebody to the API server, and that somebody exists.

use crate::api::{Key, Kind, Object, Pod};
use crate::apiserver::Refusal;
use crate::store::Store;

const MIRROR: &str = "kubernetes.io/config.mirror";

/// Names the account and takes its pull secrets.
/// Source: `plugin/pkg/admission/serviceaccount`.
pub(super) fn admit(pod: &mut Pod, key: &Key, store: &Store) -> Result<(), Refusal> {
    if crate::api::meta::annotation(&pod.metadata, MIRROR).is_some() {
        return Ok(());
    }
    let given = pod.spec.service_account_name.clone().unwrap_or_default();
    let name = if given.is_empty() {
        "default"
    } else {
        given.as_str()
    };
    let place = Key::new(Kind::ServiceAccount, &key.namespace, name);
    let Some(Object::ServiceAccount(account)) = store.get(&place) else {
        let namespace = &key.namespace;
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        return Err(Refusal::forbidden(key, &why));
    };
    if given.is_empty() {
        let spec = pod.spec_mut().shared_mut();
        spec.service_account_name = Some(name.to_owned());
        spec.service_account = Some(name.to_owned());
    }
    let secrets = account.spec.image_pull_secrets.as_ref();
    let own = pod.spec.image_pull_secrets.as_ref();
    if own.is_none_or(Vec::is_empty)
        && let Some(secrets) = secrets.filter(|secrets| !secrets.is_empty())
    {
        pod.spec_mut().shared_mut().image_pull_secrets = Some(secrets.clone());
    }
    Ok(())
}
