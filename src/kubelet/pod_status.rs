//! The status of a pod, made from what runs: phase, conditions, container statuses.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::container::{Container, Ending, Phase, Waiting};
use super::image::{Reference, hex_of};
use super::worker::{FailureKind, Stage, Worker};
use crate::api::{core, meta, qos_class};
use crate::sim::Time;

/// The conditions that the kubelet owns. Source: `pkg/kubelet/types/pod_status.go`.
const OWN_CONDITIONS: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// A condition before its dates are known: type, status, reason, message.
type Verdict = (&'static str, bool, &'static str, String);

/// The status as it is now. Source: `generateAPIPodStatus` of `pkg/kubelet/kubelet_pods.go`.
pub(super) fn generate(worker: &Worker, node: Ipv4Addr, now: Time) -> core::PodStatus {
    if let Some(failure) = worker
        .failure
        .as_ref()
        .filter(|each| each.kind == FailureKind::Rejection)
    {
        return rejected(worker, failure.reason, &failure.message);
    }
    let initial = statuses(worker, 0..worker.inits());
    let regular = statuses(worker, worker.inits()..worker.containers.len());
    let phase = match (&worker.failure, worker.reported.phase.as_deref()) {
        (_, Some(last @ ("Failed" | "Succeeded"))) => last,
        (Some(_), _) if worker.stage == Stage::Ended => "Failed",
        _ => match phase(worker, &initial, &regular) {
            // Source: `TerminatePod` of `pkg/kubelet/status/status_manager.go`.
            "Pending" | "Running" if worker.stage == Stage::Ended => "Failed",
            phase => phase,
        },
    };
    let conditions = conditions(worker, (&initial, &regular), phase, now);
    // The reason comes with the phase, when nothing runs any more.
    let failure = worker.failure.as_ref().filter(|_| phase == "Failed");
    let ip = worker.address.map(|address| address.to_string());
    let non_empty = |list: Vec<core::ContainerStatus>| (!list.is_empty()).then_some(list);
    core::PodStatus {
        conditions: Some(conditions),
        container_statuses: non_empty(regular),
        init_container_statuses: non_empty(initial),
        host_ip: Some(node.to_string()),
        host_ips: Some(vec![core::HostIP {
            ip: node.to_string(),
        }]),
        message: failure.map(|failure| failure.message.clone()),
        observed_generation: worker.pod.metadata.generation,
        phase: Some(phase.to_owned()),
        pod_ips: ip.clone().map(|ip| vec![core::PodIP { ip }]),
        pod_ip: ip,
        qos_class: Some(qos_class(&worker.pod.spec).to_owned()),
        reason: failure.map(|failure| failure.reason.to_owned()),
        start_time: worker.start.map(meta::object_time),
        ..core::PodStatus::default()
    }
}

/// What a pod has that never ran. Source: `rejectPod` of `pkg/kubelet/kubelet.go`.
fn rejected(worker: &Worker, reason: &str, message: &str) -> core::PodStatus {
    core::PodStatus {
        conditions: worker.reported.conditions.clone(),
        message: Some(message.to_owned()),
        observed_generation: worker.pod.metadata.generation,
        phase: Some("Failed".to_owned()),
        qos_class: Some(qos_class(&worker.pod.spec).to_owned()),
        reason: Some(reason.to_owned()),
        start_time: worker.start.map(meta::object_time),
        ..core::PodStatus::default()
    }
}

fn statuses(worker: &Worker, places: std::ops::Range<usize>) -> Vec<core::ContainerStatus> {
    places.map(|place| status_of(worker, place)).collect()
}

pub(super) fn status_of(worker: &Worker, place: usize) -> core::ContainerStatus {
    let container = &worker.containers[place];
    let spec = worker.spec_of(place);
    let (state, last) = states(worker, container, place);
    let reference = Reference::parse(&container.image).ok();
    let reference = reference.filter(|_| container.runs > 0);
    let does_its_work_once = place < worker.inits() && !worker.is_sidecar(place);
    // Source: `UpdatePodStatus` of `pkg/kubelet/prober/prober_manager.go`.
    let ready = if does_its_work_once {
        container.is_done && container.ending.is_some()
    } else {
        container.is_ready()
    };
    let resources = spec.resources.clone().unwrap_or_default();
    let is_made = container.runs > 0;
    core::ContainerStatus {
        allocated_resources: resources.requests.clone().filter(|_| is_made),
        resources: is_made.then_some(resources),
        container_id: (container.runs > 0).then(|| container_id(worker, place, container.runs)),
        image: reference
            .as_ref()
            .map_or_else(|| container.image.to_string(), Reference::name),
        image_id: reference
            .map(|reference| reference.digest())
            .unwrap_or_default(),
        last_state: Some(last),
        name: spec.name.clone(),
        ready,
        restart_count: i32::try_from(container.runs.saturating_sub(1)).unwrap_or(i32::MAX),
        started: Some(container.running_since().is_some() && container.is_started),
        state: Some(state),
        ..core::ContainerStatus::default()
    }
}

/// State and last state of a container.
/// Source: `convertToAPIContainerStatuses` of `pkg/kubelet/kubelet_pods.go`.
fn states(
    worker: &Worker,
    container: &Container,
    place: usize,
) -> (core::ContainerState, core::ContainerState) {
    let ended = |ending: &Option<Arc<Ending>>| {
        let terminated = ending
            .as_ref()
            .map(|ending| terminated(worker, place, ending));
        core::ContainerState {
            terminated,
            ..core::ContainerState::default()
        }
    };
    if let Some(since) = container.running_since() {
        let state = core::ContainerState {
            running: Some(core::ContainerStateRunning {
                started_at: Some(meta::object_time(since)),
            }),
            ..core::ContainerState::default()
        };
        return (state, ended(&container.ending));
    }
    let is_over = matches!(worker.stage, Stage::Stopping(_) | Stage::Ended);
    match (&container.waiting, &container.ending) {
        (Waiting::Turn, Some(_)) => (ended(&container.ending), ended(&container.earlier)),
        (_, Some(_)) if is_over => (ended(&container.ending), ended(&container.earlier)),
        (_, None) if worker.stage == Stage::Ended && worker.is_initialised => {
            (never_found(), core::ContainerState::default())
        }
        (waiting, last) => (waiting_state(worker, waiting), ended(last)),
    }
}

fn waiting_state(worker: &Worker, waiting: &Waiting) -> core::ContainerState {
    let (reason, message) = match waiting {
        Waiting::For(reason, message) => (*reason, Some(message.clone())),
        Waiting::Turn if worker.inits() > 0 => ("PodInitializing", None),
        Waiting::Turn => ("ContainerCreating", None),
    };
    core::ContainerState {
        waiting: Some(core::ContainerStateWaiting {
            message,
            reason: Some(reason.to_owned()),
        }),
        ..core::ContainerState::default()
    }
}

/// Source: `TerminatePod` of `pkg/kubelet/status/status_manager.go`.
fn never_found() -> core::ContainerState {
    core::ContainerState {
        terminated: Some(core::ContainerStateTerminated {
            exit_code: 137,
            message: Some(
                "The container could not be located when the pod was terminated".to_owned(),
            ),
            reason: Some("ContainerStatusUnknown".to_owned()),
            ..core::ContainerStateTerminated::default()
        }),
        ..core::ContainerState::default()
    }
}

fn terminated(worker: &Worker, place: usize, ending: &Ending) -> core::ContainerStateTerminated {
    core::ContainerStateTerminated {
        container_id: Some(container_id(worker, place, ending.run)),
        exit_code: ending.exit.code,
        finished_at: Some(meta::object_time(ending.finished)),
        reason: Some(ending.exit.reason().to_owned()),
        started_at: Some(meta::object_time(ending.started)),
        ..core::ContainerStateTerminated::default()
    }
}

fn container_id(worker: &Worker, place: usize, run: u32) -> String {
    let digits = hex_of(&format!("{}/{place}/{run}", worker.uid));
    format!("containerd://{digits}")
}

/// How many containers are in which state, as the phase asks for it.
#[derive(Debug, Default)]
struct Counts {
    running: usize,
    waiting: usize,
    stopped: usize,
    succeeded: usize,
}

/// The phase of the pod. Source: `getPhase` of `pkg/kubelet/kubelet_pods.go`.
fn phase(
    worker: &Worker,
    initial: &[core::ContainerStatus],
    regular: &[core::ContainerStatus],
) -> &'static str {
    let mut counts = Counts::default();
    let mut is_initialising = false;
    let mut has_failed_init = false;
    for (place, status) in initial.iter().enumerate() {
        let exit = code(status.state.as_ref()).or(code(status.last_state.as_ref()));
        let is_running = is_running(status);
        if worker.is_sidecar(place) {
            let is_fresh = !is_running && exit.is_none();
            is_initialising |=
                (is_fresh || is_running && status.started != Some(true)) && !worker.is_initialised;
            counts.running += usize::from(is_running);
            counts.waiting += usize::from(is_fresh);
        } else {
            has_failed_init |= !is_running && exit.is_some_and(|code| code != 0);
            is_initialising |= is_running || exit.is_none();
        }
    }
    for status in regular {
        let exit = code(status.state.as_ref()).or(code(status.last_state.as_ref()));
        match (is_running(status), exit) {
            (true, _) => counts.running += 1,
            (false, None) => counts.waiting += 1,
            (false, Some(code)) => {
                counts.stopped += 1;
                let is_over = self::code(status.state.as_ref()).is_some();
                counts.succeeded += usize::from(is_over && code == 0);
            }
        }
    }
    let never = worker.restart_policy() == "Never";
    if has_failed_init && never {
        return "Failed";
    }
    if is_initialising || counts.waiting > 0 {
        return "Pending";
    }
    phase_of(&counts, worker)
}

fn phase_of(counts: &Counts, worker: &Worker) -> &'static str {
    let is_over = worker.stage == Stage::Ended;
    let all_succeeded = counts.stopped == counts.succeeded;
    match worker.restart_policy() {
        _ if counts.running > 0 => "Running",
        _ if counts.stopped == 0 => "Pending",
        _ if is_over && all_succeeded => "Succeeded",
        _ if is_over => "Failed",
        "Always" => "Running",
        _ if all_succeeded => "Succeeded",
        "Never" => "Failed",
        _ => "Running",
    }
}

fn code(state: Option<&core::ContainerState>) -> Option<i32> {
    Some(state?.terminated.as_ref()?.exit_code)
}

fn is_running(status: &core::ContainerStatus) -> bool {
    let state = status.state.as_ref();
    state.is_some_and(|state| state.running.is_some())
}

/// Conditions of others as they are, then the kubelet's own.
fn conditions(
    worker: &Worker,
    (initial, regular): (&[core::ContainerStatus], &[core::ContainerStatus]),
    phase: &str,
    now: Time,
) -> Vec<core::PodCondition> {
    let before = worker.reported.conditions.as_deref().unwrap_or_default();
    let evicted = evicted(worker);
    let is_evicted = evicted.is_some();
    let others = before
        .iter()
        .filter(|condition| !OWN_CONDITIONS.contains(&condition.type_.as_str()))
        .filter(|condition| condition.type_ != EVICTED || !is_evicted);
    let containers_ready = containers_ready(worker, (initial, regular), phase);
    let own = [
        (
            "PodReadyToStartContainers",
            worker.has_sandbox,
            "",
            String::new(),
        ),
        initialised(worker, (initial, regular), phase),
        ready(worker, &containers_ready),
        containers_ready,
        ("PodScheduled", true, "", String::new()),
    ];
    let own = own
        .into_iter()
        .chain(evicted)
        .map(|verdict| dated(worker, before, verdict, now));
    others.cloned().chain(own).collect()
}

/// The condition of a pod that was ended for its memory.
const EVICTED: &str = "DisruptionTarget";

fn evicted(worker: &Worker) -> Option<Verdict> {
    let failure = worker.failure.as_ref()?;
    let is_evicted = failure.kind == FailureKind::Pressure;
    let message = || failure.message.clone();
    is_evicted.then(|| (EVICTED, true, "TerminationByKubelet", message()))
}

/// A condition with the date since when it has its status.
fn dated(
    worker: &Worker,
    before: &[core::PodCondition],
    (type_, holds, reason, message): Verdict,
    now: Time,
) -> core::PodCondition {
    let status = if holds { "True" } else { "False" };
    let same = before
        .iter()
        .find(|condition| condition.type_ == type_ && condition.status == status);
    let since = same.and_then(|condition| condition.last_transition_time.clone());
    core::PodCondition {
        last_probe_time: None,
        last_transition_time: since.or_else(|| Some(meta::object_time(now))),
        message: (!message.is_empty()).then_some(message),
        observed_generation: worker.pod.metadata.generation,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        status: status.to_owned(),
        type_: type_.to_owned(),
    }
}

/// Names as Go prints a slice.
fn slice(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

/// Source: `GeneratePodInitializedCondition` of `pkg/kubelet/status/generate.go`.
fn initialised(
    worker: &Worker,
    (initial, regular): (&[core::ContainerStatus], &[core::ContainerStatus]),
    phase: &str,
) -> Verdict {
    let mut incomplete = Vec::new();
    for (place, status) in initial.iter().enumerate() {
        let is_through = if worker.is_sidecar(place) {
            status.started == Some(true)
        } else {
            status.ready
        };
        if !is_through {
            incomplete.push(status.name.as_str());
        }
    }
    let any_started = regular.iter().any(|status| {
        is_running(status)
            || code(status.state.as_ref()).is_some()
            || code(status.last_state.as_ref()).is_some()
    });
    if phase == "Succeeded" {
        ("Initialized", true, "PodCompleted", String::new())
    } else if any_started || incomplete.is_empty() {
        ("Initialized", true, "", String::new())
    } else {
        let message = format!("containers with incomplete status: {}", slice(&incomplete));
        ("Initialized", false, "ContainersNotInitialized", message)
    }
}

/// Source: `GenerateContainersReadyCondition` of `pkg/kubelet/status/generate.go`.
fn containers_ready(
    worker: &Worker,
    (initial, regular): (&[core::ContainerStatus], &[core::ContainerStatus]),
    phase: &str,
) -> Verdict {
    let sidecars = initial
        .iter()
        .enumerate()
        .filter(|(place, _)| worker.is_sidecar(*place))
        .map(|(_, status)| status);
    let unready: Vec<&str> = sidecars
        .chain(regular)
        .filter(|status| !status.ready)
        .map(|status| status.name.as_str())
        .collect();
    match phase {
        "Succeeded" => ("ContainersReady", false, "PodCompleted", String::new()),
        "Failed" => ("ContainersReady", false, "PodFailed", String::new()),
        _ if unready.is_empty() => ("ContainersReady", true, "", String::new()),
        _ => {
            let message = format!("containers with unready status: {}", slice(&unready));
            ("ContainersReady", false, "ContainersNotReady", message)
        }
    }
}

/// Source: `GeneratePodReadyCondition` of `pkg/kubelet/status/generate.go`.
fn ready(worker: &Worker, containers: &Verdict) -> Verdict {
    let (_, holds, reason, message) = containers;
    if !holds {
        return ("Ready", false, reason, message.clone());
    }
    let conditions = worker.reported.conditions.as_deref().unwrap_or_default();
    let gates = worker.pod.spec.readiness_gates.iter().flatten();
    let closed: Vec<String> = gates
        .filter_map(|gate| {
            let name = &gate.condition_type;
            match conditions.iter().find(|each| each.type_ == *name) {
                None => Some(format!(
                    "corresponding condition of pod readiness gate \"{name}\" does not exist."
                )),
                Some(condition) if condition.status != "True" => Some(format!(
                    "the status of pod readiness gate \"{name}\" is not \"True\", but {}",
                    condition.status
                )),
                Some(_) => None,
            }
        })
        .collect();
    if closed.is_empty() {
        ("Ready", true, "", String::new())
    } else {
        ("Ready", false, "ReadinessGatesNotReady", closed.join(", "))
    }
}

/// How many containers are ready, of how many.
pub(super) fn ready_count(status: &core::PodStatus) -> (usize, usize) {
    let all = status.container_statuses.as_deref().unwrap_or_default();
    (all.iter().filter(|each| each.ready).count(), all.len())
}

/// Where a pod stands, in words for the screen.
pub(super) fn stage_words(worker: &Worker) -> String {
    let name = |place: usize| &worker.spec_of(place).name;
    match worker.stage {
        Stage::New => "waits to be noticed".to_owned(),
        Stage::Sandbox => "makes the sandbox".to_owned(),
        Stage::Stopping(_) => "stops its containers".to_owned(),
        Stage::Ended => "has ended".to_owned(),
        Stage::Running => {
            let in_work = worker.containers.iter().position(Container::is_in_work);
            let held = worker
                .containers
                .iter()
                .position(|container| matches!(container.phase, Phase::Held(_)));
            match (in_work, held) {
                (Some(place), _) => match worker.containers[place].phase {
                    Phase::Pulling => format!("pulls {}", worker.containers[place].image),
                    Phase::Creating => format!("creates {}", name(place)),
                    Phase::Hooked(_) => format!("runs the postStart hook of {}", name(place)),
                    _ => format!("starts {}", name(place)),
                },
                (None, Some(place)) => format!("waits before it tries {} again", name(place)),
                (None, None) if worker.is_initialised => "runs".to_owned(),
                (None, None) => "runs its init containers".to_owned(),
            }
        }
    }
}
