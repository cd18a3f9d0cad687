//! `kubectl top`: what pods and nodes use. Source: `kubectl/pkg/cmd/top`.

use super::UsageError;
use super::flags::Given;
use super::resources;
use crate::api::field_selector::FieldSelector;
use crate::api::{Kind, LabelSelector};

/// `kubectl top pod` and `kubectl top node`.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// Pods or nodes.
    pub kind: Kind,
    /// Only the one of this name.
    pub name: Option<String>,
    /// Only those with these labels.
    pub labels: Option<LabelSelector>,
    /// Only those with these fields.
    pub fields: FieldSelector,
    /// In every namespace.
    pub everywhere: bool,
    /// What each line is about.
    pub lines: Lines,
    /// A last line with the sum of all.
    pub sum: bool,
    /// The most first; without, by name.
    pub sort: Option<SortBy>,
    /// Whether the table has a line of headers.
    pub headers: bool,
}

/// What a line of pods is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// A pod.
    Pods,
    /// A container.
    Containers,
}

/// What lines are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// Processors.
    Cpu,
    /// Bytes.
    Memory,
}

pub(super) fn read(kind: Kind, given: &Given) -> Result<Top, UsageError> {
    let words = given.arguments();
    let verb = if kind == Kind::Node { "node" } else { "pod" };
    if words.len() > 1 {
        let usage = if kind == Kind::Node {
            "node [NAME | -l label]"
        } else {
            "pod [NAME | -l label]"
        };
        return Err(super::usage(&format!("top {verb}"), usage));
    }
    let labels = resources::labels(given)?;
    let fields = resources::fields(given)?;
    let sort = match given.text("sort-by").as_deref() {
        None | Some("") => None,
        Some("cpu") => Some(SortBy::Cpu),
        Some("memory") => Some(SortBy::Memory),
        Some(_) => {
            let problem = "error: --sort-by accepts only cpu or memory";
            return Err(UsageError(problem.to_owned()));
        }
    };
    let name = words.into_iter().next();
    if name.is_some() && (labels.is_some() || !fields.0.is_empty()) {
        let which = if kind == Kind::Node {
            "--selector"
        } else {
            "selector"
        };
        return Err(UsageError(format!(
            "error: only one of NAME or {which} can be provided"
        )));
    }
    Ok(Top {
        kind,
        name,
        labels,
        fields,
        everywhere: given.is_on("all-namespaces"),
        lines: if given.is_on("containers") {
            Lines::Containers
        } else {
            Lines::Pods
        },
        sum: given.is_on("sum"),
        sort,
        headers: !given.is_on("no-headers"),
    })
}
