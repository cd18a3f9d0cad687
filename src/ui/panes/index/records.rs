//! Which records of the trace are about which object, and which of them tell its story.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Key, Kind, Object, meta};
use crate::cluster::{Detail, Record, Trace};
use crate::sim::{RecordId, RecordKind};
use crate::store::Change;
use crate::{apiserver, scheduler};

/// Lookups over the trace.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Records {
    last: Option<Arc<Record>>,
    about: BTreeMap<Key, Vec<RecordId>>,
    stories: BTreeMap<Key, Vec<RecordId>>,
    owners: BTreeMap<Key, Key>,
    subject: Option<Key>,
}

/// What a record is to the story of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Part {
    /// Always told.
    Station,
    /// Told only when it is the cause of something that is told.
    Waypoint,
    /// Never told; arrows pass through it.
    Hidden,
}

impl Records {
    /// The records about an object, oldest first.
    pub(in super::super) fn about(&self, key: &Key) -> &[RecordId] {
        self.about.get(key).map_or(&[], Vec::as_slice)
    }

    /// The stations of an object and of everything that it has ever owned, oldest first.
    pub(in super::super) fn story(&self, key: &Key) -> &[RecordId] {
        self.stories.get(key).map_or(&[], Vec::as_slice)
    }

    /// The last known owner of an object.
    pub(in super::super) fn owner_of(&self, key: &Key) -> Option<&Key> {
        self.owners.get(key)
    }

    /// The Deployment, ReplicaSet or pod that was written last, when nothing is selected.
    pub(in super::super) fn subject(&self) -> Option<&Key> {
        self.subject.as_ref()
    }

    /// Takes in what was added, or everything when the trace is another one.
    pub(super) fn follow(&mut self, trace: &Trace) {
        let is_known = self.last.as_ref().is_some_and(|last| {
            let there = trace.get(last.id);
            there.is_some_and(|record| Arc::ptr_eq(record, last))
        });
        if !is_known {
            *self = Self::default();
        }
        let next = self
            .last
            .as_ref()
            .map_or(RecordId(0), |last| last.id.next());
        for record in trace.since(next) {
            self.take_in(record, trace);
        }
        self.last = trace.last().cloned();
    }

    fn take_in(&mut self, record: &Record, trace: &Trace) {
        let Some(key) = record.object() else {
            return;
        };
        if let Some(change) = change_of(record) {
            if let Some(owner) = owner_of(&change.object) {
                self.owners.insert(key.clone(), owner);
            }
            if matches!(key.kind, Kind::Deployment | Kind::ReplicaSet | Kind::Pod) {
                self.subject = Some(key.clone());
            }
        }
        if part_of(record, trace) == Part::Station {
            let mut next = Some(key.clone());
            while let Some(key) = next {
                next = self.owners.get(&key).cloned();
                self.stories.entry(key).or_default().push(record.id);
            }
        }
        self.about.entry(key).or_default().push(record.id);
    }
}

/// What a record is to a story. What is said twice in one moment is told once.
pub(in super::super) fn part_of(record: &Record, trace: &Trace) -> Part {
    use RecordKind as Is;
    let is_aside = match &record.detail {
        Detail::Scheduler(note) => matches!(note, scheduler::Note::Bound { .. }),
        Detail::Api(apiserver::Note::Refused { request, .. }) => !request.is_write(),
        Detail::Kubectl(_) => true,
        _ => false,
    };
    if is_aside {
        return Part::Hidden;
    }
    let part = match record.kind() {
        Is::StoreCommit
        | Is::ApiReject
        | Is::ApiConflict
        | Is::ReconcileAct
        | Is::LeaseLost
        | Is::TaintAdd
        | Is::GcDelete
        | Is::SchedFilter
        | Is::SchedScore
        | Is::SchedPreempt
        | Is::SchedBind
        | Is::KubeletNotice
        | Is::ImagePull
        | Is::ContainerStart
        | Is::ContainerExit
        | Is::BackoffWait
        | Is::StatusWrite
        | Is::EvictAsk
        | Is::EvictVerdict
        | Is::FaultNodeDown
        | Is::FaultNodeUp
        | Is::FaultCrash => Part::Station,
        Is::Command | Is::ProbeResult | Is::FaultSlowRegistry | Is::FaultComponent => {
            Part::Waypoint
        }
        _ => Part::Hidden,
    };
    let cause = record.cause.and_then(|cause| trace.get(cause));
    let is_repeated = cause.is_some_and(|cause| {
        cause.time == record.time && cause.actor == record.actor && cause.kind() == record.kind()
    });
    if is_repeated { Part::Hidden } else { part }
}

/// What the record says was written, if it does.
pub(in super::super) fn change_of(record: &Record) -> Option<&Arc<Change>> {
    record.change()
}

fn owner_of(object: &Object) -> Option<Key> {
    let owner = meta::controller_of(object.metadata())?;
    let kind = Kind::ALL
        .iter()
        .find(|kind| kind.info().name == owner.kind)?;
    Some(Key::new(*kind, object.namespace(), &owner.name))
}
