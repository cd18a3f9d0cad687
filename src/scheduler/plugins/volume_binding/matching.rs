//! Finds volumes for claims on one node, or sees whether they can be made there.

use std::collections::BTreeSet;

use super::super::claims;
use super::{SELECTED_NODE, VolumePlan};
use crate::api::core::TopologySelectorTerm;
use crate::api::{PersistentVolume, PersistentVolumeClaim, StorageClass, meta, selector};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::snapshot::Snapshot;

/// What to do for claims that wait for the pod's node; nothing when it cannot be done there.
/// Source: `FindPodVolumes` of `framework/plugins/volumebinding/binder.go`.
pub(super) fn plan(
    waiting: &[&PersistentVolumeClaim],
    snapshot: &Snapshot,
    node: &NodeInfo,
) -> Option<VolumePlan> {
    let mut plan = VolumePlan::default();
    let mut to_provision = Vec::new();
    let mut to_match = Vec::new();
    for claim in waiting {
        match meta::annotation(&claim.metadata, SELECTED_NODE) {
            Some(selected) if selected == &*node.name => to_provision.push(*claim),
            Some(_) => return None,
            None => to_match.push(*claim),
        }
    }
    // The smallest claims choose first, so that large volumes are left for large claims.
    to_match.sort_by_key(|claim| claims::asked(claim));
    let mut taken = BTreeSet::new();
    for claim in to_match {
        match find(claim, snapshot, node, &taken) {
            Some(volume) => {
                taken.insert(volume.name());
                plan.bindings.push((claim.clone(), volume.clone()));
            }
            None => to_provision.push(claim),
        }
    }
    for claim in to_provision {
        if !can_be_made(claim, snapshot, node) {
            return None;
        }
        plan.provisions.push(claim.clone());
    }
    Some(plan)
}

/// The volume that is reserved for the claim, or else the smallest that suits it.
/// Source: `FindMatchingVolume` of `component-helpers/storage/volume`.
fn find<'a>(
    claim: &PersistentVolumeClaim,
    snapshot: &'a Snapshot,
    node: &NodeInfo,
    taken: &BTreeSet<&str>,
) -> Option<&'a PersistentVolume> {
    let mut smallest: Option<&PersistentVolume> = None;
    let class = claims::class_of(claim);
    let same_class = snapshot
        .list::<PersistentVolume>("")
        .filter(|volume| claims::class_of_volume(volume) == class);
    for volume in same_class {
        let is_reserved = volume.spec.claim_ref.is_some();
        let is_mine = is_reserved_for(volume, claim);
        if taken.contains(volume.name())
            || is_reserved && !is_mine
            || claims::capacity(volume) < claims::asked(claim)
            || mode(volume.spec.volume_mode.as_deref()) != mode(claim.spec.volume_mode.as_deref())
            || volume.is_terminating()
        {
            continue;
        }
        let is_reachable = claims::is_reachable(volume, &node.node);
        if is_mine {
            return is_reachable.then_some(volume);
        }
        let is_smaller =
            smallest.is_none_or(|smallest| claims::capacity(volume) < claims::capacity(smallest));
        if is_reachable && is_smaller && suits(volume, claim) {
            smallest = Some(volume);
        }
    }
    smallest
}

fn mode(given: Option<&str>) -> &str {
    given.unwrap_or("Filesystem")
}

fn is_reserved_for(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|wanted| {
        let uid = wanted.uid.as_deref().unwrap_or_default();
        wanted.name.as_deref() == Some(claim.name())
            && wanted.namespace.as_deref().unwrap_or_default() == claim.namespace()
            && (uid.is_empty() || uid == claim.uid())
    })
}

/// Whether a volume that is reserved for nobody is free, picked and can be used as asked.
fn suits(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let picks = claim.spec.selector.as_ref();
    let offered = volume.spec.access_modes.as_deref().unwrap_or_default();
    let mut asked = claim.spec.access_modes.iter().flatten();
    volume.status.phase.as_deref() == Some("Available")
        && picks.is_none_or(|picks| selector::matches(picks, meta::labels(&volume.metadata)))
        && asked.all(|mode| offered.contains(mode))
}

/// Whether the claim's class makes volumes that can be reached from the node.
fn can_be_made(claim: &PersistentVolumeClaim, snapshot: &Snapshot, node: &NodeInfo) -> bool {
    let class: Option<&StorageClass> = snapshot.get("", claims::class_of(claim));
    class.is_some_and(|class| {
        let provisioner = class.spec.provisioner.as_str();
        let topologies = class.spec.allowed_topologies.as_deref().unwrap_or_default();
        !matches!(provisioner, "" | "kubernetes.io/no-provisioner")
            && (topologies.is_empty() || topologies.iter().any(|term| is_in(term, node)))
    })
}

fn is_in(term: &TopologySelectorTerm, node: &NodeInfo) -> bool {
    let requirements = term.match_label_expressions.as_deref().unwrap_or_default();
    !requirements.is_empty()
        && requirements.iter().all(|requirement| {
            let value = node.labels().get(&requirement.key);
            value.is_some_and(|value| requirement.values.contains(value))
        })
}
