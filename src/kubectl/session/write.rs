//! How a run of kubectl writes: in whose name, in earnest or not, by apply or by replacement.

use super::Session;
use super::files::Draft;
use super::task::{Maker, Task};
use crate::api::Object;
use crate::apiserver::{Answer, Outcome, Reason, Refusal, Run, WriteOptions};
use crate::kubectl::grammar::{Command, DryRun, Replacement};

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
        }
    }

    /// Says what a task would have done instead of doing it, where nothing is to be asked for.
    pub(super) fn only_says(&mut self, task: &Task) -> bool {
        if self.invocation.dry_run != DryRun::Client {
            return false;
        }
        match task {
            Task::Create { object, said, .. } | Task::Patch { object, said, .. } => {
                self.say(object, said);
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

    /// The first tasks of `replace`.
    pub(super) fn replace(&mut self, drafts: Vec<Draft>, by: Replacement) {
        for draft in drafts {
            if by == Replacement::Update {
                self.tasks.push_back(Task::Replace(Box::new(draft)));
                continue;
            }
            self.tasks.push_back(Task::Delete {
                key: draft.key,
                source: Some(draft.source.clone()),
            });
            self.tasks.push_back(Task::Create {
                object: Box::new(draft.object),
                said: "replaced",
                by: Maker::File(draft.source),
            });
        }
    }

    /// What is to be replaced has been read: the new object goes there on top of what was read.
    pub(super) fn read_to_replace(&mut self, draft: Draft, outcome: &Outcome) {
        let mut object: Object = draft.object;
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
