//! What does not fit its kind, in the words of the converter that strategic patches go through: what
//! they make of an object is never text again.
//! Source: `fromUnstructured` of `apimachinery/pkg/runtime/converter.go`.

use serde_json::Value;

use crate::api::Kind;
use crate::api::schema::{self, Shape, Type};

/// The first value of a kind's fields that cannot be what its field holds; none where the converter
/// has nothing to say. Values that read themselves, such as amounts and dates, are not its business.
#[must_use]
pub fn unconvertible(kind: Kind, value: &Value) -> Option<String> {
    match value {
        Value::Object(_) => in_fields(schema::of(kind), value),
        other => Some(format!("cannot restore struct from: {}", go_kind(other))),
    }
}

fn in_fields(of: &Type, value: &Value) -> Option<String> {
    let mut fields = value.as_object().into_iter().flatten();
    fields.find_map(|(name, value)| in_value(&of.fields.get(name)?.shape, value))
}

fn in_value(shape: &Shape, value: &Value) -> Option<String> {
    let found = go_kind(value);
    match (shape, value) {
        (_, Value::Null) | (Shape::Text, Value::String(_)) | (Shape::Boolean, Value::Bool(_)) => {
            None
        }
        (Shape::Object(id), Value::Object(_)) => in_fields(id.get(), value),
        (Shape::Object(_), _) => Some(format!("cannot restore struct from: {found}")),
        (Shape::List(inner), Value::Array(items)) => {
            items.iter().find_map(|item| in_value(inner, item))
        }
        (Shape::List(_), _) => Some(format!("cannot restore slice from {found}")),
        (Shape::Map(inner), Value::Object(entries)) => {
            entries.values().find_map(|entry| in_value(inner, entry))
        }
        (Shape::Map(_), _) => Some(format!("cannot restore map from {found}")),
        // To Go a whole number could become a string, if not the one that is meant.
        (Shape::Text, Value::Number(number)) if !number.is_f64() => {
            Some("cannot convert int64 to string".to_owned())
        }
        (Shape::Int32 | Shape::Int64, Value::Number(number)) => {
            let is_whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
            (!is_whole).then(|| format!("cannot convert float64 to {shape}"))
        }
        (Shape::Text | Shape::Boolean | Shape::Int32 | Shape::Int64, _) => {
            Some(format!("unrecognized type: {shape}"))
        }
        _ => None,
    }
}

/// What Go's reflection calls a value.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a5_what_a_strategic_patch_cannot_make_is_told_in_the_words_of_the_converter() {
        let cases = [
            (Kind::ConfigMap, json!({"data": {"a": "1"}}), None),
            (
                Kind::ConfigMap,
                json!({"data": {"a": 1}}),
                Some("cannot convert int64 to string"),
            ),
            (
                Kind::ConfigMap,
                json!({"data": {"a": true}}),
                Some("unrecognized type: string"),
            ),
            (
                Kind::ConfigMap,
                json!({"data": "a"}),
                Some("cannot restore map from string"),
            ),
            (
                Kind::ConfigMap,
                json!({"immutable": 1}),
                Some("unrecognized type: bool"),
            ),
            (Kind::Deployment, json!({"spec": {"replicas": 2}}), None),
            (
                Kind::Deployment,
                json!({"spec": {"replicas": "2"}}),
                Some("unrecognized type: int32"),
            ),
            (
                Kind::Deployment,
                json!({"spec": {"replicas": 1.5}}),
                Some("cannot convert float64 to int32"),
            ),
            (
                Kind::Deployment,
                json!({"spec": 1}),
                Some("cannot restore struct from: int64"),
            ),
            (
                Kind::Pod,
                json!({"spec": {"containers": {"name": "a"}}}),
                Some("cannot restore slice from map"),
            ),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(unconvertible(kind, &value).as_deref(), expected, "{value}");
        }
    }
}
