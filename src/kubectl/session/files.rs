//! The objects in the files that a line names, each with the file and the namespace it goes into.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::failure::Failure;
use crate::api::{Key, Object};
use crate::kubectl::Invocation;
use crate::manifest::{self, Severity};

/// The files that a command line names, with their content. A folder is the files whose names begin
/// with its own and a slash.
pub type Files = BTreeMap<String, Arc<[u8]>>;

/// One object from a file, on its way to the API server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    /// Where it goes.
    pub(super) key: Key,
    /// What was written, with its namespace.
    pub(super) value: Value,
    /// The same as an object.
    pub(super) object: Object,
    /// The file.
    pub(super) source: String,
}

/// All objects of the files, in their order. When anything is wrong with any of them, nothing is
/// sent, and the failures say what is wrong where.
pub(super) fn drafts(invocation: &Invocation, files: &Files) -> Result<Vec<Draft>, Vec<Failure>> {
    let (mut drafts, mut failures) = (Vec::new(), Vec::new());
    for name in invocation.files() {
        let contents = contents(name, files);
        if contents.is_empty() {
            failures.push(Failure::Own(format!("the path \"{name}\" does not exist")));
        }
        for (file, bytes) in contents {
            let parse = manifest::parse(file, bytes);
            let problems = parse.problems.iter();
            let errors = problems.filter(|problem| problem.severity == Severity::Error);
            failures.extend(errors.map(|problem| Failure::Own(problem.to_string())));
            for document in parse.documents {
                match draft(document, invocation) {
                    Ok(draft) => drafts.push(draft),
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    if failures.is_empty() {
        Ok(drafts)
    } else {
        Err(failures)
    }
}

fn contents<'a>(name: &str, files: &'a Files) -> Vec<(&'a str, &'a [u8])> {
    if let Some((file, bytes)) = files.get_key_value(name) {
        return vec![(file, bytes)];
    }
    let folder = format!("{}/", name.trim_end_matches('/'));
    files
        .iter()
        .filter(|(file, _)| file.starts_with(&folder))
        .map(|(file, bytes)| (file.as_str(), &**bytes))
        .collect()
}

fn draft(document: manifest::Document, invocation: &Invocation) -> Result<Draft, Failure> {
    let manifest::Document {
        file,
        mut value,
        kind,
        mut object,
        ..
    } = document;
    if kind.info().namespaced {
        let wanted = invocation.namespace();
        let given = object.namespace();
        if given.is_empty() {
            object.metadata_mut().namespace = Some(wanted.to_owned());
            value["metadata"]["namespace"] = wanted.into();
        } else if invocation.namespace.is_some() && given != wanted {
            return Err(Failure::Own(format!(
                "the namespace from the provided object \"{given}\" does not match the namespace \
                 \"{wanted}\". You must pass '--namespace={given}' to perform this operation."
            )));
        }
    }
    Ok(Draft {
        key: object.key(),
        value,
        object,
        source: file.to_string(),
    })
}
