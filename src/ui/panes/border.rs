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

/// Draws the border of a pane with something to say at its right, and returns what is inside.
pub fn draw(view: &View<'_>, pane: Pane, aside: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let has_keys = view.focus() == pane;
    let border = if has_keys { Role::Focus } else { Role::Border };
    let name = if has_keys { Role::Focus } else { Role::Title };
    let mut title = vec![
        Span::styled(format!(" {} ", pane.number()), view.theme.style(Role::Key)),
        Span::styled(format!("{} ", pane.name()), view.theme.style(name)),
    ];
    let room = usize::from(area.width).saturating_sub(pane.name().width() + 7);
    let question = pane.question();
    let aside_width = if aside.is_empty() {
        0
    } else {
        aside.width() + 3
    };
    if question.width() + 1 + aside_width <= room {
        title.push(Span::styled(
            format!("{question} "),
            view.theme.style(Role::Dim),
        ));
    }
    let mut block = Block::bordered()
        .merge_borders(MergeStrategy::Exact)
        .border_style(view.theme.style(border))
        .title(Line::from(title));
    if !aside.is_empty() && aside_width <= room {
        let aside = Span::styled(format!(" {aside} "), view.theme.style(Role::Dim));
        block = block.title(Line::from(aside).right_aligned());
    }
    let inside = block.inner(area);
    block.render(area, buf);
    inside
}
