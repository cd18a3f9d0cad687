//! What everybody asks of a pod: where it runs, whether it is ready, what it requests.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Pod, core, meta};
use crate::sim::Time;

/// A pod's spec of which everything but the node is shared between the pods of one template.
///
/// Ten thousand equal pods hold one official spec and ten thousand names of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSpec {
    /// The node that the pod is bound to.
    pub node_name: Option<Arc<str>>,
    /// The rest; its own `node_name` is always empty.
    pub shared: Arc<core::PodSpec>,
}

impl From<core::PodSpec> for PodSpec {
    fn from(mut spec: core::PodSpec) -> Self {
        let node_name = spec
            .node_name
            .take()
            .filter(|name| !name.is_empty())
            .map(Arc::from);
        Self {
            node_name,
            shared: Arc::new(spec),
        }
    }
}

impl PodSpec {
    /// The shared part, to change; pods that share it do not see the change.
    pub fn shared_mut(&mut self) -> &mut core::PodSpec {
        Arc::make_mut(&mut self.shared)
    }

    /// Whether the pod is bound to this node.
    #[must_use]
    pub fn is_on(&self, node: &str) -> bool {
        self.node_name.as_deref() == Some(node)
    }
}

impl Deref for PodSpec {
    type Target = core::PodSpec;

    fn deref(&self) -> &core::PodSpec {
        &self.shared
    }
}

impl Serialize for PodSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node_name {
            None => self.shared.serialize(serializer),
            Some(node) => {
                let mut whole = (*self.shared).clone();
                whole.node_name = Some(node.to_string());
                whole.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for PodSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        core::PodSpec::deserialize(deserializer).map(Self::from)
    }
}

impl Pod {
    /// The phase; `Pending` before anybody has written one.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.status.phase.as_deref().unwrap_or("Pending")
    }

    /// True when the pod has come to its end and will not run again.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.phase(), "Succeeded" | "Failed")
    }

    /// Whether it counts: it has not ended and is not on its way out. Source: `IsPodActive`.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.is_finished() && !self.is_terminating()
    }

    /// Whether the condition of this type is `True`.
    #[must_use]
    pub fn has_condition(&self, condition_type: &str) -> bool {
        self.condition(condition_type)
            .is_some_and(|condition| condition.status == "True")
    }

    /// The condition of this type.
    #[must_use]
    pub fn condition(&self, condition_type: &str) -> Option<&core::PodCondition> {
        self.status
            .conditions
            .iter()
            .flatten()
            .find(|each| each.type_ == condition_type)
    }

    /// Whether the pod may get requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_condition("Ready")
    }

    /// Since when the pod has been ready without a break.
    #[must_use]
    pub fn ready_since(&self) -> Option<Time> {
        let condition = self.condition("Ready")?;
        let since = condition.last_transition_time.as_ref()?;
        (condition.status == "True").then(|| meta::moment(since))
    }
}
