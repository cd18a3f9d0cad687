//! How a run of kubectl writes: in whose name, in earnest or not, by apply or by replacement.

use super::Session;
use super::failure::Failure;
use super::files::Draft;
use super::refused::described;
use super::server_side::Application;
use super::task::{Maker, Task};
use crate::api::Object;
use crate::apiserver::{Answer, Outcome, Reason, Refusal, Run, UnknownFields, WriteOptions};
use crate::kubectl::grammar::{ApplyMode, Command, DryRun, Replacement, Unknown};

impl Session {
    /// What is said beside the request of a task.
    pub(super) fn write_options(&self, task: Option<&Task>) -> WriteOptions {
        let invocation = &self.invocation;
        let own = match task {
            Some(Task::ApplyServerSide(application)) => application.manager(),
            _ => None,
        };
        let manager = match (own, &invocation.manager) {
            (Some(name), _) => name.into(),
            (None, Some(name)) => name.clone().into(),
            (None, None) => invocation.command.manager(),
        };
        let is_tried = invocation.dry_run == DryRun::Server
            || matches!(invocation.command, Command::Diff { .. });
        WriteOptions {
            manager: Some(manager),
            run: if is_tried { Run::Dry } else { Run::Real },
            unknown_fields: match invocation.command {
                Command::Patch { .. }
                | Command::Apply {
                    unknown: Unknown::Warned | Unknown::Ignored,
                    ..
                } => UnknownFields::Dropped,
                _ => UnknownFields::Refused,
            },
        }
    }

    /// Says what a task would have done instead of doing it, where nothing is to be asked for.
    pub(super) fn only_says(&mut self, task: &Task) -> bool {
        if self.invocation.dry_run != DryRun::Client {
            return false;
        }
        match task {
            Task::Create { object, said, .. } => self.say(object, said),
            Task::Patch {
                object,
                patch,
                said,
                ..
            } => {
                let object = self.tried(object, patch);
                self.say(&object, said);
            }
            Task::Put { object, .. } => self.say(object, "replaced"),
            Task::Delete { key, .. } => {
                let key = key.clone();
                self.say_deleted(&key);
            }
            _ => return false,
        }
        true
    }

    /// The first tasks of `apply`.
    pub(super) fn apply(&mut self, drafts: Vec<Draft>, mode: ApplyMode) {
        for draft in drafts {
            if let Some(failure) = unfit_to_apply(&draft) {
                self.failures.push(failure);
                continue;
            }
            self.tasks.push_back(match mode {
                ApplyMode::ClientSide => Task::Apply(Box::new(draft)),
                ApplyMode::ServerSide(conflicts) => {
                    Task::ApplyServerSide(Box::new(Application::new(draft, conflicts)))
                }
            });
        }
    }

    /// Makes an object of a file, or says why the API server will not have it.
    pub(super) fn make(&mut self, draft: Draft, said: &'static str) {
        match draft.object {
            Ok(object) => self.tasks.push_back(Task::Create {
                object: Box::new(object),
                said,
                by: Maker::File(draft.source),
            }),
            Err(refusal) => {
                let failure = Failure::while_doing("creating", Some(&draft.source), &refusal);
                self.failures.push(failure);
            }
        }
    }

    /// The first tasks of `replace`.
    pub(super) fn replace(&mut self, drafts: Vec<Draft>, by: Replacement) {
        for draft in drafts {
            if by == Replacement::Update {
                self.tasks.push_back(Task::Replace(Box::new(draft)));
                continue;
            }
            self.tasks.push_back(Task::Delete {
                key: draft.key.clone(),
                source: Some(draft.source.clone()),
            });
            self.make(draft, "replaced");
        }
    }

    /// What is to be replaced has been read: the new object goes there on top of what was read.
    pub(super) fn read_to_replace(&mut self, draft: Draft, outcome: &Outcome) {
        let mut object: Object = match draft.object {
            Ok(object) => object,
            Err(refusal) => {
                let failure = Failure::while_doing("replacing", Some(&draft.source), &refusal);
                self.failures.push(failure);
                return;
            }
        };
        if let Ok(Answer::Object(live)) = outcome
            && object.metadata().resource_version.is_none()
        {
            let version = live.metadata().resource_version.clone();
            object.metadata_mut().resource_version = version;
        }
        self.tasks.push_front(Task::Put {
            object: Box::new(object),
            source: draft.source,
        });
    }

    /// Whether a refusal is what `replace --force` expects of an object that is not there.
    pub(super) fn may_be_absent(&self, task: &Task, refusal: &Refusal) -> bool {
        let is_forced = matches!(
            self.invocation.command,
            Command::Replace {
                by: Replacement::Recreation,
                ..
            }
        );
        is_forced && matches!(task, Task::Delete { .. }) && refusal.reason == Reason::NotFound
    }
}

/// What `apply` says to an object without a name, which it could not find again.
/// Source: `applyOneObject` of `kubectl/pkg/cmd/apply/apply.go`, Kubernetes 1.34.
fn unfit_to_apply(draft: &Draft) -> Option<Failure> {
    if !draft.key.name.is_empty() {
        return None;
    }
    let beginning = draft.value["metadata"]["generateName"].as_str();
    Some(match beginning.filter(|text| !text.is_empty()) {
        Some(text) => Failure::Own(format!("from {text}: cannot use generate name with apply")),
        None => Failure::Own(format!(
            "error when retrieving current configuration of:\n{}\nfrom server for: \"{}\": resource \
             name may not be empty",
            described(&draft.key),
            draft.source
        )),
    })
}
