//! C8 and C9: a node that falls silent, and taints that send pods away.

use glassplane::api::{Kind, Node, Object, Pod, Typed};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, pods, settle, web};

const AGENT: &str = "---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
";

/// The second at which `is` came true of an object for the first time.
fn first(cluster: &Cluster, kind: Kind, is: impl Fn(&Object) -> bool) -> Option<u64> {
    let mut all = writes(cluster, kind);
    all.find(|(_, change)| is(&change.object))
        .map(|(at, _)| at.as_secs())
}

fn ready(node: &Node) -> &str {
    let mut conditions = node.status.conditions.iter().flatten();
    conditions
        .find(|each| each.type_ == "Ready")
        .map_or("", |ready| &ready.status)
}

fn has_taint(node: &Node, key: &str, effect: &str) -> bool {
    let mut taints = node.spec.taints.iter().flatten();
    taints.any(|taint| taint.key == key && taint.effect == effect)
}

fn on(cluster: &Cluster, node: &str) -> Vec<Pod> {
    pods(cluster)
        .into_iter()
        .filter(|pod| pod.spec.is_on(node))
        .collect()
}

#[test]
fn c8_a_dead_node_is_unknown_after_50_seconds_and_emptied_300_seconds_later() {
    let mut cluster = world(3, &[&web(3), AGENT].concat());
    assert!(settle(&mut cluster, 60));
    wait(&mut cluster, 30);
    cluster.submit(command("fault node-down node-b", ""));
    wait(&mut cluster, 1);
    let lease = writes(&cluster, Kind::Lease).filter(|(_, change)| &*change.key.name == "node-b");
    let renewed = lease.last().expect("it was renewed").0.as_secs();
    wait(&mut cluster, 600);
    let node = |object: &Object, is: &dyn Fn(&Node) -> bool| {
        object.name() == "node-b" && Node::of(object).is_some_and(is)
    };
    let unknown = first(&cluster, Kind::Node, |object| {
        node(object, &|node| ready(node) == "Unknown")
    });
    let unknown = unknown.expect("it was declared");
    // Looked at each 5 s: the first look after 50 s of silence.
    assert!(
        (renewed + 50..=renewed + 55).contains(&unknown),
        "{renewed} {unknown}"
    );
    let key = "node.kubernetes.io/unreachable";
    let tainted = |effect: &str| {
        first(&cluster, Kind::Node, |object| {
            node(object, &|node| has_taint(node, key, effect))
        })
        .expect(effect)
    };
    assert_eq!(
        (tainted("NoSchedule"), tainted("NoExecute")),
        (unknown, unknown + 5)
    );
    let unready = first(&cluster, Kind::Pod, |object| {
        Pod::of(object).is_some_and(|pod| {
            pod.spec.is_on("node-b")
                && pod
                    .condition("Ready")
                    .is_some_and(|ready| ready.status == "False" && ready.reason.is_none())
                && pod.phase() == "Running"
        })
    });
    assert_eq!(
        unready,
        Some(unknown),
        "its pods are not ready from then on"
    );
    let evicted = first(&cluster, Kind::Pod, Object::is_terminating);
    assert_eq!(evicted, Some(unknown + 305));
    // What is on the silent node stays as it is: nobody confirms.
    let there = on(&cluster, "node-b");
    let terminating = there.iter().filter(|pod| pod.is_terminating()).count();
    assert_eq!(
        (there.len(), terminating),
        (2, 1),
        "the pod of the DaemonSet stays"
    );
    assert_eq!(pods(&cluster).len(), 7, "another one was made elsewhere");
    let said = events(&cluster, Kind::Node);
    assert!(
        said.iter().any(|(at, reason, message)| {
            (*at, reason.as_str(), message.as_str())
                == (
                    unknown,
                    "NodeNotReady",
                    "Node node-b status is now: NodeNotReady",
                )
        }),
        "{said:?}"
    );
    cluster.submit(command("fault node-up node-b", ""));
    wait(&mut cluster, 60);
    assert_eq!(
        on(&cluster, "node-b")
            .iter()
            .filter(|pod| pod.is_terminating())
            .count(),
        0
    );
    assert_eq!(pods(&cluster).len(), 6);
    let back: Node = get(&cluster, "node-b").expect("it is there");
    assert_eq!(ready(&back), "True");
    assert!(back.spec.taints.iter().flatten().next().is_none());
}

fn tolerating(name: &str, tolerations: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  nodeSelector: {{kubernetes.io/hostname: node-a}}
  tolerations: [{tolerations}]
  containers: [{{name: app, image: 'nginx:1.27'}}]
"
    )
}

#[test]
fn c9_no_execute_sends_away_who_does_not_tolerate_it_and_others_when_their_time_is_up() {
    let manifests = [
        tolerating("none", ""),
        tolerating(
            "minute",
            "{key: keep, operator: Exists, effect: NoExecute, tolerationSeconds: 60}",
        ),
        tolerating("ever", "{key: keep, operator: Exists, effect: NoExecute}"),
    ]
    .join("---\n");
    let mut cluster = world(3, &manifests);
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "taint node node-a keep=out:NoSchedule");
    wait(&mut cluster, 60);
    assert_eq!(pods(&cluster).len(), 3, "NoSchedule sends nobody away");
    let now = cluster.now().as_secs();
    kubectl(&mut cluster, "taint node node-a keep=out:NoExecute");
    wait(&mut cluster, 200);
    let ending = |name: &str| {
        first(&cluster, Kind::Pod, |object| {
            object.name() == name && object.is_terminating()
        })
    };
    assert_eq!(
        (ending("none"), ending("minute"), ending("ever")),
        (Some(now), Some(now + 60), None)
    );
    let said = events(&cluster, Kind::Pod);
    let marked = said
        .iter()
        .filter(|(_, reason, _)| reason == "TaintManagerEviction");
    let marked: Vec<&str> = marked.map(|(_, _, message)| message.as_str()).collect();
    assert_eq!(
        marked,
        [
            "Marking for deletion Pod default/none",
            "Marking for deletion Pod default/minute"
        ]
    );
}

#[test]
fn c9_a_taint_that_goes_in_time_calls_the_eviction_off() {
    let manifest = tolerating(
        "minute",
        "{key: keep, operator: Exists, effect: NoExecute, tolerationSeconds: 60}",
    );
    let mut cluster = world(3, &manifest);
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "taint node node-a keep=out:NoExecute");
    wait(&mut cluster, 30);
    kubectl(&mut cluster, "taint node node-a keep-");
    wait(&mut cluster, 120);
    assert!(get::<Pod>(&cluster, "minute").is_some_and(|pod| !pod.is_terminating()));
}

#[test]
fn k9_cordon_uncordon_and_removal_of_a_node_are_said_of_it_by_kubelet_and_controller() {
    let mut cluster = world(3, &web(1));
    assert!(settle(&mut cluster, 60));
    for line in ["cordon node-b", "uncordon node-b", "delete node node-c"] {
        kubectl(&mut cluster, line);
        wait(&mut cluster, 15);
    }
    let told = writes(&cluster, Kind::Event).filter(|(_, change)| change.revision > cluster.born());
    let of_nodes = told.filter_map(|(_, change)| match &change.object {
        Object::Event(event) if event.spec.involved_object.kind.as_deref() == Some("Node") => {
            let source = event.spec.source.clone()?;
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            Some(format!(
                "{} {}: {}",
                text(&source.component),
                text(&event.spec.reason),
                text(&event.spec.message)
            ))
        }
        _ => None,
    });
    assert_eq!(
        of_nodes.collect::<Vec<_>>(),
        [
            "kubelet NodeNotSchedulable: Node node-b status is now: NodeNotSchedulable",
            "kubelet NodeSchedulable: Node node-b status is now: NodeSchedulable",
            "node-controller RemovingNode: Node node-c event: Removing Node node-c from Controller",
        ]
    );
}

#[test]
fn k9_each_node_begins_with_the_events_of_a_kubelet_that_starts() {
    let cluster = world(2, &web(1));
    for node in ["node-a", "node-b"] {
        let all = cluster.store().list(Kind::Event, None);
        let of_node = all.filter_map(|object| match object {
            Object::Event(event) if event.spec.involved_object.name.as_deref() == Some(node) => {
                event.spec.reason.clone()
            }
            _ => None,
        });
        let mut reasons: Vec<String> = of_node.collect();
        reasons.sort();
        let expected = [
            "NodeAllocatableEnforced",
            "NodeHasNoDiskPressure",
            "NodeHasSufficientMemory",
            "NodeHasSufficientPID",
            "RegisteredNode",
            "Starting",
        ];
        assert_eq!(reasons, expected, "{node}");
    }
}
