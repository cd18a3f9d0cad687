//! Typing: the editor, the command line, the filter, and sending what was typed.

use std::sync::Arc;
use std::time::Duration;

use tui_textarea::TextArea;

use super::{Around, edit, look, question, time};
use crate::api::Key;
use crate::cluster::driver::{Order, Snapshot};
use crate::cluster::{Cluster, Command, Files, scenario};
use crate::kubectl::Session;
use crate::kubectl::grammar::Command as Asked;
use crate::manifest;
use crate::ui::action::Action;
use crate::ui::answer::{self, Answer};
use crate::ui::choices;
use crate::ui::differences;
use crate::ui::editor::{EXAMPLE, FILE, input_of};
use crate::ui::key::KeyPress;
use crate::ui::model::{Mode, Model, Overlay, Pane, Prompt, Purpose, Sent, Worth};
use crate::ui::palette;

/// How many typed lines are remembered.
const LINES_MOST: usize = 200;

/// How long kubectl waits for an answer.
const ANSWER_MOST: Duration = Duration::from_mins(1);

/// The command that the editor sends.
const APPLY: &str = "apply -f -";

/// Types the filter of the events, from the one that holds.
pub(super) fn filter(model: &mut Model) -> Vec<Order> {
    look::open(model, Pane::Events);
    let filter = model.events.filter().to_owned();
    prompt(model, Purpose::Filter, &filter)
}

/// Types a command, from its beginning.
pub(super) fn command_line(model: &mut Model, begin: &str) -> Vec<Order> {
    prompt(model, Purpose::Command, begin)
}

/// Types a command of which this stands there already.
pub(super) fn command_line_with(model: &mut Model, begun: &str) -> Vec<Order> {
    prompt(model, Purpose::Command, begun)
}

fn prompt(model: &mut Model, purpose: Purpose, text: &str) -> Vec<Order> {
    model.mode = Mode::Prompting(Box::new(Prompt {
        purpose,
        line: line_of(text),
        recalled: None,
    }));
    Vec::new()
}

/// A line with the cursor at its end.
fn line_of(text: &str) -> TextArea<'static> {
    let mut line = TextArea::new(vec![String::new()]);
    line.insert_str(text);
    line
}

/// Types in the editor.
pub(super) fn edit(model: &mut Model) -> Vec<Order> {
    look::focus_or_open(model, Pane::Editor);
    model.mode = Mode::Typing;
    Vec::new()
}

/// Changes the editor's text as a whole: back, again, to nothing, to the example. Without the example of
/// `kubectl edit`: there it gives the edit up.
pub(super) fn rework(model: &mut Model, action: &Action, snapshot: &Snapshot) -> Vec<Order> {
    let editor = &mut model.editor;
    match action {
        Action::Undo => editor.undo(),
        Action::Redo => editor.redo(),
        Action::Clear => editor.replace(""),
        _ if model.edit.is_some() => return edit::give_up(model, snapshot),
        _ => editor.replace(EXAMPLE),
    }
    Vec::new()
}

/// Sends the editor's text as `kubectl apply -f -` would. kubectl itself sends nothing that it cannot
/// read, so such a text stays here with its first problem told.
pub(super) fn apply(model: &mut Model, around: Around<'_>) -> Vec<Order> {
    model.mode = Mode::Looking;
    if model.edit.is_some() {
        return edit::save(model, around);
    }
    let parse = manifest::parse(FILE, model.editor.text().as_bytes());
    if let Some(problem) = parse.problems.first() {
        let line = problem
            .place
            .map_or(String::new(), |place| format!("line {}: ", place.line));
        model.tell(
            format!("Not sent. {line}{}", problem.message),
            around.snapshot,
        );
        look::focus_or_open(model, Pane::Editor);
        return Vec::new();
    }
    let files = model.editor.send(APPLY);
    match Command::parse(APPLY, &files) {
        Ok(command) if !around.snapshot.is_newest() => time::ask(model, command),
        Ok(command) => {
            if let Some(document) = parse.documents.first() {
                model.selection = Some(key_of(document));
            }
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

/// Where an object of a manifest will stand; without a namespace it comes into `default`.
fn key_of(document: &manifest::Document) -> Key {
    let key = document.object.key();
    match &*key.namespace {
        "" => Key::new(key.kind, "default", &key.name),
        _ => key,
    }
}

/// Takes the typed line.
pub(super) fn confirm(model: &mut Model, around: Around<'_>) -> Vec<Order> {
    let Mode::Prompting(prompt) = std::mem::take(&mut model.mode) else {
        return Vec::new();
    };
    let typed = prompt
        .line
        .lines()
        .first()
        .map_or("", String::as_str)
        .trim()
        .to_owned();
    match prompt.purpose {
        Purpose::Filter => {
            model
                .events
                .set_filter(&typed, around.snapshot.head.trace());
            Vec::new()
        }
        Purpose::Command if typed.is_empty() => Vec::new(),
        Purpose::Command => {
            model.lines.retain(|line| *line != typed);
            model.lines.push(typed.clone());
            let excess = model.lines.len().saturating_sub(LINES_MOST);
            model.lines.drain(..excess);
            run(model, &typed, around)
        }
    }
}

/// The word that shows where this program differs from Kubernetes, of all rooms or of one.
const DIFFERENCES: &str = "differences";

fn run(model: &mut Model, typed: &str, around: Around<'_>) -> Vec<Order> {
    let mut words = typed.split_whitespace();
    if words.next() == Some(DIFFERENCES) {
        model.mode = Mode::Reading(Overlay::Answer {
            title: format!(": {typed}"),
            text: match differences::text(words.next()) {
                Ok(text) | Err(text) => text.into(),
            },
            scroll: (0, 0),
        });
        return Vec::new();
    }
    if let Some(asked) = question::asked(typed) {
        return question::answer(model, asked, around);
    }
    match palette::parse(typed, around.snapshot) {
        Some(Ok(own)) => return time::own(model, own, around),
        Some(Err(error)) => return refuse(model, typed, &error),
        None => {}
    }
    let text = model.editor.text();
    let load = |name: &str| match name {
        FILE => Ok(Files::from([(FILE.to_owned(), Arc::from(text.as_bytes()))])),
        _ => (around.disk.load)(name),
    };
    match scenario::command(typed, &load) {
        Err(error) => refuse(model, typed, &error),
        Ok(command) if edit::is_edit(&command) => edit::open(model, command, around),
        Ok(command) if is_question(&command) => {
            let text = asked(&around.snapshot.world, command.clone());
            let is_followed = is_followed(&command);
            model.mode = Mode::Reading(Overlay::Answer {
                title: command.line(),
                scroll: (if is_followed { last_line(&text) } else { 0 }, 0),
                text: text.into(),
            });
            model.followed = Some(command).filter(|_| is_followed);
            Vec::new()
        }
        Ok(command) if !around.snapshot.is_newest() => time::ask(model, command),
        Ok(command) => {
            if let Some(error) = around.snapshot.world.misses(&command) {
                return refuse(model, typed, &error);
            }
            if let Command::Kubectl { line, files, .. } = &command {
                model.awaited = Some(Sent {
                    worth: Worth::Always,
                    line: line.clone(),
                    files: Arc::clone(files),
                });
            }
            model.record = None;
            vec![Order::Submit(command)]
        }
    }
}

/// Says why a line is not taken.
fn refuse(model: &mut Model, typed: &str, error: &str) -> Vec<Order> {
    model.mode = Mode::Reading(Overlay::Answer {
        title: format!(": {typed}"),
        text: error.into(),
        scroll: (0, 0),
    });
    Vec::new()
}

/// Whether a command only asks, and is answered at once or as long as it is read.
fn is_question(command: &Command) -> bool {
    let Command::Kubectl { invocation, .. } = command else {
        return false;
    };
    invocation.command.only_asks() || is_followed(command)
}

/// Whether a command shows a log as it grows.
fn is_followed(command: &Command) -> bool {
    let Command::Kubectl { invocation, .. } = command else {
        return false;
    };
    matches!(invocation.command, Asked::Logs(_)) && invocation.command.stays()
}

fn last_line(text: &str) -> usize {
    text.lines().count().saturating_sub(1)
}

/// A log that is followed and lies over the panes shows what has come; who reads its end sees the new
/// end, who has gone back stays there.
pub(super) fn follow(model: &mut Model, snapshot: &Snapshot) {
    let Some(command) = model.followed.clone() else {
        return;
    };
    match &mut model.mode {
        Mode::Reading(Overlay::Answer {
            title,
            text,
            scroll,
        }) if *title == command.line() => {
            let now = asked(&snapshot.world, command);
            if scroll.0 >= last_line(text) {
                scroll.0 = last_line(&now);
            }
            *text = now.into();
        }
        _ => model.followed = None,
    }
}

/// What kubectl prints to a question. It is asked in a copy of the world, so looking leaves no traces
/// and also works in the past; the real kubectl's requests take time, and here they do so in the copy.
fn asked(world: &Cluster, question: Command) -> String {
    let session = session_of(world, question);
    session.map_or_else(String::new, |session| {
        format!("{}{}", session.output(), session.error_text())
    })
}

/// The run of kubectl that a question becomes in a copy of the world.
pub(super) fn session_of(world: &Cluster, question: Command) -> Option<Session> {
    let Command::Kubectl { line, files, .. } = &question else {
        return None;
    };
    let sent = Sent {
        worth: Worth::Always,
        line: line.clone(),
        files: Arc::clone(files),
    };
    let mut copy = world.clone();
    // Asked from a terminal of its own: what was typed before need not be done.
    copy.submit_at(copy.now(), question);
    copy.run_until(ANSWER_MOST, |world| match answer::of(world, &sent) {
        Answer::Before => false,
        // What is followed has said all there is to say once it waits for more.
        Answer::Going(session) => session.invocation().command.stays() && session.is_waiting(),
        Answer::Done(_) => true,
    });
    match answer::of(&copy, &sent) {
        Answer::Before => None,
        Answer::Going(session) | Answer::Done(session) => Some(session.clone()),
    }
}

/// Takes the first of what the line may become.
pub(super) fn complete(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    if let Mode::Prompting(prompt) = &mut model.mode
        && prompt.purpose == Purpose::Command
        && let Some(choice) = choices::of(prompt.text(), &snapshot.world).first()
    {
        prompt.line = line_of(&choice.line);
    }
    Vec::new()
}

/// Shows an earlier line, or a later one; the newest is followed by an empty one.
pub(super) fn recall(model: &mut Model, earlier: bool) -> Vec<Order> {
    let Mode::Prompting(prompt) = &mut model.mode else {
        return Vec::new();
    };
    if prompt.purpose == Purpose::Filter || model.lines.is_empty() {
        return Vec::new();
    }
    let oldest = model.lines.len() - 1;
    prompt.recalled = match (prompt.recalled, earlier) {
        (None, true) => Some(0),
        (Some(place), true) => Some((place + 1).min(oldest)),
        (None | Some(0), false) => None,
        (Some(place), false) => Some(place - 1),
    };
    let line = prompt
        .recalled
        .map_or("", |place| model.lines[oldest - place].as_str());
    prompt.line = line_of(line);
    Vec::new()
}

/// A key that is text.
pub(super) fn press(model: &mut Model, press: KeyPress) -> Vec<Order> {
    match &mut model.mode {
        Mode::Typing => model.editor.press(press),
        Mode::Prompting(prompt) => {
            prompt.line.input(input_of(press));
        }
        Mode::Looking | Mode::Reading(_) => {}
    }
    Vec::new()
}

/// Text from the clipboard: many lines go to the editor, the line at the bottom takes the first.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Order> {
    match &mut model.mode {
        Mode::Prompting(prompt) => {
            prompt
                .line
                .insert_str(text.lines().next().unwrap_or_default());
        }
        Mode::Typing => model.editor.paste(text),
        Mode::Looking | Mode::Reading(_) => {
            look::open(model, Pane::Editor);
            model.mode = Mode::Typing;
            model.editor.paste(text);
        }
    }
    Vec::new()
}
