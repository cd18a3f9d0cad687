//! The objects in the files that a line names, each with the file and the namespace it goes into.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::failure::Failure;
use crate::api::{Key, Kind, Object};
use crate::apiserver::Refusal;
use crate::kubectl::Invocation;
use crate::kubectl::grammar::{Command, Unknown};
use crate::manifest::{self, Fault, Parse, Unfit};

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
    /// The same as an object, or what the API server says to one that it cannot decode.
    pub(super) object: Result<Object, Box<Refusal>>,
    /// The file.
    pub(super) source: String,
}

/// What a file holds besides good objects decides what becomes of it, and never of the others.
/// Source: `StreamVisitor` and `ContinueOnErrorVisitor` of `cli-runtime/pkg/resource`.
pub(super) fn drafts<'a>(invocation: &'a Invocation, files: &Files) -> Reading<'a> {
    let mut reading = Reading {
        invocation,
        drafts: Vec::new(),
        failures: Vec::new(),
        warnings: String::new(),
    };
    for name in invocation.manifests() {
        let contents = contents(name, files);
        if contents.is_empty() {
            let message = format!("the path \"{name}\" does not exist");
            reading.failures.push(Failure::Own(message));
        }
        for (file, bytes) in contents {
            reading.file(file, manifest::parse(file, bytes));
        }
    }
    reading
}

/// What the files of a line hold.
pub(super) struct Reading<'a> {
    invocation: &'a Invocation,
    /// The objects, in their order.
    pub(super) drafts: Vec<Draft>,
    /// What is wrong with the rest.
    pub(super) failures: Vec<Failure>,
    /// What is to be said on stderr beside that, lines with their newlines.
    pub(super) warnings: String,
}

impl Reading<'_> {
    /// Everything of a file, in its order, up to where kubectl can read no further.
    fn file(&mut self, file: &str, parse: Parse) {
        let mut documents = parse.documents.into_iter();
        let mut taken = 0;
        for Unfit { after, fault } in parse.unfit {
            for document in documents.by_ref().take(after - taken) {
                self.document(document);
            }
            taken = after;
            match fault {
                Fault::Unreadable(sentence) => {
                    self.failures.push(Failure::Own(sentence));
                    return;
                }
                Fault::NoKind {
                    api_version,
                    kind,
                    value,
                } => self
                    .failures
                    .push(no_kind(file, &api_version, &kind, &value)),
                Fault::Fields {
                    kind,
                    value,
                    problems,
                } => self.undecodable(file, kind, value, &problems),
                Fault::Nameless(document) => self.document(*document),
            }
        }
        for document in documents {
            self.document(document);
        }
    }

    fn document(&mut self, document: manifest::Document) {
        let manifest::Document {
            file,
            mut value,
            kind,
            mut object,
            ..
        } = document;
        match self.namespace(kind, object.namespace()) {
            Ok(Some(namespace)) => {
                value["metadata"]["namespace"] = namespace.as_str().into();
                object.metadata_mut().namespace = Some(namespace);
            }
            Ok(None) => {}
            Err(failure) => {
                self.failures.push(failure);
                return;
            }
        }
        self.drafts.push(Draft {
            key: object.key(),
            value,
            object: Ok(object),
            source: file.to_string(),
        });
    }

    /// The API server is asked for it all the same, and says no; unless it shall leave out what it does
    /// not know.
    fn undecodable(&mut self, file: &str, kind: Kind, mut value: Value, problems: &str) {
        let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default();
        let (name, given) = (text("name").to_owned(), text("namespace").to_owned());
        let namespace = match self.namespace(kind, &given) {
            Ok(namespace) => namespace.unwrap_or(given),
            Err(failure) => {
                self.failures.push(failure);
                return;
            }
        };
        if !namespace.is_empty() && value["metadata"].is_object() {
            value["metadata"]["namespace"] = namespace.as_str().into();
        }
        let key = Key::new(kind, &namespace, &name);
        if let Some(object) = self.leniently(kind, &value) {
            self.drafts.push(Draft {
                key,
                value,
                object: Ok(object),
                source: file.to_owned(),
            });
            return;
        }
        let info = kind.info();
        let (name_of_kind, version) = (info.name, info.version);
        let refusal = Refusal::bad_request(format!(
            "{name_of_kind} in version \"{version}\" cannot be handled as a {name_of_kind}: {problems}"
        ));
        self.drafts.push(Draft {
            key,
            value,
            object: Err(Box::new(refusal)),
            source: file.to_owned(),
        });
    }

    /// The object without what its kind does not have, where the line asks for that.
    fn leniently(&mut self, kind: Kind, value: &Value) -> Option<Object> {
        let Command::Apply { unknown, .. } = &self.invocation.command else {
            return None;
        };
        if *unknown == Unknown::Refused {
            return None;
        }
        let (object, problems) = manifest::decode_leniently(kind, value.clone()).ok()?;
        if *unknown == Unknown::Warned {
            let said = problems.iter().map(|problem| {
                let said = problem
                    .message
                    .trim_start_matches("strict decoding error: ");
                format!("Warning: {said}\n")
            });
            self.warnings.extend(said);
        }
        Some(object)
    }

    /// The namespace that an object without one is given.
    fn namespace(&self, kind: Kind, given: &str) -> Result<Option<String>, Failure> {
        if !kind.info().namespaced {
            return Ok(None);
        }
        let wanted = self.invocation.namespace();
        if given.is_empty() {
            return Ok(Some(wanted.to_owned()));
        }
        if self.invocation.namespace.is_some() && given != wanted {
            return Err(Failure::Own(format!(
                "the namespace from the provided object \"{given}\" does not match the namespace \
                 \"{wanted}\". You must pass '--namespace={given}' to perform this operation."
            )));
        }
        Ok(None)
    }
}

/// What kubectl says to a kind that it does not find among those of the API server.
fn no_kind(file: &str, api_version: &str, kind: &str, value: &Value) -> Failure {
    let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default();
    let (name, namespace) = (text("name"), text("namespace"));
    Failure::Own(format!(
        "resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \
         \"{file}\": no matches for kind \"{kind}\" in version \"{api_version}\"\nensure CRDs are \
         installed first"
    ))
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
