//! A plan half done: what was asked, what is under way, what is left.

use std::time::Duration;

use imbl::{OrdMap, Vector};

use super::controller::{Action, LookAgain, Pack, Plan, Planned};
use super::memory::Memory;
use crate::api::Key;
use crate::apiserver::{Outcome, Reason, Refusal, RequestId, Verb};
use crate::sim::{RecordId, Urgency};

/// Retries that wait longer than this go on behind an idle world: what has failed so often will not
/// come right without somebody's help.
const RETRY_IN_SIGHT: Duration = Duration::from_secs(1);

/// Whether a world that waits only for a retry after so long still has something to do.
pub(super) fn urgency_of_retry(wait: Duration) -> Urgency {
    if wait > RETRY_IN_SIGHT {
        Urgency::Periodic
    } else {
        Urgency::Work
    }
}

/// The work on one key.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// What is still to be read.
    pub(super) questions: Vector<(Key, Verb)>,
    /// What was read.
    pub(super) answers: Vector<Outcome>,
    /// How to go on when everything is read.
    pub(super) then: Option<fn(&Planned<'_>, &[Outcome]) -> Plan>,
    /// What was sent and is not answered yet.
    pub(super) flying: OrdMap<RequestId, Action>,
    /// Why nothing more is sent, if something was refused.
    pub(super) trouble: Option<Trouble>,
    /// Why the plan was given up, while what is asked for all the same is under way.
    pub(super) given_up: Option<String>,
    /// What is asked for all the same then.
    pub(super) when_refused: Option<fn(&Planned<'_>) -> Vec<Action>>,
    /// When to look again.
    pub(super) look_again: Option<LookAgain>,
    /// What to remember when the first action has succeeded.
    pub(super) remember: Option<Memory>,
    /// The record of the plan.
    pub(super) record: RecordId,
    rest: Vector<Action>,
    pack: usize,
}

/// What a refusal means for the plan.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// It is tried again later, for this reason.
    Retry(String),
    /// There is no use in trying again.
    NoUse,
}

impl Work {
    /// The work of a plan; `answers` are those that led to it.
    pub(super) fn of(plan: Plan, answers: Vector<Outcome>, record: RecordId) -> Self {
        let (questions, then) = match plan.inquiry {
            Some(inquiry) => (inquiry.questions.into(), Some(inquiry.then)),
            None => (Vector::new(), None),
        };
        Self {
            questions,
            answers,
            then,
            flying: OrdMap::new(),
            trouble: None,
            given_up: None,
            when_refused: plan.when_refused,
            look_again: plan.look_again,
            remember: plan.remember,
            record,
            rest: plan.actions.into(),
            pack: 1,
        }
    }

    /// What is left is given up, and this takes its place.
    pub(super) fn replace(&mut self, actions: Vec<Action>) {
        self.rest = actions.into();
    }

    /// The actions that go out together now; none when all are done.
    /// Source: `slowStartBatch` of `pkg/controller/replicaset`.
    pub(super) fn next_actions(&mut self) -> Vec<Action> {
        let Some(first) = self.rest.pop_front() else {
            return Vec::new();
        };
        let kind = first.pack;
        let most = match kind {
            Pack::Alone => 1,
            Pack::Growing => self.pack,
            Pack::Whole => usize::MAX,
        };
        let mut actions = vec![first];
        while actions.len() < most && self.rest.front().is_some_and(|next| next.pack == kind) {
            actions.extend(self.rest.pop_front());
        }
        if kind == Pack::Growing {
            self.pack = self.pack.saturating_mul(2);
        }
        actions
    }
}

/// Whether nothing can be made any more because the namespace is being deleted: no reason to try
/// again or to complain. Source: the status cause `NamespaceTerminating`.
pub(super) fn is_namespace_going(refusal: &Refusal) -> bool {
    refusal.reason == Reason::Forbidden
        && refusal.message.ends_with("because it is being terminated")
}

/// Whether a request deletes.
pub(super) const fn is_delete(verb: &Verb) -> bool {
    matches!(verb, Verb::Delete(_))
}
