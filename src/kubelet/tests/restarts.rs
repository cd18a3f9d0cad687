//! Restarts: at once, then after growing waits, by policy, in place.

use std::time::Duration;

use serde_json::json;

use super::driver::World;
use crate::api::Key;
use crate::kubelet::{Behaviour, Exits, Happening, Trouble};

fn ends(pod: &Key, after: u64, code: i32) -> Trouble {
    Trouble::Behave {
        pod: pod.clone(),
        container: None,
        behaviour: Behaviour {
            exits: Exits::After(Duration::from_secs(after)),
            exit_code: code,
            ..Behaviour::default()
        },
    }
}

/// The times from each end of the process to its next start, in whole seconds.
fn waits(world: &World) -> Vec<u64> {
    let mut ended = None;
    let mut waits = Vec::new();
    for (at, what) in world.happenings() {
        match what {
            Happening::Exited(_) => ended = Some(at),
            Happening::Created(_) => waits.extend(ended.map(|ended| at.since(ended).as_secs())),
            _ => {}
        }
    }
    waits
}

#[test]
fn k4_restarts_come_at_once_and_then_after_10_20_40_80_160_300_s() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.pass(Duration::from_millis(20));
    world.suffer(&ends(&pod, 1, 1));
    world.pass_seconds(1300);
    assert_eq!(waits(&world)[..8], [0, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(world.phase(&pod), "Running");
    let uids: std::collections::BTreeSet<String> = world
        .pods
        .iter()
        .map(|(_, pod)| pod.uid().to_owned())
        .collect();
    assert_eq!(uids.len(), 1);
}

#[test]
fn k4_the_wait_is_forgotten_after_ten_good_minutes() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.pass_seconds(5);
    for _ in 0..3 {
        world.suffer(&Trouble::CrashContainer {
            pod: pod.clone(),
            container: None,
        });
        world.pass_seconds(60);
    }
    world.pass_seconds(601);
    world.suffer(&Trouble::CrashContainer {
        pod: pod.clone(),
        container: None,
    });
    world.pass_seconds(60);
    assert_eq!(waits(&world), [0, 10, 20, 0]);
}

#[test]
fn k4_the_status_of_a_crash_loop_says_what_kubernetes_says() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    let crash = Trouble::CrashContainer {
        pod: pod.clone(),
        container: None,
    };
    world.suffer(&crash);
    world.pass_seconds(2);
    let status = world.container(&pod, 0);
    assert_eq!(status.restart_count, 1);
    assert!(status.ready);
    let first_end = status.last_state.and_then(|state| state.terminated);
    let first_end = first_end.expect("the first run ended");
    assert_eq!(
        (first_end.exit_code, first_end.reason.as_deref()),
        (1, Some("Error"))
    );
    world.suffer(&crash);
    world.pass(Duration::from_millis(100));
    let state = world.container(&pod, 0).state.expect("there is a state");
    assert!(state.terminated.is_some());
    world.pass_seconds(2);
    let uid = world.pod(&pod).expect("it stays").uid().to_owned();
    let status = world.container(&pod, 0);
    let waiting = status.state.and_then(|state| state.waiting);
    let waiting = waiting.expect("it waits");
    assert_eq!(waiting.reason.as_deref(), Some("CrashLoopBackOff"));
    let message = format!("back-off 10s restarting failed container=web pod=web_default({uid})");
    assert_eq!(waiting.message, Some(message));
    assert_eq!(status.restart_count, 1);
    assert!(!status.ready);
    assert_eq!(world.phase(&pod), "Running");
    let pod = world.pod(&pod).expect("it stays");
    let ready = pod.condition("Ready").expect("the kubelet writes it");
    assert_eq!(ready.status, "False");
    let message = "containers with unready status: [web]";
    assert_eq!(ready.message.as_deref(), Some(message));
}

#[test]
fn k4_the_restart_policy_decides() {
    let cases = [
        ("Always", 0, "Running", true),
        ("Always", 1, "Running", true),
        ("OnFailure", 0, "Succeeded", false),
        ("OnFailure", 1, "Running", true),
        ("Never", 0, "Succeeded", false),
        ("Never", 1, "Failed", false),
    ];
    for (policy, code, phase, restarts) in cases {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({"restartPolicy": policy}));
        world.pass(Duration::from_millis(20));
        world.suffer(&ends(&pod, 1, code));
        world.pass_seconds(20);
        assert_eq!(world.phase(&pod), phase, "{policy} {code}");
        let count = world.container(&pod, 0).restart_count;
        assert_eq!(count > 0, restarts, "{policy} {code}");
    }
}

#[test]
fn k4_a_sidecar_restarts_though_the_pod_never_does() {
    let mut world = World::new();
    let spec = json!({
        "restartPolicy": "Never",
        "initContainers": [{"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"}],
        "containers": [{"name": "web", "image": "nginx:1"}],
    });
    let pod = world.run_pod("web", spec);
    world.settle();
    world.suffer(&Trouble::CrashContainer {
        pod: pod.clone(),
        container: Some("proxy".to_owned()),
    });
    world.settle();
    assert_eq!(world.init_container(&pod, 0).restart_count, 1);
    assert_eq!(world.phase(&pod), "Running");
}

#[test]
fn k4_sidecars_are_stopped_when_the_containers_have_ended() {
    let mut world = World::new();
    let spec = json!({
        "restartPolicy": "Never",
        "initContainers": [{"name": "proxy", "image": "envoy:1", "restartPolicy": "Always"}],
        "containers": [{"name": "web", "image": "nginx:1"}],
    });
    let pod = world.run_pod("web", spec);
    world.pass(Duration::from_millis(20));
    world.suffer(&ends(&pod, 3, 0));
    world.settle();
    assert_eq!(world.phase(&pod), "Succeeded");
    let proxy = world.init_container(&pod, 0).state.expect("a state");
    assert!(proxy.terminated.is_some());
}

#[test]
fn k4_a_crash_loop_at_its_ceiling_leaves_the_world_idle() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.pass(Duration::from_millis(20));
    world.suffer(&ends(&pod, 1, 1));
    world.settle();
    let holding = world.kubelet.holdings().next().expect("one waits");
    assert_eq!(holding.reason, "CrashLoopBackOff");
    assert!(holding.until.since(world.now) > Duration::from_secs(290));
}
