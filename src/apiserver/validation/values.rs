//! Values as error messages print them, and the questions that several kinds ask of a value.

use serde::Serialize;
use serde_json::Value;

use crate::api::IntOrString;
use crate::apiserver::FieldError;

use super::format;
use super::path::Path;

/// The value as JSON, as 1.34 prints what is more than a text or a number.
///
/// Unlike Kubernetes: official types print with the names of their manifests; the API server prints
/// its internal types, with the names of their Go fields and all that is empty.
pub(super) fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value)
        .expect("official types have string keys only, so JSON can hold them")
}

/// A whole number that is not negative, or a percentage.
pub(super) fn count_or_percent(path: &Path<'_>, value: &IntOrString, errors: &mut Vec<FieldError>) {
    match value {
        IntOrString::Int(number) => format::not_negative(path, Some(*number), errors),
        IntOrString::String(text) => format::check(path, text, format::percent(text), errors),
    }
}

/// A percentage above 100 is refused.
pub(super) fn at_most_all(path: &Path<'_>, value: &IntOrString, errors: &mut Vec<FieldError>) {
    if let IntOrString::String(text) = value
        && format::percent_number(text).is_some_and(|percent| percent > 100)
    {
        errors.push(FieldError::invalid(
            path,
            text.as_str(),
            "must not be greater than 100%",
        ));
    }
}

/// True for `0` and `0%`, and for what is neither a number nor a percentage.
pub(super) fn is_none(value: &IntOrString) -> bool {
    match value {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(text) => format::percent_number(text).unwrap_or(0) == 0,
    }
}

/// The text, or the empty text.
pub(super) fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

/// The fields of the spec that differ, one a line, old before new.
///
/// Unlike Kubernetes: the API server prints the difference of two Go structs.
pub(super) fn difference<T: Serialize>(before: &T, after: &T) -> String {
    let (before, after) = (json(before), json(after));
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return String::new();
    };
    let mut lines = Vec::new();
    for (field, value) in before {
        if after.get(field) != Some(value) {
            lines.push(format!("- {field}: {value}"));
        }
    }
    for (field, value) in after {
        if before.get(field) != Some(value) {
            lines.push(format!("+ {field}: {value}"));
        }
    }
    lines.join("\n")
}
