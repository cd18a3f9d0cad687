//! What the scheduler knows of one node: its pods, what they take, what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::amounts::Amounts;
use crate::api::meta::{self, Labels};
use crate::api::requests::{self, RequestOptions, is_sidecar, pod_level_requests};
use crate::api::{Key, Kind, Node, Pod, core};

/// A pod with what the scheduler has worked out of it once.
#[derive(Clone, Debug)]
pub struct PodInfo {
    /// The pod.
    pub pod: Pod,
    /// Where it stands in the store.
    pub key: Key,
    /// What it takes from a node, as filters count.
    pub requests: Amounts,
    /// The same with defaults for containers that name nothing, as scores count: thousandths of a
    /// cpu and bytes of memory.
    pub non_zero: NonZero,
}

/// Cpu and memory with defaults for containers that name nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonZero {
    /// Thousandths of a cpu.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
}

impl PodInfo {
    /// Works out what the scheduler needs of the pod.
    #[must_use]
    pub fn new(pod: Pod) -> Self {
        let key = Key::new(Kind::Pod, pod.namespace(), pod.name());
        let list = requests::pod_requests(&pod, &RequestOptions::of_placed());
        let mut options = RequestOptions::of_placed().with_defaults();
        if !pod_level_requests(&pod.spec).is_empty() {
            options
                .non_missing
                .retain(|name, _| !list.contains_key(name));
        }
        let with_defaults = requests::pod_requests(&pod, &options);
        let value = |name: &str| with_defaults.get(name).copied();
        Self {
            requests: Amounts::of(&list),
            non_zero: NonZero {
                milli_cpu: value("cpu").map_or(0, crate::api::Quantity::milli_value),
                memory: value("memory").map_or(0, crate::api::Quantity::value),
            },
            key,
            pod,
        }
    }

    /// The same pod in a newer state; what follows from the spec alone is kept where it can be.
    #[must_use]
    pub fn renewed(&self, pod: Pod) -> Self {
        let has_resizes = |pod: &Pod| {
            let statuses = pod.status.container_statuses.iter().flatten();
            statuses
                .into_iter()
                .any(|status| status.resources.is_some())
        };
        let is_same_spec = Arc::ptr_eq(&self.pod.spec.shared, &pod.spec.shared);
        if is_same_spec && !has_resizes(&pod) && !has_resizes(&self.pod) {
            Self {
                pod,
                ..self.clone()
            }
        } else {
            Self::new(pod)
        }
    }

    /// Its labels.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        meta::labels(&self.pod.metadata)
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.key.namespace
    }

    /// Its priority; 0 without one.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.pod.spec.priority.unwrap_or(0)
    }

    /// The ports of the node that it takes.
    #[must_use]
    pub fn host_ports(&self) -> Vec<HostPort> {
        host_ports(&self.pod)
    }

    fn pod_affinity(&self) -> Option<&core::PodAffinity> {
        self.pod.spec.affinity.as_ref()?.pod_affinity.as_ref()
    }

    fn pod_anti_affinity(&self) -> Option<&core::PodAntiAffinity> {
        self.pod.spec.affinity.as_ref()?.pod_anti_affinity.as_ref()
    }

    /// The pods that it must be near.
    #[must_use]
    pub fn required_affinity(&self) -> &[core::PodAffinityTerm] {
        self.pod_affinity()
            .and_then(|affinity| {
                affinity
                    .required_during_scheduling_ignored_during_execution
                    .as_deref()
            })
            .unwrap_or_default()
    }

    /// The pods that it must not be near.
    #[must_use]
    pub fn required_anti_affinity(&self) -> &[core::PodAffinityTerm] {
        self.pod_anti_affinity()
            .and_then(|affinity| {
                affinity
                    .required_during_scheduling_ignored_during_execution
                    .as_deref()
            })
            .unwrap_or_default()
    }

    /// The pods that it would like to be near.
    #[must_use]
    pub fn preferred_affinity(&self) -> &[core::WeightedPodAffinityTerm] {
        self.pod_affinity()
            .and_then(|affinity| {
                affinity
                    .preferred_during_scheduling_ignored_during_execution
                    .as_deref()
            })
            .unwrap_or_default()
    }

    /// The pods that it would rather not be near.
    #[must_use]
    pub fn preferred_anti_affinity(&self) -> &[core::WeightedPodAffinityTerm] {
        self.pod_anti_affinity()
            .and_then(|affinity| {
                affinity
                    .preferred_during_scheduling_ignored_during_execution
                    .as_deref()
            })
            .unwrap_or_default()
    }

    /// Whether it says anything about which pods it wants to be near or far from.
    #[must_use]
    pub fn has_affinity(&self) -> bool {
        self.pod_affinity().is_some() || self.pod_anti_affinity().is_some()
    }
}

/// The claims that the pod's volumes name, with those that are made for its ephemeral volumes.
pub(super) fn claims_of(pod: &Pod) -> impl Iterator<Item = Claim> {
    let volumes = pod.spec.volumes.iter().flatten();
    volumes.filter_map(move |volume| {
        if let Some(source) = &volume.persistent_volume_claim {
            return Some(Claim {
                name: source.claim_name.as_str().into(),
                is_ephemeral: false,
            });
        }
        volume.ephemeral.as_ref().map(|_| Claim {
            name: format!("{}-{}", pod.name(), volume.name).into(),
            is_ephemeral: true,
        })
    })
}

/// The ports of the node that the pod's containers and sidecars take.
/// Source: `GetHostPorts` of `pkg/scheduler/util`.
pub(super) fn host_ports(pod: &Pod) -> Vec<HostPort> {
    let initial = pod.spec.init_containers.iter().flatten();
    let regular = pod.spec.containers.iter();
    regular
        .chain(initial.filter(|container| is_sidecar(container)))
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(HostPort::of)
        .collect()
}

/// A claim that a pod's volume stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The name of the PersistentVolumeClaim, in the namespace of the pod.
    pub(super) name: Arc<str>,
    /// Whether it is made for the pod and goes with it.
    pub(super) is_ephemeral: bool,
}

/// A port of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The port.
    pub port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The address; `0.0.0.0` for all of them.
    pub address: String,
}

impl HostPort {
    fn of(port: &core::ContainerPort) -> Option<Self> {
        let text = |given: &Option<String>, default: &str| {
            let given = given.as_deref().filter(|text| !text.is_empty());
            given.unwrap_or(default).to_owned()
        };
        Some(Self {
            port: port.host_port.filter(|port| *port > 0)?,
            protocol: text(&port.protocol, "TCP"),
            address: text(&port.host_ip, "0.0.0.0"),
        })
    }

    /// Whether two pods cannot have both.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let is_any = |address: &str| address == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address || is_any(&self.address) || is_any(&other.address))
    }
}

/// A node with its pods and what they take. Cheap to clone and changed pod by pod.
/// Source: `framework.NodeInfo` of kube-scheduler.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The name.
    pub name: Arc<str>,
    /// The node.
    pub node: Node,
    /// The pods that are bound to it or assumed to be, in the order in which they came.
    pub pods: Vec<Arc<PodInfo>>,
    /// What its pods request.
    pub requested: Amounts,
    /// The same with defaults for containers that name nothing.
    pub non_zero: NonZero,
    /// What there is for pods.
    pub allocatable: Amounts,
    /// How many pods may run.
    pub allowed_pods: i64,
    /// The ports that its pods take.
    pub used_ports: BTreeSet<HostPort>,
    /// Images that are there by each of their names, with their sizes in bytes.
    pub images: BTreeMap<Arc<str>, i64>,
    /// How many of its pods say what they want to be near or far from.
    pub affinity_pods: usize,
    /// How many of its pods must not be near some others.
    pub anti_affinity_pods: usize,
}

impl NodeInfo {
    /// A node without pods.
    #[must_use]
    pub fn new(node: Node) -> Self {
        let mut info = Self {
            name: node.name().into(),
            node: Node::default(),
            pods: Vec::new(),
            requested: Amounts::default(),
            non_zero: NonZero::default(),
            allocatable: Amounts::default(),
            allowed_pods: 0,
            used_ports: BTreeSet::new(),
            images: BTreeMap::new(),
            affinity_pods: 0,
            anti_affinity_pods: 0,
        };
        info.set_node(node);
        info
    }

    /// `zone=a`: the node's topology of this key, without the domain that all such keys share.
    pub(super) fn topology_words(&self, key: &str) -> Option<String> {
        let name = key.rsplit('/').next().unwrap_or(key);
        Some(format!("{name}={}", self.label(key)?))
    }

    /// Takes the node's newer state.
    pub fn set_node(&mut self, node: Node) {
        let list = requests::read_list(node.status.allocatable.as_ref());
        self.allowed_pods = list.get("pods").map_or(0, |amount| amount.value());
        self.allocatable = Amounts::of(&list);
        if node.status.images != self.node.status.images {
            self.images = node
                .status
                .images
                .iter()
                .flatten()
                .flat_map(|image| {
                    let size = image.size_bytes.unwrap_or(0);
                    let names = image.names.iter().flatten();
                    names.map(move |name| (Arc::from(name.as_str()), size))
                })
                .collect();
        }
        self.node = node;
    }

    /// Adds a pod.
    pub fn add_pod(&mut self, pod: Arc<PodInfo>) {
        self.count(&pod, 1);
        self.used_ports.extend(pod.host_ports());
        self.affinity_pods += usize::from(pod.has_affinity());
        self.anti_affinity_pods += usize::from(!pod.required_anti_affinity().is_empty());
        self.pods.push(pod);
    }

    /// Takes a pod away, if it is there.
    pub fn remove_pod(&mut self, key: &Key) -> Option<Arc<PodInfo>> {
        let place = self.pods.iter().position(|pod| pod.key == *key)?;
        let pod = self.pods.remove(place);
        self.count(&pod, -1);
        for port in pod.host_ports() {
            self.used_ports.remove(&port);
        }
        self.affinity_pods -= usize::from(pod.has_affinity());
        self.anti_affinity_pods -= usize::from(!pod.required_anti_affinity().is_empty());
        Some(pod)
    }

    fn count(&mut self, pod: &PodInfo, times: i64) {
        self.requested.add(&pod.requests, times);
        let sum = |one: i64, more: i64| one.saturating_add(more.saturating_mul(times));
        self.non_zero.milli_cpu = sum(self.non_zero.milli_cpu, pod.non_zero.milli_cpu);
        self.non_zero.memory = sum(self.non_zero.memory, pod.non_zero.memory);
    }

    /// Its labels.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        meta::labels(&self.node.metadata)
    }

    /// The value of a label, as topologies have it.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels().get(key).map(String::as_str)
    }

    /// Its taints.
    #[must_use]
    pub fn taints(&self) -> &[core::Taint] {
        self.node.spec.taints.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Object, Typed};

    fn pod(name: &str, port: i32) -> Arc<PodInfo> {
        let value = serde_json::json!({
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "nodeName": "node-a",
                "containers": [{
                    "name": "c",
                    "ports": [{"containerPort": 80, "hostPort": port}],
                    "resources": {"requests": {"cpu": "250m", "nvidia.com/gpu": "1"}},
                }],
                "affinity": {"podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}],
                }},
            },
        });
        let object = Object::from_value(Kind::Pod, value).expect("a pod");
        Arc::new(PodInfo::new(Pod::of(&object).expect("a pod").clone()))
    }

    #[test]
    fn what_a_pod_brings_goes_with_it() {
        let mut info = NodeInfo::new(Node::default());
        let first = pod("first", 8080);
        info.add_pod(Arc::clone(&first));
        let before = info.clone();
        info.add_pod(pod("second", 9090));
        assert_eq!(info.requested.milli_cpu, 500);
        assert_eq!(info.requested.get("nvidia.com/gpu"), 2);
        assert_eq!(info.non_zero.memory, 2 * requests::DEFAULT_MEMORY_REQUEST);
        assert_eq!((info.used_ports.len(), info.anti_affinity_pods), (2, 2));
        let second = Key::new(Kind::Pod, "default", "second");
        assert!(info.remove_pod(&second).is_some());
        assert!(info.remove_pod(&second).is_none());
        assert_eq!(info.requested, before.requested);
        assert_eq!(info.non_zero, before.non_zero);
        assert_eq!(info.used_ports, before.used_ports);
        assert_eq!((info.affinity_pods, info.anti_affinity_pods), (1, 1));
    }

    #[test]
    fn a_port_of_all_addresses_conflicts_with_the_same_port_of_each() {
        let port = |address: &str, protocol: &str| HostPort {
            port: 80,
            protocol: protocol.to_owned(),
            address: address.to_owned(),
        };
        let cases = [
            (port("0.0.0.0", "TCP"), port("10.0.0.1", "TCP"), true),
            (port("10.0.0.1", "TCP"), port("10.0.0.1", "TCP"), true),
            (port("10.0.0.1", "TCP"), port("10.0.0.2", "TCP"), false),
            (port("0.0.0.0", "TCP"), port("0.0.0.0", "UDP"), false),
        ];
        for (one, two, expected) in cases {
            assert_eq!(one.conflicts_with(&two), expected, "{one:?} {two:?}");
            assert_eq!(two.conflicts_with(&one), expected, "{one:?} {two:?}");
        }
    }
}
