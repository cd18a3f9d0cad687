//! Pods: what a new one must say.

use serde_json::json;

use super::{check, container, pod_with, with_container};
use crate::api::Kind;

#[test]
fn a5_containers_are_checked() {
    check(
        Kind::Pod,
        &[
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
        ],
    );
}

#[test]
fn a5_what_containers_are_given_is_checked() {
    check(
        Kind::Pod,
        &[
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
        &[
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
        ],
    );
}

#[test]
fn a5_where_a_pod_may_run_is_checked() {
    check(
        Kind::Pod,
        &[
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
