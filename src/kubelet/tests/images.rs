//! Pulls: by policy, one after the other, with waits after failures.

use std::time::Duration;

use serde_json::json;

use super::driver::World;
use crate::kubelet::{Happening, Reference, Trouble};

fn waiting_reason(world: &World, pod: &crate::api::Key) -> (String, String) {
    let state = world.container(pod, 0).state.expect("there is a state");
    let waiting = state.waiting.expect("it waits");
    (
        waiting.reason.unwrap_or_default(),
        waiting.message.unwrap_or_default(),
    )
}

#[test]
fn k3_pulls_follow_the_policy_and_the_cache() {
    let cases = [
        ("IfNotPresent", false, "pulled"),
        ("IfNotPresent", true, "present"),
        ("Always", false, "pulled"),
        ("Always", true, "pulled"),
        ("Never", true, "present"),
        ("Never", false, "failed"),
    ];
    for (policy, is_cached, expected) in cases {
        let mut world = World::new();
        if is_cached {
            world.run_pod("before", json!({}));
            world.settle();
        }
        let before = world.notes.len();
        let container = json!({"name": "web", "image": "nginx:1.29", "imagePullPolicy": policy});
        world.run_pod("web", json!({"containers": [container]}));
        world.pass_seconds(8);
        let steps: Vec<String> = world.notes[before..]
            .iter()
            .filter(|(_, note)| note.kind().name() == "image.pull")
            .filter_map(|(_, note)| note.to_value()["step"].as_str().map(str::to_owned))
            .collect();
        let last = steps.last().map(String::as_str);
        assert_eq!(last, Some(expected), "{policy} {is_cached}");
    }
}

#[test]
fn k3_an_image_that_is_there_is_only_checked() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "postgres:17", "imagePullPolicy": "Always"});
    for name in ["first", "second"] {
        world.run_pod(name, json!({"containers": [container.clone()]}));
        world.settle();
    }
    let took: Vec<Duration> = world
        .happenings()
        .filter_map(|(_, what)| match what {
            Happening::Pulled { took, .. } => Some(*took),
            _ => None,
        })
        .collect();
    let bytes = Reference::parse("postgres:17").expect("a name").bytes();
    let flow = Duration::from_nanos(bytes * 16);
    assert!(took[0] > flow, "{took:?}");
    assert!(took[1] <= Duration::from_millis(500), "{took:?}");
}

#[test]
fn k3_pulls_of_a_node_come_one_after_the_other() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        let container = json!({"name": "c", "image": format!("{name}:1")});
        world.run_pod(name, json!({"containers": [container]}));
    }
    world.settle();
    let steps: Vec<String> = world.steps();
    let pulls: Vec<&str> = steps
        .iter()
        .map(String::as_str)
        .filter(|step| matches!(*step, "begun" | "pulled"))
        .collect();
    assert_eq!(
        pulls,
        ["begun", "pulled", "begun", "pulled", "begun", "pulled"]
    );
}

#[test]
fn k3_a_missing_image_waits_10_to_300_s_and_leaves_the_world_idle_in_the_end() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "registry.invalid/web:1"});
    let pod = world.run_pod("web", json!({"containers": [container]}));
    world.pass_seconds(1);
    let (reason, message) = waiting_reason(&world, &pod);
    assert_eq!(reason, "ErrImagePull");
    let host = "dial tcp: lookup registry.invalid: no such host";
    assert!(message.ends_with(host), "{message}");
    world.pass_seconds(1);
    let (reason, message) = waiting_reason(&world, &pod);
    assert_eq!(reason, "ImagePullBackOff");
    let head = "Back-off pulling image \"registry.invalid/web:1\": ErrImagePull: failed to pull and \
                unpack image \"registry.invalid/web:1\"";
    assert!(message.starts_with(head), "{message}");
    world.settle();
    let waits: Vec<u64> = world
        .happenings()
        .filter_map(|(_, what)| match what {
            Happening::BackedOff("ImagePullBackOff", wait) => Some(wait.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(waits, [10, 20, 40, 80, 160, 300]);
    assert_eq!(world.phase(&pod), "Pending");
    let holding = world.kubelet.holdings().next().expect("one waits");
    assert_eq!(holding.reason, "ImagePullBackOff");
    assert!(holding.until > world.now);
}

#[test]
fn k3_an_image_that_appears_later_lets_the_pod_run() {
    let mut world = World::new();
    let is_missing = |is_missing| Trouble::MissingImage {
        image: "nginx:1.29".to_owned(),
        is_missing,
    };
    world.suffer(&is_missing(true));
    let pod = world.run_pod("web", json!({}));
    world.pass_seconds(5);
    assert_eq!(waiting_reason(&world, &pod).0, "ImagePullBackOff");
    world.suffer(&is_missing(false));
    world.pass_seconds(10);
    assert_eq!(world.phase(&pod), "Running");
}

#[test]
fn k3_a_new_image_is_pulled_at_once_though_the_old_one_waits() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "registry.invalid/web:1"});
    let pod = world.run_pod("web", json!({"containers": [container]}));
    world.pass_seconds(100);
    assert_eq!(waiting_reason(&world, &pod).0, "ImagePullBackOff");
    world.change(&pod, |pod| {
        pod.spec_mut().shared_mut().containers[0].image = Some("nginx:1.29".to_owned());
    });
    world.pass_seconds(3);
    assert_eq!(world.phase(&pod), "Running");
}

#[test]
fn k3_what_no_pull_can_mend_is_tried_at_each_sync_without_back_off_and_leaves_the_world_idle() {
    for (container, reason, said) in [
        (
            json!({"name": "web", "image": "Nginx"}),
            "InvalidImageName",
            "InspectFailed: Failed to apply default image tag \"Nginx\": couldn't parse image name \
             \"Nginx\": invalid reference format: repository name (library/Nginx) must be lowercase",
        ),
        (
            json!({"name": "web", "image": "nginx:1", "imagePullPolicy": "Never"}),
            "ErrImageNeverPull",
            "ErrImageNeverPull: Container image \"nginx:1\" is not present with pull policy of Never",
        ),
    ] {
        let mut world = World::new();
        let pod = world.run_pod("web", json!({"containers": [container]}));
        world.settle();
        assert!(
            world.now.as_secs() < 5,
            "{reason}: it comes to rest at once"
        );
        world.pass_seconds(120);
        let tries: Vec<u128> = world
            .happenings()
            .filter(|(_, what)| matches!(what, Happening::PullFailed(..)))
            .map(|(at, _)| u128::from(at.as_millis()))
            .collect();
        assert!((8..=13).contains(&tries.len()), "{reason}: {tries:?}");
        for pair in tries.windows(2) {
            let wait = pair[1] - pair[0];
            assert!((10_000..=15_000).contains(&wait), "{reason}: {wait} ms");
        }
        assert_eq!(waiting_reason(&world, &pod).0, reason);
        let tries = i32::try_from(tries.len()).expect("a few");
        assert_eq!(
            world.times_said(said),
            tries,
            "{:?}",
            world.counted_events()
        );
        assert_eq!(world.times_said(&format!("Failed: Error: {reason}")), tries);
        assert_eq!(world.times_said("BackOff"), 0);
    }
}

#[test]
fn k3_an_image_that_somebody_else_pulls_ends_the_wait_of_the_policy_never() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "nginx:1.29", "imagePullPolicy": "Never"});
    let waits = world.run_pod("waits", json!({"containers": [container]}));
    world.pass_seconds(3);
    assert_eq!(waiting_reason(&world, &waits).0, "ErrImageNeverPull");
    world.run_pod("pulls", json!({}));
    world.pass_seconds(17);
    assert_eq!(world.phase(&waits), "Running");
}

#[test]
fn k3_a_slow_registry_makes_pulls_last_longer() {
    let ready_after = |factor: u32| {
        let mut world = World::new();
        let until = crate::sim::Time::from_secs(600);
        world.suffer(&Trouble::SlowRegistry { factor, until });
        world.run_pod("web", json!({}));
        world.settle();
        world.now.as_secs()
    };
    assert!(ready_after(20) > ready_after(1) + 5);
}
