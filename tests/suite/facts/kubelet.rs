//! K8 and K9: what a node tells of itself, and the events of pods and nodes word for word.

use glassplane::api::{Kind, Lease, Node, Object, Pod, Typed, core};
use glassplane::cluster::Cluster;
use glassplane::sim::RecordKind;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, settle, web};

/// `reason: message` of all events about objects of a kind, oldest first; texts that differ from
/// world to world are left out.
fn said(cluster: &Cluster, about: Kind) -> Vec<String> {
    let all = events(cluster, about).into_iter();
    all.map(|(_, reason, message)| {
        let message = match message.split_once("\" in ") {
            Some((head, _)) => format!("{head}\" in …"),
            None => message,
        };
        format!("{reason}: {message}")
    })
    .collect()
}

fn pod(annotations: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, annotations: {{{annotations}}}}}\nspec:\n  \
         nodeSelector: {{kubernetes.io/hostname: node-a}}\n  containers: [{{name: web, image: \
         'nginx:1.29'{container}}}]\n"
    )
}

#[test]
fn k8_the_lease_of_each_node_is_renewed_each_ten_seconds_for_forty() {
    let mut cluster = world(3, &web(1));
    wait(&mut cluster, 100);
    for name in ["node-a", "node-b", "node-c"] {
        let own = writes(&cluster, Kind::Lease).filter(|(_, change)| &*change.key.name == name);
        let times: Vec<u128> = own.map(|(at, _)| at.as_nanos().into()).collect();
        // The first is the registration.
        for pair in times[1..].windows(2) {
            let millis = (pair[1] - pair[0]) / 1_000_000;
            assert!((9_990..=10_410).contains(&millis), "{name}: {millis}");
        }
        assert!(times.len() >= 10, "{name}: {}", times.len());
        let key = glassplane::api::Key::new(Kind::Lease, "kube-node-lease", name);
        let lease = cluster
            .store()
            .get(&key)
            .and_then(Lease::of)
            .expect("it is there");
        assert_eq!(lease.spec.lease_duration_seconds, Some(40));
        assert_eq!(lease.spec.holder_identity.as_deref(), Some(name));
    }
}

#[test]
fn k8_a_node_tells_its_conditions_capacity_and_images() {
    let mut cluster = world(3, &pod("", ""));
    wait(&mut cluster, 30);
    let node: Node = get(&cluster, "node-a").expect("it is there");
    let conditions: Vec<String> = node
        .status
        .conditions
        .iter()
        .flatten()
        .map(|each| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (reason, message) = (text(&each.reason), text(&each.message));
            format!("{}={} {reason}: {message}", each.type_, each.status)
        })
        .collect();
    let expected = [
        "MemoryPressure=False KubeletHasSufficientMemory: kubelet has sufficient memory available",
        "DiskPressure=False KubeletHasNoDiskPressure: kubelet has no disk pressure",
        "PIDPressure=False KubeletHasSufficientPID: kubelet has sufficient PID available",
        "Ready=True KubeletReady: kubelet is posting ready status",
    ];
    assert_eq!(conditions, expected);
    for list in [&node.status.capacity, &node.status.allocatable] {
        let list = list.clone().unwrap_or_default();
        let amounts: Vec<(&str, &str)> = list
            .iter()
            .map(|(name, amount)| (name.as_str(), amount.0.as_str()))
            .collect();
        let expected = [
            ("cpu", "8"),
            ("ephemeral-storage", "100Gi"),
            ("hugepages-1Gi", "0"),
            ("hugepages-2Mi", "0"),
            ("memory", "16Gi"),
            ("pods", "110"),
        ];
        assert_eq!(amounts, expected);
    }
    let images = node.status.images.iter().flatten();
    let names: Vec<&str> = images
        .flat_map(|image: &core::ContainerImage| image.names.iter().flatten())
        .map(String::as_str)
        .collect();
    assert!(names.contains(&"docker.io/library/nginx:1.29"), "{names:?}");
    let other: Node = get(&cluster, "node-b").expect("it is there");
    assert_eq!(other.status.images.iter().flatten().count(), 0);
}

#[test]
fn k8_a_stopped_kubelet_is_silent_and_what_runs_on_its_node_goes_on_running() {
    let mut cluster = world(3, &pod("", ""));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "fault pause kubelet/node-a");
    let since = cluster.now();
    wait(&mut cluster, 60);
    let renewed = cluster.trace().iter().any(|record| {
        record.kind() == RecordKind::LeaseRenew
            && record.time > since
            && record.actor.to_string() == "kubelet/node-a"
    });
    assert!(!renewed);
    let kubelet = cluster.kubelet("node-a").expect("it is there");
    assert_eq!(kubelet.component.usage(cluster.now()).count(), 1, "it runs");
    kubectl(&mut cluster, "fault resume kubelet/node-a");
    wait(&mut cluster, 60);
    let pod: Pod = get(&cluster, "web").expect("it is there");
    assert!(pod.is_ready());
    let statuses = pod.status.container_statuses.clone().unwrap_or_default();
    assert_eq!(statuses[0].restart_count, 0);
}

#[test]
fn k9_the_events_of_a_good_life_word_for_word() {
    let mut cluster = world(3, &pod("", ""));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "delete pod web");
    assert!(settle(&mut cluster, 60));
    let expected = [
        "Scheduled: Successfully assigned default/web to node-a",
        "Pulling: Pulling image \"nginx:1.29\"",
        "Pulled: Successfully pulled image \"nginx:1.29\" in …",
        "Created: Created container: web",
        "Started: Started container web",
        "Killing: Stopping container web",
    ];
    assert_eq!(said(&cluster, Kind::Pod), expected);
}

#[test]
fn k9_the_events_of_pods_in_trouble_word_for_word() {
    let uid = |cluster: &Cluster| {
        let (_, change) = writes(cluster, Kind::Pod).next().expect("it was created");
        change.object.uid().to_owned()
    };
    let crashes = "glassplane.io/exits-after: 1s, glassplane.io/exit-code: '1'";
    let mut cluster = world(3, &pod(crashes, ""));
    wait(&mut cluster, 8);
    let back_off = format!(
        "BackOff: Back-off restarting failed container web in pod web_default({})",
        uid(&cluster)
    );
    let all = said(&cluster, Kind::Pod);
    assert_eq!(all.last(), Some(&back_off), "{all:#?}");
    let missing = pod("", "").replace("nginx:1.29", "registry.invalid/web:1");
    let mut cluster = world(3, &missing);
    wait(&mut cluster, 8);
    let expected = [
        "Scheduled: Successfully assigned default/web to node-a",
        "Pulling: Pulling image \"registry.invalid/web:1\"",
        "Failed: Failed to pull image \"registry.invalid/web:1\": failed to pull and unpack image \
         \"registry.invalid/web:1\": failed to resolve reference \"registry.invalid/web:1\": failed \
         to do request: Head \"https://registry.invalid/v2/web/manifests/1\": dial tcp: lookup \
         registry.invalid: no such host",
        "Failed: Error: ErrImagePull",
        "BackOff: Back-off pulling image \"registry.invalid/web:1\"",
        "Failed: Error: ImagePullBackOff",
    ];
    assert_eq!(said(&cluster, Kind::Pod), expected);
    let huge = pod("", ", resources: {requests: {cpu: 100}}").replace("  nodeSelector", "  #");
    let mut cluster = world(3, &huge);
    assert!(settle(&mut cluster, 60));
    let expected = "FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for \
                    scheduling.";
    assert_eq!(said(&cluster, Kind::Pod), [expected]);
}

#[test]
fn k9_a_machine_that_comes_back_says_so() {
    let mut cluster = world(3, &pod("", ""));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "fault node-down node-a");
    wait(&mut cluster, 100);
    kubectl(&mut cluster, "fault node-up node-a");
    wait(&mut cluster, 60);
    let nodes = said(&cluster, Kind::Node);
    let words: Vec<&str> = nodes
        .iter()
        .map(|said| {
            said.split_once(", boot id: ")
                .map_or(&**said, |(head, _)| head)
        })
        .collect();
    let expected = [
        "NodeNotReady: Node node-a status is now: NodeNotReady",
        "Starting: Starting kubelet.",
        "NodeAllocatableEnforced: Updated Node Allocatable limit across pods",
        "NodeHasSufficientMemory: Node node-a status is now: NodeHasSufficientMemory",
        "NodeHasNoDiskPressure: Node node-a status is now: NodeHasNoDiskPressure",
        "NodeHasSufficientPID: Node node-a status is now: NodeHasSufficientPID",
        "Rebooted: Node node-a has been rebooted",
        "NodeReady: Node node-a status is now: NodeReady",
    ];
    assert_eq!(words, expected);
    let pods = said(&cluster, Kind::Pod);
    for expected in [
        "NodeNotReady: Node is not ready",
        "SandboxChanged: Pod sandbox changed, it will be killed and re-created.",
    ] {
        assert!(pods.iter().any(|said| said == expected), "{pods:#?}");
    }
}

#[test]
fn k9_preemption_and_replicas_are_told_on_the_objects_that_they_are_about() {
    let class = "apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
description: ''
---
";
    let mut cluster = world(
        1,
        &[class, &web(1).replace("cpu: 250m", "cpu: '6'")].concat(),
    );
    assert!(settle(&mut cluster, 60));
    let high = pod("", ", resources: {requests: {cpu: 6}}")
        .replace("spec:\n", "spec:\n  priorityClassName: high\n")
        .replace("name: web", "name: high");
    cluster.submit(command("apply -f file.yaml", &high));
    assert!(settle(&mut cluster, 120));
    let Some(Object::ReplicaSet(set)) = cluster.store().list(Kind::ReplicaSet, None).next() else {
        panic!("there is one");
    };
    let created = format!("SuccessfulCreate: Created pod: {}-", set.name());
    let sets = said(&cluster, Kind::ReplicaSet);
    assert_eq!(sets.len(), 2, "{sets:#?}");
    assert!(
        sets.iter().all(|said| said.starts_with(&created)),
        "{sets:#?}"
    );
    let high: Pod = get(&cluster, "high").expect("it is there");
    let preempted = format!("Preempted: Preempted by pod {} on node node-a", high.uid());
    let pods = said(&cluster, Kind::Pod);
    assert!(pods.contains(&preempted), "{pods:#?}");
}
