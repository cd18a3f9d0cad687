//! View 3: why this node? The queues, and the matrix of a decision.

mod matrix;
mod queues;
mod rows;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(in crate::ui) use matrix::halves;
pub use queues::next;

use super::border;
use crate::api::{Key, Kind};
use crate::cluster::Detail;
use crate::scheduler::{Decision, Point};
use crate::sim::RecordKind;
use crate::ui::model::Pane;
use crate::ui::panes::index::Index;
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How wide the queues are beside the matrix.
const QUEUES: u16 = 34;

/// From this width on, the queues stand beside the matrix.
const BESIDE_FROM: u16 = 140;

/// How many of the latest records about a pod are looked through for a station of its decision.
const LOOK_BACK: usize = 200;

/// What the matrix is drawn from.
pub(super) struct Matter<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The filter plugins of its profile, in order.
    pub filters: Vec<&'static str>,
    /// Whether the scores are known by now; before, only the filters are through.
    pub is_scored: bool,
}

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let index = Index::of(view.world());
    let scheduler = &view.world().scheduler().component;
    let pod = view
        .model
        .selection
        .as_ref()
        .filter(|key| key.kind == Kind::Pod);
    let decision = match pod {
        Some(pod) => scheduler
            .decision(pod)
            .filter(|_| is_taken(view, &index, pod)),
        None => scheduler.last_decision(),
    };
    let pane = Pane::Scheduler;
    let name = match (decision, pod) {
        (Some(decision), _) => format!("{} · {}", pane.name(), decision.pod),
        (None, Some(pod)) => format!("{} · {pod}", pane.name()),
        (None, None) => pane.name().to_owned(),
    };
    let inner = border::draw(view, pane, (&name, pane.question(), ""), area, buf);
    if inner.is_empty() {
        return;
    }
    let beside = inner.width >= BESIDE_FROM;
    let (left, right) = if beside {
        let left = Rect {
            width: QUEUES,
            ..inner
        };
        let right = Rect {
            x: inner.x + QUEUES + 2,
            width: inner.width - QUEUES - 2,
            ..inner
        };
        queues::draw_lists(view, scheduler.queue(), left, buf);
        (left, right)
    } else {
        let lines = queues::lines(scheduler.queue(), inner.height);
        let left = Rect {
            height: lines.min(inner.height),
            ..inner
        };
        let down = (lines + u16::from(inner.height > 6)).min(inner.height);
        let right = Rect {
            y: inner.y + down,
            height: inner.height - down,
            ..inner
        };
        queues::draw_lines(view, scheduler.queue(), left, buf);
        (left, right)
    };
    if beside {
        for y in left.y..left.bottom() {
            buf.set_string(left.right(), y, "│", view.theme.style(Role::Border));
        }
    }
    match decision {
        Some(decision) => matrix::draw(view, &matter(view, &index, decision), right, buf),
        None => draw_nothing(view, pod, right, buf),
    }
}

fn matter<'a>(view: &View<'_>, index: &Index, decision: &'a Arc<Decision>) -> Matter<'a> {
    let configuration = view.world().scheduler().component.configuration();
    let profile = configuration.profile(&decision.profile);
    let plugins = profile.map_or(&[][..], |profile| profile.at(Point::Filter));
    Matter {
        decision,
        filters: plugins.iter().map(|plugin| plugin.name()).collect(),
        is_scored: !is_before_scores(view, index, &decision.pod),
    }
}

/// Whether the trace has come to the decision about the pod: the scheduler knows it a moment before.
fn is_taken(view: &View<'_>, index: &Index, pod: &Key) -> bool {
    last_station(view, index, pod).is_some()
}

/// Whether the filters have been told but not what follows.
fn is_before_scores(view: &View<'_>, index: &Index, pod: &Key) -> bool {
    last_station(view, index, pod) == Some(RecordKind::SchedFilter)
}

/// The last station of the scheduling cycle that the trace tells of a pod.
fn last_station(view: &View<'_>, index: &Index, pod: &Key) -> Option<RecordKind> {
    let trace = view.world().trace();
    let about = index.records.about(pod).iter().rev().take(LOOK_BACK);
    let mut records = about.filter_map(|id| trace.get(*id));
    let is_station = |kind| {
        matches!(
            kind,
            RecordKind::SchedFilter
                | RecordKind::SchedScore
                | RecordKind::SchedPreempt
                | RecordKind::SchedBind
                | RecordKind::QueueBackoff
        )
    };
    let record = records.find(|record| {
        matches!(record.detail, Detail::Scheduler(_)) && is_station(record.kind())
    })?;
    Some(record.kind())
}

fn draw_nothing(view: &View<'_>, pod: Option<&Key>, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    let queue = view.world().scheduler().component.queue();
    let words = match pod.map(|pod| (pod, queue.get(pod))) {
        Some((pod, Some(queued))) => {
            format!(
                "{pod} {}: no decision about it yet.",
                queues::place_words(queued.place)
            )
        }
        Some((pod, None)) => {
            format!("No decision about {pod}: the scheduler has not seen it wait.")
        }
        None => "No pod has been waiting for a node yet.".to_owned(),
    };
    pen.write(&words, Role::Dim);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;
    use crate::ui::model::Model;
    use crate::ui::panes::scene;

    fn pod_model(world: &Cluster) -> Model {
        let mut pods = world.store().list(Kind::Pod, Some("default"));
        Model {
            selection: pods.next().map(crate::api::Object::key),
            ..Model::default()
        }
    }

    #[test]
    fn the_matrix_shows_filters_scores_totals_the_winner_and_the_tie() {
        let world = scene::live(scene::WEB, &[]);
        let text = scene::text(&world, &pod_model(&world), draw, (160, 24));
        for part in [
            "active 0",
            "node-a",
            "✓✓✓",
            "★",
            "3 tie: node-a, node-b, node-c",
            "NodeResourcesFit",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn s1_a_pod_that_fits_nowhere_shows_each_nodes_reason_and_waits_unschedulable() {
        let manifest = scene::WEB.replace("cpu: 500m", "cpu: \"64\"");
        let world = scene::live(
            &manifest,
            &["kubectl taint nodes node-b disk=slow:NoSchedule"],
        );
        let text = scene::text(&world, &pod_model(&world), draw, (120, 24));
        for part in [
            "unschedulable 1",
            "✗",
            "Insufficient cpu",
            "0/3 nodes are available",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn no_size_panics() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=40"]);
        scene::sweep(&world, &pod_model(&world), draw);
        scene::sweep(&Cluster::staged(), &Model::default(), draw);
    }
}
