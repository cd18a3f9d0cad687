//! The whole control plane as one value: it steps, takes commands, and tells its trace.

mod boot;
pub mod breakpoint;
mod cause;
mod command;
pub mod compare;
mod component;
mod delivery;
pub mod driver;
mod expiry;
mod expression;
mod fault;
mod fingerprint;
mod history;
mod logs;
mod machines;
mod metrics;
mod own_service;
pub mod runs;
pub mod scenario;
pub mod session;
#[cfg(test)]
mod staged;
mod standing;
mod step;
mod strike;
pub mod task;
mod terminal;
mod trace;
mod traffic;
mod verify;
mod waits;
mod watches;
pub mod what_if;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, Vector};

pub use boot::{ClusterConfig, NodeConfig};
pub use cause::{Effect, Effects, field};
pub use command::{Command, CommandError, Entry, Files, Journaled};
pub use component::{ComponentId, Part, Power};
pub use expression::{Expression, ExpressionError, FUNCTIONS as EXPRESSION_FUNCTIONS};
pub use fault::{
    ComponentChange, Container, Disorder, Fault, GRAMMAR as FAULT_GRAMMAR, WatchChange,
};
pub use fingerprint::Fingerprint;
pub use history::{History, Horizon};
pub use metrics::{MetricsServer, ScrapeAlarm};
pub use scenario::{Finished, Scenario, Timed, Trigger};
pub use session::SessionFile;
pub use standing::{Copy, Standing};
pub use trace::{Detail, Record, Trace};
pub use traffic::{
    Counts, Flow, GRAMMAR as TRAFFIC_GRAMMAR, Loss, Order as TrafficOrder, Second, Traffic,
};
pub use verify::Verdict;
pub use waits::Wait;
pub use watches::Watch;

use crate::api::{Node, Object, Typed};
use crate::apiserver::ApiServer;
use crate::controllers::Runner;
use crate::kubectl::Session;
use crate::kubelet::Kubelet;
use crate::proxy::KubeProxy;
use crate::scheduler::Scheduler;
use crate::sim::{EventQueue, Profile, Random, RecordId, Time, Urgency, span_words};
use crate::store::Store;
use step::Happening;
use strike::Troubles;
use terminal::Terminal;
use watches::Watches;
use writer::Writer;

/// What comes sooner than this comes at once, for the reader.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The world. Cloning it costs microseconds and gives an independent world; the same seed and the
/// same commands at the same steps give the same world.
#[derive(Clone, Debug)]
pub struct Cluster {
    config: Arc<ClusterConfig>,
    profile: Arc<Profile>,
    now: Time,
    steps: u64,
    queue: EventQueue<Happening>,
    api: ApiServer,
    watches: Watches,
    trace: Trace,
    controllers: OrdMap<&'static str, Arc<Part<Runner>>>,
    scheduler: Arc<Part<Scheduler>>,
    metrics_server: Arc<Part<MetricsServer>>,
    kubelets: OrdMap<Arc<str>, Arc<Part<Kubelet>>>,
    proxies: OrdMap<Arc<str>, Arc<Part<KubeProxy>>>,
    traffic: Traffic,
    sessions: OrdMap<u64, Arc<Part<Session>>>,
    terminal: Terminal,
    writers: OrdMap<Arc<str>, Arc<Part<Writer>>>,
    troubles: Troubles,
    network: Random,
    journal: Vector<Arc<Journaled>>,
    last_compaction: u64,
    /// The revision at which the start was over.
    born: u64,
    last_step: RecordId,
    /// The last of those that change what is used: a container that started or ended, traffic, a fault.
    usage_since: RecordId,
}

impl Cluster {
    /// How the world was made.
    #[must_use]
    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    /// Constants.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The time of the last step, or of the last wait.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many steps it has made.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The revision at which the start was over and anybody could ask for something.
    #[must_use]
    pub fn born(&self) -> u64 {
        self.born
    }

    /// The store at its newest revision.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.api.store()
    }

    /// What happened so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The records of the last step.
    pub fn last_records(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.trace.since(self.last_step)
    }

    /// Everything that came from outside.
    pub fn journal(&self) -> impl Iterator<Item = &Arc<Journaled>> {
        self.journal.iter()
    }

    /// The loops, by name.
    pub fn controllers(&self) -> impl Iterator<Item = &Part<Runner>> {
        self.controllers.values().map(|part| &**part)
    }

    /// The scheduler.
    #[must_use]
    pub fn scheduler(&self) -> &Part<Scheduler> {
        &self.scheduler
    }

    /// The kubelets, by node.
    pub fn kubelets(&self) -> impl Iterator<Item = &Part<Kubelet>> {
        self.kubelets.values().map(|part| &**part)
    }

    /// The kubelet of a node.
    #[must_use]
    pub fn kubelet(&self, node: &str) -> Option<&Part<Kubelet>> {
        self.kubelets.get(node).map(|part| &**part)
    }

    /// The runs of kubectl, oldest first, with their numbers.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = (u64, &Session)> {
        self.sessions
            .iter()
            .map(|(number, part)| (*number, &part.component))
    }

    /// All watches.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.iter().map(|(_, watch)| watch)
    }

    /// True when nothing is left but heartbeats, resyncs and other things that repeat for ever. A
    /// machine that lost its power and is not yet given up by the control plane is something left, and
    /// so is one that has come back and has not yet said so, and a typed line that waits for the one
    /// before it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.queue.is_idle()
            && self.terminal.is_empty()
            && (!self.is_monitored() || self.troubles.silent().all(|node| self.is_given_up(node)))
            && self.troubles.returned().all(|node| self.is_heard(node))
    }

    /// Whether a machine that has come back has told the control plane; true for one that will not.
    fn is_heard(&self, node: &Arc<str>) -> bool {
        let kubelet = self.kubelet(node);
        if kubelet.is_none_or(|part| part.power != Power::On) {
            return true;
        }
        let status = self
            .store()
            .get(&command::node_key(node))
            .and_then(Node::of);
        let mut conditions = status
            .iter()
            .flat_map(|node| node.status.conditions.iter().flatten());
        conditions.all(|condition| condition.type_ != "Ready" || condition.status != "Unknown")
    }

    /// Whether pods are told to leave a silent node, or the node is gone.
    fn is_given_up(&self, node: &str) -> bool {
        let Some(Object::Node(node)) = self.store().get(&command::node_key(node)) else {
            return true;
        };
        let mut taints = node.spec.taints.iter().flatten();
        taints.any(|taint| {
            taint.key == "node.kubernetes.io/unreachable" && taint.effect == "NoExecute"
        })
    }

    /// When the next thing happens, and whether it is work.
    #[must_use]
    pub fn next_at(&self) -> Option<(Time, Urgency)> {
        self.queue.peek().map(|(at, urgency, _)| (at, urgency))
    }

    /// Who does the next thing, and what it is, in words.
    #[must_use]
    pub fn next_in_words(&self) -> Option<String> {
        self.queue
            .peek()
            .map(|(_, _, happening)| self.describe(happening))
    }

    /// Who does the next thing that is not a repeating check, and what it is, in words.
    #[must_use]
    pub fn next_work_in_words(&self) -> Option<String> {
        let mut coming = self.queue.iter();
        let (at, _, happening) = coming.find(|(_, urgency, _)| *urgency == Urgency::Work)?;
        if let Happening::Alarm { of, alarm, .. } = happening
            && let Some(words) = self.alarm_words(of, alarm)
        {
            return Some(words);
        }
        let words = self.describe(happening);
        let left = at.since(self.now);
        Some(if left < AT_ONCE {
            words
        } else {
            format!("{words} in {}", span_words(left))
        })
    }

    /// Takes a command as somebody types it: now, or when the lines typed before it are done.
    pub fn submit(&mut self, command: Command) {
        self.journalize(self.now, Entry::Typed, command);
    }

    /// Takes a command for a moment, whatever else goes on then; one that has passed becomes now.
    pub fn submit_at(&mut self, at: Time, command: Command) {
        self.journalize(at.max(self.now), Entry::Timed, command);
    }

    fn journalize(&mut self, at: Time, entry: Entry, command: Command) {
        self.take(Arc::new(Journaled {
            step: self.steps,
            at,
            entry,
            command,
        }));
    }

    /// Takes an entry of a journal: of one's own, or of the run that is made again.
    fn take(&mut self, journaled: Arc<Journaled>) {
        self.journal.push_back(Arc::clone(&journaled));
        self.queue
            .push(journaled.at, Urgency::Work, Happening::Command(journaled));
    }

    /// Steps until the predicate holds, the limit of virtual time is reached, or nothing is left.
    /// Returns whether the predicate came true.
    pub fn run_until(&mut self, limit: Duration, mut predicate: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !predicate(self) {
            match self.next_at() {
                Some((at, _)) if at <= end => self.step(),
                _ => {
                    self.now = self.now.max(end);
                    return predicate(self);
                }
            };
        }
        true
    }

    /// Lets time pass up to a moment without a step; nothing may be due before it.
    pub fn wait_until(&mut self, moment: Time) {
        let due = self.next_at().map_or(moment, |(at, _)| at);
        self.now = self.now.max(moment.min(due));
    }

    /// Comes to the moment at which a run ended that had made as many steps: what was passed over
    /// there without a step, because the world settled by that, is passed over here as well.
    fn come_to_rest(&mut self, moment: Time) {
        while self.next_at().is_some_and(|(at, _)| at <= moment) {
            let mut next = self.clone();
            if !next.step() || next.steps() > self.steps() {
                break;
            }
            *self = next;
        }
        self.wait_until(moment);
    }

    fn next_record(&self) -> RecordId {
        self.trace.next_id()
    }
}
