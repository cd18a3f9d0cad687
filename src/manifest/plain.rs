//! A file with one document that is no object of the API, such as the configuration of a component.

use std::sync::Arc;

use serde_json::Value;

use super::problem::{Place, Problem};
use super::read::{MOST_BYTES, text_of};
use super::spans::Spans;
use super::yaml;

/// One YAML or JSON document and the places of its fields.
#[derive(Clone, Debug)]
pub struct Plain {
    /// What was written.
    pub value: Value,
    file: Arc<str>,
    text: String,
    spans: Spans,
}

impl Plain {
    /// An error at a path of the document: `profiles[0].plugins`.
    #[must_use]
    pub fn problem(&self, path: &str, message: &str) -> Problem {
        let message = format!("{path}: {message}");
        Problem::of_file(&self.file, message).at(self.spans.of(path), &self.text)
    }
}

/// Reads the only document of a file; a file without any is `null`.
///
/// # Errors
/// What is wrong with its syntax, and where.
pub fn plain(name: &str, bytes: &[u8]) -> Result<Plain, Box<Problem>> {
    let file: Arc<str> = name.into();
    let text = text_of(&file, bytes, MOST_BYTES)?;
    let wrong = |message: &str, place: Place, help: Option<String>| {
        let message = format!("error converting YAML to JSON: {message}");
        let problem = Problem::of_file(&file, message).with_help(help);
        Box::new(problem.at(place, text))
    };
    let tree = yaml::read(text)
        .map_err(|error| wrong(&error.message, error.place, error.help.map(str::to_owned)))?;
    if let Some((key, first, second)) = tree.duplicates.first() {
        let message = format!("yaml: key {key:?} already set in map");
        let help = format!("it is first set at line {}", first.line);
        return Err(wrong(&message, *second, Some(help)));
    }
    Ok(Plain {
        value: tree.value,
        text: text.to_owned(),
        spans: Spans::new(tree.span, 0),
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_a_plain_document_have_a_place() {
        let read = plain("s.yaml", b"profiles:\n- plugins:\n    score: 1\n").expect("a document");
        let problem = read.problem("profiles[0].plugins.score", "must be an object");
        assert_eq!(
            problem.to_string(),
            "s.yaml:3:12: profiles[0].plugins.score: must be an object"
        );
        for (text, expected) in [
            ("a: [1\n", "s.yaml:1:4: "),
            ("a: 1\na: 2\n", "s.yaml:2:1: "),
        ] {
            let problem = plain("s.yaml", text.as_bytes()).expect_err(text);
            assert!(problem.to_string().starts_with(expected), "{problem}");
        }
    }
}
