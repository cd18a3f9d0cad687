//! replicaset-controller: as many pods as a ReplicaSet asks for. Source: `pkg/controller/replicaset`.

mod status;
mod victims;

use super::claim::{self, Claims};
use super::controller::{Action, Controller, Plan, Planned};
use super::pod_control;
use super::pod_template::PodMould;
use super::wording;
use crate::api::{Kind, Pod, ReplicaSet, Typed, apps};
use crate::apiserver::Outcome;
use crate::sim::counted;

/// How many pods one sync creates or deletes at most. Source: `BurstReplicas`.
const BURST: usize = 500;

pub(super) static REPLICA_SET: Controller = Controller {
    name: "replicaset-controller",
    event_source: "replicaset-controller",
    watches: &[Kind::ReplicaSet, Kind::Pod],
    concerns: |caches, change| {
        claim::owners_concerned(caches, change, |set: &ReplicaSet| Some(&set.spec.selector))
    },
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(set) = planned.subject::<ReplicaSet>() else {
        return Plan::nothing("the ReplicaSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = Claims::of(planned.caches, Kind::Pod, &owner, &set.spec.selector);
    if claims.orphans.is_empty() {
        return reconcile(planned, set, &claims, false);
    }
    let about = "pods to adopt, if the ReplicaSet is still wanted";
    Plan::asking(about, claim::question(&owner), plan_with_answer)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(set) = planned.subject::<ReplicaSet>() else {
        return Plan::nothing("the ReplicaSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = Claims::of(planned.caches, Kind::Pod, &owner, &set.spec.selector);
    reconcile(planned, set, &claims, claim::may_adopt(set.uid(), answers))
}

fn reconcile(planned: &Planned<'_>, set: &ReplicaSet, claims: &Claims<'_>, adopts: bool) -> Plan {
    let owner = set.clone().into_object();
    let mut standings = claims.standings(adopts);
    standings.retain(|(standing, _)| standing.is_active);
    let there: usize = standings.iter().map(|(_, count)| count).sum();
    let desired = wording::size(set.spec.replicas.unwrap_or(1));
    let mut actions = claims.actions(&owner, adopts);
    if !set.is_terminating() {
        if there < desired {
            actions.extend(create(set, (desired - there).min(BURST)));
        } else if there > desired {
            let mut pods: Vec<&Pod> = claims.mine(adopts);
            pods.retain(|pod| pod.is_active());
            let surplus = (there - desired).min(BURST);
            let victims = victims::choose(planned, set, &pods, surplus);
            let victims = victims.into_iter();
            actions.extend(victims.map(|pod| pod_control::delete(&owner, pod, "one too many")));
        }
    }
    let status = status::of(set, &standings, planned, None);
    let mut difference = wording::difference(desired, there);
    let ready = wording::size(status.written.ready_replicas.unwrap_or(0));
    if difference.is_empty() && actions.is_empty() && status.written == *set.status {
        difference = wording::waits(desired.saturating_sub(ready), "ready");
    }
    if status.written != *set.status {
        if difference.is_empty() && actions.is_empty() {
            "the status is behind".clone_into(&mut difference);
        }
        actions.push(write(set, status.written));
    }
    Plan {
        desired: counted(desired, "pod"),
        observed: counted(there, "pod"),
        difference,
        actions,
        when_refused: Some(tell_failure),
        look_again: status.look_again,
        ..Plan::default()
    }
}

fn write(set: &ReplicaSet, status: apps::ReplicaSetStatus) -> Action {
    let mut written = set.clone();
    *written.status_mut() = status;
    Action::status(written.into_object(), "writes the status".to_owned())
}

/// What went wrong is told at once.
fn tell_failure(planned: &Planned<'_>) -> Vec<Action> {
    let Some(set) = planned.subject::<ReplicaSet>() else {
        return Vec::new();
    };
    let owner = set.clone().into_object();
    let claims = Claims::of(planned.caches, Kind::Pod, &owner, &set.spec.selector);
    let mut standings = claims.standings(false);
    standings.retain(|(standing, _)| standing.is_active);
    let failure = pod_control::failure(planned);
    let status = status::of(set, &standings, planned, failure);
    let is_news = failure.is_some() && status.written != *set.status;
    is_news
        .then(|| write(set, status.written))
        .into_iter()
        .collect()
}

fn create(set: &ReplicaSet, missing: usize) -> Vec<Action> {
    let Some(template) = &set.spec.template else {
        return Vec::new();
    };
    let owner = set.clone().into_object();
    let mould = PodMould::new(&owner, template);
    (1..=missing)
        .map(|number| {
            let why = format!("creates pod {number} of {missing} missing");
            pod_control::create(&owner, mould.unnamed(&owner), why)
        })
        .collect()
}

#[cfg(test)]
mod tests;
