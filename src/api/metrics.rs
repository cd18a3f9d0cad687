//! What pods and nodes use, as the resource metrics API (`metrics.k8s.io/v1beta1`) tells it.

use std::sync::Arc;
use std::time::Duration;

use super::{Key, Quantity};
use crate::sim::{RecordId, Time};

/// What something uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processors, on average over a window.
    pub cpu: Quantity,
    /// Bytes in the working set.
    pub memory: Quantity,
}

/// What a pod or a node used: a `PodMetrics` or a `NodeMetrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// The pod or the node.
    pub key: Key,
    /// When it was measured.
    pub timestamp: Time,
    /// The record of the measurement.
    pub record: RecordId,
    /// How long before that the measuring of cpu began.
    pub window: Duration,
    /// What each container uses, in the order of the pod; for a node one entry without a name.
    pub parts: Vec<(Arc<str>, Usage)>,
}

impl Usage {
    /// Nothing.
    pub const NONE: Self = Self {
        cpu: Quantity::ZERO,
        memory: Quantity::ZERO,
    };

    /// The amount of a resource; none for other names than `cpu` and `memory`.
    #[must_use]
    pub fn of(self, resource: &str) -> Option<Quantity> {
        match resource {
            "cpu" => Some(self.cpu),
            "memory" => Some(self.memory),
            _ => None,
        }
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            memory: self.memory + other.memory,
        }
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::NONE, |sum, part| sum + part)
    }
}

impl Metrics {
    /// All parts together.
    #[must_use]
    pub fn total(&self) -> Usage {
        self.parts.iter().map(|(_, usage)| *usage).sum()
    }
}
