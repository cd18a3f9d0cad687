//! One kubelet and the real API server with a clock between them, and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Actor, Event, Key, Kind, Node, Object, Pod, Typed, core};
use crate::apiserver::{
    Answering, ApiServer, DeleteOptions, Moment, Request, RequestId, StatusWrite, Verb,
    WriteOptions, event_for,
};
use crate::client::{Component, Context, Delivery, Input, Line, Output, Seen};
use crate::kubelet::{Happening, Kubelet, KubeletAlarm, Machine, Note, Trouble};
use crate::sim::{EventQueue, Profile, Random, RecordId, Time, Urgency};
use crate::store::Change;
use std::sync::Arc;

const WIRE: Duration = Duration::from_millis(2);

#[derive(Clone, Debug)]
enum Entry {
    Input(RecordId, Input<KubeletAlarm>),
    Request(RecordId, Arc<Request>),
}

/// The small world.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) server: ApiServer,
    pub(super) kubelet: Kubelet,
    pub(super) now: Time,
    pub(super) notes: Vec<(Time, Note)>,
    /// Every revision of every pod, with its time.
    pub(super) pods: Vec<(Time, Pod)>,
    queue: EventQueue<Entry>,
    profile: Profile,
    random: Random,
    line: Line,
    next_record: RecordId,
    is_off: bool,
    said_at_start: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Machine::new("node-a", 0))
    }

    pub(super) fn with(machine: Machine) -> Self {
        let mut world = Self {
            server: ApiServer::new(7),
            kubelet: Kubelet::new(machine, Arc::default()),
            now: Time::START,
            notes: Vec::new(),
            pods: Vec::new(),
            queue: EventQueue::new(),
            profile: Profile::kubernetes_1_34(),
            random: Random::stream(7, "kubelet/node-a"),
            line: Line::default(),
            next_record: RecordId(1),
            is_off: false,
            said_at_start: 0,
        };
        let named = |kind, metadata: Value| {
            let value = json!({"metadata": metadata});
            Object::from_value(kind, value).expect("metadata is enough")
        };
        for object in [
            named(Kind::Namespace, json!({"name": "default"})),
            named(Kind::Namespace, json!({"name": "kube-node-lease"})),
            named(
                Kind::ServiceAccount,
                json!({"name": "default", "namespace": "default"}),
            ),
            world.kubelet.node_object(Time::START),
            world.kubelet.lease_object(Time::START),
        ] {
            world.ask(object.key(), Verb::Create(object));
        }
        world.input(Input::Start);
        world.list();
        world.settle();
        world.said_at_start = world.counted_events().len();
        world
    }

    /// Gives the kubelet its list of everything, as a watch that opens does.
    pub(super) fn list(&mut self) {
        for subscription in self.kubelet.subscriptions() {
            let objects: Vec<Object> = self
                .server
                .store()
                .list(subscription.kind, None)
                .filter(|object| subscription.scope.covers(object))
                .cloned()
                .collect();
            self.input(Input::Watch(Delivery {
                kind: subscription.kind,
                revision: self.server.store().revision(),
                seen: Seen::Listed(objects),
            }));
        }
    }

    /// A request of somebody else.
    pub(super) fn ask(&mut self, key: Key, verb: Verb) {
        let request = Request {
            id: RequestId(0),
            actor: Actor::kubectl(),
            key,
            verb,
            answer: Answering::Ignored,
            urgency: Urgency::Work,
            options: WriteOptions::default(),
        };
        self.serve(RecordId(0), &request);
    }

    /// Creates a pod that is bound to the node: a spec, with one container when it names none.
    pub(super) fn run_pod(&mut self, name: &str, mut spec: Value) -> Key {
        spec["nodeName"] = "node-a".into();
        if spec.get("containers").is_none() {
            spec["containers"] = json!([{"name": "web", "image": "nginx:1.29"}]);
        }
        self.create(json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec}))
    }

    /// Creates a pod as it is written.
    pub(super) fn create(&mut self, value: Value) -> Key {
        let object = Object::from_value(Kind::Pod, value).expect("the test writes a pod");
        let key = object.key();
        self.ask(key.clone(), Verb::Create(object));
        key
    }

    pub(super) fn delete(&mut self, pod: &Key, grace: Option<i64>) {
        let options = DeleteOptions {
            grace_period_seconds: grace,
            ..DeleteOptions::default()
        };
        self.ask(pod.clone(), Verb::Delete(options));
    }

    pub(super) fn change(&mut self, pod: &Key, change: impl FnOnce(&mut Pod)) {
        let mut object = self.pod(pod).expect("the pod is there");
        change(&mut object);
        object.metadata_mut().resource_version = None;
        self.ask(pod.clone(), Verb::Update(object.into_object()));
    }

    /// Somebody else writes the status of a pod.
    pub(super) fn change_status(&mut self, pod: &Key, change: impl FnOnce(&mut core::PodStatus)) {
        let mut object = self.pod(pod).expect("the pod is there");
        change(object.status_mut());
        object.metadata_mut().resource_version = None;
        self.ask(
            pod.clone(),
            Verb::WriteStatus(object.into_object(), StatusWrite::Update),
        );
    }

    /// Somebody else writes the status of the node.
    pub(super) fn change_node(&mut self, change: impl FnOnce(&mut core::NodeStatus)) {
        let key = Key::new(Kind::Node, "", "node-a");
        let object = self.server.store().get(&key).and_then(Node::of);
        let mut node = object.expect("the node is there").clone();
        change(node.status_mut());
        node.metadata_mut().resource_version = None;
        self.ask(
            key,
            Verb::WriteStatus(node.into_object(), StatusWrite::Update),
        );
    }

    /// Somebody changes the spec of the node.
    pub(super) fn change_node_spec(&mut self, change: impl FnOnce(&mut core::NodeSpec)) {
        let key = Key::new(Kind::Node, "", "node-a");
        let object = self.server.store().get(&key).and_then(Node::of);
        let mut node = object.expect("the node is there").clone();
        change(node.spec_mut());
        node.metadata_mut().resource_version = None;
        self.ask(key, Verb::Update(node.into_object()));
    }

    /// The process of the kubelet is started again; its watches begin anew.
    pub(super) fn restart(&mut self) {
        self.input(Input::Start);
        self.list();
    }

    pub(super) fn suffer(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::PowerOff => self.is_off = true,
            Trouble::PowerOn => self.is_off = false,
            _ => {}
        }
        let kubelet = self.kubelet.clone();
        let trouble = trouble.clone();
        self.step(RecordId(0), kubelet, move |kubelet, hands| {
            kubelet.suffer(&trouble, hands);
        });
    }

    fn input(&mut self, input: Input<KubeletAlarm>) {
        self.deliver(RecordId(0), input);
    }

    fn deliver(&mut self, cause: RecordId, input: Input<KubeletAlarm>) {
        if self.is_off {
            return;
        }
        let kubelet = self.kubelet.clone();
        self.step(cause, kubelet, move |kubelet, hands| {
            kubelet.handle(input, hands);
        });
    }

    fn step(
        &mut self,
        cause: RecordId,
        mut kubelet: Kubelet,
        act: impl FnOnce(&mut Kubelet, &mut Context<'_, Note, KubeletAlarm>),
    ) {
        let actor = Actor::Kubelet("node-a".into());
        let mut hands = Context::new(
            &actor,
            (self.now, cause, self.next_record),
            &self.profile,
            &mut self.random,
            &mut self.line,
        );
        act(&mut kubelet, &mut hands);
        let Output {
            notes,
            requests,
            alarms,
            ..
        } = hands.finish();
        for noted in notes {
            assert!(noted.cause < noted.id, "a cause comes first");
            self.next_record = noted.id.next();
            self.notes.push((self.now, noted.note));
        }
        for sending in requests {
            let entry = Entry::Request(sending.cause, sending.request.clone());
            self.queue
                .push(self.now + WIRE, sending.request.urgency, entry);
        }
        for alarm in alarms {
            let entry = Entry::Input(alarm.cause, Input::Alarm(alarm.alarm));
            self.queue.push(alarm.at, alarm.urgency, entry);
        }
        self.kubelet = kubelet;
    }

    fn serve(&mut self, cause: RecordId, request: &Request) {
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        let handled = self.server.handle(request, moment);
        // A kubelet may ask for what is not there.
        if let Err(refusal) = &handled.outcome
            && !matches!(request.verb, Verb::Get)
        {
            panic!("{request} is refused: {}", refusal.message);
        }
        if request.answer == Answering::Awaited {
            let answer = Input::Answer(request.id, Arc::new(handled.outcome.clone()));
            let entry = Entry::Input(cause, answer);
            self.queue.push(self.now + WIRE, request.urgency, entry);
        }
        for change in &handled.changes {
            self.tell(change, request.urgency, cause);
        }
    }

    /// Lets the kubelet hear of a change.
    fn tell(&mut self, change: &Change, urgency: Urgency, cause: RecordId) {
        if let Object::Pod(pod) = &change.object {
            self.pods.push((self.now, pod.clone()));
        }
        for subscription in self.kubelet.subscriptions() {
            let of_kind = subscription.kind == change.key.kind;
            let event = event_for(change, &subscription.scope).filter(|_| of_kind);
            if let Some(event) = event {
                let delivery = Delivery {
                    kind: subscription.kind,
                    revision: change.revision,
                    seen: Seen::Event(event),
                };
                let entry = Entry::Input(cause, Input::Watch(delivery));
                self.queue.push(self.now + WIRE * 2, urgency, entry);
            }
        }
    }

    fn happen(&mut self) -> bool {
        let Some((at, _, entry)) = self.queue.pop() else {
            return false;
        };
        self.now = at;
        match entry {
            Entry::Input(cause, input) => self.deliver(cause, input),
            Entry::Request(cause, request) => self.serve(cause, &request),
        }
        true
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        while self.queue.peek().is_some_and(|(at, ..)| at <= until) {
            self.happen();
        }
        self.now = until;
    }

    pub(super) fn pass_seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Lets everything happen that is not periodic.
    pub(super) fn settle(&mut self) {
        let mut steps = 0;
        while !self.queue.is_idle() {
            steps += 1;
            assert!(steps < 100_000, "the kubelet comes to rest");
            self.happen();
        }
    }

    pub(super) fn pod(&self, key: &Key) -> Option<Pod> {
        Pod::of(self.server.store().get(key)?).cloned()
    }

    pub(super) fn phase(&self, key: &Key) -> String {
        self.pod(key)
            .map_or_else(|| "gone".to_owned(), |pod| pod.phase().to_owned())
    }

    /// The status of the container at a place among the regular ones.
    pub(super) fn container(&self, key: &Key, place: usize) -> core::ContainerStatus {
        let pod = self.pod(key).expect("the pod is there");
        let statuses = pod.status.container_statuses.clone().unwrap_or_default();
        statuses
            .into_iter()
            .nth(place)
            .expect("the container has a status")
    }

    pub(super) fn init_container(&self, key: &Key, place: usize) -> core::ContainerStatus {
        let pod = self.pod(key).expect("the pod is there");
        let statuses = pod.status.init_container_statuses.clone();
        let mut statuses = statuses.unwrap_or_default().into_iter();
        statuses.nth(place).expect("the container has a status")
    }

    /// The happenings of pods, in order.
    pub(super) fn happenings(&self) -> impl Iterator<Item = (Time, &Happening)> {
        self.notes.iter().filter_map(|(at, note)| match note {
            Note::Pod(note) => Some((*at, &note.what)),
            _ => None,
        })
    }

    /// The names of the steps of one happening after the other.
    pub(super) fn steps(&self) -> Vec<String> {
        let values = self
            .notes
            .iter()
            .filter(|(_, note)| matches!(note, Note::Pod(_)));
        values
            .filter_map(|(_, note)| note.to_value()["step"].as_str().map(str::to_owned))
            .collect()
    }

    /// Events as `reason: message`, oldest first, without those of the start.
    pub(super) fn events(&self) -> Vec<String> {
        let since_start = self.counted_events().into_iter().skip(self.said_at_start);
        since_start.map(|(line, _)| line).collect()
    }

    /// All events with how often they were said.
    pub(super) fn counted_events(&self) -> Vec<(String, i32)> {
        let mut events: Vec<&Event> = self
            .server
            .store()
            .list(Kind::Event, None)
            .filter_map(Event::of)
            .collect();
        events.sort_by_key(|event| {
            let name = event.metadata.name.as_deref().unwrap_or_default();
            name.rsplit('.').next().unwrap_or_default().to_owned()
        });
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let line = |event: &&Event| {
            let (reason, message) = (text(&event.spec.reason), text(&event.spec.message));
            (
                format!("{reason}: {message}"),
                event.spec.count.unwrap_or_default(),
            )
        };
        events.iter().map(line).collect()
    }

    /// How often an event with this beginning was said, over all that begin so.
    pub(super) fn times_said(&self, start: &str) -> i32 {
        let events = self.counted_events().into_iter();
        let alike = events.filter(|(line, _)| line.starts_with(start));
        alike.map(|(_, count)| count).sum()
    }
}
