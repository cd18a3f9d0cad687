//! A what-if answer as text and for programs: the real matrix with `→` where the imagined one differs.

use serde_json::{Value, json};

use super::question::Question;
use crate::kubectl::printers::{Table, render};
use crate::scheduler::{Pairing, Points, WhatIf};

/// As a table and a sentence.
pub(super) fn text(answer: &WhatIf, question: &Question) -> String {
    let premises: Vec<String> = answer.premises.iter().map(ToString::to_string).collect();
    let mut lines = vec![format!("Pod {}", question.name())];
    lines.extend(question.remarks.iter().cloned());
    lines.push(format!("What if: {}", premises.join(", ")));
    lines.push(String::new());
    lines.push(render(&table(answer)));
    lines.push(answer.sentence());
    lines.join("\n") + "\n"
}

/// The same for programs.
pub(super) fn value(answer: &WhatIf, question: &Question) -> Value {
    let mut value = answer.to_value();
    value["pod"] = json!(question.name());
    value["remarks"] = json!(question.remarks);
    value
}

fn table(answer: &WhatIf) -> Table {
    let plugins = answer.plugins();
    let mut headers = vec!["NODE".to_owned(), "TOTAL".to_owned()];
    headers.extend(plugins.iter().map(|plugin| (*plugin).to_owned()));
    headers.push("VERDICT".to_owned());
    let pairings = answer.pairings();
    Table {
        headers,
        rows: pairings.iter().map(row).collect(),
    }
}

fn row(pairing: &Pairing<'_>) -> Vec<String> {
    let total = pairing.standings.map(|standing| {
        let total = standing.total();
        total.map_or_else(|| "-".to_owned(), |total| total.to_string())
    });
    let mut row = vec![pairing.node.to_string(), both(total)];
    let cell = |points: Option<Points>| {
        points.map_or_else(
            || "-".to_owned(),
            |points| format!("{}×{}", points.normalized, points.weight),
        )
    };
    row.extend(pairing.points.iter().map(|points| both(points.map(cell))));
    row.push(both(pairing.standings.map(|standing| standing.words())));
    row
}

/// One text where both are equal, else `real→imagined`.
fn both([real, imagined]: [String; 2]) -> String {
    if real == imagined {
        real
    } else {
        format!("{real}→{imagined}")
    }
}
