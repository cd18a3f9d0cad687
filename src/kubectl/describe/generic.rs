//! The description of any object, field by field, as kubectl describes kinds it knows nothing about.

use serde_json::{Map, Value};

use super::writer::Writer;
use crate::api::{Event, Object};
use crate::sim::Time;

/// Words that stand in capitals. Source: `smartLabelFor` of `kubectl/pkg/describe/describe.go`.
const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];
/// Fields of the metadata that stand at the top.
const AT_THE_TOP: [&str; 4] = ["name", "namespace", "labels", "annotations"];

/// The whole description. Source: `genericDescriber` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(writer: &mut Writer, object: &Object, events: &[&Event], now: Time) {
    writer.field(0, "Name", object.name());
    writer.field(0, "Namespace", object.namespace());
    writer.labels(0, "Labels", object.metadata().labels.as_ref());
    writer.annotations(0, object.metadata().annotations.as_ref());
    let mut value = object.to_value();
    if let Some(metadata) = value["metadata"].as_object_mut() {
        metadata.retain(|name, _| !AT_THE_TOP.contains(&name.as_str()));
    }
    if let Value::Object(fields) = &value {
        self::fields(writer, 0, fields);
    }
    super::events(writer, events, now);
}

fn fields(writer: &mut Writer, level: usize, fields: &Map<String, Value>) {
    for (name, value) in fields {
        let label = label(name);
        match value {
            Value::Object(inner) => {
                writer.line(level, format_args!("{label}:"));
                self::fields(writer, level + 1, inner);
            }
            Value::Array(items) => {
                writer.line(level, format_args!("{label}:"));
                for item in items {
                    match item {
                        Value::Object(inner) => self::fields(writer, level + 1, inner),
                        other => writer.line(level + 1, plain(other)),
                    }
                }
            }
            other => writer.field(level, &label, plain(other)),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// `holderIdentity` → `Holder Identity`.
fn label(field: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut last_was_upper = true;
    for c in field.chars() {
        let starts = c.is_uppercase() && !last_was_upper;
        last_was_upper = c.is_uppercase();
        match words.last_mut() {
            Some(word) if !starts => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words = words.into_iter().map(|word| {
        let capitals = word.to_uppercase();
        if ACRONYMS.contains(&capitals.as_str()) {
            return capitals;
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
