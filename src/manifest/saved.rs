//! Reading a saved cluster: what `kubectl get … -A -o yaml` has printed, of whatever version it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document;
use super::fields::{self, FieldProblem};
use super::problem::{Place, Problem};
use super::read::{Chunk, split, text_of};
use super::spans::Spans;
use super::yaml;
use crate::api::{Kind, Object};

/// The largest saved file that is read, in bytes.
pub const MOST_SAVED_BYTES: usize = 128 << 20;
/// How many values one document of a saved file may have.
const MOST_SAVED_VALUES: usize = 5_000_000;
/// After so many problems the rest of a file is not looked at.
const MOST_PROBLEMS: usize = 20;

/// What was in a saved file.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// The objects of the kinds that were asked for, in the order of the file.
    pub objects: Vec<SavedObject>,
    /// What is wrong with others of these kinds, or with the file.
    pub problems: Vec<Problem>,
    /// What has no meaning in Kubernetes 1.34 or here and was passed over, one sentence for each
    /// kind of thing, with the file in front.
    pub passed_over: Vec<String>,
}

/// An object of a saved file, with everything that a server has written into it.
#[derive(Clone, Debug)]
pub struct SavedObject {
    /// The object.
    pub object: Object,
    /// The file as the user named it.
    pub file: Arc<str>,
    spans: Spans,
}

impl SavedObject {
    /// Where the field of this path stands, or the nearest thing around it that was written.
    #[must_use]
    pub fn place(&self, path: &str) -> Place {
        self.spans.of(path)
    }
}

/// Reads all objects of the kinds that `is_wanted` names; lists are taken apart.
///
/// Lenient where another version of Kubernetes may have written the file: kinds and fields that do
/// not exist here are passed over and counted. Never fails as a whole.
#[must_use]
pub fn saved(name: &str, bytes: &[u8], is_wanted: &dyn Fn(Kind) -> bool) -> Saved {
    let file: Arc<str> = name.into();
    let text = match text_of(&file, bytes, MOST_SAVED_BYTES) {
        Ok(text) => text,
        Err(problem) => {
            return Saved {
                problems: vec![*problem],
                ..Saved::default()
            };
        }
    };
    let mut reader = Reader {
        file,
        text,
        is_wanted,
        saved: Saved::default(),
        kinds: BTreeMap::new(),
        fields: BTreeMap::new(),
    };
    for chunk in split(text) {
        if !reader.is_full() {
            reader.chunk(&chunk);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    file: Arc<str>,
    text: &'a str,
    is_wanted: &'a dyn Fn(Kind) -> bool,
    saved: Saved,
    /// Kinds that do not exist here, and how many objects are of them.
    kinds: BTreeMap<(String, String), usize>,
    /// Fields that do not exist here, by kind and path without places in lists: where the first of
    /// them stands, and how many there are.
    fields: BTreeMap<(Kind, String), (Place, usize)>,
}

impl Reader<'_> {
    fn is_full(&self) -> bool {
        self.saved.problems.len() >= MOST_PROBLEMS
    }

    fn say(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        let problem = Problem::of_file(&self.file, message).with_help(help);
        self.saved.problems.push(problem.at(place, self.text));
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let shift = |place: Place| Place {
            line: place.line + chunk.before,
            ..place
        };
        let tree = match yaml::read_up_to(chunk.text, MOST_SAVED_VALUES) {
            Ok(tree) => tree,
            Err(error) => {
                let message = format!("error converting YAML to JSON: {}", error.message);
                self.say(shift(error.place), message, error.help.map(str::to_owned));
                return;
            }
        };
        if let Some((key, _, second)) = tree.duplicates.first() {
            let message =
                format!("error converting YAML to JSON: yaml: key {key:?} already set in map");
            self.say(shift(*second), message, None);
            return;
        }
        if !tree.value.is_null() {
            self.item(tree.value, Spans::new(tree.span, chunk.before), None);
        }
    }

    /// An object or a list; elements of a typed list need not say what they are.
    fn item(&mut self, mut value: Value, spans: Spans, element: Option<Kind>) {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (api_version, kind) = match (text("apiVersion"), text("kind"), element) {
            (Some(api_version), Some(kind), _) => (api_version, kind),
            (_, _, Some(kind)) => (kind.info().api_version(), kind.info().name.to_owned()),
            _ => {
                let message = "no object of Kubernetes: apiVersion and kind are needed";
                self.say(spans.of(""), message, None);
                return;
            }
        };
        let is_list = api_version == "v1" && kind == "List";
        let element = document::list_kind(&api_version, &kind);
        if is_list || element.is_some() {
            let items = value.get_mut("items").map(Value::take);
            let Some(Value::Array(items)) = items else {
                return;
            };
            for (value, spans) in items.into_iter().zip(spans.elements("items")) {
                if self.is_full() {
                    return;
                }
                self.item(value, spans, element);
            }
            return;
        }
        match document::kind_of(&api_version, &kind) {
            Ok(kind) if (self.is_wanted)(kind) => self.object(kind, value, spans),
            Ok(_) => {}
            Err(_) => *self.kinds.entry((api_version, kind)).or_insert(0) += 1,
        }
    }

    fn object(&mut self, kind: Kind, value: Value, spans: Spans) {
        let (object, unknown) = match fields::decode_leniently(kind, value) {
            Ok(decoded) => decoded,
            Err(problems) => {
                for FieldProblem {
                    path,
                    message,
                    help,
                    ..
                } in problems
                {
                    let place = spans.of(&path);
                    self.say(place, format!("{path}: {message}"), help);
                }
                return;
            }
        };
        if object.name().is_empty() {
            let message = "metadata.name: Required value: a saved object has a name";
            self.say(spans.of("metadata.name"), message, None);
            return;
        }
        for problem in unknown {
            let place = spans.of_key(&problem.path);
            let known = self.fields.entry((kind, without_places(&problem.path)));
            known.or_insert((place, 0)).1 += 1;
        }
        let file = Arc::clone(&self.file);
        self.saved.objects.push(SavedObject {
            object,
            file,
            spans,
        });
    }

    fn finish(mut self) -> Saved {
        let file = &self.file;
        for ((api_version, kind), count) in &self.kinds {
            let objects = if *count == 1 { "object" } else { "objects" };
            self.saved.passed_over.push(format!(
                "{file}: passed over {count} {objects} of kind {kind} in version {api_version}"
            ));
        }
        for ((kind, path), (place, count)) in &self.fields {
            let times = if *count == 1 {
                String::new()
            } else {
                format!(", {count} times")
            };
            self.saved.passed_over.push(format!(
                "{file}:{}:{}: passed over field {path} of kind {}{times}",
                place.line,
                place.column,
                kind.info().name,
            ));
        }
        self.saved
    }
}

/// `spec.containers[].image` of `spec.containers[3].image`.
fn without_places(path: &str) -> String {
    let mut short = String::with_capacity(path.len());
    let mut parts = path.split('[');
    short.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.split_once(']').map_or("", |(_, rest)| rest);
        short.push_str("[]");
        short.push_str(rest);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "apiVersion: v1\nkind: List\nitems:\n\
        - apiVersion: v1\n  kind: Node\n  metadata: {name: a, resourceVersion: '7'}\n  \
          status: {allocatable: {cpu: '4'}, shine: 3}\n\
        - apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: m}\n  data: 3\n\
        - apiVersion: networking.k8s.io/v1\n  kind: Ingress\n  metadata: {name: i}\n\
        - apiVersion: networking.k8s.io/v1\n  kind: Ingress\n  metadata: {name: j}\n\
        - apiVersion: v1\n  kind: Node\n  metadata: {name: b}\n  spec: {unschedulable: maybe}\n";

    #[test]
    fn a_saved_list_gives_what_is_wanted_and_says_what_is_not_known() {
        let read = saved("c.yaml", FILE.as_bytes(), &|kind| kind == Kind::Node);
        let names: Vec<&str> = read.objects.iter().map(|each| each.object.name()).collect();
        assert_eq!(names, ["a"]);
        assert_eq!(read.objects[0].place("status.allocatable").line, 7);
        assert_eq!(
            read.passed_over,
            [
                "c.yaml: passed over 2 objects of kind Ingress in version networking.k8s.io/v1",
                "c.yaml:7:37: passed over field status.shine of kind Node",
            ]
        );
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("c.yaml:21:25: spec.unschedulable: json: cannot unmarshal"),
            "{problems:?}"
        );
    }

    #[test]
    fn what_is_no_object_has_a_place() {
        for (text, expected) in [
            ("a: 1\n", "c.yaml:1:1: no object of Kubernetes"),
            ("a: [1\n", "c.yaml:1:4: error converting YAML to JSON"),
            ("kind: Pod\napiVersion: v1\n", "c.yaml:1:1: metadata.name: "),
        ] {
            let read = saved("c.yaml", text.as_bytes(), &|_| true);
            let said = read.problems[0].to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
