//! What a run of kubectl does when the API server says no, and what it says then.

use super::Session;
use super::edit;
use super::failure::Failure;
use super::task::{Maker, Task};
use crate::api::{Key, Kind, Object, selector};
use crate::apiserver::{Patch, Reason, Refusal, Scope};
use crate::kubectl::grammar::{Command, RolloutAction, Setting, Until};

impl Session {
    /// The API server said no.
    pub(super) fn refused(&mut self, task: &Task, refusal: &Refusal) {
        let is_missing = refusal.reason == Reason::NotFound;
        let is_silent = match &self.invocation.command {
            Command::Get(get) => get.ignore_not_found,
            Command::Delete(delete) => delete.ignore_not_found,
            _ => false,
        };
        if is_silent && is_missing || self.may_be_absent(task, refusal) {
            return;
        }
        match (task, &self.invocation.command) {
            (Task::Get(key), Command::Wait(wait))
                if is_missing && matches!(wait.until, Until::Created | Until::Deleted) =>
            {
                // What is gone already was waited for long enough.
                if wait.until == Until::Created {
                    self.tasks.push_back(Task::Await(key.clone()));
                }
                return;
            }
            (Task::Get(key), Command::Describe { .. }) if is_missing => {
                let resembling = Task::Resembling(key.clone(), refusal.clone());
                self.tasks.push_front(resembling);
                return;
            }
            _ => {}
        }
        let failure = self.failure_of(task, refusal);
        self.failures.push(failure);
        if task.is_first_read() && !goes_on(&self.invocation.command) {
            self.tasks.retain(Task::is_first_read);
        }
    }

    /// The refusal in the words of the command.
    fn failure_of(&self, task: &Task, refusal: &Refusal) -> Failure {
        match (task, &self.invocation.command) {
            (Task::Get(_), Command::Logs(_)) if refusal.reason == Reason::NotFound => {
                let namespace = self.invocation.namespace();
                let reason = refusal.reason;
                Failure::Own(format!(
                    "error from server ({reason}): {refusal} in namespace \"{namespace}\""
                ))
            }
            (Task::List(key, scope), command) if !matches!(command, Command::Events(_)) => {
                listing(key.kind, scope, refusal)
            }
            (Task::Get(_), Command::Scale(_)) => {
                Failure::Own(format!("no objects passed to scale {refusal}"))
            }
            (
                Task::Patch { .. },
                Command::Rollout {
                    action: RolloutAction::Undo { to_revision },
                    ..
                },
            ) => Failure::Own(format!(
                "failed restoring revision {to_revision}: {refusal}"
            )),
            (Task::Patch { .. }, Command::SetImage { .. }) => Failure::Own(format!(
                "failed to patch image update to pod template: {refusal}"
            )),
            (Task::Patch { .. }, Command::Set { setting, .. }) => setting_refused(setting, refusal),
            (Task::Patch { object, .. }, Command::Edit(_)) => edit::refused(object, refusal),
            (
                Task::Patch {
                    object,
                    patch,
                    source: Some(source),
                    ..
                },
                _,
            ) => applying(object, patch, source, refusal),
            (Task::Create { by, .. }, _) => match by {
                Maker::File(source) => Failure::while_doing("creating", Some(source), refusal),
                Maker::Generator(what) => {
                    Failure::Own(format!("failed to create {what}: {refusal}"))
                }
                Maker::Plain => Failure::of(refusal),
            },
            (Task::Put { source, .. }, _) => {
                Failure::while_doing("replacing", Some(source), refusal)
            }
            (Task::Delete { source, .. }, _) => {
                Failure::while_doing("deleting", source.as_deref(), refusal)
            }
            _ => Failure::of(refusal),
        }
    }
}

/// A kind's group and version as kubectl's own messages write them: `apps/v1`, `/v1`.
fn group_version(kind: Kind) -> String {
    let info = kind.info();
    let version = info.api_version();
    if info.group.is_empty() {
        format!("/{version}")
    } else {
        version
    }
}

/// What kubectl says when it may not list what a line selects.
/// Source: `Selector.Visit` of `cli-runtime/pkg/resource/selector.go`.
pub(super) fn listing(kind: Kind, scope: &Scope, refusal: &Refusal) -> Failure {
    if !matches!(refusal.reason, Reason::BadRequest | Reason::NotFound) {
        return Failure::of(refusal);
    }
    let resource = format!("{}, Resource={}", group_version(kind), kind.info().plural);
    let labels = scope.labels.as_ref().map(selector::print_typed);
    let (labels, fields) = (labels.unwrap_or_default(), scope.fields.to_string());
    let doing = if labels.is_empty() && fields.is_empty() {
        format!("Unable to list {resource:?}: ")
    } else {
        format!(
            "Unable to find {resource:?} that match label selector {labels:?}, field selector \
             {fields:?}: "
        )
    };
    Failure::Server {
        refusal: refusal.clone(),
        doing,
    }
}

/// What kubectl says when a patch of `set` is refused. Source: `kubectl/pkg/cmd/set`.
fn setting_refused(setting: &Setting, refusal: &Refusal) -> Failure {
    match setting {
        Setting::Environment { .. } => Failure::Own(format!(
            "failed to patch env update to pod template: {refusal}"
        )),
        Setting::Resources { .. } => Failure::Own(format!(
            "failed to patch resources update to pod template {refusal}"
        )),
        Setting::Selector(_) | Setting::ServiceAccount(_) => Failure::of(refusal),
    }
}

/// What kubectl says when a patch of `apply` is refused.
fn applying(object: &Object, patch: &Patch, source: &str, refusal: &Refusal) -> Failure {
    Failure::Server {
        refusal: refusal.clone(),
        doing: format!(
            "error when applying patch:\n{}\nto:\n{}\nfor: \"{source}\": error when patching \
             \"{source}\": ",
            patch.body,
            described(&object.key())
        ),
    }
}

/// An object as `apply` tells which one it means. Source: `Info.String` of `cli-runtime/pkg/resource`.
pub(super) fn described(key: &Key) -> String {
    let info = key.kind.info();
    let version = group_version(key.kind);
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \
         \"{}\", Namespace: \"{}\"",
        info.plural, info.name, key.name, key.namespace
    )
}

/// Whether the command goes on with other objects when one cannot be read.
fn goes_on(command: &Command) -> bool {
    matches!(
        command,
        Command::Get(_)
            | Command::Edit(_)
            | Command::Describe { .. }
            | Command::Delete(_)
            | Command::Label(_)
            | Command::Annotate(_)
            | Command::Patch { .. }
            | Command::Wait(_)
    )
}
