//! garbage-collector: what belonged to somebody who is gone goes too; whoever waits for what it owns
//! is let go when that is gone. Source: `pkg/controller/garbagecollector`.

use serde_json::json;

use super::controller::{Act, Action, Change, Controller, Plan, Planned, Said};
use crate::api::{Key, Kind, Object, OwnerReference};
use crate::apiserver::{
    Answer, DeleteOptions, Outcome, Patch, PatchType, Propagation, Reason, Subresource, Verb,
};
use crate::client::Informers;
use crate::sim::counted;

/// Whether an owner is really gone is not taken from a cache that may be behind. A cache that knows
/// a revision at which the dependent already named its owner, and does not hold the owner, proves
/// it: the owner was there before anybody could name its uid, and no uid comes twice. Without that
/// proof the API server is asked.
///
/// Unlike Kubernetes: there each absent owner is asked for, once; the proof saves the question.
/// Owners that block each other in a circle are not told apart from others.
pub(super) static GARBAGE_COLLECTOR: Controller = Controller {
    name: "garbage-collector",
    event_source: "garbage-collector-controller",
    watches: &[
        Kind::Namespace,
        Kind::Node,
        Kind::Pod,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ControllerRevision,
        Kind::Job,
        Kind::CronJob,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::ConfigMap,
        Kind::Secret,
        Kind::ServiceAccount,
        Kind::Lease,
        Kind::HorizontalPodAutoscaler,
        Kind::PodDisruptionBudget,
        Kind::PriorityClass,
        Kind::ResourceQuota,
        Kind::LimitRange,
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::StorageClass,
    ],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// Holds an owner until what it owns and what blocks it is gone.
const FOREGROUND: &str = "foregroundDeletion";
/// Holds an owner until nothing names it any more.
const ORPHAN: &str = "orphan";

fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    match (change.before, change.after) {
        (Some(gone), None) => {
            let mut keys: Vec<Key> = caches.dependents(gone.uid()).map(Object::key).collect();
            keys.extend(waiting_owners(caches, gone));
            keys
        }
        (before, Some(after)) => {
            let mut keys = Vec::new();
            let owners = |object: &Object| object.metadata().owner_references.clone();
            if before.is_none_or(|before| owners(before) != owners(after)) {
                keys.extend(
                    before
                        .into_iter()
                        .flat_map(|before| waiting_owners(caches, before)),
                );
                if references(after)
                    .iter()
                    .any(|owner| !is_solid(caches, owner, after))
                {
                    keys.push(after.key());
                }
            }
            if is_held(after) && !before.is_some_and(is_held) {
                keys.push(after.key());
                if has_finalizer(after, FOREGROUND) {
                    keys.extend(caches.dependents(after.uid()).map(Object::key));
                }
            }
            keys
        }
        (None, None) => Vec::new(),
    }
}

fn references(object: &Object) -> &[OwnerReference] {
    let owners = object.metadata().owner_references.as_deref();
    owners.unwrap_or_default()
}

fn has_finalizer(object: &Object, finalizer: &str) -> bool {
    let mut finalizers = object.metadata().finalizers.iter().flatten();
    finalizers.any(|each| each == finalizer)
}

/// Being deleted, and waiting for this controller.
fn is_held(object: &Object) -> bool {
    object.is_terminating() && (has_finalizer(object, FOREGROUND) || has_finalizer(object, ORPHAN))
}

fn is_waiting(object: &Object) -> bool {
    object.is_terminating() && has_finalizer(object, FOREGROUND)
}

/// Where the owner of `dependent` would stand: in the dependent's namespace, or in none. Nothing
/// for kinds that are not known, and for owners in a namespace of dependents in none.
fn owner_key(owner: &OwnerReference, dependent: &Object) -> Option<Key> {
    let kind = Kind::of_manifest(&owner.api_version, &owner.kind)?;
    if kind.info().namespaced && dependent.namespace().is_empty() {
        return None;
    }
    Some(Key::new(kind, dependent.namespace(), &owner.name))
}

fn cached_owner<'a>(
    caches: &'a Informers,
    owner: &OwnerReference,
    dependent: &Object,
) -> Option<&'a Object> {
    let found = caches.object(&owner_key(owner, dependent)?)?;
    (found.uid() == owner.uid).then_some(found)
}

fn is_solid(caches: &Informers, owner: &OwnerReference, dependent: &Object) -> bool {
    cached_owner(caches, owner, dependent).is_some_and(|owner| !is_waiting(owner))
}

fn waiting_owners(caches: &Informers, dependent: &Object) -> Vec<Key> {
    references(dependent)
        .iter()
        .filter_map(|owner| cached_owner(caches, owner, dependent))
        .filter(|owner| is_waiting(owner))
        .map(Object::key)
        .collect()
}

fn plan(planned: &Planned<'_>) -> Plan {
    plan_with_answers(planned, &[])
}

fn plan_with_answers(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(object) = planned.caches.object(planned.key) else {
        return Plan::nothing("it is gone");
    };
    if object.is_terminating() {
        return match () {
            () if has_finalizer(object, ORPHAN) => orphan(planned.caches, object),
            () if has_finalizer(object, FOREGROUND) => wait(planned.caches, object),
            () => Plan::nothing("it is on its way out already"),
        };
    }
    let mut owners = Owners::default();
    for owner in references(object) {
        owners.classify(planned.caches, object, owner, answers);
    }
    owners.decide(planned.caches, object)
}

/// The owners of an object, by what became of them. Source: `classifyReferences`.
#[derive(Default)]
struct Owners<'a> {
    solid: Vec<&'a OwnerReference>,
    absent: Vec<&'a OwnerReference>,
    waiting: Vec<&'a OwnerReference>,
    unknown: Vec<&'a OwnerReference>,
    unproven: Vec<Key>,
}

impl<'a> Owners<'a> {
    fn classify(
        &mut self,
        caches: &Informers,
        dependent: &Object,
        owner: &'a OwnerReference,
        answers: &[Outcome],
    ) {
        let Some(key) = owner_key(owner, dependent) else {
            self.unknown.push(owner);
            return;
        };
        let standing = cached_owner(caches, owner, dependent);
        let answer = answers.iter().find(|answer| is_about(answer, &key));
        let asked = answer.map(|answer| answer.as_ref().ok().and_then(Answer::object));
        match (standing, asked) {
            (Some(found), _) => self.stands(owner, found),
            (None, Some(Some(found))) if found.uid() == owner.uid => self.stands(owner, found),
            (None, Some(_)) => self.absent.push(owner),
            (None, None) if proves_absence(caches, &key, dependent) => self.absent.push(owner),
            (None, None) => self.unproven.push(key),
        }
    }

    fn stands(&mut self, owner: &'a OwnerReference, found: &Object) {
        if is_waiting(found) {
            self.waiting.push(owner);
        } else {
            self.solid.push(owner);
        }
    }

    fn decide(self, caches: &Informers, object: &Object) -> Plan {
        let total = references(object).len();
        if !self.unproven.is_empty() {
            let questions = self
                .unproven
                .into_iter()
                .map(|key| (key, Verb::Get))
                .collect();
            return Plan::asking("an owner that may be gone", questions, plan_with_answers);
        }
        let observed = format!(
            "{}, {} gone, {} waiting to go",
            counted(total, "owner"),
            self.absent.len(),
            self.waiting.len()
        );
        let mut plan = Plan {
            desired: "an owner for whatever names one".to_owned(),
            observed,
            ..Plan::default()
        };
        if total == 0 || !self.unknown.is_empty() {
            return plan;
        }
        plan.events = strangers(caches, object, &self.absent);
        if self.solid.is_empty() {
            plan.difference = String::from("nobody owns it any more");
            plan.actions = vec![collect(caches, object, !self.waiting.is_empty())];
        } else if self.solid.len() < total {
            plan.difference = String::from("names an owner that is gone or going");
            let gone = self.absent.iter().chain(&self.waiting);
            let uids = gone.map(|owner| owner.uid.as_str()).collect();
            plan.actions = vec![forget(object, uids)];
        }
        plan
    }
}

/// Whether an answer is about this key: an object that stands there, or that nothing does.
fn is_about(answer: &Outcome, key: &Key) -> bool {
    match answer {
        Ok(answer) => answer.object().is_some_and(|object| object.key() == *key),
        Err(refusal) => refusal.reason == Reason::NotFound && refusal.key.as_ref() == Some(key),
    }
}

fn proves_absence(caches: &Informers, owner: &Key, dependent: &Object) -> bool {
    let cache = caches.cache(owner.kind);
    cache.is_some_and(|cache| cache.revision() >= dependent.revision())
}

/// An owner that exists, but in another namespace, is as good as none, and that is said.
fn strangers(caches: &Informers, object: &Object, absent: &[&OwnerReference]) -> Vec<Said> {
    let is_elsewhere = |owner: &&&OwnerReference| {
        let kind = Kind::of_manifest(&owner.api_version, &owner.kind);
        kind.is_some_and(|kind| {
            let mut all = caches.all(kind, None);
            all.any(|found| found.object.uid() == owner.uid)
        })
    };
    absent
        .iter()
        .filter(is_elsewhere)
        .map(|owner| {
            let namespace = object.namespace();
            let message = format!(
                "ownerRef [{}/{}, namespace: {namespace}, name: {}, uid: {}] does not exist in \
                 namespace \"{namespace}\"",
                owner.api_version, owner.kind, owner.name, owner.uid
            );
            Said::warning(object, "OwnerRefInvalidNamespace", message)
        })
        .collect()
}

/// Deletes what nobody owns. What an owner waits for is deleted in the foreground when it owns
/// something itself. Source: `attemptToDeleteItem`.
fn collect(caches: &Informers, object: &Object, is_waited_for: bool) -> Action {
    let owns = caches.dependents(object.uid()).next().is_some();
    let propagation = if has_finalizer(object, ORPHAN) {
        Propagation::Orphan
    } else if has_finalizer(object, FOREGROUND) || (is_waited_for && owns) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    let key = object.key();
    let why = if is_waited_for {
        format!("deletes {key}: its owner waits for that")
    } else {
        format!("deletes {key}: its owner is gone")
    };
    let options = DeleteOptions {
        grace_period_seconds: None,
        propagation,
        uid: Some(object.uid().to_owned()),
        resource_version: object.metadata().resource_version.clone(),
    };
    Action::new(key, Verb::Delete(options), why).as_act(Act::Collect)
}

fn strategic(object: &Object, body: serde_json::Value, why: String) -> Action {
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body,
    };
    Action::new(object.key(), Verb::Patch(patch), why)
}

/// Takes owners out of an object.
fn forget(object: &Object, uids: Vec<&str>) -> Action {
    let references: Vec<_> = uids
        .into_iter()
        .map(|uid| json!({"$patch": "delete", "uid": uid}))
        .collect();
    let body = json!({"metadata": {"uid": object.uid(), "ownerReferences": references}});
    let why = format!(
        "takes an owner that is gone or going out of {}",
        object.key()
    );
    strategic(object, body, why)
}

/// Lets an object go that waited for this controller.
fn release(object: &Object, finalizer: &str, why: &str) -> Action {
    let finalizers = object.metadata().finalizers.iter().flatten();
    let left: Vec<&String> = finalizers.filter(|each| *each != finalizer).collect();
    let body = json!({"metadata": {
        "resourceVersion": object.metadata().resource_version,
        "finalizers": left,
    }});
    let patch = Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Main,
        body,
    };
    let why = format!("lets {} go: {why}", object.key());
    Action::new(object.key(), Verb::Patch(patch), why)
}

/// Foreground: the owner waits for those that block it. Source: `processDeletingDependentsItem`.
fn wait(caches: &Informers, owner: &Object) -> Plan {
    let blocks = |dependent: &&Object| {
        references(dependent)
            .iter()
            .any(|each| each.uid == owner.uid() && each.block_owner_deletion == Some(true))
    };
    let blocking = caches.dependents(owner.uid()).filter(blocks).count();
    let mut plan = Plan {
        desired: "nothing left that blocks it".to_owned(),
        observed: counted(blocking, "dependent"),
        ..Plan::default()
    };
    if blocking == 0 {
        plan.difference = String::from("it need not wait any longer");
        plan.actions = vec![release(owner, FOREGROUND, "what blocked it is gone")];
    }
    plan
}

/// Orphan: the dependents forget their owner, and then it may go. Source: `orphanDependents`.
fn orphan(caches: &Informers, owner: &Object) -> Plan {
    let dependents: Vec<&Object> = caches.dependents(owner.uid()).collect();
    let mut actions: Vec<Action> = dependents
        .iter()
        .map(|dependent| forget(dependent, vec![owner.uid()]))
        .collect();
    actions.push(release(owner, ORPHAN, "nothing names it any more"));
    Plan {
        desired: "no dependents".to_owned(),
        observed: counted(dependents.len(), "dependent"),
        difference: "its dependents are to stay without it".to_owned(),
        actions,
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::apiserver::Refusal;
    use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};

    fn set(namespace: &str) -> Object {
        object(
            Kind::ReplicaSet,
            json!({"metadata": {"name": "web", "namespace": namespace, "uid": "set",
                "resourceVersion": "50"}}),
        )
    }

    fn pod(owners: &[(&str, bool)]) -> Object {
        let owners: Vec<Value> = owners
            .iter()
            .map(|(uid, blocks)| {
                json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": uid,
                    "controller": uid == &"set", "blockOwnerDeletion": blocks})
            })
            .collect();
        object(
            Kind::Pod,
            json!({"metadata": {"name": "a", "namespace": "default", "uid": "pod",
                "resourceVersion": "60", "ownerReferences": owners}}),
        )
    }

    fn going(object: &Object, finalizer: &str) -> Object {
        changed(object, |object| {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:00Z");
            object["metadata"]["finalizers"] = json!([finalizer]);
        })
    }

    fn key(object: &Object) -> Key {
        object.key()
    }

    fn plan_for(subject: &Object, others: &[Object]) -> Plan {
        let mut objects = others.to_vec();
        objects.push(subject.clone());
        Bench::new(&GARBAGE_COLLECTOR, &objects).plan(&key(subject))
    }

    fn options(plan: &Plan) -> &DeleteOptions {
        match &plan.actions[0].verb {
            Verb::Delete(options) => options,
            other => unreachable!("a delete, not {}", other.name()),
        }
    }

    #[test]
    fn c10_what_has_an_owner_stays() {
        let plan = plan_for(&pod(&[("set", true)]), &[set("default")]);
        assert!(plan.is_empty(), "{plan:?}");
    }

    #[test]
    fn c10_what_nobody_owns_any_more_is_deleted_in_the_background() {
        let plan = plan_for(&pod(&[("set", true)]), &[]);
        assert_eq!(outlines(&plan), ["delete pod a"]);
        assert_eq!(plan.actions[0].act, Act::Collect);
        let options = options(&plan);
        assert_eq!(options.propagation, Propagation::Background);
        assert_eq!(options.uid.as_deref(), Some("pod"));
        assert_eq!(options.resource_version.as_deref(), Some("60"));
    }

    #[test]
    fn c10_an_owner_of_the_same_name_with_another_uid_is_none() {
        let other = changed(&set("default"), |set| set["metadata"]["uid"] = json!("new"));
        let plan = plan_for(&pod(&[("set", true)]), &[other]);
        assert_eq!(outlines(&plan), ["delete pod a"]);
    }

    #[test]
    fn c10_a_cache_that_may_be_behind_is_no_proof() {
        // The bench's caches know revision 100.
        let newer = changed(&pod(&[("set", true)]), |pod| {
            pod["metadata"]["resourceVersion"] = json!("101");
        });
        let bench = Bench::new(&GARBAGE_COLLECTOR, std::slice::from_ref(&newer));
        let plan = bench.plan(&key(&newer));
        assert!(plan.actions.is_empty());
        let inquiry = plan.inquiry.expect("it asks");
        let decide = |answer: Outcome| {
            bench.plan_with(&key(&newer), |planned| {
                (inquiry.then)(planned, std::slice::from_ref(&answer))
            })
        };
        let there = decide(Ok(Answer::Object(set("default"))));
        assert!(there.is_empty(), "{there:?}");
        let gone = decide(Err(Refusal::not_found(&key(&set("default")))));
        assert_eq!(outlines(&gone), ["delete pod a"]);
        let unclear = decide(Err(Refusal::bad_request("?".to_owned())));
        assert!(unclear.actions.is_empty() && unclear.inquiry.is_some());
    }

    #[test]
    fn c10_an_owner_in_another_namespace_is_treated_as_absent_and_that_is_said() {
        let plan = plan_for(&pod(&[("set", true)]), &[set("other")]);
        assert_eq!(outlines(&plan), ["delete pod a"]);
        assert_eq!(
            messages(&plan),
            [
                "OwnerRefInvalidNamespace ownerRef [apps/v1/ReplicaSet, namespace: default, name: \
              web, uid: set] does not exist in namespace \"default\""
            ]
        );
    }

    #[test]
    fn c10_with_one_owner_left_only_the_reference_goes() {
        let plan = plan_for(&pod(&[("set", true), ("gone", false)]), &[set("default")]);
        assert_eq!(outlines(&plan), ["patch pod a"]);
        let references = &written(&plan.actions[0])["metadata"]["ownerReferences"];
        assert_eq!(references, &json!([{"$patch": "delete", "uid": "gone"}]));
    }

    #[test]
    fn c10_foreground_waits_for_those_that_block_it() {
        let owner = going(&set("default"), FOREGROUND);
        let blocked = plan_for(&owner, &[pod(&[("set", true)])]);
        assert!(blocked.is_empty(), "{blocked:?}");
        let free = plan_for(&owner, &[pod(&[("set", false)])]);
        assert_eq!(outlines(&free), ["patch replicaset web"]);
        assert_eq!(
            written(&free.actions[0])["metadata"]["finalizers"],
            json!([])
        );
    }

    #[test]
    fn c10_foreground_deletes_the_dependents_and_from_top_to_bottom() {
        let owner = going(&set("default"), FOREGROUND);
        let dependent = pod(&[("set", true)]);
        let plan = plan_for(&dependent, std::slice::from_ref(&owner));
        assert_eq!(options(&plan).propagation, Propagation::Background);
        let below = object(
            Kind::ConfigMap,
            json!({"metadata": {"name": "below", "namespace": "default", "ownerReferences": [
                {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "pod"}]}}),
        );
        let plan = plan_for(&dependent, &[owner, below]);
        assert_eq!(options(&plan).propagation, Propagation::Foreground);
    }

    #[test]
    fn c10_orphan_sets_the_dependents_free_before_the_owner_goes() {
        let plan = plan_for(&going(&set("default"), ORPHAN), &[pod(&[("set", true)])]);
        assert_eq!(outlines(&plan), ["patch pod a", "patch replicaset web"]);
    }

    #[test]
    fn c10_a_removal_concerns_what_it_owned_and_who_waited_for_it() {
        let owner = going(&set("default"), FOREGROUND);
        let dependent = pod(&[("set", true)]);
        let bench = Bench::new(&GARBAGE_COLLECTOR, &[owner.clone(), dependent.clone()]);
        let gone = |object| Change {
            before: Some(object),
            after: None,
        };
        assert_eq!(concerns(&bench.caches, &gone(&owner)), [key(&dependent)]);
        assert_eq!(concerns(&bench.caches, &gone(&dependent)), [key(&owner)]);
    }

    #[test]
    fn c10_an_object_whose_owner_is_there_concerns_nobody() {
        let bench = Bench::new(&GARBAGE_COLLECTOR, &[set("default")]);
        let dependent = pod(&[("set", true)]);
        let change = Change {
            before: None,
            after: Some(&dependent),
        };
        assert_eq!(concerns(&bench.caches, &change), []);
    }
}
