//! The STATUS, READY and RESTARTS of every pod that people know.

use serde_json::{Value, json};

use super::*;
use crate::kubectl::fixtures::{date, pod};

/// Phase, containers, expected STATUS and READY.
type StatusCase = (&'static str, Vec<Value>, &'static str, &'static str);

fn status_cases() -> Vec<StatusCase> {
    let signal = json!({"name": "c", "ready": false, "restartCount": 0, "image": "",
        "imageID": "", "state": {"terminated": {"exitCode": 137, "signal": 9}}});
    vec![
        ("Pending", vec![], "Pending", "0/1"),
        (
            "Pending",
            vec![waiting("ContainerCreating")],
            "ContainerCreating",
            "0/1",
        ),
        (
            "Pending",
            vec![waiting("ErrImagePull")],
            "ErrImagePull",
            "0/1",
        ),
        (
            "Pending",
            vec![waiting("ImagePullBackOff")],
            "ImagePullBackOff",
            "0/1",
        ),
        ("Running", vec![running(true)], "Running", "1/1"),
        ("Running", vec![running(false)], "Running", "0/1"),
        (
            "Running",
            vec![waiting("CrashLoopBackOff")],
            "CrashLoopBackOff",
            "0/1",
        ),
        ("Running", vec![terminated("Error", 1)], "Error", "0/1"),
        (
            "Running",
            vec![terminated("OOMKilled", 137)],
            "OOMKilled",
            "0/1",
        ),
        ("Running", vec![terminated("", 3)], "ExitCode:3", "0/1"),
        ("Running", vec![signal], "Signal:9", "0/1"),
        (
            "Succeeded",
            vec![terminated("Completed", 0)],
            "Completed",
            "0/1",
        ),
        ("Failed", vec![terminated("Error", 1)], "Error", "0/1"),
        (
            "Running",
            vec![running(true), waiting("CrashLoopBackOff")],
            "CrashLoopBackOff",
            "1/2",
        ),
        (
            "Running",
            vec![terminated("Completed", 0), running(true)],
            "Running",
            "1/2",
        ),
        (
            "Running",
            vec![terminated("Completed", 0), terminated("Error", 1)],
            "Error",
            "0/2",
        ),
    ]
}

#[test]
fn k1_status_comes_from_the_containers() {
    for (phase, statuses, status, ready) in status_cases() {
        let containers: Vec<Value> = (0..statuses.len().max(1))
            .map(|n| json!({"name": n.to_string()}))
            .collect();
        let pod = pod(json!({
            "metadata": {"name": "web"},
            "spec": {"containers": containers},
            "status": {"phase": phase, "containerStatuses": statuses,
                "conditions": [{"type": "Ready", "status": "True"}]},
        }));
        let summary = pod_summary(&pod);
        assert_eq!(summary.status, status, "{phase}");
        assert_eq!(
            format!("{}/{}", summary.ready, summary.containers),
            ready,
            "{status}"
        );
        assert_eq!(pod_status(&pod), status);
    }
}

#[test]
fn k1_a_finished_container_beside_a_running_one_that_is_not_ready_is_not_ready() {
    let pod = pod(json!({
        "metadata": {}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        "status": {"phase": "Running", "containerStatuses": [terminated("Completed", 0), running(true)]},
    }));
    assert_eq!(pod_status(&pod), "NotReady");
}

#[test]
fn k1_init_containers_speak_while_they_are_not_done() {
    let init = |status: Value| {
        let mut status = status;
        status["name"] = "i".into();
        status
    };
    let cases = [
        (vec![], "Pending"),
        (
            vec![
                init(waiting("PodInitializing")),
                init(waiting("PodInitializing")),
            ],
            "Init:0/2",
        ),
        (vec![init(running(false))], "Init:0/2"),
        (
            vec![init(terminated("Completed", 0)), init(running(false))],
            "Init:1/2",
        ),
        (
            vec![init(waiting("CrashLoopBackOff"))],
            "Init:CrashLoopBackOff",
        ),
        (
            vec![init(waiting("ImagePullBackOff"))],
            "Init:ImagePullBackOff",
        ),
        (vec![init(terminated("Error", 1))], "Init:Error"),
        (vec![init(terminated("", 2))], "Init:ExitCode:2"),
        (
            vec![
                init(terminated("Completed", 0)),
                init(terminated("Completed", 0)),
            ],
            "Pending",
        ),
    ];
    for (statuses, expected) in cases {
        let pod = pod(json!({
            "metadata": {},
            "spec": {"containers": [{"name": "c"}], "initContainers": [{"name": "i"}, {"name": "j"}]},
            "status": {"phase": "Pending", "initContainerStatuses": statuses},
        }));
        assert_eq!(pod_status(&pod), expected);
    }
}

#[test]
fn k1_a_started_sidecar_counts_among_the_containers() {
    let mut sidecar = running(true);
    sidecar["name"] = "proxy".into();
    sidecar["restartCount"] = 2.into();
    let pod = pod(json!({
        "metadata": {},
        "spec": {"containers": [{"name": "c"}],
            "initContainers": [{"name": "proxy", "restartPolicy": "Always"}]},
        "status": {"phase": "Running", "initContainerStatuses": [sidecar],
            "containerStatuses": [running(true)]},
    }));
    let summary = pod_summary(&pod);
    assert_eq!(
        (summary.ready, summary.containers, summary.restarts),
        (2, 2, 2)
    );
    assert_eq!(summary.status, "Running");
}

#[test]
fn k1_what_is_outside_of_the_containers_wins() {
    let deleted = json!({"name": "web", "deletionTimestamp": date(290)});
    let cases = [
        (
            json!({}),
            json!({"phase": "Failed", "reason": "Evicted"}),
            "Evicted",
        ),
        (deleted.clone(), json!({"phase": "Running"}), "Terminating"),
        (
            deleted.clone(),
            json!({"phase": "Running", "reason": "NodeLost"}),
            "Unknown",
        ),
        (deleted, json!({"phase": "Succeeded"}), "Succeeded"),
        (
            json!({}),
            json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}),
            "SchedulingGated",
        ),
    ];
    for (metadata, status, expected) in cases {
        let value = json!({"metadata": metadata, "spec": {"containers": [{"name": "c"}]}, "status": status});
        assert_eq!(pod_status(&pod(value)), expected);
    }
}
