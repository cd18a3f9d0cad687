//! Which objects carry a label: who looks for pods by a selector need not read all of a namespace.

use imbl::{OrdMap, OrdSet};

use crate::api::{Key, LabelSelector, Object, meta};

/// The keys of one kind by their labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Labelled(OrdMap<(String, String), OrdSet<Key>>);

impl Labelled {
    pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let mut labelled = Self::default();
        for object in objects {
            labelled.change(None, Some(object));
        }
        labelled
    }

    /// Follows an object that comes, changes or goes.
    pub(super) fn change(&mut self, before: Option<&Object>, after: Option<&Object>) {
        let labels = |object: Option<&Object>| {
            let labels = object.map(|object| meta::labels(object.metadata()));
            labels.cloned().unwrap_or_default()
        };
        let (had, has) = (labels(before), labels(after));
        let Some(key) = after.or(before).map(Object::key) else {
            return;
        };
        if had == has {
            return;
        }
        for label in had {
            if let Some(keys) = self.0.get_mut(&label) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.0.remove(&label);
                }
            }
        }
        for label in has {
            self.0.entry(label).or_default().insert(key.clone());
        }
    }

    /// The fewest keys among which all are that a selector matches, from this key on; none when the
    /// selector names no label with its value.
    pub(super) fn candidates(
        &self,
        wanted: &LabelSelector,
        first: Key,
    ) -> Option<impl Iterator<Item = &Key>> {
        let labels = wanted.match_labels.iter().flatten();
        let keys = labels.map(|(name, value)| self.0.get(&(name.clone(), value.clone())));
        let fewest = keys.min_by_key(|keys| keys.map_or(0, OrdSet::len))?;
        Some(
            fewest
                .into_iter()
                .flat_map(move |keys| keys.range(first.clone()..)),
        )
    }
}
