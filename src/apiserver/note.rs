//! What the API server and the store have to say to the trace.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Cause, Reason, Refusal, Request, Stage, Verb};
use crate::api::{Actor, Key};
use crate::sim::{RecordKind, counted};
use crate::store::{Change, ChangeType};

/// One happening at the door.
#[derive(Clone, Debug)]
pub enum Note {
    /// A client sent a request.
    Sent(Arc<Request>),
    /// A request passed; for a write, with the stations that it reached.
    Admitted {
        /// The request.
        request: Arc<Request>,
        /// The stations, in order.
        stages: Vec<Stage>,
        /// Whether anything was written; a write that changes nothing moves no revision.
        wrote: bool,
    },
    /// A request was refused.
    Refused {
        /// The request.
        request: Arc<Request>,
        /// The stations that it reached before.
        stages: Vec<Stage>,
        /// Why.
        refusal: Refusal,
    },
    /// The store wrote.
    Committed {
        /// What.
        change: Arc<Change>,
        /// Who asked for it.
        by: Actor,
    },
    /// The store forgot the changes up to a revision.
    Compacted(u64),
    /// The resource metrics API was given new figures.
    Scraped {
        /// How many nodes were measured.
        nodes: usize,
        /// How many did not answer.
        silent: usize,
        /// How many pods were measured.
        pods: usize,
    },
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Sent(request) if is_eviction(request) => RecordKind::EvictAsk,
            Self::Admitted { request, .. } | Self::Refused { request, .. }
                if is_eviction(request) =>
            {
                RecordKind::EvictVerdict
            }
            Self::Sent(_) => RecordKind::ApiRequest,
            Self::Admitted { .. } => RecordKind::ApiAdmit,
            Self::Refused { refusal, .. } if refusal.reason == Reason::Conflict => {
                RecordKind::ApiConflict
            }
            Self::Refused { .. } => RecordKind::ApiReject,
            Self::Committed { .. } => RecordKind::StoreCommit,
            Self::Compacted(_) => RecordKind::StoreCompact,
            Self::Scraped { .. } => RecordKind::MetricsScrape,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Sent(request)
            | Self::Admitted { request, .. }
            | Self::Refused { request, .. } => Some(request.key.clone()),
            Self::Committed { change, .. } => Some(change.key.clone()),
            Self::Compacted(_) | Self::Scraped { .. } => None,
        }
    }

    /// The uid of that object, where it has one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Sent(request) => match &request.verb {
                Verb::Update(object) | Verb::WriteStatus(object, _) | Verb::Finalize(object) => {
                    Some(object.uid()).filter(|uid| !uid.is_empty())
                }
                _ => None,
            },
            Self::Admitted { stages, .. } => stages.last().map(|stage| stage.object.uid()),
            Self::Committed { change, .. } => Some(change.object.uid()),
            Self::Refused { .. } | Self::Compacted(_) | Self::Scraped { .. } => None,
        }
    }

    /// One sentence for the reader.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Sent(request) => format!("asks: {request}"),
            Self::Admitted {
                request,
                stages,
                wrote,
            } => {
                if is_eviction(request) && *wrote {
                    return format!("lets {} be evicted", request.key);
                }
                let names: Vec<&str> = stages.iter().map(|stage| stage.name.name()).collect();
                match (request.is_write(), wrote) {
                    (false, _) => format!("answers {request}"),
                    (true, true) if names.is_empty() => format!("lets {request} pass"),
                    (true, true) => format!("lets {request} pass: {}", names.join(" → ")),
                    (true, false) => format!("{request} changes nothing, so nothing is written"),
                }
            }
            Self::Refused { refusal, .. } => {
                let (code, reason) = (refusal.reason.code(), refusal.reason);
                let mut text = format!("refuses: {code} {reason} — {refusal}");
                for cause in &refusal.causes {
                    if let Cause::Budget(why) = cause {
                        text.push(' ');
                        text.push_str(why);
                    }
                }
                text
            }
            Self::Committed { change, by } => {
                let verb = match change.change_type {
                    ChangeType::Added => "created",
                    ChangeType::Modified => "changed",
                    ChangeType::Deleted => "removed",
                };
                format!(
                    "{} {verb} for {by}, revision {}",
                    change.key, change.revision
                )
            }
            Self::Compacted(revision) => format!("forgets the changes up to revision {revision}"),
            Self::Scraped {
                nodes,
                silent,
                pods,
            } => {
                let (pods, nodes) = (counted(*pods, "pod"), counted(*nodes, "node"));
                let silent = match silent {
                    0 => String::new(),
                    silent => format!("; {silent} did not answer"),
                };
                format!("measured {pods} on {nodes}{silent}")
            }
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let stages = |stages: &[Stage]| {
            stages
                .iter()
                .map(|stage| stage.name.name())
                .collect::<Value>()
        };
        match self {
            Self::Sent(request) => request_value(request),
            Self::Admitted {
                request,
                stages: reached,
                wrote,
            } => {
                let mut value = request_value(request);
                value["stages"] = stages(reached);
                value["wrote"] = (*wrote).into();
                value
            }
            Self::Refused {
                request,
                stages: reached,
                refusal,
            } => {
                let mut value = request_value(request);
                value["stages"] = stages(reached);
                value["status"] = refusal.to_value();
                value
            }
            Self::Committed { change, by } => json!({
                "type": change.change_type.to_string(),
                "revision": change.revision,
                "by": by.to_string(),
            }),
            Self::Compacted(revision) => json!({"revision": revision}),
            Self::Scraped {
                nodes,
                silent,
                pods,
            } => json!({"nodes": nodes, "silent": silent, "pods": pods}),
        }
    }
}

fn is_eviction(request: &Request) -> bool {
    matches!(request.verb, Verb::Evict(_))
}

fn request_value(request: &Request) -> Value {
    json!({
        "verb": request.verb.name(),
        "method": request.verb.method(),
        "path": request.path(),
        "subresource": request.verb.subresource(),
    })
}
