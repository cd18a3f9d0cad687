//! VolumeRestrictions: disks that one node, or one pod of the cluster, may use at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::claims;
use crate::api::Pod;
use crate::api::core::Volume;
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::{NodeInfo, PodInfo, claims_of};

/// The plugin. Source: `framework/plugins/volumerestrictions`.
#[derive(Debug)]
pub(super) struct VolumeRestrictions;

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let Cycle { pod, snapshot } = *cycle;
        let claims = match claims::named(pod, snapshot) {
            Ok(claims) => claims,
            Err(refusal) => return PreFilter::Refuse(refusal),
        };
        let for_one_pod = claims.iter().filter(|claim| {
            let modes = claim.spec.access_modes.iter().flatten();
            modes.into_iter().any(|mode| mode == "ReadWriteOncePod")
        });
        let own: BTreeSet<Arc<str>> = for_one_pod.map(|claim| claim.name().into()).collect();
        let is_used = |name: &&Arc<str>| {
            let mut placed = snapshot.placed_pods_in(pod.namespace());
            placed.any(|other| uses(other, name))
        };
        let conflicts = own.iter().filter(is_used).count();
        let has_disks = disks(&pod.pod).next().is_some();
        if !has_disks && conflicts == 0 {
            return PreFilter::Skip;
        }
        PreFilter::Check(Box::new(Restrictions {
            pod,
            own,
            conflicts: i64::try_from(conflicts).unwrap_or(i64::MAX),
        }))
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod has neither a disk nor a claim that only one may use"
    }

    fn helped_by(&self) -> &'static str {
        "a pod with the disk or claim leaves, a node comes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::NodeAdded => true,
            Change::PodDeleted => event.leaver().is_some_and(|leaver| {
                let freed: BTreeSet<Arc<str>> = claims_of(leaver).map(|claim| claim.name).collect();
                let shares = leaver.namespace() == pod.namespace()
                    && claims_of(pod).any(|claim| freed.contains(&claim.name));
                shares || disks(pod).any(|disk| disks(leaver).any(|other| conflict(disk, other)))
            }),
            _ => claims::is_of_own_claim(pod, event),
        };
        Hint::from(may_help)
    }
}

fn uses(pod: &PodInfo, claim: &str) -> bool {
    claims_of(&pod.pod).any(|each| !each.is_ephemeral && *each.name == *claim)
}

/// Volumes that name a disk of a kind that cannot be shared freely.
fn disks(pod: &Pod) -> impl Iterator<Item = &Volume> {
    let volumes = pod.spec.volumes.iter().flatten();
    volumes.filter(|volume| {
        volume.gce_persistent_disk.is_some()
            || volume.aws_elastic_block_store.is_some()
            || volume.rbd.is_some()
            || volume.iscsi.is_some()
    })
}

/// Whether both volumes are the same disk and one of them writes. EBS disks conflict in any case.
fn conflict(one: &Volume, two: &Volume) -> bool {
    let writes = |one: Option<bool>, two: Option<bool>| one != Some(true) || two != Some(true);
    if let (Some(one), Some(two)) = (&one.gce_persistent_disk, &two.gce_persistent_disk)
        && one.pd_name == two.pd_name
        && writes(one.read_only, two.read_only)
    {
        return true;
    }
    if let (Some(one), Some(two)) = (&one.aws_elastic_block_store, &two.aws_elastic_block_store)
        && one.volume_id == two.volume_id
    {
        return true;
    }
    if let (Some(one), Some(two)) = (&one.iscsi, &two.iscsi)
        && one.iqn == two.iqn
        && writes(one.read_only, two.read_only)
    {
        return true;
    }
    if let (Some(one), Some(two)) = (&one.rbd, &two.rbd) {
        let shares = one
            .monitors
            .iter()
            .any(|monitor| two.monitors.contains(monitor));
        return shares
            && one.pool.as_deref().unwrap_or("rbd") == two.pool.as_deref().unwrap_or("rbd")
            && one.image == two.image
            && writes(one.read_only, two.read_only);
    }
    false
}

#[derive(Clone)]
struct Restrictions<'a> {
    pod: &'a PodInfo,
    /// Claims that only one pod may use.
    own: BTreeSet<Arc<str>>,
    /// How many of them some pod uses.
    conflicts: i64,
}

impl Restrictions<'_> {
    fn count(&mut self, other: &PodInfo, times: i64) {
        if other.namespace() == self.pod.namespace() {
            let shared = claims_of(&other.pod).filter(|claim| self.own.contains(&claim.name));
            self.conflicts += times * i64::try_from(shared.count()).unwrap_or(i64::MAX);
        }
    }
}

impl<'a> Filter<'a> for Restrictions<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let is_taken = |disk: &Volume| {
            let mut there = node.pods.iter().flat_map(|pod| disks(&pod.pod));
            there.any(|other| conflict(disk, other))
        };
        if disks(&self.pod.pod).any(is_taken) {
            return Err(Refusal::unschedulable("node(s) had no available disk"));
        }
        if self.conflicts > 0 {
            return Err(Refusal::unschedulable(
                "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
            ));
        }
        Ok(())
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let disks = disks(&self.pod.pod).count();
        let there = node
            .pods
            .iter()
            .flat_map(|pod| self::disks(&pod.pod))
            .count();
        format!(
            "{disks} disks wanted, {there} in use on the node; {} claims that only one pod may use are taken",
            self.conflicts
        )
    }

    fn pod_added(&mut self, pod: &PodInfo, _: &NodeInfo) {
        self.count(pod, 1);
    }

    fn pod_removed(&mut self, pod: &PodInfo, _: &NodeInfo) {
        self.count(pod, -1);
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
