//! The descriptions of persistent volumes, claims and storage classes.

use super::writer::Writer;
use super::{date, volumes};
use crate::api::meta::Labels;
use crate::api::{
    Event, Object, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Typed, core, meta,
};
use crate::kubectl::printers::{
    NONE, access_modes, age, label_text, quantity_text, storage_class_of,
};
use crate::sim::Time;

pub(super) use crate::kubectl::printers::storage_class_of as class_of;

/// `[ReadWriteOnce ReadOnlyMany]`, as Go prints a list.
pub(super) fn access_modes_list(modes: Option<&[String]>) -> String {
    format!("[{}]", modes.unwrap_or_default().join(" "))
}

fn phase(metadata: &crate::api::ObjectMeta, phase: Option<&str>, now: Time) -> String {
    match &metadata.deletion_timestamp {
        Some(since) => format!("Terminating (lasts {})", age(Some(since), now)),
        None => phase.unwrap_or_default().to_owned(),
    }
}

fn finalizers(metadata: &crate::api::ObjectMeta) -> String {
    let names = metadata.finalizers.as_deref().unwrap_or_default();
    format!("[{}]", names.join(" "))
}

/// Source: `describePersistentVolume` of `kubectl/pkg/describe/describe.go`.
pub(super) fn volume(writer: &mut Writer, volume: &PersistentVolume, events: &[&Event], now: Time) {
    let (spec, status) = (&*volume.spec, &*volume.status);
    writer.field(0, "Name", volume.name());
    writer.labels(0, "Labels", volume.metadata.labels.as_ref());
    writer.annotations(0, volume.metadata.annotations.as_ref());
    writer.field(0, "Finalizers", finalizers(&volume.metadata));
    let class = class_of(&volume.metadata, spec.storage_class_name.as_deref());
    writer.field(0, "StorageClass", class);
    let phase = phase(&volume.metadata, status.phase.as_deref(), now);
    writer.field(0, "Status", phase);
    let claim = spec.claim_ref.as_ref().map(|claim| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        format!("{}/{}", text(&claim.namespace), text(&claim.name))
    });
    writer.field(0, "Claim", claim.unwrap_or_default());
    let policy = spec.persistent_volume_reclaim_policy.as_deref();
    writer.field(0, "Reclaim Policy", policy.unwrap_or_default());
    let modes = access_modes(spec.access_modes.as_deref());
    writer.field(0, "Access Modes", modes);
    writer.filled(0, "VolumeMode", spec.volume_mode.as_deref());
    let storage = spec.capacity.as_ref().and_then(|each| each.get("storage"));
    writer.field(0, "Capacity", quantity_text(storage));
    affinity(writer, spec.node_affinity.as_ref());
    let message = status.message.as_deref().unwrap_or_default();
    writer.field(0, "Message", message);
    writer.line(0, "Source:");
    volumes::source(writer, spec);
    super::events(writer, events, now);
}

fn affinity(writer: &mut Writer, affinity: Option<&core::VolumeNodeAffinity>) {
    let Some(affinity) = affinity else {
        writer.field(0, "Node Affinity", NONE);
        return;
    };
    writer.field(0, "Node Affinity", "");
    let terms = affinity
        .required
        .as_ref()
        .map(|each| &each.node_selector_terms);
    let Some(terms) = terms.filter(|terms| !terms.is_empty()) else {
        writer.field(1, "Required Terms", NONE);
        return;
    };
    writer.field(1, "Required Terms", "");
    for (place, term) in terms.iter().enumerate() {
        let requirements = term.match_expressions.iter().flatten();
        let lines: Vec<String> = requirements
            .map(|each| {
                let values = each.values.as_deref().unwrap_or_default();
                let operator = each.operator.to_lowercase();
                if values.is_empty() {
                    format!("{} {operator}", each.key)
                } else {
                    format!("{} {operator} [{}]", each.key, values.join(", "))
                }
            })
            .collect();
        writer.below(2, &format!("Term {place}"), &lines);
    }
}

/// Source: `describePersistentVolumeClaim` of `kubectl/pkg/describe/describe.go`.
pub(super) fn claim(
    writer: &mut Writer,
    claim: &PersistentVolumeClaim,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*claim.spec, &*claim.status);
    writer.named(claim.name(), claim.namespace());
    let class = storage_class_of(&claim.metadata, spec.storage_class_name.as_deref());
    writer.field(0, "StorageClass", class);
    let phase = phase(&claim.metadata, status.phase.as_deref(), now);
    writer.field(0, "Status", phase);
    let volume = spec.volume_name.as_deref().unwrap_or_default();
    writer.field(0, "Volume", volume);
    writer.labels(0, "Labels", claim.metadata.labels.as_ref());
    writer.annotations(0, claim.metadata.annotations.as_ref());
    writer.field(0, "Finalizers", finalizers(&claim.metadata));
    let storage = status
        .capacity
        .as_ref()
        .and_then(|each| each.get("storage"));
    let (capacity, modes) = if volume.is_empty() {
        Default::default()
    } else {
        let modes = access_modes(status.access_modes.as_deref());
        (quantity_text(storage), modes)
    };
    writer.field(0, "Capacity", capacity);
    writer.field(0, "Access Modes", modes);
    writer.filled(0, "VolumeMode", spec.volume_mode.as_deref());
    let users = related.iter().filter_map(Pod::of);
    let users = users.filter(|pod| uses(pod, claim.name()));
    let users: Vec<String> = users.map(|pod| pod.name().to_owned()).collect();
    writer.below(0, "Used By", &users);
    conditions(writer, status.conditions.as_deref().unwrap_or_default());
    super::events(writer, events, now);
}

fn uses(pod: &Pod, claim: &str) -> bool {
    let mut volumes = pod.spec.volumes.iter().flatten();
    volumes.any(|volume| {
        let source = volume.persistent_volume_claim.as_ref();
        source.is_some_and(|source| source.claim_name == claim)
    })
}

fn conditions(writer: &mut Writer, conditions: &[core::PersistentVolumeClaimCondition]) {
    let columns = [
        "Type",
        "Status",
        "LastProbeTime",
        "LastTransitionTime",
        "Reason",
        "Message",
    ];
    let rows = conditions.iter().map(|each| {
        format!(
            "{} \t{} \t{} \t{} \t{} \t{}",
            each.type_,
            each.status,
            date(each.last_probe_time.as_ref()),
            date(each.last_transition_time.as_ref()),
            each.reason.as_deref().unwrap_or_default(),
            each.message.as_deref().unwrap_or_default()
        )
    });
    writer.conditions(&columns, rows);
}

/// Source: `describeStorageClass` of `kubectl/pkg/describe/describe.go`.
pub(super) fn class(writer: &mut Writer, class: &StorageClass, events: &[&Event], now: Time) {
    let spec = &*class.spec;
    let is_default = meta::annotation(
        &class.metadata,
        "storageclass.kubernetes.io/is-default-class",
    );
    let labels = |labels: Option<&Labels>| label_text(labels.unwrap_or(&Labels::new()));
    writer.field(0, "Name", class.name());
    let is_default = if is_default == Some("true") {
        "Yes"
    } else {
        "No"
    };
    writer.field(0, "IsDefaultClass", is_default);
    let annotations = labels(class.metadata.annotations.as_ref());
    writer.field(0, "Annotations", annotations);
    writer.field(0, "Provisioner", &spec.provisioner);
    writer.field(0, "Parameters", labels(spec.parameters.as_ref()));
    let expands = spec.allow_volume_expansion;
    let expands = expands.map_or("<unset>", |on| if on { "True" } else { "False" });
    writer.field(0, "AllowVolumeExpansion", expands);
    let options = spec.mount_options.as_deref().unwrap_or_default();
    if options.is_empty() {
        writer.field(0, "MountOptions", NONE);
    } else {
        writer.line(0, "MountOptions:");
        for option in options {
            writer.line(1, option);
        }
    }
    writer.filled(0, "ReclaimPolicy", spec.reclaim_policy.as_deref());
    let mode = spec.volume_binding_mode.as_deref();
    writer.filled(0, "VolumeBindingMode", mode);
    super::events(writer, events, now);
}
