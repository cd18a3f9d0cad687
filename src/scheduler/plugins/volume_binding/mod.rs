//! VolumeBinding: whether a pod's claims have volumes on a node, or can get some there.

mod matching;

use std::sync::Arc;

use super::claims;
use super::node_resources_fit::read_shape;
use crate::api::{
    Object, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Typed, volume,
};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{
    Code, Cycle, Filter, Plugin, PreFilter, PreScore, Refusal, Score,
};
use crate::scheduler::node_info::{NodeInfo, PodInfo, claims_of};
use crate::scheduler::snapshot::Snapshot;

const NOT_REACHABLE: &str = "node(s) didn't match PersistentVolume's node affinity";
const NONE_TO_BIND: &str = "node(s) didn't find available persistent volumes to bind";
const NOT_THERE: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/// The plugin. Source: `framework/plugins/volumebinding`.
///
/// Unlike Kubernetes: there are no CSIStorageCapacities, so storage is never short where volumes are
/// made on demand.
#[derive(Debug)]
pub(super) struct VolumeBinding;

/// Makes the plugin from `VolumeBindingArgs`, whose settings are about the pace of real disks and
/// the scores of a feature that is off.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    arguments.only(&["apiVersion", "kind", "bindTimeoutSeconds", "shape"])?;
    arguments.at("bindTimeoutSeconds").integer(0..=i64::MAX)?;
    if arguments.at("shape").is_given() {
        read_shape(&arguments.at("shape"))?;
    }
    Ok(Arc::new(VolumeBinding))
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        match Claims::of(cycle) {
            Err(refusal) => PreFilter::Refuse(refusal),
            Ok(claims) if claims.bound.is_empty() && claims.waiting.is_empty() => PreFilter::Skip,
            Ok(claims) => PreFilter::Check(Box::new(claims)),
        }
    }

    /// Scores nothing, as in kube-scheduler while StorageCapacityScoring is off; it only has a say
    /// at all where volumes that exist would be bound.
    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, feasible: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let Ok(claims) = Claims::of(cycle) else {
            return PreScore::Skip;
        };
        let binds = |node: &&Arc<NodeInfo>| {
            let plan = claims.plan(node);
            plan.is_ok_and(|plan| !plan.bindings.is_empty())
        };
        if !claims.waiting.is_empty() && feasible.iter().any(binds) {
            PreScore::Rate(Box::new(Indifferent))
        } else {
            PreScore::Skip
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod claims no volume"
    }

    fn helped_by(&self) -> &'static str {
        "a volume, a class or a node comes, its claim changes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match (event.change, event.old, event.new) {
            (
                Change::NodeAdded
                | Change::NodeLabels
                | Change::VolumeAdded
                | Change::VolumeUpdated
                | Change::ClassAdded,
                _,
                _,
            ) => true,
            (
                Change::ClassUpdated,
                Some(Object::StorageClass(old)),
                Some(Object::StorageClass(new)),
            ) => old.spec.allowed_topologies != new.spec.allowed_topologies,
            _ => claims::is_of_own_claim(pod, event),
        };
        Hint::from(may_help)
    }
}

struct Indifferent;

impl Score<'_> for Indifferent {
    fn score(&self, _: &NodeInfo) -> i64 {
        0
    }

    fn sentence(&self, _: &NodeInfo) -> String {
        "all nodes are the same to it".to_owned()
    }
}

/// What has to be written before a pod can be bound to a node.
/// Source: `PodVolumes` of `framework/plugins/volumebinding/binder.go`.
#[derive(Clone, Debug, Default)]
pub struct VolumePlan {
    /// Claims and the volumes that they get.
    pub bindings: Vec<(PersistentVolumeClaim, PersistentVolume)>,
    /// Claims for which a volume has to be made on the node.
    pub provisions: Vec<PersistentVolumeClaim>,
}

impl VolumePlan {
    /// The objects as they are to be written, in order: volumes with their claims, then claims with
    /// the node for which their volumes shall be made. Source: `AssumePodVolumes`.
    pub(in crate::scheduler) fn writes(&self, node: &str) -> Vec<Object> {
        let bindings = self.bindings.iter();
        let bindings = bindings.map(|(claim, found)| volume::bound_to(found, claim).into_object());
        let provisions = self.provisions.iter().map(|claim| {
            let mut claim = claim.clone();
            volume::annotate(claim.metadata_mut(), volume::SELECTED_NODE, node);
            claim.into_object()
        });
        bindings.chain(provisions).collect()
    }
}

/// What the pod's volumes need on the node that it goes to; nothing when it does not fit there.
#[must_use]
pub fn volume_plan(pod: &Pod, snapshot: &Snapshot, node: &str) -> Option<VolumePlan> {
    let pod = PodInfo::new(pod.clone());
    let cycle = Cycle {
        pod: &pod,
        snapshot,
    };
    Claims::of(&cycle).ok()?.plan(snapshot.node(node)?).ok()
}

/// The pod's claims, by what is still to be done for them.
#[derive(Clone)]
struct Claims<'a> {
    snapshot: &'a Snapshot,
    bound: Vec<&'a PersistentVolumeClaim>,
    /// Claims that are bound once the pod has a node.
    waiting: Vec<&'a PersistentVolumeClaim>,
}

impl<'a> Claims<'a> {
    fn of(cycle: &Cycle<'a>) -> Result<Self, Refusal> {
        let Cycle { pod, snapshot } = *cycle;
        let mut claims = Self {
            snapshot,
            bound: Vec::new(),
            waiting: Vec::new(),
        };
        let mut is_one_unbound = false;
        for claim in claims_of(&pod.pod) {
            let name = &*claim.name;
            let found: Option<&PersistentVolumeClaim> = snapshot.get(pod.namespace(), name);
            let found = match found {
                Some(found) => found,
                None if claim.is_ephemeral => {
                    return Err(Refusal::unresolvable(format!(
                        "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
                    )));
                }
                None => return Err(Refusal::unresolvable(claims::not_found(name))),
            };
            if let Some(reason) = why_useless(found) {
                return Err(Refusal::unresolvable(reason));
            }
            if claims::is_bound(found) {
                claims.bound.push(found);
            } else if claims.waits(found) {
                claims.waiting.push(found);
            } else {
                is_one_unbound = true;
            }
        }
        if is_one_unbound {
            return Err(Refusal::unresolvable(
                "pod has unbound immediate PersistentVolumeClaims",
            ));
        }
        Ok(claims)
    }

    fn waits(&self, claim: &PersistentVolumeClaim) -> bool {
        let class: Option<&StorageClass> = self.snapshot.get("", volume::class_of(claim));
        volume::volume_name(claim).is_empty() && class.is_some_and(volume::waits_for_pod)
    }

    /// What is to be done on the node, or why it cannot be.
    fn plan(&self, node: &NodeInfo) -> Result<VolumePlan, Refusal> {
        let mut reasons = Vec::new();
        let volumes: Vec<Option<&PersistentVolume>> = self
            .bound
            .iter()
            .map(|claim| self.snapshot.get("", volume::volume_name(claim)))
            .collect();
        let first_bad = volumes
            .iter()
            .find(|found| found.is_none_or(|found| !volume::is_reachable(found, &node.node)));
        if matches!(first_bad, Some(Some(_))) {
            reasons.push(NOT_REACHABLE.into());
        }
        let plan = matching::plan(&self.waiting, self.snapshot, node);
        if plan.is_none() {
            reasons.push(NONE_TO_BIND.into());
        }
        if matches!(first_bad, Some(None)) {
            reasons.push(NOT_THERE.into());
        }
        match plan {
            Some(plan) if reasons.is_empty() => Ok(plan),
            _ => Err(Refusal {
                code: Code::UnschedulableAndUnresolvable,
                reasons,
            }),
        }
    }
}

fn why_useless(claim: &PersistentVolumeClaim) -> Option<String> {
    let name = claim.name();
    if claim.status.phase.as_deref() == Some("Lost") {
        let volume = volume::volume_name(claim);
        return Some(format!(
            "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
        ));
    }
    claim
        .is_terminating()
        .then(|| format!("persistentvolumeclaim \"{name}\" is being deleted"))
}

impl<'a> Filter<'a> for Claims<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        self.plan(node).map(drop)
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let names = |claims: &[&PersistentVolumeClaim]| {
            let names: Vec<&str> = claims.iter().map(|claim| claim.name()).collect();
            names.join(", ")
        };
        let mut parts = Vec::new();
        if !self.bound.is_empty() {
            parts.push(format!("bound already: {}", names(&self.bound)));
        }
        if !self.waiting.is_empty() {
            parts.push(format!(
                "to be bound with the pod: {}",
                names(&self.waiting)
            ));
        }
        if let Ok(plan) = self.plan(node) {
            let volumes = plan.bindings.iter().map(|(_, volume)| volume.name());
            let volumes: Vec<&str> = volumes.collect();
            if !volumes.is_empty() {
                parts.push(format!("free here: {}", volumes.join(", ")));
            }
            if !plan.provisions.is_empty() {
                parts.push(format!("{} can be made here", plan.provisions.len()));
            }
        }
        parts.join("; ")
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
