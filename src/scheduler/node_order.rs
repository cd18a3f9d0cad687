//! The order in which nodes are looked at: one of each zone in turn.

use std::sync::Arc;

use imbl::Vector;

use super::node_info::Slot;
use crate::api::Node;
use crate::api::meta;
use crate::sim::Memo;

/// Nodes by zone. Source: `nodeTree` of `pkg/scheduler/backend/cache/node_tree.go`.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vector<Zone>,
    list: Memo<Order>,
}

#[derive(Clone, Debug)]
struct Zone {
    name: Arc<str>,
    nodes: Vector<(Arc<str>, Slot)>,
}

/// All nodes in order, by name and by slot.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) slots: Arc<[Slot]>,
}

impl NodeOrder {
    /// Adds a node at the end of its zone; zones stand in the order in which they came up.
    pub(super) fn insert(&mut self, name: Arc<str>, slot: Slot, node: &Node) {
        let zone = zone_of(node);
        self.list = Memo::default();
        match self.zones.iter().position(|each| *each.name == *zone) {
            Some(place) => {
                if let Some(zone) = self.zones.get_mut(place) {
                    zone.nodes.push_back((name, slot));
                }
            }
            None => self.zones.push_back(Zone {
                name: zone.into(),
                nodes: Vector::unit((name, slot)),
            }),
        }
    }

    /// Takes a node out; a zone without nodes goes too.
    pub(super) fn remove(&mut self, name: &str, node: &Node) {
        let zone = zone_of(node);
        self.list = Memo::default();
        let Some(place) = self.zones.iter().position(|each| *each.name == *zone) else {
            return;
        };
        if let Some(zone) = self.zones.get_mut(place) {
            zone.nodes.retain(|(each, _)| **each != *name);
            if zone.nodes.is_empty() {
                self.zones.remove(place);
            }
        }
    }

    /// Takes the newer state of a node, which may have changed its zone.
    pub(super) fn update(&mut self, (name, slot): (&Arc<str>, Slot), old: &Node, new: &Node) {
        if zone_of(old) != zone_of(new) {
            self.remove(name, old);
            self.insert(Arc::clone(name), slot, new);
        }
    }

    /// All nodes in order. Worked out again only after a change.
    pub(super) fn list(&self) -> &Order {
        self.list.get_or_init(|| {
            let mut rows: Vec<_> = self.zones.iter().map(|zone| zone.nodes.iter()).collect();
            let (mut names, mut slots) = (Vec::new(), Vec::new());
            while !rows.is_empty() {
                rows.retain_mut(|row| match row.next() {
                    Some((name, slot)) => {
                        names.push(Arc::clone(name));
                        slots.push(*slot);
                        true
                    }
                    None => false,
                });
            }
            Order {
                names: names.into(),
                slots: slots.into(),
            }
        })
    }
}

/// Region and zone; empty when the node has neither.
/// Source: `GetZoneKey` of `component-helpers/node/topology`.
fn zone_of(node: &Node) -> String {
    let labels = meta::labels(&node.metadata);
    let either = |current: &str, beta: &str| {
        let label = labels.get(beta).or_else(|| labels.get(current));
        label.map(String::as_str).unwrap_or_default().to_owned()
    };
    let zone = either(
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    );
    let region = either(
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/region",
    );
    if zone.is_empty() && region.is_empty() {
        String::new()
    } else {
        format!("{region}:\0:{zone}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(zone: &str) -> Node {
        let mut node = Node::default();
        let label = ("topology.kubernetes.io/zone".to_owned(), zone.to_owned());
        node.metadata_mut().labels = Some([label].into());
        node
    }

    #[test]
    fn s5_nodes_come_from_each_zone_in_turn() {
        let mut order = NodeOrder::default();
        for (slot, (name, zone)) in (0..).zip([
            ("a1", "a"),
            ("a2", "a"),
            ("b1", "b"),
            ("a3", "a"),
            ("c1", "c"),
        ]) {
            order.insert(name.into(), Slot(slot), &node(zone));
        }
        let names = |order: &NodeOrder| order.list().names.join(" ");
        assert_eq!(names(&order), "a1 b1 c1 a2 a3");
        order.remove("b1", &node("b"));
        assert_eq!(names(&order), "a1 c1 a2 a3");
        order.update((&"a2".into(), Slot(1)), &node("a"), &node("c"));
        assert_eq!(names(&order), "a1 c1 a3 a2");
        assert_eq!(*order.list().slots, [0, 4, 3, 1].map(Slot));
    }
}
