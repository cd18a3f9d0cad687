//! What the person does: one thread reads the terminal and hands over keys, pasted text, the mouse and sizes.

use std::sync::Arc;
use std::thread;

use crossterm::event::{self, Event};
use tokio::sync::mpsc;

use super::action::Action;
use super::key::KeyPress;
use super::keymap::action_for;
use super::mouse::{self, Pointer};
use super::view::View;

/// How much may wait; pasted text is one piece.
const WAITING_MOST: usize = 256;

/// One thing that the person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Press(KeyPress),
    /// Text from the clipboard.
    Paste(Arc<str>),
    /// The mouse.
    Point(Pointer),
    /// Another size: columns and rows.
    Resize(u16, u16),
}

impl Input {
    /// What it asks for, by what is on the screen.
    #[must_use]
    pub fn actions(self, view: &View<'_>) -> Vec<Action> {
        match self {
            Self::Press(press) => {
                let action = action_for(view.model.situation(), press);
                action.into_iter().collect()
            }
            Self::Paste(text) => vec![Action::Paste(text)],
            Self::Point(pointer) => mouse::actions(view, pointer),
            Self::Resize(columns, rows) => vec![Action::Resize(columns, rows)],
        }
    }
}

/// Starts the thread. The channel closes when the terminal is gone.
#[must_use]
pub fn listen() -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(WAITING_MOST);
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            if let Some(input) = of(event)
                && sender.blocking_send(input).is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn of(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => KeyPress::from_event(key).map(Input::Press),
        Event::Paste(text) => Some(Input::Paste(text.into())),
        Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        Event::Mouse(event) => Pointer::of(event).map(Input::Point),
        Event::FocusGained | Event::FocusLost => None,
    }
}
