//! What an action does: the only place where the model changes. What the world shall do is returned.

mod edit;
mod look;
mod question;
mod tell;
mod text;
mod time;
mod way;

use std::sync::Arc;

use ratatui::layout::Size;

use super::action::Action;
use super::answer::{self, Answer};
use super::model::{Message, Mode, Model, Overlay, Pane, Worth};
use super::pace;
use super::panes::Direction;
use super::way::Towards;
use crate::api::{Kind, Object};
use crate::cluster::driver::{Order, Snapshot, Until, When};
use crate::cluster::scenario::{self, Loader};

/// What an action may look at.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The moment that is shown.
    pub snapshot: &'a Snapshot,
    /// Files.
    pub disk: Disk<'a>,
}

/// The files that the screen may read and write.
#[derive(Clone, Copy)]
pub struct Disk<'a> {
    /// Gives the files that a command names.
    pub load: Loader<'a>,
    /// Keeps a text in a file.
    pub keep: Keeper<'a>,
}

/// Keeps a text in a file; one that is there already is written over only when the flag says so.
pub type Keeper<'a> = &'a dyn Fn(&str, &str, bool) -> Result<(), String>;

/// How many lines a page has.
const PAGE: isize = 10;

/// How long a message stays while the world goes on.
const TOLD_STEPS: u64 = 12;

/// The cells of the time bar that one scrub passes.
const SCRUBS: u64 = 60;

/// Does what is asked, and returns what the world shall do.
pub fn update(model: &mut Model, action: Action, around: Around<'_>) -> Vec<Order> {
    let snapshot = around.snapshot;
    if !matches!(action, Action::Resize(..)) {
        model.message = None;
    }
    match action {
        Action::RunOrPause => forward(model, Order::Run(!snapshot.running)),
        Action::Step => forward(model, Order::Advance(Until::Step)),
        Action::NextWrite => forward(model, Order::Advance(Until::Write)),
        Action::Settle => forward(model, Order::Advance(Until::Settled)),
        Action::Reconcile => forward(model, Order::Advance(Until::Reconciled)),
        Action::Follow => follow(model, snapshot),
        Action::Back => back(model, snapshot, 1),
        Action::BackTen => back(model, snapshot, 10),
        Action::ScrubBack => back(model, snapshot, scrub(snapshot)),
        Action::ScrubForward => show(model, snapshot.world.steps() + scrub(snapshot)),
        Action::First => edge(model, snapshot, (isize::MIN, 0)),
        Action::Newest => edge(model, snapshot, (isize::MAX, u64::MAX)),
        Action::Faster => vec![Order::Pace(pace::changed(snapshot.pace, true))],
        Action::Slower => vec![Order::Pace(pace::changed(snapshot.pace, false))],
        Action::Clock => vec![Order::Pace(pace::other_kind(snapshot.pace))],
        Action::ShowDesired => look::open(model, Pane::Desired),
        Action::ShowLifecycle => look::open(model, Pane::Lifecycle),
        Action::ShowScheduler => look::open(model, Pane::Scheduler),
        Action::ShowApiServer => look::open(model, Pane::ApiServer),
        Action::ShowLoops => look::open(model, Pane::Loops),
        Action::ShowNodes => look::open(model, Pane::Nodes),
        Action::ShowEvents => look::open(model, Pane::Events),
        Action::ShowObject => look::open(model, Pane::Object),
        Action::ShowEditor => look::open(model, Pane::Editor),
        Action::NextPane => look::next_pane(model, 1),
        Action::PreviousPane => look::next_pane(model, -1),
        Action::Zoom => look::zoom(model),
        Action::Up => vertical(model, snapshot, -1),
        Action::Down => vertical(model, snapshot, 1),
        Action::PageUp => vertical(model, snapshot, -PAGE),
        Action::PageDown => vertical(model, snapshot, PAGE),
        Action::Left => horizontal(model, snapshot, -1),
        Action::Right => horizontal(model, snapshot, 1),
        Action::Enter => look::enter(model, snapshot),
        Action::Leave if time::is_comparing(model, snapshot) => vec![Order::Beside(None)],
        Action::Leave => look::leave(model),
        Action::Why => way::open(model, snapshot, Towards::Causes),
        Action::Effects => way::open(model, snapshot, Towards::Effects),
        Action::Turn => way::turn(model),
        Action::Request => look::request(model, snapshot),
        Action::Heartbeats => look::heartbeats(model, snapshot),
        Action::WhatIf => question::what_if(model, snapshot),
        Action::HowMany => question::how_many(model, snapshot),
        Action::Help => look::help(model),
        Action::Quit => look::quit(model),
        Action::Resize(columns, rows) => look::resize(model, Size::new(columns, rows)),
        Action::Filter => text::filter(model),
        Action::CommandLine => text::command_line(model, ""),
        Action::Edit => text::edit(model),
        Action::Apply => text::apply(model, around),
        Action::Undo | Action::Redo | Action::Clear | Action::Example => {
            text::rework(model, &action, snapshot)
        }
        Action::Confirm => text::confirm(model, around),
        Action::Complete => text::complete(model, snapshot),
        Action::Earlier => text::recall(model, true),
        Action::Later => text::recall(model, false),
        Action::Type(press) => text::press(model, press),
        Action::Focus(pane) => look::focus(model, pane),
        Action::Select(what) => look::select(model, what),
        Action::Paste(pasted) => text::paste(model, &pasted),
        rest => time::act(model, &rest, snapshot),
    }
}

/// Takes notice of a new moment of the world.
pub fn notice(model: &mut Model, snapshot: &Snapshot) {
    model.events.follow(snapshot.head.trace());
    model.is_comparing = snapshot.beside.is_some();
    time::notice_stop(model, snapshot);
    text::follow(model, snapshot);
    if model.selection.is_none() {
        let mut deployments = snapshot.world.store().list(Kind::Deployment, None);
        model.selection = deployments.next().map(Object::key);
    }
    let went_on = |told: &mut Message| told.step + TOLD_STEPS < snapshot.world.steps();
    model.message.take_if(went_on);
    let Some(sent) = model.awaited.clone() else {
        return;
    };
    let Answer::Done(session) = answer::of(&snapshot.head, &sent) else {
        return;
    };
    let went_well = session.exit_code() == Some(0);
    if went_well && sent.worth == Worth::Failed {
        model.awaited = None;
        return;
    }
    let told = if went_well {
        session.error_text()
    } else {
        scenario::complaint(session)
    };
    let printed = format!("{}{told}", session.output());
    let first = printed.lines().next().unwrap_or_default();
    let last = model.editor.sent();
    let is_editors = last.is_some_and(|last| Arc::ptr_eq(&last.files, &sent.files));
    if is_editors && model.edit.is_some() {
        edit::answered(model, session);
        model.tell(format!("kubectl: {first}"), snapshot);
    } else if is_editors && !went_well {
        let key = Pane::Editor.number();
        model.tell(format!("{first} ({key} shows it at its line)"), snapshot);
    } else if snapshot.stop.is_some() {
        // That and why the world stands still is told already.
    } else if is_editors || printed.lines().count() <= 1 {
        let then = if went_well {
            settled(snapshot)
        } else {
            String::new()
        };
        model.tell(format!("kubectl: {first}{then}"), snapshot);
    } else {
        model.mode = Mode::Reading(Overlay::Answer {
            title: format!("kubectl {}", sent.line),
            text: printed.into(),
            scroll: (0, 0),
        });
    }
    model.awaited = None;
}

/// That the world has settled by the time when kubectl is told of, and what it waits for.
fn settled(snapshot: &Snapshot) -> String {
    let world = &snapshot.world;
    match (world.is_settled(), world.first_wait_in_words()) {
        (false, _) => String::new(),
        (true, None) => " · settled".to_owned(),
        (true, Some(wait)) => format!(" · settled, but {wait}"),
    }
}

/// The world goes on, and the events follow the newest record again.
fn forward(model: &mut Model, order: Order) -> Vec<Order> {
    model.record = None;
    vec![order]
}

fn follow(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    if let Some(key) = model.selection.clone() {
        return forward(model, Order::Advance(Until::About(key)));
    }
    let words = "Select an object first: with the arrows in a pane.";
    model.tell(words, snapshot);
    Vec::new()
}

fn back(model: &mut Model, snapshot: &Snapshot, steps: u64) -> Vec<Order> {
    show(model, snapshot.world.steps().saturating_sub(steps))
}

fn show(model: &mut Model, step: u64) -> Vec<Order> {
    model.record = None;
    vec![Order::Show(When::Step(step))]
}

/// To one end: of what lies over the panes, or else of the run.
fn edge(model: &mut Model, snapshot: &Snapshot, (lines, step): (isize, u64)) -> Vec<Order> {
    match model.mode {
        Mode::Reading(_) => scroll(model, snapshot, lines),
        Mode::Looking | Mode::Typing | Mode::Prompting(_) => show(model, step),
    }
}

fn scrub(snapshot: &Snapshot) -> u64 {
    (snapshot.head.steps() / SCRUBS).max(1)
}

fn vertical(model: &mut Model, snapshot: &Snapshot, lines: isize) -> Vec<Order> {
    match &model.mode {
        Mode::Typing => {
            model.editor.move_lines(lines);
            Vec::new()
        }
        Mode::Reading(_) => scroll(model, snapshot, lines),
        Mode::Looking if snapshot.beside.is_some() => time::scroll_compare(model, lines),
        Mode::Looking | Mode::Prompting(_) => look::move_by(model, snapshot, lines),
    }
}

fn horizontal(model: &mut Model, snapshot: &Snapshot, columns: isize) -> Vec<Order> {
    let direction = if columns < 0 {
        Direction::Left
    } else {
        Direction::Right
    };
    match &mut model.mode {
        Mode::Typing => model.editor.move_across(columns > 0),
        Mode::Reading(Overlay::Answer { scroll, .. }) => {
            scroll.1 = scroll.1.saturating_add_signed(columns * 8);
        }
        Mode::Reading(Overlay::Way(reading)) => {
            way::step(reading, snapshot.world.trace(), direction);
        }
        Mode::Reading(_) | Mode::Prompting(_) => {}
        Mode::Looking => look::step(model, snapshot, direction),
    }
    Vec::new()
}

/// Moves what lies over the panes, no further than its last line.
fn scroll(model: &mut Model, snapshot: &Snapshot, lines: isize) -> Vec<Order> {
    let pane = model.focus;
    let Mode::Reading(overlay) = &mut model.mode else {
        return Vec::new();
    };
    let (at, count) = match overlay {
        Overlay::Help { scroll } => (scroll, super::overlays::help_lines(pane)),
        Overlay::Way(reading) => {
            way::move_by(reading, snapshot.world.trace(), lines);
            return Vec::new();
        }
        Overlay::Breakpoints { cursor } => (cursor, snapshot.breakpoints.len()),
        Overlay::Runs { cursor } => (cursor, snapshot.runs.len()),
        Overlay::Fork { .. } => return Vec::new(),
        Overlay::WhatIf { asked, scroll, .. } => {
            let count = super::overlays::what_if_lines(asked);
            (scroll, count)
        }
        Overlay::Fill { filled, scroll } => (scroll, filled.filling.nodes.len() + 5),
        Overlay::Answer { text, scroll, .. } => {
            let count = text.lines().count();
            (&mut scroll.0, count)
        }
    };
    *at = at.saturating_add_signed(lines).min(count.saturating_sub(1));
    Vec::new()
}
