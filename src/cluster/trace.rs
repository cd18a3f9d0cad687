//! The trace: what happened, in order, each record with its actor and its cause.

use std::sync::Arc;

use imbl::Vector;
use serde_json::{Value, json};

use super::verify::Signature;
use super::{command, traffic};
use crate::api::{Actor, Key};
use crate::sim::{RecordId, RecordKind, Time};
use crate::{apiserver, client, kubectl, kubelet, proxy, scheduler};

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the trace.
    pub id: RecordId,
    /// When.
    pub time: Time,
    /// The revision of the store after it.
    pub revision: u64,
    /// Who.
    pub actor: Actor,
    /// What it reacts to; nothing for what comes from outside.
    pub cause: Option<RecordId>,
    /// What.
    pub detail: Detail,
}

/// What happened, in the words of the room where it happened.
#[derive(Clone, Debug)]
pub enum Detail {
    /// From outside.
    Command(command::Note),
    /// At the door of the API server.
    Api(apiserver::Note),
    /// Around a loop.
    Client(client::Note),
    /// In the scheduler.
    Scheduler(scheduler::Note),
    /// On a node.
    Kubelet(kubelet::Note),
    /// At a node's tables of endpoints.
    Proxy(proxy::Note),
    /// Among those who send requests.
    Traffic(traffic::Note),
    /// At somebody's terminal.
    Kubectl(kubectl::Note),
}

/// Calls the same method of whichever note it is.
macro_rules! each {
    ($detail:expr, $note:ident => $call:expr) => {
        match $detail {
            Detail::Command($note) => $call,
            Detail::Api($note) => $call,
            Detail::Client($note) => $call,
            Detail::Scheduler($note) => $call,
            Detail::Kubelet($note) => $call,
            Detail::Proxy($note) => $call,
            Detail::Traffic($note) => $call,
            Detail::Kubectl($note) => $call,
        }
    };
}

impl From<command::Note> for Detail {
    fn from(note: command::Note) -> Self {
        Self::Command(note)
    }
}

impl From<apiserver::Note> for Detail {
    fn from(note: apiserver::Note) -> Self {
        Self::Api(note)
    }
}

impl From<client::Note> for Detail {
    fn from(note: client::Note) -> Self {
        Self::Client(note)
    }
}

impl From<scheduler::Note> for Detail {
    fn from(note: scheduler::Note) -> Self {
        Self::Scheduler(note)
    }
}

impl From<kubelet::Note> for Detail {
    fn from(note: kubelet::Note) -> Self {
        Self::Kubelet(note)
    }
}

impl From<proxy::Note> for Detail {
    fn from(note: proxy::Note) -> Self {
        Self::Proxy(note)
    }
}

impl From<traffic::Note> for Detail {
    fn from(note: traffic::Note) -> Self {
        Self::Traffic(note)
    }
}

impl From<kubectl::Note> for Detail {
    fn from(note: kubectl::Note) -> Self {
        Self::Kubectl(note)
    }
}

impl Record {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        each!(&self.detail, note => note.kind())
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        each!(&self.detail, note => note.object())
    }

    /// The uid of that object, where the record knows it.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match &self.detail {
            Detail::Command(_) | Detail::Traffic(_) => None,
            Detail::Proxy(note) => note.uid(),
            Detail::Api(note) => note.uid(),
            Detail::Client(note) => note.uid(),
            Detail::Scheduler(note) => note.uid(),
            Detail::Kubelet(note) => note.uid(),
            Detail::Kubectl(note) => note.uid(),
        }
        .filter(|uid| !uid.is_empty())
    }

    /// One sentence for the reader; the actor is its subject.
    #[must_use]
    pub fn sentence(&self) -> String {
        each!(&self.detail, note => note.sentence())
    }

    /// The record as `run -o trace` prints it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let object = self.object().map(|key| {
            json!({
                "kind": key.kind.info().name,
                "namespace": (!key.namespace.is_empty()).then_some(&*key.namespace),
                "name": &*key.name,
                "uid": self.uid(),
            })
        });
        json!({
            "id": self.id.0,
            "time_ms": self.time.as_millis(),
            "revision": self.revision,
            "actor": self.actor.to_string(),
            "cause": self.cause.map(|cause| cause.0),
            "kind": self.kind().name(),
            "object": object,
            "detail": each!(&self.detail, note => note.to_value()),
        })
    }
}

/// The records of a run: the newest so many, and of older ones only what stands for them. Cloning
/// costs nothing.
#[derive(Clone, Debug)]
pub struct Trace {
    records: Vector<Arc<Record>>,
    most: usize,
    forgotten: Signature,
}

impl Default for Trace {
    fn default() -> Self {
        Self::keeping(usize::MAX)
    }
}

impl Trace {
    /// A trace without records that will keep so many, at least one.
    #[must_use]
    pub fn keeping(most: usize) -> Self {
        Self {
            records: Vector::new(),
            most: most.max(1),
            forgotten: Signature::default(),
        }
    }

    /// The number that the next record gets; so many there were.
    #[must_use]
    pub fn next_id(&self) -> RecordId {
        RecordId(self.horizon().0 + self.records.len() as u64)
    }

    /// The number of the oldest record that is kept; everything before it is forgotten.
    #[must_use]
    pub fn horizon(&self) -> RecordId {
        self.forgotten.next_id()
    }

    /// How many records are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True before anything happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record of this number; none when it has not been made, or is forgotten.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<&Arc<Record>> {
        let place = id.0.checked_sub(self.horizon().0)?;
        self.records.get(usize::try_from(place).ok()?)
    }

    /// Whether there was a record of this number that is no longer known.
    #[must_use]
    pub fn has_forgotten(&self, id: RecordId) -> bool {
        id < self.horizon()
    }

    /// The newest record.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Record>> {
        self.records.last()
    }

    /// The records from a number on, as far as they are kept.
    pub fn since(&self, id: RecordId) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        let count = self.records.len();
        let first = id.0.saturating_sub(self.horizon().0);
        let first = usize::try_from(first).unwrap_or(count).min(count);
        // By place: an iterator that skips would walk over everything before.
        (first..count).filter_map(|place| self.records.get(place))
    }

    /// All records that are kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.records.iter()
    }

    /// What stands for all records there were.
    pub(super) fn signature(&self) -> Signature {
        let mut signature = self.forgotten.clone();
        for record in &self.records {
            signature.take(record);
        }
        signature
    }

    /// Adds a record. When there are too many, the oldest is forgotten.
    ///
    /// What is asserted here makes each way back end at something from outside, or at the start, in
    /// every world that ever runs: there is no other record without a cause, and no circle.
    ///
    /// # Panics
    /// When its number or its cause breaks the order, or it has no cause and did not come from outside;
    /// that would be a mistake of the world.
    pub(super) fn push(&mut self, record: Record) {
        assert_eq!(
            record.id,
            self.next_id(),
            "records are numbered without gaps"
        );
        assert!(
            record.cause.is_none_or(|cause| cause < record.id),
            "a cause comes before what it causes"
        );
        assert!(
            record.cause.is_some() || record.kind() == RecordKind::Command,
            "only what comes from outside has no cause"
        );
        self.records.push_back(Arc::new(record));
        if self.records.len() > self.most
            && let Some(oldest) = self.records.pop_front()
        {
            self.forgotten.take(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(cause: Option<u64>, detail: impl Into<Detail>) {
        let mut trace = Trace::default();
        let record = |id, cause: Option<u64>, detail| Record {
            id: RecordId(id),
            time: Time::START,
            revision: 0,
            actor: Actor::Outside,
            cause: cause.map(RecordId),
            detail,
        };
        let outside = command::Note::Ran("get pods".to_owned());
        trace.push(record(0, None, outside.into()));
        trace.push(record(1, cause, detail.into()));
        assert_eq!(trace.why(RecordId(1)).count(), 2);
    }

    #[test]
    fn what_has_a_cause_before_it_is_taken() {
        pushed(Some(0), apiserver::Note::Compacted(7));
    }

    #[test]
    #[should_panic(expected = "only what comes from outside has no cause")]
    fn what_has_no_cause_and_is_no_command_is_a_mistake_of_the_world() {
        pushed(None, apiserver::Note::Compacted(7));
    }

    #[test]
    #[should_panic(expected = "a cause comes before what it causes")]
    fn what_causes_itself_is_a_mistake_of_the_world() {
        pushed(Some(1), apiserver::Note::Compacted(7));
    }
}
