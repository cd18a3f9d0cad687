//! The way of a pod up: admitted, sandbox, images, init containers, sidecars, containers, restarts.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::admission::Rejection;
use super::alarm::PodTimer;
use super::behaviour::{INIT_RUN, JOB_RUN, hook_duration, seconds};
use super::container::{Container, Phase, Waiting};
use super::image::Reference;
use super::log::Said;
use super::note::Happening;
use super::worker::{Failure, FailureKind, Stage, Turn, Worker};
use super::{ExitCode, Exits, usage};
use crate::api::meta;
use crate::client::EventType;
use crate::sim::{Urgency, go_duration};

/// So many runs of a container are waited for; what still ends and starts after them does so for ever.
const RUNS_IN_SIGHT: u32 = 8;

/// When a sandbox that could not be made is tried again.
/// Source: `backOffPeriod` of `pkg/kubelet/kubelet.go`.
const SANDBOX_AGAIN: Duration = Duration::from_secs(10);

/// How a pull ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PullEnd {
    /// The image is on the disk.
    Done {
        /// How long the transfer took.
        took: Duration,
        /// The same with the wait for other pulls.
        waited: Duration,
        /// The size of the image.
        bytes: u64,
    },
    /// The image cannot be had: what the runtime says.
    Failed(String),
}

/// What a worker does next with its containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Start(usize),
    Wait,
    Finish,
}

impl Worker {
    /// Takes the pod in, or rejects it.
    pub(super) fn admit(&mut self, verdict: Result<(), Rejection>, turn: &mut Turn<'_>) {
        turn.say(Happening::Noticed, None);
        self.say_wrong(turn);
        self.start = Some(turn.now);
        match verdict {
            Ok(()) => {
                turn.say(Happening::Admitted, None);
                self.want_volumes(turn);
                self.set_deadline(turn);
            }
            Err(Rejection { reason, message }) => {
                turn.say(Happening::Rejected(reason, message.clone()), None);
                turn.event(EventType::Warning, reason, message.clone(), None);
                self.stage = Stage::Ended;
                self.failure = Some(Failure {
                    reason,
                    message: format!("Pod was rejected: {message}"),
                    kind: FailureKind::Rejection,
                });
            }
        }
        turn.write();
    }

    /// Sets the alarm for `activeDeadlineSeconds`, which count from when the kubelet took the pod in.
    pub(super) fn set_deadline(&mut self, turn: &mut Turn<'_>) {
        if let (Some(deadline), Some(start)) = (self.pod.spec.active_deadline_seconds, self.start) {
            let after = (start + seconds(deadline)).since(turn.now);
            self.arm(PodTimer::Deadline, after, Urgency::Work, turn);
        }
    }

    pub(super) fn make_sandbox(&mut self, turn: &mut Turn<'_>) {
        self.stage = Stage::Sandbox;
        let after = turn.random.duration(turn.profile.kubelet.sandbox);
        self.arm(PodTimer::Sandbox, after, Urgency::Work, turn);
    }

    /// The sandbox stands.
    ///
    /// Unlike Kubernetes: the condition PodReadyToStartContainers is written at once, also when
    /// images have to be pulled first; the worker of 1.34 writes it after it has tried all of them.
    pub(super) fn sandbox_made(&mut self, address: Ipv4Addr, turn: &mut Turn<'_>) {
        self.address = Some(address);
        self.has_sandbox = true;
        self.stage = Stage::Running;
        turn.say(Happening::SandboxReady(address), None);
        turn.write();
        self.advance(turn);
    }

    /// No address is left in the pod network.
    pub(super) fn lacks_address(&mut self, turn: &mut Turn<'_>) {
        let sandbox = super::image::hex_of(&self.uid);
        let message = format!(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network \
             for sandbox \"{sandbox}\": plugin type=\"ptp\" failed (add): failed to allocate for \
             range 0: no IP addresses available in range set"
        );
        let reason = "FailedCreatePodSandBox";
        turn.event(EventType::Warning, reason, message, None);
        turn.say(Happening::BackedOff(reason, SANDBOX_AGAIN), None);
        self.arm(PodTimer::Sandbox, SANDBOX_AGAIN, Urgency::Periodic, turn);
    }

    /// Starts the next container whose turn it is. A worker has one pair of hands: it pulls,
    /// creates and starts one container after the other.
    pub(super) fn advance(&mut self, turn: &mut Turn<'_>) {
        let is_busy = self.containers.iter().any(Container::is_in_work);
        if self.stage != Stage::Running || is_busy {
            return;
        }
        match self.next() {
            Next::Start(place) => self.begin(place, turn),
            Next::Wait => {}
            Next::Finish => self.finish(turn),
        }
    }

    /// Source: `computePodActions` of `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.
    fn next(&mut self) -> Next {
        for place in 0..self.inits() {
            let is_sidecar = self.is_sidecar(place);
            let container = &self.containers[place];
            if container.phase == Phase::Idle && (is_sidecar || !self.is_initialised) {
                return Next::Start(place);
            }
            let is_through = if is_sidecar {
                container.is_started
            } else {
                container.is_done
            };
            if self.is_initialised || is_through {
                continue;
            }
            let is_lost = container.phase == Phase::Ended && !is_sidecar;
            return if is_lost { Next::Finish } else { Next::Wait };
        }
        self.is_initialised = true;
        let mains = self.inits()..self.containers.len();
        let mut phases = mains.map(|place| (place, self.containers[place].phase));
        let all_ended = phases.clone().all(|(_, phase)| phase == Phase::Ended);
        match phases.find(|(_, phase)| *phase == Phase::Idle) {
            Some((place, _)) => Next::Start(place),
            None if all_ended => Next::Finish,
            None => Next::Wait,
        }
    }

    /// Step one of a start: the image.
    /// Source: `EnsureImageExists` of `pkg/kubelet/images/image_manager.go`.
    fn begin(&mut self, place: usize, turn: &mut Turn<'_>) {
        let image = Arc::clone(&self.containers[place].image);
        let policy = self.spec_of(place).image_pull_policy.clone();
        let reference = match Reference::parse(&image) {
            Ok(reference) => reference,
            Err(message) => {
                let reason = "InspectFailed";
                turn.event(EventType::Warning, reason, message.clone(), Some(place));
                self.lacks_image(place, "InvalidImageName", message, turn);
                self.hold_until_sync(place, turn);
                return;
            }
        };
        let is_present = turn.images.has(&reference.name());
        match (policy.as_deref().unwrap_or("IfNotPresent"), is_present) {
            ("Never", false) => {
                let message =
                    format!("Container image \"{image}\" is not present with pull policy of Never");
                let reason = "ErrImageNeverPull";
                turn.event(EventType::Warning, reason, message.clone(), Some(place));
                self.lacks_image(place, reason, message, turn);
                self.hold_until_sync(place, turn);
            }
            ("Never" | "IfNotPresent", true) => {
                let message = format!("Container image \"{image}\" already present on machine");
                turn.say(Happening::ImagePresent(image), Some(place));
                turn.event(EventType::Normal, "Pulled", message, Some(place));
                self.want_environment(place, turn);
            }
            _ => {
                let message = format!("Pulling image \"{image}\"");
                self.containers[place].phase = Phase::Pulling;
                turn.actions.push(super::worker::Action::Pull(place));
                turn.event(EventType::Normal, "Pulling", message, Some(place));
            }
        }
    }

    /// The pull of an image came to its end.
    pub(super) fn pulled(&mut self, place: usize, image: &str, end: PullEnd, turn: &mut Turn<'_>) {
        let container = &mut self.containers[place];
        if container.phase != Phase::Pulling || *container.image != *image {
            return;
        }
        match end {
            PullEnd::Done {
                took,
                waited,
                bytes,
            } => {
                container.pull = None;
                let (took, waited) = (go_duration(took), go_duration(waited));
                let message = format!(
                    "Successfully pulled image \"{image}\" in {took} ({waited} including waiting). \
                     Image size: {bytes} bytes."
                );
                turn.event(EventType::Normal, "Pulled", message, Some(place));
                self.want_environment(place, turn);
            }
            PullEnd::Failed(why) => {
                let message = format!("Failed to pull image \"{image}\": {why}");
                turn.event(EventType::Warning, "Failed", message, Some(place));
                self.lacks_image(place, "ErrImagePull", why, turn);
                self.hold_pull(place, turn);
            }
        }
    }

    fn lacks_image(
        &mut self,
        place: usize,
        reason: &'static str,
        message: String,
        turn: &mut Turn<'_>,
    ) {
        turn.say(Happening::PullFailed(reason, message.clone()), Some(place));
        let error = format!("Error: {reason}");
        turn.event(EventType::Warning, "Failed", error, Some(place));
        self.containers[place].waiting = Waiting::For(reason, message);
    }

    /// Step three of a start.
    pub(super) fn create(&mut self, place: usize, turn: &mut Turn<'_>) {
        self.containers[place].phase = Phase::Creating;
        let after = turn.random.duration(turn.profile.kubelet.create);
        self.arm(PodTimer::Create(place), after, Urgency::Work, turn);
    }

    /// The container is created.
    pub(super) fn created(&mut self, place: usize, turn: &mut Turn<'_>) {
        let container = &mut self.containers[place];
        container.runs += 1;
        container.phase = Phase::Starting;
        turn.say(Happening::Created(container.runs), Some(place));
        let message = format!("Created container: {}", self.spec_of(place).name);
        turn.event(EventType::Normal, "Created", message, Some(place));
        let after = turn.random.duration(turn.profile.kubelet.start);
        self.arm(PodTimer::Start(place), after, Urgency::Work, turn);
    }

    /// The process runs; a postStart hook may keep the worker busy.
    pub(super) fn started(&mut self, place: usize, turn: &mut Turn<'_>) {
        turn.say(Happening::Started, Some(place));
        let spec = self.spec_of(place);
        let message = format!("Started container {}", spec.name);
        let hook = spec
            .lifecycle
            .as_ref()
            .and_then(|each| each.post_start.clone());
        turn.event(EventType::Normal, "Started", message, Some(place));
        self.containers[place].waiting = Waiting::Turn;
        self.containers[place].phase = Phase::Hooked(turn.now);
        if let Some(after) = self.ends_after(place, turn) {
            // What has ended so often will end for ever: nobody waits for that.
            let urgency = if self.containers[place].runs > RUNS_IN_SIGHT {
                Urgency::Periodic
            } else {
                Urgency::Work
            };
            self.arm(PodTimer::Exit(place), after, urgency, turn);
        }
        let behaviour = Arc::clone(&self.containers[place].behaviour);
        if !behaviour.starts_in.is_zero() {
            let timer = PodTimer::Up(place);
            self.arm(timer, behaviour.starts_in, Urgency::Work, turn);
        }
        self.containers[place].began(turn.now);
        if let Some(after) = usage::out_of_memory(&behaviour, self.spec_of(place)) {
            self.arm(PodTimer::OutOfMemory(place), after, Urgency::Work, turn);
        }
        match hook {
            Some(hook) => {
                let usual = turn.profile.kubelet.exit;
                let after = hook_duration(&hook).unwrap_or_else(|| turn.random.duration(usual));
                self.arm(PodTimer::PostStart(place), after, Urgency::Work, turn);
            }
            None => self.runs(place, turn),
        }
    }

    /// The application has come up: from now on it answers.
    pub(super) fn is_up(&mut self, place: usize, turn: &mut Turn<'_>) {
        if self.containers[place].running_since().is_some() {
            turn.say(Happening::Up, Some(place));
            self.containers[place].say(turn.now, Said::Up);
        }
    }

    /// The container is up as far as the kubelet has to do with it.
    pub(super) fn runs(&mut self, place: usize, turn: &mut Turn<'_>) {
        let Phase::Hooked(since) = self.containers[place].phase else {
            return;
        };
        self.containers[place].phase = Phase::Running(since);
        self.set_up_probes(place, turn);
        turn.write();
        self.advance(turn);
    }

    /// When the process will end by itself, if it does.
    ///
    /// Unlike Kubernetes: there is no process. What nobody declared is assumed: init containers do
    /// their work within a second, containers of a Job within a few, all others run for ever.
    fn ends_after(&self, place: usize, turn: &mut Turn<'_>) -> Option<Duration> {
        match self.containers[place].behaviour.exits {
            Exits::Never => return None,
            Exits::After(after) => return Some(after),
            Exits::AsItsKind => {}
        }
        if place < self.inits() {
            let is_done_soon = !self.is_sidecar(place);
            return is_done_soon.then(|| turn.random.duration(INIT_RUN));
        }
        let owner = meta::controller_of(&self.pod.metadata);
        let is_of_job = owner.is_some_and(|owner| owner.kind == "Job");
        is_of_job.then(|| turn.random.duration(JOB_RUN))
    }

    /// The process ends by itself.
    pub(super) fn ends_by_itself(&mut self, place: usize, turn: &mut Turn<'_>) {
        let code = self.containers[place].behaviour.exit_code;
        self.containers[place].say(turn.now, Said::Ends(code));
        self.exited(place, ExitCode::of(code), turn);
    }
}
