//! Decisions as JSON: in full, and in the form of the recorded conformance cases.

use serde_json::{Map, Value, json};

use super::decision::{Decision, Outcome, Scope};
use super::filters::Rejection;
use super::preemption::{Candidate, Preemption};

impl Decision {
    /// The decision in the form of a line of `expected.jsonl`, without the name of the case: only
    /// fields that have something to say.
    #[must_use]
    pub fn to_expected_value(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            let is_empty = match &value {
                Value::Null => true,
                Value::Object(fields) => fields.is_empty(),
                Value::Array(items) => items.is_empty(),
                _ => false,
            };
            if !is_empty {
                fields.insert(name.to_owned(), value);
            }
        };
        put("preFilter", self.pre_filter().map(rejection).into());
        put("rejected", self.rejected());
        put("weightedScores", self.weighted_scores());
        put("totalScores", self.total_scores());
        put("best", self.best_names().into());
        put("unschedulableMessage", self.message().into());
        put(
            "nominatedNode",
            self.nominated_node().map(|node| &**node).into(),
        );
        let choice = self.preemption().and_then(Preemption::choice);
        put("victims", choice.map(victim_names).into());
        Value::Object(fields)
    }

    /// The whole decision.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let filters: Vec<Value> = self
            .verdicts()
            .map(|(node, refused)| json!({"node": &**node, "rejected": refused.map(rejection)}))
            .collect();
        let mut value = json!({
            "pod": format!("{}/{}", self.pod.namespace, self.pod.name),
            "profile": &*self.profile,
            "nodes": self.node_count(),
            "scope": match self.scope() {
                Scope::All => "All",
                Scope::Narrowed => "Narrowed",
                Scope::Refused => "Refused",
                Scope::Nominated => "Nominated",
            },
            "preFilter": self.pre_filter().map(rejection),
            "filters": filters,
            "leftOut": self.left_out().map(|(node, _)| &**node).collect::<Vec<_>>(),
            "sampledOut": self.sampled_out(),
            "scores": self.score_rows(),
        });
        let Some(fields) = value.as_object_mut() else {
            return value;
        };
        match &self.outcome {
            Outcome::Fits { .. } => {
                fields.insert("best".to_owned(), self.best_names().into());
                fields.insert(
                    "winner".to_owned(),
                    self.winner().map(|node| &**node).into(),
                );
            }
            Outcome::Unschedulable {
                message,
                preemption,
            } => {
                fields.insert("unschedulableMessage".to_owned(), message.as_str().into());
                let preemption = preemption.as_deref().map(preemption_value);
                fields.insert("preemption".to_owned(), preemption.into());
            }
            Outcome::Failed { message } => {
                fields.insert("error".to_owned(), message.as_str().into());
            }
        }
        value
    }

    fn rejected(&self) -> Value {
        let pairs = self
            .rejections()
            .map(|(node, refused)| (node.to_string(), rejection(refused)));
        Value::Object(pairs.collect())
    }

    fn weighted_scores(&self) -> Value {
        let rows = self.feasible().enumerate().map(|(place, node)| {
            let cells = self.columns().iter();
            let cells =
                cells.map(|column| (column.plugin.to_owned(), column.weighted(place).into()));
            (node.to_string(), Value::Object(cells.collect()))
        });
        Value::Object(rows.collect())
    }

    fn total_scores(&self) -> Value {
        let rows = self.feasible().enumerate();
        let rows = rows.map(|(place, node)| (node.to_string(), self.total(place).into()));
        Value::Object(rows.collect())
    }

    fn score_rows(&self) -> Vec<Value> {
        let rows = self.feasible().enumerate().map(|(place, node)| {
            let cells = self.columns().iter().map(|column| {
                json!({
                    "plugin": column.plugin,
                    "raw": column.raw[place],
                    "normalized": column.normalized[place],
                    "weight": column.weight,
                    "weighted": column.weighted(place),
                })
            });
            json!({
                "node": &**node,
                "cells": cells.collect::<Vec<_>>(),
                "total": self.total(place),
            })
        });
        rows.collect()
    }

    /// The feasible nodes with the best total, by name.
    #[must_use]
    pub fn best_names(&self) -> Vec<&str> {
        let Outcome::Fits { best, .. } = &self.outcome else {
            return Vec::new();
        };
        let feasible: Vec<&str> = self.feasible().map(|node| &**node).collect();
        let mut names: Vec<&str> = best.iter().map(|place| feasible[*place]).collect();
        names.sort_unstable();
        names
    }
}

fn rejection(rejection: &Rejection) -> Value {
    json!({
        "plugin": rejection.plugin,
        "reasons": rejection.refusal.reasons,
        "code": rejection.refusal.code.to_string(),
    })
}

fn victim_names(candidate: &Candidate) -> Vec<String> {
    let mut names: Vec<String> = candidate
        .victims
        .iter()
        .map(|victim| format!("{}/{}", victim.key.namespace, victim.key.name))
        .collect();
    names.sort();
    names
}

fn preemption_value(preemption: &Preemption) -> Value {
    let candidates = preemption.candidates.iter().map(|candidate| {
        let victims = candidate.victims.iter().map(|victim| {
            json!({
                "pod": format!("{}/{}", victim.key.namespace, victim.key.name),
                "priority": victim.priority,
                "started": victim.started.map(|time| time.to_string()),
            })
        });
        json!({
            "node": &*candidate.node,
            "budgetViolations": candidate.budget_violations,
            "victims": victims.collect::<Vec<_>>(),
        })
    });
    let hopeless = preemption.hopeless.iter();
    let hopeless =
        hopeless.map(|(node, refused)| json!({"node": &**node, "rejected": rejection(refused)}));
    json!({
        "candidates": candidates.collect::<Vec<_>>(),
        "hopeless": hopeless.collect::<Vec<_>>(),
        "nominatedNode": preemption.choice().map(|candidate| &*candidate.node),
        "because": preemption.chosen.map(|(_, criterion)| format!("{criterion:?}")),
        "message": preemption.message,
    })
}
