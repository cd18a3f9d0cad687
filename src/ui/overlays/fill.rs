//! How many more fit: a line for each node, with what stops the next pod there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::{scrolled, window};
use crate::api::Kind;
use crate::cluster::what_if::Filled;
use crate::ui::panes::events::fitted;
use crate::ui::panes::wrapped;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of the longest bar.
const BAR: usize = 20;

/// The columns of a count.
const COUNT: usize = 6;

/// Draws the sentence, and below it the nodes from a line on.
pub(super) fn draw(view: &View<'_>, filled: &Filled, scroll: usize, area: Rect, buf: &mut Buffer) {
    let filling = &filled.filling;
    let width = usize::from(area.width.saturating_sub(4));
    let of = match filled.about.kind {
        Kind::Pod => filled.about.to_string(),
        _ => format!("the pods of {}", filled.about),
    };
    let (count, verb) = match (filling.count, &filling.last) {
        (1, _) => ("1".to_owned(), "fits"),
        (count, Some(_)) => (count.to_string(), "fit"),
        (count, None) => (format!("At least {count}"), "fit"),
    };
    let title = "How many more fit?";
    let mut said = vec![(
        format!("{count} more of {of} {verb} beside what is there."),
        Role::Title,
    )];
    if filling.last.is_some() {
        let next = filling.count + 1;
        said.push((
            format!("What stops number {next}: {}", filling.message()),
            Role::Bad,
        ));
    }
    if filling.may_preempt() {
        let words = "By its priority it could still come where others make way.";
        said.push((words.to_owned(), Role::Waiting));
    }
    let wrap = |(text, role): &(String, Role)| {
        let role = *role;
        wrapped(text, width)
            .into_iter()
            .map(move |line| (line, role))
            .collect::<Vec<_>>()
    };
    let mut lines: Vec<Line<'_>> = said
        .iter()
        .flat_map(wrap)
        .map(|(line, role)| Line::from(view.span(line, role)))
        .collect();
    lines.push(Line::default());
    lines.extend(nodes(view, filled, width));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inside = window(view, title, (area.width.min(130), height), area, buf);
    scrolled(view, &lines, scroll, inside, buf);
}

fn nodes<'a>(view: &View<'_>, filled: &Filled, width: usize) -> Vec<Line<'a>> {
    let filling = &filled.filling;
    let stops = filling.stops();
    let names = filling.nodes.iter().map(|(node, _)| node.width());
    let name = names.max().unwrap_or(0).clamp(4, 24);
    let most = filling
        .nodes
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0);
    let bar = if width > 90 { BAR } else { BAR / 2 };
    let heading = format!(
        "{}{:>COUNT$}  {}  then stopped by",
        fitted("node", name + 2),
        "more",
        " ".repeat(bar)
    );
    let rows = filling.nodes.iter().map(|(node, count)| {
        let cells = (count * bar).div_ceil(most.max(1)).min(bar);
        let stop = stops.get(node).map_or_else(String::new, |rejection| {
            format!("{}: {}", rejection.plugin, rejection.refusal.message())
        });
        Line::from(vec![
            view.span(fitted(node, name + 2), Role::Title),
            view.span(format!("{count:>COUNT$}  "), Role::Text),
            view.span("█".repeat(cells), Role::Current),
            view.span("░".repeat(bar - cells), Role::Dim),
            view.span(format!("  {stop}"), Role::Bad),
        ])
    });
    std::iter::once(Line::from(view.span(heading, Role::Dim)))
        .chain(rows)
        .collect()
}
