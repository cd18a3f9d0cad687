//! What a run of kubectl prints when all has been answered.

use std::sync::Arc;

use super::failure::Failure;
use super::{Session, edit, show};
use crate::api::Object;
use crate::kubectl::grammar::{Command, Events, Output, Targets, Until};
use crate::kubectl::printers;
use crate::sim::Time;

impl Session {
    pub(super) fn print_found(&mut self, now: Time) {
        let invocation = Arc::clone(&self.invocation);
        match &invocation.command {
            Command::Get(get) => {
                match show::found(get, &self.found, now) {
                    Ok(text) => self.output.push_str(&text),
                    Err(failure) => self.failures.push(failure),
                }
                let is_table = matches!(get.output, Output::Table | Output::Wide);
                if is_table && !get.ignore_not_found {
                    self.say_nothing_found(&get.targets);
                }
            }
            Command::Apply { .. } => self.show_applied(),
            Command::Events(events) => self.print_events(events, now),
            Command::Wait(wait)
                if self.output.is_empty()
                    && self.failures.is_empty()
                    && wait.until != Until::Deleted =>
            {
                let failure = Failure::Own("no matching resources found".to_owned());
                self.failures.push(failure);
            }
            Command::Edit(edit) if !self.files.contains_key(edit::EDITED) => self.open_editor(edit),
            Command::Edit(_) => self.say_how_to_go_on(),
            Command::Top(top) => self.print_top(top, now),
            Command::Describe { targets } => {
                self.output.push_str(&self.described.join("\n\n"));
                if self.described.is_empty() {
                    self.say_nothing_found(targets);
                }
            }
            Command::Logs(logs)
                if logs.selects() && self.output.is_empty() && self.failures.is_empty() =>
            {
                self.say_nothing_found(&logs.targets);
            }
            Command::Delete(delete)
                if matches!(delete.targets, Targets::Kinds { .. })
                    && self.output.is_empty()
                    && self.failures.is_empty() =>
            {
                self.output.push_str("No resources found\n");
            }
            Command::Scale(_) if self.output.is_empty() && self.failures.is_empty() => {
                let failure = Failure::Own("no objects passed to scale".to_owned());
                self.failures.push(failure);
            }
            _ => {}
        }
    }

    fn print_events(&mut self, events: &Events, now: Time) {
        let wanted = |object: &Object| {
            let Object::Event(event) = object else {
                return false;
            };
            let of_type = |wanted: &String| {
                let own = event.spec.type_.as_deref().unwrap_or_default();
                own.eq_ignore_ascii_case(wanted)
            };
            events.types.is_empty() || events.types.iter().any(of_type)
        };
        self.found.retain(wanted);
        if !self.found.is_empty() {
            let text = printers::events(&self.found, now, events.everywhere, events.headers);
            self.output.push_str(&text);
        } else if self.failures.is_empty() {
            let text = if events.everywhere {
                "No events found.\n".to_owned()
            } else {
                let namespace = self.invocation.namespace();
                format!("No events found in {namespace} namespace.\n")
            };
            self.errors.push_str(&text);
        }
    }

    fn say_nothing_found(&mut self, targets: &Targets) {
        let Targets::Kinds {
            kinds, everywhere, ..
        } = targets
        else {
            return;
        };
        if self.found.is_empty() && self.failures.is_empty() {
            let text = show::nothing(&self.invocation, kinds, *everywhere);
            self.errors.push_str(&text);
        }
    }
}
