//! Services, policies, storage and what has no namespace: what a new one must say.

use serde_json::json;

use super::{check, refused};
use crate::api::Kind;

#[test]
fn a5_services_are_checked() {
    check(
        Kind::Service,
        &[
            (json!({}), &["spec.ports: Required value"]),
            (
                json!({"ports": [{"port": 80}, {"port": 80}]}),
                &[
                    "spec.ports[0].name: Required value",
                    "spec.ports[1].name: Required value",
                    "spec.ports[1]: Duplicate value: {\"port\":80,\"protocol\":\"TCP\"}",
                ],
            ),
            (
                json!({"ports": [{"port": 0}]}),
                &[
                    "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                    "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
                ],
            ),
            (
                json!({"ports": [{"port": 80, "nodePort": 30000}]}),
                &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
            ),
            (
                json!({"type": "Magic", "ports": [{"port": 80}]}),
                &[
                    "spec.type: Unsupported value: \"Magic\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
                ],
            ),
            (
                json!({"type": "ExternalName"}),
                &["spec.externalName: Required value"],
            ),
            (
                json!({"clusterIP": "10.0.0.400", "ports": [{"port": 80}]}),
                &[
                    "spec.clusterIPs[0]: Invalid value: \"10.0.0.400\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                ],
            ),
        ],
    );
}

#[test]
fn a5_policies_are_checked() {
    check(
        Kind::HorizontalPodAutoscaler,
        &[(
            json!({"minReplicas": 4, "maxReplicas": 3}),
            &[
                "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
                "spec.scaleTargetRef.kind: Required value",
                "spec.scaleTargetRef.name: Required value",
            ],
        )],
    );
    check(
        Kind::PodDisruptionBudget,
        &[(
            json!({"minAvailable": 1, "maxUnavailable": "120%"}),
            &[
                "spec: Invalid value: {\"maxUnavailable\":\"120%\",\"minAvailable\":1}: minAvailable and maxUnavailable cannot be both set",
                "spec.maxUnavailable: Invalid value: \"120%\": must not be greater than 100%",
            ],
        )],
    );
    check(
        Kind::ResourceQuota,
        &[(
            json!({"hard": {"pods": "1500m", "speed": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}),
            &[
                "spec.hard[pods]: Invalid value: \"1500m\": must be an integer",
                "spec.hard[speed]: Invalid value: \"speed\": must be a standard resource type or fully qualified",
                "spec.hard[speed]: Invalid value: \"speed\": must be a standard resource for quota",
                "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes",
            ],
        )],
    );
}

#[test]
fn a5_limits_and_storage_are_checked() {
    check(
        Kind::LimitRange,
        &[(
            json!({"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}}]}),
            &[
                "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1",
                "spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 2 is greater than default request value 1",
                "spec.limits[0].default[cpu]: Invalid value: \"2\": min value 2 is greater than default value 1",
            ],
        )],
    );
    check(
        Kind::PersistentVolumeClaim,
        &[(
            json!({"accessModes": ["Sometimes"]}),
            &[
                "spec.accessModes: Unsupported value: \"Sometimes\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"",
                "spec.resources[storage]: Required value",
            ],
        )],
    );
}

#[test]
fn a5_classes_maps_and_nodes_are_checked() {
    let class = json!({"metadata": {"name": "system-x"}, "value": 1});
    assert_eq!(
        refused(Kind::PriorityClass, class),
        [
            "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class"
        ]
    );
    let map = json!({"metadata": {"name": "m", "namespace": "default"}, "data": {"a b": ""}});
    assert_eq!(
        refused(Kind::ConfigMap, map),
        [
            "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        ]
    );
    let node = json!({"metadata": {"name": "n"}, "spec": {"taints": [
        {"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule"}, {"key": "b", "effect": "Go"},
    ]}});
    assert_eq!(
        refused(Kind::Node, node),
        [
            "metadata.taints[1]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"a\"}: taints must be unique by key and effect pair",
            "metadata.taints[2].effect: Unsupported value: \"Go\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
        ]
    );
}
