//! What a `ConfigMap` or `Secret` is filled with: literals on the line, whole files, files of variables.
//! Source: `kubectl/pkg/cmd/create/create_configmap.go`, `create_secret.go`, Kubernetes 1.34.

use serde_json::{Map, Value};

use super::super::UsageError;
use super::super::command::Command;
use super::super::flags::Given;
use super::super::source::{Entry, Filled, Source};
use crate::api::Object;

/// The literals of a line, and the files that it names.
pub(super) struct Entries {
    pub(super) literals: Map<String, Value>,
    pub(super) from_files: Vec<Entry>,
}

fn wrong(why: &str) -> UsageError {
    UsageError(format!("error: {why}"))
}

/// Reads `--from-literal`, `--from-file` and `--from-env-file`. `taken` says what a key that stands
/// twice is told.
pub(super) fn read(given: &Given, taken: impl Fn(&str) -> String) -> Result<Entries, UsageError> {
    let mut literals = Map::new();
    for literal in given.texts("from-literal") {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| {
                wrong(&format!(
                    "invalid literal source {literal}, expected key=value"
                ))
            })?;
        if literals.insert(key.to_owned(), value.into()).is_some() {
            return Err(wrong(&taken(key)));
        }
    }
    let sources = given.texts("from-file");
    let lines = given.texts("from-env-file");
    if !(lines.is_empty() || sources.is_empty() && literals.is_empty()) {
        return Err(wrong(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    let sources = sources.iter().map(|source| whole(source));
    let mut from_files = sources.collect::<Result<Vec<_>, _>>()?;
    from_files.extend(lines.into_iter().map(Entry::Lines));
    Ok(Entries {
        literals,
        from_files,
    })
}

/// Reads `path` and `key=path`. Source: `ParseFileSource` of `kubectl/pkg/generate`.
fn whole(source: &str) -> Result<Entry, UsageError> {
    let (key, path) = match source.split_once('=') {
        None => (source.rsplit('/').next().unwrap_or(source), source),
        Some((_, path)) if path.contains('=') => {
            return Err(wrong("key names or file paths cannot contain '='"));
        }
        Some(("", path)) => {
            return Err(wrong(&format!("key name for file path {path} missing")));
        }
        Some((key, "")) => {
            return Err(wrong(&format!("file path for key name {key} missing")));
        }
        Some(pair) => pair,
    };
    Ok(Entry::Whole(key.to_owned(), path.to_owned()))
}

/// The command that makes the object, with what comes from files.
pub(super) fn command(object: Object, entries: Vec<Entry>) -> Command {
    if entries.is_empty() {
        return Command::Create(Source::Object(Box::new(object)));
    }
    let files = entries.iter().map(|entry| match entry {
        Entry::Whole(_, path) | Entry::Lines(path) => path.clone(),
    });
    Command::Create(Source::Filled(Box::new(Filled {
        files: files.collect(),
        object,
        entries,
    })))
}
