//! The way down: grace, hooks, force, deadlines, memory.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::World;
use crate::api::Key;
use crate::kubelet::{Behaviour, Happening, OnSigterm, Trouble};

fn deaf(pod: &Key) -> Trouble {
    Trouble::Behave {
        pod: pod.clone(),
        container: None,
        behaviour: Behaviour {
            on_sigterm: OnSigterm::Ignore,
            ..Behaviour::default()
        },
    }
}

/// When a happening was first seen, in milliseconds after another.
fn between(
    world: &World,
    from: impl Fn(&Happening) -> bool,
    to: impl Fn(&Happening) -> bool,
) -> u64 {
    let mut happenings = world.happenings();
    let first = happenings.find(|(_, what)| from(what)).expect("the first");
    let second = happenings.find(|(_, what)| to(what)).expect("the second");
    second.0.since(first.0).as_millis().try_into().unwrap_or(0)
}

fn is_asked(what: &Happening) -> bool {
    matches!(what, Happening::AskedToStop(_))
}

fn is_exited(what: &Happening) -> bool {
    matches!(what, Happening::Exited(_))
}

#[test]
fn k6_a_process_that_ends_at_sigterm_is_not_waited_for() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.delete(&pod, None);
    world.settle();
    assert_eq!(world.phase(&pod), "gone");
    assert!(between(&world, is_asked, is_exited) <= 300);
    let steps = world.steps();
    let last: Vec<&str> = steps
        .iter()
        .rev()
        .take(5)
        .rev()
        .map(String::as_str)
        .collect();
    let expected = [
        "asked-to-stop",
        "sigterm",
        "exited",
        "released",
        "forgotten",
    ];
    assert_eq!(last, expected);
    let (_, end) = &world.pods[world.pods.len() - 2];
    assert_eq!(end.phase(), "Succeeded");
}

#[test]
fn k6_a_process_that_ignores_sigterm_is_killed_when_the_grace_is_over() {
    for (grace, expected) in [(None, 30_000), (Some(5), 5_000), (Some(1), 2_000)] {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({}));
        world.settle();
        world.suffer(&deaf(&pod));
        world.delete(&pod, grace);
        world.settle();
        assert_eq!(between(&world, is_asked, is_exited), expected);
        assert_eq!(world.phase(&pod), "gone");
        let (_, end) = &world.pods[world.pods.len() - 2];
        assert_eq!(end.phase(), "Failed");
    }
}

#[test]
fn k6_a_pre_stop_hook_runs_before_sigterm_and_counts_against_the_grace() {
    let cases: [(Value, u64, u64); 4] = [
        (json!({"sleep": {"seconds": 8}}), 8_000, 30_000),
        (
            json!({"exec": {"command": ["sh", "-c", "sleep 8"]}}),
            8_000,
            30_000,
        ),
        (json!({"exec": {"command": ["sleep", "8"]}}), 8_000, 30_000),
        (
            json!({"exec": {"command": ["sleep", "60"]}}),
            30_000,
            32_000,
        ),
    ];
    for (hook, sigterm, killed) in cases {
        let mut world = World::new();
        let container = json!({"name": "web", "image": "nginx:1", "lifecycle": {"preStop": hook}});
        let pod = world.run_pod("web", json!({"containers": [container]}));
        world.settle();
        world.suffer(&deaf(&pod));
        world.delete(&pod, None);
        world.settle();
        let is_sigterm = |what: &Happening| matches!(what, Happening::Sigterm(_));
        assert_eq!(between(&world, is_asked, is_sigterm), sigterm, "{hook}");
        assert_eq!(between(&world, is_asked, is_exited), killed, "{hook}");
    }
}

#[test]
fn k6_a_second_delete_shortens_the_grace() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.suffer(&deaf(&pod));
    world.delete(&pod, None);
    world.pass_seconds(10);
    world.delete(&pod, Some(5));
    world.settle();
    let took = between(&world, is_asked, is_exited);
    assert!((14_990..=15_010).contains(&took), "{took}");
}

#[test]
fn k6_a_pod_can_go_at_every_stage_of_its_start() {
    for millis in [0, 5, 30, 200, 500, 900, 1200, 1350, 1400, 1500] {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({}));
        world.pass(Duration::from_millis(millis));
        world.delete(&pod, None);
        world.settle();
        assert_eq!(world.phase(&pod), "gone", "after {millis} ms");
        assert_eq!(world.kubelet.pods().count(), 0, "after {millis} ms");
    }
}

#[test]
fn k6_a_pod_that_waits_for_a_restart_or_an_image_goes_at_once() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "registry.invalid/web:1"});
    let pod = world.run_pod("web", json!({"containers": [container]}));
    world.pass_seconds(50);
    world.delete(&pod, None);
    world.pass_seconds(1);
    assert_eq!(world.phase(&pod), "gone");
    let (_, end) = &world.pods[world.pods.len() - 2];
    assert_eq!(end.phase(), "Failed");
}

#[test]
fn k6_a_pod_removed_by_force_is_still_stopped_at_the_node() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.suffer(&deaf(&pod));
    world.delete(&pod, Some(0));
    assert_eq!(world.phase(&pod), "gone");
    assert_eq!(world.kubelet.pods().count(), 1);
    world.settle();
    assert_eq!(world.kubelet.pods().count(), 0);
    let is_gone = |what: &Happening| *what == Happening::Vanished;
    // The removal tells of no grace, so the node gives what the spec says.
    assert_eq!(between(&world, is_gone, is_exited), 30_000);
}

#[test]
fn k6_a_new_pod_of_the_same_name_is_another_pod() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.delete(&pod, Some(0));
    let again = world.run_pod("web", json!({}));
    world.settle();
    assert_eq!(world.phase(&again), "Running");
    assert_eq!(world.kubelet.pods().count(), 1);
    assert_eq!(world.container(&again, 0).restart_count, 0);
}

#[test]
fn k6_sidecars_go_after_the_containers_in_the_reverse_of_their_order() {
    let mut world = World::new();
    let spec = json!({
        "initContainers": [
            {"name": "one", "image": "envoy:1", "restartPolicy": "Always"},
            {"name": "two", "image": "envoy:1", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "web", "image": "nginx:1"}],
    });
    let pod = world.run_pod("web", spec);
    world.settle();
    world.delete(&pod, None);
    world.settle();
    let order: Vec<String> = world
        .notes
        .iter()
        .filter(|(_, note)| note.to_value()["step"] == "exited")
        .filter_map(|(_, note)| note.to_value()["container"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(order, ["web", "two", "one"]);
}

/// The steps of one container from when the pod was asked to stop, with milliseconds since then.
fn way_down(world: &World, container: &str) -> Vec<(String, u64)> {
    let asked = world.happenings().find(|(_, what)| is_asked(what));
    let asked = asked.expect("it was asked").0;
    let own = world.notes.iter().filter(|(at, note)| {
        let value = note.to_value();
        *at >= asked && value["container"] == container && value["step"].is_string()
    });
    own.map(|(at, note)| {
        let step = note.to_value()["step"].as_str().map(str::to_owned);
        let after = at.since(asked).as_millis();
        (
            step.unwrap_or_default(),
            u64::try_from(after).unwrap_or(u64::MAX),
        )
    })
    .collect()
}

#[test]
fn k6_a_sidecar_runs_its_hook_with_the_others_and_gets_sigterm_when_they_have_ended_or_grace_is_over()
 {
    for (grace, sigterm) in [(None, 20_000), (Some(12), 12_000)] {
        let mut world = World::new();
        let sleep = |seconds: u64| json!({"preStop": {"sleep": {"seconds": seconds}}});
        let spec = json!({
            "initContainers": [{"name": "proxy", "image": "envoy:1", "restartPolicy": "Always",
                "lifecycle": sleep(5)}],
            "containers": [{"name": "web", "image": "nginx:1", "lifecycle": sleep(20)}],
        });
        let pod = world.run_pod("web", spec);
        world.settle();
        world.delete(&pod, grace);
        world.settle();
        let proxy = way_down(&world, "proxy");
        let at = |step: &str| proxy.iter().find(|(own, _)| own == step).map(|(_, at)| *at);
        assert_eq!(at("pre-stop"), Some(0));
        let asked = at("sigterm").expect("it was asked to end");
        assert!((sigterm..sigterm + 300).contains(&asked), "{proxy:?}");
        let killings = world.events();
        let killings: Vec<&String> = killings
            .iter()
            .filter(|event| event.starts_with("Killing"))
            .collect();
        assert_eq!(
            killings,
            [
                "Killing: Stopping container web",
                "Killing: Stopping container proxy"
            ]
        );
        assert_eq!(world.phase(&pod), "gone");
    }
}

#[test]
fn k7_a_container_over_its_memory_limit_is_killed_and_restarted() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.suffer(&Trouble::OutOfMemory {
        pod: pod.clone(),
        container: None,
    });
    world.settle();
    let status = world.container(&pod, 0);
    let end = status.last_state.and_then(|state| state.terminated);
    let end = end.expect("the first run ended");
    assert_eq!(
        (end.exit_code, end.reason.as_deref()),
        (137, Some("OOMKilled"))
    );
    assert_eq!(status.restart_count, 1);
}

#[test]
fn k7_a_pod_over_its_deadline_fails() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({"activeDeadlineSeconds": 20}));
    world.pass_seconds(19);
    assert_eq!(world.phase(&pod), "Running");
    world.pass_seconds(2);
    let pod = world.pod(&pod).expect("it stays");
    assert_eq!(pod.phase(), "Failed");
    assert_eq!(pod.status.reason.as_deref(), Some("DeadlineExceeded"));
    let message = "Pod was active on the node longer than the specified deadline";
    assert_eq!(pod.status.message.as_deref(), Some(message));
}

#[test]
fn k6_a_shorter_grace_ends_a_process_that_is_ending_already() {
    for (second, at) in [(2, 4_000), (1, 4_000), (20, 8_000)] {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({}));
        world.settle();
        world.suffer(&Trouble::Behave {
            pod: pod.clone(),
            container: None,
            behaviour: Behaviour {
                stops_in: Some(Duration::from_secs(8)),
                ..Behaviour::default()
            },
        });
        world.delete(&pod, None);
        world.pass_seconds(2);
        world.delete(&pod, Some(second));
        world.settle();
        let took = between(&world, is_asked, is_exited);
        assert!((at..at + 20).contains(&took), "{second} s: {took} ms");
        let (_, end) = &world.pods[world.pods.len() - 2];
        let phase = if at < 8_000 { "Failed" } else { "Succeeded" };
        assert_eq!(end.phase(), phase, "{second} s");
    }
}

#[test]
fn k6_a_process_with_work_left_ends_with_143_at_sigterm_and_a_server_with_0() {
    let code = |exits: Option<&str>| {
        let mut world = World::new();
        let mut metadata = json!({"name": "web", "namespace": "default"});
        if let Some(exits) = exits {
            metadata["annotations"] = json!({"glassplane.io/exits-after": exits});
        }
        let pod = world.create(json!({"metadata": metadata, "spec": {
            "nodeName": "node-a", "restartPolicy": "Never",
            "containers": [{"name": "web", "image": "nginx:1.29"}],
        }}));
        world.pass_seconds(5);
        world.delete(&pod, None);
        world.settle();
        let (_, end) = &world.pods[world.pods.len() - 2];
        let statuses = end.status.container_statuses.clone().unwrap_or_default();
        let state = statuses[0].state.clone().and_then(|state| state.terminated);
        let state = state.expect("it ended");
        (
            state.exit_code,
            state.reason.unwrap_or_default(),
            end.phase().to_owned(),
        )
    };
    let of = |code: i32, reason: &str, phase: &str| (code, reason.to_owned(), phase.to_owned());
    assert_eq!(code(None), of(0, "Completed", "Succeeded"));
    assert_eq!(code(Some("600s")), of(143, "Error", "Failed"));
}

#[test]
fn k7_a_deadline_that_comes_or_is_shortened_while_the_pod_runs_counts_from_its_start() {
    for (first, second, at) in [
        (None, 10, 20),
        (None, 40, 40),
        (Some(600), 30, 30),
        (Some(600), 5, 20),
    ] {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({"activeDeadlineSeconds": first}));
        world.pass_seconds(20);
        world.change(&pod, |pod| {
            pod.spec_mut().shared_mut().active_deadline_seconds = Some(second);
        });
        world.pass_seconds(60);
        let mut happenings = world.happenings();
        let over = happenings.find(|(_, what)| matches!(what, Happening::DeadlineExceeded));
        assert_eq!(
            over.map(|(at, _)| at.as_secs()),
            Some(at),
            "{first:?} {second}"
        );
        let status = world.pod(&pod).expect("it stays").status;
        assert_eq!(status.phase.as_deref(), Some("Failed"));
        assert_eq!(status.reason.as_deref(), Some("DeadlineExceeded"));
    }
}
