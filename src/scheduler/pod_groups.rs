//! Placed pods in groups that no selector and no wish tells apart, counted by node and topology, so
//! that a cycle looks at groups and not at pods.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::node_info::{NodeInfo, PodInfo, Slot, TOPOLOGIES, topology_place};
use crate::api::LabelSelector;
use crate::api::meta::Labels;

/// The number of a group, for as long as it has pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(u64);

/// What makes two pods of one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    namespace: Arc<str>,
    is_leaving: bool,
    labels: Labels,
    /// The affinities to other pods, as JSON.
    wishes: Option<String>,
}

impl Likeness {
    fn of(pod: &PodInfo) -> Self {
        let affinity = pod.pod.spec.affinity.as_ref();
        let wishes = affinity.filter(|_| pod.has_affinity()).and_then(|all| {
            serde_json::to_string(&(&all.pod_affinity, &all.pod_anti_affinity)).ok()
        });
        Self {
            namespace: Arc::clone(&pod.key.namespace),
            is_leaving: pod.pod.is_terminating(),
            labels: pod.labels().clone(),
            wishes,
        }
    }
}

/// Pods of one namespace with equal labels and equal wishes, all of them leaving or none.
#[derive(Clone, Debug)]
pub(super) struct PodGroup {
    /// One of them; it stands for all where labels, namespace and wishes are asked for.
    pub(super) sample: Arc<PodInfo>,
    likeness: Arc<Likeness>,
    /// How many there are, and how many of them are counted on a node.
    pods: i64,
    placed: i64,
    nodes: OrdMap<Slot, i64>,
    counted: [Domains; TOPOLOGIES.len()],
}

/// How many pods of a group each value of a node's label has.
#[derive(Clone, Debug, Default)]
struct Domains {
    pods: OrdMap<Arc<str>, i64>,
    without: i64,
}

impl Domains {
    fn add(&mut self, value: Option<&str>, times: i64) {
        match value {
            None => self.without += times,
            Some(value) => change(&mut self.pods, value, times),
        }
    }
}

/// Changes a count; what comes to nothing is taken out.
fn change(counts: &mut OrdMap<Arc<str>, i64>, at: &str, times: i64) {
    match counts.get_mut(at) {
        Some(count) if *count + times == 0 => {
            counts.remove(at);
        }
        Some(count) => *count += times,
        None => {
            counts.insert(at.into(), times);
        }
    }
}

impl PodGroup {
    fn count(&mut self, node: &NodeInfo, times: i64) {
        self.placed += times;
        let here = self.nodes.entry(node.slot).or_insert(0);
        *here += times;
        if *here == 0 {
            self.nodes.remove(&node.slot);
        }
        for (key, domains) in TOPOLOGIES.iter().zip(&mut self.counted) {
            domains.add(node.label(key), times);
        }
    }

    /// The nodes that have some of them, with how many.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Slot, i64)> {
        self.nodes.iter().map(|(slot, count)| (*slot, *count))
    }

    /// How many of them a node has.
    pub(super) fn on_node(&self, node: &NodeInfo) -> i64 {
        self.nodes.get(&node.slot).copied().unwrap_or(0)
    }

    /// How many nodes have some of them.
    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many of them each topology of this key has; nothing when that has to be worked out from
    /// the nodes.
    pub(super) fn counted(&self, key: &str) -> Option<Counted<'_>> {
        let domains = &self.counted[topology_place(key)?];
        let total = self.placed - domains.without;
        Some(Counted { domains, total })
    }
}

/// How many pods of a group the topologies of one key have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    domains: &'a Domains,
    /// In all topologies together.
    pub(super) total: i64,
}

impl Counted<'_> {
    /// In the topology of this value.
    pub(super) fn at(self, value: &str) -> i64 {
        self.domains.pods.get(value).copied().unwrap_or(0)
    }

    /// On nodes without the key.
    pub(super) fn without(self) -> i64 {
        self.domains.without
    }
}

/// Namespace, key and value of a label, and a group whose pods carry it.
type Entry = (Arc<str>, Arc<str>, Arc<str>, GroupId);

/// All groups of placed pods. Cloning costs nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct PodGroups {
    ids: OrdMap<Arc<Likeness>, GroupId>,
    groups: OrdMap<GroupId, PodGroup>,
    in_namespace: OrdSet<(Arc<str>, GroupId)>,
    labels: OrdSet<Entry>,
    with_wishes: OrdSet<GroupId>,
    next: u64,
}

impl PodGroups {
    /// Takes a pod into its group, and says which that is.
    pub(super) fn insert(&mut self, pod: &Arc<PodInfo>) -> GroupId {
        let likeness = Likeness::of(pod);
        let known = self.ids.get(&likeness).copied();
        let id = known.unwrap_or_else(|| self.found(likeness, pod));
        if let Some(group) = self.groups.get_mut(&id) {
            group.pods += 1;
        }
        id
    }

    fn found(&mut self, likeness: Likeness, pod: &Arc<PodInfo>) -> GroupId {
        let id = GroupId(self.next);
        self.next += 1;
        let namespace = &likeness.namespace;
        for (key, value) in &likeness.labels {
            let entry = (
                namespace.clone(),
                key.as_str().into(),
                value.as_str().into(),
                id,
            );
            self.labels.insert(entry);
        }
        self.in_namespace.insert((namespace.clone(), id));
        if likeness.wishes.is_some() {
            self.with_wishes.insert(id);
        }
        let likeness = Arc::new(likeness);
        self.ids.insert(Arc::clone(&likeness), id);
        let group = PodGroup {
            sample: Arc::clone(pod),
            likeness,
            pods: 0,
            placed: 0,
            nodes: OrdMap::new(),
            counted: Default::default(),
        };
        self.groups.insert(id, group);
        id
    }

    /// Lets a pod go that counts on no node any more; a group without pods goes too.
    pub(super) fn remove(&mut self, id: GroupId) {
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        group.pods -= 1;
        if group.pods > 0 {
            return;
        }
        let Some(group) = self.groups.remove(&id) else {
            return;
        };
        let namespace = &group.likeness.namespace;
        for (key, value) in &group.likeness.labels {
            let entry = (
                namespace.clone(),
                key.as_str().into(),
                value.as_str().into(),
                id,
            );
            self.labels.remove(&entry);
        }
        self.in_namespace.remove(&(namespace.clone(), id));
        self.with_wishes.remove(&id);
        self.ids.remove(&group.likeness);
    }

    /// Counts a pod of the group on a node; `times` -1 takes it away.
    pub(super) fn count(&mut self, id: GroupId, node: &NodeInfo, times: i64) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.count(node, times);
        }
    }

    /// The groups whose pods say what they want to be near or far from.
    pub(super) fn with_wishes(&self) -> impl Iterator<Item = &PodGroup> {
        self.with_wishes.iter().filter_map(|id| self.groups.get(id))
    }

    /// All groups.
    pub(super) fn all(&self) -> impl Iterator<Item = &PodGroup> {
        self.groups.values()
    }

    /// Groups of the namespace among which are all that the selector picks.
    pub(super) fn narrowed(&self, namespace: &str, selector: &LabelSelector) -> Vec<&PodGroup> {
        let ids = self
            .by_label(namespace, selector)
            .unwrap_or_else(|| self.of_namespace(namespace));
        ids.iter().filter_map(|id| self.groups.get(id)).collect()
    }

    fn of_namespace(&self, namespace: &str) -> Vec<GroupId> {
        let first = (Arc::from(namespace), GroupId(0));
        let all = self.in_namespace.range(first..);
        all.take_while(|(each, _)| **each == *namespace)
            .map(|(_, id)| *id)
            .collect()
    }

    fn carriers(
        &self,
        namespace: &str,
        key: &str,
        value: &str,
    ) -> impl Iterator<Item = &GroupId> + use<'_> {
        let first: Entry = (namespace.into(), key.into(), value.into(), GroupId(0));
        let last = first.clone();
        self.labels
            .range(first..)
            .take_while(move |entry| entry.0 == last.0 && entry.1 == last.1 && entry.2 == last.2)
            .map(|(_, _, _, id)| id)
    }

    /// By the rarest label that the selector asks for; nothing when it names no value.
    fn by_label(&self, namespace: &str, selector: &LabelSelector) -> Option<Vec<GroupId>> {
        let equal = selector.match_labels.iter().flatten();
        let equal = equal.map(|(key, value)| (key.as_str(), std::slice::from_ref(value)));
        let listed = selector.match_expressions.iter().flatten();
        let listed = listed.filter(|requirement| requirement.operator == "In");
        let listed = listed.map(|requirement| {
            let values = requirement.values.as_deref().unwrap_or_default();
            (requirement.key.as_str(), values)
        });
        let mut least: Option<Vec<GroupId>> = None;
        for (key, values) in equal.chain(listed) {
            let carriers = values
                .iter()
                .flat_map(|value| self.carriers(namespace, key, value));
            let most = least.as_ref().map_or(usize::MAX, Vec::len);
            let found: Vec<GroupId> = carriers.take(most).copied().collect();
            if found.len() < most {
                least = Some(found);
            }
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::selector::parse_labels;
    use crate::api::{Kind, Node, Object, Pod, Typed};
    use serde_json::{Value, json};

    fn pod(namespace: &str, name: &str, labels: &Value) -> Arc<PodInfo> {
        let value = json!({"metadata": {"name": name, "namespace": namespace, "labels": labels}});
        let object = Object::from_value(Kind::Pod, value).expect("a pod");
        Arc::new(PodInfo::new(Pod::of(&object).expect("a pod").clone()))
    }

    fn node(name: &str, labels: &Value) -> NodeInfo {
        let value = json!({"metadata": {"name": name, "labels": labels}});
        let object = Object::from_value(Kind::Node, value).expect("a node");
        NodeInfo::new(Node::of(&object).expect("a node").clone())
    }

    #[test]
    fn the_rarest_label_of_a_selector_decides_which_groups_are_looked_at() {
        let mut groups = PodGroups::default();
        let one = groups.insert(&pod("a", "one", &json!({"app": "web", "hash": "1"})));
        groups.insert(&pod("a", "two", &json!({"app": "web", "hash": "2"})));
        groups.insert(&pod("b", "three", &json!({"app": "web"})));
        let names = |groups: &PodGroups, namespace: &str, text: &str| -> Vec<String> {
            let selector = parse_labels(text).expect("a selector");
            let found = groups.narrowed(namespace, &selector).into_iter();
            found
                .map(|group| group.sample.key.name.to_string())
                .collect()
        };
        let cases = [
            ("a", "app=web", vec!["one", "two"]),
            ("a", "app=web,hash=2", vec!["two"]),
            ("a", "hash in (1,2),app=db", vec![]),
            ("b", "app in (web,db)", vec!["three"]),
            ("a", "app", vec!["one", "two"]),
        ];
        for (namespace, text, expected) in cases {
            assert_eq!(
                names(&groups, namespace, text),
                expected,
                "{namespace} {text}"
            );
        }
        groups.remove(one);
        assert_eq!(names(&groups, "a", "app=web"), ["two"]);
        assert_eq!(names(&groups, "a", "app"), ["two"]);
    }

    #[test]
    fn a_group_is_counted_in_the_topologies_of_its_nodes() {
        const ZONE: &str = "topology.kubernetes.io/zone";
        let mut groups = PodGroups::default();
        let labels = json!({"app": "web"});
        let id = groups.insert(&pod("a", "one", &labels));
        assert_eq!(groups.insert(&pod("a", "two", &labels)), id);
        assert_ne!(groups.insert(&pod("b", "three", &labels)), id);
        let zoned = node("node-a", &json!({ZONE: "one"}));
        let bare = node("node-b", &json!({}));
        groups.count(id, &zoned, 1);
        groups.count(id, &bare, 1);
        let count = |groups: &PodGroups| {
            let group = groups.groups.get(&id).expect("a group");
            let there = group.counted(ZONE).expect("zones are counted");
            (there.at("one"), there.without(), there.total)
        };
        assert_eq!(count(&groups), (1, 1, 1));
        groups.count(id, &zoned, -1);
        assert_eq!(count(&groups), (0, 1, 0));
        assert!(
            groups
                .groups
                .get(&id)
                .is_some_and(|group| group.counted("rack").is_none())
        );
    }
}
