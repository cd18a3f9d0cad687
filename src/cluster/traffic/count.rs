//! How many requests were answered, how many were lost, and why.

use serde_json::{Map, Value, json};

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The node knows no such Service, or it has no address.
    NoService,
    /// The Service has no endpoint.
    NoEndpoint,
    /// Nobody has the address of the endpoint any more.
    NoRoute,
    /// Nobody listens at the endpoint, or no longer.
    Refused,
    /// The process ended before it answered.
    Dropped,
    /// More were sent than the pod can answer.
    Overload,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NoService,
        Self::NoEndpoint,
        Self::NoRoute,
        Self::Refused,
        Self::Dropped,
        Self::Overload,
    ];

    /// What the client sees, in a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoService => "no such service",
            Self::NoEndpoint => "no endpoint",
            Self::NoRoute => "no route to host",
            Self::Refused => "connection refused",
            Self::Dropped => "connection reset",
            Self::Overload => "timed out",
        }
    }
}

/// How many requests were answered and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered.
    pub answered: u64,
    lost: [u64; Loss::ALL.len()],
}

impl Counts {
    /// How many were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.iter().sum()
    }

    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.answered + self.lost()
    }

    /// Why they were lost: each reason with its number, the most frequent first.
    #[must_use]
    pub fn reasons(&self) -> Vec<(Loss, u64)> {
        let mut reasons: Vec<(Loss, u64)> = Loss::ALL
            .into_iter()
            .map(|loss| (loss, self.lost[loss as usize]))
            .filter(|(_, count)| *count > 0)
            .collect();
        reasons.sort_by_key(|(loss, count)| (std::cmp::Reverse(*count), *loss));
        reasons
    }

    /// The reasons in words: `3 connection refused, 1 connection reset`.
    #[must_use]
    pub fn reasons_in_words(&self) -> String {
        let words = self.reasons().into_iter();
        let words = words.map(|(loss, count)| format!("{count} {}", loss.words()));
        words.collect::<Vec<_>>().join(", ")
    }

    /// For programs.
    #[must_use]
    pub fn to_value(self) -> Value {
        let reasons = self.reasons().into_iter();
        let reasons: Map<String, Value> = reasons
            .map(|(loss, count)| (loss.words().to_owned(), count.into()))
            .collect();
        json!({"answered": self.answered, "lost": self.lost(), "reasons": reasons})
    }

    pub(super) fn answer(&mut self, count: u64) {
        self.answered += count;
    }

    pub(super) fn lose(&mut self, count: u64, why: Loss) {
        self.lost[why as usize] += count;
    }

    /// Takes back answers that never came.
    pub(super) fn take_back(&mut self, count: u64) {
        self.answered = self.answered.saturating_sub(count);
        self.lose(count, Loss::Dropped);
    }

    /// What was added since `before`; what was taken back counts as nothing answered.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut lost = self.lost;
        for (now, then) in lost.iter_mut().zip(before.lost) {
            *now -= then;
        }
        Self {
            answered: self.answered.saturating_sub(before.answered),
            lost,
        }
    }
}
