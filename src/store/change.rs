//! One entry of the change log: what was written, and what stood there before.

use std::fmt;

use crate::api::{Key, Object};

/// What a write did to the set of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeType {
    /// The object is new.
    Added,
    /// The object was there before.
    Modified,
    /// The object is gone.
    Deleted,
}

impl fmt::Display for ChangeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        })
    }
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The revision that the write made.
    pub revision: u64,
    /// What the write did.
    pub change_type: ChangeType,
    /// Where.
    pub key: Key,
    /// The object as written; for a deletion the last state, at the revision of the deletion.
    pub object: Object,
    /// The object as it stood before.
    pub previous: Option<Object>,
}
