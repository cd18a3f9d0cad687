//! What became of the requests to a Service or a pod, in a few words.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use crate::api::{Key, Kind, Pod, Typed};
use crate::cluster::{Counts, Flow};
use crate::kubectl::printers::pod_status;
use crate::sim::counted;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many pods that lost requests are named.
const LOSERS: usize = 2;

/// How many requests a Service gets and has lost, for its line in the tree: in the words that fit
/// into the room, the shortest when none do.
pub(super) fn of_service(view: &View<'_>, service: &Key, room: usize) -> Option<(String, Role)> {
    let flow = view.world().traffic().flow(service)?;
    let (rate, lost, sent) = (flow.rate, flow.total.lost(), flow.total.sent());
    let variants = [
        format!("{rate} requests/s, {lost} of {sent} lost"),
        format!("{rate}/s, {lost} of {sent} lost"),
        format!("{lost} of {sent} lost"),
        format!("{lost} lost"),
    ];
    let fits = variants.iter().find(|words| words.width() <= room);
    let words = fits.unwrap_or(&variants[3]).clone();
    Some((words, if lost == 0 { Role::Current } else { Role::Bad }))
}

/// What the lower part says of the requests to an object, line by line.
pub(super) fn lines(view: &View<'_>, key: &Key) -> Vec<(String, Role)> {
    let traffic = view.world().traffic();
    match key.kind {
        Kind::Service => traffic
            .flow(key)
            .map(|flow| {
                let all = [Some(sum(&flow.total)), seconds(flow), losers(view, flow)];
                let all = all.into_iter().flatten();
                all.chain(std::iter::once(roads(view, flow))).collect()
            })
            .unwrap_or_default(),
        Kind::Pod => traffic
            .flows()
            .filter_map(|flow| flow.pods.get(key).map(sum))
            .collect(),
        _ => Vec::new(),
    }
}

/// The pods that lost most, and how they stand now.
fn losers(view: &View<'_>, flow: &Flow) -> Option<(String, Role)> {
    let lost = flow.pods.iter().map(|(pod, counts)| (counts.lost(), pod));
    let mut lost: Vec<(u64, &Key)> = lost.filter(|(lost, _)| *lost > 0).collect();
    lost.sort_by_key(|(lost, pod)| (std::cmp::Reverse(*lost), *pod));
    let words = lost.iter().take(LOSERS).map(|(lost, pod)| {
        let there = view.world().store().get(pod).and_then(Pod::of);
        let state = there.map_or_else(|| "gone".into(), pod_status);
        format!("{lost} at {} ({state})", pod.name)
    });
    let mut words: Vec<String> = words.collect();
    match lost.len().saturating_sub(LOSERS) {
        0 => {}
        1 => words.push("1 more pod".to_owned()),
        more => words.push(counted(more, "more pod")),
    }
    (!words.is_empty()).then(|| (format!("lost {}", words.join(", ")), Role::Bad))
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

/// The last second, and the worst one when requests were lost.
fn seconds(flow: &Flow) -> Option<(String, Role)> {
    let newest = flow.seconds.last()?.counts;
    let now = format!(
        "last second {} answered, {} lost",
        newest.answered,
        newest.lost()
    );
    let role = if newest.lost() == 0 {
        Role::Dim
    } else {
        Role::Bad
    };
    let worst = flow.seconds.iter().max_by_key(|second| {
        let earlier = std::cmp::Reverse(second.at);
        (second.counts.lost(), earlier)
    });
    let worst = worst.filter(|second| second.counts.lost() > 0);
    let worst = worst.map_or_else(String::new, |second| {
        let (lost, at) = (second.counts.lost(), second.at);
        format!(" · worst {lost} lost in the second to {at}")
    });
    Some((now + &worst, role))
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
    let words = nodes.iter().map(|(endpoints, names)| {
        let names = match names.as_slice() {
            many if many.len() > 4 => format!("{} nodes", many.len()),
            few => few.join(", "),
        };
        format!("{names} → {}", counted(endpoints.len(), "pod"))
    });
    let words: Vec<String> = words.collect();
    (format!("by their own tables {}", words.join(" · ")), role)
}
