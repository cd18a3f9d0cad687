//! What a ReplicaSet says about its pods.

use super::super::controller::{LookAgain, Planned};
use super::super::pod_template::{min_ready, until_ready_for};
use super::super::wording;
use crate::api::{ReplicaSet, apps, meta};
use crate::apiserver::Refusal;
use crate::client::Standing;

/// A status, and when it will change by itself.
pub(super) struct Status {
    /// As it is to be written.
    pub(super) written: apps::ReplicaSetStatus,
    /// When the next pod will have been ready for long enough.
    pub(super) look_again: Option<LookAgain>,
}

/// Source: `calculateStatus` in `pkg/controller/replicaset/replica_set_utils.go`.
pub(super) fn of(
    set: &ReplicaSet,
    pods: &[(Standing, usize)],
    planned: &Planned<'_>,
    failure: Option<&Refusal>,
) -> Status {
    let template_labels = set
        .spec
        .template
        .as_ref()
        .and_then(|template| template.metadata.as_ref()?.labels.as_ref());
    let is_fully_labelled = |standing: &Standing| {
        let mut wanted = template_labels.into_iter().flatten();
        wanted.all(|(key, value)| standing.labels.get(key) == Some(value))
    };
    let least = min_ready(set.spec.min_ready_seconds);
    let [mut all, mut labelled, mut ready, mut available] = [0; 4];
    let mut next = None;
    for (standing, count) in pods {
        all += count;
        labelled += count * usize::from(is_fully_labelled(standing));
        let ready_since = (standing.is_ready, standing.ready_since);
        let Some(wait) = until_ready_for(ready_since, least, planned.now) else {
            continue;
        };
        ready += count;
        if wait.is_zero() {
            available += count;
        } else {
            next = LookAgain::earlier(
                next,
                Some(LookAgain::to_act(wait).because("a pod is available then (minReadySeconds)")),
            );
        }
    }
    let number = |count: usize| (count > 0).then_some(wording::replicas(count));
    let mut conditions = set.status.conditions.clone().unwrap_or_default();
    match failure {
        Some(refusal) => tell_failure(&mut conditions, refusal, set, all, planned),
        None => conditions.retain(|condition| condition.type_ != REPLICA_FAILURE),
    }
    let written = apps::ReplicaSetStatus {
        replicas: wording::replicas(all),
        fully_labeled_replicas: number(labelled),
        ready_replicas: number(ready),
        available_replicas: number(available),
        observed_generation: set.metadata.generation,
        conditions: (!conditions.is_empty()).then_some(conditions),
        terminating_replicas: None,
    };
    Status {
        written,
        look_again: next,
    }
}

const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Only the first failure is told: the condition stays as it is until it goes.
fn tell_failure(
    conditions: &mut Vec<apps::ReplicaSetCondition>,
    refusal: &Refusal,
    set: &ReplicaSet,
    observed: usize,
    planned: &Planned<'_>,
) {
    let desired = wording::size(set.spec.replicas.unwrap_or(1));
    let reason = match observed.cmp(&desired) {
        std::cmp::Ordering::Less => "FailedCreate",
        std::cmp::Ordering::Greater => "FailedDelete",
        std::cmp::Ordering::Equal => return,
    };
    if conditions.iter().any(|each| each.type_ == REPLICA_FAILURE) {
        return;
    }
    conditions.push(apps::ReplicaSetCondition {
        type_: REPLICA_FAILURE.to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(meta::object_time(planned.now)),
        reason: Some(reason.to_owned()),
        message: Some(refusal.message.clone()),
    });
}
