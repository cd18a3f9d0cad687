//! What a run of `kubectl top` does with what was measured, and with what was not.
//! Source: `kubectl/pkg/cmd/top/top_pod.go` and `top_node.go`.

use std::time::Duration;

use super::Session;
use super::failure::Failure;
use super::task::Task;
use crate::api::{Key, Kind, Metrics, Node, Object, Typed, meta};
use crate::apiserver::{Reason, Refusal, Scope};
use crate::kubectl::grammar::Top;
use crate::kubectl::printers;
use crate::sim::Time;

/// A pod without metrics that is older than this is told by name.
const METRICS_DELAY: Duration = Duration::from_mins(2);

impl Session {
    /// The first request: what is used.
    pub(super) fn measure(&mut self, top: &Top) {
        let key = self.top_key(top);
        self.tasks.push_back(Task::Measure(key, scope(top)));
    }

    fn top_key(&self, top: &Top) -> Key {
        let namespace = if top.everywhere {
            ""
        } else {
            self.invocation.namespace()
        };
        Key::new(top.kind, namespace, top.name.as_deref().unwrap_or_default())
    }

    /// What is used is known. Nodes are read for what they have, and pods when nothing is known of
    /// any, to tell why.
    pub(super) fn measured(&mut self, top: &Top, metrics: &[Metrics]) {
        self.metrics = metrics.to_vec();
        let key = self.top_key(top);
        let next = if top.kind == Kind::Node && metrics.is_empty() {
            let why = "metrics not available yet".to_owned();
            self.failures.push(Failure::Own(why));
            return;
        } else if !key.name.is_empty() {
            Task::Get(key)
        } else {
            Task::List(key, scope(top))
        };
        if top.kind == Kind::Node || metrics.is_empty() {
            self.tasks.push_back(next);
        }
    }

    /// Nothing was measured, or nothing that has this name.
    pub(super) fn unmeasured(&mut self, refusal: &Refusal) {
        self.failures.push(match refusal.reason {
            Reason::ServiceUnavailable => Failure::Own("Metrics API not available".to_owned()),
            _ => Failure::of(refusal),
        });
    }

    pub(super) fn print_top(&mut self, top: &Top, now: Time) {
        if !self.failures.is_empty() {
            return;
        }
        if self.metrics.is_empty() {
            self.say_why_nothing_is_measured(top, now);
            return;
        }
        let nodes: Vec<&Node> = self.found.iter().filter_map(Node::of).collect();
        let text = printers::top(top, &self.metrics, &nodes);
        self.output.push_str(&text);
    }

    fn say_why_nothing_is_measured(&mut self, top: &Top, now: Time) {
        if self.found.is_empty() {
            let text = super::show::nothing(&self.invocation, &[top.kind], top.everywhere);
            self.errors.push_str(&text);
            return;
        }
        let age = |object: &Object| now.since(meta::created(object.metadata()));
        let old = self.found.iter().find(|pod| age(pod) > METRICS_DELAY);
        let why = old.map_or_else(
            || "metrics not available yet".to_owned(),
            |pod| {
                let (namespace, name) = (pod.namespace(), pod.name());
                let age = in_go(age(pod));
                format!("Metrics not available for pod {namespace}/{name}, age: {age}")
            },
        );
        self.failures.push(Failure::Own(why));
    }
}

fn scope(top: &Top) -> Scope {
    Scope {
        labels: top.labels.clone(),
        fields: top.fields.clone(),
    }
}

/// A duration as Go prints it: `2m5.25s`.
fn in_go(span: Duration) -> String {
    let (hours, minutes) = (span.as_secs() / 3600, span.as_secs() / 60 % 60);
    let seconds = Duration::new(span.as_secs() % 60, span.subsec_nanos()).as_secs_f64();
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}
