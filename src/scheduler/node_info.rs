//! What the scheduler knows of one node: its pods, what they take, what is left.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::amounts::Amounts;
use crate::api::meta::{self, Labels};
use crate::api::requests::{self, RequestOptions, pod_level_requests};
use crate::api::{HostPort, Key, Kind, Node, Pod, core, host_ports};

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

/// A claim that a pod's volume stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The name of the PersistentVolumeClaim, in the namespace of the pod.
    pub(super) name: Arc<str>,
    /// Whether it is made for the pod and goes with it.
    pub(super) is_ephemeral: bool,
}

/// The place of a node in a snapshot: the same for as long as the node is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

impl Slot {
    /// The same as a place in a list.
    pub(super) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The topologies that nearly all constraints and terms name: their values are kept at hand, and
/// groups of pods are counted in them.
pub(super) const TOPOLOGIES: [&str; 3] = [
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

/// The place of a topology among those.
pub(super) fn topology_place(key: &str) -> Option<usize> {
    TOPOLOGIES.iter().position(|each| *each == key)
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
    /// Where it stands in the snapshot.
    pub(super) slot: Slot,
    // What each cycle asks of many nodes stands here itself: each way to another place is slow.
    topologies: [Option<Arc<str>>; TOPOLOGIES.len()],
    is_cordoned: bool,
    taints: Vec<core::Taint>,
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
            slot: Slot::default(),
            topologies: [const { None }; TOPOLOGIES.len()],
            is_cordoned: false,
            taints: Vec::new(),
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
        if node.status.allocatable != self.node.status.allocatable {
            let list = requests::read_list(node.status.allocatable.as_ref());
            self.allowed_pods = list.get("pods").map_or(0, |amount| amount.value());
            self.allocatable = Amounts::of(&list);
        }
        self.is_cordoned = node.spec.unschedulable == Some(true);
        if node.spec.taints != self.node.spec.taints {
            self.taints = node.spec.taints.clone().unwrap_or_default();
        }
        let labels = meta::labels(&node.metadata);
        if labels != self.labels() {
            self.topologies = TOPOLOGIES.map(|key| Some(labels.get(key)?.as_str().into()));
        }
        self.node = node;
    }

    /// Adds a pod.
    pub fn add_pod(&mut self, pod: Arc<PodInfo>) {
        self.count(&pod, 1);
        self.used_ports.extend(pod.host_ports());
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
        match topology_place(key) {
            Some(place) => self.topologies[place].as_deref(),
            None => self.labels().get(key).map(String::as_str),
        }
    }

    /// Whether it takes no new pods.
    #[must_use]
    pub fn is_cordoned(&self) -> bool {
        self.is_cordoned
    }

    /// Its taints.
    #[must_use]
    pub fn taints(&self) -> &[core::Taint] {
        &self.taints
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
        assert_eq!(info.used_ports.len(), 2);
        let second = Key::new(Kind::Pod, "default", "second");
        assert!(info.remove_pod(&second).is_some());
        assert!(info.remove_pod(&second).is_none());
        assert_eq!(info.requested, before.requested);
        assert_eq!(info.non_zero, before.non_zero);
        assert_eq!(info.used_ports, before.used_ports);
    }
}
