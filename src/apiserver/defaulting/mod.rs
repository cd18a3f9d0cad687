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

pub(super) use service::allocate_cluster_ip;
pub(super) use workload::generate_job_selector;

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
            workload::job_labels(job);
        }
        Object::CronJob(it) => fill_shared(&mut it.spec, workload::CRON_JOB),
        Object::Service(it) => fill_shared(&mut it.spec, service::SERVICE),
        Object::EndpointSlice(it) => fill_shared(&mut it.spec, policy::ENDPOINT_SLICE),
        Object::Namespace(it) => policy::namespace(it),
        Object::Node(it) => fill_shared(&mut it.status, policy::NODE_STATUS),
        Object::Secret(it) => fill_shared(&mut it.spec, policy::SECRET),
        Object::HorizontalPodAutoscaler(it) => fill_shared(&mut it.spec, policy::AUTOSCALER),
        Object::PriorityClass(it) => fill_shared(&mut it.spec, policy::PRIORITY_CLASS),
        Object::ResourceQuota(it) => fill_shared(&mut it.spec, policy::RESOURCE_QUOTA),
        Object::LimitRange(it) => fill_shared(&mut it.spec, policy::LIMIT_RANGE),
        Object::PersistentVolume(it) => fill_shared(&mut it.spec, policy::VOLUME),
        Object::PersistentVolumeClaim(it) => fill_shared(&mut it.spec, pod::CLAIM),
        Object::StorageClass(it) => fill_shared(&mut it.spec, policy::STORAGE_CLASS),
        Object::ConfigMap(_)
        | Object::ServiceAccount(_)
        | Object::Event(_)
        | Object::Lease(_)
        | Object::PodDisruptionBudget(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Kind;

    fn defaulted(kind: Kind, value: Value) -> Value {
        let mut object = Object::from_value(kind, value).expect("an object");
        apply_defaults(&mut object);
        let once = object.clone();
        apply_defaults(&mut object);
        assert_eq!(once, object, "{kind}: a second time changes nothing");
        object.to_value()
    }

    #[test]
    fn a6_each_kind_gets_its_defaults() {
        let template = json!({"spec": {"containers": [{"name": "c", "image": "i:1"}]}});
        let of_template = |value: Value| json!({"metadata": {"name": "x"}, "spec": value});
        let cases: [(Kind, Value, &[(&str, Value)]); 12] = [
            (
                Kind::Deployment,
                of_template(json!({"template": template})),
                &[
                    ("/spec/replicas", json!(1)),
                    (
                        "/spec/strategy",
                        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
                    ),
                    ("/spec/revisionHistoryLimit", json!(10)),
                    ("/spec/progressDeadlineSeconds", json!(600)),
                    ("/spec/template/spec/dnsPolicy", json!("ClusterFirst")),
                    ("/spec/template/spec/enableServiceLinks", Value::Null),
                ],
            ),
            (
                Kind::Deployment,
                of_template(json!({"strategy": {"type": "Recreate"}, "template": template})),
                &[("/spec/strategy", json!({"type": "Recreate"}))],
            ),
            (
                Kind::ReplicaSet,
                of_template(json!({"template": template})),
                &[("/spec/replicas", json!(1))],
            ),
            (
                Kind::StatefulSet,
                of_template(json!({"template": template})),
                &[
                    ("/spec/podManagementPolicy", json!("OrderedReady")),
                    (
                        "/spec/updateStrategy",
                        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
                    ),
                    (
                        "/spec/persistentVolumeClaimRetentionPolicy",
                        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
                    ),
                ],
            ),
            (
                Kind::DaemonSet,
                of_template(json!({"template": template})),
                &[(
                    "/spec/updateStrategy",
                    json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
                )],
            ),
            (
                Kind::Job,
                of_template(json!({"template": template})),
                &[
                    ("/spec/completions", json!(1)),
                    ("/spec/parallelism", json!(1)),
                    ("/spec/backoffLimit", json!(6)),
                    ("/spec/completionMode", json!("NonIndexed")),
                    ("/spec/podReplacementPolicy", json!("TerminatingOrFailed")),
                ],
            ),
            (
                Kind::CronJob,
                of_template(json!({"schedule": "@daily"})),
                &[
                    ("/spec/concurrencyPolicy", json!("Allow")),
                    ("/spec/successfulJobsHistoryLimit", json!(3)),
                    ("/spec/failedJobsHistoryLimit", json!(1)),
                ],
            ),
            (
                Kind::Namespace,
                json!({"metadata": {"name": "team"}}),
                &[
                    (
                        "/metadata/labels",
                        json!({"kubernetes.io/metadata.name": "team"}),
                    ),
                    ("/spec/finalizers", json!(["kubernetes"])),
                ],
            ),
            (
                Kind::Secret,
                json!({"metadata": {"name": "s"}, "stringData": {"key": "text"}}),
                &[
                    ("/type", json!("Opaque")),
                    ("/data", json!({"key": "dGV4dA=="})),
                    ("/stringData", Value::Null),
                ],
            ),
            (
                Kind::HorizontalPodAutoscaler,
                of_template(json!({"maxReplicas": 3, "behavior": {"scaleDown": {"policies": []}}})),
                &[
                    ("/spec/minReplicas", json!(1)),
                    (
                        "/spec/metrics",
                        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
                    ),
                    (
                        "/spec/behavior/scaleUp/stabilizationWindowSeconds",
                        json!(0),
                    ),
                    ("/spec/behavior/scaleDown/selectPolicy", json!("Max")),
                ],
            ),
            (
                Kind::LimitRange,
                of_template(
                    json!({"limits": [{"type": "Container", "max": {"cpu": "1000m"}, "min": {"memory": "1Mi"}}]}),
                ),
                &[
                    ("/spec/limits/0/default", json!({"cpu": "1"})),
                    (
                        "/spec/limits/0/defaultRequest",
                        json!({"cpu": "1", "memory": "1Mi"}),
                    ),
                ],
            ),
            (
                Kind::StorageClass,
                json!({"metadata": {"name": "fast"}, "provisioner": "example.com/disk"}),
                &[
                    ("/reclaimPolicy", json!("Delete")),
                    ("/volumeBindingMode", json!("Immediate")),
                ],
            ),
        ];
        for (kind, value, fields) in cases {
            let object = defaulted(kind, value);
            for (pointer, expected) in fields {
                let found = object.pointer(pointer).unwrap_or(&Value::Null);
                assert_eq!(found, expected, "{kind} {pointer}");
            }
        }
    }

    #[test]
    fn a6_what_lacks_nothing_stays_shared() {
        let value = json!({"metadata": {"name": "x"}, "spec": {"template": {"spec": {
            "containers": [{"name": "c", "image": "i:1"}],
        }}}});
        let mut first = Object::from_value(Kind::Deployment, value).expect("a deployment");
        apply_defaults(&mut first);
        let mut second = first.clone();
        apply_defaults(&mut second);
        let (Object::Deployment(first), Object::Deployment(second)) = (&first, &second) else {
            panic!("both are deployments")
        };
        assert!(std::sync::Arc::ptr_eq(&first.spec, &second.spec));
    }
}
