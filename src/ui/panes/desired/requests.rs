//! What became of the requests to a Service or a pod, in a few words.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use crate::api::{Key, Kind};
use crate::cluster::{Counts, Flow};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many requests a Service gets and has lost, for its line in the tree: in the words that fit
/// into the room, the shortest when none do.
pub(super) fn of_service(view: &View<'_>, service: &Key, room: usize) -> Option<(String, Role)> {
    let flow = view.world().traffic().flow(service)?;
    let (rate, lost) = (flow.rate, flow.total.lost());
    let variants = [
        format!("{rate} requests/s, {lost} lost"),
        format!("{rate}/s, {lost} lost"),
        format!("{lost} lost"),
    ];
    let fits = variants.iter().find(|words| words.width() <= room);
    let words = fits.unwrap_or(&variants[2]).clone();
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
