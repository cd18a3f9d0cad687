//! What differs between two states of an object, field by field, as a person would say it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

/// Fields by which the elements of the API's lists are told apart, the best first.
const IDENTITIES: [&str; 8] = [
    "name",
    "uid",
    "type",
    "key",
    "containerPort",
    "port",
    "ip",
    "topologyKey",
];

/// One field that is there, gone, or another.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// `spec.template.spec.containers[nginx].image`: elements of lists by their name where they have
    /// one, else by their place.
    pub path: String,
    /// Where it stands in the later state, or stood in the earlier one, as a JSON pointer.
    pub pointer: String,
    /// What it was; none for a new field.
    pub before: Option<Value>,
    /// What it is; none for a field that is gone.
    pub after: Option<Value>,
}

impl FieldChange {
    /// `+` for a new field, `-` for one that is gone, `~` for one that has another value.
    #[must_use]
    pub fn sign(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "+",
            (_, None) => "-",
            _ => "~",
        }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sign(), self.path)?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                write!(f, ": {} → {}", in_words(before), in_words(after))
            }
            (None, Some(value)) | (Some(value), None) => write!(f, ": {}", in_words(value)),
            (None, None) => Ok(()),
        }
    }
}

/// Every field that differs, in the order of the paths; a part that is new or gone as a whole is one.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare(Place::default(), Some(before), Some(after), &mut found);
    found
}

/// The path of the value at a JSON pointer, with the elements of lists by their names as in
/// [`FieldChange::path`].
#[must_use]
pub fn path_of(value: &Value, pointer: &str) -> String {
    let (mut place, mut here) = (Place::default(), Some(value));
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        place = match here {
            Some(Value::Array(items)) => {
                let at = name.parse().unwrap_or(0);
                let known = named(items).unwrap_or_default();
                let found = known.into_iter().find(|(_, (place, _))| *place == at);
                place.element(&found.map_or(name, |(name, _)| name), at)
            }
            _ => place.field(&name),
        };
        here = value.pointer(&place.pointer);
    }
    place.path
}

/// A value in one line: text without quotes, collections as YAML's flow style writes them.
#[must_use]
pub fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('\n', "⏎"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_words).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", in_words(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

/// The place of a value, in words and as a pointer.
#[derive(Clone, Debug, Default)]
struct Place {
    path: String,
    pointer: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        let mut path = self.path.clone();
        if name.contains(['.', '/']) {
            let _ = write!(path, "[{name}]");
        } else {
            let dot = if path.is_empty() { "" } else { "." };
            let _ = write!(path, "{dot}{name}");
        }
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self {
            path,
            pointer: format!("{}/{escaped}", self.pointer),
        }
    }

    fn element(&self, name: &str, place: usize) -> Self {
        Self {
            path: format!("{}[{name}]", self.path),
            pointer: format!("{}/{place}", self.pointer),
        }
    }
}

fn compare(
    place: Place,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    match (before, after) {
        _ if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            compare_fields(&place, before, after, found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            match (named(before), named(after)) {
                (Some(before), Some(after)) => compare_elements(&place, &before, &after, found),
                _ => found.push(FieldChange {
                    path: place.path,
                    pointer: place.pointer,
                    before: Some(before.clone().into()),
                    after: Some(after.clone().into()),
                }),
            }
        }
        _ => found.push(FieldChange {
            path: place.path,
            pointer: place.pointer,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn compare_fields(
    place: &Place,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<FieldChange>,
) {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let mut names: Vec<&String> = after.keys().chain(gone).collect();
    names.sort_unstable();
    for name in names {
        compare(place.field(name), before.get(name), after.get(name), found);
    }
}

/// The elements of a list by their names, with their places; none when they have no names.
fn named(items: &[Value]) -> Option<BTreeMap<String, (usize, &Value)>> {
    if items.is_empty() {
        return Some(BTreeMap::new());
    }
    IDENTITIES.iter().find_map(|field| {
        let mut by_name = BTreeMap::new();
        for (place, item) in items.iter().enumerate() {
            let name = in_words(item.get(field)?);
            by_name.insert(name, (place, item));
        }
        (by_name.len() == items.len()).then_some(by_name)
    })
}

fn compare_elements(
    place: &Place,
    before: &BTreeMap<String, (usize, &Value)>,
    after: &BTreeMap<String, (usize, &Value)>,
    found: &mut Vec<FieldChange>,
) {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let mut names: Vec<&String> = after.keys().chain(gone).collect();
    names.sort_unstable();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        let at = is.or(was).map_or(0, |(at, _)| *at);
        compare(
            place.element(name, at),
            was.map(|(_, value)| *value),
            is.map(|(_, value)| *value),
            found,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(before: &Value, after: &Value) -> Vec<String> {
        let found = changes(before, after);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_are_told_by_path_with_what_they_were_and_are() {
        let before = json!({"spec": {"replicas": 2, "paused": true}, "metadata": {"name": "web"}});
        let after =
            json!({"spec": {"replicas": 3, "minReadySeconds": 5}, "metadata": {"name": "web"}});
        assert_eq!(
            said(&before, &after),
            [
                "+ spec.minReadySeconds: 5",
                "- spec.paused: true",
                "~ spec.replicas: 2 → 3",
            ]
        );
    }

    #[test]
    fn elements_of_lists_go_by_their_names_and_by_no_place() {
        let before =
            json!({"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]});
        let after =
            json!({"containers": [{"name": "b", "image": "b:2"}, {"name": "a", "image": "a:1"}]});
        assert_eq!(said(&before, &after), ["~ containers[b].image: b:1 → b:2"]);
        assert_eq!(changes(&before, &after)[0].pointer, "/containers/0/image");
        let conditions = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        assert_eq!(
            said(&json!({}), &conditions),
            ["+ conditions: [{status: True, type: Ready}]"]
        );
        assert_eq!(
            said(&json!({"conditions": []}), &conditions),
            ["+ conditions[Ready]: {status: True, type: Ready}"]
        );
    }

    #[test]
    fn a_pointer_has_the_path_that_changes_are_told_by() {
        let value = json!({"a": [{"name": "x", "args": ["1"]}], "m": {"b/c": 1}});
        let cases = [
            ("", ""),
            ("/a", "a"),
            ("/a/0", "a[x]"),
            ("/a/0/args/0", "a[x].args[0]"),
            ("/m/b~1c", "m[b/c]"),
        ];
        for (pointer, path) in cases {
            assert_eq!(path_of(&value, pointer), path);
        }
    }

    #[test]
    fn lists_without_names_and_odd_names_are_told_whole() {
        let cases = [
            (
                json!({"args": ["a"]}),
                json!({"args": ["a", "b"]}),
                "~ args: [a] → [a, b]",
            ),
            (json!({"a/b": 1}), json!({"a/b": 2}), "~ [a/b]: 1 → 2"),
            (json!([1]), json!({"a": 1}), "~ : [1] → {a: 1}"),
            (json!({"text": "a\nb"}), json!({}), "- text: a⏎b"),
        ];
        for (before, after, expected) in cases {
            assert_eq!(said(&before, &after), [expected]);
        }
        let pointer = &changes(&json!({"a/b": 1}), &json!({"a/b": 2}))[0].pointer;
        assert_eq!(pointer, "/a~1b");
    }

    #[test]
    fn the_same_twice_is_no_change() {
        let value = json!({"a": [{"name": "x"}, {"name": "x"}], "b": null});
        assert!(changes(&value, &value).is_empty());
    }
}
