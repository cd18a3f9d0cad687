//! `kubectl edit` on the screen: the editor takes the live object, and gives the manifest back.

use std::sync::Arc;

use super::{Around, look, text, time};
use crate::cluster::driver::{Order, Snapshot};
use crate::cluster::{Command, Files};
use crate::kubectl::edit::{self, EDITED, ORIGINAL, Saved, UNCHANGED};
use crate::kubectl::{Session, grammar};
use crate::manifest;
use crate::ui::editor::Editor;
use crate::ui::model::{Edit, Mode, Model, Overlay, Pane};

/// What kubectl says when what was refused is saved again as it was.
const NO_VALID_CHANGES: &str = "Edit cancelled, no valid changes were saved.";

/// Whether a command opens the editor.
pub(super) fn is_edit(command: &Command) -> bool {
    matches!(command, Command::Kubectl { invocation, .. }
        if matches!(invocation.command, grammar::Command::Edit(_)))
}

/// Opens the editor with what the line names. It is read in a copy of the world, as a question is.
pub(super) fn open(model: &mut Model, command: Command, around: Around<'_>) -> Vec<Order> {
    let line = command.line();
    let session = text::session_of(&around.snapshot.world, command);
    let Some(draft) = session.as_ref().and_then(Session::draft) else {
        let text = session.map_or_else(String::new, |session| session.error_text());
        model.mode = Mode::Reading(Overlay::Answer {
            title: line,
            text: text.into(),
            scroll: (0, 0),
        });
        return Vec::new();
    };
    // A second edit in the place of the first; the manifest stays aside.
    let aside = match model.edit.take() {
        Some(edit) => edit.aside,
        None => Box::new(model.editor.clone()),
    };
    model.edit = Some(Edit {
        line: line.trim_start_matches("kubectl ").to_owned(),
        original: draft.as_bytes().into(),
        aside,
    });
    let parse = manifest::parse(EDITED, draft.as_bytes());
    if let Some(document) = parse.documents.first() {
        model.selection = Some(document.object.key());
    }
    model.editor = Editor::new(draft);
    look::open(model, Pane::Editor);
    model.mode = Mode::Typing;
    Vec::new()
}

/// Sends what was saved; what changes nothing or cannot be read is not sent.
pub(super) fn save(model: &mut Model, around: Around<'_>) -> Vec<Order> {
    let Some(Edit { line, original, .. }) = model.edit.clone() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&original);
    match edit::saved(&text, &model.editor.text()) {
        Saved::Cancelled(why) => return close(model, why, around.snapshot),
        Saved::Unreadable(problem) => {
            model.tell(format!("Not sent. {problem}"), around.snapshot);
            look::focus_or_open(model, Pane::Editor);
            return Vec::new();
        }
        Saved::Changed => {}
    }
    // What was refused and saved again as it was ends the edit.
    let refused = model.editor.sent().and_then(|sent| sent.files.get(EDITED));
    let refused = refused.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if let Some(refused) = refused
        && edit::saved(&refused, &model.editor.text()) == Saved::Cancelled(UNCHANGED)
    {
        return close(model, NO_VALID_CHANGES, around.snapshot);
    }
    let files = Files::from([(ORIGINAL.to_owned(), original)]);
    let files = model.editor.send_as(&line, EDITED, files);
    match Command::parse(&line, &files) {
        Ok(command) if !around.snapshot.is_newest() => time::ask(model, command),
        Ok(command) => {
            model.awaited = model.editor.sent().cloned();
            model.record = None;
            look::open(model, Pane::Desired);
            vec![Order::Submit(command)]
        }
        Err(error) => {
            model.tell(error.to_string(), around.snapshot);
            Vec::new()
        }
    }
}

/// Gives an edit up.
pub(super) fn give_up(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    close(model, UNCHANGED, snapshot)
}

fn close(model: &mut Model, why: &str, snapshot: &Snapshot) -> Vec<Order> {
    model.mode = Mode::Looking;
    restore(model);
    model.tell(why, snapshot);
    Vec::new()
}

/// The manifest comes back into the editor.
fn restore(model: &mut Model) {
    if let Some(edit) = model.edit.take() {
        model.editor = *edit.aside;
    }
}

/// The API server has answered: the edit is over, or what it refused is opened again.
pub(super) fn answered(model: &mut Model, session: &Session) {
    if session.exit_code() == Some(0) {
        restore(model);
        return;
    }
    let edited = session.files().get(EDITED).map(Arc::clone);
    let edited = edited.filter(|_| session.refusals().next().is_some());
    let edited = edited.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if let Some(edited) = edited.filter(|_| model.editor.is_as_sent()) {
        let text = edit::reopened(&edited, session.refusals());
        model.editor.replace(&text);
        look::open(model, Pane::Editor);
    }
}
