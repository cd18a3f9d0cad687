//! Whom to delete first when there are too many pods.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::controller::Planned;
use super::super::surplus;
use crate::api::{Pod, ReplicaSet, meta};
use crate::client::Informers;

/// The annotation by which somebody says which pods to keep. Source: `core.PodDeletionCost`.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The `surplus` pods that go first. Source: `ActivePodsWithRanks`.
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
    let mut ordered = pods.to_vec();
    surplus::order(&mut ordered, planned.now, |pod| {
        let node = pod.spec.node_name.as_deref();
        let on_node = node.and_then(|node| neighbours.get(node)).copied();
        (deletion_cost(pod), Reverse(on_node.unwrap_or(0)))
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

fn deletion_cost(pod: &Pod) -> i32 {
    meta::annotation(&pod.metadata, DELETION_COST)
        .and_then(|cost| cost.parse().ok())
        .unwrap_or(0)
}
