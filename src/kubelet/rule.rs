//! What a scenario says of the applications in pods that a selector picks.

use crate::api::{LabelSelector, ObjectMeta, meta, selector};
use crate::kubelet::Behaviour;

/// One rule about pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    selector: String,
    /// Which pods, by their labels.
    pub(super) pods: LabelSelector,
    /// Which container of them; the first when not said.
    pub(super) container: Option<String>,
    /// What it declares: keys and values as annotations have them.
    pub(super) says: Vec<(String, String)>,
}

impl Rule {
    /// A rule about the pods that a selector (`app=web`; all when empty) picks.
    ///
    /// # Errors
    /// When the selector or a declaration cannot be read.
    pub fn new(
        pods: &str,
        container: Option<String>,
        says: &[(&str, &str)],
    ) -> Result<Self, String> {
        let selector = pods.to_owned();
        let pods = selector::parse_labels(pods)?;
        for (key, value) in says {
            let said = Behaviour::default().declare(key, value);
            said.map_err(|why| format!("{key}: {why}"))?;
        }
        let says = says.iter();
        let says = says.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Ok(Self {
            selector,
            pods,
            container,
            says: says.collect(),
        })
    }

    /// The selector of its pods as written.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The container that it is about; the first when not said.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        self.container.as_deref()
    }

    /// What it declares.
    pub fn says(&self) -> impl Iterator<Item = (&str, &str)> {
        self.says.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Whether it is about a pod with this metadata.
    pub(super) fn fits(&self, metadata: &ObjectMeta) -> bool {
        selector::matches(&self.pods, meta::labels(metadata))
    }
}
