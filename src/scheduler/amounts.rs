//! Amounts of resources as the scheduler counts them: whole numbers, one for each resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::Quantity;
use crate::api::requests::{ResourceList, is_huge_pages};

/// Amounts of resources. Source: `framework.Resource` of kube-scheduler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a cpu.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Extended resources, huge pages and attachable volumes, in their own units.
    pub scalar: BTreeMap<Arc<str>, i64>,
}

impl Amounts {
    /// The amounts of a list, rounded up. What is neither cpu, memory, storage nor scalar is left
    /// out, `pods` among it.
    #[must_use]
    pub fn of(list: &ResourceList) -> Self {
        let mut amounts = Self::default();
        for (name, amount) in list {
            match name.as_str() {
                "cpu" => amounts.milli_cpu = amount.milli_value(),
                "memory" => amounts.memory = amount.value(),
                "ephemeral-storage" => amounts.ephemeral_storage = amount.value(),
                other if is_scalar(other) => {
                    amounts.scalar.insert(other.into(), amount.value());
                }
                _ => {}
            }
        }
        amounts
    }

    /// The amount of the resource of this name, in the unit that the scheduler counts it in.
    #[must_use]
    pub fn get(&self, name: &str) -> i64 {
        match name {
            "cpu" => self.milli_cpu,
            "memory" => self.memory,
            "ephemeral-storage" => self.ephemeral_storage,
            other => self.scalar.get(other).copied().unwrap_or(0),
        }
    }

    /// True when nothing at all is asked for.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.milli_cpu == 0
            && self.memory == 0
            && self.ephemeral_storage == 0
            && self.scalar.is_empty()
    }

    /// Adds the other amounts `times` times; -1 takes them away.
    pub(super) fn add(&mut self, other: &Self, times: i64) {
        let sum = |one: &mut i64, more: i64| *one = one.saturating_add(more.saturating_mul(times));
        sum(&mut self.milli_cpu, other.milli_cpu);
        sum(&mut self.memory, other.memory);
        sum(&mut self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in &other.scalar {
            sum(self.scalar.entry(Arc::clone(name)).or_insert(0), *amount);
        }
    }
}

/// An amount of the resource as people write it: `500m`, `1536Mi`, `70.5Mi`, `2`.
pub(super) fn words(resource: &str, amount: i64) -> String {
    const MEBI: i64 = 1 << 20;
    match resource {
        "cpu" => Quantity::millis(amount).to_string(),
        "memory" | "ephemeral-storage" if amount % MEBI == 0 => Quantity::bytes(amount).to_string(),
        "memory" | "ephemeral-storage" => {
            let tenths = amount.saturating_mul(10) / MEBI;
            format!("{}.{}Mi", tenths / 10, tenths % 10)
        }
        _ => amount.to_string(),
    }
}

/// Whether the scheduler counts the resource beside cpu, memory and storage.
/// Source: `IsScalarResourceName` of `pkg/apis/core/v1/helper`.
pub(super) fn is_scalar(name: &str) -> bool {
    is_extended(name)
        || is_huge_pages(name)
        || name.starts_with("attachable-volumes-")
        || name.contains("kubernetes.io/")
}

/// Whether a device plugin or an administrator has named the resource: it has a domain, and not one
/// of Kubernetes. Source: `IsExtendedResourceName` of `pkg/apis/core/v1/helper`.
pub(super) fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let cases = [
            ("cpu", 500, "500m"),
            ("cpu", 4000, "4"),
            ("memory", 1 << 30, "1Gi"),
            ("memory", 1536 << 20, "1536Mi"),
            ("memory", 73_924_608, "70.5Mi"),
            ("nvidia.com/gpu", 2, "2"),
        ];
        for (resource, amount, expected) in cases {
            assert_eq!(words(resource, amount), expected);
        }
    }

    #[test]
    fn resources_with_a_domain_of_their_own_are_extended() {
        let cases = [
            ("cpu", false, false),
            ("pods", false, false),
            ("nvidia.com/gpu", true, true),
            ("requests.nvidia.com/gpu", false, false),
            ("hugepages-2Mi", false, true),
            ("attachable-volumes-csi-disk", false, true),
            ("kubernetes.io/odd", false, true),
        ];
        for (name, extended, scalar) in cases {
            assert_eq!(
                (is_extended(name), is_scalar(name)),
                (extended, scalar),
                "{name}"
            );
        }
    }
}
