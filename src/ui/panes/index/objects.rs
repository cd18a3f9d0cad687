//! Who owns whom, what stands on which node and how much it requests, kept up to date by changes.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::requests::{self, RequestOptions};
use crate::api::{Key, Kind, Node, Object, Pod, Quantity, meta};
use crate::store::{Change, Store};
use crate::ui::panes::mark::Mark;

/// The label of an EndpointSlice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The label of a node that names its zone.
const ZONE: &str = "topology.kubernetes.io/zone";

/// More changes than this are cheaper to read from the objects than from the log.
const CHANGES_MOST: u64 = 20_000;

/// Where a root of the tree stands: workloads first, then lone pods, autoscalers, services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) enum Section {
    /// Namespaces that are being deleted.
    Namespace,
    /// What makes pods.
    Workload,
    /// Pods that nobody owns.
    LonePod,
    /// What bounds and moves workloads: autoscalers, disruption budgets, quotas.
    Policy,
    /// Services.
    Service,
}

impl Section {
    /// Where objects of a kind stand in the tree, if they do.
    pub(in super::super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob => Some(Self::Workload),
            Kind::Pod => Some(Self::LonePod),
            Kind::HorizontalPodAutoscaler | Kind::PodDisruptionBudget | Kind::ResourceQuota => {
                Some(Self::Policy)
            }
            Kind::Namespace => Some(Self::Namespace),
            Kind::Service => Some(Self::Service),
            _ => None,
        }
    }
}

/// A pod as the index keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Placed {
    /// Its node.
    pub node: Option<Arc<str>>,
    /// How it stands.
    pub mark: Mark,
    owner: Option<Arc<str>>,
    cpu: Quantity,
    memory: Quantity,
    active: bool,
    ready: bool,
}

/// How many pods an owner has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Tally {
    /// Pods that are neither finished nor being ended.
    pub active: usize,
    /// Those of them that are ready.
    pub ready: usize,
    /// All of them.
    pub all: usize,
}

/// A node with what stands on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Shelf {
    /// The node; none when pods are bound to a node that is not there.
    pub machine: Option<Machine>,
    /// The pods bound to it.
    pub pods: BTreeSet<Key>,
    /// Requested processors of those that are not finished.
    pub cpu: Quantity,
    /// Requested memory of those that are not finished.
    pub memory: Quantity,
}

/// A node as the index keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Machine {
    /// Its zone; empty for none.
    pub zone: Arc<str>,
    /// Whether it is ready.
    pub ready: bool,
    /// Allocatable processors.
    pub cpu: Quantity,
    /// Allocatable memory.
    pub memory: Quantity,
    /// How many pods it may hold.
    pub pods: i64,
}

/// All lookups over objects.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Objects {
    revision: u64,
    last: Option<Arc<Change>>,
    pods: BTreeMap<Key, Placed>,
    shelves: BTreeMap<Arc<str>, Shelf>,
    zones: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    nodes: usize,
    owned: BTreeMap<Arc<str>, BTreeSet<Key>>,
    owners: BTreeMap<Arc<str>, Key>,
    uids: BTreeMap<Key, Arc<str>>,
    tallies: BTreeMap<Arc<str>, Tally>,
    troubled: BTreeMap<Arc<str>, BTreeSet<Key>>,
    roots: BTreeSet<(Section, Key)>,
    slices: BTreeMap<Key, BTreeSet<Key>>,
}

impl Objects {
    /// The pod, if it is there.
    pub(in super::super) fn pod(&self, key: &Key) -> Option<&Placed> {
        self.pods.get(key)
    }

    /// What stands on a node.
    pub(in super::super) fn shelf(&self, node: &str) -> Option<&Shelf> {
        self.shelves.get(node)
    }

    /// The zones (empty for nodes without one) with the names of their nodes.
    pub(in super::super) fn zones(&self) -> &BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
        &self.zones
    }

    /// How many nodes there are.
    pub(in super::super) fn node_count(&self) -> usize {
        self.nodes
    }

    /// What an object owns, ordered by kind and name.
    pub(in super::super) fn owned_by(&self, uid: &str) -> Option<&BTreeSet<Key>> {
        self.owned.get(uid)
    }

    /// The owner with this uid.
    pub(in super::super) fn owner(&self, uid: &str) -> Option<&Key> {
        self.owners.get(uid)
    }

    /// The uid of a workload.
    pub(in super::super) fn uid_of(&self, key: &Key) -> Option<&Arc<str>> {
        self.uids.get(key)
    }

    /// How many pods an object owns itself.
    pub(in super::super) fn tally(&self, uid: &str) -> Tally {
        self.tallies.get(uid).copied().unwrap_or_default()
    }

    /// The pods of an owner that do not run as they should, ordered by name.
    pub(in super::super) fn troubled(&self, uid: &str) -> Option<&BTreeSet<Key>> {
        self.troubled.get(uid)
    }

    /// The roots of the tree, in order.
    pub(in super::super) fn roots(&self) -> &BTreeSet<(Section, Key)> {
        &self.roots
    }

    /// The EndpointSlices of a Service.
    pub(in super::super) fn slices(&self, service: &Key) -> impl Iterator<Item = &Key> {
        self.slices.get(service).into_iter().flatten()
    }

    /// Whether this is what was followed last.
    pub(super) fn is_at(&self, store: &Store) -> bool {
        self.revision == store.revision() && self.knows(store)
    }

    fn knows(&self, store: &Store) -> bool {
        let pair = self.last.as_ref().zip(store.change_at(self.revision));
        pair.is_some_and(|(last, change)| Arc::ptr_eq(last, change))
    }

    /// Takes in what was written since the last time, or reads everything when that is not known.
    pub(super) fn follow(&mut self, store: &Store) {
        let behind = store.revision().saturating_sub(self.revision);
        match store.changes_after(self.revision) {
            Ok(changes) if self.knows(store) && behind < CHANGES_MOST => {
                for change in changes {
                    self.take_in(change);
                }
            }
            _ => self.read(store),
        }
        self.revision = store.revision();
        self.last = store.change_at(self.revision).cloned();
    }

    fn read(&mut self, store: &Store) {
        *self = Self::default();
        for object in store.iter() {
            self.put(object);
        }
    }

    fn take_in(&mut self, change: &Change) {
        if let Some(previous) = &change.previous {
            self.remove(previous, &change.key);
        }
        if change.change_type != crate::store::ChangeType::Deleted {
            self.put(&change.object);
        }
    }

    fn put(&mut self, object: &Object) {
        let key = object.key();
        match object {
            Object::Pod(pod) => self.put_pod(&key, pod),
            Object::Node(node) => self.put_node(node),
            Object::Service(_)
            | Object::HorizontalPodAutoscaler(_)
            | Object::PodDisruptionBudget(_)
            | Object::ResourceQuota(_) => {
                self.roots
                    .extend(Section::of(key.kind).map(|section| (section, key)));
                return;
            }
            Object::Namespace(namespace) => {
                if namespace.is_terminating() {
                    self.roots.insert((Section::Namespace, key));
                }
                return;
            }
            Object::EndpointSlice(_) => {
                if let Some(service) = service_of(object) {
                    self.slices.entry(service).or_default().insert(key);
                }
                return;
            }
            _ => {}
        }
        if let Some(section) = Section::of(object.kind()) {
            self.put_owned(object, section);
        }
    }

    fn put_owned(&mut self, object: &Object, section: Section) {
        let (key, uid) = (object.key(), Arc::<str>::from(object.uid()));
        for child in self.owned.get(&uid).into_iter().flatten() {
            if let Some(section) = Section::of(child.kind) {
                self.roots.remove(&(section, child.clone()));
            }
        }
        if section == Section::Workload {
            self.uids.insert(key.clone(), Arc::clone(&uid));
            self.owners.insert(uid, key.clone());
        }
        let owner = meta::controller_of(object.metadata()).map(|owner| owner.uid.as_str());
        if owner.is_none_or(|owner| !self.owners.contains_key(owner)) {
            self.roots.insert((section, key.clone()));
        }
        if let Some(owner) = owner {
            self.owned.entry(owner.into()).or_default().insert(key);
        }
    }

    fn put_pod(&mut self, key: &Key, pod: &Pod) {
        let placed = Placed::of(pod);
        if let Some(node) = &placed.node {
            let entry = self.shelves.entry(Arc::clone(node)).or_default();
            entry.pods.insert(key.clone());
            entry.cpu += placed.cpu;
            entry.memory += placed.memory;
        }
        if let Some(owner) = &placed.owner {
            let tally = self.tallies.entry(Arc::clone(owner)).or_default();
            tally.all += 1;
            tally.active += usize::from(placed.active);
            tally.ready += usize::from(placed.active && placed.ready);
            if !placed.is_fine() {
                let troubled = self.troubled.entry(Arc::clone(owner)).or_default();
                troubled.insert(key.clone());
            }
        }
        self.pods.insert(key.clone(), placed);
    }

    fn put_node(&mut self, node: &Node) {
        let (name, machine) = (Arc::<str>::from(node.name()), Machine::of(node));
        let zone = self.zones.entry(Arc::clone(&machine.zone)).or_default();
        zone.insert(Arc::clone(&name));
        self.shelves.entry(name).or_default().machine = Some(machine);
        self.nodes += 1;
    }

    fn remove(&mut self, object: &Object, key: &Key) {
        match object {
            Object::Pod(_) => self.remove_pod(key),
            Object::Node(_) => self.remove_node(&key.name),
            Object::EndpointSlice(_) => {
                if let Some(service) = service_of(object) {
                    drop_from(&mut self.slices, &service, key);
                }
            }
            _ => {}
        }
        if let Some(section) = Section::of(key.kind) {
            self.roots.remove(&(section, key.clone()));
            if matches!(section, Section::Workload | Section::LonePod) {
                self.remove_owned(object, key);
            }
        }
    }

    fn remove_owned(&mut self, object: &Object, key: &Key) {
        if let Some(owner) = meta::controller_of(object.metadata()) {
            drop_from(&mut self.owned, owner.uid.as_str(), key);
        }
        self.owners.remove(object.uid());
        self.uids.remove(key);
        for child in self.owned.get(object.uid()).into_iter().flatten() {
            if let Some(section) = Section::of(child.kind) {
                self.roots.insert((section, child.clone()));
            }
        }
    }

    fn remove_node(&mut self, name: &Arc<str>) {
        let Some(entry) = self.shelves.get_mut(name) else {
            return;
        };
        if let Some(machine) = entry.machine.take() {
            drop_from(&mut self.zones, &machine.zone, name);
            self.nodes -= 1;
        }
        if entry.is_empty() {
            self.shelves.remove(name);
        }
    }

    fn remove_pod(&mut self, key: &Key) {
        let Some(placed) = self.pods.remove(key) else {
            return;
        };
        if let Some(node) = &placed.node
            && let Some(entry) = self.shelves.get_mut(node)
        {
            entry.pods.remove(key);
            entry.cpu -= placed.cpu;
            entry.memory -= placed.memory;
            if entry.is_empty() {
                self.shelves.remove(node);
            }
        }
        if let Some(owner) = &placed.owner
            && let Some(tally) = self.tallies.get_mut(owner)
        {
            tally.all -= 1;
            tally.active -= usize::from(placed.active);
            tally.ready -= usize::from(placed.active && placed.ready);
            if tally.all == 0 {
                self.tallies.remove(owner);
            }
            drop_from(&mut self.troubled, owner, key);
        }
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            machine: None,
            pods: BTreeSet::new(),
            cpu: Quantity::ZERO,
            memory: Quantity::ZERO,
        }
    }
}

impl Shelf {
    /// The node, if it is there.
    pub(in super::super) fn machine(&self) -> Option<&Machine> {
        self.machine.as_ref()
    }

    fn is_empty(&self) -> bool {
        self.machine.is_none() && self.pods.is_empty()
    }
}

impl Machine {
    fn of(node: &Node) -> Self {
        let zone = meta::labels(&node.metadata).get(ZONE);
        let conditions = node.status.conditions.iter().flatten();
        let ready = conditions
            .filter(|condition| condition.type_ == "Ready")
            .any(|condition| condition.status == "True");
        let allocatable = requests::read_list(node.status.allocatable.as_ref());
        let amount = |name: &str| allocatable.get(name).copied().unwrap_or(Quantity::ZERO);
        Self {
            zone: zone.map(String::as_str).unwrap_or_default().into(),
            ready,
            cpu: amount("cpu"),
            memory: amount("memory"),
            pods: amount("pods").value(),
        }
    }
}

impl Placed {
    /// Whether it runs and is ready, or has ended well.
    fn is_fine(&self) -> bool {
        matches!(self.mark, Mark::Running | Mark::Completed)
    }

    fn of(pod: &Pod) -> Self {
        let counts = !pod.is_finished() && pod.spec.node_name.is_some();
        let requests = if counts {
            requests::pod_requests(pod, &RequestOptions::of_placed())
        } else {
            BTreeMap::new()
        };
        let amount = |name: &str| requests.get(name).copied().unwrap_or(Quantity::ZERO);
        Self {
            node: pod.spec.node_name.clone(),
            mark: Mark::of(pod),
            owner: meta::controller_of(&pod.metadata).map(|owner| owner.uid.as_str().into()),
            cpu: amount("cpu"),
            memory: amount("memory"),
            active: !pod.is_finished() && !pod.is_terminating(),
            ready: pod.is_ready(),
        }
    }
}

fn service_of(slice: &Object) -> Option<Key> {
    let name = meta::labels(slice.metadata()).get(SERVICE_NAME)?;
    Some(Key::new(Kind::Service, slice.namespace(), name))
}

fn drop_from<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V: Ord>(
    map: &mut BTreeMap<K, BTreeSet<V>>,
    at: &Q,
    key: &V,
) {
    if let Some(keys) = map.get_mut(at) {
        keys.remove(key);
        if keys.is_empty() {
            map.remove(at);
        }
    }
}
