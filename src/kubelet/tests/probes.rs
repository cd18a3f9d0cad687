//! Probes of running containers.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::World;
use crate::api::Key;
use crate::kubelet::{Behaviour, Failing, Happening, ProbeKind, Trouble};

fn pod_with(world: &mut World, probes: &Value) -> Key {
    let mut container = json!({"name": "web", "image": "nginx:1"});
    for (name, probe) in probes.as_object().into_iter().flatten() {
        container[name] = probe.clone();
    }
    let pod = world.run_pod("web", json!({"containers": [container]}));
    world.pass(Duration::from_millis(20));
    pod
}

fn fails(world: &mut World, pod: &Key, probe: ProbeKind, span: (u64, Option<u64>)) {
    let (from, until) = span;
    world.suffer(&Trouble::Behave {
        pod: pod.clone(),
        container: None,
        behaviour: Behaviour {
            failing: vec![Failing {
                probe,
                from: Duration::from_secs(from),
                until: until.map(Duration::from_secs),
            }],
            ..Behaviour::default()
        },
    });
}

fn probed(world: &World, kind: ProbeKind) -> Vec<(u64, bool)> {
    world
        .happenings()
        .filter_map(|(at, what)| match what {
            Happening::Probed {
                probe, succeeded, ..
            } if *probe == kind => Some((at.as_millis(), *succeeded)),
            _ => None,
        })
        .collect()
}

fn started(world: &World) -> u64 {
    let mut happenings = world.happenings();
    let first = happenings.find(|(_, what)| **what == Happening::Started);
    first.expect("it started").0.as_millis()
}

#[test]
fn k5_readiness_is_asked_at_once_and_then_each_10_s() {
    let mut world = World::new();
    let probes = json!({"readinessProbe": {"httpGet": {"path": "/", "port": 80}}});
    let pod = pod_with(&mut world, &probes);
    world.settle();
    assert!(world.container(&pod, 0).ready);
    world.pass_seconds(25);
    let start = started(&world);
    let times: Vec<u64> = probed(&world, ProbeKind::Readiness)
        .iter()
        .map(|(at, _)| at - start)
        .collect();
    assert_eq!(times, [1, 10_001, 20_001]);
}

#[test]
fn k5_an_initial_delay_holds_readiness_back_without_a_verdict() {
    let mut world = World::new();
    let probe = json!({"tcpSocket": {"port": 80}, "initialDelaySeconds": 15, "periodSeconds": 5});
    let pod = pod_with(&mut world, &json!({"readinessProbe": probe}));
    world.pass_seconds(10);
    assert_eq!(world.phase(&pod), "Running");
    assert!(!world.container(&pod, 0).ready);
    world.settle();
    assert!(world.container(&pod, 0).ready);
    let first = probed(&world, ProbeKind::Readiness)[0].0 - started(&world);
    assert!((15_000..=20_000).contains(&first), "{first}");
}

#[test]
fn k5_a_failing_readiness_takes_the_pod_out_and_restarts_nothing() {
    let mut world = World::new();
    let probes = json!({"readinessProbe": {"tcpSocket": {"port": 80}}});
    let pod = pod_with(&mut world, &probes);
    fails(&mut world, &pod, ProbeKind::Readiness, (15, Some(60)));
    world.pass_seconds(35);
    // Asked at 20 s and 30 s: two failures are not enough.
    assert!(world.container(&pod, 0).ready);
    world.pass_seconds(10);
    assert!(!world.container(&pod, 0).ready);
    assert_eq!(world.container(&pod, 0).started, Some(true));
    assert!(!world.pod(&pod).expect("it runs").is_ready());
    world.pass_seconds(30);
    assert!(world.container(&pod, 0).ready);
    assert_eq!(world.container(&pod, 0).restart_count, 0);
}

#[test]
fn k5_a_failing_liveness_restarts_the_container_in_place() {
    let mut world = World::new();
    let probes = json!({"livenessProbe": {"httpGet": {"path": "/", "port": 80}}});
    let pod = pod_with(&mut world, &probes);
    fails(&mut world, &pod, ProbeKind::Liveness, (0, None));
    world.pass_seconds(36);
    let status = world.container(&pod, 0);
    assert_eq!(status.restart_count, 1);
    let failures = probed(&world, ProbeKind::Liveness);
    let span = failures[2].0 - failures[0].0;
    assert_eq!(span, 20_000);
    let events = world.events();
    for event in [
        "Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 500",
        "Killing: Container web failed liveness probe, will be restarted",
    ] {
        assert!(events.iter().any(|each| each == event), "{events:#?}");
    }
}

#[test]
fn k5_a_startup_probe_holds_the_others_back() {
    let mut world = World::new();
    let probes = json!({
        "startupProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 5, "failureThreshold": 10},
        "readinessProbe": {"tcpSocket": {"port": 80}},
        "livenessProbe": {"tcpSocket": {"port": 80}},
    });
    let pod = pod_with(&mut world, &probes);
    fails(&mut world, &pod, ProbeKind::Startup, (0, Some(22)));
    world.pass_seconds(15);
    assert_eq!(world.container(&pod, 0).started, Some(false));
    assert!(probed(&world, ProbeKind::Readiness).is_empty());
    assert!(probed(&world, ProbeKind::Liveness).is_empty());
    world.settle();
    let status = world.container(&pod, 0);
    assert!(status.ready && status.started == Some(true));
    assert_eq!(status.restart_count, 0);
    let startup = probed(&world, ProbeKind::Startup);
    assert_eq!(
        startup.iter().filter(|(_, succeeded)| *succeeded).count(),
        1
    );
}

#[test]
fn k5_a_startup_probe_that_never_succeeds_restarts_the_container() {
    let mut world = World::new();
    let probes = json!({"startupProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 2}});
    let pod = pod_with(&mut world, &probes);
    fails(&mut world, &pod, ProbeKind::Startup, (0, None));
    world.pass_seconds(11);
    assert!(world.container(&pod, 0).restart_count > 0);
}

#[test]
fn k5_a_readiness_gate_keeps_the_pod_unready_until_its_condition_is_true() {
    let mut world = World::new();
    let spec = json!({"readinessGates": [{"conditionType": "example.com/lb"}]});
    let pod = world.run_pod("web", spec);
    world.settle();
    let now = world.pod(&pod).expect("it runs");
    assert!(now.has_condition("ContainersReady"));
    let ready = now.condition("Ready").expect("the kubelet writes it");
    assert_eq!(ready.reason.as_deref(), Some("ReadinessGatesNotReady"));
    let message =
        "corresponding condition of pod readiness gate \"example.com/lb\" does not exist.";
    assert_eq!(ready.message.as_deref(), Some(message));
    world.change_status(&pod, |status| {
        let conditions = status.conditions.get_or_insert_default();
        conditions.push(crate::api::core::PodCondition {
            type_: "example.com/lb".to_owned(),
            status: "True".to_owned(),
            ..Default::default()
        });
    });
    world.settle();
    let now = world.pod(&pod).expect("it runs");
    assert!(now.is_ready() && now.has_condition("example.com/lb"));
}

#[test]
fn k5_probes_of_a_settled_pod_leave_the_world_idle() {
    let mut world = World::new();
    let probes = json!({
        "readinessProbe": {"tcpSocket": {"port": 80}},
        "livenessProbe": {"tcpSocket": {"port": 80}},
    });
    pod_with(&mut world, &probes);
    world.settle();
    assert!(world.now.as_secs() <= 20, "{}", world.now);
    let before = probed(&world, ProbeKind::Liveness).len();
    world.pass_seconds(30);
    assert_eq!(probed(&world, ProbeKind::Liveness).len(), before + 3);
}

#[test]
fn k9_a_failed_probe_says_whether_nobody_listens_or_the_answer_is_bad() {
    let container = |probe: Value| {
        json!({"name": "web", "image": "nginx:1", "readinessProbe": probe,
            "ports": [{"name": "http", "containerPort": 8080}]})
    };
    let cases = [
        (
            json!({"httpGet": {"path": "/healthz", "port": "http"}}),
            "Get \"http://10.244.0.2:8080/healthz\": dial tcp 10.244.0.2:8080: connect: connection \
             refused",
            "HTTP probe failed with statuscode: 500",
        ),
        (
            json!({"tcpSocket": {"port": "http"}}),
            "dial tcp 10.244.0.2:8080: connect: connection refused",
            "dial tcp 10.244.0.2:8080: connect: connection refused",
        ),
        (
            json!({"grpc": {"port": 9090}, "timeoutSeconds": 2}),
            "timeout: failed to connect service \"10.244.0.2:9090\" within 2s: context deadline \
             exceeded",
            "service unhealthy (responded with \"NOT_SERVING\")",
        ),
    ];
    for (probe, closed, bad) in cases {
        let mut world = World::new();
        let pod = world.create(json!({
            "metadata": {"name": "web", "namespace": "default", "annotations": {
                "glassplane.io/starts-in": "5s", "glassplane.io/fails-readiness": "5s..30s"}},
            "spec": {"nodeName": "node-a", "containers": [container(probe.clone())]},
        }));
        world.pass_seconds(60);
        let said: Vec<String> = world
            .events()
            .into_iter()
            .filter(|event| event.starts_with("Unhealthy"))
            .collect();
        let expected = [closed, bad].map(|why| format!("Unhealthy: Readiness probe failed: {why}"));
        let mut expected = expected.to_vec();
        expected.dedup();
        assert_eq!(said, expected, "{probe}");
        assert!(world.container(&pod, 0).ready, "{probe}");
    }
}

#[test]
fn k5_a_request_that_is_not_answered_within_the_timeout_is_a_failed_probe() {
    let http = |timeout: Value| json!({"httpGet": {"port": 80}, "periodSeconds": 3, "timeoutSeconds": timeout});
    let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    let late = format!("Get \"http://10.244.0.2:80/\": {late}");
    let cases = [
        (http(Value::Null), Some(late.clone())),
        (http(json!(2)), Some(late)),
        (http(json!(3)), None),
        (
            json!({"grpc": {"port": 9090}, "periodSeconds": 3}),
            Some("timeout: health rpc did not complete within 1s".to_owned()),
        ),
        // Connections are taken by the kernel, and commands are not asked through the network.
        (json!({"tcpSocket": {"port": 80}, "periodSeconds": 3}), None),
        (
            json!({"exec": {"command": ["true"]}, "periodSeconds": 3}),
            None,
        ),
    ];
    for (probe, expected) in cases {
        let mut world = World::new();
        let pod = world.create(json!({
            "metadata": {"name": "web", "namespace": "default", "annotations": {
                "glassplane.io/latency": "2500ms"}},
            "spec": {"nodeName": "node-a", "containers": [
                {"name": "web", "image": "nginx:1", "livenessProbe": probe.clone()}]},
        }));
        world.pass_seconds(15);
        let restarts = world.container(&pod, 0).restart_count;
        assert_eq!(restarts > 0, expected.is_some(), "{probe}");
        let said = expected.map(|why| format!("Unhealthy: Liveness probe failed: {why}"));
        let events = world.events();
        let found = events.iter().find(|event| event.starts_with("Unhealthy"));
        assert_eq!(found, said.as_ref(), "{probe}");
    }
}
