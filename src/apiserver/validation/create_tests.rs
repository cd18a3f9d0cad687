//! What is refused when objects are created, kind by kind, in the words of the API server.

use serde_json::{Value, json};

use super::validate_create;
use crate::api::{Kind, Object};
use crate::apiserver::defaulting::{apply_defaults, generate_job_selector};

/// The messages about a new object, given its defaults.
fn refused(kind: Kind, value: Value) -> Vec<String> {
    let mut object = Object::from_value(kind, value).expect("an object");
    apply_defaults(&mut object);
    if let Object::Job(job) = &mut object {
        job.metadata_mut().uid = Some("u".to_owned());
        generate_job_selector(job);
    }
    let errors = validate_create(&object);
    errors.iter().map(ToString::to_string).collect()
}

fn object(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

fn container() -> Value {
    json!({"name": "web", "image": "nginx:1"})
}

fn check(kind: Kind, cases: Vec<(Value, &[&str])>) {
    for (spec, expected) in cases {
        assert_eq!(refused(kind, object("x", &spec)), expected, "{kind} {spec}");
    }
}

/// A spec of a pod with one container, changed as the second value says.
fn pod_with(changes: &Value) -> Value {
    let mut spec = json!({"containers": [container()]});
    json_patch::merge(&mut spec, changes);
    spec
}

/// A container, changed as the value says, in a pod.
fn with_container(changes: &Value) -> Value {
    let mut changed = container();
    json_patch::merge(&mut changed, changes);
    json!({"containers": [changed]})
}

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

#[test]
fn a5_metadata_is_checked_for_every_kind() {
    let subdomain = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let name = format!("metadata.name: Invalid value: \"My_Map\": {subdomain}");
    let cases: Vec<(Kind, Value, Vec<&str>)> = vec![
        (
            Kind::ConfigMap,
            json!({"name": "My_Map", "namespace": "default"}),
            vec![&name],
        ),
        (
            Kind::ConfigMap,
            json!({}),
            vec![
                "metadata.name: Required value: name or generateName is required",
                "metadata.namespace: Required value",
            ],
        ),
        (
            Kind::Node,
            json!({"name": "a", "namespace": "default"}),
            vec!["metadata.namespace: Forbidden: not allowed on this type"],
        ),
        (
            Kind::Namespace,
            json!({"name": "a.b"}),
            vec!["metadata.name: Invalid value: \"a.b\": must not contain dots"],
        ),
        (
            Kind::Service,
            json!({"name": "1web", "namespace": "default"}),
            vec![
                "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
                "spec.ports: Required value",
            ],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "generateName": "web-", "namespace": "default"}),
            vec![],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "labels": {"app": "-x"}, "finalizers": ["mine"]}),
            vec![
                "metadata.labels: Invalid value: \"-x\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                "metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified",
            ],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "annotations": {"big": "x".repeat(256 * 1024)}}),
            vec!["metadata.annotations: Too long: may not be more than 262144 bytes"],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]}),
            vec!["metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"],
        ),
    ];
    for (kind, metadata, expected) in cases {
        let printed = refused(kind, json!({"metadata": metadata}));
        assert_eq!(printed, expected, "{kind}");
    }
}

#[test]
fn a5_containers_are_checked() {
    check(
        Kind::Pod,
        vec![
            (
                json!({"containers": []}),
                &["spec.containers: Required value"],
            ),
            (
                json!({"containers": [{}]}),
                &[
                    "spec.containers[0].name: Required value",
                    "spec.containers[0].image: Required value",
                ],
            ),
            (
                json!({"containers": [container(), container()]}),
                &["spec.containers[1].name: Duplicate value: \"web\""],
            ),
            (
                with_container(&json!({"imagePullPolicy": "Sometimes"})),
                &[
                    "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
                ],
            ),
            (
                with_container(&json!({"image": " nginx"})),
                &[
                    "spec.containers[0].image: Invalid value: \" nginx\": must not have leading or trailing whitespace",
                ],
            ),
            (
                with_container(
                    &json!({"ports": [{"containerPort": 0}, {"containerPort": 70000, "protocol": "ICMP"}]}),
                ),
                &[
                    "spec.containers[0].ports[0].containerPort: Required value",
                    "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
                    "spec.containers[0].ports[1].protocol: Unsupported value: \"ICMP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
                ],
            ),
            (
                with_container(
                    &json!({"ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]}),
                ),
                &["spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//80\""],
            ),
            (
                with_container(
                    &json!({"env": [{"name": "A=B"}, {"name": "C", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]}),
                ),
                &[
                    "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
                    "spec.containers[0].env[1].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty",
                ],
            ),
            (
                with_container(&json!({"volumeMounts": [{"name": "none", "mountPath": "/a"}]})),
                &["spec.containers[0].volumeMounts[0].name: Not found: \"none\""],
            ),
            (
                with_container(
                    &json!({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}),
                ),
                &[
                    "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
                ],
            ),
            (
                with_container(&json!({"livenessProbe": {"successThreshold": 2}})),
                &[
                    "spec.containers[0].livenessProbe: Required value: must specify a handler type",
                    "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
                ],
            ),
            (
                with_container(&json!({"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}})),
                &[
                    "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
                ],
            ),
            (
                pod_with(
                    &json!({"initContainers": [{"name": "i", "image": "i:1", "readinessProbe": {"tcpSocket": {"port": 80}}}]}),
                ),
                &[
                    "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
                ],
            ),
        ],
    );
}

#[test]
fn a5_the_rest_of_a_pod_is_checked() {
    check(
        Kind::Pod,
        vec![
            (
                pod_with(&json!({"restartPolicy": "Perhaps"})),
                &[
                    "spec.restartPolicy: Unsupported value: \"Perhaps\": supported values: \"Always\", \"OnFailure\", \"Never\"",
                ],
            ),
            (
                pod_with(&json!({"activeDeadlineSeconds": 0})),
                &[
                    "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
                ],
            ),
            (
                pod_with(
                    &json!({"volumes": [{"name": "v", "secret": {}, "nfs": {"server": "s", "path": "/p"}}]}),
                ),
                &[
                    "spec.volumes[0].secret.secretName: Required value",
                    "spec.volumes[0].nfs: Forbidden: may not specify more than 1 volume type",
                ],
            ),
            (
                pod_with(&json!({"volumes": [{"name": "v"}, {"name": "v"}]})),
                &["spec.volumes[1].name: Duplicate value: \"v\""],
            ),
            (
                pod_with(
                    &json!({"tolerations": [{"operator": "Equal"}, {"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 3}]}),
                ),
                &[
                    "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
                    "spec.tolerations[1].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
                ],
            ),
            (
                pod_with(
                    &json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In"}]}]}}}}),
                ),
                &[
                    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
                ],
            ),
            (
                pod_with(
                    &json!({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 101, "podAffinityTerm": {"topologyKey": "zone"}}]}}}),
                ),
                &[
                    "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100",
                ],
            ),
            (
                pod_with(
                    &json!({"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Cry"}]}),
                ),
                &[
                    "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
                    "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
                    "spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"Cry\": supported values: \"DoNotSchedule\", \"ScheduleAnyway\"",
                ],
            ),
            (
                pod_with(&json!({"schedulingGates": [{"name": "g"}], "nodeName": "node-a"})),
                &[
                    "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
                ],
            ),
            (
                pod_with(&json!({"hostname": "A"})),
                &[
                    "spec.hostname: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                ],
            ),
        ],
    );
}

#[test]
fn a5_workloads_are_checked() {
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container()]}});
    let selector = json!({"matchLabels": labels});
    let mismatch = "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`";
    let ending = json!({"metadata": {"labels": labels}, "spec": {"containers": [container()], "restartPolicy": "Never"}});
    let other = json!({"matchLabels": {"app": "x"}});
    let only_always = "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"";
    for kind in [
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::DaemonSet,
    ] {
        let never = json!({"selector": selector, "template": ending});
        assert_eq!(refused(kind, object("x", &never)), [only_always], "{kind}");
        let wrong = json!({"selector": other, "template": template});
        assert_eq!(refused(kind, object("x", &wrong)), [mismatch], "{kind}");
    }
    let strategy =
        |value: Value| json!({"selector": selector, "template": template, "strategy": value});
    check(
        Kind::Deployment,
        vec![
            (
                json!({"template": template}),
                &["spec.selector: Required value", mismatch],
            ),
            (
                json!({"template": template, "selector": {"matchLabels": {}}}),
                &[
                    "spec.selector: Invalid value: {\"matchLabels\":{}}: empty selector is invalid for deployment",
                ],
            ),
            (
                json!({"replicas": -1, "selector": selector, "template": template}),
                &["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
            ),
            (
                json!({"selector": {"matchExpressions": [{"key": "app", "operator": "Like"}]}, "template": template}),
                &[
                    "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator",
                    "spec.selector: Invalid value: {\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\"}]}: invalid label selector",
                ],
            ),
            (
                strategy(json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})),
                &[
                    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
                ],
            ),
            (
                strategy(json!({"rollingUpdate": {"maxUnavailable": "101%", "maxSurge": "lots"}})),
                &[
                    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"lots\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
                    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%",
                ],
            ),
            (
                strategy(json!({"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})),
                &[
                    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
                ],
            ),
            (
                strategy(json!({"type": "Canary"})),
                &[
                    "spec.strategy: Unsupported value: {\"type\":\"Canary\"}: supported values: \"Recreate\", \"RollingUpdate\"",
                ],
            ),
            (
                json!({"selector": selector, "template": template, "minReadySeconds": 5, "progressDeadlineSeconds": 5}),
                &[
                    "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
                ],
            ),
        ],
    );
}

#[test]
fn a5_jobs_are_checked() {
    let always = json!({"spec": {"containers": [container()]}});
    let never = json!({"spec": {"containers": [container()], "restartPolicy": "Never"}});
    check(
        Kind::Job,
        vec![
            (
                json!({"template": always}),
                &[
                    "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
                ],
            ),
            (json!({"template": never, "completionMode": "Indexed"}), &[]),
            (
                json!({"template": never, "completionMode": "Indexed", "parallelism": 2}),
                &["spec.completions: Required value: when completion mode is Indexed"],
            ),
            (
                json!({"template": never, "backoffLimit": -1, "maxFailedIndexes": 1}),
                &[
                    "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
                    "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
                    "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode",
                ],
            ),
        ],
    );
    check(
        Kind::CronJob,
        vec![
            (
                json!({"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": never}}}),
                &[
                    "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61",
                ],
            ),
            (
                json!({"jobTemplate": {"spec": {"template": never}}, "concurrencyPolicy": "Maybe"}),
                &[
                    "spec.schedule: Required value",
                    "spec.concurrencyPolicy: Unsupported value: \"Maybe\": supported values: \"Allow\", \"Forbid\", \"Replace\"",
                ],
            ),
        ],
    );
}

#[test]
fn a5_services_are_checked() {
    check(
        Kind::Service,
        vec![
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
fn a5_policies_and_storage_are_checked() {
    check(
        Kind::HorizontalPodAutoscaler,
        vec![(
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
        vec![(
            json!({"minAvailable": 1, "maxUnavailable": "120%"}),
            &[
                "spec: Invalid value: {\"maxUnavailable\":\"120%\",\"minAvailable\":1}: minAvailable and maxUnavailable cannot be both set",
                "spec.maxUnavailable: Invalid value: \"120%\": must not be greater than 100%",
            ],
        )],
    );
    check(
        Kind::ResourceQuota,
        vec![(
            json!({"hard": {"pods": "1500m", "speed": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}),
            &[
                "spec.hard[pods]: Invalid value: \"1500m\": must be an integer",
                "spec.hard[speed]: Invalid value: \"speed\": must be a standard resource type or fully qualified",
                "spec.hard[speed]: Invalid value: \"speed\": must be a standard resource for quota",
                "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes",
            ],
        )],
    );
    check(
        Kind::LimitRange,
        vec![(
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
        vec![(
            json!({"accessModes": ["Sometimes"]}),
            &[
                "spec.accessModes: Unsupported value: \"Sometimes\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"",
                "spec.resources[storage]: Required value",
            ],
        )],
    );
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
