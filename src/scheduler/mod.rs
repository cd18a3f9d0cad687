//! kube-scheduler: filters and scores nodes, and explains each choice.

mod amounts;
mod clauses;
mod config_field;
mod cycle;
mod decision;
mod decision_json;
mod event;
mod fill;
mod filters;
mod framework;
mod grounds;
mod in_flight;
mod live;
mod node_info;
mod node_order;
mod nodes;
mod note;
mod numbers;
mod plugins;
mod pod_groups;
mod pod_terms;
mod preemption;
mod profile;
mod profile_variant;
mod queue;
mod snapshot;
mod status;
mod topology_counts;
mod volume_work;
mod what_if;

pub use amounts::Amounts;
pub use clauses::{Clause, Half, Phrase};
pub use cycle::{check, schedule};
pub use decision::{Compact, Decision, FilterColumn, Outcome, Scope, ScoreColumn};
pub use event::{Change, ClusterEvent, Hint, changes};
pub use fill::{Filling, PODS_MOST as FILL_MOST};
pub use filters::Rejection;
pub use framework::{Code, MAX_NODE_SCORE, Point, Refusal};
pub use grounds::Grounds;
pub use live::{Scheduler, SchedulerAlarm};
pub use node_info::{NodeInfo, NonZero, PodInfo};
pub use note::Note;
pub use numbers::Numbers;
pub use plugins::{VolumePlan, volume_plan};
pub use preemption::{Candidate, CandidateLimits, Criterion, Preemption, Victim};
pub use profile::{ConfigError, Configuration, DEFAULT_SCHEDULER, Profile};
pub use queue::{Move, Place, Queue, QueueTimes, QueuedPod};
pub use snapshot::Snapshot;
pub use what_if::{
    Pairing, Points, Premise, PremiseError, Question, Standing, Strategy, WhatIf, unplaced,
};
