//! What a run of kubectl has to say to the trace.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::Key;
use crate::sim::RecordKind;

/// One happening at somebody's terminal. The line itself is the `command` record that comes before.
///
/// kubectl is a small loop of its own, so its notes are of the kinds of a reconcile: it compares
/// (`reconcile.diff`), it does one thing about the difference or hears what came of it
/// (`reconcile.act`), it is done (`reconcile.end`).
#[derive(Clone, Debug)]
pub enum Note {
    /// `kubectl apply` compared the file, what was applied last, and what is there: the patch.
    Compared(Key, Arc<Value>),
    /// An answer arrived, and what kubectl makes of it.
    Heard(Option<Key>, String),
    /// It watches an object until something has come true.
    Watches(Key),
    /// It does not wait any longer for something to come true.
    GivesUp(Key),
    /// It looks again whether what it waits for has come true.
    LooksAgain(Key),
    /// The command is done.
    Ended {
        /// 0 when all went well.
        exit_code: i32,
        /// What it printed on stdout.
        output: Arc<str>,
        /// What it printed on stderr.
        errors: Arc<str>,
    },
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Compared(..) => RecordKind::ReconcileDiff,
            Self::Heard(..) => RecordKind::ReconcileAct,
            Self::Watches(_) => RecordKind::WatchOpen,
            Self::GivesUp(_) | Self::LooksAgain(_) => RecordKind::TimerFire,
            Self::Ended { .. } => RecordKind::ReconcileEnd,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Compared(key, _)
            | Self::Watches(key)
            | Self::GivesUp(key)
            | Self::LooksAgain(key) => Some(key.clone()),
            Self::Heard(key, _) => key.clone(),
            Self::Ended { .. } => None,
        }
    }

    /// Never known: kubectl speaks of names.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        None
    }

    /// One sentence for the reader.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Compared(key, patch)
                if patch.as_object().is_some_and(serde_json::Map::is_empty) =>
            {
                format!("compares {key} with the file: no difference")
            }
            Self::Compared(key, patch) => format!("compares {key} with the file: {patch}"),
            Self::Heard(_, what) => what.clone(),
            Self::Watches(key) => format!("watches {key}"),
            Self::GivesUp(key) => format!("waits no longer for {key}"),
            Self::LooksAgain(key) => format!("looks at {key} again"),
            Self::Ended {
                exit_code: 0,
                output,
                ..
            } => match last_line(output) {
                "" => "is done".to_owned(),
                line => format!("is done: {line}"),
            },
            Self::Ended { errors, .. } => format!("fails: {}", last_line(errors)),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Compared(_, patch) => json!({"patch": **patch}),
            Self::Heard(_, what) => json!({"what": what}),
            Self::Watches(_) => json!({"watch": "until it has come true"}),
            Self::GivesUp(_) => json!({"timer": "time is out"}),
            Self::LooksAgain(_) => json!({"timer": "look again"}),
            Self::Ended {
                exit_code,
                output,
                errors,
            } => json!({"exitCode": exit_code, "stdout": **output, "stderr": **errors}),
        }
    }
}

fn last_line(text: &str) -> &str {
    text.lines().next_back().unwrap_or_default()
}
