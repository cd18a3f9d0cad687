//! How a kubelet gets the ConfigMaps, Secrets and claims that its pods name.
//!
//! Unlike Kubernetes: it asks for them each time that it needs them, as a kubelet does whose
//! `configMapAndSecretChangeDetectionStrategy` is `Get`; by default it watches each of them. So
//! nothing is read from a copy that is behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agent::{Agent, Hands};
use super::named::{Answers, Found};
use super::worker::Action;
use crate::api::Key;
use crate::apiserver::{Answer, Outcome, Reason, RequestId, Verb};
use crate::sim::RecordId;

/// What objects are fetched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To mount the volumes of the pod.
    Volumes,
    /// To make the environment of the container at this place.
    Environment(usize),
}

/// Questions of one worker that are under way.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    purpose: Purpose,
    asked: BTreeMap<RequestId, Key>,
    answers: Answers,
}

impl Fetch {
    /// The same questions once more.
    pub(super) fn again(self) -> Action {
        let answered = self.answers.into_keys();
        Action::Fetch(
            self.purpose,
            self.asked.into_values().chain(answered).collect(),
            Answers::new(),
        )
    }
}

impl Agent {
    /// Asks for objects that a worker needs.
    pub(super) fn fetch(
        &mut self,
        uid: &Arc<str>,
        (purpose, keys, answers): (Purpose, BTreeSet<Key>, Answers),
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let Some(worker) = self.workers.get_mut(uid) else {
            return;
        };
        let ask = |key: Key| (hands.ask(cause, key.clone(), Verb::Get), key);
        let asked = keys.into_iter().map(ask).collect();
        Arc::make_mut(worker).fetch = Some(Fetch {
            purpose,
            asked,
            answers,
        });
    }

    /// The answer to such a question; false when it was none of these.
    pub(super) fn hear_fetched(
        &mut self,
        request: RequestId,
        outcome: &Outcome,
        hands: &mut Hands<'_>,
    ) -> bool {
        let mut workers = self.workers.iter_mut();
        let asker = workers.find(|(_, worker)| {
            let fetch = worker.fetch.as_ref();
            fetch.is_some_and(|fetch| fetch.asked.contains_key(&request))
        });
        let Some((uid, worker)) = asker else {
            return false;
        };
        let uid = Arc::clone(uid);
        let worker = Arc::make_mut(worker);
        let Some(mut fetch) = worker.fetch.take() else {
            return false;
        };
        if let Some(key) = fetch.asked.remove(&request) {
            fetch.answers.insert(key, found(outcome));
        }
        if !fetch.asked.is_empty() {
            worker.fetch = Some(fetch);
            return true;
        }
        self.turn(&uid, hands.cause, hands, |worker, turn| {
            match fetch.purpose {
                Purpose::Volumes => worker.mount(fetch.answers, turn),
                Purpose::Environment(place) => worker.configure(place, &fetch.answers, turn),
            }
        });
        true
    }
}

fn found(outcome: &Outcome) -> Found {
    match outcome {
        Ok(Answer::Object(object)) => Found::There(object.clone()),
        Ok(_) => Found::Absent,
        Err(refusal) if refusal.reason == Reason::NotFound => Found::Absent,
        Err(refusal) => Found::Unknown(refusal.message.clone()),
    }
}
