//! NodeVolumeLimits: how many volumes of a driver a node can have attached.

use std::collections::{BTreeMap, BTreeSet};

use super::claims;
use crate::api::{PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, volume};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::{NodeInfo, PodInfo, claims_of};
use crate::scheduler::snapshot::Snapshot;

/// What a node's allocatable calls the limit of a driver.
const LIMIT_PREFIX: &str = "attachable-volumes-csi-";

/// The plugin. Source: `framework/plugins/nodevolumelimits/csi.go`.
///
/// Unlike Kubernetes: there are no CSINodes, so the limit of a driver is read where nodes reported
/// it before, from `attachable-volumes-csi-DRIVER` of their allocatable.
#[derive(Debug)]
pub(super) struct NodeVolumeLimits;

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let Cycle { pod, snapshot } = *cycle;
        let wanted = attachments(pod, snapshot);
        if wanted.is_empty() {
            PreFilter::Skip
        } else {
            PreFilter::Check(Box::new(Limits { wanted, snapshot }))
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "nothing has to be attached for the pod"
    }

    fn helped_by(&self) -> &'static str {
        "a pod with volumes leaves, a node comes or has more"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::NodeAdded | Change::NodeAllocatable => true,
            Change::PodDeleted => event
                .leaver()
                .is_some_and(|leaver| claims_of(leaver).next().is_some()),
            Change::ClaimAdded => claims::is_of_own_claim(pod, event),
            _ => false,
        };
        Hint::from(may_help)
    }
}

/// A driver, and what it calls a volume.
type Attachment = (String, String);

/// What has to be attached for the pod. Claims and volumes that are not there are passed over: a
/// volume that does not exist is not attached.
fn attachments(pod: &PodInfo, snapshot: &Snapshot) -> BTreeSet<Attachment> {
    let claims = claims_of(&pod.pod);
    let found = claims.filter_map(|claim| {
        let claim: &PersistentVolumeClaim = snapshot.get(pod.namespace(), &claim.name)?;
        let volume: Option<&PersistentVolume> = snapshot.get("", volume::volume_name(claim));
        if let Some(volume) = volume {
            let source = volume.spec.csi.as_ref()?;
            return Some((source.driver.clone(), source.volume_handle.clone()));
        }
        let class: &StorageClass = snapshot.get("", volume::class_of(claim))?;
        let handle = format!("{}/{}", claim.namespace(), claim.name());
        Some((class.spec.provisioner.clone(), handle))
    });
    found.collect()
}

#[derive(Clone)]
struct Limits<'a> {
    wanted: BTreeSet<Attachment>,
    snapshot: &'a Snapshot,
}

impl<'a> Filter<'a> for Limits<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let mut limits: BTreeMap<&str, i64> = BTreeMap::new();
        for (name, limit) in &node.allocatable.scalar {
            if let Some(driver) = name.strip_prefix(LIMIT_PREFIX) {
                limits.insert(driver, *limit);
            }
        }
        if limits.is_empty() {
            return Ok(());
        }
        let there = node.pods.iter();
        let there: BTreeSet<Attachment> = there
            .flat_map(|pod| attachments(pod, self.snapshot))
            .collect();
        let new = self.wanted.difference(&there);
        let drivers: BTreeSet<&str> = new.map(|(driver, _)| driver.as_str()).collect();
        let all: Vec<&Attachment> = there.union(&self.wanted).collect();
        for driver in drivers {
            let count = all.iter().filter(|(each, _)| each == driver).count();
            let limit = limits.get(driver).copied().unwrap_or(i64::MAX);
            if i64::try_from(count).unwrap_or(i64::MAX) > limit {
                return Err(Refusal::unschedulable("node(s) exceed max volume count"));
            }
        }
        Ok(())
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let there = node.pods.iter();
        let there: BTreeSet<Attachment> = there
            .flat_map(|pod| attachments(pod, self.snapshot))
            .collect();
        let limits = node.allocatable.scalar.iter().filter_map(|(name, limit)| {
            let driver = name.strip_prefix(LIMIT_PREFIX)?;
            Some(format!("{driver} up to {limit}"))
        });
        let limits: Vec<String> = limits.collect();
        let limits = match limits[..] {
            [] => "the node has no limit".to_owned(),
            _ => format!("the node takes {}", limits.join(", ")),
        };
        let (wanted, there) = (self.wanted.len(), there.len());
        format!("{wanted} volumes to attach, {there} attached; {limits}")
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
