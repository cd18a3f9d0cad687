//! Whether a JSON value has the fields of its kind, and the types that these fields hold.

use std::fmt;

use serde_json::{Map, Value};

use crate::api::schema::{self, Shape, Type};
use crate::api::{Kind, Object, Quantity};

/// A field that does not fit its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The path as the API server writes it.
    pub path: String,
    /// Whether the name of the field is wrong, rather than its value.
    pub at_key: bool,
    /// The API server's words.
    pub message: String,
    /// What was probably meant, or what would be right.
    pub help: Option<String>,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FieldProblem {}

/// Reads an object as the API server does under `fieldValidation=Strict`: unknown fields and wrong
/// types are refused, a `null` is an absent field.
///
/// # Errors
/// Everything that does not fit, in the order of the kind's fields; never an empty list.
pub fn decode(kind: Kind, value: Value) -> Result<Object, Vec<FieldProblem>> {
    let problems = strict_problems(kind, &value);
    if problems.is_empty() {
        build(kind, value)
    } else {
        Err(problems)
    }
}

/// Reads an object as the API server does under `fieldValidation=Warn`, and what another version of
/// Kubernetes may have written: wrong types are refused, unknown fields are passed over and come back
/// as problems beside the object.
///
/// # Errors
/// All wrong types; never an empty list.
pub fn decode_leniently(
    kind: Kind,
    value: Value,
) -> Result<(Object, Vec<FieldProblem>), Vec<FieldProblem>> {
    let problems = strict_problems(kind, &value);
    let (unknown, wrong): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.at_key);
    if wrong.is_empty() {
        Ok((build(kind, value)?, unknown))
    } else {
        Err(wrong)
    }
}

fn build(kind: Kind, mut value: Value) -> Result<Object, Vec<FieldProblem>> {
    if let Value::Object(fields) = &mut value {
        settle_fields(schema::of(kind), fields);
    }
    Object::from_value(kind, value).map_err(|error| {
        vec![FieldProblem {
            path: error.part.to_owned(),
            at_key: false,
            message: error.to_string(),
            help: None,
        }]
    })
}

/// All unknown fields and wrong types of an object of this kind.
#[must_use]
pub fn strict_problems(kind: Kind, value: &Value) -> Vec<FieldProblem> {
    let mut walk = Walk {
        problems: Vec::new(),
    };
    let place = Field {
        path: "",
        dotted: "",
        owner: kind.info().name,
    };
    match value {
        Value::Object(fields) => walk.fields(schema::of(kind), fields, &place),
        other => walk.problems.push(FieldProblem {
            path: String::new(),
            at_key: false,
            message: format!(
                "json: cannot unmarshal {} into Go value of type {}",
                go_name(other),
                kind.info().name
            ),
            help: Some(expectation("a mapping of fields", other)),
        }),
    }
    walk.problems
}

/// The nulls inside of lists and maps become what the API server makes of them: an empty element
/// in a list, an empty string in a map of strings, nothing in other maps. A selector that has to be
/// there, and is there without a word in it, stays apart from one that is not: it has empty labels.
fn settle_fields(of: &Type, fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        if let Some(field) = of.fields.get(name) {
            settle(&field.shape, value);
            if field.required
                && field
                    .shape
                    .object()
                    .is_some_and(|of| of.name() == "LabelSelector")
                && let Some(selector) = value.as_object_mut().filter(|it| it.is_empty())
            {
                selector.insert("matchLabels".to_owned(), Value::Object(Map::new()));
            }
        }
    }
}

fn settle(shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Object(id), Value::Object(fields)) => settle_fields(id.get(), fields),
        (Shape::List(inner), Value::Array(items)) => {
            for item in items {
                if item.is_null() {
                    *item = empty(inner);
                }
                settle(inner, item);
            }
        }
        (Shape::Map(inner), Value::Object(entries)) => {
            for entry in entries.values_mut() {
                if entry.is_null() {
                    *entry = empty(inner);
                }
                settle(inner, entry);
            }
            entries.retain(|_, entry| !entry.is_null());
        }
        _ => {}
    }
}

fn empty(shape: &Shape) -> Value {
    match shape {
        Shape::Text | Shape::Bytes => Value::from(""),
        Shape::Int32 | Shape::Int64 | Shape::IntOrString | Shape::Number => Value::from(0),
        Shape::Quantity => Value::from("0"),
        Shape::Boolean => Value::from(false),
        Shape::Object(_) | Shape::Map(_) => Value::Object(Map::new()),
        Shape::List(_) => Value::Array(Vec::new()),
        Shape::Date | Shape::Anything => Value::Null,
    }
}

/// Where the walk stands: the path with indices, the path as Go's decoder says it, and the type
/// that has the field.
struct Field<'a> {
    path: &'a str,
    dotted: &'a str,
    owner: &'a str,
}

struct Walk {
    problems: Vec<FieldProblem>,
}

impl Walk {
    fn fields(&mut self, of: &Type, fields: &Map<String, Value>, at: &Field<'_>) {
        for (name, value) in fields {
            let path = join(at.path, name);
            let Some(field) = of.fields.get(name) else {
                self.unknown(of, name, path);
                continue;
            };
            let place = Field {
                path: &path,
                dotted: &join(at.dotted, name),
                owner: of.name(),
            };
            self.value(&field.shape, value, &place);
        }
    }

    fn unknown(&mut self, of: &Type, name: &str, path: String) {
        let help = of
            .nearest_field(name)
            .map(|nearest| format!("did you mean \"{nearest}\"?"));
        self.problems.push(FieldProblem {
            message: format!("strict decoding error: unknown field \"{path}\""),
            path,
            at_key: true,
            help,
        });
    }

    fn value(&mut self, shape: &Shape, value: &Value, at: &Field<'_>) {
        match (shape, value) {
            (_, Value::Null) | (Shape::Anything, _) => {}
            (Shape::Object(id), Value::Object(fields)) => self.fields(id.get(), fields, at),
            (Shape::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{}[{index}]", at.path);
                    self.value(inner, item, &Field { path: &path, ..*at });
                }
            }
            (Shape::Map(inner), Value::Object(entries)) => {
                for (key, entry) in entries {
                    let path = format!("{}[{key}]", at.path);
                    self.value(inner, entry, &Field { path: &path, ..*at });
                }
            }
            _ => {
                if let Some(message) = scalar_problem(shape, value, at) {
                    self.problems.push(FieldProblem {
                        path: at.path.to_owned(),
                        at_key: false,
                        message,
                        help: Some(expectation(shape.noun(), value)),
                    });
                }
            }
        }
    }
}

/// Why a scalar field cannot hold this value, in the words of the API server's decoder.
fn scalar_problem(shape: &Shape, value: &Value, at: &Field<'_>) -> Option<String> {
    let wrong_type = || {
        let (owner, dotted) = (at.owner, at.dotted);
        let found = match (shape, value) {
            (Shape::Int32 | Shape::Int64, Value::Number(number)) => format!("number {number}"),
            _ => go_name(value).to_owned(),
        };
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{dotted} of type {shape}"
        )
    };
    let fits = match (shape, value) {
        (Shape::Text | Shape::IntOrString, Value::String(_))
        | (Shape::Boolean, Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => true,
        (Shape::Int32, Value::Number(number)) => {
            number.as_i64().is_some_and(|n| i32::try_from(n).is_ok())
        }
        (Shape::Int64, Value::Number(number)) => number.as_i64().is_some(),
        (Shape::IntOrString, other) => {
            let small = other.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
            return (!small).then(|| {
                let found = match other {
                    Value::Number(number) => format!("number {number}"),
                    _ => go_name(other).to_owned(),
                };
                format!("json: cannot unmarshal {found} into Go value of type int32")
            });
        }
        (Shape::Quantity, Value::String(text)) => return quantity_problem(text),
        (Shape::Quantity, Value::Number(number)) => return quantity_problem(&number.to_string()),
        (Shape::Quantity, other) => return quantity_problem(&other.to_string()),
        (Shape::Date, Value::String(text)) => return date_problem(text),
        (Shape::Bytes, Value::String(text)) => return base64_problem(text),
        _ => false,
    };
    (!fits).then(wrong_type)
}

fn quantity_problem(text: &str) -> Option<String> {
    text.parse::<Quantity>()
        .err()
        .map(|error| error.to_string())
}

fn date_problem(text: &str) -> Option<String> {
    text.parse::<jiff::Timestamp>()
        .is_err()
        .then(|| format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\""))
}

/// Where base64 goes wrong, counted as Go's decoder counts. Line breaks are passed over.
fn base64_problem(text: &str) -> Option<String> {
    let mut digits = 0_usize;
    let mut padding = 0_usize;
    let mut group = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => {}
            b'=' if digits % 4 >= 2 && !(digits + padding).is_multiple_of(4) => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {
                if digits.is_multiple_of(4) {
                    group = at;
                }
                digits += 1;
            }
            _ => return Some(format!("illegal base64 data at input byte {at}")),
        }
    }
    (!(digits + padding).is_multiple_of(4))
        .then(|| format!("illegal base64 data at input byte {group}"))
}

/// What Go's decoder calls a JSON value.
fn go_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `expected a whole number, found the string "three"`
pub(super) fn expectation(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => format!("the boolean {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => {
            let start: String = text.chars().take(40).collect();
            format!("the string {:?}", format!("{start}…"))
        }
        Value::String(text) => format!("the string {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    };
    format!("expected {expected}, found {found}")
}

/// A path with one more field.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(spec: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec})
    }

    #[test]
    fn the_server_names_struct_path_and_type_of_a_wrong_value() {
        let cases = [
            (
                json!({"containers": [{"name": 1}]}),
                "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string",
                "expected a string, found the number 1",
            ),
            (
                json!({"containers": {"name": "x"}}),
                "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
                "expected a list, found a mapping",
            ),
            (
                json!({"containers": ["x"]}),
                "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container",
                "expected a mapping of fields, found the string \"x\"",
            ),
            (
                json!({"priority": "high"}),
                "json: cannot unmarshal string into Go struct field PodSpec.spec.priority of type int32",
                "expected a whole number, found the string \"high\"",
            ),
            (
                json!({"priority": 3_000_000_000_u64}),
                "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32",
                "expected a whole number, found the number 3000000000",
            ),
            (
                json!({"nodeSelector": {"a": true}}),
                "json: cannot unmarshal bool into Go struct field PodSpec.spec.nodeSelector of type string",
                "expected a string, found the boolean true",
            ),
        ];
        for (spec, message, help) in cases {
            let problems = strict_problems(Kind::Pod, &pod(&spec));
            assert_eq!(problems.len(), 1, "{spec}");
            assert_eq!(problems[0].message, message);
            assert_eq!(problems[0].help.as_deref(), Some(help));
        }
    }

    #[test]
    fn amounts_may_be_numbers_and_ports_may_be_names() {
        let spec = json!({"containers": [{
            "name": "a",
            "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": 0.5}},
            "livenessProbe": {"httpGet": {"port": "http"}},
            "readinessProbe": {"httpGet": {"port": 80}},
        }]});
        let object = decode(Kind::Pod, pod(&spec)).expect("a good pod");
        let Object::Pod(pod) = object else {
            panic!("a pod")
        };
        let resources = pod.spec.containers[0]
            .resources
            .as_ref()
            .expect("resources");
        assert_eq!(resources.limits.as_ref().expect("limits")["cpu"].0, "0.5");
    }

    #[test]
    fn nulls_are_absent_fields() {
        let value = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "labels": {"a": null}},
            "spec": {"containers": null, "tolerations": [null], "volumes": null},
            "status": null,
        });
        let object = decode(Kind::Pod, value).expect("nulls are allowed");
        let labels = object.metadata().labels.as_ref().expect("labels");
        assert_eq!(labels["a"], "");
    }

    #[test]
    fn base64_is_checked_as_go_does() {
        let cases = [
            ("aGVsbG8=", None),
            ("aGVs\nbG8=", None),
            ("", None),
            ("hello world", Some(5)),
            ("hello", Some(4)),
            ("aGVsbG8", Some(4)),
            ("aGVsbG8==", Some(8)),
            ("=", Some(0)),
        ];
        for (text, at) in cases {
            let expected = at.map(|at| format!("illegal base64 data at input byte {at}"));
            assert_eq!(base64_problem(text), expected, "{text}");
        }
    }
}
