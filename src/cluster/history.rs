//! Any past step of a run: checkpoints, and the way from the nearest one made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cluster;
use crate::sim::{RecordId, Time};

/// How many steps lie between two checkpoints. Making a step again costs microseconds.
const CHECKPOINT_EVERY: u64 = 256;

/// How many checkpoints are kept; the oldest go first, and with them the moments before the next one.
const CHECKPOINTS_MOST: usize = 2048;

/// The past of one run, as far back as its horizon. A copy shares everything with the original.
#[derive(Clone, Debug)]
pub struct History {
    checkpoints: BTreeMap<u64, Arc<Cluster>>,
}

impl History {
    /// The past of a world that begins here.
    #[must_use]
    pub fn starting_at(cluster: &Cluster) -> Self {
        Self {
            checkpoints: BTreeMap::from([(cluster.steps(), Arc::new(cluster.clone()))]),
        }
    }

    /// Keeps the world if it is time for a checkpoint. To be called after every step.
    pub fn keep(&mut self, cluster: &Cluster) {
        let is_time = cluster.steps().is_multiple_of(CHECKPOINT_EVERY);
        if is_time && !self.checkpoints.contains_key(&cluster.steps()) {
            let checkpoint = Arc::new(cluster.clone());
            self.checkpoints.insert(cluster.steps(), checkpoint);
            if self.checkpoints.len() > CHECKPOINTS_MOST {
                self.checkpoints.pop_first();
            }
        }
    }

    /// The first step that can still be shown.
    #[must_use]
    pub fn horizon(&self) -> u64 {
        self.checkpoints.keys().next().copied().unwrap_or(0)
    }

    /// The part of this past that lies up to a step.
    #[must_use]
    pub fn until(&self, step: u64) -> Self {
        let mut checkpoints = self.checkpoints.clone();
        checkpoints.split_off(&(step + 1));
        Self { checkpoints }
    }

    /// The world as it was after a step, or at the horizon when that lies later: made again from the
    /// nearest checkpoint with the commands that `head`, the newest state, has in its journal.
    #[must_use]
    pub fn at(&self, step: u64, head: &Cluster) -> Cluster {
        let step = step.max(self.horizon());
        self.made(
            head,
            |world| world.steps() <= step,
            |world| world.steps() >= step,
        )
    }

    /// The world as it was when a record had just been made.
    #[must_use]
    pub fn at_record(&self, record: RecordId, head: &Cluster) -> Cluster {
        let has = |world: &Cluster| world.trace().next_id() > record;
        self.made(head, |world| !has(world), has)
    }

    /// The world after the last step that was made by a moment.
    #[must_use]
    pub fn at_time(&self, moment: Time, head: &Cluster) -> Cluster {
        let is_due = |world: &Cluster| world.next_at().is_none_or(|(at, _)| at > moment);
        self.made(head, |world| world.now() <= moment, is_due)
    }

    /// The first world that is late enough, made from the last checkpoint that is early enough.
    fn made(
        &self,
        head: &Cluster,
        is_early: impl Fn(&Cluster) -> bool,
        is_late: impl Fn(&Cluster) -> bool,
    ) -> Cluster {
        let mut newest_first = self.checkpoints.values().rev();
        let early = newest_first.find(|world| world.steps() <= head.steps() && is_early(world));
        let nearest = early.or_else(|| self.checkpoints.values().next());
        let Some(checkpoint) = nearest else {
            return head.clone();
        };
        let mut world = Cluster::clone(checkpoint);
        world.replay(head, world.steps());
        while !is_late(&world) {
            let next = world.steps() + 1;
            if next >= head.steps() {
                return head.clone();
            }
            world.replay(head, next);
        }
        world
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
        let known = self.journal.len();
        let mut commands = head.journal.iter().skip(known).peekable();
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
