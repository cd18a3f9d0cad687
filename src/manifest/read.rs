//! Reading a manifest: bytes to documents, each good one an object, each bad one a problem.

use std::sync::Arc;

use serde_json::Value;

use super::document::{self, Document};
use super::fields::{self, FieldProblem};
use super::problem::{Place, Problem};
use super::spans::Spans;
use super::unfit::{Fault, Unfit};
use super::yaml;
use crate::api::Kind;

/// The largest manifest that is read, in bytes.
pub const MOST_BYTES: usize = 8 << 20;
/// The most documents in one file, and the most objects in all of its lists.
pub const MOST_DOCUMENTS: usize = 10_000;
/// After so many problems the rest of a file is not looked at.
const MOST_PROBLEMS: usize = 100;
/// What kubectl says to a file without an object.
const NOTHING: &str = "no objects passed to apply";

/// What was in a manifest. A document with an error is not among the documents.
#[derive(Clone, Debug, Default)]
pub struct Parse {
    /// The good objects, in the order of the file; lists are taken apart.
    pub documents: Vec<Document>,
    /// What is wrong with the others.
    pub problems: Vec<Problem>,
    /// The others, in the order of the file.
    pub unfit: Vec<Unfit>,
}

/// Reads all objects of a YAML or JSON file, as kubectl splits, converts and checks them.
///
/// Never fails as a whole: good documents stand beside the problems of bad ones. `name` is the file
/// as the user named it. Bounded by [`MOST_BYTES`] and [`MOST_DOCUMENTS`].
///
/// Unlike Kubernetes: a key that stands twice is an error; kubectl takes the last one silently.
#[must_use]
pub fn parse(name: &str, bytes: &[u8]) -> Parse {
    let file: Arc<str> = name.into();
    let text = match text_of(&file, bytes, MOST_BYTES) {
        Ok(text) => text,
        Err(problem) => return Parse::failed(*problem),
    };
    let chunks = split(text);
    if chunks.len() > MOST_DOCUMENTS {
        let message = format!(
            "{} documents in one file; at most {MOST_DOCUMENTS} are read",
            chunks.len()
        );
        return Parse::failed(Problem::of_file(&file, message));
    }
    if chunks.is_empty() {
        let reason = if text.trim().is_empty() {
            "the file is empty"
        } else {
            "the file has only comments"
        };
        let message = format!("{NOTHING}: {reason}");
        return Parse::failed(Problem::of_file(&file, message));
    }
    let mut reader = Reader {
        file,
        text,
        parse: Parse::default(),
    };
    for chunk in chunks {
        if reader.is_full() {
            break;
        }
        reader.chunk(&chunk);
    }
    let Reader { file, parse, .. } = reader;
    if parse.documents.is_empty() && parse.problems.is_empty() {
        return Parse::failed(Problem::of_file(&file, NOTHING));
    }
    parse
}

impl Parse {
    fn failed(problem: Problem) -> Self {
        let fault = Fault::Unreadable(problem.to_string());
        Self {
            documents: Vec::new(),
            problems: vec![problem],
            unfit: vec![Unfit { after: 0, fault }],
        }
    }
}

/// The bytes as text, if they can be a manifest at all and are not more than so many.
pub(super) fn text_of<'a>(
    file: &Arc<str>,
    bytes: &'a [u8],
    most: usize,
) -> Result<&'a str, Box<Problem>> {
    if bytes.len() > most {
        let message = format!(
            "Request entity too large: at most {} MiB are read",
            most >> 20
        );
        return Err(Box::new(Problem::of_file(file, message)));
    }
    let binary = |at: usize, message: &str| {
        let place = place_of(&bytes[..at]);
        let mut problem = Problem::of_file(file, message)
            .with_help(Some("this looks like a binary file".to_owned()));
        problem.place = Some(place);
        Box::new(problem)
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| binary(error.valid_up_to(), "yaml: invalid UTF-8 octet"))?;
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(binary(at, "yaml: control characters are not allowed"));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Where the next character after these bytes stands.
fn place_of(before: &[u8]) -> Place {
    let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
    let lines = before.split(|&byte| byte == b'\n').count() - 1;
    let last = before.rsplit(|&byte| byte == b'\n').next();
    let column = last.map_or(0, |line| String::from_utf8_lossy(line).chars().count());
    Place {
        line: count(lines),
        column: count(column),
    }
}

/// The text of one document, and how many lines of the file come before it.
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    pub(super) before: u32,
}

/// Splits at lines `---`, as kubectl does; documents of blanks and comments only are left out.
pub(super) fn split(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut start, mut before, mut has_content) = (0, 0, false);
    let (mut at, mut line_number) = (0, 0);
    for line in text.split_inclusive('\n') {
        let marker = line
            .strip_prefix("---")
            .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if marker.is_some() {
            if has_content {
                let text = &text[start..at];
                chunks.push(Chunk { text, before });
            }
            (start, before, has_content) = (at, line_number, false);
        }
        let content = marker.unwrap_or(line).trim_start();
        has_content |= !content.is_empty() && !content.starts_with('#');
        at += line.len();
        line_number += 1;
    }
    if has_content {
        let text = &text[start..];
        chunks.push(Chunk { text, before });
    }
    chunks
}

/// A value on its way to a document.
struct Item {
    value: Value,
    spans: Spans,
}

struct Reader<'a> {
    file: Arc<str>,
    text: &'a str,
    parse: Parse,
}

impl Reader<'_> {
    /// True when nothing more is read; the last problem says so.
    fn is_full(&mut self) -> bool {
        if self.parse.problems.len() >= MOST_PROBLEMS {
            self.parse.problems.truncate(MOST_PROBLEMS);
            let message = "too many problems; the rest of the file was not read";
            let problem = Problem::of_file(&self.file, message);
            self.unfit(Fault::Unreadable(problem.to_string()));
            self.parse.problems.push(problem);
            return true;
        }
        false
    }

    fn unfit(&mut self, fault: Fault) {
        let after = self.parse.documents.len();
        self.parse.unfit.push(Unfit { after, fault });
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let shift = |place: Place| Place {
            line: place.line + chunk.before,
            ..place
        };
        let tree = match yaml::read(chunk.text) {
            Ok(tree) => tree,
            Err(error) => {
                let line = error.place.line;
                self.unfit(Fault::no_yaml(&self.file, line, &error.message));
                let message = format!("error converting YAML to JSON: {}", error.message);
                let problem = Problem::of_file(&self.file, message)
                    .with_help(error.help.map(str::to_owned))
                    .at(shift(error.place), self.text);
                self.parse.problems.push(problem);
                return;
            }
        };
        if let Some((key, _, second)) = tree.duplicates.first() {
            let message = format!("yaml: key {key:?} already set in map");
            self.unfit(Fault::no_yaml(&self.file, second.line, &message));
            for (key, first, second) in tree.duplicates.iter().take(MOST_PROBLEMS) {
                let message =
                    format!("error converting YAML to JSON: yaml: key {key:?} already set in map");
                let help = format!("it is first set at line {}", shift(*first).line);
                let problem = Problem::of_file(&self.file, message)
                    .with_help(Some(help))
                    .at(shift(*second), self.text);
                self.parse.problems.push(problem);
            }
            return;
        }
        if !tree.value.is_null() {
            let spans = Spans::new(tree.span, chunk.before);
            let value = tree.value;
            self.item(Item { value, spans });
        }
    }

    fn item(&mut self, item: Item) {
        let Some((api_version, kind)) = self.type_meta(&item) else {
            return;
        };
        if api_version == "v1" && kind == "List" {
            self.list(item, None);
        } else if let Some(kind) = document::list_kind(&api_version, &kind) {
            self.list(item, Some(kind));
        } else {
            match document::kind_of(&api_version, &kind) {
                Ok(kind) => self.object(kind, item),
                Err(error) => {
                    let path = if error.wrong_version {
                        "apiVersion"
                    } else {
                        "kind"
                    };
                    self.field_problem(&item.spans, path, error.message, error.help);
                    self.unfit(Fault::NoKind {
                        api_version,
                        kind,
                        value: item.value,
                    });
                }
            }
        }
    }

    /// `apiVersion` and `kind`, or a problem.
    fn type_meta(&mut self, item: &Item) -> Option<(String, String)> {
        let Value::Object(fields) = &item.value else {
            let message = "invalid object to validate".to_owned();
            let expected = "a mapping with apiVersion, kind and metadata";
            let help = fields::expectation(expected, &item.value);
            self.unfit(Fault::no_type(&self.file, &message));
            self.field_problem(&item.spans, "", message, Some(help));
            return None;
        };
        let mut missing = Vec::new();
        let mut found = Vec::new();
        for name in ["apiVersion", "kind"] {
            match fields.get(name) {
                Some(Value::String(text)) if !text.is_empty() => found.push(text.clone()),
                None | Some(Value::Null | Value::String(_)) => {
                    missing.push(format!("{name} not set"));
                }
                Some(other) => {
                    let message = format!("error validating data: {name} is not a string");
                    let help = fields::expectation("a string", other);
                    self.unfit(Fault::no_type(&self.file, &message));
                    self.field_problem(&item.spans, name, message, Some(help));
                    return None;
                }
            }
        }
        let message = match missing.as_slice() {
            [] => None,
            [one] => Some(format!("error validating data: {one}")),
            several => Some(format!("error validating data: [{}]", several.join(", "))),
        };
        if let Some(message) = message {
            self.unfit(Fault::no_type(&self.file, &message));
            self.field_problem(&item.spans, "", message, None);
        }
        let mut found = found.into_iter();
        found.next().zip(found.next())
    }

    fn list(&mut self, item: Item, kind: Option<Kind>) {
        let Item { mut value, spans } = item;
        let items = match value.get_mut("items").map(Value::take) {
            None | Some(Value::Null) => return,
            Some(Value::Array(items)) => items,
            Some(other) => {
                let message = "items of a List must be a list".to_owned();
                let help = fields::expectation("a list", &other);
                self.unfit(Fault::no_type(&self.file, &message));
                self.field_problem(&spans, "items", message, Some(help));
                return;
            }
        };
        if items.len() > MOST_DOCUMENTS - self.parse.documents.len().min(MOST_DOCUMENTS) {
            let message = format!(
                "a List of {} objects; at most {MOST_DOCUMENTS} are read from one file",
                items.len()
            );
            self.unfit(Fault::Unreadable(message.clone()));
            self.field_problem(&spans, "items", message, None);
            return;
        }
        for (mut value, spans) in items.into_iter().zip(spans.elements("items")) {
            if self.parse.problems.len() >= MOST_PROBLEMS {
                return;
            }
            if let (Some(kind), Value::Object(fields)) = (kind, &mut value) {
                let info = kind.info();
                fields
                    .entry("apiVersion")
                    .or_insert_with(|| info.api_version().into());
                fields.entry("kind").or_insert_with(|| info.name.into());
            }
            self.item(Item { value, spans });
        }
    }

    fn object(&mut self, kind: Kind, item: Item) {
        let Item { value, spans } = item;
        let object = match fields::decode(kind, value.clone()) {
            Ok(object) => object,
            Err(problems) => {
                let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let problems_said = in_one(&words);
                self.unfit(Fault::Fields {
                    kind,
                    value,
                    problems: problems_said,
                });
                for problem in problems.into_iter().take(MOST_PROBLEMS) {
                    self.decode_problem(&spans, problem);
                }
                return;
            }
        };
        let metadata = object.metadata();
        let is_set = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
        if !is_set(&metadata.name) && !is_set(&metadata.generate_name) {
            let message = "metadata.name: Required value: name or generateName is required";
            self.field_problem(&spans, "metadata.name", message.to_owned(), None);
            self.unfit(Fault::Nameless(Box::new(Document {
                file: Arc::clone(&self.file),
                value,
                kind,
                object,
                spans,
            })));
            return;
        }
        self.parse.documents.push(Document {
            file: Arc::clone(&self.file),
            value,
            kind,
            object,
            spans,
        });
    }

    fn decode_problem(&mut self, spans: &Spans, problem: FieldProblem) {
        let place = if problem.at_key {
            spans.of_key(&problem.path)
        } else {
            spans.of(&problem.path)
        };
        let mut told = Problem::of_file(&self.file, problem.message)
            .with_help(problem.help)
            .at(place, self.text);
        told.path = problem.path;
        self.parse.problems.push(told);
    }

    fn field_problem(&mut self, spans: &Spans, path: &str, message: String, help: Option<String>) {
        let path = path.to_owned();
        let problem = FieldProblem {
            path,
            at_key: false,
            message,
            help,
        };
        self.decode_problem(spans, problem);
    }
}

/// Several complaints of the API server's decoder in its one sentence.
fn in_one(words: &[String]) -> String {
    const STRICT: &str = "strict decoding error: ";
    // What has the wrong type is told alone; only what is unknown is collected.
    if let Some(wrong) = words.iter().find(|each| !each.starts_with(STRICT)) {
        return wrong.clone();
    }
    let fields = words.iter().map(|each| each.trim_start_matches(STRICT));
    format!("{STRICT}{}", fields.collect::<Vec<_>>().join(", "))
}
