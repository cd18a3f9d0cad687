//! Tables as `kubectl get` prints them: pure functions over objects and the time.
//!
//! Source: `pkg/printers/internalversion/printers.go` for columns and cells,
//! `cli-runtime/pkg/printers/tableprinter.go` for the text.

mod autoscaling;
mod cells;
mod cluster;
mod columns;
mod duration;
mod events;
mod pods;
mod resources;
mod storage;
mod top;
mod workloads;

use std::io::Write as _;

use crate::api::{Kind, Object, meta};
use crate::sim::Time;

pub use autoscaling::scaler_targets;
pub use columns::{Column, columns};
pub use duration::{age, human_duration};
pub use events::events;
pub use pods::{PodSummary, pod_status, pod_summary};
pub use resources::api_resources;
pub(super) use storage::{access_modes, class_of as storage_class_of};

pub(super) use cells::{NONE, join, label_text, quantity_text, selector_text};
pub(super) use cluster::node_roles;
pub(super) use top::top;

/// The gap between columns; the content of a column is at least as wide, as kubectl sets it up.
const GAP: usize = 3;

/// What `kubectl get` was asked to show beside the usual columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The further columns of `-o wide`.
    pub wide: bool,
    /// A NAMESPACE column in front, as with `-A`; kinds without namespaces never have it.
    pub namespaces: bool,
    /// Names as `deployment.apps/web`, as when several kinds are shown.
    pub kinds: bool,
    /// Columns after the others.
    pub labels: LabelColumns,
}

/// Which labels are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelColumns {
    /// One column for each of these labels, as with `-L`.
    pub chosen: Vec<String>,
    /// One column with all labels, as with `--show-labels`.
    pub all: bool,
}

/// Headers and rows; each row has as many cells as there are headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns, in capitals.
    pub headers: Vec<String>,
    /// One row for each object.
    pub rows: Vec<Vec<String>>,
}

/// The table of these objects of one kind, in their order. Objects of other kinds are passed over.
///
/// Costs what is passed in: a pane hands over the rows that it can show.
#[must_use]
pub fn table<'a>(
    kind: Kind,
    objects: impl IntoIterator<Item = &'a Object>,
    now: Time,
    options: &Options,
) -> Table {
    let columns = columns(kind);
    let with_namespace = options.namespaces && kind.info().namespaced;
    let mut headers = Vec::with_capacity(columns.len() + 2);
    if with_namespace {
        headers.push("NAMESPACE".to_owned());
    }
    let shown = columns
        .iter()
        .filter(|column| column.is_shown(options.wide));
    headers.extend(shown.map(|column| column.name.to_owned()));
    headers.extend(options.labels.chosen.iter().map(|label| {
        let short = label.rsplit('/').next().unwrap_or(label);
        short.to_uppercase()
    }));
    if options.labels.all {
        headers.push("LABELS".to_owned());
    }
    let objects = objects.into_iter().filter(|object| object.kind() == kind);
    let rows = objects
        .map(|object| row(object, columns, now, options))
        .collect();
    Table { headers, rows }
}

fn row(object: &Object, columns: &[Column], now: Time, options: &Options) -> Vec<String> {
    let kind = object.kind();
    let mut row = Vec::with_capacity(columns.len() + 2);
    if options.namespaces && kind.info().namespaced {
        row.push(object.namespace().to_owned());
    }
    for (column, cell) in columns.iter().zip(cells::of(object, now)) {
        if !column.is_shown(options.wide) {
            continue;
        }
        row.push(if options.kinds && column.is_name {
            format!("{}/{cell}", kind.info().qualified_singular())
        } else {
            cell
        });
    }
    let labels = meta::labels(object.metadata());
    row.extend(options.labels.chosen.iter().map(|label| {
        // A label that is not there is an empty cell; only the column of all labels says `<none>`.
        labels.get(label).cloned().unwrap_or_default()
    }));
    if options.labels.all {
        row.push(label_text(labels));
    }
    row
}

/// The text of the table, each line with its newline; a table without headers prints none.
#[must_use]
pub fn render(table: &Table) -> String {
    let mut text = String::new();
    if !table.headers.is_empty() {
        text.push_str(&table.headers.join("\t"));
        text.push('\n');
    }
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| one_line(cell)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    align(&text, GAP, GAP)
}

/// The cell up to its first line break, with dots for what follows.
fn one_line(cell: &str) -> String {
    match cell.split_once(['\n', '\r', '\u{c}']) {
        Some((first, _)) => format!("{first}...").replace('\t', " "),
        None => cell.replace('\t', " "),
    }
}

/// Replaces tabs so that cells of neighbouring lines stand in columns.
///
/// Source: Go's `text/tabwriter`, as kubectl sets it up for tables and for descriptions.
pub(super) fn align(text: &str, narrowest: usize, gap: usize) -> String {
    let mut writer = tabwriter::TabWriter::new(Vec::new())
        .minwidth(narrowest)
        .padding(gap);
    writer
        .write_all(text.as_bytes())
        .expect("writing to memory does not fail");
    let bytes = writer
        .into_inner()
        .expect("flushing to memory does not fail");
    String::from_utf8(bytes).expect("what went in was UTF-8, and only spaces were added")
}

#[cfg(test)]
mod tests;
