//! Deletion in two steps: the mark, and the removal when nothing holds the object back.

use super::{ApiServer, Caller, DeleteOptions, Propagation, Refusal, Written, admission, prepare};
use crate::api::owners::Provenance;
use crate::api::{Key, Object};
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
        admission::admit_deletion(key)?;
        let current = self.get(key)?.clone();
        check_preconditions(options, &current)?;
        let mut object = current.clone();
        match (&current, current.metadata().deletion_grace_period_seconds) {
            // What a kubelet is to confirm is on its way: the time left can only become shorter.
            (Object::Pod(_), Some(left)) if current.is_terminating() => {
                if let Some(grace) = asked_seconds(options).filter(|grace| *grace < left) {
                    prepare::hurry_deletion(&mut object, grace);
                }
            }
            _ => {
                set_finalizer(&mut object, options.propagation);
                if !current.is_terminating() {
                    let grace = grace_seconds(&current, options);
                    prepare::mark_for_deletion(&mut object, grace, caller.now);
                }
            }
        }
        if !prepare::is_released(&object) {
            return self.mark(object, &current);
        }
        // A pod is seen to have no time left before it is seen to be gone.
        let marked = match &current {
            Object::Pod(_) => self.mark(object, &current)?.changes,
            _ => Vec::new(),
        };
        let revision = self.get(key)?.revision();
        let change = self
            .store
            .remove(key, revision)
            .map_err(|_| Refusal::modified(key))?;
        Ok(Written::of(change).after(marked))
    }

    /// Writes the mark, in nobody's name.
    fn mark(&mut self, mut object: Object, current: &Object) -> Result<Written, Refusal> {
        if object == *current {
            return Ok(Written::nothing(object));
        }
        object.set_provenance(Provenance::write(None, Some(current), None));
        let change = self
            .store
            .put(object, Precondition::Revision(current.revision()))
            .map_err(|_| Refusal::modified(&current.key()))?;
        Ok(Written::of(change))
    }
}

fn check_preconditions(options: &DeleteOptions, current: &Object) -> Result<(), Refusal> {
    let key = current.key();
    if let Some(uid) = &options.uid
        && uid != current.uid()
    {
        return Err(Refusal::precondition(&key, "UID", uid, current.uid()));
    }
    if let Some(version) = &options.resource_version
        && Some(version) != current.metadata().resource_version.as_ref()
    {
        let found = current.revision().to_string();
        return Err(Refusal::precondition(
            &key,
            "ResourceVersion",
            version,
            &found,
        ));
    }
    Ok(())
}

/// What the request asks for; less than nothing stands for a second.
fn asked_seconds(options: &DeleteOptions) -> Option<i64> {
    let asked = options.grace_period_seconds;
    asked.map(|grace| if grace < 0 { 1 } else { grace })
}

/// Only pods are given time, and one that no kubelet knows, or that has ended, needs none.
/// Source: the pod strategy's `CheckGracefulDelete`.
fn grace_seconds(object: &Object, options: &DeleteOptions) -> i64 {
    match object {
        Object::Pod(pod) if pod.spec.node_name.is_some() && !pod.is_finished() => {
            let own = pod.spec.termination_grace_period_seconds.unwrap_or(30);
            asked_seconds(options).unwrap_or(own)
        }
        _ => 0,
    }
}

/// What the deletion asks for takes the place of what an earlier one did.
/// Source: `deletionFinalizersForGarbageCollection` of `apiserver/pkg/registry/generic/registry`.
fn set_finalizer(object: &mut Object, propagation: Propagation) {
    let finalizer = match propagation {
        Propagation::Background => return,
        Propagation::Foreground => FOREGROUND_FINALIZER,
        Propagation::Orphan => ORPHAN_FINALIZER,
    };
    let finalizers = object.metadata_mut().finalizers.get_or_insert_default();
    if !finalizers.iter().any(|each| each == finalizer) {
        finalizers.retain(|each| each != FOREGROUND_FINALIZER && each != ORPHAN_FINALIZER);
        finalizers.push(finalizer.to_owned());
    }
}
