//! ConfigMaps, Secrets, events and leases: what carries text more than it asks for something.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;

use crate::api::{ConfigMap, Event, Lease, Secret};
use crate::apiserver::FieldError;

use super::format::{self, check};
use super::metadata;
use super::path::Path;
use super::values::{json, text};

/// All values of a ConfigMap or Secret together may have this many bytes.
const MOST_BYTES: usize = 1024 * 1024;

const SET_IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A ConfigMap of itself.
pub(super) fn config_map(map: &ConfigMap, errors: &mut Vec<FieldError>) {
    let (data, binary) = (Path::new("data"), Path::new("binaryData"));
    let mut bytes = 0;
    for (key, value) in map.spec.data.iter().flatten() {
        let path = data.key(key);
        check(&path, key, format::config_key(key), errors);
        let twice = map.spec.binary_data.as_ref();
        if twice.is_some_and(|binary| binary.contains_key(key)) {
            let message = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(&path, key.as_str(), message));
        }
        bytes += value.len();
    }
    for (key, value) in map.spec.binary_data.iter().flatten() {
        check(&binary.key(key), key, format::config_key(key), errors);
        bytes += value.0.len();
    }
    if bytes > MOST_BYTES {
        errors.push(FieldError::too_long(&"", MOST_BYTES));
    }
}

/// An immutable ConfigMap stays as it is.
pub(super) fn config_map_update(new: &ConfigMap, old: &ConfigMap, errors: &mut Vec<FieldError>) {
    if old.spec.immutable != Some(true) {
        return;
    }
    let changes = [
        ("immutable", new.spec.immutable != Some(true)),
        ("data", new.spec.data != old.spec.data),
        ("binaryData", new.spec.binary_data != old.spec.binary_data),
    ];
    for (field, _) in changes.iter().filter(|(_, changed)| *changed) {
        errors.push(FieldError::forbidden(&Path::new(field), SET_IMMUTABLE));
    }
}

/// A Secret of itself: its keys, and what its type promises.
pub(super) fn secret(secret: &Secret, errors: &mut Vec<FieldError>) {
    let data = Path::new("data");
    let none = BTreeMap::new();
    let content = secret.spec.data.as_ref().unwrap_or(&none);
    let mut bytes = 0;
    for (key, value) in content {
        check(&data.key(key), key, format::config_key(key), errors);
        bytes += value.0.len();
    }
    if bytes > MOST_BYTES {
        errors.push(FieldError::too_long(&data, MOST_BYTES));
    }
    let has = |key: &str| content.contains_key(key);
    let missing: &[&str] = match text(secret.spec.type_.as_ref()) {
        "kubernetes.io/service-account-token" => {
            service_account_of_token(secret, errors);
            &[]
        }
        "kubernetes.io/dockercfg" => json_content(&data, ".dockercfg", content, errors),
        "kubernetes.io/dockerconfigjson" => {
            json_content(&data, ".dockerconfigjson", content, errors)
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            &["username", "password"]
        }
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        _ => &[],
    };
    for key in missing.iter().filter(|key| !has(key)) {
        errors.push(FieldError::required(&data.key(key), ""));
    }
}

fn service_account_of_token(secret: &Secret, errors: &mut Vec<FieldError>) {
    const NAME: &str = "kubernetes.io/service-account.name";
    if crate::api::meta::annotation(&secret.metadata, NAME).is_none_or(str::is_empty) {
        let path = Path::new("metadata.annotations");
        errors.push(FieldError::required(&path.key(NAME), ""));
    }
}

/// The key of the content when it is missing; an error when it is no JSON object.
fn json_content(
    path: &Path<'_>,
    key: &'static str,
    content: &BTreeMap<String, ByteString>,
    errors: &mut Vec<FieldError>,
) -> &'static [&'static str] {
    let Some(bytes) = content.get(key) else {
        return match key {
            ".dockercfg" => &[".dockercfg"],
            _ => &[".dockerconfigjson"],
        };
    };
    let object: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_slice(&bytes.0);
    if let Err(error) = object {
        errors.push(FieldError::invalid(
            &path.key(key),
            "<secret contents redacted>",
            &error.to_string(),
        ));
    }
    &[]
}

/// The type stays; an immutable Secret stays as it is.
pub(super) fn secret_update(new: &Secret, old: &Secret, errors: &mut Vec<FieldError>) {
    let (after, before) = (json(&new.spec.type_), json(&old.spec.type_));
    metadata::immutable(&Path::new("type"), after, &before, errors);
    if old.spec.immutable != Some(true) {
        return;
    }
    let changes = [
        ("immutable", new.spec.immutable != Some(true)),
        ("data", new.spec.data != old.spec.data),
    ];
    for (field, _) in changes.iter().filter(|(_, changed)| *changed) {
        errors.push(FieldError::forbidden(&Path::new(field), SET_IMMUTABLE));
    }
}

/// An event stands in the namespace of what it is about.
pub(super) fn event(event: &Event, errors: &mut Vec<FieldError>) {
    let about = text(event.spec.involved_object.namespace.as_ref());
    let fits = event.namespace() == about || about.is_empty() && event.namespace() == "default";
    if !fits {
        errors.push(FieldError::invalid(
            &Path::new("involvedObject.namespace"),
            about,
            "does not match event.namespace",
        ));
    }
}

/// A lease of itself.
pub(super) fn lease(lease: &Lease, errors: &mut Vec<FieldError>) {
    let spec = Path::new("spec");
    if let Some(seconds) = lease.spec.lease_duration_seconds.filter(|it| *it <= 0) {
        errors.push(FieldError::invalid(
            &spec.child("leaseDurationSeconds"),
            seconds,
            "must be greater than 0",
        ));
    }
    if let Some(transitions) = lease.spec.lease_transitions.filter(|it| *it < 0) {
        errors.push(FieldError::invalid(
            &spec.child("leaseTransitions"),
            transitions,
            "must be greater than or equal to 0",
        ));
    }
}
