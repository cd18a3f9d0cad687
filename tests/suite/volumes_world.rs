//! Claims and volumes in the world: the binder, the scheduler's PreBind, the pretend provisioner.

use std::time::Duration;

use glassplane::api::{Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, meta};
use glassplane::cluster::{Cluster, ClusterConfig, Detail};
use serde_json::Value;

use crate::worlds::{command, get, pods, settle};

fn applied(nodes: usize, text: &str) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(5, nodes));
    cluster.submit(command("apply -f file.yaml", text));
    cluster
}

fn settled(nodes: usize, text: &str) -> Cluster {
    let mut cluster = applied(nodes, text);
    assert!(settle(&mut cluster, 120), "it does not settle");
    cluster
}

fn claim(name: &str, class: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\n\
         spec: {{accessModes: [ReadWriteOnce], storageClassName: '{class}', resources: {{requests: {{storage: 2Gi}}}}}}\n"
    )
}

fn class(name: &str, provisioner: &str, mode: &str) -> String {
    format!(
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}}}\n\
         provisioner: {provisioner}\nvolumeBindingMode: {mode}\n"
    )
}

fn user(name: &str, claim: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers: [{{name: c, image: nginx}}]\n  \
         volumes: [{{name: d, persistentVolumeClaim: {{claimName: {claim}}}}}]\n"
    )
}

/// A volume on one node.
fn local(name: &str, size: &str, node: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\nspec:\n  \
         accessModes: [ReadWriteOnce]\n  capacity: {{storage: {size}}}\n  storageClassName: local\n  \
         local: {{path: /disk}}\n  nodeAffinity:\n    required:\n      nodeSelectorTerms:\n      \
         - matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{node}]}}]\n"
    )
}

fn claim_phase(cluster: &Cluster, name: &str) -> String {
    let claim: PersistentVolumeClaim = get(cluster, name).expect("the claim");
    claim.status.phase.clone().unwrap_or_default()
}

fn volume_phase(cluster: &Cluster, name: &str) -> String {
    let volume: Option<PersistentVolume> = get(cluster, name);
    volume.map_or_else(
        || "gone".to_owned(),
        |volume| volume.status.phase.clone().unwrap_or_default(),
    )
}

/// Reasons and messages of the events about an object, in the order of their times.
fn events(cluster: &Cluster, name: &str) -> Vec<(String, String)> {
    let mut events: Vec<Value> = cluster
        .store()
        .list(Kind::Event, None)
        .map(Object::to_value)
        .filter(|event| event["involvedObject"]["name"] == name)
        .collect();
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    events.sort_by_key(|event| text(event, "firstTimestamp"));
    let pairs = events.iter();
    pairs
        .map(|event| (text(event, "reason"), text(event, "message")))
        .collect()
}

fn reasons(cluster: &Cluster, name: &str) -> Vec<String> {
    let events = events(cluster, name).into_iter();
    events.map(|(reason, _)| reason).collect()
}

const CASSANDRA: &str = include_str!("../manifests/cassandra/cassandra-statefulset.yaml");

#[test]
fn the_stateful_set_of_the_cassandra_tutorial_gets_a_volume_for_each_pod() {
    let cluster = settled(3, CASSANDRA);
    let all = pods(&cluster);
    assert_eq!(all.len(), 3);
    for pod in &all {
        assert!(pod.is_ready(), "{}", pod.name());
        let name = format!("cassandra-data-{}", pod.name());
        let claim: PersistentVolumeClaim = get(&cluster, &name).expect("its claim");
        assert_eq!(claim.status.phase.as_deref(), Some("Bound"));
        let volume = claim.spec.volume_name.clone().expect("bound");
        assert_eq!(volume, format!("pvc-{}", claim.uid()));
        assert_eq!(volume_phase(&cluster, &volume), "Bound");
    }
}

#[test]
fn without_its_class_the_pod_stays_pending_with_the_message_of_kubernetes() {
    let (set, _) = CASSANDRA
        .split_once("kind: StorageClass")
        .expect("it has a class");
    let set = set.rsplit_once("---").expect("a document").0;
    let cluster = settled(3, set);
    let pod: Pod = get(&cluster, "cassandra-0").expect("the first pod");
    assert_eq!(pod.status.phase.as_deref(), Some("Pending"));
    let told = events(&cluster, "cassandra-0");
    let expected =
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
    assert!(
        told.contains(&("FailedScheduling".to_owned(), expected.to_owned())),
        "{told:?}"
    );
    let told = events(&cluster, "cassandra-data-cassandra-0");
    let expected = "storageclass.storage.k8s.io \"fast\" not found";
    assert!(
        told.contains(&("ProvisioningFailed".to_owned(), expected.to_owned())),
        "{told:?}"
    );
    assert_eq!(pods(&cluster).len(), 1, "the others wait for the first");
}

#[test]
fn a_class_that_waits_gets_its_volume_where_its_pod_goes() {
    let ebs = class("ebs", "ebs.csi.aws.com", "WaitForFirstConsumer");
    let cluster = settled(3, &(ebs + &claim("data", "ebs")));
    assert_eq!(claim_phase(&cluster, "data"), "Pending");
    assert_eq!(reasons(&cluster, "data"), ["WaitForFirstConsumer"]);
    let mut cluster = cluster;
    cluster.submit(command("apply -f file.yaml", &user("web", "data")));
    assert!(settle(&mut cluster, 60));
    let pod: Pod = get(&cluster, "web").expect("the pod");
    let node = pod.spec.node_name.as_deref().expect("it has a node");
    let claim: PersistentVolumeClaim = get(&cluster, "data").expect("the claim");
    let selected = meta::annotation(&claim.metadata, "volume.kubernetes.io/selected-node");
    assert_eq!(selected, Some(node));
    let mut seen = reasons(&cluster, "data");
    seen.sort();
    seen.dedup();
    assert_eq!(
        seen,
        [
            "ExternalProvisioning",
            "Provisioning",
            "ProvisioningSucceeded",
            "WaitForFirstConsumer"
        ]
    );
    let volume: PersistentVolume =
        get(&cluster, claim.spec.volume_name.as_deref().expect("bound")).expect("the volume");
    let zone = cluster
        .store()
        .get(&Key::new(Kind::Node, "", node))
        .expect("the node")
        .to_value()["metadata"]["labels"]["topology.kubernetes.io/zone"]
        .clone();
    let terms = serde_json::to_value(&volume.spec.node_affinity).expect("JSON");
    let values = &terms["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"];
    assert_eq!(values, &serde_json::json!([zone]));
}

#[test]
fn s8_a_pod_is_bound_only_after_its_volumes_and_looks_for_them_each_second() {
    let ebs = class("ebs", "ebs.csi.aws.com", "WaitForFirstConsumer");
    let cluster = settled(3, &(ebs + &claim("data", "ebs") + &user("web", "data")));
    let trace = cluster.trace();
    let of_pod: Vec<(u64, String)> = trace
        .iter()
        .filter(|record| {
            matches!(record.detail, Detail::Scheduler(_))
                && record.object().is_some_and(|key| &*key.name == "web")
        })
        .map(|record| (record.time.as_millis(), record.sentence()))
        .collect();
    let at = |text: &str| {
        let found = of_pod.iter().find(|(_, sentence)| sentence.contains(text));
        found
            .unwrap_or_else(|| panic!("{text} is not in {of_pod:?}"))
            .0
    };
    let began = at("sees to the volumes");
    let bound = at("volumes of pod default/web are bound");
    assert!(at("binds pod default/web to") >= bound);
    let asks = |value: &Value| {
        value["actor"] == "kube-scheduler"
            && value["kind"] == "api.request"
            && value["detail"]["path"] == "/api/v1/namespaces/default/persistentvolumeclaims/data"
    };
    let mut records = cluster.trace().iter();
    let written = records.find(|record| asks(&record.to_value()));
    let written = written.map(|record| record.time.as_millis());
    let written = written.expect("the scheduler writes the claim");
    assert!(began <= written && written < bound);
    // The volume takes a second to be made, so the second look finds it.
    assert!((1900..=2200).contains(&(bound - began)), "{began} {bound}");
}

#[test]
fn a_local_volume_is_reserved_by_the_scheduler_and_bound_by_the_binder() {
    let class = class(
        "local",
        "kubernetes.io/no-provisioner",
        "WaitForFirstConsumer",
    );
    let volumes = local("small", "1Gi", "node-a")
        + &local("fits", "3Gi", "node-b")
        + &local("large", "9Gi", "node-b");
    let two = claim("one", "local")
        + &claim("two", "local")
        + &user("first", "one")
        + &user("second", "two");
    let cluster = settled(3, &(class + &volumes + &two));
    for pod in ["first", "second"] {
        let pod: Pod = get(&cluster, pod).expect("the pod");
        assert_eq!(pod.spec.node_name.as_deref(), Some("node-b"));
    }
    let named = |claim: &str| {
        let claim: PersistentVolumeClaim = get(&cluster, claim).expect("the claim");
        claim.spec.volume_name.clone().unwrap_or_default()
    };
    let mut taken = [named("one"), named("two")];
    taken.sort();
    assert_eq!(taken, ["fits", "large"], "no volume is given away twice");
    assert_eq!(volume_phase(&cluster, "small"), "Available");
}

#[test]
fn where_nobody_makes_the_volume_the_pod_is_given_back_after_ten_minutes() {
    let class = class("odd", "odd.example", "WaitForFirstConsumer");
    let mut cluster = applied(2, &(class + &claim("data", "odd") + &user("web", "data")));
    assert!(settle(&mut cluster, 60), "to wait is no work");
    assert_eq!(claim_phase(&cluster, "data"), "Pending");
    cluster.run_until(Duration::from_secs(620), |_| false);
    let told = events(&cluster, "web");
    let expected =
        "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded";
    assert!(
        told.contains(&("FailedScheduling".to_owned(), expected.to_owned())),
        "{told:?}"
    );
    let pod: Pod = get(&cluster, "web").expect("the pod");
    let scheduled = pod.condition("PodScheduled").expect("a condition");
    assert_eq!(scheduled.reason.as_deref(), Some("SchedulerError"));
    assert_eq!(pod.spec.node_name, None);
}

#[test]
fn a_claim_that_is_used_stays_until_its_pod_is_gone_and_then_its_volume_goes() {
    let now = class("now", "k8s.io/minikube-hostpath", "Immediate");
    let mut cluster = settled(2, &(now + &claim("data", "now") + &user("web", "data")));
    let claim: PersistentVolumeClaim = get(&cluster, "data").expect("the claim");
    let volume = claim.spec.volume_name.clone().expect("bound");
    cluster.submit(command("delete pvc data --wait=false", ""));
    cluster.run_until(Duration::from_secs(30), |_| false);
    let claim: PersistentVolumeClaim = get(&cluster, "data").expect("it is used");
    assert!(claim.is_terminating());
    assert_eq!(volume_phase(&cluster, &volume), "Bound");
    cluster.submit(command("delete pod web --wait=false", ""));
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(get::<PersistentVolumeClaim>(&cluster, "data"), None);
    assert_eq!(volume_phase(&cluster, &volume), "gone");
}

#[test]
fn a_kept_volume_is_released_with_its_claim_and_taken_by_no_other() {
    let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: kept}\nspec: {accessModes: [ReadWriteOnce], capacity: {storage: 3Gi}, hostPath: {path: /data}}\n";
    let mut cluster = settled(1, &(volume.to_owned() + &claim("data", "")));
    assert_eq!(volume_phase(&cluster, "kept"), "Bound");
    cluster.submit(command("delete pv kept --wait=false", ""));
    cluster.run_until(Duration::from_secs(20), |_| false);
    assert_eq!(volume_phase(&cluster, "kept"), "Bound", "it is protected");
    cluster.submit(command("delete pvc data", ""));
    assert!(settle(&mut cluster, 60));
    assert_eq!(
        volume_phase(&cluster, "kept"),
        "gone",
        "nothing holds it any more"
    );

    let mut cluster = settled(1, &(volume.to_owned() + &claim("data", "")));
    cluster.submit(command("delete pvc data", ""));
    assert!(settle(&mut cluster, 60));
    assert_eq!(volume_phase(&cluster, "kept"), "Released");
    cluster.submit(command("apply -f file.yaml", &claim("data", "")));
    assert!(settle(&mut cluster, 60));
    assert_eq!(claim_phase(&cluster, "data"), "Pending");
    assert_eq!(
        reasons(&cluster, "data").last().map(String::as_str),
        Some("FailedBinding")
    );
}

/// A pod on one node that mounts what a claim stands for.
fn mounting(name: &str, node: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  nodeSelector: \
         {{kubernetes.io/hostname: {node}}}\n  containers: [{{name: c, image: 'nginx:1', volumeMounts: \
         [{{name: d, mountPath: /d}}]}}]\n  volumes: [{{name: d, persistentVolumeClaim: {{claimName: \
         disk}}}}]\n"
    )
}

/// Two nodes of a zone, a disk of the cloud, and a pod that has it on the first.
fn with_disk() -> Cluster {
    let class = class("fast", "ebs.csi.aws.com", "Immediate");
    settled(
        4,
        &[class, claim("disk", "fast"), mounting("first", "node-a")].concat(),
    )
}

fn say(cluster: &mut Cluster, line: &str, file: &str) {
    cluster.submit(command(line, file));
}

fn phase(cluster: &Cluster, name: &str) -> String {
    let pod: Option<Pod> = get(cluster, name);
    pod.map_or_else(|| "gone".to_owned(), |pod| pod.phase().to_owned())
}

fn attached(cluster: &Cluster, node: &str) -> usize {
    let node: glassplane::api::Node = get(cluster, node).expect("it is there");
    node.status.volumes_attached.iter().flatten().count()
}

#[test]
fn a_disk_is_attached_to_a_second_node_only_when_the_first_has_let_go_of_it() {
    let mut cluster = with_disk();
    assert_eq!(phase(&cluster, "first"), "Running");
    let claim: PersistentVolumeClaim = get(&cluster, "disk").expect("the claim");
    let volume = claim.spec.volume_name.clone().expect("bound");
    let done = format!("AttachVolume.Attach succeeded for volume \"{volume}\" ");
    let attaching = ("SuccessfulAttachVolume".to_owned(), done);
    assert!(events(&cluster, "first").contains(&attaching));
    say(
        &mut cluster,
        "apply -f file.yaml",
        &mounting("second", "node-d"),
    );
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(phase(&cluster, "second"), "Pending");
    assert_eq!(
        (attached(&cluster, "node-a"), attached(&cluster, "node-d")),
        (1, 0)
    );
    let why = "Volume is already used by pod(s) first";
    let refused = format!("Multi-Attach error for volume \"{volume}\" {why}");
    let told = events(&cluster, "second");
    let refusals = told
        .iter()
        .filter(|(reason, _)| reason == "FailedAttachVolume");
    assert_eq!(refusals.map(|(_, why)| why).collect::<Vec<_>>(), [&refused]);
    say(&mut cluster, "delete pod first", "");
    cluster.run_until(Duration::from_mins(2), |_| false);
    assert_eq!(phase(&cluster, "second"), "Running");
    assert_eq!(
        (attached(&cluster, "node-a"), attached(&cluster, "node-d")),
        (0, 1)
    );
    assert!(events(&cluster, "second").contains(&attaching));
}

#[test]
fn a_disk_leaves_a_dead_node_six_minutes_after_its_pod_was_removed_by_force() {
    let mut cluster = with_disk();
    say(&mut cluster, "fault node-down node-a", "");
    cluster.run_until(Duration::from_mins(1), |_| false);
    say(
        &mut cluster,
        "delete pod first --force --grace-period=0",
        "",
    );
    say(
        &mut cluster,
        "apply -f file.yaml",
        &mounting("second", "node-d"),
    );
    cluster.run_until(Duration::from_secs(350), |_| false);
    assert_eq!(
        (attached(&cluster, "node-a"), attached(&cluster, "node-d")),
        (1, 0)
    );
    assert_eq!(phase(&cluster, "second"), "Pending");
    cluster.run_until(Duration::from_secs(20), |_| false);
    assert_eq!(
        (attached(&cluster, "node-a"), attached(&cluster, "node-d")),
        (0, 1)
    );
    cluster.run_until(Duration::from_secs(130), |_| false);
    assert_eq!(phase(&cluster, "second"), "Running");
}
