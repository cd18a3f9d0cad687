//! What an editor says while somebody types: all that reading finds, and what the API server's validation would ask for.

use serde_json::{Map, Value};

use super::document::Document;
use super::fields::join;
use super::problem::{Problem, Severity};
use super::read::parse;
use crate::api::schema::{self, Shape, Type};
use crate::api::{LabelSelector, Object, meta, selector};

/// All problems of a manifest: of syntax, kinds and fields as [`parse`] finds them, and in good
/// documents missing required fields, a selector that does not match its template, and values of
/// `env` that hide others.
///
/// The API server's own validation knows more; this is what can be said of a file alone.
#[must_use]
pub fn check(name: &str, bytes: &[u8]) -> Vec<Problem> {
    let parse = parse(name, bytes);
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut problems = parse.problems;
    for document in &parse.documents {
        let mut checker = Checker {
            document,
            text,
            problems: &mut problems,
        };
        if let Value::Object(fields) = &document.value {
            checker.fields(schema::of(document.kind), fields, "");
        }
        checker.selector();
    }
    problems.sort_by_key(|problem| problem.place);
    problems
}

struct Checker<'a> {
    document: &'a Document,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn say(&mut self, severity: Severity, path: &str, message: String) {
        let mut problem =
            Problem::of_file(&self.document.file, message).at(self.document.place(path), self.text);
        path.clone_into(&mut problem.path);
        problem.severity = severity;
        self.problems.push(problem);
    }

    fn fields(&mut self, of: &Type, fields: &Map<String, Value>, path: &str) {
        for (name, field) in &of.fields {
            let is_required = field.required || is_required_by_validation(of, name);
            if is_required && fields.get(name).is_none_or(is_empty) {
                let path = join(path, name);
                self.say(Severity::Error, &path, format!("{path}: Required value"));
            }
        }
        for (name, value) in fields {
            // What the server writes is not asked of the user.
            let is_servers = path.is_empty() && name == "status" || name == "managedFields";
            if let Some(field) = of.fields.get(name).filter(|_| !is_servers) {
                let path = join(path, name);
                self.value(&field.shape, value, &path);
                if name == "env" {
                    self.hidden_values(value, &path);
                }
            }
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &str) {
        match (shape, value) {
            (Shape::Object(id), Value::Object(fields)) => self.fields(id.get(), fields, path),
            (Shape::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(inner, item, &format!("{path}[{index}]"));
                }
            }
            _ => {}
        }
    }

    /// The API server's warning of two `env` entries with one name.
    fn hidden_values(&mut self, value: &Value, path: &str) {
        let names: Vec<&Value> = value
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| &entry["name"])
            .collect();
        for (index, name) in names.iter().enumerate() {
            if let Value::String(text) = name
                && names[..index].contains(name)
            {
                let path = format!("{path}[{index}]");
                let message = format!(
                    "{path}: hides previous definition of \"{text}\", which may be dropped when using apply"
                );
                self.say(Severity::Warning, &path, message);
            }
        }
    }

    fn selector(&mut self) {
        let Some((chosen, template)) = selector_and_template(&self.document.object) else {
            return;
        };
        if selector::is_empty(chosen) || selector::matches(chosen, template) {
            return;
        }
        let labels = serde_json::json!(template);
        let path = "spec.template.metadata.labels";
        let message =
            format!("{path}: Invalid value: {labels}: `selector` does not match template `labels`");
        self.say(Severity::Error, path, message);
    }
}

/// Fields that the schema leaves open and validation asks for.
fn is_required_by_validation(of: &Type, field: &str) -> bool {
    of.name() == "Container" && field == "image"
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The selector of a workload and the labels of its template.
fn selector_and_template(object: &Object) -> Option<(&LabelSelector, &meta::Labels)> {
    let (selector, template) = match object {
        Object::Deployment(one) => (&one.spec.selector, &one.spec.template),
        Object::StatefulSet(one) => (&one.spec.selector, &one.spec.template),
        Object::DaemonSet(one) => (&one.spec.selector, &one.spec.template),
        Object::ReplicaSet(one) => (&one.spec.selector, one.spec.template.as_ref()?),
        _ => return None,
    };
    Some((selector, meta::labels(template.metadata.as_ref()?)))
}
