//! A component's own copy of the objects that it watches; it may be behind the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::census::{Census, Standing, stand_alike};
use super::labelled::Labelled;
use crate::api::{Key, Kind, LabelSelector, Object, OwnerReference, Pod, Typed, meta, selector};
use crate::apiserver::{Refusal, Scope, WatchEvent};
use crate::sim::{Memo, RecordId, Time};

/// What a component watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    /// Objects of this kind.
    pub kind: Kind,
    /// Which of them.
    pub scope: Scope,
}

impl Subscription {
    /// All objects of a kind.
    #[must_use]
    pub fn all(kind: Kind) -> Self {
        Self {
            kind,
            scope: Scope::default(),
        }
    }
}

/// What reached an informer.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which of the component's subscriptions.
    pub kind: Kind,
    /// The revision that the informer knows of from now on.
    pub revision: u64,
    /// What it says.
    pub seen: Seen,
}

/// The content of a delivery.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The answer to a list: everything there is.
    Listed(Vec<Object>),
    /// The watch goes on from the revision where it broke.
    Resumed,
    /// One change.
    Event(WatchEvent),
    /// The watch broke; it will be opened again by itself.
    Gone,
    /// The API server does not let it be watched like this.
    Refused(Refusal),
}

/// An object as a component knows it.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The object.
    pub object: Object,
    /// When it arrived here.
    pub arrived: Time,
    /// The record of its arrival.
    pub record: RecordId,
}

/// The copies of one kind, with the indexes that controllers ask for.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    objects: OrdMap<Key, Cached>,
    by_owner: OrdSet<(Arc<str>, Key)>,
    /// By uid of the owner; taken when it is first asked for, and kept up to date from then on.
    censuses: OrdMap<Arc<str>, Memo<Census>>,
    /// Taken when it is first asked for, and kept up to date from then on.
    by_label: Memo<Labelled>,
    revision: u64,
}

impl Cache {
    /// The newest revision that the informer knows of.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many objects it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn put(&mut self, object: &Object, now: Time, record: RecordId) -> Option<Object> {
        let key = object.key();
        let cached = Cached {
            object: object.clone(),
            arrived: now,
            record,
        };
        let before = self.objects.insert(key.clone(), cached);
        let before = before.map(|cached| cached.object);
        let owners = &object.metadata().owner_references;
        let owners_before = before
            .as_ref()
            .map(|object| &object.metadata().owner_references);
        if owners_before != Some(owners) {
            if let Some(owners) = owners_before {
                self.forget_owners(owners.as_deref(), &key);
            }
            for uid in index_uids(owners.as_deref()) {
                self.by_owner.insert((uid, key.clone()));
            }
        }
        self.recount(before.as_ref(), Some(object));
        if let Some(labelled) = self.by_label.get_mut() {
            labelled.change(before.as_ref(), Some(object));
        }
        before
    }

    fn remove(&mut self, key: &Key) -> Option<Object> {
        let before = self.objects.remove(key)?.object;
        self.forget_owners(before.metadata().owner_references.as_deref(), key);
        self.recount(Some(&before), None);
        if let Some(labelled) = self.by_label.get_mut() {
            labelled.change(Some(&before), None);
        }
        Some(before)
    }

    /// Keeps the censuses up to date with a change of a pod.
    fn recount(&mut self, before: Option<&Object>, after: Option<&Object>) {
        let (before, after) = (before.and_then(Pod::of), after.and_then(Pod::of));
        let owner = |pod: &Pod| {
            let owner = meta::controller_of(&pod.metadata)?;
            Some(Arc::<str>::from(owner.uid.as_str()))
        };
        if let (Some(before), Some(after)) = (before, after)
            && stand_alike(before, after)
            && before.metadata.owner_references == after.metadata.owner_references
        {
            return;
        }
        if let Some(pod) = before
            && let Some(uid) = owner(pod)
        {
            if let Some(census) = self.censuses.get_mut(&uid).and_then(Memo::get_mut) {
                census.remove(pod);
            }
            let first = Key::first_of(Kind::Pod, NOBODY);
            if self.indexed(&uid, first).next().is_none() {
                self.censuses.remove(&uid);
            }
        }
        if let Some(pod) = after
            && let Some(uid) = owner(pod)
            && let Some(census) = self.censuses.entry(uid).or_default().get_mut()
        {
            census.add(pod);
        }
    }

    fn forget_owners(&mut self, owners: Option<&[OwnerReference]>, key: &Key) {
        for uid in index_uids(owners) {
            self.by_owner.remove(&(uid, key.clone()));
        }
    }

    /// The objects in the index under this uid, from this key on.
    fn indexed<'a>(&'a self, uid: &str, first: Key) -> impl Iterator<Item = &'a Object> + use<'a> {
        let uid: Arc<str> = uid.into();
        self.by_owner
            .range((Arc::clone(&uid), first)..)
            .take_while(move |(owner, _)| *owner == uid)
            .filter_map(|(_, key)| Some(&self.objects.get(key)?.object))
    }
}

/// The uid under which objects stand that nobody is responsible for.
const NOBODY: &str = "";

/// Under which uids an object stands in the index: those of all its owners, and [`NOBODY`] when
/// none of them is responsible for it.
fn index_uids(owners: Option<&[OwnerReference]>) -> Vec<Arc<str>> {
    let owners = owners.unwrap_or_default();
    let nobody = !owners.iter().any(|owner| owner.controller == Some(true));
    owners
        .iter()
        .map(|owner| owner.uid.as_str())
        .chain(nobody.then_some(NOBODY))
        .map(Arc::from)
        .collect()
}

/// All caches of one component. This is what a plan is made from.
#[derive(Clone, Debug, Default)]
pub struct Informers {
    caches: BTreeMap<Kind, Cache>,
}

impl Informers {
    /// Empty caches for these kinds.
    #[must_use]
    pub fn new(kinds: &[Kind]) -> Self {
        Self {
            caches: kinds.iter().map(|kind| (*kind, Cache::default())).collect(),
        }
    }

    /// Takes in a delivery and returns what changed: before and after, for each object.
    pub fn apply(
        &mut self,
        delivery: &Delivery,
        now: Time,
        record: RecordId,
    ) -> Vec<(Option<Object>, Option<Object>)> {
        let cache = self.caches.entry(delivery.kind).or_default();
        cache.revision = cache.revision.max(delivery.revision);
        match &delivery.seen {
            Seen::Gone | Seen::Resumed | Seen::Refused(_) => Vec::new(),
            Seen::Event(WatchEvent::Deleted(object)) => cache
                .remove(&object.key())
                .into_iter()
                .map(|before| (Some(before), None))
                .collect(),
            Seen::Event(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                let before = cache.put(object, now, record);
                vec![(before, Some(object.clone()))]
            }
            Seen::Listed(objects) => replace(cache, objects, now, record),
        }
    }

    /// The cache of a kind.
    #[must_use]
    pub fn cache(&self, kind: Kind) -> Option<&Cache> {
        self.caches.get(&kind)
    }

    /// The caches with their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Cache)> {
        self.caches.iter().map(|(kind, cache)| (*kind, cache))
    }

    /// One object with the time of its arrival.
    #[must_use]
    pub fn cached(&self, key: &Key) -> Option<&Cached> {
        self.caches.get(&key.kind)?.objects.get(key)
    }

    /// One object of any kind.
    #[must_use]
    pub fn object(&self, key: &Key) -> Option<&Object> {
        self.cached(key).map(|cached| &cached.object)
    }

    /// One object by namespace (empty for none) and name.
    #[must_use]
    pub fn get<T: Typed>(&self, namespace: &str, name: &str) -> Option<&T> {
        self.object(&Key::new(T::KIND, namespace, name))
            .and_then(T::of)
    }

    /// The objects of a type, in one namespace or (with `None`) in all, ordered by key.
    pub fn list<'a, T: Typed + 'a>(
        &'a self,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &'a T> {
        self.all(T::KIND, namespace)
            .filter_map(|cached| T::of(&cached.object))
    }

    /// The objects of a type in a namespace that a selector matches, ordered by key.
    #[must_use]
    pub fn selected<'a, T: Typed + 'a>(
        &'a self,
        namespace: &str,
        wanted: &LabelSelector,
    ) -> Vec<&'a T> {
        let Some(cache) = self.caches.get(&T::KIND) else {
            return Vec::new();
        };
        let every = || cache.objects.values().map(|cached| &cached.object);
        let labelled = cache.by_label.get_or_init(|| Labelled::of(every()));
        let first = Key::first_of(T::KIND, namespace);
        let matching = |object: &&Object| selector::matches_object(wanted, object);
        match labelled.candidates(wanted, first) {
            Some(keys) => keys
                .take_while(|key| *key.namespace == *namespace)
                .filter_map(|key| Some(&cache.objects.get(key)?.object))
                .filter(matching)
                .filter_map(T::of)
                .collect(),
            None => self
                .all(T::KIND, Some(namespace))
                .map(|cached| &cached.object)
                .filter(matching)
                .filter_map(T::of)
                .collect(),
        }
    }

    /// The objects of a kind with the times of their arrival, in one namespace or (with `None`) in
    /// all, ordered by key.
    pub fn all<'a>(
        &'a self,
        kind: Kind,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &'a Cached> + use<'a> {
        let namespace: Option<Arc<str>> = namespace.map(Arc::from);
        let first = Key::first_of(kind, namespace.as_deref().unwrap_or_default());
        self.caches
            .get(&kind)
            .into_iter()
            .flat_map(move |cache| cache.objects.range(first.clone()..))
            .take_while(move |(key, _)| {
                namespace
                    .as_deref()
                    .is_none_or(|namespace| *key.namespace == *namespace)
            })
            .map(|(_, cached)| cached)
    }

    /// The objects of a type whose responsible owner has this uid, ordered by key.
    pub fn owned_by<'a, T: Typed + 'a>(&'a self, uid: &str) -> impl Iterator<Item = &'a T> {
        self.owned(T::KIND, uid).filter_map(T::of)
    }

    /// The objects of a kind whose responsible owner has this uid, ordered by key.
    pub fn owned<'a>(
        &'a self,
        kind: Kind,
        uid: &str,
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let uid = uid.to_owned();
        self.caches
            .get(&kind)
            .into_iter()
            .flat_map({
                let uid = uid.clone();
                move |cache| cache.indexed(&uid, Key::first_of(kind, NOBODY))
            })
            .filter(move |object| {
                meta::controller_of(object.metadata()).is_some_and(|owner| owner.uid == uid)
            })
    }

    /// How many of the pods for which the owner of this uid is responsible stand how.
    pub fn standings(&self, uid: &str) -> impl Iterator<Item = (&Standing, usize)> {
        let cache = self.caches.get(&Kind::Pod);
        let census = cache.and_then(|cache| cache.censuses.get(uid));
        let census =
            census.map(|taken| taken.get_or_init(|| Census::of(self.owned(Kind::Pod, uid))));
        census.into_iter().flat_map(Census::iter)
    }

    /// The objects of a kind in a namespace that nobody is responsible for, ordered by key.
    pub fn unowned<'a>(
        &'a self,
        kind: Kind,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let namespace: Arc<str> = namespace.into();
        let first = Key::first_of(kind, &namespace);
        self.caches
            .get(&kind)
            .into_iter()
            .flat_map(move |cache| cache.indexed(NOBODY, first.clone()))
            .take_while(move |object| *object.namespace() == *namespace)
    }

    /// The objects of every kind that name this uid among their owners.
    pub fn dependents<'a>(&'a self, uid: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
        let uid = uid.to_owned();
        self.caches
            .iter()
            .flat_map(move |(kind, cache)| cache.indexed(&uid, Key::first_of(*kind, NOBODY)))
    }
}

fn replace(
    cache: &mut Cache,
    objects: &[Object],
    now: Time,
    record: RecordId,
) -> Vec<(Option<Object>, Option<Object>)> {
    let listed: BTreeMap<Key, &Object> = objects
        .iter()
        .map(|object| (object.key(), object))
        .collect();
    let gone: Vec<Key> = cache
        .objects
        .keys()
        .filter(|key| !listed.contains_key(key))
        .cloned()
        .collect();
    let mut changes: Vec<_> = gone
        .iter()
        .filter_map(|key| cache.remove(key))
        .map(|before| (Some(before), None))
        .collect();
    for object in objects {
        // What has not changed has not arrived anew.
        let held = cache.objects.get(&object.key());
        if held.is_none_or(|cached| cached.object != *object) {
            let before = cache.put(object, now, record);
            changes.push((before, Some(object.clone())));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, owner: &str, ready: &str, label: &str) -> Object {
        let value = json!({
            "metadata": {
                "name": name, "namespace": "default", "labels": {"app": label},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner,
                    "uid": owner, "controller": true}],
            },
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        });
        Object::from_value(Kind::Pod, value).expect("a pod")
    }

    fn event(informers: &mut Informers, seen: WatchEvent) {
        let delivery = Delivery {
            kind: Kind::Pod,
            revision: 2,
            seen: Seen::Event(seen),
        };
        informers.apply(&delivery, Time::START, RecordId(0));
    }

    fn standings(informers: &Informers, owner: &str) -> Vec<(String, bool, usize)> {
        let standings = informers.standings(owner);
        let label = |standing: &Standing| standing.labels["app"].clone();
        standings
            .map(|(standing, count)| (label(standing), standing.is_ready, count))
            .collect()
    }

    #[test]
    fn what_a_selector_matches_is_found_by_its_labels_and_follows_each_change() {
        let mut informers = Informers::new(&[Kind::Pod]);
        let put = |informers: &mut Informers, pod| event(informers, WatchEvent::Modified(pod));
        let selector = |value: serde_json::Value| -> LabelSelector {
            serde_json::from_value(value).expect("a selector")
        };
        let by_label = selector(json!({"matchLabels": {"app": "web"}}));
        let by_expression = selector(json!({"matchExpressions": [
            {"key": "app", "operator": "In", "values": ["web", "db"]}]}));
        let names = |informers: &Informers, wanted: &LabelSelector| -> String {
            let pods = informers.selected::<Pod>("default", wanted);
            pods.iter().map(|pod| pod.name()).collect()
        };
        put(&mut informers, pod("a", "one", "True", "web"));
        put(&mut informers, pod("b", "one", "True", "db"));
        assert_eq!(names(&informers, &by_label), "a");
        put(&mut informers, pod("c", "one", "True", "web"));
        put(&mut informers, pod("b", "one", "True", "web"));
        assert_eq!(names(&informers, &by_label), "abc");
        put(&mut informers, pod("a", "one", "True", "other"));
        event(
            &mut informers,
            WatchEvent::Deleted(pod("c", "one", "True", "web")),
        );
        assert_eq!(names(&informers, &by_label), "b");
        assert_eq!(names(&informers, &by_expression), "b");
        assert_eq!(informers.selected::<Pod>("other", &by_label).len(), 0);
    }

    #[test]
    fn a_census_follows_pods_that_come_change_move_and_go() {
        let mut informers = Informers::new(&[Kind::Pod]);
        let put = |informers: &mut Informers, pod| event(informers, WatchEvent::Modified(pod));
        put(&mut informers, pod("a", "one", "False", "web"));
        put(&mut informers, pod("b", "one", "False", "web"));
        // Taken here for the first time, and followed from here on.
        assert_eq!(standings(&informers, "one"), [("web".to_owned(), false, 2)]);
        put(&mut informers, pod("a", "one", "True", "web"));
        put(&mut informers, pod("b", "one", "False", "db"));
        let both = [("db".to_owned(), false, 1), ("web".to_owned(), true, 1)];
        assert_eq!(standings(&informers, "one"), both);
        put(&mut informers, pod("a", "two", "True", "web"));
        assert_eq!(standings(&informers, "one"), both[..1]);
        assert_eq!(standings(&informers, "two"), both[1..]);
        event(
            &mut informers,
            WatchEvent::Deleted(pod("b", "one", "False", "db")),
        );
        assert_eq!(standings(&informers, "one"), []);
        put(&mut informers, pod("c", "one", "True", "web"));
        assert_eq!(standings(&informers, "one"), both[1..]);
    }
}
