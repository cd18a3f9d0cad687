//! Where an object stands: kind, namespace, name; the order of lists.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::Kind;

/// The place of an object in the store. Keys order by kind, then namespace, then name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
            namespace: shared(namespace),
            name: name.into(),
        }
    }

    /// The key that comes before all keys of this kind and namespace.
    #[must_use]
    pub fn first_of(kind: Kind, namespace: &str) -> Self {
        Self::new(kind, namespace, "")
    }
}

/// The namespaces that nearly everything is in. Keys share them: that takes less room, and keys of
/// one namespace are compared without reading it.
static USUAL: LazyLock<[Arc<str>; 4]> =
    LazyLock::new(|| ["", "default", "kube-node-lease", "kube-system"].map(Arc::from));

fn shared(namespace: &str) -> Arc<str> {
    let usual = USUAL.iter().find(|each| ***each == *namespace);
    usual.map_or_else(|| namespace.into(), Arc::clone)
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_namespace = || {
            if Arc::ptr_eq(&self.namespace, &other.namespace) {
                Ordering::Equal
            } else {
                self.namespace.cmp(&other.namespace)
            }
        };
        self.kind
            .cmp(&other.kind)
            .then_with(by_namespace)
            .then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
