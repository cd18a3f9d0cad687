//! NodeUnschedulable: a cordoned node takes no pod that does not tolerate it.

use crate::api::core::{Taint, Toleration};
use crate::api::{Node, Pod, taint};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Cycle, Filter, Plugin, PreFilter, Refusal};
use crate::scheduler::node_info::NodeInfo;

/// The plugin. Source: `framework/plugins/nodeunschedulable`.
#[derive(Debug)]
pub(super) struct NodeUnschedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        if tolerates_cordon(cycle.pod.pod.spec.tolerations.as_deref()) {
            PreFilter::Skip
        } else {
            PreFilter::Check(Box::new(NotCordoned))
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod tolerates cordoned nodes"
    }

    fn helped_by(&self) -> &'static str {
        "a node is uncordoned or comes"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::NodeAdded | Change::NodeTaints => {
                let (old, new) = event.nodes();
                old.is_none_or(is_cordoned) && new.is_some_and(|new| !is_cordoned(new))
            }
            Change::PodTolerations => {
                let (_, new) = event.pods();
                let tolerates =
                    new.is_some_and(|new| tolerates_cordon(new.spec.tolerations.as_deref()));
                event.is_of(pod) && tolerates
            }
            _ => false,
        };
        Hint::from(may_help)
    }
}

fn is_cordoned(node: &Node) -> bool {
    node.spec.unschedulable == Some(true)
}

fn tolerates_cordon(tolerations: Option<&[Toleration]>) -> bool {
    let cordon = Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        effect: "NoSchedule".to_owned(),
        ..Taint::default()
    };
    taint::is_tolerated(&cordon, tolerations.unwrap_or_default())
}

struct NotCordoned;

impl<'a> Filter<'a> for NotCordoned {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if node.is_cordoned() {
            Err(Refusal::unresolvable("node(s) were unschedulable"))
        } else {
            Ok(())
        }
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        if is_cordoned(&node.node) {
            "the node is cordoned (spec.unschedulable) and the pod does not tolerate that"
                .to_owned()
        } else {
            "the node is not cordoned".to_owned()
        }
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(Self)
    }
}
