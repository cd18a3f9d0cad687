//! Whose an object is: adopting what matches and belongs to nobody, releasing what matches no longer.

use serde_json::{Value, json};

use super::controller::{Action, Change};
use crate::api::{Key, Kind, LabelSelector, Object, Pod, Typed, meta, selector};
use crate::apiserver::PatchType;
use crate::apiserver::{Outcome, Patch, Subresource, Verb};
use crate::client::{Informers, Standing};

/// The objects of one kind, as an owner has to do with them.
/// Source: `pkg/controller/controller_ref_manager.go`.
pub(super) struct Claims<'a> {
    caches: &'a Informers,
    kind: Kind,
    uid: String,
    wanted: LabelSelector,
    finalizer: Option<&'static str>,
    /// Nobody's, which match.
    pub(super) orphans: Vec<&'a Object>,
    /// Its own, which match no longer.
    pub(super) strays: Vec<&'a Object>,
}

impl<'a> Claims<'a> {
    /// What `owner` has to do with the objects of a kind in its namespace. An owner that is being
    /// deleted neither adopts nor releases.
    pub(super) fn of(
        caches: &'a Informers,
        kind: Kind,
        owner: &Object,
        wanted: &LabelSelector,
    ) -> Self {
        let mut claims = Self {
            caches,
            kind,
            uid: owner.uid().to_owned(),
            wanted: wanted.clone(),
            finalizer: None,
            orphans: Vec::new(),
            strays: Vec::new(),
        };
        if !owner.is_terminating() {
            if claims.may_have_strays() {
                claims.strays = caches
                    .owned(kind, owner.uid())
                    .filter(|object| !selector::matches_object(wanted, object))
                    .collect();
            }
            claims.orphans = caches
                .unowned(kind, owner.namespace())
                .filter(|object| !object.is_terminating())
                .filter(|object| selector::matches_object(wanted, object))
                .collect();
        }
        claims
    }

    /// The same; what is adopted gets this finalizer, and what is released loses it.
    pub(super) fn with_finalizer(mut self, finalizer: &'static str) -> Self {
        self.finalizer = Some(finalizer);
        self
    }

    /// Of pods, the census tells without a look at each.
    fn may_have_strays(&self) -> bool {
        let mut standings = self.caches.standings(&self.uid);
        self.kind != Kind::Pod
            || standings.any(|(standing, _)| !selector::matches(&self.wanted, &standing.labels))
    }

    /// Its own as objects of a type, and those that it adopts.
    pub(super) fn mine<T: Typed + 'a>(&self, adopts: bool) -> Vec<&'a T> {
        let owned = self.caches.owned(self.kind, &self.uid);
        let owned = owned.filter(|object| selector::matches_object(&self.wanted, object));
        let adopted = self.orphans.iter().filter(|_| adopts);
        owned.chain(adopted.copied()).filter_map(T::of).collect()
    }

    /// How many of its own pods, and of those that it adopts, stand how.
    pub(super) fn standings(&self, adopts: bool) -> Vec<(Standing, usize)> {
        let owned = self.caches.standings(&self.uid);
        let owned = owned
            .filter(|(standing, _)| selector::matches(&self.wanted, &standing.labels))
            .map(|(standing, count)| (standing.clone(), count));
        let adopted = self.orphans.iter().filter(|_| adopts);
        let adopted = adopted.filter_map(|object| Pod::of(object));
        owned
            .chain(adopted.map(|pod| (Standing::of(pod), 1)))
            .collect()
    }

    /// The patches that make it so.
    pub(super) fn actions(&self, owner: &Object, adopts: bool) -> Vec<Action> {
        let adopted = self.orphans.iter().filter(|_| adopts);
        adopted
            .map(|object| self.adoption(owner, object))
            .chain(self.strays.iter().map(|object| self.release(owner, object)))
            .collect()
    }

    fn adoption(&self, owner: &Object, object: &Object) -> Action {
        let reference = meta::controller_reference(owner);
        let reference = json!({
            "apiVersion": reference.api_version,
            "kind": reference.kind,
            "name": reference.name,
            "uid": reference.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        });
        let why = format!("adopts {}: it matches and is nobody's", object.key());
        let finalizers = self.finalizer.map(|name| ("finalizers", name));
        patch(object, &reference, finalizers, why)
    }

    fn release(&self, owner: &Object, object: &Object) -> Action {
        let reference = json!({"$patch": "delete", "uid": owner.uid()});
        let why = format!("releases {}: it matches no longer", object.key());
        let finalizers = self
            .finalizer
            .map(|name| ("$deleteFromPrimitiveList/finalizers", name));
        patch(object, &reference, finalizers, why)
    }
}

/// The question to ask before an adoption: a cache may not know yet that the owner is being
/// deleted, and what its deletion set free must not be caught again.
/// Source: `RecheckDeletionTimestamp`.
pub(super) fn question(owner: &Object) -> Vec<(Key, Verb)> {
    vec![(owner.key(), Verb::Get)]
}

/// Whether the answer to the [`question`] allows adopting.
pub(super) fn may_adopt(owner_uid: &str, answers: &[Outcome]) -> bool {
    let fresh = answers.first().and_then(|answer| answer.as_ref().ok());
    fresh
        .and_then(crate::apiserver::Answer::object)
        .is_some_and(|fresh| fresh.uid() == owner_uid && !fresh.is_terminating())
}

fn patch(
    object: &Object,
    owner_reference: &Value,
    finalizers: Option<(&str, &str)>,
    why: String,
) -> Action {
    // The uid in the body makes sure that it is still the same object.
    let mut body = json!({"metadata": {
        "uid": object.uid(),
        "ownerReferences": [owner_reference],
    }});
    if let Some((field, name)) = finalizers {
        body["metadata"][field] = json!([name]);
    }
    let patch = Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body,
    };
    Action::new(object.key(), Verb::Patch(patch), why)
}

/// The owners of type `T` that a change concerns: the owner itself, the one responsible for a
/// changed object, or, for an orphan, all that would have it.
pub(super) fn owners_concerned<T: Typed>(
    caches: &Informers,
    change: &Change<'_>,
    selector_of: fn(&T) -> Option<&LabelSelector>,
) -> Vec<Key> {
    let Some(latest) = change.latest() else {
        return Vec::new();
    };
    if latest.kind() == T::KIND {
        return vec![latest.key()];
    }
    let owner_key = |object: &Object| responsible(caches, T::KIND, object);
    let mut keys: Vec<Key> = change.before.and_then(owner_key).into_iter().collect();
    match change.after {
        Some(after) if meta::controller_of(after.metadata()).is_some() => {
            keys.extend(owner_key(after));
        }
        Some(after) if is_news_of_orphan(change.before, after) => {
            let takers = caches.all(T::KIND, Some(after.namespace()));
            keys.extend(
                takers
                    .filter(|taker| {
                        let wanted = T::of(&taker.object).and_then(selector_of);
                        wanted.is_some_and(|wanted| selector::matches_object(wanted, after))
                    })
                    .map(|taker| taker.object.key()),
            );
        }
        _ => {}
    }
    keys.dedup();
    keys
}

fn is_news_of_orphan(before: Option<&Object>, after: &Object) -> bool {
    before.is_none_or(|before| {
        meta::labels(before.metadata()) != meta::labels(after.metadata())
            || meta::controller_of(before.metadata()).is_some()
    })
}

/// The owner of this kind that is responsible for the object and still there.
pub(super) fn responsible(caches: &Informers, kind: Kind, object: &Object) -> Option<Key> {
    let owner = meta::controller_of(object.metadata())?;
    if owner.kind != kind.info().name {
        return None;
    }
    let key = Key::new(kind, object.namespace(), &owner.name);
    caches
        .object(&key)
        .is_some_and(|found| found.uid() == owner.uid)
        .then_some(key)
}
