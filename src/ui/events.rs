//! Which records the events show: all but heartbeats, news without effect and the start of the cluster, or those that
//! contain a text.

use std::sync::Arc;

use crate::cluster::{Record, Trace};
use crate::sim::{RecordId, RecordKind};

/// The numbers of the records to show, kept up to date with the trace so that drawing looks only at
/// what is visible.
#[derive(Clone, Debug, Default)]
pub struct EventList {
    filter: String,
    shows_heartbeats: bool,
    shown: Vec<RecordId>,
    hidden: Vec<RecordId>,
    seen: RecordId,
    last: Option<Arc<Record>>,
    has_begun: bool,
}

/// How many records the trace forgets before their numbers are forgotten here, all at once.
const FORGOTTEN_AT_ONCE: usize = 4096;

impl EventList {
    /// The text that records must contain; empty for all.
    #[must_use]
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Whether heartbeats and news without effect are shown.
    #[must_use]
    pub fn shows_heartbeats(&self) -> bool {
        self.shows_heartbeats
    }

    /// Shows only what contains a text.
    pub fn set_filter(&mut self, filter: &str, trace: &Trace) {
        filter.trim().to_lowercase().clone_into(&mut self.filter);
        self.rebuild(trace);
    }

    /// Shows or hides heartbeats and news without effect.
    pub fn toggle_heartbeats(&mut self, trace: &Trace) {
        self.shows_heartbeats = !self.shows_heartbeats;
        self.rebuild(trace);
    }

    /// Looks at the records that came since the last time; of another run, at all.
    pub fn follow(&mut self, trace: &Trace) {
        let is_known = self.last.as_ref().is_none_or(|last| {
            let there = trace.get(last.id);
            there.is_some_and(|record| Arc::ptr_eq(record, last))
        });
        if !is_known {
            self.forget();
        }
        // A trace that has forgotten its beginning had begun long ago.
        self.has_begun |= trace.horizon() > RecordId(0);
        for list in [&mut self.shown, &mut self.hidden] {
            let forgotten = forgotten_by(trace, list);
            if forgotten >= FORGOTTEN_AT_ONCE {
                list.drain(..forgotten);
            }
        }
        for record in trace.since(self.seen) {
            self.has_begun |= is_outside_command(record);
            if !self.takes(record) {
                continue;
            }
            if self.shows_heartbeats {
                self.shown.push(record.id);
            } else if self.has_begun {
                let list = if trace.is_background(record) {
                    &mut self.hidden
                } else {
                    &mut self.shown
                };
                list.push(record.id);
            }
        }
        self.seen = trace.next_id();
        self.last = trace.last().cloned();
    }

    /// The records to show that happened in a trace, oldest first. The trace may be an earlier moment
    /// of the run that was followed.
    #[must_use]
    pub fn until(&self, trace: &Trace) -> &[RecordId] {
        known(trace, &self.shown)
    }

    /// How many of them that happened in a trace are not shown, though they would fit the filter.
    #[must_use]
    pub fn hidden_until(&self, trace: &Trace) -> usize {
        known(trace, &self.hidden).len()
    }

    fn rebuild(&mut self, trace: &Trace) {
        self.forget();
        self.follow(trace);
    }

    fn forget(&mut self) {
        self.shown.clear();
        self.hidden.clear();
        self.seen = RecordId(0);
        self.last = None;
        self.has_begun = false;
    }

    fn takes(&self, record: &Record) -> bool {
        self.filter.is_empty()
            || contains(&record.sentence(), &self.filter)
            || contains(&record.actor.to_string(), &self.filter)
            || record.kind().name().contains(&self.filter)
            || record
                .object()
                .is_some_and(|key| contains(&key.to_string(), &self.filter))
    }
}

/// Those that happened in a trace and are not forgotten by it.
fn known<'a>(trace: &Trace, list: &'a [RecordId]) -> &'a [RecordId] {
    let end = list.partition_point(|id| *id < trace.next_id());
    &list[forgotten_by(trace, list).min(end)..end]
}

fn forgotten_by(trace: &Trace, list: &[RecordId]) -> usize {
    list.partition_point(|id| trace.has_forgotten(*id))
}

fn contains(text: &str, lowercase: &str) -> bool {
    text.to_lowercase().contains(lowercase)
}

/// Whether somebody asked for something; the first record of all is the start of the cluster.
fn is_outside_command(record: &Record) -> bool {
    record.kind() == RecordKind::Command && record.id > RecordId(0)
}
