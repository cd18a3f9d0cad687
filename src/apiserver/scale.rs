//! The scale subresource: the number of replicas of a workload, whatever its kind.
//! Source: the `ScaleREST` types below `pkg/registry/apps`.

use super::write::Part;
use super::{ApiServer, Moment, Refusal, Stage, Written};
use crate::api::{Key, LabelSelector, Object};

/// A `Scale` of `autoscaling/v1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// How many replicas are wanted.
    pub replicas: i32,
    /// How many there are.
    pub current_replicas: i32,
    /// Which pods are replicas.
    pub selector: LabelSelector,
    /// The version of the workload that it was read from; none for any.
    pub resource_version: Option<String>,
}

impl Scale {
    /// The scale of a workload; none for kinds that have none.
    #[must_use]
    pub fn of(object: &Object) -> Option<Self> {
        let (replicas, current, selector) = match object {
            Object::Deployment(each) => (
                each.spec.replicas,
                each.status.replicas,
                &each.spec.selector,
            ),
            Object::ReplicaSet(each) => (
                each.spec.replicas,
                Some(each.status.replicas),
                &each.spec.selector,
            ),
            Object::StatefulSet(each) => (
                each.spec.replicas,
                Some(each.status.replicas),
                &each.spec.selector,
            ),
            _ => return None,
        };
        Some(Self {
            replicas: replicas.unwrap_or(1),
            current_replicas: current.unwrap_or(0),
            selector: selector.clone(),
            resource_version: object.metadata().resource_version.clone(),
        })
    }

    /// The workload with as many replicas as this wants.
    fn put_into(&self, object: &mut Object) {
        match object {
            Object::Deployment(each) => each.spec_mut().replicas = Some(self.replicas),
            Object::ReplicaSet(each) => each.spec_mut().replicas = Some(self.replicas),
            Object::StatefulSet(each) => each.spec_mut().replicas = Some(self.replicas),
            _ => {}
        }
        object
            .metadata_mut()
            .resource_version
            .clone_from(&self.resource_version);
    }
}

impl ApiServer {
    pub(super) fn scale_of(&self, key: &Key) -> Result<Scale, Refusal> {
        Scale::of(self.get(key)?).ok_or_else(|| Refusal::no_such_resource(key, "scale"))
    }

    pub(super) fn update_scale(
        &mut self,
        scale: &Scale,
        key: &Key,
        moment: Moment<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        self.scale_of(key)?;
        let mut object = self.get(key)?.clone();
        scale.put_into(&mut object);
        self.update(object, key, Part::Main, moment, stages)
    }
}
