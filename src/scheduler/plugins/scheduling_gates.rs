//! SchedulingGates: keeps a pod out of the queue until the last of its gates is gone.

use crate::api::Pod;
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{Plugin, Refusal};

/// The plugin. Source: `framework/plugins/schedulinggates`.
#[derive(Debug)]
pub(super) struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn pre_enqueue(&self, pod: &Pod) -> Option<Refusal> {
        let gates = pod.spec.scheduling_gates.as_deref().unwrap_or_default();
        if gates.is_empty() {
            return None;
        }
        let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        Some(Refusal::unresolvable(format!(
            "waiting for scheduling gates: [{}]",
            names.join(" ")
        )))
    }

    fn helped_by(&self) -> &'static str {
        "the gates of the pod are removed"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        Hint::from(event.change == Change::PodGatesRemoved && event.is_of(pod))
    }
}
