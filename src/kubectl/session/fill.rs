//! The entries that `create configmap` and `create secret` take from files.
//! Source: `kubectl/pkg/cmd/create/create_configmap.go`, `kubectl/pkg/cmd/util/env_file.go`.

use serde_json::{Map, Value};

use super::Session;
use super::failure::Failure;
use crate::api::{Kind, Object};
use crate::kubectl::grammar::{Entry, Filled, encoded};

/// Where the entries of an object are.
struct Cells {
    kind: Kind,
    texts: Map<String, Value>,
    bytes: Map<String, Value>,
}

impl Session {
    /// The object with what its files hold.
    pub(super) fn filled(&self, filled: &Filled) -> Result<Object, Failure> {
        let mut value = filled.object.to_value();
        let kind = filled.object.kind();
        let take = |value: &mut Value, field: &str| match value[field].take() {
            Value::Object(entries) => entries,
            _ => Map::new(),
        };
        let mut cells = Cells {
            kind,
            texts: take(&mut value, "data"),
            bytes: take(&mut value, "binaryData"),
        };
        for entry in &filled.entries {
            match entry {
                Entry::Whole(key, path) => {
                    cells.put(key, self.content(path)?, filled.object.name())?;
                }
                Entry::Lines(path) => {
                    let text = String::from_utf8_lossy(self.content(path)?).into_owned();
                    for (key, content) in variables(&text)? {
                        cells.put(&key, content.as_bytes(), filled.object.name())?;
                    }
                }
            }
        }
        for (field, entries) in [("data", cells.texts), ("binaryData", cells.bytes)] {
            if entries.is_empty() {
                value.as_object_mut().map(|fields| fields.remove(field));
            } else {
                value[field] = entries.into();
            }
        }
        Object::from_value(kind, value).map_err(|error| Failure::Own(error.to_string()))
    }

    fn content(&self, path: &str) -> Result<&[u8], Failure> {
        if let Some(bytes) = self.files.get(path) {
            return Ok(bytes);
        }
        let folder = format!("{}/", path.trim_end_matches('/'));
        let is_folder = self.files.keys().any(|name| name.starts_with(&folder));
        Err(Failure::Own(if is_folder {
            format!(
                "Unlike Kubernetes: glassplane takes files one by one, and {path} is a folder; name each \
                 file with a flag of its own"
            )
        } else {
            format!("error reading {path}: no such file or directory")
        }))
    }
}

impl Cells {
    fn put(&mut self, key: &str, content: &[u8], name: &str) -> Result<(), Failure> {
        let is_secret = self.kind == Kind::Secret;
        if !is_key(key) {
            let kind = if is_secret { "a Secret" } else { "a ConfigMap" };
            return Err(Failure::Own(format!(
                "\"{key}\" is not valid key name for {kind}: a valid config key must consist of \
                 alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or \
                 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            )));
        }
        if self.texts.contains_key(key) || self.bytes.contains_key(key) {
            let problem = if is_secret {
                format!("cannot add key {key}, another key by that name already exists")
            } else {
                format!(
                    "cannot add key \"{key}\", another key by that name already exists in Data for \
                     ConfigMap \"{name}\""
                )
            };
            return Err(Failure::Own(problem));
        }
        match std::str::from_utf8(content) {
            Ok(text) if !is_secret => self.texts.insert(key.to_owned(), text.into()),
            _ if is_secret => self.texts.insert(key.to_owned(), encoded(content)),
            _ => self.bytes.insert(key.to_owned(), encoded(content)),
        };
        Ok(())
    }
}

fn is_key(key: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    !key.is_empty() && key.len() <= 253 && !matches!(key, "." | "..") && key.chars().all(is_letter)
}

/// The variables of a file: `NAME=value` on each line, blank lines and those with `#` left out.
///
/// Unlike Kubernetes: a name alone takes its value from kubectl's environment there; here it is refused.
fn variables(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    let lines = lines.map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::Own(format!(
                "Unlike Kubernetes: the value of {line} would come from kubectl's environment; write \
                 {line}=value"
            ))),
        })
        .collect()
}
