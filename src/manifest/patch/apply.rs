//! Server-side apply: a configuration is merged into what is there, and what it no longer names goes.
//! Source: `sigs.k8s.io/structured-merge-diff/merge/update.go`.

use serde_json::{Map, Value};

use crate::api::owners::{Element, FieldSet, Part, Topology, elements};
use crate::api::{Kind, schema};

/// The object with everything that the configuration says.
#[must_use]
pub fn apply(kind: Kind, object: &Value, configuration: &Value) -> Value {
    let mut result = object.clone();
    merge(&mut result, configuration, &Part::root(schema::of(kind)));
    result
}

/// The object without what its applier named before (`last`) and nobody names now (`kept`).
#[must_use]
pub fn prune(kind: Kind, mut object: Value, last: &FieldSet, kept: &FieldSet) -> Value {
    remove(&mut object, &Part::root(schema::of(kind)), last, Some(kept));
    object
}

fn merge(into: &mut Value, from: &Value, part: &Part) {
    match (part.topology, from) {
        (_, Value::Null) => {}
        (Topology::Granular, Value::Object(fields)) => merge_fields(into, fields, part),
        (Topology::Set | Topology::Keyed(_), Value::Array(items)) => {
            merge_list(into, items, part);
        }
        _ => *into = from.clone(),
    }
}

fn merge_fields(into: &mut Value, fields: &Map<String, Value>, part: &Part) {
    if !into.is_object() {
        *into = Map::new().into();
    }
    let Value::Object(own) = into else { return };
    for (name, value) in fields {
        if !value.is_null() {
            let inner = own.entry(name.clone()).or_insert(Value::Null);
            merge(inner, value, &part.field(name));
        }
    }
}

/// Elements that are there stay in their places; new ones come after them.
fn merge_list(into: &mut Value, items: &[Value], part: &Part) {
    let old = into.as_array().cloned().unwrap_or_default();
    let places: Option<Vec<Element>> = elements(part.topology, &old)
        .map(|found| found.into_iter().map(|(element, _)| element).collect());
    let (Some(places), Some(given)) = (places, elements(part.topology, items)) else {
        *into = items.to_vec().into();
        return;
    };
    let mut merged = old;
    for (element, item) in given {
        match places.iter().position(|each| *each == element) {
            Some(place) if part.topology != Topology::Set => {
                merge(&mut merged[place], item, &part.element());
            }
            Some(_) => {}
            None => {
                let mut new = Value::Null;
                merge(&mut new, item, &part.element());
                merged.push(if part.topology == Topology::Set {
                    item.clone()
                } else {
                    new
                });
            }
        }
    }
    *into = merged.into();
}

fn remove(object: &mut Value, part: &Part, last: &FieldSet, kept: Option<&FieldSet>) {
    for (element, before) in last.elements() {
        let now = kept.and_then(|kept| kept.below(element));
        match (element, &mut *object) {
            (Element::Field(name), Value::Object(fields)) => match now {
                None => {
                    fields.remove(name);
                }
                Some(_) => {
                    if let Some(inner) = fields.get_mut(name) {
                        remove(inner, &part.field(name), before, now);
                    }
                }
            },
            (_, Value::Array(items)) => {
                let place = elements(part.topology, items)
                    .and_then(|found| found.iter().position(|(each, _)| each == element));
                match (place, now) {
                    (Some(place), None) => {
                        items.remove(place);
                    }
                    (Some(place), Some(_)) => {
                        remove(&mut items[place], &part.element(), before, now);
                    }
                    (None, _) => {}
                }
            }
            _ => {}
        }
    }
}
