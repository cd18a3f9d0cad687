//! An object of each kind that nothing is wrong with.

use serde_json::json;

use super::{container, object, pod_with, refused};
use crate::api::Kind;

#[test]
fn a5_what_is_fine_is_not_refused() {
    let labels = json!({"app": "x"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container()]}});
    let workload = json!({"selector": {"matchLabels": labels}, "template": template});
    let ending =
        json!({"template": {"spec": {"containers": [container()], "restartPolicy": "Never"}}});
    let claim =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let target = json!({"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"});
    let cases = [
        (Kind::Pod, pod_with(&json!({}))),
        (Kind::Deployment, workload.clone()),
        (Kind::ReplicaSet, workload.clone()),
        (Kind::StatefulSet, workload.clone()),
        (Kind::DaemonSet, workload),
        (Kind::Job, ending.clone()),
        (
            Kind::CronJob,
            json!({"schedule": "*/5 * * * *", "jobTemplate": {"spec": ending}}),
        ),
        (
            Kind::Service,
            json!({"ports": [{"port": 80}], "selector": labels}),
        ),
        (
            Kind::HorizontalPodAutoscaler,
            json!({"maxReplicas": 3, "scaleTargetRef": target}),
        ),
        (Kind::PodDisruptionBudget, json!({"minAvailable": "50%"})),
        (
            Kind::ResourceQuota,
            json!({"hard": {"pods": "4", "requests.cpu": "2", "count/jobs.batch": "1"}}),
        ),
        (
            Kind::LimitRange,
            json!({"limits": [{"type": "Container", "max": {"cpu": "1"}}]}),
        ),
        (Kind::PersistentVolumeClaim, claim),
        (Kind::Lease, json!({"leaseDurationSeconds": 40})),
    ];
    for (kind, spec) in cases {
        assert_eq!(refused(kind, object("x", &spec)), [""; 0], "{kind}");
    }
}

#[test]
fn a5_what_is_fine_without_a_namespace_or_a_spec_is_not_refused() {
    let cluster = [
        (Kind::Namespace, json!({})),
        (
            Kind::Node,
            json!({"status": {"capacity": {"cpu": "8", "pods": "110"}}}),
        ),
        (Kind::PriorityClass, json!({"value": 1000})),
        (
            Kind::StorageClass,
            json!({"provisioner": "example.com/disk"}),
        ),
        (
            Kind::PersistentVolume,
            json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/d"}}}),
        ),
    ];
    for (kind, mut value) in cluster {
        value["metadata"] = json!({"name": "x"});
        assert_eq!(refused(kind, value), [""; 0], "{kind}");
    }
    let plain = [
        (Kind::ConfigMap, json!({"data": {"key": "text"}})),
        (Kind::Secret, json!({"stringData": {"key": "text"}})),
        (Kind::ServiceAccount, json!({})),
        (
            Kind::Event,
            json!({"involvedObject": {"kind": "Pod", "namespace": "default"}}),
        ),
        (
            Kind::EndpointSlice,
            json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}]}),
        ),
    ];
    for (kind, mut value) in plain {
        value["metadata"] = json!({"name": "x", "namespace": "default"});
        assert_eq!(refused(kind, value), [""; 0], "{kind}");
    }
}
