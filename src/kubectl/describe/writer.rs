//! Lines with tabs and levels, as the describers of kubectl write them.

use std::fmt::Display;

use crate::api::ObjectMeta;
use crate::api::meta::{self, Labels};
use crate::kubectl::printers::{NONE, align};
use crate::manifest::patch::LAST_APPLIED;

/// An annotation that is longer, key included, stands below its key.
const LONGEST_ANNOTATION: usize = 140;

/// Collects the lines of a description.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// One line, indented by two spaces a level; tabs in it become columns.
    pub(super) fn line(&mut self, level: usize, line: impl Display) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }

    /// `Name:\tvalue`.
    pub(super) fn field(&mut self, level: usize, name: &str, value: impl Display) {
        self.line(level, format_args!("{name}:\t{value}"));
    }

    /// The same, unless there is no value or an empty one.
    pub(super) fn filled(&mut self, level: usize, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.field(level, name, value);
        }
    }

    /// Values below each other, the first beside the title; `<none>` when there are none.
    pub(super) fn below(&mut self, level: usize, title: &str, values: &[String]) {
        let Some((first, rest)) = values.split_first() else {
            self.field(level, title, NONE);
            return;
        };
        self.field(level, title, first);
        for value in rest {
            self.line(0, format_args!("\t{value}"));
        }
    }

    /// Name and namespace, with which most descriptions begin.
    pub(super) fn named(&mut self, name: &str, namespace: &str) {
        self.field(0, "Name", name);
        self.field(0, "Namespace", namespace);
    }

    /// A table of conditions, a row each; nothing when there is none.
    pub(super) fn conditions(&mut self, columns: &[&str], rows: impl IntoIterator<Item = String>) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return;
        }
        let rules = columns.iter().map(|column| match *column {
            // kubectl draws the line of a longer header here.
            "LastProbeTime" => "-".repeat("LastHeartbeatTime".len()),
            other => "-".repeat(other.len()),
        });
        let rules: Vec<String> = rules.collect();
        self.line(0, "Conditions:");
        self.line(1, columns.join("\t"));
        self.line(1, rules.join("\t"));
        for row in rows {
            self.line(1, row);
        }
    }

    /// Who controls the object, if somebody does.
    pub(super) fn controller(&mut self, metadata: &ObjectMeta) {
        if let Some(owner) = meta::controller_of(metadata) {
            let owner = format!("{}/{}", owner.kind, owner.name);
            self.field(0, "Controlled By", owner);
        }
    }

    /// Labels below each other.
    pub(super) fn labels(&mut self, level: usize, title: &str, labels: Option<&Labels>) {
        let pairs = labels.into_iter().flatten();
        let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
        self.below(level, title, &pairs);
    }

    /// Annotations below each other, without the one that `apply` keeps.
    pub(super) fn annotations(&mut self, level: usize, annotations: Option<&Labels>) {
        let shown = annotations.into_iter().flatten();
        let mut lines = Vec::new();
        for (key, value) in shown.filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.trim_end_matches('\n');
            if key.len() + value.len() + 2 > LONGEST_ANNOTATION || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines.extend(value.lines().map(|line| format!("  {}", shorten(line))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.below(level, "Annotations", &lines);
    }

    /// The text with its columns.
    pub(super) fn finish(self) -> String {
        align(&self.text, 0, 2)
    }

    /// The text with its tabs.
    pub(super) fn raw(self) -> String {
        self.text
    }
}

fn shorten(line: &str) -> String {
    let most = LONGEST_ANNOTATION - 2;
    if line.len() <= most {
        return line.to_owned();
    }
    let cut: String = line.chars().take(most).collect();
    format!("{cut}...")
}
