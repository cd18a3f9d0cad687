//! How long a failed daemon pod is left where it is: a kubelet that refuses pods would make the loop
//! run hot. Source: `failedPodsBackoff`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::sim::Time;

/// After the first failed pod. Source: `flowcontrol.NewBackOff` of `controllermanager`.
const FIRST: Duration = Duration::from_secs(1);

/// At most.
const MOST: Duration = Duration::from_mins(15);

/// On which nodes pods of a DaemonSet failed: when the last one was deleted, and how long the next
/// one stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedPods {
    generation: i64,
    nodes: BTreeMap<String, (Time, Duration)>,
}

impl FailedPods {
    /// Those of one generation of the DaemonSet; what is long ago is forgotten.
    pub(super) fn of(remembered: Option<&Self>, generation: i64, now: Time) -> Self {
        let mut failed = Self {
            generation,
            ..Self::default()
        };
        if let Some(remembered) = remembered.filter(|each| each.generation == generation) {
            let nodes = remembered.nodes.iter();
            let recent = nodes.filter(|(_, (at, _))| now.since(*at) <= MOST * 2);
            failed.nodes = recent.map(|(node, last)| (node.clone(), *last)).collect();
        }
        failed
    }

    /// How much longer a failed pod stays on a node; none when it may go.
    pub(super) fn left(&self, node: &str, now: Time) -> Option<Duration> {
        let (at, delay) = self.nodes.get(node)?;
        let left = (*at + *delay).since(now);
        (!left.is_zero()).then_some(left)
    }

    /// A failed pod is deleted now: the next one stays twice as long.
    pub(super) fn count(&mut self, node: &str, now: Time) {
        let last = self.nodes.get(node);
        let delay = last.map_or(FIRST, |(_, delay)| (*delay * 2).min(MOST));
        self.nodes.insert(node.to_owned(), (now, delay));
    }
}
