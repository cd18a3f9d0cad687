//! Who watches what: each watch has its own delay and keeps the order of what it delivers.

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::ComponentId;
use crate::api::{Kind, Object};
use crate::client::Subscription;
use crate::sim::{Random, Range, RecordId, Time};
use crate::store::Change;

/// The number of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WatchId(pub u64);

/// One open watch.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Who watches.
    pub component: ComponentId,
    /// What.
    pub subscription: Subscription,
    /// The last revision that was sent on its way to the watcher.
    pub sent: u64,
    /// The last revision that reached the watcher.
    pub delivered: u64,
    /// Counts how often it was opened; what an earlier opening sent no longer arrives.
    pub opening: u32,
    /// Whether it is open now.
    pub is_open: bool,
    /// How much later than usual what it tells arrives.
    pub delay: Duration,
    last_arrival: Time,
    random: Random,
}

impl Watch {
    /// When something sent now arrives: after a delay of its own, never before what was sent earlier.
    pub(super) fn arrival(&mut self, now: Time, delay: Range) -> Time {
        let arrival = now + self.random.duration(delay) + self.delay;
        self.last_arrival = self.last_arrival.max(arrival);
        self.last_arrival
    }
}

/// A change on its way to a watcher.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    /// The watch.
    pub watch: WatchId,
    /// Which opening of it.
    pub opening: u32,
    /// The change.
    pub change: Arc<Change>,
    /// The record of the commit.
    pub commit: RecordId,
}

/// The field that a narrow watch asks for, so that a change finds its watchers without asking all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Narrowing {
    None,
    Node(Arc<str>),
    Name(Arc<str>),
}

impl Narrowing {
    fn of(subscription: &Subscription) -> Self {
        let fields = &subscription.scope.fields.0;
        let wanted = |path: &str| {
            fields
                .iter()
                .find(|field| field.equal && field.path == path)
                .map(|field| field.value.as_str().into())
        };
        if let Some(node) = wanted("spec.nodeName") {
            Self::Node(node)
        } else if let Some(name) = wanted("metadata.name") {
            Self::Name(name)
        } else {
            Self::None
        }
    }

    fn node_of(object: &Object) -> Option<Self> {
        match object {
            Object::Pod(pod) => pod.spec.node_name.clone().map(Self::Node),
            _ => None,
        }
    }
}

/// All watches, found by what they watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches {
    by_id: OrdMap<WatchId, Watch>,
    index: OrdSet<(Kind, Narrowing, WatchId)>,
    owners: OrdSet<(ComponentId, WatchId)>,
    next: u64,
}

impl Watches {
    /// Adds a watch that is not open yet.
    pub(super) fn add(
        &mut self,
        component: &ComponentId,
        subscription: Subscription,
        seed: u64,
    ) -> WatchId {
        let id = WatchId(self.next);
        self.next += 1;
        self.index
            .insert((subscription.kind, Narrowing::of(&subscription), id));
        self.owners.insert((component.clone(), id));
        let random = Random::stream(seed, &format!("watch {component} {}", subscription.kind));
        self.by_id.insert(
            id,
            Watch {
                component: component.clone(),
                subscription,
                sent: 0,
                delivered: 0,
                opening: 0,
                is_open: false,
                delay: Duration::ZERO,
                last_arrival: Time::START,
                random,
            },
        );
        id
    }

    /// Forgets a watch; what is on its way to the watcher no longer arrives.
    pub(super) fn remove(&mut self, id: WatchId) {
        if let Some(watch) = self.by_id.remove(&id) {
            let subscription = &watch.subscription;
            self.index
                .remove(&(subscription.kind, Narrowing::of(subscription), id));
            self.owners.remove(&(watch.component, id));
        }
    }

    /// The watch of this number.
    #[must_use]
    pub(super) fn get(&self, id: WatchId) -> Option<&Watch> {
        self.by_id.get(&id)
    }

    /// The watch of this number, to change.
    pub(super) fn get_mut(&mut self, id: WatchId) -> Option<&mut Watch> {
        self.by_id.get_mut(&id)
    }

    /// All watches.
    pub(super) fn iter(&self) -> impl Iterator<Item = (WatchId, &Watch)> {
        self.by_id.iter().map(|(id, watch)| (*id, watch))
    }

    /// Tells the watches that wait for nothing how far the store was. Every minute a bookmark does,
    /// so that a watch on what never changes is not behind a compaction when it is opened again.
    ///
    /// Unlike Kubernetes: bookmarks are not seen on their way; what they told is known when the
    /// store forgets.
    pub(super) fn bookmark(&mut self, revision: u64) {
        let waits = |watch: &Watch| watch.is_open && watch.sent == watch.delivered;
        let behind = self.by_id.iter();
        let behind: Vec<WatchId> = behind
            .filter(|(_, watch)| waits(watch) && watch.sent < revision)
            .map(|(id, _)| *id)
            .collect();
        for id in behind {
            if let Some(watch) = self.by_id.get_mut(&id) {
                (watch.sent, watch.delivered) = (revision, revision);
            }
        }
    }

    /// The watches of a component.
    #[must_use]
    pub(super) fn of(&self, component: &ComponentId) -> Vec<WatchId> {
        let first = (component.clone(), WatchId(0));
        let own = self
            .owners
            .range(first..)
            .take_while(|(owner, _)| owner == component);
        own.map(|(_, id)| *id).collect()
    }

    /// The watches that may care for a change, in the order of their numbers.
    #[must_use]
    pub(super) fn candidates(&self, change: &Change) -> Vec<WatchId> {
        let kind = change.key.kind;
        let mut found: Vec<WatchId> = self.at(kind, Narrowing::None).collect();
        found.extend(self.at(kind, Narrowing::Name(Arc::clone(&change.key.name))));
        let now = Narrowing::node_of(&change.object);
        let before = change.previous.as_ref().and_then(Narrowing::node_of);
        if before != now {
            found.extend(before.into_iter().flat_map(|node| self.at(kind, node)));
        }
        found.extend(now.into_iter().flat_map(|node| self.at(kind, node)));
        found.sort_unstable();
        found
    }

    fn at(&self, kind: Kind, narrowing: Narrowing) -> impl Iterator<Item = WatchId> {
        let first = (kind, narrowing.clone(), WatchId(0));
        self.index
            .range(first..)
            .take_while(move |(each, narrow, _)| *each == kind && *narrow == narrowing)
            .map(|(_, _, id)| *id)
    }
}
