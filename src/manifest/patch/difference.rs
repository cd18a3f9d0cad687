//! Finding the strategic merge patch between two objects, and between the three of `kubectl apply`.
//!
//! Source: `apimachinery/pkg/util/strategicpatch/patch.go`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys::{Strategy, lookup};
use super::strategic::{
    DELETE_FROM, DIRECTIVE, ELEMENT_ORDER, Fields, Mode, RETAIN_KEYS, element_key, identity,
    merge_fields, sorted_by,
};
use super::{PatchError, go_print};
use crate::api::Kind;
use crate::api::schema::{self, Type};

/// Which differences go into a patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// What is new or has changed.
    Changes,
    /// What is gone.
    Deletions,
}

/// The strategic merge patch that makes `to` of `from`; an empty mapping when they are the same.
///
/// # Errors
/// When one of them is no mapping, or an element of a merged list lacks its key.
pub fn difference(kind: Kind, from: &Value, to: &Value) -> Result<Value, PatchError> {
    let of = Some(schema::of(kind));
    let patch = fields_difference(fields_of(from)?, fields_of(to)?, of, Part::All, false)?;
    Ok(patch.into())
}

/// The patch that `kubectl apply` sends: what `modified` adds to or changes in `live`, and what it
/// no longer has of `last_applied`. What others have set and nobody applied stays. An empty mapping
/// when there is nothing to do. Without `last_applied` nothing is deleted.
///
/// # Errors
/// When one of them is no mapping, or an element of a merged list lacks its key.
pub fn three_way(
    kind: Kind,
    last_applied: Option<&Value>,
    modified: &Value,
    live: &Value,
) -> Result<Value, PatchError> {
    let of = Some(schema::of(kind));
    let nothing = Map::new();
    let last_applied = last_applied.map_or(Ok(&nothing), fields_of)?;
    let modified = fields_of(modified)?;
    let changes = fields_difference(fields_of(live)?, modified, of, Part::Changes, false)?;
    let deletions = fields_difference(last_applied, modified, of, Part::Deletions, false)?;
    merge_fields(deletions, changes, of, Mode::Compose).map(Value::Object)
}

fn fields_of(value: &Value) -> Result<&Fields, PatchError> {
    value.as_object().ok_or(PatchError::NotAnObject)
}

fn fields_difference(
    from: &Fields,
    to: &Fields,
    of: Option<&'static Type>,
    part: Part,
    names_kept_fields: bool,
) -> Result<Fields, PatchError> {
    let mut patch = Fields::new();
    for (name, new) in to {
        let (strategy, inner) = lookup(of, name);
        match (from.get(name), new) {
            (Some(Value::Object(old)), Value::Object(new)) if strategy != Strategy::Replace => {
                let inner = fields_difference(old, new, inner, part, strategy.retains_keys())?;
                if !inner.is_empty() {
                    patch.insert(name.clone(), inner.into());
                }
            }
            (Some(Value::Array(old)), Value::Array(new)) if strategy.merges_lists() => {
                let lists = list_difference(old, new, strategy, inner, part)?;
                lists.put_into(&mut patch, name);
            }
            (old, new) if old != Some(new) && part != Part::Deletions => {
                patch.insert(name.clone(), new.clone());
            }
            _ => {}
        }
    }
    let gone = from.iter().filter(|(name, _)| !to.contains_key(*name));
    let any_gone = gone.clone().any(|(_, value)| !value.is_null());
    if part != Part::Changes {
        patch.extend(gone.map(|(name, _)| (name.clone(), Value::Null)));
    }
    let kept: Vec<Value> = to
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| name.as_str().into())
        .collect();
    if names_kept_fields && !kept.is_empty() && (any_gone || !patch.is_empty()) {
        patch.insert(RETAIN_KEYS.to_owned(), kept.into());
    }
    Ok(patch)
}

/// The difference of two merged lists.
#[derive(Default)]
struct Lists {
    changed: Vec<Value>,
    deleted_values: Vec<Value>,
    order: Vec<Value>,
}

impl Lists {
    fn put_into(self, patch: &mut Fields, name: &str) {
        for (key, list) in [
            (name.to_owned(), self.changed),
            (format!("{DELETE_FROM}{name}"), self.deleted_values),
            (format!("{ELEMENT_ORDER}{name}"), self.order),
        ] {
            if !list.is_empty() {
                patch.insert(key, list.into());
            }
        }
    }
}

fn list_difference(
    from: &[Value],
    to: &[Value],
    strategy: Strategy,
    inner: Option<&'static Type>,
    part: Part,
) -> Result<Lists, PatchError> {
    if from.is_empty() {
        let changed = if part == Part::Deletions {
            Vec::new()
        } else {
            to.to_vec()
        };
        return Ok(Lists {
            changed,
            ..Lists::default()
        });
    }
    match element_key(from, to, strategy)? {
        None => Ok(values_difference(from, to, part)),
        Some(key) => {
            let changed = elements_difference(from, to, strategy, inner, part)?;
            let same_order = from.len() == to.len()
                && from.iter().zip(to).all(|(a, b)| a.get(key) == b.get(key));
            let moved = part != Part::Deletions && !same_order;
            let mut order = Vec::new();
            if moved || !changed.is_empty() {
                for item in to {
                    let id = identity(item, Some(key))?.clone();
                    order.push(Map::from_iter([(key.to_owned(), id)]).into());
                }
            }
            Ok(Lists {
                changed,
                order,
                ..Lists::default()
            })
        }
    }
}

fn values_difference(from: &[Value], to: &[Value], part: Part) -> Lists {
    let without = |these: &[Value], those: &[Value]| -> Vec<Value> {
        let mut rest: Vec<Value> = Vec::new();
        for value in these {
            if !those.contains(value) && !rest.contains(value) {
                rest.push(value.clone());
            }
        }
        rest
    };
    let mut lists = Lists::default();
    if part != Part::Deletions {
        lists.changed = without(to, from);
    }
    if part != Part::Changes {
        lists.deleted_values = without(from, to);
        lists.deleted_values.sort_by_key(go_print);
    }
    let changes = part != Part::Deletions && from != to;
    if changes || !lists.deleted_values.is_empty() {
        lists.order = to.to_vec();
    }
    lists
}

fn elements_difference(
    from: &[Value],
    to: &[Value],
    strategy: Strategy,
    inner: Option<&'static Type>,
    part: Part,
) -> Result<Vec<Value>, PatchError> {
    let Some(key) = strategy.key() else {
        return Ok(Vec::new());
    };
    let (old, new) = (by_key(from, key)?, by_key(to, key)?);
    let mut changed = Vec::new();
    for (name, element) in &new {
        match old.get(name) {
            None if part != Part::Deletions => changed.push((*element).clone()),
            None => {}
            Some(before) => {
                let (before, after) = (fields_of(before)?, fields_of(element)?);
                let mut patch =
                    fields_difference(before, after, inner, part, strategy.retains_keys())?;
                if !patch.is_empty() {
                    patch.insert(key.to_owned(), identity(element, Some(key))?.clone());
                    changed.push(patch.into());
                }
            }
        }
    }
    let mut changed = sorted_by(changed, to, Some(key));
    if part != Part::Changes {
        for (name, element) in &old {
            if !new.contains_key(name) {
                let id = identity(element, Some(key))?.clone();
                let deletion = [
                    (key.to_owned(), id),
                    (DIRECTIVE.to_owned(), "delete".into()),
                ];
                changed.push(Map::from_iter(deletion).into());
            }
        }
    }
    Ok(changed)
}

/// The elements by the text of their merge key, as the API server compares them.
fn by_key<'a>(
    items: &'a [Value],
    key: &'static str,
) -> Result<BTreeMap<String, &'a Value>, PatchError> {
    items
        .iter()
        .map(|item| Ok((go_print(identity(item, Some(key))?), item)))
        .collect()
}
