//! What panes look up so that a frame costs what it shows: owners, shelves of nodes, records by object.
//!
//! The index is a pure function of the world. It is kept from frame to frame and follows the change
//! log and the trace, forth and back; only another world makes it anew.

mod objects;
mod records;

use std::cell::RefCell;
use std::rc::Rc;

pub(super) use objects::{Machine, Objects, Section, Shelf, Tally};
pub(super) use records::{Part, Records, change_of, part_of};

use crate::cluster::Cluster;

/// Everything that is looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Who owns whom, and what stands on which node.
    pub objects: Objects,
    /// Which records are about what.
    pub records: Records,
}

thread_local! {
    static KEPT: RefCell<Rc<Index>> = RefCell::default();
}

impl Index {
    /// The index of a world.
    #[must_use]
    pub(super) fn of(world: &Cluster) -> Rc<Self> {
        KEPT.with_borrow_mut(|kept| {
            // While a pane still holds it, a change would copy all of it.
            if !(kept.objects.is_at(world.store()) && kept.records.is_at(world.trace())) {
                let index = Rc::make_mut(kept);
                index.objects.follow(world.store());
                index.records.follow(world.trace());
            }
            Rc::clone(kept)
        })
    }
}
