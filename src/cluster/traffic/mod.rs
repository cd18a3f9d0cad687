//! Requests that clients send through Services: no happening for each, but counts for each span in
//! which nothing changes.

mod count;
mod flow;
mod glue;
mod order;

use std::sync::Arc;

use imbl::OrdMap;
use serde_json::{Value, json};

pub use count::{Counts, Loss};
pub use flow::{Flow, Second};
pub use order::{GRAMMAR, Order};

use crate::api::Key;
use crate::sim::{RecordKind, counted};

/// All traffic of a world.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    flows: OrdMap<Key, Arc<Flow>>,
    is_ticking: bool,
}

impl Traffic {
    /// The flows, ordered by their Services.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.values().map(|flow| &**flow)
    }

    /// The flow to a Service, if there ever was one.
    #[must_use]
    pub fn flow(&self, service: &Key) -> Option<&Flow> {
        self.flows.get(service).map(|flow| &**flow)
    }

    /// Whether anybody sends.
    fn is_flowing(&self) -> bool {
        self.flows.values().any(|flow| flow.rate > 0)
    }
}

/// What clients have to say to the trace.
#[derive(Clone, Debug)]
pub struct Note {
    /// The Service.
    pub service: Key,
    /// What became of the requests of the last second.
    pub counts: Counts,
    /// Whether that is not what became of those of the second before.
    pub is_new: bool,
}

#[expect(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the notes of all rooms answer alike"
)]
impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        RecordKind::TrafficCount
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        Some(self.service.clone())
    }

    /// One sentence for the reader; the clients are its subject.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self {
            service, counts, ..
        } = self;
        match (counts.sent(), counts.lost()) {
            (0, _) => format!("sent nothing to {service} in the last second"),
            (_, 0) => format!(
                "got {} from {service} in the last second",
                counted(counts.answered, "answer")
            ),
            (sent, lost) => format!(
                "lost {lost} of {} to {service} in the last second: {}",
                counted(sent, "request"),
                counts.reasons_in_words()
            ),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.counts.to_value()
    }
}

impl Flow {
    /// For programs: the rate, the sums, each pod, each second that differs from the one before.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let pods = self.pods.iter();
        let pods: serde_json::Map<String, Value> = pods
            .map(|(pod, counts)| (pod.name.to_string(), counts.to_value()))
            .collect();
        let seconds = self.seconds.iter().map(|second| {
            let mut value = second.counts.to_value();
            value["time_ms"] = second.at.as_millis().into();
            value
        });
        let mut value = self.total.to_value();
        value["service"] = json!(self.service.name);
        value["namespace"] = json!(self.service.namespace);
        value["rate"] = self.rate.into();
        value["pods"] = Value::Object(pods);
        value["seconds"] = seconds.collect();
        value
    }
}
