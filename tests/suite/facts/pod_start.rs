//! K2 and K3: how a pod comes up, and how its images come.

use std::time::Duration;

use glassplane::api::{Kind, Object, Pod, Typed, meta};
use glassplane::cluster::{Cluster, Detail};
use glassplane::kubelet::{Happening, Note};
use glassplane::sim::Time;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{get, settle};

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {one.glassplane.io/exits-after: 3s, two.glassplane.io/exits-after: 4s}
spec:
  nodeSelector: {kubernetes.io/hostname: node-a}
  initContainers:
  - {name: one, image: 'busybox:1'}
  - {name: two, image: 'busybox:1'}
  - {name: proxy, image: 'envoy:1', restartPolicy: Always}
  containers: [{name: web, image: 'nginx:1.29'}]
";

/// A pod of one container on `node-a`.
fn plain(name: &str, image: &str, policy: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  nodeSelector: \
         {{kubernetes.io/hostname: node-a}}\n  containers: [{{name: web, image: '{image}', \
         imagePullPolicy: {policy}}}]\n---\n"
    )
}

/// What happened in pods, with the moments.
fn happenings(cluster: &Cluster) -> Vec<(Time, String, Happening)> {
    let notes = cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Kubelet(Note::Pod(note)) => {
                let container = note.container.as_deref().unwrap_or_default();
                Some((record.time, container.to_owned(), note.what.clone()))
            }
            _ => None,
        });
    notes.collect()
}

/// `started one`, `exited one`, … in order.
fn steps(cluster: &Cluster) -> Vec<String> {
    let word = |what: &Happening| match what {
        Happening::Noticed => Some("noticed"),
        Happening::Admitted => Some("admitted"),
        Happening::SandboxReady(_) => Some("sandbox"),
        Happening::Started => Some("started"),
        Happening::Exited(_) => Some("exited"),
        _ => None,
    };
    let all = happenings(cluster);
    let steps = all.iter().filter_map(|(_, container, what)| {
        Some(format!("{} {container}", word(what)?).trim_end().to_owned())
    });
    steps.collect()
}

#[test]
fn k2_sandbox_then_init_containers_one_by_one_then_sidecars_then_containers() {
    let mut cluster = world(3, POD);
    assert!(settle(&mut cluster, 60));
    let expected = [
        "noticed",
        "admitted",
        "sandbox",
        "started one",
        "exited one",
        "started two",
        "exited two",
        "started proxy",
        "started web",
    ];
    assert_eq!(steps(&cluster), expected);
}

#[test]
fn k2_conditions_come_true_in_their_order_each_with_the_second_of_its_write() {
    let mut cluster = world(3, POD);
    assert!(settle(&mut cluster, 60));
    let mut came: Vec<String> = Vec::new();
    for (at, change) in writes(&cluster, Kind::Pod) {
        let (Some(pod), before) = (Pod::of(&change.object), &change.previous) else {
            continue;
        };
        let before = before.as_ref().and_then(Pod::of);
        for condition in pod.status.conditions.iter().flatten() {
            let is_new = !before.is_some_and(|before| before.has_condition(&condition.type_));
            if condition.status == "True" && is_new {
                let since = condition.last_transition_time.as_ref().map(meta::moment);
                assert!(
                    at.since(since.expect("it has one")) < Duration::from_secs(1),
                    "{}",
                    condition.type_
                );
                came.push(condition.type_.clone());
            }
        }
    }
    // In the status the kubelet has Ready before ContainersReady.
    let expected = [
        "PodScheduled",
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
    ];
    assert_eq!(came, expected);
    let pod: Pod = get(&cluster, "web").expect("it is there");
    let order: Vec<&str> = pod
        .status
        .conditions
        .iter()
        .flatten()
        .map(|each| each.type_.as_str())
        .collect();
    let expected = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    assert_eq!(order, expected);
}

#[test]
fn k2_what_is_not_true_yet_says_what_it_waits_for() {
    let mut cluster = world(3, POD);
    assert!(settle(&mut cluster, 60));
    let mut said: Vec<String> = Vec::new();
    for (_, change) in writes(&cluster, Kind::Pod) {
        let pod = Pod::of(&change.object);
        let conditions = pod
            .into_iter()
            .flat_map(|pod| pod.status.conditions.iter().flatten());
        for condition in conditions {
            let reason = condition.reason.clone().unwrap_or_default();
            let message = condition.message.clone().unwrap_or_default();
            let line = format!("{} {reason}: {message}", condition.type_);
            if !reason.is_empty() && !said.contains(&line) {
                said.push(line);
            }
        }
    }
    let expected = [
        "Initialized ContainersNotInitialized: containers with incomplete status: [one two proxy]",
        "Ready ContainersNotReady: containers with unready status: [proxy web]",
        "ContainersReady ContainersNotReady: containers with unready status: [proxy web]",
        "Initialized ContainersNotInitialized: containers with incomplete status: [two proxy]",
        "Initialized ContainersNotInitialized: containers with incomplete status: [proxy]",
        "Ready ContainersNotReady: containers with unready status: [web]",
        "ContainersReady ContainersNotReady: containers with unready status: [web]",
    ];
    assert_eq!(said, expected);
}

/// When pulls of a container's image began and how long they took.
fn pulls(cluster: &Cluster) -> Vec<(Time, Option<Duration>)> {
    let mut pulls: Vec<(Time, Option<Duration>)> = Vec::new();
    for (at, _, what) in happenings(cluster) {
        match what {
            Happening::PullBegun(..) => pulls.push((at, None)),
            Happening::Pulled { took, .. } => {
                pulls.last_mut().expect("it began").1 = Some(took);
            }
            _ => {}
        }
    }
    pulls
}

#[test]
fn k3_a_node_pulls_one_image_after_the_other_and_the_second_says_how_long_it_waited() {
    let two = [
        plain("first", "mysql:8", "IfNotPresent"),
        plain("second", "redis:7", "IfNotPresent"),
    ];
    let mut cluster = world(1, &two.concat());
    assert!(settle(&mut cluster, 120));
    let [(first, Some(took)), (second, Some(_))] = pulls(&cluster)[..] else {
        panic!("two pulls: {:?}", pulls(&cluster));
    };
    assert_eq!(second, first + took, "the second waits for the first");
    let said = events(&cluster, Kind::Pod);
    let said: Vec<&String> = said
        .iter()
        .filter(|(_, reason, _)| reason == "Pulled")
        .map(|(.., message)| message)
        .collect();
    let [first, second] = said[..] else {
        panic!("{said:?}");
    };
    // `… in 1.2s (1.2s including waiting). Image size: … bytes.`
    let times = |message: &str| -> (String, String) {
        let (_, rest) = message.split_once("\" in ").expect("it says how long");
        let (took, rest) = rest
            .split_once(" (")
            .expect("it says how long with waiting");
        let (waited, _) = rest
            .split_once(" including waiting). Image size: ")
            .expect("the size");
        (took.to_owned(), waited.to_owned())
    };
    let (took, waited) = times(first);
    assert_eq!(took, waited, "{first}");
    let (took, waited) = times(second);
    assert_ne!(took, waited, "{second}");
}

#[test]
fn k3_the_pull_policy_decides_what_an_image_on_the_disk_is_worth() {
    for (policy, pulls_again, pulled) in [
        (
            "IfNotPresent",
            false,
            "Container image \"redis:7\" already present on machine",
        ),
        ("Always", true, "Successfully pulled image \"redis:7\" in "),
        (
            "Never",
            false,
            "Container image \"redis:7\" already present on machine",
        ),
    ] {
        let mut cluster = world(1, &plain("first", "redis:7", "IfNotPresent"));
        assert!(settle(&mut cluster, 120));
        let before = (pulls(&cluster).len(), events(&cluster, Kind::Pod).len());
        cluster.submit(crate::worlds::command(
            "apply -f file.yaml",
            &plain("second", "redis:7", policy),
        ));
        assert!(settle(&mut cluster, 120));
        assert_eq!(pulls(&cluster).len() > before.0, pulls_again, "{policy}");
        let news = &events(&cluster, Kind::Pod)[before.1..];
        let said = news.iter().find(|(_, reason, _)| reason == "Pulled");
        let (.., message) = said.expect("it said so");
        assert!(message.starts_with(pulled), "{policy}: {message}");
    }
}

#[test]
fn k3_a_missing_image_is_tried_after_10_20_40_80_160_and_300_seconds_until_it_is_there() {
    let mut cluster = world(1, &plain("web", "nginx:1.29", "IfNotPresent"));
    kubectl(&mut cluster, "fault missing-image nginx:1.29");
    wait(&mut cluster, 1_300);
    let began: Vec<u64> = pulls(&cluster).iter().map(|(at, _)| at.as_secs()).collect();
    let waits: Vec<u64> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let expected: [u64; 8] = [10, 20, 40, 80, 160, 300, 300, 300];
    for (found, expected) in waits.iter().zip(expected) {
        // A refusal takes its moment too.
        assert!((expected..=expected + 1).contains(found), "{waits:?}");
    }
    kubectl(&mut cluster, "fault restore-image nginx:1.29");
    wait(&mut cluster, 310);
    let pod: Pod = get(&cluster, "web").expect("it is there");
    assert_eq!(pod.phase(), "Running");
    let message = cluster
        .store()
        .list(Kind::Event, None)
        .find_map(|object| match object {
            Object::Event(event) if event.spec.reason.as_deref() == Some("BackOff") => {
                event.spec.message.clone()
            }
            _ => None,
        });
    let expected = "Back-off pulling image \"nginx:1.29\"";
    assert_eq!(message.as_deref(), Some(expected));
}
