//! The description of a pod.

use super::containers::{self, Of};
use super::volumes;
use super::writer::Writer;
use super::{date, or_none};
use crate::api::{Event, Pod, core};
use crate::kubectl::printers::{age, selector_text};
use crate::sim::Time;

/// The whole description. Source: `describePod` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(writer: &mut Writer, pod: &Pod, events: &[&Event], now: Time) {
    let spec = &*pod.spec;
    writer.field(0, "Name", pod.name());
    writer.field(0, "Namespace", pod.namespace());
    if let Some(priority) = spec.priority {
        writer.field(0, "Priority", priority);
    }
    writer.filled(
        0,
        "Priority Class Name",
        spec.priority_class_name.as_deref(),
    );
    writer.filled(0, "Runtime Class Name", spec.runtime_class_name.as_deref());
    writer.filled(0, "Service Account", spec.service_account_name.as_deref());
    match spec.node_name.as_deref() {
        Some(node) => {
            let ip = pod.status.host_ip.as_deref().unwrap_or_default();
            writer.field(0, "Node", format_args!("{node}/{ip}"));
        }
        None => writer.field(0, "Node", super::NONE),
    }
    if let Some(start) = &pod.status.start_time {
        writer.field(0, "Start Time", date(Some(start)));
    }
    writer.labels(0, "Labels", pod.metadata.labels.as_ref());
    writer.annotations(0, pod.metadata.annotations.as_ref());
    phase(writer, pod, now);
    addresses(writer, pod);
    writer.controller(&pod.metadata);
    let nominated = pod.status.nominated_node_name.as_deref();
    writer.filled(0, "NominatedNodeName", nominated);
    if let Some(init) = spec
        .init_containers
        .as_deref()
        .filter(|list| !list.is_empty())
    {
        containers::list(writer, "Init Containers", init, Of::Pod(pod));
    }
    containers::list(writer, "Containers", &spec.containers, Of::Pod(pod));
    conditions(writer, pod);
    volumes::list(writer, spec.volumes.as_deref().unwrap_or_default(), false);
    let class = pod.status.qos_class.as_deref();
    writer.field(
        0,
        "QoS Class",
        class.unwrap_or_else(|| crate::api::qos_class(&pod.spec)),
    );
    placement(writer, 0, spec);
    spreading(writer, spec);
    super::events(writer, events, now);
}

fn phase(writer: &mut Writer, pod: &Pod, now: Time) {
    let status = &*pod.status;
    match &pod.metadata.deletion_timestamp {
        Some(deletion) if status.reason.as_deref() != Some("NodeLost") => {
            let lasts = age(Some(deletion), now);
            writer.field(0, "Status", format_args!("Terminating (lasts {lasts})"));
            let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
            writer.field(0, "Termination Grace Period", format_args!("{grace}s"));
        }
        _ => writer.field(0, "Status", pod.phase()),
    }
    writer.filled(0, "Reason", status.reason.as_deref());
    writer.filled(0, "Message", status.message.as_deref());
}

fn addresses(writer: &mut Writer, pod: &Pod) {
    writer.field(0, "IP", pod.status.pod_ip.as_deref().unwrap_or_default());
    let ips = pod.status.pod_ips.as_deref().unwrap_or_default();
    if ips.is_empty() {
        writer.field(0, "IPs", super::NONE);
        return;
    }
    writer.line(0, "IPs:");
    for ip in ips {
        writer.field(1, "IP", &ip.ip);
    }
}

fn conditions(writer: &mut Writer, pod: &Pod) {
    let gates = pod.spec.readiness_gates.as_deref().unwrap_or_default();
    if !gates.is_empty() {
        writer.line(0, "Readiness Gates:\n  Type\tStatus");
        for gate in gates {
            let name = &gate.condition_type;
            let status = pod.condition(name).map(|each| each.status.as_str());
            let status = status.unwrap_or(super::NONE);
            writer.line(1, format_args!("{name} \t{status} "));
        }
    }
    let conditions = pod.status.conditions.as_deref().unwrap_or_default();
    if !conditions.is_empty() {
        writer.line(0, "Conditions:\n  Type\tStatus");
        for condition in conditions {
            writer.line(
                1,
                format_args!("{} \t{} ", condition.type_, condition.status),
            );
        }
    }
}

/// Node selectors and tolerations, as pods and templates show them.
pub(super) fn placement(writer: &mut Writer, level: usize, spec: &core::PodSpec) {
    writer.labels(level, "Node-Selectors", spec.node_selector.as_ref());
    let mut tolerations: Vec<&core::Toleration> = spec.tolerations.iter().flatten().collect();
    tolerations.sort_by(|one, two| one.key.cmp(&two.key));
    let texts: Vec<String> = tolerations.into_iter().map(toleration_text).collect();
    writer.below(level, "Tolerations", &texts);
}

/// `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`
fn toleration_text(toleration: &core::Toleration) -> String {
    let mut text = toleration.key.clone().unwrap_or_default();
    let value = toleration.value.as_deref().unwrap_or_default();
    if !value.is_empty() {
        text.push('=');
        text.push_str(value);
    }
    if let Some(effect) = toleration
        .effect
        .as_deref()
        .filter(|effect| !effect.is_empty())
    {
        text.push(':');
        text.push_str(effect);
    }
    if toleration.operator.as_deref() == Some("Exists") && value.is_empty() {
        text.push_str(if text.is_empty() {
            "op=Exists"
        } else {
            " op=Exists"
        });
    }
    match toleration.toleration_seconds {
        Some(seconds) => format!("{text} for {seconds}s"),
        None => text,
    }
}

fn spreading(writer: &mut Writer, spec: &core::PodSpec) {
    let constraints = spec
        .topology_spread_constraints
        .as_deref()
        .unwrap_or_default();
    if constraints.is_empty() {
        return;
    }
    let texts: Vec<String> = constraints
        .iter()
        .map(|constraint| {
            let selector = selector_text(constraint.label_selector.as_ref());
            format!(
                "{}:{} when max skew {} is exceeded for selector {}",
                constraint.topology_key,
                constraint.when_unsatisfiable,
                constraint.max_skew,
                or_none(&selector)
            )
        })
        .collect();
    writer.below(0, "Topology Spread Constraints", &texts);
}
