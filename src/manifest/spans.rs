//! Where each value of a document stands in its file.

use std::collections::BTreeMap;

use super::problem::Place;
use crate::api::schema::{Step, steps};

/// The place of a value, of its key, and of what is in it. Lines count from the document's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) key: Option<Place>,
    pub(super) value: Place,
    pub(super) inner: Inner,
}

/// What is in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inner {
    Scalar,
    List(Vec<Span>),
    Map(BTreeMap<String, Span>),
}

impl Span {
    /// The place that a message about this value points at: a scalar itself, or the key of what
    /// holds more.
    fn place(&self) -> Place {
        match (&self.inner, self.key) {
            (Inner::List(_) | Inner::Map(_), Some(key)) => key,
            _ => self.value,
        }
    }

    /// The key, where there is one.
    fn key_place(&self) -> Place {
        self.key.unwrap_or(self.value)
    }

    fn child(&self, step: Step<'_>) -> Option<&Self> {
        match (&self.inner, step) {
            (Inner::Map(fields), Step::Field(name) | Step::Bracket(name)) => fields.get(name),
            (Inner::List(items), Step::Bracket(index)) => items.get(index.parse::<usize>().ok()?),
            _ => None,
        }
    }
}

/// The places of one object's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spans {
    root: Span,
    /// How many lines of the file come before the document.
    before: u32,
}

impl Spans {
    pub(super) fn new(root: Span, before: u32) -> Self {
        Self { root, before }
    }

    /// The place of the value at a path, or of the key of its nearest parent that exists.
    pub(super) fn of(&self, path: &str) -> Place {
        let (span, whole) = self.walk(path);
        self.in_file(if whole {
            span.place()
        } else {
            span.key_place()
        })
    }

    /// The place of the key at a path, or of its nearest parent that exists.
    pub(super) fn of_key(&self, path: &str) -> Place {
        self.in_file(self.walk(path).0.key_place())
    }

    /// The elements of the list under this field, each with its places.
    pub(super) fn elements(self, field: &str) -> Vec<Self> {
        let before = self.before;
        let Inner::Map(mut fields) = self.root.inner else {
            return Vec::new();
        };
        match fields.remove(field).map(|span| span.inner) {
            Some(Inner::List(items)) => items
                .into_iter()
                .map(|root| Self { root, before })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The deepest span on the way, and whether it is the end of the path.
    fn walk(&self, path: &str) -> (&Span, bool) {
        let mut here = &self.root;
        for step in steps(path) {
            match here.child(step) {
                Some(child) => here = child,
                None => return (here, false),
            }
        }
        (here, true)
    }

    fn in_file(&self, place: Place) -> Place {
        Place {
            line: place.line + self.before,
            ..place
        }
    }
}
