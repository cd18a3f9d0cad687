//! View 4: who wrote what, and what did the door do with it? One request's way, and the revisions.

mod copies;
mod ladder;
mod way;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::index::Index;
use super::pen::Pen;
use super::revisions::{self, Handled};
use super::{Direction, border};
use crate::api::Key;
use crate::sim::RecordId;
use crate::ui::model::Pane;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// From this width on, the revisions stand beside the request.
const BESIDE_FROM: u16 = 108;

/// What is drawn.
struct Scene {
    /// The object.
    key: Key,
    /// The writes to it, newest first.
    rungs: Vec<RecordId>,
    /// The place of the one under the cursor.
    cursor: usize,
}

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let index = Index::of(view.world());
    let scene = Scene::of(view, &index);
    let pane = Pane::ApiServer;
    let name = scene.as_ref().map_or(pane.name().to_owned(), |scene| {
        format!("{} · {}", pane.name(), scene.key)
    });
    let inner = border::draw(view, pane, (&name, pane.question(), ""), area, buf);
    if inner.is_empty() {
        return;
    }
    let trace = view.world().trace();
    let request = scene
        .as_ref()
        .and_then(|scene| revisions::handled(trace, *scene.rungs.get(scene.cursor)?));
    let (Some(scene), Some(request)) = (scene, request) else {
        Pen::new(view, inner, buf).write(
            "Nobody has written the selected object yet: every write to it will be told here.",
            Role::Dim,
        );
        return;
    };
    if inner.width >= BESIDE_FROM {
        draw_beside(view, &index, (&scene, &request), inner, buf);
    } else {
        draw_below(view, &index, (&scene, &request), inner, buf);
    }
}

fn draw_beside(
    view: &View<'_>,
    index: &Index,
    (scene, request): (&Scene, &Handled),
    area: Rect,
    buf: &mut Buffer,
) {
    let left = Rect {
        width: area.width * 11 / 20,
        ..area
    };
    let right = Rect {
        x: left.right() + 2,
        width: area.width - left.width - 2,
        ..area
    };
    for y in area.y..area.bottom() {
        buf.set_string(left.right(), y, "│", view.theme.style(Role::Border));
    }
    way::draw(view, index, request, left, buf);
    let copies = copies::of(view, request);
    let below = u16::try_from(copies.len() + 1)
        .unwrap_or(u16::MAX)
        .min(right.height / 2);
    let above = Rect {
        height: right.height - below,
        ..right
    };
    ladder::draw(view, scene, above, buf);
    let rest = Rect {
        y: above.bottom(),
        height: below,
        ..right
    };
    copies::draw(view, &copies, rest, buf);
}

fn draw_below(
    view: &View<'_>,
    index: &Index,
    (scene, request): (&Scene, &Handled),
    area: Rect,
    buf: &mut Buffer,
) {
    let copies = copies::of(view, request);
    let rungs = u16::try_from(scene.rungs.len() + 1).unwrap_or(u16::MAX);
    let of_rungs = rungs.min(area.height.saturating_sub(4) * 2 / 5);
    let of_copies = u16::from(area.height > 10);
    let way = Rect {
        height: area.height - of_rungs - of_copies,
        ..area
    };
    let used = way::draw(view, index, request, way, buf);
    // What the way leaves free shows older writes.
    let free = way.height - used;
    let of_rungs = rungs.min(of_rungs + free);
    let middle = Rect {
        y: area.bottom() - of_copies - of_rungs,
        height: of_rungs,
        ..area
    };
    ladder::draw(view, scene, middle, buf);
    let last = Rect {
        y: middle.bottom(),
        height: of_copies,
        ..area
    };
    copies::draw_line(view, &copies, last, buf);
}

/// The newer or the older write: up and down the ladder.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<RecordId> {
    let index = Index::of(view.world());
    let scene = Scene::of(view, &index)?;
    let place = match direction {
        Direction::Up | Direction::Right => scene.cursor.checked_sub(1)?,
        Direction::Down | Direction::Left => scene.cursor + 1,
    };
    scene.rungs.get(place).copied()
}

impl Scene {
    /// The selected object, or the one that was written last. The cursor stands at the record that
    /// has it, at the last write before it, or else at the newest.
    fn of(view: &View<'_>, index: &Index) -> Option<Self> {
        let trace = view.world().trace();
        let selected = view.model.selection.as_ref();
        let rungs_of = |key: &Key| {
            let rungs = revisions::of(index, trace, key);
            (!rungs.is_empty()).then(|| (key.clone(), rungs))
        };
        let (key, rungs) = selected
            .and_then(rungs_of)
            .or_else(|| index.records.subject().and_then(rungs_of))?;
        let at = view.model.record.map_or(RecordId(u64::MAX), |record| {
            // The commit follows its verdict, so it belongs to it.
            record.next()
        });
        let newer = rungs.partition_point(|id| *id >= at);
        let cursor = newer.min(rungs.len() - 1);
        Some(Self { key, rungs, cursor })
    }
}

#[cfg(test)]
mod tests;
