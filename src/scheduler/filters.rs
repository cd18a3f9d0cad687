//! The filters of one cycle, run in order on one node after the other.

use std::sync::Arc;

use super::framework::{Cycle, Filter, Refusal};
use super::node_info::{NodeInfo, PodInfo};
use crate::api::Key;

/// Which plugin refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    /// The plugin.
    pub plugin: &'static str,
    /// Its no.
    pub refusal: Refusal,
}

/// What each filter plugin checks for the pod of this cycle.
pub struct Filters<'a> {
    pub(super) checks: Vec<(&'static str, Box<dyn Filter<'a> + 'a>)>,
}

impl<'a> Filters<'a> {
    /// Asks one after the other whether the pod fits; the first no ends it.
    pub(super) fn run(&self, node: &NodeInfo) -> Result<(), Rejection> {
        for (plugin, check) in &self.checks {
            check
                .filter(node)
                .map_err(|refusal| Rejection { plugin, refusal })?;
        }
        Ok(())
    }

    /// The same, where pods of at least the same priority hold a reservation of the node: the pod
    /// must fit with them, and, as they may never come, without them.
    /// Source: `RunFilterPluginsWithNominatedPods` of `framework/runtime/framework.go`.
    pub(super) fn run_with_nominated(
        &self,
        cycle: &Cycle<'a>,
        node: &Arc<NodeInfo>,
    ) -> Result<(), Rejection> {
        if let Some(trial) = self.with_nominated(cycle, node) {
            trial.filters.run(&trial.node)?;
        }
        self.run(node)
    }

    /// The node with the pods that hold a reservation of it and go before the pod, if there are any.
    pub(super) fn with_nominated(
        &self,
        cycle: &Cycle<'a>,
        node: &Arc<NodeInfo>,
    ) -> Option<Trial<'a>> {
        let mut nominated = cycle
            .snapshot
            .nominated_pods(&node.name)
            .filter(|pod| pod.key != cycle.pod.key && pod.priority() >= cycle.pod.priority())
            .peekable();
        nominated.peek()?;
        let mut trial = self.on(Arc::clone(node));
        for pod in nominated {
            trial.add(pod);
        }
        Some(trial)
    }

    /// A place to try out which pods would have to leave.
    pub(super) fn on(&self, node: Arc<NodeInfo>) -> Trial<'a> {
        Trial {
            filters: self.duplicate(),
            node,
        }
    }

    fn duplicate(&self) -> Self {
        let checks = self.checks.iter();
        Self {
            checks: checks
                .map(|(plugin, check)| (*plugin, check.duplicate()))
                .collect(),
        }
    }
}

/// A node on which pods are put and taken away for a trial, and filters that take note of it.
pub(super) struct Trial<'a> {
    pub(super) filters: Filters<'a>,
    pub(super) node: Arc<NodeInfo>,
}

impl Trial<'_> {
    /// Puts the pod on the node.
    pub(super) fn add(&mut self, pod: &Arc<PodInfo>) {
        Arc::make_mut(&mut self.node).add_pod(Arc::clone(pod));
        for (_, check) in &mut self.filters.checks {
            check.pod_added(pod, &self.node);
        }
    }

    /// Takes the pod from the node.
    pub(super) fn remove(&mut self, pod: &Key) {
        let Some(removed) = Arc::make_mut(&mut self.node).remove_pod(pod) else {
            return;
        };
        for (_, check) in &mut self.filters.checks {
            check.pod_removed(&removed, &self.node);
        }
    }
}
