//! An object as YAML, each line with the field that it shows.

use serde_json::Value;

use super::print;
use super::spans::{Inner, Span};
use super::yaml;

/// One line of a printed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedLine {
    /// The line, without its end.
    pub text: String,
    /// The innermost field that begins in it or goes on in it, as a JSON pointer.
    pub pointer: String,
}

/// The lines of an object as `kubectl get -o yaml` prints it.
#[must_use]
pub fn printed(value: &Value) -> Vec<PrintedLine> {
    let text = print::to_yaml(value);
    let mut pointers = vec![None; text.lines().count()];
    if let Ok(tree) = yaml::read(&text) {
        mark(&tree.span, &mut String::new(), &mut pointers);
    }
    let mut last = String::new();
    let lines = text.lines().zip(pointers);
    lines
        .map(|(text, pointer)| {
            last = pointer.unwrap_or_else(|| std::mem::take(&mut last));
            PrintedLine {
                text: text.to_owned(),
                pointer: last.clone(),
            }
        })
        .collect()
}

/// Writes the pointer of a value, and of all that is in it, at the lines where they begin.
fn mark(span: &Span, pointer: &mut String, lines: &mut [Option<String>]) {
    let begins = span.key.unwrap_or(span.value).line;
    let line = usize::try_from(begins)
        .ok()
        .and_then(|line| line.checked_sub(1));
    if let Some(line) = line.and_then(|line| lines.get_mut(line)) {
        *line = Some(pointer.clone());
    }
    let length = pointer.len();
    let mut inner = |name: &str, child: &Span| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        mark(child, pointer, lines);
        pointer.truncate(length);
    };
    match &span.inner {
        Inner::Scalar => {}
        Inner::List(items) => {
            for (place, item) in items.iter().enumerate() {
                inner(&place.to_string(), item);
            }
        }
        Inner::Map(fields) => fields.iter().for_each(|(name, field)| inner(name, field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_line_knows_the_innermost_field_that_it_shows() {
        let value = json!({
            "metadata": {"annotations": {"a/b": "one\ntwo\n"}, "name": "web"},
            "spec": {"containers": [{"args": ["-c", "x"], "name": "nginx"}]},
        });
        let lines = printed(&value);
        let told: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (line.text.trim_start(), line.pointer.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("metadata:", "/metadata"),
                ("annotations:", "/metadata/annotations"),
                ("a/b: |", "/metadata/annotations/a~1b"),
                ("one", "/metadata/annotations/a~1b"),
                ("two", "/metadata/annotations/a~1b"),
                ("name: web", "/metadata/name"),
                ("spec:", "/spec"),
                ("containers:", "/spec/containers"),
                ("- args:", "/spec/containers/0/args"),
                ("- -c", "/spec/containers/0/args/0"),
                ("- x", "/spec/containers/0/args/1"),
                ("name: nginx", "/spec/containers/0/name"),
            ]
        );
    }
}
