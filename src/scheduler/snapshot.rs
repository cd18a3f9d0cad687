//! What one scheduling cycle sees of the cluster: nodes with their pods, and what plugins look up.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use super::node_info::{NodeInfo, PodInfo, Slot};
use super::nodes::Nodes;
use super::pod_groups::{GroupId, PodGroup, PodGroups};
use super::pod_terms::Term;
use crate::api::meta::Labels;
use crate::api::{Key, Kind, LabelSelector, Namespace, Node, Object, Pod, Typed, meta, selector};

/// The scheduler's view of the cluster: a value that costs nothing to clone.
///
/// It holds requests and never real usage. Sources: `pkg/scheduler/backend/cache` and the listers
/// that plugins of kube-scheduler use.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    nodes: Nodes,
    pods: OrdMap<Key, Placed>,
    groups: PodGroups,
    assumed: OrdSet<Key>,
    homeless: OrdMap<Arc<str>, Vector<Arc<PodInfo>>>,
    /// By each name of an image the nodes that have it, with its size in bytes.
    images: OrdMap<Arc<str>, OrdMap<Slot, i64>>,
    nominated: OrdMap<Arc<str>, Vector<Arc<PodInfo>>>,
    nominations: OrdMap<Key, Arc<str>>,
    objects: OrdMap<Key, Object>,
}

/// A pod and the node that it takes room on.
#[derive(Clone, Debug)]
struct Placed {
    pod: Arc<PodInfo>,
    node: Arc<str>,
    group: GroupId,
}

impl Snapshot {
    /// The view of a cluster that holds these objects. Kinds that no plugin asks for are passed over.
    #[must_use]
    pub fn from_objects(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut snapshot = Self::default();
        for object in objects {
            snapshot.apply(None, Some(&object));
        }
        snapshot
    }

    /// Takes one change of the cluster: an object that came up, changed or went.
    pub fn apply(&mut self, old: Option<&Object>, new: Option<&Object>) {
        match (old, new) {
            (_, Some(Object::Pod(pod))) => self.apply_pod(old.and_then(Pod::of), pod),
            (Some(Object::Pod(_)), None) => {
                if let Some(old) = old {
                    self.remove_pod(&old.key());
                    self.clear_nomination(&old.key());
                }
            }
            (_, Some(Object::Node(node))) => self.set_node(node),
            (Some(Object::Node(node)), None) => self.remove_node(node.name()),
            (_, Some(object)) if is_looked_up(object.kind()) => {
                self.objects.insert(object.key(), object.clone());
            }
            (Some(object), None) => {
                self.objects.remove(&object.key());
            }
            _ => {}
        }
    }

    fn apply_pod(&mut self, old: Option<&Pod>, pod: &Pod) {
        let key = Key::new(Kind::Pod, pod.namespace(), pod.name());
        if pod.is_finished() {
            self.remove_pod(&key);
            self.clear_nomination(&key);
            return;
        }
        let known = self.pods.get(&key).map(|placed| Arc::clone(&placed.pod));
        let info = || {
            Arc::new(known.as_ref().map_or_else(
                || PodInfo::new(pod.clone()),
                |info| info.renewed(pod.clone()),
            ))
        };
        if let Some(node) = &pod.spec.node_name {
            self.assumed.remove(&key);
            self.clear_nomination(&key);
            let info = info();
            self.place(info, Arc::clone(node));
            return;
        }
        if !self.assumed.contains(&key) {
            self.remove_pod(&key);
            self.renew_nomination(old, pod, &key);
        }
    }

    /// Keeps a nomination that only we know of yet, as long as nobody else has written one.
    fn renew_nomination(&mut self, old: Option<&Pod>, pod: &Pod, key: &Key) {
        let written = pod
            .status
            .nominated_node_name
            .as_deref()
            .filter(|name| !name.is_empty());
        let was_written = old.is_some_and(|old| old.status.nominated_node_name.is_some());
        let node = match written {
            Some(node) => Some(Arc::from(node)),
            None if was_written => None,
            None => self.nominations.get(key).cloned(),
        };
        match node {
            Some(node) => self.nominate(PodInfo::new(pod.clone()), &node),
            None => self.clear_nomination(key),
        }
    }

    /// Reserves the node for the pod, so that pods of lower priority do not take the place.
    pub fn nominate(&mut self, pod: PodInfo, node: &str) {
        self.clear_nomination(&pod.key);
        let node: Arc<str> = node.into();
        self.nominations.insert(pod.key.clone(), Arc::clone(&node));
        self.nominated
            .entry(node)
            .or_default()
            .push_back(Arc::new(pod));
    }

    /// Gives up the reservation of this pod, if there is one.
    pub fn clear_nomination(&mut self, key: &Key) {
        let Some(node) = self.nominations.remove(key) else {
            return;
        };
        if let Some(pods) = self.nominated.get_mut(&node) {
            pods.retain(|pod| pod.key != *key);
            if pods.is_empty() {
                self.nominated.remove(&node);
            }
        }
    }

    /// The node that is reserved for the pod.
    #[must_use]
    pub fn nomination(&self, key: &Key) -> Option<&Arc<str>> {
        self.nominations.get(key)
    }

    /// All reservations: pods and the nodes that room is made for them on.
    pub fn nominations(&self) -> impl Iterator<Item = (&Key, &Arc<str>)> {
        self.nominations.iter()
    }

    /// The pods that the node is reserved for.
    pub(super) fn nominated_pods(&self, node: &str) -> impl Iterator<Item = &Arc<PodInfo>> {
        self.nominated.get(node).into_iter().flatten()
    }

    /// Counts the pod on the node although the API server has not confirmed it yet.
    pub fn assume(&mut self, pod: &Pod, node: &str) {
        let mut pod = pod.clone();
        pod.spec_mut().node_name = Some(node.into());
        let info = PodInfo::new(pod);
        self.clear_nomination(&info.key);
        self.assumed.insert(info.key.clone());
        self.place(Arc::new(info), node.into());
    }

    /// Takes an assumption back, as after a bind that failed. Says whether there was one.
    pub fn forget(&mut self, key: &Key) -> bool {
        let was_assumed = self.assumed.remove(key).is_some();
        if was_assumed {
            self.remove_pod(key);
        }
        was_assumed
    }

    /// Whether the pod is counted on a node without the API server having confirmed it.
    #[must_use]
    pub fn is_assumed(&self, key: &Key) -> bool {
        self.assumed.contains(key)
    }

    fn place(&mut self, pod: Arc<PodInfo>, node: Arc<str>) {
        // First in, then out: a group of one that only renews itself is not founded anew.
        let group = self.groups.insert(&pod);
        self.take_from_node(&pod.key);
        let placed = Placed {
            pod: Arc::clone(&pod),
            node: Arc::clone(&node),
            group,
        };
        self.pods.insert(pod.key.clone(), placed);
        if let Some(info) = self.nodes.get_mut(&node) {
            self.groups.count(group, info, 1);
            info.add_pod(pod);
        } else {
            self.homeless.entry(node).or_default().push_back(pod);
        }
    }

    fn remove_pod(&mut self, key: &Key) {
        self.take_from_node(key);
        self.pods.remove(key);
        self.assumed.remove(key);
    }

    fn take_from_node(&mut self, key: &Key) {
        let Some(placed) = self.pods.get(key).cloned() else {
            return;
        };
        if let Some(info) = self.nodes.get_mut(&placed.node) {
            self.groups.count(placed.group, info, -1);
            info.remove_pod(key);
        } else if let Some(pods) = self.homeless.get_mut(&placed.node) {
            pods.retain(|pod| pod.key != *key);
            if pods.is_empty() {
                self.homeless.remove(&placed.node);
            }
        }
        self.groups.remove(placed.group);
    }

    /// Counts the pods of a node in their groups; `times` -1 takes them away.
    fn count_groups(&mut self, info: &NodeInfo, times: i64) {
        for pod in &info.pods {
            if let Some(placed) = self.pods.get(&pod.key) {
                self.groups.count(placed.group, info, times);
            }
        }
    }

    fn set_node(&mut self, node: &Node) {
        let Some(info) = self.nodes.get(node.name()).cloned() else {
            let mut info = NodeInfo::new(node.clone());
            for pod in self.homeless.remove(&info.name).into_iter().flatten() {
                info.add_pod(pod);
            }
            let info = self.nodes.insert(info).clone();
            self.count_images(info.slot, &Node::default(), node);
            self.count_groups(&info, 1);
            return;
        };
        self.nodes.renew(&info.name, node);
        self.count_images(info.slot, &info.node, node);
        if *info.labels() != *meta::labels(&node.metadata) {
            self.count_groups(&info, -1);
            if let Some(next) = self.nodes.at(info.slot).cloned() {
                self.count_groups(&next, 1);
            }
        }
    }

    fn remove_node(&mut self, name: &str) {
        let Some(info) = self.nodes.remove(name) else {
            return;
        };
        self.count_images(info.slot, &info.node, &Node::default());
        self.count_groups(&info, -1);
        if !info.pods.is_empty() {
            let pods = info.pods.iter().cloned().collect();
            self.homeless.insert(Arc::clone(&info.name), pods);
        }
    }

    fn count_images(&mut self, slot: Slot, before: &Node, after: &Node) {
        if before.status.images == after.status.images {
            return;
        }
        for (name, _) in images_of(before) {
            if let Some(nodes) = self.images.get_mut(name) {
                nodes.remove(&slot);
                if nodes.is_empty() {
                    self.images.remove(name);
                }
            }
        }
        for (name, size) in images_of(after) {
            match self.images.get_mut(name) {
                Some(nodes) => {
                    nodes.insert(slot, size);
                }
                None => {
                    self.images.insert(name.into(), OrdMap::unit(slot, size));
                }
            }
        }
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<NodeInfo>> {
        self.nodes.get(name)
    }

    /// The node at this slot.
    pub(super) fn node_at(&self, slot: Slot) -> Option<&Arc<NodeInfo>> {
        self.nodes.at(slot)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The names of all nodes in the order in which cycles look at them.
    #[must_use]
    pub fn node_names(&self) -> &Arc<[Arc<str>]> {
        &self.nodes.order().names
    }

    /// The slots of all nodes in the same order.
    pub(super) fn node_slots(&self) -> &Arc<[Slot]> {
        &self.nodes.order().slots
    }

    /// All nodes in the order in which cycles look at them.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<NodeInfo>> {
        let slots = self.node_slots().iter();
        slots.filter_map(|slot| self.nodes.at(*slot))
    }

    /// The groups of placed pods that say what they want to be near or far from.
    pub(super) fn groups_with_wishes(&self) -> impl Iterator<Item = &PodGroup> {
        self.groups.with_wishes()
    }

    /// The nodes that have the image, with its size in bytes.
    pub(super) fn nodes_with_image(&self, image: &str) -> Option<&OrdMap<Slot, i64>> {
        self.images.get(image)
    }

    /// The pod of this key as far as it takes room on a node, and that node's name.
    #[must_use]
    pub fn placed_pod(&self, key: &Key) -> Option<(&Arc<PodInfo>, &Arc<str>)> {
        self.pods.get(key).map(|placed| (&placed.pod, &placed.node))
    }

    /// All pods that take room on nodes, by namespace and name.
    pub fn placed_pods(&self) -> impl Iterator<Item = (&Arc<PodInfo>, &Arc<str>)> {
        self.pods.values().map(|placed| (&placed.pod, &placed.node))
    }

    /// The groups of placed pods that a term means.
    pub(super) fn groups_meant_by(&self, term: &Term<'_>) -> Vec<&PodGroup> {
        let meant = |group: &&PodGroup| term.means(&group.sample);
        match (term.selector(), term.namespaces()) {
            (None, _) => Vec::new(),
            (Some(_), None) => self.groups.all().filter(meant).collect(),
            (Some(selector), Some(namespaces)) => namespaces
                .iter()
                .flat_map(|namespace| self.groups.narrowed(namespace, selector))
                .filter(meant)
                .collect(),
        }
    }

    /// The groups of placed pods of a namespace that a selector picks; none without one.
    pub(super) fn groups_picked(
        &self,
        namespace: &str,
        selector: Option<&LabelSelector>,
    ) -> Vec<&PodGroup> {
        let Some(selector) = selector else {
            return Vec::new();
        };
        let mut groups = self.groups.narrowed(namespace, selector);
        groups.retain(|group| selector::matches(selector, group.sample.labels()));
        groups
    }

    /// The pods of a namespace that take room on nodes.
    pub(super) fn placed_pods_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<PodInfo>> {
        let first = Key::first_of(Kind::Pod, namespace);
        let same = Arc::clone(&first.namespace);
        self.pods
            .range(first..)
            .take_while(move |(key, _)| key.namespace == same)
            .map(|(_, placed)| &placed.pod)
    }

    /// An object that plugins look up: a namespace, service, claim, volume, budget, …
    pub(super) fn get<T: Typed>(&self, namespace: &str, name: &str) -> Option<&T> {
        T::of(self.objects.get(&Key::new(T::KIND, namespace, name))?)
    }

    /// The objects of a kind in a namespace (empty for kinds without one), by name.
    pub(super) fn list<T: Typed + 'static>(&self, namespace: &str) -> impl Iterator<Item = &T> {
        let first = Key::first_of(T::KIND, namespace);
        let (kind, namespace) = (T::KIND, Arc::clone(&first.namespace));
        self.objects
            .range(first..)
            .take_while(move |(key, _)| key.kind == kind && key.namespace == namespace)
            .filter_map(|(_, object)| T::of(object))
    }

    /// All objects of a kind.
    pub(super) fn list_all<T: Typed + 'static>(&self) -> impl Iterator<Item = &T> {
        self.objects
            .range(Key::first_of(T::KIND, "")..)
            .take_while(|(key, _)| key.kind == T::KIND)
            .filter_map(|(_, object)| T::of(object))
    }

    /// The labels of a namespace, if it is there.
    pub(super) fn namespace_labels(&self, namespace: &str) -> Option<&Labels> {
        let found: Option<&Namespace> = self.get("", namespace);
        found.map(|namespace| meta::labels(&namespace.metadata))
    }
}

/// Whether a plugin may ask for objects of this kind.
fn is_looked_up(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Service
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::PodDisruptionBudget
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::StorageClass
    )
}

/// The images of a node by each of their names, with their sizes in bytes.
fn images_of(node: &Node) -> impl Iterator<Item = (&str, i64)> {
    let images = node.status.images.iter().flatten();
    images.flat_map(|image| {
        let names = image.names.iter().flatten();
        names.map(|name| (name.as_str(), image.size_bytes.unwrap_or(0)))
    })
}
