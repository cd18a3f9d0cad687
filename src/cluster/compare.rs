//! Two runs side by side: the first record that differs, and the objects that differ, field by field.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Cluster, Record, Trace};
use crate::api::{Key, Kind, Object};
use crate::manifest::{FieldChange, changes};
use crate::sim::RecordId;

/// Fields that differ from run to run without meaning anything.
const NOISE: [&str; 6] = [
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/managedFields",
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/ownerReferences",
];

/// Ends of paths that hold a date or a revision of another object.
const NOISY_ENDS: [&str; 9] = [
    "Time",
    "Timestamp",
    "startedAt",
    "finishedAt",
    "timeAdded",
    "observedGeneration",
    "containerID",
    "resourceVersion",
    "uid",
];

/// Kinds that are full of heartbeats and stories; what differs in them shows in others as well.
const PASSED_OVER: [Kind; 2] = [Kind::Lease, Kind::Event];

/// How an object differs between two worlds.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// It is only in the first one.
    OnlyLeft(Key),
    /// It is only in the second one.
    OnlyRight(Key),
    /// It is in both with other fields.
    Fields(Key, Vec<FieldChange>),
}

impl Difference {
    /// Which object.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::OnlyLeft(key) | Self::OnlyRight(key) | Self::Fields(key, _) => key,
        }
    }
}

/// The number of the first record that is not the same in both traces, from a record on or from where
/// both are known. Where one of them ends first, the number that it has not come to.
#[must_use]
pub fn first_difference(left: &Trace, right: &Trace, from: RecordId) -> Option<RecordId> {
    let from = from.max(left.horizon()).max(right.horizon());
    let mut pairs = left.since(from).zip(right.since(from));
    let differs = pairs.find(|(left, right)| !is_same(left, right));
    match differs {
        Some((record, _)) => Some(record.id),
        None if left.next_id() == right.next_id() => None,
        None => Some(left.next_id().min(right.next_id())),
    }
}

fn is_same(left: &Arc<Record>, right: &Arc<Record>) -> bool {
    Arc::ptr_eq(left, right)
        || (left.time == right.time
            && left.actor == right.actor
            && left.cause == right.cause
            && left.to_value() == right.to_value())
}

/// The objects that differ, in the order of their kinds and names. Dates, revisions and numbers of
/// identity are passed over.
#[must_use]
pub fn differences(left: &Cluster, right: &Cluster) -> Vec<Difference> {
    let (left, right) = (left.store(), right.store());
    let keys: BTreeSet<Key> = left.iter().chain(right.iter()).map(Object::key).collect();
    let differ = |key: Key| match (left.get(&key), right.get(&key)) {
        (Some(one), Some(other)) => {
            let fields = of_fields(one, other);
            (!fields.is_empty()).then_some(Difference::Fields(key, fields))
        }
        (Some(_), None) => Some(Difference::OnlyLeft(key)),
        (None, Some(_)) => Some(Difference::OnlyRight(key)),
        (None, None) => None,
    };
    let keys = keys.into_iter();
    let keys = keys.filter(|key| !PASSED_OVER.contains(&key.kind));
    keys.filter_map(differ).collect()
}

fn of_fields(left: &Object, right: &Object) -> Vec<FieldChange> {
    if left == right {
        return Vec::new();
    }
    told_changes(&left.to_value(), &right.to_value())
}

/// The fields that differ, without dates, revisions and numbers of identity.
#[must_use]
pub fn told_changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = changes(before, after);
    changes.retain(|change| !is_noise(&change.pointer));
    changes
}

fn is_noise(pointer: &str) -> bool {
    NOISE.iter().any(|noise| pointer.starts_with(noise))
        || NOISY_ENDS.iter().any(|end| pointer.ends_with(end))
}
