//! Finds volumes for claims on one node, or sees whether they can be made there.

use std::collections::BTreeSet;

use super::VolumePlan;
use crate::api::core::TopologySelectorTerm;
use crate::api::volume::{self, Search};
use crate::api::{PersistentVolume, PersistentVolumeClaim, StorageClass, meta};
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
        match meta::annotation(&claim.metadata, volume::SELECTED_NODE) {
            Some(selected) if selected == &*node.name => to_provision.push(*claim),
            Some(_) => return None,
            None => to_match.push(*claim),
        }
    }
    // The smallest claims choose first, so that large volumes are left for large claims.
    to_match.sort_by_key(|claim| volume::asked(claim));
    let mut taken = BTreeSet::new();
    for claim in to_match {
        let class = volume::class_of(claim);
        let of_class = snapshot
            .list::<PersistentVolume>("")
            .filter(|volume| volume::class_of_volume(volume) == class);
        let search = Search {
            node: Some(&node.node),
            waits_for_pod: true,
            taken: &taken,
        };
        match volume::find_match(claim, of_class, search) {
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

/// Whether the claim's class makes volumes that can be reached from the node.
fn can_be_made(claim: &PersistentVolumeClaim, snapshot: &Snapshot, node: &NodeInfo) -> bool {
    let class: Option<&StorageClass> = snapshot.get("", volume::class_of(claim));
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
