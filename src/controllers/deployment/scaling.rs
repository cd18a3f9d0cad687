//! Another number of replicas in the middle of a rollout, or while it is paused: every ReplicaSet
//! gets its share. Source: `scale` in `pkg/controller/deployment/sync.go`.

use super::limits::{Limits, is_recreate};
use super::revision::{Member, Members, desired_replicas, max_replicas};
use crate::api::{Deployment, meta};

/// Whether an active ReplicaSet was last scaled for another number. Source: `isScalingEvent`.
pub(super) fn is_scaling(members: &Members, deployment: &Deployment) -> bool {
    let replicas = deployment.spec.replicas.unwrap_or(1);
    members
        .all()
        .filter(|member| member.is_active())
        .filter_map(|member| desired_replicas(&member.seen))
        .any(|desired| desired != replicas)
}

/// Spreads the wanted number over the ReplicaSets.
pub(super) fn scale(members: &mut Members, deployment: &Deployment) {
    let limits = Limits::of(deployment);
    if let Some(only) = active_or_latest(members) {
        if only.replicas() != limits.replicas {
            only.scale(limits.replicas, limits);
        }
    } else if is_saturated(members, limits) {
        for old in members.old.iter_mut().filter(|old| old.is_active()) {
            old.scale(0, limits);
        }
    } else if !is_recreate(deployment) {
        scale_proportionally(members, deployment, limits);
    }
}

/// The only active one; without any, the newest. Source: `FindActiveOrLatest`.
fn active_or_latest(members: &mut Members) -> Option<&mut Member> {
    match members.all().filter(|member| member.is_active()).count() {
        0 => members.new.as_mut().or(members.old.last_mut()),
        1 => members.all_mut().find(|member| member.is_active()),
        _ => None,
    }
}

/// Whether the new one has all its pods. Source: `IsSaturated`.
fn is_saturated(members: &Members, limits: Limits) -> bool {
    members.new.as_ref().is_some_and(|new| {
        desired_replicas(&new.seen) == Some(limits.replicas)
            && new.replicas() == limits.replicas
            && new.available() == limits.replicas
    })
}

/// Larger ones get more; of equal ones the newer grow and the older shrink first; what rounding
/// leaves over goes to the largest.
fn scale_proportionally(members: &mut Members, deployment: &Deployment, limits: Limits) {
    let most = if limits.replicas > 0 {
        limits.most()
    } else {
        0
    };
    let mut active: Vec<&mut Member> = members
        .all_mut()
        .filter(|member| member.is_active())
        .collect();
    let total: i32 = active.iter().map(|member| member.replicas()).sum();
    let to_add = most - total;
    active.sort_by(|one, other| {
        let age = |member: &Member| {
            let created = meta::created(&member.seen.metadata);
            (created, member.seen.name().to_owned())
        };
        let by_age = if to_add > 0 {
            age(other).cmp(&age(one))
        } else {
            age(one).cmp(&age(other))
        };
        other.replicas().cmp(&one.replicas()).then(by_age)
    });
    let mut added = 0;
    let mut sizes = Vec::new();
    for member in &active {
        let share = share(member, deployment, limits, (to_add, added));
        sizes.push(member.replicas() + share);
        added += share;
    }
    if let Some(largest) = sizes.first_mut() {
        *largest = (*largest + to_add - added).max(0);
    }
    for (member, size) in active.into_iter().zip(sizes) {
        member.scale(size, limits);
    }
}

/// How many of the `to_add` replicas, of which `added` are given away, one ReplicaSet gets.
/// Source: `GetReplicaSetProportion`.
fn share(
    member: &Member,
    deployment: &Deployment,
    limits: Limits,
    (to_add, added): (i32, i32),
) -> i32 {
    if to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(member, deployment, limits);
    let allowed = to_add - added;
    if to_add > 0 {
        fraction.min(allowed)
    } else {
        fraction.max(allowed)
    }
}

/// By how much a ReplicaSet would change if it kept its part of the whole.
fn fraction(member: &Member, deployment: &Deployment, limits: Limits) -> i32 {
    let size = member.replicas();
    if limits.replicas == 0 {
        return -size;
    }
    let before = max_replicas(&member.seen)
        .filter(|most| *most != 0)
        .or(deployment.status.replicas)
        .unwrap_or(0);
    if before == 0 {
        return 0;
    }
    let product = i64::from(size) * i64::from(limits.most());
    let before = i64::from(before);
    // Halves round away from zero, as in Go; all numbers here are positive.
    let rounded = (2 * product + before).div_euclid(2 * before);
    i32::try_from(rounded).unwrap_or(i32::MAX) - size
}
