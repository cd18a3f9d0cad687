//! NodeResourcesBalancedAllocation: likes a node whose resources would be used evenly.

use std::sync::Arc;

use super::resource_allocation::{Counting, WeightedResource, allocations, pod_amounts};
use crate::scheduler::amounts::words;
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin, PreScore, Score};
use crate::scheduler::node_info::NodeInfo;

/// The plugin, with the resources that it compares.
/// Source: `framework/plugins/noderesources/balanced_allocation.go`.
#[derive(Debug)]
pub(super) struct NodeResourcesBalancedAllocation {
    pub(super) resources: Vec<WeightedResource>,
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let pod_amounts = pod_amounts(cycle.pod, &self.resources, Counting::AsRequested);
        if pod_amounts.iter().all(|amount| *amount == 0) {
            return PreScore::Skip;
        }
        let resources = &self.resources;
        PreScore::Rate(Box::new(Balance {
            resources,
            pod_amounts,
        }))
    }
}

struct Balance<'a> {
    resources: &'a [WeightedResource],
    pod_amounts: Vec<i64>,
}

impl<'a> Score<'a> for Balance<'a> {
    /// 100 when all resources are used to the same part, less the further apart they are.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "kube-scheduler computes in float64 and cuts off, and scores must equal its scores"
    )]
    fn score(&self, node: &NodeInfo) -> i64 {
        let counting = Counting::AsRequested;
        let parts: Vec<f64> = allocations(node, self.resources, &self.pod_amounts, counting)
            .into_iter()
            .flatten()
            .map(|each| (each.requested as f64 / each.allocatable as f64).min(1.0))
            .collect();
        ((1.0 - deviation(&parts)) * MAX_NODE_SCORE as f64) as i64
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let counting = Counting::AsRequested;
        let found = allocations(node, self.resources, &self.pod_amounts, counting);
        let parts = self
            .resources
            .iter()
            .zip(found)
            .filter_map(|(resource, each)| {
                let (name, each) = (&resource.name, each?);
                let part = per_cent(each.requested, each.allocatable);
                let requested = words(name, each.requested);
                Some(format!(
                    "{name} {requested} of {} = {part}",
                    words(name, each.allocatable)
                ))
            });
        let parts: Vec<String> = parts.collect();
        let how = match parts.len() {
            2 => "100 less half of their distance",
            _ => "100 less their standard deviation",
        };
        format!("requested with the pod: {}; {how}", parts.join(", "))
    }
}

/// The part in tenths of a per cent, as `12.5 %`.
fn per_cent(part: i64, whole: i64) -> String {
    let thousandths = i128::from(part) * 1000 / i128::from(whole.max(1));
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// The standard deviation; for two parts half of their distance.
#[expect(
    clippy::cast_precision_loss,
    reason = "a handful of resources is counted"
)]
fn deviation(parts: &[f64]) -> f64 {
    match parts {
        [] | [_] => 0.0,
        [one, two] => ((one - two) / 2.0).abs(),
        _ => {
            let count = parts.len() as f64;
            let mean = parts.iter().sum::<f64>() / count;
            let squares = parts.iter().map(|part| (part - mean) * (part - mean));
            (squares.sum::<f64>() / count).sqrt()
        }
    }
}

/// Makes the plugin from `NodeResourcesBalancedAllocationArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    arguments.only(&["apiVersion", "kind", "resources"])?;
    let resources = WeightedResource::read(&arguments.at("resources"))?;
    let other = resources.iter().position(|resource| resource.weight != 1);
    if let Some(place) = other {
        let field = &arguments.at("resources").items()?[place];
        return Err(field.at("weight").invalid("must be 1 to balance"));
    }
    Ok(Arc::new(NodeResourcesBalancedAllocation { resources }))
}
