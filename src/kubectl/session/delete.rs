//! What a run of kubectl says of a deletion, and whether it stays until the object is gone.

use super::Session;
use super::task::Task;
use crate::api::{Key, Object};
use crate::kubectl::grammar::{Command, DryRun, Output};

impl Session {
    /// The API server has taken a deletion.
    pub(super) fn deleted(&mut self, key: Key, object: &Object) {
        self.say_deleted(&key);
        let waits = match &self.invocation.command {
            Command::Delete(delete) => delete.wait,
            Command::Replace { .. } => true,
            _ => false,
        };
        if waits && self.invocation.dry_run == DryRun::None {
            let uid = object.uid().to_owned();
            let wait = Task::AwaitEnd { key, uid };
            if matches!(self.invocation.command, Command::Replace { .. }) {
                self.tasks.push_front(wait);
            } else {
                self.tasks.push_back(wait);
            }
        }
    }

    /// Says that an object is deleted.
    pub(super) fn say_deleted(&mut self, key: &Key) {
        let (is_forced, names_only) = match &self.invocation.command {
            Command::Delete(delete) => (delete.force, delete.output == Output::Name),
            _ => (false, false),
        };
        let suffix = self.invocation.dry_run.suffix();
        let verb = if is_forced {
            "force deleted"
        } else {
            "deleted"
        };
        let kind = key.kind.info().qualified_singular();
        let name = &key.name;
        let line = if names_only {
            format!("{kind}/{name}\n")
        } else if key.namespace.is_empty() {
            format!("{kind} \"{name}\" {verb}{suffix}\n")
        } else {
            format!(
                "{kind} \"{name}\" {verb}{suffix} from {} namespace\n",
                key.namespace
            )
        };
        self.output.push_str(&line);
    }
}
