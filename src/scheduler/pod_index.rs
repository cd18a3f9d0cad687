//! Which placed pods carry which label, so that selectors need not look at all pods.

use std::sync::Arc;

use imbl::OrdSet;

use crate::api::meta::Labels;
use crate::api::{Key, Kind, LabelSelector};

/// Namespace, key and value of a label, and the name of a pod that carries it.
type Entry = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);

/// Labels of placed pods.
#[derive(Clone, Debug, Default)]
pub(super) struct PodIndex(OrdSet<Entry>);

impl PodIndex {
    /// Takes note of a pod with these labels.
    pub(super) fn insert(&mut self, pod: &Key, labels: &Labels) {
        for (key, value) in labels {
            let entry = self.entry(pod, key, value);
            self.0.insert(entry);
        }
    }

    /// Forgets a pod with these labels.
    pub(super) fn remove(&mut self, pod: &Key, labels: &Labels) {
        for (key, value) in labels {
            let entry = self.entry(pod, key, value);
            self.0.remove(&entry);
        }
    }

    /// The entry, with the words of a neighbour where there is one, so that each is kept once.
    fn entry(&self, pod: &Key, key: &str, value: &str) -> Entry {
        let name = Arc::clone(&pod.name);
        match self.range(&pod.namespace, key, value).next() {
            Some((namespace, key, value, _)) => (
                Arc::clone(namespace),
                Arc::clone(key),
                Arc::clone(value),
                name,
            ),
            None => (Arc::clone(&pod.namespace), key.into(), value.into(), name),
        }
    }

    fn range(&self, namespace: &str, key: &str, value: &str) -> impl Iterator<Item = &Entry> {
        let first: Entry = (namespace.into(), key.into(), value.into(), "".into());
        let last = first.clone();
        self.0
            .range(first..)
            .take_while(move |entry| entry.0 == last.0 && entry.1 == last.1 && entry.2 == last.2)
    }

    /// Pods of the namespace among which are all that the selector picks; nothing when the selector
    /// names no value, so that the index is of no use.
    pub(super) fn narrow(&self, namespace: &str, selector: &LabelSelector) -> Option<Vec<Key>> {
        let equal = selector.match_labels.iter().flatten();
        let equal = equal.map(|(key, value)| (key.as_str(), std::slice::from_ref(value)));
        let listed = selector.match_expressions.iter().flatten();
        let listed = listed.filter(|requirement| requirement.operator == "In");
        let listed = listed.map(|requirement| {
            let values = requirement.values.as_deref().unwrap_or_default();
            (requirement.key.as_str(), values)
        });
        let mut least = usize::MAX;
        let mut best = None;
        for (key, values) in equal.chain(listed) {
            let entries = || {
                let each = values.iter();
                each.flat_map(move |value| self.range(namespace, key, value))
            };
            let count = entries().take(least).count();
            if count < least {
                least = count;
                best = Some((key, values));
            }
        }
        let (key, values) = best?;
        let entries = values
            .iter()
            .flat_map(|value| self.range(namespace, key, value));
        let keys = entries.map(|(namespace, _, _, name)| Key {
            kind: Kind::Pod,
            namespace: Arc::clone(namespace),
            name: Arc::clone(name),
        });
        Some(keys.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::selector::parse_labels;

    #[test]
    fn the_rarest_label_of_a_selector_decides_which_pods_are_looked_at() {
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        let pod = |namespace: &str, name: &str| Key::new(Kind::Pod, namespace, name);
        let mut index = PodIndex::default();
        index.insert(&pod("a", "one"), &labels(&[("app", "web"), ("hash", "1")]));
        index.insert(&pod("a", "two"), &labels(&[("app", "web"), ("hash", "2")]));
        index.insert(&pod("b", "three"), &labels(&[("app", "web")]));
        let names = |index: &PodIndex, namespace: &str, text: &str| {
            let selector = parse_labels(text).expect("a selector");
            let keys = index.narrow(namespace, &selector)?;
            Some(
                keys.iter()
                    .map(|key| key.name.to_string())
                    .collect::<Vec<_>>(),
            )
        };
        let cases = [
            ("a", "app=web", Some(vec!["one", "two"])),
            ("a", "app=web,hash=2", Some(vec!["two"])),
            ("a", "hash in (1,2),app=db", Some(vec![])),
            ("b", "app in (web,db)", Some(vec!["three"])),
            ("a", "app", None),
        ];
        for (namespace, text, expected) in cases {
            let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(
                names(&index, namespace, text),
                expected,
                "{namespace} {text}"
            );
        }
        index.remove(&pod("a", "one"), &labels(&[("app", "web"), ("hash", "1")]));
        assert_eq!(names(&index, "a", "app=web"), Some(vec!["two".to_owned()]));
    }
}
