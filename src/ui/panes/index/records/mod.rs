//! Which records of the trace are about which object, and which of them tell its story.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Key, Kind, Object, meta};
use crate::cluster::{Detail, Record, Trace};
use crate::sim::{RecordId, RecordKind};
use crate::store::Change;
use crate::{apiserver, scheduler};

/// Lookups over the trace.
///
/// They are made for the longest trace that was seen. A moment of its past shows the first part of
/// each answer: a jump costs no more than finding out that the past is the same one.
#[derive(Clone, Debug, Default)]
pub(in crate::ui::panes) struct Records {
    trace: Trace,
    /// The last record of the moment that is shown, and the number after it.
    last: Option<Arc<Record>>,
    end: RecordId,
    about: BTreeMap<Key, Vec<RecordId>>,
    stories: BTreeMap<Key, Vec<RecordId>>,
    owners: BTreeMap<Key, Vec<(RecordId, Key)>>,
    subjects: Vec<(RecordId, Key)>,
    decisions: Vec<RecordId>,
    /// Up to where was forgotten what the trace has forgotten.
    forgotten: RecordId,
}

/// How many records the trace forgets before what is said of them here is forgotten too, all at once.
const FORGOTTEN_AT_ONCE: u64 = 4096;

/// What a record is to the story of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui::panes) enum Part {
    /// Always told.
    Station,
    /// Told only when it is the cause of something that is told.
    Waypoint,
    /// Never told; arrows pass through it.
    Hidden,
}

impl Records {
    /// The records about an object, oldest first.
    pub(in crate::ui::panes) fn about(&self, key: &Key) -> &[RecordId] {
        let all = self.about.get(key).map_or(&[][..], Vec::as_slice);
        before(all, self.end, |id| *id)
    }

    /// The stations of an object and of everything that it has ever owned, oldest first.
    pub(in crate::ui::panes) fn story(&self, key: &Key) -> &[RecordId] {
        let all = self.stories.get(key).map_or(&[][..], Vec::as_slice);
        before(all, self.end, |id| *id)
    }

    /// The last known owner of an object.
    pub(in crate::ui::panes) fn owner_of(&self, key: &Key) -> Option<&Key> {
        let owners = before(self.owners.get(key)?, self.end, |(id, _)| *id);
        owners.last().map(|(_, owner)| owner)
    }

    /// The Deployment, ReplicaSet or pod that was written last, when nothing is selected.
    pub(in crate::ui::panes) fn subject(&self) -> Option<&Key> {
        let subjects = before(&self.subjects, self.end, |(id, _)| *id);
        subjects.last().map(|(_, subject)| subject)
    }

    /// The records that tell of a decision of the scheduler, oldest first.
    pub(in crate::ui::panes) fn decisions(&self) -> &[RecordId] {
        before(&self.decisions, self.end, |id| *id)
    }

    /// Whether this is what was followed last.
    pub(super) fn is_at(&self, trace: &Trace) -> bool {
        let pair = self.last.as_ref().zip(trace.last());
        pair.is_some_and(|(last, newest)| Arc::ptr_eq(last, newest))
    }

    /// Takes in what is not known yet, and forgets what the trace does not hold.
    pub(super) fn follow(&mut self, trace: &Trace) {
        let shared = self.shared_with(trace);
        if shared < trace.next_id() {
            self.forget_from(shared);
            for record in trace.since(shared) {
                self.take_in(record, trace);
            }
            self.trace = trace.clone();
            if trace.horizon().0 >= self.forgotten.0 + FORGOTTEN_AT_ONCE {
                self.forget_until(trace.horizon());
            }
        }
        self.last = trace.last().cloned();
        self.end = trace.next_id();
    }

    /// The first record that is not the same in both. Those before the last common copy of the world
    /// are the very same; those that were made again since tell the same.
    fn shared_with(&self, trace: &Trace) -> RecordId {
        let least = self.trace.horizon().max(trace.horizon()).0;
        let most = self.trace.next_id().min(trace.next_id()).0;
        let pair = |place: u64| {
            let id = RecordId(place);
            self.trace.get(id).zip(trace.get(id))
        };
        let (mut same, mut other) = (least, most);
        while same < other {
            let middle = u64::midpoint(same, other);
            if pair(middle).is_some_and(|(one, two)| Arc::ptr_eq(one, two)) {
                same = middle + 1;
            } else {
                other = middle;
            }
        }
        while same < most && pair(same).is_some_and(|(one, two)| tells_the_same(one, two)) {
            same += 1;
        }
        // When not even the first record that both know is the same, nothing says that older ones are.
        RecordId(if same > least { same } else { 0 })
    }

    fn forget_from(&mut self, end: RecordId) {
        if end == RecordId(0) {
            *self = Self::default();
            return;
        }
        let gone = self.trace.since(end).filter_map(|record| record.object());
        let mut next: Vec<Key> = gone.collect();
        let mut touched = BTreeSet::new();
        while let Some(key) = next.pop() {
            let owners = self.owners.get(&key).into_iter().flatten();
            if !touched.contains(&key) {
                next.extend(owners.map(|(_, owner)| owner.clone()));
                touched.insert(key);
            }
        }
        for key in touched {
            cut(&mut self.about, &key, end, |id| *id);
            cut(&mut self.stories, &key, end, |id| *id);
            cut(&mut self.owners, &key, end, |(id, _)| *id);
        }
        let left = before(&self.subjects, end, |(id, _)| *id).len();
        self.subjects.truncate(left);
        let left = before(&self.decisions, end, |id| *id).len();
        self.decisions.truncate(left);
    }

    /// Forgets what lies before a record; who owned what is kept as long as there is more to tell of it.
    fn forget_until(&mut self, horizon: RecordId) {
        for lists in [&mut self.about, &mut self.stories] {
            lists.retain(|_, list| {
                list.drain(..before(list, horizon, |id| *id).len());
                !list.is_empty()
            });
        }
        let Self { about, owners, .. } = self;
        owners.retain(|key, _| about.contains_key(key));
        let gone = before(&self.subjects, horizon, |(id, _)| *id).len();
        self.subjects.drain(..gone);
        let gone = before(&self.decisions, horizon, |id| *id).len();
        self.decisions.drain(..gone);
        self.forgotten = horizon;
    }

    fn take_in(&mut self, record: &Record, trace: &Trace) {
        if let Detail::Scheduler(scheduler::Note::Filtered(_)) = record.detail {
            self.decisions.push(record.id);
        }
        let Some(key) = record.object() else {
            return;
        };
        if let Some(change) = change_of(record) {
            if let Some(owner) = owner_of(&change.object) {
                let owners = self.owners.entry(key.clone()).or_default();
                if owners.last().is_none_or(|(_, last)| *last != owner) {
                    owners.push((record.id, owner));
                }
            }
            let is_subject = matches!(key.kind, Kind::Deployment | Kind::ReplicaSet | Kind::Pod);
            if is_subject && self.subjects.last().is_none_or(|(_, last)| *last != key) {
                self.subjects.push((record.id, key.clone()));
            }
        }
        if part_of(record, trace) == Part::Station {
            let mut next = Some(key.clone());
            while let Some(key) = next {
                let owners = self.owners.get(&key);
                next = owners.and_then(|owners| Some(owners.last()?.1.clone()));
                self.stories.entry(key).or_default().push(record.id);
            }
        }
        self.about.entry(key).or_default().push(record.id);
    }
}

/// The entries of a list that stand before a number.
fn before<T>(list: &[T], end: RecordId, number: impl Fn(&T) -> RecordId) -> &[T] {
    &list[..list.partition_point(|entry| number(entry) < end)]
}

/// Keeps of one list what stands before a number.
fn cut<T>(
    lists: &mut BTreeMap<Key, Vec<T>>,
    key: &Key,
    end: RecordId,
    number: impl Fn(&T) -> RecordId,
) {
    if let Some(list) = lists.get_mut(key) {
        list.truncate(before(list, end, number).len());
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

/// Whether two records say the same of everything that is looked up.
fn tells_the_same(one: &Record, other: &Record) -> bool {
    let owner = |record: &Record| change_of(record).and_then(|change| owner_of(&change.object));
    (one.time, one.revision, one.cause, one.kind())
        == (other.time, other.revision, other.cause, other.kind())
        && one.actor == other.actor
        && one.object() == other.object()
        && owner(one) == owner(other)
}

/// What a record is to a story. What is said twice in one moment is told once.
pub(in crate::ui::panes) fn part_of(record: &Record, trace: &Trace) -> Part {
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
        | Is::EndpointUpdate
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
pub(in crate::ui::panes) fn change_of(record: &Record) -> Option<&Arc<Change>> {
    record.change()
}

fn owner_of(object: &Object) -> Option<Key> {
    let owner = meta::controller_of(object.metadata())?;
    let kind = Kind::ALL
        .iter()
        .find(|kind| kind.info().name == owner.kind)?;
    Some(Key::new(*kind, object.namespace(), &owner.name))
}

#[cfg(test)]
mod tests;
