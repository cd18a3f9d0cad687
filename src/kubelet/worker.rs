//! The pod worker: what the kubelet knows of one pod, and what it does when something happens to it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::alarm::{Due, PodTimer};
use super::behaviour::{self, Problems, seconds};
use super::container::{Container, Phase};
use super::fetch::{Fetch, Purpose};
use super::image::Images;
use super::named::{Answers, Obstacle};
use super::note::Happening;
use super::{ExitCode, Rule};
use crate::api::{Key, Node, Object, Pod, core, requests};
use crate::apiserver::RequestId;
use crate::client::EventType;
use crate::sim::{Profile, Random, Time, Urgency};

/// Where a pod stands on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody has looked at it yet.
    New,
    /// Its volumes are being mounted.
    Volumes,
    /// Its sandbox is being made.
    Sandbox,
    /// Its containers are started, run, and are started again.
    Running,
    /// Its containers are stopped; its grace is over at this moment.
    Stopping(Time),
    /// Nothing of it runs any more.
    Ended,
}

/// What the API server has of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has the pod.
    Stored,
    /// It was told that it may remove the pod.
    Released,
    /// It has the pod no longer.
    Gone,
}

/// Why the kubelet ended a pod by itself, as the status says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) kind: FailureKind,
}

/// How the kubelet ended a pod by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It did not take the pod in, which never ran.
    Rejection,
    /// The pod was active for longer than it may be.
    Deadline,
    /// The node needed what it used.
    Pressure,
    /// It used more of the disk than it may.
    Limit,
}

/// One pod on this node.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    /// The pod as the watch told it last.
    pub(super) pod: Pod,
    pub(super) key: Key,
    pub(super) uid: Arc<str>,
    pub(super) standing: Standing,
    pub(super) stage: Stage,
    pub(super) failure: Option<Failure>,
    /// Init containers first, in the order of the spec.
    pub(super) containers: Vec<Container>,
    /// Whether all init containers did their work in this sandbox.
    pub(super) is_initialised: bool,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) has_sandbox: bool,
    /// When the kubelet took it in.
    pub(super) start: Option<Time>,
    pub(super) dues: Vec<Due>,
    /// The status that the API server has, as far as is known.
    pub(super) reported: Arc<core::PodStatus>,
    /// The revision of that knowledge.
    pub(super) reported_at: u64,
    /// What is wrong in the words that declare what its applications do, until it is said.
    pub(super) wrong: Problems,
    /// The status write that is under way.
    pub(super) asked: Option<RequestId>,
    /// The questions for what the pod names that are under way.
    pub(super) fetch: Option<Fetch>,
    /// How long it waits before it mounts the volumes again, once that has failed.
    pub(super) mount_wait: Option<Duration>,
    /// The volumes that could not be mounted at the last attempt.
    pub(super) unmounted: Vec<(String, Obstacle)>,
}

/// What a worker wants to be done.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// A record of the trace.
    Say(Happening, Option<usize>),
    /// An Event object.
    Event(EventType, &'static str, String, Option<usize>),
    /// An alarm.
    Wake(Due),
    /// No alarm any more.
    TakeBack(Due),
    /// The image of a container.
    Pull(usize),
    /// Objects that the pod names, beside those that are known already.
    Fetch(Purpose, BTreeSet<Key>, Answers),
    /// No more images.
    CancelPulls,
    /// The status, if it has changed.
    Write,
    /// The worker's end.
    Forget,
}

/// One turn of a worker: what it can see, and what it decides.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) now: Time,
    pub(super) profile: &'a Profile,
    pub(super) random: &'a mut Random,
    pub(super) images: &'a Images,
    pub(super) rules: &'a [Rule],
    /// The node as the watch told it last.
    pub(super) node: Option<&'a Node>,
    pub(super) actions: Vec<Action>,
}

impl Turn<'_> {
    pub(super) fn say(&mut self, what: Happening, place: Option<usize>) {
        self.actions.push(Action::Say(what, place));
    }

    pub(super) fn event(
        &mut self,
        event_type: EventType,
        reason: &'static str,
        message: String,
        place: Option<usize>,
    ) {
        self.actions
            .push(Action::Event(event_type, reason, message, place));
    }

    pub(super) fn write(&mut self) {
        self.actions.push(Action::Write);
    }
}

impl Worker {
    pub(super) fn new(pod: Pod, rules: &[Rule]) -> Self {
        let specs = pod.spec.init_containers.iter().flatten();
        let images = specs.chain(&pod.spec.containers).map(image_of);
        let (behaviours, wrong) = behaviour::of_pod(&pod, rules);
        let containers = images.zip(behaviours);
        let is_initialised = pod.spec.init_containers.iter().flatten().next().is_none();
        Self {
            key: Object::Pod(pod.clone()).key(),
            uid: pod.uid().into(),
            standing: Standing::Stored,
            stage: if pod.is_finished() {
                Stage::Ended
            } else {
                Stage::New
            },
            failure: None,
            containers: containers
                .map(|(image, behaviour)| Container::new(image, behaviour))
                .collect(),
            wrong,
            is_initialised,
            address: None,
            has_sandbox: false,
            start: None,
            dues: Vec::new(),
            reported: Arc::clone(&pod.status),
            reported_at: 0,
            asked: None,
            fetch: None,
            mount_wait: None,
            unmounted: Vec::new(),
            pod,
        }
    }

    /// The spec of the container at a place.
    pub(super) fn spec_of(&self, place: usize) -> &core::Container {
        let initial = self.pod.spec.init_containers.as_deref().unwrap_or_default();
        initial
            .get(place)
            .or_else(|| self.pod.spec.containers.get(place - initial.len()))
            .expect("the API server lets nobody add or remove containers of a pod")
    }

    /// Its name as the kubelet writes it into messages: `web_default(uid)`.
    /// Source: `format.Pod` of `pkg/kubelet/util/format`.
    pub(super) fn full_name(&self) -> String {
        format!("{}_{}({})", self.key.name, self.key.namespace, self.uid)
    }

    /// How many init containers there are.
    pub(super) fn inits(&self) -> usize {
        self.containers.len() - self.pod.spec.containers.len()
    }

    pub(super) fn is_sidecar(&self, place: usize) -> bool {
        place < self.inits() && requests::is_sidecar(self.spec_of(place))
    }

    pub(super) fn restart_policy(&self) -> &str {
        self.pod.spec.restart_policy.as_deref().unwrap_or("Always")
    }

    /// Whether a container that failed is started again.
    pub(super) fn restarts_after_failure(&self, place: usize) -> bool {
        self.is_sidecar(place) || self.restart_policy() != "Never"
    }

    /// The grace that the spec gives.
    pub(super) fn own_grace(&self) -> Duration {
        seconds(
            self.pod
                .spec
                .termination_grace_period_seconds
                .unwrap_or(30)
                .max(1),
        )
    }

    /// The grace that the deletion gives; that of the spec when the pod was removed by force, which
    /// gives none.
    /// Source: `calculateEffectiveGracePeriod` of `pkg/kubelet/pod_workers.go`.
    pub(super) fn grace(&self) -> Duration {
        let asked = self.pod.metadata.deletion_grace_period_seconds;
        asked
            .filter(|asked| *asked > 0)
            .map_or(self.own_grace(), seconds)
    }

    /// Whether the API server has it no longer.
    pub(super) fn is_gone(&self) -> bool {
        self.standing == Standing::Gone
    }

    /// Whether the pod has to go.
    pub(super) fn is_unwanted(&self) -> bool {
        self.is_gone() || self.pod.is_terminating() || self.pod.is_finished()
    }

    /// Whether the pod takes room on the node.
    pub(super) fn takes_room(&self) -> bool {
        !matches!(self.stage, Stage::New | Stage::Ended)
    }

    /// Sets an alarm; one for the same is moved.
    pub(super) fn arm(
        &mut self,
        timer: PodTimer,
        after: Duration,
        urgency: Urgency,
        turn: &mut Turn<'_>,
    ) {
        let due = Due {
            timer,
            at: turn.now + after,
            urgency,
        };
        self.disarm(timer);
        self.dues.push(due);
        turn.actions.push(Action::Wake(due));
    }

    pub(super) fn disarm(&mut self, timer: PodTimer) {
        self.dues.retain(|due| due.timer != timer);
    }

    /// Takes back the alarms that are no longer wanted, so that nobody waits for them.
    pub(super) fn take_back(&mut self, is_meant: impl Fn(PodTimer) -> bool, turn: &mut Turn<'_>) {
        let (unwanted, kept) = self.dues.iter().partition(|due| is_meant(due.timer));
        let unwanted: Vec<Due> = unwanted;
        self.dues = kept;
        turn.actions
            .extend(unwanted.into_iter().map(Action::TakeBack));
    }

    /// Whether an alarm that rings now is still wanted; it is taken off the list.
    pub(super) fn is_due(&mut self, timer: PodTimer, now: Time) -> bool {
        let place = self
            .dues
            .iter()
            .position(|due| due.timer == timer && due.at <= now);
        place.map(|place| self.dues.swap_remove(place)).is_some()
    }

    /// An alarm rang.
    pub(super) fn ring(&mut self, timer: PodTimer, turn: &mut Turn<'_>) {
        match timer {
            PodTimer::Notice => self.notice(turn),
            // The kubelet makes sandboxes itself: it knows which addresses are free.
            PodTimer::Sandbox => {}
            PodTimer::Mount => self.mount_again(turn),
            PodTimer::MountLate => self.mount_is_late(turn),
            PodTimer::Create(place) => self.created(place, turn),
            PodTimer::Start(place) => self.started(place, turn),
            PodTimer::Up(place) => self.is_up(place, turn),
            PodTimer::PostStart(place) => self.runs(place, turn),
            PodTimer::Exit(place) => self.ends_by_itself(place, turn),
            PodTimer::OutOfMemory(place) => self.exited(place, ExitCode::OUT_OF_MEMORY, turn),
            PodTimer::LookAgain(place) => self.look_again(place, turn),
            PodTimer::BackOff(place) => self.try_again(place, turn),
            PodTimer::Probe(place, kind) => self.probe(place, kind, turn),
            PodTimer::PreStop(place) => self.terminate_process(place, turn),
            PodTimer::Turn(place) => self.send_sigterm(place, turn),
            PodTimer::Stop(place) => self.stopped(place, turn),
            PodTimer::Kill(place) => {
                turn.say(Happening::Sigkill, Some(place));
                self.exited(place, ExitCode::KILLED, turn);
            }
            PodTimer::Deadline => self.exceed_deadline(turn),
            PodTimer::Write => {
                self.asked = None;
                turn.write();
            }
        }
    }

    /// Looks at what the watch said of a pod that is known already.
    fn notice(&mut self, turn: &mut Turn<'_>) {
        if self.is_unwanted() {
            let grace = self.grace();
            let what = if self.is_gone() {
                Happening::Vanished
            } else {
                Happening::AskedToStop(grace)
            };
            turn.say(what, None);
            turn.write();
            self.terminate(grace, turn);
        } else {
            self.redeclare(turn);
            self.set_deadline(turn);
            self.redefine(turn);
            turn.write();
        }
    }

    /// Reads anew what is declared of the applications; they behave so from now on, and end so from
    /// their next start on.
    fn redeclare(&mut self, turn: &mut Turn<'_>) {
        let (behaviours, wrong) = behaviour::of_pod(&self.pod, turn.rules);
        for (container, behaviour) in self.containers.iter_mut().zip(behaviours) {
            container.behaviour = behaviour;
        }
        self.wrong = wrong;
        self.say_wrong(turn);
    }

    /// Says what is wrong in the declarations.
    pub(super) fn say_wrong(&mut self, turn: &mut Turn<'_>) {
        for problem in std::mem::take(&mut self.wrong) {
            turn.event(EventType::Warning, "InvalidBehaviour", problem, None);
        }
    }

    /// Puts a container that got another image to its end, so that it starts with the new one.
    fn redefine(&mut self, turn: &mut Turn<'_>) {
        for place in 0..self.containers.len() {
            let image: Arc<str> = image_of(self.spec_of(place)).into();
            let container = &mut self.containers[place];
            if container.image == image {
                continue;
            }
            container.image = image;
            container.restart = None;
            container.pull = None;
            turn.say(Happening::Redefined, Some(place));
            match container.phase {
                Phase::Running(_) => {
                    let name = &self.spec_of(place).name;
                    let message = format!("Container {name} definition changed, will be restarted");
                    self.stop(place, self.own_grace(), message, turn);
                }
                Phase::Held(_) | Phase::Pulling => {
                    container.phase = Phase::Idle;
                    self.disarm(PodTimer::BackOff(place));
                    self.disarm(PodTimer::LookAgain(place));
                    turn.actions.push(Action::CancelPulls);
                }
                _ => {}
            }
        }
        self.advance(turn);
    }
}

/// The image of a container as its spec names it.
fn image_of(container: &core::Container) -> &str {
    container.image.as_deref().unwrap_or_default()
}
