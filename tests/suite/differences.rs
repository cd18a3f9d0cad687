//! Every place that differs from Kubernetes on purpose is in the list that the screen and the README show.
//!
//! `UPDATE_README=1 cargo test` gathers the list anew from the marks in the sources.

use std::fs;
use std::path::Path;

use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::ui::differences::{self, Difference};

use crate::tidy::{ROOMS, sources};

/// How a mark begins.
const MARK: &str = concat!("Unlike ", "Kubernetes: ");

/// The text of a comment line; none for a line of code.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = ["///", "//!", "//"]
        .iter()
        .find_map(|sign| line.strip_prefix(sign))?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// What the marks of a text say: each up to the end of its paragraph.
fn marks(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let Some(start) = comment(line).and_then(|text| text.split_once(MARK)) else {
            continue;
        };
        let rest = lines[place + 1..].iter().map_while(|line| {
            comment(line).filter(|text| !text.is_empty() && !text.starts_with('#'))
        });
        let words: Vec<&str> = std::iter::once(start.1).chain(rest).collect();
        found.push(words.join(" ").replace('`', ""));
    }
    found
}

/// The differences that the sources mark, by room and file.
pub(crate) fn marked() -> Vec<Difference> {
    let mut found = Vec::new();
    for room in ROOMS {
        for (path, text) in sources() {
            let name = path.to_string_lossy().replace('\\', "/");
            let is_own =
                name == format!("src/{room}.rs") || name.starts_with(&format!("src/{room}/"));
            if is_own && name != "src/ui/differences.rs" {
                found.extend(marks(&text).into_iter().map(|says| Difference {
                    room: room.to_owned(),
                    file: name.clone(),
                    says,
                }));
            }
        }
    }
    found
}

fn list_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/differences.yaml")
}

/// The list as a file.
fn written(list: &[Difference]) -> String {
    let mut text =
        "# Gathered from the marks in the sources by UPDATE_README=1 cargo test\n".to_owned();
    for each in list {
        let quoted = serde_json::to_string(&each.says).expect("a text is JSON");
        let entry = format!(
            "- room: {}\n  file: {}\n  says: {quoted}\n",
            each.room, each.file
        );
        text.push_str(&entry);
    }
    text
}

#[test]
fn the_list_holds_every_mark_of_the_sources_and_no_other() {
    let marked = marked();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(list_path(), written(&marked)).expect("the list can be written");
    }
    let list = fs::read_to_string(list_path()).expect("there is a list");
    assert!(
        list == written(&marked),
        "a mark is not in assets/differences.yaml, or an entry has no mark; UPDATE_README=1 cargo \
         test gathers the list and writes the README anew"
    );
}

#[test]
fn every_difference_is_shown_by_room() {
    for each in differences::all() {
        let text = differences::text(Some(&each.room)).expect("its room is listed");
        let shown = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = each.says.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&says), "{}: {says}", each.room);
    }
    let error = differences::text(Some("cellar")).expect_err("no such room");
    assert!(error.contains("there are manifest, apiserver"), "{error}");
}

#[test]
fn the_help_of_each_view_tells_what_is_simplified_in_it() {
    use glassplane::cluster::task::Snapshot;
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
        };
        let area = Rect::new(0, 0, 120, 400);
        let mut buf = Buffer::empty(area);
        view::draw(&view, area, &mut buf);
        let drawn: Vec<String> = (0..area.height)
            .map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect())
            .collect();
        for difference in differences::of(differences::rooms_of(pane)) {
            for line in differences::wrapped(&difference.says, differences::WIDTH - 2) {
                assert!(
                    drawn.iter().any(|row| row.contains(&line)),
                    "{pane:?} does not tell: {line}"
                );
            }
        }
    }
}
