//! Whom to delete first when there are too many pods.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::controller::Planned;
use crate::api::{Pod, ReplicaSet, core, meta};
use crate::client::Informers;
use crate::sim::Time;

/// The annotation by which somebody says which pods to keep. Source: `core.PodDeletionCost`.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The `surplus` pods that go first. Source: `ActivePodsWithRanks`.
///
/// Unlike Kubernetes: ages of the same power of two are told apart by restarts, creation and uid in
/// this order always, where Kubernetes goes straight to the uid when the exact ages differ.
pub(super) fn choose<'a>(
    planned: &Planned<'_>,
    set: &ReplicaSet,
    pods: &[&'a Pod],
    surplus: usize,
) -> Vec<&'a Pod> {
    if surplus == 0 {
        return Vec::new();
    }
    if surplus >= pods.len() {
        return pods.to_vec();
    }
    let neighbours = related_by_node(planned.caches, set);
    let now = planned.now;
    let mut ordered = pods.to_vec();
    ordered.sort_by_cached_key(|pod| {
        let node = pod.spec.node_name.as_deref();
        let on_node = node.and_then(|node| neighbours.get(node)).copied();
        (
            node.is_some(),
            phase_rank(pod.phase()),
            pod.is_ready(),
            deletion_cost(pod),
            Reverse(on_node.unwrap_or(0)),
            pod.ready_since().map(|since| age_rank(since, now)),
            Reverse(most_restarts(pod)),
            age_rank(meta::created(&pod.metadata), now),
            pod.uid().to_owned(),
        )
    });
    ordered.truncate(surplus);
    ordered
}

/// How many active pods of this and its sister ReplicaSets each node runs.
fn related_by_node<'a>(caches: &'a Informers, set: &ReplicaSet) -> BTreeMap<&'a str, usize> {
    let sisters: Vec<&str> = match meta::controller_of(&set.metadata) {
        Some(owner) => caches
            .owned_by::<ReplicaSet>(&owner.uid)
            .map(ReplicaSet::uid)
            .collect(),
        None => vec![set.uid()],
    };
    let mut count = BTreeMap::new();
    for pod in sisters
        .into_iter()
        .flat_map(|uid| caches.owned_by::<Pod>(uid))
        .filter(|pod| pod.is_active())
    {
        if let Some(node) = pod.spec.node_name.as_deref() {
            *count.entry(node).or_insert(0) += 1;
        }
    }
    count
}

fn phase_rank(phase: &str) -> u8 {
    match phase {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

fn deletion_cost(pod: &Pod) -> i32 {
    meta::annotation(&pod.metadata, DELETION_COST)
        .and_then(|cost| cost.parse().ok())
        .unwrap_or(0)
}

fn most_restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.container_statuses.iter().flatten();
    let restarts = |status: &core::ContainerStatus| status.restart_count;
    statuses.map(restarts).max().unwrap_or(0)
}

/// The power of two of an age in nanoseconds; the younger the lower.
/// Source: `logarithmicRankDiff`.
fn age_rank(since: Time, now: Time) -> u32 {
    now.since(since).as_nanos().max(1).ilog2()
}
