//! The tables of `kubectl top`. Source: `kubectl/pkg/metricsutil/metrics_printer.go`.

use std::cmp::Reverse;

use super::align;
use crate::api::{Kind, Metrics, Node, Quantity, Usage, requests};
use crate::kubectl::grammar::{Lines, SortBy, Top};

const UNKNOWN: &str = "<unknown>";

/// What nodes or pods use, one line each. Nodes without metrics come last.
pub(in crate::kubectl) fn top(top: &Top, metrics: &[Metrics], nodes: &[&Node]) -> String {
    if metrics.is_empty() {
        return String::new();
    }
    let mut metrics: Vec<&Metrics> = metrics.iter().collect();
    metrics.sort_by_key(|each| (Reverse(amount(top, each.total())), each.key.clone()));
    let rows = if top.kind == Kind::Node {
        of_nodes(top, &metrics, nodes)
    } else {
        of_pods(top, &metrics)
    };
    let mut text = String::new();
    for row in rows {
        // Each cell ends with a tab, the last one too.
        for cell in row {
            text.push_str(&cell);
            text.push('\t');
        }
        text.push('\n');
    }
    align(&text, super::GAP, super::GAP)
}

fn amount(top: &Top, usage: Usage) -> Option<Quantity> {
    match top.sort? {
        SortBy::Cpu => Some(usage.cpu),
        SortBy::Memory => Some(usage.memory),
    }
}

fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn cpu(usage: Usage) -> String {
    format!("{}m", usage.cpu.milli_value())
}

fn memory(usage: Usage) -> String {
    format!("{}Mi", usage.memory.value() / (1 << 20))
}

fn of_nodes(top: &Top, metrics: &[&Metrics], nodes: &[&Node]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if top.headers {
        rows.push(headers(&[
            "NAME",
            "CPU(cores)",
            "CPU(%)",
            "MEMORY(bytes)",
            "MEMORY(%)",
        ]));
    }
    for each in metrics {
        let (usage, name) = (each.total(), &*each.key.name);
        let node = nodes.iter().find(|node| node.name() == name);
        let allocatable = node.map(|node| requests::read_list(node.status.allocatable.as_ref()));
        let share = |resource: &str, used: Quantity| {
            let all = allocatable
                .as_ref()
                .and_then(|all| all.get(resource).copied());
            let part = used.milli_value().saturating_mul(100);
            let share = all.and_then(|all| part.checked_div(all.milli_value()));
            share.map(|share| format!("{share}%"))
        };
        let mut row = vec![name.to_owned(), cpu(usage)];
        row.extend(share("cpu", usage.cpu));
        row.push(memory(usage));
        row.extend(share("memory", usage.memory));
        rows.push(row);
    }
    let silent = nodes
        .iter()
        .filter(|node| metrics.iter().all(|each| *each.key.name != *node.name()));
    for node in silent {
        let mut row = vec![node.name().to_owned()];
        row.extend([UNKNOWN; 4].map(str::to_owned));
        rows.push(row);
    }
    rows
}

fn of_pods(top: &Top, metrics: &[&Metrics]) -> Vec<Vec<String>> {
    let mut first = Vec::new();
    first.extend(top.everywhere.then_some("NAMESPACE"));
    let by_container = top.lines == Lines::Containers;
    first.extend(by_container.then_some("POD"));
    let before = first.len();
    let mut rows = Vec::new();
    if top.headers {
        first.extend(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
        rows.push(headers(&first));
    }
    for each in metrics {
        let mut lead = Vec::new();
        lead.extend(top.everywhere.then(|| each.key.namespace.to_string()));
        lead.push(each.key.name.to_string());
        if !by_container {
            let usage = each.total();
            lead.extend([cpu(usage), memory(usage)]);
            rows.push(lead);
            continue;
        }
        let mut parts = each.parts.clone();
        parts.sort_by_key(|(name, usage)| (Reverse(amount(top, *usage)), name.clone()));
        for (name, usage) in parts {
            let mut row = lead.clone();
            row.extend([name.to_string(), cpu(usage), memory(usage)]);
            rows.push(row);
        }
    }
    if top.sum {
        let total: Usage = metrics.iter().map(|each| each.total()).sum();
        let blank = |count: usize| vec![String::new(); count];
        let mut line = blank(before + 1);
        line.extend(["________"; 2].map(str::to_owned));
        let mut sum = blank(before + 1);
        sum.extend([cpu(total), memory(total)]);
        rows.extend([line, sum]);
    }
    rows
}
