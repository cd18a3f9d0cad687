//! The rules of each kind: what an object must say, and what may not change once it is there.
//!
//! Paths and messages are those of Kubernetes 1.34. Objects are checked with their defaults set.

mod amounts;
mod cluster;
mod configuration;
mod container;
mod environment;
mod format;
mod job;
mod metadata;
mod path;
mod placement;
mod pod;
mod pod_spec;
mod probe;
mod quota;
mod scaling;
mod schedule;
mod scheduling;
mod service;
mod storage;
mod values;
mod volume;
mod workload;

use super::FieldError;
use crate::api::Object;

pub(super) use cluster::SYSTEM_CLASSES;
pub(super) use scheduling::scheduling;
pub(super) use service::is_health_checked;

/// What is wrong with a new object, in the order in which the API server says it; nothing when it
/// is fine.
#[must_use]
pub(super) fn validate_create(object: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata::create(object, &mut errors);
    match object {
        Object::Pod(pod) => pod::create(pod, &mut errors),
        Object::Job(job) => job::create(job, &mut errors),
        other => body(other, &mut errors),
    }
    errors
}

/// What is wrong with the new state of an object that stands in the store as `old`.
#[must_use]
pub(super) fn validate_update(new: &Object, old: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata::update(new, old, &mut errors);
    match (new, old) {
        (Object::Pod(new), Object::Pod(old)) => pod::update(new, old, &mut errors),
        (Object::Job(new), Object::Job(old)) => {
            if !std::sync::Arc::ptr_eq(&new.spec, &old.spec) {
                job::update(new, old, &mut errors);
            }
        }
        (Object::CronJob(new), Object::CronJob(old)) => {
            job::cron_job(new, Some(old), &mut errors);
        }
        _ => body(new, &mut errors),
    }
    changes(new, old, &mut errors);
    errors
}

/// What an object of these kinds must say, new or not.
fn body(object: &Object, errors: &mut Vec<FieldError>) {
    match object {
        Object::Namespace(namespace) => cluster::namespace(namespace, errors),
        Object::Node(node) => cluster::node(node, errors),
        Object::PriorityClass(class) => cluster::priority_class(class, errors),
        Object::Deployment(deployment) => workload::deployment(deployment, errors),
        Object::ReplicaSet(set) => workload::replica_set(set, errors),
        Object::StatefulSet(set) => workload::stateful_set(set, errors),
        Object::DaemonSet(set) => workload::daemon_set(set, errors),
        Object::CronJob(job) => job::cron_job(job, None, errors),
        Object::Service(service) => service::service(service, errors),
        Object::EndpointSlice(slice) => service::endpoint_slice(slice, errors),
        Object::ConfigMap(map) => configuration::config_map(map, errors),
        Object::Secret(secret) => configuration::secret(secret, errors),
        Object::Event(event) => configuration::event(event, errors),
        Object::Lease(lease) => configuration::lease(lease, errors),
        Object::HorizontalPodAutoscaler(autoscaler) => scaling::autoscaler(autoscaler, errors),
        Object::PodDisruptionBudget(budget) => scaling::budget(budget, errors),
        Object::ResourceQuota(quota) => quota::resource_quota(quota, errors),
        Object::LimitRange(range) => quota::limit_range(range, errors),
        Object::PersistentVolume(volume) => storage::volume(volume, errors),
        Object::PersistentVolumeClaim(claim) => storage::claim(claim, errors),
        Object::StorageClass(class) => storage::class(class, errors),
        // A service account is its metadata, and a revision comes from its controller; pods and jobs have functions for each kind of write.
        Object::ServiceAccount(_)
        | Object::ControllerRevision(_)
        | Object::Pod(_)
        | Object::Job(_) => {}
    }
}

/// What may not change (A7), beside what pods and Jobs check themselves.
fn changes(new: &Object, old: &Object, errors: &mut Vec<FieldError>) {
    match (new, old) {
        (Object::Node(new), Object::Node(old)) => cluster::node_update(new, old, errors),
        (Object::PriorityClass(new), Object::PriorityClass(old)) => {
            cluster::priority_class_update(new, old, errors);
        }
        (Object::Deployment(new), Object::Deployment(old)) => {
            workload::same_selector(&new.spec.selector, &old.spec.selector, errors);
        }
        (Object::ReplicaSet(new), Object::ReplicaSet(old)) => {
            workload::same_selector(&new.spec.selector, &old.spec.selector, errors);
        }
        (Object::DaemonSet(new), Object::DaemonSet(old)) => {
            workload::same_selector(&new.spec.selector, &old.spec.selector, errors);
        }
        (Object::StatefulSet(new), Object::StatefulSet(old)) => {
            workload::stateful_set_update(new, old, errors);
        }
        (Object::Service(new), Object::Service(old)) => service::update(new, old, errors),
        (Object::EndpointSlice(new), Object::EndpointSlice(old)) => {
            let kind = values::json(&new.spec.address_type);
            let before = values::json(&old.spec.address_type);
            metadata::immutable(&path::Path::new("addressType"), kind, &before, errors);
        }
        (Object::ConfigMap(new), Object::ConfigMap(old)) => {
            configuration::config_map_update(new, old, errors);
        }
        (Object::Secret(new), Object::Secret(old)) => {
            configuration::secret_update(new, old, errors);
        }
        (Object::ResourceQuota(new), Object::ResourceQuota(old)) => {
            quota::resource_quota_update(new, old, errors);
        }
        (Object::PersistentVolume(new), Object::PersistentVolume(old)) => {
            storage::volume_update(new, old, errors);
        }
        (Object::PersistentVolumeClaim(new), Object::PersistentVolumeClaim(old)) => {
            storage::claim_update(new, old, errors);
        }
        (Object::StorageClass(new), Object::StorageClass(old)) => {
            storage::class_update(new, old, errors);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
