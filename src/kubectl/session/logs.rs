//! `kubectl logs`: which pod, which containers, and how their lines are printed.

use std::cmp::Reverse;

use super::Session;
use super::failure::Failure;
use super::task::Task;
use crate::api::{Key, LabelSelector, Object, Pod, Typed, core, meta};
use crate::apiserver::{LogOptions, LogText};
use crate::kubectl::grammar::{Command, Containers, LogRun, Logs, Targets};

/// The annotation that names the container which is meant when none is named.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

impl Session {
    /// What the line means has been read: pods, or what owns them.
    pub(super) fn read_logs(&mut self, logs: &Logs, objects: &[Object]) {
        for object in objects {
            match (object, selector_of(object)) {
                (Object::Pod(pod), _) => self.read_logs_of(logs, pod),
                (_, Some(selector)) => {
                    let pods = Task::PodsOf(Box::new(object.clone()), selector);
                    self.tasks.push_back(pods);
                }
                (_, None) => {
                    let kind = object.kind().info().name;
                    self.failures.push(Failure::Own(format!(
                        "cannot get the logs from *v1.{kind}: selector not found"
                    )));
                }
            }
        }
    }

    /// The pods of a workload have been listed: one of them is taken.
    /// Source: `GetFirstPod` of `kubectl/pkg/polymorphichelpers`.
    pub(super) fn choose_pod(&mut self, object: &Object, pods: &[Object]) {
        let Command::Logs(logs) = &self.invocation.command else {
            return;
        };
        let logs = logs.clone();
        let mut found: Vec<&Pod> = pods.iter().filter_map(Pod::of).collect();
        found.sort_by_key(|pod| order(pod));
        let Some(first) = found.first() else {
            let kind = object.kind().info().qualified_singular();
            let failure = format!("no pods found for {kind} {}", object.name());
            self.failures.push(Failure::Own(failure));
            return;
        };
        if found.len() > 1 {
            let said = format!("Found {} pods, using pod/{}\n", found.len(), first.name());
            self.errors.push_str(&said);
        }
        self.read_logs_of(&logs, first);
    }

    fn read_logs_of(&mut self, logs: &Logs, pod: &Pod) {
        let initial = pod.spec.init_containers.as_deref().unwrap_or_default();
        let regular = &pod.spec.containers;
        let names: Vec<&str> = match &logs.containers {
            Containers::All => {
                let all = initial.iter().chain(regular);
                all.map(|container| container.name.as_str()).collect()
            }
            Containers::One(name) => vec![name],
            Containers::Default => {
                let said = meta::annotation(&pod.metadata, DEFAULT_CONTAINER);
                let first = regular.first().map(|container| container.name.as_str());
                if said.is_none() && initial.len() + regular.len() > 1 {
                    let said = defaulted(first.unwrap_or_default(), initial, regular);
                    self.errors.push_str(&said);
                }
                said.or(first).into_iter().collect()
            }
        };
        if let Containers::One(name) = &logs.containers
            && !initial.iter().chain(regular).any(|each| each.name == *name)
        {
            let failure = format!(
                "container {name} is not valid for pod {} out of: {}",
                pod.name(),
                all_names(initial, regular)
            );
            self.failures.push(Failure::Own(failure));
            return;
        }
        for name in names {
            let options = LogOptions {
                container: Some(name.to_owned()),
                previous: logs.run == LogRun::Previous,
                tail: logs.tail,
                since: logs.since,
                timestamps: logs.timestamps,
                after: None,
            };
            let key = Object::Pod(pod.clone()).key();
            self.tasks.push_back(Task::Log(key, options));
        }
    }

    /// A log has been read.
    ///
    /// Unlike Kubernetes: `--follow` keeps one connection open there; here it asks for more each second.
    pub(super) fn print_log(&mut self, key: Key, options: LogOptions, text: &LogText) {
        let Command::Logs(logs) = &self.invocation.command else {
            return;
        };
        let container = options.container.as_deref().unwrap_or_default();
        let prefix = if logs.prefix {
            format!("[pod/{}/{container}] ", key.name)
        } else {
            String::new()
        };
        for line in &text.lines {
            for part in [prefix.as_str(), line, "\n"] {
                self.output.push_str(part);
            }
        }
        if logs.run == LogRun::Followed && !text.is_over {
            let more = LogOptions {
                tail: None,
                since: None,
                after: text.place.or(options.after),
                ..options
            };
            self.sleep(Task::Log(key, more));
        }
    }
}

impl Logs {
    /// Whether a selector picks the pods.
    pub(super) fn selects(&self) -> bool {
        matches!(self.targets, Targets::Kinds { .. })
    }
}

fn defaulted(first: &str, initial: &[core::Container], regular: &[core::Container]) -> String {
    let all = all_names(initial, regular);
    format!("Defaulted container \"{first}\" out of: {all}\n")
}

/// Source: `AllContainerNames` of `kubectl/pkg/cmd/util/podcmd`.
fn all_names(initial: &[core::Container], regular: &[core::Container]) -> String {
    let regular = regular.iter().map(|container| container.name.clone());
    let initial = initial
        .iter()
        .map(|container| format!("{} (init)", container.name));
    let all: Vec<String> = regular.chain(initial).collect();
    all.join(", ")
}

/// Which pod comes first: assigned, running, ready, more restarts, older.
/// Source: `ByLogging` of `kubectl/pkg/util/podutils`.
fn order(pod: &Pod) -> impl Ord + use<> {
    let phase = match pod.phase() {
        "Running" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let statuses = pod.status.container_statuses.iter().flatten();
    let restarts = statuses
        .map(|status| status.restart_count)
        .max()
        .unwrap_or(0);
    (
        pod.spec.node_name.is_none(),
        phase,
        !pod.is_ready(),
        Reverse(restarts),
        meta::created(&pod.metadata),
        pod.name().to_owned(),
    )
}

fn selector_of(object: &Object) -> Option<LabelSelector> {
    match object {
        Object::Deployment(workload) => Some(workload.spec.selector.clone()),
        Object::ReplicaSet(workload) => Some(workload.spec.selector.clone()),
        Object::StatefulSet(workload) => Some(workload.spec.selector.clone()),
        Object::DaemonSet(workload) => Some(workload.spec.selector.clone()),
        Object::Job(workload) => workload.spec.selector.clone(),
        Object::Service(service) => Some(LabelSelector {
            match_labels: service.spec.selector.clone(),
            ..LabelSelector::default()
        }),
        _ => None,
    }
}
