//! What becomes of a node that is silent, and of the pods on it: who knows already, and who goes when.

use std::sync::Arc;

use crate::api::{Key, Node, Pod, Typed, core, taint};
use crate::cluster::{Cluster, Wait};
use crate::sim::{Time, span_words};
use crate::ui::panes::index::Shelf;
use crate::ui::theme::Role;

/// The loop that ends pods on tainted nodes.
const EVICTION: &str = "taint-eviction-controller";

/// The state of a node that says nothing while it still counts as ready: `no power, counts as Ready
/// for 34.9s`.
pub(super) fn unnoticed(world: &Cluster, node: &str) -> Option<String> {
    let until = world.unnoticed_until(node);
    if until.is_none() && (world.is_monitored() || !world.is_silent(node)) {
        return None;
    }
    let has_power = world
        .kubelet(node)
        .is_some_and(|part| part.component.is_on());
    let what = if has_power { "silent" } else { "no power" };
    Some(match until {
        Some(until) => {
            let left = span_words(until.since(world.now()));
            format!("{what}, counts as Ready for {left}")
        }
        None => format!("{what}, and nobody watches: node-lifecycle-controller does nothing"),
    })
}

/// When the pods of a node go, and which of them cannot.
pub(super) fn of_pods(
    world: &Cluster,
    name: &Arc<str>,
    node: &Node,
    load: &Shelf,
) -> Vec<(String, Role)> {
    let is_troubled = node
        .spec
        .taints
        .iter()
        .flatten()
        .any(|taint| taint.effect == "NoExecute");
    if !is_troubled && !world.is_silent(name) {
        return Vec::new();
    }
    let mut leaving: Vec<(Time, Key)> = Vec::new();
    let mut stranded = 0;
    for wait in world.waits() {
        match wait {
            Wait::Look {
                who: EVICTION,
                at,
                until,
                ..
            } if load.pods.contains(&at) => {
                leaving.push((until, at));
            }
            Wait::Stranded { pod, .. } if load.pods.contains(&pod) => stranded += 1,
            _ => {}
        }
    }
    leaving.sort();
    let mut words = Vec::new();
    if let Some((until, pod)) = leaving.first() {
        let left = span_words(until.since(world.now()));
        let who = match leaving.len() {
            1 => "1 pod leaves".to_owned(),
            pods => format!("{pods} pods leave"),
        };
        let pod = world.store().get(pod).and_then(Pod::of);
        let tolerated = pod.and_then(|pod| tolerated(pod, node));
        let tolerated = tolerated.map_or_else(String::new, |seconds| {
            format!(" (tolerated for {seconds} s)")
        });
        words.push((format!("{who} in {left}{tolerated}"), Role::Waiting));
    }
    if stranded > 0 {
        let text = format!("{stranded} Terminating: gone only when its kubelet answers");
        words.push((text, Role::Waiting));
    }
    words
}

/// For how many seconds a pod tolerates what evicts it from a node.
fn tolerated(pod: &Pod, node: &Node) -> Option<i64> {
    let taints = node.spec.taints.iter().flatten();
    let evicting = taints.filter(|taint| taint.effect == "NoExecute");
    let seconds = evicting.filter_map(|each| {
        let mut tolerations = pod.spec.tolerations.iter().flatten();
        tolerations
            .find(|toleration| taint::tolerates(toleration, each))?
            .toleration_seconds
    });
    seconds.min()
}

/// `unreachable:NoExecute,NoSchedule`: the effects of one taint together, without the part of the key
/// that all of Kubernetes' own share.
pub(super) fn taints(node: &Node) -> Vec<String> {
    let mut words: Vec<(String, Vec<&str>)> = Vec::new();
    for taint in node.spec.taints.iter().flatten() {
        let key = key_words(taint);
        match words.iter_mut().find(|(known, _)| *known == key) {
            Some((_, effects)) => effects.push(&taint.effect),
            None => words.push((key, vec![&taint.effect])),
        }
    }
    let words = words.into_iter().map(|(key, mut effects)| {
        effects.sort_unstable();
        format!("{key}:{}", effects.join(","))
    });
    words.collect()
}

fn key_words(taint: &core::Taint) -> String {
    let key = taint
        .key
        .strip_prefix("node.kubernetes.io/")
        .unwrap_or(&taint.key);
    match taint.value.as_deref().filter(|value| !value.is_empty()) {
        Some(value) => format!("{key}={value}"),
        None => key.to_owned(),
    }
}
