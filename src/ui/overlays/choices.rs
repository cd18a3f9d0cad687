//! What the line that is typed may become, above that line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::window;
use crate::ui::action::Action;
use crate::ui::choices::{self, Choice};
use crate::ui::keymap::{Situation, key_for};
use crate::ui::panes::events::fitted;
use crate::ui::panes::wrapped;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The widest column of what is typed.
const TYPED_MOST: usize = 46;

/// Draws them at the bottom of an area; the first is what the key takes.
pub fn draw(view: &View<'_>, typed: &str, area: Rect, buf: &mut Buffer) {
    let found = choices::of(typed, view.world());
    let most = usize::from(area.height / 2).saturating_sub(3);
    if found.is_empty() || most == 0 {
        return;
    }
    let left_out = found.len().saturating_sub(most);
    let shown = &found[..found.len() - left_out];
    let room = usize::from(area.width.saturating_sub(4));
    let typed_width = shown.iter().map(|choice| choice.shown.width()).max();
    let typed_width = typed_width.unwrap_or(0).min(TYPED_MOST);
    // What the first one does is told whole.
    let is_cut = typed_width + 2 + found[0].says.width() > room;
    let whole = wrapped(found[0].says, room.saturating_sub(1));
    let whole = if is_cut { whole } else { Vec::new() };
    let height = u16::try_from(shown.len() + whole.len()).unwrap_or(u16::MAX) + 2;
    let below = Rect {
        y: area.bottom() - height.min(area.height),
        height: height.min(area.height),
        ..area
    };
    let key = key_for(Situation::Prompt, &Action::Complete);
    let title = match left_out {
        0 => format!("{key} takes the first"),
        more => format!("{key} takes the first; {more} more, type on"),
    };
    let inside = window(view, &title, (area.width, height - 2), below, buf);
    for (y, (place, choice)) in (inside.y..inside.bottom()).zip(shown.iter().enumerate()) {
        let line = line(view, choice, place == 0, (typed_width, inside.width));
        buf.set_line(inside.x, y, &line, inside.width);
    }
    let below = inside.y + u16::try_from(shown.len()).unwrap_or(u16::MAX);
    for (y, words) in (below..inside.bottom()).zip(whole) {
        let line = Line::from(view.span(words, Role::Text));
        buf.set_line(inside.x, y, &line, inside.width);
    }
}

fn line<'a>(
    view: &View<'_>,
    choice: &Choice,
    is_first: bool,
    (typed, width): (usize, u16),
) -> Line<'a> {
    let role = if is_first { Role::Selected } else { Role::Key };
    let room = usize::from(width).saturating_sub(typed + 2);
    Line::from(vec![
        view.span(fitted(&choice.shown, typed), role),
        view.span(format!("  {}", fitted(choice.says, room)), Role::Dim),
    ])
}
