//! Whether a run made again is the recorded one, and at which record it first differs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fingerprint, Record, Trace};
use crate::sim::RecordId;

/// The most records that have a sign of their own; of longer traces, each so-manieth has one.
const SIGNS_MOST: usize = 4096;

/// How many signs stand in one line of the file.
const SIGNS_A_LINE: usize = 76;

/// The sign for six bits.
const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

/// What a session file keeps of a trace: how long it was, its fingerprint, and for each record (of a
/// long trace, each so-manieth) six bits of the fingerprint up to there.
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
        /// That record as it is now; none when the trace ends before it.
        now: Option<String>,
        /// The fingerprint that was kept, and the one that was found.
        hashes: (String, String),
    },
    /// There was nothing to compare with, or the session could not be made again as a whole.
    Unknown,
}

impl TraceMark {
    /// What is kept of a trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let (hash, signs) = signs(trace);
        let lines = signs.as_bytes().chunks(SIGNS_A_LINE);
        let lines: Vec<String> = lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        Self {
            records: trace.len(),
            hash: hash.to_string(),
            signs: lines.join("\n"),
        }
    }

    /// Compares a trace with what was kept.
    pub(super) fn verify(&self, trace: &Trace) -> Verdict {
        let (hash, found) = signs(trace);
        let hash = hash.to_string();
        if hash == self.hash && trace.len() == self.records {
            let records = self.records;
            return Verdict::Same { records, hash };
        }
        let kept: String = self.signs.split_whitespace().collect();
        let stride = stride(self.records);
        let mut pairs = kept.bytes().zip(found_at(trace, &found, stride));
        let place = pairs.position(|(kept, found)| kept != found);
        let shorter = self.records.min(trace.len());
        let first = place.map_or(shorter, |place| (place * stride).min(shorter));
        let first = RecordId(first as u64);
        let now = trace.get(first).map(|record| words(record));
        Verdict::Differs {
            first,
            now,
            hashes: (self.hash.clone(), hash),
        }
    }
}

/// Every how many records there is a sign.
fn stride(records: usize) -> usize {
    records.div_ceil(SIGNS_MOST).max(1)
}

/// The fingerprint of a trace, and the signs of its records.
fn signs(trace: &Trace) -> (Fingerprint, String) {
    let stride = stride(trace.len());
    let mut print = Fingerprint::EMPTY;
    let mut signs = String::new();
    for (place, record) in trace.iter().enumerate() {
        print = print.with(record);
        if place % stride == 0 {
            signs.push(sign(print));
        }
    }
    (print, signs)
}

/// The signs of a trace at every so-manieth record.
fn found_at(trace: &Trace, signs: &str, wanted: usize) -> Vec<u8> {
    if stride(trace.len()) == wanted {
        return signs.bytes().collect();
    }
    let mut print = Fingerprint::EMPTY;
    let mut found = Vec::new();
    for (place, record) in trace.iter().enumerate() {
        print = print.with(record);
        if place % wanted == 0 {
            found.push(u8::try_from(sign(print)).unwrap_or(b'?'));
        }
    }
    found
}

/// Six bits, of the upper half: the lower ones of this hash are weak.
fn sign(print: Fingerprint) -> char {
    let place = usize::try_from(print.0 >> 40 & 63).unwrap_or(0);
    char::from(SIGNS[place])
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
                let now = now.as_deref().unwrap_or("the trace ends before it");
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
