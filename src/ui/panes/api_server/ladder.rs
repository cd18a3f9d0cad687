//! The revisions of an object, newest on top: who wrote each, what it changed, and who was sent back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use unicode_width::UnicodeWidthStr;

use super::Scene;
use crate::manifest::{FieldChange, in_words};
use crate::store::ChangeType;
use crate::ui::panes::Neighbour;
use crate::ui::panes::pen::Pen;
use crate::ui::panes::revisions::{self, Handled};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Draws it below a line with its name.
pub(super) fn draw(view: &View<'_>, scene: &Scene, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    if area.is_empty() {
        return;
    }
    pen.write("─ revisions ", Role::Title)
        .write("· newest first ", Role::Dim);
    let rest = pen.room();
    pen.write(&"─".repeat(rest), Role::Border).next_line();
    let rows = pen.lines_left();
    let first = (scene.cursor + 1 + rows / 3)
        .max(rows)
        .min(scene.rungs.len())
        .saturating_sub(rows);
    let trace = view.world().trace();
    for (place, id) in scene.rungs.iter().enumerate().skip(first).take(rows) {
        if let Some(request) = revisions::handled(trace, *id) {
            draw_rung(view, &request, place == scene.cursor, &mut pen);
        }
        pen.target(0, || Neighbour::Record(*id));
        pen.next_line();
    }
}

fn draw_rung(view: &View<'_>, request: &Handled, is_cursor: bool, pen: &mut Pen<'_, '_>) {
    let is_fresh = view.world().last_records().any(|last| {
        last.id == request.record.id
            || request
                .commit
                .as_ref()
                .is_some_and(|(id, _)| *id == last.id)
    });
    pen.write(if is_cursor { "▶ " } else { "  " }, Role::Key);
    let role = match (is_cursor, is_fresh) {
        (true, _) => Role::Title,
        (false, true) => Role::Fresh,
        (false, false) => Role::Text,
    };
    match (&request.commit, &request.refusal) {
        (Some((_, change)), _) => {
            pen.cell(&format!("r{}", change.revision), 6, Role::Current);
        }
        (None, Some(refusal)) => {
            pen.cell(&format!("✗ {}", refusal.reason.code()), 6, Role::Bad);
        }
        (None, None) => {
            pen.cell("=", 6, Role::Dim);
        }
    }
    pen.cell(&request.record.time.to_string(), 9, Role::Dim);
    let who = request.by().to_string();
    let who = if pen.width() < 70 {
        who.replace("-controller", "-c.")
    } else {
        who
    };
    let width = (pen.width() / 4).clamp(14, 24);
    pen.cell(&who, width, role).write(" ", Role::Text);
    let (words, role) = words(request, pen.room());
    pen.cell(&words, pen.room(), role);
}

/// What the write did, in the fewest words; what does not fit says the end of a path first.
fn words(request: &Handled, room: usize) -> (String, Role) {
    if let Some(refusal) = &request.refusal {
        let words = match request.copy() {
            Some(copy) => {
                let whole = format!("↩ wrote from r{copy}: {}", refusal.reason);
                if whole.width() <= room {
                    whole
                } else {
                    format!("↩ wrote from r{copy}")
                }
            }
            None => format!("↩ {}: {refusal}", refusal.reason),
        };
        return (words, Role::Bad);
    }
    match request
        .commit
        .as_ref()
        .map(|(_, change)| change.change_type)
    {
        Some(ChangeType::Added) => return ("created".to_owned(), Role::Good),
        Some(ChangeType::Deleted) => return ("removed".to_owned(), Role::Bad),
        Some(ChangeType::Modified) => {}
        None => return ("would change nothing".to_owned(), Role::Dim),
    }
    let changes = request.changes();
    let words = match changes.as_slice() {
        [] => "nothing but book-keeping".to_owned(),
        [one] => change_in(one, room),
        [first, rest @ ..] => {
            let more = format!(" (+{})", rest.len());
            change_in(first, room.saturating_sub(more.width())) + &more
        }
    };
    (words, Role::Dim)
}

/// A change; where its whole path has no room, the last name of the path and the new value.
fn change_in(change: &FieldChange, room: usize) -> String {
    let whole = change.to_string();
    if whole.width() <= room {
        return whole;
    }
    let name = change.path.trim_end_matches(']');
    let name = name.rsplit(['.', '[']).next().unwrap_or(name);
    match &change.after {
        Some(after) => format!("{} {name}: {}", change.sign(), in_words(after)),
        None => format!("{} {name}", change.sign()),
    }
}
