//! Names and amounts of resources: requests, limits, capacities, quotas.
//! Source: `pkg/apis/core/validation/validation.go` and `pkg/apis/core/helper/helpers.go`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::quota::is_native;
use crate::api::requests::is_huge_pages;
use crate::api::{Quantity, core};
use crate::apiserver::FieldError;

use super::format::{self, check};
use super::path::Path;

/// Amounts by the name of their resource.
pub(super) type Amounts = BTreeMap<String, Text>;

const CONTAINER: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

const QUOTA: [&str; 11] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "storage",
];

/// The amount; nothing for a text that is none, which [`amount`] reports.
pub(super) fn read(text: &Text) -> Quantity {
    text.0.parse().unwrap_or(Quantity::ZERO)
}

/// True when containers may be given more of it than there is.
pub(super) fn can_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && format::qualified_name(&format!("requests.{name}")).is_empty()
}

/// True when a quota can limit it.
pub(super) fn is_quota_resource(name: &str) -> bool {
    let plain = name.strip_prefix("requests.").unwrap_or(name);
    name != "storage" && QUOTA.contains(&name) || COUNTED.contains(&name) || is_huge_pages(plain)
}

/// A qualified name, and a known one when it has no domain.
pub(super) fn resource_name(path: &Path<'_>, name: &str, errors: &mut Vec<FieldError>) {
    let messages = format::qualified_name(name);
    if !messages.is_empty() {
        check(path, name, messages, errors);
        return;
    }
    let known = QUOTA.contains(&name) || is_quota_resource(name);
    if !name.contains('/') && !known {
        errors.push(FieldError::invalid(
            path,
            name,
            "must be a standard resource type or fully qualified",
        ));
    }
}

/// What a container can ask for.
pub(super) fn container_resource_name(path: &Path<'_>, name: &str, errors: &mut Vec<FieldError>) {
    resource_name(path, name, errors);
    let message = if name.contains('/') {
        (!is_native(name) && !is_extended(name))
            .then_some("doesn't follow extended resource name standard")
    } else {
        (!CONTAINER.contains(&name) && !is_huge_pages(name))
            .then_some("must be a standard resource for containers")
    };
    if let Some(message) = message {
        errors.push(FieldError::invalid(path, name, message));
    }
}

/// An amount that is one, is not negative, and is whole where it is counted.
///
/// Unlike Kubernetes: a text that is no amount is refused with its place, where the API server
/// fails to decode the whole object.
pub(super) fn amount(path: &Path<'_>, name: &str, text: &Text, errors: &mut Vec<FieldError>) {
    let amount: Quantity = match text.0.parse() {
        Ok(amount) => amount,
        Err(error) => {
            let error: crate::api::QuantityError = error;
            errors.push(FieldError::invalid(
                path,
                text.0.as_str(),
                &error.to_string(),
            ));
            return;
        }
    };
    if amount.is_negative() {
        errors.push(FieldError::invalid(
            path,
            amount.to_string(),
            "must be greater than or equal to 0",
        ));
    }
    let counted = COUNTED.contains(&name) || is_extended(name);
    if counted && amount.milli_value() % 1000 != 0 {
        errors.push(FieldError::invalid(
            path,
            amount.to_string(),
            "must be an integer",
        ));
    }
}

/// What a container requests and its limits.
pub(super) fn requirements(
    path: &Path<'_>,
    requirements: Option<&core::ResourceRequirements>,
    errors: &mut Vec<FieldError>,
) {
    let Some(requirements) = requirements else {
        return;
    };
    let limits_path = path.child("limits");
    let limits = requirements.limits.iter().flatten();
    for (name, text) in limits.clone() {
        let entry = limits_path.key(name);
        container_resource_name(&entry, name, errors);
        amount(&entry, name, text, errors);
    }
    let requests_path = path.child("requests");
    let requests = requirements.requests.iter().flatten();
    for (name, text) in requests.clone() {
        let entry = requests_path.key(name);
        container_resource_name(&entry, name, errors);
        amount(&entry, name, text, errors);
        let limit = requirements.limits.as_ref().and_then(|all| all.get(name));
        request_against_limit(path, (name, text), limit, errors);
    }
    let mut names = limits.chain(requests).map(|(name, _)| name.as_str());
    let huge = names.clone().any(is_huge_pages);
    if huge && !names.any(|name| name == "cpu" || name == "memory") {
        errors.push(FieldError::forbidden(
            path,
            "HugePages require cpu or memory",
        ));
    }
}

fn request_against_limit(
    path: &Path<'_>,
    (name, text): (&str, &Text),
    limit: Option<&Text>,
    errors: &mut Vec<FieldError>,
) {
    let request = read(text);
    let Some(limit) = limit.map(read) else {
        if !can_overcommit(name) {
            errors.push(FieldError::required(
                &path.child("limits"),
                "Limit must be set for non overcommitable resources",
            ));
        }
        return;
    };
    let rule = if request != limit && !can_overcommit(name) {
        "must be equal to"
    } else if request > limit {
        "must be less than or equal to"
    } else {
        return;
    };
    errors.push(FieldError::invalid(
        &path.child("requests"),
        request.to_string(),
        &format!("{rule} {name} limit of {limit}"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(pairs: &[(&str, &str)]) -> Amounts {
        let pairs = pairs.iter();
        pairs
            .map(|(name, text)| ((*name).to_owned(), Text((*text).to_owned())))
            .collect()
    }

    #[test]
    fn a5_requests_and_limits_are_checked_against_each_other() {
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: [(Pairs, Pairs, &[&str]); 7] = [
            (&[("cpu", "100m")], &[("cpu", "1")], &[]),
            (
                &[("cpu", "2")],
                &[("cpu", "1")],
                &["r.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"],
            ),
            (
                &[("memory", "-1")],
                &[],
                &["r.requests[memory]: Invalid value: \"-1\": must be greater than or equal to 0"],
            ),
            (
                &[("gpu", "1")],
                &[],
                &[
                    "r.requests[gpu]: Invalid value: \"gpu\": must be a standard resource type or fully qualified",
                    "r.requests[gpu]: Invalid value: \"gpu\": must be a standard resource for containers",
                ],
            ),
            (
                &[("example.com/gpu", "1")],
                &[],
                &["r.limits: Required value: Limit must be set for non overcommitable resources"],
            ),
            (
                &[("example.com/gpu", "1")],
                &[("example.com/gpu", "2")],
                &["r.requests: Invalid value: \"1\": must be equal to example.com/gpu limit of 2"],
            ),
            (
                &[("cpu", "one")],
                &[],
                &[
                    "r.requests[cpu]: Invalid value: \"one\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                ],
            ),
        ];
        for (requests, limits, expected) in cases {
            let given = core::ResourceRequirements {
                requests: Some(amounts(requests)),
                limits: Some(amounts(limits)),
                claims: None,
            };
            let mut errors = Vec::new();
            requirements(&Path::new("r"), Some(&given), &mut errors);
            let printed: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(printed, expected, "{requests:?} {limits:?}");
        }
    }
}
