//! `kubectl wait`: whether what is waited for has come true.
//!
//! Source: `kubectl/pkg/cmd/wait/condition.go` and its neighbours, Kubernetes 1.34.

use serde_json::Value;

use super::Session;
use super::failure::Failure;
use super::observe::Purpose;
use super::task::Task;
use crate::api::{Key, Object};
use crate::apiserver::{Answer, Outcome, Reason};
use crate::kubectl::grammar::{Command, RolloutAction, Until, Wait};
use crate::kubectl::json_path::plain;
use crate::sim::Time;

/// What kubectl says when time is out.
pub(super) const TIMED_OUT: &str = "timed out waiting for the condition";

impl Session {
    fn waited_for(&self) -> Option<&Wait> {
        match &self.invocation.command {
            Command::Wait(wait) => Some(wait),
            _ => None,
        }
    }

    /// When the command gives up, if it ever does.
    pub(super) fn gives_up(&self) -> Option<Time> {
        let timeout = match &self.invocation.command {
            Command::Wait(wait) => Some(wait.timeout),
            Command::Rollout {
                action: RolloutAction::Status { timeout, .. },
                ..
            } => *timeout,
            _ => None,
        };
        timeout.map(|timeout| self.begun + timeout)
    }

    /// The objects that `wait` is about have been read.
    pub(super) fn wait_for(&mut self, wait: &Wait, objects: &[Object]) {
        for object in objects {
            let key = object.key();
            match wait.until {
                Until::Created => self.print_lines(&[met(&key)]),
                Until::Deleted => self.tasks.push_back(Task::AwaitEnd {
                    key,
                    uid: String::new(),
                }),
                Until::Condition { .. } | Until::Path { .. } if wait.timeout.is_zero() => {
                    self.tasks.push_back(Task::Await(key));
                }
                Until::Condition { .. } | Until::Path { .. } => {
                    self.tasks.push_back(Task::Observe(key, Purpose::Condition));
                }
            }
        }
    }

    /// An object has been looked at once: whether it has come, or what is true of it at this moment.
    pub(super) fn look(&mut self, key: Key, outcome: &Outcome, now: Time) {
        let Some(wait) = self.waited_for() else {
            return;
        };
        let (until, end) = (wait.until.clone(), self.begun + wait.timeout);
        match outcome {
            Ok(Answer::Object(object)) => match is_true(&until, object) {
                Ok(true) => self.print_lines(&[met(&key)]),
                Ok(false) => self.failures.push(Failure::Own(not_met(&key))),
                Err(problem) => self.failures.push(Failure::Own(problem)),
            },
            Ok(_) => {}
            Err(refusal) if refusal.reason != Reason::NotFound || until != Until::Created => {
                self.failures.push(Failure::of(refusal));
            }
            Err(_) if now >= end => self.failures.push(Failure::Own(TIMED_OUT.to_owned())),
            Err(_) => self.sleep(Task::Await(key)),
        }
    }

    /// It is known whether an object is still there: if so, it is watched until it is gone.
    pub(super) fn looked_for_end(&mut self, key: Key, uid: String, outcome: &Outcome) {
        let waits = self.waited_for().is_some();
        let is_late = self.waited_for().is_some_and(|wait| wait.timeout.is_zero());
        match outcome {
            Ok(Answer::Object(object)) if uid.is_empty() || object.uid() == uid => {
                if is_late {
                    self.failures.push(Failure::Own(not_met(&key)));
                } else {
                    self.tasks.push_front(Task::Observe(key, Purpose::End(uid)));
                }
            }
            Ok(_) => {}
            Err(refusal) if refusal.reason == Reason::NotFound => {
                if waits {
                    self.print_lines(&[met(&key)]);
                }
            }
            Err(refusal) => self.failures.push(Failure::of(refusal)),
        }
    }
}

/// What is said of an object of which something has come true.
pub(super) fn met(key: &Key) -> String {
    let kind = key.kind.info().qualified_singular();
    format!("{kind}/{} condition met", key.name)
}

fn not_met(key: &Key) -> String {
    format!("condition not met for {}", object_name(key))
}

/// What is said when time is out for an object.
pub(super) fn timed_out_on(key: &Key) -> String {
    format!("{TIMED_OUT} on {}", object_name(key))
}

/// `pods/web-1`, as `kubectl wait` names an object.
fn object_name(key: &Key) -> String {
    format!("{}/{}", key.kind.info().plural, key.name)
}

/// Whether what is waited for is true of an object that is there.
pub(super) fn is_true(until: &Until, object: &Object) -> Result<bool, String> {
    match until {
        Until::Created => Ok(true),
        Until::Deleted => Ok(false),
        Until::Condition { name, status } => Ok(has_condition(&object.to_value(), name, status)),
        Until::Path { path, value } => {
            let whole = object.to_value();
            let found = path.values(&whole).map_err(|error| error.to_string())?;
            match (found.as_slice(), value) {
                ([], _) => Ok(false),
                (_, None) => Ok(true),
                ([Value::Object(_) | Value::Array(_)], Some(_)) => Err(format!(
                    "jsonpath leads to a nested object or list which cannot be compared: {}",
                    path.source()
                )),
                ([one], Some(value)) => Ok(plain(one).trim() == value.trim()),
                (_, Some(_)) => {
                    Err("given jsonpath expression matches more than one value".to_owned())
                }
            }
        }
    }
}

/// Whether a condition has a status, and was set for the newest spec.
fn has_condition(object: &Value, name: &str, status: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let condition = conditions.into_iter().flatten().find(|condition| {
        condition["type"]
            .as_str()
            .is_some_and(|each| each.eq_ignore_ascii_case(name))
    });
    let Some(condition) = condition else {
        return false;
    };
    let observed = condition["observedGeneration"]
        .as_i64()
        .or_else(|| object["status"]["observedGeneration"].as_i64());
    let generation = object["metadata"]["generation"].as_i64();
    if let (Some(observed), Some(generation)) = (observed, generation)
        && observed < generation
    {
        return false;
    }
    condition["status"]
        .as_str()
        .is_some_and(|each| each.eq_ignore_ascii_case(status))
}
