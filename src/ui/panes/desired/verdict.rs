//! One sentence about the selected object: why the difference is not closing.

use crate::api::{Deployment, Key, Object, Pod, ReplicaSet, Typed};
use crate::cluster::Cluster;
use crate::kubectl::printers::pod_status;
use crate::ui::panes::index::Objects;
use crate::ui::panes::mark::Mark;
use crate::ui::theme::Role;

use super::absent;
use super::fields::Counts;

/// How many pods are looked at for what is wrong with them.
const LOOKED_AT: usize = 50;

/// The sentence; none when nothing is missing or it closes by itself.
pub(super) fn of(world: &Cluster, objects: &Objects, object: &Object) -> Option<(String, Role)> {
    if let Some(absent) = absent::words(world, objects, object) {
        return Some(absent);
    }
    match object {
        Object::Deployment(deployment) if deployment.spec.paused == Some(true) => {
            let words = "paused: another template waits for rollout resume".to_owned();
            Some((words, Role::Waiting))
        }
        Object::Deployment(deployment) => rollout(world, objects, deployment),
        Object::ReplicaSet(set) => {
            let gap = Counts::of(object, objects).gap()?;
            let trouble = trouble(world, objects, set.uid()).filter(|_| gap != 0)?;
            Some((trouble, Role::Bad))
        }
        Object::Pod(pod) => stranded(world, pod).or_else(|| Some((unplaced(pod)?, Role::Bad))),
        _ => None,
    }
}

/// A rollout whose new pods do not come up: the old ones keep serving.
fn rollout(world: &Cluster, objects: &Objects, deployment: &Deployment) -> Option<(String, Role)> {
    let owned = objects.owned_by(deployment.uid())?;
    let sets = owned.iter().filter_map(|key| world.store().get(key));
    let mut sets: Vec<&ReplicaSet> = sets.filter_map(ReplicaSet::of).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    let (new, old) = sets.split_first()?;
    let why = trouble(world, objects, new.uid())?;
    let serving: usize = old.iter().map(|set| objects.tally(set.uid()).ready).sum();
    let progressing = deployment.status.conditions.iter().flatten();
    let is_over = progressing
        .filter(|condition| condition.type_ == "Progressing" && condition.status == "False")
        .any(|condition| condition.reason.as_deref() == Some("ProgressDeadlineExceeded"));
    let state = match (serving, is_over) {
        (0, _) => return Some((why, Role::Bad)),
        (_, true) => "the rollout is stuck (ProgressDeadlineExceeded)",
        (_, false) => "the rollout is stuck",
    };
    let pods = match serving {
        1 => "the 1 old pod keeps serving".to_owned(),
        pods => format!("the {pods} old pods keep serving"),
    };
    Some((format!("{state}: {why}; {pods}"), Role::Bad))
}

fn revision(set: &ReplicaSet) -> i64 {
    let annotations = set.metadata.annotations.as_ref();
    let revision = annotations.and_then(|all| all.get("deployment.kubernetes.io/revision"));
    revision.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What keeps pods of an owner from running, if something does: `2 pods ImagePullBackOff`.
fn trouble(world: &Cluster, objects: &Objects, owner: &str) -> Option<String> {
    let troubled = objects.troubled(owner)?.iter().take(LOOKED_AT);
    let pods = troubled.filter_map(|key| world.store().get(key).and_then(Pod::of));
    let pods: Vec<&Pod> = pods.filter(|pod| !pod.is_terminating()).collect();
    if let Some(why) = pods.iter().find_map(|pod| unplaced(pod)) {
        return Some(why);
    }
    let bad = pods
        .iter()
        .filter(|pod| matches!(Mark::of(pod), Mark::BackOff | Mark::Failed));
    let status = pod_status(bad.clone().next()?);
    let of_it = bad.filter(|pod| pod_status(pod) == status).count();
    Some(match of_it {
        1 => format!("1 pod is in {status}"),
        pods => format!("{pods} pods are in {status}"),
    })
}

/// Why the scheduler finds no node for a pod, in its own words.
fn unplaced(pod: &Pod) -> Option<String> {
    let condition = pod.condition("PodScheduled")?;
    if condition.status != "False" {
        return None;
    }
    let message = condition.message.as_deref()?;
    let message = message.split(" preemption:").next().unwrap_or(message);
    Some(format!("no node for it: {message}"))
}

/// A pod that was told to go from a machine that says nothing.
fn stranded(world: &Cluster, pod: &Pod) -> Option<(String, Role)> {
    let node = pod.spec.node_name.as_deref()?;
    if !pod.is_terminating() || !world.is_silent(node) {
        return None;
    }
    let words = format!("told to go, but gone only when the kubelet of {node} says so");
    Some((words, Role::Waiting))
}

/// The root of what is drawn, when nothing is selected.
pub(super) fn first(objects: &Objects) -> Option<&Key> {
    objects.roots().first().map(|(_, key)| key)
}
