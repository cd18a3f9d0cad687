//! Hand-made worlds for tests: a scene is set through the same door as everything else.

use crate::api::{Actor, Key, Kind, Object};
use crate::apiserver::{
    Answering, Moment, Note, Outcome, Request, RequestId, StatusWrite, Verb, WriteOptions,
};
use crate::sim::{RecordId, Time, Urgency};

use super::{Cluster, ClusterConfig};

impl Cluster {
    /// A world without machines in which nobody does anything: the test does everything.
    pub(crate) fn staged() -> Self {
        Self::new(ClusterConfig::with_nodes(7, 0))
    }

    /// Begins a step at a moment; what follows belongs to it.
    pub(crate) fn stage_step(&mut self, at: Time) {
        self.now = self.now.max(at);
        self.last_step = self.next_record();
        self.steps += 1;
    }

    /// Somebody asks the API server; returns the last record of it and the answer.
    fn stage_request(
        &mut self,
        actor: &Actor,
        cause: RecordId,
        key: Key,
        verb: Verb,
    ) -> (RecordId, Outcome) {
        let request = std::sync::Arc::new(Request {
            id: RequestId(0),
            actor: actor.clone(),
            key,
            verb,
            answer: Answering::Ignored,
            urgency: Urgency::Work,
            options: WriteOptions::default(),
        });
        let sent = self.record(
            actor.clone(),
            Some(cause),
            Note::Sent(std::sync::Arc::clone(&request)),
        );
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        let handled = self.api.handle(&request, moment);
        let stages = handled.stages;
        let note = match &handled.outcome {
            Ok(_) => Note::Admitted {
                request,
                stages,
                wrote: !handled.changes.is_empty(),
            },
            Err(refusal) => Note::Refused {
                request,
                stages,
                refusal: refusal.clone(),
            },
        };
        let passed = self.record(Actor::ApiServer, Some(sent), note);
        let mut last = passed;
        for change in handled.changes {
            let by = actor.clone();
            last = self.record(Actor::Etcd, Some(last), Note::Committed { change, by });
        }
        (last, handled.outcome)
    }

    /// Somebody writes an object from a copy that has one change since, and gets an answer.
    pub(crate) fn stage_late_write(
        &mut self,
        copy: &Object,
    ) -> Result<(), crate::apiserver::Refusal> {
        let cause = self.trace.last().map_or(RecordId(0), |record| record.id);
        let labelled = |value: &str| {
            let mut object = copy.clone();
            let labels = object.metadata_mut().labels.get_or_insert_default();
            labels.insert("writer".to_owned(), value.to_owned());
            Verb::Update(object)
        };
        let key = copy.key();
        let (last, first) =
            self.stage_request(&Actor::Outside, cause, key.clone(), labelled("first"));
        first?;
        let (_, second) = self.stage_request(&Actor::kubectl(), last, key, labelled("second"));
        second.map(|_| ())
    }

    /// Puts an object there with its status, and returns it as it is stored.
    ///
    /// # Panics
    /// When the API server refuses it.
    pub(crate) fn stage(&mut self, kind: Kind, value: serde_json::Value) -> Object {
        let object = Object::from_value(kind, value).expect("the scene is well-formed");
        let (key, actor) = (object.key(), Actor::Outside);
        let cause = self.trace.last().map_or(RecordId(0), |record| record.id);
        let (last, created) =
            self.stage_request(&actor, cause, key.clone(), Verb::Create(object.clone()));
        let created = created.expect("the scene is valid").object().cloned();
        let created = created.expect("a create answers with the object");
        if !kind.info().has_status || object.same_status(&created) {
            return created;
        }
        let updated = created.with_status_of(&object);
        let (_, outcome) = self.stage_request(
            &actor,
            last,
            key,
            Verb::WriteStatus(updated, StatusWrite::Update),
        );
        let stored = outcome.expect("the scene is valid").object().cloned();
        stored.expect("an update answers with the object")
    }
}
