//! What each kind gets when it says nothing.

use serde_json::{Value, json};

use super::*;
use crate::api::Kind;

/// Checks fields of an object, by their JSON pointers, after its defaults are set.
fn check(kind: Kind, value: Value, fields: &[(&str, Value)]) {
    let mut object = Object::from_value(kind, value).expect("an object");
    apply_defaults(&mut object);
    let once = object.clone();
    apply_defaults(&mut object);
    assert_eq!(once, object, "{kind}: a second time changes nothing");
    let value = object.to_value();
    for (pointer, expected) in fields {
        let found = value.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{kind} {pointer}");
    }
}

fn of_spec(spec: &Value) -> Value {
    json!({"metadata": {"name": "x"}, "spec": spec})
}

fn template() -> Value {
    json!({"spec": {"containers": [{"name": "c", "image": "i:1"}]}})
}

#[test]
fn a6_a_deployment_gets_its_defaults() {
    let rolling = json!({"maxSurge": "25%", "maxUnavailable": "25%"});
    check(
        Kind::Deployment,
        of_spec(&json!({"template": template()})),
        &[
            ("/spec/replicas", json!(1)),
            (
                "/spec/strategy",
                json!({"type": "RollingUpdate", "rollingUpdate": rolling}),
            ),
            ("/spec/revisionHistoryLimit", json!(10)),
            ("/spec/progressDeadlineSeconds", json!(600)),
            ("/spec/template/spec/dnsPolicy", json!("ClusterFirst")),
            ("/spec/template/spec/enableServiceLinks", Value::Null),
        ],
    );
    let recreate = json!({"strategy": {"type": "Recreate"}, "template": template()});
    check(
        Kind::Deployment,
        of_spec(&recreate),
        &[("/spec/strategy", json!({"type": "Recreate"}))],
    );
}

#[test]
fn a6_sets_of_pods_get_their_defaults() {
    let spec = of_spec(&json!({"template": template()}));
    check(
        Kind::ReplicaSet,
        spec.clone(),
        &[("/spec/replicas", json!(1))],
    );
    let claims = "/spec/persistentVolumeClaimRetentionPolicy";
    check(
        Kind::StatefulSet,
        spec.clone(),
        &[
            ("/spec/podManagementPolicy", json!("OrderedReady")),
            (
                "/spec/updateStrategy",
                json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
            ),
            (
                claims,
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
            ),
        ],
    );
    let rolling = json!({"maxSurge": 0, "maxUnavailable": 1});
    check(
        Kind::DaemonSet,
        spec,
        &[(
            "/spec/updateStrategy",
            json!({"type": "RollingUpdate", "rollingUpdate": rolling}),
        )],
    );
}

#[test]
fn a6_jobs_get_their_defaults() {
    check(
        Kind::Job,
        of_spec(&json!({"template": template()})),
        &[
            ("/spec/completions", json!(1)),
            ("/spec/parallelism", json!(1)),
            ("/spec/backoffLimit", json!(6)),
            ("/spec/completionMode", json!("NonIndexed")),
            ("/spec/podReplacementPolicy", json!("TerminatingOrFailed")),
        ],
    );
    check(
        Kind::CronJob,
        of_spec(&json!({"schedule": "@daily"})),
        &[
            ("/spec/concurrencyPolicy", json!("Allow")),
            ("/spec/successfulJobsHistoryLimit", json!(3)),
            ("/spec/failedJobsHistoryLimit", json!(1)),
        ],
    );
}

#[test]
fn a6_a_job_finds_its_pods_by_its_own_uid() {
    let value = json!({"metadata": {"name": "pi", "uid": "u"}, "spec": {"template": template()}});
    let mut object = Object::from_value(Kind::Job, value).expect("a job");
    let Object::Job(job) = &mut object else {
        panic!("it is a job")
    };
    generate_job_selector(job);
    let spec = object.to_value()["spec"].clone();
    let picked = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}});
    assert_eq!(spec["selector"], picked);
    let labels = json!({
        "batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "pi",
        "controller-uid": "u", "job-name": "pi",
    });
    assert_eq!(spec["template"]["metadata"]["labels"], labels);
}

#[test]
fn a6_namespaces_and_secrets_get_their_defaults() {
    check(
        Kind::Namespace,
        json!({"metadata": {"name": "team"}}),
        &[
            (
                "/metadata/labels",
                json!({"kubernetes.io/metadata.name": "team"}),
            ),
            ("/spec/finalizers", json!(["kubernetes"])),
        ],
    );
    check(
        Kind::Secret,
        json!({"metadata": {"name": "s"}, "stringData": {"key": "text"}}),
        &[
            ("/type", json!("Opaque")),
            ("/data", json!({"key": "dGV4dA=="})),
            ("/stringData", Value::Null),
        ],
    );
}

#[test]
fn a6_policies_get_their_defaults() {
    let target = json!({"type": "Utilization", "averageUtilization": 80});
    let scaling = json!({"maxReplicas": 3, "behavior": {"scaleDown": {"policies": []}}});
    check(
        Kind::HorizontalPodAutoscaler,
        of_spec(&scaling),
        &[
            ("/spec/minReplicas", json!(1)),
            (
                "/spec/metrics",
                json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]),
            ),
            (
                "/spec/behavior/scaleUp/stabilizationWindowSeconds",
                json!(0),
            ),
            ("/spec/behavior/scaleDown/selectPolicy", json!("Max")),
        ],
    );
    let limit = json!({"type": "Container", "max": {"cpu": "1000m"}, "min": {"memory": "1Mi"}});
    check(
        Kind::LimitRange,
        of_spec(&json!({"limits": [limit]})),
        &[
            ("/spec/limits/0/default", json!({"cpu": "1"})),
            (
                "/spec/limits/0/defaultRequest",
                json!({"cpu": "1", "memory": "1Mi"}),
            ),
        ],
    );
    check(
        Kind::StorageClass,
        json!({"metadata": {"name": "fast"}, "provisioner": "example.com/disk"}),
        &[
            ("/reclaimPolicy", json!("Delete")),
            ("/volumeBindingMode", json!("Immediate")),
        ],
    );
}

#[test]
fn a6_what_lacks_nothing_stays_shared() {
    let value = of_spec(&json!({"template": template()}));
    let mut first = Object::from_value(Kind::Deployment, value).expect("a deployment");
    apply_defaults(&mut first);
    let mut second = first.clone();
    apply_defaults(&mut second);
    let (Object::Deployment(first), Object::Deployment(second)) = (&first, &second) else {
        panic!("both are deployments")
    };
    assert!(std::sync::Arc::ptr_eq(&first.spec, &second.spec));
}
