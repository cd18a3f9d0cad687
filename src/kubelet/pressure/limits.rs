//! Pods that use more of the disk than their limits allow: they are evicted, however much is free.
//!
//! Source: `localStorageEviction` of `pkg/kubelet/eviction/eviction_manager.go`.

use std::sync::Arc;

use super::super::usage::PodUsage;
use crate::api::{Pod, Quantity, core, requests};

const RESOURCE: &str = "ephemeral-storage";

/// The pods above a limit, with what is said of each.
///
/// Unlike Kubernetes: what an `emptyDir` holds is part of what its containers wrote, and its own
/// `sizeLimit` is not watched.
pub(super) fn above<'a>(
    pods: &[PodUsage],
    pod_of: impl Fn(&str) -> Option<&'a Pod>,
) -> Vec<(Arc<str>, String)> {
    let above = pods.iter().filter_map(|usage| {
        let pod = pod_of(&usage.uid).filter(|pod| !pod.is_terminating())?;
        let message = of_pod(usage, pod).or_else(|| of_container(usage, pod))?;
        Some((Arc::clone(&usage.uid), message))
    });
    above.collect()
}

fn limit(container: &core::Container) -> Option<Quantity> {
    let resources = container.resources.as_ref()?;
    let limits = requests::read_list(resources.limits.as_ref());
    limits
        .get(RESOURCE)
        .copied()
        .filter(|limit| !limit.is_zero())
}

fn of_pod(usage: &PodUsage, pod: &Pod) -> Option<String> {
    let limits = pod.spec.containers.iter().filter_map(limit);
    let total = limits.reduce(|one, other| one + other)?;
    let used: u64 = usage.containers.iter().map(|each| each.disk_bytes).sum();
    (bytes(used) > total).then(|| {
        format!("Pod ephemeral local storage usage exceeds the total limit of containers {total}. ")
    })
}

fn of_container(usage: &PodUsage, pod: &Pod) -> Option<String> {
    usage.containers.iter().find_map(|container| {
        let mut specs = pod.spec.containers.iter();
        let spec = specs.find(|spec| *spec.name == *container.name)?;
        let limit = limit(spec).filter(|limit| bytes(container.disk_bytes) > *limit)?;
        let name = &container.name;
        Some(format!(
            "Container {name} exceeded its local ephemeral storage limit \"{limit}\". "
        ))
    })
}

fn bytes(amount: u64) -> Quantity {
    Quantity::bytes(i64::try_from(amount).unwrap_or(i64::MAX))
}
