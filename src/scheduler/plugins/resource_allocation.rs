//! How full nodes would be with the pod on them: what NodeResourcesFit and its sister score by.

use crate::api::requests::{RequestOptions, pod_requests};
use crate::scheduler::amounts::{Amounts, is_scalar};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::node_info::{NodeInfo, PodInfo};

/// A resource that counts for the score, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WeightedResource {
    pub(super) name: String,
    pub(super) weight: i64,
}

impl WeightedResource {
    /// Cpu and memory, each with weight 1.
    pub(super) fn defaults() -> Vec<Self> {
        let of = |name: &str| Self {
            name: name.to_owned(),
            weight: 1,
        };
        vec![of("cpu"), of("memory")]
    }

    /// Reads a list of resources; the defaults when there is none. A weight that is left out is 1.
    pub(super) fn read(field: &Field<'_>) -> Result<Vec<Self>, ConfigError> {
        let mut resources = Vec::new();
        for item in field.items()? {
            item.only(&["name", "weight"])?;
            resources.push(Self {
                name: item.at("name").required_text()?.to_owned(),
                weight: item.at("weight").integer(1..=100)?.unwrap_or(1),
            });
        }
        Ok(if resources.is_empty() {
            Self::defaults()
        } else {
            resources
        })
    }
}

/// Whether containers that name no cpu or memory count with the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// They count 100m and 200 MiB.
    WithDefaults,
    /// They count nothing.
    AsRequested,
}

/// What the pod adds of each of these resources, in their order.
pub(super) fn pod_amounts(
    pod: &PodInfo,
    resources: &[WeightedResource],
    counting: Counting,
) -> Vec<i64> {
    let options = RequestOptions::of_placed();
    let options = match counting {
        Counting::WithDefaults => options.with_defaults(),
        Counting::AsRequested => options,
    };
    let amounts = Amounts::of(&pod_requests(&pod.pod, &options));
    let amounts = resources.iter().map(|resource| amounts.get(&resource.name));
    amounts.collect()
}

/// One resource of a node: how much of it there is, and how much would be requested with the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    pub(super) allocatable: i64,
    pub(super) requested: i64,
}

/// The allocation of each resource with the pod on the node; nothing for one that the node does not
/// have, or that is extended and not asked for.
/// Source: `calculateResourceAllocatableRequest` of `framework/plugins/noderesources`.
pub(super) fn allocations(
    node: &NodeInfo,
    resources: &[WeightedResource],
    pod_amounts: &[i64],
    counting: Counting,
) -> Vec<Option<Allocation>> {
    let used = |name: &str| match (name, counting) {
        ("cpu", Counting::WithDefaults) => node.non_zero.milli_cpu,
        ("memory", Counting::WithDefaults) => node.non_zero.memory,
        _ => node.requested.get(name),
    };
    let pairs = resources.iter().zip(pod_amounts);
    let each = pairs.map(|(resource, &amount)| {
        if amount == 0 && is_scalar(&resource.name) {
            return None;
        }
        let allocatable = node.allocatable.get(&resource.name);
        (allocatable != 0).then(|| Allocation {
            allocatable,
            requested: used(&resource.name).saturating_add(amount),
        })
    });
    each.collect()
}
