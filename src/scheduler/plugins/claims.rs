//! The claims of a pod: what the plugins for volumes look up.

use crate::api::{PersistentVolumeClaim, Pod, volume};
use crate::scheduler::event::{Change, ClusterEvent};
use crate::scheduler::framework::Refusal;
use crate::scheduler::node_info::{PodInfo, claims_of};
use crate::scheduler::snapshot::Snapshot;

/// The claims that the pod's volumes name themselves, not those made for ephemeral volumes.
///
/// # Errors
/// When one is not there.
pub(super) fn named<'a>(
    pod: &PodInfo,
    snapshot: &'a Snapshot,
) -> Result<Vec<&'a PersistentVolumeClaim>, Refusal> {
    claims_of(&pod.pod)
        .filter(|claim| !claim.is_ephemeral)
        .map(|claim| {
            let found = snapshot.get(pod.namespace(), &claim.name);
            found.ok_or_else(|| Refusal::unresolvable(not_found(&claim.name)))
        })
        .collect()
}

/// `persistentvolumeclaim "disk" not found`
pub(super) fn not_found(claim: &str) -> String {
    format!("persistentvolumeclaim \"{claim}\" not found")
}

/// Whether the claim is bound to its volume for good.
///
/// Unlike Kubernetes: the phase `Bound` counts as well as the annotation of the binder, so that
/// saved clusters without annotations can be read.
pub(super) fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    let is_bound = claim.status.phase.as_deref() == Some("Bound");
    volume::is_fully_bound(claim) || is_bound && !volume::volume_name(claim).is_empty()
}

/// Whether the event is about a claim that the pod uses.
pub(super) fn is_of_own_claim(pod: &Pod, event: &ClusterEvent<'_>) -> bool {
    let is_claim = matches!(event.change, Change::ClaimAdded | Change::ClaimUpdated);
    let Some(object) = event.new.filter(|_| is_claim) else {
        return false;
    };
    object.namespace() == pod.namespace()
        && claims_of(pod).any(|claim| *claim.name == *object.name())
}
