//! TaintToleration: taints keep pods away, and mild taints make a node less liked.

use std::sync::Arc;

use crate::api::core::{Taint, Toleration};
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

    fn helped_by(&self) -> &'static str {
        "a taint goes, a node comes, the pod gets a toleration"
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

    fn sentence(&self, node: &NodeInfo) -> String {
        if let Some(taint) = taint::first_untolerated(node.taints(), self.0, &HARD) {
            return format!("the pod does not tolerate the taint {}", words(taint));
        }
        let hard = node.taints().iter();
        let hard = hard.filter(|taint| HARD.contains(&taint.effect.as_str()));
        let tolerated: Vec<String> = hard.map(words).collect();
        match tolerated[..] {
            [] => "the node has no taint NoSchedule or NoExecute".to_owned(),
            _ => format!("the pod tolerates {}", tolerated.join(", ")),
        }
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}

/// `key=value:Effect`, as kubectl writes it.
fn words(taint: &Taint) -> String {
    match taint.value.as_deref().filter(|value| !value.is_empty()) {
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
        None => format!("{}:{}", taint.key, taint.effect),
    }
}

struct MildTolerations(Vec<Toleration>);

impl MildTolerations {
    /// The mild taints of the node that the pod does not tolerate.
    fn untolerated<'n>(&self, node: &'n NodeInfo) -> impl Iterator<Item = &'n Taint> {
        let mild = node.taints().iter().filter(|taint| taint.effect == MILD);
        mild.filter(|taint| !taint::is_tolerated(taint, &self.0))
    }
}

impl Score<'_> for MildTolerations {
    /// How many mild taints of the node the pod does not tolerate.
    fn score(&self, node: &NodeInfo) -> i64 {
        i64::try_from(self.untolerated(node).count()).unwrap_or(i64::MAX)
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let taints: Vec<String> = self.untolerated(node).map(words).collect();
        match taints[..] {
            [] => "no taint PreferNoSchedule that the pod does not tolerate".to_owned(),
            _ => format!("{} not tolerated: {}", taints.len(), taints.join(", ")),
        }
    }

    fn scale(&self) -> &'static str {
        "100 − 100 × taints / most taints: the fewer, the better"
    }

    fn normalize(&self, scores: &mut [i64], _: &[&Arc<NodeInfo>]) {
        normalize_to_highest(scores, true);
    }
}
