//! A pod at the moment of the cursor in four columns: phase, conditions, containers, STATUS.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::story::{Story, Subject};
use crate::api::{Kind, Object, Pod, core};
use crate::cluster::Record;
use crate::kubectl::printers::pod_status;
use crate::sim::RecordKind;
use crate::store::ChangeType;
use crate::ui::panes::index::{Index, change_of};
use crate::ui::panes::mark::Mark;
use crate::ui::panes::pen::Pen;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many records back a write of the pod is looked for.
const LOOK_BACK: usize = 2000;

/// Conditions in the order in which they are told; the others come after them.
const CONDITIONS: [&str; 5] = [
    "PodScheduled",
    "Ready",
    "Initialized",
    "ContainersReady",
    "PodReadyToStartContainers",
];

/// The name of the band below the lanes.
pub(super) fn band_name(subject: &Subject) -> &'static str {
    match subject {
        Subject::Object(key) if key.kind == Kind::Pod => "STATUS",
        Subject::Object(_) => "ready",
        Subject::Request { .. } | Subject::Way => "",
    }
}

/// What `kubectl get` says of the subject after a record, if the record wrote it.
pub(super) fn words_at(subject: &Subject, record: &Arc<Record>) -> Option<(String, Role)> {
    let subject = subject.object()?;
    let change = change_of(record).filter(|change| change.key == *subject)?;
    if change.change_type == ChangeType::Deleted {
        return Some(("gone".to_owned(), Role::Dim));
    }
    let ready = |ready: Option<i32>, want: Option<i32>| {
        let (ready, want) = (ready.unwrap_or(0), want.unwrap_or(1));
        let role = if ready == want {
            Role::Good
        } else {
            Role::Waiting
        };
        Some((format!("{ready}/{want}"), role))
    };
    match &change.object {
        Object::Pod(pod) => {
            let mark = Mark::of(pod);
            Some((format!("{} {}", mark.glyph(), pod_status(pod)), mark.role()))
        }
        Object::Deployment(each) => ready(each.status.ready_replicas, each.spec.replicas),
        Object::ReplicaSet(each) => ready(each.status.ready_replicas, each.spec.replicas),
        Object::StatefulSet(each) => ready(each.status.ready_replicas, each.spec.replicas),
        _ => None,
    }
}

/// Draws the strip; nothing for other objects than pods.
pub(super) fn draw(view: &View<'_>, index: &Index, story: &Story, area: Rect, buf: &mut Buffer) {
    if area.height < 2 || !story.subject.is_pod() {
        return;
    }
    let mut pen = Pen::new(view, area, buf);
    let widths = widths(pen.width());
    let headings = ["phase", "conditions", "containers", "STATUS"];
    for (heading, width) in headings.iter().zip(widths) {
        pen.cell(heading, width, Role::Dim)
            .write("│ ", Role::Border);
    }
    pen.next_line();
    let Some(pod) = pod_at(view, index, story) else {
        pen.write("not there yet", Role::Dim);
        return;
    };
    let conditions = conditions(&pod);
    let containers = containers(&pod);
    let lines = usize::from(area.height) - 1;
    for line in 0..lines {
        let first = line == 0;
        pen.cell(if first { pod.phase() } else { "" }, widths[0], Role::Title);
        pen.write("│ ", Role::Border);
        let start = pen.column();
        for (words, role) in share(&conditions, line, lines) {
            if pen.column() + words.chars().count() <= start + widths[1] {
                pen.write(words, *role).write("  ", Role::Text);
            }
        }
        pen.to(start + widths[1]).write("│ ", Role::Border);
        let start = pen.column();
        if let Some((words, role)) = containers.get(line) {
            pen.cell(words, widths[2], *role);
        }
        pen.to(start + widths[2]).write("│ ", Role::Border);
        if first {
            let mark = Mark::of(&pod);
            let status = format!("{} {}", mark.glyph(), pod_status(&pod));
            pen.cell(&status, pen.room(), mark.role());
        }
        pen.next_line();
    }
}

/// The conditions of one line, when all of them are spread over so many lines.
fn share(words: &[(String, Role)], line: usize, lines: usize) -> &[(String, Role)] {
    let each = words.len().div_ceil(lines.max(1)).max(1);
    let start = (line * each).min(words.len());
    &words[start..(start + each).min(words.len())]
}

fn widths(width: usize) -> [usize; 4] {
    let rest = width.saturating_sub(6);
    let phase = (rest / 8).clamp(4, 12);
    let status = (rest / 5).clamp(6, 22);
    let middle = rest.saturating_sub(phase + status);
    let conditions = middle * 11 / 20;
    [phase, conditions, middle - conditions, status]
}

/// The pod as the last write before the cursor left it.
fn pod_at(view: &View<'_>, index: &Index, story: &Story) -> Option<Pod> {
    let (trace, cursor) = (view.world().trace(), story.record().id);
    let about = index.records.about(story.subject.object()?);
    let before = &about[..about.partition_point(|id| *id <= cursor)];
    let mut records = before
        .iter()
        .rev()
        .take(LOOK_BACK)
        .filter_map(|id| trace.get(*id));
    let written = records.find(|record| record.kind() == RecordKind::StoreCommit)?;
    match &change_of(written)?.object {
        Object::Pod(pod) => Some(pod.clone()),
        _ => None,
    }
}

fn conditions(pod: &Pod) -> Vec<(String, Role)> {
    let words = |condition: &core::PodCondition| {
        let (glyph, role) = match condition.status.as_str() {
            "True" => ("✓", Role::Good),
            "False" => ("✗", Role::Waiting),
            _ => ("?", Role::Bad),
        };
        (format!("{glyph} {}", condition.type_), role)
    };
    let conditions = pod.status.conditions.iter().flatten();
    let mut conditions: Vec<&core::PodCondition> = conditions.collect();
    let rank = |name: &str| CONDITIONS.iter().position(|each| *each == name);
    conditions.sort_by_key(|each| rank(&each.type_).unwrap_or(CONDITIONS.len()));
    conditions.into_iter().map(words).collect()
}

fn containers(pod: &Pod) -> Vec<(String, Role)> {
    let statuses = pod.status.init_container_statuses.iter().flatten();
    let statuses = statuses.chain(pod.status.container_statuses.iter().flatten());
    let words = |status: &core::ContainerStatus| {
        let state = super::super::desired::container_words(status.state.as_ref());
        let restarts = match status.restart_count {
            0 => String::new(),
            count => format!(", restarted {count}×"),
        };
        let role = if status.ready {
            Role::Good
        } else {
            Role::Waiting
        };
        (format!("{} {state}{restarts}", status.name), role)
    };
    statuses.map(words).collect()
}
