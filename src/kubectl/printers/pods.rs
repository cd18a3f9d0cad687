//! What kubectl says of a pod: the STATUS string, READY, RESTARTS.

use std::borrow::Cow;

use crate::api::{Pod, core, meta, requests};
use crate::sim::Time;

/// The reason that the node lifecycle controller writes into pods of a silent node.
const NODE_LOST: &str = "NodeLost";

/// What the columns of a pod show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSummary<'a> {
    /// STATUS: not a phase, but what kubectl computes from phase, reasons and container states.
    pub status: Cow<'a, str>,
    /// How many containers are ready.
    pub ready: usize,
    /// How many containers there are, sidecars included.
    pub containers: usize,
    /// How often containers were restarted.
    pub restarts: i32,
    /// When the last container ended that was restarted.
    pub last_restart: Option<Time>,
}

/// The STATUS that kubectl shows: `Running`, `ContainerCreating`, `CrashLoopBackOff`, `Init:0/2`,
/// `Terminating`, …
#[must_use]
pub fn pod_status(pod: &Pod) -> Cow<'_, str> {
    pod_summary(pod).status
}

/// Everything that the columns of a pod show, in one pass.
/// Source: `printPod` of `pkg/printers/internalversion/printers.go`.
#[must_use]
pub fn pod_summary(pod: &Pod) -> PodSummary<'_> {
    let sidecars = pod.spec.init_containers.iter().flatten();
    let sidecars = sidecars
        .filter(|container| requests::is_sidecar(container))
        .count();
    let mut summary = PodSummary {
        status: initial_reason(pod),
        ready: 0,
        containers: pod.spec.containers.len() + sidecars,
        restarts: 0,
        last_restart: None,
    };
    let sidecar_restarts = read_init_containers(pod, &mut summary);
    let initializing = sidecar_restarts.initializing;
    if !initializing || pod.has_condition("Initialized") {
        summary.restarts = sidecar_restarts.restarts;
        summary.last_restart = sidecar_restarts.last;
        read_containers(pod, &mut summary);
    }
    if pod.is_terminating() {
        if pod.status.reason.as_deref() == Some(NODE_LOST) {
            summary.status = "Unknown".into();
        } else if !pod.is_finished() {
            summary.status = "Terminating".into();
        }
    }
    summary
}

/// The phase, or what the status or the scheduling gates say instead.
fn initial_reason(pod: &Pod) -> Cow<'_, str> {
    let gated = pod
        .condition("PodScheduled")
        .is_some_and(|condition| condition.reason.as_deref() == Some("SchedulingGated"));
    if gated {
        return "SchedulingGated".into();
    }
    let reason = pod
        .status
        .reason
        .as_deref()
        .filter(|reason| !reason.is_empty());
    reason.unwrap_or_else(|| pod.phase()).into()
}

/// What init containers left for the second half.
struct InitPass {
    restarts: i32,
    last: Option<Time>,
    initializing: bool,
}

/// Counts init containers up to the first that is not done, and lets it speak for the pod.
fn read_init_containers<'a>(pod: &'a Pod, summary: &mut PodSummary<'a>) -> InitPass {
    let mut pass = InitPass {
        restarts: 0,
        last: None,
        initializing: false,
    };
    let wanted = pod.spec.init_containers.as_deref().unwrap_or_default();
    let statuses = pod.status.init_container_statuses.iter().flatten();
    for (place, container) in statuses.enumerate() {
        let is_sidecar = wanted
            .iter()
            .find(|each| each.name == container.name)
            .is_some_and(requests::is_sidecar);
        summary.restarts += container.restart_count;
        summary.last_restart = summary.last_restart.max(ended(container));
        if is_sidecar {
            pass.restarts += container.restart_count;
            pass.last = pass.last.max(ended(container));
        }
        let state = container.state.as_ref();
        let terminated = state.and_then(|state| state.terminated.as_ref());
        if terminated.is_some_and(|terminated| terminated.exit_code == 0) {
            continue;
        }
        if is_sidecar && container.started == Some(true) {
            summary.ready += usize::from(container.ready);
            continue;
        }
        let waiting = state.and_then(|state| state.waiting.as_ref());
        let waiting = waiting
            .and_then(|waiting| waiting.reason.as_deref())
            .filter(|reason| !reason.is_empty() && *reason != "PodInitializing");
        summary.status = match (terminated, waiting) {
            (Some(terminated), _) => format!("Init:{}", exit_reason(terminated)).into(),
            (None, Some(reason)) => format!("Init:{reason}").into(),
            (None, None) => format!("Init:{place}/{}", wanted.len()).into(),
        };
        pass.initializing = true;
        break;
    }
    pass
}

/// Lets the containers speak, from the last to the first: the first one has the last word.
fn read_containers<'a>(pod: &'a Pod, summary: &mut PodSummary<'a>) {
    let mut has_running = false;
    let mut error = None;
    for container in pod.status.container_statuses.iter().flatten().rev() {
        summary.restarts += container.restart_count;
        summary.last_restart = summary.last_restart.max(ended(container));
        let Some(state) = &container.state else {
            continue;
        };
        let waiting = state.waiting.as_ref();
        let waiting = waiting
            .and_then(|waiting| waiting.reason.as_deref())
            .filter(|reason| !reason.is_empty());
        if let Some(reason) = waiting {
            summary.status = reason.into();
        } else if let Some(terminated) = &state.terminated {
            summary.status = exit_reason(terminated);
            if terminated.exit_code != 0 {
                error = Some(summary.status.clone());
            }
        } else if container.ready && state.running.is_some() {
            has_running = true;
            summary.ready += 1;
        }
    }
    if summary.status == "Completed" {
        if has_running && pod.is_ready() {
            summary.status = "Running".into();
        } else if let Some(error) = error {
            summary.status = error;
        } else if has_running {
            summary.status = "NotReady".into();
        }
    }
}

/// Why a container ended: its reason, or the signal or exit code where it gives none.
fn exit_reason(terminated: &core::ContainerStateTerminated) -> Cow<'_, str> {
    match (terminated.reason.as_deref(), terminated.signal) {
        (Some(reason), _) if !reason.is_empty() => reason.into(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}").into(),
        _ => format!("ExitCode:{}", terminated.exit_code).into(),
    }
}

/// When the run before the present one ended.
fn ended(container: &core::ContainerStatus) -> Option<Time> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    last.finished_at.as_ref().map(meta::moment)
}

/// NAME, READY, STATUS, RESTARTS, AGE, IP, NODE, NOMINATED NODE, READINESS GATES.
pub(super) fn cells(pod: &Pod, now: Time) -> Vec<String> {
    let summary = pod_summary(pod);
    let or_none = |text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty());
        text.unwrap_or(super::NONE).to_owned()
    };
    let restarts = match summary.last_restart {
        Some(last) if summary.restarts != 0 => {
            let ago = super::human_duration(now.since(last));
            format!("{} ({ago} ago)", summary.restarts)
        }
        _ => summary.restarts.to_string(),
    };
    let ip = pod.status.pod_ips.iter().flatten().next();
    vec![
        pod.name().to_owned(),
        format!("{}/{}", summary.ready, summary.containers),
        summary.status.into_owned(),
        restarts,
        super::age(pod.metadata.creation_timestamp.as_ref(), now),
        or_none(ip.map(|ip| ip.ip.as_str())),
        or_none(pod.spec.node_name.as_deref()),
        or_none(pod.status.nominated_node_name.as_deref()),
        readiness_gates(pod),
    ]
}

fn readiness_gates(pod: &Pod) -> String {
    let gates = pod.spec.readiness_gates.as_deref().unwrap_or_default();
    if gates.is_empty() {
        return super::NONE.to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| pod.has_condition(&gate.condition_type))
        .count();
    format!("{open}/{}", gates.len())
}
