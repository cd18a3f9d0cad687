//! View 3: why this node? The queues, and the matrix of a decision.

mod columns;
mod load;
mod marks;
mod matrix;
mod message;
mod queues;
mod rows;
mod shown;
mod steer;
mod telling;
mod victims;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(in crate::ui) use columns::halves;
pub use shown::neighbour;
pub use steer::{Tale, next, tale};

use self::columns::Column;
use self::marks::Marks;
use self::shown::{Shown, shown};
use super::border;
use crate::api::Key;
use crate::scheduler::{Decision, Grounds, Place, QueuedPod};
use crate::ui::board::{Order, Part, Stop};
use crate::ui::model::Pane;
use crate::ui::panes::index::Index;
use crate::ui::panes::pen::{Pen, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How wide the queues are beside the matrix.
const QUEUES: u16 = 34;

/// From this width on, the queues stand beside the matrix.
const BESIDE_FROM: u16 = 140;

/// What the matrix is drawn from.
struct Matter<'a> {
    /// The decision.
    decision: &'a Decision,
    /// What it was made from, as long as that is kept.
    grounds: Option<&'a Grounds>,
    /// The last stop of it that is told.
    told: Stop,
    /// The last stop that the trace has come to.
    reached: Stop,
    /// The stop that the person has come to who has it told.
    stop: Option<Stop>,
    /// Whether the cursor is in a cell.
    has_cursor: bool,
    /// The node under the cursor, or of the stop that was told last.
    row: Option<Arc<str>>,
    /// The column under it.
    under: Option<Column>,
    /// In which order the nodes stand.
    order: Order,
    /// The marks of its message.
    marks: Marks,
}

impl<'a> Matter<'a> {
    /// A decision as it is shown: as far as the trace has come and the person wants it told.
    fn of(view: &View<'a>, shown: &Shown<'a>) -> Self {
        let board = &view.model.board;
        let decision: &'a Decision = shown.decision;
        let stop = board
            .told_of(shown.record)
            .map(|told| told.min(shown.reached));
        let (row, under) = match &board.cursor {
            Some(cell) => {
                let column = columns::all(decision).get(cell.column).copied();
                (Some(Arc::clone(&cell.node)), column)
            }
            None => stop.map_or((None, None), |stop| place_of(decision, stop)),
        };
        let scheduler = &view.snapshot.world.scheduler().component;
        Self {
            decision,
            grounds: scheduler.grounds(shown.decision).map(|grounds| &**grounds),
            told: stop.unwrap_or(shown.reached),
            reached: shown.reached,
            stop,
            has_cursor: board.cursor.is_some(),
            row,
            under,
            order: board.order,
            marks: Marks::of(&decision.phrases()),
        }
    }
}

/// The node and the column that a stop is about.
fn place_of(decision: &Decision, stop: Stop) -> (Option<Arc<str>>, Option<Column>) {
    match stop {
        Stop::Filtered { filter, node } => {
            let node = decision.verdicts().nth(node);
            (
                node.map(|(name, _)| Arc::clone(name)),
                Some(Column::Filter(filter)),
            )
        }
        Stop::Scored { plugin, part } => {
            let node = match part {
                Part::Raw(place) => decision.feasible().nth(place).cloned(),
                Part::Normalized | Part::Weighted => None,
            };
            (node, Some(Column::Score(plugin)))
        }
        Stop::Totals => (None, Some(Column::Total)),
        Stop::Outcome => (decision.winner().cloned(), None),
        Stop::Taken | Stop::Prepared => (None, None),
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
        Some(shown) => {
            let matter = Matter::of(view, shown);
            message::draw(&matter, &mut pen);
            draw_outlook(view, shown, &mut pen);
            draw_decision(&matter, &mut pen);
        }
        None => draw_nothing(view, pod, &mut pen),
    }
}

/// How many lines the sentence of a stop or a cell may take.
const SENTENCE_MOST: usize = 4;

/// What came of it, what the cell says, the matrix, who would have to leave, and the load of nodes.
fn draw_decision(matter: &Matter<'_>, pen: &mut Pen<'_, '_>) {
    let seed = pen.view().world().config().seed;
    if let Some(sentence) = telling::sentence(matter, seed) {
        let lines = wrapped(&format!("▸ {sentence}"), pen.width().max(1));
        for line in lines.iter().take(SENTENCE_MOST) {
            pen.write(line, Role::Fresh).next_line();
        }
    }
    let victims = match matter.told {
        Stop::Outcome => victims::lines(matter).min(pen.lines_left() / 2),
        _ => 0,
    };
    // The load of every node where there is room for it, else of the one under the cursor.
    let room = pen.lines_left() - victims;
    let spare = room.saturating_sub(matrix::lines_wanted(matter, pen.width()));
    let is_looking = matter.row.is_some() && room > 6;
    let load = match spare {
        4.. => spare - 1,
        2..4 if is_looking => 2,
        _ => 0,
    };
    let shown = matrix::draw(matter, room - load, pen);
    let selected = matter.row.iter().cloned().collect();
    let nodes: Vec<Arc<str>> = if load > 2 { shown } else { selected };
    if load > 2 {
        pen.next_line();
    }
    load::draw(matter, &nodes, load, pen);
    if victims > 0 {
        if load > 2 && pen.lines_left() > victims {
            pen.next_line();
        }
        victims::draw(matter, pen.lines_left(), pen);
    }
}

/// What the pod of the newest decision waits for.
fn draw_outlook(view: &View<'_>, shown: &Shown<'_>, pen: &mut Pen<'_, '_>) {
    let scheduler = &view.world().scheduler().component;
    let newest = scheduler.decision(&shown.decision.pod);
    let queued = scheduler.queue().get(&shown.decision.pod);
    let waits = |queued: &&QueuedPod| !matches!(queued.place, Place::InFlight | Place::Active);
    if newest.is_some_and(|newest| Arc::ptr_eq(newest, shown.decision))
        && shown.reached == Stop::Outcome
        && let Some(queued) = queued.filter(waits)
    {
        for line in wrapped(&queues::outlook(view, queued), pen.width().max(1))
            .iter()
            .take(2)
        {
            pen.write(line, Role::Waiting).next_line();
        }
    }
}

fn draw_nothing(view: &View<'_>, pod: Option<&Key>, pen: &mut Pen<'_, '_>) {
    let queue = view.world().scheduler().component.queue();
    let words = match pod.map(|pod| (pod, queue.get(pod))) {
        Some((pod, Some(queued))) => {
            let outlook = queues::outlook(view, queued);
            format!("No decision about {pod} yet: {outlook}.")
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

    /// The line that begins with a node.
    fn line_of<'t>(text: &'t str, node: &str) -> &'t str {
        let mut lines = text.lines();
        let start = format!("│{node}");
        lines.find(|line| line.starts_with(&start)).expect(text)
    }

    #[test]
    fn each_clause_of_the_message_and_the_nodes_that_it_counts_have_the_same_mark() {
        let manifest = scene::WEB.replace("cpu: 500m", "cpu: \"64\"");
        let taint = "kubectl taint nodes node-b disk=slow:NoSchedule";
        let scale = "kubectl scale deployment web --replicas=2";
        let world = scene::live(&manifest, &[taint, scale]);
        let text = scene::text(&world, &Model::default(), draw, (120, 24));
        for part in [
            "① 1 node(s) had untolerated taint {disk: slow}, ② 2 Insufficient cpu",
            "③ 3 Preemption is not helpful for scheduling",
            "waits until a pod leaves or asks for less, a node comes or has more (NodeResourcesFit)",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        for (node, marks) in [("node-a", "② ③"), ("node-b", "① ③"), ("node-c", "② ③")] {
            assert!(line_of(&text, node).contains(marks), "{node}:\n{text}");
        }
    }

    /// Every node is full of pods of a Deployment, and a more important pod takes the place of one.
    fn preempted() -> Cluster {
        let manifest = scene::WEB
            .replace("replicas: 1", "replicas: 6")
            .replace("cpu: 500m", "cpu: \"3\"");
        let important = manifest
            .replace("web", "vip")
            .replace("replicas: 6", "replicas: 0")
            .replace("containers:", "priorityClassName: high\n      containers:");
        let class = "\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
";
        scene::live(
            &format!("{class}---\n{important}---\n{manifest}"),
            &["kubectl scale deployment vip --replicas=1"],
        )
    }

    #[test]
    fn s7_who_would_have_to_leave_each_node_is_a_table_with_what_decided() {
        let world = preempted();
        let index = Index::of(&world);
        let decided = index.records.decisions().iter().find_map(|id| {
            let record = world.trace().get(*id)?;
            let crate::cluster::Detail::Scheduler(note) = &record.detail else {
                return None;
            };
            let decision = note.decision()?;
            decision.nominated_node()?;
            Some((*id, decision.pod.clone()))
        });
        let Some((record, pod)) = decided else {
            panic!("nobody was preempted");
        };
        let mut model = Model {
            selection: Some(pod),
            ..Model::default()
        };
        model.board.record = Some(record);
        for size in [(120, 36), (80, 24)] {
            let text = scene::text(&world, &model, draw, size);
            for part in [
                "what if these leave?",
                "victims (priority)",
                "(0)",
                "3 Insufficient cpu",
            ] {
                assert!(text.contains(part), "{part} is missing in\n{text}");
            }
        }
        scene::sweep(&world, &model, draw);
    }

    #[test]
    fn what_counts_stands_beside_what_is_used_and_the_cell_says_its_figures() {
        let world = scene::live(scene::WEB, &[]);
        let mut model = pod_model(&world);
        let text = scene::text(&world, &model, draw, (120, 24));
        for part in ["requested, ▓ with this pod", "used now", "0.5/8"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        model.board.cursor = Some(crate::ui::board::Cell {
            node: "node-b".into(),
            column: 3,
        });
        let text = scene::text(&world, &model, draw, (160, 24));
        let sentence = "NodeResourcesFit on node-b: cpu 500m wanted, 8 of 8 left; memory 1Gi wanted, 16Gi of 16Gi left; 0 of 110 pods here → ✓";
        let words: Vec<&str> = text
            .split(['│', '\n', ' '])
            .filter(|word| !word.is_empty())
            .collect();
        let words = words.join(" ");
        for part in sentence.split("; ") {
            assert!(words.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn no_size_panics() {
        let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=40"]);
        let mut model = pod_model(&world);
        scene::sweep(&world, &model, draw);
        model.board.cursor = Some(crate::ui::board::Cell {
            node: "node-b".into(),
            column: 99,
        });
        scene::sweep(&world, &model, draw);
        scene::sweep(&Cluster::staged(), &Model::default(), draw);
    }
}
