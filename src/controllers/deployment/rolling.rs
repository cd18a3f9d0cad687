//! Rolling update: the new ReplicaSet grows while there is room, the old ones shrink while enough
//! pods are available. Source: `pkg/controller/deployment/rolling.go`.

use super::limits::Limits;
use super::revision::{Member, Members, new_replicas};
use crate::api::Deployment;

/// One move: the new one first, and the old ones only when the new one stays. True when it moved.
pub(super) fn roll(members: &mut Members, deployment: &Deployment) -> bool {
    let limits = Limits::of(deployment);
    scale_new(members, limits, deployment) || scale_old(members, limits)
}

/// Source: `reconcileNewReplicaSet`.
fn scale_new(members: &mut Members, limits: Limits, deployment: &Deployment) -> bool {
    let total = members.replicas();
    let Some(new) = &mut members.new else {
        return false;
    };
    let current = new.replicas();
    if current == limits.replicas {
        return false;
    }
    let replicas = if current > limits.replicas {
        limits.replicas
    } else {
        new_replicas(current, total, limits, deployment)
    };
    replicas != current && new.scale(replicas, limits)
}

/// Source: `reconcileOldReplicaSets`.
fn scale_old(members: &mut Members, limits: Limits) -> bool {
    if !members.old.iter().any(Member::is_active) {
        return false;
    }
    // New pods that are not available yet are as good as missing.
    let new = members.new.as_ref();
    let new_unavailable = new.map_or(0, |new| new.replicas() - new.available());
    let may_go = members.replicas() - limits.least_available() - new_unavailable;
    if may_go <= 0 {
        return false;
    }
    match clean_unhealthy(members, limits, may_go) {
        Some(cleaned) => shrink_old(members, limits) || cleaned,
        None => false,
    }
}

/// Old pods that are not available go first: they would block the rollout and nobody misses them.
/// None when a status still counts more available pods than there shall be: it is behind, nobody
/// knows how many can be spared, and nothing goes before it has caught up.
/// Source: `cleanupUnhealthyReplicas`, which calls that an invalid request to scale down.
fn clean_unhealthy(members: &mut Members, limits: Limits, may_go: i32) -> Option<bool> {
    let mut left = may_go;
    for old in members.old.iter_mut().filter(|old| old.replicas() > 0) {
        if left <= 0 {
            break;
        }
        let unhealthy = (old.replicas() - old.available()).min(left);
        if unhealthy < 0 {
            return None;
        }
        if unhealthy > 0 {
            old.scale(old.replicas() - unhealthy, limits);
            left -= unhealthy;
        }
    }
    Some(left < may_go)
}

/// Source: `scaleDownOldReplicaSetsForRollingUpdate`.
fn shrink_old(members: &mut Members, limits: Limits) -> bool {
    // Pods of a ReplicaSet that was told to have none are on their way out and do not count.
    let available: i32 = members
        .old
        .iter()
        .filter(|old| old.replicas_before() > 0)
        .chain(&members.new)
        .map(Member::available)
        .sum();
    let spare = (available - limits.least_available()).max(0);
    let mut left = spare;
    for old in &mut members.old {
        let surplus = old.replicas().min(left);
        if surplus > 0 {
            old.scale(old.replicas() - surplus, limits);
            left -= surplus;
        }
    }
    left < spare
}
