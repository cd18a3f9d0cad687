//! Watching one object until something is true of it, as `wait`, `rollout status` and `delete` do.
//!
//! Source: `UntilWithSync` of `client-go/tools/watch` with the conditions of `kubectl/pkg/cmd/wait`
//! and `kubectl/pkg/cmd/rollout/rollout_status.go`, Kubernetes 1.34.

use std::time::Duration;

use super::failure::Failure;
use super::rollout::{self, Progress};
use super::{Hands, KubectlAlarm, Session, wait};
use crate::api::field_selector::FieldSelector;
use crate::api::{Key, Object};
use crate::apiserver::{Refusal, Scope, WatchEvent};
use crate::client::{Delivery, Seen, Subscription};
use crate::kubectl::Note;
use crate::kubectl::grammar::{Command, RolloutAction};
use crate::sim::{RecordId, Time};

/// What an object is watched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// That what `wait` waits for is true of it.
    Condition,
    /// That its rollout is done.
    Rollout,
    /// That it is gone; another object than the one of this uid is not it.
    End(String),
}

/// An object that is being watched.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) key: Key,
    pub(super) purpose: Purpose,
    /// Tells its alarms from those of others.
    number: u64,
    /// When kubectl gives up, or the world may be idle although kubectl goes on watching.
    alarm: Option<Time>,
}

impl Observed {
    /// That it has to be gone, in words, if that is what it is watched for.
    pub(super) fn end(&self) -> Option<String> {
        let is_end = matches!(self.purpose, Purpose::End(_));
        is_end.then(|| format!("{} has to be gone", self.key))
    }
}

/// What one look at the object says.
enum Verdict {
    /// Not yet.
    Wait,
    /// It has come true.
    Met,
    /// It never will.
    Failed(Failure),
}

impl Session {
    /// What is watched at the moment, besides what `get --watch` shows.
    pub(super) fn observation(&self) -> Option<Subscription> {
        let key = &self.observed.as_ref()?.key;
        let mut fields = FieldSelector::equal("metadata.name", &key.name);
        if !key.namespace.is_empty() {
            let namespace = FieldSelector::equal("metadata.namespace", &key.namespace);
            fields.0.extend(namespace.0);
        }
        let scope = Scope {
            labels: None,
            fields,
        };
        Some(Subscription {
            kind: key.kind,
            scope,
        })
    }

    /// Begins to watch an object; what comes next waits until that is over.
    pub(super) fn observe(
        &mut self,
        key: Key,
        purpose: Purpose,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let number = self.naps;
        self.naps += 1;
        let record = hands.note(cause, Note::Watches(key.clone()));
        let alarm = self.gives_up();
        if let Some(at) = alarm {
            hands.wake(at.since(hands.now), record, KubectlAlarm::GivesUp(number));
        }
        self.observed = Some(Observed {
            key,
            purpose,
            number,
            alarm,
        });
    }

    /// The watch of an object told something.
    pub(super) fn look_at(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let Some(observed) = self.observed.clone() else {
            return;
        };
        let is_it = |object: &&Object| object.key() == observed.key;
        let printed = self.output.len();
        let (object, verdict) = match &delivery.seen {
            Seen::Listed(objects) => match objects.iter().find(is_it) {
                Some(object) => (Some(object), self.weigh(&observed, object)),
                None => (None, missing(&observed)),
            },
            Seen::Event(event) if !is_it(&event.object()) => return,
            Seen::Event(WatchEvent::Deleted(_)) => (None, gone(&observed)),
            Seen::Event(event) => {
                let object = event.object();
                (Some(object), self.weigh(&observed, object))
            }
            Seen::Resumed | Seen::Gone | Seen::Refused(_) => return,
        };
        let is_over = !matches!(verdict, Verdict::Wait);
        let is_rollout = observed.purpose == Purpose::Rollout;
        match verdict {
            Verdict::Wait => {}
            Verdict::Met => self.say_met(&observed),
            Verdict::Failed(failure) => self.failures.push(failure),
        }
        let sentence = self.sentence(printed, object, is_over);
        let record = hands.note(hands.cause, Note::Heard(Some(observed.key), sentence));
        if is_over {
            self.end_observation(hands);
            self.advance(record, hands);
        } else if is_rollout && let Some(patience) = object.and_then(patience_with) {
            self.put_off(patience, hands);
        }
    }
}

impl Session {
    fn weigh(&mut self, observed: &Observed, object: &Object) -> Verdict {
        match &observed.purpose {
            Purpose::Condition => {
                let Command::Wait(wait) = &self.invocation.command else {
                    return Verdict::Met;
                };
                match wait::is_true(&wait.until, object) {
                    Ok(true) => Verdict::Met,
                    Ok(false) => Verdict::Wait,
                    Err(problem) => Verdict::Failed(Failure::Own(problem)),
                }
            }
            Purpose::Rollout => self.weigh_rollout(object),
            Purpose::End(uid) if uid.is_empty() || object.uid() == uid => Verdict::Wait,
            Purpose::End(_) => Verdict::Met,
        }
    }

    /// How far a rollout is, which is printed at each change of the object.
    fn weigh_rollout(&mut self, object: &Object) -> Verdict {
        let Command::Rollout {
            action: RolloutAction::Status {
                watch, revision, ..
            },
            ..
        } = self.invocation.command
        else {
            return Verdict::Met;
        };
        match rollout::status(object, revision) {
            Err(failure) => Verdict::Failed(failure),
            Ok(Progress::Done(line)) => {
                self.print_lines(&[line]);
                Verdict::Met
            }
            Ok(Progress::Waiting(line)) => {
                self.print_lines(&[line]);
                if watch { Verdict::Wait } else { Verdict::Met }
            }
        }
    }

    fn say_met(&mut self, observed: &Observed) {
        if matches!(self.invocation.command, Command::Wait(_)) {
            self.print_lines(&[wait::met(&observed.key)]);
        }
    }

    /// What was made of a look, in words.
    fn sentence(&self, printed: usize, object: Option<&Object>, is_over: bool) -> String {
        let seen = object.map_or_else(
            || "sees that it is not there".to_owned(),
            |object| format!("sees {} at revision {}", object.key(), object.revision()),
        );
        match self.output[printed..].lines().next_back() {
            Some(line) => format!("prints: {line}"),
            None if is_over => format!("{seen}: waits no longer"),
            None => format!("{seen}: not yet"),
        }
    }

    fn end_observation(&mut self, hands: &mut Hands<'_>) {
        let Some(observed) = self.observed.take() else {
            return;
        };
        if let Some(at) = observed.alarm {
            hands.take_back(at, KubectlAlarm::GivesUp(observed.number));
        }
    }

    /// The world is not idle before what makes progress has had its time; kubectl itself would go on
    /// for ever.
    fn put_off(&mut self, patience: Duration, hands: &mut Hands<'_>) {
        if self.gives_up().is_some() {
            return;
        }
        let Some(observed) = &mut self.observed else {
            return;
        };
        let alarm = KubectlAlarm::GivesUp(observed.number);
        if let Some(at) = observed.alarm.replace(hands.now + patience) {
            hands.take_back(at, alarm.clone());
        }
        hands.wake(patience, hands.cause, alarm);
    }

    /// An alarm of an observation rang: its time is over, or only the world's patience.
    pub(super) fn time_is_out(&mut self, number: u64, hands: &mut Hands<'_>) {
        let observed = self.observed.as_mut();
        let Some(observed) = observed.filter(|observed| observed.number == number) else {
            return;
        };
        observed.alarm = None;
        let (key, purpose) = (observed.key.clone(), observed.purpose.clone());
        if self.gives_up().is_none_or(|end| hands.now < end) {
            return;
        }
        let failure = match purpose {
            Purpose::Rollout => wait::TIMED_OUT.to_owned(),
            Purpose::Condition | Purpose::End(_) => wait::timed_out_on(&key),
        };
        self.failures.push(Failure::Own(failure));
        let record = hands.note(hands.cause, Note::GivesUp(key));
        self.observed = None;
        self.advance(record, hands);
    }
}

/// There is no such object when it is looked for.
fn missing(observed: &Observed) -> Verdict {
    match observed.purpose {
        Purpose::Condition => Verdict::Failed(Failure::of(&Refusal::not_found(&observed.key))),
        Purpose::Rollout => Verdict::Wait,
        Purpose::End(_) => Verdict::Met,
    }
}

/// The object has gone meanwhile.
fn gone(observed: &Observed) -> Verdict {
    match observed.purpose {
        // kubectl waits on: another one of that name may come.
        Purpose::Condition => Verdict::Wait,
        Purpose::Rollout => Verdict::Failed(Failure::Own("object has been deleted".to_owned())),
        Purpose::End(_) => Verdict::Met,
    }
}

/// How long a rollout may stand still before its controller says that it has failed.
fn patience_with(object: &Object) -> Option<Duration> {
    let Object::Deployment(deployment) = object else {
        return None;
    };
    let seconds = deployment.spec.progress_deadline_seconds?;
    let seconds = u64::try_from(seconds).ok()? + 1;
    (deployment.spec.paused != Some(true)).then(|| Duration::from_secs(seconds))
}
