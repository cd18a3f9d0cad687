//! Who watches the object: which copy each client holds, and how far it is behind.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cluster::Copy;
use crate::sim::{Time, counted, span_words};
use crate::ui::panes::pen::Pen;
use crate::ui::panes::revisions::Handled;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of the names.
const NAME: usize = 34;

/// The copies of the object that a request wrote, those that are behind first.
pub(super) fn of(view: &View<'_>, request: &Handled) -> Vec<Copy> {
    let world = view.world();
    let stored = world.store().get(&request.request.key);
    let written = request.commit.as_ref().map(|(_, change)| &change.object);
    let Some(object) = stored.or(written) else {
        return Vec::new();
    };
    let mut copies = world.copies_of(object);
    copies.sort_by_key(|copy| (copy.is_open && copy.behind == 0, copy.component.to_string()));
    copies
}

/// Draws a line for each below a line with the name.
pub(super) fn draw(view: &View<'_>, copies: &[Copy], area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let mut pen = Pen::new(view, area, buf);
    let store = view.world().store().revision();
    pen.write("─ copies ", Role::Title)
        .write(&format!("· the store is at r{store} "), Role::Dim);
    let rest = pen.room();
    pen.write(&"─".repeat(rest), Role::Border).next_line();
    for (place, copy) in copies.iter().enumerate() {
        if pen.lines_left() == 1 && place + 1 < copies.len() {
            let more = format!("  and {} more that are up to date", copies.len() - place);
            pen.write(&more, Role::Dim);
            return;
        }
        let (sign, words, role) = standing(copy, view.world().now());
        pen.write(sign, role).write(" ", Role::Text);
        let width = NAME.min(pen.width() / 2);
        pen.cell(&copy.component.to_string(), width, Role::Text)
            .write(" ", Role::Text);
        let held = copy.revision.map(|revision| format!("r{revision}"));
        pen.cell(&held.unwrap_or_default(), 6, Role::Current);
        pen.cell(&words, pen.room(), role).next_line();
    }
}

/// The same in one line, for small places.
pub(super) fn draw_line(view: &View<'_>, copies: &[Copy], area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    let late = |copy: &&Copy| copy.behind > 0 || !copy.is_open;
    let behind: Vec<&Copy> = copies.iter().filter(late).collect();
    let up_to_date = copies.len() - behind.len();
    pen.write("copies ", Role::Title)
        .write(&format!("{up_to_date} up to date"), Role::Good);
    for copy in behind {
        let (sign, words, role) = standing(copy, view.world().now());
        let words = format!(" · {sign} {}: {words}", copy.component);
        pen.write(&words, role);
    }
}

/// A sign, how far behind, and a colour.
fn standing(copy: &Copy, now: Time) -> (&'static str, String, Role) {
    let since = copy.since.map_or_else(String::new, |since| {
        format!(", {} old", span_words(now.since(since)))
    });
    match (copy.is_open, copy.behind) {
        (false, behind) => ("✗", format!("watch cut, {behind} missed{since}"), Role::Bad),
        (true, 0) => ("✓", "up to date".to_owned(), Role::Good),
        (true, behind) => (
            "◐",
            format!("{} on the way{since}", counted(behind, "change")),
            Role::Waiting,
        ),
    }
}
