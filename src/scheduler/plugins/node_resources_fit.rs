//! NodeResourcesFit: what the pod requests must be left, and how full the node would be is scored.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::resource_allocation::{
    Allocation, Counting, WeightedResource, allocations, pod_amounts,
};
use crate::api::requests::{RequestOptions, pod_requests};
use crate::api::{Node, Pod};
use crate::scheduler::amounts::{Amounts, is_extended, words};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{
    Code, Cycle, Filter, MAX_NODE_SCORE, Plugin, PreFilter, PreScore, Refusal, Score,
};
use crate::scheduler::node_info::NodeInfo;

/// The plugin. Source: `framework/plugins/noderesources/fit.go`.
#[derive(Debug)]
pub(super) struct NodeResourcesFit {
    /// Extended resources that are not looked at.
    ignored: BTreeSet<String>,
    /// Domains whose extended resources are not looked at.
    ignored_groups: BTreeSet<String>,
    /// The resources that the score is made of.
    resources: Vec<WeightedResource>,
    /// What makes a good score.
    strategy: Strategy,
}

/// Which nodes are liked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Strategy {
    /// Those with most left.
    LeastAllocated,
    /// Those with least left.
    MostAllocated,
    /// As a line through these points says.
    RequestedToCapacityRatio(Vec<ShapePoint>),
}

/// A point of the line from how full to how good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShapePoint {
    /// How full, from 0 to 100.
    pub(super) utilization: i64,
    /// How good, from 0 to 100 (ten times what the configuration says).
    pub(super) score: i64,
}

/// Makes the plugin from `NodeResourcesFitArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    let known = [
        "apiVersion",
        "kind",
        "ignoredResources",
        "ignoredResourceGroups",
    ];
    arguments.only(&[&known[..], &["scoringStrategy"]].concat())?;
    let strategy = arguments.at("scoringStrategy");
    strategy.only(&["type", "resources", "requestedToCapacityRatio"])?;
    Ok(Arc::new(NodeResourcesFit {
        ignored: arguments.at("ignoredResources").decode()?,
        ignored_groups: arguments.at("ignoredResourceGroups").decode()?,
        resources: WeightedResource::read(&strategy.at("resources"))?,
        strategy: Strategy::read(&strategy)?,
    }))
}

impl Strategy {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        let words = [
            "LeastAllocated",
            "MostAllocated",
            "RequestedToCapacityRatio",
        ];
        match field.at("type").choice(&words)? {
            None | Some(0) => Ok(Self::LeastAllocated),
            Some(1) => Ok(Self::MostAllocated),
            Some(_) => {
                let ratio = field.at("requestedToCapacityRatio");
                ratio.only(&["shape"])?;
                read_shape(&ratio.at("shape")).map(Self::RequestedToCapacityRatio)
            }
        }
    }
}

/// Points from left to right. Source: `validateFunctionShape` of `apis/config/validation`.
pub(super) fn read_shape(field: &Field<'_>) -> Result<Vec<ShapePoint>, ConfigError> {
    let mut shape: Vec<ShapePoint> = Vec::new();
    for item in field.items()? {
        item.only(&["utilization", "score"])?;
        let number = |name: &str, most| -> Result<i64, ConfigError> {
            Ok(item.at(name).integer(0..=most)?.unwrap_or(0))
        };
        let point = ShapePoint {
            utilization: number("utilization", 100)?,
            score: number("score", 10)? * (MAX_NODE_SCORE / 10),
        };
        if shape
            .last()
            .is_some_and(|last| last.utilization >= point.utilization)
        {
            let field = item.at("utilization");
            return Err(field.invalid("utilization values must be sorted in increasing order"));
        }
        shape.push(point);
    }
    if shape.is_empty() {
        return Err(field.error("Required value: at least one point must be specified"));
    }
    Ok(shape)
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let requests = spec_requests(&cycle.pod.pod);
        let plugin = self;
        PreFilter::Check(Box::new(Requests { plugin, requests }))
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let asked = pod_amounts(cycle.pod, &self.resources, Counting::AsRequested);
        let pod_amounts = pod_amounts(cycle.pod, &self.resources, Counting::WithDefaults);
        let plugin = self;
        PreScore::Rate(Box::new(Fullness {
            plugin,
            asks_for_all: pod_amounts == asked,
            pod_amounts,
        }))
    }

    fn helped_by(&self) -> &'static str {
        "a pod leaves or asks for less, a node comes or has more"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::PodDeleted => event.leaver().is_some(),
            Change::PodScaledDown => event.is_of(pod) || frees_what_is_wanted(pod, event),
            Change::NodeAdded | Change::NodeAllocatable => {
                let (old, new) = event.nodes();
                let wanted = spec_requests(pod);
                let fits = |node: &Node| {
                    let check = Requests {
                        plugin: self,
                        requests: wanted.clone(),
                    };
                    check.filter(&NodeInfo::new(node.clone())).is_ok()
                };
                new.is_some_and(fits)
                    && old.is_none_or(|old| new.is_some_and(|new| has_more(&wanted, old, new)))
            }
            _ => false,
        };
        Hint::from(may_help)
    }
}

fn spec_requests(pod: &Pod) -> Amounts {
    Amounts::of(&pod_requests(pod, &RequestOptions::of_spec()))
}

fn wanted_names(wanted: &Amounts) -> impl Iterator<Item = &str> {
    let scalar = wanted.scalar.keys().map(|name| &**name);
    let all = ["cpu", "memory", "ephemeral-storage"]
        .into_iter()
        .chain(scalar);
    all.filter(|name| wanted.get(name) > 0)
}

fn frees_what_is_wanted(pod: &Pod, event: &ClusterEvent<'_>) -> bool {
    let (Some(old), Some(new)) = event.pods() else {
        return false;
    };
    let takes = |pod: &Pod| Amounts::of(&pod_requests(pod, &RequestOptions::of_placed()));
    let (before, after) = (takes(old), takes(new));
    new.spec.node_name.is_some()
        && wanted_names(&spec_requests(pod)).any(|name| before.get(name) > after.get(name))
}

fn has_more(wanted: &Amounts, old: &Node, new: &Node) -> bool {
    let (old, new) = (NodeInfo::new(old.clone()), NodeInfo::new(new.clone()));
    new.allowed_pods > old.allowed_pods
        || wanted_names(wanted).any(|name| new.allocatable.get(name) > old.allocatable.get(name))
}

#[derive(Clone)]
struct Requests<'a> {
    plugin: &'a NodeResourcesFit,
    requests: Amounts,
}

impl Requests<'_> {
    fn is_ignored(&self, name: &str) -> bool {
        let group = name.split('/').next().unwrap_or_default();
        is_extended(name)
            && (self.plugin.ignored.contains(name) || self.plugin.ignored_groups.contains(group))
    }
}

impl<'a> Filter<'a> for Requests<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let mut reasons: Vec<Cow<'static, str>> = Vec::new();
        let mut code = Code::Unschedulable;
        let pods = i64::try_from(node.pods.len()).unwrap_or(i64::MAX);
        if pods + 1 > node.allowed_pods {
            reasons.push("Too many pods".into());
        }
        for name in wanted_names(&self.requests) {
            let (wanted, capacity) = (self.requests.get(name), node.allocatable.get(name));
            let left = capacity.saturating_sub(node.requested.get(name));
            if wanted <= left || self.is_ignored(name) {
                continue;
            }
            reasons.push(match name {
                "cpu" => "Insufficient cpu".into(),
                "memory" => "Insufficient memory".into(),
                other => format!("Insufficient {other}").into(),
            });
            // Even an empty node has too little: nobody needs to leave for this pod.
            if wanted > capacity {
                code = Code::UnschedulableAndUnresolvable;
            }
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(Refusal { code, reasons })
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let wanted = wanted_names(&self.requests).map(|name| {
            let (all, taken) = (node.allocatable.get(name), node.requested.get(name));
            format!(
                "{name} {} wanted, {} of {} left",
                words(name, self.requests.get(name)),
                words(name, all.saturating_sub(taken)),
                words(name, all)
            )
        });
        let pods = format!("{} of {} pods here", node.pods.len(), node.allowed_pods);
        let mut parts: Vec<String> = wanted.collect();
        if parts.is_empty() {
            parts.push("the pod requests nothing".to_owned());
        }
        parts.push(pods);
        parts.join("; ")
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}

struct Fullness<'a> {
    plugin: &'a NodeResourcesFit,
    pod_amounts: Vec<i64>,
    /// Whether the pod itself asks for all that it is counted with.
    asks_for_all: bool,
}

impl<'a> Score<'a> for Fullness<'a> {
    /// The mean of the resources' scores by their weights.
    fn score(&self, node: &NodeInfo) -> i64 {
        let resources = &self.plugin.resources;
        let counting = Counting::WithDefaults;
        let allocations = allocations(node, resources, &self.pod_amounts, counting);
        let mut mean = Mean::default();
        for (resource, allocation) in resources.iter().zip(allocations) {
            let Some(allocation) = allocation else {
                continue;
            };
            let score = self.plugin.strategy.rate(allocation);
            // A resource that scores 0 drops out of the ratio strategy altogether.
            if score > 0 || !matches!(self.plugin.strategy, Strategy::RequestedToCapacityRatio(_)) {
                mean.sum += score * resource.weight;
                mean.weights += resource.weight;
            }
        }
        match self.plugin.strategy {
            Strategy::RequestedToCapacityRatio(_) => mean.rounded(),
            Strategy::LeastAllocated | Strategy::MostAllocated => mean.cut_off(),
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let resources = &self.plugin.resources;
        let counting = Counting::WithDefaults;
        let found = allocations(node, resources, &self.pod_amounts, counting);
        let parts = resources
            .iter()
            .zip(found)
            .filter_map(|(resource, allocation)| {
                let (name, allocation) = (&resource.name, allocation?);
                let times = match resource.weight {
                    1 => String::new(),
                    weight => format!(" ×{weight}"),
                };
                Some(format!(
                    "{name} {} of {} → {}{times}",
                    words(name, allocation.requested),
                    words(name, allocation.allocatable),
                    self.plugin.strategy.rate(allocation)
                ))
            });
        let parts: Vec<String> = parts.collect();
        let counted = if self.asks_for_all {
            "requested with the pod"
        } else {
            "requested with the pod (no request counts as 100m, 200Mi)"
        };
        format!(
            "{counted}: {}; {}",
            parts.join(", "),
            self.plugin.strategy.words()
        )
    }
}

#[derive(Default)]
struct Mean {
    sum: i64,
    weights: i64,
}

impl Mean {
    fn cut_off(&self) -> i64 {
        if self.weights == 0 {
            0
        } else {
            self.sum / self.weights
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "kube-scheduler rounds in float64, and scores must equal its scores"
    )]
    fn rounded(&self) -> i64 {
        if self.weights == 0 {
            0
        } else {
            (self.sum as f64 / self.weights as f64).round() as i64
        }
    }
}

impl Strategy {
    fn words(&self) -> &'static str {
        match self {
            Self::LeastAllocated => "LeastAllocated: the mean of what is left, in hundredths",
            Self::MostAllocated => "MostAllocated: the mean of what is requested, in hundredths",
            Self::RequestedToCapacityRatio(_) => {
                "RequestedToCapacityRatio: the mean of what the shape gives"
            }
        }
    }

    fn rate(&self, allocation: Allocation) -> i64 {
        let Allocation {
            allocatable,
            requested,
        } = allocation;
        match self {
            Self::LeastAllocated if requested > allocatable => 0,
            Self::LeastAllocated => scaled(allocatable.saturating_sub(requested), allocatable),
            Self::MostAllocated => scaled(requested.min(allocatable), allocatable),
            Self::RequestedToCapacityRatio(shape) if requested > allocatable => on_line(shape, 100),
            Self::RequestedToCapacityRatio(shape) => on_line(shape, scaled(requested, allocatable)),
        }
    }
}

/// The part in hundredths, cut off; wide enough for exabytes.
fn scaled(part: i64, whole: i64) -> i64 {
    let wide = i128::from(part) * i128::from(MAX_NODE_SCORE) / i128::from(whole);
    i64::try_from(wide).unwrap_or(MAX_NODE_SCORE)
}

/// The height of the line through the points at `place`; flat before the first and after the last.
fn on_line(shape: &[ShapePoint], place: i64) -> i64 {
    let Some(next) = shape.iter().position(|point| place <= point.utilization) else {
        return shape.last().map_or(0, |last| last.score);
    };
    if next == 0 {
        return shape[0].score;
    }
    let (from, to) = (shape[next - 1], shape[next]);
    from.score
        + (to.score - from.score) * (place - from.utilization) / (to.utilization - from.utilization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_each_strategy_rates_how_full_a_node_is() {
        let shape = [(0, 0), (70, 100), (100, 20)]
            .map(|(utilization, score)| ShapePoint { utilization, score });
        let ratio = Strategy::RequestedToCapacityRatio(shape.to_vec());
        let cases = [
            (Strategy::LeastAllocated, 250, 75),
            (Strategy::LeastAllocated, 1200, 0),
            (Strategy::MostAllocated, 250, 25),
            (Strategy::MostAllocated, 1200, 100),
            (ratio.clone(), 0, 0),
            (ratio.clone(), 350, 50),
            (ratio.clone(), 850, 60),
            (ratio, 1200, 20),
        ];
        for (strategy, requested, expected) in cases {
            let allocation = Allocation {
                allocatable: 1000,
                requested,
            };
            assert_eq!(
                strategy.rate(allocation),
                expected,
                "{strategy:?} {requested}"
            );
        }
    }
}
