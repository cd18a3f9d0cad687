//! Reading a way of causes: opening it, moving along it, turning it from a list into lanes and back.

use super::look;
use crate::cluster::Trace;
use crate::cluster::driver::{Order, Snapshot};
use crate::sim::RecordId;
use crate::ui::model::{Mode, Model, Overlay};
use crate::ui::panes::{Direction, lifecycle};
use crate::ui::way::{Form, Towards, Way};

/// The way from the record that is meant; on a way, from the record under its cursor.
pub(super) fn open(model: &mut Model, snapshot: &Snapshot, towards: Towards) -> Vec<Order> {
    let meant = under_cursor(model, snapshot).or_else(|| look::record_meant(model, snapshot));
    let Some(record) = meant else {
        model.tell("Nothing has happened yet.", snapshot);
        return Vec::new();
    };
    let way = Way {
        form: form(model),
        ..Way::from(record, towards)
    };
    read(model, way)
}

/// Shows a way.
pub(super) fn read(model: &mut Model, way: Way) -> Vec<Order> {
    model.mode = Mode::Reading(Overlay::Way(way));
    Vec::new()
}

/// The way as swimlanes, or as a list again.
pub(super) fn turn(model: &mut Model) -> Vec<Order> {
    match on_screen(model) {
        Some(way) => read(model, way.turned()),
        None => Vec::new(),
    }
}

/// The record under the cursor of the way that is read.
pub(super) fn under_cursor(model: &Model, snapshot: &Snapshot) -> Option<RecordId> {
    on_screen(model)?.under_cursor(snapshot.world.trace())
}

fn on_screen(model: &Model) -> Option<Way> {
    match &model.mode {
        Mode::Reading(Overlay::Way(way)) => Some(way.clone()),
        _ => None,
    }
}

/// Who reads lanes goes on reading lanes.
fn form(model: &Model) -> Form {
    on_screen(model).map_or(Form::List, |way| way.form)
}

/// Moves the cursor by so many lines of the list; among lanes by one cause or effect, or by as many
/// stations.
pub(super) fn move_by(way: &mut Way, trace: &Trace, lines: isize) {
    let count = way.hops(trace).list.len();
    let by_line = |cursor: usize| {
        cursor
            .saturating_add_signed(lines)
            .min(count.saturating_sub(1))
    };
    match (way.form, lines) {
        (Form::List, _) => way.cursor = by_line(way.cursor),
        (Form::Lanes, -1) => step(way, trace, Direction::Up),
        (Form::Lanes, 1) => step(way, trace, Direction::Down),
        (Form::Lanes, isize::MIN | isize::MAX) => {
            let hops = way.hops(trace).list;
            let ids = hops.iter().map(|hop| hop.record.id);
            if let Some(end) = if lines < 0 { ids.min() } else { ids.max() } {
                way.go_to(end, trace);
            }
        }
        (Form::Lanes, _) => {
            let direction = if lines < 0 {
                Direction::Left
            } else {
                Direction::Right
            };
            for _ in 0..lines.unsigned_abs() {
                step(way, trace, direction);
            }
        }
    }
}

/// Moves the cursor among lanes; a list has nothing beside its lines.
pub(super) fn step(way: &mut Way, trace: &Trace, direction: Direction) {
    if way.form == Form::Lanes
        && let Some(record) = lifecycle::way::next(trace, way, direction)
    {
        way.go_to(record, trace);
    }
}
