//! A kubelet is a process of its machine: it stops and starts, and what runs there runs on.

use std::time::Duration;

use glassplane::api::{Kind, Node, Object, Pod};
use glassplane::cluster::Cluster;

use crate::worlds::{command, get, pods, settle, with_web};

/// A settled world of three nodes with three pods.
fn settled() -> Cluster {
    let mut cluster = with_web(7, 3, 3);
    assert!(settle(&mut cluster, 120));
    cluster
}

#[test]
fn k8_what_runs_on_a_node_runs_on_without_its_kubelet_and_is_the_same_when_it_comes_back() {
    for (off, on) in [
        ("stop", Some("start")),
        ("pause", Some("resume")),
        ("restart", None),
    ] {
        let mut cluster = settled();
        let before = pods(&cluster);
        let nodes: Vec<String> = before
            .iter()
            .filter_map(|pod| pod.spec.node_name.clone().map(|node| node.to_string()))
            .collect();
        let node = &nodes[0];
        for word in std::iter::once(off).chain(on) {
            cluster.submit(command(&format!("fault {word} kubelet/{node}"), ""));
            cluster.run_until(Duration::from_secs(20), |_| false);
        }
        let after = pods(&cluster);
        let told = |pods: &[Pod]| -> Vec<(String, i32)> {
            let restarts = |pod: &Pod| {
                let statuses = pod.status.container_statuses.iter().flatten();
                statuses.map(|status| status.restart_count).sum()
            };
            pods.iter()
                .map(|pod| (pod.uid().to_owned(), restarts(pod)))
                .collect()
        };
        assert_eq!(told(&after), told(&before), "{off}");
    }
}

#[test]
fn k8_a_stopped_kubelet_is_silent_even_when_its_pods_change() {
    let mut cluster = settled();
    let node = pods(&cluster)[0].spec.node_name.clone().expect("it runs");
    cluster.submit(command(&format!("fault stop kubelet/{node}"), ""));
    cluster.run_until(Duration::from_mins(3), |_| false);
    let is_unready = |pod: &Pod| {
        let mut conditions = pod.status.conditions.iter().flatten();
        conditions.any(|each| each.type_ == "Ready" && each.status == "False")
    };
    let there = |cluster: &Cluster| -> Vec<Pod> {
        let all = pods(cluster).into_iter();
        all.filter(|pod| pod.spec.node_name.as_deref() == Some(&*node))
            .collect()
    };
    assert!(there(&cluster).iter().all(is_unready), "it says nothing");
    cluster.submit(command(&format!("fault start kubelet/{node}"), ""));
    cluster.run_until(Duration::from_secs(30), |_| false);
    assert!(!there(&cluster).iter().any(is_unready), "it speaks again");
}

#[test]
fn k8_a_kubelet_that_starts_makes_its_node_again_and_says_once_that_it_starts() {
    let mut cluster = settled();
    for line in [
        "fault node-down node-b",
        "delete node node-b",
        "fault node-up node-b",
    ] {
        cluster.submit(command(line, ""));
        cluster.run_until(Duration::from_secs(20), |_| false);
    }
    let node: Node = get(&cluster, "node-b").expect("it is there again");
    let mut conditions = node.status.conditions.iter().flatten();
    assert!(conditions.any(|each| each.type_ == "Ready" && each.status == "True"));
    let events = cluster.store().list(Kind::Event, None);
    let said = events.filter_map(|object| match object {
        Object::Event(event) if event.spec.message.as_deref() == Some("Starting kubelet.") => {
            Some(event)
        }
        _ => None,
    });
    let of_node = said.filter(|event| event.spec.involved_object.name.as_deref() == Some("node-b"));
    let counts: Vec<i32> = of_node.map(|event| event.spec.count.unwrap_or(1)).collect();
    assert_eq!(counts, [1, 1], "at the beginning, and when it came back");
}
