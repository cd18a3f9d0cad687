//! What kube-proxies have to say to the trace.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Table;
use crate::api::Key;
use crate::client;
use crate::sim::{RecordKind, counted};

/// One happening at a kube-proxy.
#[derive(Clone, Debug)]
pub enum Note {
    /// Around a watch.
    Client(client::Note),
    /// The table of a Service was written.
    Written {
        /// The Service.
        service: Key,
        /// The table until now; none when there was none.
        before: Option<Arc<Table>>,
        /// The table from now on; none when the Service is gone.
        after: Option<Arc<Table>>,
    },
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Client(note) => note.kind(),
            Self::Written { .. } => RecordKind::EndpointUpdate,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Client(note) => note.object(),
            Self::Written { service, .. } => Some(service.clone()),
        }
    }

    /// The uid of that object, where it is known.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Client(note) => note.uid(),
            Self::Written { .. } => None,
        }
    }

    /// One sentence for the reader; the kube-proxy is its subject.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Client(note) => note.sentence(),
            Self::Written {
                service,
                before,
                after,
            } => written(service, before.as_deref(), after.as_deref()),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Client(note) => note.to_value(),
            Self::Written { before, after, .. } => {
                json!({"before": addresses(before.as_deref()), "after": addresses(after.as_deref())})
            }
        }
    }
}

fn addresses(table: Option<&Table>) -> Option<Vec<String>> {
    let endpoints = table?.endpoints.iter();
    Some(
        endpoints
            .map(|each| format!("{}:{}", each.address, each.port))
            .collect(),
    )
}

fn written(service: &Key, before: Option<&Table>, after: Option<&Table>) -> String {
    let Some(after) = after else {
        return format!("no longer routes {service}");
    };
    let count = match after.endpoints.len() {
        0 => "nowhere".to_owned(),
        count => format!("to {}", counted(count, "pod")),
    };
    let of = |table: Option<&Table>| {
        table
            .map(|table| table.endpoints.clone())
            .unwrap_or_default()
    };
    let (old, new) = (of(before), after.endpoints.clone());
    let named = |from: &[super::Endpoint], but: &[super::Endpoint]| {
        let left = from.iter().filter(|each| !but.contains(each));
        let names = left.map(|each| match &each.pod {
            Some(pod) => pod.name.to_string(),
            None => each.address.to_string(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let (gone, come) = (named(&old, &new), named(&new, &old));
    let mut sentence = format!("routes {service} {count} from now on");
    if !gone.is_empty() {
        sentence.push_str(", without ");
        sentence.push_str(&gone);
    } else if before.is_some() && !come.is_empty() {
        sentence.push_str(", with ");
        sentence.push_str(&come);
    }
    sentence
}
