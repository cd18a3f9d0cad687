//! What a kubelet knows, and how watches, answers and alarms reach its pod workers.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::alarm::{KubeletAlarm, PodTimer};
use super::fetch::Fetch;
use super::image::{Images, Pulls};
use super::image_gc;
use super::note::{Happening, Note, PodNote};
use super::pressure::Pressure;
use super::worker::{Action, Stage, Standing, Turn, Worker};
use super::{Machine, Rule, admission, pod_status};
use crate::api::owners::Provenance;
use crate::api::{Key, Kind, Node, Object, ObjectMeta, Pod, Typed, core};
use crate::apiserver::{
    Answer, DeleteOptions, Outcome, Reason, RequestId, StatusWrite, Verb, WatchEvent,
};
use crate::client::{self, About, Context, Delivery, EventType, Input, Recorder, Seen};
use crate::sim::{RecordId, Time, Urgency};

/// When a status that could not be written is written again: the period in which the status
/// manager looks at everything. Source: `syncPeriod` of `pkg/kubelet/status/status_manager.go`.
const WRITE_AGAIN: Duration = Duration::from_secs(10);

pub(super) type Hands<'a> = Context<'a, Note, KubeletAlarm>;

/// Whether the machine has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// It has.
    On,
    /// It has none.
    Off,
    /// It has again, and the kubelet waits for the list of its pods.
    Back,
}

/// What started a kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starting {
    /// The process alone.
    Process,
    /// Its machine was off.
    Machine,
}

/// The state of a kubelet.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) machine: Arc<Machine>,
    /// What the scenario says of applications.
    rules: Arc<[Rule]>,
    /// By uid.
    pub(super) workers: BTreeMap<Arc<str>, Arc<Worker>>,
    pub(super) images: Images,
    pub(super) pressure: Pressure,
    pub(super) pulls: Pulls,
    /// Bytes on the disk that belong to no pod and no image, beside the system.
    pub(super) other_files: u64,
    /// When it looks next how full the disk is.
    pub(super) next_image_gc: Time,
    /// The node as the watch told it last.
    pub(super) node: Option<Node>,
    /// Whether nothing has changed since the node's status was last compared.
    pub(super) is_node_checked: bool,
    /// When the node's status was last written.
    pub(super) reported: Time,
    pub(super) recorder: Recorder,
    /// When the next sign of life is due; an alarm that rings earlier was moved.
    pub(super) next_beat: Time,
    /// How often the machine was switched on again.
    pub(super) boots: u32,
    pub(super) power: Power,
    /// What started it, while it does not have its node yet.
    pub(super) starting: Option<Starting>,
    /// Whether somebody stopped the process: the machine goes on, and nobody is told.
    pub(super) is_frozen: bool,
    /// Whether the node was cordoned when its status was last compared.
    pub(super) is_cordoned: bool,
    last_address: Ipv4Addr,
}

impl Agent {
    pub(super) fn new(machine: Machine, rules: Arc<[Rule]>) -> Self {
        Self {
            recorder: Recorder::new("kubelet", &machine.name),
            last_address: machine.pod_network,
            machine: Arc::new(machine),
            rules,
            workers: BTreeMap::new(),
            images: Images::default(),
            pressure: Pressure::default(),
            pulls: Pulls::default(),
            other_files: 0,
            next_image_gc: Time::START + image_gc::PERIOD,
            node: None,
            is_node_checked: false,
            reported: Time::START,
            next_beat: Time::START,
            boots: 0,
            power: Power::On,
            starting: None,
            is_frozen: false,
            is_cordoned: false,
        }
    }

    pub(super) fn node_key(&self) -> Key {
        Key::new(Kind::Node, "", &self.machine.name)
    }

    pub(super) fn handle(&mut self, input: Input<KubeletAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => self.start(hands),
            Input::Watch(delivery) => self.see(&delivery, hands),
            Input::Answer(request, outcome) => {
                if !self.hear_fetched(request, &outcome, hands) {
                    self.hear(request, &outcome, hands);
                }
            }
            Input::Alarm(KubeletAlarm::Heartbeat) => self.heartbeat(hands),
            Input::Alarm(KubeletAlarm::Pull { pull, turn }) => self.pull_ends(pull, turn, hands),
            Input::Alarm(KubeletAlarm::Evicted) => self.await_eviction(hands),
            Input::Alarm(KubeletAlarm::Pod { uid, timer }) => self.ring(&uid, timer, hands),
        }
    }

    /// The process starts. When it was running before, everything that was planned is still to come,
    /// and an answer that was under way may be lost.
    fn start(&mut self, hands: &mut Hands<'_>) {
        let record = hands.note(hands.cause, Note::Started(self.node_key()));
        self.is_cordoned = false;
        match self.node {
            Some(_) => self.say_started(record, hands),
            None => {
                self.starting.get_or_insert(Starting::Process);
            }
        }
        self.resume_beat(record, hands);
        self.resume_pull(record, hands);
        let uids: Vec<Arc<str>> = self.workers.keys().cloned().collect();
        for uid in uids {
            self.turn(&uid, record, hands, |worker, turn| {
                turn.actions
                    .extend(worker.dues.iter().copied().map(Action::Wake));
                turn.actions.extend(worker.fetch.take().map(Fetch::again));
                if worker.asked.is_some() {
                    worker.arm(PodTimer::Write, WRITE_AGAIN, Urgency::Periodic, turn);
                }
            });
        }
    }

    fn see(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let note = Note::Client(client::Note::delivery(delivery));
        let record = hands.note(hands.cause, note);
        match &delivery.seen {
            Seen::Resumed if delivery.kind == Kind::Pod => self.revive(record, hands),
            Seen::Gone | Seen::Resumed | Seen::Refused(_) => {}
            Seen::Listed(objects) => {
                for object in objects {
                    self.see_object(object, record, hands);
                }
                match delivery.kind {
                    Kind::Pod => self.compare_with(objects, record, hands),
                    Kind::Node if objects.is_empty() => self.register(record, hands),
                    _ => {}
                }
            }
            Seen::Event(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                self.see_object(object, record, hands);
            }
            Seen::Event(WatchEvent::Deleted(object)) => match object {
                Object::Pod(pod) => {
                    let uid = pod.uid().into();
                    self.lose(&uid, Some(pod), record, hands);
                }
                _ => self.node = None,
            },
        }
    }

    fn see_object(&mut self, object: &Object, record: RecordId, hands: &mut Hands<'_>) {
        match object {
            Object::Pod(pod) => self.see_pod(pod, record, hands),
            Object::Node(node) => {
                self.node = Some(node.clone());
                self.is_node_checked = false;
                if self.starting.is_some() {
                    self.say_started(record, hands);
                }
            }
            _ => {}
        }
    }

    fn see_pod(&mut self, pod: &Pod, record: RecordId, hands: &mut Hands<'_>) {
        let uid: Arc<str> = pod.uid().into();
        let Some(worker) = self.workers.get_mut(&uid) else {
            self.meet(pod, record, hands);
            return;
        };
        let worker = Arc::make_mut(worker);
        let before = std::mem::replace(&mut worker.pod, pod.clone());
        let revision = Object::Pod(pod.clone()).revision();
        let is_news = worker.asked.is_none() && revision > worker.reported_at;
        if is_news {
            worker.reported = Arc::clone(&pod.status);
            worker.reported_at = revision;
        }
        let asks = |pod: &Pod| {
            let metadata = &pod.metadata;
            let deletion = metadata.deletion_grace_period_seconds;
            (metadata.generation, deletion, pod.is_terminating())
        };
        // A change of the spec moves the generation.
        let is_asked =
            asks(&before) != asks(pod) || before.metadata.annotations != pod.metadata.annotations;
        let is_up = matches!(
            worker.stage,
            Stage::Volumes | Stage::Sandbox | Stage::Running
        );
        let is_ended_outside = pod.is_finished() && is_up;
        let is_new = worker.stage == Stage::New;
        if is_new {
            return;
        }
        if is_asked || is_ended_outside {
            self.arm_notice(&uid, record, hands);
        } else if is_news && before.status != pod.status {
            self.write(&uid, record, hands);
        }
    }

    /// A pod that is new to this node.
    fn meet(&mut self, pod: &Pod, record: RecordId, hands: &mut Hands<'_>) {
        let worker = Worker::new(pod.clone(), &self.rules);
        let uid = Arc::clone(&worker.uid);
        let is_new = worker.stage == Stage::New;
        self.workers.insert(Arc::clone(&uid), Arc::new(worker));
        if is_new {
            self.arm_notice(&uid, record, hands);
        }
    }

    fn arm_notice(&mut self, uid: &Arc<str>, record: RecordId, hands: &mut Hands<'_>) {
        let after = hands.random.duration(hands.profile.kubelet.notice);
        self.turn(uid, record, hands, |worker, turn| {
            worker.arm(PodTimer::Notice, after, Urgency::Work, turn);
        });
    }

    /// The API server has the pod no longer.
    fn lose(
        &mut self,
        uid: &Arc<str>,
        last: Option<&Pod>,
        record: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let Some(worker) = self.workers.get_mut(uid) else {
            return;
        };
        let worker = Arc::make_mut(worker);
        worker.standing = Standing::Gone;
        if let Some(last) = last {
            worker.pod = last.clone();
        }
        if matches!(worker.stage, Stage::New | Stage::Ended) {
            self.perform(uid, record, vec![Action::Forget], hands);
        } else {
            self.arm_notice(uid, record, hands);
        }
    }

    /// After a list: what is not in it is gone.
    fn compare_with(&mut self, listed: &[Object], record: RecordId, hands: &mut Hands<'_>) {
        let uids: Vec<Arc<str>> = self.workers.keys().cloned().collect();
        for uid in uids {
            if !listed.iter().any(|object| object.uid() == &*uid) {
                self.lose(&uid, None, record, hands);
            }
        }
        self.revive(record, hands);
    }

    /// After a loss of power, once the pods are known again: they come up.
    fn revive(&mut self, record: RecordId, hands: &mut Hands<'_>) {
        if self.power != Power::Back {
            return;
        }
        self.power = Power::On;
        let uids: Vec<Arc<str>> = self.workers.keys().cloned().collect();
        for uid in uids {
            self.turn(&uid, record, hands, Worker::revive);
        }
    }

    fn ring(&mut self, uid: &Arc<str>, timer: PodTimer, hands: &mut Hands<'_>) {
        let Some(worker) = self.workers.get_mut(uid) else {
            return;
        };
        let worker = Arc::make_mut(worker);
        if !worker.is_due(timer, hands.now) {
            return;
        }
        let is_first = worker.stage == Stage::New && !worker.is_unwanted();
        let cause = hands.cause;
        match timer {
            PodTimer::Notice if is_first => {
                let worker = &self.workers[uid];
                let others = self.workers.values().filter(|other| other.takes_room());
                let others = others.map(|other| &other.pod);
                let node = (self.node.as_ref(), &self.machine.allocatable());
                let told = self.pressure.told();
                let verdict = admission::check(&worker.pod, (node, &told), others);
                self.turn(uid, cause, hands, |worker, turn| {
                    worker.admit(verdict, turn);
                });
            }
            PodTimer::Sandbox => self.sandbox(uid, hands),
            _ => self.turn(uid, cause, hands, |worker, turn| worker.ring(timer, turn)),
        }
    }

    fn sandbox(&mut self, uid: &Arc<str>, hands: &mut Hands<'_>) {
        let cause = hands.cause;
        let on_host = self.workers[uid].pod.spec.host_network == Some(true);
        let address = if on_host {
            Some(self.machine.address)
        } else {
            self.free_address()
        };
        match address {
            Some(address) => self.turn(uid, cause, hands, |worker, turn| {
                worker.sandbox_made(address, turn);
            }),
            None => self.turn(uid, cause, hands, Worker::lacks_address),
        }
    }

    /// The next address that no sandbox has, round and round as the `host-local` plugin does it.
    fn free_address(&mut self) -> Option<Ipv4Addr> {
        let is_taken = |address: &Ipv4Addr| {
            self.workers
                .values()
                .any(|worker| worker.has_sandbox && worker.address == Some(*address))
        };
        let last = self.last_address;
        let after = self.machine.pod_addresses().filter(|each| *each > last);
        let again = self.machine.pod_addresses().filter(|each| *each <= last);
        let free = after.chain(again).find(|address| !is_taken(address))?;
        self.last_address = free;
        Some(free)
    }

    /// Lets one worker take a turn, and does what it decides.
    pub(super) fn turn(
        &mut self,
        uid: &Arc<str>,
        cause: RecordId,
        hands: &mut Hands<'_>,
        act: impl FnOnce(&mut Worker, &mut Turn<'_>),
    ) {
        let Some(worker) = self.workers.get_mut(uid) else {
            return;
        };
        let mut turn = Turn {
            now: hands.now,
            profile: hands.profile,
            random: &mut *hands.random,
            images: &self.images,
            rules: &self.rules,
            node: self.node.as_ref(),
            actions: Vec::new(),
        };
        act(Arc::make_mut(worker), &mut turn);
        let actions = turn.actions;
        self.perform(uid, cause, actions, hands);
    }

    /// Does what a worker decided, in order; each thing follows from the last one that was said.
    fn perform(
        &mut self,
        uid: &Arc<str>,
        mut cause: RecordId,
        actions: Vec<Action>,
        hands: &mut Hands<'_>,
    ) {
        for action in actions {
            match action {
                Action::Say(what, place) => cause = self.say(uid, place, what, cause, hands),
                Action::Event(event_type, reason, message, place) => {
                    let what = (event_type, reason, message);
                    self.event(uid, place, what, cause, hands);
                }
                Action::Wake(due) => {
                    let alarm = alarm_of(uid, due.timer);
                    set_alarm(due.at.since(hands.now), due.urgency, cause, alarm, hands);
                }
                Action::TakeBack(due) => hands.take_back(due.at, alarm_of(uid, due.timer)),
                Action::Pull(place) => cause = self.want_image(uid, place, cause, hands),
                Action::Fetch(purpose, keys, known) => {
                    self.fetch(uid, (purpose, keys, known), cause, hands);
                }
                Action::CancelPulls => self.pulls.forget(uid),
                Action::Write => self.write(uid, cause, hands),
                Action::Forget => {
                    cause = self.say(uid, None, Happening::Forgotten, cause, hands);
                    if let Some(worker) = self.workers.remove(uid) {
                        // A long back-off would keep the world from being settled for nothing.
                        for image in image_gc::images_of(&worker) {
                            self.images.used(&image, hands.now);
                        }
                        for due in &worker.dues {
                            hands.take_back(due.at, alarm_of(uid, due.timer));
                        }
                        self.pulls.forget(uid);
                        self.recorder.forget(&worker.key);
                    }
                }
            }
        }
    }

    /// Puts something about a pod into the trace; without the pod, nothing.
    pub(super) fn say(
        &self,
        uid: &Arc<str>,
        place: Option<usize>,
        what: Happening,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) -> RecordId {
        let Some(worker) = self.workers.get(uid) else {
            return cause;
        };
        let note = PodNote {
            pod: worker.key.clone(),
            uid: Arc::clone(uid),
            container: place.map(|place| worker.spec_of(place).name.as_str().into()),
            what,
        };
        hands.note(cause, Note::Pod(note))
    }

    fn event(
        &mut self,
        uid: &Arc<str>,
        place: Option<usize>,
        what: (EventType, &'static str, String),
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let Some(worker) = self.workers.get(uid).filter(|_| !self.is_frozen) else {
            return;
        };
        let field_path = place.map(|place| {
            let list = if place < worker.inits() {
                "initContainers"
            } else {
                "containers"
            };
            format!("spec.{list}{{{}}}", worker.spec_of(place).name)
        });
        let object = worker.pod.clone().into_object();
        let about = About {
            object: &object,
            field_path,
        };
        self.recorder.event(hands, cause, about, what);
    }

    /// Writes the status of a pod when it has changed, one write after the other; when the last one
    /// is written of a pod that has to go, lets it go.
    pub(super) fn write(&mut self, uid: &Arc<str>, cause: RecordId, hands: &mut Hands<'_>) {
        let Some(worker) = self.workers.get_mut(uid) else {
            return;
        };
        if self.is_frozen || worker.standing != Standing::Stored || worker.asked.is_some() {
            return;
        }
        let is_known = worker.start.is_some();
        let status = pod_status::generate(worker, self.machine.address, hands.now);
        let key = worker.key.clone();
        if is_known && status != *worker.reported {
            let (ready, all) = pod_status::ready_count(&status);
            let phase = status.phase.clone().unwrap_or_default();
            let object = status_only(&key, uid, status).into_object();
            let what = Happening::Reported(phase, ready, all);
            let record = self.say(uid, None, what, cause, hands);
            let request = hands.ask(record, key, Verb::WriteStatus(object, StatusWrite::Patch));
            self.wait_for_answer(uid, request, Standing::Stored);
        } else if worker.stage == Stage::Ended && worker.pod.is_terminating() {
            let options = DeleteOptions {
                grace_period_seconds: Some(0),
                uid: Some(uid.to_string()),
                ..DeleteOptions::default()
            };
            let record = self.say(uid, None, Happening::Released, cause, hands);
            let request = hands.ask(record, key, Verb::Delete(options));
            self.wait_for_answer(uid, request, Standing::Released);
        }
    }

    fn wait_for_answer(&mut self, uid: &Arc<str>, request: RequestId, standing: Standing) {
        if let Some(worker) = self.workers.get_mut(uid) {
            let worker = Arc::make_mut(worker);
            worker.asked = Some(request);
            worker.standing = standing;
        }
    }

    fn hear(&mut self, request: RequestId, outcome: &Outcome, hands: &mut Hands<'_>) {
        let mut workers = self.workers.iter_mut();
        let Some((uid, worker)) = workers.find(|(_, worker)| worker.asked == Some(request)) else {
            return;
        };
        let uid = Arc::clone(uid);
        let worker = Arc::make_mut(worker);
        worker.asked = None;
        let cause = hands.cause;
        match outcome {
            Ok(Answer::Object(object)) => {
                if let Object::Pod(pod) = object {
                    worker.reported = Arc::clone(&pod.status);
                    worker.reported_at = object.revision();
                }
                self.write(&uid, cause, hands);
            }
            Ok(_) => {}
            // The watch will tell that it is gone.
            Err(refusal) if matches!(refusal.reason, Reason::NotFound | Reason::Conflict) => {}
            Err(refusal) => {
                // Without a network it will not come right before somebody mends that.
                let urgency = match refusal.reason {
                    Reason::Timeout => Urgency::Periodic,
                    _ => Urgency::Work,
                };
                if worker.standing == Standing::Released {
                    worker.standing = Standing::Stored;
                }
                let what = Happening::BackedOff("StatusNotWritten", WRITE_AGAIN);
                let record = self.say(&uid, None, what, cause, hands);
                self.turn(&uid, record, hands, |worker, turn| {
                    worker.arm(PodTimer::Write, WRITE_AGAIN, urgency, turn);
                });
            }
        }
    }
}

fn alarm_of(uid: &Arc<str>, timer: PodTimer) -> KubeletAlarm {
    KubeletAlarm::Pod {
        uid: Arc::clone(uid),
        timer,
    }
}

pub(super) fn set_alarm(
    after: Duration,
    urgency: Urgency,
    cause: RecordId,
    alarm: KubeletAlarm,
    hands: &mut Hands<'_>,
) {
    match urgency {
        Urgency::Work => hands.wake(after, cause, alarm),
        Urgency::Periodic => hands.wake_periodic(after, cause, alarm),
    }
}

/// What a status write carries: which pod it is meant for, and the status.
fn status_only(key: &Key, uid: &str, status: core::PodStatus) -> Pod {
    let metadata = ObjectMeta {
        name: Some(key.name.to_string()),
        namespace: Some(key.namespace.to_string()),
        uid: Some(uid.to_owned()),
        ..ObjectMeta::default()
    };
    Pod {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: Arc::default(),
        status: status.into(),
    }
}
