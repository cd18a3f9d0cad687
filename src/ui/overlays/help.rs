//! The help: every key of the table, by where it holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{scrolled, window};
use crate::ui::keymap::{BINDINGS, Scope};
use crate::ui::panes::events::fitted;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The order in which a newcomer wants to read.
const ORDER: [Scope; 9] = [
    Scope::Time,
    Scope::Look,
    Scope::Lifecycle,
    Scope::Events,
    Scope::Editor,
    Scope::Typing,
    Scope::Prompt,
    Scope::Overlay,
    Scope::Always,
];

/// The columns of the keys.
const KEYS_WIDTH: usize = 10;

/// The columns of the widest line.
const WIDTH: u16 = 72;

/// How many lines the help has.
#[must_use]
pub fn lines() -> usize {
    BINDINGS.len() + 2 * ORDER.len() - 1
}

/// Draws it from a line on.
pub(super) fn draw(view: &View<'_>, scroll: usize, area: Rect, buf: &mut Buffer) {
    let mut text: Vec<Line<'_>> = Vec::with_capacity(lines());
    for scope in ORDER {
        if !text.is_empty() {
            text.push(Line::default());
        }
        text.push(Line::from(view.span(heading(scope), Role::Title)));
        for row in BINDINGS.iter().filter(|row| row.scope == scope) {
            text.push(Line::from(vec![
                Span::raw(" "),
                view.span(fitted(&row.all_keys(), KEYS_WIDTH), Role::Key),
                view.span(row.help, Role::Text),
            ]));
        }
    }
    let height = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let inside = window(view, "Keys", (WIDTH, height), area, buf);
    scrolled(view, &text, scroll, inside, buf);
}

const fn heading(scope: Scope) -> &'static str {
    match scope {
        Scope::Always => "Always",
        Scope::Time => "Time",
        Scope::Look => "Looking around",
        Scope::Lifecycle => "While the lifecycle has the keys",
        Scope::Events => "While the events have the keys",
        Scope::Editor => "While the editor has the keys",
        Scope::Typing => "While typing",
        Scope::Prompt => "While typing a command or a filter",
        Scope::Overlay => "While something lies over the panes",
    }
}
