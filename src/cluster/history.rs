//! Any past step of a run: checkpoints, and the way from the nearest one made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cluster;
use crate::sim::{RecordId, Time};

/// How many steps lie between two checkpoints. Making a step again costs microseconds.
const CHECKPOINT_EVERY: u64 = 256;

/// The past of one run, as far back as its horizon: a moment can be shown as long as the record that
/// it ends with is known. A copy shares everything with the original.
#[derive(Clone, Debug)]
pub struct History {
    checkpoints: BTreeMap<u64, Arc<Cluster>>,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After a step; the newest when there is none so late.
    Step(u64),
    /// When a record had just been made.
    Record(RecordId),
    /// After the last step made by a moment of virtual time.
    Time(Time),
    /// The newest.
    Newest,
}

/// The first moment of a run that can still be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Horizon {
    /// After which step; 0 while the run is remembered from its beginning.
    pub step: u64,
    /// The first record of that step.
    pub record: RecordId,
    /// When that was.
    pub time: Time,
}

impl Horizon {
    /// Whether a moment can no longer be shown.
    #[must_use]
    pub fn is_after(&self, when: When) -> bool {
        let is_before = match when {
            When::Step(step) => step < self.step,
            When::Record(record) => record < self.record,
            When::Time(time) => time < self.time,
            When::Newest => false,
        };
        self.step > 0 && is_before
    }

    /// Why there is nothing earlier to see, where so many records are kept.
    #[must_use]
    pub fn in_words(&self, records: usize) -> String {
        format!(
            "Step {} is as far back as this run is remembered: the newest {records} records are kept.",
            self.step
        )
    }
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
            let horizon = cluster.trace().horizon();
            while let Some(oldest) = self.checkpoints.first_entry()
                && oldest.get().next_record() <= horizon
            {
                oldest.remove();
            }
        }
    }

    /// The first moment that can still be shown.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        let oldest = self.checkpoints.values().next();
        oldest.map_or_else(Horizon::default, |world| Horizon {
            step: world.steps(),
            record: world.last_step,
            time: world.now(),
        })
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
        let step = step.max(self.horizon().step);
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
        if head.now() <= moment {
            return head.clone();
        }
        let mut world = self.made(head, |world| world.now() <= moment, |_| true);
        // Only the next step tells that this was the last one: what is due first may be passed over.
        loop {
            let mut next = world.clone();
            next.replay(head, world.steps() + 1);
            if next.now() > moment || next.steps() == world.steps() {
                return world;
            }
            world = next;
        }
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
