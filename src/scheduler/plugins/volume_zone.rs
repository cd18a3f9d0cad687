//! VolumeZone: a pod goes where its volumes are, by the zone and region labels of the volumes.

use std::collections::BTreeSet;

use super::claims;
use crate::api::{Object, PersistentVolume, Pod, StorageClass, meta, volume};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::NodeInfo;

/// Labels of volumes and nodes, the older names first, and the newer name of each.
const LABELS: [(&str, &str); 4] = [
    (
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/zone",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/region",
    ),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    (
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/region",
    ),
];

/// The plugin. Source: `framework/plugins/volumezone`.
#[derive(Debug)]
pub(super) struct VolumeZone;

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        match zones_of_volumes(cycle) {
            Err(refusal) => PreFilter::Refuse(refusal),
            Ok(zones) if zones.is_empty() => PreFilter::Skip,
            Ok(zones) => PreFilter::Check(Box::new(Zones(zones))),
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "no volume of the pod is bound to a zone"
    }

    fn helped_by(&self) -> &'static str {
        "a volume or a node comes or changes, its claim changes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match (event.change, event.old, event.new) {
            (Change::NodeAdded | Change::NodeLabels | Change::VolumeAdded, _, _) => true,
            (Change::ClassAdded, _, Some(Object::StorageClass(class))) => {
                volume::waits_for_pod(class)
            }
            (
                Change::VolumeUpdated,
                Some(Object::PersistentVolume(old)),
                Some(Object::PersistentVolume(new)),
            ) => zones_of(old) != zones_of(new),
            _ => claims::is_of_own_claim(pod, event),
        };
        Hint::from(may_help)
    }
}

/// A label and its newer name, and the values of it with which the volume can be reached.
type Zone = (&'static str, &'static str, BTreeSet<String>);

fn zones_of_volumes(cycle: &Cycle<'_>) -> Result<Vec<Zone>, Refusal> {
    let mut zones = Vec::new();
    for claim in claims::named(cycle.pod, cycle.snapshot)? {
        let name = volume::volume_name(claim);
        if name.is_empty() {
            let class = volume::class_of(claim);
            if class.is_empty() {
                return Err(Refusal::unresolvable(
                    "PersistentVolumeClaim had no pv name and storageClass name",
                ));
            }
            let found: Option<&StorageClass> = cycle.snapshot.get("", class);
            let found = found.ok_or_else(|| {
                let reason = format!("storageclass.storage.k8s.io \"{class}\" not found");
                Refusal::unresolvable(reason)
            })?;
            if !volume::waits_for_pod(found) {
                return Err(Refusal::unresolvable("PersistentVolume had no name"));
            }
            continue;
        }
        let volume: Option<&PersistentVolume> = cycle.snapshot.get("", name);
        let volume = volume.ok_or_else(|| {
            Refusal::unresolvable(format!("persistentvolume \"{name}\" not found"))
        })?;
        zones.extend(zones_of(volume));
    }
    Ok(zones)
}

/// The volume's labels of zones and regions; several values are joined with `__`. A label with an
/// empty value among them is passed over.
fn zones_of(volume: &PersistentVolume) -> Vec<Zone> {
    let labels = meta::labels(&volume.metadata);
    let found = LABELS.iter().filter_map(|(label, newer)| {
        let values = labels
            .get(*label)?
            .split("__")
            .map(|value| value.trim().to_owned());
        let values: BTreeSet<String> = values.collect();
        (!values.contains("")).then_some((*label, *newer, values))
    });
    found.collect()
}

#[derive(Clone)]
struct Zones(Vec<Zone>);

impl<'a> Filter<'a> for Zones {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let has_any = LABELS.iter().any(|(label, _)| node.label(label).is_some());
        let fits = |(label, newer, values): &Zone| {
            let value = node.label(label).or_else(|| node.label(newer));
            value.is_some_and(|value| values.contains(value))
        };
        if !has_any || self.0.iter().all(fits) {
            Ok(())
        } else {
            Err(Refusal::unresolvable(
                "node(s) had no available volume zone",
            ))
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let zones = self.0.iter().map(|(label, newer, values)| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let here = node.label(label).or_else(|| node.label(newer));
            format!(
                "{label} of the volume: {}, of the node: {}",
                values.join(", "),
                here.unwrap_or("none")
            )
        });
        zones.collect::<Vec<_>>().join("; ")
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
