//! The door as its clients know it: what is asked, what comes back, what stands in the store.

mod apply;
mod dry_run;
mod eviction;
mod immutable;
mod patch;
mod scale;

use serde_json::{Value, json};

use super::*;
use crate::api::Actor;
use crate::sim::Urgency;

/// An API server with the namespace `default` and its account.
struct Door {
    api: ApiServer,
    profile: Profile,
    now: Time,
}

impl Door {
    fn new() -> Self {
        let mut door = Self {
            api: ApiServer::new(1),
            profile: Profile::kubernetes_1_34(),
            now: Time::from_secs(100),
        };
        door.put(Kind::Namespace, json!({"metadata": {"name": "default"}}));
        let account = json!({"metadata": {"name": "default", "namespace": "default"}});
        door.put(Kind::ServiceAccount, account);
        door
    }

    fn handle(&mut self, key: &Key, verb: Verb, options: WriteOptions) -> Handled {
        let request = Request {
            id: RequestId(0),
            actor: Actor::kubectl(),
            key: key.clone(),
            verb,
            answer: Answering::Awaited,
            urgency: Urgency::Work,
            options,
        };
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        self.api.handle(&request, moment)
    }

    fn ask(&mut self, key: &Key, verb: Verb) -> Outcome {
        self.handle(key, verb, WriteOptions::default()).outcome
    }

    fn put(&mut self, kind: Kind, value: Value) -> Object {
        let object = Object::from_value(kind, value).expect("well-formed");
        let outcome = self.ask(&object.key(), Verb::Create(object));
        let answer = outcome.expect("a valid object");
        answer.object().expect("a create answers with it").clone()
    }

    fn set_status(&mut self, key: &Key, status: Value) {
        let mut value = self.stored(key);
        value["status"] = status;
        let object = Object::from_value(key.kind, value).expect("well-formed");
        self.ask(key, Verb::WriteStatus(object, StatusWrite::Update))
            .expect("a good status");
    }

    /// What stands in the store, as JSON; null for nothing.
    fn stored(&self, key: &Key) -> Value {
        let object = self.api.store().get(key);
        object.map_or(Value::Null, Object::to_value)
    }
}
