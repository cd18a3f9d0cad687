//! ResourceQuotas and LimitRanges.
//! Source: `pkg/apis/core/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{LimitRange, Quantity, ResourceQuota, core};
use crate::apiserver::FieldError;

use super::amounts::{self, Amounts, can_overcommit, is_quota_resource, read};
use super::path::Path;
use super::values::json;

const SPEC: Path<'static> = Path::new("spec");

const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

const COMPUTE: [&str; 6] = [
    "cpu",
    "memory",
    "limits.cpu",
    "limits.memory",
    "requests.cpu",
    "requests.memory",
];

/// A quota of itself.
pub(super) fn resource_quota(quota: &ResourceQuota, errors: &mut Vec<FieldError>) {
    let spec = &quota.spec;
    let path = SPEC.child("hard");
    for (name, amount) in spec.hard.iter().flatten() {
        let path = path.key(name);
        amounts::resource_name(&path, name, errors);
        if !name.contains('/') && !is_quota_resource(name) {
            let message = "must be a standard resource for quota";
            errors.push(FieldError::invalid(&path, name.as_str(), message));
        }
        amounts::amount(&path, name, amount, errors);
    }
    let scopes = spec.scopes.as_deref().unwrap_or_default();
    let path = SPEC.child("scopes");
    for scope in scopes {
        if !SCOPES.contains(&scope.as_str()) {
            errors.push(FieldError::invalid(
                &path,
                json(&scopes),
                "unsupported scope",
            ));
        }
        scope_against_resources(&path, scope, spec, errors);
    }
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    conflicting(&path, &names, json(&scopes), errors);
    scope_selector(spec, errors);
}

fn scope_against_resources(
    path: &Path<'_>,
    scope: &str,
    spec: &core::ResourceQuotaSpec,
    errors: &mut Vec<FieldError>,
) {
    let fits = |name: &str| match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => name == "pods" || COMPUTE.contains(&name),
        "BestEffort" => name == "pods",
        _ => true,
    };
    for name in spec.hard.iter().flat_map(BTreeMap::keys) {
        if is_quota_resource(name) && !fits(name) {
            errors.push(FieldError::invalid(
                path,
                json(&spec.scopes),
                "unsupported scope applied to resource",
            ));
        }
    }
}

fn conflicting(
    path: &Path<'_>,
    scopes: &[&str],
    value: serde_json::Value,
    errors: &mut Vec<FieldError>,
) {
    let pairs = [
        ["BestEffort", "NotBestEffort"],
        ["Terminating", "NotTerminating"],
    ];
    if pairs
        .iter()
        .any(|pair| pair.iter().all(|scope| scopes.contains(scope)))
    {
        errors.push(FieldError::invalid(path, value, "conflicting scopes"));
    }
}

fn scope_selector(spec: &core::ResourceQuotaSpec, errors: &mut Vec<FieldError>) {
    let Some(selector) = &spec.scope_selector else {
        return;
    };
    let path = SPEC.child("scopeSelector.matchExpressions");
    let all = selector.match_expressions.as_deref().unwrap_or_default();
    for each in all {
        let scope = each.scope_name.as_str();
        if !SCOPES.contains(&scope) {
            let path = path.child("scopeName");
            errors.push(FieldError::invalid(&path, scope, "unsupported scope"));
        }
        scope_against_resources(&path, scope, spec, errors);
        scope_requirement(&path, each, errors);
    }
    let names: Vec<&str> = all.iter().map(|it| it.scope_name.as_str()).collect();
    conflicting(&path, &names, json(&spec.scopes), errors);
}

fn scope_requirement(
    path: &Path<'_>,
    requirement: &core::ScopedResourceSelectorRequirement,
    errors: &mut Vec<FieldError>,
) {
    let operator = requirement.operator.as_str();
    let operator_path = path.child("operator");
    let values = requirement.values.as_deref().unwrap_or_default();
    let open_scopes = ["PriorityClass", "VolumeAttributesClass"];
    if !open_scopes.contains(&requirement.scope_name.as_str()) && operator != "Exists" {
        errors.push(FieldError::invalid(
            &operator_path,
            operator,
            "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ));
    }
    match operator {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            &path.child("values"),
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::invalid(
            &path.child("values"),
            json(&values),
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.push(FieldError::invalid(
            &operator_path,
            other,
            "not a valid selector operator",
        )),
    }
}

/// The scopes of a quota stay.
pub(super) fn resource_quota_update(
    new: &ResourceQuota,
    old: &ResourceQuota,
    errors: &mut Vec<FieldError>,
) {
    let set = |quota: &ResourceQuota| -> BTreeSet<String> {
        quota.spec.scopes.iter().flatten().cloned().collect()
    };
    if set(new) != set(old) {
        errors.push(FieldError::invalid(
            &SPEC.child("scopes"),
            json(&new.spec.scopes),
            super::metadata::IMMUTABLE,
        ));
    }
}

/// A limit range of itself.
pub(super) fn limit_range(range: &LimitRange, errors: &mut Vec<FieldError>) {
    let list = SPEC.child("limits");
    let mut types = BTreeSet::new();
    for (place, limit) in range.spec.limits.iter().enumerate() {
        let path = list.index(place);
        limit_type(&path.child("type"), &limit.type_, errors);
        if !types.insert(limit.type_.as_str()) {
            let value = limit.type_.as_str();
            errors.push(FieldError::duplicate(&path.child("type"), value));
        }
        limit_names(&path, limit, errors);
        limit_amounts(&path, limit, errors);
    }
}

fn limit_type(path: &Path<'_>, name: &str, errors: &mut Vec<FieldError>) {
    let messages = super::format::qualified_name(name);
    let known = ["Pod", "Container", "PersistentVolumeClaim"];
    if messages.is_empty() && !name.contains('/') && !known.contains(&name) {
        let message = "must be a standard limit type or fully qualified";
        errors.push(FieldError::invalid(path, name, message));
    }
    super::format::check(path, name, messages, errors);
}

fn limit_names(path: &Path<'_>, limit: &core::LimitRangeItem, errors: &mut Vec<FieldError>) {
    let lists = [
        ("max", &limit.max),
        ("min", &limit.min),
        ("default", &limit.default),
        ("defaultRequest", &limit.default_request),
        ("maxLimitRequestRatio", &limit.max_limit_request_ratio),
    ];
    let of_pod = limit.type_ == "Pod";
    for (field, amounts) in lists {
        let path = path.child(field);
        let amounts = amounts.iter().flatten();
        if of_pod && field.starts_with("default") {
            if amounts.count() > 0 {
                let message = "may not be specified when `type` is 'Pod'";
                errors.push(FieldError::forbidden(&path, message));
            }
            continue;
        }
        for (name, amount) in amounts {
            let path = path.key(name);
            if of_pod || limit.type_ == "Container" {
                amounts::container_resource_name(&path, name, errors);
            } else {
                amounts::resource_name(&path, name, errors);
            }
            amounts::amount(&path, name, amount, errors);
        }
    }
    let storage = |amounts: &Option<Amounts>| {
        amounts
            .as_ref()
            .is_some_and(|amounts| amounts.contains_key("storage"))
    };
    if limit.type_ == "PersistentVolumeClaim" && !storage(&limit.min) && !storage(&limit.max) {
        errors.push(FieldError::required(
            &path.child("limits"),
            "either minimum or maximum storage value is required, but neither was provided",
        ));
    }
}

/// One bound of a limit range: the name of its field, and what messages call it.
type Bound = (&'static str, &'static str);

const MIN: Bound = ("min", "min value");
const MAX: Bound = ("max", "max value");
const DEFAULT: Bound = ("default", "default value");
const REQUEST: Bound = ("defaultRequest", "default request value");

/// The bounds of a resource must stand in this order: the first of a pair is not above the second.
/// The third part is the field at fault, the fourth the one whose value is printed.
const ORDER: [(Bound, Bound, &str, &str); 6] = [
    (MIN, MAX, "min", "min"),
    (MIN, REQUEST, "defaultRequest", "defaultRequest"),
    (REQUEST, MAX, "defaultRequest", "defaultRequest"),
    (
        REQUEST,
        ("default", "default limit value"),
        "defaultRequest",
        "defaultRequest",
    ),
    (MIN, DEFAULT, "default", "min"),
    (DEFAULT, MAX, "default", "max"),
];

fn limit_amounts(path: &Path<'_>, limit: &core::LimitRangeItem, errors: &mut Vec<FieldError>) {
    let amount = |field: &str, name: &str| -> Option<Quantity> {
        let amounts = match field {
            "min" => &limit.min,
            "max" => &limit.max,
            "default" => &limit.default,
            _ => &limit.default_request,
        };
        amounts.as_ref()?.get(name).map(read)
    };
    let lists = [
        &limit.min,
        &limit.max,
        &limit.default,
        &limit.default_request,
        &limit.max_limit_request_ratio,
    ];
    let names: BTreeSet<&String> = lists
        .into_iter()
        .flatten()
        .flat_map(|amounts| amounts.keys())
        .collect();
    for name in names {
        for (low, high, field, printed) in ORDER {
            let (Some(least), Some(most)) = (amount(low.0, name), amount(high.0, name)) else {
                continue;
            };
            if least > most {
                let message = format!("{} {least} is greater than {} {most}", low.1, high.1);
                let value = amount(printed, name).unwrap_or(least).to_string();
                let path = path.child(field);
                errors.push(FieldError::invalid(&path.key(name), value, &message));
            }
        }
        let (limit_default, request) = (amount("default", name), amount("defaultRequest", name));
        if let (Some(default), Some(request)) = (limit_default, request)
            && !can_overcommit(name)
            && default != request
        {
            let message = format!(
                "default value {default} must equal to defaultRequest value {request} in {name}"
            );
            let path = path.child("defaultRequest");
            let value = request.to_string();
            errors.push(FieldError::invalid(&path.key(name), value, &message));
        }
        let ratios = limit.max_limit_request_ratio.as_ref();
        if let Some(ratio) = ratios.and_then(|all| all.get(name)).map(read) {
            limit_ratio(
                path,
                name,
                ratio,
                amount("min", name).zip(amount("max", name)),
                errors,
            );
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the API server compares ratios as floating point numbers too"
)]
fn limit_ratio(
    path: &Path<'_>,
    name: &str,
    ratio: Quantity,
    bounds: Option<(Quantity, Quantity)>,
    errors: &mut Vec<FieldError>,
) {
    let path = path.child("maxLimitRequestRatio");
    let path = path.key(name);
    if ratio < Quantity::units(1) {
        let message = format!("ratio {ratio} is less than 1");
        errors.push(FieldError::invalid(&path, ratio.to_string(), &message));
    }
    let Some((least, most)) = bounds.filter(|(least, _)| !least.is_zero()) else {
        return;
    };
    let possible = most.milli_value() as f64 / least.milli_value() as f64;
    if ratio.milli_value() as f64 / 1000.0 > possible {
        let message = format!("ratio {ratio} is greater than max/min = {possible:.6}");
        errors.push(FieldError::invalid(&path, ratio.to_string(), &message));
    }
}
