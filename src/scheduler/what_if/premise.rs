//! One thing that is imagined to be different, and what it makes of the pod, the cluster, the profile.

use std::fmt;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;
use serde_json::{Value, json};

use crate::api::{Node, Pod, Quantity, Typed, core, requests};
use crate::apiserver::{FieldError, scheduling_problems};
use crate::scheduler::amounts::is_scalar;
use crate::scheduler::profile::Profile;
use crate::scheduler::snapshot::Snapshot;

/// The plugin that a strategy belongs to.
const FIT: &str = "NodeResourcesFit";

/// Something to imagine.
#[derive(Clone, Debug, PartialEq)]
pub enum Premise {
    /// The scores of a plugin are multiplied with another weight.
    Weight {
        /// The plugin.
        plugin: String,
        /// The weight, from 1 to 100.
        weight: i64,
    },
    /// NodeResourcesFit likes other nodes.
    Strategy(Strategy),
    /// A plugin is not asked.
    Disable {
        /// The plugin.
        plugin: String,
    },
    /// A node has a label, or lacks it.
    Label {
        /// The node.
        node: String,
        /// The label.
        key: String,
        /// Its value; nothing takes the label away.
        value: Option<String>,
    },
    /// A node has a taint.
    Taint {
        /// The node.
        node: String,
        /// The taint.
        taint: core::Taint,
    },
    /// A node lacks a taint.
    Untaint {
        /// The node.
        node: String,
        /// The key of the taint.
        key: String,
        /// Its effect; nothing means each.
        effect: Option<String>,
    },
    /// The pod requests another amount.
    Request {
        /// The container; it may be left out where there is only one.
        container: Option<String>,
        /// The resource.
        resource: String,
        /// The amount.
        amount: Quantity,
    },
}

/// Which nodes NodeResourcesFit likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Those with most left.
    LeastAllocated,
    /// Those with least left.
    MostAllocated,
    /// Those that would be fullest, along a straight line from empty to full.
    RequestedToCapacityRatio,
}

impl Strategy {
    /// All, with their names in a `KubeSchedulerConfiguration`.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::LeastAllocated, "LeastAllocated"),
        (Self::MostAllocated, "MostAllocated"),
        (Self::RequestedToCapacityRatio, "RequestedToCapacityRatio"),
    ];

    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(strategy, _)| *strategy == self);
        found.map_or("", |(_, name)| name)
    }
}

/// Why something cannot be imagined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{premise}: {reason}")]
pub struct PremiseError {
    /// What was to be imagined, as it would be typed.
    pub premise: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// As it is typed.
impl fmt::Display for Premise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weight { plugin, weight } => write!(f, "weight {plugin}={weight}"),
            Self::Strategy(strategy) => write!(f, "strategy {}", strategy.name()),
            Self::Disable { plugin } => write!(f, "disable {plugin}"),
            Self::Label { node, key, value } => match value {
                Some(value) => write!(f, "label {node} {key}={value}"),
                None => write!(f, "label {node} {key}-"),
            },
            Self::Taint { node, taint } => {
                let value = taint.value.as_deref().unwrap_or_default();
                let equals = if value.is_empty() { "" } else { "=" };
                let (key, effect) = (&taint.key, &taint.effect);
                write!(f, "taint {node} {key}{equals}{value}:{effect}")
            }
            Self::Untaint { node, key, effect } => match effect {
                Some(effect) => write!(f, "taint {node} {key}:{effect}-"),
                None => write!(f, "taint {node} {key}-"),
            },
            Self::Request {
                container,
                resource,
                amount,
            } => match container {
                Some(container) => write!(f, "request {container} {resource}={amount}"),
                None => write!(f, "request {resource}={amount}"),
            },
        }
    }
}

/// What premises are applied to: copies, so that nothing real is changed.
pub(super) struct Imagined {
    pub(super) pod: Pod,
    pub(super) snapshot: Snapshot,
    pub(super) profile: Profile,
}

impl Imagined {
    /// Whether the scheduler could work with what is imagined of the pod.
    pub(super) fn check(&self) -> Result<(), PremiseError> {
        let problems = scheduling_problems(&self.pod.clone().into_object());
        match problems.first() {
            None => Ok(()),
            Some(problem) => Err(PremiseError {
                premise: format!("pod {}", self.pod.name()),
                reason: FieldError::to_string(problem),
            }),
        }
    }
}

impl Premise {
    /// Makes it so.
    pub(super) fn apply(&self, world: &mut Imagined) -> Result<(), PremiseError> {
        self.try_apply(world).map_err(|reason| PremiseError {
            premise: self.to_string(),
            reason,
        })
    }

    fn try_apply(&self, world: &mut Imagined) -> Result<(), String> {
        match self {
            Self::Weight { plugin, weight } => {
                world.profile = world.profile.with_weight(plugin, *weight)?;
                Ok(())
            }
            Self::Strategy(strategy) => {
                let change = |arguments: &mut Value| set_strategy(arguments, *strategy);
                world.profile = world.profile.with_arguments(FIT, change)?;
                Ok(())
            }
            Self::Disable { plugin } => {
                world.profile = world.profile.without(plugin)?;
                Ok(())
            }
            Self::Label { node, key, value } => change_node(&mut world.snapshot, node, |node| {
                set_label(node, key, value.as_deref())
            }),
            Self::Taint { node, taint } => change_node(&mut world.snapshot, node, |node| {
                let taints = node.spec_mut().taints.get_or_insert_default();
                taints.retain(|each| each.key != taint.key || each.effect != taint.effect);
                taints.push(taint.clone());
                Ok(())
            }),
            Self::Untaint { node, key, effect } => change_node(&mut world.snapshot, node, |node| {
                remove_taint(node, key, effect.as_deref())
            }),
            Self::Request {
                container,
                resource,
                amount,
            } => set_request(&mut world.pod, container.as_deref(), resource, *amount),
        }
    }
}

/// Keeps which resources count, and takes the straight line where a line is needed.
fn set_strategy(arguments: &mut Value, strategy: Strategy) {
    let resources = arguments.pointer("/scoringStrategy/resources").cloned();
    let mut scoring = json!({"type": strategy.name()});
    if let Some(resources) = resources {
        scoring["resources"] = resources;
    }
    if strategy == Strategy::RequestedToCapacityRatio {
        let line = json!([{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]);
        scoring["requestedToCapacityRatio"] = json!({"shape": line});
    }
    arguments["scoringStrategy"] = scoring;
}

fn change_node(
    snapshot: &mut Snapshot,
    name: &str,
    change: impl FnOnce(&mut Node) -> Result<(), String>,
) -> Result<(), String> {
    let Some(info) = snapshot.node(name).cloned() else {
        let names = snapshot.node_names().iter();
        let nearest = names.min_by_key(|node| strsim::levenshtein(node, name));
        return Err(match nearest {
            Some(nearest) => format!(
                "node \"{name}\" not found; the nearest of {} is \"{nearest}\"",
                snapshot.node_count()
            ),
            None => format!("node \"{name}\" not found; there are no nodes"),
        });
    };
    let mut node = info.node.clone();
    change(&mut node)?;
    let (old, new) = (info.node.clone().into_object(), node.into_object());
    snapshot.apply(Some(&old), Some(&new));
    Ok(())
}

fn set_label(node: &mut Node, key: &str, value: Option<&str>) -> Result<(), String> {
    let labels = node.metadata_mut().labels.get_or_insert_default();
    match value {
        Some(value) => {
            labels.insert(key.to_owned(), value.to_owned());
            Ok(())
        }
        None => match labels.remove(key) {
            Some(_) => Ok(()),
            None => Err(format!("label \"{key}\" not found")),
        },
    }
}

fn remove_taint(node: &mut Node, key: &str, effect: Option<&str>) -> Result<(), String> {
    let taints = node.spec_mut().taints.get_or_insert_default();
    let before = taints.len();
    let goes = |taint: &core::Taint| {
        taint.key == key && effect.is_none_or(|effect| taint.effect == effect)
    };
    taints.retain(|taint| !goes(taint));
    if taints.len() < before {
        return Ok(());
    }
    let there: Vec<&str> = taints.iter().map(|taint| taint.key.as_str()).collect();
    Err(match there.as_slice() {
        [] => format!("taint \"{key}\" not found; the node has no taints"),
        there => format!(
            "taint \"{key}\" not found; the node has {}",
            there.join(", ")
        ),
    })
}

fn set_request(
    pod: &mut Pod,
    name: Option<&str>,
    resource: &str,
    amount: Quantity,
) -> Result<(), String> {
    if !matches!(resource, "cpu" | "memory" | "ephemeral-storage") && !is_scalar(resource) {
        return Err(format!(
            "\"{resource}\" is no resource: must be cpu, memory, ephemeral-storage, or a name with a domain as in example.com/gpu"
        ));
    }
    let containers = &mut pod.spec_mut().shared_mut().containers;
    let names: Vec<&str> = containers.iter().map(|each| each.name.as_str()).collect();
    let place = match (name, names.as_slice()) {
        (None, [_]) => 0,
        (None, _) => {
            return Err(format!(
                "the pod has several containers: say which, as in `request {} {resource}={amount}`; there are {}",
                names.first().copied().unwrap_or_default(),
                names.join(", ")
            ));
        }
        (Some(name), _) => names.iter().position(|each| *each == name).ok_or_else(|| {
            let there = names.join(", ");
            format!("container \"{name}\" not found; there are {there}")
        })?,
    };
    let resources = containers[place].resources.get_or_insert_default();
    let limit = requests::read_list(resources.limits.as_ref()).remove(resource);
    if let Some(limit) = limit.filter(|limit| amount > *limit) {
        return Err(format!(
            "must be less than or equal to {resource} limit of {limit}"
        ));
    }
    let requests = resources.requests.get_or_insert_default();
    requests.insert(resource.to_owned(), OfficialQuantity(amount.to_string()));
    Ok(())
}
