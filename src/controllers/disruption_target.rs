//! The condition that says that a pod is about to go for a reason that is not its own.

use serde_json::json;

use super::controller::Action;
use crate::api::{Pod, Typed, meta};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};

use crate::sim::Time;

const DISRUPTION_TARGET: &str = "DisruptionTarget";

/// The patch of a pod's status that says why it is going to be deleted; none when it says so
/// already. Source: `v1.DisruptionTarget`.
pub(super) fn disruption_target(
    pod: &Pod,
    (reason, message): (&str, &str),
    now: Time,
) -> Option<Action> {
    let told = pod.condition(DISRUPTION_TARGET);
    if told.is_some_and(|condition| condition.reason.as_deref() == Some(reason)) {
        return None;
    }
    let body = json!({
        "metadata": {"uid": pod.uid()},
        "status": {"conditions": [{
            "type": DISRUPTION_TARGET,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": meta::object_time(now).0.to_string(),
        }]},
    });
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Status,
        body,
    };
    let key = pod.clone().into_object().key();
    let why = format!("tells {key} why it has to go: {reason}");
    Some(Action::new(key, Verb::Patch(patch), why))
}
