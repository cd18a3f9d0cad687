//! The account as text: one row a node, then why this one, then what would have to change.

use std::fmt::Write as _;

use super::account::{Account, ranking};
use super::question::Question;
use crate::kubectl::printers::{Table, render};
use crate::scheduler::{Decision, Outcome, Rejection, Scope};

/// The whole text.
pub(super) fn text(question: &Question, account: &Account) -> String {
    let decision = &account.decision;
    let mut text = format!("Pod {}", question.name());
    if &*decision.profile != crate::scheduler::DEFAULT_SCHEDULER {
        push(&mut text, format_args!(", profile {}", decision.profile));
    }
    text.push('\n');
    for remark in &question.remarks {
        push(&mut text, format_args!("{remark}\n"));
    }
    text.push('\n');
    let table = table(decision);
    if !table.rows.is_empty() {
        text.push_str(&render(&table));
        text.push('\n');
    }
    push(&mut text, format_args!("Why: {}\n", account.why));
    if account.others.is_empty() {
        return text;
    }
    text.push_str(match decision.winner() {
        Some(_) => "\nFor another node to take it, this would have to change:\n",
        None => "\nFor it to fit, this would have to change:\n",
    });
    let width = account.others.iter().map(|other| other.node.len()).max();
    let width = width.unwrap_or(0);
    for other in &account.others {
        push(
            &mut text,
            format_args!("  {:width$}  {}\n", other.node, other.change),
        );
    }
    if account.more > 0 {
        push(
            &mut text,
            format_args!("  and {} more nodes\n", account.more),
        );
    }
    text
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what)
        .expect("writing to memory does not fail");
}

/// One row a node: marks and cells of those that fit, the best first; reasons of the others.
fn table(decision: &Decision) -> Table {
    let columns = decision.columns();
    let mut headers = vec!["NODE".to_owned()];
    if !columns.is_empty() {
        headers.push("TOTAL".to_owned());
        headers.extend(columns.iter().map(|column| column.plugin.to_owned()));
    }
    headers.push("VERDICT".to_owned());
    let mut rows = Vec::new();
    let feasible: Vec<&str> = decision.feasible().map(|node| &**node).collect();
    for place in ranking(decision) {
        let mut row = vec![feasible[place].to_owned()];
        if !columns.is_empty() {
            row.push(decision.total(place).to_string());
            row.extend(
                columns
                    .iter()
                    .map(|column| format!("{}×{}", column.normalized[place], column.weight)),
            );
        }
        row.push(verdict(decision, place));
        rows.push(row);
    }
    let mut refused = |node: &str, verdict: String| {
        let mut row = vec![node.to_owned()];
        row.resize(headers.len() - 1, "-".to_owned());
        row.push(verdict);
        rows.push(row);
    };
    for (node, rejection) in decision.rejections() {
        refused(node, reasons(rejection));
    }
    for node in decision.sampled_out_nodes() {
        refused(
            node,
            "not looked at: enough nodes that fit were found before".to_owned(),
        );
    }
    Table { headers, rows }
}

fn verdict(decision: &Decision, place: usize) -> String {
    let Outcome::Fits { winner, best } = &decision.outcome else {
        return "fits".to_owned();
    };
    let is_best = best.contains(&place);
    let words = match (place == *winner, is_best && best.len() > 1) {
        (true, false) => "WINS",
        (true, true) => "WINS by chance",
        (false, true) => "fits, as good",
        (false, false) => "fits",
    };
    if decision.scope() == Scope::Nominated {
        "WINS, nominated".to_owned()
    } else {
        words.to_owned()
    }
}

fn reasons(rejection: &Rejection) -> String {
    format!("{}: {}", rejection.plugin, rejection.refusal.message())
}
