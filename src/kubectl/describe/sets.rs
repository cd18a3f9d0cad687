//! The descriptions of stateful sets and daemon sets.

use super::containers::{self, port_text};
use super::storage::{access_modes_list, class_of};
use super::workloads::pods_status;
use super::writer::Writer;
use super::{date, size};
use crate::api::meta::Labels;
use crate::api::{DaemonSet, Event, Object, StatefulSet, core};
use crate::kubectl::printers::{NONE, label_text, quantity_text, selector_text};
use crate::sim::Time;

/// Source: `describeStatefulSet` of `kubectl/pkg/describe/describe.go`.
pub(super) fn stateful_set(
    writer: &mut Writer,
    set: &StatefulSet,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*set.spec, &*set.status);
    writer.named(set.name(), set.namespace());
    let created = set.metadata.creation_timestamp.as_ref();
    writer.field(0, "CreationTimestamp", date(created));
    writer.field(0, "Selector", selector_text(Some(&spec.selector)));
    writer.labels(0, "Labels", set.metadata.labels.as_ref());
    writer.annotations(0, set.metadata.annotations.as_ref());
    writer.field(
        0,
        "Replicas",
        format_args!(
            "{} desired | {} total",
            size(spec.replicas),
            status.replicas
        ),
    );
    let strategy = spec.update_strategy.as_ref();
    let kind = strategy.and_then(|strategy| strategy.type_.as_deref());
    writer.field(0, "Update Strategy", kind.unwrap_or_default());
    let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
    if let Some(partition) = rolling.and_then(|rolling| rolling.partition) {
        writer.field(1, "Partition", partition);
        if let Some(most) = rolling.and_then(|rolling| rolling.max_unavailable.as_ref()) {
            writer.field(1, "MaxUnavailable", port_text(most));
        }
    }
    writer.field(0, "Pods Status", pods_status(set.uid(), related));
    containers::template(writer, Some(&spec.template));
    claims(
        writer,
        spec.volume_claim_templates.as_deref().unwrap_or_default(),
    );
    super::events(writer, events, now);
}

fn claims(writer: &mut Writer, templates: &[core::PersistentVolumeClaim]) {
    if templates.is_empty() {
        writer.field(0, "Volume Claims", NONE);
        return;
    }
    writer.line(0, "Volume Claims:");
    let empty = core::PersistentVolumeClaimSpec::default();
    for claim in templates {
        let spec = claim.spec.as_ref().unwrap_or(&empty);
        let name = claim.metadata.name.as_deref().unwrap_or_default();
        writer.field(1, "Name", name);
        let class = class_of(&claim.metadata, spec.storage_class_name.as_deref());
        writer.field(1, "StorageClass", class);
        writer.labels(1, "Labels", claim.metadata.labels.as_ref());
        writer.labels(1, "Annotations", claim.metadata.annotations.as_ref());
        let requests = spec
            .resources
            .as_ref()
            .and_then(|each| each.requests.as_ref());
        let storage = requests.and_then(|requests| requests.get("storage"));
        let capacity = storage.map_or_else(|| "<default>".to_owned(), |it| quantity_text(Some(it)));
        writer.field(1, "Capacity", capacity);
        let modes = access_modes_list(spec.access_modes.as_deref());
        writer.field(1, "Access Modes", modes);
    }
}

/// Source: `describeDaemonSet` of `kubectl/pkg/describe/describe.go`.
pub(super) fn daemon_set(
    writer: &mut Writer,
    set: &DaemonSet,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*set.spec, &*set.status);
    writer.named(set.name(), set.namespace());
    writer.field(0, "Selector", selector_text(Some(&spec.selector)));
    let template = spec.template.spec.as_ref();
    let nodes = template.and_then(|template| template.node_selector.as_ref());
    let nodes = label_text(nodes.unwrap_or(&Labels::new()));
    writer.field(0, "Node-Selector", nodes);
    writer.labels(0, "Labels", set.metadata.labels.as_ref());
    writer.annotations(0, set.metadata.annotations.as_ref());
    let lines = [
        (
            "Desired Number of Nodes Scheduled",
            status.desired_number_scheduled,
        ),
        (
            "Current Number of Nodes Scheduled",
            status.current_number_scheduled,
        ),
        (
            "Number of Nodes Scheduled with Up-to-date Pods",
            size(status.updated_number_scheduled),
        ),
        (
            "Number of Nodes Scheduled with Available Pods",
            size(status.number_available),
        ),
        ("Number of Nodes Misscheduled", status.number_misscheduled),
    ];
    for (title, number) in lines {
        writer.line(0, format_args!("{title}: {number}"));
    }
    writer.field(0, "Pods Status", pods_status(set.uid(), related));
    containers::template(writer, Some(&spec.template));
    super::events(writer, events, now);
}
