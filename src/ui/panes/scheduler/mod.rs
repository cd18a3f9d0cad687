//! View 3: why this node? The queues, and the matrix of a decision.

mod columns;
mod marks;
mod matrix;
mod message;
mod queues;
mod rows;
mod shown;
mod steer;
mod victims;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use shown::neighbour;
pub use steer::{Tale, next, tale};

use self::marks::Marks;
use self::shown::{Shown, shown};
use super::border;
use crate::api::Key;
use crate::scheduler::Decision;
use crate::ui::board::{Cell, Order, Stop};
use crate::ui::model::Pane;
use crate::ui::panes::index::Index;
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How wide the queues are beside the matrix.
const QUEUES: u16 = 34;

/// From this width on, the queues stand beside the matrix.
const BESIDE_FROM: u16 = 140;

/// What the matrix is drawn from.
pub(super) struct Matter<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The last stop of it that is told.
    pub told: Stop,
    /// The last stop that the trace has come to.
    pub reached: Stop,
    /// The cell under the cursor.
    pub cursor: Option<&'a Cell>,
    /// In which order the nodes stand.
    pub order: Order,
    /// The marks of its message.
    pub marks: Marks,
}

impl<'a> Matter<'a> {
    /// A decision as it is shown: as far as the trace has come and the person wants it told.
    fn of(view: &'a View<'_>, shown: &Shown<'a>) -> Self {
        let board = &view.model.board;
        let told = board.told_of(shown.record);
        Self {
            decision: shown.decision,
            told: told.map_or(shown.reached, |told| told.min(shown.reached)),
            reached: shown.reached,
            cursor: board.cursor.as_ref(),
            order: board.order,
            marks: Marks::of(&shown.decision.phrases()),
        }
    }
}

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let index = Index::of(view.world());
    let queue = view.world().scheduler().component.queue();
    let (pod, shown) = (shown::pod(view), shown(view, &index));
    let pane = Pane::Scheduler;
    let name = match (&shown, pod) {
        (Some(shown), _) => format!("{} · {}", pane.name(), shown.decision.pod),
        (None, Some(pod)) => format!("{} · {pod}", pane.name()),
        (None, None) => pane.name().to_owned(),
    };
    let aside = shown.map_or_else(String::new, |shown| {
        format!("decision {} of {}", shown.number, shown.count)
    });
    let inner = border::draw(view, pane, (&name, pane.question(), &aside), area, buf);
    if inner.is_empty() {
        return;
    }
    let right = if inner.width >= BESIDE_FROM {
        let left = Rect {
            width: QUEUES,
            ..inner
        };
        queues::draw_lists(view, queue, left, buf);
        for y in left.y..left.bottom() {
            buf.set_string(left.right(), y, "│", view.theme.style(Role::Border));
        }
        Rect {
            x: inner.x + QUEUES + 2,
            width: inner.width - QUEUES - 2,
            ..inner
        }
    } else {
        let lines = queues::lines(queue, inner.height).min(inner.height);
        let left = Rect {
            height: lines,
            ..inner
        };
        queues::draw_lines(view, queue, left, buf);
        let gap = u16::from(inner.height > 16 && inner.height > lines);
        Rect {
            y: inner.y + lines + gap,
            height: inner.height - lines - gap,
            ..inner
        }
    };
    let mut pen = Pen::new(view, right, buf);
    match &shown {
        Some(shown) => draw_decision(&Matter::of(view, shown), &mut pen),
        None => draw_nothing(view, pod, &mut pen),
    }
}

/// What came of it, the matrix, and who would have to leave.
fn draw_decision(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    message::draw(matter, pen);
    let victims = match matter.told {
        Stop::Outcome => victims::lines(matter).min(pen.lines_left() / 2),
        _ => 0,
    };
    matrix::draw(matter, pen.lines_left() - victims, pen);
    if victims > 0 {
        victims::draw(matter, pen.lines_left(), pen);
    }
}

fn draw_nothing(view: &View<'_>, pod: Option<&Key>, pen: &mut Pen<'_, '_>) {
    let queue = view.world().scheduler().component.queue();
    let words = match pod.map(|pod| (pod, queue.get(pod))) {
        Some((pod, Some(queued))) => {
            let place = queues::place_words(queued.place);
            format!("{pod} {place}: no decision about it yet.")
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
    use crate::api::Kind;
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
            "✓",
            "★",
            "3 tie: node-a, node-b, node-c",
            "PodTopology",
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
