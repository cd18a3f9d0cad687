//! The Node object and the Lease, as the kubelet writes them.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Amount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::image::{Images, Reference};
use super::{Machine, Scarce};
use crate::api::owners::Provenance;
use crate::api::requests::ResourceList;
use crate::api::{Lease, Node, ObjectMeta, OwnerReference, coordination, core, meta};
use crate::sim::Time;

/// The namespace of the leases of nodes.
pub(super) const LEASE_NAMESPACE: &str = "kube-node-lease";

/// How long the first lease is valid. Source: `nodeLeaseDurationSeconds`.
pub(super) const FIRST_LEASE_SECONDS: u64 = 40;

/// How many images a node reports at most. Source: `--node-status-max-images`.
const MOST_IMAGES: usize = 50;

/// A condition: type, status, reason, message.
type Condition = (&'static str, &'static str, &'static str, &'static str);

/// What a node says that is short of something.
const fn short_of(what: Scarce) -> Condition {
    let (reason, message) = match what {
        Scarce::Memory => (
            "KubeletHasInsufficientMemory",
            "kubelet has insufficient memory available",
        ),
        Scarce::Disk => ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    };
    (what.condition(), "True", reason, message)
}

/// The events when a condition changes: type, status, reason.
/// Source: `pkg/kubelet/nodestatus/setters.go`.
const NEWS: [(&str, &str, &str); 6] = [
    ("MemoryPressure", "True", "NodeHasInsufficientMemory"),
    ("MemoryPressure", "False", "NodeHasSufficientMemory"),
    ("DiskPressure", "True", "NodeHasDiskPressure"),
    ("DiskPressure", "False", "NodeHasNoDiskPressure"),
    ("PIDPressure", "False", "NodeHasSufficientPID"),
    ("Ready", "True", "NodeReady"),
];

/// What a kubelet says of its conditions when it starts.
pub(super) const AT_START: [&str; 3] = [
    "NodeHasSufficientMemory",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientPID",
];

/// The healthy conditions. Source: `pkg/kubelet/nodestatus/setters.go`.
const CONDITIONS: [Condition; 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    (
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
    ),
    (
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    (
        "Ready",
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    ),
];

/// The node as the kubelet registers it.
///
/// Unlike Kubernetes: it is Ready from the first moment, so that no event NodeReady says that it became
/// so, and it brings its pod network along; in a cluster the node is Ready when its network is there,
/// after some seconds, and a controller hands the network out.
pub(super) fn node(machine: &Machine, status: core::NodeStatus) -> Node {
    let network = format!("{}/24", machine.pod_network);
    let metadata = ObjectMeta {
        name: Some(machine.name.to_string()),
        labels: Some(machine.all_labels()),
        ..ObjectMeta::default()
    };
    let spec = core::NodeSpec {
        pod_cidr: Some(network.clone()),
        pod_cidrs: Some(vec![network]),
        taints: (!machine.taints.is_empty()).then(|| machine.taints.clone()),
        ..core::NodeSpec::default()
    };
    Node {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: spec.into(),
        status: status.into(),
    }
}

/// The status of the node now. A condition keeps the date since when it has its status.
pub(super) fn status(
    machine: &Machine,
    (images, boot): (&Images, u32),
    (before, short): (Option<&core::NodeStatus>, &[Scarce]),
    now: Time,
) -> core::NodeStatus {
    let amounts = amounts(&machine.allocatable());
    let address = |type_: &str, address: String| core::NodeAddress {
        address,
        type_: type_.to_owned(),
    };
    let conditions = before.and_then(|status| status.conditions.as_deref());
    core::NodeStatus {
        addresses: Some(vec![
            address("InternalIP", machine.address.to_string()),
            address("Hostname", machine.name.to_string()),
        ]),
        allocatable: Some(amounts.clone()),
        capacity: Some(amounts),
        conditions: Some(node_conditions(conditions.unwrap_or_default(), short, now)),
        daemon_endpoints: Some(core::NodeDaemonEndpoints {
            kubelet_endpoint: Some(core::DaemonEndpoint { port: 10250 }),
        }),
        images: Some(images.iter().take(MOST_IMAGES).map(listed).collect()),
        node_info: Some(machine.system(boot)),
        volumes_attached: before.and_then(|status| status.volumes_attached.clone()),
        ..core::NodeStatus::default()
    }
}

/// Conditions of others as they are, and the kubelet's own.
fn node_conditions(
    before: &[core::NodeCondition],
    short: &[Scarce],
    now: Time,
) -> Vec<core::NodeCondition> {
    let is_own = |type_: &str| CONDITIONS.iter().any(|(own, ..)| *own == type_);
    let others = before.iter().filter(|each| !is_own(&each.type_)).cloned();
    let own = CONDITIONS.iter().map(|condition| {
        let short = short.iter().find(|what| what.condition() == condition.0);
        let (type_, status, reason, message) = short.map_or(*condition, |what| short_of(*what));
        let same = before
            .iter()
            .find(|each| each.type_ == type_ && each.status == status);
        let since = same.and_then(|each| each.last_transition_time.clone());
        core::NodeCondition {
            last_heartbeat_time: Some(meta::object_time(now)),
            last_transition_time: since.or_else(|| Some(meta::object_time(now))),
            message: Some(message.to_owned()),
            reason: Some(reason.to_owned()),
            status: status.to_owned(),
            type_: type_.to_owned(),
        }
    });
    others.chain(own).collect()
}

fn listed(image: &super::image::Image) -> core::ContainerImage {
    let digest = Reference::parse(&image.name).map(|reference| reference.digest());
    let names = digest
        .ok()
        .into_iter()
        .chain(std::iter::once(image.name.to_string()));
    core::ContainerImage {
        names: Some(names.collect()),
        size_bytes: i64::try_from(image.bytes).ok(),
    }
}

fn amounts(list: &ResourceList) -> std::collections::BTreeMap<String, Amount> {
    list.iter()
        .map(|(name, amount)| (name.clone(), Amount(amount.to_string())))
        .collect()
}

/// Whether two statuses say the same, whatever their heartbeats.
/// Source: `nodeStatusHasChanged` of `pkg/kubelet/kubelet_node_status.go`.
pub(super) fn says_the_same(one: &core::NodeStatus, two: &core::NodeStatus) -> bool {
    let quiet = |status: &core::NodeStatus| {
        let mut status = status.clone();
        for condition in status.conditions.iter_mut().flatten() {
            condition.last_heartbeat_time = None;
        }
        status
    };
    quiet(one) == quiet(two)
}

/// The reasons of the events that tell what is new in a status.
pub(super) fn news(before: &core::NodeStatus, after: &core::NodeStatus) -> Vec<&'static str> {
    let status = |status: &core::NodeStatus, type_: &str| {
        let mut conditions = status.conditions.iter().flatten();
        let found = conditions.find(|condition| condition.type_ == type_)?;
        Some(found.status.clone())
    };
    let is_new = |(type_, now, _): &&(&str, &str, &str)| {
        let (before, after) = (status(before, type_), status(after, type_));
        before != after && after.as_deref() == Some(*now)
    };
    let news = NEWS.iter().filter(is_new);
    news.map(|(_, _, reason)| *reason).collect()
}

/// The lease, renewed now. Source: `k8s.io/component-helpers/apimachinery/lease`.
pub(super) fn lease(machine: &Machine, node_uid: Option<&str>, seconds: u64, now: Time) -> Lease {
    let owner = node_uid.map(|uid| OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Node".to_owned(),
        name: machine.name.to_string(),
        uid: uid.to_owned(),
        ..OwnerReference::default()
    });
    let metadata = ObjectMeta {
        name: Some(machine.name.to_string()),
        namespace: Some(LEASE_NAMESPACE.to_owned()),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    let spec = coordination::LeaseSpec {
        holder_identity: Some(machine.name.to_string()),
        lease_duration_seconds: i32::try_from(seconds).ok(),
        renew_time: Some(MicroTime(now.to_timestamp())),
        ..coordination::LeaseSpec::default()
    };
    Lease {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: spec.into(),
        status: ().into(),
    }
}
