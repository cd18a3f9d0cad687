//! Where the objects come from that a command makes, and how it takes them.

use crate::api::Object;

/// How an object takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// By an update of the same object.
    Update,
    /// The old one is deleted, and a new one made: `--force`.
    Recreation,
}

/// Where new objects come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// From files.
    Files(Vec<String>),
    /// From the flags of `kubectl create KIND` or `kubectl run`.
    Object(Box<Object>),
    /// The same with entries from files.
    Filled(Box<Filled>),
    /// A pod and the service for it: `run --expose`.
    Both(Box<(Object, Object)>),
}

/// A `ConfigMap` or `Secret` whose entries come from files.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// The object with the entries that the line gives.
    pub object: Object,
    /// What comes from which file, in the order of the line.
    pub entries: Vec<Entry>,
    /// The names of these files.
    pub files: Vec<String>,
}

/// What one file gives to a `ConfigMap` or `Secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One entry with its whole content: the key, and the file.
    Whole(String, String),
    /// An entry for each of its lines `NAME=value`.
    Lines(String),
}

/// What becomes of fields that an object of a file has and its kind does not: `--validate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// The API server refuses them.
    #[default]
    Refused,
    /// It leaves them out and warns.
    Warned,
    /// It leaves them out.
    Ignored,
}
