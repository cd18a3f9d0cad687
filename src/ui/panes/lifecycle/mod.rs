//! View 2: which way did it go, from the request to now? Lanes of actors, arrows from cause to effect.

mod lanes;
mod story;
mod strip;
pub mod way;
mod wires;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::events::brief;
use super::index::Index;
use super::pen::Pen;
use super::{Direction, border};
use crate::cluster::Record;
use crate::sim::RecordId;
use crate::ui::model::Pane;
use crate::ui::theme::Role;
use crate::ui::view::View;
use lanes::Shape;
use story::Story;

/// How many columns `next` looks around.
const COLUMNS_AROUND: usize = 64;

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let index = Index::of(view.world());
    let inside = (
        usize::from(area.width.saturating_sub(2)),
        usize::from(area.height),
    );
    let story = Story::of(view, &index, Shape::columns_most(inside));
    let pane = Pane::Lifecycle;
    let name = story.as_ref().map_or(pane.name().to_owned(), |story| {
        format!("{} of {}", pane.name(), story.subject)
    });
    let inner = border::draw(view, pane, (&name, pane.question(), ""), area, buf);
    if inner.is_empty() {
        return;
    }
    let Some(story) = story else {
        let mut pen = Pen::new(view, inner, buf);
        pen.write(
            "Nothing has been asked for yet: every hop will be drawn here.",
            Role::Dim,
        );
        return;
    };
    let parts = Parts::of(&story, inner);
    lanes::draw(view, &story, parts.picture, buf);
    strip::draw(view, &index, &story, parts.strip, buf);
    draw_words(view, story.record(), parts.words, buf);
}

/// The record that the cursor goes to: left and right along the time, up to its cause, down to its
/// first effect.
#[must_use]
pub fn next(view: &View<'_>, direction: Direction) -> Option<RecordId> {
    let index = Index::of(view.world());
    let story = Story::of(view, &index, COLUMNS_AROUND)?;
    let place = story.neighbour(direction)?;
    story.stations.get(place).map(|station| station.record.id)
}

/// How the height is shared.
struct Parts {
    picture: Rect,
    strip: Rect,
    words: Rect,
}

impl Parts {
    fn of(story: &Story, area: Rect) -> Self {
        let lanes = u16::try_from(story.lanes.len()).unwrap_or(u16::MAX);
        // The cause of the record is told where the lanes have their words all the same.
        let words = match area.height {
            0..4 => 0,
            height if height < lanes * 2 + 7 => 1,
            _ => 2,
        };
        let rest = area.height - words;
        let has_strip = story.subject.is_pod();
        let strip = match rest.saturating_sub(lanes + 3) {
            spare if !has_strip || spare < 2 => 0,
            spare if spare < lanes + 6 => 2,
            spare => (spare - lanes).min(6),
        };
        let picture = (rest - strip).min(lanes * 3 + 5);
        let at = |y, height| Rect {
            y: area.y + y,
            height,
            ..area
        };
        Self {
            picture: at(0, picture),
            strip: at(picture, strip),
            words: at(rest, words),
        }
    }
}

/// The record under the cursor in one sentence, and what it followed from.
fn draw_words(view: &View<'_>, record: &Record, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    pen.write(&format!("{} ", record.time), Role::Dim)
        .write(&record.actor.to_string(), Role::Key)
        .write(" ", Role::Text);
    let room = pen.room();
    pen.cell(&brief(record, room), room, Role::Text).next_line();
    let trace = view.world().trace();
    if let Some(cause) = record.cause.and_then(|cause| trace.get(cause)) {
        pen.write("because ", Role::Dim)
            .write(&format!("{} ", cause.actor), Role::Dim);
        let room = pen.room();
        pen.cell(&brief(cause, room), room, Role::Dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Key, Kind};
    use crate::cluster::Cluster;
    use crate::sim::RecordKind;
    use crate::ui::model::Model;
    use crate::ui::panes::scene;

    #[test]
    fn a_pods_way_goes_over_every_lane_and_every_write_carries_its_revision() {
        let world = scene::live(scene::WEB, &[]);
        let model = scene::selecting(&world, Kind::Pod);
        let text = scene::text(&world, &model, draw, (160, 40));
        for part in [
            "kubectl",
            "kube-apiserver",
            "deployment-controller",
            "replicaset-controller",
            "kube-scheduler",
            "kubelet/node-",
            "r42",
            "r43",
            "r46",
            "apply",
            "filter",
            "score",
            "bind",
            "sandbox",
            "pulled",
            "● Running",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_deployments_way_holds_what_it_owns() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=2"]);
        let text = scene::text(
            &world,
            &scene::selecting(&world, Kind::Deployment),
            draw,
            (120, 36),
        );
        assert!(
            text.contains("Lifecycle of deployment default/web"),
            "{text}"
        );
    }

    #[test]
    fn where_lanes_have_no_room_for_words_the_revisions_stand_in_the_heading() {
        let world = scene::live(scene::WEB, &[]);
        let text = scene::text(&world, &scene::selecting(&world, Kind::Pod), draw, (70, 13));
        let heading = text.lines().find(|line| line.contains("revision"));
        assert!(
            heading.is_some_and(|line| line.contains("r51") && line.contains("r60")),
            "{text}"
        );
    }

    #[test]
    fn a_pods_story_tells_of_no_other_pod_however_busy_the_scheduler_was() {
        let world = scene::live(&scene::WEB.replace("replicas: 1", "replicas: 9"), &[]);
        let snapshot = crate::cluster::driver::Snapshot::of(world);
        let theme = crate::ui::theme::Theme::dark();
        let index = Index::of(&snapshot.world);
        for pod in snapshot.world.store().list(Kind::Pod, None) {
            let model = Model {
                selection: Some(pod.key()),
                ..Model::default()
            };
            let view = View {
                snapshot: &snapshot,
                model: &model,
                theme: &theme,
                targets: None,
            };
            let story = Story::of(&view, &index, COLUMNS_AROUND).expect("the pod has a story");
            for station in &story.stations {
                let about = station.record.object().filter(|key| key.kind == Kind::Pod);
                assert!(
                    about.is_none_or(|about| about == pod.key()),
                    "{:?}",
                    station.record
                );
            }
            let filter = story
                .stations
                .iter()
                .find(|each| each.record.kind() == RecordKind::SchedFilter);
            let cause = filter.and_then(|filter| story.stations.get(filter.cause?));
            assert_eq!(
                cause.map(|cause| cause.record.kind()),
                Some(RecordKind::StoreCommit)
            );
        }
    }

    #[test]
    fn the_cursor_goes_back_to_the_command_along_the_causes() {
        let world = scene::live(scene::WEB, &[]);
        let mut model = scene::selecting(&world, Kind::Pod);
        let snapshot = crate::cluster::driver::Snapshot::of(world);
        let theme = crate::ui::theme::Theme::dark();
        let mut hops = 0;
        loop {
            let view = View {
                snapshot: &snapshot,
                model: &model,
                theme: &theme,
                targets: None,
            };
            let Some(record) = next(&view, Direction::Up) else {
                break;
            };
            assert!(model.record.is_none_or(|before| record < before));
            model.record = Some(record);
            hops += 1;
        }
        assert!(hops > 8, "{hops}");
        let first = model
            .record
            .and_then(|id| snapshot.world.trace().get(id).cloned());
        let kind = first.map(|record| record.kind());
        assert_eq!(kind, Some(RecordKind::Command));
    }

    #[test]
    fn a_request_tells_of_everything_that_followed_from_it_and_of_nothing_else() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=2"]);
        let trace = world.trace();
        let is_scale =
            |record: &&std::sync::Arc<Record>| record.sentence().contains("kubectl scale");
        let root = trace.iter().find(is_scale).map(|record| record.id);
        let model = Model {
            request: root,
            record: root,
            ..Model::default()
        };
        let text = scene::text(&world, &model, draw, (200, 40));
        for part in ["“kubectl scale deployment web", "▶", "scale", "r63"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let snapshot = crate::cluster::driver::Snapshot::of(world);
        let theme = crate::ui::theme::Theme::dark();
        let view = View {
            snapshot: &snapshot,
            model: &model,
            theme: &theme,
            targets: None,
        };
        let story = Story::of(&view, &Index::of(&snapshot.world), 500).expect("a story");
        for station in &story.stations {
            let mut way = snapshot.world.trace().why(station.record.id);
            assert!(way.any(|hop| Some(hop.id) == root), "{:?}", station.record);
        }
    }

    #[test]
    fn a_long_silence_is_a_mark_with_its_length() {
        let world = scene::live(
            scene::WEB,
            &["fault node-down node-a", "fault node-down node-b"],
        );
        let model = scene::selecting(&world, Kind::Pod);
        let text = scene::text(&world, &model, draw, (240, 40));
        assert!(text.contains('┊') && text.contains("+5m0s"), "{text}");
    }

    #[test]
    fn no_size_panics() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=3"]);
        scene::sweep(&world, &scene::selecting(&world, Kind::Pod), draw);
        scene::sweep(&world, &scene::selecting(&world, Kind::Deployment), draw);
        let mut model = scene::selecting(&world, Kind::Deployment);
        model.record = Some(RecordId(60));
        scene::sweep(&world, &model, draw);
        model.selection = Some(Key::new(Kind::Pod, "default", "nobody"));
        scene::sweep(&Cluster::staged(), &model, draw);
    }
}
