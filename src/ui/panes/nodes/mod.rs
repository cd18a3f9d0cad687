//! View 6: which machines are there, and what do they hold? Shelves, or a heat map when there are many.

mod fate;
mod heat;
mod order;
mod shelves;

pub(super) use shelves::{cpu_words, memory_words};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use order::next;

use super::border;
use super::index::Index;
use crate::ui::model::Pane;
use crate::ui::view::View;

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let pane = Pane::Nodes;
    let title = (pane.name(), pane.question(), "");
    let inner = border::draw(view, pane, title, area, buf);
    if inner.is_empty() {
        return;
    }
    let index = Index::of(view.world());
    if index.objects.node_count() <= usize::from(inner.height) {
        shelves::draw(view, &index.objects, inner, buf);
    } else {
        heat::draw(view, &index.objects, inner, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Key, Kind};
    use crate::ui::model::Model;
    use crate::ui::panes::scene;

    fn drawn(size: (u16, u16)) -> String {
        scene::text(&scene::small(), &Model::default(), draw, size)
    }

    #[test]
    fn a_shelf_shows_state_requests_of_its_pods_and_the_pods_themselves() {
        let text = drawn((120, 20));
        for part in [
            "node-a  ● Ready for 8s",
            "cpu ███░░░░░░░ 1/4",
            "mem ███░░░░░░░ 2/8Gi",
            "● web-6d4f-9qd8z",
            "◐ web-6d4f-x7m2c",
            "✗ NotReady for 8s",
            "unreachable:NoExecute",
            "lease 50s ago",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn many_nodes_become_a_heat_map_by_zone() {
        let selection = Some(Key::new(Kind::Node, "", "node-0100"));
        let model = Model {
            selection,
            ..Model::default()
        };
        let text = scene::text(&scene::large(200), &model, draw, (80, 24));
        assert!(text.contains("zone b  67 nodes"), "{text}");
        assert!(text.contains("NotReady"), "{text}");
    }

    #[test]
    fn no_size_panics() {
        scene::sweep(&scene::small(), &Model::default(), draw);
        scene::sweep(&scene::large(130), &Model::default(), draw);
    }
}
