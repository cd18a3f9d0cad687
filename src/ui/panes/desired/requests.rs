//! What became of the requests to a Service or a pod, in a few words.

use std::collections::BTreeMap;

use crate::api::{Key, Kind};
use crate::cluster::{Counts, Flow};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The last full second of a Service's requests, for its line in the tree.
pub(super) fn of_service(view: &View<'_>, service: &Key) -> Option<(String, Role)> {
    let flow = view.world().traffic().flow(service)?;
    let lost = flow.total.lost();
    let words = match flow.rate {
        0 => format!("no requests now, {lost} lost"),
        rate => format!("{rate} requests/s, {lost} lost"),
    };
    Some((words, if lost == 0 { Role::Current } else { Role::Bad }))
}

/// What the lower part says of the requests to an object, line by line.
pub(super) fn lines(view: &View<'_>, key: &Key) -> Vec<(String, Role)> {
    let traffic = view.world().traffic();
    match key.kind {
        Kind::Service => traffic
            .flow(key)
            .map(|flow| vec![sum(&flow.total), roads(view, flow)])
            .unwrap_or_default(),
        Kind::Pod => traffic
            .flows()
            .filter_map(|flow| flow.pods.get(key).map(sum))
            .collect(),
        _ => Vec::new(),
    }
}

fn sum(counts: &Counts) -> (String, Role) {
    let answered = counts.answered;
    match counts.lost() {
        0 => (format!("{answered} answered, 0 lost"), Role::Current),
        lost => {
            let why = counts.reasons_in_words();
            (
                format!("{answered} answered, {lost} lost: {why}"),
                Role::Bad,
            )
        }
    }
}

/// How many pods each node sends to by its own table: nodes that differ from the rest are late.
fn roads(view: &View<'_>, flow: &Flow) -> (String, Role) {
    let mut nodes: BTreeMap<Vec<&crate::proxy::Endpoint>, Vec<&str>> = BTreeMap::new();
    for part in view.world().proxies() {
        let table = part.component.table(&flow.service);
        let endpoints = table.map_or_else(Vec::new, |table| table.endpoints.iter().collect());
        nodes
            .entry(endpoints)
            .or_default()
            .push(part.component.node());
    }
    let role = if nodes.len() > 1 {
        Role::Waiting
    } else {
        Role::Dim
    };
    let pods = |count: usize| match count {
        1 => "1 pod".to_owned(),
        count => format!("{count} pods"),
    };
    let words = nodes.iter().map(|(endpoints, names)| {
        let names = match names.as_slice() {
            many if many.len() > 4 => format!("{} nodes", many.len()),
            few => few.join(", "),
        };
        format!("{names} → {}", pods(endpoints.len()))
    });
    let words: Vec<String> = words.collect();
    (format!("by their own tables {}", words.join(" · ")), role)
}
