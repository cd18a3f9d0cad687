//! What the world costs: its start, its steps, a copy of it, a jump into the past.

use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use glassplane::cluster::runs::Runs;
use glassplane::cluster::{Cluster, ClusterConfig, Command, Files, History};
use glassplane::sim::RecordId;

fn main() {
    divan::main();
}

fn deployment(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec:\n      containers:\n      - {{name: web, image: nginx:1.27, resources: {{requests: \
         {{cpu: 10m, memory: 16Mi}}}}}}\n"
    )
}

fn world(nodes: usize, replicas: u32) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, nodes));
    let text: Arc<[u8]> = Arc::from(deployment(replicas).as_bytes());
    let files = Arc::new(Files::from([("web.yaml".to_owned(), text)]));
    cluster.submit(Command::parse("apply -f web.yaml", &files).expect("a command"));
    cluster
}

#[divan::bench]
fn start_of_the_default_world() -> Cluster {
    Cluster::new(ClusterConfig::default())
}

/// 100,000 steps of the default scenario: three nodes, three pods, then heartbeats.
#[divan::bench(sample_count = 5)]
fn a_hundred_thousand_steps(bencher: Bencher) {
    bencher
        .with_inputs(|| world(3, 3))
        .bench_local_values(|mut cluster| {
            for _ in 0..100_000 {
                cluster.step();
            }
            cluster
        });
}

/// The same where each new record pushes an old one over the horizon.
#[divan::bench(sample_count = 5)]
fn a_hundred_thousand_steps_at_the_horizon(bencher: Bencher) {
    let config = ClusterConfig {
        records_most: 10_000,
        ..ClusterConfig::with_nodes(7, 3)
    };
    bencher
        .with_inputs(|| {
            let mut cluster = Cluster::new(config.clone());
            while cluster.trace().horizon() == RecordId(0) {
                cluster.step();
            }
            cluster
        })
        .bench_local_values(|mut cluster| {
            for _ in 0..100_000 {
                cluster.step();
            }
            cluster
        });
}

/// Everything from the request to the last Ready.
#[divan::bench(args = [(10, 100), (100, 1_000), (5_000, 10_000)], sample_count = 3)]
fn pods_to_running(bencher: Bencher, (nodes, pods): (usize, u32)) {
    bencher
        .with_inputs(|| world(nodes, pods))
        .bench_local_values(|mut cluster| {
            let settled = cluster.run_until(Duration::from_hours(1), Cluster::is_settled);
            assert!(settled, "the pods run within an hour");
            cluster
        });
}

#[divan::bench]
fn a_copy_of_a_world_with_a_thousand_pods(bencher: Bencher) {
    let mut cluster = world(100, 1_000);
    cluster.run_until(Duration::from_hours(1), Cluster::is_settled);
    bencher.bench_local(|| cluster.clone());
}

#[divan::bench]
fn a_jump_into_a_history_of_a_hundred_thousand_steps(bencher: Bencher) {
    let mut cluster = world(3, 3);
    let mut history = History::starting_at(&cluster);
    for _ in 0..100_000 {
        cluster.step();
        history.keep(&cluster);
    }
    let mut step = 0;
    bencher.bench_local(|| {
        step = (step + 37_813) % 100_000;
        history.at(step, &cluster)
    });
}

/// Another run from the middle of a history of 100,000 steps: the copies that a fork makes. Making the
/// moment again is a jump.
#[divan::bench]
fn a_fork_in_a_history_of_a_hundred_thousand_steps(bencher: Bencher) {
    let mut runs = Runs::starting_at(world(3, 3));
    for _ in 0..100_000 {
        runs.shown_mut().step();
    }
    let moment = runs.shown().at(50_000);
    bencher
        .with_inputs(|| runs.clone())
        .bench_local_values(|mut runs| {
            runs.fork(&moment, None);
            runs
        });
}
