//! The claims of a pod, and what stands behind them: what the plugins for volumes look up.

use crate::api::{
    Node, PersistentVolume, PersistentVolumeClaim, Pod, Quantity, StorageClass, meta,
    node_affinity, requests,
};
use crate::scheduler::event::{Change, ClusterEvent};
use crate::scheduler::framework::Refusal;
use crate::scheduler::node_info::{PodInfo, claims_of};
use crate::scheduler::snapshot::Snapshot;

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const BOUND_ANNOTATION: &str = "pv.kubernetes.io/bind-completed";

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

/// The name of the claim's class; empty without one.
/// Source: `GetPersistentVolumeClaimClass` of `component-helpers/storage/volume`.
pub(super) fn class_of(claim: &PersistentVolumeClaim) -> &str {
    meta::annotation(&claim.metadata, CLASS_ANNOTATION)
        .or(claim.spec.storage_class_name.as_deref())
        .unwrap_or_default()
}

/// The name of the volume's class; empty without one.
pub(super) fn class_of_volume(volume: &PersistentVolume) -> &str {
    meta::annotation(&volume.metadata, CLASS_ANNOTATION)
        .or(volume.spec.storage_class_name.as_deref())
        .unwrap_or_default()
}

/// The name of the volume that the claim is bound to, or shall be; empty without one.
pub(super) fn volume_name(claim: &PersistentVolumeClaim) -> &str {
    claim.spec.volume_name.as_deref().unwrap_or_default()
}

/// Whether the claim is bound to its volume for good.
///
/// Unlike Kubernetes: the phase `Bound` counts as well as the annotation of the binder, so that
/// saved clusters without annotations can be read.
pub(super) fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    let is_complete = meta::annotation(&claim.metadata, BOUND_ANNOTATION).is_some()
        || claim.status.phase.as_deref() == Some("Bound");
    !volume_name(claim).is_empty() && is_complete
}

/// Whether claims of the class are bound only once a pod that uses them has a node.
pub(super) fn waits_for_pod(class: &StorageClass) -> bool {
    class.spec.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// Whether the volume can be used on the node.
/// Source: `CheckNodeAffinity` of `component-helpers/storage/volume`.
pub(super) fn is_reachable(volume: &PersistentVolume, node: &Node) -> bool {
    let affinity = volume.spec.node_affinity.as_ref();
    let required = affinity.and_then(|affinity| affinity.required.as_ref());
    required.is_none_or(|selector| node_affinity::matches(selector, node))
}

/// How much the claim asks for.
pub(super) fn asked(claim: &PersistentVolumeClaim) -> Quantity {
    let resources = claim.spec.resources.as_ref();
    let list = resources.and_then(|resources| resources.requests.as_ref());
    storage(&requests::read_list(list))
}

/// How much the volume has.
pub(super) fn capacity(volume: &PersistentVolume) -> Quantity {
    storage(&requests::read_list(volume.spec.capacity.as_ref()))
}

fn storage(list: &requests::ResourceList) -> Quantity {
    list.get("storage").copied().unwrap_or(Quantity::ZERO)
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
