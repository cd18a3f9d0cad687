//! A workbench for tests of plans: caches filled from JSON, and plans made from them.

use std::time::Duration;

use serde_json::Value;

use super::controller::{Action, Controller, Plan, Planned};
use super::memory::Memory;
use crate::api::{Key, Kind, Object};
use crate::apiserver::{Refusal, Verb};
use crate::client::{Delivery, Informers, Seen};
use crate::sim::{Profile, RecordId, Time};

/// Caches, a clock, and what a runner remembers about a key.
pub(super) struct Bench {
    controller: &'static Controller,
    pub(super) caches: Informers,
    pub(super) now: Time,
    pub(super) refused: Option<Refusal>,
    pub(super) waiting_since: Option<Time>,
    pub(super) remembered: Option<Memory>,
    profile: Profile,
}

impl Bench {
    /// A controller whose caches hold these objects, ten minutes into the run.
    pub(super) fn new(controller: &'static Controller, objects: &[Object]) -> Self {
        let mut bench = Self {
            controller,
            caches: Informers::new(controller.watches),
            now: Time::from_secs(600),
            refused: None,
            waiting_since: None,
            remembered: None,
            profile: Profile::kubernetes_1_34(),
        };
        bench.see(objects);
        bench
    }

    /// The caches hold exactly these objects from now on.
    pub(super) fn see(&mut self, objects: &[Object]) {
        for kind in self.controller.watches.iter().copied() {
            let of_kind = objects.iter().filter(|object| object.kind() == kind);
            let delivery = Delivery {
                kind,
                revision: 100,
                seen: Seen::Listed(of_kind.cloned().collect()),
            };
            self.caches.apply(&delivery, self.now, RecordId(0));
        }
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    /// The plan for an object.
    pub(super) fn plan(&self, key: &Key) -> Plan {
        self.plan_with(key, self.controller.plan)
    }

    /// The plan for a key that a function makes.
    pub(super) fn plan_with(&self, key: &Key, plan: impl Fn(&Planned<'_>) -> Plan) -> Plan {
        plan(&Planned {
            caches: &self.caches,
            key,
            now: self.now,
            profile: &self.profile,
            refused: self.refused.as_ref(),
            waiting_since: self.waiting_since,
            remembered: self.remembered.as_ref(),
        })
    }
}

/// An object from JSON.
pub(super) fn object(kind: Kind, value: Value) -> Object {
    Object::from_value(kind, value).expect("the JSON of a test is an object of its kind")
}

/// An object changed in its JSON.
pub(super) fn changed(object: &Object, change: impl FnOnce(&mut Value)) -> Object {
    let mut value = object.to_value();
    change(&mut value);
    self::object(object.kind(), value)
}

/// What an action does, in short: `create pod`, `delete pod a`, `status deployment web`.
pub(super) fn outline(action: &Action) -> String {
    let verb = match &action.verb {
        Verb::Create(_) => "create",
        Verb::Update(_) => "update",
        Verb::WriteStatus(..) => "status",
        Verb::Patch(_) => "patch",
        Verb::Delete(_) => "delete",
        Verb::Finalize(_) => "finalize",
        Verb::Get => "get",
        Verb::Log(_) => "log",
        Verb::List(_) => "list",
        Verb::GetScale => "read scale of",
        Verb::UpdateScale(_) => "scale",
        Verb::Metrics(_) => "read metrics of",
        Verb::Bind(_) => "bind",
        Verb::Evict(_) => "evict",
    };
    let kind = action.key.kind.info().name.to_ascii_lowercase();
    format!("{verb} {kind} {}", action.key.name)
        .trim_end()
        .to_owned()
}

/// The outlines of a plan's actions.
pub(super) fn outlines(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(outline).collect()
}

/// The object that an action writes.
pub(super) fn written(action: &Action) -> Value {
    match &action.verb {
        Verb::Create(object)
        | Verb::Update(object)
        | Verb::WriteStatus(object, _)
        | Verb::Finalize(object) => object.to_value(),
        Verb::Patch(patch) => patch.body.clone(),
        _ => Value::Null,
    }
}

/// The messages of the events that come with the success of a plan's actions.
pub(super) fn messages(plan: &Plan) -> Vec<String> {
    let with_actions = plan
        .actions
        .iter()
        .filter_map(|action| action.event.as_ref());
    with_actions
        .chain(&plan.events)
        .map(|said| format!("{} {}", said.reason, said.message))
        .collect()
}
