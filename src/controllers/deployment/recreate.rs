//! Recreate: all old pods go before the first new one comes.
//! Source: `pkg/controller/deployment/recreate.go`.

use super::limits::Limits;
use super::revision::{Member, Members};
use crate::api::{Deployment, Pod};
use crate::client::Informers;

/// What stands between the old pods and the new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Old ReplicaSets were just told to let go.
    Stopping,
    /// Old pods are still ending.
    Waiting,
    /// The new ReplicaSet may have its pods.
    Starting,
}

/// Tells the old ReplicaSets to let go of their pods, and the new one to make its own when the last
/// old one has ended.
pub(super) fn recreate(
    members: &mut Members,
    deployment: &Deployment,
    caches: &Informers,
) -> Stage {
    let limits = Limits::of(deployment);
    let mut stopping = false;
    for old in members.old.iter_mut().filter(|old| old.is_active()) {
        stopping |= old.scale(0, limits);
    }
    if stopping {
        return Stage::Stopping;
    }
    if members.old.iter().any(|old| has_pods(old, caches)) {
        return Stage::Waiting;
    }
    if let Some(new) = &mut members.new
        && new.replicas() != limits.replicas
    {
        new.scale(limits.replicas, limits);
    }
    Stage::Starting
}

/// Source: `oldPodsRunning`.
fn has_pods(old: &Member, caches: &Informers) -> bool {
    old.seen.status.replicas > 0
        || caches
            .owned_by::<Pod>(old.seen.uid())
            .any(|pod| !pod.is_finished())
}
