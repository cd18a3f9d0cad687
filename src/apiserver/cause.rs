//! One cause of a refusal, as the details of a `Status` carry it.

use std::fmt;

use serde_json::{Value, json};

use super::FieldError;

/// What a refused request ran into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A field that breaks the rules of its kind.
    Field(FieldError),
    /// A budget that does not let a pod go; in words.
    Budget(String),
    /// A field that somebody else owns, for a server-side apply.
    Owned {
        /// The field: `.spec.replicas`.
        field: String,
        /// `conflict with "kubectl" using apps/v1`.
        message: String,
    },
}

impl Cause {
    /// The field that is wrong, if the cause is one.
    #[must_use]
    pub fn field(&self) -> Option<&FieldError> {
        match self {
            Self::Field(error) => Some(error),
            Self::Budget(_) | Self::Owned { .. } => None,
        }
    }

    /// `{"reason": …, "message": …, "field": …}`
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Field(error) => json!({
                "reason": error.reason.name(), "message": error.message, "field": error.field,
            }),
            Self::Budget(message) => json!({"reason": "DisruptionBudget", "message": message}),
            Self::Owned { field, message } => json!({
                "reason": "FieldManagerConflict", "message": message, "field": field,
            }),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(error) => error.fmt(f),
            Self::Budget(message) => f.write_str(message),
            Self::Owned { field, message } => write!(f, "{message}: {field}"),
        }
    }
}
