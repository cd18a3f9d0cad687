//! Any past step of a run: checkpoints, and the way from the nearest one made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cluster;
use crate::sim::RecordId;

/// How many steps lie between two checkpoints. Making a step again costs microseconds.
const CHECKPOINT_EVERY: u64 = 256;

/// How many checkpoints are kept; the oldest go first, but never the beginning.
const CHECKPOINTS_MOST: usize = 2048;

/// The past of one run.
#[derive(Clone, Debug)]
pub struct History {
    checkpoints: BTreeMap<u64, Cluster>,
}

impl History {
    /// The past of a world that begins here.
    #[must_use]
    pub fn starting_at(cluster: &Cluster) -> Self {
        Self {
            checkpoints: BTreeMap::from([(cluster.steps(), cluster.clone())]),
        }
    }

    /// Keeps the world if it is time for a checkpoint. To be called after every step.
    pub fn keep(&mut self, cluster: &Cluster) {
        if cluster.steps().is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoints.insert(cluster.steps(), cluster.clone());
            if self.checkpoints.len() > CHECKPOINTS_MOST
                && let Some(second) = self.checkpoints.keys().nth(1).copied()
            {
                self.checkpoints.remove(&second);
            }
        }
    }

    /// The world as it was after a step, made again from the nearest checkpoint before it with the
    /// commands that `head`, the newest state, has in its journal.
    #[must_use]
    pub fn at(&self, step: u64, head: &Cluster) -> Cluster {
        if step >= head.steps() {
            return head.clone();
        }
        let nearest = self
            .checkpoints
            .range(..=step)
            .next_back()
            .or_else(|| self.checkpoints.iter().next());
        let Some((_, checkpoint)) = nearest else {
            return head.clone();
        };
        let mut cluster = checkpoint.clone();
        cluster.replay(head, step);
        cluster
    }
}

impl Cluster {
    /// This run as it was after a step, made again from its beginning.
    #[must_use]
    pub fn at_step(&self, step: u64) -> Self {
        let mut cluster = Self::new(self.config().clone());
        cluster.replay(self, step);
        cluster
    }

    /// This run as it was after the step that wrote a record, made again from its beginning.
    #[must_use]
    pub fn at_record(&self, record: RecordId) -> Self {
        let mut cluster = Self::new(self.config().clone());
        cluster.replay_until(self, |world| world.next_record() > record);
        cluster
    }

    /// Makes steps up to `step`, taking the commands that `head` took at the same places.
    pub(super) fn replay(&mut self, head: &Self, step: u64) {
        self.replay_until(head, |world| world.steps() >= step);
    }

    fn replay_until(&mut self, head: &Self, is_there: impl Fn(&Self) -> bool) {
        let known = self.journal().count();
        let mut commands = head.journal().skip(known).peekable();
        while !is_there(self) {
            while let Some(entry) = commands.next_if(|entry| entry.step <= self.steps()) {
                self.take(Arc::clone(entry));
            }
            if !self.step() {
                return;
            }
        }
        // What was asked for at this moment is already on its way.
        while let Some(entry) = commands.next_if(|entry| entry.step <= self.steps()) {
            self.take(Arc::clone(entry));
        }
    }
}
