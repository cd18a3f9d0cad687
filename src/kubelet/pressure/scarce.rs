//! What a machine can be short of: from when on, who goes first, and in which words.

use std::cmp::Reverse;

use super::super::Machine;
use super::super::usage::{ContainerUsage, PodUsage};
use crate::api::requests::{self, RequestOptions};
use crate::api::{Pod, Quantity};

/// Below this much free memory the kubelet evicts: `memory.available<100Mi`.
/// Source: `DefaultEvictionHard`.
const MEMORY: i64 = 100 << 20;

/// Below this share of the disk likewise: `imagefs.available<15%`, which is met before
/// `nodefs.available<10%` when both are one disk. Kubernetes keeps it in 32 bits, and its messages
/// show that.
const DISK: f32 = 15.0 / 100.0;

/// What can be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scarce {
    /// Main memory.
    Memory,
    /// Room on the disk.
    Disk,
}

impl Scarce {
    /// In the order in which shortages are dealt with.
    pub(in crate::kubelet) const ALL: [Self; 2] = [Self::Memory, Self::Disk];

    /// The resource in requests and messages.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "ephemeral-storage",
        }
    }

    /// The condition of the node that tells of it.
    #[must_use]
    pub const fn condition(self) -> &'static str {
        match self {
            Self::Memory => "MemoryPressure",
            Self::Disk => "DiskPressure",
        }
    }

    /// The taint that the node gets for it.
    pub(super) const fn taint(self) -> &'static str {
        match self {
            Self::Memory => "node.kubernetes.io/memory-pressure",
            Self::Disk => "node.kubernetes.io/disk-pressure",
        }
    }

    /// How much of it the machine has, in bytes.
    pub(super) fn capacity(self, machine: &Machine) -> i64 {
        match self {
            Self::Memory => machine.memory.value(),
            Self::Disk => machine.ephemeral_storage.value(),
        }
    }

    /// How much of it must be free, in bytes. Source: `GetThresholdQuantity`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "Kubernetes computes the share so, and the figure is shown"
    )]
    pub(in crate::kubelet) fn threshold(self, machine: &Machine) -> i64 {
        match self {
            Self::Memory => MEMORY,
            Self::Disk => (self.capacity(machine) as f64 * f64::from(DISK)) as i64,
        }
    }

    fn used(self, container: &ContainerUsage) -> i64 {
        let used = match self {
            Self::Memory => container.usage.memory_bytes,
            Self::Disk => container.disk_bytes,
        };
        i64::try_from(used).unwrap_or(i64::MAX)
    }

    /// Who goes first: who uses more than requested, then who has the lowest priority, then who is
    /// furthest above its request. Source: `rankMemoryPressure` and `rankDiskPressureFunc`.
    pub(super) fn rank(self, usage: &PodUsage, pod: &Pod) -> (bool, i32, Reverse<i64>) {
        let used: i64 = usage.containers.iter().map(|each| self.used(each)).sum();
        let requested = requests::pod_requests(pod, &RequestOptions::of_placed());
        let requested = requested
            .get(self.resource())
            .map_or(0, |amount| amount.value());
        let above = used.saturating_sub(requested);
        let priority = pod.spec.priority.unwrap_or(0);
        (above <= 0, priority, Reverse(above))
    }

    /// Source: `evictionMessage` of `pkg/kubelet/eviction/helpers.go`.
    pub(super) fn message(
        self,
        machine: &Machine,
        (usage, pod): (&PodUsage, &Pod),
        available: i64,
    ) -> String {
        let resource = self.resource();
        let threshold = Quantity::bytes(self.threshold(machine));
        let available = Quantity::bytes(available);
        let initial = pod.spec.init_containers.iter().flatten();
        let specs: Vec<_> = pod.spec.containers.iter().chain(initial).collect();
        let larger = usage.containers.iter().filter_map(|container| {
            let spec = specs.iter().find(|spec| *spec.name == *container.name);
            let resources = spec.and_then(|spec| spec.resources.as_ref());
            let requested = requests::read_list(resources.and_then(|each| each.requests.as_ref()));
            let requested = requested.get(resource).copied().unwrap_or(Quantity::ZERO);
            let (name, used) = (&container.name, Quantity::bytes(self.used(container)));
            let sentence = format!(
                "Container {name} was using {used}, request is {requested}, has larger consumption \
                 of {resource}. "
            );
            (used > requested).then_some(sentence)
        });
        format!(
            "The node was low on resource: {resource}. Threshold quantity: {threshold}, available: \
             {available}. {}",
            larger.collect::<String>()
        )
    }
}
