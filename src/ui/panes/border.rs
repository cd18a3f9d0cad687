//! The border of a pane: its number, its name, and its question where there is room; neighbours share it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};
use unicode_width::UnicodeWidthStr;

use crate::ui::model::Pane;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Draws the border of a pane with its name, its question, and something to say at the right; what has
/// no room is left out. Returns what is inside.
pub(super) fn draw(
    view: &View<'_>,
    pane: Pane,
    (name, question, aside): (&str, &str, &str),
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let has_keys = view.focus() == pane;
    let name_role = if has_keys { Role::Focus } else { Role::Title };
    let mut title = vec![
        view.span(format!(" {} ", pane.number()), Role::Key),
        view.span(format!("{name} "), name_role),
    ];
    let used: usize = title.iter().map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(used + 3);
    let for_aside = if aside.is_empty() {
        0
    } else {
        aside.width() + 3
    };
    if !question.is_empty() && question.width() + 2 + for_aside <= room {
        title.push(view.span(format!("· {question} "), Role::Dim));
    }
    let mut block = Block::bordered()
        .merge_borders(MergeStrategy::Exact)
        .border_style(view.theme.style(Role::Border))
        .title(Line::from(title));
    if !aside.is_empty() && for_aside <= room {
        let aside = view.span(format!(" {aside} "), Role::Dim);
        block = block.title(Line::from(aside).right_aligned());
    }
    let inside = block.inner(area);
    block.render(area, buf);
    inside
}
