//! HorizontalPodAutoscalers and PodDisruptionBudgets.
//! Source: `pkg/apis/autoscaling/validation`, `pkg/apis/policy/validation`.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::{HorizontalPodAutoscaler, PodDisruptionBudget, autoscaling};
use crate::apiserver::FieldError;

use super::amounts;
use super::format::{check, one_of_if_set, path_segment};
use super::metadata::label_selector;
use super::path::Path;
use super::values::{at_most_all, count_or_percent, json};

const SPEC: Path<'static> = Path::new("spec");

const POSITIVE: &str = "must be greater than 0";

/// The longest window and the longest period of a scaling rule, in seconds.
const LONGEST_WINDOW: i32 = 3600;
const LONGEST_PERIOD: i32 = 1800;

/// An autoscaler of itself.
pub(super) fn autoscaler(autoscaler: &HorizontalPodAutoscaler, errors: &mut Vec<FieldError>) {
    let spec = &autoscaler.spec;
    let least = spec.min_replicas;
    if let Some(least) = least.filter(|least| *least < 1) {
        let message = "must be greater than or equal to 1";
        errors.push(FieldError::invalid(
            &SPEC.child("minReplicas"),
            least,
            message,
        ));
    }
    let most = SPEC.child("maxReplicas");
    if spec.max_replicas < 1 {
        errors.push(FieldError::invalid(&most, spec.max_replicas, POSITIVE));
    }
    if least.is_some_and(|least| spec.max_replicas < least) {
        errors.push(FieldError::invalid(
            &most,
            spec.max_replicas,
            "must be greater than or equal to `minReplicas`",
        ));
    }
    reference(
        &SPEC.child("scaleTargetRef"),
        &spec.scale_target_ref,
        errors,
    );
    let list = SPEC.child("metrics");
    for (place, metric) in spec.metrics.iter().flatten().enumerate() {
        metric_spec(&list.index(place), metric, errors);
    }
    if let Some(behavior) = &spec.behavior {
        let path = SPEC.child("behavior");
        let directions = [
            ("scaleUp", &behavior.scale_up),
            ("scaleDown", &behavior.scale_down),
        ];
        for (field, rules) in directions {
            if let Some(rules) = rules {
                scaling_rules(&path.child(field), rules, errors);
            }
        }
    }
}

fn reference(
    path: &Path<'_>,
    reference: &autoscaling::CrossVersionObjectReference,
    errors: &mut Vec<FieldError>,
) {
    for (field, value) in [("kind", &reference.kind), ("name", &reference.name)] {
        let path = path.child(field);
        if value.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else {
            check(&path, value, path_segment(value), errors);
        }
    }
}

fn metric_spec(path: &Path<'_>, spec: &autoscaling::MetricSpec, errors: &mut Vec<FieldError>) {
    let sources = [
        ("Object", "object", spec.object.is_some()),
        ("External", "external", spec.external.is_some()),
        ("Pods", "pods", spec.pods.is_some()),
        ("Resource", "resource", spec.resource.is_some()),
        (
            "ContainerResource",
            "containerResource",
            spec.container_resource.is_some(),
        ),
    ];
    let kind = spec.type_.as_str();
    if kind.is_empty() {
        let message = "must specify a metric source type";
        errors.push(FieldError::required(&path.child("type"), message));
    }
    let expected = sources.iter().find(|(name, _, _)| *name == kind);
    let Some((_, expected, _)) = expected else {
        let supported = [
            "ContainerResource",
            "External",
            "Object",
            "Pods",
            "Resource",
        ];
        let path = path.child("type");
        errors.push(FieldError::not_supported(&path, kind, &supported));
        return;
    };
    let mut given = sources.iter().filter(|(_, _, set)| *set);
    if let Some((_, first, _)) = given.clone().next() {
        metric_source(&path.child(first), spec, errors);
    }
    if !given.clone().any(|(_, field, _)| field == expected) {
        let message = "must populate information for the given metric source";
        errors.push(FieldError::required(&path.child(expected), message));
    }
    if given.clone().count() > 1 {
        let others = given.by_ref().filter(|(_, field, _)| field != expected);
        for (_, field, _) in others {
            let message = "must populate the given metric source only";
            errors.push(FieldError::forbidden(&path.child(field), message));
        }
    }
}

/// The first source that is set.
fn metric_source(path: &Path<'_>, spec: &autoscaling::MetricSpec, errors: &mut Vec<FieldError>) {
    let target_path = path.child("target");
    if let Some(source) = &spec.object {
        reference(
            &path.child("describedObject"),
            &source.described_object,
            errors,
        );
        metric_name(path, &source.metric, errors);
        target(&target_path, &source.target, errors);
        if source.target.value.is_none() && source.target.average_value.is_none() {
            errors.push(FieldError::required(
                &target_path.child("averageValue"),
                "must set either a target value or averageValue",
            ));
        }
    } else if let Some(source) = &spec.external {
        metric_name(path, &source.metric, errors);
        target(&target_path, &source.target, errors);
        let both = (&source.target.value, &source.target.average_value);
        match both {
            (None, None) => errors.push(FieldError::required(
                &target_path.child("averageValue"),
                "must set either a target value for metric or a per-pod target",
            )),
            (Some(_), Some(_)) => errors.push(FieldError::forbidden(
                &target_path.child("value"),
                "may not set both a target value for metric and a per-pod target",
            )),
            _ => {}
        }
    } else if let Some(source) = &spec.pods {
        metric_name(path, &source.metric, errors);
        target(&target_path, &source.target, errors);
        if source.target.average_value.is_none() {
            errors.push(FieldError::required(
                &target_path.child("averageValue"),
                "must specify a positive target averageValue",
            ));
        }
    } else if let Some(source) = &spec.resource {
        resource_source(path, &source.name, &source.target, errors);
    } else if let Some(source) = &spec.container_resource {
        if source.container.is_empty() {
            let message = "must specify a container";
            errors.push(FieldError::required(&path.child("container"), message));
        }
        resource_source(path, &source.name, &source.target, errors);
    }
}

fn resource_source(
    path: &Path<'_>,
    name: &str,
    aim: &autoscaling::MetricTarget,
    errors: &mut Vec<FieldError>,
) {
    if name.is_empty() {
        let message = "must specify a resource name";
        errors.push(FieldError::required(&path.child("name"), message));
    }
    let path = path.child("target");
    target(&path, aim, errors);
    match (aim.average_utilization, &aim.average_value) {
        (None, None) => errors.push(FieldError::required(
            &path.child("averageUtilization"),
            "must set either a target raw value or a target utilization",
        )),
        (Some(_), Some(_)) => errors.push(FieldError::forbidden(
            &path.child("averageValue"),
            "may not set both a target raw value and a target utilization",
        )),
        _ => {}
    }
}

fn metric_name(
    path: &Path<'_>,
    metric: &autoscaling::MetricIdentifier,
    errors: &mut Vec<FieldError>,
) {
    let path = path.child("metric");
    let name = path.child("name");
    if metric.name.is_empty() {
        errors.push(FieldError::required(&name, "must specify a metric name"));
    } else {
        check(&name, &metric.name, path_segment(&metric.name), errors);
    }
}

fn target(path: &Path<'_>, target: &autoscaling::MetricTarget, errors: &mut Vec<FieldError>) {
    let kind = target.type_.as_str();
    let path_of_type = path.child("type");
    if kind.is_empty() {
        let message = "must specify a metric target type";
        errors.push(FieldError::required(&path_of_type, message));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        let message = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(&path_of_type, kind, message));
    }
    let values = [
        ("value", &target.value),
        ("averageValue", &target.average_value),
    ];
    for (field, value) in values {
        if let Some(value) = value.as_ref().filter(|value| !is_positive(value)) {
            let path = path.child(field);
            let printed = value.0.as_str();
            errors.push(FieldError::invalid(&path, printed, "must be positive"));
        }
    }
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        let path = path.child("averageUtilization");
        errors.push(FieldError::invalid(&path, percent, POSITIVE));
    }
}

fn is_positive(amount: &Text) -> bool {
    let amount = amounts::read(amount);
    !amount.is_zero() && !amount.is_negative()
}

fn scaling_rules(
    path: &Path<'_>,
    rules: &autoscaling::HPAScalingRules,
    errors: &mut Vec<FieldError>,
) {
    let window = path.child("stabilizationWindowSeconds");
    match rules.stabilization_window_seconds {
        Some(seconds) if seconds < 0 => errors.push(FieldError::invalid(
            &window,
            seconds,
            "must be greater than or equal to zero",
        )),
        Some(seconds) if seconds > LONGEST_WINDOW => errors.push(FieldError::invalid(
            &window,
            seconds,
            &format!("must be less than or equal to {LONGEST_WINDOW}"),
        )),
        _ => {}
    }
    one_of_if_set(
        &path.child("selectPolicy"),
        rules.select_policy.as_ref(),
        &["Disabled", "Max", "Min"],
        errors,
    );
    let list = path.child("policies");
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        let message = "must specify at least one Policy";
        errors.push(FieldError::required(&list, message));
    }
    for (place, policy) in policies.iter().enumerate() {
        let path = list.index(place);
        let kind = policy.type_.as_str();
        if !["Pods", "Percent"].contains(&kind) {
            let path = path.child("type");
            let supported = ["Percent", "Pods"];
            errors.push(FieldError::not_supported(&path, kind, &supported));
        }
        let numbers = [
            ("value", policy.value),
            ("periodSeconds", policy.period_seconds),
        ];
        for (field, number) in numbers {
            if number <= 0 {
                let message = "must be greater than zero";
                errors.push(FieldError::invalid(&path.child(field), number, message));
            }
        }
        if policy.period_seconds > LONGEST_PERIOD {
            errors.push(FieldError::invalid(
                &path.child("periodSeconds"),
                policy.period_seconds,
                &format!("must be less than or equal to {LONGEST_PERIOD}"),
            ));
        }
    }
}

/// A budget of itself.
pub(super) fn budget(budget: &PodDisruptionBudget, errors: &mut Vec<FieldError>) {
    let spec = &budget.spec;
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        errors.push(FieldError::invalid(
            &SPEC,
            json(&**spec),
            "minAvailable and maxUnavailable cannot be both set",
        ));
    }
    let fields = [
        ("minAvailable", &spec.min_available),
        ("maxUnavailable", &spec.max_unavailable),
    ];
    for (field, value) in fields {
        if let Some(value) = value {
            let path = SPEC.child(field);
            count_or_percent(&path, value, errors);
            at_most_all(&path, value, errors);
        }
    }
    label_selector(&SPEC.child("selector"), spec.selector.as_ref(), errors);
    one_of_if_set(
        &SPEC.child("unhealthyPodEvictionPolicy"),
        spec.unhealthy_pod_eviction_policy.as_ref(),
        &["AlwaysAllow", "IfHealthyBudget"],
        errors,
    );
}
