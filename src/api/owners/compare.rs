//! What is different between two states of an object, as sets of fields; and all fields of one.
//! Source: `sigs.k8s.io/structured-merge-diff/typed`.

use serde_json::{Map, Value};

use super::set::{Element, FieldSet};
use super::topology::{Part, Topology, elements};
use crate::api::Kind;
use crate::api::schema;

/// What is different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Fields that were not there.
    pub added: FieldSet,
    /// Fields that were there with another value.
    pub modified: FieldSet,
    /// Fields that are gone.
    pub removed: FieldSet,
}

impl Comparison {
    /// Added and modified.
    #[must_use]
    pub fn touched(&self) -> FieldSet {
        self.added.clone().union(&self.modified)
    }
}

/// Fields of the metadata that belong to the server, whoever wrote the object.
/// Source: `stripMetaManager` of `apimachinery/pkg/util/managedfields/internal`.
const NOBODYS: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "uid",
];

/// Whether nobody owns the field at this place.
fn is_nobodys(path: &[Element], field: &str) -> bool {
    match path {
        [] => matches!(field, "apiVersion" | "kind"),
        [Element::Field(parent)] => parent == "metadata" && NOBODYS.contains(&field),
        _ => false,
    }
}

static NOTHING: Value = Value::Null;

/// Compares two states of an object of this kind.
#[must_use]
pub fn compare(kind: Kind, old: &Value, new: &Value) -> Comparison {
    let mut walk = Walk::default();
    walk.fields(old, new, &Part::root(schema::of(kind)));
    walk.found
}

/// All fields that a configuration of this kind names.
#[must_use]
pub fn fields(kind: Kind, configuration: &Value) -> FieldSet {
    let mut found = FieldSet::default();
    let root = Part::root(schema::of(kind));
    name_fields(configuration, &root, &mut Vec::new(), &mut found);
    found
}

#[derive(Default)]
struct Walk {
    path: Vec<Element>,
    found: Comparison,
}

impl Walk {
    fn at(&mut self, element: Element, step: impl FnOnce(&mut Self)) {
        self.path.push(element);
        step(self);
        self.path.pop();
    }

    fn value(&mut self, old: &Value, new: &Value, part: &Part) {
        if old == new {
            return;
        }
        let (was, is) = (!old.is_null() || part.is_always_there, !new.is_null());
        match (was, is) {
            (false, true) => self.found.added.insert(&self.path),
            (true, false) => self.found.removed.insert(&self.path),
            _ => {}
        }
        match part.topology {
            Topology::Granular if is_mapping(old) && is_mapping(new) => {
                self.fields(old, new, part);
            }
            Topology::Set | Topology::Keyed(_) => {
                let lists = (list(old), list(new));
                let taken = lists.0.and_then(|old| elements(part.topology, old));
                let given = lists.1.and_then(|new| elements(part.topology, new));
                match (taken, given) {
                    (Some(old), Some(new)) => self.elements(&old, &new, part),
                    _ => self.whole(was, is),
                }
            }
            _ => self.whole(was, is),
        }
    }

    fn whole(&mut self, was: bool, is: bool) {
        if was && is {
            self.found.modified.insert(&self.path);
        }
    }

    fn fields(&mut self, old: &Value, new: &Value, part: &Part) {
        let empty = Map::new();
        let old = old.as_object().unwrap_or(&empty);
        let new = new.as_object().unwrap_or(&empty);
        let gone = old.keys().filter(|name| !new.contains_key(*name));
        for name in new.keys().chain(gone) {
            if is_nobodys(&self.path, name) {
                continue;
            }
            let was = old.get(name).unwrap_or(&NOTHING);
            let is = new.get(name).unwrap_or(&NOTHING);
            let field = part.field(name);
            self.at(Element::Field(name.clone()), |walk| {
                walk.value(was, is, &field);
            });
        }
    }

    fn elements(&mut self, old: &[(Element, &Value)], new: &[(Element, &Value)], part: &Part) {
        let in_list = |list: &[(Element, &Value)], element: &Element| {
            list.iter().any(|(each, _)| each == element)
        };
        let gone = old.iter().filter(|(each, _)| !in_list(new, each));
        for (element, is) in new {
            let was = old.iter().find(|(each, _)| each == element);
            let was = was.map_or(&NOTHING, |(_, was)| *was);
            self.element(element, was, is, part);
        }
        for (element, was) in gone {
            self.element(element, was, &NOTHING, part);
        }
    }

    fn element(&mut self, element: &Element, old: &Value, new: &Value, part: &Part) {
        let inner = if part.topology == Topology::Set {
            Part {
                topology: Topology::Atomic,
                inner: None,
                is_always_there: false,
            }
        } else {
            part.element()
        };
        self.at(element.clone(), |walk| walk.value(old, new, &inner));
    }
}

/// A mapping, or nothing where one could be.
fn is_mapping(value: &Value) -> bool {
    value.is_object() || value.is_null()
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        Value::Null => Some(&[]),
        _ => None,
    }
}

fn name_fields(value: &Value, part: &Part, path: &mut Vec<Element>, found: &mut FieldSet) {
    match (part.topology, value) {
        (_, Value::Null) => {}
        (Topology::Granular, Value::Object(fields)) if !fields.is_empty() => {
            for (name, value) in fields {
                if !is_nobodys(path, name) {
                    path.push(Element::Field(name.clone()));
                    name_fields(value, &part.field(name), path, found);
                    path.pop();
                }
            }
        }
        (Topology::Set | Topology::Keyed(_), Value::Array(items)) if !items.is_empty() => {
            let Some(elements) = elements(part.topology, items) else {
                found.insert(path);
                return;
            };
            for (element, value) in elements {
                path.push(element);
                found.insert(path);
                if part.topology != Topology::Set {
                    name_fields(value, &part.element(), path, found);
                }
                path.pop();
            }
        }
        _ => found.insert(path),
    }
}
