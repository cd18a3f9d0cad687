//! What a StatefulSet says about its pods and revisions.

use super::super::controller::{LookAgain, Planned};
use super::super::pod_template::{min_ready, until_available};
use super::super::revision_history::History;
use super::super::wording;
use super::identity;
use crate::api::{Pod, StatefulSet, apps};

/// A status, and when it will change by itself.
pub(super) struct Status {
    /// As it is to be written.
    pub(super) written: apps::StatefulSetStatus,
    /// When the next pod will have been ready for long enough.
    pub(super) look_again: Option<LookAgain>,
}

/// `replaced` are the pods that go for the sake of another revision.
/// Source: `updateStatus`, `completeRollingUpdate`.
pub(super) fn of(
    planned: &Planned<'_>,
    set: &StatefulSet,
    history: &History,
    pods: &[&Pod],
    replaced: &[&Pod],
) -> Status {
    let update = history.update.name.as_str();
    let current = set.status.current_revision.as_deref();
    let current = current
        .filter(|name| history.named(name).is_some())
        .unwrap_or(update);
    let least = min_ready(set.spec.min_ready_seconds);
    let running = pods.iter().filter(|pod| pod.phase() == "Running");
    let waits: Vec<_> = running
        .filter_map(|pod| until_available(pod, least, planned.now))
        .collect();
    let made_from = |revision: &str| {
        let living = pods.iter().filter(|pod| !pod.is_terminating());
        // One that is replaced in this sync counts no more.
        let living = living.filter(|pod| !replaced.iter().any(|gone| gone.uid() == pod.uid()));
        living
            .filter(|pod| identity::revision_of(pod) == revision)
            .count()
    };
    let number = |count: usize| (count > 0).then(|| wording::replicas(count));
    let available = waits.iter().filter(|wait| wait.is_zero()).count();
    let mut written = apps::StatefulSetStatus {
        observed_generation: set.metadata.generation,
        replicas: wording::replicas(pods.len()),
        ready_replicas: number(waits.len()),
        available_replicas: Some(wording::replicas(available)),
        current_replicas: number(made_from(current)),
        updated_replicas: number(made_from(update)),
        current_revision: Some(current.to_owned()),
        update_revision: Some(update.to_owned()),
        collision_count: Some(set.status.collision_count.unwrap_or(0)),
        conditions: set.status.conditions.clone(),
    };
    let is_rolled_out = written.updated_replicas.unwrap_or(0) == written.replicas
        && written.ready_replicas.unwrap_or(0) == written.replicas;
    if is_rolled_out && is_rolling(set) {
        written.current_replicas = written.updated_replicas;
        written.current_revision = Some(update.to_owned());
    }
    let next = waits.iter().filter(|wait| !wait.is_zero()).min();
    Status {
        written,
        look_again: next.copied().map(LookAgain::to_act),
    }
}

fn is_rolling(set: &StatefulSet) -> bool {
    let strategy = set.spec.update_strategy.as_ref();
    strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete")
}

/// The names of the revisions that are needed: current, updated, and those of the pods.
pub(super) fn used_revisions<'a>(set: &'a StatefulSet, pods: &[&'a Pod]) -> Vec<&'a str> {
    let status = [&set.status.current_revision, &set.status.update_revision];
    let named = status.into_iter().flatten().map(String::as_str);
    let made = pods.iter().map(|pod| identity::revision_of(pod));
    named.chain(made).collect()
}
