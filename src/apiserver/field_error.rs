//! What is wrong with one field of an object, in the words of the API server.

use std::fmt;

use serde_json::Value;

/// Why a field is refused; the name is the `reason` of a cause in a `Status`.
/// Source: `apimachinery/pkg/util/validation/field/errors.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldErrorReason {
    /// The field names something that does not exist.
    NotFound,
    /// The field must be there.
    Required,
    /// The value must not occur twice.
    Duplicate,
    /// The value is malformed or out of bounds.
    Invalid,
    /// The value is none of those that the field can have.
    NotSupported,
    /// The field must not be set, or not be changed, under these circumstances.
    Forbidden,
    /// The value is too long.
    TooLong,
    /// The list has too many items.
    TooMany,
}

impl FieldErrorReason {
    /// `FieldValueInvalid`: the reason as a `Status` carries it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

/// One refused field. Prints as `spec.replicas: Invalid value: -1: must be greater than or equal to 0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path: `spec.template.spec.containers[0].image`.
    pub field: String,
    /// Why it is refused.
    pub reason: FieldErrorReason,
    /// The words after the path: `Invalid value: -1: must be greater than or equal to 0`.
    pub message: String,
}

impl FieldError {
    /// The field must be there.
    #[must_use]
    pub fn required(field: &impl fmt::Display, detail: &str) -> Self {
        Self::without_value(FieldErrorReason::Required, field, detail)
    }

    /// The value is malformed or out of bounds. Values print as JSON.
    #[must_use]
    pub fn invalid(field: &impl fmt::Display, value: impl Into<Value>, detail: &str) -> Self {
        Self::with_value(FieldErrorReason::Invalid, field, value.into(), detail)
    }

    /// The value is malformed, and printing it would help nobody.
    #[must_use]
    pub fn invalid_without_value(field: &impl fmt::Display, detail: &str) -> Self {
        Self::without_value(FieldErrorReason::Invalid, field, detail)
    }

    /// The value is none of these, which print in this order.
    #[must_use]
    pub fn not_supported(
        field: &impl fmt::Display,
        value: impl Into<Value>,
        supported: &[&str],
    ) -> Self {
        let quoted: Vec<String> = supported.iter().map(|each| format!("{each:?}")).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        Self::with_value(FieldErrorReason::NotSupported, field, value.into(), &detail)
    }

    /// The value occurs twice.
    #[must_use]
    pub fn duplicate(field: &impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::with_value(FieldErrorReason::Duplicate, field, value.into(), "")
    }

    /// The field must not be set or changed.
    #[must_use]
    pub fn forbidden(field: &impl fmt::Display, detail: &str) -> Self {
        Self::without_value(FieldErrorReason::Forbidden, field, detail)
    }

    /// The field names something that does not exist.
    #[must_use]
    pub fn not_found(field: &impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::with_value(FieldErrorReason::NotFound, field, value.into(), "")
    }

    /// The value has more bytes than it may have.
    #[must_use]
    pub fn too_long(field: &impl fmt::Display, most: usize) -> Self {
        let detail = format!("may not be more than {most} bytes");
        Self::without_value(FieldErrorReason::TooLong, field, &detail)
    }

    /// The list has more items than it may have.
    #[must_use]
    pub fn too_many(field: &impl fmt::Display, items: usize, most: usize) -> Self {
        let detail = format!("must have at most {most} items");
        Self::with_value(
            FieldErrorReason::TooMany,
            field,
            Value::from(items),
            &detail,
        )
    }

    fn with_value(
        reason: FieldErrorReason,
        field: &impl fmt::Display,
        value: Value,
        detail: &str,
    ) -> Self {
        // Go prints a missing value as the text null.
        let value = match value {
            Value::Null => "null".to_owned(),
            other => other.to_string(),
        };
        let colon = if detail.is_empty() { "" } else { ": " };
        Self {
            field: field.to_string(),
            reason,
            message: format!("{}: {value}{colon}{detail}", reason.words()),
        }
    }

    fn without_value(reason: FieldErrorReason, field: &impl fmt::Display, detail: &str) -> Self {
        let colon = if detail.is_empty() { "" } else { ": " };
        Self {
            field: field.to_string(),
            reason,
            message: format!("{}{colon}{detail}", reason.words()),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a5_a_field_error_prints_as_the_api_server_prints_it() {
        let cases = [
            (
                FieldError::invalid(&"spec.replicas", -1, "must be greater than or equal to 0"),
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                FieldError::invalid(&"metadata.name", "Web", "no"),
                "metadata.name: Invalid value: \"Web\": no",
            ),
            (
                FieldError::invalid(&"a", json!({"app": "x"}), "`selector` does not match"),
                "a: Invalid value: {\"app\":\"x\"}: `selector` does not match",
            ),
            (
                FieldError::invalid(&"a", Value::Null, "no"),
                "a: Invalid value: null: no",
            ),
            (
                FieldError::required(&"spec.selector", ""),
                "spec.selector: Required value",
            ),
            (
                FieldError::required(&"metadata.name", "name or generateName is required"),
                "metadata.name: Required value: name or generateName is required",
            ),
            (
                FieldError::not_supported(&"spec.type", "x", &["a", "b"]),
                "spec.type: Unsupported value: \"x\": supported values: \"a\", \"b\"",
            ),
            (
                FieldError::duplicate(&"spec.containers[1].name", "web"),
                "spec.containers[1].name: Duplicate value: \"web\"",
            ),
            (
                FieldError::not_found(&"spec.containers[0].volumeMounts[0].name", "v"),
                "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
            ),
            (
                FieldError::forbidden(&"spec", "may not"),
                "spec: Forbidden: may not",
            ),
            (
                FieldError::too_long(&"metadata.annotations", 262_144),
                "metadata.annotations: Too long: may not be more than 262144 bytes",
            ),
            (
                FieldError::too_many(&"endpoints", 1001, 1000),
                "endpoints: Too many: 1001: must have at most 1000 items",
            ),
        ];
        for (error, printed) in cases {
            assert_eq!(error.to_string(), printed);
            assert!(printed.ends_with(&error.message));
        }
    }
}
