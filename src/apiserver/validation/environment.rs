//! Environment variables of a container and where their values come from.

use crate::api::core;
use crate::apiserver::FieldError;

use super::format::{self, check};
use super::path::Path;
use super::values::text;

/// What a variable can show of its pod, in the order in which the API server lists them.
const POD_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// What a volume can show of its pod.
const VOLUME_FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// Field paths that exist at all, for the server tells apart what it knows and what fits here.
const OTHER_FIELDS: [&str; 4] = [
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.hostNetwork",
    "status.phase",
];

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const SOURCES: &str =
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";

const ONE_SOURCE: &str = "may not have more than one field specified at a time";

/// Variables by name, with a value or one source.
pub(super) fn variables(path: &Path<'_>, variables: &[core::EnvVar], errors: &mut Vec<FieldError>) {
    for (place, variable) in variables.iter().enumerate() {
        let path = path.index(place);
        if variable.name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            let messages = format::environment_name(&variable.name);
            check(&path.child("name"), &variable.name, messages, errors);
        }
        if let Some(source) = &variable.value_from {
            value_from(&path.child("valueFrom"), variable, source, errors);
        }
    }
}

fn value_from(
    path: &Path<'_>,
    variable: &core::EnvVar,
    source: &core::EnvVarSource,
    errors: &mut Vec<FieldError>,
) {
    let mut sources = 0;
    if let Some(field) = &source.field_ref {
        sources += 1;
        pod_field(&path.child("fieldRef"), field, &POD_FIELDS, errors);
    }
    if let Some(resource) = &source.resource_field_ref {
        sources += 1;
        container_resource(&path.child("resourceFieldRef"), resource, false, errors);
    }
    if let Some(selector) = &source.config_map_key_ref {
        sources += 1;
        key(
            &path.child("configMapKeyRef"),
            &selector.name,
            &selector.key,
            errors,
        );
    }
    if let Some(selector) = &source.secret_key_ref {
        sources += 1;
        key(
            &path.child("secretKeyRef"),
            &selector.name,
            &selector.key,
            errors,
        );
    }
    let message = if sources == 0 {
        SOURCES
    } else if !text(variable.value.as_ref()).is_empty() {
        "may not be specified when `value` is not empty"
    } else if sources > 1 {
        ONE_SOURCE
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, "", message));
}

fn key(path: &Path<'_>, name: &str, key: &str, errors: &mut Vec<FieldError>) {
    let messages = format::dns_1123_subdomain(name);
    check(&path.child("name"), name, messages, errors);
    if key.is_empty() {
        errors.push(FieldError::required(&path.child("key"), ""));
    } else {
        check(&path.child("key"), key, format::config_key(key), errors);
    }
}

/// A field of the pod, shown to its container in a file.
pub(super) fn volume_field(
    path: &Path<'_>,
    selector: &core::ObjectFieldSelector,
    errors: &mut Vec<FieldError>,
) {
    pod_field(path, selector, &VOLUME_FIELDS, errors);
}

fn pod_field(
    path: &Path<'_>,
    selector: &core::ObjectFieldSelector,
    supported: &[&str],
    errors: &mut Vec<FieldError>,
) {
    if text(selector.api_version.as_ref()).is_empty() {
        errors.push(FieldError::required(&path.child("apiVersion"), ""));
        return;
    }
    let field = selector.field_path.as_str();
    let field_path = path.child("fieldPath");
    if field.is_empty() {
        errors.push(FieldError::required(&field_path, ""));
        return;
    }
    if let Some((map, rest)) = field.split_once("['")
        && let Some(subscript) = rest.strip_suffix("']")
    {
        let key = match map {
            "metadata.annotations" => subscript.to_lowercase(),
            "metadata.labels" => subscript.to_owned(),
            _ => {
                let message = "does not support subscript";
                errors.push(FieldError::invalid(path, map, message));
                return;
            }
        };
        check(path, &key, format::qualified_name(&key), errors);
    } else if !supported.contains(&field) {
        let known = POD_FIELDS.iter().chain(&VOLUME_FIELDS).chain(&OTHER_FIELDS);
        if known.clone().any(|each| *each == field) {
            errors.push(FieldError::not_supported(&field_path, field, supported));
        } else {
            let message = format!("error converting fieldPath: field label not supported: {field}");
            errors.push(FieldError::invalid(&field_path, field, &message));
        }
    }
}

/// A request or limit of a container, shown in a variable or a file.
pub(super) fn container_resource(
    path: &Path<'_>,
    selector: &core::ResourceFieldSelector,
    in_volume: bool,
    errors: &mut Vec<FieldError>,
) {
    let resource = selector.resource.as_str();
    let huge = ["requests.hugepages-", "limits.hugepages-"];
    if in_volume && text(selector.container_name.as_ref()).is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
    } else if !RESOURCES.contains(&resource)
        && !huge.iter().any(|prefix| resource.starts_with(prefix))
    {
        let path = path.child("resource");
        errors.push(FieldError::not_supported(&path, resource, &RESOURCES));
    }
}

/// ConfigMaps and Secrets of which every key becomes a variable.
pub(super) fn sources(
    path: &Path<'_>,
    sources: &[core::EnvFromSource],
    errors: &mut Vec<FieldError>,
) {
    for (place, source) in sources.iter().enumerate() {
        let item = path.index(place);
        if let Some(prefix) = source.prefix.as_deref().filter(|it| !it.is_empty()) {
            let messages = format::environment_name(prefix);
            check(&item.child("prefix"), prefix, messages, errors);
        }
        let config_map = source.config_map_ref.as_ref().map(|it| it.name.as_str());
        let secret = source.secret_ref.as_ref().map(|it| it.name.as_str());
        for (field, name) in [("configMapRef", config_map), ("secretRef", secret)] {
            let Some(name) = name else { continue };
            let item = item.child(field);
            if name.is_empty() {
                errors.push(FieldError::required(&item.child("name"), ""));
            } else {
                let messages = format::dns_1123_subdomain(name);
                check(&item.child("name"), name, messages, errors);
            }
        }
        let message = match (config_map, secret) {
            (None, None) => "must specify one of: `configMapRef` or `secretRef`",
            (Some(_), Some(_)) => ONE_SOURCE,
            _ => continue,
        };
        errors.push(FieldError::invalid(path, "", message));
    }
}
