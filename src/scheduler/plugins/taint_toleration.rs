//! TaintToleration: taints keep pods away, and mild taints make a node less liked.

use std::sync::Arc;

use crate::api::core::Toleration;
use crate::api::{Node, Pod, taint};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{
    Cycle, Filter, Plugin, PreFilter, PreScore, Refusal, Score, normalize_to_highest,
};
use crate::scheduler::node_info::NodeInfo;

const HARD: [&str; 2] = ["NoSchedule", "NoExecute"];
const MILD: &str = "PreferNoSchedule";

/// The plugin. Source: `framework/plugins/tainttoleration`.
#[derive(Debug)]
pub(super) struct TaintToleration;

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        PreFilter::Check(Box::new(Tolerations(tolerations(&cycle.pod.pod))))
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let mild = tolerations(&cycle.pod.pod)
            .iter()
            .filter(|toleration| matches!(toleration.effect.as_deref(), None | Some("" | MILD)));
        PreScore::Rate(Box::new(MildTolerations(mild.cloned().collect())))
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        let may_help = match event.change {
            Change::NodeAdded | Change::NodeTaints => {
                let (old, new) = event.nodes();
                let is_kept_away = |node: &Node| {
                    let taints = node.spec.taints.as_deref().unwrap_or_default();
                    taint::first_untolerated(taints, tolerations(pod), &HARD).is_some()
                };
                old.is_none_or(is_kept_away) && new.is_some_and(|new| !is_kept_away(new))
            }
            Change::PodTolerations => event.is_of(pod),
            _ => false,
        };
        Hint::from(may_help)
    }
}

fn tolerations(pod: &Pod) -> &[Toleration] {
    pod.spec.tolerations.as_deref().unwrap_or_default()
}

#[derive(Clone)]
struct Tolerations<'a>(&'a [Toleration]);

impl<'a> Filter<'a> for Tolerations<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        match taint::first_untolerated(node.taints(), self.0, &HARD) {
            None => Ok(()),
            Some(taint) => Err(Refusal::unresolvable(format!(
                "node(s) had untolerated taint {{{}: {}}}",
                taint.key,
                taint.value.as_deref().unwrap_or_default()
            ))),
        }
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}

struct MildTolerations(Vec<Toleration>);

impl Score<'_> for MildTolerations {
    /// How many mild taints of the node the pod does not tolerate.
    fn score(&self, node: &NodeInfo) -> i64 {
        let mild = node.taints().iter().filter(|taint| taint.effect == MILD);
        let untolerated = mild.filter(|taint| !taint::is_tolerated(taint, &self.0));
        i64::try_from(untolerated.count()).unwrap_or(i64::MAX)
    }

    fn normalize(&self, scores: &mut [i64], _: &[&Arc<NodeInfo>]) {
        normalize_to_highest(scores, true);
    }
}
