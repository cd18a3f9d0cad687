//! What one scheduling cycle sees of the cluster: nodes with their pods, and what plugins look up.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use super::node_info::{NodeInfo, PodInfo};
use super::node_order::NodeOrder;
use super::pod_index::PodIndex;
use super::pod_terms::Term;
use crate::api::meta::Labels;
use crate::api::{Key, Kind, LabelSelector, Namespace, Node, Object, Pod, Typed, meta, selector};

/// The scheduler's view of the cluster: a value that costs nothing to clone.
///
/// It holds requests and never real usage. Sources: `pkg/scheduler/backend/cache` and the listers
/// that plugins of kube-scheduler use.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    nodes: OrdMap<Arc<str>, Arc<NodeInfo>>,
    order: NodeOrder,
    pods: OrdMap<Key, Placed>,
    labels: PodIndex,
    assumed: OrdSet<Key>,
    homeless: OrdMap<Arc<str>, Vector<Arc<PodInfo>>>,
    affinity_nodes: OrdSet<Arc<str>>,
    anti_affinity_nodes: OrdSet<Arc<str>>,
    image_nodes: OrdMap<Arc<str>, u32>,
    nominated: OrdMap<Arc<str>, Vector<Arc<PodInfo>>>,
    nominations: OrdMap<Key, Arc<str>>,
    objects: OrdMap<Key, Object>,
}

/// A pod and the node that it takes room on.
#[derive(Clone, Debug)]
struct Placed {
    pod: Arc<PodInfo>,
    node: Arc<str>,
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
        self.take_from_node(&pod.key);
        let placed = Placed {
            pod: Arc::clone(&pod),
            node: Arc::clone(&node),
        };
        self.pods.insert(pod.key.clone(), placed);
        self.labels.insert(&pod.key, pod.labels());
        if let Some(info) = self.nodes.get_mut(&node) {
            Arc::make_mut(info).add_pod(pod);
            self.index_affinity(&node);
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
        self.labels.remove(key, placed.pod.labels());
        if let Some(info) = self.nodes.get_mut(&placed.node) {
            Arc::make_mut(info).remove_pod(key);
            self.index_affinity(&placed.node);
        } else if let Some(pods) = self.homeless.get_mut(&placed.node) {
            pods.retain(|pod| pod.key != *key);
            if pods.is_empty() {
                self.homeless.remove(&placed.node);
            }
        }
    }

    fn index_affinity(&mut self, name: &Arc<str>) {
        let counts = self.nodes.get(name);
        let counts = counts.map_or((0, 0), |info| (info.affinity_pods, info.anti_affinity_pods));
        for (index, count) in [
            (&mut self.affinity_nodes, counts.0),
            (&mut self.anti_affinity_nodes, counts.1),
        ] {
            match (count > 0, index.contains(name)) {
                (true, false) => {
                    index.insert(Arc::clone(name));
                }
                (false, true) => {
                    index.remove(name);
                }
                _ => {}
            }
        }
    }

    fn set_node(&mut self, node: &Node) {
        if let Some(info) = self.nodes.get(node.name()).cloned() {
            self.order.update(&info.name, &info.node, node);
            let changed = info.node.status.images != node.status.images;
            if changed {
                self.count_images(&info, false);
            }
            let mut next = (*info).clone();
            next.set_node(node.clone());
            if changed {
                self.count_images(&next, true);
            }
            self.nodes.insert(Arc::clone(&info.name), Arc::new(next));
            return;
        }
        let mut info = NodeInfo::new(node.clone());
        let name = Arc::clone(&info.name);
        for pod in self.homeless.remove(&name).into_iter().flatten() {
            info.add_pod(pod);
        }
        self.count_images(&info, true);
        self.order.insert(Arc::clone(&name), node);
        self.nodes.insert(Arc::clone(&name), Arc::new(info));
        self.index_affinity(&name);
    }

    fn remove_node(&mut self, name: &str) {
        let Some(info) = self.nodes.remove(name) else {
            return;
        };
        self.order.remove(name, &info.node);
        self.count_images(&info, false);
        self.index_affinity(&info.name);
        if !info.pods.is_empty() {
            let pods = info.pods.iter().cloned().collect();
            self.homeless.insert(Arc::clone(&info.name), pods);
        }
    }

    fn count_images(&mut self, info: &NodeInfo, has_come: bool) {
        for image in info.images.keys() {
            let nodes = self.image_nodes.entry(Arc::clone(image)).or_insert(0);
            *nodes = if has_come {
                *nodes + 1
            } else {
                nodes.saturating_sub(1)
            };
            if *nodes == 0 {
                self.image_nodes.remove(image);
            }
        }
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<NodeInfo>> {
        self.nodes.get(name)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The names of all nodes in the order in which cycles look at them.
    #[must_use]
    pub fn node_names(&self) -> &Arc<[Arc<str>]> {
        self.order.list()
    }

    /// All nodes in the order in which cycles look at them.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<NodeInfo>> {
        self.node_names()
            .iter()
            .filter_map(|name| self.nodes.get(name))
    }

    /// The nodes with pods that say what they want to be near or far from.
    pub(super) fn nodes_with_affinity_pods(&self) -> impl Iterator<Item = &Arc<NodeInfo>> {
        self.affinity_nodes
            .iter()
            .filter_map(|name| self.nodes.get(name))
    }

    /// The nodes with pods that must not be near some others.
    pub(super) fn nodes_with_anti_affinity_pods(&self) -> impl Iterator<Item = &Arc<NodeInfo>> {
        self.anti_affinity_nodes
            .iter()
            .filter_map(|name| self.nodes.get(name))
    }

    /// How many nodes have the image.
    #[must_use]
    pub fn nodes_with_image(&self, image: &str) -> u32 {
        self.image_nodes.get(image).copied().unwrap_or(0)
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

    /// The placed pods that a term means, with their nodes.
    pub(super) fn pods_meant_by<'s>(
        &'s self,
        term: &Term<'_>,
    ) -> Vec<(&'s Arc<PodInfo>, &'s Arc<NodeInfo>)> {
        let mut pods = Vec::new();
        match (term.selector(), term.namespaces()) {
            (None, _) => {}
            (Some(_), None) => {
                let all = self.pods.values().filter(|placed| term.means(&placed.pod));
                pods.extend(all.filter_map(|placed| self.on_node(placed)));
            }
            (Some(selector), Some(namespaces)) => {
                for namespace in namespaces {
                    pods.extend(self.pods_picked(namespace, Some(selector)));
                }
            }
        }
        pods
    }

    /// The placed pods of a namespace that a selector picks, with their nodes; none without one.
    pub(super) fn pods_picked(
        &self,
        namespace: &str,
        selector: Option<&LabelSelector>,
    ) -> Vec<(&Arc<PodInfo>, &Arc<NodeInfo>)> {
        let Some(selector) = selector else {
            return Vec::new();
        };
        let picked = |placed: &&Placed| selector::matches(selector, placed.pod.labels());
        if let Some(keys) = self.labels.narrow(namespace, selector) {
            let placed = keys.iter().filter_map(|key| self.pods.get(key));
            return placed
                .filter(picked)
                .filter_map(|placed| self.on_node(placed))
                .collect();
        }
        let first = Key::first_of(Kind::Pod, namespace);
        let same = Arc::clone(&first.namespace);
        self.pods
            .range(first..)
            .take_while(|(key, _)| key.namespace == same)
            .map(|(_, placed)| placed)
            .filter(picked)
            .filter_map(|placed| self.on_node(placed))
            .collect()
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

    fn on_node<'s>(&'s self, placed: &'s Placed) -> Option<(&'s Arc<PodInfo>, &'s Arc<NodeInfo>)> {
        Some((&placed.pod, self.nodes.get(&placed.node)?))
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
