//! Every place that differs from Kubernetes on purpose is in the list that the screen and the README show.
//!
//! The build gathers the list; this reads the marks again, in the plainest way.

use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::ui::differences;

use crate::tidy::{ROOMS, sources};

/// How a mark begins.
const MARK: &str = concat!("Unlike ", "Kubernetes: ");

/// The files with marks in their comments, each as often as it has one.
fn marked() -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        let is_room = ROOMS
            .iter()
            .any(|room| name.starts_with(&format!("src/{room}/")));
        let marks = text
            .lines()
            .filter(|line| line.trim_start().starts_with("//") && line.contains(MARK));
        found.extend(marks.filter(|_| is_room).map(|_| name.clone()));
    }
    found.sort();
    found
}

#[test]
fn the_list_holds_every_mark_of_the_sources_and_no_other() {
    let mut listed: Vec<String> = differences::all()
        .iter()
        .map(|each| each.file.to_owned())
        .collect();
    listed.sort();
    assert_eq!(listed, marked());
    for each in differences::all() {
        assert!(each.says.len() > 10, "{}: {:?}", each.file, each.says);
    }
}

#[test]
fn every_difference_is_shown_by_room() {
    for each in differences::all() {
        let text = differences::text(Some(each.room)).expect("its room is listed");
        let shown = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = each.says.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&says), "{}: {says}", each.room);
    }
    let error = differences::text(Some("cellar")).expect_err("no such room");
    assert!(
        error.contains("there are ") && error.contains("apiserver, "),
        "{error}"
    );
}

#[test]
fn the_help_of_each_view_tells_what_is_simplified_in_it() {
    use glassplane::cluster::driver::Snapshot;
    use glassplane::ui::model::{Mode, Model, Overlay, Pane};
    use glassplane::ui::theme::Theme;
    use glassplane::ui::view::{self, View};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use std::sync::Arc;

    let snapshot = Arc::new(Snapshot::of(Cluster::new(ClusterConfig::with_nodes(7, 1))));
    let theme = Theme::mono();
    for pane in [
        Pane::Desired,
        Pane::Lifecycle,
        Pane::Scheduler,
        Pane::ApiServer,
        Pane::Loops,
        Pane::Nodes,
        Pane::Events,
        Pane::Object,
        Pane::Editor,
    ] {
        let model = Model {
            view: pane,
            focus: pane,
            mode: Mode::Reading(Overlay::Help { scroll: 0 }),
            ..Model::default()
        };
        let view = View {
            snapshot: &snapshot,
            model: &model,
            theme: &theme,
            targets: None,
        };
        let area = Rect::new(0, 0, 120, 400);
        let mut buf = Buffer::empty(area);
        view::draw(&view, area, &mut buf);
        let drawn: Vec<String> = (0..area.height)
            .map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect())
            .collect();
        for difference in differences::of(differences::rooms_of(pane)) {
            for line in differences::wrapped(difference.says, differences::WIDTH - 2) {
                assert!(
                    drawn.iter().any(|row| row.contains(&line)),
                    "{pane:?} does not tell: {line}"
                );
            }
        }
    }
}
