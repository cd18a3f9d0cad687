//! What makes a loop: what it watches, whom a change concerns, and its plan; and the list of all loops.

use std::time::Duration;

use crate::api::{Key, Kind, Object};
use crate::apiserver::Verb;
use crate::client::{EventType, Informers};
use crate::sim::{Profile, Time};

/// One loop. Everything it knows is in its caches, so it is a value without a state of its own.
#[derive(Debug)]
pub struct Controller {
    /// Its name as an actor: `replicaset-controller`.
    pub name: &'static str,
    /// Its name as the source of events, where that differs: `node-controller`.
    pub event_source: &'static str,
    /// The kinds that it watches.
    pub watches: &'static [Kind],
    /// Whom a change concerns: the keys to look at.
    pub concerns: fn(&Informers, &Change<'_>) -> Vec<Key>,
    /// What is to be done for one key. Pure: the same caches, key and time give the same plan.
    pub plan: fn(&Planned<'_>) -> Plan,
    /// The check that it makes again and again without being woken, if it has one.
    pub periodic: Option<Periodic>,
}

/// A check at fixed times.
#[derive(Debug)]
pub struct Periodic {
    /// What rings, in words.
    pub name: &'static str,
    /// How often.
    pub period: fn(&Profile) -> Duration,
    /// The keys to look at. Only those whose plan would do something become work.
    pub keys: fn(&Informers) -> Vec<Key>,
}

/// An object as the cache held it before and after a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Before; none for a new object.
    pub before: Option<&'a Object>,
    /// After; none for an object that is gone.
    pub after: Option<&'a Object>,
}

impl<'a> Change<'a> {
    /// The object in its latest state.
    #[must_use]
    pub fn latest(&self) -> Option<&'a Object> {
        self.after.or(self.before)
    }
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// The caches.
    pub caches: &'a Informers,
    /// Whom to look at.
    pub key: &'a Key,
    /// Now.
    pub now: Time,
    /// Constants.
    pub profile: &'a Profile,
}

/// One thing to ask the API server for.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// About which object.
    pub key: Key,
    /// What.
    pub verb: Verb,
    /// Why, in one sentence for the reader.
    pub why: String,
    /// What kind of act it is to the trace.
    pub act: Act,
    /// The event to record when it succeeded.
    pub event: Option<Said>,
    /// The event to record when it failed; the refusal is appended to its message.
    pub failure: Option<Said>,
}

/// What kind of act an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Any.
    Reconcile,
    /// A node is declared silent.
    LeaseLost,
    /// A node is tainted.
    Taint,
    /// What nobody owns is removed.
    Collect,
}

/// An event to record.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// About whom.
    pub about: Object,
    /// Good or bad news.
    pub event_type: EventType,
    /// `SuccessfulCreate`.
    pub reason: &'static str,
    /// The message. `{name}` stands for the name of the object that the action wrote.
    pub message: String,
}

/// What a loop saw, what it wants, and what it will do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What is wanted, in words.
    pub desired: String,
    /// What is there, in words.
    pub observed: String,
    /// The difference in words; empty when there is none.
    pub difference: String,
    /// What to ask for, one after the other. The first refusal ends the plan.
    pub actions: Vec<Action>,
    /// Events to record that go with no action.
    pub events: Vec<Said>,
    /// When to look again without being woken.
    pub requeue_after: Option<Duration>,
}

impl Plan {
    /// Nothing to do, because the object is not there (any more) or not of this loop.
    #[must_use]
    pub fn nothing(why: &str) -> Self {
        Self {
            desired: "nothing".to_owned(),
            observed: why.to_owned(),
            ..Self::default()
        }
    }

    /// True when the plan asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.events.is_empty()
    }
}

impl Action {
    /// An action without events.
    #[must_use]
    pub fn new(key: Key, verb: Verb, why: String) -> Self {
        Self {
            key,
            verb,
            why,
            act: Act::Reconcile,
            event: None,
            failure: None,
        }
    }

    /// The same, with an event about `about` when it succeeds.
    #[must_use]
    pub fn saying(mut self, about: &Object, reason: &'static str, message: String) -> Self {
        let about = about.clone();
        self.event = Some(Said {
            about,
            event_type: EventType::Normal,
            reason,
            message,
        });
        self
    }

    /// The same, with a warning about `about` when it fails.
    #[must_use]
    pub fn warning(mut self, about: &Object, reason: &'static str, message: String) -> Self {
        let about = about.clone();
        self.failure = Some(Said {
            about,
            event_type: EventType::Warning,
            reason,
            message,
        });
        self
    }

    /// The same, as another kind of act.
    #[must_use]
    pub fn as_act(mut self, act: Act) -> Self {
        self.act = act;
        self
    }
}

/// Every loop, in the order in which kube-controller-manager lists them.
pub static CONTROLLERS: &[&Controller] = &[];
