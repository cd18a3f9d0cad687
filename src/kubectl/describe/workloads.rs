//! The descriptions of deployments and replica sets.

use super::containers::{self, port_text};
use super::date;
use super::writer::Writer;
use crate::api::{Deployment, Event, Object, Pod, ReplicaSet, Typed, core, meta};
use crate::kubectl::printers::selector_text;
use crate::sim::Time;

const TEMPLATE_HASH: &str = "pod-template-hash";

/// Source: `describeDeployment` of `kubectl/pkg/describe/describe.go`.
pub(super) fn deployment(
    writer: &mut Writer,
    deployment: &Deployment,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    let (spec, status) = (&*deployment.spec, &*deployment.status);
    writer.field(0, "Name", deployment.name());
    writer.field(0, "Namespace", deployment.namespace());
    let created = deployment.metadata.creation_timestamp.as_ref();
    writer.field(0, "CreationTimestamp", date(created));
    writer.labels(0, "Labels", deployment.metadata.labels.as_ref());
    writer.annotations(0, deployment.metadata.annotations.as_ref());
    writer.field(0, "Selector", selector_text(Some(&spec.selector)));
    let count = |number: Option<i32>| number.unwrap_or(0);
    writer.field(
        0,
        "Replicas",
        format_args!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            count(spec.replicas),
            count(status.updated_replicas),
            count(status.replicas),
            count(status.available_replicas),
            count(status.unavailable_replicas)
        ),
    );
    let strategy = spec.strategy.as_ref();
    let strategy_type = strategy.and_then(|strategy| strategy.type_.as_deref());
    writer.field(0, "StrategyType", strategy_type.unwrap_or_default());
    writer.field(0, "MinReadySeconds", count(spec.min_ready_seconds));
    if let Some(rolling) = strategy.and_then(|strategy| strategy.rolling_update.as_ref()) {
        let text = |amount: &Option<_>| amount.as_ref().map_or_else(String::new, port_text);
        writer.field(
            0,
            "RollingUpdateStrategy",
            format_args!(
                "{} max unavailable, {} max surge",
                text(&rolling.max_unavailable),
                text(&rolling.max_surge)
            ),
        );
    }
    containers::template(writer, Some(&spec.template));
    let conditions = status.conditions.iter().flatten();
    self::conditions(
        writer,
        conditions.map(|each| (&each.type_, &each.status, &each.reason)),
    );
    let (new, old) = replica_sets(deployment, related);
    writer.field(0, "OldReplicaSets", list(&old));
    writer.field(0, "NewReplicaSet", list(&new));
    super::events(writer, events, now);
}

/// Type, status and reason of each condition.
fn conditions<'a>(
    writer: &mut Writer,
    conditions: impl Iterator<Item = (&'a String, &'a String, &'a Option<String>)>,
) {
    let rows = conditions.map(|(name, status, reason)| {
        let reason = reason.as_deref().unwrap_or_default();
        format!("{name} \t{status}\t{reason}")
    });
    writer.conditions(&["Type", "Status", "Reason"], rows);
}

/// The replica set of the present template, and all others of the deployment.
fn replica_sets<'a>(
    deployment: &Deployment,
    related: &'a [Object],
) -> (Vec<&'a ReplicaSet>, Vec<&'a ReplicaSet>) {
    let owned = related.iter().filter_map(ReplicaSet::of).filter(|set| {
        meta::controller_of(&set.metadata).is_some_and(|owner| owner.uid == deployment.uid())
    });
    let mut present: Option<&ReplicaSet> = None;
    let mut others = Vec::new();
    for set in owned {
        if present.is_none() && is_of_template(set, &deployment.spec.template) {
            present = Some(set);
        } else {
            others.push(set);
        }
    }
    (present.into_iter().collect(), others)
}

/// Whether the set was made from this template, the hash left aside.
fn is_of_template(set: &ReplicaSet, template: &core::PodTemplateSpec) -> bool {
    let mut own = set.spec.template.clone().unwrap_or_default();
    if let Some(labels) = own
        .metadata
        .as_mut()
        .and_then(|metadata| metadata.labels.as_mut())
    {
        labels.remove(TEMPLATE_HASH);
    }
    own == *template
}

fn list(sets: &[&ReplicaSet]) -> String {
    if sets.is_empty() {
        return super::NONE.to_owned();
    }
    let texts: Vec<String> = sets
        .iter()
        .map(|set| {
            let wanted = set.spec.replicas.unwrap_or(0);
            let name = set.name();
            format!("{name} ({}/{wanted} replicas created)", set.status.replicas)
        })
        .collect();
    texts.join(", ")
}

/// Source: `describeReplicaSet` of `kubectl/pkg/describe/describe.go`.
pub(super) fn replica_set(
    writer: &mut Writer,
    set: &ReplicaSet,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    writer.field(0, "Name", set.name());
    writer.field(0, "Namespace", set.namespace());
    writer.field(0, "Selector", selector_text(Some(&set.spec.selector)));
    writer.labels(0, "Labels", set.metadata.labels.as_ref());
    writer.annotations(0, set.metadata.annotations.as_ref());
    writer.controller(&set.metadata);
    let wanted = set.spec.replicas.unwrap_or(0);
    writer.field(
        0,
        "Replicas",
        format_args!("{} current / {wanted} desired", set.status.replicas),
    );
    writer.field(0, "Pods Status", pods_status(set.uid(), related));
    containers::template(writer, set.spec.template.as_ref());
    let conditions = set.status.conditions.iter().flatten();
    self::conditions(
        writer,
        conditions.map(|each| (&each.type_, &each.status, &each.reason)),
    );
    super::events(writer, events, now);
}

/// How many of the pods that a workload owns are how far.
pub(super) fn pods_status(uid: &str, related: &[Object]) -> String {
    let phases = |phase: &str| {
        let pods = related.iter().filter_map(Pod::of);
        let owned = pods
            .filter(|pod| meta::controller_of(&pod.metadata).is_some_and(|owner| owner.uid == uid));
        owned.filter(|pod| pod.phase() == phase).count()
    };
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        phases("Running"),
        phases("Pending"),
        phases("Succeeded"),
        phases("Failed")
    )
}
