//! Where each field of an object comes from: who wrote it last, and what the server filled in by itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::Object;
use crate::apiserver::StageName;
use crate::cluster::Cluster;
use crate::manifest;
use crate::sim::RecordId;
use crate::store::ChangeType;
use crate::ui::panes::index::Index;
use crate::ui::panes::revisions::{self, Handled};
use crate::ui::theme::Role;

/// How many of the newest writes are looked through, beside the first.
const WRITES_MOST: usize = 48;

/// The server's own fields, whoever writes the rest.
const SERVERS_OWN: [&str; 6] = [
    "metadata.uid",
    "metadata.generation",
    "metadata.resourceVersion",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "metadata.deletionGracePeriodSeconds",
];

/// How a field came to have its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// A client sent it.
    Sent,
    /// The server filled in the default.
    Defaulted,
    /// An admission plugin set it.
    Admitted,
    /// It is the server's own.
    Stamped,
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    how: How,
    by: String,
    revision: u64,
    record: RecordId,
}

/// The origins of all fields of an object, by path.
#[derive(Debug, Default)]
pub(super) struct Origins {
    value: Value,
    by_path: BTreeMap<String, Origin>,
    managers: Vec<(String, Value)>,
}

impl Origin {
    /// `kubectl r45`, `default r45`.
    pub(super) fn words(&self) -> String {
        let who = match self.how {
            How::Sent => self.by.as_str(),
            How::Defaulted => "default",
            How::Admitted => "admission",
            How::Stamped => "the server",
        };
        format!("r{} {who}", self.revision)
    }

    /// What is the server's is dimmer than what somebody sent.
    pub(super) fn role(&self) -> Role {
        match self.how {
            How::Sent => Role::Current,
            How::Defaulted | How::Admitted => Role::Waiting,
            How::Stamped => Role::Dim,
        }
    }
}

impl Origins {
    /// Goes through the writes of the object, oldest first.
    pub(super) fn of(world: &Cluster, index: &Index, object: &Object) -> Self {
        let trace = world.trace();
        let rungs = revisions::of(index, trace, &object.key());
        let first = rungs.last().copied();
        let newest = rungs.iter().copied().take(WRITES_MOST);
        let mut chosen: Vec<RecordId> = newest.chain(first).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut origins = Self {
            value: object.to_value(),
            managers: managers(object),
            ..Self::default()
        };
        for id in chosen {
            if let Some(write) = revisions::handled(trace, id) {
                origins.take_in(&write);
            }
        }
        origins
    }

    fn take_in(&mut self, write: &Handled) {
        let Some((record, change)) = &write.commit else {
            return;
        };
        let origin = |how| Origin {
            how,
            by: write.by().to_string(),
            revision: change.revision,
            record: *record,
        };
        if change.change_type == ChangeType::Added {
            self.by_path.clear();
            let mut last = None;
            for stage in &write.stages {
                let how = match stage.name {
                    StageName::Decode => How::Sent,
                    StageName::Default => How::Defaulted,
                    StageName::Admit => How::Admitted,
                    StageName::Version | StageName::Validate | StageName::Commit => How::Stamped,
                };
                for found in revisions::between(last, &stage.object) {
                    self.set(found.path, origin(how));
                }
                last = Some(&stage.object);
            }
            return;
        }
        for found in write.changes() {
            let is_own = SERVERS_OWN.contains(&found.path.as_str());
            let how = if is_own { How::Stamped } else { How::Sent };
            self.set(found.path, origin(how));
        }
    }

    /// A part that was written as a whole forgets who wrote its parts before.
    fn set(&mut self, path: String, origin: Origin) {
        self.by_path.retain(|known, _| !is_within(known, &path));
        self.by_path.insert(path, origin);
    }

    /// The origin of the field at a pointer: that of the smallest part that was written with it.
    pub(super) fn of_field(&self, pointer: &str) -> Option<&Origin> {
        let path = self.path(pointer);
        let parts = self.by_path.iter();
        parts
            .filter(|(known, _)| is_within(&path, known))
            .max_by_key(|(known, _)| known.len())
            .map(|(_, origin)| origin)
    }

    /// The path of a pointer, elements of lists by their names.
    pub(super) fn path(&self, pointer: &str) -> String {
        manifest::path_of(&self.value, pointer)
    }

    /// The managers that own a field.
    pub(super) fn owners(&self, pointer: &str) -> Vec<&str> {
        let owns = |(_, fields): &&(String, Value)| owns(fields, &self.value, pointer);
        self.managers
            .iter()
            .filter(owns)
            .map(|(manager, _)| manager.as_str())
            .collect()
    }

    /// The record of the write that a field comes from.
    pub(super) fn record(&self, pointer: &str) -> Option<RecordId> {
        self.of_field(pointer).map(|origin| origin.record)
    }
}

/// Whether a path is a part or is within it.
fn is_within(path: &str, part: &str) -> bool {
    path.strip_prefix(part)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) || part.is_empty())
}

/// The managers of an object with the sets of their fields.
fn managers(object: &Object) -> Vec<(String, Value)> {
    let entries = object.metadata().managed_fields.iter().flatten();
    entries
        .filter_map(|entry| {
            let manager = entry.manager.clone()?;
            Some((manager, entry.fields_v1.as_ref()?.0.clone()))
        })
        .collect()
}

/// Whether a set of fields in the form of `fieldsV1` holds the field at a pointer.
/// Source: `structured-merge-diff/fieldpath`.
fn owns(fields: &Value, value: &Value, pointer: &str) -> bool {
    let (mut set, mut here) = (fields, value);
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        let (next, inner) = match here {
            Value::Array(items) => {
                let Some(item) = name.parse::<usize>().ok().and_then(|at| items.get(at)) else {
                    return false;
                };
                (element_set(set, item), item)
            }
            Value::Object(known) => {
                let Some(field) = known.get(&name) else {
                    return false;
                };
                (set.get(format!("f:{name}")), field)
            }
            _ => return false,
        };
        let Some(next) = next else {
            // A list that is owned as a whole has no sets of its elements.
            return here.is_array() && set.as_object().is_some_and(serde_json::Map::is_empty);
        };
        (set, here) = (next, inner);
    }
    !here.is_object()
        || set.get(".").is_some()
        || set.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The set of an element of a list: by its key fields, or by its value.
fn element_set<'a>(set: &'a Value, item: &Value) -> Option<&'a Value> {
    let sets = set.as_object()?.iter();
    let mut matching = sets.filter(|(name, _)| {
        let by_key = || {
            let key: Value = serde_json::from_str(name.strip_prefix("k:")?).ok()?;
            let mut fields = key.as_object()?.iter();
            Some(fields.all(|(field, value)| item.get(field) == Some(value)))
        };
        let by_value = || {
            let value: Value = serde_json::from_str(name.strip_prefix("v:")?).ok()?;
            Some(value == *item)
        };
        by_key().or_else(by_value).unwrap_or(false)
    });
    matching.next().map(|(_, set)| set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_manager_owns_what_its_set_names() {
        let value = json!({"spec": {"replicas": 3, "containers": [
            {"name": "a", "image": "a:1", "args": ["x"]}, {"name": "b", "image": "b:1"}]},
            "finalizers": ["one", "two"]});
        let set = json!({"f:spec": {"f:replicas": {}, "f:containers": {
            "k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:args": {}}}},
            "f:finalizers": {"v:\"one\"": {}}});
        let cases = [
            ("/spec/replicas", true),
            ("/spec", false),
            ("/spec/containers/0", true),
            ("/spec/containers/0/image", true),
            ("/spec/containers/0/args", true),
            ("/spec/containers/0/args/0", true),
            ("/spec/containers/0/name", false),
            ("/spec/containers/1/image", false),
            ("/finalizers/0", true),
            ("/finalizers/1", false),
        ];
        for (pointer, expected) in cases {
            assert_eq!(owns(&set, &value, pointer), expected, "{pointer}");
        }
    }

    #[test]
    fn a_part_holds_its_fields_and_no_other_of_like_name() {
        let cases = [
            ("spec.replicas", "spec", true),
            ("spec.containers[a].image", "spec.containers[a]", true),
            ("specs", "spec", false),
            ("spec", "spec", true),
            ("spec", "spec.replicas", false),
        ];
        for (path, part, expected) in cases {
            assert_eq!(is_within(path, part), expected, "{path} in {part}");
        }
    }
}
