//! Patches: JSON patch, JSON merge patch, strategic merge patch, and what `kubectl apply` makes of three objects.

mod apply;
mod difference;
mod keys;
mod strategic;

use std::fmt::Write as _;

use serde_json::{Map, Value};

pub use apply::{apply, prune};
pub use difference::{difference, three_way};
pub use strategic::strategic;

/// The annotation in which `kubectl apply` keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Why a patch cannot be applied; the words of `apimachinery/pkg/util/mergepatch`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch or the object is no mapping.
    #[error("invalid JSON document")]
    NotAnObject,
    /// `$patch` says something that it cannot say.
    #[error("unknown patch type: {directive} in map: {map}")]
    Directive {
        /// What it says.
        directive: String,
        /// The mapping that it stands in.
        map: String,
    },
    /// `$patch: merge` in a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeInList,
    /// An element of a merged list lacks the key that tells it from the others.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The element.
        map: String,
        /// The merge key.
        key: &'static str,
    },
    /// A list in a list.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// A list of mappings and others.
    #[error("list element types are not identical")]
    MixedList,
    /// `$retainKeys` is no list, or the patch has a field that it does not name.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// `$setElementOrder` does not fit the list that it stands beside.
    #[error("invalid patch format of setElementOrder list")]
    ElementOrder,
    /// `$deleteFromPrimitiveList` is no list.
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    /// What shall be a JSON patch is none.
    #[error("{0}")]
    NoJsonPatch(String),
    /// An operation of a JSON patch does not fit the object.
    #[error("{0}")]
    Operation(String),
}

/// Applies a JSON merge patch (RFC 7386): fields are set, `null` deletes, lists are replaced.
#[must_use]
pub fn merge(object: &Value, patch: &Value) -> Value {
    let mut result = object.clone();
    json_patch::merge(&mut result, patch);
    result
}

/// Applies a JSON patch (RFC 6902): a list of operations, all of them or none.
///
/// # Errors
/// When the patch is no list of operations, or one of them does not fit.
pub fn json(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let operations: json_patch::Patch = serde_json::from_value(patch.clone())
        .map_err(|error| PatchError::NoJsonPatch(error.to_string()))?;
    let mut result = object.clone();
    json_patch::patch(&mut result, &operations)
        .map_err(|error| PatchError::Operation(error.to_string()))?;
    Ok(result)
}

/// What was applied last, from the annotation of a live object.
#[must_use]
pub fn last_applied(object: &Value) -> Option<Value> {
    let annotation = object
        .get("metadata")?
        .get("annotations")?
        .get(LAST_APPLIED)?;
    serde_json::from_str(annotation.as_str()?).ok()
}

/// The object with itself in the annotation, as `kubectl apply` sends it.
#[must_use]
pub fn with_last_applied(object: &Value) -> Value {
    let mut bare = object.clone();
    let Some(annotations) = annotations(&mut bare) else {
        return bare;
    };
    annotations.remove(LAST_APPLIED);
    let text = text(&bare);
    if let Some(annotations) = self::annotations(&mut bare) {
        annotations.insert(LAST_APPLIED.to_owned(), text.into());
    }
    bare
}

/// What the API server puts into the annotation of a live object that has one when kubectl applies
/// this. Source: `buildLastApplied` of `apimachinery/pkg/util/managedfields/internal`.
pub fn keep_last_applied(live: &mut Value, applied: &Value) {
    let annotation = format!("/metadata/annotations/{}", LAST_APPLIED.replace('/', "~1"));
    if let Some(kept) = live.pointer_mut(&annotation) {
        let mut bare = applied.clone();
        if let Some(annotations) = bare.pointer_mut("/metadata/annotations")
            && let Some(fields) = annotations.as_object_mut()
        {
            fields.remove(LAST_APPLIED);
        }
        *kept = text(&bare).into();
    }
}

/// The object on one line, as the annotation holds it.
fn text(object: &Value) -> String {
    // Go writes these three so that JSON may stand in a page.
    let text = object
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    format!("{text}\n")
}

/// The annotations, made if there are none; none for what is no object.
fn annotations(object: &mut Value) -> Option<&mut Map<String, Value>> {
    let mut here = object;
    for field in ["metadata", "annotations"] {
        let inner = here
            .as_object_mut()?
            .entry(field)
            .or_insert_with(|| Map::new().into());
        if inner.is_null() {
            *inner = Map::new().into();
        }
        here = inner;
    }
    here.as_object_mut()
}

/// A value as Go's `%v` prints it: `map[containerPort:80 name:web]`.
#[must_use]
pub fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => go_print_map(fields),
        other => other.to_string(),
    }
}

fn go_print_map(fields: &Map<String, Value>) -> String {
    let mut out = "map[".to_owned();
    for (place, (key, value)) in fields.iter().enumerate() {
        let gap = if place == 0 { "" } else { " " };
        write!(out, "{gap}{key}:{}", go_print(value)).expect("a string takes every text");
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests;
