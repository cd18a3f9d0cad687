//! What things weigh: the column "max alloc" is the answer. By itself, as counting slows down what
//! other benches measure.

use std::sync::Arc;
use std::time::Duration;

use divan::{AllocProfiler, Bencher};
use glassplane::api::{Kind, Object, Typed};
use glassplane::cluster::{Cluster, ClusterConfig, Command, Files};
use glassplane::store::{Precondition, Store};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const TEXT: &str = include_str!("../assets/manifests/web.yaml");

fn main() {
    divan::main();
}

fn world(nodes: usize, pods: u32) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, nodes));
    let text = TEXT
        .replace("replicas: 2", &format!("replicas: {pods}"))
        .replace("cpu: 250m", "cpu: 10m");
    let files = Files::from([("web.yaml".to_owned(), text.as_bytes().into())]);
    let apply = Command::parse("apply -f web.yaml", &Arc::new(files));
    cluster.submit(apply.expect("a command"));
    cluster
}

/// A thousand pods that run, as they stand in the store of their world.
fn thousand_pods() -> Vec<Object> {
    let mut cluster = world(100, 1_000);
    assert!(cluster.run_until(Duration::from_hours(1), Cluster::is_settled));
    cluster.store().list(Kind::Pod, None).cloned().collect()
}

/// The pod with its own metadata and status; the spec is that of its template, as in the world.
fn apart(object: &Object) -> Object {
    let Object::Pod(pod) = object else {
        return object.clone();
    };
    let mut pod = pod.clone();
    pod.metadata = Arc::new((*pod.metadata).clone());
    pod.spec = Arc::new((*pod.spec).clone());
    pod.status = Arc::new((*pod.status).clone());
    pod.into_object()
}

fn store_of(pods: &[Object]) -> Store {
    let mut store = Store::new();
    for pod in pods {
        store
            .put(apart(pod), Precondition::Absent)
            .expect("nothing is there yet");
    }
    store
}

/// The pods in a store, each with its one entry in the log of changes.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_thousand_pods_at_rest(bencher: Bencher<'_, '_>) {
    let pods = thousand_pods();
    bencher.bench_local(|| store_of(&pods));
}

/// A new status for each pod; the store keeps the old one too, for whoever watches.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_thousand_more_revisions(bencher: Bencher<'_, '_>) {
    let pods = thousand_pods();
    bencher
        .with_inputs(|| store_of(&pods))
        .bench_local_values(|mut store| {
            for pod in &pods {
                let revision = store.get(&pod.key()).map_or(0, Object::revision);
                store
                    .put(apart(pod), Precondition::Revision(revision))
                    .expect("nobody else writes");
            }
            store
        });
}

/// The default scenario at rest: mostly heartbeats, all of them in the trace.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_thousand_steps_of_the_default_scenario(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| world(3, 3))
        .bench_local_values(|mut cluster| {
            for _ in 0..1_000 {
                cluster.step();
            }
            cluster
        });
}

/// Everything that a world with as many pods holds when they run: stores, caches, trace.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn a_world_with_a_thousand_pods(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| world(100, 1_000))
        .bench_local_values(|mut cluster| {
            cluster.run_until(Duration::from_hours(1), Cluster::is_settled);
            cluster
        });
}
