//! How many more of a pod fit: schedule one, let it take its place, and so on until none fits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::account::rejections;
use super::question::Question;
use crate::kubectl::printers::{Table, render};
use crate::scheduler::{Decision, Profile, Rejection, schedule};
use crate::sim::Random;

/// After so many the count stops.
const PODS_MOST: usize = 10_000;

/// How many more fit, and what stops them.
pub(super) struct Filling {
    /// How many found a place.
    count: usize,
    /// How many of them on each node; all nodes in the order of the round.
    nodes: Vec<(Arc<str>, usize)>,
    /// The decision about the first that found none; nothing when the count stopped before.
    last: Option<Decision>,
}

impl Filling {
    /// Places one copy after the other beside all pods that are there.
    pub(super) fn try_all(question: &Question, profile: &Profile, seed: u64) -> Self {
        let mut world = question.world_as_it_is.clone();
        let mut random = Random::stream(seed, "explain");
        let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        let (mut count, mut start, mut last) = (0, 0, None);
        while count < PODS_MOST {
            let mut pod = question.pod.clone();
            // No pod of the cluster can have this name, as + is not allowed in names.
            pod.metadata_mut().name = Some(format!("{}+{count}", question.pod.name()));
            pod.status_mut().nominated_node_name = None;
            let decision = schedule(&pod, &world, profile, &mut random, start);
            start = decision.next_start(start);
            let Some(node) = decision.winner().cloned() else {
                last = Some(decision);
                break;
            };
            world.assume(&pod, &node);
            *counts.entry(node).or_insert(0) += 1;
            count += 1;
        }
        let names = world.node_names().iter();
        let of = |name: &Arc<str>| (Arc::clone(name), counts.get(name).copied().unwrap_or(0));
        Self {
            count,
            nodes: names.map(of).collect(),
            last,
        }
    }

    fn stops(&self) -> BTreeMap<Arc<str>, Rejection> {
        let rejections = self.last.as_ref().map(rejections);
        rejections.into_iter().flatten().collect()
    }

    fn message(&self) -> &str {
        let message = self.last.as_ref().and_then(Decision::message);
        message.unwrap_or_default()
    }

    /// Whether others would have to make way for the next one.
    fn may_preempt(&self) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|decision| decision.nominated_node().is_some())
    }

    /// As a table and sentences.
    pub(super) fn to_text(&self, question: &Question) -> String {
        let stops = self.stops();
        let rows = self.nodes.iter().map(|(node, count)| {
            let stop = stops.get(node).map_or_else(String::new, |rejection| {
                format!("{}: {}", rejection.plugin, rejection.refusal.message())
            });
            vec![node.to_string(), count.to_string(), stop]
        });
        let table = Table {
            headers: ["NODE", "MORE", "THEN STOPPED BY"]
                .map(str::to_owned)
                .into(),
            rows: rows.collect(),
        };
        let (name, count) = (question.name(), self.count);
        let fit = if count == 1 { "fits" } else { "fit" };
        let mut text = format!(
            "{count} more of pod {name} {fit} beside what is there.\n\n{}\n",
            render(&table)
        );
        let told = match &self.last {
            Some(_) => writeln!(text, "What stops number {}: {}", count + 1, self.message()),
            None => writeln!(text, "The count stops at {PODS_MOST}; more may fit."),
        };
        told.expect("writing to memory does not fail");
        if self.may_preempt() {
            text.push_str("By its priority it could still come where others make way.\n");
        }
        text
    }

    /// The same for programs.
    pub(super) fn to_value(&self, question: &Question) -> Value {
        let stops = self.stops();
        let nodes = self.nodes.iter().map(|(node, count)| {
            let stop = stops.get(node).map(|rejection| {
                json!({
                    "plugin": rejection.plugin,
                    "reasons": rejection.refusal.reasons,
                    "code": rejection.refusal.code.to_string(),
                })
            });
            json!({"node": &**node, "more": count, "thenStoppedBy": stop})
        });
        json!({
            "pod": question.name(),
            "more": self.count,
            "isCutOff": self.last.is_none(),
            "nodes": nodes.collect::<Vec<_>>(),
            "stoppedBy": self.message(),
            "couldPreempt": self.may_preempt(),
        })
    }
}
