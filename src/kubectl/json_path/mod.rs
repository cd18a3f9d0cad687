//! JSONPath as kubectl reads it: `{.items[*].metadata.name}`, `{range …}{end}`, filters, text between.
//!
//! kubectl's dialect is older than RFC 9535 and differs from it in braces, text, ranges, unions of
//! paths and missing fields, so no crate for the standard reads it.
//! Source: `client-go/util/jsonpath`, Kubernetes 1.34.

mod parse;
mod walk;

use serde_json::Value;

/// A template that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    source: String,
    nodes: Vec<Node>,
}

/// Why a template cannot be read, or has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonPathError(pub String);

/// One part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Text outside of braces, or in quotes inside of them.
    Text(String),
    /// What a path leads to.
    Path(Vec<Step>),
    /// What is inside, for each value that a path leads to.
    Range(Vec<Step>, Vec<Self>),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.name`
    Field(String),
    /// `.*` and `[*]`
    Every,
    /// `..`
    Deep,
    /// `[0]`, `[-1]`, `[1:3]`
    Slice {
        from: i64,
        to: Option<i64>,
        /// Whether one element is meant, which must be there.
        one: bool,
    },
    /// `['a', 'b']` and `[0,2]`
    Union(Vec<Vec<Self>>),
    /// `[?(@.type=="Ready")]`
    Filter(Filter),
}

#[derive(Clone, Debug, PartialEq)]
struct Filter {
    left: Operand,
    /// The comparison; without one the left side has to be there.
    comparison: Option<(Comparison, Operand)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Path(Vec<Step>),
    Literal(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl JsonPath {
    /// Reads a template as `-o jsonpath=` takes it: paths stand in braces, all else is text.
    ///
    /// # Errors
    /// In the words of kubectl.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        Ok(Self {
            source: text.to_owned(),
            nodes: parse::template(text)?,
        })
    }

    /// Reads a path for which braces and the first dot may be left out: `metadata.name`, `{.a.b}`.
    ///
    /// # Errors
    /// In the words of kubectl.
    pub fn parse_relaxed(text: &str) -> Result<Self, JsonPathError> {
        let inner = text
            .strip_prefix('{')
            .map_or(Some(text), |rest| rest.strip_suffix('}'));
        let inner = inner.map(|inner| inner.strip_prefix('.').unwrap_or(inner));
        match inner.filter(|inner| !inner.is_empty() && !inner.contains(['{', '}'])) {
            Some(inner) => Self::parse(&format!("{{.{inner}}}")),
            None => Err(JsonPathError(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or \
                 '{name1.name2}' or '{.name1.name2}'"
                    .to_owned(),
            )),
        }
    }

    /// The template as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the template comes to. A field that is not there leaves nothing.
    ///
    /// # Errors
    /// When it asks for an element that is not there, or compares what cannot be compared.
    pub fn text(&self, value: &Value) -> Result<String, JsonPathError> {
        walk::text(&self.nodes, value)
    }

    /// The values that the paths of the template lead to.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn values<'a>(&self, value: &'a Value) -> Result<Vec<&'a Value>, JsonPathError> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if let Node::Path(steps) = node {
                found.extend(walk::follow(steps, vec![value])?);
            }
        }
        Ok(found)
    }
}

/// A value as templates print it: strings without quotes, all else as JSON.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
