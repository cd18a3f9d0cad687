//! How a run of kubectl writes: in whose name, in earnest or not, by apply or by replacement.

use super::Session;
use super::failure::Failure;
use super::files::Draft;
use super::task::{Maker, Task};
use crate::api::Object;
use crate::apiserver::{Answer, Outcome, Reason, Refusal, Run, WriteOptions};
use crate::kubectl::grammar::{Command, DryRun, Replacement};

/// What kubectl says about conflicts of a server-side apply, below the API server's own words.
const RESOLVE_CONFLICTS: &str = "\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

impl Session {
    /// What is said beside each request.
    pub(super) fn write_options(&self) -> WriteOptions {
        let invocation = &self.invocation;
        let manager = match &invocation.manager {
            Some(name) => name.clone().into(),
            None => invocation.command.manager(),
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

    /// An object was applied by the API server, or was not.
    pub(super) fn applied(&mut self, outcome: &Outcome) {
        match outcome {
            Ok(Answer::Object(object)) => self.say(object, "serverside-applied"),
            Ok(_) => {}
            Err(refusal) if refusal.reason == Reason::Conflict => {
                let message = format!("{refusal}\n{RESOLVE_CONFLICTS}");
                self.failures.push(Failure::Own(message));
            }
            Err(refusal) => self.failures.push(Failure::of(refusal)),
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
