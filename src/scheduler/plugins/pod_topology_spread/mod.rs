//! PodTopologySpread: how evenly the pods of a group stand over zones, nodes or other topologies.

mod constraint;
mod filtering;
mod scoring;

use std::sync::Arc;

use self::constraint::{Constraint, own_or_default};
use crate::api::core::TopologySpreadConstraint;
use crate::api::meta;
use crate::api::{Node, Pod};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Plugin, PreFilter, PreScore};
use crate::scheduler::node_info::NodeInfo;

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
const HARD: &str = "DoNotSchedule";
const SOFT: &str = "ScheduleAnyway";

/// The plugin. Source: `framework/plugins/podtopologyspread`.
#[derive(Debug)]
pub(super) struct PodTopologySpread {
    /// What counts for pods without constraints of their own.
    defaults: Defaults,
}

/// The constraints of pods without constraints of their own.
#[derive(Clone, Debug, PartialEq)]
enum Defaults {
    /// Those that Kubernetes brings: soft, over nodes and zones, also where nodes have no zone.
    System,
    /// Those of the configuration.
    List(Vec<TopologySpreadConstraint>),
}

impl Defaults {
    fn constraints(&self) -> Vec<TopologySpreadConstraint> {
        let soft = |key: &str, max_skew: i32| TopologySpreadConstraint {
            topology_key: key.to_owned(),
            max_skew,
            when_unsatisfiable: SOFT.to_owned(),
            ..TopologySpreadConstraint::default()
        };
        match self {
            Self::System => vec![soft(HOSTNAME, 3), soft(ZONE, 5)],
            Self::List(list) => list.clone(),
        }
    }
}

/// Makes the plugin from `PodTopologySpreadArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    arguments.only(&["apiVersion", "kind", "defaultConstraints", "defaultingType"])?;
    let list = arguments.at("defaultConstraints");
    let kind = arguments.at("defaultingType");
    let is_list = kind.choice(&["System", "List"])? == Some(1);
    if !is_list && !list.items()?.is_empty() {
        return Err(kind.error("when .defaultingType is System, .defaultConstraints must be empty"));
    }
    for item in list.items()? {
        item.at("maxSkew").integer(1..=i64::from(i32::MAX))?;
        item.at("topologyKey").required_text()?;
        item.at("whenUnsatisfiable").choice(&[HARD, SOFT])?;
        if item.at("labelSelector").is_given() {
            let field = item.at("labelSelector");
            return Err(
                field.error("constraint must not define a selector, as they deduced for each pod")
            );
        }
    }
    let defaults = if is_list {
        Defaults::List(list.decode()?)
    } else {
        Defaults::System
    };
    Ok(Arc::new(PodTopologySpread { defaults }))
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        filtering::pre_filter(self, cycle)
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, feasible: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        scoring::pre_score(self, cycle, feasible)
    }

    fn nothing_to_check(&self) -> &'static str {
        "no spread constraint says DoNotSchedule"
    }

    fn helped_by(&self) -> &'static str {
        "a pod of its group comes or goes, a node changes its topology"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let Ok(constraints) = own_or_default(self, pod, HARD, None) else {
            return Hint::Queue;
        };
        let may_help = match event.change {
            Change::PodAdded | Change::PodDeleted | Change::PodLabels => {
                pod_event_helps(pod, event, &constraints)
            }
            Change::NodeAdded | Change::NodeDeleted | Change::NodeLabels => {
                node_event_helps(event, &constraints)
            }
            _ => false,
        };
        Hint::from(may_help)
    }
}

/// A pod of the group that comes, goes or changes its group moves the balance.
fn pod_event_helps(pod: &Pod, event: &ClusterEvent<'_>, constraints: &[Constraint]) -> bool {
    if event.is_of(pod) {
        return event.change == Change::PodLabels;
    }
    let (old, new) = event.pods();
    let in_namespace = |other: &&Pod| other.namespace() == pod.namespace();
    let is_picked = |other: Option<&Pod>, constraint: &Constraint| {
        let other = other.filter(in_namespace);
        other.is_some_and(|other| constraint.picks(meta::labels(&other.metadata)))
    };
    constraints
        .iter()
        .any(|constraint| is_picked(old, constraint) != is_picked(new, constraint))
}

/// A node that gets or loses a topology that the pod spreads over moves the balance.
fn node_event_helps(event: &ClusterEvent<'_>, constraints: &[Constraint]) -> bool {
    let (old, new) = event.nodes();
    let has_all = |node: &Node| {
        let labels = meta::labels(&node.metadata);
        constraint::has_all_topologies(labels, constraints)
    };
    match (old, new) {
        (Some(old), Some(new)) => {
            let value = |node: &Node, key: &str| meta::labels(&node.metadata).get(key).cloned();
            let moved = constraints.iter().any(|constraint| {
                value(old, &constraint.topology_key) != value(new, &constraint.topology_key)
            });
            moved && (has_all(old) || has_all(new))
        }
        (only, None) | (None, only) => only.is_some_and(has_all),
    }
}
