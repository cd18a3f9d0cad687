//! Whether a run made again is the recorded one, and at which record it first differs.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::{Fingerprint, Record, Trace};
use crate::sim::RecordId;

/// The most records that have a sign of their own; of longer traces, each second, fourth and so on.
const SIGNS_MOST: usize = 4096;

/// How many signs stand in one line of the file.
const SIGNS_A_LINE: usize = 76;

/// The sign for six bits.
const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

/// What stands for the first records of a trace, whether they are kept or not: how many there were,
/// their fingerprint, and for each so-manieth six bits of the fingerprint up to there.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    records: usize,
    print: Fingerprint,
    stride: usize,
    signs: Vector<u8>,
}

/// The same as a session file keeps it of a whole trace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceMark {
    records: usize,
    hash: String,
    signs: String,
}

/// What came of comparing a trace with what was kept of the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the same.
    Same {
        /// How many records it has.
        records: usize,
        /// Its fingerprint.
        hash: String,
    },
    /// It is another one.
    Differs {
        /// The first record that differs; of a long trace, one of the few after it.
        first: RecordId,
        /// That record as it is now, or why it cannot be told.
        now: String,
        /// The fingerprint that was kept, and the one that was found.
        hashes: (String, String),
    },
    /// There was nothing to compare with, or the session could not be made again as a whole.
    Unknown,
}

impl Default for Signature {
    fn default() -> Self {
        Self {
            records: 0,
            print: Fingerprint::EMPTY,
            stride: 1,
            signs: Vector::new(),
        }
    }
}

impl Signature {
    /// The number of the record that comes next.
    pub(super) fn next_id(&self) -> RecordId {
        RecordId(self.records as u64)
    }

    /// The fingerprint of the records.
    pub(super) fn print(&self) -> Fingerprint {
        self.print
    }

    /// Takes in the next record.
    pub(super) fn take(&mut self, record: &Record) {
        self.print = self.print.with(record);
        if self.records.is_multiple_of(self.stride) {
            self.signs.push_back(sign(self.print));
        }
        self.records += 1;
        if self.signs.len() > SIGNS_MOST {
            self.stride *= 2;
            self.signs = self.signs.iter().step_by(2).copied().collect();
        }
    }
}

impl TraceMark {
    /// What is kept of a trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let signature = trace.signature();
        let signs: Vec<u8> = signature.signs.iter().copied().collect();
        let lines = signs.chunks(SIGNS_A_LINE).map(String::from_utf8_lossy);
        Self {
            records: signature.records,
            hash: signature.print.to_string(),
            signs: lines.collect::<Vec<_>>().join("\n"),
        }
    }

    /// Compares a trace with what was kept.
    pub(super) fn verify(&self, trace: &Trace) -> Verdict {
        let found = trace.signature();
        let hash = found.print.to_string();
        if hash == self.hash && found.records == self.records {
            let records = self.records;
            return Verdict::Same { records, hash };
        }
        let shorter = self.records.min(found.records);
        let first = self.first_difference(&found).unwrap_or(shorter);
        let first = RecordId(first.min(shorter) as u64);
        let now = match trace.get(first) {
            Some(record) => words(record),
            None if trace.has_forgotten(first) => "what it is now is forgotten".to_owned(),
            None => "the trace ends before it".to_owned(),
        };
        Verdict::Differs {
            first,
            now,
            hashes: (self.hash.clone(), hash),
        }
    }

    /// The first record that has a sign on both sides, and another one on each.
    fn first_difference(&self, found: &Signature) -> Option<usize> {
        let kept: Vec<u8> = self.signs.bytes().filter(u8::is_ascii_graphic).collect();
        // Files from before the strides were powers of two have others.
        let stride = self.records.div_ceil(kept.len().max(1)).max(1);
        let places = (0..self.records).step_by(stride);
        let mut signed = places.zip(&kept);
        let differs = signed.find(|(place, sign)| {
            let has_place = place.is_multiple_of(found.stride);
            let other = found.signs.get(place / found.stride);
            has_place && other.is_some_and(|other| other != *sign)
        });
        differs.map(|(place, _)| place)
    }
}

/// Six bits, of the upper half: the lower ones of this hash are weak.
fn sign(print: Fingerprint) -> u8 {
    SIGNS[usize::try_from(print.0 >> 40 & 63).unwrap_or(0)]
}

fn words(record: &Record) -> String {
    format!("{} {} {}", record.time, record.actor, record.sentence())
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same { records, hash } => {
                write!(f, "The same run: {records} records, trace hash {hash}.")
            }
            Self::Differs { first, now, hashes } => {
                let (kept, found) = hashes;
                write!(
                    f,
                    "Another run than the recorded one, from record {first} on: {now}. Trace hash \
                     {found}, recorded {kept}."
                )
            }
            Self::Unknown => f.write_str("Nothing says whether this is the recorded run."),
        }
    }
}
