//! C3, C4 and C5: whose pods there are, how many, in which order.

use glassplane::api::{Kind, Object, Pod, Typed, meta};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, pods, settle};

/// `ADDED web-0`, `READY web-0`, `ENDING web-0` and `DELETED web-0`, in the order of the writes.
fn lives(cluster: &Cluster) -> Vec<String> {
    let mut lives = Vec::new();
    for (_, change) in writes(cluster, Kind::Pod) {
        let Object::Pod(pod) = &change.object else {
            continue;
        };
        let before = change.previous.as_ref().and_then(Pod::of);
        let kind = change.change_type.to_string();
        let became = |is: fn(&Pod) -> bool| is(pod) && !before.is_some_and(is);
        let word = match kind.as_str() {
            "MODIFIED" if became(Pod::is_terminating) => "ENDING",
            "MODIFIED" if became(Pod::is_ready) => "READY",
            "MODIFIED" => continue,
            other => other,
        };
        lives.push(format!("{word} {}", pod.name()));
    }
    lives
}

fn names(cluster: &Cluster) -> Vec<String> {
    pods(cluster)
        .iter()
        .map(|pod| pod.name().to_owned())
        .collect()
}

const ORPHAN: &str = "apiVersion: v1
kind: Pod
metadata: {name: orphan, labels: {app: web}}
spec: {containers: [{name: web, image: 'nginx:1.27'}]}
";

fn replica_set(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1
kind: ReplicaSet
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: 'nginx:1.27'}}]}}
"
    )
}

#[test]
fn c3_a_replica_set_adopts_what_matches_and_releases_what_matches_no_longer() {
    let mut cluster = world(3, ORPHAN);
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("apply -f file.yaml", &replica_set(3)));
    assert!(settle(&mut cluster, 60));
    let orphan: Pod = get(&cluster, "orphan").expect("it stays");
    let owner = meta::controller_of(&orphan.metadata).expect("it was adopted");
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("ReplicaSet", "web")
    );
    assert_eq!(pods(&cluster).len(), 3, "two were created beside it");
    kubectl(&mut cluster, "label pod orphan app=other --overwrite");
    assert!(settle(&mut cluster, 60));
    let orphan: Pod = get(&cluster, "orphan").expect("it stays");
    assert!(meta::controller_of(&orphan.metadata).is_none());
    assert_eq!(pods(&cluster).len(), 4, "another one took its place");
}

#[test]
fn c3_creates_go_out_in_batches_of_one_two_four_and_what_is_left() {
    let mut cluster = world(3, &replica_set(9));
    assert!(settle(&mut cluster, 60));
    let mut batches: Vec<(u64, usize)> = Vec::new();
    for record in cluster.trace().iter() {
        let is_create = record.kind().name() == "api.request"
            && record.actor.to_string() == "replicaset-controller"
            && record.sentence() == "asks: POST /api/v1/namespaces/default/pods";
        let at = record.time.as_nanos();
        match batches.last_mut() {
            _ if !is_create => {}
            Some((last, count)) if *last == at => *count += 1,
            _ => batches.push((at, 1)),
        }
    }
    let sizes: Vec<usize> = batches.iter().map(|(_, count)| *count).collect();
    assert_eq!(sizes, [1, 2, 4, 2]);
}

#[test]
fn c3_a_refusal_ends_the_creates_with_its_batch() {
    let quota = "apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {pods: '2'}}
";
    let mut cluster = world(3, quota);
    wait(&mut cluster, 1);
    cluster.submit(command("apply -f file.yaml", &replica_set(9)));
    wait(&mut cluster, 1);
    assert_eq!(pods(&cluster).len(), 2);
    let said = events(&cluster, Kind::ReplicaSet);
    let failed = said.iter().find(|(_, reason, _)| reason == "FailedCreate");
    let (_, _, message) = failed.expect("it was told");
    let forbidden =
        "is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2";
    assert!(
        message.starts_with("Error creating: pods \"web-") && message.ends_with(forbidden),
        "{message}"
    );
}

#[test]
fn c3_of_five_pods_the_cheapest_and_the_ones_that_are_not_ready_go_first() {
    let mut cluster = world(5, &replica_set(5));
    assert!(settle(&mut cluster, 60));
    let names = names(&cluster);
    let cost = "annotate pod NAME controller.kubernetes.io/pod-deletion-cost=-5";
    kubectl(&mut cluster, &cost.replace("NAME", &names[3]));
    wait(&mut cluster, 1);
    kubectl(&mut cluster, "scale rs/web --replicas=4");
    assert!(settle(&mut cluster, 60));
    let ended = lives(&cluster)
        .into_iter()
        .rfind(|life| life.starts_with("ENDING"));
    assert_eq!(ended, Some(format!("ENDING {}", names[3])));
    // A pod that no node takes goes before all that run, and at once.
    kubectl(&mut cluster, "cordon node-a node-b node-c node-d node-e");
    wait(&mut cluster, 1);
    kubectl(&mut cluster, "scale rs/web --replicas=5");
    wait(&mut cluster, 5);
    let added = lives(&cluster).pop().expect("it was created");
    kubectl(&mut cluster, "scale rs/web --replicas=4");
    assert!(settle(&mut cluster, 60));
    let gone = lives(&cluster).pop().expect("one went");
    assert_eq!(added.replace("ADDED", "DELETED"), gone);
}

fn stateful_set(policy: &str) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{clusterIP: None, selector: {{app: db}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 3
  podManagementPolicy: {policy}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec: {{containers: [{{name: db, image: 'postgres:17'}}]}}
"
    )
}

#[test]
fn c4_ordinals_come_one_at_a_time_each_after_the_one_before_is_ready_and_go_in_reverse() {
    let mut cluster = world(3, &stateful_set("OrderedReady"));
    assert!(settle(&mut cluster, 120));
    let up = [
        "ADDED db-0",
        "READY db-0",
        "ADDED db-1",
        "READY db-1",
        "ADDED db-2",
        "READY db-2",
    ];
    assert_eq!(lives(&cluster), up);
    kubectl(&mut cluster, "scale sts/db --replicas=1");
    assert!(settle(&mut cluster, 120));
    let down = ["ENDING db-2", "DELETED db-2", "ENDING db-1", "DELETED db-1"];
    assert_eq!(lives(&cluster)[6..], down);
}

#[test]
fn c4_parallel_pods_wait_for_nobody() {
    let mut cluster = world(3, &stateful_set("Parallel"));
    assert!(settle(&mut cluster, 120));
    assert_eq!(
        lives(&cluster)[..3],
        ["ADDED db-0", "ADDED db-1", "ADDED db-2"]
    );
}

#[test]
fn c4_an_update_goes_from_the_top_down_to_the_partition() {
    let mut cluster = world(3, &stateful_set("OrderedReady"));
    assert!(settle(&mut cluster, 120));
    let body = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}"#;
    kubectl(&mut cluster, &format!("patch sts db -p '{body}'"));
    wait(&mut cluster, 1);
    kubectl(&mut cluster, "set image sts/db db=postgres:18");
    assert!(settle(&mut cluster, 300));
    assert_eq!(
        lives(&cluster)[6..],
        [
            "ENDING db-2",
            "DELETED db-2",
            "ADDED db-2",
            "READY db-2",
            "ENDING db-1",
            "DELETED db-1",
            "ADDED db-1",
            "READY db-1",
        ]
    );
    let images: Vec<Option<String>> = pods(&cluster)
        .iter()
        .map(|pod| pod.spec.containers[0].image.clone())
        .collect();
    let image = |tag: &str| Some(format!("postgres:{tag}"));
    assert_eq!(images, [image("17"), image("18"), image("18")]);
}

#[test]
fn c4_a_pod_that_never_gets_ready_blocks_those_after_it() {
    let broken = stateful_set("OrderedReady").replace(
        "metadata: {labels: {app: db}}",
        "metadata: {labels: {app: db}, annotations: {glassplane.io/fails-readiness: '0s..'}}",
    );
    let broken = broken.replace(
        "image: 'postgres:17'",
        "image: 'postgres:17', readinessProbe: {tcpSocket: {port: 5432}}",
    );
    let mut cluster = world(3, &broken);
    wait(&mut cluster, 600);
    assert_eq!(lives(&cluster), ["ADDED db-0"]);
}

const DAEMON_SET: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
";

#[test]
fn c5_each_fitting_node_has_one_pod_that_the_scheduler_bound() {
    let mut cluster = world(3, DAEMON_SET);
    assert!(settle(&mut cluster, 60));
    let mut nodes: Vec<String> = pods(&cluster)
        .iter()
        .filter_map(|pod| pod.spec.node_name.as_deref().map(str::to_owned))
        .collect();
    nodes.sort();
    assert_eq!(nodes, ["node-a", "node-b", "node-c"]);
    for pod in pods(&cluster) {
        let value = pod.clone().into_object().to_value();
        let pin = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0";
        let pin = value.pointer(pin).expect("it is pinned");
        assert_eq!(pin["key"], "metadata.name");
        assert_eq!(pin["values"][0].as_str(), pod.spec.node_name.as_deref());
    }
    let said = events(&cluster, Kind::Pod);
    let bound = said
        .iter()
        .filter(|(_, reason, _)| reason == "Scheduled")
        .count();
    assert_eq!(bound, 3);
    // A node that is closed keeps its pod; a taint that is not tolerated sends it away.
    kubectl(&mut cluster, "cordon node-a");
    assert!(settle(&mut cluster, 60));
    assert_eq!(pods(&cluster).len(), 3);
    kubectl(&mut cluster, "taint node node-b keep=out:NoExecute");
    assert!(settle(&mut cluster, 60));
    assert_eq!(pods(&cluster).len(), 2);
    kubectl(&mut cluster, "taint node node-b keep-");
    assert!(settle(&mut cluster, 60));
    assert_eq!(pods(&cluster).len(), 3);
}

#[test]
fn c5_an_update_replaces_one_pod_after_the_other() {
    let mut cluster = world(3, DAEMON_SET);
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "set image ds/agent agent=agent:2");
    let mut least = 3;
    cluster.run_until(std::time::Duration::from_secs(200), |cluster| {
        let up = pods(cluster)
            .iter()
            .filter(|pod| pod.is_ready() && !pod.is_terminating())
            .count();
        least = least.min(up);
        cluster.is_settled()
    });
    assert_eq!(least, 2);
    let images: Vec<Option<String>> = pods(&cluster)
        .iter()
        .map(|pod| pod.spec.containers[0].image.clone())
        .collect();
    assert_eq!(images, vec![Some("agent:2".to_owned()); 3]);
}
