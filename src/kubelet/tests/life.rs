//! From Pending to Running to gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::World;
use crate::api::Pod;
use crate::kubelet::{Behaviour, Exits, Machine, Trouble};

/// The conditions of a pod that are true, in their order.
fn truths(pod: &Pod) -> Vec<String> {
    let conditions = pod.status.conditions.clone().unwrap_or_default();
    conditions
        .into_iter()
        .filter(|condition| condition.status == "True")
        .map(|condition| condition.type_)
        .collect()
}

#[test]
fn k2_a_pod_goes_from_pending_to_running_in_order() {
    let mut world = World::new();
    let web = world.run_pod("web", json!({}));
    assert_eq!(world.phase(&web), "Pending");
    world.settle();
    assert_eq!(world.phase(&web), "Running");
    let steps = [
        "noticed",
        "admitted",
        "sandbox-ready",
        "wanted",
        "begun",
        "pulled",
        "created",
        "started",
    ];
    assert_eq!(world.steps(), steps);
    world.delete(&web, None);
    world.settle();
    assert_eq!(world.phase(&web), "gone");
    assert_eq!(world.kubelet.pods().count(), 0);
}

#[test]
fn k2_conditions_come_true_one_after_the_other() {
    let mut world = World::new();
    world.run_pod("web", json!({}));
    world.settle();
    let seen: Vec<Vec<String>> = world.pods.iter().map(|(_, pod)| truths(pod)).collect();
    let early = ["Initialized", "PodScheduled"];
    let sandbox = ["PodReadyToStartContainers", "Initialized", "PodScheduled"];
    let up = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    assert_eq!(seen, [&[][..], &early, &sandbox, &up]);
    let pod = &world.pods.last().expect("a pod was written").1;
    let ready = pod.condition("Ready").expect("the kubelet writes it");
    let initialised = pod.condition("Initialized").expect("the kubelet writes it");
    assert!(ready.last_transition_time > initialised.last_transition_time);
}

#[test]
fn k1_the_status_of_a_running_pod_is_complete() {
    let mut world = World::new();
    let web = world.run_pod("web", json!({}));
    world.settle();
    let pod = world.pod(&web).expect("it runs");
    let value = crate::api::Object::Pod(pod).to_value();
    let status = &value["status"];
    let text = |path: &str| status.pointer(path).cloned().unwrap_or(Value::Null);
    assert_eq!(text("/phase"), "Running");
    assert_eq!(text("/hostIP"), "172.18.0.2");
    assert_eq!(text("/podIP"), "10.244.0.2");
    assert_eq!(text("/podIPs/0/ip"), "10.244.0.2");
    assert_eq!(text("/qosClass"), "BestEffort");
    assert_eq!(text("/observedGeneration"), 1);
    assert_eq!(text("/startTime"), "2026-01-01T00:00:00Z");
    assert_eq!(
        text("/containerStatuses/0/image"),
        "docker.io/library/nginx:1.29"
    );
    let id = text("/containerStatuses/0/imageID").to_string();
    assert!(id.contains("docker.io/library/nginx@sha256:"), "{id}");
    let id = text("/containerStatuses/0/containerID").to_string();
    assert!(id.contains("containerd://"), "{id}");
    assert_eq!(text("/containerStatuses/0/ready"), true);
    assert_eq!(text("/containerStatuses/0/started"), true);
    assert_eq!(text("/containerStatuses/0/restartCount"), 0);
}

#[test]
fn k2_init_containers_run_one_after_the_other_then_sidecars_then_containers() {
    let mut world = World::new();
    let spec = json!({
        "initContainers": [
            {"name": "first", "image": "busybox:1"},
            {"name": "second", "image": "busybox:1"},
            {"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "web", "image": "nginx:1"}, {"name": "log", "image": "nginx:1"}],
    });
    let web = world.run_pod("web", spec);
    world.settle();
    let mut order = Vec::new();
    for (_, note) in &world.notes {
        let value = note.to_value();
        let step = value["step"].as_str().unwrap_or_default();
        if matches!(step, "started" | "exited") {
            let container = value["container"].as_str().unwrap_or_default();
            order.push(format!("{container} {step}"));
        }
    }
    let expected = [
        "first started",
        "first exited",
        "second started",
        "second exited",
        "proxy started",
        "web started",
        "log started",
    ];
    assert_eq!(order, expected);
    assert_eq!(world.phase(&web), "Running");
    assert!(world.init_container(&web, 0).ready);
    let during: Vec<&str> = world.pods.iter().map(|(_, pod)| pod.phase()).collect();
    let first_running = during.iter().position(|phase| *phase == "Running");
    let (_, pod) = &world.pods[first_running.expect("it ran") - 1];
    assert_eq!(pod.phase(), "Pending");
}

#[test]
fn k2_an_init_container_that_fails_is_restarted_or_fails_the_pod() {
    for (policy, phase, restarts) in [("Never", "Failed", 0), ("Always", "Pending", 2)] {
        let mut world = World::new();
        let spec = json!({
            "restartPolicy": policy,
            "initContainers": [{"name": "setup", "image": "busybox:1"}],
            "containers": [{"name": "web", "image": "nginx:1"}],
        });
        let pod = world.run_pod("web", spec);
        world.pass(Duration::from_millis(20));
        world.suffer(&Trouble::Behave {
            pod: pod.clone(),
            container: Some("setup".to_owned()),
            behaviour: Behaviour {
                exits: Exits::After(Duration::from_secs(1)),
                exit_code: 3,
                ..Behaviour::default()
            },
        });
        world.pass_seconds(25);
        assert_eq!(world.phase(&pod), phase, "{policy}");
        assert_eq!(world.init_container(&pod, 0).restart_count, restarts);
        let main = world.container(&pod, 0).state.expect("there is a state");
        assert!(main.running.is_none(), "{policy}");
    }
}

#[test]
fn k2_a_pod_that_does_not_fit_is_rejected() {
    let asks = |cpu: &str| {
        let resources = json!({"requests": {"cpu": cpu}});
        json!({"containers": [{"name": "c", "image": "nginx:1", "resources": resources}]})
    };
    let mut world = World::new();
    let first = world.run_pod("first", asks("7800m"));
    world.settle();
    let second = world.run_pod("second", asks("1"));
    world.settle();
    assert_eq!(world.phase(&first), "Running");
    let pod = world.pod(&second).expect("it stays");
    assert_eq!(pod.phase(), "Failed");
    assert_eq!(pod.status.reason.as_deref(), Some("OutOfcpu"));
    let message = "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: \
                   7800, capacity: 8000";
    assert_eq!(pod.status.message.as_deref(), Some(message));

    let mut machine = Machine::new("node-a", 0);
    machine.pods = 1;
    let mut world = World::with(machine);
    world.run_pod("first", json!({}));
    world.settle();
    let second = world.run_pod("second", json!({}));
    world.settle();
    let pod = world.pod(&second).expect("it stays");
    assert_eq!(pod.status.reason.as_deref(), Some("OutOfpods"));
}

#[test]
fn k2_a_pod_bound_to_the_wrong_node_is_rejected() {
    let mut machine = Machine::new("node-a", 0);
    machine.labels.insert("disk".to_owned(), "hdd".to_owned());
    machine.taints.push(crate::api::core::Taint {
        key: "gpu".to_owned(),
        effect: "NoExecute".to_owned(),
        ..Default::default()
    });
    let tolerations = json!([{"key": "gpu", "operator": "Exists"}]);
    let cases = [
        (
            json!({"nodeSelector": {"disk": "ssd"}, "tolerations": tolerations}),
            Some("NodeAffinity"),
        ),
        (json!({}), Some("TaintToleration")),
        (
            json!({"nodeSelector": {"disk": "hdd"}, "tolerations": tolerations}),
            None,
        ),
    ];
    for (spec, reason) in cases {
        let mut world = World::with(machine.clone());
        world.settle();
        let pod = world.run_pod("web", spec);
        world.settle();
        let pod = world.pod(&pod).expect("it stays");
        assert_eq!(pod.status.reason.as_deref(), reason);
    }
}

#[test]
fn k2_the_hands_of_a_post_start_hook_hold_the_next_container_back() {
    let mut world = World::new();
    let hook = json!({"postStart": {"sleep": {"seconds": 5}}});
    let spec = json!({"containers": [
        {"name": "a", "image": "nginx:1", "lifecycle": hook},
        {"name": "b", "image": "nginx:1"},
    ]});
    world.run_pod("web", spec);
    world.settle();
    let started: Vec<u64> = world
        .happenings()
        .filter(|(_, what)| **what == crate::kubelet::Happening::Started)
        .map(|(at, _)| at.as_secs())
        .collect();
    assert!(started[1] >= started[0] + 5, "{started:?}");
}

#[test]
fn k1_a_pod_of_a_job_succeeds() {
    let mut world = World::new();
    let value = json!({
        "metadata": {
            "name": "pi",
            "namespace": "default",
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": "pi", "uid": "u", "controller": true}
            ],
        },
        "spec": {
            "nodeName": "node-a",
            "restartPolicy": "Never",
            "containers": [{"name": "pi", "image": "perl:5"}],
        },
    });
    let pod = world.create(value);
    world.settle();
    assert_eq!(world.phase(&pod), "Succeeded");
    let pod = world.pod(&pod).expect("it stays");
    let ready = pod.condition("Ready").expect("the kubelet writes it");
    assert_eq!(ready.reason.as_deref(), Some("PodCompleted"));
}

#[test]
fn k1_a_container_that_was_made_says_what_it_was_given() {
    let mut world = World::new();
    let resources = json!({"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}});
    let web = json!({"name": "web", "image": "nginx:1.29", "resources": resources});
    let pod = world.run_pod("web", json!({"containers": [web]}));
    world.pass(Duration::from_millis(20));
    assert_eq!(world.container(&pod, 0).allocated_resources, None);
    world.settle();
    let status = serde_json::to_value(world.container(&pod, 0)).expect("it is plain data");
    let requests = json!({"cpu": "100m", "memory": "64Mi"});
    assert_eq!(status["allocatedResources"], requests);
    assert_eq!(status["resources"]["requests"], requests);
    assert_eq!(status["resources"]["limits"], json!({"memory": "64Mi"}));
    let plain = world.run_pod("plain", json!({}));
    world.settle();
    let status = serde_json::to_value(world.container(&plain, 0)).expect("it is plain data");
    assert_eq!(status["resources"], json!({}));
    assert_eq!(status.get("allocatedResources"), None);
}

#[test]
fn k2_a_pod_whose_port_of_the_node_is_taken_is_refused() {
    let spec = |port: i32, protocol: &str| {
        let ports = json!([{"containerPort": 80, "hostPort": port, "protocol": protocol}]);
        json!({"containers": [{"name": "web", "image": "nginx:1.29", "ports": ports}]})
    };
    let mut world = World::new();
    world.run_pod("first", spec(80, "TCP"));
    let same = world.run_pod("same", spec(80, "TCP"));
    let other = world.run_pod("other", spec(80, "UDP"));
    world.settle();
    assert_eq!(world.phase(&other), "Running");
    let status = world.pod(&same).expect("it stays").status;
    assert_eq!(status.phase.as_deref(), Some("Failed"));
    assert_eq!(status.reason.as_deref(), Some("NodePorts"));
    let why =
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
    assert_eq!(status.message, Some(format!("Pod was rejected: {why}")));
    assert!(world.events().contains(&format!("NodePorts: {why}")));
}
