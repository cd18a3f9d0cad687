//! The descriptions of what bounds others: namespaces, limit ranges, budgets, priorities.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::containers::port_text;
use super::writer::Writer;
use super::{date, quotas};
use crate::api::meta::Labels;
use crate::api::{
    Event, LimitRange, Namespace, Object, PodDisruptionBudget, PriorityClass, ResourceQuota, Typed,
    core,
};
use crate::kubectl::printers::{label_text, quantity_text, selector_text};
use crate::sim::Time;

type Amounts = BTreeMap<String, OfficialQuantity>;

/// Source: `describeNamespace` of `kubectl/pkg/describe/describe.go`.
pub(super) fn namespace(writer: &mut Writer, namespace: &Namespace, related: &[Object]) {
    writer.field(0, "Name", namespace.name());
    writer.labels(0, "Labels", namespace.metadata.labels.as_ref());
    writer.annotations(0, namespace.metadata.annotations.as_ref());
    let phase = namespace.status.phase.as_deref().unwrap_or_default();
    writer.field(0, "Status", phase);
    let rows = namespace.status.conditions.iter().flatten().map(|each| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        format!(
            "{}\t{}\t{}\t{}\t{}",
            each.type_,
            each.status,
            date(each.last_transition_time.as_ref()),
            text(&each.reason),
            text(&each.message)
        )
    });
    let columns = ["Type", "Status", "LastTransitionTime", "Reason", "Message"];
    writer.conditions(&columns, rows);
    writer.line(0, "");
    let found: Vec<&ResourceQuota> = related.iter().filter_map(ResourceQuota::of).collect();
    quotas::list(writer, &found);
    writer.line(0, "");
    limit_ranges(writer, related);
}

const LIMIT_COLUMNS: &str =
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const LIMIT_RULE: &str =
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

fn limit_ranges(writer: &mut Writer, related: &[Object]) {
    let ranges: Vec<&LimitRange> = related.iter().filter_map(LimitRange::of).collect();
    if ranges.is_empty() {
        writer.line(0, "No LimitRange resource.");
        return;
    }
    writer.line(0, format_args!("Resource Limits\n {LIMIT_COLUMNS}"));
    writer.line(0, format_args!(" {LIMIT_RULE}"));
    for range in ranges {
        limits(writer, &range.spec, " ");
    }
}

/// Source: `describeLimitRange` of `kubectl/pkg/describe/describe.go`, which shows the resources of an
/// item in no order of its own.
pub(super) fn limit_range(writer: &mut Writer, range: &LimitRange) {
    writer.named(range.name(), range.namespace());
    writer.line(0, LIMIT_COLUMNS);
    writer.line(0, LIMIT_RULE);
    limits(writer, &range.spec, "");
}

fn limits(writer: &mut Writer, spec: &core::LimitRangeSpec, indent: &str) {
    for item in &spec.limits {
        let columns: [Option<&Amounts>; 5] = [
            item.min.as_ref(),
            item.max.as_ref(),
            item.default_request.as_ref(),
            item.default.as_ref(),
            item.max_limit_request_ratio.as_ref(),
        ];
        let names = columns.iter().flatten().flat_map(|amounts| amounts.keys());
        let names: BTreeSet<&String> = names.collect();
        for name in names {
            let cells = columns.map(|amounts| {
                let amount = amounts.and_then(|amounts| amounts.get(name));
                amount.map_or_else(|| "-".to_owned(), |amount| quantity_text(Some(amount)))
            });
            let cells = cells.join("\t");
            writer.line(0, format_args!("{indent}{}\t{name}\t{cells}", item.type_));
        }
    }
}

/// Source: `describePodDisruptionBudgetV1` of `kubectl/pkg/describe/describe.go`.
pub(super) fn budget(
    writer: &mut Writer,
    budget: &PodDisruptionBudget,
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*budget.spec, &*budget.status);
    writer.named(budget.name(), budget.namespace());
    if let Some(least) = &spec.min_available {
        writer.field(0, "Min available", port_text(least));
    } else if let Some(most) = &spec.max_unavailable {
        writer.field(0, "Max unavailable", port_text(most));
    }
    let selector = spec.selector.as_ref();
    let selector = selector.map(|selector| selector_text(Some(selector)));
    writer.field(
        0,
        "Selector",
        selector.unwrap_or_else(|| "<unset>".to_owned()),
    );
    writer.line(0, "Status:");
    writer.field(2, "Allowed disruptions", status.disruptions_allowed);
    writer.field(2, "Current", status.current_healthy);
    writer.field(2, "Desired", status.desired_healthy);
    writer.field(2, "Total", status.expected_pods);
    super::events(writer, events, now);
}

/// Source: `describePriorityClass` of `kubectl/pkg/describe/describe.go`.
pub(super) fn priority(writer: &mut Writer, class: &PriorityClass, events: &[&Event], now: Time) {
    let spec = &*class.spec;
    writer.field(0, "Name", class.name());
    writer.field(0, "Value", spec.value);
    writer.field(0, "GlobalDefault", spec.global_default.unwrap_or(false));
    let policy = spec.preemption_policy.as_deref().unwrap_or_default();
    writer.field(0, "PreemptionPolicy", policy);
    let description = spec.description.as_deref().unwrap_or_default();
    writer.field(0, "Description", description);
    let annotations = class.metadata.annotations.as_ref();
    let annotations = label_text(annotations.unwrap_or(&Labels::new()));
    writer.field(0, "Annotations", annotations);
    super::events(writer, events, now);
}
