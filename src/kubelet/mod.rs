//! The kubelet: one worker for each pod of its node, a pretend container runtime, images, probes,
//! the node's status and its lease.

mod admission;
mod agent;
mod alarm;
mod back_off;
mod behaviour;
mod container;
mod fetch;
mod heartbeat;
mod held;
mod image;
mod image_gc;
mod log;
mod machine;
mod mount;
mod named;
mod node;
mod note;
mod pod_status;
mod pressure;
mod probe;
mod pulling;
mod rule;
mod screen;
mod serving;
mod start;
mod stop;
mod sysctl;
mod trouble;
mod usage;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use alarm::{KubeletAlarm, PodTimer, ProbeKind};
pub use behaviour::{
    Behaviour, Curve, ExitCode, Exits, Failing, KEYS as BEHAVIOURS, OnSigterm,
    PREFIX as BEHAVIOUR_PREFIX,
};
pub use image::{Image, Pull, Reference, Wanted};
pub use log::{ContainerLog, LogLine};
pub use machine::Machine;
pub use note::{Happening, NodeReport, Note, PodNote};
pub use pressure::Scarce;
pub use rule::Rule;
pub use screen::{Holding, PodState};
pub use serving::{Listening, Server};
pub use trouble::Trouble;
pub use usage::{ContainerUsage, PodUsage, Usage};

use crate::api::field_selector::FieldSelector;
use crate::api::{Kind, Object, Typed};
use crate::apiserver::Scope;
use crate::client::{Component, Context, Input, Subscription};
use crate::sim::Time;

/// The kubelet of one node. Cloning copies one pointer.
#[derive(Clone, Debug)]
pub struct Kubelet {
    agent: Arc<agent::Agent>,
}

impl Kubelet {
    /// The kubelet of a machine, not started yet. The rules say what the applications do that it
    /// will run.
    #[must_use]
    pub fn new(machine: Machine, rules: Arc<[Rule]>) -> Self {
        Self {
            agent: Arc::new(agent::Agent::new(machine, rules)),
        }
    }

    /// The node as it registers it.
    #[must_use]
    pub fn node_object(&self, now: Time) -> Object {
        let agent = &self.agent;
        let facts = (&agent.images, agent.boots);
        let status = node::status(&agent.machine, facts, (None, &[]), now);
        node::node(&agent.machine, status).into_object()
    }

    /// The lease as it writes it first.
    #[must_use]
    pub fn lease_object(&self, now: Time) -> Object {
        let seconds = node::FIRST_LEASE_SECONDS;
        node::lease(self.machine(), None, seconds, now).into_object()
    }

    /// Something goes wrong at the node.
    pub fn suffer(&mut self, trouble: &Trouble, hands: &mut Context<'_, Note, KubeletAlarm>) {
        Arc::make_mut(&mut self.agent).suffer(trouble, hands);
    }
}

impl Component for Kubelet {
    type Note = Note;
    type Alarm = KubeletAlarm;

    /// What it watches: the pods of its node, and its node.
    fn subscriptions(&self) -> Vec<Subscription> {
        let name = &self.machine().name;
        let only = |kind, field| Subscription {
            kind,
            scope: Scope {
                labels: None,
                fields: FieldSelector::equal(field, name),
            },
        };
        vec![
            only(Kind::Pod, "spec.nodeName"),
            only(Kind::Node, "metadata.name"),
        ]
    }

    /// Runs one step. A machine without power does nothing.
    ///
    /// The cluster opens the watches at the start and again when the power is back; each begins
    /// with everything there is.
    fn handle(&mut self, input: Input<KubeletAlarm>, hands: &mut Context<'_, Note, KubeletAlarm>) {
        if self.agent.power != agent::Power::Off {
            Arc::make_mut(&mut self.agent).handle(input, hands);
        }
    }
}
