//! View 1: what is wanted, and what is there? The tree of owners, and what the selected one lacks.

mod absent;
mod coming;
mod detail;
mod fields;

mod policy;
mod requests;
mod scaler;
mod tree;
mod verdict;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

pub use tree::next;

use super::border;
use super::index::{Index, Objects};
use super::pen::{Pen, clipped};
use crate::api::{Key, Kind, Object, Pod, Typed, core};
use crate::kubectl::printers::pod_status;
use crate::ui::model::Pane;
use crate::ui::panes::Neighbour;
use crate::ui::theme::Role;
use crate::ui::view::View;
use fields::Counts;
use tree::{Row, What};

/// How wide a column of numbers is.
const NUMBER: usize = 6;

/// Where the words of an autoscaler begin at most: they are longer than its name.
const POLICY_MOST: usize = 24;

/// How wide the picture of the gap is.
const GAP: usize = 10;

/// Draws the pane.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let pane = Pane::Desired;
    let title = (pane.name(), pane.question(), "");
    let inner = border::draw(view, pane, title, area, buf);
    if inner.is_empty() {
        return;
    }
    let index = Index::of(view.world());
    let detail = detail::lines(view, &index, usize::from(inner.width));
    let height = usize::from(inner.height);
    let room = match height {
        0..=4 => 0,
        5..12 => {
            // The tree comes first; a sentence about what is wrong is worth a pod or two.
            let least = detail::least(&detail).min(height / 3);
            let rows = tree::rows(view, &index.objects, height - 1 - least).len();
            (height - 1).saturating_sub(rows).clamp(least, 3)
        }
        _ => height / 2,
    };
    let detail = detail::fitting(detail, room);
    let wanted = detail.len();
    let below = u16::try_from(wanted).unwrap_or(0);
    let above = Rect {
        height: inner.height - below,
        ..inner
    };
    draw_tree(view, &index.objects, above, buf);
    let rest = Rect {
        y: inner.y + above.height,
        height: below,
        ..inner
    };
    detail::draw(view, &detail, rest, buf);
}

fn draw_tree(view: &View<'_>, objects: &Objects, area: Rect, buf: &mut Buffer) {
    let columns = Columns::fitting(usize::from(area.width));
    let mut pen = Pen::new(view, area, buf);
    let has_heading = area.height > 3;
    if has_heading {
        columns.heading(&mut pen);
    }
    let height = usize::from(area.height) - usize::from(has_heading);
    let rows = tree::rows(view, objects, height);
    if rows.is_empty() {
        pen.write("Nothing is wanted yet: apply a manifest.", Role::Dim);
    }
    for row in &rows {
        draw_row(view, objects, row, &columns, &mut pen);
        pen.next_line();
    }
}

/// Where the columns stand.
struct Columns {
    name: usize,
    gap: bool,
}

impl Columns {
    fn fitting(width: usize) -> Self {
        let gap = width >= 64;
        let numbers = NUMBER * 4 + if gap { GAP + 3 } else { 0 };
        Self {
            name: width.saturating_sub(numbers),
            gap,
        }
    }

    fn heading(&self, pen: &mut Pen<'_, '_>) {
        pen.to(self.name);
        pen.right("want", NUMBER, Role::Desired)
            .right("have", NUMBER, Role::Dim);
        pen.right("ready", NUMBER, Role::Current)
            .right("Δ", NUMBER, Role::Dim);
        if self.gap {
            pen.write("   ", Role::Text).write("gap", Role::Dim);
        }
        pen.next_line();
    }
}

fn draw_row(
    view: &View<'_>,
    objects: &Objects,
    row: &Row,
    columns: &Columns,
    pen: &mut Pen<'_, '_>,
) {
    pen.to(row.depth * 2);
    match &row.what {
        What::Owner { key, open } => draw_owner(view, objects, (key, *open), columns, pen),
        What::Pod(key) => draw_pod(view, key, columns, pen),
        What::Service(key) => draw_service(view, objects, key, columns, pen),
        What::Policy(key) => draw_policy(view, key, columns, pen),
        What::More(count) => {
            pen.write(&format!("⋮ {count} more"), Role::Dim);
        }
    }
    if let Some(key) = row.what.key() {
        pen.target(0, || Neighbour::Object(key.clone()));
    }
    if row.what.key().is_some_and(|key| view.is_selected(key)) {
        pen.highlight(columns.name.max(pen.width() / 3), Role::Selected);
    }
}

fn draw_owner(
    view: &View<'_>,
    objects: &Objects,
    (key, open): (&Key, Option<bool>),
    columns: &Columns,
    pen: &mut Pen<'_, '_>,
) {
    let Some(object) = view.world().store().get(key) else {
        return;
    };
    let twist = match open {
        Some(true) => "▾ ",
        Some(false) => "▸ ",
        None => "  ",
    };
    let counts = Counts::of(object, objects);
    let kind = key.kind.info().name;
    pen.write(twist, Role::Dim);
    if columns.name >= pen.column() + kind.len() + key.name.width().min(12) {
        pen.write(kind, Role::Dim).write(" ", Role::Text);
    }
    let name = if object.is_terminating() {
        format!("{} ◌ Terminating", key.name)
    } else {
        key.name.to_string()
    };
    let room = columns.name.saturating_sub(pen.column());
    match ending(object) {
        Some((words, role)) => {
            let least = name.width().min(room / 2);
            let own = name.width().min(room.saturating_sub(words.width() + 1));
            let own = own.max(least);
            pen.cell(&name, own, name_role(view, key)).write(" ", role);
            pen.cell(&words, columns.name.saturating_sub(pen.column()), role);
        }
        None => {
            pen.cell(&name, room, name_role(view, key));
        }
    }
    draw_counts(view.is_fresh(key), &counts, columns, pen);
}

fn draw_counts(is_fresh: bool, counts: &Counts, columns: &Columns, pen: &mut Pen<'_, '_>) {
    let number =
        |amount: Option<usize>| amount.map_or("–".to_owned(), |amount| amount.to_string());
    let gap = counts.gap();
    let fresh = |role| if is_fresh { Role::Fresh } else { role };
    pen.to(columns.name);
    pen.right(&number(counts.want), NUMBER, fresh(Role::Desired));
    pen.right(&counts.have.to_string(), NUMBER, fresh(Role::Text));
    pen.right(&counts.ready.to_string(), NUMBER, fresh(Role::Current));
    let (words, role) = match gap {
        None => ("–".to_owned(), Role::Dim),
        Some(0) => ("0".to_owned(), Role::Dim),
        Some(less) if less < 0 => (format!("−{}", less.unsigned_abs()), Role::Waiting),
        Some(more) => (format!("+{more}"), Role::Waiting),
    };
    pen.right(&words, NUMBER, fresh(role));
    if columns.gap {
        pen.write("   ", Role::Text);
        draw_gap(counts, pen);
    }
}

/// One cell for each wanted pod, or ten for all of them: ready, there but not ready, missing.
fn draw_gap(counts: &Counts, pen: &mut Pen<'_, '_>) {
    let want = counts.want.unwrap_or(counts.have);
    let most = want.max(counts.have);
    let cells = most.min(GAP);
    let share = |amount: usize| {
        if most == 0 {
            0
        } else {
            (amount * cells).div_ceil(most)
        }
    };
    let have = share(counts.have);
    let ready = if counts.ready >= counts.have {
        have
    } else {
        counts.ready * cells / most.max(1)
    };
    pen.write(&"█".repeat(ready), Role::Current);
    pen.write(&"▒".repeat(have.saturating_sub(ready)), Role::Waiting);
    pen.write(&"░".repeat(cells.saturating_sub(have)), Role::Desired);
}

fn draw_pod(view: &View<'_>, key: &Key, columns: &Columns, pen: &mut Pen<'_, '_>) {
    let Some(pod) = view.world().store().get(key).and_then(Pod::of) else {
        return;
    };
    let status = status_words(pod);
    let mark = super::mark::Mark::of(pod);
    pen.write(mark.glyph(), mark.role()).write(" ", Role::Text);
    let node = pod.spec.node_name.as_deref().unwrap_or("no node");
    let right = columns.name.max(pen.column() + 4);
    let fresh = view.is_fresh(key);
    pen.cell(
        &key.name,
        right.saturating_sub(pen.column() + 1),
        name_role(view, key),
    );
    pen.to(right + 2);
    let role = if fresh { Role::Fresh } else { mark.role() };
    let room = pen.room();
    pen.write(&clipped(&status, room), role);
    if pen.room() > node.width() + 2 {
        let column = pen.column().max(right + 22);
        let column = column.min(pen.width() - node.width() - 1);
        pen.to(column.max(pen.column() + 2)).write(node, Role::Dim);
    }
}

/// What kubectl says of a pod, and why the pod failed where that is something else.
fn status_words(pod: &Pod) -> String {
    let status = pod_status(pod);
    match pod.status.reason.as_deref() {
        Some(reason) if reason != &*status => format!("{status} ({reason})"),
        _ => status.into_owned(),
    }
}

/// How a Job that is over ended.
fn ending(object: &Object) -> Option<(String, Role)> {
    let Object::Job(job) = object else {
        return None;
    };
    let mut conditions = job.status.conditions.iter().flatten();
    let ended = conditions.find(|each| {
        each.status == "True" && matches!(each.type_.as_str(), "Complete" | "Failed")
    })?;
    let reason = ended.reason.as_deref().unwrap_or_default();
    Some(match ended.type_.as_str() {
        "Failed" => (format!("✗ Failed: {reason}"), Role::Bad),
        _ => ("✓ Complete".to_owned(), Role::Good),
    })
}

fn draw_policy(view: &View<'_>, key: &Key, columns: &Columns, pen: &mut Pen<'_, '_>) {
    let kind = policy::kind_words(key.kind);
    pen.write("◇ ", Role::Dim)
        .write(kind, Role::Dim)
        .write(" ", Role::Text);
    let right = columns.name.max(pen.column() + 4).min(POLICY_MOST);
    let room = right.saturating_sub(pen.column() + 1);
    pen.cell(&key.name, room, name_role(view, key)).to(right);
    if let Some((words, role)) = policy::words(view, key, pen.room()) {
        let role = if view.is_fresh(key) {
            Role::Fresh
        } else {
            role
        };
        pen.write(&words, role);
    }
}

/// What the endpoints of a Service need in front of its requests: `10/10 ready` and a gap.
const REQUESTS_AFTER: usize = 13;

fn draw_service(
    view: &View<'_>,
    objects: &Objects,
    key: &Key,
    columns: &Columns,
    pen: &mut Pen<'_, '_>,
) {
    let store = view.world().store();
    let Some(Object::Service(service)) = store.get(key) else {
        return;
    };
    let (mut all, mut ready) = (0, 0);
    for slice in objects.slices(key).filter_map(|slice| store.get(slice)) {
        if let Object::EndpointSlice(slice) = slice {
            all += slice.spec.endpoints.len();
            ready += slice
                .spec
                .endpoints
                .iter()
                .filter(|each| is_ready(each))
                .count();
        }
    }
    pen.write("◇ ", Role::Dim);
    if columns.name >= pen.column() + 8 + key.name.width().min(12) {
        pen.write("Service ", Role::Dim);
    }
    let address = service.spec.cluster_ip.as_deref().unwrap_or_default();
    let right = columns.name.max(pen.column() + 4);
    pen.cell(
        &key.name,
        right.saturating_sub(pen.column() + 1),
        name_role(view, key),
    )
    .to(right + 2);
    let has_selector = service
        .spec
        .selector
        .as_ref()
        .is_some_and(|selector| !selector.is_empty());
    let role = if ready == all {
        Role::Current
    } else {
        Role::Waiting
    };
    let requests = requests::of_service(view, key, pen.room().saturating_sub(REQUESTS_AFTER));
    let words = match (has_selector, &requests) {
        (false, _) => "no selector".to_owned(),
        (true, Some((requests, _))) if requests.width() + REQUESTS_AFTER > pen.room() => {
            format!("{ready}/{all}")
        }
        (true, Some(_)) => format!("{ready}/{all} ready"),
        (true, None) => format!("{ready}/{all} endpoints ready"),
    };
    pen.write(&words, if has_selector { role } else { Role::Dim });
    if let Some((words, role)) = requests {
        pen.write("  ", Role::Text).write(&words, role);
    } else if pen.room() > address.width() + 2 {
        pen.write("  ", Role::Text).write(address, Role::Dim);
    }
}

/// An endpoint is ready unless it says that it is not.
fn is_ready(endpoint: &crate::api::discovery::Endpoint) -> bool {
    endpoint
        .conditions
        .as_ref()
        .and_then(|conditions| conditions.ready)
        != Some(false)
}

fn name_role(view: &View<'_>, key: &Key) -> Role {
    if view.is_fresh(key) {
        Role::Fresh
    } else if key.kind == Kind::Pod {
        Role::Text
    } else {
        Role::Title
    }
}

/// The state of a container in a word or two.
pub(super) fn container_words(state: Option<&core::ContainerState>) -> String {
    let Some(state) = state else {
        return "no state yet".to_owned();
    };
    let waiting = state
        .waiting
        .as_ref()
        .and_then(|waiting| waiting.reason.as_deref());
    match (&state.terminated, &state.running) {
        (Some(ended), _) => {
            let reason = ended.reason.as_deref().unwrap_or("ended");
            format!("terminated: {reason}, exit code {}", ended.exit_code)
        }
        (None, Some(_)) => "running".to_owned(),
        (None, None) => format!("waiting: {}", waiting.unwrap_or("no reason")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::model::Model;
    use crate::ui::panes::{Direction, scene};

    fn selecting(kind: Kind, name: &str) -> Model {
        Model {
            selection: Some(Key::new(kind, "default", name)),
            ..Model::default()
        }
    }

    #[test]
    fn the_tree_shows_what_is_wanted_what_is_there_and_the_difference() {
        let model = selecting(Kind::Deployment, "web");
        let text = scene::text(&scene::small(), &model, draw, (100, 30));
        for part in [
            "▾ Deployment web",
            "  ▾ ReplicaSet web-6d4f",
            "    ● web-6d4f-9qd8z",
            "ContainerCreating",
            "−1",
            "○ lonely",
            "◇ Service web",
            "2/3 endpoints ready",
            "status.readyReplicas",
            "next  ",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_long_tree_is_a_window_around_the_selection() {
        let model = selecting(Kind::Pod, "web50-6d4f-00004");
        let text = scene::text(&scene::large(100), &model, draw, (80, 24));
        assert!(text.contains("● web50-6d4f-00004"), "{text}");
        assert!(text.contains("▸ Deployment web40"), "{text}");
        assert!(text.contains("more"), "{text}");
    }

    #[test]
    fn pods_that_are_not_well_are_shown_first_and_the_rest_is_counted() {
        let mut lines = vec!["kubectl scale deployment web --replicas=30"];
        let all_well = scene::live(scene::WEB, &lines);
        let model = scene::selecting(&all_well, Kind::Deployment);
        let text = scene::text(&all_well, &model, draw, (80, 12));
        assert!(text.contains("● web-") && text.contains(" more"), "{text}");
        lines.push("kubectl scale deployment web --replicas=31");
        lines.push("fault node-down node-a");
        let manifest = scene::WEB.replace("500m", "800m");
        let short = scene::live(&manifest, &lines);
        let text = scene::text(&short, &model, draw, (80, 14));
        assert!(text.contains("○ web-") || text.contains("◌ web-"), "{text}");
        assert!(!text.contains("● web-"), "{text}");
    }

    #[test]
    fn who_is_off_is_named_where_his_work_is_missing_and_since_when() {
        let scale = "kubectl scale deployment web --replicas=5";
        for (fault, kind, words) in [
            (
                "stop deployment-controller",
                Kind::Deployment,
                "deployment-controller is off since",
            ),
            (
                "stop replicaset-controller",
                Kind::Deployment,
                "replicaset-controller is off since",
            ),
            (
                "pause replicaset-controller",
                Kind::ReplicaSet,
                "is paused since",
            ),
            (
                "stop kube-scheduler",
                Kind::Deployment,
                "kube-scheduler is off since",
            ),
            (
                "pause kubelet/node-a",
                Kind::Deployment,
                "kubelet/node-a is paused since",
            ),
            (
                "stop endpointslice-controller",
                Kind::Service,
                "endpointslice-controller is off since",
            ),
        ] {
            let fault = format!("fault {fault}");
            let world = scene::live(scene::WEB, &[&fault, scale]);
            let model = scene::selecting(&world, kind);
            let text = scene::text(&world, &model, draw, (120, 24));
            assert!(text.contains(words), "{fault}:\n{text}");
        }
    }

    #[test]
    fn the_selection_walks_the_tree_and_comes_back() {
        let world = scene::small();
        let snapshot = crate::cluster::driver::Snapshot::of(world);
        let theme = crate::ui::theme::Theme::dark();
        let mut model = Model::default();
        let mut seen = Vec::new();
        let walk = |model: &mut Model, direction| {
            let view = View {
                snapshot: &snapshot,
                model,
                theme: &theme,
                targets: None,
            };
            let key = next(&view, direction);
            model.selection = key.clone().or(model.selection.take());
            key
        };
        while let Some(key) = walk(&mut model, Direction::Down) {
            seen.push(key);
        }
        let names: Vec<&str> = seen.iter().map(|key| &*key.name).collect();
        let down = [
            "web",
            "web-6d4f",
            "web-6d4f-9qd8z",
            "web-6d4f-k2xv5",
            "web-6d4f-x7m2c",
            "lonely",
            "kubernetes",
            "web",
        ];
        assert_eq!(names, down);
        for key in seen.iter().rev().skip(1) {
            assert_eq!(walk(&mut model, Direction::Up).as_ref(), Some(key));
        }
    }

    #[test]
    fn no_size_panics() {
        let model = selecting(Kind::Pod, "web-6d4f-x7m2c");
        scene::sweep(&scene::small(), &model, draw);
        scene::sweep(
            &scene::large(60),
            &selecting(Kind::ReplicaSet, "web20-6d4f"),
            draw,
        );
    }
}
