//! Probes: when they run, how answers are counted, and what a verdict leads to.

use std::time::Duration;

use super::Behaviour;
use super::alarm::{PodTimer, ProbeKind};
use super::behaviour::seconds;
use super::container::Phase;
use super::note::Happening;
use super::worker::{Turn, Worker};
use crate::api::{IntOrString, core};
use crate::client::EventType;
use crate::sim::{Random, Range, Urgency};

/// The answers of one probe of one running container. Source: `pkg/kubelet/prober/worker.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) kind: ProbeKind,
    /// What counts at the moment; none before enough answers came.
    pub(super) verdict: Option<bool>,
    last: Option<bool>,
    count: i32,
}

impl Probe {
    pub(super) fn new(kind: ProbeKind) -> Self {
        Self {
            kind,
            verdict: None,
            last: None,
            count: 0,
        }
    }

    /// Takes in an answer; true when it changed what counts.
    pub(super) fn hear(&mut self, succeeded: bool, threshold: i32) -> bool {
        self.count = if self.last == Some(succeeded) {
            self.count.saturating_add(1)
        } else {
            1
        };
        self.last = Some(succeeded);
        if self.count < threshold || self.verdict == Some(succeeded) {
            return false;
        }
        self.verdict = Some(succeeded);
        true
    }
}

/// The probe of this kind in a container's spec.
pub(super) fn spec_of(container: &core::Container, kind: ProbeKind) -> Option<&core::Probe> {
    match kind {
        ProbeKind::Startup => container.startup_probe.as_ref(),
        ProbeKind::Readiness => container.readiness_probe.as_ref(),
        ProbeKind::Liveness => container.liveness_probe.as_ref(),
    }
}

fn period(spec: &core::Probe) -> Duration {
    seconds(i64::from(spec.period_seconds.unwrap_or(10).max(1)))
}

/// When the first probe runs after the start. The clock of a probe began to tick when the pod
/// came to the node, so it is at any place of its period now; only readiness is asked at once.
/// Source: `run` and `manualTriggerCh` of `pkg/kubelet/prober/worker.go`.
fn first_after(spec: &core::Probe, kind: ProbeKind, random: &mut Random) -> Duration {
    let delay = seconds(i64::from(spec.initial_delay_seconds.unwrap_or(0)));
    if kind == ProbeKind::Readiness && delay.is_zero() {
        return Duration::from_millis(1);
    }
    delay
        + random.duration(Range {
            least: Duration::ZERO,
            most: period(spec),
        })
}

fn threshold(spec: &core::Probe, succeeded: bool) -> i32 {
    if succeeded {
        spec.success_threshold.unwrap_or(1)
    } else {
        spec.failure_threshold.unwrap_or(3)
    }
}

/// Why a probe fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadAnswer {
    /// Nobody listens yet.
    Closed,
    /// No answer comes in time.
    Silence,
    /// The answer is that all is not well.
    Refusal,
}

/// What the event of a failed probe says after the colon.
/// Source: `pkg/probe` and `pkg/kubelet/prober/prober.go`.
///
/// Unlike Kubernetes: what a command of a probe would print is not known, and nothing is said of it.
fn failure(
    container: &core::Container,
    spec: &core::Probe,
    (address, answer): (&str, BadAnswer),
) -> String {
    let timeout = spec.timeout_seconds.unwrap_or(1);
    if let Some(http) = &spec.http_get {
        if answer == BadAnswer::Refusal {
            return "HTTP probe failed with statuscode: 500".to_owned();
        }
        let scheme = http
            .scheme
            .as_deref()
            .unwrap_or("HTTP")
            .to_ascii_lowercase();
        let host = http.host.as_deref().unwrap_or(address);
        let port = port(container, &http.port);
        let path = http.path.as_deref().unwrap_or("/");
        let path = path.trim_start_matches('/');
        let why = match answer {
            BadAnswer::Silence => {
                "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                    .to_owned()
            }
            _ => format!("dial tcp {host}:{port}: connect: connection refused"),
        };
        format!("Get \"{scheme}://{host}:{port}/{path}\": {why}")
    } else if let Some(socket) = &spec.tcp_socket {
        let host = socket.host.as_deref().unwrap_or(address);
        let port = port(container, &socket.port);
        format!("dial tcp {host}:{port}: connect: connection refused")
    } else if let Some(grpc) = &spec.grpc {
        match answer {
            BadAnswer::Refusal => "service unhealthy (responded with \"NOT_SERVING\")".to_owned(),
            BadAnswer::Silence => format!("timeout: health rpc did not complete within {timeout}s"),
            BadAnswer::Closed => format!(
                "timeout: failed to connect service \"{address}:{}\" within {timeout}s: context \
                 deadline exceeded",
                grpc.port
            ),
        }
    } else {
        String::new()
    }
}

/// What is wrong with the answer to a probe this long after the start, if anything is. Commands and
/// connections are answered by others than those who answer requests.
///
/// Unlike Kubernetes: no time passes until the answer, nor until the end of the wait for one that is
/// too late.
fn bad_answer(
    behaviour: &Behaviour,
    (kind, spec): (ProbeKind, &core::Probe),
    running: Duration,
) -> Option<BadAnswer> {
    let timeout = seconds(i64::from(spec.timeout_seconds.unwrap_or(1)));
    let is_request = spec.http_get.is_some() || spec.grpc.is_some();
    if running < behaviour.starts_in {
        Some(BadAnswer::Closed)
    } else if is_request && !behaviour.answers_within(timeout) {
        Some(BadAnswer::Silence)
    } else if behaviour.answers_probe(kind, running) {
        None
    } else {
        Some(BadAnswer::Refusal)
    }
}

/// The number of a port, which may be named.
fn port(container: &core::Container, port: &IntOrString) -> String {
    match port {
        IntOrString::Int(port) => port.to_string(),
        IntOrString::String(name) => {
            let mut ports = container.ports.iter().flatten();
            let named = ports.find(|each| each.name.as_ref() == Some(name));
            named.map_or_else(|| name.clone(), |port| port.container_port.to_string())
        }
    }
}

impl Worker {
    /// Sets up the probes of a container that has just started.
    pub(super) fn set_up_probes(&mut self, place: usize, turn: &mut Turn<'_>) {
        let spec = self.spec_of(place);
        let has = |kind| spec_of(spec, kind).is_some();
        let kinds = [
            ProbeKind::Startup,
            ProbeKind::Readiness,
            ProbeKind::Liveness,
        ];
        let probes = kinds.into_iter().filter(|kind| has(*kind));
        let probes: Vec<Probe> = probes.map(Probe::new).collect();
        let is_started = !has(ProbeKind::Startup);
        let container = &mut self.containers[place];
        container.probes = probes;
        container.is_started = is_started;
        if is_started {
            self.begin_probe(place, ProbeKind::Readiness, turn);
            self.begin_probe(place, ProbeKind::Liveness, turn);
        } else {
            self.begin_probe(place, ProbeKind::Startup, turn);
        }
    }

    fn begin_probe(&mut self, place: usize, kind: ProbeKind, turn: &mut Turn<'_>) {
        if let Some(spec) = spec_of(self.spec_of(place), kind) {
            let after = first_after(spec, kind, turn.random);
            self.arm(PodTimer::Probe(place, kind), after, Urgency::Work, turn);
        }
    }

    /// A probe is due.
    pub(super) fn probe(&mut self, place: usize, kind: ProbeKind, turn: &mut Turn<'_>) {
        let Some(since) = self.containers[place].running_since() else {
            return;
        };
        let is_stopping = matches!(self.containers[place].phase, Phase::Stopping { .. });
        if is_stopping && kind != ProbeKind::Readiness {
            return;
        }
        let Some(spec) = spec_of(self.spec_of(place), kind).cloned() else {
            return;
        };
        let running = turn.now.since(since);
        let bad = bad_answer(&self.containers[place].behaviour, (kind, &spec), running);
        let succeeded = bad.is_none();
        let threshold = threshold(&spec, succeeded);
        let Some(probe) = self.containers[place].probe_mut(kind) else {
            return;
        };
        let has_changed = probe.hear(succeeded, threshold);
        let (count, verdict) = (probe.count, probe.verdict);
        let what = Happening::Probed {
            probe: kind,
            succeeded,
            count,
            threshold,
        };
        turn.say(what, Some(place));
        if let Some(bad) = bad {
            let address = self
                .address
                .map(|address| address.to_string())
                .unwrap_or_default();
            let why = failure(self.spec_of(place), &spec, (&address, bad));
            let message = format!("{} probe failed: {why}", kind.name());
            turn.event(EventType::Warning, "Unhealthy", message, Some(place));
        }
        let goes_on = !has_changed || self.take_verdict(place, kind, succeeded, turn);
        if goes_on {
            // What it hears is not yet what it says: the next answers decide.
            let urgency = if verdict == Some(succeeded) {
                Urgency::Periodic
            } else {
                Urgency::Work
            };
            let timer = PodTimer::Probe(place, kind);
            self.arm(timer, period(&spec), urgency, turn);
        }
    }

    /// Acts on a verdict that changed; true when the probe goes on.
    fn take_verdict(
        &mut self,
        place: usize,
        kind: ProbeKind,
        succeeded: bool,
        turn: &mut Turn<'_>,
    ) -> bool {
        match (kind, succeeded) {
            (ProbeKind::Readiness, _) => {
                turn.write();
                true
            }
            (ProbeKind::Liveness, true) => true,
            (ProbeKind::Startup, true) => {
                self.containers[place].is_started = true;
                turn.write();
                self.begin_probe(place, ProbeKind::Readiness, turn);
                self.begin_probe(place, ProbeKind::Liveness, turn);
                self.advance(turn);
                false
            }
            (ProbeKind::Startup | ProbeKind::Liveness, false) => {
                self.stop_unhealthy(place, kind, turn);
                false
            }
        }
    }

    fn stop_unhealthy(&mut self, place: usize, kind: ProbeKind, turn: &mut Turn<'_>) {
        let spec = self.spec_of(place);
        let own_grace =
            spec_of(spec, kind).and_then(|probe| probe.termination_grace_period_seconds);
        let grace = own_grace.map_or(self.own_grace(), seconds);
        let probe = kind.name().to_ascii_lowercase();
        let then = if self.restarts_after_failure(place) {
            ", will be restarted"
        } else {
            ""
        };
        let message = format!("Container {} failed {probe} probe{then}", spec.name);
        self.stop(place, grace, message, turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k5_a_verdict_needs_its_threshold_in_a_row() {
        let mut probe = Probe::new(ProbeKind::Readiness);
        let mut verdicts = Vec::new();
        for succeeded in [true, false, false, true, false, false, false, false, true] {
            let threshold = if succeeded { 1 } else { 3 };
            probe.hear(succeeded, threshold);
            verdicts.push(probe.verdict == Some(true));
        }
        let expected = [true, true, true, true, true, true, false, false, true];
        assert_eq!(verdicts, expected);
    }
}
