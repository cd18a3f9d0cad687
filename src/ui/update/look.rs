//! Looking around: views, panes, the selection, the record under the cursor, and the way back.

use std::sync::Arc;

use ratatui::layout::{Rect, Size};

use super::{time, way};
use crate::api::{Key, Kind};
use crate::cluster::driver::{Order, Snapshot};
use crate::sim::RecordId;
use crate::ui::layout;
use crate::ui::model::{Mode, Model, Overlay, Pane, Visit};
use crate::ui::panes::{self, Direction, Neighbour};
use crate::ui::theme::Theme;
use crate::ui::view::View;
use crate::ui::way::Towards;

/// How many places the way back remembers.
const TRAIL_MOST: usize = 64;

/// Opens a view.
pub(super) fn open(model: &mut Model, pane: Pane) -> Vec<Order> {
    model.view = pane;
    model.focus = pane;
    Vec::new()
}

/// One pane alone, or all of them again.
pub(super) fn zoom(model: &mut Model) -> Vec<Order> {
    model.is_zoomed = !model.is_zoomed;
    Vec::new()
}

/// Shows or hides heartbeats.
pub(super) fn heartbeats(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    model.events.toggle_heartbeats(snapshot.head.trace());
    Vec::new()
}

/// The story of the whole request that the record under the cursor goes back to, or of the selected
/// object again.
pub(super) fn request(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let trace = snapshot.world.trace();
    model.request = match model.request {
        Some(_) => None,
        None => record_meant(model, snapshot).and_then(|id| trace.why(id).last().map(|r| r.id)),
    };
    if model.request.is_none() {
        model.record = None;
    }
    Vec::new()
}

/// Shows all keys.
pub(super) fn help(model: &mut Model) -> Vec<Order> {
    model.mode = Mode::Reading(Overlay::Help { scroll: 0 });
    Vec::new()
}

/// Leaves.
pub(super) fn quit(model: &mut Model) -> Vec<Order> {
    model.is_over = true;
    Vec::new()
}

/// Takes another size.
pub(super) fn resize(model: &mut Model, size: Size) -> Vec<Order> {
    model.size = size;
    Vec::new()
}

/// The panes that are on the screen.
fn visible(model: &Model) -> Vec<Pane> {
    let area = Rect::from(((0, 0).into(), model.size));
    let frame = layout::frame(model.view, None, area);
    frame.map_or_else(
        || vec![model.view],
        |frame| frame.panes.into_iter().map(|(pane, _)| pane).collect(),
    )
}

/// Gives the keys to the next pane on the screen, or the one before.
pub(super) fn next_pane(model: &mut Model, by: isize) -> Vec<Order> {
    let panes = visible(model);
    let count = isize::try_from(panes.len()).unwrap_or(1);
    let here = panes.iter().position(|pane| *pane == model.focus);
    let here = here
        .and_then(|place| isize::try_from(place).ok())
        .unwrap_or(0);
    let next = usize::try_from((here + by).rem_euclid(count)).unwrap_or(0);
    model.focus = panes[next];
    Vec::new()
}

/// Gives the keys to a pane, and opens its view when it is not on the screen.
pub(super) fn focus_or_open(model: &mut Model, pane: Pane) {
    if visible(model).contains(&pane) {
        model.focus = pane;
    } else {
        open(model, pane);
    }
}

/// Moves the cursor of the pane that has the keys by so many rows.
pub(super) fn move_by(model: &mut Model, snapshot: &Snapshot, rows: isize) -> Vec<Order> {
    let direction = if rows < 0 {
        Direction::Up
    } else {
        Direction::Down
    };
    for _ in 0..rows.unsigned_abs() {
        step(model, snapshot, direction);
    }
    Vec::new()
}

/// Moves the cursor of the pane that has the keys by one.
pub(super) fn step(model: &mut Model, snapshot: &Snapshot, direction: Direction) {
    if model.focus == Pane::Editor {
        match direction {
            Direction::Up => model.editor.move_lines(-1),
            Direction::Down => model.editor.move_lines(1),
            Direction::Left => model.editor.move_across(false),
            Direction::Right => model.editor.move_across(true),
        }
        return;
    }
    let theme = Theme::mono();
    let view = View {
        snapshot,
        model,
        theme: &theme,
        targets: None,
    };
    match model.focus.neighbour(&view, direction) {
        Some(neighbour) => {
            select(model, neighbour);
        }
        None if model.focus == Pane::Events && direction == Direction::Down => model.record = None,
        None => {}
    }
}

/// The cursor goes there.
pub(super) fn select(model: &mut Model, what: Neighbour) -> Vec<Order> {
    match what {
        Neighbour::Cell(cell) => model.board.cursor = cell,
        Neighbour::Object(key) => {
            model.selection = Some(key);
            model.line = 0;
            model.request = None;
            model.record = None;
        }
        Neighbour::Record(record) => model.record = Some(record),
        Neighbour::Component(component) => model.component = Some(component),
        Neighbour::Line(line) => model.line = line,
    }
    Vec::new()
}

/// Gives the keys to a pane on the screen.
pub(super) fn focus(model: &mut Model, pane: Pane) -> Vec<Order> {
    focus_or_open(model, pane);
    Vec::new()
}

/// Into what is under the cursor.
pub(super) fn enter(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    if let Mode::Reading(overlay) = &model.mode {
        let record = match overlay {
            Overlay::Way(_) => way::under_cursor(model, snapshot),
            Overlay::Fork { .. } => return time::fork(model),
            Overlay::Runs { cursor } => {
                let place = *cursor;
                return time::visit(model, place);
            }
            Overlay::Help { .. }
            | Overlay::Breakpoints { .. }
            | Overlay::Answer { .. }
            | Overlay::WhatIf { .. }
            | Overlay::Fill { .. } => None,
        };
        model.mode = Mode::Looking;
        if record.is_some() {
            model.record = record;
            remember(model);
            open(model, Pane::Events);
            select_record(model, snapshot);
        }
        return Vec::new();
    }
    match model.focus {
        Pane::Editor => model.mode = Mode::Typing,
        Pane::Events => {
            remember(model);
            if model.record.is_none() {
                model.record = model.events.until(snapshot.world.trace()).last().copied();
            }
            select_record(model, snapshot);
        }
        Pane::Scheduler if model.board.cursor.is_some() => {
            remember(model);
            let node = model
                .board
                .cursor
                .as_ref()
                .map(|cell| Arc::clone(&cell.node));
            model.selection = node.map(|node| Key::new(Kind::Node, "", &node));
            open(model, Pane::Nodes);
        }
        Pane::Lifecycle | Pane::ApiServer => {
            return way::open(model, snapshot, Towards::Causes);
        }
        Pane::Loops => {
            if let Some(key) = panes::loops::at_hand(snapshot, model) {
                remember(model);
                model.selection = Some(key);
                open(model, Pane::Lifecycle);
            }
        }
        Pane::Desired | Pane::Scheduler | Pane::Nodes | Pane::Object => {
            remember(model);
            open(model, Pane::Lifecycle);
        }
    }
    Vec::new()
}

fn select_record(model: &mut Model, snapshot: &Snapshot) {
    let record = model.record.and_then(|id| snapshot.world.trace().get(id));
    if let Some(key) = record.and_then(|record| record.object()) {
        model.selection = Some(key);
    }
}

fn remember(model: &mut Model) {
    if model.trail.len() == TRAIL_MOST {
        model.trail.remove(0);
    }
    model.trail.push(Visit {
        view: model.view,
        selection: model.selection.clone(),
    });
}

/// One step out of where we are.
pub(super) fn leave(model: &mut Model) -> Vec<Order> {
    if !matches!(model.mode, Mode::Looking) {
        model.asked = None;
        model.mode = Mode::Looking;
    } else if model.focus == Pane::Scheduler && model.board.is_in_use() {
        model.board.cursor = None;
        model.board.told = None;
    } else if model.is_zoomed {
        model.is_zoomed = false;
    } else if model.record.is_some() && model.trail.is_empty() {
        model.record = None;
    } else if let Some(visit) = model.trail.pop() {
        open(model, visit.view);
        model.selection = visit.selection;
        model.record = None;
    } else {
        open(model, Pane::Desired);
    }
    Vec::new()
}

/// The record that is meant without saying which: the write behind the line under the cursor of the
/// object, the record under the cursor of the events, the last write of the selection, or the newest.
pub(super) fn record_meant(model: &Model, snapshot: &Snapshot) -> Option<RecordId> {
    let trace = snapshot.world.trace();
    let selection = model.selection.as_ref();
    let write = || Some(trace.last_write(selection?)?.id);
    let newest = || model.events.until(trace).last().copied();
    let of_the_line = || match model.focus {
        Pane::Object => panes::object::record_at_cursor(&View {
            snapshot,
            model,
            theme: &Theme::mono(),
            targets: None,
        }),
        _ => None,
    };
    let is_known = |record: &RecordId| !trace.has_forgotten(*record);
    let at = of_the_line().or(model.record).filter(is_known);
    at.or_else(write).or_else(newest)
}
