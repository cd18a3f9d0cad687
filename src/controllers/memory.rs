//! What a loop remembers of a key from one plan to the next. A loop that is started again has forgotten it.

use std::collections::BTreeSet;

use super::controller::Planned;
use super::daemon_set::FailedPods;
use super::horizontal_pod_autoscaler::Recommendations;

/// What is remembered of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Of an autoscaler: what it recommended and did.
    Recommendations(Recommendations),
    /// Of a DaemonSet: on which nodes its pods failed.
    FailedPods(FailedPods),
    /// Of a node: that the node-lifecycle-controller has met it.
    Met,
    /// Of a node: the volumes of which the attach-detach-controller has said that it cannot have them.
    Told(BTreeSet<String>),
}

impl<'a> Planned<'a> {
    /// What an autoscaler remembers.
    #[must_use]
    pub fn recommendations(&self) -> Option<&'a Recommendations> {
        match self.remembered {
            Some(Memory::Recommendations(recommendations)) => Some(recommendations),
            _ => None,
        }
    }

    /// What a DaemonSet remembers.
    #[must_use]
    pub fn failed_pods(&self) -> Option<&'a FailedPods> {
        match self.remembered {
            Some(Memory::FailedPods(failed)) => Some(failed),
            _ => None,
        }
    }
}
