//! What can go wrong on purpose: what the words of `fault …` mean.

mod grammar;
mod words;

use std::time::Duration;

pub use grammar::GRAMMAR;

use crate::api::{Key, Kind, Quantity};
use crate::kubelet::ProbeKind;

/// Something that breaks, or is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A machine loses power: its kubelet is silent, its containers are gone.
    NodeDown(String),
    /// The machine comes back.
    NodeUp(String),
    /// A machine runs on, but its kubelet reaches nothing.
    Partition(String),
    /// The network of a machine comes back.
    Heal(String),
    /// A container of a pod ends in a bad way.
    Crash {
        /// Which.
        target: Container,
        /// Whether the kernel ends it for the memory that it uses.
        out_of_memory: bool,
    },
    /// A probe of a pod fails from now on, or no longer.
    Probe {
        /// Which container.
        target: Container,
        /// Which probe.
        probe: ProbeKind,
        /// Whether it fails from now on.
        fails: bool,
    },
    /// The registry is slower by a factor for some time.
    SlowRegistry {
        /// How many times slower.
        factor: u32,
        /// For how long.
        span: Duration,
    },
    /// The registry has an image no longer, or has it again.
    Image {
        /// The image as a pod spec names it.
        image: String,
        /// Whether it is missing from now on.
        is_missing: bool,
    },
    /// More work for the processors comes upon a workload, for some time.
    Load {
        /// The Deployment, ReplicaSet or StatefulSet.
        workload: Key,
        /// Processors, for all of its pods together; zero ends it.
        cpu: Quantity,
        /// For how long.
        span: Duration,
    },
    /// Something that is no pod fills the disk of a machine.
    FillDisk {
        /// The machine.
        node: String,
        /// Up to how much of it, in per cent; 0 frees it again.
        percent: u32,
    },
    /// Each write takes longer for some time, one after the other.
    SlowDisk {
        /// How long a write takes.
        latency: Duration,
        /// For how long.
        span: Duration,
    },
    /// The store forgets every revision but the newest.
    Compact,
    /// Something happens to a component.
    Component {
        /// Its name.
        name: String,
        /// What.
        change: ComponentChange,
    },
    /// Something happens to what a component watches.
    Watch {
        /// The name of the component.
        component: String,
        /// What.
        change: WatchChange,
    },
    /// Other clients read an object and write all of it back.
    Writers {
        /// The object.
        object: Key,
        /// How many clients.
        clients: u32,
        /// How often each of them writes.
        times: u32,
    },
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The pod, as `name` or `namespace/name`; the beginning of a name takes the first running pod.
    pub pod: String,
    /// The container; the first one if not named.
    pub name: Option<String>,
}

/// What happens to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentChange {
    /// It crashes and starts again with empty hands.
    Restart,
    /// It is switched off.
    Stop,
    /// It is switched on again.
    Start,
    /// It works no more, but still hears: its queue grows.
    Pause,
    /// It works again.
    Resume,
    /// Everything that it sets about begins so much later; zero for no longer.
    Slow(Duration),
    /// Whether it waits to see its own writes before it plans again.
    Expectations(bool),
}

/// What happens to what a component watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchChange {
    /// The watches break and are opened again; of one kind, or all.
    Cut(Option<Kind>),
    /// What they tell arrives so much later; zero for no longer.
    Delay(Option<Kind>, Duration),
    /// So many of the next events are not delivered as they should be.
    Disorder(Disorder, u32),
}

/// What happens to an event on its way.
///
/// Unlike Kubernetes: a watch of etcd never loses an event nor changes their order. Whoever is cheated
/// here is made to list again some seconds later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// It is lost.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It comes after the one that follows it.
    Reorder,
}

impl Fault {
    /// Reads the words after `fault`.
    ///
    /// # Errors
    /// Says which faults there are, or what a fault needs.
    pub fn parse(line: &str) -> Result<Self, String> {
        words::parse(line)
    }
}

#[cfg(test)]
mod tests;
