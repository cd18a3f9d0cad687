//! Time and its runs: marks, moments, breakpoints, forks, comparing, sessions.

use super::{Around, look, tell, text, way};
use crate::api::{Key, Kind};
use crate::cluster::breakpoint::BreakOrder;
use crate::cluster::driver::{Order, Snapshot, Until, When};
use crate::cluster::{Command, Detail, SessionFile};
use crate::manifest::MOST_BYTES;
use crate::scheduler::Note;
use crate::sim::RecordId;
use crate::ui::action::Action;
use crate::ui::model::{Mode, Model, Overlay, Pane, Sent, Worth};
use crate::ui::palette::Own;
use crate::ui::way::{Towards, Way};

/// Does what a key of runs, marks or breakpoints asks, and leaves those of decisions to `tell`;
/// `update` has taken all others.
pub(super) fn act(model: &mut Model, action: &Action, snapshot: &Snapshot) -> Vec<Order> {
    match action {
        Action::Scrub(step) => show(model, When::Step(*step)),
        Action::Mark => text::command_line(model, "mark "),
        Action::PreviousMark => mark_before(model, snapshot),
        Action::NextMark => mark_after(model, snapshot),
        Action::GoThere => go_there(model, snapshot),
        Action::Compare => compare(model, snapshot, None),
        Action::FirstRun => first_run(model, snapshot),
        Action::Runs => runs(model, snapshot),
        Action::Breakpoints => breakpoints(model),
        Action::Switch => switch(model, snapshot),
        Action::Remove => remove(model, snapshot),
        of_decision => tell::act(model, of_decision, snapshot),
    }
}

/// Does what a line in our own words asks.
pub(super) fn own(model: &mut Model, own: Own, around: Around<'_>) -> Vec<Order> {
    let snapshot = around.snapshot;
    match own {
        Own::Goto(when) => show(model, when),
        Own::Until(expression) => {
            model.record = None;
            vec![Order::Advance(Until::True(expression))]
        }
        Own::Mark(name) => vec![Order::Mark(name)],
        Own::Pace(pace) => vec![Order::Pace(pace)],
        Own::Break(order) => vec![Order::Break(order)],
        Own::Breakpoints => breakpoints(model),
        Own::Fork => {
            model.record = None;
            vec![Order::Fork(None)]
        }
        Own::Runs => runs(model, snapshot),
        Own::Run(place) => visit(model, place),
        Own::Compare(place) => compare(model, snapshot, place),
        Own::Why(record) => way::read(model, Way::from(record, Towards::Causes)),
        Own::Effects(record) => way::read(model, Way::from(record, Towards::Effects)),
        Own::Save { file, over } => {
            let saved = save(around, &file, over);
            let words = saved.map_or_else(
                |error| error,
                |size| format!("Saved {file}: {size} bytes, the whole run."),
            );
            model.tell(words, snapshot);
            Vec::new()
        }
        Own::Open(file) => match open(around, &file) {
            Ok(order) => {
                model.record = None;
                vec![order]
            }
            Err(error) => {
                model.tell(error, snapshot);
                Vec::new()
            }
        },
    }
}

fn read(model: &mut Model, overlay: Overlay) -> Vec<Order> {
    model.mode = Mode::Reading(overlay);
    Vec::new()
}

fn show(model: &mut Model, when: When) -> Vec<Order> {
    model.record = match when {
        When::Record(record) => Some(record),
        When::Step(_) | When::Time(_) | When::Newest => None,
    };
    model.mode = Mode::Looking;
    vec![Order::Show(when)]
}

/// Writes the run that is shown into a file, and says how large it is.
fn save(around: Around<'_>, file: &str, over: bool) -> Result<usize, String> {
    let snapshot = around.snapshot;
    let session = SessionFile::of(&snapshot.head, &snapshot.bookmarks, &snapshot.breakpoints);
    let text = session.to_yaml()?;
    (around.disk.keep)(file, &text, over)?;
    Ok(text.len())
}

/// Makes the run of a session again, as far as the file can be read.
fn open(around: Around<'_>, file: &str) -> Result<Order, String> {
    let files = (around.disk.load)(file)?;
    let bytes = files.values().next().map_or(&[][..], |bytes| bytes);
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(format!(
            "error: {file}: more than {most} MiB; open it with: glassplane {file}"
        ));
    }
    let text = String::from_utf8_lossy(bytes);
    let session = SessionFile::parse(&text).map_err(|error| format!("{file}: {error}"))?;
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.trim_end_matches(".yaml");
    Ok(Order::Open(Box::new(session.replay(name))))
}

/// A command that was given in the past: asks whether it shall start a run of its own.
pub(super) fn ask(model: &mut Model, command: Command) -> Vec<Order> {
    let line = command.line();
    model.asked = Some(command);
    read(model, Overlay::Fork { line })
}

/// Yes to the question.
pub(super) fn fork(model: &mut Model) -> Vec<Order> {
    model.mode = Mode::Looking;
    let command = model.asked.take();
    if let Some(Command::Kubectl { line, files, .. }) = &command {
        model.awaited = Some(Sent {
            worth: Worth::Always,
            line: line.clone(),
            files: std::sync::Arc::clone(files),
        });
    }
    model.record = None;
    vec![Order::Fork(command)]
}

/// The steps that somebody may want to come back to: commands, faults, bookmarks, the fork.
fn marks(snapshot: &Snapshot) -> Vec<u64> {
    let bookmarks = snapshot.bookmarks.iter().map(|mark| mark.step);
    let fork = snapshot.runs[snapshot.run].branching.iter();
    let mut marks: Vec<u64> = snapshot.head.journal().map(|entry| entry.step).collect();
    marks.extend(bookmarks);
    marks.extend(fork.map(|from| from.step));
    marks.sort_unstable();
    marks
}

/// To the mark before.
fn mark_before(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let here = snapshot.world.steps();
    let before = marks(snapshot).into_iter().rev().find(|step| *step < here);
    show(model, When::Step(before.unwrap_or(snapshot.horizon.step)))
}

/// To the mark after.
fn mark_after(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let here = snapshot.world.steps();
    let after = marks(snapshot).into_iter().find(|step| *step > here);
    show(model, after.map_or(When::Newest, When::Step))
}

/// To the moment of the record under the cursor; in the scheduler's view, of the last binding.
fn go_there(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let record = match &model.mode {
        Mode::Reading(Overlay::Way(_)) => way::under_cursor(model, snapshot),
        Mode::Reading(_) => None,
        _ if model.view == Pane::Scheduler && model.record.is_none() => binding(model, snapshot),
        _ => look::record_meant(model, snapshot),
    };
    let Some(record) = record else {
        model.tell("No record is under the cursor.", snapshot);
        return Vec::new();
    };
    show(model, When::Record(record))
}

/// The last binding of the selected pod, or of any.
fn binding(model: &Model, snapshot: &Snapshot) -> Option<RecordId> {
    let selected = model.selection.as_ref();
    let selected = selected.filter(|key| key.kind == Kind::Pod);
    let is_meant = |pod: &Key| selected.is_none_or(|selected| selected == pod);
    let mut newest_first = snapshot.world.trace().iter().rev();
    let found = newest_first.find(|record| match &record.detail {
        Detail::Scheduler(Note::Binding { pod, .. }) => is_meant(pod),
        _ => false,
    });
    found.map(|record| record.id)
}

/// Another run beside this one, or this one alone.
fn compare(model: &mut Model, snapshot: &Snapshot, place: Option<usize>) -> Vec<Order> {
    model.compare_scroll = 0;
    model.is_zoomed = false;
    if snapshot.beside.is_some() && place.is_none() {
        return vec![Order::Beside(None)];
    }
    let run = &snapshot.runs[snapshot.run];
    let parent = run.branching.as_ref().map(|from| from.parent);
    let others = (0..snapshot.runs.len()).rev();
    let mut others = others.filter(|other| *other != snapshot.run);
    match place.or(parent).or_else(|| others.next()) {
        Some(other) if other != snapshot.run => vec![Order::Beside(Some(other))],
        Some(_) => {
            model.tell("That is this run; say the name of another one.", snapshot);
            Vec::new()
        }
        None => {
            let words =
                "There is one run only. Go back in time and give a command: it starts another.";
            model.tell(words, snapshot);
            Vec::new()
        }
    }
}

/// Whether two runs are on the screen and nothing lies over them.
pub(super) fn is_comparing(model: &Model, snapshot: &Snapshot) -> bool {
    snapshot.beside.is_some() && matches!(model.mode, Mode::Looking)
}

/// Moves the list of what differs.
pub(super) fn scroll_compare(model: &mut Model, lines: isize) -> Vec<Order> {
    model.compare_scroll = model.compare_scroll.saturating_add_signed(lines);
    Vec::new()
}

/// The first run, or back to the one before.
fn first_run(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    model.record = None;
    if snapshot.runs.len() == 1 {
        model.tell("This is the first run, and there is no other.", snapshot);
        return Vec::new();
    }
    vec![Order::VisitFirst]
}

/// The run at a place.
pub(super) fn visit(model: &mut Model, place: usize) -> Vec<Order> {
    model.mode = Mode::Looking;
    model.record = None;
    vec![Order::Visit(place)]
}

/// The list of runs.
fn runs(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let cursor = snapshot.run;
    read(model, Overlay::Runs { cursor })
}

/// The list of breakpoints.
fn breakpoints(model: &mut Model) -> Vec<Order> {
    read(model, Overlay::Breakpoints { cursor: 0 })
}

/// The breakpoint under the cursor of the list: its number, and whether it is on.
fn under_cursor(model: &Model, snapshot: &Snapshot) -> Option<(u32, bool)> {
    let Mode::Reading(Overlay::Breakpoints { cursor }) = &model.mode else {
        return None;
    };
    let found = snapshot.breakpoints.iter().nth(*cursor);
    found.map(|each| (each.number, each.is_on))
}

/// The breakpoint under the cursor on or off.
fn switch(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let found = under_cursor(model, snapshot);
    let order = found.map(|(number, is_on)| Order::Break(BreakOrder::Switch(number, !is_on)));
    order.into_iter().collect()
}

/// The breakpoint under the cursor away.
fn remove(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let found = under_cursor(model, snapshot);
    let order = found.map(|(number, _)| Order::Break(BreakOrder::Remove(number)));
    if let Mode::Reading(Overlay::Breakpoints { cursor }) = &mut model.mode {
        *cursor = (*cursor).min(snapshot.breakpoints.len().saturating_sub(2));
    }
    order.into_iter().collect()
}

/// The cursor goes to the record that a breakpoint stopped the world at.
pub(super) fn notice_stop(model: &mut Model, snapshot: &Snapshot) {
    let stopped = snapshot.stop.as_ref().map(|stop| stop.record);
    if stopped.is_some() && stopped != model.stopped {
        model.record = stopped;
    }
    model.stopped = stopped;
}
