//! Many nodes as a heat map: one cell a node, zone by zone, with a summary of each zone.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::order::selected_node;
use super::shelves::{self, load_role};
use crate::api::Quantity;
use crate::sim::counted;
use crate::ui::panes::index::{Objects, Shelf};
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How full a node is, from empty to full.
const FILLS: [&str; 9] = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws a summary and cells for each zone, then the selected node, then the legend.
pub(super) fn draw(view: &View<'_>, objects: &Objects, area: Rect, buf: &mut Buffer) {
    let selected = selected_node(view, objects);
    let mut pen = Pen::new(view, area, buf);
    let foot = (usize::from(selected.is_some()) + 1).min(pen.lines_left().saturating_sub(2));
    let room = pen.lines_left() - foot;
    let in_cell = nodes_in_cell(objects, room, pen.width());
    let zones = objects.zones().len();
    let shown = if zones * 2 <= room { zones } else { room / 2 };
    for (zone, nodes) in objects.zones().iter().take(shown.max(1)) {
        draw_zone(
            objects,
            (zone, nodes),
            (in_cell, selected.as_ref()),
            &mut pen,
        );
    }
    if pen.lines_left() == 0 {
        return;
    }
    let left = pen.lines_left();
    for _ in 0..left.saturating_sub(foot) {
        pen.next_line();
    }
    if let Some(name) = selected {
        shelves::line_of(view, objects, &name, &mut pen);
    }
    draw_legend(in_cell, zones.saturating_sub(shown), &mut pen);
}

/// How many nodes share a cell, so that all zones fit.
fn nodes_in_cell(objects: &Objects, room: usize, width: usize) -> usize {
    let lines = |in_cell: usize| -> usize {
        let zones = objects.zones().values();
        zones
            .map(|nodes| 1 + nodes.len().div_ceil(in_cell).div_ceil(width))
            .sum()
    };
    let most = objects.node_count().max(1);
    let mut in_cell = 1;
    while in_cell < most && lines(in_cell) > room {
        in_cell *= 2;
    }
    in_cell
}

fn draw_zone(
    objects: &Objects,
    (zone, nodes): (&Arc<str>, &BTreeSet<Arc<str>>),
    (in_cell, selected): (usize, Option<&Arc<str>>),
    pen: &mut Pen<'_, '_>,
) {
    let shelves: Vec<(&Arc<str>, &Shelf)> = nodes
        .iter()
        .filter_map(|name| Some((name, objects.shelf(name)?)))
        .collect();
    draw_summary(zone, &shelves, pen);
    let mut cells = shelves.chunks(in_cell).peekable();
    while pen.lines_left() > 0 && cells.peek().is_some() {
        for group in cells.by_ref().take(pen.width()) {
            let is_selected = group.iter().any(|(name, _)| Some(*name) == selected);
            let (glyph, role) = cell(group);
            pen.write(glyph, if is_selected { Role::Selected } else { role });
        }
        pen.next_line();
    }
}

fn draw_summary(zone: &str, shelves: &[(&Arc<str>, &Shelf)], pen: &mut Pen<'_, '_>) {
    let mut sums = [Quantity::ZERO; 4];
    let (mut pods, mut silent) = (0, 0);
    for (_, shelf) in shelves {
        pods += shelf.pods.len();
        let Some(machine) = &shelf.machine else {
            continue;
        };
        silent += usize::from(!machine.ready);
        for (sum, amount) in
            sums.iter_mut()
                .zip([shelf.cpu, machine.cpu, shelf.memory, machine.memory])
        {
            *sum += amount;
        }
    }
    let name = if zone.is_empty() {
        "no zone".to_owned()
    } else {
        format!("zone {zone}")
    };
    pen.write(&name, Role::Title);
    pen.write(
        &format!("  {}  ", counted(shelves.len(), "node")),
        Role::Text,
    );
    if silent > 0 {
        pen.write(&format!("✗ {silent} NotReady  "), Role::Bad);
    } else {
        pen.write("● all Ready  ", Role::Good);
    }
    let cpu = (sums[0].milli_value(), sums[1].milli_value());
    let memory = (sums[2].value(), sums[3].value());
    for (name, parts) in [("cpu ", cpu), ("mem ", memory)] {
        if pen.room() >= 21 {
            pen.write(name, Role::Dim).bar(parts, 10, load_role(parts));
            pen.write(&format!(" {:>3}%  ", hundredths(parts)), Role::Text);
        }
    }
    if pen.room() >= 12 {
        pen.write(&format!("pods {pods}"), Role::Dim);
    }
    pen.next_line();
}

fn hundredths((part, whole): (i64, i64)) -> i128 {
    i128::from(part) * 100 / i128::from(whole.max(1))
}

/// The glyph of some nodes: one that is not ready speaks for all, else the fullest.
fn cell(group: &[(&Arc<str>, &Shelf)]) -> (&'static str, Role) {
    let mut fullest = 0;
    for (_, shelf) in group {
        let Some(machine) = &shelf.machine else {
            continue;
        };
        if !machine.ready {
            return ("✗", Role::Bad);
        }
        let cpu = (shelf.cpu.milli_value(), machine.cpu.milli_value());
        let memory = (shelf.memory.value(), machine.memory.value());
        fullest = fullest.max(hundredths(cpu)).max(hundredths(memory));
    }
    let place = usize::try_from((fullest * 8 + 99) / 100)
        .unwrap_or(8)
        .min(8);
    let role = match fullest {
        0 => Role::Dim,
        91.. => Role::Waiting,
        _ => Role::Current,
    };
    (FILLS[place], role)
}

fn draw_legend(in_cell: usize, zones_left: usize, pen: &mut Pen<'_, '_>) {
    if zones_left > 0 {
        pen.write(&format!("{zones_left} more zones  "), Role::Waiting);
    }
    let what = match in_cell {
        1 => "a cell is a node".to_owned(),
        count => format!("a cell is the fullest of {count} nodes"),
    };
    pen.write(&what, Role::Dim);
    pen.write(", by what is requested:  ", Role::Dim);
    for (place, words) in [(0, "empty"), (4, "half"), (8, "full")] {
        let role = if place == 8 {
            Role::Waiting
        } else {
            Role::Current
        };
        pen.write(FILLS[place], role)
            .write(&format!(" {words}  "), Role::Dim);
    }
    pen.write("✗", Role::Bad)
        .write(" NotReady", Role::Dim)
        .next_line();
}
