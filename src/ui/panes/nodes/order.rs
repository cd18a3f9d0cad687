//! The order of nodes (zone by zone) and the way of the selection through them and their pods.

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use crate::api::{Key, Kind};
use crate::ui::panes::Direction;
use crate::ui::panes::index::{Index, Objects};
use crate::ui::view::View;

/// The object that is selected after a move: up and down go from node to node, right and left
/// through the pods of a node. None when there is nothing there.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<Key> {
    let index = Index::of(view.world());
    let objects = &index.objects;
    let Some(node) = selected_node(view, objects) else {
        return first(objects).map(|node| node_key(&node));
    };
    let pod = view
        .model
        .selection
        .as_ref()
        .filter(|key| key.kind == Kind::Pod);
    match direction {
        Direction::Up => neighbour(objects, &node, false).map(|node| node_key(&node)),
        Direction::Down => neighbour(objects, &node, true).map(|node| node_key(&node)),
        Direction::Right => {
            let pods = &objects.shelf(&node)?.pods;
            match pod {
                Some(pod) => pods.range(pod.clone()..).find(|each| *each != pod).cloned(),
                None => pods.first().cloned(),
            }
        }
        Direction::Left => {
            let pods = &objects.shelf(&node)?.pods;
            let before = pods.range(..pod?.clone()).next_back().cloned();
            Some(before.unwrap_or_else(|| node_key(&node)))
        }
    }
}

/// The node that is selected, or that the selected pod is bound to.
pub(super) fn selected_node(view: &View<'_>, objects: &Objects) -> Option<Arc<str>> {
    let key = view.model.selection.as_ref()?;
    let name = match key.kind {
        Kind::Node => Arc::clone(&key.name),
        Kind::Pod => objects.pod(key)?.node.clone()?,
        _ => return None,
    };
    objects.shelf(&name)?.machine.as_ref().map(|_| name)
}

/// The key of a node.
pub(super) fn node_key(name: &str) -> Key {
    Key::new(Kind::Node, "", name)
}

fn first(objects: &Objects) -> Option<Arc<str>> {
    objects.zones().values().next()?.first().cloned()
}

fn neighbour(objects: &Objects, node: &Arc<str>, after: bool) -> Option<Arc<str>> {
    let zone = &objects.shelf(node)?.machine.as_ref()?.zone;
    let (zones, nodes) = (objects.zones(), objects.zones().get(zone)?);
    let found = if after {
        let mut here = nodes.range::<str, _>((Excluded(&**node), Unbounded));
        let mut zones = zones.range::<str, _>((Excluded(&**zone), Unbounded));
        here.next().or_else(|| zones.next()?.1.first())
    } else {
        let mut here = nodes.range::<str, _>((Unbounded, Excluded(&**node)));
        let mut zones = zones.range::<str, _>((Unbounded, Excluded(&**zone)));
        here.next_back().or_else(|| zones.next_back()?.1.last())
    };
    found.cloned()
}
