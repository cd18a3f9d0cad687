//! The signs of life of a node: its lease, and its status when that has changed or is old.

use std::time::Duration;

use super::agent::{Agent, Hands, Starting};
use super::alarm::KubeletAlarm;
use super::node;
use super::note::{NodeReport, Note};
use serde_json::json;

use crate::api::{Node, Typed, core};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};
use crate::client::EventType;
use crate::sim::{Range, RecordId};

/// By how much the wait between two renewals varies: a twenty-fifth.
/// Source: `JitterUntilWithContext` with factor 0.04 of `component-helpers/apimachinery/lease`.
const JITTER: u32 = 25;

impl Agent {
    /// Sets the alarm of a kubelet that starts. The kubelets of a cluster do not beat as one.
    pub(super) fn resume_beat(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        if self.next_beat <= hands.now {
            let most = hands.profile.nodes.lease_renew;
            let least = Duration::ZERO;
            self.next_beat = hands.now + hands.random.duration(Range { least, most });
        }
        let after = self.next_beat.since(hands.now);
        hands.wake_periodic(after, cause, KubeletAlarm::Heartbeat);
    }

    /// The machine is back: the first sign of life comes as soon as the watches are open.
    pub(super) fn beat_soon(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let after = hands.random.duration(hands.profile.network.rewatch);
        self.next_beat = hands.now + after;
        hands.wake_periodic(after, cause, KubeletAlarm::Heartbeat);
    }

    /// Renews the lease, and looks whether the node's status has to be written.
    ///
    /// Unlike Kubernetes: one clock does both; there are two, with the same period.
    pub(super) fn heartbeat(&mut self, hands: &mut Hands<'_>) {
        if hands.now < self.next_beat {
            return;
        }
        let nodes = &hands.profile.nodes;
        let seconds = nodes.lease_duration.as_secs();
        let renew = nodes.lease_renew;
        let uid = self.node.as_ref().map(Node::uid);
        let lease = node::lease(&self.machine, uid, seconds, hands.now).into_object();
        let record = hands.note(hands.cause, Note::LeaseRenewed(self.node_key()));
        hands.beat(record, lease.key(), Verb::Update(lease));
        self.collect_images(record, hands);
        self.relieve(record, hands);
        self.check_node(record, hands);
        let jitter = hands.random.duration(Range {
            least: Duration::ZERO,
            most: renew / JITTER,
        });
        self.next_beat = hands.now + renew + jitter;
        hands.wake_periodic(renew + jitter, hands.cause, KubeletAlarm::Heartbeat);
    }

    fn check_node(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let Some(current) = self.node.clone() else {
            return;
        };
        let is_old = hands.now.since(self.reported) >= hands.profile.nodes.status_report;
        if self.is_node_checked && !is_old {
            return;
        }
        self.is_node_checked = true;
        self.say_schedulable(&current, cause, hands);
        let facts = (&self.images, self.boots);
        let told = self.pressure.told();
        let before = (Some(&*current.status), &*told);
        let status = node::status(&self.machine, facts, before, hands.now);
        let has_changed = !node::says_the_same(&status, &current.status);
        if !has_changed && !is_old {
            return;
        }
        self.reported = hands.now;
        let news = node::news(&current.status, &status);
        let key = self.node_key();
        let verb = status_patch(&current, status);
        if has_changed {
            let note = Note::NodeReported(key.clone(), NodeReport::Changed);
            let record = hands.note(cause, note);
            hands.tell(record, key, verb);
            for reason in news {
                self.say_status(reason, record, hands);
            }
        } else {
            let note = Note::NodeReported(key.clone(), NodeReport::Repeated);
            let record = hands.note(cause, note);
            hands.beat(record, key, verb);
        }
    }

    /// The events of a kubelet that comes up and has its node. What it says of its conditions it says
    /// while it registers. Source: `initialNode` of `pkg/kubelet/kubelet_node_status.go`.
    pub(super) fn say_started(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let starting = self.starting.take();
        let mut say = |what: (&'static str, &str)| {
            let said = (EventType::Normal, what.0, what.1.to_owned());
            self.say_of_node(said, cause, hands);
        };
        say(("Starting", "Starting kubelet."));
        say((
            "NodeAllocatableEnforced",
            "Updated Node Allocatable limit across pods",
        ));
        for reason in node::AT_START {
            self.say_status(reason, cause, hands);
        }
        if starting == Some(Starting::Machine) {
            self.say_rebooted(cause, hands);
        }
    }

    /// A kubelet that starts and finds no node of its own makes it.
    /// Source: `registerWithAPIServer` of `pkg/kubelet/kubelet_node_status.go`.
    pub(super) fn register(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.node = None;
        if self.starting.is_none() {
            return;
        }
        let facts = (&self.images, self.boots);
        let status = node::status(&self.machine, facts, (None, &[]), hands.now);
        let verb = Verb::Create(node::node(&self.machine, status).into_object());
        let registers = Note::NodeReported(self.node_key(), NodeReport::Registered);
        let record = hands.note(cause, registers);
        hands.tell(record, self.node_key(), verb);
    }

    fn say_rebooted(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let boot = self.machine.system(self.boots).boot_id;
        let name = &self.machine.name;
        let rebooted = format!("Node {name} has been rebooted, boot id: {boot}");
        let rebooted = (EventType::Warning, "Rebooted", rebooted);
        self.say_of_node(rebooted, cause, hands);
    }

    /// Says when the node has been cordoned or uncordoned since the last look at it.
    /// Source: `recordNodeSchedulableEvent`.
    fn say_schedulable(&mut self, node: &Node, cause: RecordId, hands: &mut Hands<'_>) {
        let is_cordoned = node.spec.unschedulable == Some(true);
        if std::mem::replace(&mut self.is_cordoned, is_cordoned) != is_cordoned {
            let reason = if is_cordoned {
                "NodeNotSchedulable"
            } else {
                "NodeSchedulable"
            };
            self.say_status(reason, cause, hands);
        }
    }

    /// An event of the node.
    pub(super) fn say_of_node(
        &mut self,
        what: (EventType, &'static str, String),
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        if let Some(node) = self.node.clone() {
            self.recorder.event(hands, cause, &node.into_object(), what);
        }
    }

    fn say_status(&mut self, reason: &'static str, cause: RecordId, hands: &mut Hands<'_>) {
        let message = format!("Node {} status is now: {reason}", self.machine.name);
        self.say_of_node((EventType::Normal, reason, message), cause, hands);
    }
}

/// The write of the status. What is attached to the node is not the kubelet's to say.
/// Source: `PatchNodeStatus` of `component-helpers/node/util`.
fn status_patch(node: &Node, status: core::NodeStatus) -> Verb {
    let mut written = node.clone();
    *written.status_mut() = status;
    let mut value = written.into_object().to_value();
    let mut status = value["status"].take();
    if let Some(fields) = status.as_object_mut() {
        fields.remove("volumesAttached");
    }
    Verb::Patch(Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Status,
        body: json!({"metadata": {"uid": node.uid()}, "status": status}),
    })
}
