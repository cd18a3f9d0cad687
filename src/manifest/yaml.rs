//! One YAML (or JSON) document as a JSON value and its places, read as kubectl reads it.
//!
//! Built from the parser's events on a stack of its own, so that no nesting uses up the thread's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError, Tag, options,
};

use super::problem::Place;
use super::scalar::{Scalar, resolve};
use super::spans::{Inner, Span};

/// How deep a document may nest; no object of the API comes near.
const MOST_LEVELS: usize = 64;
/// How many values a document may have.
const MOST_VALUES: usize = 500_000;
/// How many values may come from aliases.
const MOST_ALIASED: usize = 100_000;

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) span: Span,
    /// Keys that stand twice in one mapping: the key, the first place, the second.
    pub(super) duplicates: Vec<(String, Place, Place)>,
}

/// Why a text is no YAML; the place counts from the first line of the text.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) place: Place,
    pub(super) message: Cow<'static, str>,
    pub(super) help: Option<&'static str>,
}

/// Reads one document. A text without any is `null`.
pub(super) fn read(text: &str) -> Result<Tree, SyntaxError> {
    read_up_to(text, MOST_VALUES)
}

/// Reads one document of at most so many values.
pub(super) fn read_up_to(text: &str, most_values: usize) -> Result<Tree, SyntaxError> {
    let mut composer = Composer {
        most_values,
        ..Composer::default()
    };
    let options: Options = options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| describe(&error, text))?;
        composer.event(event, place(span.start))?;
    }
    let root = composer
        .root
        .unwrap_or(Node::scalar(Value::Null, Place::START));
    Ok(Tree {
        value: root.value,
        span: root.span,
        duplicates: composer.duplicates,
    })
}

fn place(marker: Marker) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Place {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

/// A value with its place, and how many values it is made of.
#[derive(Clone, Debug)]
struct Node {
    value: Value,
    span: Span,
    weight: usize,
}

impl Node {
    fn scalar(value: Value, at: Place) -> Self {
        Self {
            value,
            span: Span {
                key: None,
                value: at,
                inner: Inner::Scalar,
            },
            weight: 1,
        }
    }
}

/// A list or mapping that has not come to its end.
struct Open {
    at: Place,
    /// The parser's number of its anchor; 0 for none.
    anchor: usize,
    weight: usize,
    body: Body,
}

enum Body {
    List(Vec<Value>, Vec<Span>),
    Map {
        values: Map<String, Value>,
        spans: BTreeMap<String, Span>,
        key: Option<Key>,
        merged: Vec<Node>,
    },
}

/// A key that waits for its value.
enum Key {
    Name(String, Place),
    /// `<<`
    Merge,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    duplicates: Vec<(String, Place, Place)>,
    values: usize,
    most_values: usize,
    aliased: usize,
    root: Option<Node>,
}

impl Composer {
    fn event(&mut self, event: Event<'_>, at: Place) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, at)?;
                self.scalar(&text, style, anchor, tag.as_deref(), at)
            }
            Event::SequenceStart(_, anchor, _) => {
                let body = Body::List(Vec::new(), Vec::new());
                self.begin(body, anchor, at)
            }
            Event::MappingStart(_, anchor, _) => {
                let body = Body::Map {
                    values: Map::new(),
                    spans: BTreeMap::new(),
                    key: None,
                    merged: Vec::new(),
                };
                self.begin(body, anchor, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::DocumentStart(..) if self.root.is_some() => Err(SyntaxError {
                place: at,
                message: "yaml: a second document begins here".into(),
                help: Some("separate documents with a line ---"),
            }),
            _ => Ok(()),
        }
    }

    fn count(&mut self, values: usize, at: Place) -> Result<(), SyntaxError> {
        self.values += values;
        if self.values > self.most_values {
            let most = self.most_values;
            return Err(SyntaxError {
                place: at,
                message: format!("the document has more than {most} values").into(),
                help: Some("split it into several files"),
            });
        }
        Ok(())
    }

    /// The mapping that waits for a key, if that is what comes next.
    fn waits_for_key(&self) -> bool {
        let body = self.open.last().map(|open| &open.body);
        matches!(body, Some(Body::Map { key: None, .. }))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Place,
    ) -> Result<(), SyntaxError> {
        let is_plain = style == ScalarStyle::Plain;
        if self.waits_for_key() && is_plain && text == "<<" {
            self.take_key(Key::Merge);
            return Ok(());
        }
        let value = scalar_value(text, is_plain, tag, at)?;
        let node = Node::scalar(value, at);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node)
    }

    fn begin(&mut self, body: Body, anchor: usize, at: Place) -> Result<(), SyntaxError> {
        self.count(1, at)?;
        if self.waits_for_key() {
            return Err(bad_key(at, "a list or a mapping"));
        }
        if self.open.len() == MOST_LEVELS {
            return Err(too_deep(at));
        }
        self.open.push(Open {
            at,
            anchor,
            weight: 1,
            body,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let (value, inner) = match open.body {
            Body::List(values, spans) => (values.into(), Inner::List(spans)),
            Body::Map {
                mut values,
                mut spans,
                merged,
                ..
            } => {
                for node in merged {
                    merge(&mut values, &mut spans, node);
                }
                (values.into(), Inner::Map(spans))
            }
        };
        let node = Node {
            value,
            span: Span {
                key: None,
                value: open.at,
                inner,
            },
            weight: open.weight,
        };
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, node.clone());
        }
        self.add(node)
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Result<(), SyntaxError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(SyntaxError {
                place: at,
                message: "yaml: anchor value contains itself".into(),
                help: None,
            });
        };
        self.aliased += node.weight;
        if self.aliased > MOST_ALIASED {
            return Err(SyntaxError {
                place: at,
                message: "yaml: document contains excessive aliasing".into(),
                help: None,
            });
        }
        let mut node = node.clone();
        if self.open.len() + depth(&node.value) > MOST_LEVELS {
            return Err(too_deep(at));
        }
        node.span.value = at;
        self.count(node.weight, at)?;
        self.add(node)
    }

    fn take_key(&mut self, new: Key) {
        if let Some(Open {
            body: Body::Map { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some(new);
        }
    }

    /// Puts a finished value where it belongs: it is an element, a key, the value of a key, or all.
    fn add(&mut self, mut node: Node) -> Result<(), SyntaxError> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight += node.weight;
        match &mut open.body {
            Body::List(values, spans) => {
                values.push(node.value);
                spans.push(node.span);
            }
            Body::Map {
                values,
                spans,
                key,
                merged,
            } => match key.take() {
                None => *key = Some(key_of(&node)?),
                Some(Key::Merge) => merged.extend(merge_sources(node)?),
                Some(Key::Name(name, at)) => {
                    if let Some(first) = spans.get(&name).and_then(|span| span.key) {
                        self.duplicates.push((name.clone(), first, at));
                    }
                    node.span.key = Some(at);
                    values.insert(name.clone(), node.value);
                    spans.insert(name, node.span);
                }
            },
        }
        Ok(())
    }
}

/// A key as text: YAML's other scalars become what JSON would call them.
fn key_of(node: &Node) -> Result<Key, SyntaxError> {
    let at = node.span.value;
    let name = match &node.value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => node.value.to_string(),
        Value::Null => return Err(bad_key(at, "null")),
        Value::Array(_) | Value::Object(_) => return Err(bad_key(at, "a list or a mapping")),
    };
    Ok(Key::Name(name, at))
}

fn bad_key(place: Place, what: &str) -> SyntaxError {
    SyntaxError {
        place,
        message: format!("yaml: invalid map key: {what}").into(),
        help: Some("a key is a string"),
    }
}

/// The mappings that `<<` brings in: one, or a list of them.
fn merge_sources(node: Node) -> Result<Vec<Node>, SyntaxError> {
    let refused = SyntaxError {
        place: node.span.value,
        message: "yaml: map merge requires map or sequence of maps as the value".into(),
        help: None,
    };
    match (node.value, node.span.inner) {
        (Value::Array(values), Inner::List(spans)) if values.iter().all(Value::is_object) => {
            let node = |(value, span)| Node {
                value,
                span,
                weight: 0,
            };
            Ok(values.into_iter().zip(spans).map(node).collect())
        }
        (value @ Value::Object(_), inner @ Inner::Map(_)) => Ok(vec![Node {
            value,
            span: Span { inner, ..node.span },
            weight: 0,
        }]),
        _ => Err(refused),
    }
}

/// Adds what the mapping does not have itself.
fn merge(values: &mut Map<String, Value>, spans: &mut BTreeMap<String, Span>, source: Node) {
    let (Value::Object(fields), Inner::Map(mut places)) = (source.value, source.span.inner) else {
        return;
    };
    for (name, value) in fields {
        if !values.contains_key(&name)
            && let Some(place) = places.remove(&name)
        {
            spans.insert(name.clone(), place);
            values.insert(name, value);
        }
    }
}

fn depth(value: &Value) -> usize {
    let deepest = |inner: &mut dyn Iterator<Item = &Value>| inner.map(depth).max().unwrap_or(0);
    match value {
        Value::Array(items) => 1 + deepest(&mut items.iter()),
        Value::Object(fields) => 1 + deepest(&mut fields.values()),
        _ => 0,
    }
}

fn scalar_value(
    text: &str,
    is_plain: bool,
    tag: Option<&Tag>,
    at: Place,
) -> Result<Value, SyntaxError> {
    let core = tag.and_then(Tag::core_suffix);
    match (tag, core) {
        (Some(_), Some("str")) => return Ok(text.into()),
        (Some(_), Some("null" | "bool" | "int" | "float")) => {}
        (Some(tag), _) if tag.is_yaml_core_schema_tag("binary") || tag.suffix() == "binary" => {
            return Err(SyntaxError {
                place: at,
                message: "yaml: !!binary values are not read".into(),
                help: Some("Unlike Kubernetes: write the text itself"),
            });
        }
        (None, _) if is_plain => {}
        _ => return Ok(text.into()),
    }
    Ok(match resolve(text) {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => flag.into(),
        Scalar::Integer(integer) => integer.into(),
        Scalar::Large(large) => large.into(),
        Scalar::Float(float) => number(float),
        Scalar::NotFinite | Scalar::Date | Scalar::Text => text.into(),
    })
}

/// A whole number stays one however it is written (`3.0`, `1e3`), as on the way through Go's JSON.
fn number(float: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
        return Value::from(float as i64);
    }
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

fn too_deep(place: Place) -> SyntaxError {
    let message = format!("yaml: exceeded max depth: nested more than {MOST_LEVELS} levels deep");
    SyntaxError {
        place,
        message: message.into(),
        help: None,
    }
}

/// One clear sentence for an error of the parser, in the words of kubectl's where they mean the same.
fn describe(error: &ScanError, text: &str) -> SyntaxError {
    let mut place = place(*error.marker());
    let cannot_start = "found character that cannot start any token";
    let (message, help): (Cow<'static, str>, _) = match error.kind() {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation => {
            place.column = tab_column(text, place);
            (
                cannot_start.into(),
                Some("this is a tab; indent with spaces"),
            )
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            ("control characters are not allowed".into(), None)
        }
        ErrorKind::UnexpectedCharacter { .. } => {
            (cannot_start.into(), Some("put the value in quotes"))
        }
        ErrorKind::SimpleKeyExpected => ("could not find expected ':'".into(), None),
        ErrorKind::ExpectedBlockMappingKey => ("did not find expected key".into(), None),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("did not find expected '-' indicator".into(), None)
        }
        ErrorKind::UnknownAnchor => ("unknown anchor referenced".into(), None),
        _ => (error.info().into(), None),
    };
    if message.starts_with("recursion limit") {
        return too_deep(place);
    }
    SyntaxError {
        place,
        message: format!("yaml: {message}").into(),
        help,
    }
}

fn tab_column(text: &str, place: Place) -> u32 {
    let line = text.lines().nth(place.line as usize - 1);
    let before = line.and_then(|line| line.chars().position(|c| c == '\t'));
    before.map_or(place.column, |before| {
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    })
}
