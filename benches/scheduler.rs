//! What one decision costs, by the number of nodes; each has ten pods.

use divan::Bencher;
use divan::counter::ItemsCount;
use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::scheduler::{Configuration, DEFAULT_SCHEDULER, Snapshot, schedule};
use glassplane::sim::Random;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [10, 100, 1_000, 5_000];

fn pod(name: &str, node: Option<&str>, affinity: &Value) -> Object {
    let value = json!({
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "nodeName": node,
            "affinity": affinity,
            "containers": [{
                "name": "web",
                "image": "nginx:1.27",
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            }],
        },
    });
    Object::from_value(Kind::Pod, value).expect("a pod")
}

fn cluster(nodes: usize) -> Snapshot {
    let template = pod("template", None, &Value::Null);
    let template = Pod::of(&template).expect("a pod");
    let mut snapshot = Snapshot::default();
    for number in 0..nodes {
        let name = format!("node-{number}");
        let value = json!({
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": format!("zone-{}", number % 3),
            }},
            "status": {"allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110"}},
        });
        let node = Object::from_value(Kind::Node, value).expect("a node");
        snapshot.apply(None, Some(&node));
        for count in 0..10 {
            let mut pod = template.clone();
            pod.metadata_mut().name = Some(format!("pod-{number}-{count}"));
            snapshot.assume(&pod, &name);
        }
    }
    snapshot
}

fn decide(bencher: Bencher<'_, '_>, nodes: usize, affinity: &Value) {
    let snapshot = cluster(nodes);
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    let incoming = pod("incoming", None, affinity);
    let incoming = Pod::of(&incoming).expect("a pod");
    let mut random = Random::stream(1, "bench");
    bencher.bench_local(|| schedule(incoming, &snapshot, profile, &mut random, 0));
}

#[divan::bench(args = SIZES)]
fn plain_pod(bencher: Bencher<'_, '_>, nodes: usize) {
    decide(bencher, nodes, &Value::Null);
}

/// The pod wants a node without pods of another application, of which there are none.
#[divan::bench(args = SIZES)]
fn pod_with_required_anti_affinity(bencher: Bencher<'_, '_>, nodes: usize) {
    let term = json!({
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app": "db"}},
    });
    let affinity = json!({"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [term],
    }});
    decide(bencher, nodes, &affinity);
}

/// Each pod takes its place before the next is decided; the items of the counter are pods.
#[divan::bench(args = SIZES, sample_count = 5)]
fn hundred_pods_one_after_the_other(bencher: Bencher<'_, '_>, nodes: usize) {
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    let incoming = pod("incoming", None, &Value::Null);
    let incoming = Pod::of(&incoming).expect("a pod");
    let full = cluster(nodes);
    bencher
        .counter(ItemsCount::new(100_usize))
        .with_inputs(|| full.clone())
        .bench_local_values(|mut snapshot| {
            let mut random = Random::stream(1, "bench");
            let mut start = 0;
            for number in 0..100 {
                let mut pod = incoming.clone();
                pod.metadata_mut().name = Some(format!("incoming-{number}"));
                let decision = schedule(&pod, &snapshot, profile, &mut random, start);
                start = decision.next_start(start);
                if let Some(node) = decision.winner() {
                    snapshot.assume(&pod, node);
                }
            }
            snapshot
        });
}
