//! kube-scheduler: filters and scores nodes, and explains each choice.

mod amounts;
mod config_field;
mod cycle;
mod decision;
mod decision_json;
mod event;
mod filters;
mod fit_error;
mod framework;
mod node_info;
mod node_order;
mod plugins;
mod pod_index;
mod pod_terms;
mod preemption;
mod profile;
mod queue;
mod snapshot;

pub use amounts::Amounts;
pub use cycle::schedule;
pub use decision::{Decision, Outcome, Scope, ScoreColumn};
pub use event::{Change, ClusterEvent, Hint, changes};
pub use filters::Rejection;
pub use framework::{Code, MAX_NODE_SCORE, Point, Refusal};
pub use node_info::{HostPort, NodeInfo, NonZero, PodInfo};
pub use plugins::{VolumePlan, volume_plan};
pub use preemption::{Candidate, CandidateLimits, Criterion, Preemption, Victim};
pub use profile::{ConfigError, Configuration, DEFAULT_SCHEDULER, Profile};
pub use queue::{Move, Place, Queue, QueueTimes, QueuedPod};
pub use snapshot::Snapshot;

use crate::api::*;
use crate::client::*;
use crate::sim::*;
use serde_json::Value;
#[derive(Clone, Debug)]
pub struct Scheduler;
#[derive(Clone, Debug)]
pub enum SchedulerAlarm {
    A,
}
#[derive(Clone, Debug)]
pub enum Note {
    Client(crate::client::Note),
}
impl Note {
    pub fn kind(&self) -> RecordKind {
        let Self::Client(n) = self;
        n.kind()
    }
    pub fn object(&self) -> Option<Key> {
        let Self::Client(n) = self;
        n.object()
    }
    pub fn uid(&self) -> Option<&str> {
        let Self::Client(n) = self;
        n.uid()
    }
    pub fn sentence(&self) -> String {
        let Self::Client(n) = self;
        n.sentence()
    }
    pub fn to_value(&self) -> Value {
        let Self::Client(n) = self;
        n.to_value()
    }
}
impl Component for Scheduler {
    type Note = Note;
    type Alarm = SchedulerAlarm;
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![]
    }
    fn handle(&mut self, _i: Input<SchedulerAlarm>, _h: &mut Context<'_, Note, SchedulerAlarm>) {}
}
impl Scheduler {
    pub fn new() -> Self {
        Self
    }
}
