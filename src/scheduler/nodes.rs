//! The nodes of a snapshot: by name, by slot, and in the order of the round.

use std::sync::Arc;

use imbl::{OrdMap, Vector};

use super::node_info::{NodeInfo, Slot};
use super::node_order::{NodeOrder, Order};
use crate::api::Node;

/// All nodes. A cycle that walks the round goes from slot to slot and looks up no name.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    slots: Vector<Option<Arc<NodeInfo>>>,
    free: Vector<Slot>,
    by_name: OrdMap<Arc<str>, Slot>,
    order: NodeOrder,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<NodeInfo>> {
        self.at(*self.by_name.get(name)?)
    }

    pub(super) fn at(&self, slot: Slot) -> Option<&Arc<NodeInfo>> {
        self.slots.get(slot.place())?.as_ref()
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut NodeInfo> {
        let slot = self.by_name.get(name)?;
        let info = self.slots.get_mut(slot.place())?.as_mut()?;
        Some(Arc::make_mut(info))
    }

    /// The order of the round.
    pub(super) fn order(&self) -> &Order {
        self.order.list()
    }

    /// Adds a node that is not there yet, at a slot that it is told.
    pub(super) fn insert(&mut self, mut info: NodeInfo) -> &NodeInfo {
        let last = Slot(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        let slot = self.free.pop_back().unwrap_or(last);
        info.slot = slot;
        if slot == last {
            self.slots.push_back(None);
        }
        self.order.insert(Arc::clone(&info.name), slot, &info.node);
        self.by_name.insert(Arc::clone(&info.name), slot);
        self.slots[slot.place()].insert(Arc::new(info))
    }

    /// Gives a node its newer state.
    pub(super) fn renew(&mut self, name: &str, node: &Node) {
        let Some(slot) = self.by_name.get(name).copied() else {
            return;
        };
        if let Some(Some(info)) = self.slots.get_mut(slot.place()) {
            self.order.update((&info.name, slot), &info.node, node);
            Arc::make_mut(info).set_node(node.clone());
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Arc<NodeInfo>> {
        let slot = self.by_name.remove(name)?;
        let info = self.slots.get_mut(slot.place())?.take()?;
        self.order.remove(name, &info.node);
        self.free.push_back(slot);
        Some(info)
    }
}
