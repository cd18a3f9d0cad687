//! PrioritySort: the order of the active queue, which [`crate::scheduler::queue`] keeps.

use crate::scheduler::framework::Plugin;

/// The plugin. Higher priority comes first, then who has waited longer.
/// Source: `framework/plugins/queuesort`.
#[derive(Debug)]
pub(super) struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> &'static str {
        "PrioritySort"
    }
}
