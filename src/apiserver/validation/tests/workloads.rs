//! Kinds that make pods: what a new one must say.

use serde_json::{Value, json};

use super::{check, container, object, refused};
use crate::api::Kind;

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
}

#[test]
fn a5_deployments_are_checked() {
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container()]}});
    let selector = json!({"matchLabels": labels});
    let mismatch = "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`";
    let strategy =
        |value: Value| json!({"selector": selector, "template": template, "strategy": value});
    check(
        Kind::Deployment,
        &[
            (
                json!({"template": template}),
                &["spec.selector: Required value", mismatch],
            ),
            (
                json!({"template": template, "selector": {"matchLabels": {}}}),
                &["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
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
        &[
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
        &[
            (
                json!({"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": never}}}),
                &[
                    "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61",
                ],
            ),
            (
                json!({"schedule": "0 9 * * *", "timeZone": "Mars/X", "jobTemplate": {"spec": {"template": never}}}),
                &["spec.timeZone: Invalid value: \"Mars/X\": unknown time zone Mars/X"],
            ),
            (
                json!({"schedule": "0 9 * * *", "timeZone": "local", "jobTemplate": {"spec": {"template": never}}}),
                &[
                    "spec.timeZone: Invalid value: \"local\": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
                ],
            ),
            (
                json!({"schedule": "TZ=UTC 0 9 * * *", "jobTemplate": {"spec": {"template": never}}}),
                &[
                    "spec.schedule: Invalid value: \"TZ=UTC 0 9 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
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
