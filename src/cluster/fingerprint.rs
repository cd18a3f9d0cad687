//! Whether two worlds or two runs are the same: 64 bits that stand for each.

use std::fmt::{self, Write};

use super::{Cluster, Detail, Record, Trace};

/// Where the Fowler-Noll-Vo hash of 64 bits begins, and what it multiplies with.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// 64 bits that stand for everything that was written into them, in order. They guard against
/// accidents, not against forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Of nothing yet.
    pub const EMPTY: Self = Self(OFFSET);

    /// Takes in a record: its number, when, at which revision, who, because of what, what kind of
    /// thing, about which object, what was asked from outside, and all that a decision of the scheduler
    /// weighed. The words in which the rest is told have no say, so that a run stays the same run when
    /// it is told better.
    #[must_use]
    pub fn with(mut self, record: &Record) -> Self {
        let Record {
            id,
            time,
            revision,
            actor,
            cause,
            detail,
        } = record;
        // No record causes itself: its own number stands for none.
        let cause = cause.map_or(id.0, |cause| cause.0);
        self.numbers([id.0, time.as_nanos(), *revision, cause]);
        self.take(format_args!("{actor}"));
        self.word(record.kind().name());
        if let Some(key) = record.object() {
            self.word(key.kind.info().name);
            self.word(&key.namespace);
            self.word(&key.name);
        }
        self.word(record.uid().unwrap_or_default());
        match detail {
            Detail::Command(note) => self.take(format_args!("{}", note.to_value())),
            Detail::Scheduler(note) => {
                if let Some(decision) = note.decision() {
                    self.take(format_args!("{}", decision.compact()));
                }
            }
            _ => {}
        }
        self
    }

    fn numbers<const COUNT: usize>(&mut self, numbers: [u64; COUNT]) {
        for number in numbers {
            self.bytes(&number.to_le_bytes());
        }
    }

    /// A word and its end, so that two words are not one.
    fn word(&mut self, word: &str) {
        self.bytes(word.as_bytes());
        self.bytes(&[0]);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// Takes in what can be printed.
    fn take(&mut self, words: fmt::Arguments<'_>) {
        // Writing into the hash never fails, and what is printed here does not either.
        let written = self.write_fmt(words);
        debug_assert!(written.is_ok(), "a hash takes everything");
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Trace {
    /// What stands for all records of the run, in order; it is the same however many are kept.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.signature().print()
    }
}

impl Cluster {
    /// What stands for everything that decides how the world goes on: time, objects, caches, queues,
    /// messages on their way, chance. The trace and the journal have no say in that.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // Named one by one, so that whoever adds a part decides whether it has a say.
        let Self {
            config: _,
            profile: _,
            now,
            steps,
            queue,
            api,
            watches,
            trace,
            controllers,
            scheduler,
            metrics_server,
            kubelets,
            sessions,
            terminal,
            writers,
            troubles,
            proxies,
            traffic,
            network,
            journal: _,
            last_compaction,
            born: _,
            last_step,
            usage_since,
        } = self;
        let mut print = Fingerprint::EMPTY;
        print.take(format_args!(
            "{now:?} {steps} {queue:?} {api:?} {watches:?} "
        ));
        print.take(format_args!("{controllers:?} {scheduler:?} {kubelets:?} "));
        print.take(format_args!("{sessions:?} {terminal:?} {writers:?} "));
        print.take(format_args!(
            "{troubles:?} {network:?} {last_compaction:?} "
        ));
        print.take(format_args!("{proxies:?} {traffic:?} {metrics_server:?} "));
        print.take(format_args!(
            "{last_step:?} {usage_since:?} {:?}",
            trace.next_id()
        ));
        print
    }
}
