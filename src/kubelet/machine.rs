//! What a node is made of: its size, its addresses, its labels, as the kubelet reports them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::api::requests::ResourceList;
use crate::api::{Quantity, core};
use crate::sim::Random;

/// A gibibyte in bytes.
const GIBIBYTE: i64 = 1024 * 1024 * 1024;

/// The machine below a kubelet. It never changes.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The name of the node.
    pub name: Arc<str>,
    /// Processors.
    pub cpu: Quantity,
    /// Main memory.
    pub memory: Quantity,
    /// Room on the disk for images, logs and `emptyDir`.
    pub ephemeral_storage: Quantity,
    /// How many pods the kubelet takes at most: `maxPods`.
    pub pods: i64,
    /// Labels beside those that every node has.
    pub labels: BTreeMap<String, String>,
    /// Taints that the node registers with.
    pub taints: Vec<core::Taint>,
    /// The address of the machine.
    pub address: Ipv4Addr,
    /// The first address of the /24 that its pods get theirs from.
    pub pod_network: Ipv4Addr,
}

impl Machine {
    /// The machine number `number`: 8 processors, 16 GiB, 110 pods, 100 GiB of disk. The number
    /// decides its addresses.
    #[must_use]
    pub fn new(name: &str, number: u16) -> Self {
        Self {
            name: name.into(),
            cpu: Quantity::units(8),
            memory: Quantity::bytes(16 * GIBIBYTE),
            ephemeral_storage: Quantity::bytes(100 * GIBIBYTE),
            pods: 110,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            address: address_of(number),
            pod_network: pod_network_of(number),
        }
    }

    /// Everything that pods may take.
    ///
    /// Unlike Kubernetes: nothing is taken off; a kubelet without flags keeps the 100Mi of memory
    /// and the tenth of the disk at which it evicts.
    #[must_use]
    pub fn allocatable(&self) -> ResourceList {
        ResourceList::from([
            ("cpu".to_owned(), self.cpu),
            ("ephemeral-storage".to_owned(), self.ephemeral_storage),
            ("hugepages-1Gi".to_owned(), Quantity::ZERO),
            ("hugepages-2Mi".to_owned(), Quantity::ZERO),
            ("memory".to_owned(), self.memory),
            ("pods".to_owned(), Quantity::units(self.pods)),
        ])
    }

    /// The labels with those that every kubelet sets.
    /// Source: `pkg/kubelet/kubelet_node_status.go`, `initialNode`.
    #[must_use]
    pub fn all_labels(&self) -> BTreeMap<String, String> {
        let mut labels: BTreeMap<String, String> = [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", &self.name),
            ("kubernetes.io/os", "linux"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        labels.extend(self.labels.clone());
        labels
    }

    /// What `nodeInfo` says; `boot` counts how often the machine was switched on again.
    pub(super) fn system(&self, boot: u32) -> core::NodeSystemInfo {
        let id = |what: &str| Random::stream(0, &format!("{what}/{}", self.name)).uid();
        core::NodeSystemInfo {
            architecture: "amd64".to_owned(),
            boot_id: id(&format!("boot/{boot}")),
            container_runtime_version: "containerd://2.1.4".to_owned(),
            kernel_version: "6.8.0-79-generic".to_owned(),
            kube_proxy_version: String::new(),
            kubelet_version: "v1.34.1".to_owned(),
            machine_id: id("machine").replace('-', ""),
            operating_system: "linux".to_owned(),
            os_image: "Ubuntu 24.04.3 LTS".to_owned(),
            swap: None,
            system_uuid: id("system"),
        }
    }

    /// The addresses that its pods can have: all of the network but the first two and the last.
    pub(super) fn pod_addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let first = u32::from(self.pod_network);
        (2..255).map(move |place| Ipv4Addr::from(first + place))
    }
}

/// 172.18.0.2 and so on.
fn address_of(number: u16) -> Ipv4Addr {
    let [high, low] = number.saturating_add(2).to_be_bytes();
    Ipv4Addr::new(172, 18, high, low)
}

/// 10.244.0.0/24, 10.244.1.0/24, … and after 256 machines 10.1.0.0/24 and so on.
fn pod_network_of(number: u16) -> Ipv4Addr {
    match number.to_be_bytes() {
        [0, low] => Ipv4Addr::new(10, 244, low, 0),
        [high, low] => Ipv4Addr::new(10, high, low, 0),
    }
}
