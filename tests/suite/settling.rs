//! When a world has settled, what it waits for then, and where settling once more goes.

use std::time::Duration;

use glassplane::api::{Deployment, Kind, Namespace, Node, Object, Pod};
use glassplane::cluster::driver::{Driver, Order, Until};
use glassplane::cluster::{Cluster, ClusterConfig, Wait};
use glassplane::sim::Time;

use crate::worlds::{command, get, pods, settle};

const PROBED: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}
        livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}
";

const QUOTA: &str = "apiVersion: v1
kind: ResourceQuota
metadata: {name: small}
spec: {hard: {pods: '1'}}
---
";

const BUDGET: &str = "---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
";

const HELD: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: held, namespace: shop, finalizers: [example.com/hold]}
";

/// A world of three nodes in which the file is applied, settled after each line.
fn after(file: &str, lines: &[&str]) -> Cluster {
    let mut world = Cluster::new(ClusterConfig::with_nodes(7, 3));
    for line in ["apply -f file.yaml"].iter().chain(lines) {
        world.submit(command(line, file));
        assert!(settle(&mut world, 600), "{line} does not settle");
    }
    world
}

fn ready_condition(world: &Cluster, node: &str) -> String {
    let node: Node = get(world, node).expect("a node");
    let mut conditions = node.status.conditions.iter().flatten();
    let ready = conditions.find(|each| each.type_ == "Ready");
    ready
        .expect("nodes say whether they are ready")
        .status
        .clone()
}

fn unready(world: &Cluster) -> usize {
    let web: Deployment = get(world, "web").expect("a Deployment");
    let ready = web.status.ready_replicas.unwrap_or(0);
    usize::try_from(2 - ready).expect("no more than two")
}

fn restarts(pod: &Pod) -> i32 {
    let mut statuses = pod.status.container_statuses.iter().flatten();
    statuses.next().map_or(0, |status| status.restart_count)
}

fn told(world: &Cluster) -> String {
    world.first_wait_in_words().unwrap_or_default()
}

#[test]
fn a_world_settles_only_when_what_a_fault_did_has_been_found() {
    type Found = fn(&Cluster) -> bool;
    let table: [(&[&str], Found); 5] = [
        (&["fault fail-probe web readiness"], |world| {
            unready(world) == 1
        }),
        (
            &[
                "fault fail-probe web readiness",
                "fault mend-probe web readiness",
            ],
            |world| unready(world) == 0,
        ),
        (&["fault fail-probe web liveness"], |world| {
            pods(world).iter().any(|pod| restarts(pod) > 0)
        }),
        (&["fault fill-disk node-b 99"], |world| {
            let node: Node = get(world, "node-b").expect("a node");
            let mut conditions = node.status.conditions.iter().flatten();
            conditions.any(|each| each.type_ == "DiskPressure" && each.status == "True")
        }),
        (&["fault partition node-a", "fault heal node-a"], |world| {
            ready_condition(world, "node-a") == "True"
        }),
    ];
    for (lines, found) in table {
        let world = after(PROBED, lines);
        assert!(found(&world), "{lines:?} settled at {}", world.now());
    }
}

#[test]
fn settling_once_more_goes_to_the_moment_that_is_waited_for() {
    let crashing = PROBED.replace(
        "    metadata: {labels",
        "    metadata: {annotations: {glassplane.io/exits-after: 1s, glassplane.io/exit-code: '1'}, labels",
    );
    let mut driver = Driver::new(after(&crashing, &[]));
    for _ in 0..3 {
        let before = driver.snapshot().world;
        let waits = before.waits();
        let until = waits.iter().find(|wait| !wait.is_routine());
        let until = until.and_then(Wait::until).expect("a pod is in back-off");
        driver.obey(Order::Advance(Until::Settled));
        let world = driver.snapshot().world;
        assert!(world.now() >= until && world.now() < until + Duration::from_mins(1));
        assert!(world.is_settled());
    }
}

#[test]
fn what_depends_on_somebody_is_told_and_settling_once_more_stays() {
    let mut driver = Driver::new(after(PROBED, &["fault stop deployment-controller"]));
    let before = driver.snapshot().world.now();
    driver.obey(Order::Advance(Until::Settled));
    let snapshot = driver.snapshot();
    assert_eq!(snapshot.world.now(), before);
    let message = snapshot.message.expect("it says why");
    assert_eq!(message, "Settled, but deployment-controller is off.");
}

#[test]
fn pods_that_a_quota_refuses_are_waited_for() {
    let world = after(&format!("{QUOTA}{PROBED}"), &[]);
    let told = told(&world);
    assert!(told.starts_with("replicaset web-"), "{told}");
    let quota =
        ": exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1; again in";
    assert!(told.contains(quota), "{told}");
}

#[test]
fn c12_a_drain_that_a_budget_refuses_is_waited_for() {
    let file = format!("{PROBED}{BUDGET}");
    let mut world = after(&file, &[]);
    let node = pods(&world)[0].spec.node_name.clone();
    let line = format!("drain {}", node.as_deref().expect("it runs somewhere"));
    world.submit(command(&line, ""));
    assert!(settle(&mut world, 600));
    let told = told(&world);
    let words = format!(
        "kubectl {line} waits: Cannot evict pod as it would violate the pod's disruption budget."
    );
    assert!(told.starts_with(&words), "{told}");
    assert!(told.contains("; asks again in"), "{told}");
}

#[test]
fn c10_a_namespace_that_a_finalizer_holds_settles_and_says_what_it_waits_for() {
    let mut world = after(HELD, &["delete namespace shop --wait=false"]);
    assert!(world.now() < Time::from_secs(120), "{}", world.now());
    let namespace: Namespace = get(&world, "shop").expect("it is held");
    assert!(namespace.metadata.deletion_timestamp.is_some());
    let told = told(&world);
    assert!(told.contains("namespace shop in "), "{told}");
    assert!(
        told.ends_with("something in it is still held by its finalizers"),
        "{told}"
    );
    let patch =
        "patch configmap held -n shop --type=merge -p '{\"metadata\":{\"finalizers\":null}}'";
    world.submit(command(patch, ""));
    world.run_until(Duration::from_mins(1), |world| {
        let mut namespaces = world.store().list(Kind::Namespace, None);
        !namespaces.any(|object| object.name() == "shop")
    });
    assert!(
        !world
            .store()
            .iter()
            .any(|object: &Object| object.name() == "shop")
    );
}

/// A pod that behaves like this, with these fields in its spec.
fn pod(annotations: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: one, annotations: {{{annotations}}}}}\n\
         spec: {{containers: [{{name: one, image: 'nginx:1.27'}}], {spec}}}\n"
    )
}

#[test]
fn k7_a_pod_with_a_deadline_is_waited_for_until_it_is_over() {
    let world = after(&pod("", "activeDeadlineSeconds: 30"), &[]);
    let pods = pods(&world);
    let status = &pods[0].status;
    assert_eq!(status.reason.as_deref(), Some("DeadlineExceeded"));
    assert!(world.now() < Time::from_secs(60), "{}", world.now());
}

#[test]
fn nobody_waits_for_the_end_of_what_has_ended_before() {
    let long = pod("glassplane.io/exits-after: 500s", "restartPolicy: Never");
    let world = after(&long, &["delete pod one"]);
    // The first settling waits for the end of its work.
    assert!(world.now() < Time::from_secs(560), "{}", world.now());
    let mut world = Cluster::new(ClusterConfig::with_nodes(7, 3));
    world.submit(command("apply -f file.yaml", &long));
    world.run_until(Duration::from_secs(10), |_| false);
    world.submit(command("delete pod one", ""));
    assert!(settle(&mut world, 60), "{}", world.now());
}

#[test]
fn what_ends_and_starts_for_ever_is_not_waited_for() {
    let annotations = "glassplane.io/exits-after: 601s, glassplane.io/exit-code: '1'";
    let mut world = Cluster::new(ClusterConfig::with_nodes(7, 3));
    world.submit(command("apply -f file.yaml", &pod(annotations, "")));
    assert!(settle(&mut world, 3 * 60 * 60), "{}", world.now());
    assert!(restarts(&pods(&world)[0]) > 5);
}
