//! The way of a pod down: hooks, SIGTERM, SIGKILL, ends, deadlines, loss of power.

use std::sync::Arc;
use std::time::Duration;

use super::alarm::{PodTimer, ProbeKind};
use super::behaviour::hook_duration;
use super::container::{Container, Phase};
use super::log::Said;
use super::note::Happening;
use super::worker::{Action, Failure, FailureKind, Stage, Turn, Worker};
use super::{ExitCode, OnSigterm};
use crate::client::EventType;
use crate::sim::{Time, Urgency};

/// A process always gets this long after SIGTERM.
/// Source: `minimumGracePeriodInSeconds` of `pkg/kubelet/kuberuntime`.
const LEAST_GRACE: Duration = Duration::from_secs(2);

impl Worker {
    /// Puts the whole pod to its end; a second time with a shorter grace, sooner.
    pub(super) fn terminate(&mut self, grace: Duration, turn: &mut Turn<'_>) {
        match self.stage {
            Stage::Ended => self.end(turn),
            Stage::Stopping(until) => {
                let sooner = until.min(turn.now + grace);
                self.stage = Stage::Stopping(sooner);
                self.hurry(sooner, turn);
            }
            Stage::New | Stage::Volumes | Stage::Sandbox | Stage::Running => {
                self.stage = Stage::Stopping(turn.now + grace);
                self.drop_plans();
                turn.actions.push(Action::CancelPulls);
                self.stop_all(turn);
            }
        }
    }

    /// Forgets everything that was to bring the pod up. Readiness is asked to the end.
    fn drop_plans(&mut self) {
        self.fetch = None;
        self.dues.retain(|due| {
            matches!(
                due.timer,
                PodTimer::PreStop(_)
                    | PodTimer::Turn(_)
                    | PodTimer::Stop(_)
                    | PodTimer::Kill(_)
                    | PodTimer::Exit(_)
                    | PodTimer::OutOfMemory(_)
                    | PodTimer::Probe(_, ProbeKind::Readiness)
            )
        });
        for container in &mut self.containers {
            match container.phase {
                Phase::Idle
                | Phase::Pulling
                | Phase::Configuring
                | Phase::Creating
                | Phase::Starting
                | Phase::Held(_) => container.phase = Phase::Ended,
                Phase::Hooked(since) => container.phase = Phase::Running(since),
                Phase::Running(_) | Phase::Stopping { .. } | Phase::Ended => {}
            }
        }
    }

    /// Stops all containers that run, each by its own hook; sidecars get their SIGTERM when it is
    /// their turn. With nothing left, the pod has ended.
    /// Source: `killContainersWithSyncResult` of `pkg/kubelet/kuberuntime/kuberuntime_container.go`.
    pub(super) fn stop_all(&mut self, turn: &mut Turn<'_>) {
        let Stage::Stopping(until) = self.stage else {
            return;
        };
        let grace = until.since(turn.now);
        for place in (0..self.containers.len()).rev() {
            if matches!(self.containers[place].phase, Phase::Running(_)) {
                let message = format!("Stopping container {}", self.spec_of(place).name);
                self.stop(place, grace, message, turn);
            }
        }
        self.go_on_stopping(turn);
    }

    /// Lets those end whose turn has come now that another one has ended.
    fn go_on_stopping(&mut self, turn: &mut Turn<'_>) {
        let runs = |container: &Container| container.running_since().is_some();
        if !self.containers.iter().any(runs) {
            self.end(turn);
            return;
        }
        for place in 0..self.inits() {
            if self.waits_for_turn(place) && self.has_turn(place) {
                self.disarm(PodTimer::Turn(place));
                self.send_sigterm(place, turn);
            }
        }
    }

    /// Whether a container is through with its hook and lets others end before it.
    fn waits_for_turn(&self, place: usize) -> bool {
        let timer = PodTimer::Turn(place);
        self.dues.iter().any(|due| due.timer == timer)
    }

    /// Whether nothing that runs has to end before this container: a sidecar ends after all
    /// containers, and after the sidecar behind it.
    /// Source: `pkg/kubelet/kuberuntime/kuberuntime_termination_order.go`.
    fn has_turn(&self, place: usize) -> bool {
        if !self.is_sidecar(place) || !matches!(self.stage, Stage::Stopping(_)) {
            return true;
        }
        let behind = (place + 1..self.inits()).find(|behind| self.is_sidecar(*behind));
        let mut earlier = (self.inits()..self.containers.len()).chain(behind);
        earlier.all(|other| self.containers[other].running_since().is_none())
    }

    /// Stops one container: preStop hook, SIGTERM, SIGKILL.
    /// Source: `killContainer` of `pkg/kubelet/kuberuntime/kuberuntime_container.go`.
    pub(super) fn stop(
        &mut self,
        place: usize,
        grace: Duration,
        message: String,
        turn: &mut Turn<'_>,
    ) {
        let Phase::Running(since) = self.containers[place].phase else {
            return;
        };
        let deadline = turn.now + grace;
        self.containers[place].phase = Phase::Stopping { since, deadline };
        self.disarm(PodTimer::Probe(place, ProbeKind::Liveness));
        self.disarm(PodTimer::Probe(place, ProbeKind::Startup));
        turn.event(EventType::Normal, "Killing", message, Some(place));
        let lifecycle = self.spec_of(place).lifecycle.as_ref();
        match lifecycle.and_then(|lifecycle| lifecycle.pre_stop.clone()) {
            Some(hook) if !grace.is_zero() => {
                let usual = turn.profile.kubelet.exit;
                let span = hook_duration(&hook).unwrap_or_else(|| turn.random.duration(usual));
                let span = span.min(grace);
                turn.say(Happening::HookBegun(span), Some(place));
                self.arm(PodTimer::PreStop(place), span, Urgency::Work, turn);
            }
            _ => self.terminate_process(place, turn),
        }
    }

    /// The hook is done: SIGTERM follows, for a sidecar when it is its turn or its grace is over.
    pub(super) fn terminate_process(&mut self, place: usize, turn: &mut Turn<'_>) {
        let Phase::Stopping { deadline, .. } = self.containers[place].phase else {
            return;
        };
        let left = deadline.since(turn.now);
        if left.is_zero() || self.has_turn(place) {
            self.send_sigterm(place, turn);
        } else {
            self.arm(PodTimer::Turn(place), left, Urgency::Work, turn);
        }
    }

    /// Sends SIGTERM. What ends in time is not waited for any longer.
    pub(super) fn send_sigterm(&mut self, place: usize, turn: &mut Turn<'_>) {
        let Phase::Stopping { deadline, .. } = self.containers[place].phase else {
            return;
        };
        let grace = deadline.since(turn.now).max(LEAST_GRACE);
        turn.say(Happening::Sigterm(grace), Some(place));
        let behaviour = Arc::clone(&self.containers[place].behaviour);
        self.containers[place].say(turn.now, Said::Sigterm(behaviour.on_sigterm));
        let usual = turn.profile.kubelet.exit;
        let needs = match (behaviour.on_sigterm, behaviour.stops_in) {
            (OnSigterm::Ignore, _) => None,
            (_, Some(declared)) => Some(declared),
            (OnSigterm::Drain, None) => Some(behaviour.latency + turn.random.duration(usual)),
            (OnSigterm::Exit, None) => Some(turn.random.duration(usual)),
        };
        let needs = needs.filter(|needs| *needs <= grace);
        let (timer, after) = needs.map_or((PodTimer::Kill(place), grace), |needs| {
            (PodTimer::Stop(place), needs)
        });
        self.arm(timer, after, Urgency::Work, turn);
    }

    /// The grace became shorter.
    fn hurry(&mut self, until: Time, turn: &mut Turn<'_>) {
        let after = until.since(turn.now);
        for place in 0..self.containers.len() {
            let Phase::Stopping { since, deadline } = self.containers[place].phase else {
                continue;
            };
            if deadline <= until {
                continue;
            }
            let deadline = until;
            self.containers[place].phase = Phase::Stopping { since, deadline };
            let end = self.dues.iter().find(|due| {
                matches!(due.timer, PodTimer::PreStop(at) | PodTimer::Turn(at) | PodTimer::Stop(at) | PodTimer::Kill(at) if at == place)
            });
            let Some(due) = end.copied() else {
                continue;
            };
            let left = due.at.since(turn.now);
            let killed = after.max(LEAST_GRACE);
            match due.timer {
                PodTimer::Stop(_) if left <= killed => {}
                PodTimer::Stop(_) => {
                    self.disarm(due.timer);
                    self.arm(PodTimer::Kill(place), killed, Urgency::Work, turn);
                }
                PodTimer::Kill(_) => self.arm(due.timer, left.min(killed), Urgency::Work, turn),
                _ => self.arm(due.timer, left.min(after), Urgency::Work, turn),
            }
        }
    }

    /// The process ends because it was asked to. One whose work is not done has no success to tell.
    pub(super) fn stopped(&mut self, place: usize, turn: &mut Turn<'_>) {
        let end = PodTimer::Exit(place);
        let exit = if self.dues.iter().any(|due| due.timer == end) {
            ExitCode::TERMINATED
        } else {
            ExitCode::of(0)
        };
        self.exited(place, exit, turn);
    }

    /// A process ended, for whatever reason.
    pub(super) fn exited(&mut self, place: usize, exit: ExitCode, turn: &mut Turn<'_>) {
        let Some(since) = self.containers[place].running_since() else {
            return;
        };
        self.take_back(|timer| timer.container() == Some(place), turn);
        self.containers[place].end(exit, since, turn.now);
        turn.say(Happening::Exited(exit), Some(place));
        if matches!(self.stage, Stage::Stopping(_)) {
            self.go_on_stopping(turn);
            return;
        }
        let is_done = exit.code == 0 && place < self.inits() && !self.is_sidecar(place);
        self.containers[place].is_done = is_done;
        if self.restarts(place, exit) {
            self.restart_or_wait(place, turn);
        }
        turn.write();
        self.advance(turn);
    }

    /// Whether a container that ended is to be started again.
    /// Source: `ShouldContainerBeRestarted` of `pkg/kubelet/container/helpers.go`.
    fn restarts(&self, place: usize, exit: ExitCode) -> bool {
        if self.is_sidecar(place) {
            return true;
        }
        let always = self.restart_policy() == "Always" && place >= self.inits();
        always || exit.code != 0 && self.restart_policy() != "Never"
    }

    /// All containers have ended for good, or one that all others wait for: sidecars go too.
    pub(super) fn finish(&mut self, turn: &mut Turn<'_>) {
        self.terminate(self.own_grace(), turn);
    }

    /// Nothing runs any more.
    fn end(&mut self, turn: &mut Turn<'_>) {
        self.stage = Stage::Ended;
        self.has_sandbox = false;
        self.take_back(|_| true, turn);
        if self.is_gone() {
            turn.actions.push(Action::Forget);
        } else {
            turn.write();
        }
    }

    /// `activeDeadlineSeconds` is over. Source: `pkg/kubelet/active_deadline.go`.
    pub(super) fn exceed_deadline(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.stage, Stage::Stopping(_) | Stage::Ended) {
            return;
        }
        let reason = "DeadlineExceeded";
        let message = "Pod was active on the node longer than the specified deadline".to_owned();
        turn.say(Happening::DeadlineExceeded, None);
        turn.event(EventType::Normal, reason, message.clone(), None);
        self.failure = Some(Failure {
            reason,
            message,
            kind: FailureKind::Deadline,
        });
        self.terminate(self.own_grace(), turn);
    }

    /// An application crashes: the process ends now. True when it was running.
    pub(super) fn crash(&mut self, place: usize, exit: ExitCode, turn: &mut Turn<'_>) -> bool {
        let runs = self.containers[place].running_since().is_some();
        if runs {
            turn.say(Happening::Crashed, Some(place));
            if !exit.out_of_memory {
                self.containers[place].say(turn.now, Said::Crashed);
            }
            self.exited(place, exit, turn);
        }
        runs
    }

    /// The machine lost its power. Returns how many containers ended with it.
    pub(super) fn lose_power(&mut self, now: Time) -> usize {
        let mut lost = 0;
        for container in &mut self.containers {
            if let Some(since) = container.running_since() {
                container.end(ExitCode::of(255), since, now);
                lost += 1;
            } else if container.is_in_work() || matches!(container.phase, Phase::Held(_)) {
                container.phase = Phase::Idle;
            }
            container.restart = None;
            container.pull = None;
        }
        self.has_sandbox = false;
        self.dues.clear();
        self.asked = None;
        self.fetch = None;
        lost
    }

    /// The kubelet is up again and has heard from the API server that the pod is still there.
    pub(super) fn revive(&mut self, turn: &mut Turn<'_>) {
        let ever_ran = self.containers.iter().any(|container| container.runs > 0);
        match self.stage {
            Stage::New => self.arm(PodTimer::Notice, Duration::ZERO, Urgency::Work, turn),
            Stage::Stopping(_) => {
                self.drop_plans();
                self.stop_all(turn);
            }
            Stage::Ended => turn.write(),
            Stage::Volumes | Stage::Sandbox | Stage::Running if self.is_unwanted() => {
                self.arm(PodTimer::Notice, Duration::ZERO, Urgency::Work, turn);
            }
            Stage::Sandbox | Stage::Running if ever_ran && self.restart_policy() == "Never" => {
                self.drop_plans();
                self.end(turn);
            }
            Stage::Volumes | Stage::Sandbox | Stage::Running => {
                if ever_ran {
                    let message = "Pod sandbox changed, it will be killed and re-created.";
                    turn.say(Happening::SandboxLost, None);
                    let message = message.to_owned();
                    turn.event(EventType::Normal, "SandboxChanged", message, None);
                }
                self.start_over();
                self.want_volumes(turn);
                turn.write();
            }
        }
    }

    /// In a new sandbox, everything runs once more that had not come to a good end.
    fn start_over(&mut self) {
        self.is_initialised = self.inits() == 0;
        for place in 0..self.containers.len() {
            let exit = self.containers[place].ending.as_ref();
            let exit = exit.map_or(ExitCode::of(255), |ending| ending.exit);
            let again = place < self.inits() || self.restarts(place, exit);
            let container = &mut self.containers[place];
            container.is_done = false;
            if again {
                container.phase = Phase::Idle;
            }
        }
    }
}
