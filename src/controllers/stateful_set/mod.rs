//! statefulset-controller: pods with ordinals, one after the other.
//! Source: `pkg/controller/statefulset`.

mod identity;
mod retention;
mod status;
mod steps;

use super::claim::{self, Claims};
use super::controller::{Action, Controller, LookAgain, Plan, Planned};
use super::revision_history::{History, LeftBehind};
use super::wording;
use crate::api::{Kind, Object, Pod, StatefulSet, Typed};
use crate::apiserver::Outcome;
use crate::sim::counted;
use steps::Steps;

pub(super) static STATEFUL_SET: Controller = Controller {
    name: "statefulset-controller",
    event_source: "statefulset-controller",
    watches: &[
        Kind::StatefulSet,
        Kind::Pod,
        Kind::PersistentVolumeClaim,
        Kind::ControllerRevision,
    ],
    concerns: |caches, change| match change.latest() {
        Some(Object::PersistentVolumeClaim(_)) => Vec::new(),
        _ => claim::owners_concerned(caches, change, |set: &StatefulSet| Some(&set.spec.selector)),
    },
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(set) = planned.subject::<StatefulSet>() else {
        return Plan::nothing("the StatefulSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = claims(planned, set, &owner);
    let left = LeftBehind::to(planned.caches, &owner, &set.spec.selector);
    if claims.orphans.is_empty() && left.is_empty() {
        return reconcile(planned, set, &claims, false);
    }
    let about = "what to adopt, if the StatefulSet is still wanted";
    Plan::asking(about, claim::question(&owner), plan_with_answer)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(set) = planned.subject::<StatefulSet>() else {
        return Plan::nothing("the StatefulSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = claims(planned, set, &owner);
    let adopts = claim::may_adopt(set.uid(), answers);
    let left = LeftBehind::to(planned.caches, &owner, &set.spec.selector);
    if adopts && !left.is_empty() {
        return left.taken(&owner, &claims);
    }
    reconcile(planned, set, &claims, adopts)
}

/// Only pods whose name is the set's with an ordinal are its own. Source: `isMemberOf`.
fn claims<'a>(planned: &Planned<'a>, set: &StatefulSet, owner: &Object) -> Claims<'a> {
    let mut claims = Claims::of(planned.caches, Kind::Pod, owner, &set.spec.selector);
    let is_member = |pod: &&Object| identity::ordinal(set.name(), pod.name()).is_some();
    claims.orphans.retain(is_member);
    claims
}

fn reconcile(planned: &Planned<'_>, set: &StatefulSet, claims: &Claims<'_>, adopts: bool) -> Plan {
    let owner = set.clone().into_object();
    let collisions = set.status.collision_count.unwrap_or(0);
    let history = History::of(planned.caches, &owner, collisions);
    let desired = wording::size(set.spec.replicas.unwrap_or(1));
    let mut plan = Plan {
        desired: format!("{} in order", counted(desired, "pod")),
        actions: claims.actions(&owner, adopts),
        ..Plan::default()
    };
    let pods: Vec<&Pod> = claims.mine(adopts);
    plan.observed = counted(pods.len(), "pod");
    if set.is_terminating() {
        return plan;
    }
    plan.actions.extend(history.write.clone());
    let mut steps = Steps::new(planned, set, &history, &pods);
    steps.take();
    plan.actions.append(&mut steps.actions);
    plan.events.append(&mut steps.events);
    let status = status::of(planned, set, &history, &pods, &steps.replaced);
    plan.look_again = LookAgain::earlier(status.look_again, steps.look_again);
    plan.difference = match steps.waits_for {
        Some(reason) => reason,
        None => wording::difference(desired, pods.len()),
    };
    if status.written != *set.status {
        if plan.difference.is_empty() && plan.actions.is_empty() {
            "the status is behind".clone_into(&mut plan.difference);
        }
        let mut written = set.clone();
        *written.status_mut() = status.written;
        let why = "writes the status".to_owned();
        let write = Action::status(written.into_object(), why);
        plan.actions.push(write);
    }
    let limit = set.spec.revision_history_limit.unwrap_or(10);
    let used = status::used_revisions(set, &pods);
    plan.actions
        .extend(history.truncate(set.namespace(), limit, &used));
    plan
}

#[cfg(test)]
mod tests;
