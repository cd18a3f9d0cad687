//! What a component may do in one step: say what happened, ask the API server, set an alarm.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{Actor, Key};
use crate::apiserver::{Answering, Outcome, Request, RequestId, Verb};
use crate::sim::{Profile, Random, RecordId, Time, Urgency};

use super::{Delivery, Subscription};

/// Why a component runs.
#[derive(Clone, Debug)]
pub enum Input<A> {
    /// It is switched on: it opens its watches and sets its first alarms.
    Start,
    /// A watch told something.
    Watch(Delivery),
    /// The answer to a request of its own.
    Answer(RequestId, Arc<Outcome>),
    /// An alarm of its own rang.
    Alarm(A),
}

/// Something that a component said in this step.
#[derive(Clone, Debug)]
pub struct Noted<N> {
    /// The number that it gets in the trace.
    pub id: RecordId,
    /// The record that it reacts to.
    pub cause: RecordId,
    /// What it said.
    pub note: N,
}

/// A request on its way out.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The record that it follows from.
    pub cause: RecordId,
    /// When it reaches the API server.
    pub arrives: Time,
    /// The request.
    pub request: Arc<Request>,
}

/// An alarm to ring later.
#[derive(Clone, Debug)]
pub struct Alarm<A> {
    /// When.
    pub at: Time,
    /// Whether an idle world may still have it.
    pub urgency: Urgency,
    /// The record that it was set for.
    pub cause: RecordId,
    /// What to do then.
    pub alarm: A,
}

/// What a component keeps for its way to the API server: requests arrive in the order of asking.
#[derive(Clone, Debug, Default)]
pub struct Line {
    next: RequestId,
    last_arrival: Time,
}

/// Everything that a component did in one step.
#[derive(Clone, Debug)]
pub struct Output<N, A> {
    /// What it said, in order.
    pub notes: Vec<Noted<N>>,
    /// What it asked.
    pub requests: Vec<Sending>,
    /// What it wants to be woken for.
    pub alarms: Vec<Alarm<A>>,
    /// Alarms of earlier steps that it no longer wants, with the moments they were set for.
    pub taken_back: Vec<(Time, A)>,
}

/// The hands of a component during one step. It collects; the world acts on it afterwards.
#[derive(Debug)]
pub struct Context<'a, N, A> {
    /// Who is at work.
    pub actor: &'a Actor,
    /// Now.
    pub now: Time,
    /// The record that made the component run.
    pub cause: RecordId,
    /// Constants.
    pub profile: &'a Profile,
    /// The component's own stream of chance.
    pub random: &'a mut Random,
    next_record: RecordId,
    line: &'a mut Line,
    output: Output<N, A>,
}

impl<'a, N, A> Context<'a, N, A> {
    /// The hands of `actor` at `now`; its notes get numbers from `next_record` on.
    pub fn new(
        actor: &'a Actor,
        (now, cause, next_record): (Time, RecordId, RecordId),
        profile: &'a Profile,
        random: &'a mut Random,
        line: &'a mut Line,
    ) -> Self {
        let output = Output {
            notes: Vec::new(),
            requests: Vec::new(),
            alarms: Vec::new(),
            taken_back: Vec::new(),
        };
        Self {
            actor,
            now,
            cause,
            profile,
            random,
            next_record,
            line,
            output,
        }
    }

    /// What was collected.
    #[must_use]
    pub fn finish(self) -> Output<N, A> {
        self.output
    }

    /// Says what happened because of `cause`, and returns the number of the record.
    pub fn note(&mut self, cause: RecordId, note: N) -> RecordId {
        let id = self.next_record;
        self.next_record = id.next();
        self.output.notes.push(Noted { id, cause, note });
        id
    }

    /// Asks the API server and waits for the answer, which comes as [`Input::Answer`].
    pub fn ask(&mut self, cause: RecordId, key: Key, verb: Verb) -> RequestId {
        self.send(cause, key, verb, (Answering::Awaited, Urgency::Work))
    }

    /// Asks the API server and does not look at the answer.
    pub fn tell(&mut self, cause: RecordId, key: Key, verb: Verb) -> RequestId {
        self.send(cause, key, verb, (Answering::Ignored, Urgency::Work))
    }

    /// A heartbeat: asks, does not look at the answer, and does not keep the world from being idle.
    pub fn beat(&mut self, cause: RecordId, key: Key, verb: Verb) -> RequestId {
        self.send(cause, key, verb, (Answering::Ignored, Urgency::Periodic))
    }

    fn send(
        &mut self,
        cause: RecordId,
        key: Key,
        verb: Verb,
        (answer, urgency): (Answering, Urgency),
    ) -> RequestId {
        let id = self.line.next;
        self.line.next.0 += 1;
        let arrives = self.now + self.random.duration(self.profile.network.request);
        self.line.last_arrival = self.line.last_arrival.max(arrives);
        let arrives = self.line.last_arrival;
        let request = Request {
            id,
            actor: self.actor.clone(),
            key,
            verb,
            answer,
            urgency,
        };
        self.output.requests.push(Sending {
            cause,
            arrives,
            request: Arc::new(request),
        });
        id
    }

    /// Rings `after` some time as work to be done.
    pub fn wake(&mut self, after: Duration, cause: RecordId, alarm: A) {
        self.output.alarms.push(Alarm {
            at: self.now + after,
            urgency: Urgency::Work,
            cause,
            alarm,
        });
    }

    /// Takes back an alarm that was set for `at` in an earlier step.
    pub fn take_back(&mut self, at: Time, alarm: A) {
        self.output.taken_back.push((at, alarm));
    }

    /// Rings `after` some time, and again and again: an idle world still has it.
    pub fn wake_periodic(&mut self, after: Duration, cause: RecordId, alarm: A) {
        self.output.alarms.push(Alarm {
            at: self.now + after,
            urgency: Urgency::Periodic,
            cause,
            alarm,
        });
    }
}

/// Something that runs beside the API server and talks to nothing else.
pub trait Component: Clone {
    /// What it has to say to the trace.
    type Note;
    /// What it wants to be woken for.
    type Alarm: Clone;

    /// What it watches.
    fn subscriptions(&self) -> Vec<Subscription>;

    /// Runs one step.
    fn handle(
        &mut self,
        input: Input<Self::Alarm>,
        hands: &mut Context<'_, Self::Note, Self::Alarm>,
    );
}
