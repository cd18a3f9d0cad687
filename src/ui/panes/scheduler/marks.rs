//! The marks that join a clause of the FailedScheduling message to the nodes that it counts.

use crate::scheduler::{Clause, Half, Phrase};

const SIGNS: [&str; 20] = [
    "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨", "⑩", "⑪", "⑫", "⑬", "⑭", "⑮", "⑯", "⑰", "⑱", "⑲",
    "⑳",
];

/// The clauses of a message in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(Vec<Clause>);

impl Marks {
    /// The marks of a message.
    pub(super) fn of(phrases: &[Phrase]) -> Self {
        let clauses = phrases.iter().filter_map(|phrase| match phrase {
            Phrase::Clause(clause) => Some(clause.clone()),
            Phrase::Words(_) => None,
        });
        Self(clauses.collect())
    }

    /// The mark of the clause at a place. Clauses beyond the twentieth share one.
    pub(super) fn sign(place: usize) -> &'static str {
        SIGNS.get(place).copied().unwrap_or("⊕")
    }

    /// The places of the clauses that count these reasons.
    pub(super) fn places<R: AsRef<str>>(&self, half: Half, reasons: &[R]) -> Vec<usize> {
        let clauses = self.0.iter().enumerate();
        let counting = clauses.filter(|(_, clause)| {
            let is_counted = |reason: &R| reason.as_ref() == clause.reason;
            clause.half == half && (clause.nodes.is_none() || reasons.iter().any(is_counted))
        });
        counting.map(|(place, _)| place).collect()
    }
}
