//! Where an object stands: kind, namespace, name; the order of lists.

use std::fmt;
use std::sync::Arc;

use super::Kind;

/// The place of an object in the store. Keys order by kind, then namespace, then name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The namespace; empty for kinds without one.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl Key {
    /// The place of an object of this kind, namespace (empty for none) and name.
    #[must_use]
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.info().namespaced {
            namespace
        } else {
            ""
        };
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The key that comes before all keys of this kind and namespace.
    #[must_use]
    pub fn first_of(kind: Kind, namespace: &str) -> Self {
        Self::new(kind, namespace, "")
    }
}

/// `pod default/web`, or `node node-a` for kinds without a namespace.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.info().name.to_ascii_lowercase();
        if self.namespace.is_empty() {
            write!(f, "{kind} {}", self.name)
        } else {
            write!(f, "{kind} {}/{}", self.namespace, self.name)
        }
    }
}
