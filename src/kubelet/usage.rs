//! What containers, pods and the machine use at a moment: declared, never measured, never guessed.

use std::iter::Sum;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use super::Kubelet;
use super::behaviour::Behaviour;
use super::container::Container;
use super::worker::Worker;
use crate::api::{Key, Quantity, core};
use crate::sim::Time;

/// What a process uses of which nobody declared it: it idles.
const IDLE: Usage = Usage {
    cpu_nanos: 1_000_000,
    memory_bytes: 16 << 20,
};

/// What the machine uses beside its pods: the system, the runtime and the kubelet.
const SYSTEM: Usage = Usage {
    cpu_nanos: 50_000_000,
    memory_bytes: 400 << 20,
};

/// What the system and the runtime keep on the disk.
const SYSTEM_DISK: u64 = 6 << 30;

/// Processor and memory in use at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Billionths of a processor.
    pub cpu_nanos: u64,
    /// Bytes of memory that cannot be taken back: the working set.
    pub memory_bytes: u64,
}

impl Usage {
    /// The processor as a quantity, in whole thousandths.
    #[must_use]
    pub fn cpu(self) -> Quantity {
        Quantity::millis(i64::try_from(self.cpu_nanos.div_ceil(1_000_000)).unwrap_or(i64::MAX))
    }

    /// The memory as a quantity, in bytes.
    #[must_use]
    pub fn memory(self) -> Quantity {
        Quantity::bytes(i64::try_from(self.memory_bytes).unwrap_or(i64::MAX))
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu_nanos: self.cpu_nanos.saturating_add(other.cpu_nanos),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// What a running container uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerUsage {
    /// Its name.
    pub name: Arc<str>,
    /// Since when it runs.
    pub since: Time,
    /// What it uses.
    pub usage: Usage,
    /// Bytes that it wrote to the disk of the node.
    pub disk_bytes: u64,
}

/// What the running containers of a pod use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodUsage {
    /// The pod.
    pub pod: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// Its running containers, init containers first.
    pub containers: Vec<ContainerUsage>,
}

impl PodUsage {
    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Usage {
        self.containers.iter().map(|each| each.usage).sum()
    }
}

impl Kubelet {
    /// What the pods with running containers use at `now`, ordered by uid.
    pub fn usage(&self, now: Time) -> impl Iterator<Item = PodUsage> {
        self.agent
            .workers
            .values()
            .map(move |worker| of_pod(worker, now))
            .filter(|pod| !pod.containers.is_empty())
    }

    /// What the machine uses at `now`: its pods, the system, the runtime and the kubelet. Nothing
    /// without power.
    #[must_use]
    pub fn node_usage(&self, now: Time) -> Usage {
        if self.is_on() {
            SYSTEM + self.usage(now).map(|pod| pod.total()).sum()
        } else {
            Usage::default()
        }
    }
}

/// What the running containers of a pod use.
pub(super) fn of_pod(worker: &Worker, now: Time) -> PodUsage {
    let containers = worker.containers.iter().enumerate();
    let containers = containers.filter_map(|(place, container)| {
        let since = container.running_since()?;
        let spec = worker.spec_of(place);
        Some(ContainerUsage {
            name: spec.name.as_str().into(),
            since,
            usage: of_process(container, spec, now.since(since)),
            disk_bytes: disk_of(container, now.since(since)),
        })
    });
    PodUsage {
        pod: worker.key.clone(),
        uid: Arc::clone(&worker.uid),
        containers: containers.collect(),
    }
}

/// The memory that is in use with these pods, in bytes.
pub(super) fn memory(pods: &[PodUsage]) -> u64 {
    let pods: u64 = pods.iter().map(|pod| pod.total().memory_bytes).sum();
    pods.saturating_add(SYSTEM.memory_bytes)
}

/// What these pods and the system keep on the disk, in bytes.
pub(super) fn disk(pods: &[PodUsage]) -> u64 {
    let containers = pods.iter().flat_map(|pod| &pod.containers);
    containers.map(|each| each.disk_bytes).sum::<u64>() + SYSTEM_DISK
}

/// What a container wrote until so long after its start; what nobody declares is nothing.
fn disk_of(container: &Container, running: Duration) -> u64 {
    let declared = container.behaviour.disk.as_ref();
    declared.map_or(0, |curve| curve.at(running))
}

/// What a process uses this long after its start. It gets no more processor than its limit; what is
/// not declared stays below half of a limit.
///
/// Unlike Kubernetes: processes do not take processor from each other, however many run on a node.
fn of_process(container: &Container, spec: &core::Container, running: Duration) -> Usage {
    let behaviour = &container.behaviour;
    let limits = (limit(spec, "cpu"), limit(spec, "memory"));
    let idle = |idle: u64, limit: Option<u64>| limit.map_or(idle, |limit| idle.min(limit / 2));
    let cpu_limit = limits.0.and_then(nanos);
    let cpu = match &behaviour.cpu {
        Some(curve) => curve.at(running),
        None => idle(IDLE.cpu_nanos, cpu_limit),
    };
    let memory_limit = limits
        .1
        .and_then(|memory| u64::try_from(memory.value()).ok());
    let memory = match &behaviour.memory {
        Some(curve) => curve.at(running),
        None => idle(IDLE.memory_bytes, memory_limit),
    };
    let cpu = cpu
        .saturating_add(u64::from(container.load) * cost(behaviour))
        .saturating_add(container.burden);
    Usage {
        cpu_nanos: cpu.min(cpu_limit.unwrap_or(u64::MAX)),
        memory_bytes: memory.min(memory_limit.unwrap_or(u64::MAX)),
    }
}

/// When a process that has just started will use more memory than its limit.
pub(super) fn out_of_memory(behaviour: &Behaviour, spec: &core::Container) -> Option<Duration> {
    let limit = u64::try_from(limit(spec, "memory")?.value()).ok()?;
    behaviour.memory.as_ref()?.exceeds(limit)
}

/// How many requests a second a process can answer at most: what it declares, and what its limit of
/// processor time leaves beside what it uses at its start.
pub(super) fn most_requests(behaviour: &Behaviour, spec: &core::Container) -> Option<u32> {
    let base = behaviour
        .cpu
        .as_ref()
        .map_or(0, |curve| curve.at(Duration::ZERO));
    let left = limit(spec, "cpu").and_then(nanos);
    let left = left.map(|limit| limit.saturating_sub(base));
    let affordable = left.and_then(|left| left.checked_div(cost(behaviour)));
    let affordable = affordable.map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    affordable.into_iter().chain(behaviour.answers).min()
}

/// Billionths of a second of processor time that a request costs.
fn cost(behaviour: &Behaviour) -> u64 {
    u64::try_from(behaviour.cpu_per_request.as_nanos()).unwrap_or(u64::MAX)
}

fn nanos(cpu: Quantity) -> Option<u64> {
    u64::try_from(cpu.milli_value())
        .ok()?
        .checked_mul(1_000_000)
}

fn limit(spec: &core::Container, resource: &str) -> Option<Quantity> {
    let limits = spec.resources.as_ref()?.limits.as_ref()?;
    limits.get(resource)?.0.parse().ok()
}
