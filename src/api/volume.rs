//! Volumes and their claims: what the binder, the scheduler and the API server ask of them alike.
//! Source: `k8s.io/component-helpers/storage/volume`.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::{
    Node, ObjectMeta, PersistentVolume, PersistentVolumeClaim, Pod, Quantity, StorageClass, core,
    meta, node_affinity, requests, selector,
};

/// On a claim that is bound for good.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// On a volume or claim that a controller bound, not a person.
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// On a volume that was made for its claim: by whom.
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// On a claim: the node of the pod for which its volume shall be made.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// On a claim: who shall make its volume; the second name is the older one.
pub const STORAGE_PROVISIONER: [&str; 2] = [
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
];

/// Holds a claim until no pod uses it.
pub const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";

/// Holds a volume until it is not bound.
pub const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";

/// Where the class was written before it had a field.
pub const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// On the class that claims without one get.
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// The name of the claim's class; empty without one.
#[must_use]
pub fn class_of(claim: &PersistentVolumeClaim) -> &str {
    meta::annotation(&claim.metadata, CLASS_ANNOTATION)
        .or(claim.spec.storage_class_name.as_deref())
        .unwrap_or_default()
}

/// The name of the volume's class; empty without one.
#[must_use]
pub fn class_of_volume(volume: &PersistentVolume) -> &str {
    meta::annotation(&volume.metadata, CLASS_ANNOTATION)
        .or(volume.spec.storage_class_name.as_deref())
        .unwrap_or_default()
}

/// Whether the claim says which class it wants, if only the empty one.
#[must_use]
pub fn names_class(claim: &PersistentVolumeClaim) -> bool {
    claim.spec.storage_class_name.is_some()
        || meta::annotation(&claim.metadata, CLASS_ANNOTATION).is_some()
}

/// The class that claims without one get: of several the newest.
/// Source: `GetDefaultClass` of `pkg/volume/util`.
pub fn default_class<'a>(
    classes: impl Iterator<Item = &'a StorageClass>,
) -> Option<&'a StorageClass> {
    let defaults =
        classes.filter(|class| meta::annotation(&class.metadata, IS_DEFAULT) == Some("true"));
    defaults.min_by_key(|class| {
        let age = std::cmp::Reverse(meta::created(&class.metadata));
        (age, class.name().to_owned())
    })
}

/// The name of the volume that the claim is bound to, or shall be; empty without one.
#[must_use]
pub fn volume_name(claim: &PersistentVolumeClaim) -> &str {
    claim.spec.volume_name.as_deref().unwrap_or_default()
}

/// Whether the claim is bound to its volume for good.
#[must_use]
pub fn is_fully_bound(claim: &PersistentVolumeClaim) -> bool {
    !volume_name(claim).is_empty() && has_annotation(&claim.metadata, BIND_COMPLETED)
}

/// Whether claims of the class are bound only once a pod that uses them has a node.
#[must_use]
pub fn waits_for_pod(class: &StorageClass) -> bool {
    class.spec.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// Whether the volume can be used on the node.
#[must_use]
pub fn is_reachable(volume: &PersistentVolume, node: &Node) -> bool {
    let affinity = volume.spec.node_affinity.as_ref();
    let required = affinity.and_then(|affinity| affinity.required.as_ref());
    required.is_none_or(|selector| node_affinity::matches(selector, node))
}

/// How much the claim asks for.
#[must_use]
pub fn asked(claim: &PersistentVolumeClaim) -> Quantity {
    let resources = claim.spec.resources.as_ref();
    storage(resources.and_then(|resources| resources.requests.as_ref()))
}

/// How much the volume has.
#[must_use]
pub fn capacity(volume: &PersistentVolume) -> Quantity {
    storage(volume.spec.capacity.as_ref())
}

/// How much storage is in a list of amounts.
#[must_use]
pub fn storage(list: Option<&BTreeMap<String, OfficialQuantity>>) -> Quantity {
    let list = requests::read_list(list);
    list.get("storage").copied().unwrap_or(Quantity::ZERO)
}

/// Whether the volume is used as the claim wants to: as files or as a block device.
#[must_use]
pub fn is_of_mode(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let mode = |given: &Option<String>| given.as_deref().unwrap_or("Filesystem").to_owned();
    mode(&volume.spec.volume_mode) == mode(&claim.spec.volume_mode)
}

/// Whether the volume offers each access mode that the claim asks for.
#[must_use]
pub fn offers_modes(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let offered = volume.spec.access_modes.as_deref().unwrap_or_default();
    let mut asked = claim.spec.access_modes.iter().flatten();
    asked.all(|mode| offered.contains(mode))
}

/// Whether the volume is for this claim, by its name and, once somebody wrote it, by its uid.
/// Source: `IsVolumeBoundToClaim`.
#[must_use]
pub fn is_for(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|wanted| {
        let uid = wanted.uid.as_deref().unwrap_or_default();
        wanted.name.as_deref() == Some(claim.name())
            && wanted.namespace.as_deref().unwrap_or_default() == claim.namespace()
            && (uid.is_empty() || uid == claim.uid())
    })
}

/// Where a volume is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// On this node, for a pod; nowhere in particular without one.
    pub node: Option<&'a Node>,
    /// Whether claims of the class wait for their pod.
    pub waits_for_pod: bool,
    /// Volumes that others are about to get.
    pub taken: &'a BTreeSet<&'a str>,
}

/// The volume that is reserved for the claim, or else the smallest that suits it.
/// Source: `FindMatchingVolume`.
pub fn find_match<'v>(
    claim: &PersistentVolumeClaim,
    volumes: impl Iterator<Item = &'v PersistentVolume>,
    search: Search<'_>,
) -> Option<&'v PersistentVolume> {
    let mut smallest: Option<&PersistentVolume> = None;
    for volume in volumes {
        let is_mine = is_for(volume, claim);
        if search.taken.contains(volume.name())
            || volume.spec.claim_ref.is_some() && !is_mine
            || capacity(volume) < asked(claim)
            || !is_of_mode(volume, claim)
            || volume.is_terminating()
        {
            continue;
        }
        let reaches = search.node.is_none_or(|node| is_reachable(volume, node));
        if is_mine {
            return reaches.then_some(volume);
        }
        let is_left_to_scheduler = search.node.is_none() && search.waits_for_pod;
        let is_smaller = smallest.is_none_or(|smallest| capacity(volume) < capacity(smallest));
        if !is_left_to_scheduler && reaches && is_smaller && suits(volume, claim) {
            smallest = Some(volume);
        }
    }
    smallest
}

/// Whether a volume that is reserved for nobody is free, picked and can be used as asked.
fn suits(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let picks = claim.spec.selector.as_ref();
    volume.status.phase.as_deref() == Some("Available")
        && picks.is_none_or(|picks| selector::matches(picks, meta::labels(&volume.metadata)))
        && class_of_volume(volume) == class_of(claim)
        && offers_modes(volume, claim)
}

/// The volume as it is to be written when the claim gets it. Source: `GetBindVolumeToClaim`.
#[must_use]
pub fn bound_to(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> PersistentVolume {
    let mut bound = volume.clone();
    if !is_for(volume, claim) {
        annotate(bound.metadata_mut(), BOUND_BY_CONTROLLER, "yes");
    }
    let is_complete = volume.spec.claim_ref.as_ref().is_some_and(|known| {
        is_for(volume, claim) && known.uid.as_deref().is_some_and(|uid| !uid.is_empty())
    });
    if !is_complete {
        bound.spec_mut().claim_ref = Some(reference(claim));
    }
    bound
}

/// A reference to the claim as volumes hold it.
#[must_use]
pub fn reference(claim: &PersistentVolumeClaim) -> core::ObjectReference {
    core::ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("PersistentVolumeClaim".to_owned()),
        name: Some(claim.name().to_owned()),
        namespace: Some(claim.namespace().to_owned()),
        resource_version: claim.metadata.resource_version.clone(),
        uid: Some(claim.uid().to_owned()),
        field_path: None,
    }
}

/// Whether there is such an annotation, whatever it says.
#[must_use]
pub fn has_annotation(metadata: &ObjectMeta, name: &str) -> bool {
    meta::annotation(metadata, name).is_some()
}

/// Writes an annotation.
pub fn annotate(metadata: &mut ObjectMeta, name: &str, value: &str) {
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.insert(name.to_owned(), value.to_owned());
}

/// The drivers whose volumes a node can use only once they are attached to it.
const ATTACHING: [&str; 3] = [
    "disk.csi.azure.com",
    "ebs.csi.aws.com",
    "pd.csi.storage.gke.io",
];

/// What a node's status calls the volume while it is attached; none for one that need not be.
/// Source: `GetUniqueVolumeName` of `pkg/volume/util`.
#[must_use]
pub fn attachment(volume: &PersistentVolume) -> Option<String> {
    let source = volume.spec.csi.as_ref()?;
    let (driver, handle) = (&source.driver, &source.volume_handle);
    ATTACHING
        .contains(&driver.as_str())
        .then(|| format!("kubernetes.io/csi/{driver}^{handle}"))
}

/// Whether several nodes may have the volume attached at once.
/// Source: `isMultiAttachForbidden` of `pkg/controller/volume/attachdetach`.
#[must_use]
pub fn is_shared(volume: &PersistentVolume) -> bool {
    let modes = volume.spec.access_modes.as_deref().unwrap_or_default();
    let is_for_many = |mode: &String| mode == "ReadWriteMany" || mode == "ReadOnlyMany";
    modes.is_empty() || modes.iter().any(is_for_many)
}

/// What is attached to the node.
pub fn attached(node: &Node) -> impl Iterator<Item = &str> {
    let attached = node.status.volumes_attached.iter().flatten();
    attached.map(|volume| volume.name.as_str())
}

/// The names of the claims that the pod's volumes stand for.
pub fn claims(pod: &Pod) -> impl Iterator<Item = &str> {
    let volumes = pod.spec.volumes.iter().flatten();
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|claim| claim.claim_name.as_str())
}
