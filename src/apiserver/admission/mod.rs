//! What the API server looks at beside the object itself: its namespace, its account, its limits.
//!
//! Plugins of Kubernetes in Kubernetes' order. Those that change the object run before it has its
//! name and its uid; those that only look run when it is valid and about to be written.
//!
//! Unlike Kubernetes: no token is mounted into pods, and a new node gets no `not-ready` taint.

mod claim_resize;
mod default_tolerations;
mod limit_ranger;
mod namespace_lifecycle;
mod priority;
mod resource_quota;
mod runtime_class;
mod service_account;
mod storage_class;
mod storage_protection;

pub(super) use namespace_lifecycle::admit_deletion;
pub(super) use resource_quota::Charges;

use super::Refusal;
use crate::api::{Key, Object};
use crate::sim::{Profile, Time};
use crate::store::Store;

/// What is being done with the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// It is new.
    Create,
    /// It replaces what stands in the store.
    Update,
}

/// Lets the plugins change the object, in the order in which the API server asks them.
///
/// # Errors
/// What the first plugin that refuses says.
pub(super) fn admit(
    operation: Operation,
    object: &mut Object,
    store: &Store,
    profile: &Profile,
) -> Result<(), Refusal> {
    let key = named(object);
    if operation == Operation::Create {
        namespace_lifecycle::admit(&key, store)?;
    }
    match object {
        Object::Pod(pod) if operation == Operation::Create => {
            limit_ranger::set_defaults(pod, store);
            service_account::admit(pod, &key, store)?;
            priority::admit(pod, &key, store)?;
            default_tolerations::admit(pod, profile);
            runtime_class::admit(pod, &key)?;
        }
        Object::Pod(pod) => {
            priority::keep(pod, &key, store);
            default_tolerations::admit(pod, profile);
        }
        Object::PersistentVolumeClaim(claim) if operation == Operation::Create => {
            storage_class::admit(claim, store);
            storage_protection::admit(object);
        }
        Object::PersistentVolume(_) if operation == Operation::Create => {
            storage_protection::admit(object);
        }
        _ => {}
    }
    Ok(())
}

/// Asks the plugins that only look, about an object that is valid; says what it takes of quotas.
///
/// # Errors
/// What the first plugin that refuses says.
pub(super) fn enforce(
    operation: Operation,
    object: &Object,
    store: &Store,
    now: Time,
) -> Result<Charges, Refusal> {
    let key = named(object);
    match object {
        Object::Pod(pod) if operation == Operation::Create => {
            limit_ranger::check_pod(pod, &key, store)?;
        }
        Object::PersistentVolumeClaim(claim) => {
            limit_ranger::check_claim(claim, &key, store)?;
            claim_resize::check(claim, &key, store)?;
        }
        Object::PriorityClass(class) => priority::one_default(class, &key, store)?,
        _ => {}
    }
    resource_quota::check(operation, object, &key, store, now)
}

/// Where the object stands; one whose name is still to be generated is called by its base.
fn named(object: &Object) -> Key {
    let base = object.metadata().generate_name.as_deref();
    match (object.name(), base) {
        ("", Some(base)) => Key::new(object.kind(), object.namespace(), base),
        _ => object.key(),
    }
}

#[cfg(test)]
mod tests;
