//! Applying a strategic merge patch: lists merge by key, `$patch`, `$retainKeys`, `$setElementOrder`, `$deleteFromPrimitiveList`.
//!
//! Source: `apimachinery/pkg/util/strategicpatch/patch.go`.

use serde_json::{Map, Value};

use super::keys::{Strategy, lookup};
use super::{PatchError, go_print, go_print_map};
use crate::api::Kind;
use crate::api::schema::{self, Type};

pub(super) type Fields = Map<String, Value>;

pub(super) const DIRECTIVE: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const ELEMENT_ORDER: &str = "$setElementOrder/";
pub(super) const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// What a patch is merged into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Into an object: directives are carried out, nulls delete.
    Apply,
    /// Into another patch: directives and nulls stay.
    Compose,
}

/// Applies a strategic merge patch to an object of this kind, as the API server does.
///
/// # Errors
/// When the patch contradicts itself or an element lacks its merge key; nothing is changed then.
pub fn strategic(kind: Kind, object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let (Value::Object(object), Value::Object(patch)) = (object, patch) else {
        return Err(PatchError::NotAnObject);
    };
    let of = Some(schema::of(kind));
    merge_fields(object.clone(), patch.clone(), of, Mode::Apply).map(Value::Object)
}

pub(super) fn merge_fields(
    mut original: Fields,
    mut patch: Fields,
    of: Option<&'static Type>,
    mode: Mode,
) -> Result<Fields, PatchError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Fields::new()),
            _ => Err(bad_directive(&directive, &patch)),
        };
    }
    retain_keys(&mut original, &mut patch, mode)?;
    merge_ordered_lists(&mut original, &mut patch, of, mode)?;
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            delete_values(&mut original, list, &key, value, mode)?;
        } else {
            merge_field(&mut original, key, value, of, mode)?;
        }
    }
    Ok(original)
}

fn merge_field(
    original: &mut Fields,
    key: String,
    value: Value,
    of: Option<&'static Type>,
    mode: Mode,
) -> Result<(), PatchError> {
    if value.is_null() {
        if mode == Mode::Apply {
            original.remove(&key);
        } else {
            original.insert(key, value);
        }
        return Ok(());
    }
    let (strategy, inner) = lookup(of, &key);
    let merged = match (original.remove(&key), value) {
        (Some(Value::Object(old)), Value::Object(new)) if strategy != Strategy::Replace => {
            Value::Object(merge_fields(old, new, inner, mode)?)
        }
        (Some(Value::Array(old)), Value::Array(new)) if strategy.merges_lists() => {
            Value::Array(merge_lists(old, new, strategy, inner, mode)?)
        }
        (_, new) if mode == Mode::Apply => without_directives(new),
        (_, new) => new,
    };
    original.insert(key, merged);
    Ok(())
}

/// What a patch leaves where there was nothing: no directive, no null, no element to delete.
fn without_directives(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            if fields.get(DIRECTIVE).is_some_and(|said| said == "delete") {
                return Fields::new().into();
            }
            fields.retain(|key, value| !is_directive(key) && !value.is_null());
            let fields = fields.into_iter();
            fields
                .map(|(key, value)| (key, without_directives(value)))
                .collect::<Fields>()
                .into()
        }
        Value::Array(items) => items
            .into_iter()
            .filter(|item| item.get(DIRECTIVE).is_none())
            .map(without_directives)
            .collect::<Vec<Value>>()
            .into(),
        other => other,
    }
}

fn is_directive(key: &str) -> bool {
    key == DIRECTIVE
        || key == RETAIN_KEYS
        || key.starts_with(ELEMENT_ORDER)
        || key.starts_with(DELETE_FROM)
}

/// `$retainKeys`: what it does not name goes.
fn retain_keys(original: &mut Fields, patch: &mut Fields, mode: Mode) -> Result<(), PatchError> {
    let Some(names) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    if mode == Mode::Compose {
        return match original.insert(RETAIN_KEYS.to_owned(), names.clone()) {
            Some(other) if other != names => Err(PatchError::RetainKeys),
            _ => Ok(()),
        };
    }
    let Value::Array(names) = names else {
        return Err(PatchError::RetainKeys);
    };
    let is_named = |key: &str| names.iter().any(|name| name == key);
    let all_named = patch
        .iter()
        .all(|(key, value)| value.is_null() || is_directive(key) || is_named(key));
    if !all_named {
        return Err(PatchError::RetainKeys);
    }
    original.retain(|key, _| is_named(key));
    Ok(())
}

/// `$deleteFromPrimitiveList`: values go from a list of plain values.
fn delete_values(
    original: &mut Fields,
    list: &str,
    key: &str,
    values: Value,
    mode: Mode,
) -> Result<(), PatchError> {
    if mode == Mode::Compose {
        original.insert(key.to_owned(), values);
        return Ok(());
    }
    let Value::Array(values) = values else {
        return Err(PatchError::PrimitiveList);
    };
    if let Some(Value::Array(items)) = original.get_mut(list) {
        items.retain(|item| !values.contains(item));
    }
    Ok(())
}

/// The lists that have a `$setElementOrder`, each merged with its part of the patch and put in order:
/// first as the directive says, what only the server has in between by its own order.
fn merge_ordered_lists(
    original: &mut Fields,
    patch: &mut Fields,
    of: Option<&'static Type>,
    mode: Mode,
) -> Result<(), PatchError> {
    let directives: Vec<String> = patch
        .keys()
        .filter(|key| key.starts_with(ELEMENT_ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let order = patch.remove(&directive).unwrap_or_default();
        if mode == Mode::Compose {
            match original.insert(directive.clone(), order.clone()) {
                Some(other) if other != order => return Err(PatchError::ElementOrder),
                _ => {}
            }
        }
        let list = &directive[ELEMENT_ORDER.len()..];
        let Value::Array(order) = order else {
            return Err(PatchError::ElementOrder);
        };
        let (strategy, inner) = lookup(of, list);
        let key = strategy.key();
        let take = |from: &mut Fields| match from.remove(list) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(PatchError::ElementOrder),
        };
        let (old, new) = (take(original)?, take(patch)?);
        if old.is_none() && new.is_none() {
            continue;
        }
        let new = new.unwrap_or_default();
        check_order(&new, &order, key)?;
        let old = old.unwrap_or_default();
        let server_order = old.clone();
        let merged = if new.is_empty() {
            old
        } else {
            merge_lists(old, new, strategy, inner, mode)?
        };
        let sorted = in_order(merged, &order, &server_order, key)?;
        original.insert(list.to_owned(), sorted.into());
    }
    Ok(())
}

/// The elements of the patch must stand in the order of the directive.
fn check_order(
    new: &[Value],
    order: &[Value],
    key: Option<&'static str>,
) -> Result<(), PatchError> {
    if order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for item in new.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        let id = identity(item, key)?;
        let found = wanted.any(|each| identity(each, key).is_ok_and(|other| other == id));
        if !found {
            return Err(PatchError::ElementOrder);
        }
    }
    Ok(())
}

fn merge_lists(
    mut old: Vec<Value>,
    new: Vec<Value>,
    strategy: Strategy,
    inner: Option<&'static Type>,
    mode: Mode,
) -> Result<Vec<Value>, PatchError> {
    let Some(key) = element_key(&old, &new, strategy)? else {
        let server_order = old.clone();
        let order = new.clone();
        for value in new {
            if !old.contains(&value) {
                old.push(value);
            }
        }
        return in_order(old, &order, &server_order, None);
    };
    let (mut merged, new) = carry_out_directives(old, new, key)?;
    let (server_order, order) = (merged.clone(), new.clone());
    for item in new {
        let id = identity(&item, Some(key))?.clone();
        let Value::Object(fields) = item else {
            return Err(PatchError::MixedList);
        };
        let same = merged
            .iter_mut()
            .find(|each| each.get(key) == Some(&id))
            .and_then(Value::as_object_mut);
        match same {
            Some(existing) => {
                let old = std::mem::take(existing);
                *existing = merge_fields(old, fields, inner, mode)?;
            }
            None if mode == Mode::Apply => merged.push(without_directives(fields.into())),
            None => merged.push(fields.into()),
        }
    }
    in_order(merged, &order, &server_order, Some(key))
}

/// The merge key for a list of mappings; none for a list of plain values.
pub(super) fn element_key(
    old: &[Value],
    new: &[Value],
    strategy: Strategy,
) -> Result<Option<&'static str>, PatchError> {
    let mut all = old.iter().chain(new);
    if all.clone().any(Value::is_array) {
        return Err(PatchError::ListOfLists);
    }
    let mappings = all.clone().filter(|item| item.is_object()).count();
    match strategy.key() {
        Some(key) if mappings == old.len() + new.len() => Ok(Some(key)),
        None if !all.any(Value::is_object) => Ok(None),
        _ => Err(PatchError::MixedList),
    }
}

/// Deletes what elements of the patch say to delete, empties the list if one says `replace`, and
/// gives back the list and the other elements.
fn carry_out_directives(
    mut old: Vec<Value>,
    new: Vec<Value>,
    key: &'static str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut rest = Vec::with_capacity(new.len());
    let mut replace = false;
    for item in new {
        match item.get(DIRECTIVE) {
            None => rest.push(item),
            Some(said) if said == "delete" => {
                let id = identity(&item, Some(key))?;
                old.retain(|each| each.get(key) != Some(id));
            }
            Some(said) if said == "replace" => replace = true,
            Some(said) if said == "merge" => return Err(PatchError::MergeInList),
            Some(said) => {
                return Err(PatchError::Directive {
                    directive: go_print(said),
                    map: go_print(&item),
                });
            }
        }
    }
    if replace {
        old.clear();
    }
    Ok((old, rest))
}

/// What tells an element from the others: the value under the merge key, or itself.
pub(super) fn identity<'a>(
    item: &'a Value,
    key: Option<&'static str>,
) -> Result<&'a Value, PatchError> {
    let Some(key) = key else {
        return Ok(item);
    };
    item.get(key).ok_or_else(|| PatchError::NoMergeKey {
        map: go_print(item),
        key,
    })
}

/// Where an element stands in an order, if it does.
fn position(order: &[Value], item: &Value, key: Option<&'static str>) -> Option<usize> {
    let id = identity(item, key).ok()?;
    order
        .iter()
        .position(|each| identity(each, key).is_ok_and(|other| other == id))
}

/// Elements named by `order` in that order; the others keep theirs, and stand before the first
/// named one that follows them on the server.
pub(super) fn in_order(
    items: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    key: Option<&'static str>,
) -> Result<Vec<Value>, PatchError> {
    for item in items.iter().chain(order) {
        identity(item, key)?;
    }
    let (named, others): (Vec<Value>, Vec<Value>) = items
        .into_iter()
        .partition(|item| position(order, item, key).is_some());
    let named = sorted_by(named, order, key);
    let others = sorted_by(others, server_order, key);
    let mut result = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in named {
        let here = position(server_order, &item, key);
        while let Some(other) =
            others.next_if(|other| match (position(server_order, other, key), here) {
                (Some(there), Some(here)) => there < here,
                _ => false,
            })
        {
            result.push(other);
        }
        result.push(item);
    }
    result.extend(others);
    Ok(result)
}

/// Sorts by an order; what is to be deleted goes last.
pub(super) fn sorted_by(
    mut items: Vec<Value>,
    order: &[Value],
    key: Option<&'static str>,
) -> Vec<Value> {
    items.sort_by_key(|item| {
        let is_deletion = item.get(DIRECTIVE).is_some_and(|said| said == "delete");
        let place = position(order, item, key).unwrap_or(usize::MAX);
        (is_deletion, if is_deletion { 0 } else { place })
    });
    items
}

fn bad_directive(directive: &Value, map: &Fields) -> PatchError {
    PatchError::Directive {
        directive: go_print(directive),
        map: go_print_map(map),
    }
}
