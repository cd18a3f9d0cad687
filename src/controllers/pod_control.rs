//! How controllers create and delete pods: with which events, and how many at once.
//! Source: `RealPodControl` of `pkg/controller/controller_utils.go`.

use super::controller::{Action, Pack, Planned, Said};
use crate::api::{Kind, Object, Pod, Typed};
use crate::apiserver::{DeleteOptions, Refusal, Verb};

/// Creates a pod for its owner. Creates go out in batches of 1, 2, 4, …, and end with the batch in
/// which one was refused.
pub(super) fn create(owner: &Object, pod: Pod, why: String) -> Action {
    let pod = pod.into_object();
    let done = "Created pod: {name}".to_owned();
    let failed = "Error creating: {refusal}".to_owned();
    Action::new(pod.key(), Verb::Create(pod), why)
        .packed(Pack::Growing)
        .saying(Said::normal(owner, "SuccessfulCreate", done))
        .warning(Said::warning(owner, "FailedCreate", failed))
}

/// Deletes a pod of an owner, for a reason in words. Deletes go out all at once.
pub(super) fn delete(owner: &Object, pod: &Pod, reason: &str) -> Action {
    let name = pod.name();
    let key = pod.clone().into_object().key();
    let why = format!("deletes {key}: {reason}");
    let done = format!("Deleted pod: {name}");
    let failed = format!("Error deleting pod \"{name}\": {{refusal}}");
    Action::new(key, Verb::Delete(DeleteOptions::default()), why)
        .packed(Pack::Whole)
        .saying(Said::normal(owner, "SuccessfulDelete", done))
        .warning(Said::warning(owner, "FailedDelete", failed))
}

/// Why pods could not be created or deleted.
pub(super) fn failure<'a>(planned: &Planned<'a>) -> Option<&'a Refusal> {
    planned.refused.filter(|refusal| {
        refusal
            .key
            .as_ref()
            .is_some_and(|key| key.kind == Kind::Pod)
    })
}
