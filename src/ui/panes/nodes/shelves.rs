//! Nodes as shelves: a line for the machine, lines for the pods on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::fate;
use super::order::node_key;
use crate::api::{Key, Kind, Lease, Node, Quantity, Typed, core, meta};
use crate::sim::span_words;
use crate::ui::panes::Neighbour;
use crate::ui::panes::index::{Machine, Objects, Shelf};
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// A lease older than this is overdue: the node renews it every 10 s.
const LEASE_OVERDUE: Duration = Duration::from_secs(20);

/// Draws every node with as many lines as there is room for. There is at least one for each.
pub(super) fn draw(view: &View<'_>, objects: &Objects, area: Rect, buf: &mut Buffer) {
    let lines = usize::from(area.height);
    let nodes = objects.node_count();
    let grouped = objects.zones().len() < nodes && nodes + objects.zones().len() <= lines;
    let headings = if grouped { objects.zones().len() } else { 0 };
    let each = (lines - headings).checked_div(nodes).unwrap_or(0);
    let names = objects.zones().values().flatten().map(|name| name.width());
    let drawing = Drawing {
        view,
        objects,
        fresh: fresh(view),
        name_width: names.max().unwrap_or(0).min(20),
        lines: each,
        with_zone: !grouped,
    };
    let mut pen = Pen::new(view, area, buf);
    for (zone, nodes) in objects.zones() {
        if grouped {
            let name = if zone.is_empty() { "no zone" } else { zone };
            pen.write("zone ", Role::Dim)
                .write(name, Role::Title)
                .next_line();
        }
        for name in nodes {
            drawing.shelf(name, &mut pen);
        }
    }
    if nodes == 0 {
        pen.write("No nodes.", Role::Dim);
    }
}

/// What count, lease, zone and a taint need behind the bars.
const REST_WIDTH: usize = 66;

/// Below this width, bars and words are short.
const WIDE_FROM: usize = 66;

/// What is drawn of each node, and from what.
struct Drawing<'a> {
    view: &'a View<'a>,
    objects: &'a Objects,
    fresh: BTreeSet<Key>,
    name_width: usize,
    lines: usize,
    with_zone: bool,
}

impl Drawing<'_> {
    fn shelf(&self, name: &Arc<str>, pen: &mut Pen<'_, '_>) {
        let key = node_key(name);
        let node = self.view.world().store().get(&key).and_then(Node::of);
        let load = self.objects.shelf(name);
        let Some(((node, load), machine)) = node.zip(load).zip(load.and_then(Shelf::machine))
        else {
            return;
        };
        pen.target(0, || Neighbour::Object(key.clone()));
        pen.cell(name, self.name_width, name_role(self.view, &key))
            .write("  ", Role::Text);
        draw_state(self.view, node, machine, pen);
        draw_bars(machine, load, pen);
        match self.lines {
            0 | 1 => {
                self.glyphs(load.pods.iter(), load.pods.len(), pen);
                pen.next_line();
            }
            2 => {
                self.rest(node, (machine, load), 0, pen);
                pen.next_line();
                self.pods(load, 1, pen);
            }
            lines => {
                // What does not fit behind the bars has a line of its own.
                let own = usize::from(pen.room() < REST_WIDTH);
                let gap = usize::from(lines > 4);
                if own > 0 {
                    pen.next_line().to(2);
                }
                let most = (lines - 1 - own - gap).saturating_sub(1);
                let spare = self.rest(node, (machine, load), most.min(2), pen);
                let used = most.min(2) - spare;
                pen.next_line();
                self.pods(load, lines - 1 - own - gap - used, pen);
                if gap > 0 {
                    pen.next_line();
                }
            }
        }
    }

    /// The rest of the line and so many more, as far as they go: what becomes of the pods, taints,
    /// count of pods, lease, zone. Returns how many lines are left.
    fn rest(
        &self,
        node: &Node,
        (machine, load): (&Machine, &Shelf),
        spare: usize,
        pen: &mut Pen<'_, '_>,
    ) -> usize {
        let name = Arc::from(node.name());
        let mut pieces = fate::of_pods(self.view.world(), &name, node, load);
        let taints = fate::taints(node).into_iter();
        pieces.extend(taints.map(|taint| (format!("taint {taint}"), Role::Waiting)));
        pieces.push((
            format!("pods {}/{}", load.pods.len(), machine.pods),
            Role::Dim,
        ));
        if let Some(age) = lease_age(self.view, node.name()) {
            let role = if age > LEASE_OVERDUE {
                Role::Bad
            } else {
                Role::Dim
            };
            pieces.push((format!("lease {} ago", span_words(age)), role));
        }
        if self.with_zone && !machine.zone.is_empty() {
            pieces.push((format!("zone {}", machine.zone), Role::Dim));
        }
        let mut spare = spare;
        for (text, role) in pieces {
            if pen.room() < text.width() && spare > 0 {
                spare -= 1;
                pen.next_line().to(2);
            }
            if pen.room() >= text.width() {
                pen.write(&text, role).write("  ", Role::Text);
            }
        }
        spare
    }

    /// The pods with their names over so many lines; glyphs alone when the names do not fit.
    fn pods(&self, load: &Shelf, lines: usize, pen: &mut Pen<'_, '_>) {
        let line = pen.width().saturating_sub(2);
        let names = load.pods.iter().take(line * lines / 4 + 1);
        let each = names
            .map(|key| key.name.width() + 5)
            .max()
            .unwrap_or(0)
            .min(pen.width());
        let in_line = line.checked_div(each).unwrap_or(0).max(1);
        let fits = load.pods.len() <= in_line * lines;
        let by_name = if fits {
            load.pods.len()
        } else {
            in_line * lines.saturating_sub(1)
        };
        if load.pods.is_empty() {
            pen.to(2).write("empty", Role::Dim);
        }
        for (place, key) in load.pods.iter().take(by_name).enumerate() {
            if place > 0 && place % in_line == 0 {
                pen.next_line();
            }
            pen.to(2 + place % in_line * each);
            let role = self.pod_role(key).unwrap_or(Role::Text);
            if let Some(placed) = self.objects.pod(key) {
                pen.write(placed.mark.glyph(), placed.mark.role())
                    .write(" ", Role::Text);
            }
            pen.write(&key.name, role);
        }
        if !fits {
            if by_name > 0 {
                pen.next_line();
            }
            pen.to(2);
            self.glyphs(
                load.pods.iter().skip(by_name),
                load.pods.len() - by_name,
                pen,
            );
        }
        pen.next_line();
    }

    /// One glyph a pod, and how many more there are.
    fn glyphs<'k>(&self, pods: impl Iterator<Item = &'k Key>, count: usize, pen: &mut Pen<'_, '_>) {
        let room = pen.room();
        let shown = if count <= room {
            count
        } else {
            room.saturating_sub(6)
        };
        for key in pods.take(shown) {
            if let Some(placed) = self.objects.pod(key) {
                let role = self.pod_role(key).unwrap_or(placed.mark.role());
                pen.write(placed.mark.glyph(), role);
            }
        }
        if count > shown {
            pen.write(&format!(" +{}", count - shown), Role::Dim);
        }
    }

    /// How a pod is marked that is selected or has just changed.
    fn pod_role(&self, key: &Key) -> Option<Role> {
        if self.view.is_selected(key) {
            Some(Role::Selected)
        } else {
            self.fresh.contains(key).then_some(Role::Fresh)
        }
    }
}

/// What the last step was about.
fn fresh(view: &View<'_>) -> BTreeSet<Key> {
    view.world()
        .last_records()
        .filter_map(|record| record.object())
        .collect()
}

fn name_role(view: &View<'_>, key: &Key) -> Role {
    if view.is_selected(key) {
        Role::Selected
    } else {
        Role::Title
    }
}

/// `● Ready` or `✗ NotReady for 12s`, as the STATUS of `kubectl get nodes` has it.
fn draw_state(view: &View<'_>, node: &Node, machine: &Machine, pen: &mut Pen<'_, '_>) {
    if let Some(words) = fate::unnoticed(view.world(), node.name()) {
        pen.write("✗ ", Role::Bad)
            .write(&words, Role::Bad)
            .write("  ", Role::Text);
        return;
    }
    let cordoned = node.spec.unschedulable == Some(true);
    let (glyph, word, role) = match (machine.ready, cordoned) {
        (true, false) => ("●", "Ready", Role::Good),
        (true, true) => ("◍", "Ready,SchedulingDisabled", Role::Waiting),
        (false, false) => ("✗", "NotReady", Role::Bad),
        (false, true) => ("✗", "NotReady,SchedulingDisabled", Role::Bad),
    };
    let start = pen.column();
    pen.write(glyph, role).write(" ", role).write(word, role);
    let is_wide = pen.width() >= WIDE_FROM;
    let since = ready_condition(node).and_then(|ready| ready.last_transition_time.as_ref());
    if let Some(since) = since.filter(|_| is_wide || !machine.ready) {
        let span = span_words(whole_seconds(view.world().now().since(meta::moment(since))));
        let role = if machine.ready { Role::Dim } else { Role::Bad };
        pen.write(" for ", role).write(&span, role);
    }
    let least = if is_wide { 19 } else { 10 };
    pen.to(pen.column().max(start + least))
        .write("  ", Role::Text);
}

/// Dates of objects have no fractions.
fn whole_seconds(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs())
}

fn ready_condition(node: &Node) -> Option<&core::NodeCondition> {
    let mut conditions = node.status.conditions.iter().flatten();
    conditions.find(|condition| condition.type_ == "Ready")
}

fn draw_bars(machine: &Machine, load: &Shelf, pen: &mut Pen<'_, '_>) {
    let width = if pen.width() >= 76 { 10 } else { 5 };
    let millis = (load.cpu.milli_value(), machine.cpu.milli_value());
    let bytes = (load.memory.value(), machine.memory.value());
    let words = if pen.width() >= WIDE_FROM {
        [9, 11]
    } else {
        [7, 9]
    };
    let texts = [
        cpu_words(load.cpu, machine.cpu),
        memory_words(load.memory, machine.memory),
    ];
    let bars = [("cpu ", millis), ("mem ", bytes)];
    for (((name, parts), text), words) in bars.into_iter().zip(texts).zip(words) {
        if pen.room() < name.len() + width + 1 + text.width() {
            return;
        }
        pen.write(name, Role::Dim)
            .bar(parts, width, load_role(parts));
        pen.write(" ", Role::Text).cell(&text, words, Role::Text);
    }
}

/// The colour of a load: more than nine tenths is tight.
pub(super) fn load_role((part, whole): (i64, i64)) -> Role {
    if i128::from(part) * 10 > i128::from(whole) * 9 {
        Role::Waiting
    } else {
        Role::Current
    }
}

/// `2.8/4` processors.
pub(in crate::ui::panes) fn cpu_words(part: Quantity, whole: Quantity) -> String {
    format!(
        "{}/{}",
        tenths(part.milli_value(), 1000),
        tenths(whole.milli_value(), 1000)
    )
}

/// `3.1/8Gi` of memory.
pub(in crate::ui::panes) fn memory_words(part: Quantity, whole: Quantity) -> String {
    const GIBI: i64 = 1 << 30;
    format!(
        "{}/{}Gi",
        tenths(part.value(), GIBI),
        tenths(whole.value(), GIBI)
    )
}

/// An amount in units with one decimal, which is left out when it is 0.
fn tenths(amount: i64, unit: i64) -> String {
    let tenths = (i128::from(amount) * 20 / i128::from(unit.max(1)) + 1) / 2;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest}"),
    }
}

fn lease_age(view: &View<'_>, node: &str) -> Option<Duration> {
    let key = Key::new(Kind::Lease, "kube-node-lease", node);
    let lease = view.world().store().get(&key).and_then(Lease::of)?;
    let renewed = crate::sim::Time::from_timestamp(lease.spec.renew_time.as_ref()?.0);
    Some(whole_seconds(view.world().now().since(renewed)))
}

/// What is written of a node where there is room for one line of it only.
pub(super) fn line_of(view: &View<'_>, objects: &Objects, name: &Arc<str>, pen: &mut Pen<'_, '_>) {
    let drawing = Drawing {
        view,
        objects,
        fresh: fresh(view),
        name_width: name.width().min(24),
        lines: 1,
        with_zone: true,
    };
    drawing.shelf(name, pen);
}
