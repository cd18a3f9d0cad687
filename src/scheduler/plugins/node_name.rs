//! NodeName: a pod that names its node goes nowhere else.

use std::sync::Arc;

use crate::api::Pod;
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::NodeInfo;

/// The plugin. Source: `framework/plugins/nodename`.
#[derive(Debug)]
pub(super) struct NodeName;

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        match &cycle.pod.pod.spec.node_name {
            Some(wanted) => PreFilter::Check(Box::new(Wanted(Arc::clone(wanted)))),
            None => PreFilter::Skip,
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod names no node (spec.nodeName)"
    }

    fn helped_by(&self) -> &'static str {
        "the node that it names comes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let (_, node) = event.nodes();
        let wanted = pod.spec.node_name.as_deref();
        let fits = |name: &str| wanted.is_none_or(|wanted| wanted == name);
        Hint::from(event.change == Change::NodeAdded && node.is_some_and(|node| fits(node.name())))
    }
}

#[derive(Clone)]
struct Wanted(Arc<str>);

impl<'a> Filter<'a> for Wanted {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if self.0 == node.name {
            Ok(())
        } else {
            Err(Refusal::unresolvable(
                "node(s) didn't match the requested node name",
            ))
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        format!("the pod names {}, this is {}", self.0, node.name)
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
