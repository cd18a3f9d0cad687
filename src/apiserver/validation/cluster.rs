//! What has no namespace and is not storage: namespaces, nodes, priority classes.

use crate::api::{Namespace, Node, PriorityClass};
use crate::apiserver::FieldError;

use super::format::{self, check, one_of_if_set};
use super::metadata;
use super::path::Path;
use super::{amounts, placement};

const SPEC: Path<'static> = Path::new("spec");

/// The highest priority that is not the system's own.
const HIGHEST_USER_PRIORITY: i32 = 1_000_000_000;

/// The system's own classes and their values. Source: `pkg/apis/scheduling`.
pub(in crate::apiserver) const SYSTEM_CLASSES: [(&str, i32); 2] = [
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// A namespace of itself.
pub(super) fn namespace(namespace: &Namespace, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("finalizers");
    for finalizer in namespace.spec.finalizers.iter().flatten() {
        metadata::finalizer_format(&path, finalizer, errors);
        metadata::standard_finalizer(&path, finalizer, errors);
    }
}

/// A node of itself.
pub(super) fn node(node: &Node, errors: &mut Vec<FieldError>) {
    let taints = node.spec.taints.as_deref().unwrap_or_default();
    // The path of the API server says metadata, for both kinds of writes.
    placement::taints(&Path::new("metadata.taints"), taints, errors);
    let status = Path::new("status");
    let lists = [
        ("capacity", &node.status.capacity),
        ("allocatable", &node.status.allocatable),
    ];
    for (field, amounts) in lists {
        let path = status.child(field);
        for (name, amount) in amounts.iter().flatten() {
            amounts::amount(&path.child(name), name, amount, errors);
        }
    }
    let path = SPEC.child("podCIDRs");
    for (place, range) in node.spec.pod_cidrs.iter().flatten().enumerate() {
        check(&path.index(place), range, format::cidr(range), errors);
    }
}

/// What is given to a node once stays.
pub(super) fn node_update(new: &Node, old: &Node, errors: &mut Vec<FieldError>) {
    let before = old.spec.pod_cidrs.as_deref().unwrap_or_default();
    let after = new.spec.pod_cidrs.as_deref().unwrap_or_default();
    if !before.is_empty() && before != after {
        errors.push(FieldError::forbidden(
            &SPEC.child("podCIDRs"),
            "node updates may not change podCIDR except from \"\" to valid",
        ));
    }
    let provider = old.spec.provider_id.as_deref().unwrap_or_default();
    if !provider.is_empty() && old.spec.provider_id != new.spec.provider_id {
        errors.push(FieldError::forbidden(
            &SPEC.child("providerID"),
            "node updates may not change providerID except from \"\" to valid",
        ));
    }
}

/// A priority class of itself.
pub(super) fn priority_class(class: &PriorityClass, errors: &mut Vec<FieldError>) {
    let value = class.spec.value;
    if class.name().starts_with("system-") {
        if let Err(error) = system_class(class) {
            errors.push(FieldError::forbidden(
                &Path::new("metadata.name"),
                &format!(
                    "priority class names with 'system-' prefix are reserved for system use only. error: {error}"
                ),
            ));
        }
    } else if value > HIGHEST_USER_PRIORITY {
        errors.push(FieldError::forbidden(
            &Path::new("value"),
            &format!("maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}"),
        ));
    }
    one_of_if_set(
        &Path::new("preemptionPolicy"),
        class.spec.preemption_policy.as_ref(),
        &["PreemptLowerPriority", "Never"],
        errors,
    );
}

fn system_class(class: &PriorityClass) -> Result<(), String> {
    let name = class.name();
    let known = SYSTEM_CLASSES.iter().find(|(known, _)| *known == name);
    let Some((_, value)) = known else {
        return Err(format!("{name} is not a known system priority class"));
    };
    if class.spec.value != *value {
        return Err(format!("value of {name} PriorityClass must be {value}"));
    }
    if class.spec.global_default == Some(true) {
        return Err(format!(
            "globalDefault of {name} PriorityClass must be false"
        ));
    }
    Ok(())
}

/// The value and the policy of a class stay.
pub(super) fn priority_class_update(
    new: &PriorityClass,
    old: &PriorityClass,
    errors: &mut Vec<FieldError>,
) {
    if new.spec.value != old.spec.value {
        errors.push(FieldError::forbidden(
            &Path::new("value"),
            "may not be changed in an update.",
        ));
    }
    let policy = super::values::json(&new.spec.preemption_policy);
    let before = super::values::json(&old.spec.preemption_policy);
    let path = Path::new("preemptionPolicy");
    metadata::immutable(&path, policy, &before, errors);
}
