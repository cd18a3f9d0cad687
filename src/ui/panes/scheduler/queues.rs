//! The scheduler's queues: who is ready to be tried, who backs off, who waits for help, who is gated.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::api::Key;
use crate::scheduler::{Place, Queue, QueuedPod};
use crate::sim::span_words;
use crate::ui::panes::Direction;
use crate::ui::panes::pen::{Pen, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The most pods that the selection walks through.
const WALK_MOST: usize = 10_000;

/// The most reservations that are listed.
const NOMINATED_MOST: usize = 20;

/// One queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Active,
    BackOff,
    Unschedulable,
    Gated,
    InFlight,
}

impl Which {
    const ALL: [Self; 5] = [
        Self::InFlight,
        Self::Active,
        Self::BackOff,
        Self::Unschedulable,
        Self::Gated,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::BackOff => "back-off",
            Self::Unschedulable => "unschedulable",
            Self::Gated => "gated",
            Self::InFlight => "in flight",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Active | Self::InFlight => Role::Current,
            Self::BackOff | Self::Gated => Role::Waiting,
            Self::Unschedulable => Role::Bad,
        }
    }

    fn pods(self, queue: &Queue) -> Box<dyn Iterator<Item = &QueuedPod> + '_> {
        match self {
            Self::Active => Box::new(queue.active()),
            Self::BackOff => Box::new(queue.backing_off()),
            Self::Unschedulable => Box::new(queue.unschedulable()),
            Self::Gated => Box::new(queue.gated()),
            Self::InFlight => Box::new(queue.in_flight()),
        }
    }
}

/// The pod that is selected after a move through the queues. None when there is nothing there.
#[must_use]
pub(super) fn next(view: &View<'_>, direction: Direction) -> Option<Key> {
    let queue = view.world().scheduler().component.queue();
    let mut pods = Which::ALL
        .iter()
        .flat_map(|which| which.pods(queue))
        .take(WALK_MOST);
    let selected = view
        .model
        .selection
        .as_ref()
        .filter(|key| queue.get(key).is_some());
    let Some(selected) = selected else {
        return pods.next().map(|pod| pod.key.clone());
    };
    match direction {
        Direction::Down | Direction::Right => {
            pods.find(|pod| pod.key == *selected)?;
            pods.next().map(|pod| pod.key.clone())
        }
        Direction::Up | Direction::Left => pods
            .take_while(|pod| pod.key != *selected)
            .last()
            .map(|pod| pod.key.clone()),
    }
}

/// What has to happen before a waiting pod is tried again.
pub(super) fn outlook(view: &View<'_>, queued: &QueuedPod) -> String {
    let scheduler = &view.world().scheduler().component;
    let now = view.world().now();
    match queued.place {
        Place::Active => format!("ready to be tried, priority {}", priority(queued)),
        Place::InFlight => format!("being tried, try {}", queued.attempts),
        Place::BackOff(until) => {
            let tries = queued.attempts + 1;
            format!("backs off: try {tries} in {}", span_words(until.since(now)))
        }
        Place::Gated => {
            let gates = queued.pod.spec.scheduling_gates.iter().flatten();
            let gates: Vec<&str> = gates.map(|gate| gate.name.as_str()).collect();
            format!(
                "not tried before its gates are removed: {}",
                gates.join(", ")
            )
        }
        Place::Unschedulable => {
            let profile = scheduler.configuration().profile_of(&queued.pod);
            let helps = queued.refused_by.iter().filter_map(|plugin| {
                let words = profile?.helped_by(plugin)?;
                Some(format!("{words} ({plugin})"))
            });
            let helps: Vec<String> = helps.collect();
            let flush = span_words(scheduler.queue().flush_of(queued).since(now));
            match helps[..] {
                [] => format!("waits; tried again in {flush} at the latest"),
                _ => format!(
                    "waits until {}; in {flush} at the latest",
                    helps.join(", or ")
                ),
            }
        }
    }
}

fn priority(queued: &QueuedPod) -> i32 {
    queued.pod.spec.priority.unwrap_or(0)
}

/// Pods that room is being made for, and where.
fn nominations(view: &View<'_>) -> Vec<(String, Key)> {
    let snapshot = view.world().scheduler().component.snapshot();
    let nominations = snapshot.nominations().take(NOMINATED_MOST);
    let words = nominations.map(|(pod, node)| (format!("{} → {node}", pod.name), pod.clone()));
    words.collect()
}

/// How many lines the queues take above the matrix: one for all, one for each in which pods wait.
pub(super) fn lines(queue: &Queue, height: u16) -> u16 {
    let waiting = Which::ALL
        .iter()
        .filter(|which| which.pods(queue).next().is_some())
        .count();
    1 + u16::try_from(waiting)
        .unwrap_or(0)
        .min(height.saturating_sub(8) / 2)
}

/// All queues in one line, with how many wait there; then who waits, a line for each queue.
pub(super) fn draw_lines(view: &View<'_>, queue: &Queue, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    pen.write("queues  ", Role::Dim);
    let counts = Which::ALL.map(|which| which.pods(queue).count());
    for (which, count) in Which::ALL.iter().zip(counts) {
        let role = if count == 0 { Role::Dim } else { which.role() };
        pen.write(&format!("{} {count}   ", which.name()), role);
    }
    let nominated = nominations(view);
    if !nominated.is_empty() {
        let words: Vec<&str> = nominated.iter().map(|(words, _)| words.as_str()).collect();
        pen.write(&format!("nominated {}", words.join(", ")), Role::Waiting);
    }
    for (which, _) in Which::ALL
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
    {
        pen.next_line().cell(which.name(), 15, which.role());
        for pod in which.pods(queue) {
            if pen.room() < 12 {
                pen.write("…", Role::Dim);
                break;
            }
            let role = if view.is_selected(&pod.key) {
                Role::Selected
            } else {
                Role::Text
            };
            pen.write(&pod.key.name, role);
            pen.write(&format!(" {}   ", wait_words(view, pod)), Role::Dim);
        }
    }
}

/// How long a pod has waited, or still has to.
fn wait_words(view: &View<'_>, queued: &QueuedPod) -> String {
    let now = view.world().now();
    match queued.place {
        Place::BackOff(until) => format!("{} left", span_words(until.since(now))),
        Place::Gated => "gated".to_owned(),
        Place::InFlight => format!("try {}", queued.attempts),
        Place::Active | Place::Unschedulable => span_words(now.since(queued.since)),
    }
}

/// All queues below each other, each with the pods that come first.
pub(super) fn draw_lists(view: &View<'_>, queue: &Queue, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::new(view, area, buf);
    let counts = Which::ALL.map(|which| which.pods(queue).count());
    let used = counts.iter().filter(|count| **count > 0).count().max(1);
    let each = pen.lines_left().saturating_sub(Which::ALL.len()) / used;
    for (which, count) in Which::ALL.into_iter().zip(counts) {
        let role = if count == 0 { Role::Dim } else { which.role() };
        pen.write(&format!("{} {count}", which.name()), role)
            .next_line();
        let shown = if count <= each {
            count
        } else {
            each.saturating_sub(1)
        };
        for pod in which.pods(queue).take(shown) {
            draw_pod(view, pod, &mut pen);
            if view.is_selected(&pod.key) {
                draw_outlook(view, pod, &mut pen);
            }
        }
        if shown < count && each > 0 {
            pen.write(&format!("  ⋮ {} more", count - shown), Role::Dim)
                .next_line();
        }
    }
    let nominated = nominations(view);
    let role = if nominated.is_empty() {
        Role::Dim
    } else {
        Role::Waiting
    };
    pen.write(&format!("nominated {}", nominated.len()), role)
        .next_line();
    for (words, pod) in nominated.iter().take(pen.lines_left()) {
        let role = if view.is_selected(pod) {
            Role::Selected
        } else {
            Role::Text
        };
        pen.write("  ", Role::Text).write(words, role).next_line();
    }
}

/// What the selected pod waits for, in a few lines.
fn draw_outlook(view: &View<'_>, queued: &QueuedPod, pen: &mut Pen<'_, '_>) {
    let width = pen.width().saturating_sub(4).max(1);
    for line in wrapped(&outlook(view, queued), width).iter().take(5) {
        pen.to(4).write(line, Role::Dim).next_line();
    }
}

fn draw_pod(view: &View<'_>, queued: &QueuedPod, pen: &mut Pen<'_, '_>) {
    let role = if view.is_selected(&queued.key) {
        Role::Selected
    } else if view.is_fresh(&queued.key) {
        Role::Fresh
    } else {
        Role::Text
    };
    let words = wait_words(view, queued);
    let width = pen.width();
    let name = width.saturating_sub(words.len() + 4);
    pen.write("  ", Role::Text)
        .cell(&queued.key.name, name, role);
    pen.write(" ", Role::Text)
        .write(&words, Role::Dim)
        .next_line();
}
