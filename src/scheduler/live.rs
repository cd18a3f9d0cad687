//! The scheduler at work: takes a pod, decides, assumes, binds, and does it again.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{OrdMap, Vector};

use super::decision::{Decision, Outcome as Decided};
use super::event::{Change, ClusterEvent, changes};
use super::grounds::Grounds;
use super::node_info::PodInfo;
use super::note::Note;
use super::preemption::Preemption;
use super::profile::Configuration;
use super::queue::{Move, Place, Queue, QueueTimes};
use super::snapshot::Snapshot;
use super::volume_work::VolumeWork;
use super::{cycle, status};
use crate::api::{Key, Kind, Pod, Typed};
use crate::apiserver::{Binding, DeleteOptions, Outcome, RequestId, StatusWrite, Verb};
use crate::client::{
    Component, Context, Delivery, EventType, Informers, Input, Note as ClientNote, Recorder,
    Subscription,
};
use crate::sim::{RecordId, Time};

/// What the scheduler watches.
const KINDS: &[Kind] = &[
    Kind::Namespace,
    Kind::Node,
    Kind::Pod,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::Service,
    Kind::PodDisruptionBudget,
    Kind::PersistentVolume,
    Kind::PersistentVolumeClaim,
    Kind::StorageClass,
];

/// So many decisions are kept at hand; the trace has all.
const DECISIONS_MOST: usize = 512;

/// So many decisions can be explained with all figures; before that one has to go back in time.
const GROUNDS_MOST: usize = 64;

/// The alarms of the scheduler: the stations of a cycle, and time that is over for waiting pods.
#[derive(Clone, Debug, PartialEq)]
pub enum SchedulerAlarm {
    /// Takes the first pod.
    Take,
    /// Filters are through.
    Filter(Arc<Decision>),
    /// Scores are through, or nobody was left to score.
    Finish(Arc<Decision>),
    /// Pods in back-off may be tried again, or have waited long enough.
    Due,
    /// Looks whether the volumes of a pod are bound by now.
    Volumes(Key),
}

pub(super) type Hands<'a> = Context<'a, Note, SchedulerAlarm>;

/// kube-scheduler as a component.
#[derive(Clone, Debug)]
pub struct Scheduler {
    configuration: Arc<Configuration>,
    pub(super) informers: Informers,
    pub(super) snapshot: Snapshot,
    pub(super) queue: Queue,
    busy: Option<Key>,
    pub(super) binding: OrdMap<RequestId, Arc<Decision>>,
    pub(super) volumes: VolumeWork,
    start: usize,
    due: Option<Time>,
    recorder: Recorder,
    decisions: OrdMap<Key, (u64, Arc<Decision>)>,
    decided: Vector<Key>,
    grounds: Vector<(Arc<Decision>, Arc<Grounds>)>,
    decisions_made: u64,
    queued_by: OrdMap<Key, RecordId>,
}

impl Scheduler {
    /// The scheduler as it comes.
    #[must_use]
    pub fn new() -> Self {
        Self::configured(Arc::new(Configuration::default()))
    }

    /// The scheduler with this configuration.
    #[must_use]
    pub fn configured(configuration: Arc<Configuration>) -> Self {
        let times = QueueTimes {
            backoff_first: configuration.backoff_first,
            backoff_most: configuration.backoff_most,
            ..QueueTimes::default()
        };
        Self {
            configuration,
            informers: Informers::new(KINDS),
            snapshot: Snapshot::default(),
            queue: Queue::new(times),
            busy: None,
            binding: OrdMap::new(),
            volumes: VolumeWork::default(),
            start: 0,
            due: None,
            recorder: Recorder::new("default-scheduler", "").in_full(),
            decisions: OrdMap::new(),
            decided: Vector::new(),
            grounds: Vector::new(),
            decisions_made: 0,
            queued_by: OrdMap::new(),
        }
    }

    /// Its profiles.
    #[must_use]
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The queues.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What it knows of nodes and pods.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Its caches.
    #[must_use]
    pub fn informers(&self) -> &Informers {
        &self.informers
    }

    /// The last decision about a pod, of the last so many.
    #[must_use]
    pub fn decision(&self, pod: &Key) -> Option<&Arc<Decision>> {
        self.decisions.get(pod).map(|(_, decision)| decision)
    }

    /// The last decision about any pod.
    #[must_use]
    pub fn last_decision(&self) -> Option<&Arc<Decision>> {
        self.decision(self.decided.last()?)
    }

    /// What a decision was made from, as long as it is kept.
    #[must_use]
    pub fn grounds(&self, decision: &Arc<Decision>) -> Option<&Arc<Grounds>> {
        let mut kept = self.grounds.iter().rev();
        let found = kept.find(|(about, _)| Arc::ptr_eq(about, decision));
        found.map(|(_, grounds)| grounds)
    }

    fn see(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let note = Note::Client(ClientNote::delivery(delivery));
        let record = hands.note(hands.cause, note);
        for (before, after) in self.informers.apply(delivery, hands.now, record) {
            self.snapshot.apply(before.as_ref(), after.as_ref());
            let pods = (
                before.as_ref().and_then(Pod::of),
                after.as_ref().and_then(Pod::of),
            );
            self.see_pod(pods, record, hands);
            for change in changes(before.as_ref(), after.as_ref()) {
                let event = ClusterEvent {
                    change,
                    old: before.as_ref(),
                    new: after.as_ref(),
                };
                let moves = self.queue.notice(&event, &self.configuration, hands.now);
                self.tell(moves, record, hands);
            }
        }
        self.see_volumes(delivery.kind, record, hands);
        self.go_on(record, hands);
    }

    fn see_pod(
        &mut self,
        pods: (Option<&Pod>, Option<&Pod>),
        record: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let waits = |pod: &Pod| {
            pod.spec.node_name.is_none()
                && !pod.is_finished()
                && self.configuration.profile_of(pod).is_some()
        };
        match pods {
            (_, Some(pod)) if self.snapshot.is_assumed(&key_of(pod)) => {}
            (Some(old), Some(new)) if waits(new) && self.queue.get(&key_of(new)).is_some() => {
                let moved = self.queue.update(old, new, &self.configuration, hands.now);
                self.tell(moved, record, hands);
            }
            (_, Some(new)) if waits(new) => {
                self.queue.add(new, &self.configuration, hands.now);
                let gated = self
                    .queue
                    .get(&key_of(new))
                    .is_some_and(|each| each.place == Place::Gated);
                if gated {
                    hands.note(record, Note::Gated(key_of(new)));
                } else {
                    let added = Note::Client(ClientNote::Added(key_of(new)));
                    let added = hands.note(record, added);
                    self.queued_by.insert(key_of(new), added);
                }
            }
            (Some(pod), None) | (_, Some(pod)) => {
                // What is in flight is taken out when its cycle or its binding ends.
                if self.busy.as_ref() != Some(&key_of(pod)) {
                    self.queue.remove(&key_of(pod));
                }
                if pods.1.is_none() {
                    self.queued_by.remove(&key_of(pod));
                    self.decisions.remove(&key_of(pod));
                }
            }
            (None, None) => {}
        }
    }

    /// Begins the next cycle if none is under way, and sets the clock for waiting pods.
    pub(super) fn go_on(&mut self, record: RecordId, hands: &mut Hands<'_>) {
        if self.busy.is_none()
            && let Some(next) = self.queue.head()
        {
            self.busy = Some(next.key.clone());
            let after = hands.random.duration(hands.profile.scheduler.pick_up);
            hands.wake(after, record, SchedulerAlarm::Take);
        }
        if let Some(due) = self.queue.next_due()
            && self
                .due
                .is_none_or(|planned| due < planned || planned <= hands.now)
        {
            self.due = Some(due);
            let after = due.since(hands.now);
            // Waiting out a back-off is work; the flush repeats for ever.
            if self.queue.backing_off().next().is_some() {
                hands.wake(after, record, SchedulerAlarm::Due);
            } else {
                hands.wake_periodic(after, record, SchedulerAlarm::Due);
            }
        }
    }

    fn take(&mut self, hands: &mut Hands<'_>) {
        self.busy = None;
        let Some(queued) = self.queue.pop() else {
            return;
        };
        let (pod, key) = (queued.pod.clone(), queued.key.clone());
        let queued_by = self.queued_by.remove(&key).unwrap_or(hands.cause);
        let record = hands.note(
            queued_by,
            Note::Took {
                pod: key.clone(),
                attempt: queued.attempts,
                waiting: self.queue.active_count(),
            },
        );
        let is_known = self.informers.get::<Pod>(pod.namespace(), pod.name());
        let profile = self.configuration.profile_of(&pod);
        let (Some(profile), false) = (profile, is_known.is_none_or(Pod::is_terminating)) else {
            self.queue.remove(&key);
            let record = hands.note(record, Note::Passed(key));
            self.go_on(record, hands);
            return;
        };
        let decision = cycle::schedule(&pod, &self.snapshot, profile, hands.random, self.start);
        let decision = Arc::new(decision);
        let grounds = Arc::new(Grounds::new(&pod, &self.snapshot, profile));
        self.grounds.push_back((Arc::clone(&decision), grounds));
        if self.grounds.len() > GROUNDS_MOST {
            self.grounds.pop_front();
        }
        self.start = decision.next_start(self.start);
        self.busy = Some(key);
        let after = hands.random.duration(hands.profile.scheduler.phase);
        hands.wake(after, record, SchedulerAlarm::Filter(decision));
    }

    fn filter(&mut self, decision: Arc<Decision>, hands: &mut Hands<'_>) {
        self.remember(&decision);
        let record = hands.note(hands.cause, Note::Filtered(Arc::clone(&decision)));
        let after = hands.random.duration(hands.profile.scheduler.phase);
        hands.wake(after, record, SchedulerAlarm::Finish(decision));
    }

    /// Says which pods have moved, and remembers by what they may be tried again.
    fn tell(
        &mut self,
        moves: impl IntoIterator<Item = Move>,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        for moved in moves {
            let pod = moved.pod.clone();
            let record = hands.note(cause, Note::Moved(moved));
            self.queued_by.insert(pod, record);
        }
    }

    fn remember(&mut self, decision: &Arc<Decision>) {
        let pod = decision.pod.clone();
        self.decisions_made += 1;
        self.decided.push_back(pod.clone());
        let numbered = (self.decisions_made, Arc::clone(decision));
        self.decisions.insert(pod, numbered);
        if self.decided.len() <= DECISIONS_MOST {
            return;
        }
        let made = self.decisions_made - self.decided.len() as u64 + 1;
        if let Some(oldest) = self.decided.pop_front()
            && self
                .decisions
                .get(&oldest)
                .is_some_and(|(number, _)| *number == made)
        {
            self.decisions.remove(&oldest);
        }
    }

    fn finish(&mut self, decision: &Arc<Decision>, hands: &mut Hands<'_>) {
        self.busy = None;
        let key = decision.pod.clone();
        let pod = self.informers.object(&key).and_then(Pod::of).cloned();
        let record = match pod {
            None => {
                self.queue.remove(&key);
                hands.note(hands.cause, Note::Passed(key))
            }
            Some(pod) => match (decision.winner().cloned(), &decision.outcome) {
                (Some(node), _) => self.bind(&pod, &node, decision, hands),
                (None, Decided::Failed { message }) => {
                    let message = message.clone();
                    self.fail(&pod, decision, &message, hands)
                }
                (None, _) => {
                    let message = decision.message().unwrap_or_default().to_owned();
                    self.fail(&pod, decision, &message, hands)
                }
            },
        };
        self.go_on(record, hands);
    }

    /// Counts the pod on its node from now on, and asks to bind it.
    fn bind(
        &mut self,
        pod: &Pod,
        node: &str,
        decision: &Arc<Decision>,
        hands: &mut Hands<'_>,
    ) -> RecordId {
        let scored = hands.note(hands.cause, Note::Scored(Arc::clone(decision)));
        self.snapshot.assume(pod, node);
        match self.begin_volumes(pod, decision, scored, hands) {
            Some(record) => record,
            None => self.ask_to_bind(pod, decision, scored, hands),
        }
    }

    /// Asks for the binding itself.
    pub(super) fn ask_to_bind(
        &mut self,
        pod: &Pod,
        decision: &Arc<Decision>,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) -> RecordId {
        let node = decision.winner().cloned().unwrap_or_default();
        let record = hands.note(
            cause,
            Note::Binding {
                pod: decision.pod.clone(),
                node: Arc::clone(&node),
            },
        );
        let binding = Binding {
            node,
            uid: pod.uid().to_owned(),
        };
        let request = hands.ask(record, decision.pod.clone(), Verb::Bind(binding));
        self.binding.insert(request, Arc::clone(decision));
        record
    }

    fn hear(&mut self, request: RequestId, outcome: &Outcome, hands: &mut Hands<'_>) {
        let Some(decision) = self.binding.remove(&request) else {
            self.hear_of_volumes(request, outcome, hands);
            return;
        };
        let key = decision.pod.clone();
        let pod = self.informers.object(&key).cloned();
        match outcome {
            Ok(_) => {
                self.queue.remove(&key);
                let node = decision.winner().cloned().unwrap_or_default();
                let (namespace, name) = (&key.namespace, &key.name);
                let message = format!("Successfully assigned {namespace}/{name} to {node}");
                let record = hands.note(hands.cause, Note::Bound { pod: key, node });
                if let Some(pod) = pod {
                    let event = (EventType::Normal, "Scheduled", message);
                    self.recorder.event(hands, record, &pod, event);
                }
            }
            Err(refusal) => {
                let why = format!("running Bind plugin \"DefaultBinder\": {refusal}");
                self.take_back(&key, &decision, &why, hands);
            }
        }
    }

    /// A binding that failed: the room is free again, and the pod waits for its next try.
    pub(super) fn take_back(
        &mut self,
        key: &Key,
        decision: &Decision,
        why: &str,
        hands: &mut Hands<'_>,
    ) {
        let assumed = self
            .informers
            .object(key)
            .and_then(Pod::of)
            .cloned()
            .map(|mut pod| {
                pod.spec_mut().node_name = decision.winner().cloned();
                pod.into_object()
            });
        if self.snapshot.forget(key)
            && let Some(assumed) = &assumed
        {
            let event = ClusterEvent {
                change: Change::PodDeleted,
                old: Some(assumed),
                new: None,
            };
            let moves = self.queue.notice(&event, &self.configuration, hands.now);
            self.tell(moves, hands.cause, hands);
        }
        let nobody = BTreeSet::new();
        let place = self
            .queue
            .put_back(key, nobody, &self.configuration, hands.now);
        let record = hands.note(
            hands.cause,
            Note::PutBack {
                pod: key.clone(),
                place,
                why: why.to_owned(),
            },
        );
        let pod = self.informers.object(key).and_then(Pod::of).cloned();
        if let Some(pod) = pod.filter(|pod| pod.spec.node_name.is_none() && !pod.is_terminating()) {
            self.say_unscheduled(&pod, decision, (why, None), record, hands);
        }
        self.go_on(record, hands);
    }

    /// The pod fits nowhere: say so, make room if others may be asked to leave, and let it wait.
    fn fail(
        &mut self,
        pod: &Pod,
        decision: &Arc<Decision>,
        message: &str,
        hands: &mut Hands<'_>,
    ) -> RecordId {
        let mut record = hands.cause;
        let chosen = decision.preemption().and_then(Preemption::choice).cloned();
        if decision.preemption().is_some() {
            record = hands.note(record, Note::Preempting(Arc::clone(decision)));
        }
        if let Some(candidate) = &chosen {
            self.snapshot
                .nominate(PodInfo::new(pod.clone()), &candidate.node);
            for victim in &candidate.victims {
                self.preempt(&victim.key, pod, record, hands);
            }
        }
        let nominated = chosen.map(|candidate| candidate.node);
        self.say_unscheduled(
            pod,
            decision,
            (message, nominated.as_deref()),
            record,
            hands,
        );
        let refused_by = decision.unschedulable_plugins();
        let key = &decision.pod;
        let place = self
            .queue
            .put_back(key, refused_by, &self.configuration, hands.now);
        let why = message.to_owned();
        hands.note(
            record,
            Note::PutBack {
                pod: key.clone(),
                place,
                why,
            },
        )
    }

    /// Records the event and the condition of a pod that got no node.
    fn say_unscheduled(
        &mut self,
        pod: &Pod,
        decision: &Decision,
        (message, nominated): (&str, Option<&str>),
        record: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let event = (EventType::Warning, "FailedScheduling", message.to_owned());
        let about = pod.clone().into_object();
        self.recorder.event(hands, record, &about, event);
        let told = (status::reason(&decision.outcome), message);
        let failed = status::unscheduled(pod, told, nominated, hands.now);
        let verb = Verb::WriteStatus(failed.into_object(), StatusWrite::Patch);
        hands.tell(record, decision.pod.clone(), verb);
    }

    /// Asks a pod to make way: it is told why, and gets its time to end.
    fn preempt(&mut self, victim: &Key, preemptor: &Pod, record: RecordId, hands: &mut Hands<'_>) {
        let Some(pod) = self.informers.object(victim).and_then(Pod::of).cloned() else {
            return;
        };
        if pod.is_terminating() {
            return;
        }
        let told = status::preempted(&pod, preemptor, hands.now);
        hands.tell(
            record,
            victim.clone(),
            Verb::WriteStatus(told.into_object(), StatusWrite::Patch),
        );
        let options = DeleteOptions {
            uid: Some(pod.uid().to_owned()),
            ..DeleteOptions::default()
        };
        hands.tell(record, victim.clone(), Verb::Delete(options));
        let message = format!(
            "Preempted by pod {} on node {}",
            preemptor.uid(),
            pod.spec.node_name.as_deref().unwrap_or_default()
        );
        let event = (EventType::Normal, "Preempted", message);
        self.recorder
            .event(hands, record, &pod.into_object(), event);
    }
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl Component for Scheduler {
    type Note = Note;
    type Alarm = SchedulerAlarm;

    fn subscriptions(&self) -> Vec<Subscription> {
        KINDS.iter().copied().map(Subscription::all).collect()
    }

    fn handle(&mut self, input: Input<SchedulerAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => self.go_on(hands.cause, hands),
            Input::Watch(delivery) => self.see(&delivery, hands),
            Input::Answer(request, outcome) => self.hear(request, &outcome, hands),
            Input::Alarm(SchedulerAlarm::Take) => self.take(hands),
            Input::Alarm(SchedulerAlarm::Filter(decision)) => self.filter(decision, hands),
            Input::Alarm(SchedulerAlarm::Finish(decision)) => self.finish(&decision, hands),
            Input::Alarm(SchedulerAlarm::Volumes(pod)) => self.check_volumes(&pod, hands),
            Input::Alarm(SchedulerAlarm::Due) => {
                self.due = None;
                let moves = self.queue.advance(&self.configuration, hands.now);
                self.tell(moves, hands.cause, hands);
                self.go_on(hands.cause, hands);
            }
        }
    }
}

fn key_of(pod: &Pod) -> Key {
    Key::new(Kind::Pod, pod.namespace(), pod.name())
}
