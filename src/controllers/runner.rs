//! The loop that every controller runs in: caches, queue, one plan after the other.

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, OrdSet, Vector};

use super::controller::{Act, Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::expectations::Expectations;
use super::horizontal_pod_autoscaler::Recommendations;
use super::memory::Memory;
use super::wording;
use super::work::{Trouble, Work, is_delete, is_namespace_going, urgency_of_retry};
use crate::api::{Key, Kind, Object};
use crate::apiserver::{Answer, Outcome, Reason, Refusal, RequestId, Verb};
use crate::client::{
    Added, Component, Context, Delivery, Informers, Input, Note, Queued, Reconcile, Recorder, Seen,
    Subscription, WorkQueue,
};
use crate::sim::{RecordId, Time, Urgency};

/// The alarms of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControllerAlarm {
    /// A worker looks into the queue.
    Work,
    /// A delayed key is due.
    Due(Key),
    /// The periodic check.
    Periodic,
}

type Hands<'a> = Context<'a, Note, ControllerAlarm>;

/// A controller at work.
#[derive(Clone, Debug)]
pub struct Runner {
    controller: &'static Controller,
    informers: Informers,
    queue: WorkQueue,
    work: OrdMap<Key, Work>,
    asked: OrdMap<RequestId, Key>,
    expected: Expectations,
    unlisted: OrdSet<Kind>,
    /// Keys with news that have not been looked at yet, because more may come.
    gathering: OrdSet<Key>,
    refused: OrdMap<Key, Refusal>,
    waiting: OrdMap<Key, (Time, &'static str)>,
    remembered: OrdMap<Key, Memory>,
    recorder: Recorder,
    last_plan: Option<Arc<Reconcile>>,
    keeps_expectations: bool,
}

impl Component for Runner {
    type Note = Note;
    type Alarm = ControllerAlarm;

    fn subscriptions(&self) -> Vec<Subscription> {
        Self::subscriptions(self).collect()
    }

    fn handle(&mut self, input: Input<ControllerAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => self.start(hands),
            Input::Watch(delivery) => self.see(&delivery, hands),
            Input::Answer(request, outcome) => self.hear(request, &outcome, hands),
            Input::Alarm(ControllerAlarm::Work) => self.take(hands),
            Input::Alarm(ControllerAlarm::Due(key)) => {
                if self.queue.is_due(&key, hands.now) {
                    self.gathering.remove(&key);
                    let record =
                        hands.note(hands.cause, Note::Rang("look again", Some(key.clone())));
                    self.enqueue(&key, record, hands);
                }
            }
            Input::Alarm(ControllerAlarm::Periodic) => self.check(hands),
        }
    }
}

impl Runner {
    /// The controller, not started yet.
    #[must_use]
    pub fn new(controller: &'static Controller) -> Self {
        Self {
            controller,
            informers: Informers::new(controller.watches),
            queue: WorkQueue::default(),
            work: OrdMap::new(),
            asked: OrdMap::new(),
            expected: Expectations::default(),
            unlisted: controller.watches.iter().copied().collect(),
            gathering: OrdSet::new(),
            refused: OrdMap::new(),
            waiting: OrdMap::new(),
            remembered: OrdMap::new(),
            recorder: Recorder::new(controller.event_source, ""),
            last_plan: None,
            keeps_expectations: true,
        }
    }

    /// Its definition.
    #[must_use]
    pub fn controller(&self) -> &'static Controller {
        self.controller
    }

    /// What it watches.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription> {
        self.controller
            .watches
            .iter()
            .copied()
            .map(Subscription::all)
    }

    /// Its caches.
    #[must_use]
    pub fn informers(&self) -> &Informers {
        &self.informers
    }

    /// Its queue.
    #[must_use]
    pub fn queue(&self) -> &WorkQueue {
        &self.queue
    }

    /// The last plan that it made.
    #[must_use]
    pub fn last_plan(&self) -> Option<&Arc<Reconcile>> {
        self.last_plan.as_ref()
    }

    /// What will be so when it looks at a key again, in words; empty when there is nothing to say.
    #[must_use]
    pub fn why_later(&self, key: &Key) -> &'static str {
        self.waiting.get(key).map_or("", |(_, why)| why)
    }

    /// What the API server answered last time, when it refused what a key needs.
    #[must_use]
    pub fn refused(&self, key: &Key) -> Option<&Refusal> {
        self.refused.get(key)
    }

    /// What an autoscaler recommended lately.
    #[must_use]
    pub fn recommended(&self, key: &Key) -> Option<&Recommendations> {
        match self.remembered.get(key) {
            Some(Memory::Recommendations(recommendations)) => Some(recommendations),
            _ => None,
        }
    }

    /// Whether it waits to see its own writes before it plans again; off, it creates twice.
    pub fn keep_expectations(&mut self, keeps: bool) {
        self.keeps_expectations = keeps;
    }

    /// The same controller at the start of another life: it knows nothing, but keeps its switches.
    #[must_use]
    pub fn reborn(&self) -> Self {
        let mut reborn = Self::new(self.controller);
        reborn.keeps_expectations = self.keeps_expectations;
        reborn
    }

    fn start(&mut self, hands: &mut Hands<'_>) {
        if let Some(periodic) = &self.controller.periodic {
            let period = (periodic.period)(hands.profile);
            hands.wake_periodic(period, hands.cause, ControllerAlarm::Periodic);
        }
    }

    fn see(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let record = hands.note(hands.cause, Note::delivery(delivery));
        let changes = self.informers.apply(delivery, hands.now, record);
        for (before, after) in &changes {
            let change = Change {
                before: before.as_ref(),
                after: after.as_ref(),
            };
            for key in (self.controller.concerns)(&self.informers, &change) {
                self.add(&key, &change, record, hands);
            }
            if let (Some(gone), None) = (before, after) {
                self.remembered.remove(&gone.key());
            }
        }
        if matches!(delivery.seen, Seen::Listed(_)) {
            self.unlisted.remove(&delivery.kind);
            if self.is_ready() {
                self.wake_for_waiting(record, hands);
            }
        }
        self.release(record, hands);
    }

    /// Whether every cache has been filled once. Before that, what is not there may only not have
    /// been heard of. Source: `cache.WaitForCacheSync`.
    fn is_ready(&self) -> bool {
        self.unlisted.is_empty()
    }

    /// One look into the queue for each key that came while the caches were being filled.
    fn wake_for_waiting(&self, record: RecordId, hands: &mut Hands<'_>) {
        for _ in self.queue.waiting() {
            Self::wake_worker(record, hands);
        }
    }

    /// Puts back the keys that were waiting to see their own writes and have seen them now.
    fn release(&mut self, record: RecordId, hands: &mut Hands<'_>) {
        for key in self.expected.take_seen(&self.informers, hands.now) {
            if self.queue.is_parked(&key) {
                self.queue.unpark(&key);
                self.enqueue(&key, record, hands);
            }
        }
    }

    /// Puts a key into the queue now, or when its pace or the gathering of changes allows.
    fn add(&mut self, key: &Key, change: &Change<'_>, record: RecordId, hands: &mut Hands<'_>) {
        if let Some(pace) = self.controller.pace {
            let due = hands.now + pace(hands.profile);
            self.delay(key, due, (record, Urgency::Periodic), hands);
            return;
        }
        let gathers = self.controller.gathers;
        let wait = gathers.map_or(Duration::ZERO, |gathers| gathers(change, key));
        if wait.is_zero() {
            self.enqueue(key, record, hands);
            return;
        }
        self.gathering.insert(key.clone());
        self.delay(key, hands.now + wait, (record, Urgency::Work), hands);
    }

    fn enqueue(&mut self, key: &Key, record: RecordId, hands: &mut Hands<'_>) {
        match self.queue.add(key, hands.now, record) {
            Added::Waiting => {
                let record = hands.note(record, Note::Added(key.clone()));
                Self::wake_worker(record, hands);
            }
            Added::AfterWork => {
                hands.note(record, Note::Added(key.clone()));
            }
            Added::Already(since) => {
                hands.note(record, Note::Merged(key.clone(), since));
            }
        }
    }

    fn wake_worker(record: RecordId, hands: &mut Hands<'_>) {
        let pick_up = hands.profile.controllers.pick_up;
        let after = hands.random.duration(pick_up);
        hands.wake(after, record, ControllerAlarm::Work);
    }

    fn take(&mut self, hands: &mut Hands<'_>) {
        if !self.is_ready() || self.work.len() >= hands.profile.controllers.workers {
            return;
        }
        let Some(Queued { key, record, .. }) = self.queue.take() else {
            return;
        };
        let started = hands.note(record, Note::Started(key.clone()));
        let unseen = self.expected.unseen(&key, &self.informers, hands.now);
        if let Some(until) = unseen.filter(|_| self.keeps_expectations) {
            let why = "waits until its cache has seen its own writes".to_owned();
            let ended = hands.note(started, Note::Ended(key.clone(), why));
            self.queue.park(&key);
            self.queue.done(&key);
            // Only a safety net: the key comes back when its writes are seen.
            self.delay(&key, until, (ended, Urgency::Periodic), hands);
            return;
        }
        self.expected.forget(&key);
        self.queue.unpark(&key);
        let plan = (self.controller.plan)(&self.planned(&key, hands));
        self.begin(&key, plan, Vector::new(), started, hands);
    }

    fn planned<'a>(&'a self, key: &'a Key, hands: &'a Hands<'_>) -> Planned<'a> {
        Planned {
            caches: &self.informers,
            key,
            now: hands.now,
            profile: hands.profile,
            refused: self.refused.get(key),
            waiting_since: self.waiting.get(key).map(|(since, _)| *since),
            remembered: self.remembered.get(key),
        }
    }

    fn begin(
        &mut self,
        key: &Key,
        mut plan: Plan,
        answers: Vector<Outcome>,
        started: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let words = |action: &Action| action.why.clone();
        let reconcile = Arc::new(Reconcile {
            key: key.clone(),
            desired: std::mem::take(&mut plan.desired),
            observed: std::mem::take(&mut plan.observed),
            difference: std::mem::take(&mut plan.difference),
            actions: plan.actions.iter().map(words).collect(),
            requeue_after: plan.look_again.map(|look| look.after),
            requeue_why: plan.look_again.map_or("", |look| look.why),
        });
        self.last_plan = Some(Arc::clone(&reconcile));
        let measured = answers.iter().filter_map(|answer| answer.as_ref().ok());
        let measured = measured.filter_map(Answer::measured_by).max();
        let record = hands.note(measured.unwrap_or(started), Note::Planned(reconcile));
        for said in &plan.events {
            self.say(said, None, record, hands);
        }
        let work = Work::of(plan, answers, record);
        self.work.insert(key.clone(), work);
        self.proceed(key, record, hands);
    }

    /// Sends the next requests of a plan, plans with the answers, or ends the work on the key.
    fn proceed(&mut self, key: &Key, cause: RecordId, hands: &mut Hands<'_>) {
        let Some(work) = self.work.get_mut(key) else {
            return;
        };
        if let Some((about, verb)) = work.questions.pop_front() {
            let what = wording::asked(&about);
            let why = format!("{}s {what} from the API server itself", verb.name());
            let record = hands.note(cause, Note::Acted(key.clone(), why));
            let request = hands.ask(record, about, verb);
            self.asked.insert(request, key.clone());
            return;
        }
        if let Some(then) = work.then.take() {
            let answers = std::mem::take(&mut work.answers);
            let heard: Vec<Outcome> = answers.iter().cloned().collect();
            let plan = then(&self.planned(key, hands), &heard);
            self.begin(key, plan, answers, cause, hands);
            return;
        }
        let actions = work.next_actions();
        if actions.is_empty() {
            if let Some(why) = work.given_up.take() {
                self.retry(key, why, hands);
                return;
            }
            let look_again = work.look_again;
            self.remember(key);
            self.finish(key, look_again, cause, hands);
        }
        for action in actions {
            self.act(key, action, cause, hands);
        }
    }

    fn act(&mut self, key: &Key, action: Action, cause: RecordId, hands: &mut Hands<'_>) {
        let why = action.why.clone();
        let note = match action.act {
            Act::Reconcile => Note::Acted(key.clone(), why),
            Act::LeaseLost => Note::LeaseLost(action.key.clone(), why),
            Act::Taint => Note::Tainted(action.key.clone(), why),
            Act::Collect => Note::Collected(action.key.clone(), why),
        };
        let record = hands.note(cause, note);
        let request = hands.ask(record, action.key.clone(), action.verb.clone());
        self.asked.insert(request, key.clone());
        if let Some(work) = self.work.get_mut(key) {
            work.flying.insert(request, action);
        }
    }

    /// Keeps what the plan wanted remembered.
    fn remember(&mut self, key: &Key) {
        let work = self.work.get_mut(key);
        if let Some(remember) = work.and_then(|work| work.remember.take()) {
            self.remembered.insert(key.clone(), remember);
        }
    }

    /// The plan is done.
    fn finish(
        &mut self,
        key: &Key,
        look_again: Option<LookAgain>,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        self.queue.succeeded(key);
        self.refused.remove(key);
        self.end(key, "done".to_owned(), cause, hands);
        if let Some(look) = look_again {
            let cause = match look.urgency {
                Urgency::Work => cause,
                Urgency::Periodic => self.evidence(key).unwrap_or(cause),
            };
            let waiting = self.waiting.entry(key.clone());
            waiting.or_insert((hands.now, look.why)).1 = look.why;
            self.delay(key, hands.now + look.after, (cause, look.urgency), hands);
            return;
        }
        self.waiting.remove(key);
        if self.gathering.contains(key) {
            return;
        }
        // What an earlier plan waited for is no longer wanted: it must not keep the world busy.
        if let Some(at) = self.queue.undelay(key) {
            hands.take_back(at, ControllerAlarm::Due(key.clone()));
        }
    }

    fn hear(&mut self, request: RequestId, outcome: &Outcome, hands: &mut Hands<'_>) {
        let Some(key) = self.asked.remove(&request) else {
            return;
        };
        let Some(work) = self.work.get_mut(&key) else {
            return;
        };
        let Some(action) = work.flying.remove(&request) else {
            work.answers.push_back(outcome.clone());
            self.proceed(&key, hands.cause, hands);
            return;
        };
        let planned = work.record;
        match outcome {
            Ok(answer) => {
                if let Some(object) = answer.object() {
                    self.expect(&key, (&action.verb, object), hands);
                }
                self.remember(&key);
                if let Some(said) = &action.event {
                    self.say(said, answer.object().map(Object::name), planned, hands);
                }
            }
            // What is gone already needs no second attempt.
            Err(refusal) if refusal.reason == Reason::NotFound && is_delete(&action.verb) => {}
            Err(refusal) => {
                let trouble = self.complain(&key, &action, refusal, hands);
                if let Some(work) = self.work.get_mut(&key) {
                    work.trouble.get_or_insert(trouble);
                }
            }
        }
        self.go_on(&key, hands);
    }

    /// Tells of a refusal, and says what it means for the plan.
    fn complain(
        &mut self,
        key: &Key,
        action: &Action,
        refusal: &Refusal,
        hands: &mut Hands<'_>,
    ) -> Trouble {
        if is_namespace_going(refusal) {
            return Trouble::NoUse;
        }
        let planned = self.work.get(key).map_or(hands.cause, |work| work.record);
        if let Some(said) = &action.failure {
            let message = said.message.replace("{refusal}", &refusal.message);
            let said = Said {
                message,
                ..said.clone()
            };
            self.say(&said, None, planned, hands);
        }
        self.refused.insert(key.clone(), refusal.clone());
        Trouble::Retry(format!("{}: {refusal}", refusal.reason))
    }

    /// Goes on when everything that went out together is answered.
    fn go_on(&mut self, key: &Key, hands: &mut Hands<'_>) {
        let Some(work) = self.work.get_mut(key) else {
            return;
        };
        if !work.flying.is_empty() {
            return;
        }
        match work.trouble.take() {
            None => self.proceed(key, hands.cause, hands),
            Some(Trouble::Retry(why)) => self.give_up(key, why, hands),
            Some(Trouble::NoUse) => self.finish(key, None, hands.cause, hands),
        }
    }

    /// What the plan still asks for after a refusal goes out; then the key waits.
    fn give_up(&mut self, key: &Key, why: String, hands: &mut Hands<'_>) {
        let work = self.work.get_mut(key);
        let Some(when_refused) = work.and_then(|work| work.when_refused.take()) else {
            self.retry(key, why, hands);
            return;
        };
        let actions = when_refused(&self.planned(key, hands));
        if let Some(work) = self.work.get_mut(key) {
            work.replace(actions);
            work.given_up = Some(why);
        }
        self.proceed(key, hands.cause, hands);
    }

    fn retry(&mut self, key: &Key, why: String, hands: &mut Hands<'_>) {
        let times = &hands.profile.controllers;
        let failed = self
            .queue
            .failed(key, times.backoff_first, times.backoff_most);
        let wait = match self.controller.pace {
            Some(pace) => pace(hands.profile),
            None => failed,
        };
        let record = hands.note(hands.cause, Note::BackedOff(key.clone(), wait, why));
        self.end(key, "gives up for now".to_owned(), record, hands);
        let how = (record, urgency_of_retry(wait));
        self.delay(key, hands.now + wait, how, hands);
    }

    fn end(&mut self, key: &Key, what: String, cause: RecordId, hands: &mut Hands<'_>) {
        self.work.remove(key);
        let record = hands.note(cause, Note::Ended(key.clone(), what));
        self.queue.done(key);
        if self.queue.waiting().next().is_some() {
            Self::wake_worker(record, hands);
        }
    }

    fn delay(
        &mut self,
        key: &Key,
        until: Time,
        (cause, urgency): (RecordId, Urgency),
        hands: &mut Hands<'_>,
    ) {
        if !self.queue.delay(key, until) {
            return;
        }
        let after = until.since(hands.now);
        let alarm = ControllerAlarm::Due(key.clone());
        match urgency {
            Urgency::Work => hands.wake(after, cause, alarm),
            Urgency::Periodic => hands.wake_periodic(after, cause, alarm),
        }
    }

    /// Remembers what the cache must have seen before the key is planned again.
    fn expect(&mut self, key: &Key, (verb, written): (&Verb, &Object), hands: &Hands<'_>) {
        if self.informers.cache(written.kind()).is_some() {
            let until = hands.now + hands.profile.controllers.expectations;
            self.expected.expect(key, (verb, written), until);
        }
    }

    fn say(&mut self, said: &Said, name: Option<&str>, cause: RecordId, hands: &mut Hands<'_>) {
        let message = said.message.replace("{name}", name.unwrap_or_default());
        self.recorder.event(
            hands,
            cause,
            &said.about,
            (said.event_type, said.reason, message),
        );
    }

    /// The periodic check: looks at its keys, and makes work of those that need something done.
    fn check(&mut self, hands: &mut Hands<'_>) {
        let Some(periodic) = &self.controller.periodic else {
            return;
        };
        let record = hands.note(hands.cause, Note::Rang(periodic.name, None));
        if self.is_ready() {
            for key in (periodic.keys)(&self.informers, hands.now, hands.profile) {
                if self.has_work(&key, hands) {
                    let evidence = self.evidence(&key).unwrap_or(record);
                    self.enqueue(&key, evidence, hands);
                }
            }
        }
        let period = (periodic.period)(hands.profile);
        hands.wake_periodic(period, hands.cause, ControllerAlarm::Periodic);
    }

    /// The arrival of the object as the cache has it. A check that repeats for ever says when a key
    /// is looked at; what is found then is there because of this.
    fn evidence(&self, key: &Key) -> Option<RecordId> {
        Some(self.informers.cached(key)?.record)
    }

    /// Whether the plan for a key would do something, or begin to wait.
    fn has_work(&self, key: &Key, hands: &Hands<'_>) -> bool {
        let planned = self.planned(key, hands);
        let plan = (self.controller.plan)(&planned);
        !plan.is_empty() || (plan.look_again.is_some() && planned.waiting_since.is_none())
    }
}
