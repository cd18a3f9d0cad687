//! The sentence that says why a pod fits nowhere, clause by clause: how many nodes for which reason.

use std::collections::BTreeMap;

use super::decision::{Decision, Scope};
use super::filters::Rejection;

/// What the nodes say on which preemption was not tried.
pub(super) const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// A piece of the sentence. All pieces together are the sentence, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// Words between the clauses.
    Words(String),
    /// A reason, with the number of nodes that it holds for.
    Clause(Clause),
}

/// A reason, with the number of nodes that it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Why the pod does not fit, or why no pod can make way for it.
    pub half: Half,
    /// The reason, in the words of the plugin.
    pub reason: String,
    /// For how many nodes it holds; nothing when it is said of the pod and so of all nodes.
    pub nodes: Option<usize>,
}

/// The halves of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// Why the pod does not fit.
    Filter,
    /// Why no pod can make way for it.
    Preemption,
}

impl Clause {
    /// The clause as it stands in the sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self.nodes {
            Some(nodes) => format!("{nodes} {}", self.reason),
            None => self.reason.clone(),
        }
    }
}

impl Decision {
    /// The message for a pod that fits nowhere, in pieces; nothing when it got a node or could not
    /// be decided.
    #[must_use]
    pub fn phrases(&self) -> Vec<Phrase> {
        let super::decision::Outcome::Unschedulable {
            message,
            preemption,
        } = &self.outcome
        else {
            return Vec::new();
        };
        let all = self.node_count();
        if all == 0 {
            return vec![Phrase::Words(message.clone())];
        }
        let mut phrases = vec![Phrase::Words(format!("{} ", available(all)))];
        if let Some(refused) = self
            .before
            .as_ref()
            .filter(|_| self.scope == Scope::Refused)
        {
            phrases.push(Phrase::Clause(Clause {
                half: Half::Filter,
                reason: refused.refusal.message(),
                nodes: None,
            }));
            let told = refused_outright(all, Some(refused));
            let rest = message
                .strip_prefix(&*told)
                .filter(|_| preemption.is_none());
            phrases.push(Phrase::Words(format!(".{}", rest.unwrap_or_default())));
        } else {
            let histogram = of_filters(
                all,
                self.verdicts.iter().copied(),
                &self.rejections,
                self.before.as_ref(),
            );
            histogram.add_to(&mut phrases, Half::Filter);
        }
        let Some(preemption) = preemption.as_deref() else {
            return phrases;
        };
        let Some(words) = preemption.message.strip_prefix(PREEMPTION) else {
            return phrases;
        };
        if words.starts_with(&available(all)) {
            phrases.push(Phrase::Words(format!(" {PREEMPTION}{} ", available(all))));
            let histogram = of_preemption(all, &preemption.hopeless);
            histogram.add_to(&mut phrases, Half::Preemption);
        } else {
            phrases.push(Phrase::Words(format!(" {PREEMPTION}")));
            phrases.push(Phrase::Clause(Clause {
                half: Half::Preemption,
                reason: words.to_owned(),
                nodes: None,
            }));
        }
        phrases
    }

    /// The reasons that preemption gives for a node; that it was of no use to try when it was not
    /// among those that were.
    #[must_use]
    pub fn preemption_reasons(&self, node: &str) -> Vec<&str> {
        let Some(preemption) = self.preemption() else {
            return Vec::new();
        };
        let mut tried = preemption.hopeless.iter();
        match tried.find(|(name, _)| **name == *node) {
            Some((_, rejection)) => rejection
                .refusal
                .reasons
                .iter()
                .map(|each| &**each)
                .collect(),
            None => vec![NOT_HELPFUL],
        }
    }
}

/// How the half of preemption begins.
const PREEMPTION: &str = "preemption: ";

/// Counts the reasons of the nodes that were looked at, and of those that were left out before.
pub(super) fn of_filters(
    all: usize,
    verdicts: impl Iterator<Item = u16>,
    rejections: &[Rejection],
    before: Option<&Rejection>,
) -> Histogram {
    let mut histogram = Histogram::default();
    let mut counts = vec![0; rejections.len()];
    let mut looked_at = 0;
    for verdict in verdicts {
        looked_at += 1;
        if let Some(place) = usize::from(verdict).checked_sub(1) {
            counts[place] += 1;
        }
    }
    for (rejection, count) in rejections.iter().zip(counts) {
        histogram.count(&rejection.refusal.reasons, count);
    }
    if let Some(before) = before {
        histogram.count(&before.refusal.reasons, all - looked_at);
    }
    histogram
}

/// Counts why preemption is of no use on each node.
pub(super) fn of_preemption<N>(all: usize, hopeless: &[(N, Rejection)]) -> Histogram {
    let mut histogram = Histogram::default();
    for (_, rejection) in hopeless {
        histogram.count(&rejection.refusal.reasons, 1);
    }
    histogram.count(&[NOT_HELPFUL], all - hopeless.len());
    histogram
}

/// Counts reasons of nodes. Source: `FitError` of `pkg/scheduler/framework/types.go`.
#[derive(Debug, Default)]
pub(super) struct Histogram(BTreeMap<String, usize>);

impl Histogram {
    /// Counts these reasons for so many nodes.
    pub(super) fn count<R: AsRef<str>>(&mut self, reasons: &[R], nodes: usize) {
        if nodes == 0 {
            return;
        }
        for reason in reasons {
            *self.0.entry(reason.as_ref().to_owned()).or_insert(0) += nodes;
        }
    }

    /// The clauses in the order of the sentence: sorted as text with their numbers in front.
    fn clauses(&self, half: Half) -> Vec<Clause> {
        let each = self.0.iter().map(|(reason, count)| Clause {
            half,
            reason: reason.clone(),
            nodes: Some(*count),
        });
        let mut clauses: Vec<Clause> = each.collect();
        clauses.sort_by_cached_key(Clause::text);
        clauses
    }

    fn add_to(&self, phrases: &mut Vec<Phrase>, half: Half) {
        let clauses = self.clauses(half);
        if clauses.is_empty() {
            return;
        }
        for (place, clause) in clauses.into_iter().enumerate() {
            if place > 0 {
                phrases.push(Phrase::Words(", ".to_owned()));
            }
            phrases.push(Phrase::Clause(clause));
        }
        phrases.push(Phrase::Words(".".to_owned()));
    }

    /// `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.`
    pub(super) fn sentence(&self, nodes: usize) -> String {
        let parts: Vec<String> = self
            .clauses(Half::Filter)
            .iter()
            .map(Clause::text)
            .collect();
        if parts.is_empty() {
            available(nodes)
        } else {
            format!("{} {}.", available(nodes), parts.join(", "))
        }
    }
}

/// `0/3 nodes are available: reason.`
pub(super) fn refused_outright(nodes: usize, rejection: Option<&Rejection>) -> String {
    let reason = rejection.map(|rejection| rejection.refusal.message());
    format!("{} {}.", available(nodes), reason.unwrap_or_default())
}

fn available(nodes: usize) -> String {
    format!("0/{nodes} nodes are available:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted_as_text_with_their_numbers_in_front() {
        let mut histogram = Histogram::default();
        histogram.count(&["Insufficient cpu"], 10);
        histogram.count(&["Insufficient memory", "Too many pods"], 2);
        histogram.count(&["never"], 0);
        assert_eq!(
            histogram.sentence(12),
            "0/12 nodes are available: 10 Insufficient cpu, 2 Insufficient memory, 2 Too many pods."
        );
    }
}
