//! The description of a node.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::writer::Writer;
use super::{date, micro_date};
use crate::api::requests::{self, RequestOptions, ResourceList};
use crate::api::{Event, Lease, Node, Object, Pod, Quantity, Typed, core};
use crate::kubectl::printers::{age, node_roles, quantity_text};
use crate::sim::Time;

/// The resources that are always summed up, in order.
const ALWAYS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Source: `describeNode` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(
    writer: &mut Writer,
    node: &Node,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    writer.field(0, "Name", node.name());
    writer.field(0, "Roles", node_roles(node));
    writer.labels(0, "Labels", node.metadata.labels.as_ref());
    writer.annotations(0, node.metadata.annotations.as_ref());
    let created = node.metadata.creation_timestamp.as_ref();
    writer.field(0, "CreationTimestamp", date(created));
    taints(writer, node);
    let closed = node.spec.unschedulable.unwrap_or(false);
    writer.field(0, "Unschedulable", closed);
    lease(writer, related.iter().find_map(Lease::of));
    conditions(writer, node);
    let addresses = node.status.addresses.as_deref().unwrap_or_default();
    writer.line(0, "Addresses:");
    for address in addresses {
        writer.field(1, &address.type_, &address.address);
    }
    amounts(writer, "Capacity", node.status.capacity.as_ref());
    amounts(writer, "Allocatable", node.status.allocatable.as_ref());
    system(writer, node.status.node_info.as_ref());
    writer.filled(0, "PodCIDR", node.spec.pod_cidr.as_deref());
    let ranges = node.spec.pod_cidrs.as_deref().unwrap_or_default();
    writer.filled(0, "PodCIDRs", Some(&ranges.join(",")));
    writer.filled(0, "ProviderID", node.spec.provider_id.as_deref());
    let pods: Vec<&Pod> = related
        .iter()
        .filter_map(Pod::of)
        .filter(|pod| !pod.is_finished())
        .collect();
    pods_and_sums(writer, node, &pods, now);
    super::events(writer, events, now);
}

fn taints(writer: &mut Writer, node: &Node) {
    let mut taints: Vec<&core::Taint> = node.spec.taints.iter().flatten().collect();
    taints.sort_by(|one, two| (&one.effect, &one.key).cmp(&(&two.effect, &two.key)));
    let texts: Vec<String> = taints.into_iter().map(taint_text).collect();
    writer.below(0, "Taints", &texts);
}

/// `key=value:Effect`, or `key:Effect`.
fn taint_text(taint: &core::Taint) -> String {
    match taint.value.as_deref().filter(|value| !value.is_empty()) {
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
        None => format!("{}:{}", taint.key, taint.effect),
    }
}

fn lease(writer: &mut Writer, lease: Option<&Lease>) {
    writer.line(0, "Lease:");
    let unset = || "<unset>".to_owned();
    let spec = lease.map(|lease| &*lease.spec);
    let holder = spec.and_then(|spec| spec.holder_identity.clone());
    writer.field(1, "HolderIdentity", holder.unwrap_or_else(unset));
    let acquired = spec.and_then(|spec| spec.acquire_time.as_ref());
    writer.field(1, "AcquireTime", acquired.map_or_else(unset, micro_date));
    let renewed = spec.and_then(|spec| spec.renew_time.as_ref());
    writer.field(1, "RenewTime", renewed.map_or_else(unset, micro_date));
}

fn conditions(writer: &mut Writer, node: &Node) {
    let columns = [
        "Type",
        "Status",
        "LastHeartbeatTime",
        "LastTransitionTime",
        "Reason",
        "Message",
    ];
    let rows = node.status.conditions.iter().flatten().map(|condition| {
        format!(
            "{} \t{} \t{} \t{} \t{} \t{}",
            condition.type_,
            condition.status,
            date(condition.last_heartbeat_time.as_ref()),
            date(condition.last_transition_time.as_ref()),
            condition.reason.as_deref().unwrap_or_default(),
            condition.message.as_deref().unwrap_or_default()
        )
    });
    writer.conditions(&columns, rows);
}

fn amounts(writer: &mut Writer, title: &str, amounts: Option<&BTreeMap<String, OfficialQuantity>>) {
    let Some(amounts) = amounts.filter(|amounts| !amounts.is_empty()) else {
        return;
    };
    writer.line(0, format_args!("{title}:"));
    for (name, amount) in amounts {
        writer.field(1, name, quantity_text(Some(amount)));
    }
}

fn system(writer: &mut Writer, about: Option<&core::NodeSystemInfo>) {
    let empty = core::NodeSystemInfo::default();
    let about = about.unwrap_or(&empty);
    writer.line(0, "System Info:");
    writer.field(1, "Machine ID", &about.machine_id);
    writer.field(1, "System UUID", &about.system_uuid);
    writer.field(1, "Boot ID", &about.boot_id);
    writer.field(1, "Kernel Version", &about.kernel_version);
    writer.field(1, "OS Image", &about.os_image);
    writer.field(1, "Operating System", &about.operating_system);
    writer.field(1, "Architecture", &about.architecture);
    let runtime = &about.container_runtime_version;
    writer.field(1, "Container Runtime Version", runtime);
    writer.field(1, "Kubelet Version", &about.kubelet_version);
    writer.field(1, "Kube-Proxy Version", &about.kube_proxy_version);
}

/// The pods with what they ask for, and the sums beside what the node has.
fn pods_and_sums(writer: &mut Writer, node: &Node, pods: &[&Pod], now: Time) {
    let has = node.status.allocatable.as_ref();
    let has = has.or(node.status.capacity.as_ref());
    let has = requests::read_list(has);
    let (mut requested, mut limited) = (ResourceList::new(), ResourceList::new());
    let total = pods.len();
    writer.field(0, "Non-terminated Pods", format_args!("({total} in total)"));
    writer.line(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
    );
    writer.line(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
    );
    for pod in pods {
        let requests = requests::pod_requests(pod, &RequestOptions::of_spec());
        let limits = requests::pod_requests(&with_limits(pod), &RequestOptions::of_spec());
        let cells = [
            share(&requests, &has, "cpu"),
            share(&limits, &has, "cpu"),
            share(&requests, &has, "memory"),
            share(&limits, &has, "memory"),
        ];
        let since = age(pod.metadata.creation_timestamp.as_ref(), now);
        writer.line(
            1,
            format_args!(
                "{}\t{}\t\t{}\t{since}",
                pod.namespace(),
                pod.name(),
                cells.join("\t")
            ),
        );
        add(&mut requested, &requests);
        add(&mut limited, &limits);
    }
    writer.line(0, "Allocated resources:");
    writer.line(
        1,
        "(Total limits may be over 100 percent, i.e., overcommitted.)",
    );
    writer.line(1, "Resource\tRequests\tLimits");
    writer.line(1, "--------\t--------\t------");
    for name in ALWAYS {
        let (requested, limited) = (share(&requested, &has, name), share(&limited, &has, name));
        writer.line(1, format_args!("{name}\t{requested}\t{limited}"));
    }
    let others = has
        .keys()
        .filter(|name| !ALWAYS.contains(&name.as_str()) && *name != "pods");
    for name in others {
        let amount = |of: &ResourceList| of.get(name).copied().unwrap_or(Quantity::ZERO);
        let (requested, limited) = (amount(&requested), amount(&limited));
        writer.line(1, format_args!("{name}\t{requested}\t{limited}"));
    }
}

fn add(sum: &mut ResourceList, amounts: &ResourceList) {
    for (name, amount) in amounts {
        *sum.entry(name.clone()).or_insert(Quantity::ZERO) += *amount;
    }
}

/// `100m (1%)`: an amount and its share of what the node has.
fn share(amounts: &ResourceList, has: &ResourceList, name: &str) -> String {
    let amount = amounts.get(name).copied().unwrap_or(Quantity::ZERO);
    let all = has.get(name).copied().unwrap_or(Quantity::ZERO);
    let per_cent = match i128::from(all.milli_value()) {
        0 => 0,
        all => i128::from(amount.milli_value()) * 100 / all,
    };
    format!("{amount} ({per_cent}%)")
}

/// The pod with its limits in the place of its requests, so that they are added up alike.
fn with_limits(pod: &Pod) -> Pod {
    let mut pod = pod.clone();
    let spec = pod.spec_mut().shared_mut();
    let containers = spec
        .containers
        .iter_mut()
        .chain(spec.init_containers.iter_mut().flatten());
    for resources in containers.filter_map(|container| container.resources.as_mut()) {
        resources.requests = resources.limits.clone();
    }
    if let Some(resources) = &mut spec.resources {
        resources.requests = resources.limits.clone();
    }
    pod
}
