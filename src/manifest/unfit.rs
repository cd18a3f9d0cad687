//! What stands in a manifest and becomes no object, in the words that kubectl has for it.

use serde_json::Value;

use super::document::Document;
use crate::api::Kind;

/// What kubectl advises when it cannot tell what an object is.
const STOP_VALIDATING: &str =
    "if you choose to ignore these errors, turn validation off with --validate=false";

/// A part of a manifest that is no good document.
#[derive(Clone, Debug)]
pub struct Unfit {
    /// How many good documents stand before it.
    pub after: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a part of a manifest is no good document.
#[derive(Clone, Debug)]
pub enum Fault {
    /// kubectl cannot make anything of it, and reads no further in this file; its whole sentence.
    Unreadable(String),
    /// There is no such kind.
    NoKind {
        /// The `apiVersion`.
        api_version: String,
        /// The `kind`.
        kind: String,
        /// What was written.
        value: Value,
    },
    /// Its fields are not those of its kind: the API server will refuse it.
    Fields {
        /// The kind.
        kind: Kind,
        /// What was written.
        value: Value,
        /// What is wrong, in the API server's words.
        problems: String,
    },
    /// It has neither a name nor the beginning of one.
    Nameless(Box<Document>),
}

impl Fault {
    /// The text of a file is no YAML.
    pub(super) fn no_yaml(file: &str, line: u32, message: &str) -> Self {
        let message = match message.strip_prefix("yaml: ") {
            Some(rest) => format!("yaml: line {line}: {rest}"),
            None => message.to_owned(),
        };
        Self::Unreadable(format!(
            "error parsing {file}: error converting YAML to JSON: {message}"
        ))
    }

    /// A document does not say what it is.
    pub(super) fn no_type(file: &str, message: &str) -> Self {
        let message = message.trim_start_matches("error validating data: ");
        Self::Unreadable(format!(
            "error validating \"{file}\": error validating data: {message}; {STOP_VALIDATING}"
        ))
    }
}
