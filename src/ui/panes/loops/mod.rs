//! View 5: what is each component doing? A line for each, and all of the one under the cursor.

mod detail;
mod shown;

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::index::Index;
use super::pen::Pen;
use super::{Direction, Neighbour, border};
use crate::api::{Actor, Key};
use crate::cluster::driver::Snapshot;
use crate::cluster::{Cluster, ComponentId, Power, Standing};
use crate::sim::RecordKind;
use crate::ui::model::{Model, Pane};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many of the newest records are looked through for a component that the cursor follows.
const LOOK_BACK: u64 = 64;

/// The columns after the name: on or off, waiting, in work, later, parked, messages on the way.
const COLUMNS: [(&str, usize); 6] = [
    ("state", 8),
    ("wait", 5),
    ("work", 5),
    ("later", 6),
    ("held", 5),
    ("on way", 7),
];

/// From this width on, every part of a queue has a column of its own.
const WIDE_FROM: usize = 100;

/// How wide the column is that stands for all of them.
const QUEUE: usize = 10;

/// How many of the newest records about the selection are looked through for who worked on it.
const LOOK_BACK_ON_ONE: usize = 200;

/// The widest name that is not cut.
const NAME_MOST: usize = 32;

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let pane = Pane::Loops;
    let inner = border::draw(view, pane, (pane.name(), pane.question(), ""), area, buf);
    if inner.is_empty() {
        return;
    }
    let world = view.world();
    let components = world.components();
    let cursor = cursor(view.model, world, &components);
    let below = detail_height(inner.height, components.len());
    let table = Rect {
        height: inner.height - below,
        ..inner
    };
    draw_table(view, &components, cursor, table, buf);
    let rest = Rect {
        y: table.bottom(),
        height: below,
        ..inner
    };
    if let Some(component) = components.get(cursor) {
        detail::draw(view, component, rest, buf);
    }
}

/// The component above or below the cursor.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<ComponentId> {
    let components = view.world().components();
    let here = cursor(view.model, view.world(), &components);
    let place = match direction {
        Direction::Up => here.checked_sub(1)?,
        Direction::Down => here + 1,
        Direction::Left | Direction::Right => return None,
    };
    components.get(place).cloned()
}

/// The object that the component under the cursor works on, will work on, or planned for last.
#[must_use]
pub fn at_hand(snapshot: &Snapshot, model: &Model) -> Option<Key> {
    let world = &snapshot.world;
    let components = world.components();
    let component = components.get(cursor(model, world, &components))?;
    let standing = world.standing(component)?;
    let queued = standing.in_work.iter().chain(&standing.waiting);
    let later = standing.later.iter().map(|(key, _)| key);
    let first = queued.chain(later).chain(&standing.parked).next().cloned();
    first.or_else(|| last_key(world, component))
}

/// The place of the cursor: where it was put, or else at the component that acted last.
fn cursor(model: &Model, world: &Cluster, components: &[ComponentId]) -> usize {
    let place_of = |id: &ComponentId| components.iter().position(|each| each == id);
    let chosen = model.component.as_ref().and_then(place_of);
    let on_selection = || {
        let selection = model.selection.as_ref()?;
        place_of(&last_at_work_on(world, selection)?)
    };
    chosen
        .or_else(on_selection)
        .or_else(|| last_at_work(world).as_ref().and_then(place_of))
        .unwrap_or(0)
}

fn last_at_work(world: &Cluster) -> Option<ComponentId> {
    let end = world.trace().next_id();
    let first = crate::sim::RecordId(end.0.saturating_sub(LOOK_BACK));
    let mut records = world.trace().since(first).rev();
    records.find_map(|record| component_of(&record.actor))
}

/// Who did something about an object last; hearing of it is not work.
fn last_at_work_on(world: &Cluster, object: &Key) -> Option<ComponentId> {
    let index = Index::of(world);
    let about = index.records.about(object).iter().rev();
    let about = about.take(LOOK_BACK_ON_ONE);
    let mut records = about.filter_map(|id| world.trace().get(*id));
    records.find_map(|record| match record.kind() {
        RecordKind::WatchOpen
        | RecordKind::WatchDeliver
        | RecordKind::WatchGone
        | RecordKind::QueueAdd
        | RecordKind::QueueMerge => None,
        _ => component_of(&record.actor),
    })
}

fn component_of(actor: &Actor) -> Option<ComponentId> {
    match actor {
        Actor::Controller(name) => Some(ComponentId::Controller(name)),
        Actor::Scheduler => Some(ComponentId::Scheduler),
        Actor::Kubelet(node) => Some(ComponentId::Kubelet(node.clone())),
        Actor::KubeProxy(node) => Some(ComponentId::KubeProxy(node.clone())),
        Actor::Kubectl(_)
        | Actor::Clients
        | Actor::Outside
        | Actor::ApiServer
        | Actor::Etcd
        | Actor::MetricsServer => None,
    }
}

/// Half of the height, unless the components need less.
fn detail_height(height: u16, components: usize) -> u16 {
    let table = u16::try_from(components + 1).unwrap_or(u16::MAX);
    match height {
        0..6 => 0,
        6..12 => 4,
        _ => (height - height.saturating_sub(9).min(table))
            .max(6)
            .min(height / 2),
    }
}

fn draw_table(
    view: &View<'_>,
    components: &[ComponentId],
    cursor: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let world = view.world();
    let on_the_way = world.messages_on_the_way();
    let rows = usize::from(area.height).saturating_sub(1);
    let shown = shown::of(world, components, cursor, rows);
    let names = shown.iter().filter_map(|place| components.get(*place));
    let names = names.map(|id| id.to_string().width());
    let room = usize::from(area.width) / 3;
    let name = names.max().unwrap_or(0).min(NAME_MOST).min(room.max(14)) + 1;
    let mut pen = Pen::new(view, area, buf);
    pen.cell(
        &format!("component ({})", components.len()),
        name,
        Role::Dim,
    );
    let is_wide = pen.width() >= WIDE_FROM;
    pen.right(COLUMNS[0].0, COLUMNS[0].1, Role::Dim);
    if is_wide {
        for (word, width) in &COLUMNS[1..] {
            pen.right(word, *width, Role::Dim);
        }
    } else {
        pen.right("queue", QUEUE, Role::Dim);
    }
    pen.write("  last", Role::Dim).next_line();
    for place in &shown {
        let Some(id) = components.get(*place) else {
            continue;
        };
        let row = Row {
            id,
            is_cursor: *place == cursor,
            is_wide,
            on_the_way: &on_the_way,
        };
        row.draw(view, name, &mut pen);
        pen.target(0, || Neighbour::Component(id.clone()));
        pen.next_line();
    }
    let left_out = components.len() - shown.len();
    if left_out > 0 {
        pen.write(&shown::rest_words(world, components, &shown), Role::Dim);
    }
}

/// One line of the table.
struct Row<'a> {
    id: &'a ComponentId,
    is_cursor: bool,
    is_wide: bool,
    on_the_way: &'a BTreeMap<ComponentId, usize>,
}

impl Row<'_> {
    fn draw(&self, view: &View<'_>, name: usize, pen: &mut Pen<'_, '_>) {
        let Some(standing) = view.world().standing(self.id) else {
            return;
        };
        let is_fresh = view
            .world()
            .last_records()
            .any(|record| record.actor == self.id.actor());
        let role = match (self.is_cursor, is_fresh) {
            (true, _) => Role::Title,
            (false, true) => Role::Fresh,
            (false, false) => Role::Text,
        };
        if self.is_cursor {
            pen.highlight(name, Role::Selected);
            pen.cell(&self.id.to_string(), name, Role::Selected);
        } else {
            pen.cell(&self.id.to_string(), name, role);
        }
        let (state, state_role) = power_words(view, &standing);
        pen.right(state, COLUMNS[0].1, state_role);
        let numbers = [
            standing.waiting.len(),
            standing.in_work.len(),
            standing.later.len(),
            standing.parked.len(),
            self.on_the_way.get(self.id).copied().unwrap_or(0),
        ];
        if !self.is_wide {
            let words = COLUMNS[1..].iter().zip(numbers);
            let words = words.filter(|(_, number)| *number > 0);
            let words = words.map(|((word, _), number)| format!("{number} {word}"));
            match words.clone().count() {
                0 => pen.right("·", QUEUE, Role::Border),
                1 => pen.right(&words.collect::<String>(), QUEUE, Role::Waiting),
                _ => {
                    let first: String = words.take(1).collect();
                    pen.right(&(first + "…"), QUEUE, Role::Waiting)
                }
            };
        }
        let columns = if self.is_wide { &COLUMNS[1..] } else { &[] };
        for (number, (_, width)) in numbers.into_iter().zip(columns) {
            let (text, role) = match number {
                0 => ("·".to_owned(), Role::Border),
                number => (number.to_string(), Role::Waiting),
            };
            pen.right(&text, *width, role);
        }
        pen.write("  ", Role::Text);
        let words = detail::last_words(view.world(), self.id);
        pen.cell(&words, pen.room(), Role::Dim);
    }
}

/// `● on`, `○ off`; a kubelet without power is down.
fn power_words(view: &View<'_>, standing: &Standing) -> (&'static str, Role) {
    let has_machine = match &standing.id {
        ComponentId::Kubelet(node) => view
            .world()
            .kubelet(node)
            .is_none_or(|part| part.component.is_on()),
        _ => true,
    };
    let hears_late = || {
        let mut watches = view.world().watches_of(&standing.id);
        watches.any(|watch| !watch.delay.is_zero())
    };
    match (standing.power, has_machine) {
        (Power::On, _) if !standing.slowness.is_zero() => ("◐ slow", Role::Waiting),
        (Power::On, _) if hears_late() => ("◐ late", Role::Waiting),
        (Power::On, _) => ("● on", Role::Good),
        (Power::Paused, _) => ("paused", Role::Waiting),
        (Power::Off, true) => ("○ off", Role::Bad),
        (Power::Off, false) => ("✗ down", Role::Bad),
    }
}

fn last_key(world: &Cluster, id: &ComponentId) -> Option<Key> {
    match id {
        ComponentId::Controller(name) => {
            let mut loops = world.controllers();
            let part = loops.find(|part| part.component.controller().name == *name)?;
            part.component.last_plan().map(|plan| plan.key.clone())
        }
        ComponentId::Scheduler => {
            let decision = world.scheduler().component.last_decision()?;
            Some(decision.pod.clone())
        }
        ComponentId::Kubelet(node) => Some(Key::new(crate::api::Kind::Node, "", node)),
        ComponentId::KubeProxy(node) => {
            let mut proxies = world.proxies();
            let part = proxies.find(|part| part.component.node() == node)?;
            part.component
                .tables()
                .next()
                .map(|(service, _)| service.clone())
        }
        ComponentId::MetricsServer | ComponentId::Kubectl(_) | ComponentId::Writer(_) => None,
    }
}

#[cfg(test)]
mod tests;
