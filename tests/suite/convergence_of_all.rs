//! The same of a world in which every kind of workload runs, and every loop that keeps it is upset.

use std::collections::BTreeSet;
use std::time::Duration;

use glassplane::api::{
    DaemonSet, EndpointSlice, Job, Kind, Pod, PodDisruptionBudget, StatefulSet, Typed, meta,
};
use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::sim::Random;

use crate::convergence::come_to_rest;
use crate::worlds::{broken_promises, command, get, pods, ready, web};

/// Beside the Deployment `web`: a Service and a budget for its pods, and one workload of each kind.
const OTHERS: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'postgres:17'}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  completions: 3
  parallelism: 2
  backoffLimit: 50
  template:
    metadata: {annotations: {glassplane.io/exits-after: 20s}}
    spec: {restartPolicy: Never, containers: [{name: sum, image: 'sum:1'}]}
";

/// Who is upset.
const VICTIMS: [&str; 11] = [
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "endpointslice-controller",
    "disruption-controller",
    "garbage-collector",
    "kube-scheduler",
    "kubelet/node-c",
    "kube-proxy/node-a",
];

/// How.
const UPSETS: [&str; 6] = [
    "fault restart VICTIM",
    "fault cut-watch VICTIM",
    "fault drop-events VICTIM 3",
    "fault duplicate-events VICTIM 5",
    "fault reorder-events VICTIM 3",
    "fault delay-watch VICTIM 3s",
];

fn one<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[usize::try_from(random.below(of.len() as u64)).expect("a small number")]
}

/// What happens next: mostly a loop is upset, now and then a node or what is asked for.
fn trouble(random: &mut Random, wanted: &mut [u32; 2]) -> String {
    match random.below(8) {
        0 => one(random, &["fault node-down node-a", "fault node-up node-a"]).to_owned(),
        1 => {
            wanted[0] = 1 + u32::try_from(random.below(6)).expect("a small number");
            format!("scale deployment/web --replicas={}", wanted[0])
        }
        2 => {
            wanted[1] = 1 + u32::try_from(random.below(3)).expect("a small number");
            format!("scale statefulset/db --replicas={}", wanted[1])
        }
        _ => {
            let victim = one(random, &VICTIMS);
            let kinds = if victim.starts_with("kubelet") {
                &UPSETS[1..]
            } else {
                &UPSETS[..]
            };
            one(random, kinds).replace("VICTIM", victim)
        }
    }
}

fn check(seed: u64) {
    let mut random = Random::stream(seed, "troubles of all");
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(seed, 4));
    cluster.submit(command("apply -f file.yaml", &[&web(2), OTHERS].concat()));
    let mut wanted = [2, 2];
    for _ in 0..10 {
        let pause = Duration::from_millis(random.below(15_000));
        cluster.run_until(pause, |_| false);
        let line = trouble(&mut random, &mut wanted);
        cluster.submit(command(&line, ""));
    }
    cluster.submit(command("fault node-up node-a", ""));
    come_to_rest(&mut cluster, seed);
    assert_eq!(
        broken_promises(&cluster),
        Vec::<String>::new(),
        "seed {seed}"
    );
    let [web, db] = wanted.map(|number| i32::try_from(number).expect("small"));
    assert_eq!(ready(&cluster, "web"), web, "seed {seed}");
    let set: StatefulSet = get(&cluster, "db").expect("it is there");
    assert_eq!(set.status.ready_replicas, Some(db), "seed {seed}");
    let daemons: DaemonSet = get(&cluster, "agent").expect("it is there");
    assert_eq!(daemons.status.number_ready, 4, "seed {seed}");
    let job: Job = get(&cluster, "sum").expect("it is there");
    let mut conditions = job.status.conditions.iter().flatten();
    assert!(
        conditions.any(|each| each.type_ == "Complete"),
        "seed {seed}"
    );
    assert_eq!(job.status.succeeded, Some(3), "seed {seed}");
    let budget: PodDisruptionBudget = get(&cluster, "web").expect("it is there");
    assert_eq!(budget.status.current_healthy, web, "seed {seed}");
    check_pods(&cluster, seed, wanted);
}

/// There are the pods that are wanted and no others, and the Service sends to those of `web`.
fn check_pods(cluster: &Cluster, seed: u64, [web, db]: [u32; 2]) {
    let all = pods(cluster);
    let of = |app: &str| -> Vec<&Pod> {
        let label = |pod: &Pod| meta::labels(&pod.metadata).get("app").cloned();
        let living = all.iter().filter(|pod| !pod.is_finished());
        living
            .filter(|pod| label(pod).as_deref() == Some(app))
            .collect()
    };
    let count = |app: &str| u32::try_from(of(app).len()).expect("small");
    assert_eq!(
        [count("web"), count("db"), count("agent")],
        [web, db, 4],
        "seed {seed}"
    );
    let mut names: Vec<&str> = of("db").into_iter().map(Pod::name).collect();
    names.sort_unstable();
    let ordinals: Vec<String> = (0..db).map(|ordinal| format!("db-{ordinal}")).collect();
    assert_eq!(names, ordinals, "seed {seed}");
    let nodes: BTreeSet<_> = of("agent")
        .into_iter()
        .map(|pod| pod.spec.node_name.clone())
        .collect();
    assert_eq!(nodes.len(), 4, "seed {seed}");
    let is_held = |pod: &&Pod| pod.metadata.finalizers.iter().flatten().next().is_some();
    let held = all.iter().filter(|pod| pod.is_finished()).filter(is_held);
    assert_eq!(held.count(), 0, "seed {seed}: a pod waits to be counted");
    let slices = cluster.store().list(Kind::EndpointSlice, Some("default"));
    let endpoints = slices
        .filter_map(EndpointSlice::of)
        .flat_map(|slice| &slice.spec.endpoints);
    let mut sent_to: Vec<String> = endpoints
        .filter(|each| each.conditions.as_ref().and_then(|each| each.ready) == Some(true))
        .filter_map(|each| each.target_ref.as_ref()?.uid.clone())
        .collect();
    let mut there: Vec<String> = of("web")
        .into_iter()
        .map(|pod| pod.uid().to_owned())
        .collect();
    sent_to.sort();
    there.sort();
    assert_eq!(sent_to, there, "seed {seed}");
}

#[test]
fn convergence_of_all_loops_seeds_0_to_59() {
    (0..60).for_each(check);
}

#[test]
fn convergence_of_all_loops_seeds_60_to_119() {
    (60..120).for_each(check);
}

/// The full size; the figure goes into the closing notes.
#[test]
#[ignore = "takes minutes; run it with --ignored"]
fn convergence_of_all_loops_seeds_120_to_1119() {
    (120..1_120).for_each(check);
}

/// The event that its own finalizer is gone is lost: the pod counts once all the same.
#[test]
fn convergence_of_all_loops_seed_562() {
    check(562);
}
