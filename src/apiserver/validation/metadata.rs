//! Names, labels, annotations, owners and finalizers, which every object has.
//! Source: `apimachinery/pkg/api/validation/objectmeta.go`.

use serde_json::Value;

use crate::api::{Kind, LabelSelector, LabelSelectorRequirement, Object, ObjectMeta};
use crate::api::{OwnerReference, meta::Labels};
use crate::apiserver::FieldError;

use super::format::{self, check};
use super::path::Path;
use super::values;

const METADATA: Path<'static> = Path::new("metadata");

/// All annotations of an object together may have this many bytes.
const ANNOTATION_BYTES: usize = 256 * 1024;

/// What the API server says of a value that must stay as it is.
pub(super) const IMMUTABLE: &str = "field is immutable";

/// The metadata of an object that is to be created, its name given or generated.
pub(super) fn create(object: &Object, errors: &mut Vec<FieldError>) {
    let metadata = object.metadata();
    let kind = object.kind();
    if let Some(prefix) = metadata
        .generate_name
        .as_deref()
        .filter(|it| !it.is_empty())
    {
        let messages = name_messages(kind, &masked(prefix));
        check(&METADATA.child("generateName"), prefix, messages, errors);
    }
    let name = object.name();
    if name.is_empty() {
        errors.push(FieldError::required(
            &METADATA.child("name"),
            "name or generateName is required",
        ));
    } else {
        check(
            &METADATA.child("name"),
            name,
            name_messages(kind, name),
            errors,
        );
    }
    namespace(kind, metadata, errors);
    format::not_negative(&METADATA.child("generation"), metadata.generation, errors);
    shared(metadata, errors);
}

/// The metadata of an object that replaces an older one.
pub(super) fn update(new: &Object, old: &Object, errors: &mut Vec<FieldError>) {
    let (metadata, before) = (new.metadata(), old.metadata());
    if old.is_terminating() {
        no_new_finalizers(metadata, before, errors);
    }
    let (generation, earlier) = (
        metadata.generation.unwrap_or(0),
        before.generation.unwrap_or(0),
    );
    if generation < earlier {
        errors.push(FieldError::invalid(
            &METADATA.child("generation"),
            generation,
            "must not be decremented",
        ));
    }
    let texts = [
        ("name", new.name(), old.name()),
        ("namespace", new.namespace(), old.namespace()),
        ("uid", new.uid(), old.uid()),
    ];
    for (field, after, before) in texts {
        if after != before {
            errors.push(FieldError::invalid(
                &METADATA.child(field),
                after,
                IMMUTABLE,
            ));
        }
    }
    let dates = [
        (
            "creationTimestamp",
            &metadata.creation_timestamp,
            &before.creation_timestamp,
        ),
        (
            "deletionTimestamp",
            &metadata.deletion_timestamp,
            &before.deletion_timestamp,
        ),
    ];
    for (field, after, before) in dates {
        if after != before {
            let value = values::json(after);
            errors.push(FieldError::invalid(
                &METADATA.child(field),
                value,
                IMMUTABLE,
            ));
        }
    }
    if metadata.deletion_grace_period_seconds != before.deletion_grace_period_seconds {
        errors.push(FieldError::invalid(
            &METADATA.child("deletionGracePeriodSeconds"),
            metadata.deletion_grace_period_seconds,
            IMMUTABLE,
        ));
    }
    shared(metadata, errors);
}

fn shared(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    labels(&METADATA.child("labels"), metadata.labels.as_ref(), errors);
    annotations(
        &METADATA.child("annotations"),
        metadata.annotations.as_ref(),
        errors,
    );
    owner_references(
        metadata.owner_references.as_deref().unwrap_or_default(),
        errors,
    );
    finalizers(metadata.finalizers.as_deref().unwrap_or_default(), errors);
}

/// A trailing dash is allowed in a prefix, for there comes something after it.
fn masked(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(base) if !base.is_empty() => format!("{base}a"),
        _ => prefix.to_owned(),
    }
}

fn name_messages(kind: Kind, name: &str) -> Vec<String> {
    match kind {
        Kind::Namespace | Kind::StatefulSet => format::dns_1123_label(name),
        Kind::Service => format::dns_1035_label(name),
        Kind::Event | Kind::PodDisruptionBudget => format::path_segment(name),
        _ => format::dns_1123_subdomain(name),
    }
}

fn namespace(kind: Kind, metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let path = METADATA.child("namespace");
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    if !kind.info().namespaced {
        if !namespace.is_empty() {
            errors.push(FieldError::forbidden(&path, "not allowed on this type"));
        }
    } else if namespace.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        check(&path, namespace, format::dns_1123_label(namespace), errors);
    }
}

/// Keys are qualified names, values are label values.
pub(super) fn labels(path: &Path<'_>, labels: Option<&Labels>, errors: &mut Vec<FieldError>) {
    for (key, value) in labels.into_iter().flatten() {
        label_name(path, key, errors);
        check(path, value, format::label_value(value), errors);
    }
}

/// A qualified name, as keys of labels are.
pub(super) fn label_name(path: &Path<'_>, name: &str, errors: &mut Vec<FieldError>) {
    check(path, name, format::qualified_name(name), errors);
}

/// Keys are qualified names in any case of letters; all together have a limit.
pub(super) fn annotations(
    path: &Path<'_>,
    annotations: Option<&Labels>,
    errors: &mut Vec<FieldError>,
) {
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        bytes += key.len() + value.len();
        let lower = key.to_lowercase();
        check(path, key, format::qualified_name(&lower), errors);
    }
    if bytes > ANNOTATION_BYTES {
        errors.push(FieldError::too_long(path, ANNOTATION_BYTES));
    }
}

fn owner_references(owners: &[OwnerReference], errors: &mut Vec<FieldError>) {
    let path = METADATA.child("ownerReferences");
    let mut controller: Option<String> = None;
    for owner in owners {
        let version = owner.api_version.rsplit('/').next().unwrap_or_default();
        if version.is_empty() {
            errors.push(FieldError::invalid(
                &path.child("apiVersion"),
                owner.api_version.as_str(),
                "version must not be empty",
            ));
        }
        let texts = [
            ("kind", &owner.kind),
            ("name", &owner.name),
            ("uid", &owner.uid),
        ];
        for (field, text) in texts {
            if text.is_empty() {
                let error = FieldError::invalid(&path.child(field), "", "must not be empty");
                errors.push(error);
            }
        }
        if owner.api_version == "v1" && owner.kind == "Event" {
            errors.push(FieldError::invalid(
                &path,
                values::json(owner),
                "/v1, Kind=Event is disallowed from being an owner",
            ));
        }
        if owner.controller == Some(true) {
            let name = format!("{}/{}", owner.kind, owner.name);
            match &controller {
                None => controller = Some(name),
                Some(first) => errors.push(FieldError::invalid(
                    &path,
                    values::json(&owners),
                    &format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"),
                )),
            }
        }
    }
}

fn finalizers(finalizers: &[String], errors: &mut Vec<FieldError>) {
    let path = METADATA.child("finalizers");
    for finalizer in finalizers {
        finalizer_format(&path, finalizer, errors);
    }
    let has = |name: &str| finalizers.iter().any(|each| each == name);
    if has("orphan") && has("foregroundDeletion") {
        errors.push(FieldError::invalid(
            &path,
            finalizers.to_vec(),
            "finalizer orphan and foregroundDeletion cannot be both set",
        ));
    }
    for (place, finalizer) in finalizers.iter().enumerate() {
        standard_finalizer(&path.index(place), finalizer, errors);
    }
}

/// A qualified name.
pub(super) fn finalizer_format(path: &Path<'_>, finalizer: &str, errors: &mut Vec<FieldError>) {
    check(path, finalizer, format::qualified_name(finalizer), errors);
}

/// One of the standard names when it has no domain.
pub(super) fn standard_finalizer(path: &Path<'_>, finalizer: &str, errors: &mut Vec<FieldError>) {
    let standard = ["kubernetes", "orphan", "foregroundDeletion"];
    if !finalizer.contains('/') && !standard.contains(&finalizer) {
        errors.push(FieldError::invalid(
            path,
            finalizer,
            "name is neither a standard finalizer name nor is it fully qualified",
        ));
    }
}

fn no_new_finalizers(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let before = old.finalizers.as_deref().unwrap_or_default();
    let mut added: Vec<&String> = new
        .finalizers
        .iter()
        .flatten()
        .filter(|each| !before.contains(each))
        .collect();
    added.sort_unstable();
    if !added.is_empty() {
        let quoted: Vec<String> = added.iter().map(|each| format!("{each:?}")).collect();
        errors.push(FieldError::forbidden(
            &METADATA.child("finalizers"),
            &format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                quoted.join(", ")
            ),
        ));
    }
}

/// The labels and expressions of a selector, if there is one.
pub(super) fn label_selector(
    path: &Path<'_>,
    selector: Option<&LabelSelector>,
    errors: &mut Vec<FieldError>,
) {
    let Some(selector) = selector else { return };
    labels(
        &path.child("matchLabels"),
        selector.match_labels.as_ref(),
        errors,
    );
    let list = path.child("matchExpressions");
    for (place, requirement) in selector.match_expressions.iter().flatten().enumerate() {
        selector_requirement(&list.index(place), requirement, errors);
    }
}

fn selector_requirement(
    path: &Path<'_>,
    requirement: &LabelSelectorRequirement,
    errors: &mut Vec<FieldError>,
) {
    let values = requirement.values.as_deref().unwrap_or_default();
    let values_path = path.child("values");
    requirement_form(path, &requirement.operator, values, errors);
    label_name(&path.child("key"), &requirement.key, errors);
    for (place, value) in values.iter().enumerate() {
        check(
            &values_path.index(place),
            value,
            format::label_value(value),
            errors,
        );
    }
}

/// How many values go with an operator, for selectors of labels.
pub(super) fn requirement_form(
    path: &Path<'_>,
    operator: &str,
    values: &[String],
    errors: &mut Vec<FieldError>,
) {
    let values_path = path.child("values");
    match operator {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            &values_path,
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
            &values_path,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.push(FieldError::invalid(
            &path.child("operator"),
            other,
            "not a valid selector operator",
        )),
    }
}

/// The value that must not have changed.
pub(super) fn immutable(path: &Path<'_>, new: Value, old: &Value, errors: &mut Vec<FieldError>) {
    if new != *old {
        errors.push(FieldError::invalid(path, new, IMMUTABLE));
    }
}
