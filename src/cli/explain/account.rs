//! The account of a decision: why this node, why not each other, what would have to change.

use std::sync::Arc;

use serde_json::{Value, json};

use super::question::Question;
use super::remedy::{Way, way};
use crate::scheduler::{Decision, Outcome, Profile, Scope, schedule};
use crate::sim::Random;

/// For so many nodes it is worked out what would have to change.
const WAYS_MOST: usize = 200;

/// A decision with what can be said about it.
pub(super) struct Account {
    /// The decision.
    pub(super) decision: Decision,
    /// One sentence: why this node, or why none.
    pub(super) why: String,
    /// Each other node, the best first.
    pub(super) others: Vec<Other>,
    /// How many nodes were not worked out because there are so many.
    pub(super) more: usize,
}

/// A node that the pod does not go to.
pub(super) struct Other {
    /// Its name.
    pub(super) node: Arc<str>,
    /// What would have to change.
    pub(super) change: String,
}

impl Account {
    /// Decides, and looks into what was decided.
    pub(super) fn new(question: &Question, profile: &Profile, seed: u64) -> Self {
        let mut random = Random::stream(seed, "explain");
        let decision = schedule(&question.pod, &question.world, profile, &mut random, 0);
        let mut others: Vec<Other> = losers(&decision);
        let refused: Vec<_> = decision
            .rejections()
            .map(|(node, _)| Arc::clone(node))
            .collect();
        let more = refused.len().saturating_sub(WAYS_MOST);
        for node in refused.into_iter().take(WAYS_MOST) {
            let found = way(&question.pod, &question.world, profile, &node);
            let change = with_victims(&decision, &node, &found);
            others.push(Other { node, change });
        }
        Self {
            why: why(&decision, seed),
            decision,
            others,
            more,
        }
    }

    /// The whole account for programs.
    pub(super) fn to_value(&self, question: &Question) -> Value {
        let others = self.others.iter();
        let others = others
            .map(|other| json!({"node": &*other.node, "whatWouldHaveToChange": other.change}));
        json!({
            "pod": question.name(),
            "boundTo": question.bound.as_deref(),
            "remarks": question.remarks,
            "why": self.why,
            "others": others.collect::<Vec<_>>(),
            "othersNotWorkedOut": self.more,
            "decision": self.decision.to_value(),
        })
    }
}

/// The places of the feasible nodes, the best first; equal ones in the order of the round.
pub(super) fn ranking(decision: &Decision) -> Vec<usize> {
    let mut places: Vec<usize> = (0..decision.feasible_count()).collect();
    let winner = match decision.outcome {
        Outcome::Fits { winner, .. } => Some(winner),
        _ => None,
    };
    places.sort_by_key(|place| (-decision.total(*place), Some(*place) != winner));
    places
}

fn why(decision: &Decision, seed: u64) -> String {
    let count = decision.node_count();
    let (Outcome::Fits { winner, best }, Some(node)) = (&decision.outcome, decision.winner())
    else {
        return why_nowhere(decision);
    };
    if decision.scope() == Scope::Nominated {
        return format!(
            "{node}, because room was made for it there (status.nominatedNodeName) and it fits; no other node is looked at."
        );
    }
    let ranking = ranking(decision);
    let total = decision.total(*winner);
    let feasible: Vec<&Arc<str>> = decision.feasible().collect();
    if let [_] = ranking[..] {
        return match count {
            1 => format!("{node}, because it fits and there is no other node."),
            _ => format!("{node}, because it is the only one of {count} nodes that fits."),
        };
    }
    if best.len() > 1 {
        let names = decision.best_names().join(", ");
        return format!(
            "{node}, by chance: {names} are equally good with {total} points, and the scheduler takes one of the best at random (here by --seed {seed})."
        );
    }
    let next = ranking[1];
    let ahead = total - decision.total(next);
    format!(
        "{node}, because it has the highest total of the {} nodes that fit: {total}, {ahead} more than {} ({}).",
        ranking.len(),
        feasible[next],
        differences(decision, *winner, next)
    )
}

fn why_nowhere(decision: &Decision) -> String {
    let message = decision.message().unwrap_or_default();
    let Some(candidate) = decision.preemption().and_then(|found| found.choice()) else {
        return format!("No node: {message}");
    };
    let node = &candidate.node;
    let victims: Vec<String> = candidate
        .victims
        .iter()
        .map(|victim| format!("{}/{}", victim.key.namespace, victim.key.name))
        .collect();
    let (leave, budgets) = (
        if victims.len() == 1 {
            "leaves"
        } else {
            "leave"
        },
        match candidate.budget_violations {
            0 => String::new(),
            1 => ", against one disruption budget".to_owned(),
            several => format!(", against disruption budgets for {several} of them"),
        },
    );
    format!(
        "No node yet: {message} By its priority it gets {node} when {} {leave}{budgets}; until then {node} is nominated for it.",
        victims.join(", ")
    )
}

/// By which plugins the first of two nodes is better, and by which the second.
fn differences(decision: &Decision, first: usize, second: usize) -> String {
    let parts = decision.differences(first, second);
    let parts = parts
        .iter()
        .map(|(ahead, plugin)| format!("{plugin} {ahead:+}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// The nodes that fit and are not taken, and how many points they lack.
fn losers(decision: &Decision) -> Vec<Other> {
    let Outcome::Fits { winner, .. } = decision.outcome else {
        return Vec::new();
    };
    let feasible: Vec<&Arc<str>> = decision.feasible().collect();
    let most = decision.total(winner);
    let rest = ranking(decision)
        .into_iter()
        .filter(|place| *place != winner);
    let others = rest.map(|place| {
        let lacking = most - decision.total(place);
        let change = if lacking == 0 {
            "nothing: it is as good, and chance took the other".to_owned()
        } else {
            let points = if lacking == 1 { "point" } else { "points" };
            let differences = differences(decision, place, winner);
            format!("{} {points} more ({differences})", lacking + 1)
        };
        Other {
            node: Arc::clone(feasible[place]),
            change,
        }
    });
    others.collect()
}

/// The way for a node, and the shorter one by preemption if there is one.
fn with_victims(decision: &Decision, node: &str, way: &Way) -> String {
    let candidates = decision.preemption().map(|found| &found.candidates);
    let candidate = candidates
        .into_iter()
        .flatten()
        .find(|candidate| *candidate.node == *node);
    let words = way.words();
    match candidate {
        None => words,
        Some(candidate) => {
            let names: Vec<String> = candidate
                .victims
                .iter()
                .map(|victim| format!("{}/{}", victim.key.namespace, victim.key.name))
                .collect();
            format!(
                "{words}; or, as their priority is lower, that these make way: {}",
                names.join(", ")
            )
        }
    }
}
