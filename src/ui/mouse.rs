//! The mouse: what it does becomes the actions that keys ask for, by what stands where in the drawn frame.

use std::cell::RefCell;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::layout;
use super::model::{Mode, Pane};
use super::panes::Neighbour;
use super::time_bar;
use super::view::{self, View};

/// How many lines one turn of the wheel passes.
const WHEEL_LINES: usize = 3;

/// Whether the program listens to the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// Clicks, the wheel and drags come to the program; with Shift the terminal keeps them.
    Heard,
    /// Everything is the terminal's.
    Ignored,
}

/// What the hand did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The left button went down.
    Click,
    /// It was moved while it was down.
    Drag,
    /// The wheel was turned towards the beginning.
    WheelUp,
    /// The wheel was turned towards the end.
    WheelDown,
}

/// What the hand did, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// What.
    pub deed: Deed,
    /// The column and the row, from 0.
    pub at: Position,
}

/// What is pointed at where, as the panes say while they draw.
#[derive(Debug, Default)]
pub struct Targets(RefCell<Vec<(Rect, Neighbour)>>);

impl Pointer {
    /// What the terminal reported; nothing for what the screen does not use.
    #[must_use]
    pub fn of(event: MouseEvent) -> Option<Self> {
        let deed = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => Deed::Click,
            MouseEventKind::Drag(MouseButton::Left) => Deed::Drag,
            MouseEventKind::ScrollUp => Deed::WheelUp,
            MouseEventKind::ScrollDown => Deed::WheelDown,
            _ => return None,
        };
        let at = Position::new(event.column, event.row);
        Some(Self { deed, at })
    }
}

impl Targets {
    /// Remembers what an area stands for.
    pub fn mark(&self, area: Rect, what: Neighbour) {
        self.0.borrow_mut().push((area, what));
    }

    /// What was drawn last at a position.
    fn at(&self, position: Position) -> Option<Neighbour> {
        let marks = self.0.borrow();
        let mut newest_first = marks.iter().rev();
        let found = newest_first.find(|(area, _)| area.contains(position));
        found.map(|(_, what)| what.clone())
    }
}

/// What it asks for. The frame is drawn once more, aside, to know what stands where.
#[must_use]
pub fn actions(view: &View<'_>, pointer: Pointer) -> Vec<Action> {
    let area = Rect::from((Position::ORIGIN, view.model.size));
    let alone = view.model.is_zoomed.then_some(view.model.focus);
    let Some(frame) = layout::frame(view.model.view, alone, area) else {
        return Vec::new();
    };
    let line = match pointer.deed {
        Deed::WheelUp => Action::Up,
        Deed::WheelDown => Action::Down,
        Deed::Click | Deed::Drag => return pointed(view, &frame, pointer),
    };
    let lines = std::iter::repeat_n(line, WHEEL_LINES);
    match view.model.mode {
        Mode::Prompting(_) => Vec::new(),
        Mode::Reading(_) | Mode::Typing => lines.collect(),
        Mode::Looking if view.snapshot.beside.is_some() => lines.collect(),
        Mode::Looking => match pane_at(&frame, pointer.at) {
            Some(pane) => focus(view, pane).into_iter().chain(lines).collect(),
            None => Vec::new(),
        },
    }
}

/// What a click or a drag asks for.
fn pointed(view: &View<'_>, frame: &layout::Frame, pointer: Pointer) -> Vec<Action> {
    if matches!(view.model.mode, Mode::Prompting(_) | Mode::Reading(_)) {
        return Vec::new();
    }
    if frame.time_bar.contains(pointer.at) {
        let step = time_bar::step_at(view, frame.time_bar, pointer.at.x);
        return step.map(Action::Scrub).into_iter().collect();
    }
    let pane = pane_at(frame, pointer.at).filter(|_| pointer.deed == Deed::Click);
    let Some(pane) = pane.filter(|_| view.snapshot.beside.is_none()) else {
        return Vec::new();
    };
    if matches!(view.model.mode, Mode::Typing) && pane == Pane::Editor {
        return Vec::new();
    }
    let targets = Targets::default();
    let mut buf = Buffer::empty(Rect::from((Position::ORIGIN, view.model.size)));
    let listening = View {
        targets: Some(&targets),
        ..*view
    };
    view::draw(&listening, buf.area, &mut buf);
    let typing = matches!(view.model.mode, Mode::Typing).then_some(Action::Leave);
    let select = targets.at(pointer.at).map(Action::Select);
    typing
        .into_iter()
        .chain(focus(view, pane))
        .chain(select)
        .collect()
}

/// The pane at a position; neighbours share a border, which belongs to the first.
fn pane_at(frame: &layout::Frame, position: Position) -> Option<Pane> {
    let mut panes = frame.panes.iter();
    let found = panes.find(|(_, area)| area.contains(position));
    found.map(|(pane, _)| *pane)
}

fn focus(view: &View<'_>, pane: Pane) -> Option<Action> {
    (view.focus() != pane).then_some(Action::Focus(pane))
}
