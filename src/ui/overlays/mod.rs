//! What lies over the panes: the keys, the way back to a cause, what kubectl printed, answers of the
//! scheduler to what nobody really asked it.

mod answer;
pub mod choices;
mod fill;
mod help;
mod lists;
mod way;
mod what_if;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::model::Overlay;
use super::panes::events::fitted;
use super::theme::Role;
use super::view::View;

pub use help::lines as help_lines;
pub use what_if::lines as what_if_lines;

/// Draws an overlay over the panes.
pub fn draw(view: &View<'_>, overlay: &Overlay, area: Rect, buf: &mut Buffer) {
    match overlay {
        Overlay::Help { scroll } => help::draw(view, *scroll, area, buf),
        Overlay::Way(way) => way::draw(view, way, area, buf),
        Overlay::Breakpoints { cursor } => lists::breakpoints(view, *cursor, area, buf),
        Overlay::Runs { cursor } => lists::runs(view, *cursor, area, buf),
        Overlay::Fork { line } => lists::fork(view, line, area, buf),
        Overlay::WhatIf { asked, scroll, .. } => what_if::draw(view, asked, *scroll, area, buf),
        Overlay::Fill { filled, scroll } => fill::draw(view, filled, *scroll, area, buf),
        Overlay::Answer {
            title,
            text,
            scroll,
        } => answer::draw(view, (title, text), *scroll, area, buf),
    }
}

/// An empty window over the middle of an area, with a title; returns what is inside.
fn window(
    view: &View<'_>,
    title: &str,
    (width, height): (u16, u16),
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let width = width.saturating_add(4).min(area.width);
    let height = height.saturating_add(2).min(area.height);
    let window = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(window, buf);
    buf.set_style(window, view.theme.ground());
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(view.theme.style(Role::Focus))
        .title(Line::from(vec![
            Span::raw(" "),
            view.span(
                fitting(title, usize::from(width).saturating_sub(4)),
                Role::Title,
            ),
            Span::raw(" "),
        ]));
    let inside = block.inner(window);
    block.render(window, buf);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

/// A text as it is, or cut with `…` where there is less room.
fn fitting(text: &str, room: usize) -> String {
    fitted(text, room).trim_end().to_owned()
}

/// Draws lines from one on, and at the right how much is above and below.
fn scrolled(view: &View<'_>, lines: &[Line<'_>], first: usize, area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(height));
    for (y, line) in (area.y..area.bottom()).zip(&lines[first..]) {
        line.render(
            Rect {
                y,
                height: 1,
                ..area
            },
            buf,
        );
    }
    let corner = |y| Rect {
        x: area.right(),
        y,
        width: 1,
        height: 1,
    };
    if area.height > 1 && first > 0 {
        view.span("▲", Role::Key).render(corner(area.y), buf);
    }
    if area.height > 1 && first + height < lines.len() {
        view.span("▼", Role::Key)
            .render(corner(area.bottom() - 1), buf);
    }
}
