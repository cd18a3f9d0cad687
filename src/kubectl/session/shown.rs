//! What is said of an object that was made or changed, or the object itself where `-o` asks for it.

use super::failure::Failure;
use super::{Session, show};
use crate::api::Object;
use crate::apiserver::{Patch, PatchType};
use crate::kubectl::grammar::{Command, DryRun, Output};
use crate::kubectl::json_path::JsonPath;
use crate::kubectl::zeroes;
use crate::manifest::{patch, print};

impl Session {
    /// Says what was done about an object, or shows the object.
    pub(super) fn say(&mut self, object: &Object, what: &str) {
        let path = show::path_of(object);
        match self.invocation.shown.clone() {
            Output::Name => self.output.extend([path.as_str(), "\n"]),
            Output::Json | Output::Yaml
                if matches!(self.invocation.command, Command::Apply { .. }) =>
            {
                // `apply` shows all that it applied as one list at its end.
                self.found.push(object.clone());
            }
            Output::Json => {
                let value = zeroes::written(object.kind(), self.value(object));
                self.output.push_str(&print::to_json_pretty(&value));
            }
            Output::Yaml => {
                if !self.output.is_empty() {
                    self.output.push_str("---\n");
                }
                let value = zeroes::written(object.kind(), self.value(object));
                self.output.push_str(&print::to_yaml(&value));
            }
            Output::JsonPath(template) => self.say_path(object, &template),
            Output::Table | Output::Wide | Output::Columns(_) => {
                let suffix = self.invocation.dry_run.suffix();
                self.output.extend([&path, " ", what, suffix, "\n"]);
            }
        }
    }

    /// Says that an object was made. What a dry run would have made has no version yet.
    pub(super) fn made(&mut self, object: &Object, said: &str) {
        let mut object = object.clone();
        if self.invocation.dry_run == DryRun::Server {
            object.metadata_mut().resource_version = None;
        }
        self.say(&object, said);
    }

    fn say_path(&mut self, object: &Object, template: &JsonPath) {
        let value = zeroes::written(object.kind(), self.value(object));
        match template.text(&value) {
            Ok(text) => self.output.push_str(&text),
            Err(problem) => self.failures.push(show::no_answer(template, &problem)),
        }
    }

    /// What kubectl made of the flags alone has no namespace but the one that it was given.
    fn value(&self, object: &Object) -> serde_json::Value {
        let mut value = object.to_value();
        let is_from_file = !self.invocation.manifests().is_empty();
        let is_draft =
            object.uid().is_empty() && self.invocation.namespace.is_none() && !is_from_file;
        if is_draft && let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        value
    }

    /// The objects that `apply` has applied.
    pub(super) fn show_applied(&mut self) {
        let values = self.found.iter();
        let mut values: Vec<_> = values
            .map(|object| zeroes::written(object.kind(), object.to_value()))
            .collect();
        let value = match (values.len(), values.pop()) {
            (0, _) | (_, None) => return,
            (1, Some(one)) => one,
            (_, Some(last)) => print::list(values.into_iter().chain([last])),
        };
        let text = match self.invocation.shown {
            Output::Json => print::to_json_pretty(&value),
            _ => print::to_yaml(&value),
        };
        self.output.push_str(&text);
    }

    /// The labels or annotations of an object. Source: `kubectl/pkg/cmd/label/label.go`.
    pub(super) fn list_entries(&mut self, object: &Object, annotations: bool, is_one: bool) {
        let metadata = object.metadata();
        let (entries, what) = if annotations {
            (&metadata.annotations, "annotations")
        } else {
            (&metadata.labels, "labels")
        };
        let indent = if is_one { "" } else { " " };
        if !is_one {
            let info = object.kind().info();
            let (kind, group, name) = (info.name, info.group, object.name());
            let head = format!("Listing {what} for {kind}.{group}/{name}:\n");
            self.output.push_str(&head);
        }
        for (key, value) in entries.iter().flatten() {
            self.output.extend([indent, key, "=", value, "\n"]);
        }
    }

    /// What `apply` was given last. Source: `kubectl/pkg/cmd/apply/apply_view_last_applied.go`.
    pub(super) fn show_last_applied(&mut self, object: &Object, as_json: bool) {
        let Some(last) = patch::last_applied(&object.to_value()) else {
            let name = object.name();
            self.failures.push(Failure::Own(format!(
                "no last-applied-configuration annotation found on resource: {name}"
            )));
            return;
        };
        let text = if as_json {
            format!("{last:#}\n")
        } else {
            print::to_yaml(&last)
        };
        self.output.push_str(&text);
    }

    /// What a patch would make of an object, as kubectl works it out for `--dry-run=client`. `apply` and
    /// `scale` show what is there.
    pub(super) fn tried(&self, object: &Object, wanted: &Patch) -> Object {
        debug_assert_eq!(self.invocation.dry_run, DryRun::Client);
        let before = object.to_value();
        let after = match (&self.invocation.command, wanted.patch_type) {
            (Command::Apply { .. } | Command::Scale(_), _) => return object.clone(),
            (_, PatchType::Strategic) => patch::strategic(object.kind(), &before, &wanted.body),
            (_, PatchType::Json) => patch::json(&before, &wanted.body),
            (_, PatchType::Merge | PatchType::Apply(_)) => Ok(patch::merge(&before, &wanted.body)),
        };
        let after = after.ok();
        after
            .and_then(|after| Object::from_value(object.kind(), after).ok())
            .unwrap_or_else(|| object.clone())
    }
}
