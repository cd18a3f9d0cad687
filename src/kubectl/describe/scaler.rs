//! The description of a horizontal pod autoscaler.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::date;
use super::writer::Writer;
use crate::api::{Event, HorizontalPodAutoscaler, autoscaling};
use crate::kubectl::printers::quantity_text;
use crate::sim::Time;

const UNKNOWN: &str = "<unknown>";

/// Source: `describeHorizontalPodAutoscalerV2` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(
    writer: &mut Writer,
    scaler: &HorizontalPodAutoscaler,
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*scaler.spec, &*scaler.status);
    writer.named(scaler.name(), scaler.namespace());
    writer.labels(0, "Labels", scaler.metadata.labels.as_ref());
    writer.annotations(0, scaler.metadata.annotations.as_ref());
    let created = scaler.metadata.creation_timestamp.as_ref();
    writer.field(0, "CreationTimestamp", date(created));
    let target = &spec.scale_target_ref;
    let reference = format!("{}/{}", target.kind, target.name);
    writer.field(0, "Reference", reference);
    writer.field(0, "Metrics", "( current / target )");
    let current = status.current_metrics.as_deref().unwrap_or_default();
    for (place, metric) in spec.metrics.iter().flatten().enumerate() {
        self::metric(writer, metric, current.get(place));
    }
    let least = spec.min_replicas.map(|least| least.to_string());
    let least = least.unwrap_or_else(|| "<unset>".to_owned());
    writer.field(0, "Min replicas", least);
    writer.field(0, "Max replicas", spec.max_replicas);
    if let Some(behavior) = &spec.behavior {
        writer.line(0, "Behavior:");
        direction(writer, "Scale Up", behavior.scale_up.as_ref());
        direction(writer, "Scale Down", behavior.scale_down.as_ref());
    }
    writer.field(
        0,
        &format!("{} pods", target.kind),
        format_args!(
            "{} current / {} desired",
            status.current_replicas.unwrap_or(0),
            status.desired_replicas
        ),
    );
    conditions(writer, status.conditions.as_deref().unwrap_or_default());
    super::events(writer, events, now);
}

fn known(amount: Option<&OfficialQuantity>) -> String {
    amount.map_or_else(|| UNKNOWN.to_owned(), |amount| quantity_text(Some(amount)))
}

fn metric(
    writer: &mut Writer,
    metric: &autoscaling::MetricSpec,
    status: Option<&autoscaling::MetricStatus>,
) {
    if let Some(resource) = &metric.resource {
        let current = status.and_then(|status| status.resource.as_ref());
        let current = current.map(|each| &each.current);
        let title = format!("resource {} on pods", resource.name);
        let line = resource_line(&title, &resource.target, current);
        writer.line(1, line);
    } else if let Some(resource) = &metric.container_resource {
        let current = status.and_then(|status| status.container_resource.as_ref());
        let current = current.map(|each| &each.current);
        let (name, container) = (&resource.name, &resource.container);
        let title = format!("resource {name} of container \"{container}\" on pods");
        let line = resource_line(&title, &resource.target, current);
        writer.line(1, line);
    } else if let Some(pods) = &metric.pods {
        let current = status.and_then(|status| status.pods.as_ref());
        let current = known(current.and_then(|each| each.current.average_value.as_ref()));
        let target = quantity_text(pods.target.average_value.as_ref());
        let name = &pods.metric.name;
        writer.line(1, format_args!("\"{name}\" on pods:\t{current} / {target}"));
    } else if let Some(object) = &metric.object {
        let current = status.and_then(|status| status.object.as_ref());
        let current = current.map(|each| &each.current);
        let value = value_line(&object.target, current);
        let (name, of) = (&object.metric.name, &object.described_object);
        let title = format!("\"{name}\" on {}/{}", of.kind, of.name);
        writer.line(1, format_args!("{title} {value}"));
    } else if let Some(external) = &metric.external {
        let current = status.and_then(|status| status.external.as_ref());
        let current = current.map(|each| &each.current);
        let value = value_line(&external.target, current);
        writer.line(1, format_args!("\"{}\" {value}", external.metric.name));
    } else {
        writer.line(
            1,
            format_args!("<unknown metric type \"{}\">", metric.type_),
        );
    }
}

fn resource_line(
    title: &str,
    target: &autoscaling::MetricTarget,
    current: Option<&autoscaling::MetricValueStatus>,
) -> String {
    let average = current.and_then(|current| current.average_value.as_ref());
    if let Some(wanted) = &target.average_value {
        let wanted = quantity_text(Some(wanted));
        return format!("{title}:\t{} / {wanted}", known(average));
    }
    let share = current.and_then(|current| current.average_utilization);
    let current = share.map_or_else(
        || UNKNOWN.to_owned(),
        |share| format!("{share}% ({})", quantity_text(average)),
    );
    let wanted = target.average_utilization.map(|share| format!("{share}%"));
    let wanted = wanted.unwrap_or_else(|| "<auto>".to_owned());
    // The two parts of the title are written one level in each.
    format!("{title}  (as a percentage of request):\t{current} / {wanted}")
}

fn value_line(
    target: &autoscaling::MetricTarget,
    current: Option<&autoscaling::MetricValueStatus>,
) -> String {
    if let Some(wanted) = &target.average_value {
        let current = known(current.and_then(|current| current.average_value.as_ref()));
        let wanted = quantity_text(Some(wanted));
        return format!("(target average value):\t{current} / {wanted}");
    }
    let current = known(current.and_then(|current| current.value.as_ref()));
    let wanted = quantity_text(target.value.as_ref());
    format!("(target value):\t{current} / {wanted}")
}

fn direction(writer: &mut Writer, title: &str, rules: Option<&autoscaling::HPAScalingRules>) {
    let Some(rules) = rules else { return };
    writer.line(1, format_args!("{title}:"));
    if let Some(seconds) = rules.stabilization_window_seconds {
        writer.line(2, format_args!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        return;
    }
    let select = rules.select_policy.as_deref().unwrap_or("Max");
    writer.line(2, format_args!("Select Policy: {select}"));
    writer.line(2, "Policies:");
    for policy in policies {
        writer.line(
            3,
            format_args!(
                "- Type: {}\tValue: {}\tPeriod: {} seconds",
                policy.type_, policy.value, policy.period_seconds
            ),
        );
    }
}

fn conditions(writer: &mut Writer, conditions: &[autoscaling::HorizontalPodAutoscalerCondition]) {
    let rows = conditions.iter().map(|each| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let (reason, message) = (text(&each.reason), text(&each.message));
        format!("{}\t{}\t{reason}\t{message}", each.type_, each.status)
    });
    writer.conditions(&["Type", "Status", "Reason", "Message"], rows);
}
