//! Events and what else is said.

use serde_json::json;

use super::driver::World;
use crate::api::{Event, Kind, Typed};
use crate::kubelet::Trouble;

#[test]
fn k9_a_good_life_says_pulling_pulled_created_started_killing() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.delete(&pod, None);
    world.settle();
    let events = world.events();
    assert_eq!(events[0], "Pulling: Pulling image \"nginx:1.29\"");
    let pulled = "Pulled: Successfully pulled image \"nginx:1.29\" in ";
    assert!(events[1].starts_with(pulled), "{}", events[1]);
    assert!(
        events[1].contains(" including waiting). Image size: "),
        "{}",
        events[1]
    );
    let rest = [
        "Created: Created container: web",
        "Started: Started container web",
        "Killing: Stopping container web",
    ];
    assert_eq!(events[2..], rest);
}

#[test]
fn k9_events_name_the_container_and_who_saw_it() {
    let mut world = World::new();
    let spec = json!({
        "initContainers": [{"name": "setup", "image": "busybox:1"}],
        "containers": [{"name": "web", "image": "nginx:1"}],
    });
    world.run_pod("web", spec);
    world.settle();
    let store = world.server.store();
    let paths: Vec<String> = store
        .list(Kind::Event, None)
        .filter_map(Event::of)
        .filter(|event| event.spec.reason.as_deref() == Some("Started"))
        .filter_map(|event| event.spec.involved_object.field_path.clone())
        .collect();
    assert_eq!(
        paths,
        ["spec.initContainers{setup}", "spec.containers{web}"]
    );
    for event in store.list(Kind::Event, None).filter_map(Event::of) {
        let source = event.spec.source.clone().unwrap_or_default();
        assert_eq!(source.component.as_deref(), Some("kubelet"));
        assert_eq!(source.host.as_deref(), Some("node-a"));
    }
}

#[test]
fn k9_repeats_are_counted_and_not_written_again() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    for _ in 0..3 {
        world.suffer(&Trouble::CrashContainer {
            pod: pod.clone(),
            container: None,
        });
        world.pass_seconds(60);
    }
    let events: Vec<Event> = world
        .server
        .store()
        .list(Kind::Event, None)
        .filter_map(Event::of)
        .cloned()
        .collect();
    let count = |reason: &str| {
        let of_reason: Vec<i32> = events
            .iter()
            .filter(|event| event.spec.reason.as_deref() == Some(reason))
            .filter_map(|event| event.spec.count)
            .collect();
        of_reason
    };
    assert_eq!(count("Started"), [4]);
    // The waits are 0, 10 and 20 s; a look comes a second after the end and then each 10 to 15 s.
    assert_eq!(count("BackOff"), [3]);
    assert_eq!(count("Pulled"), [1, 3]);
}

#[test]
fn k9_a_missing_image_says_failed_and_back_off() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "registry.invalid/web:1"});
    world.run_pod("web", json!({"containers": [container]}));
    world.pass_seconds(5);
    let events = world.events();
    let heads = [
        "Pulling: Pulling image \"registry.invalid/web:1\"",
        "Failed: Failed to pull image \"registry.invalid/web:1\": failed to pull and unpack image",
        "Failed: Error: ErrImagePull",
        "BackOff: Back-off pulling image \"registry.invalid/web:1\"",
        "Failed: Error: ImagePullBackOff",
    ];
    for (event, head) in events.iter().zip(heads) {
        assert!(event.starts_with(head), "{event}");
    }
    assert_eq!(events.len(), heads.len());
}

#[test]
fn k9_back_off_is_said_at_each_sync_of_the_pod_and_not_once_for_each_attempt() {
    let mut world = World::new();
    let container = json!({"name": "web", "image": "registry.invalid/web:1"});
    world.run_pod("web", json!({"containers": [container]}));
    world.pass_seconds(65);
    // Pulls at 0, 10 and 30 s, and a sync each 10 to 15 s between them.
    assert_eq!(world.times_said("Pulling: "), 3);
    assert_eq!(world.times_said("Failed: Error: ErrImagePull"), 3);
    let said = world.times_said("BackOff: Back-off pulling image");
    assert!((4..=6).contains(&said), "{said}");
    assert_eq!(world.times_said("Failed: Error: ImagePullBackOff"), said);
}

#[test]
fn k9_a_crash_loop_says_back_off_at_each_sync() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    for _ in 0..4 {
        world.suffer(&Trouble::CrashContainer {
            pod: pod.clone(),
            container: None,
        });
        world.pass_seconds(50);
    }
    // The waits are 0, 10, 20 and 40 s.
    let said = world.times_said("BackOff: Back-off restarting failed container web in pod web_");
    assert!((6..=7).contains(&said), "{said}");
}

#[test]
fn every_note_has_a_sentence_and_says_what_it_is_about() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.settle();
    world.suffer(&Trouble::PowerOff);
    world.suffer(&Trouble::PowerOn);
    world.list();
    world.pass_seconds(30);
    world.delete(&pod, None);
    world.pass_seconds(30);
    for (_, note) in &world.notes {
        assert!(!note.sentence().is_empty());
        assert!(note.to_value().is_object(), "{}", note.sentence());
        if note.kind().name() != "watch.open" {
            assert!(note.object().is_some(), "{}", note.sentence());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_notes() {
    let run = || {
        let mut world = World::new();
        world.run_pod("web", json!({}));
        world.pass_seconds(60);
        let line = |(at, note): &(crate::sim::Time, crate::kubelet::Note)| {
            format!("{at} {} {}", note.sentence(), note.to_value())
        };
        world.notes.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
