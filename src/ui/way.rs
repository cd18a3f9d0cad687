//! The way from a record back to what came from outside, or on to everything that followed from it.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{Record, Trace};
use crate::sim::{RecordId, span_words};

/// How many effects a way holds.
const EFFECTS_MOST: usize = 500;

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// Why? From cause to cause, back to the outside.
    Causes,
    /// What then? To everything that followed.
    Effects,
}

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each record.
    List,
    /// A lane for each actor, time to the right, arrows from cause to effect.
    Lanes,
}

/// A way that somebody reads. List and lanes have the same cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Where it begins.
    pub record: RecordId,
    /// Which way it goes.
    pub towards: Towards,
    /// How it is shown.
    pub form: Form,
    /// Which hop has the cursor, the record itself being 0.
    pub cursor: usize,
}

/// A record on the way.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The record.
    pub record: Arc<Record>,
    /// How many hops lie between it and the beginning of the way.
    pub depth: usize,
}

/// All records of a way, the one that it begins with first.
#[derive(Clone, Debug)]
pub struct Hops {
    /// The records.
    pub list: Vec<Hop>,
    /// How many more followed than there is room for.
    pub left_out: usize,
    /// Why it ends though somebody caused its last record: what came before is forgotten.
    pub breaks_off: Option<String>,
}

impl Way {
    /// The way from a record.
    #[must_use]
    pub const fn from(record: RecordId, towards: Towards) -> Self {
        Self {
            record,
            towards,
            form: Form::List,
            cursor: 0,
        }
    }

    /// The same in the other form.
    #[must_use]
    pub fn turned(mut self) -> Self {
        self.form = match self.form {
            Form::List => Form::Lanes,
            Form::Lanes => Form::List,
        };
        self
    }

    /// The records on it.
    #[must_use]
    pub fn hops(&self, trace: &Trace) -> Hops {
        let hop = |(depth, record): (usize, &Arc<Record>)| Hop {
            record: Arc::clone(record),
            depth,
        };
        if self.towards == Towards::Causes {
            let list: Vec<Hop> = trace.why(self.record).enumerate().map(hop).collect();
            let end = list.last();
            return Hops {
                breaks_off: end.and_then(|hop| trace.breaks_off(&hop.record)),
                list,
                left_out: 0,
            };
        }
        let effects = trace.effects(self.record, EFFECTS_MOST);
        let first = trace.get(self.record).map(|record| hop((0, record)));
        let rest = effects.shown.into_iter().map(|effect| Hop {
            record: effect.record,
            depth: effect.depth,
        });
        Hops {
            list: first.into_iter().chain(rest).collect(),
            left_out: effects.left_out,
            breaks_off: None,
        }
    }

    /// The record under the cursor.
    #[must_use]
    pub fn under_cursor(&self, trace: &Trace) -> Option<RecordId> {
        let hops = self.hops(trace);
        hops.list.get(self.cursor).map(|hop| hop.record.id)
    }

    /// Moves the cursor to a record of the way.
    pub fn go_to(&mut self, record: RecordId, trace: &Trace) {
        let hops = self.hops(trace).list;
        if let Some(place) = hops.iter().position(|hop| hop.record.id == record) {
            self.cursor = place;
        }
    }
}

/// `+0s`, `+12ms`, `+4.1s`, `+5m3s`: how long after its cause.
#[must_use]
pub fn latency_words(latency: Duration) -> String {
    format!("+{}", span_words(latency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_as_exact_as_one_wants_to_know() {
        for (micros, words) in [
            (0, "+0s"),
            (900, "+<1ms"),
            (12_400, "+12ms"),
            (4_160_000, "+4.1s"),
            (303_000_000, "+5m3s"),
        ] {
            assert_eq!(latency_words(Duration::from_micros(micros)), words);
        }
    }
}
