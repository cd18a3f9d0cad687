//! `kubectl drain`: nodes are closed, their pods are asked to go, and asked again until they do.
//! Source: `kubectl/pkg/cmd/drain` and `kubectl/pkg/drain`.
//!
//! Unlike Kubernetes: kubectl asks about all pods of a node at once; here it asks one after the
//! other, milliseconds apart, and each pod then waits for itself.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::failure::Failure;
use super::task::Task;
use super::{Nap, Session};
use crate::api::field_selector::FieldSelector;
use crate::api::{Key, Kind, Object, Pod, Typed, meta};
use crate::apiserver::{DeleteOptions, Outcome, Reason, Refusal, Scope, Verb};
use crate::kubectl::grammar::{Command, Consent, Drain, Removal};
use crate::sim::{Time, Urgency, go_duration};

/// How long a pod that may not go yet is left alone.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// How often it is looked whether a pod is gone.
const LOOK: Duration = Duration::from_secs(1);

/// So many refusals of one pod are work to be done; a drain that is refused for longer than a minute
/// may be refused for ever, and does not keep the world from being idle.
const PATIENCE_TRIES: u32 = 12;

/// Likewise so many looks at a pod that does not end.
const PATIENCE_LOOKS: u32 = 60;

/// How far the drain of the nodes of a line has come.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The nodes that are not done, the current one in front.
    nodes: VecDeque<Object>,
    /// What is being done at the current one.
    stage: Stage,
    /// Its pods.
    pods: Vec<Pod>,
    /// The pods whose DaemonSet is still to be looked up.
    lookups: VecDeque<(usize, Key)>,
    /// The answers about DaemonSets that are not there.
    missing: BTreeMap<usize, Refusal>,
    /// What went wrong at the current node.
    errors: Vec<String>,
    /// When to give up.
    deadline: Option<Time>,
    /// The nodes that could not be emptied.
    failed: Vec<String>,
    /// Everything that went wrong at them.
    problems: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    #[default]
    Waiting,
    /// Its pods are read, or are on their way out.
    Emptying,
    /// Something went wrong, and what is left is counted.
    Counting,
}

/// What becomes of a pod, with a warning where there is something to warn of.
enum Fate {
    Goes(Option<String>),
    Stays(Option<&'static str>),
    Forbids(String),
}

impl State {
    /// These nodes are to be drained.
    pub(super) fn add(&mut self, nodes: &[Object]) {
        self.nodes.extend(nodes.iter().cloned());
    }
}

impl Session {
    fn drain_line(&self) -> Option<&Drain> {
        match &self.invocation.command {
            Command::Drain(drain) => Some(drain),
            _ => None,
        }
    }

    /// When a pod that may not go yet is asked again.
    pub(super) fn nap_of_removal(&self, tries: u32) -> Nap {
        self.nap_while(ASK_AGAIN, tries <= PATIENCE_TRIES)
    }

    /// When a pod that was told to go is looked for again.
    pub(super) fn nap_of_wait(&self, looks: u32) -> Nap {
        self.nap_while(LOOK, looks <= PATIENCE_LOOKS)
    }

    fn nap_while(&self, after: Duration, patient: bool) -> Nap {
        let urgency = if patient || self.drain.deadline.is_some() {
            Urgency::Work
        } else {
            Urgency::Periodic
        };
        Nap { after, urgency }
    }

    /// What comes when all pods of a node are dealt with: the next node, or the reckoning.
    pub(super) fn next_of_drain(&mut self) -> Option<Task> {
        if !self.sleeping.is_empty() || !self.failures.is_empty() {
            return None;
        }
        match (self.drain.stage, self.drain.errors.is_empty()) {
            (Stage::Waiting, _) => self.list_pods(Stage::Emptying),
            (Stage::Emptying, true) => {
                if let Some(node) = self.drain.nodes.pop_front() {
                    self.say(&node, "drained");
                }
                self.list_pods(Stage::Emptying)
            }
            (Stage::Emptying, false) => self.list_pods(Stage::Counting),
            (Stage::Counting, _) => None,
        }
    }

    fn list_pods(&mut self, stage: Stage) -> Option<Task> {
        let Some(node) = self.drain.nodes.front() else {
            self.sum_up();
            return None;
        };
        let fields = FieldSelector::parse(&format!("spec.nodeName={}", node.name())).ok()?;
        let scope = Scope {
            labels: self.drain_line()?.pods.clone(),
            fields,
        };
        self.drain.stage = stage;
        self.drain.deadline = None;
        Some(Task::NodePods(Key::new(Kind::Pod, "", ""), scope))
    }

    /// The pods of the node have been read.
    pub(super) fn found_on_node(&mut self, items: &[Object], now: Time) {
        self.drain.pods = items.iter().filter_map(Pod::of).cloned().collect();
        self.drain.missing.clear();
        let pods = self.drain.pods.iter().enumerate();
        self.drain.lookups = pods
            .filter_map(|(place, pod)| Some((place, daemon_set_of(pod)?)))
            .collect();
        self.look_up(now);
    }

    fn look_up(&mut self, now: Time) {
        match self.drain.lookups.pop_front() {
            Some((pod, key)) => self.tasks.push_front(Task::DaemonSet { key, pod }),
            None => self.judge(now),
        }
    }

    /// It is known whether the DaemonSet of a pod is there.
    pub(super) fn looked_up(&mut self, pod: usize, outcome: &Outcome, now: Time) {
        if let Err(refusal) = outcome {
            self.drain.missing.insert(pod, refusal.clone());
        }
        self.look_up(now);
    }

    /// Decides about all pods of the node.
    fn judge(&mut self, now: Time) {
        let Some(drain) = self.drain_line().cloned() else {
            return;
        };
        let (mut going, mut errors, mut warnings) = (Vec::new(), Grouped::new(), Grouped::new());
        for (place, pod) in self.drain.pods.iter().enumerate() {
            let name = format!("{}/{}", pod.namespace(), pod.name());
            let warning = match fate(pod, &drain, self.drain.missing.get(&place)) {
                Fate::Goes(warning) => {
                    going.push(pod.clone());
                    warning
                }
                Fate::Stays(warning) => warning.map(str::to_owned),
                Fate::Forbids(message) => {
                    add(&mut errors, message, name);
                    continue;
                }
            };
            if let Some(warning) = warning {
                add(&mut warnings, warning, name);
            }
        }
        let errors: Vec<String> = errors.into_iter().map(forbidden).collect();
        if self.drain.stage == Stage::Counting {
            self.reckon(&going, &errors);
            return;
        }
        if !errors.is_empty() {
            self.drain.errors = errors;
            self.give_up();
            return;
        }
        if !warnings.is_empty() {
            let texts: Vec<String> = warnings.into_iter().map(in_one_line).collect();
            let line = format!("Warning: {}\n", texts.join("; "));
            self.errors.push_str(&line);
        }
        self.drain.deadline = drain.timeout.map(|timeout| now + timeout);
        let options = DeleteOptions {
            grace_period_seconds: drain.grace_period_seconds,
            ..DeleteOptions::default()
        };
        let verb = match drain.by {
            Removal::Eviction => Verb::Evict(options),
            Removal::Deletion => Verb::Delete(options),
        };
        self.tasks.extend(going.into_iter().map(|pod| Task::Remove {
            pod: Box::new(pod),
            verb: verb.clone(),
            tries: 0,
        }));
    }

    /// Whether a task is sent now: what is only tried here is not, an eviction says so first, and
    /// none comes after the deadline.
    pub(super) fn may_begin(&mut self, task: &Task, now: Time) -> bool {
        if self.only_says(task) {
            return false;
        }
        let Task::Remove { pod, verb, .. } = task else {
            return true;
        };
        if matches!(verb, Verb::Evict(_)) {
            let line = format!("evicting pod {}/{}\n", pod.namespace(), pod.name());
            self.output.push_str(&line);
        }
        let Some(late) = self.too_late(now) else {
            return true;
        };
        let problem = format!("error when evicting {}: {late}", quoted(pod));
        self.drain.errors.push(problem);
        false
    }

    /// What is said when the time is over.
    fn too_late(&self, now: Time) -> Option<String> {
        let timeout = self.drain_line()?.timeout?;
        let is_over = self.drain.deadline.is_some_and(|deadline| now >= deadline);
        is_over.then(|| format!("global timeout reached: {}", go_duration(timeout)))
    }

    /// The API server has answered whether a pod may go.
    pub(super) fn removal_answered(&mut self, pod: Pod, verb: Verb, tries: u32, outcome: &Outcome) {
        let evicts = matches!(verb, Verb::Evict(_));
        let pod = Box::new(pod);
        match outcome {
            Ok(_) => self.tasks.push_back(Task::AwaitRemoval { pod, looks: 0 }),
            Err(refusal) if refusal.reason == Reason::NotFound && evicts => {}
            Err(refusal) if refusal.reason == Reason::NotFound => {
                self.tasks.push_back(Task::AwaitRemoval { pod, looks: 0 });
            }
            Err(refusal) if refusal.reason == Reason::TooManyRequests => {
                let line = format!(
                    "error when evicting {} (will retry after 5s): {refusal}\n",
                    quoted(&pod)
                );
                self.errors.push_str(&line);
                let tries = tries + 1;
                self.sleep(Task::Remove { pod, verb, tries });
            }
            Err(refusal) if evicts => {
                let problem = format!("error when evicting {}: {refusal}", quoted(&pod));
                self.drain.errors.push(problem);
            }
            Err(refusal) => self.drain.errors.push(refusal.to_string()),
        }
    }

    /// It is known whether a pod that was told to go is gone.
    pub(super) fn looked_for(&mut self, pod: Pod, looks: u32, outcome: &Outcome, now: Time) {
        let is_there = match outcome {
            Ok(answer) => answer
                .object()
                .is_some_and(|object| object.uid() == pod.uid()),
            Err(refusal) if refusal.reason == Reason::NotFound => false,
            Err(refusal) => {
                self.drain.errors.push(refusal.to_string());
                return;
            }
        };
        let evicts = self
            .drain_line()
            .is_some_and(|drain| drain.by == Removal::Eviction);
        if !is_there {
            let said = if evicts { "evicted" } else { "deleted" };
            self.say(&pod.into_object(), said);
        } else if let Some(late) = self.too_late(now) {
            let problem = if evicts {
                let (name, namespace) = (pod.name(), pod.namespace());
                format!(
                    "error when waiting for pod \"{name}\" in namespace \"{namespace}\" to \
                     terminate: {late}"
                )
            } else {
                late
            };
            self.drain.errors.push(problem);
        } else {
            let looks = looks + 1;
            let pod = Box::new(pod);
            self.sleep(Task::AwaitRemoval { pod, looks });
        }
    }

    /// Says which pods are left after something went wrong.
    fn reckon(&mut self, left: &[Pod], errors: &[String]) {
        let Some(node) = self.drain.nodes.front() else {
            return;
        };
        let (name, problem) = (node.name().to_owned(), together(&self.drain.errors));
        if !left.is_empty() {
            let mut text = format!(
                "There are pending pods in node \"{name}\" when an error occurred: {problem}\n"
            );
            for pod in left {
                text.push_str("pod/");
                text.push_str(pod.name());
                text.push('\n');
            }
            self.errors.push_str(&text);
        }
        if !errors.is_empty() {
            let text = format!(
                "Following errors occurred while getting the list of pods to delete:\n{}",
                together(errors)
            );
            self.errors.push_str(&text);
        }
        self.give_up();
    }

    /// Ends the drain of a node in failure; the nodes after it are still tried.
    fn give_up(&mut self) {
        let errors = std::mem::take(&mut self.drain.errors);
        let Some(node) = self.drain.nodes.pop_front() else {
            return;
        };
        let (name, problem) = (node.name(), together(&errors));
        let text = format!(
            "error: unable to drain node \"{name}\" due to error: {problem}, continuing command...\n"
        );
        self.errors.push_str(&text);
        self.drain.failed.push(name.to_owned());
        self.drain.problems.extend(errors);
        self.drain.stage = Stage::Waiting;
    }

    /// Names the nodes that could not be emptied, once all have been tried.
    fn sum_up(&mut self) {
        let failed = std::mem::take(&mut self.drain.failed);
        if failed.is_empty() {
            return;
        }
        let mut text = "There are pending nodes to be drained:\n".to_owned();
        for name in failed {
            text.push(' ');
            text.push_str(&name);
            text.push('\n');
        }
        self.errors.push_str(&text);
        let problems = std::mem::take(&mut self.drain.problems);
        self.failures
            .extend(problems.into_iter().map(Failure::Collected));
    }
}

type Grouped = BTreeMap<String, Vec<String>>;

fn add(groups: &mut Grouped, message: String, pod: String) {
    groups.entry(message).or_default().push(pod);
}

fn in_one_line((message, pods): (String, Vec<String>)) -> String {
    format!("{message}: {}", pods.join(", "))
}

fn forbidden(group: (String, Vec<String>)) -> String {
    let line = in_one_line(group);
    if line.starts_with("cannot delete") {
        line
    } else {
        format!("cannot delete {line}")
    }
}

/// Several errors in one, as Go's aggregates print them.
fn together(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// `pods/"web-1" -n "default"`
fn quoted(pod: &Pod) -> String {
    format!("pods/\"{}\" -n \"{}\"", pod.name(), pod.namespace())
}

/// The DaemonSet that has to be looked up for a pod.
fn daemon_set_of(pod: &Pod) -> Option<Key> {
    let owner = meta::controller_of(&pod.metadata)?;
    let counts = owner.kind == "DaemonSet" && !pod.is_finished();
    counts.then(|| Key::new(Kind::DaemonSet, pod.namespace(), &owner.name))
}

/// What becomes of a pod; `missing` is why its DaemonSet is not there.
/// Source: `kubectl/pkg/drain/filters.go`.
fn fate(pod: &Pod, drain: &Drain, missing: Option<&Refusal>) -> Fate {
    let mut warning = None;
    if daemon_set_of(pod).is_some() {
        match missing {
            Some(refusal)
                if refusal.reason == Reason::NotFound && drain.may(Consent::UnmanagedPods) =>
            {
                warning = Some(refusal.to_string());
            }
            Some(refusal) => return Fate::Forbids(refusal.to_string()),
            None if drain.may(Consent::StayingDaemonSets) => {
                return Fate::Stays(Some("ignoring DaemonSet-managed Pods"));
            }
            None => {
                let why = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
                return Fate::Forbids(why.to_owned());
            }
        }
    }
    if meta::annotation(&pod.metadata, "kubernetes.io/config.mirror").is_some() {
        return Fate::Stays(None);
    }
    if pod.is_finished() {
        return Fate::Goes(warning);
    }
    let mut volumes = pod.spec.volumes.iter().flatten();
    if volumes.any(|volume| volume.empty_dir.is_some()) {
        if !drain.may(Consent::LostData) {
            let why = "Pods with local storage (use --delete-emptydir-data to override)";
            return Fate::Forbids(why.to_owned());
        }
        warning = Some("deleting Pods with local storage".to_owned());
    }
    if meta::controller_of(&pod.metadata).is_none() {
        if !drain.may(Consent::UnmanagedPods) {
            let why = "cannot delete Pods that declare no controller (use --force to override)";
            return Fate::Forbids(why.to_owned());
        }
        warning = Some("deleting Pods that declare no controller".to_owned());
    }
    Fate::Goes(warning)
}
