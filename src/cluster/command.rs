//! What comes from outside: kubectl's command lines and faults; all of it is journalled.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fault::Fault;
use super::traffic;
use crate::api::{Key, Kind};
use crate::kubectl;
use crate::sim::{RecordKind, Time, counted};

/// The files that a command line names, with their content.
pub type Files = BTreeMap<String, Arc<[u8]>>;

/// One wish from outside.
#[derive(Clone, Debug)]
pub enum Command {
    /// Somebody runs kubectl.
    Kubectl {
        /// The line as typed, without `kubectl`.
        line: String,
        /// The files that it names.
        files: Arc<Files>,
        /// The line as understood.
        invocation: Arc<kubectl::Invocation>,
    },
    /// Clients send requests, or stop.
    Traffic {
        /// The line as typed, without `traffic`.
        line: String,
        /// The line as understood.
        order: traffic::Order,
    },
    /// Something breaks.
    Fault {
        /// The line as typed, without `fault`.
        line: String,
        /// The line as understood.
        fault: Fault,
    },
}

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub String);

impl Command {
    /// Reads one line: `kubectl …`, `fault …`, or kubectl's words without `kubectl`.
    ///
    /// # Errors
    /// In kubectl's words what it does not understand, or which faults there are.
    pub fn parse(line: &str, files: &Arc<Files>) -> Result<Self, CommandError> {
        let line = line.trim();
        let after = |verb: &str| {
            line.strip_prefix(verb)
                .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if let Some(rest) = after("traffic") {
            let order = traffic::Order::parse(rest.trim()).map_err(CommandError)?;
            return Ok(Self::Traffic {
                line: rest.trim().to_owned(),
                order,
            });
        }
        if let Some(rest) = after("fault") {
            let fault = Fault::parse(rest.trim()).map_err(CommandError)?;
            return Ok(Self::Fault {
                line: rest.trim().to_owned(),
                fault,
            });
        }
        let line = line.strip_prefix("kubectl ").unwrap_or(line).trim();
        let invocation = kubectl::parse(line).map_err(|error| CommandError(error.to_string()))?;
        Ok(Self::Kubectl {
            line: line.to_owned(),
            files: Arc::clone(files),
            invocation: Arc::new(invocation),
        })
    }

    /// The files that the line names and that it needs the content of.
    #[must_use]
    pub fn file_names(&self) -> Vec<String> {
        match self {
            Self::Kubectl { invocation, .. } => invocation.files().to_vec(),
            Self::Fault { .. } | Self::Traffic { .. } => Vec::new(),
        }
    }

    /// The same command with these files at hand.
    #[must_use]
    pub fn with_files(mut self, given: Files) -> Self {
        if let Self::Kubectl { files, .. } = &mut self {
            *files = Arc::new(given);
        }
        self
    }

    /// The line as somebody would type it.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Kubectl { line, .. } => format!("kubectl {line}"),
            Self::Fault { line, .. } => format!("fault {line}"),
            Self::Traffic { line, .. } => format!("traffic {line}"),
        }
    }
}

/// A command with the place in the run where it entered.
#[derive(Clone, Debug)]
pub struct Journaled {
    /// How many steps the world had made.
    pub step: u64,
    /// The moment it is for.
    pub at: Time,
    /// How it came in.
    pub entry: Entry,
    /// The command.
    pub command: Command,
}

/// How a command comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Typed at the terminal: it runs when the line before it is done.
    Typed,
    /// Planned for a moment: it runs then, whatever else goes on.
    Timed,
}

/// What comes from outside, as the trace tells it.
#[derive(Clone, Debug)]
pub enum Note {
    /// The world begins: so many nodes, this seed.
    Started {
        /// How many nodes.
        nodes: usize,
        /// The seed.
        seed: u64,
    },
    /// Somebody ran a command.
    Ran(String),
    /// A fault struck; the object is what it struck, where it is one.
    Struck {
        /// Which.
        kind: RecordKind,
        /// What it struck.
        object: Option<Key>,
        /// In words.
        what: String,
    },
    /// A fault hit nothing: why, in words.
    Missed(RecordKind, String),
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Started { .. } | Self::Ran(_) => RecordKind::Command,
            Self::Struck { kind, .. } | Self::Missed(kind, _) => *kind,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Started { .. } | Self::Ran(_) | Self::Missed(..) => None,
            Self::Struck { object, .. } => object.clone(),
        }
    }

    /// One sentence for the reader.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Started { nodes, seed } => format!(
                "starts a cluster of {} with seed {seed}",
                counted(*nodes, "node")
            ),
            Self::Ran(line) => format!("runs: {line}"),
            Self::Struck { what, .. } => what.clone(),
            Self::Missed(_, why) => format!("strikes nothing: {why}"),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Started { nodes, seed } => json!({"nodes": nodes, "seed": seed}),
            Self::Ran(line) => json!({"command": line}),
            Self::Struck { what, .. } => json!({"what": what}),
            Self::Missed(_, why) => json!({"missed": why}),
        }
    }
}

/// The key of a node.
pub(super) fn node_key(name: &str) -> Key {
    Key::new(Kind::Node, "", name)
}
