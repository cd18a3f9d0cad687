//! deployment-controller: one ReplicaSet for each template, rolled out step by step.
//! Source: `pkg/controller/deployment`.

mod limits;
mod recreate;
mod revision;
mod rolling;
mod scaling;
mod status;
mod words;

use super::claim::{self, Claims};
use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::wording;
use crate::api::{Deployment, Key, Kind, Object, ReplicaSet, Typed, meta};
use crate::apiserver::{DeleteOptions, Outcome, Reason, Refusal, Verb};
use crate::client::Informers;
use limits::Limits;
pub(super) use limits::{Rounding, scaled};
use recreate::Stage;
use revision::{Member, Members, REVISION};

/// What is so when a rollout that stands still is looked at.
const DEADLINE: &str = "the rollout must have moved on (progressDeadlineSeconds)";

pub(super) static DEPLOYMENT: Controller = Controller {
    name: "deployment-controller",
    event_source: "deployment-controller",
    watches: &[Kind::Deployment, Kind::ReplicaSet, Kind::Pod],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// ReplicaSets wake their Deployment; pods only when they are gone and a Recreate waits for it.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    match (change.before, change.after) {
        (Some(pod @ Object::Pod(_)), None) => recreate_of(caches, pod).into_iter().collect(),
        (_, Some(Object::Pod(_))) => Vec::new(),
        _ => claim::owners_concerned(caches, change, |deployment: &Deployment| {
            Some(&deployment.spec.selector)
        }),
    }
}

fn recreate_of(caches: &Informers, pod: &Object) -> Option<Key> {
    let set = claim::responsible(caches, Kind::ReplicaSet, pod)?;
    let key = claim::responsible(caches, Kind::Deployment, caches.object(&set)?)?;
    let Object::Deployment(deployment) = caches.object(&key)? else {
        return None;
    };
    limits::is_recreate(deployment).then_some(key)
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(deployment) = planned.subject::<Deployment>() else {
        return Plan::nothing("the Deployment is gone");
    };
    let owner = deployment.clone().into_object();
    let selector = &deployment.spec.selector;
    let claims = Claims::of(planned.caches, Kind::ReplicaSet, &owner, selector);
    if claims.orphans.is_empty() {
        return reconcile(planned, deployment, &claims, false);
    }
    let about = "ReplicaSets to adopt, if the Deployment is still wanted";
    Plan::asking(about, claim::question(&owner), plan_with_answer)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(deployment) = planned.subject::<Deployment>() else {
        return Plan::nothing("the Deployment is gone");
    };
    let owner = deployment.clone().into_object();
    let selector = &deployment.spec.selector;
    let claims = Claims::of(planned.caches, Kind::ReplicaSet, &owner, selector);
    let adopts = claim::may_adopt(deployment.uid(), answers);
    reconcile(planned, deployment, &claims, adopts)
}

/// The plan in the making.
struct Draft<'a> {
    planned: &'a Planned<'a>,
    seen: &'a Deployment,
    wanted: Deployment,
    members: Members,
    actions: Vec<Action>,
    /// Whether a rollout is under way, which has to keep its deadline. One that is paused has none.
    is_rolling: bool,
}

/// Source: `syncDeployment`.
fn reconcile(planned: &Planned<'_>, seen: &Deployment, claims: &Claims<'_>, adopts: bool) -> Plan {
    let owner = seen.clone().into_object();
    let mut draft = Draft {
        planned,
        seen,
        wanted: seen.clone(),
        members: Members::of(seen, &claims.mine(adopts)),
        actions: claims.actions(&owner, adopts),
        is_rolling: false,
    };
    if !draft.actions.is_empty() {
        // Whose the ReplicaSets are comes first; the rest is planned when that is settled.
        return draft.into_plan();
    }
    if seen.is_terminating() {
        draft.count();
        return draft.into_plan();
    }
    if let Some(refusal) = creation_refused(planned)
        && draft.settle_refusal(refusal)
    {
        return draft.into_plan();
    }
    status::tell_pause(&mut draft.wanted, planned.now);
    draft.members.sync_revision(seen);
    draft.tell_revision();
    if seen.spec.paused == Some(true) || scaling::is_scaling(&draft.members, seen) {
        scaling::scale(&mut draft.members, seen);
        if seen.spec.paused == Some(true) {
            draft.clean_up();
        }
        draft.count();
        return draft.into_plan();
    }
    draft.roll_out();
    draft.into_plan()
}

/// Why the new ReplicaSet could not be created last time.
fn creation_refused<'a>(planned: &Planned<'a>) -> Option<&'a Refusal> {
    planned.refused.filter(|refusal| {
        let key = refusal.key.as_ref();
        key.is_some_and(|key| key.kind == Kind::ReplicaSet)
            && !matches!(refusal.reason, Reason::Conflict | Reason::NotFound)
    })
}

impl Draft<'_> {
    /// A name that is taken by another template is a collision of hashes and needs another hash;
    /// anything else is told. True when the plan ends here.
    fn settle_refusal(&mut self, refusal: &Refusal) -> bool {
        if self.members.new.is_some() {
            return false;
        }
        let name = refusal.key.as_ref().map_or("", |key| &key.name);
        let taken = refusal.reason == Reason::AlreadyExists;
        let taken_by = self
            .planned
            .caches
            .get::<ReplicaSet>(self.seen.namespace(), name);
        if taken && taken_by.is_some() {
            let collisions = self.seen.status.collision_count.unwrap_or(0) + 1;
            self.wanted.status_mut().collision_count = Some(collisions);
            return true;
        }
        if !taken {
            let (why, now) = (&refusal.message, self.planned.now);
            status::tell_not_created(&mut self.wanted, name, why, now);
            if self.wanted != *self.seen {
                return true;
            }
        }
        false
    }

    /// The Deployment carries the revision of its new ReplicaSet.
    fn tell_revision(&mut self) {
        if let Some(new) = &self.members.new {
            let revision = meta::annotation(&new.wanted.metadata, REVISION);
            status::tell_revision(&mut self.wanted, revision.unwrap_or_default());
            status::tell_found(&mut self.wanted, new.seen.name(), self.planned.now);
        }
    }

    fn roll_out(&mut self) {
        self.is_rolling = true;
        let moved = if limits::is_recreate(self.seen) {
            let stage = recreate::recreate(&mut self.members, self.seen, self.planned.caches);
            if stage == Stage::Starting && self.members.new.is_none() {
                self.create_new();
                return;
            }
            stage != Stage::Starting
        } else {
            if self.members.new.is_none() {
                self.create_new();
                return;
            }
            rolling::roll(&mut self.members, self.seen)
        };
        if !moved && status::is_complete(self.seen, &self.seen.status) {
            self.clean_up();
        }
        self.count();
        status::judge(&self.members, self.seen, &mut self.wanted, self.planned.now);
    }

    /// Source: `getNewReplicaSet`.
    fn create_new(&mut self) {
        let set = revision::new_replica_set(self.seen, &self.members);
        let name = set.name().to_owned();
        let replicas = set.spec.replicas.unwrap_or(0);
        let number = meta::annotation(&set.metadata, REVISION).unwrap_or_default();
        status::tell_revision(&mut self.wanted, number);
        status::tell_created(&mut self.wanted, &name, self.planned.now);
        let owner = self.seen.clone().into_object();
        let object = set.into_object();
        let why = format!("creates ReplicaSet {name} for a template that has none");
        let failed = format!("Failed to create new replica set \"{name}\": {{refusal}}");
        let mut create = Action::new(object.key(), Verb::Create(object), why)
            .warning(Said::warning(&owner, "ReplicaSetCreateError", failed));
        if replicas > 0 {
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            create = create.saying(Said::normal(&owner, "ScalingReplicaSet", message));
        }
        self.actions.push(create);
    }

    /// Deletes the oldest revisions beyond the limit. Source: `cleanupDeployment`.
    fn clean_up(&mut self) {
        let Some(limit) = self.seen.spec.revision_history_limit else {
            return;
        };
        if limit == i32::MAX {
            return;
        }
        let mut old: Vec<&Member> = self.members.old.iter().collect();
        old.retain(|old| !old.seen.is_terminating());
        let surplus = old.len().saturating_sub(wording::size(limit));
        old.sort_by_key(|old| revision::revision(&old.seen));
        for old in old.into_iter().take(surplus).map(|old| &old.seen) {
            let unseen = old.metadata.generation > old.status.observed_generation;
            if old.status.replicas != 0 || old.spec.replicas != Some(0) || unseen {
                continue;
            }
            let key = old.clone().into_object().key();
            let why = format!("deletes {key}: an old revision beyond the limit of {limit}");
            let verb = Verb::Delete(DeleteOptions::default());
            self.actions.push(Action::new(key, verb, why));
        }
    }

    fn count(&mut self) {
        status::count(&self.members, &mut self.wanted, self.planned.now);
    }

    fn into_plan(mut self) -> Plan {
        let owner = self.seen.clone().into_object();
        let scaled = self
            .members
            .all()
            .filter_map(|member| update(&owner, member));
        self.actions.extend(scaled);
        let is_told = self.wanted == *self.seen;
        let deadline = (is_told && self.is_rolling)
            .then(|| status::deadline_check(self.seen, self.planned.now))
            .flatten();
        if !is_told {
            let why = "writes the status".to_owned();
            let wanted = self.wanted.clone().into_object();
            self.actions.push(Action::status(wanted, why));
        }
        let limits = Limits::of(self.seen);
        Plan {
            desired: words::desired(limits),
            observed: words::observed(&self.members),
            difference: words::difference(&self.members, self.seen, &self.actions),
            actions: self.actions,
            look_again: deadline.map(|after| LookAgain::to_check(after).because(DEADLINE)),
            ..Plan::default()
        }
    }
}

/// The write of a ReplicaSet that shall be other than it is.
fn update(owner: &Object, member: &Member) -> Option<Action> {
    if member.wanted == member.seen {
        return None;
    }
    let name = member.seen.name();
    let (before, after) = (member.replicas_before(), member.replicas());
    let object = member.wanted.clone().into_object();
    let key = object.key();
    let verb = Verb::Update(object);
    if before == after {
        let why = format!("updates the annotations of {key}");
        return Some(Action::new(key, verb, why));
    }
    let direction = if before < after { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {name} from {before} to {after}");
    let why = format!("scales {key} {direction} from {before} to {after}");
    let event = Said::normal(owner, "ScalingReplicaSet", message);
    Some(Action::new(key, verb, why).saying(event))
}

#[cfg(test)]
mod tests;
