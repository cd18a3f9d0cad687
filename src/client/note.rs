//! What informers, work queues and reconciles have to say to the trace.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Delivery, Seen};
use crate::api::{Key, Kind};
use crate::apiserver::WatchEvent;
use crate::sim::{RecordId, RecordKind, span_words};

/// What a controller saw, what it wants, and what it is going to do about the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconcile {
    /// The object that it looks after.
    pub key: Key,
    /// What is wanted.
    pub desired: String,
    /// What is there, as far as the cache knows.
    pub observed: String,
    /// What is missing, too many, or different; empty when nothing is.
    pub difference: String,
    /// What it is going to ask for, in order.
    pub actions: Vec<String>,
    /// When it will look again without being woken.
    pub requeue_after: Option<Duration>,
    /// What will be so then, in words; empty when there is nothing to say.
    pub requeue_why: &'static str,
}

/// One happening around a loop.
#[derive(Clone, Debug)]
pub enum Note {
    /// The informer listed, and watches from a revision on.
    Opened(Delivery),
    /// A change reached the informer.
    Delivered(Delivery),
    /// The watch broke.
    Gone(Delivery),
    /// The revision from which the watch would have gone on is forgotten: the API server's message.
    Expired(Kind, String),
    /// A key waits for a worker.
    Added(Key),
    /// A key was waiting already, because of another record.
    Merged(Key, RecordId),
    /// A key comes again later, after a failure.
    BackedOff(Key, Duration, String),
    /// A clock rang.
    Rang(&'static str, Option<Key>),
    /// A worker took a key.
    Started(Key),
    /// The plan.
    Planned(Arc<Reconcile>),
    /// One action of the plan, with its sentence.
    Acted(Key, String),
    /// The key is done for now, with the outcome in words.
    Ended(Key, String),
    /// A node was found silent, in words.
    LeaseLost(Key, String),
    /// A node gets a taint.
    Tainted(Key, String),
    /// Something without an owner is removed.
    Collected(Key, String),
}

impl Note {
    /// The note for a delivery.
    #[must_use]
    pub fn delivery(delivery: &Delivery) -> Self {
        match delivery.seen {
            Seen::Listed(_) | Seen::Resumed => Self::Opened(delivery.clone()),
            Seen::Event(_) => Self::Delivered(delivery.clone()),
            Seen::Gone | Seen::Refused(_) => Self::Gone(delivery.clone()),
        }
    }

    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Opened(_) => RecordKind::WatchOpen,
            Self::Delivered(_) => RecordKind::WatchDeliver,
            Self::Gone(_) | Self::Expired(..) => RecordKind::WatchGone,
            Self::Added(_) => RecordKind::QueueAdd,
            Self::Merged(..) => RecordKind::QueueMerge,
            Self::BackedOff(..) => RecordKind::QueueBackoff,
            Self::Rang(..) => RecordKind::TimerFire,
            Self::Started(_) => RecordKind::ReconcileStart,
            Self::Planned(_) => RecordKind::ReconcileDiff,
            Self::Acted(..) => RecordKind::ReconcileAct,
            Self::Ended(..) => RecordKind::ReconcileEnd,
            Self::LeaseLost(..) => RecordKind::LeaseLost,
            Self::Tainted(..) => RecordKind::TaintAdd,
            Self::Collected(..) => RecordKind::GcDelete,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Opened(delivery) | Self::Delivered(delivery) | Self::Gone(delivery) => {
                match &delivery.seen {
                    Seen::Event(event) => Some(event.object().key()),
                    _ => None,
                }
            }
            Self::Expired(..) => None,
            Self::Planned(reconcile) => Some(reconcile.key.clone()),
            Self::Rang(_, key) => key.clone(),
            Self::Added(key)
            | Self::Merged(key, _)
            | Self::BackedOff(key, ..)
            | Self::Started(key)
            | Self::Acted(key, _)
            | Self::Ended(key, _)
            | Self::LeaseLost(key, _)
            | Self::Tainted(key, _)
            | Self::Collected(key, _) => Some(key.clone()),
        }
    }

    /// The uid of that object, where the note carries the object.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Delivered(Delivery {
                seen: Seen::Event(event),
                ..
            }) => Some(event.object().uid()),
            _ => None,
        }
    }

    /// One sentence for the reader.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Opened(delivery) => {
                let plural = delivery.kind.info().plural;
                let revision = delivery.revision;
                match &delivery.seen {
                    Seen::Listed(objects) => format!(
                        "lists {} {plural} at revision {revision} and watches",
                        objects.len()
                    ),
                    _ => format!("goes on watching {plural} from revision {revision}"),
                }
            }
            Self::Delivered(delivery) => match &delivery.seen {
                Seen::Event(event) => format!("sees {}", seen_words(event)),
                _ => "hears from its watch".to_owned(),
            },
            Self::Gone(delivery) => {
                let plural = delivery.kind.info().plural;
                match &delivery.seen {
                    Seen::Refused(refusal) => format!("may not watch {plural} so: {refusal}"),
                    _ => format!("lost its watch on {plural}"),
                }
            }
            Self::Expired(kind, message) => format!(
                "is told 410 Expired for its watch on {}: {message}; lists again",
                kind.info().plural
            ),
            Self::Added(key) => format!("puts {key} into its queue"),
            Self::Merged(key, record) => format!("has {key} in its queue already, since {record}"),
            Self::BackedOff(key, wait, why) => {
                format!("tries {key} again in {}: {why}", span_words(*wait))
            }
            Self::Rang(what, _) => format!("{what}: time is up"),
            Self::Started(key) => format!("takes {key}"),
            Self::Planned(reconcile) if reconcile.difference.is_empty() => {
                format!(
                    "wants {}, sees {}: nothing to do",
                    reconcile.desired, reconcile.observed
                )
            }
            Self::Planned(reconcile) => format!(
                "wants {}, sees {}: {}",
                reconcile.desired, reconcile.observed, reconcile.difference
            ),
            Self::Acted(_, what)
            | Self::Ended(_, what)
            | Self::LeaseLost(_, what)
            | Self::Tainted(_, what)
            | Self::Collected(_, what) => what.clone(),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Opened(delivery) | Self::Delivered(delivery) | Self::Gone(delivery) => {
                let event = match &delivery.seen {
                    Seen::Event(event) => event.name(),
                    Seen::Listed(_) => "LISTED",
                    Seen::Resumed => "RESUMED",
                    Seen::Gone => "GONE",
                    Seen::Refused(_) => "REFUSED",
                };
                json!({"type": event, "resource": delivery.kind.info().plural, "revision": delivery.revision})
            }
            Self::Expired(kind, message) => {
                json!({"code": 410, "resource": kind.info().plural, "message": message})
            }
            Self::Planned(reconcile) => json!({
                "desired": reconcile.desired,
                "observed": reconcile.observed,
                "difference": reconcile.difference,
                "actions": reconcile.actions,
                "requeueAfterMs": reconcile.requeue_after.map(millis),
            }),
            Self::BackedOff(_, wait, why) => json!({"waitMs": millis(*wait), "why": why}),
            Self::Merged(_, record) => json!({"since": record.0}),
            Self::Rang(what, _) => json!({"timer": what}),
            Self::Added(_) | Self::Started(_) => json!({}),
            Self::Acted(_, what)
            | Self::Ended(_, what)
            | Self::LeaseLost(_, what)
            | Self::Tainted(_, what)
            | Self::Collected(_, what) => json!({"what": what}),
        }
    }
}

fn seen_words(event: &WatchEvent) -> String {
    let key = event.object().key();
    let revision = event.object().revision();
    match event {
        WatchEvent::Added(_) => format!("a new {key}, revision {revision}"),
        WatchEvent::Modified(_) => format!("{key} at revision {revision}"),
        WatchEvent::Deleted(_) => format!("{key} go, revision {revision}"),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
