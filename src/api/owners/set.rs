//! Sets of fields: which paths of an object somebody owns, as `fieldsV1` writes them.
//! Source: `sigs.k8s.io/structured-merge-diff/fieldpath`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// A field of a mapping.
    Field(String),
    /// An element of a list, by the fields that tell it from the others, each with its value as JSON.
    Key(Vec<(&'static str, String)>),
    /// A value of a list that is a set, as JSON.
    Value(String),
}

/// A set of paths. A path may be in it with others below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    is_member: bool,
    below: BTreeMap<Element, Self>,
}

impl FieldSet {
    /// True when no path is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.is_member && self.below.values().all(Self::is_empty)
    }

    /// Puts a path in.
    pub fn insert(&mut self, path: &[Element]) {
        let mut here = self;
        for element in path {
            here = here.below.entry(element.clone()).or_default();
        }
        here.is_member = true;
    }

    /// What is below an element; none when nothing is.
    #[must_use]
    pub fn below(&self, element: &Element) -> Option<&Self> {
        self.below.get(element).filter(|below| !below.is_empty())
    }

    /// The elements that something is at or below of, each with that.
    pub fn elements(&self) -> impl Iterator<Item = (&Element, &Self)> {
        self.below.iter().filter(|(_, below)| !below.is_empty())
    }

    /// Everything of both.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    fn add(&mut self, other: &Self) {
        self.is_member |= other.is_member;
        for (element, below) in &other.below {
            match self.below.get_mut(element) {
                Some(own) => own.add(below),
                None => {
                    self.below.insert(element.clone(), below.clone());
                }
            }
        }
    }

    /// What is in this and not in the other.
    #[must_use]
    pub fn without(mut self, other: &Self) -> Self {
        self.subtract(other);
        self
    }

    fn subtract(&mut self, other: &Self) {
        self.is_member &= !other.is_member;
        for (element, below) in &other.below {
            if let Some(own) = self.below.get_mut(element) {
                own.subtract(below);
                if own.is_empty() {
                    self.below.remove(element);
                }
            }
        }
    }

    /// What is in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let below = self.below.iter().filter_map(|(element, own)| {
            let common = own.common(other.below.get(element)?);
            (!common.is_empty()).then(|| (element.clone(), common))
        });
        Self {
            is_member: self.is_member && other.is_member,
            below: below.collect(),
        }
    }

    /// The paths as messages write them, those of one level before those below it.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.write_paths("", &mut paths);
        paths
    }

    fn write_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        let members = self.below.iter().filter(|(_, below)| below.is_member);
        paths.extend(members.map(|(element, _)| format!("{prefix}{element}")));
        for (element, below) in &self.below {
            below.write_paths(&format!("{prefix}{element}"), paths);
        }
    }

    /// The set that `fieldsV1` writes; none for what writes no set.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let mut set = Self {
            is_member: fields.is_empty() || fields.contains_key("."),
            below: BTreeMap::new(),
        };
        for (name, below) in fields.iter().filter(|(name, _)| *name != ".") {
            let element = Element::from_fields(name)?;
            set.below.insert(element, Self::from_value(below)?);
        }
        Some(set)
    }

    /// The set as `fieldsV1`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut fields = Map::new();
        if self.is_member && !self.below.is_empty() {
            fields.insert(".".to_owned(), Map::new().into());
        }
        for (element, below) in &self.below {
            fields.insert(element.in_fields(), below.to_value());
        }
        fields.into()
    }
}

impl Element {
    /// The element that `fieldsV1` writes so.
    fn from_fields(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest.to_owned())),
            "v" => Some(Self::Value(rest.to_owned())),
            "k" => {
                let fields: Map<String, Value> = serde_json::from_str(rest).ok()?;
                let names = super::topology::keys(&fields)?;
                let value = |name: &&'static str| Some((*name, fields.get(*name)?.to_string()));
                Some(Self::Key(names.iter().map(value).collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    /// `f:spec`, `k:{"name":"web"}`, `v:"example.com/hold"`
    fn in_fields(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("k:{{{}}}", fields.join(","))
            }
            Self::Value(value) => format!("v:{value}"),
        }
    }
}

/// `.spec`, `[name="web"]`, `[="example.com/hold"]`
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                write!(f, "[{}]", fields.join(","))
            }
            Self::Value(value) => write!(f, "[={value}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_fields_read_as_they_are_written() {
        let fields = serde_json::json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"a/b\"": {}}},
            "f:spec": {"f:replicas": {}, "f:ports": {
                "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
        let set = FieldSet::from_value(&fields).expect("a set");
        assert_eq!(set.to_value(), fields);
        assert_eq!(
            set.paths(),
            [
                ".metadata.finalizers",
                ".metadata.finalizers[=\"a/b\"]",
                ".spec.replicas",
                ".spec.ports[port=80,protocol=\"TCP\"]",
                ".spec.ports[port=80,protocol=\"TCP\"].port",
            ]
        );
        for bad in ["x:a", "replicas", "k:{\"nothing\":1}", "k:80"] {
            let fields = serde_json::json!({bad: {}});
            assert_eq!(FieldSet::from_value(&fields), None, "{bad}");
        }
    }
}
