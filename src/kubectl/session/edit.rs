//! `kubectl edit`: the text that the editor is opened with, and what is sent when it is saved.
//!
//! A run without the saved text reads the objects and stops where kubectl opens the editor. The
//! screen has one: it asks for the text in a copy of the world, and what was saved comes in with a
//! run of its own, as the two files [`ORIGINAL`] and [`EDITED`].
//!
//! Source: `kubectl/pkg/cmd/util/editor/editoptions.go`, Kubernetes 1.34.

use serde_json::{Value, json};

use super::Session;
use super::change::quoted;
use super::failure::Failure;
use super::files::Files;
use super::task::Task;
use crate::api::Object;
use crate::apiserver::{Patch, PatchType, Reason, Refusal};
use crate::kubectl::grammar::{Command, Edit, Output};
use crate::manifest::{self, Document, Severity, patch, print};

/// The file of a run that holds the text as the editor was opened with it.
pub const ORIGINAL: &str = "original";

/// The file of a run that holds the text as it was saved.
pub const EDITED: &str = "edited";

/// What the text begins with.
const HEADER: &str = "\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

/// What kubectl says when the text was saved as it was.
pub const UNCHANGED: &str = "Edit cancelled, no changes made.";

/// What kubectl says when nothing but comments was saved.
pub const EMPTY: &str = "Edit cancelled, saved file was empty.";

/// What is said where there is no editor.
const NO_EDITOR: &str = "Unlike Kubernetes: a run without a screen has no editor to open. Write \
    kubectl patch, kubectl set or kubectl apply -f, or type this line on the screen";

/// What came of saving, before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// There is nothing to send; why, in kubectl's words.
    Cancelled(&'static str),
    /// The text cannot be read; why.
    Unreadable(String),
    /// Something is to be sent.
    Changed,
}

/// What kubectl makes of a text that was saved.
#[must_use]
pub fn saved(original: &str, edited: &str) -> Saved {
    let has_lines = edited
        .lines()
        .map(str::trim)
        .any(|line| !line.is_empty() && !line.starts_with('#'));
    if !has_lines {
        return Saved::Cancelled(EMPTY);
    }
    match (values(original), values(edited)) {
        (_, Err(problem)) => Saved::Unreadable(problem),
        (original, edited) if original == edited => Saved::Cancelled(UNCHANGED),
        _ => Saved::Changed,
    }
}

/// The text to edit again after a refusal: what was saved, below the reasons.
#[must_use]
pub fn reopened<'a>(edited: &str, refusals: impl Iterator<Item = &'a Refusal>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for refusal in refusals {
        let Some(key) = &refusal.key else { continue };
        let resource = key.kind.info().group_resource();
        lines.push(format!("# {resource} \"{}\" was not valid:", key.name));
        let causes = refusal.causes.iter().map(ToString::to_string);
        lines.extend(causes.map(|cause| format!("# * {}", cause.replace('\n', "\n# "))));
        lines.push("#".to_owned());
    }
    let edited = edited.lines().filter(|line| !line.starts_with('#'));
    lines.extend(edited.map(str::to_owned));
    format!("{HEADER}{}\n", lines.join("\n"))
}

impl Session {
    /// The text that the editor is to be opened with, once the objects have been read.
    #[must_use]
    pub fn draft(&self) -> Option<&str> {
        self.draft.as_deref()
    }

    /// The first tasks, when the text has been saved: one patch for each object that was changed.
    pub(super) fn save(&mut self, edit: &Edit, files: &Files) -> Result<(), Vec<Failure>> {
        let text = |name: &str| {
            let bytes = files.get(name).map(|bytes| &**bytes);
            String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
        };
        let (original, edited) = (text(ORIGINAL), text(EDITED));
        let own = |problem: String| vec![Failure::Own(problem)];
        match saved(&original, &edited) {
            Saved::Cancelled(why) => {
                self.errors.push_str(why);
                self.errors.push('\n');
                return Ok(());
            }
            Saved::Unreadable(problem) => {
                let why = format!("The edited file had a syntax error: {problem}");
                return Err(own(why));
            }
            Saved::Changed => {}
        }
        let originals = documents(ORIGINAL, &original).map_err(own)?;
        for edited in documents(EDITED, &edited).map_err(own)? {
            let uid = edited.object.uid();
            let Some(original) = originals.iter().find(|each| each.object.uid() == uid) else {
                let name = quoted(&edited.object);
                return Err(own(format!("no original object found for {name}")));
            };
            self.save_one(edit, original, &edited).map_err(own)?;
        }
        Ok(())
    }

    fn save_one(
        &mut self,
        edit: &Edit,
        original: &Document,
        edited: &Document,
    ) -> Result<(), String> {
        if original.value == edited.value {
            self.say(&original.object, "skipped");
            return Ok(());
        }
        let name = |of: &Document| (of.kind, of.object.name().to_owned());
        if name(original) != name(edited) {
            return Err("At least one of apiVersion, kind and name was changed".to_owned());
        }
        let (given, wanted) = (edited.object.namespace(), original.object.namespace());
        if given != wanted {
            return Err(format!(
                "the namespace from the provided object \"{given}\" does not match the namespace \
                 \"{wanted}\". You must pass '--namespace={given}' to perform this operation."
            ));
        }
        let body = patch::difference(original.kind, &original.value, &edited.value)
            .map_err(|error| error.to_string())?;
        if edit.shows_patch {
            self.print_lines(&[format!("Patch: {body}")]);
        }
        self.tasks.push_back(Task::Patch {
            object: Box::new(original.object.clone()),
            patch: Patch {
                patch_type: PatchType::Strategic,
                subresource: edit.subresource,
                body,
            },
            said: "edited",
            source: None,
        });
        Ok(())
    }

    /// The objects have been read: here kubectl opens the editor.
    pub(super) fn open_editor(&mut self, edit: &Edit) {
        if self.found.is_empty() {
            if self.failures.is_empty() {
                let failure = "edit cancelled, no objects found".to_owned();
                self.failures.push(Failure::Own(failure));
            }
            return;
        }
        let values: Vec<Value> = self.found.iter().map(Object::to_value).collect();
        let whole = match <[Value; 1]>::try_from(values) {
            Ok([one]) => one,
            Err(many) => json!({
                "apiVersion": "v1", "kind": "List", "metadata": {}, "items": many,
            }),
        };
        self.draft = Some(match edit.output {
            Output::Json => print::to_json_pretty(&whole).into(),
            _ => format!("{HEADER}{}", print::to_yaml(&whole)).into(),
        });
        self.failures.push(Failure::Own(NO_EDITOR.to_owned()));
    }

    /// The command, if it is an edit.
    pub(super) fn edits(&self) -> Option<&Edit> {
        match &self.invocation.command {
            Command::Edit(edit) => Some(edit),
            _ => None,
        }
    }

    /// What was saved of an object has been taken.
    pub(super) fn edited(&mut self, object: &Object) {
        match self
            .edits()
            .map(|edit| edit.output.clone())
            .unwrap_or_default()
        {
            Output::Json => {
                let text = print::to_json_pretty(&object.to_value());
                self.output.push_str(&text);
            }
            Output::Yaml => self.output.push_str(&print::to_yaml(&object.to_value())),
            Output::Name => {
                self.print_lines(&[super::show::path_of(object)]);
            }
            _ => self.say(object, "edited"),
        }
    }
}

/// Where the saved text stays: the screen's editor is the standard input of its commands.
const KEPT_IN: &str = "-";

impl Session {
    /// All patches have been answered: what can be done about those that were refused.
    pub(super) fn say_how_to_go_on(&mut self) {
        let reasons: Vec<Reason> = self.refusals().map(|refusal| refusal.reason).collect();
        let is_open = |reason: &Reason| !matches!(reason, Reason::Invalid | Reason::NotFound);
        let line = if reasons.iter().any(is_open) {
            format!("You can run `kubectl replace -f {KEPT_IN}` to try this update again.")
        } else if reasons.contains(&Reason::NotFound) {
            format!("The edits you made on deleted resources have been saved to \"{KEPT_IN}\"")
        } else {
            return;
        };
        self.failures.push(Failure::Collected(line));
    }
}

/// What kubectl says when a patch is refused.
pub(super) fn refused(object: &Object, refusal: &Refusal) -> Failure {
    let name = quoted(object);
    let line = match refusal.reason {
        Reason::Invalid => format!("error: {name} is invalid"),
        Reason::NotFound => format!("error: {name} could not be found on the server"),
        _ => format!("error: {name} could not be patched: {refusal}"),
    };
    let refusal = refusal.clone();
    Failure::Told { refusal, line }
}

/// The objects of a text.
fn documents(name: &str, text: &str) -> Result<Vec<Document>, String> {
    let parse = manifest::parse(name, text.as_bytes());
    let mut problems = parse.problems.iter();
    match problems.find(|problem| problem.severity == Severity::Error) {
        Some(problem) => Err(problem.to_string()),
        None => Ok(parse.documents),
    }
}

/// What a text says; comments and the order of its fields are no part of it.
fn values(text: &str) -> Result<Vec<Value>, String> {
    let documents = documents(EDITED, text)?;
    Ok(documents.into_iter().map(|each| each.value).collect())
}
