//! What pretend applications use, and what follows from it.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::World;
use crate::api::Key;
use crate::kubelet::{Happening, Usage};
use crate::sim::Time;

const MEBIBYTE: u64 = 1 << 20;

/// A pod with one container that has these annotations and limits.
fn declared(world: &mut World, annotations: &Value, limits: &Value) -> Key {
    world.create(json!({
        "metadata": {"name": "web", "namespace": "default", "annotations": annotations},
        "spec": {
            "nodeName": "node-a",
            "containers": [{"name": "web", "image": "nginx:1.29", "resources": {"limits": limits}}],
        },
    }))
}

fn usage(world: &World, now: Time) -> Usage {
    world.kubelet.usage(now).map(|pod| pod.total()).sum()
}

fn started(world: &World) -> Time {
    let mut all = world.happenings();
    let started = all.find(|(_, what)| **what == Happening::Started);
    started.expect("the container started").0
}

#[test]
fn usage_is_what_is_declared_for_the_moment_and_no_more_processor_than_the_limit() {
    let mut world = World::new();
    let annotations = json!({
        "glassplane.io/cpu": "0s 100m, 10s 100m, 10s 900m",
        "glassplane.io/memory": "0s 64Mi, 100s 164Mi",
    });
    declared(&mut world, &annotations, &json!({"cpu": "500m"}));
    world.settle();
    let start = started(&world);
    for (seconds, millis, mebibytes) in [(0, 100, 64), (9, 100, 73), (10, 500, 74), (200, 500, 164)]
    {
        let used = usage(&world, start + Duration::from_secs(seconds));
        let expected = Usage {
            cpu_nanos: millis * 1_000_000,
            memory_bytes: mebibytes * MEBIBYTE,
        };
        assert_eq!(used, expected, "after {seconds} s");
    }
}

#[test]
fn what_nobody_declared_idles_below_half_of_its_limit() {
    for (limits, millis, mebibytes) in [(json!({}), 1, 16), (json!({"memory": "20Mi"}), 1, 10)] {
        let mut world = World::new();
        declared(&mut world, &json!({}), &limits);
        world.settle();
        let used = usage(&world, world.now);
        assert_eq!(used.cpu(), crate::api::Quantity::millis(millis));
        assert_eq!(used.memory_bytes, mebibytes * MEBIBYTE);
    }
}

#[test]
fn a_machine_uses_something_beside_its_pods_and_nothing_without_power() {
    let mut world = World::new();
    let before = world.kubelet.node_usage(world.now);
    assert!(before.cpu_nanos > 0 && before.memory_bytes > 0);
    declared(
        &mut world,
        &json!({"glassplane.io/memory": "1Gi"}),
        &json!({}),
    );
    world.settle();
    let after = world.kubelet.node_usage(world.now);
    assert_eq!(after.memory_bytes - before.memory_bytes, 1024 * MEBIBYTE);
    world.suffer(&crate::kubelet::Trouble::PowerOff);
    assert_eq!(world.kubelet.node_usage(world.now), Usage::default());
}

#[test]
fn k7_a_process_that_uses_more_memory_than_its_limit_is_killed_in_that_moment() {
    let mut world = World::new();
    let annotations = json!({"glassplane.io/memory": "0s 0, 100s 100Mi"});
    let pod = declared(&mut world, &annotations, &json!({"memory": "50Mi"}));
    world.pass_seconds(70);
    let start = started(&world);
    let ended = world.happenings().find_map(|(at, what)| match what {
        Happening::Exited(exit) => Some((at, *exit)),
        _ => None,
    });
    let (at, exit) = ended.expect("it was killed");
    assert_eq!(at.since(start).as_millis(), 50_000);
    assert_eq!((exit.code, exit.reason()), (137, "OOMKilled"));
    let status = world.container(&pod, 0);
    assert_eq!(status.restart_count, 1);
    let last = status.last_state.and_then(|state| state.terminated);
    let last = last.expect("it ended before");
    assert_eq!(
        (last.exit_code, last.reason.as_deref()),
        (137, Some("OOMKilled"))
    );
}

#[test]
fn a_wrong_declaration_is_an_event_of_the_pod_and_the_rest_counts() {
    let mut world = World::new();
    let annotations = json!({
        "glassplane.io/cpu": "lots",
        "glassplane.io/memory": "32Mi",
    });
    declared(&mut world, &annotations, &json!({}));
    world.settle();
    let expected =
        "InvalidBehaviour: annotation glassplane.io/cpu: \"lots\" is no amount; write 50m";
    assert!(
        world.events().iter().any(|event| event == expected),
        "{:?}",
        world.events()
    );
    assert_eq!(usage(&world, world.now).memory_bytes, 32 * MEBIBYTE);
}

#[test]
fn declarations_are_read_anew_when_the_annotations_change() {
    let mut world = World::new();
    let pod = declared(&mut world, &json!({}), &json!({}));
    world.settle();
    world.change(&pod, |pod| {
        let annotations = [("glassplane.io/memory".to_owned(), "99Mi".to_owned())];
        pod.metadata_mut().annotations = Some(annotations.into());
    });
    world.settle();
    assert_eq!(usage(&world, world.now).memory_bytes, 99 * MEBIBYTE);
    assert_eq!(world.container(&pod, 0).restart_count, 0);
}
