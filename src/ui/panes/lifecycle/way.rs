//! A way of causes drawn as lanes: the same picture as the life of an object, told by one chain of records.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::lanes::{self, Shape};
use super::story::{Lane, Station, Story, Subject};
use crate::cluster::{Record, Trace};
use crate::sim::RecordId;
use crate::ui::marks;
use crate::ui::model::Pane;
use crate::ui::panes::Direction;
use crate::ui::panes::index::{Part, part_of};
use crate::ui::view::View;
use crate::ui::way::Way;

/// The rows of the words below the lanes.
const WORDS: u16 = 2;

/// How many columns `next` looks around.
const COLUMNS_AROUND: usize = 64;

/// Draws the lanes of a way, and what the cursor is on.
pub fn draw(view: &View<'_>, way: &Way, area: Rect, buf: &mut Buffer) {
    let picture = Rect {
        height: area.height.saturating_sub(WORDS),
        ..area
    };
    let inside = (usize::from(picture.width), usize::from(picture.height));
    let trace = view.world().trace();
    let Some(story) = story(trace, way, Shape::columns_most(inside), inside.1) else {
        return;
    };
    lanes::draw(view, &story, picture, buf);
    draw_legend(view, &story, picture, buf);
    let words = Rect {
        y: picture.bottom(),
        height: area.height - picture.height,
        ..area
    };
    super::draw_words(view, story.record(), words, buf);
}

/// What the signs mean, in the last row of the picture where no lane needs it.
fn draw_legend(view: &View<'_>, story: &Story, area: Rect, buf: &mut Buffer) {
    let needed = story.lanes.len() + 2;
    if usize::from(area.height) > needed {
        let last = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        marks::of_picture(view, Pane::Lifecycle, area, buf).render(last, buf);
    }
}

/// The record that the cursor goes to: left and right along the time, up to its cause, down to its first
/// effect.
#[must_use]
pub fn next(trace: &Trace, way: &Way, direction: Direction) -> Option<RecordId> {
    let story = story(trace, way, COLUMNS_AROUND, usize::MAX)?;
    let place = story.neighbour(direction)?;
    story.stations.get(place).map(|station| station.record.id)
}

/// The stations of a way in at most so many columns, and its lanes: all of them if there are rows enough.
fn story(trace: &Trace, way: &Way, columns: usize, rows: usize) -> Option<Story> {
    let mut records: Vec<Arc<Record>> = way
        .hops(trace)
        .list
        .into_iter()
        .map(|hop| hop.record)
        .collect();
    records.sort_by_key(|record| record.id);
    let cursor = way.under_cursor(trace)?;
    let ends = [records.first()?.id, way.record, cursor];
    records.retain(|record| ends.contains(&record.id) || part_of(record, trace) != Part::Hidden);
    let place = records.iter().position(|record| record.id == cursor)?;
    let columns = columns.max(1);
    // The cursor stays in the right third, so that what led to it is seen.
    let last = (place + 1 + columns / 3).max(columns).min(records.len());
    let first = last.saturating_sub(columns);
    let shown = &records[first..last];
    let lanes_of = |records: &[Arc<Record>]| -> Vec<Lane> {
        let lanes: BTreeSet<Lane> = records
            .iter()
            .map(|record| Lane::of(&record.actor))
            .collect();
        lanes.into_iter().collect()
    };
    let all = lanes_of(&records);
    let lanes = if all.len() + 2 < rows {
        all
    } else {
        lanes_of(shown)
    };
    let place_of = |id: RecordId| shown.binary_search_by_key(&id, |record| record.id).ok();
    let station = |record: &Arc<Record>| Station {
        record: Arc::clone(record),
        lane: lanes.binary_search(&Lane::of(&record.actor)).unwrap_or(0),
        cause: trace
            .why(record.id)
            .skip(1)
            .find_map(|cause| place_of(cause.id)),
    };
    let stations = shown.iter().map(station).collect();
    Some(Story {
        subject: Subject::Way,
        before: None,
        stations,
        left_out: (first, records.len() - last),
        cursor: place - first,
        lanes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use crate::cluster::Cluster;
    use crate::cluster::driver::Snapshot;
    use crate::ui::model::Model;
    use crate::ui::panes::scene;
    use crate::ui::theme::Theme;
    use crate::ui::way::Towards;

    fn from_last_write(world: &Cluster, towards: Towards) -> Way {
        let key = scene::selecting(world, Kind::Pod).selection;
        let trace = world.trace();
        let record = match towards {
            Towards::Causes => trace.last_write(&key.expect("a pod")).map(|write| write.id),
            Towards::Effects => trace.iter().find(|each| each.cause.is_none()).map(|r| r.id),
        };
        Way::from(record.expect("something happened"), towards)
    }

    fn text(world: &Cluster, way: &Way, (width, height): (u16, u16)) -> String {
        let (snapshot, theme) = (Snapshot::of(world.clone()), Theme::dark());
        let view = View {
            snapshot: &snapshot,
            model: &Model::default(),
            theme: &theme,
            targets: None,
        };
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        draw(&view, way, buf.area, &mut buf);
        let line = |y| -> String { (0..width).map(|x| buf[(x, y)].symbol()).collect() };
        (0..height).map(|y| line(y) + "\n").collect()
    }

    #[test]
    fn a_way_has_its_actors_as_lanes_its_latencies_above_and_revisions_at_its_writes() {
        let world = scene::live(scene::WEB, &[]);
        let text = text(&world, &from_last_write(&world, Towards::Causes), (190, 40));
        for part in [
            "kubectl",
            "kube-apiserver",
            "replicaset-controller",
            "kube-scheduler",
            "kubelet/node-",
            "after",
            "ms",
            "r42",
            "apply",
            "bind",
            "pulled",
            "because kube-apiserver",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("disruption-controller"), "{text}");
    }

    #[test]
    fn the_cursor_walks_back_to_the_command_and_every_place_can_be_drawn() {
        let world = scene::live(scene::WEB, &[]);
        let trace = world.trace();
        let mut way = from_last_write(&world, Towards::Causes);
        let hops = way.hops(trace).list.len();
        while let Some(record) = next(trace, &way, Direction::Left) {
            assert!(Some(record) < way.under_cursor(trace));
            way.go_to(record, trace);
            for size in scene::SIZES {
                text(&world, &way, size);
            }
        }
        assert_eq!(way.cursor, hops - 1);
    }

    #[test]
    fn what_followed_is_drawn_from_the_first_effect_to_the_last() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=2"]);
        let trace = world.trace();
        let mut way = from_last_write(&world, Towards::Effects);
        let mut seen = 1;
        while let Some(record) = next(trace, &way, Direction::Right) {
            way.go_to(record, trace);
            seen += 1;
        }
        assert!(seen > 20, "{seen}");
        for size in scene::SIZES {
            text(&world, &way, size);
        }
    }
}
