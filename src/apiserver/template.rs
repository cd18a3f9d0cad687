//! Pods that one owner makes from one template share their spec in memory.

use std::sync::Arc;

use imbl::OrdMap;

use crate::api::{Object, core, meta};

/// So many owners are remembered; beyond it sharing begins anew.
const OWNERS_MOST: usize = 4096;

/// The last spec that each owner made a pod with.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedTemplates {
    by_owner: OrdMap<Arc<str>, Arc<core::PodSpec>>,
}

impl SharedTemplates {
    /// Lets a pod hold the spec of its elder sibling if both say the same.
    pub(super) fn share(&mut self, object: &mut Object) {
        let Object::Pod(pod) = object else { return };
        let Some(owner) = meta::controller_of(&pod.metadata) else {
            return;
        };
        let owner: Arc<str> = owner.uid.as_str().into();
        match self.by_owner.get(&owner) {
            Some(elder) if **elder == *pod.spec.shared => {
                let elder = Arc::clone(elder);
                pod.spec_mut().shared = elder;
            }
            _ => {
                if self.by_owner.len() >= OWNERS_MOST {
                    self.by_owner.clear();
                }
                self.by_owner.insert(owner, Arc::clone(&pod.spec.shared));
            }
        }
    }
}
