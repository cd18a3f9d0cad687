//! What the scheduler writes into the status of pods that it could not place, or that make way.

use crate::api::{Pod, core, meta};
use crate::sim::Time;

use super::decision::Outcome;

/// Why the condition `PodScheduled` is false after a decision that came to this, or after one that
/// could not be carried out.
pub(super) const fn reason(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Unschedulable { .. } => "Unschedulable",
        Outcome::Fits { .. } | Outcome::Failed { .. } => "SchedulerError",
    }
}

/// The pod with the condition that says why it has no node, and the node that room is made on.
pub(super) fn unscheduled(
    pod: &Pod,
    (reason, message): (&str, &str),
    nominated: Option<&str>,
    now: Time,
) -> Pod {
    let mut pod = with_condition(pod, ("PodScheduled", "False"), (reason, message), now);
    if let Some(node) = nominated {
        pod.status_mut().nominated_node_name = Some(node.to_owned());
    }
    pod
}

/// The pod with the condition that says for whom it makes way.
pub(super) fn preempted(pod: &Pod, preemptor: &Pod, now: Time) -> Pod {
    let scheduler = preemptor.spec.scheduler_name.as_deref().unwrap_or_default();
    let message = format!("{scheduler}: preempting to accommodate a higher priority pod");
    let told = ("PreemptionByScheduler", message.as_str());
    with_condition(pod, ("DisruptionTarget", "True"), told, now)
}

/// The condition replaces the one of its type; the date of the transition stays while the status
/// does. The write asks for no version: it is about this condition and nothing else.
fn with_condition(
    pod: &Pod,
    (condition_type, status): (&str, &str),
    (reason, message): (&str, &str),
    now: Time,
) -> Pod {
    let before = pod.condition(condition_type);
    let kept = before.filter(|before| before.status == status);
    let condition = core::PodCondition {
        type_: condition_type.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        observed_generation: pod.metadata.generation,
        last_transition_time: kept.map_or_else(
            || Some(meta::object_time(now)),
            |kept| kept.last_transition_time.clone(),
        ),
        ..core::PodCondition::default()
    };
    let mut pod = pod.clone();
    let conditions = pod.status_mut().conditions.get_or_insert_default();
    match conditions
        .iter_mut()
        .find(|each| each.type_ == condition_type)
    {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
    pod
}
