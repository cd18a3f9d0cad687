//! Deletion in two steps: the mark, and the removal when nothing holds the object back.

use super::{ApiServer, Caller, DeleteOptions, Propagation, Refusal, Written, prepare};
use crate::api::owners::Provenance;
use crate::api::{Key, Object, Pod};
use crate::store::Precondition;

/// Holds an owner until what it owns is gone.
pub(super) const FOREGROUND_FINALIZER: &str = "foregroundDeletion";

/// Holds an owner until what it owns no longer refers to it.
pub(super) const ORPHAN_FINALIZER: &str = "orphan";

impl ApiServer {
    pub(super) fn delete(
        &mut self,
        options: &DeleteOptions,
        key: &Key,
        caller: Caller<'_>,
    ) -> Result<Written, Refusal> {
        let current = self.get(key)?.clone();
        check_preconditions(options, &current)?;
        let grace = match &current {
            Object::Pod(pod) => pod_grace_seconds(pod, options),
            _ => 0,
        };
        let mut object = current.clone();
        add_finalizer(&mut object, options.propagation);
        let already = current.metadata().deletion_grace_period_seconds;
        let is_shorter = already.is_none_or(|seconds| grace < seconds);
        if !current.is_terminating() || is_shorter {
            prepare::mark_for_deletion(&mut object, grace, caller.now);
        }
        if prepare::is_released(&object) {
            let change = self
                .store
                .remove(key, current.revision())
                .map_err(|_| Refusal::modified(key))?;
            return Ok(Written::of(change));
        }
        if object == current {
            return Ok(Written::nothing(object));
        }
        object.set_provenance(Provenance::write(None, Some(&current), None));
        let change = self
            .store
            .put(object, Precondition::Revision(current.revision()))
            .map_err(|_| Refusal::modified(key))?;
        Ok(Written::of(change))
    }
}

fn check_preconditions(options: &DeleteOptions, current: &Object) -> Result<(), Refusal> {
    let key = current.key();
    if let Some(uid) = &options.uid
        && uid != current.uid()
    {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            current.uid()
        );
        return Err(Refusal::conflict(&key, &why));
    }
    if let Some(version) = &options.resource_version
        && Some(version) != current.metadata().resource_version.as_ref()
    {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in \
             object meta: {}",
            current.revision()
        );
        return Err(Refusal::conflict(&key, &why));
    }
    Ok(())
}

/// A pod that no kubelet knows, or that has ended, needs no time. Source: the pod strategy's
/// `CheckGracefulDelete`.
fn pod_grace_seconds(pod: &Pod, options: &DeleteOptions) -> i64 {
    if pod.spec.node_name.is_none() || pod.is_finished() {
        return 0;
    }
    let own = pod.spec.termination_grace_period_seconds.unwrap_or(30);
    options.grace_period_seconds.unwrap_or(own).max(0)
}

fn add_finalizer(object: &mut Object, propagation: Propagation) {
    let finalizer = match propagation {
        Propagation::Background => return,
        Propagation::Foreground => FOREGROUND_FINALIZER,
        Propagation::Orphan => ORPHAN_FINALIZER,
    };
    if object.is_terminating() {
        return;
    }
    let finalizers = object.metadata_mut().finalizers.get_or_insert_default();
    if !finalizers.iter().any(|each| each == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
}
