//! How many more of a pod fit, as text and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::question::Question;
use crate::kubectl::printers::{Table, render};
use crate::scheduler::{FILL_MOST, Filling};

/// As a table and sentences.
pub(super) fn text(filling: &Filling, question: &Question) -> String {
    let stops = filling.stops();
    let rows = filling.nodes.iter().map(|(node, count)| {
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
    let (name, count) = (question.name(), filling.count);
    let fit = if count == 1 { "fits" } else { "fit" };
    let mut text = format!(
        "{count} more of pod {name} {fit} beside what is there.\n\n{}\n",
        render(&table)
    );
    let told = match &filling.last {
        Some(_) => writeln!(
            text,
            "What stops number {}: {}",
            count + 1,
            filling.message()
        ),
        None => writeln!(text, "The count stops at {FILL_MOST}; more may fit."),
    };
    told.expect("writing to memory does not fail");
    if filling.may_preempt() {
        text.push_str("By its priority it could still come where others make way.\n");
    }
    text
}

/// The same for programs.
pub(super) fn value(filling: &Filling, question: &Question) -> Value {
    let stops = filling.stops();
    let nodes = filling.nodes.iter().map(|(node, count)| {
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
        "more": filling.count,
        "isCutOff": filling.last.is_none(),
        "nodes": nodes.collect::<Vec<_>>(),
        "stoppedBy": filling.message(),
        "couldPreempt": filling.may_preempt(),
    })
}
