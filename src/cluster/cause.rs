//! Why, and what then: the way from a record back to the outside, and everything that followed it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Cluster, Detail, Record, Trace};
use crate::api::schema::{Step, nearest, steps};
use crate::api::{Actor, Key, Kind, Object};
use crate::kubelet::{self, NodeReport};
use crate::sim::{RecordId, RecordKind, Urgency};
use crate::store::Change;
use crate::{apiserver, client};

/// How many objects a question that fits several names.
const CANDIDATES_MOST: usize = 12;

/// How many heartbeats are looked through for the happening before them.
const QUIET_RECORDS_MOST: usize = 4096;

/// One record among those that followed from another one.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The record.
    pub record: Arc<Record>,
    /// How many causes lie between, counted from 1 for what followed directly.
    pub depth: usize,
}

/// What followed from a record, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The first of them.
    pub shown: Vec<Effect>,
    /// How many more there are.
    pub left_out: usize,
}

impl Record {
    /// The write that the record tells of, if it does.
    #[must_use]
    pub fn change(&self) -> Option<&Arc<Change>> {
        match &self.detail {
            Detail::Api(apiserver::Note::Committed { change, .. }) => Some(change),
            _ => None,
        }
    }

    /// Whether this by itself is one of those that repeat for ever and say only that somebody is alive.
    fn is_beat(&self) -> bool {
        let about_a_lease = || self.object().is_some_and(|key| key.kind == Kind::Lease);
        // An autoscaler looks every few seconds.
        let is_round = |key: Key| key.kind == Kind::HorizontalPodAutoscaler;
        let rang = || self.kind() == RecordKind::TimerFire && self.object().is_none_or(is_round);
        match (self.kind(), &self.detail) {
            (RecordKind::LeaseRenew | RecordKind::StoreCompact, _)
            | (_, Detail::Kubelet(kubelet::Note::NodeReported(_, NodeReport::Repeated))) => true,
            (_, Detail::Traffic(note)) => self.kind() == RecordKind::TrafficCount && !note.is_new,
            (_, Detail::Kubelet(kubelet::Note::Pod(note))) => note.what.says_nothing_new(),
            _ => self.actor == Actor::MetricsServer || about_a_lease() || rang(),
        }
    }
}

impl Trace {
    /// Whether a record is one of those that repeat for ever and say only that somebody is alive: a
    /// lease, a status that says nothing new, a look by the clock, a measurement; with all that it
    /// takes and leads to as long as nobody finds anything to do.
    #[must_use]
    pub fn is_heartbeat(&self, record: &Record) -> bool {
        if record.is_beat() {
            return true;
        }
        let cause = || self.get(record.cause?);
        let says_nothing_new =
            |cause: &Arc<Record>| cause.kind() == RecordKind::StatusWrite && cause.is_beat();
        let goes_on = match (record.kind(), &record.detail) {
            (RecordKind::ApiRequest, Detail::Api(apiserver::Note::Sent(request))) => {
                !request.is_write() || cause().is_some_and(says_nothing_new)
            }
            (_, Detail::Client(client::Note::Planned(plan))) => plan.actions.is_empty(),
            (
                RecordKind::ApiAdmit
                | RecordKind::StoreCommit
                | RecordKind::WatchDeliver
                | RecordKind::QueueAdd
                | RecordKind::QueueMerge
                | RecordKind::ReconcileStart
                | RecordKind::ReconcileAct
                | RecordKind::ReconcileEnd,
                _,
            ) => true,
            _ => false,
        };
        goes_on && cause().is_some_and(|cause| self.is_heartbeat(cause))
    }

    /// Whether nobody need look at a record: a heartbeat, or news on which who hears it does not act at once.
    #[must_use]
    pub fn is_background(&self, record: &Record) -> bool {
        let acts = || {
            let next = self.get(record.id.next());
            next.is_some_and(|next| next.cause == Some(record.id))
        };
        (record.kind() == RecordKind::WatchDeliver && !acts()) || self.is_heartbeat(record)
    }

    /// The way from a record back to what came from outside, or to the horizon; the record itself first.
    pub fn why(&self, id: RecordId) -> impl Iterator<Item = &Arc<Record>> {
        let first = self.get(id);
        std::iter::successors(first, |record| self.get(record.cause?))
    }

    /// Why a way back ends at this record though somebody caused it; nothing when it does not.
    #[must_use]
    pub fn breaks_off(&self, record: &Record) -> Option<String> {
        let is_forgotten = record.cause.is_some_and(|cause| self.has_forgotten(cause));
        is_forgotten.then(|| self.horizon_in_words())
    }

    /// What is no longer known.
    #[must_use]
    pub fn horizon_in_words(&self) -> String {
        format!("what came before record {} is forgotten", self.horizon())
    }

    /// How long after its cause a record happened; nothing for what comes from outside, or when the
    /// cause is forgotten.
    #[must_use]
    pub fn latency(&self, record: &Record) -> Option<Duration> {
        let cause = self.get(record.cause?)?;
        Some(record.time.since(cause.time))
    }

    /// Everything that followed from a record, directly or not; of many, the first `most`. It looks
    /// at each record after this one once.
    #[must_use]
    pub fn effects(&self, id: RecordId, most: usize) -> Effects {
        let mut depths = BTreeMap::from([(id, 0)]);
        let mut effects = Effects::default();
        for record in self.since(id.next()) {
            let Some(depth) = record.cause.and_then(|cause| depths.get(&cause)) else {
                continue;
            };
            let depth = depth + 1;
            depths.insert(record.id, depth);
            if effects.shown.len() < most {
                let record = Arc::clone(record);
                effects.shown.push(Effect { record, depth });
            } else {
                effects.left_out += 1;
            }
        }
        effects
    }

    /// The last write of an object.
    #[must_use]
    pub fn last_write(&self, key: &Key) -> Option<&Arc<Record>> {
        self.writes(key).next()
    }

    /// The write that gave a field, such as `spec.nodeName` or `metadata.labels[app]`, the value that
    /// it has.
    #[must_use]
    pub fn write_of_field(&self, key: &Key, path: &str) -> Option<&Arc<Record>> {
        let changes = |record: &&Arc<Record>| {
            record.change().is_some_and(|change| {
                let value = change.object.to_value();
                let before = change.previous.as_ref().map(Object::to_value);
                field(&value, path) != before.as_ref().and_then(|value| field(value, path))
            })
        };
        self.writes(key).find(changes)
    }

    /// The write that made a revision.
    #[must_use]
    pub fn write_of_revision(&self, revision: u64) -> Option<&Arc<Record>> {
        // Records carry the revision of the store after them, which never goes back.
        let (mut low, mut high) = (self.horizon().0, self.next_id().0);
        while low < high {
            let middle = low.midpoint(high);
            let is_before = |record: &Arc<Record>| record.revision < revision;
            if self.get(RecordId(middle)).is_some_and(is_before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let makes = |record: &&Arc<Record>| {
            let change = record.change();
            change.is_some_and(|change| change.revision == revision)
        };
        self.since(RecordId(low))
            .take_while(|record| record.revision == revision)
            .find(makes)
    }

    /// The writes of an object, newest first.
    pub fn writes(&self, key: &Key) -> impl Iterator<Item = &Arc<Record>> {
        let is_of = move |record: &&Arc<Record>| {
            let change = record.change();
            change.is_some_and(|change| change.key == *key)
        };
        self.iter().rev().filter(is_of)
    }
}

/// The value at a path as the API server writes paths.
#[must_use]
pub fn field<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Bracket(inner) => match value {
            Value::Array(items) => items.get(inner.parse::<usize>().ok()?),
            _ => value.get(inner),
        },
    })
}

impl Cluster {
    /// Whether the last step, of this urgency, is one to pass over while there is more to come.
    pub(super) fn passes_over(&self, urgency: Urgency) -> bool {
        let is_quiet = |record: &Record| self.trace().is_background(record);
        let is_quiet = || self.last_records().all(|record| is_quiet(record));
        !self.is_settled() && (urgency == Urgency::Periodic || is_quiet())
    }

    /// How much time passed before the last step in which nothing happened but heartbeats.
    #[must_use]
    pub fn quiet_before_last_step(&self) -> Duration {
        let mut last = self.last_records();
        let Some(happening) = last.find(|record| !self.trace().is_heartbeat(record)) else {
            return Duration::ZERO;
        };
        let before = (0..self.last_step.0).rev().take(QUIET_RECORDS_MOST);
        let mut before = before.filter_map(|id| self.trace().get(RecordId(id)));
        let loud = before.find(|record| !self.trace().is_heartbeat(record));
        loud.map_or(Duration::ZERO, |record| happening.time.since(record.time))
    }

    /// The record that somebody means: `#120`, the write of revision `r55`, the last write of
    /// `pod/web-1`, or what set the field `pod/web-1:spec.nodeName`. Of a name its beginning is enough
    /// when it fits one object only; objects that are gone count.
    ///
    /// # Errors
    /// When it means nothing or several things; the message says which there are.
    pub fn record_meant(&self, words: &str) -> Result<RecordId, String> {
        let trace = self.trace();
        let number = |text: &str| text.parse::<u64>().ok();
        if let Some(id) = words.strip_prefix('#').and_then(number) {
            let last = trace.last().map_or(RecordId(0), |last| last.id);
            let found = trace.get(RecordId(id)).map(|record| record.id);
            return found.ok_or_else(|| {
                if trace.has_forgotten(RecordId(id)) {
                    format!(
                        "record #{id} is no longer known: {}",
                        trace.horizon_in_words()
                    )
                } else {
                    format!("there is no record #{id}; the last one is {last}")
                }
            });
        }
        if let Some(revision) = words.strip_prefix('r').and_then(number) {
            let newest = self.store().revision();
            let found = trace.write_of_revision(revision).map(|record| record.id);
            return found.ok_or_else(|| {
                let oldest = trace.iter().next().map_or(0, |record| record.revision);
                if trace.horizon() > RecordId(0) && revision <= oldest {
                    let horizon = trace.horizon_in_words();
                    return format!(
                        "the write of revision {revision} is no longer known: {horizon}"
                    );
                }
                format!("no write made revision {revision}; the store is at revision {newest}")
            });
        }
        let (name, path) = match words.split_once(':') {
            Some((name, path)) => (name, Some(path.trim_start_matches('.'))),
            None => (words, None),
        };
        let key = self.object_meant(name)?;
        let record = match path {
            Some(path) => trace.write_of_field(&key, path),
            None => trace.last_write(&key),
        };
        record.map(|record| record.id).ok_or_else(|| {
            let what = path.map_or_else(|| key.to_string(), |path| format!("{path} of {key}"));
            if trace.horizon() > RecordId(0) {
                let horizon = trace.horizon_in_words();
                return format!("no write is known that has set {what}; {horizon}");
            }
            format!("no write has set {what}")
        })
    }

    /// The object, there or gone, that somebody means with `kind/name` or `kind/namespace/name`.
    fn object_meant(&self, words: &str) -> Result<Key, String> {
        let parts: Vec<&str> = words.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some(namespace), name),
            _ => {
                return Err(format!(
                    "\"{words}\" names nothing; write pod/web-1, pod/web-1:spec.nodeName, r55 or #120"
                ));
            }
        };
        let kind = Kind::of_word(kind)
            .ok_or_else(|| format!("the server doesn't have a resource type \"{kind}\""))?;
        let begin = name.trim_end_matches(['…', '*', '.']);
        let written = self.trace().iter().filter_map(|record| record.change());
        let written = written.map(|change| change.key.clone());
        // What was last written before the horizon of the trace is there all the same.
        let there = self.store().list(kind, None).map(Object::key);
        let fits = |key: &Key| {
            key.kind == kind && namespace.is_none_or(|namespace| *key.namespace == *namespace)
        };
        let all: BTreeSet<Key> = written.chain(there).filter(fits).collect();
        if let Some(exact) = all.iter().find(|key| *key.name == *name) {
            return Ok(exact.clone());
        }
        let found: Vec<&Key> = all
            .iter()
            .filter(|key| key.name.starts_with(begin))
            .collect();
        let plural = kind.info().plural;
        match found[..] {
            [only] => Ok(only.clone()),
            [] => {
                let near = nearest(begin, all.iter().map(|key| &*key.name));
                let near = near.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"));
                Err(format!("{plural} \"{begin}\" not found{near}"))
            }
            _ => {
                let names: Vec<&str> = found.iter().map(|key| &*key.name).collect();
                let more = names.len().saturating_sub(CANDIDATES_MOST);
                let listed = names[..names.len() - more].join(", ");
                let more = match more {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Err(format!(
                    "\"{begin}\" fits {} {plural}: {listed}{more}",
                    names.len()
                ))
            }
        }
    }
}
