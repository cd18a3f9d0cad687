//! NodePorts: two pods cannot have the same port of one node.

use crate::api::{HostPort, Pod, host_ports};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::{NodeInfo, PodInfo};

/// The plugin. Source: `framework/plugins/nodeports`.
#[derive(Debug)]
pub(super) struct NodePorts;

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let wanted = PodInfo::host_ports(cycle.pod);
        if wanted.is_empty() {
            PreFilter::Skip
        } else {
            PreFilter::Check(Box::new(Wanted(wanted)))
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod takes no port of its node (hostPort)"
    }

    fn helped_by(&self) -> &'static str {
        "a pod with the port leaves, a node comes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::NodeAdded => true,
            Change::PodDeleted => event.leaver().is_some_and(|leaver| {
                let freed = host_ports(leaver);
                let conflicts =
                    |wanted: &HostPort| freed.iter().any(|port| port.conflicts_with(wanted));
                host_ports(pod).iter().any(conflicts)
            }),
            _ => false,
        };
        Hint::from(may_help)
    }
}

#[derive(Clone)]
struct Wanted(Vec<HostPort>);

impl<'a> Filter<'a> for Wanted {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let is_taken = |wanted: &HostPort| {
            let mut used = node.used_ports.iter();
            used.any(|port| port.conflicts_with(wanted))
        };
        if self.0.iter().any(is_taken) {
            Err(Refusal::unschedulable(
                "node(s) didn't have free ports for the requested pod ports",
            ))
        } else {
            Ok(())
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let words = |port: &HostPort| format!("{}/{}", port.port, port.protocol);
        let wanted: Vec<String> = self.0.iter().map(words).collect();
        let taken: Vec<String> = node.used_ports.iter().take(8).map(words).collect();
        let taken = match taken[..] {
            [] => "none is taken here".to_owned(),
            _ => format!("taken here: {}", taken.join(", ")),
        };
        format!("wanted: {}; {taken}", wanted.join(", "))
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
