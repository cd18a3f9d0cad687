//! Cells of autoscalers, budgets, priority classes, quotas and limit ranges.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::{age, quantity_text};
use crate::api::{
    HorizontalPodAutoscaler, IntOrString, LimitRange, PodDisruptionBudget, PriorityClass,
    ResourceQuota, autoscaling,
};
use crate::sim::Time;

const UNKNOWN: &str = "<unknown>";
/// How many metrics of an autoscaler are shown.
const MOST_METRICS: usize = 2;

/// NAME, REFERENCE, TARGETS, MINPODS, MAXPODS, REPLICAS, AGE.
pub(super) fn scaler(scaler: &HorizontalPodAutoscaler, now: Time) -> Vec<String> {
    let (spec, status) = (&*scaler.spec, &*scaler.status);
    let target = &spec.scale_target_ref;
    let minimum = spec.min_replicas.map(|number| number.to_string());
    vec![
        scaler.name().to_owned(),
        format!("{}/{}", target.kind, target.name),
        scaler_targets(scaler),
        minimum.unwrap_or_else(|| "<unset>".to_owned()),
        spec.max_replicas.to_string(),
        status.current_replicas.unwrap_or(0).to_string(),
        age(scaler.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// TARGETS of an autoscaler: `cpu: 12%/50%`.
#[must_use]
pub fn scaler_targets(scaler: &HorizontalPodAutoscaler) -> String {
    metrics(
        scaler.spec.metrics.as_deref().unwrap_or_default(),
        scaler.status.current_metrics.as_deref().unwrap_or_default(),
    )
}

/// `cpu: 12%/50%, memory: <unknown>/80% + 1 more...`
fn metrics(specs: &[autoscaling::MetricSpec], statuses: &[autoscaling::MetricStatus]) -> String {
    if specs.is_empty() {
        return super::NONE.to_owned();
    }
    let shown: Vec<String> = specs
        .iter()
        .take(MOST_METRICS)
        .enumerate()
        .map(|(place, spec)| metric(spec, statuses.get(place)))
        .collect();
    let shown = shown.join(", ");
    if specs.len() > MOST_METRICS {
        format!("{shown} + {} more...", specs.len() - MOST_METRICS)
    } else {
        shown
    }
}

/// One metric: what it is now, and what it should be.
fn metric(spec: &autoscaling::MetricSpec, status: Option<&autoscaling::MetricStatus>) -> String {
    if let Some(resource) = &spec.resource {
        let current = status.and_then(|status| status.resource.as_ref());
        let current = current.map(|each| &each.current);
        return format!("{}: {}", resource.name, share(&resource.target, current));
    }
    if let Some(resource) = &spec.container_resource {
        let current = status.and_then(|status| status.container_resource.as_ref());
        let current = current.map(|each| &each.current);
        return format!("{}: {}", resource.name, share(&resource.target, current));
    }
    if let Some(pods) = &spec.pods {
        let current = status.and_then(|status| status.pods.as_ref());
        let current = known(current.and_then(|each| each.current.average_value.as_ref()));
        let target = quantity_text(pods.target.average_value.as_ref());
        return format!("{current}/{target}");
    }
    if let Some(object) = &spec.object {
        let current = status.and_then(|status| status.object.as_ref());
        return value_or_average(&object.target, current.map(|each| &each.current));
    }
    if let Some(external) = &spec.external {
        let current = status.and_then(|status| status.external.as_ref());
        return value_or_average(&external.target, current.map(|each| &each.current));
    }
    "<unknown type>".to_owned()
}

fn share(
    target: &autoscaling::MetricTarget,
    current: Option<&autoscaling::MetricValueStatus>,
) -> String {
    if target.average_value.is_some() {
        let current = known(current.and_then(|current| current.average_value.as_ref()));
        return format!("{current}/{}", quantity_text(target.average_value.as_ref()));
    }
    let per_cent = |number: Option<i32>, otherwise: &str| {
        number.map_or_else(|| otherwise.to_owned(), |number| format!("{number}%"))
    };
    let current = current.and_then(|current| current.average_utilization);
    let current = per_cent(current, UNKNOWN);
    format!(
        "{current}/{}",
        per_cent(target.average_utilization, "<auto>")
    )
}

fn value_or_average(
    target: &autoscaling::MetricTarget,
    current: Option<&autoscaling::MetricValueStatus>,
) -> String {
    if target.average_value.is_some() {
        let current = known(current.and_then(|current| current.average_value.as_ref()));
        let target = quantity_text(target.average_value.as_ref());
        return format!("{current}/{target} (avg)");
    }
    let current = known(current.and_then(|current| current.value.as_ref()));
    format!("{current}/{}", quantity_text(target.value.as_ref()))
}

fn known(quantity: Option<&OfficialQuantity>) -> String {
    quantity.map_or_else(
        || UNKNOWN.to_owned(),
        |quantity| quantity_text(Some(quantity)),
    )
}

/// NAME, MIN AVAILABLE, MAX UNAVAILABLE, ALLOWED DISRUPTIONS, AGE.
pub(super) fn budget(budget: &PodDisruptionBudget, now: Time) -> Vec<String> {
    let number = |number: &Option<IntOrString>| match number {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(text)) => text.clone(),
        None => "N/A".to_owned(),
    };
    vec![
        budget.name().to_owned(),
        number(&budget.spec.min_available),
        number(&budget.spec.max_unavailable),
        budget.status.disruptions_allowed.to_string(),
        age(budget.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, VALUE, GLOBAL-DEFAULT, AGE, PREEMPTIONPOLICY.
pub(super) fn priority_class(class: &PriorityClass, now: Time) -> Vec<String> {
    vec![
        class.name().to_owned(),
        class.spec.value.to_string(),
        class.spec.global_default.unwrap_or(false).to_string(),
        age(class.metadata.creation_timestamp.as_ref(), now),
        class.spec.preemption_policy.clone().unwrap_or_default(),
    ]
}

/// NAME, REQUEST, LIMIT, AGE.
pub(super) fn quota(quota: &ResourceQuota, now: Time) -> Vec<String> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    let used = quota.status.used.as_ref();
    for (name, hard) in quota.status.hard.iter().flatten() {
        let used = quantity_text(used.and_then(|used| used.get(name)));
        let text = format!("{name}: {used}/{}", quantity_text(Some(hard)));
        if name.starts_with("limits.") {
            limits.push(text);
        } else {
            requests.push(text);
        }
    }
    vec![
        quota.name().to_owned(),
        requests.join(", "),
        limits.join(", "),
        age(quota.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, CREATED AT: limit ranges have no columns of their own.
pub(super) fn limit_range(range: &LimitRange) -> Vec<String> {
    let created = range.metadata.creation_timestamp.as_ref();
    vec![
        range.name().to_owned(),
        created.map_or_else(|| "<unknown>".to_owned(), |created| created.0.to_string()),
    ]
}
