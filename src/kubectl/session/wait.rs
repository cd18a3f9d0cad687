//! `kubectl wait`: whether what is waited for has come true.
//!
//! Source: `kubectl/pkg/cmd/wait/condition.go` and its neighbours, Kubernetes 1.34.

use serde_json::Value;

use super::Session;
use super::failure::Failure;
use super::task::Task;
use crate::api::{Key, Object};
use crate::apiserver::{Answer, Outcome, Reason};
use crate::kubectl::grammar::{Command, Until, Wait};
use crate::kubectl::json_path::plain;
use crate::sim::Time;

impl Session {
    fn waited_for(&self) -> Option<&Wait> {
        match &self.invocation.command {
            Command::Wait(wait) => Some(wait),
            _ => None,
        }
    }

    /// When `kubectl wait` gives up.
    pub(super) fn gives_up(&self) -> Option<Time> {
        self.waited_for().map(|wait| self.begun + wait.timeout)
    }

    /// An object that is waited for has been looked at.
    pub(super) fn look(&mut self, task: Task, outcome: &Outcome, now: Time) {
        let Task::Await { key, uid } = task else {
            return;
        };
        let Some(wait) = self.waited_for() else {
            return;
        };
        let (until, timeout) = (wait.until.clone(), wait.timeout);
        let come_true = match outcome {
            Ok(Answer::Object(object)) => {
                is_true(&until, object, uid.as_deref()).map_err(Failure::Own)
            }
            Ok(_) => Ok(false),
            Err(refusal) if refusal.reason == Reason::NotFound => Ok(until == Until::Deleted),
            Err(refusal) => Err(Failure::of(refusal)),
        };
        match come_true {
            Err(failure) => self.failures.push(failure),
            Ok(true) => self.say_met(&key),
            Ok(false) if timeout.is_zero() => {
                let message = format!("condition not met for {}", object_name(&key));
                self.failures.push(Failure::Own(message));
            }
            Ok(false) if now >= self.begun + timeout => {
                let message = format!(
                    "timed out waiting for the condition on {}",
                    object_name(&key)
                );
                self.failures.push(Failure::Own(message));
            }
            Ok(false) => {
                let uid = uid.or_else(|| match outcome {
                    Ok(answer) => answer.object().map(|object| object.uid().to_owned()),
                    Err(_) => None,
                });
                self.sleeping = Some(Task::Await { key, uid });
            }
        }
    }

    fn say_met(&mut self, key: &Key) {
        let kind = key.kind.info().qualified_singular();
        let line = format!("{kind}/{} condition met\n", key.name);
        self.output.push_str(&line);
    }
}

/// `pods/web-1`, as `kubectl wait` names an object.
fn object_name(key: &Key) -> String {
    format!("{}/{}", key.kind.info().plural, key.name)
}

fn is_true(until: &Until, object: &Object, uid: Option<&str>) -> Result<bool, String> {
    match until {
        Until::Created => Ok(true),
        // Another object of the same name is not the one that was to go.
        Until::Deleted => Ok(uid.is_some_and(|uid| uid != object.uid())),
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
