//! What makes a loop: what it watches, whom a change concerns, and its plan; and the list of all loops.

use std::time::Duration;

use super::attach_detach::ATTACH_DETACH;
use super::cron_job::CRON_JOB;
use super::daemon_set::DAEMON_SET;
use super::deployment::DEPLOYMENT;
use super::disruption::DISRUPTION;
use super::endpoint_slice::ENDPOINT_SLICE;
use super::external_provisioner::EXTERNAL_PROVISIONER;
use super::external_resizer::EXTERNAL_RESIZER;
use super::garbage_collector::GARBAGE_COLLECTOR;
use super::horizontal_pod_autoscaler::HORIZONTAL_POD_AUTOSCALER;
use super::job::JOB;
use super::memory::Memory;
use super::namespace::NAMESPACE;
use super::node_lifecycle::NODE_LIFECYCLE;
use super::persistent_volume_binder::PERSISTENT_VOLUME_BINDER;
use super::persistent_volume_claim_protection::PERSISTENT_VOLUME_CLAIM_PROTECTION;
use super::persistent_volume_protection::PERSISTENT_VOLUME_PROTECTION;
use super::pod_gc::POD_GC;
use super::replica_set::REPLICA_SET;
use super::resource_quota::RESOURCE_QUOTA;
use super::root_ca_certificate_publisher::ROOT_CA_CERTIFICATE_PUBLISHER;
use super::service_account::SERVICE_ACCOUNT;
use super::stateful_set::STATEFUL_SET;
use super::taint_eviction::TAINT_EVICTION;
use super::ttl_after_finished::TTL_AFTER_FINISHED;
use crate::api::{Key, Kind, Object, Typed};
use crate::apiserver::{Outcome, Refusal, StatusWrite, Verb};
use crate::client::{EventType, Informers};
use crate::sim::{Profile, Time, Urgency};

/// One loop. What it knows is in its caches and in what its runner remembers of a key, so it is a
/// value without a state of its own.
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
    /// How long each key waits before it is taken, however often it is added and whether or not the
    /// last plan went well; without it keys are taken at once, and after failures later and later.
    /// Source: `FixedItemIntervalRateLimiter` of `pkg/controller/podautoscaler`.
    pub pace: Option<fn(&Profile) -> Duration>,
    /// How long a change waits for others before a key that it concerns is taken; without it not at
    /// all.
    pub gathers: Option<fn(&Change<'_>, &Key) -> Duration>,
}

/// A check at fixed times.
#[derive(Debug)]
pub struct Periodic {
    /// What rings, in words.
    pub name: &'static str,
    /// How often.
    pub period: fn(&Profile) -> Duration,
    /// The keys to look at. Only those whose plan would do something become work.
    pub keys: fn(&Informers, Time, &Profile) -> Vec<Key>,
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
    /// Why this plan, or the last one, came to nothing, if it did.
    pub refused: Option<&'a Refusal>,
    /// Since when the key has been waiting to be looked at again, if it has.
    pub waiting_since: Option<Time>,
    /// What an earlier plan for the key wanted remembered. A loop that is started again has
    /// forgotten it.
    pub remembered: Option<&'a Memory>,
}

impl<'a> Planned<'a> {
    /// The object of the key, if it is in the cache and of this type.
    #[must_use]
    pub fn subject<T: Typed + 'a>(&self) -> Option<&'a T> {
        self.caches.object(self.key).and_then(T::of)
    }
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
    /// Whether it goes out together with its neighbours.
    pub pack: Pack,
    /// The event to record when it succeeded.
    pub event: Option<Said>,
    /// The event to record when it failed; `{refusal}` in its message stands for the refusal.
    pub failure: Option<Said>,
}

/// Which actions go out at the same time. All of one pack are answered before the next goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pack {
    /// Each by itself.
    Alone,
    /// Neighbours in batches of 1, 2, 4, …: what is refused is refused early.
    Growing,
    /// All neighbours at once.
    Whole,
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
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What is wanted, in words.
    pub desired: String,
    /// What is there, in words.
    pub observed: String,
    /// The difference in words; empty when there is none.
    pub difference: String,
    /// What has to be read from the API server before it can be decided what to do.
    pub inquiry: Option<Inquiry>,
    /// What to ask for, one pack after the other. A pack with a refusal is the last.
    pub actions: Vec<Action>,
    /// What to ask for all the same after a refusal, before the key waits for its next try.
    pub when_refused: Option<fn(&Planned<'_>) -> Vec<Action>>,
    /// Events to record that go with no action.
    pub events: Vec<Said>,
    /// When to look again without being woken.
    pub look_again: Option<LookAgain>,
    /// What to remember of the key once the first action has succeeded, or there was none to take.
    pub remember: Option<Memory>,
}

/// Questions to the API server itself, for what a cache that may be behind cannot tell.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// What to read. A refusal is an answer like any other.
    pub questions: Vec<(Key, Verb)>,
    /// The plan that follows from the answers, which come in the order of the questions; those of
    /// an inquiry that led to this one come first.
    pub then: fn(&Planned<'_>, &[Outcome]) -> Plan,
}

/// A look without being woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAgain {
    /// After how long.
    pub after: Duration,
    /// Whether a world that waits only for this look still has something to do.
    pub urgency: Urgency,
    /// What will be so then, in words; empty when there is nothing to say.
    pub why: &'static str,
}

impl LookAgain {
    /// Something will have to be done then.
    #[must_use]
    pub const fn to_act(after: Duration) -> Self {
        Self {
            after,
            urgency: Urgency::Work,
            why: "",
        }
    }

    /// Only a check, as of a deadline that may pass unnoticed or an appointment far away.
    #[must_use]
    pub const fn to_check(after: Duration) -> Self {
        Self {
            after,
            urgency: Urgency::Periodic,
            why: "",
        }
    }

    /// The same look, with what will be so then.
    #[must_use]
    pub const fn because(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// The earlier of two looks.
    #[must_use]
    pub fn earlier(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        [one, other]
            .into_iter()
            .flatten()
            .min_by_key(|look| look.after)
    }
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

    /// Reads first, and plans then.
    #[must_use]
    pub fn asking(
        about: &str,
        questions: Vec<(Key, Verb)>,
        then: fn(&Planned<'_>, &[Outcome]) -> Plan,
    ) -> Self {
        Self {
            desired: "certainty".to_owned(),
            observed: "a cache that may be behind".to_owned(),
            difference: about.to_owned(),
            inquiry: Some(Inquiry { questions, then }),
            ..Self::default()
        }
    }

    /// True when the plan asks for nothing and has nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.events.is_empty() && self.inquiry.is_none()
    }
}

impl Said {
    /// Good news.
    #[must_use]
    pub fn normal(about: &Object, reason: &'static str, message: String) -> Self {
        Self {
            about: about.clone(),
            event_type: EventType::Normal,
            reason,
            message,
        }
    }

    /// Bad news.
    #[must_use]
    pub fn warning(about: &Object, reason: &'static str, message: String) -> Self {
        Self {
            event_type: EventType::Warning,
            ..Self::normal(about, reason, message)
        }
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
            pack: Pack::Alone,
            event: None,
            failure: None,
        }
    }

    /// A write of an object's status.
    #[must_use]
    pub fn status(object: Object, why: String) -> Self {
        Self::new(
            object.key(),
            Verb::WriteStatus(object, StatusWrite::Update),
            why,
        )
    }

    /// The same, with an event when it succeeds.
    #[must_use]
    pub fn saying(mut self, event: Said) -> Self {
        self.event = Some(event);
        self
    }

    /// The same, with an event when it fails.
    #[must_use]
    pub fn warning(mut self, event: Said) -> Self {
        self.failure = Some(event);
        self
    }

    /// The same, together with its neighbours.
    #[must_use]
    pub const fn packed(mut self, pack: Pack) -> Self {
        self.pack = pack;
        self
    }

    /// The same, as another kind of act.
    #[must_use]
    pub const fn as_act(mut self, act: Act) -> Self {
        self.act = act;
        self
    }
}

/// Every loop.
pub static CONTROLLERS: &[&Controller] = &[
    &SERVICE_ACCOUNT,
    &ROOT_CA_CERTIFICATE_PUBLISHER,
    &ENDPOINT_SLICE,
    &RESOURCE_QUOTA,
    &NAMESPACE,
    &DAEMON_SET,
    &DEPLOYMENT,
    &REPLICA_SET,
    &STATEFUL_SET,
    &JOB,
    &CRON_JOB,
    &HORIZONTAL_POD_AUTOSCALER,
    &DISRUPTION,
    &TTL_AFTER_FINISHED,
    &POD_GC,
    &NODE_LIFECYCLE,
    &TAINT_EVICTION,
    &GARBAGE_COLLECTOR,
    &PERSISTENT_VOLUME_BINDER,
    &PERSISTENT_VOLUME_CLAIM_PROTECTION,
    &PERSISTENT_VOLUME_PROTECTION,
    &EXTERNAL_PROVISIONER,
    &ATTACH_DETACH,
    &EXTERNAL_RESIZER,
];
