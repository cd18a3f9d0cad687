//! What each kind of object counts, and of whom scopes speak.

use serde_json::{Value, json};

use super::*;
use crate::api::core;

fn object(kind: Kind, value: Value) -> Object {
    Object::from_value(kind, value).expect("an object")
}

/// What an object uses, as a quota prints it.
fn used(kind: Kind, value: Value) -> Vec<String> {
    let usage = usage(&object(kind, value), Time::from_secs(100));
    usage
        .iter()
        .map(|(name, amount)| format!("{name}={amount}"))
        .collect()
}

#[test]
fn a6_a_pod_counts_by_its_requests_and_limits_until_it_ends() {
    let resources = json!({
        "requests": {"cpu": "100m", "memory": "1Gi", "ephemeral-storage": "1Gi",
            "hugepages-2Mi": "4Mi", "example.com/card": "1"},
        "limits": {"cpu": "1", "memory": "2Gi", "ephemeral-storage": "2Gi",
            "hugepages-2Mi": "4Mi", "example.com/card": "1"},
    });
    let pod = |status: Value, metadata: Value| {
        json!({"metadata": metadata, "status": status,
            "spec": {"containers": [{"name": "a", "resources": resources},
                {"name": "b", "resources": {"requests": {"cpu": "200m"}}}]}})
    };
    let all = [
        "count/pods=1",
        "cpu=300m",
        "ephemeral-storage=1Gi",
        "hugepages-2Mi=4Mi",
        "limits.cpu=1",
        "limits.ephemeral-storage=2Gi",
        "limits.memory=2Gi",
        "memory=1Gi",
        "pods=1",
        "requests.cpu=300m",
        "requests.ephemeral-storage=1Gi",
        "requests.example.com/card=1",
        "requests.hugepages-2Mi=4Mi",
        "requests.memory=1Gi",
    ];
    assert_eq!(used(Kind::Pod, pod(json!({}), json!({}))), all);
    let ended = pod(json!({"phase": "Succeeded"}), json!({}));
    assert_eq!(used(Kind::Pod, ended), ["count/pods=1"]);
    // It should be gone 30 s after the mark; 30 s later still it counts no more.
    let going = |mark: &str| {
        let metadata = json!({"deletionTimestamp": mark, "deletionGracePeriodSeconds": 30});
        used(Kind::Pod, pod(json!({}), metadata)).len()
    };
    assert_eq!(going("2026-01-01T00:01:10Z"), all.len());
    assert_eq!(going("2026-01-01T00:01:09Z"), 1);
}

#[test]
fn a6_services_and_claims_count_by_their_ports_and_their_storage() {
    let service = |spec: Value| used(Kind::Service, json!({"spec": spec}));
    let ports = json!([{"port": 1, "nodePort": 30001}, {"port": 2}]);
    let counts = |balancers: u8, node_ports: u8| {
        vec![
            "count/services=1".to_owned(),
            "services=1".to_owned(),
            format!("services.loadbalancers={balancers}"),
            format!("services.nodeports={node_ports}"),
        ]
    };
    assert_eq!(service(json!({"ports": ports})), counts(0, 0));
    let typed = |name: &str| json!({"type": name, "ports": ports});
    assert_eq!(service(typed("NodePort")), counts(0, 2));
    assert_eq!(service(typed("LoadBalancer")), counts(1, 2));
    let mut own = typed("LoadBalancer");
    own["allocateLoadBalancerNodePorts"] = false.into();
    assert_eq!(service(own), counts(1, 1));

    let claim = json!({"spec": {"storageClassName": "fast",
        "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"allocatedResources": {"storage": "2Gi"}}});
    assert_eq!(
        used(Kind::PersistentVolumeClaim, claim),
        [
            "count/persistentvolumeclaims=1",
            "fast.storageclass.storage.k8s.io/persistentvolumeclaims=1",
            "fast.storageclass.storage.k8s.io/requests.storage=2Gi",
            "persistentvolumeclaims=1",
            "requests.storage=2Gi",
        ]
    );
    assert_eq!(
        used(Kind::Secret, json!({})),
        ["count/secrets=1", "secrets=1"]
    );
    assert_eq!(
        used(Kind::Job, json!({})),
        ["count/jobs.batch=1"],
        "the count alone"
    );
}

#[test]
fn a6_each_kind_uses_its_own_resources() {
    let cases = [
        (Kind::Pod, "requests.hugepages-2Mi", true),
        (Kind::Pod, "requests.example.com/card", true),
        (Kind::Pod, "requests.storage", false),
        (Kind::Pod, "services", false),
        (Kind::Service, "services.nodeports", true),
        (
            Kind::PersistentVolumeClaim,
            "fast.storageclass.storage.k8s.io/requests.storage",
            true,
        ),
        (Kind::ConfigMap, "configmaps", true),
        (Kind::ConfigMap, "count/configmaps", true),
        (Kind::Deployment, "count/deployments.apps", true),
        (Kind::Deployment, "count/deployments", false),
        (Kind::Event, "count/events", false),
    ];
    for (kind, resource, expected) in cases {
        assert_eq!(is_of(kind, resource), expected, "{kind} {resource}");
    }
}

#[test]
fn a6_scopes_pick_pods_by_deadline_class_of_service_and_priority() {
    let quota =
        |spec: Value| -> core::ResourceQuotaSpec { serde_json::from_value(spec).expect("a quota") };
    let pod = |spec: Value| object(Kind::Pod, json!({"spec": spec}));
    let plain = || pod(json!({"containers": [{"name": "a"}]}));
    let urgent = || {
        pod(
            json!({"activeDeadlineSeconds": 5, "priorityClassName": "high",
            "containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                [{"topologyKey": "zone", "namespaces": ["other"]}]}}}),
        )
    };
    for (scope, is_plain, is_urgent) in [
        ("Terminating", false, true),
        ("NotTerminating", true, false),
        ("BestEffort", true, false),
        ("NotBestEffort", false, true),
        ("PriorityClass", false, true),
        ("CrossNamespacePodAffinity", false, true),
    ] {
        let quota = quota(json!({"scopes": [scope]}));
        assert_eq!(covers(&quota, &plain()), is_plain, "{scope}");
        assert_eq!(covers(&quota, &urgent()), is_urgent, "{scope}");
        assert!(!covers(&quota, &object(Kind::Secret, json!({}))));
    }
    for (operator, values, is_plain, is_urgent) in [
        ("Exists", json!(null), false, true),
        ("DoesNotExist", json!(null), true, false),
        ("In", json!(["high"]), false, true),
        ("NotIn", json!(["high"]), true, false),
    ] {
        let quota = quota(json!({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": operator, "values": values}]}}));
        assert_eq!(covers(&quota, &plain()), is_plain, "{operator}");
        assert_eq!(covers(&quota, &urgent()), is_urgent, "{operator}");
    }
    assert!(covers(&quota(json!({})), &object(Kind::Secret, json!({}))));
}

#[test]
fn a6_a_claim_that_changes_its_class_is_of_both() {
    let claim = object(
        Kind::PersistentVolumeClaim,
        json!({"spec": {"volumeAttributesClassName": "gold"},
            "status": {"currentVolumeAttributesClassName": "silver"}}),
    );
    let quota = |values: Value| -> core::ResourceQuotaSpec {
        serde_json::from_value(json!({"scopeSelector": {"matchExpressions": [
            {"scopeName": "VolumeAttributesClass", "operator": "In", "values": values}]}}))
        .expect("a quota")
    };
    for (class, expected) in [("gold", true), ("silver", true), ("bronze", false)] {
        assert_eq!(covers(&quota(json!([class])), &claim), expected, "{class}");
    }
}
