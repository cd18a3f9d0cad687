//! The help: every key of the table, by where it holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{scrolled, window};
use crate::ui::differences;
use crate::ui::keymap::{BINDINGS, Binding, Scope};
use crate::ui::marks::{self, Mark};
use crate::ui::model::Pane;
use crate::ui::panes::events::fitted;
use crate::ui::panes::wrapped;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The order in which a newcomer wants to read.
const ORDER: [Scope; 15] = [
    Scope::Time,
    Scope::Look,
    Scope::Lifecycle,
    Scope::Scheduler,
    Scope::Events,
    Scope::Editor,
    Scope::Typing,
    Scope::Prompt,
    Scope::Overlay,
    Scope::Way,
    Scope::WhatIf,
    Scope::Runs,
    Scope::Breakpoints,
    Scope::Question,
    Scope::Always,
];

/// What the mouse does.
const MOUSE: [(&str, &str); 4] = [
    ("click", "gives a pane the keys, and selects what is there"),
    (
        "wheel",
        "moves the cursor of the pane under it, or what is read",
    ),
    ("time bar", "click or drag: to that moment"),
    (
        "Shift",
        "with Shift held, most terminals select text as always",
    ),
];

/// The columns of the keys.
const KEYS_WIDTH: usize = 10;

/// The columns of the widest line.
const WIDTH: u16 = 72;

/// How many lines the help has while a pane has the keys.
#[must_use]
pub fn lines(pane: Pane) -> usize {
    let rows = BINDINGS.iter().map(|row| help_of(row).len());
    let keys = rows.sum::<usize>() + 2 * ORDER.len();
    let [here, around] = legend(pane);
    keys + here.len() + around.len() + 3 + 2 + MOUSE.len() + simplified(pane).len()
}

/// The rows of the marks of a pane, and of those around the panes.
fn legend(pane: Pane) -> [Vec<Vec<&'static Mark>>; 2] {
    let width = usize::from(WIDTH);
    [
        marks::rows(marks::of(pane), width),
        marks::rows(marks::FRAME.iter(), width),
    ]
}

/// What they mean, under a heading.
fn explained<'a>(view: &View<'_>, heading: String, rows: &[Vec<&Mark>]) -> Vec<Line<'a>> {
    let head = Line::from(view.span(heading, Role::Title));
    let rows = rows.iter().map(|row| marks::line(view, row));
    std::iter::once(head).chain(rows).collect()
}

/// What a key does, in as many lines as it needs.
fn help_of(row: &Binding) -> Vec<String> {
    wrapped(row.help, usize::from(WIDTH) - KEYS_WIDTH - 1)
}

/// What is simplified in what a pane shows, in lines: first a gap and a heading.
fn simplified(pane: Pane) -> Vec<String> {
    let rooms = differences::rooms_of(pane);
    let mut lines: Vec<String> = differences::of(rooms)
        .flat_map(|each| {
            let lines = differences::wrapped(each.says, differences::WIDTH - 2);
            let marks = std::iter::once("- ").chain(std::iter::repeat("  "));
            marks
                .zip(lines)
                .map(|(mark, line)| format!("{mark}{line}"))
                .collect::<Vec<_>>()
        })
        .collect();
    if !lines.is_empty() {
        let head = format!("Unlike Kubernetes, in {}", rooms.join(" and "));
        lines.splice(0..0, [String::new(), head]);
    }
    lines
}

/// Draws it from a line on.
pub(super) fn draw(view: &View<'_>, scroll: usize, area: Rect, buf: &mut Buffer) {
    let pane = view.model.focus;
    let [here, around] = legend(pane);
    let mut text = explained(view, format!("Marks in {}", pane.name()), &here);
    for scope in ORDER {
        text.push(Line::default());
        text.push(Line::from(view.span(heading(scope), Role::Title)));
        for row in BINDINGS.iter().filter(|row| row.scope == scope) {
            let keys = std::iter::once(row.all_keys()).chain(std::iter::repeat(String::new()));
            for (keys, line) in keys.zip(help_of(row)) {
                text.push(Line::from(vec![
                    Span::raw(" "),
                    view.span(fitted(&keys, KEYS_WIDTH), Role::Key),
                    view.span(line, Role::Text),
                ]));
            }
        }
    }
    text.extend([
        Line::default(),
        Line::from(view.span("The mouse", Role::Title)),
    ]);
    for (what, does) in MOUSE {
        text.push(Line::from(vec![
            Span::raw(" "),
            view.span(fitted(what, KEYS_WIDTH), Role::Key),
            view.span(does, Role::Text),
        ]));
    }
    text.push(Line::default());
    text.extend(explained(
        view,
        "Marks around the panes".to_owned(),
        &around,
    ));
    for (place, line) in simplified(pane).into_iter().enumerate() {
        let role = if place == 1 { Role::Title } else { Role::Text };
        let pad = if place > 1 { " " } else { "" };
        text.push(Line::from(view.span(format!("{pad}{line}"), role)));
    }
    let height = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let inside = window(view, "Marks and keys", (WIDTH, height), area, buf);
    scrolled(view, &text, scroll, inside, buf);
}

const fn heading(scope: Scope) -> &'static str {
    match scope {
        Scope::Always => "Always",
        Scope::Time => "Time",
        Scope::Look => "Looking around",
        Scope::Lifecycle => "While the lifecycle has the keys",
        Scope::Events => "While the events have the keys",
        Scope::Scheduler => "While the scheduler has the keys",
        Scope::Editor => "While the editor has the keys",
        Scope::Typing => "While typing",
        Scope::Prompt => "While typing a command or a filter",
        Scope::Way => "While a way of causes lies over the panes",
        Scope::Runs => "While the runs lie over the panes",
        Scope::Breakpoints => "While the breakpoints lie over the panes",
        Scope::Question => "While a question lies over the panes",
        Scope::WhatIf => "While an answer to what-if lies over the panes",
        Scope::Overlay => "While something lies over the panes",
    }
}
