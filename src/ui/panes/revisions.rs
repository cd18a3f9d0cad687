//! The rungs of an object: every write to it that the door let pass or refused, with what it changed.

use std::sync::Arc;

use super::index::Index;
use crate::api::{Actor, Key, Object};
use crate::apiserver::{Note, Refusal, Request, Stage};
use crate::cluster::{Detail, Record, Trace};
use crate::manifest::{self, FieldChange};
use crate::sim::RecordId;
use crate::store::{Change, ChangeType};

/// How many of the newest records about an object are looked through.
const LOOK_BACK: usize = 4000;

/// A write as the door handled it.
#[derive(Clone, Debug)]
pub(super) struct Handled {
    /// The record of the verdict.
    pub record: Arc<Record>,
    /// The request.
    pub request: Arc<Request>,
    /// The stations that it reached.
    pub stages: Vec<Stage>,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
    /// What was written, if something was, and the record of the commit.
    pub commit: Option<(RecordId, Arc<Change>)>,
}

/// The verdicts of the door on writes to an object, newest first. A write is found by its commit: the
/// verdict on a create with `generateName` does not know the name yet.
pub(super) fn of(index: &Index, trace: &Trace, key: &Key) -> Vec<RecordId> {
    let about = index.records.about(key).iter().rev().take(LOOK_BACK);
    let verdict = |id: &RecordId| {
        let record = trace.get(*id)?;
        match &record.detail {
            Detail::Api(Note::Committed { .. }) => record.cause,
            Detail::Api(Note::Refused { request, .. }) => request.is_write().then_some(*id),
            _ => None,
        }
    };
    about.filter_map(verdict).collect()
}

/// The write of a record, if it is one that the door handled.
pub(super) fn handled(trace: &Trace, id: RecordId) -> Option<Handled> {
    let record = trace.get(id)?;
    let Detail::Api(note) = &record.detail else {
        return None;
    };
    let (request, stages, refusal) = match note {
        Note::Admitted {
            request, stages, ..
        } => (request, stages, None),
        Note::Refused {
            request,
            stages,
            refusal,
        } => (request, stages, Some(refusal.clone())),
        Note::Sent(_) | Note::Committed { .. } | Note::Compacted(_) | Note::Scraped { .. } => {
            return None;
        }
    };
    let next = trace.get(id.next());
    let commit = next
        .filter(|next| next.cause == Some(id))
        .and_then(|next| Some((next.id, Arc::clone(next.change()?))));
    Some(Handled {
        record: Arc::clone(record),
        request: Arc::clone(request),
        stages: stages.clone(),
        refusal,
        commit,
    })
}

impl Handled {
    /// Who asked.
    pub(super) fn by(&self) -> &Actor {
        &self.request.actor
    }

    /// What the write changed, without what the server counts by itself.
    pub(super) fn changes(&self) -> Vec<FieldChange> {
        let Some((_, change)) = &self.commit else {
            return Vec::new();
        };
        match (&change.previous, change.change_type) {
            (Some(previous), ChangeType::Modified) => between(Some(previous), &change.object),
            _ => Vec::new(),
        }
    }

    /// The revision of the copy that the client wrote from, where it named one.
    pub(super) fn copy(&self) -> Option<u64> {
        use crate::apiserver::Verb;
        let (Verb::Update(object) | Verb::WriteStatus(object, _) | Verb::Finalize(object)) =
            &self.request.verb
        else {
            return None;
        };
        Some(object.revision()).filter(|revision| *revision > 0)
    }
}

/// What differs between two states, without the revision and the book-keeping of managers.
pub(super) fn between(before: Option<&Object>, after: &Object) -> Vec<FieldChange> {
    let before = before.map_or_else(|| serde_json::json!({}), Object::to_value);
    let mut found = manifest::changes(&before, &after.to_value());
    found.retain(|change| {
        !change.pointer.starts_with("/metadata/managedFields")
            && change.pointer != "/metadata/resourceVersion"
    });
    // What happened comes before the words about it and the time of it.
    found.sort_by_key(|change| match change.path.rsplit('.').next() {
        Some(name) if name.ends_with("Time") => 2,
        Some("message" | "reason") => 1,
        _ => 0,
    });
    found
}

/// The object as it stood before a record.
pub(super) fn state_before(
    index: &Index,
    trace: &Trace,
    key: &Key,
    before: RecordId,
) -> Option<Object> {
    let about = index.records.about(key);
    let end = about.partition_point(|id| *id < before);
    let mut earlier = about[..end].iter().rev().filter_map(|id| trace.get(*id));
    let change = earlier.find_map(|record| record.change())?;
    (change.change_type != ChangeType::Deleted).then(|| change.object.clone())
}
