//! What the scheduler counts on a node beside what is really used there, of which it never knows.

use std::sync::Arc;

use super::Matter;
use crate::api::Quantity;
use crate::ui::panes::nodes::{cpu_words, memory_words};
use crate::ui::panes::pen::{Pen, filled};
use crate::ui::theme::Role;

/// What the figures of one node need beside the bars: their names, their numbers, the gaps.
const WORDS: usize = 54;

/// Draws a heading and a line for each node, the first ones as far as there is room.
pub(super) fn draw(matter: &Matter<'_>, nodes: &[Arc<str>], lines: usize, pen: &mut Pen<'_, '_>) {
    let longest = nodes.iter().map(|node| node.chars().count()).max();
    let name = longest.unwrap_or(0).clamp(4, 20).min(pen.width() / 4);
    let bar = pen.width().saturating_sub(name + 2 + WORDS) / 4;
    let bar = bar.min(12);
    if matter.grounds.is_none() || lines < 2 || bar < 2 {
        return;
    }
    pen.to(name + 2)
        .write("requested", Role::Title)
        .write(", ", Role::Dim)
        .write("▓ with this pod", Role::Waiting);
    pen.to(pen.column().max(used_start(name, bar)))
        .write("used", Role::Title)
        .write(" now: never looked at", Role::Dim)
        .next_line();
    for node in nodes.iter().take(lines - 1) {
        draw_node(matter, node, (name, bar), pen);
    }
}

/// Where the figures of real usage begin.
fn used_start(name: usize, bar: usize) -> usize {
    name + 2 + 2 * bar + 31
}

fn draw_node(
    matter: &Matter<'_>,
    node: &Arc<str>,
    (name, bar): (usize, usize),
    pen: &mut Pen<'_, '_>,
) {
    let Some((grounds, info)) = matter
        .grounds
        .and_then(|grounds| Some((grounds, grounds.node_with_reservations(node)?)))
    else {
        return;
    };
    let pod = &grounds.pod().requests;
    let role = if matter.row.as_ref() == Some(node) {
        Role::Selected
    } else {
        Role::Text
    };
    pen.cell(node, name, role).write("  ", Role::Text);
    let cpu = (
        info.requested.milli_cpu,
        pod.milli_cpu,
        info.allocatable.milli_cpu,
    );
    let memory = (info.requested.memory, pod.memory, info.allocatable.memory);
    let all_cpu = Quantity::millis(cpu.2);
    let all_memory = Quantity::bytes(memory.2);
    pen.write("cpu ", Role::Dim);
    draw_bar(cpu, bar, pen);
    pen.write(" ", Role::Text).cell(
        &cpu_words(Quantity::millis(cpu.0.saturating_add(cpu.1)), all_cpu),
        8,
        Role::Text,
    );
    pen.write("mem ", Role::Dim);
    draw_bar(memory, bar, pen);
    pen.write(" ", Role::Text).cell(
        &memory_words(
            Quantity::bytes(memory.0.saturating_add(memory.1)),
            all_memory,
        ),
        11,
        Role::Text,
    );
    pen.to(used_start(name, bar));
    let world = pen.view().world();
    if let Some(kubelet) = world.kubelet(node) {
        let usage = kubelet.component.node_usage(world.now());
        let (used_cpu, used_memory) = (usage.cpu().milli_value(), usage.memory().value());
        pen.write("cpu ", Role::Dim)
            .bar((used_cpu, cpu.2), bar, Role::Current)
            .write(" ", Role::Text)
            .cell(&first(&cpu_words(usage.cpu(), all_cpu)), 5, Role::Text);
        pen.write("mem ", Role::Dim)
            .bar((used_memory, memory.2), bar, Role::Current)
            .write(" ", Role::Text)
            .write(
                &format!("{}Gi", first(&memory_words(usage.memory(), all_memory))),
                Role::Text,
            );
    }
    pen.next_line();
}

/// The part before the stroke.
fn first(words: &str) -> String {
    words.split('/').next().unwrap_or_default().to_owned()
}

/// A bar of what is requested, and behind it what the pod would add.
fn draw_bar((requested, more, all): (i64, i64, i64), width: usize, pen: &mut Pen<'_, '_>) {
    let before = filled(requested, all, width);
    let both = filled(requested.saturating_add(more), all, width).max(before);
    pen.write(&"█".repeat(before), Role::Desired)
        .write(&"▓".repeat(both - before), Role::Waiting)
        .write(&"░".repeat(width - both), Role::Dim);
}
