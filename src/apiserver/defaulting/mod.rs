//! What the API server fills in where an object says nothing.
//!
//! Runs before admission, on every create and update. What lacks nothing is not touched, so that
//! shared parts stay shared.

mod pod;
mod policy;
mod rule;
mod service;
mod workload;

use crate::api::Object;

use rule::fill_shared;

pub(super) use rule::is_blank;
pub(super) use workload::{generate_job_selector, job_labels};

/// Fills in the defaults of Kubernetes 1.34 and writes amounts as the server prints them.
/// Source: the `defaults.go` of each group below `pkg/apis`.
pub(super) fn apply_defaults(object: &mut Object) {
    match object {
        Object::Pod(it) => pod::pod(&mut it.spec),
        Object::Deployment(it) => fill_shared(&mut it.spec, workload::DEPLOYMENT),
        Object::ReplicaSet(it) => fill_shared(&mut it.spec, workload::REPLICA_SET),
        Object::StatefulSet(it) => fill_shared(&mut it.spec, workload::STATEFUL_SET),
        Object::DaemonSet(it) => fill_shared(&mut it.spec, workload::DAEMON_SET),
        Object::Job(job) => {
            fill_shared(&mut job.spec, workload::JOB);
            job_labels(job);
        }
        Object::CronJob(it) => fill_shared(&mut it.spec, workload::CRON_JOB),
        Object::Service(it) => fill_shared(&mut it.spec, service::SERVICE),
        Object::EndpointSlice(it) => fill_shared(&mut it.spec, policy::ENDPOINT_SLICE),
        Object::Namespace(it) => policy::namespace(it),
        Object::Node(it) => {
            fill_shared(&mut it.spec, policy::NODE);
            fill_shared(&mut it.status, policy::NODE_STATUS);
        }
        Object::Secret(it) => fill_shared(&mut it.spec, policy::SECRET),
        Object::HorizontalPodAutoscaler(it) => fill_shared(&mut it.spec, policy::AUTOSCALER),
        Object::PriorityClass(it) => fill_shared(&mut it.spec, policy::PRIORITY_CLASS),
        Object::ResourceQuota(it) => fill_shared(&mut it.spec, policy::RESOURCE_QUOTA),
        Object::LimitRange(it) => fill_shared(&mut it.spec, policy::LIMIT_RANGE),
        Object::PersistentVolume(it) => fill_shared(&mut it.spec, policy::VOLUME),
        Object::PersistentVolumeClaim(it) => fill_shared(&mut it.spec, pod::CLAIM),
        Object::StorageClass(it) => fill_shared(&mut it.spec, policy::STORAGE_CLASS),
        Object::ConfigMap(_)
        | Object::ControllerRevision(_)
        | Object::ServiceAccount(_)
        | Object::Event(_)
        | Object::Lease(_)
        | Object::PodDisruptionBudget(_) => {}
    }
}

#[cfg(test)]
mod tests;
