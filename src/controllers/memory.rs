//! What a loop remembers of a key from one plan to the next, beside what its caches hold.

use std::collections::BTreeSet;

use super::horizontal_pod_autoscaler::Recommendations;

/// What is remembered of one key. A loop that is started again has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// What an autoscaler recommended and did.
    Recommended(Recommendations),
    /// The node-lifecycle-controller has met the node.
    Met,
    /// The attach-detach-controller has said of these volumes that the node cannot have them.
    Told(BTreeSet<String>),
}

impl Memory {
    /// What an autoscaler recommended and did.
    #[must_use]
    pub const fn recommendations(&self) -> Option<&Recommendations> {
        match self {
            Self::Recommended(recommendations) => Some(recommendations),
            Self::Met | Self::Told(_) => None,
        }
    }
}
