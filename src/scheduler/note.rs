//! What the scheduler has to say to the trace.

use std::sync::Arc;

use serde_json::{Value, json};

use super::decision::Decision;
use super::queue::{Move, Place};
use crate::api::Key;
use crate::client::Note as ClientNote;
use crate::sim::{RecordKind, counted};

/// One happening in the scheduler.
#[derive(Clone, Debug)]
pub enum Note {
    /// Around its caches and queues.
    Client(ClientNote),
    /// A pod may not enter the active queue yet.
    Gated(Key),
    /// A waiting pod may be tried again.
    Moved(Move),
    /// It took the first pod.
    Took {
        /// The pod.
        pod: Key,
        /// Which try it is, from 1.
        attempt: u32,
        /// How many pods wait behind it.
        waiting: usize,
    },
    /// It took a pod that is gone or on its way out, and let it be.
    Passed(Key),
    /// Every node was asked whether it can hold the pod.
    Filtered(Arc<Decision>),
    /// The nodes that can were compared.
    Scored(Arc<Decision>),
    /// It looked for pods that could make way.
    Preempting(Arc<Decision>),
    /// Before the binding it writes what the pod's volumes need, and waits for them.
    Volumes {
        /// The pod.
        pod: Key,
        /// What.
        what: String,
    },
    /// It counts the pod on the node and asks to bind it.
    Binding {
        /// The pod.
        pod: Key,
        /// The node.
        node: Arc<str>,
    },
    /// The binding is written.
    Bound {
        /// The pod.
        pod: Key,
        /// The node.
        node: Arc<str>,
    },
    /// A pod without a node waits again.
    PutBack {
        /// The pod.
        pod: Key,
        /// Where; nowhere when it is gone.
        place: Option<Place>,
        /// Why.
        why: String,
    },
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Client(note) => note.kind(),
            Self::Gated(_) | Self::Moved(_) => RecordKind::QueueAdd,
            Self::Took { .. } | Self::Passed(_) => RecordKind::SchedPop,
            Self::Filtered(_) => RecordKind::SchedFilter,
            Self::Scored(_) => RecordKind::SchedScore,
            Self::Preempting(_) => RecordKind::SchedPreempt,
            Self::Volumes { .. } | Self::Binding { .. } | Self::Bound { .. } => {
                RecordKind::SchedBind
            }
            Self::PutBack { .. } => RecordKind::QueueBackoff,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Client(note) => note.object(),
            Self::Moved(moved) => Some(moved.pod.clone()),
            Self::Filtered(decision) | Self::Scored(decision) | Self::Preempting(decision) => {
                Some(decision.pod.clone())
            }
            Self::Gated(pod)
            | Self::Passed(pod)
            | Self::Took { pod, .. }
            | Self::Volumes { pod, .. }
            | Self::Binding { pod, .. }
            | Self::Bound { pod, .. }
            | Self::PutBack { pod, .. } => Some(pod.clone()),
        }
    }

    /// The uid of that object, where the note carries the object.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Client(note) => note.uid(),
            _ => None,
        }
    }

    /// The decision that the note tells of.
    #[must_use]
    pub fn decision(&self) -> Option<&Arc<Decision>> {
        match self {
            Self::Filtered(decision) | Self::Scored(decision) | Self::Preempting(decision) => {
                Some(decision)
            }
            _ => None,
        }
    }

    /// One sentence for the reader.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Client(note) => note.sentence(),
            Self::Gated(pod) => format!("keeps {pod} out of its queue: it has scheduling gates"),
            Self::Moved(moved) => match moved.plugin {
                Some(plugin) => {
                    format!(
                        "tries {} again: {:?} may help, says {plugin}",
                        moved.pod, moved.change
                    )
                }
                None => format!("tries {} again: it has waited its time", moved.pod),
            },
            Self::Took {
                pod,
                attempt,
                waiting,
            } => {
                format!("takes {pod}, try {attempt}, {waiting} more waiting")
            }
            Self::Passed(pod) => format!("lets {pod} be: it is going or gone"),
            Self::Filtered(decision) => {
                let (fit, all) = (decision.feasible_count(), decision.node_count());
                format!("filters: {fit} of {all} nodes can hold {}", decision.pod)
            }
            Self::Scored(decision) => scored(decision),
            Self::Preempting(decision) => match decision.nominated_node() {
                Some(node) => format!("makes room for {} on {node}", decision.pod),
                None => format!("finds nobody who could make room for {}", decision.pod),
            },
            Self::Volumes { what, .. } => what.clone(),
            Self::Binding { pod, node } => format!("binds {pod} to {node}"),
            Self::Bound { pod, node } => format!("{pod} is bound to {node}"),
            Self::PutBack { pod, place, why } => format!("{pod} {}: {why}", place_words(*place)),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Client(note) => note.to_value(),
            Self::Filtered(decision) | Self::Scored(decision) | Self::Preempting(decision) => {
                decision.to_value()
            }
            Self::Moved(moved) => json!({
                "change": format!("{:?}", moved.change),
                "plugin": moved.plugin,
                "to": place_words(Some(moved.to)),
            }),
            Self::Took {
                attempt, waiting, ..
            } => json!({"attempt": attempt, "waiting": waiting}),
            Self::Volumes { what, .. } => json!({"volumes": what}),
            Self::Binding { node, .. } | Self::Bound { node, .. } => json!({"node": &**node}),
            Self::PutBack { place, why, .. } => json!({"to": place_words(*place), "why": why}),
            Self::Gated(_) | Self::Passed(_) => json!({}),
        }
    }
}

fn scored(decision: &Decision) -> String {
    let winner = decision.winner().map_or("nobody", |winner| winner);
    let best = decision.best_names();
    match best.len() {
        0 | 1 => format!(
            "scores {}: {winner} is best",
            counted(decision.feasible_count(), "node")
        ),
        equal => format!(
            "scores {}: {equal} are equally good, chance takes {winner}",
            counted(decision.feasible_count(), "node")
        ),
    }
}

fn place_words(place: Option<Place>) -> String {
    match place {
        Some(Place::Active) => "is ready to be tried".to_owned(),
        Some(Place::BackOff(until)) => format!("backs off until {until}"),
        Some(Place::Unschedulable) => "waits until something changes that can help".to_owned(),
        Some(Place::Gated) => "is gated".to_owned(),
        Some(Place::InFlight) => "is being tried".to_owned(),
        None => "is gone".to_owned(),
    }
}
