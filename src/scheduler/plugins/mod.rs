//! The default plugins of kube-scheduler, one file each, and the table by which profiles find them.

mod claims;
mod default_binder;
mod default_preemption;
mod image_locality;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_balanced_allocation;
mod node_resources_fit;
mod node_unschedulable;
mod node_volume_limits;
mod pod_topology_spread;
mod priority_sort;
mod resource_allocation;
mod scheduling_gates;
mod taint_toleration;
mod volume_binding;
mod volume_restrictions;
mod volume_zone;

use std::sync::Arc;

pub use volume_binding::{VolumePlan, volume_plan};

use super::config_field::{ConfigError, Field};
use super::framework::Plugin;
use super::framework::Point::{
    self, Bind, Filter, PostFilter, PreBind, PreEnqueue, PreFilter, PreScore, QueueSort, Reserve,
    Score,
};

/// What the build of a plugin gives.
type Built = Result<Arc<dyn Plugin>, ConfigError>;

/// A line of the table of plugins.
pub(super) struct Entry {
    /// The name in configurations and messages.
    pub(super) name: &'static str,
    /// The weight of its scores in the default profile; 0 for plugins that do not score.
    pub(super) weight: i64,
    /// The points at which it has something to say.
    pub(super) points: &'static [Point],
    /// Makes it from its arguments.
    pub(super) build: fn(&Field<'_>) -> Built,
}

const fn entry(
    name: &'static str,
    weight: i64,
    points: &'static [Point],
    build: fn(&Field<'_>) -> Built,
) -> Entry {
    Entry {
        name,
        weight,
        points,
        build,
    }
}

/// All plugins, in the order of the default profile.
/// Source: `getDefaultPlugins` of `pkg/scheduler/apis/config/v1/default_plugins.go`.
///
/// Unlike Kubernetes: DynamicResources is left out; there are no resource claims.
pub(super) const REGISTRY: &[Entry] = &[
    entry("SchedulingGates", 0, &[PreEnqueue], |arguments| {
        plain(arguments, scheduling_gates::SchedulingGates)
    }),
    entry("PrioritySort", 0, &[QueueSort], |arguments| {
        plain(arguments, priority_sort::PrioritySort)
    }),
    entry("NodeUnschedulable", 0, &[Filter], |arguments| {
        plain(arguments, node_unschedulable::NodeUnschedulable)
    }),
    entry("NodeName", 0, &[Filter], |arguments| {
        plain(arguments, node_name::NodeName)
    }),
    entry(
        "TaintToleration",
        3,
        &[Filter, PreScore, Score],
        |arguments| plain(arguments, taint_toleration::TaintToleration),
    ),
    entry("NodeAffinity", 2, FOUR, node_affinity::build),
    entry("NodePorts", 0, &[PreFilter, Filter], |arguments| {
        plain(arguments, node_ports::NodePorts)
    }),
    entry("NodeResourcesFit", 1, FOUR, node_resources_fit::build),
    entry("VolumeRestrictions", 0, &[PreFilter, Filter], |arguments| {
        plain(arguments, volume_restrictions::VolumeRestrictions)
    }),
    entry("NodeVolumeLimits", 0, &[PreFilter, Filter], |arguments| {
        plain(arguments, node_volume_limits::NodeVolumeLimits)
    }),
    entry(
        "VolumeBinding",
        0,
        &[PreFilter, Filter, Reserve, PreBind, PreScore, Score],
        volume_binding::build,
    ),
    entry("VolumeZone", 0, &[PreFilter, Filter], |arguments| {
        plain(arguments, volume_zone::VolumeZone)
    }),
    entry("PodTopologySpread", 2, FOUR, pod_topology_spread::build),
    entry("InterPodAffinity", 2, FOUR, inter_pod_affinity::build),
    entry(
        "DefaultPreemption",
        0,
        &[PostFilter],
        default_preemption::build,
    ),
    entry(
        "NodeResourcesBalancedAllocation",
        1,
        &[PreScore, Score],
        node_resources_balanced_allocation::build,
    ),
    entry("ImageLocality", 1, &[Score], |arguments| {
        plain(arguments, image_locality::ImageLocality)
    }),
    entry("DefaultBinder", 0, &[Bind], |arguments| {
        plain(arguments, default_binder::DefaultBinder)
    }),
];

/// The plugin of this name.
///
/// # Errors
/// Says which name is nearest.
pub(super) fn named(name: &str) -> Result<&'static Entry, String> {
    let found = REGISTRY.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| {
        let distance = |entry: &&Entry| strsim::levenshtein(entry.name, name);
        let nearest = REGISTRY.iter().min_by_key(distance);
        let nearest = nearest.map_or("", |entry| entry.name);
        format!("plugin \"{name}\" does not exist; the nearest name is \"{nearest}\"")
    })
}

/// The points of plugins that filter and score and prepare both.
const FOUR: &[Point] = &[PreFilter, Filter, PreScore, Score];

/// A plugin without arguments.
fn plain(arguments: &Field<'_>, plugin: impl Plugin + 'static) -> Built {
    if arguments.is_given() {
        Err(arguments.error("the plugin takes no arguments"))
    } else {
        Ok(Arc::new(plugin))
    }
}
