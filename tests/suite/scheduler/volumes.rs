//! Pods go where their volumes are, or can be.

use glassplane::api::{Kind, Object};
use glassplane::scheduler::{Decision, Snapshot, volume_plan};
use serde_json::{Value, json};

use super::{as_pod, decide, node, object, placed, pod};

const ZONE: &str = "topology.kubernetes.io/zone";

fn user(claim: &str) -> Object {
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": claim}});
    pod("web", "1", json!({"spec": {"volumes": [volume]}}))
}

fn claim(name: &str, size: &str, fields: &Value) -> Object {
    let mut value = json!({"spec": {
        "storageClassName": "late",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
    }});
    json_patch::merge(&mut value, fields);
    object(Kind::PersistentVolumeClaim, name, value)
}

fn bound(claim_name: &str, volume: &str) -> Object {
    let fields = json!({"spec": {"volumeName": volume}, "status": {"phase": "Bound"}});
    claim(claim_name, "1Gi", &fields)
}

fn volume(name: &str, size: &str, zone: &str, fields: &Value) -> Object {
    let term = json!({"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]});
    let mut value = json!({
        "spec": {
            "storageClassName": "late",
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": size},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
        "status": {"phase": "Available"},
    });
    json_patch::merge(&mut value, fields);
    object(Kind::PersistentVolume, name, value)
}

fn class(name: &str, mode: &str, provisioner: &str) -> Object {
    let fields = json!({"volumeBindingMode": mode, "provisioner": provisioner});
    object(Kind::StorageClass, name, fields)
}

fn cluster(more: Vec<Object>) -> Snapshot {
    let in_zone =
        |name: &str, zone: &str| node(name, json!({"metadata": {"labels": {ZONE: zone}}}));
    let base = [
        in_zone("node-a", "a"),
        in_zone("node-b", "b"),
        class(
            "late",
            "WaitForFirstConsumer",
            "kubernetes.io/no-provisioner",
        ),
        class("made", "WaitForFirstConsumer", "disk.example"),
        class("now", "Immediate", "disk.example"),
    ];
    Snapshot::from_objects(base.into_iter().chain(more))
}

fn message(decision: &Decision) -> &str {
    decision.message().unwrap_or("it fits")
}

#[test]
fn a_pod_whose_claim_is_not_ready_is_refused_before_any_node() {
    let deleted = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    let cases = [
        (vec![], "persistentvolumeclaim \"data\" not found"),
        (
            vec![claim(
                "data",
                "1Gi",
                &json!({"spec": {"storageClassName": "now"}}),
            )],
            "pod has unbound immediate PersistentVolumeClaims",
        ),
        (
            vec![claim("data", "1Gi", &deleted)],
            "persistentvolumeclaim \"data\" is being deleted",
        ),
        (
            vec![claim(
                "data",
                "1Gi",
                &json!({"spec": {"volumeName": "pv"}, "status": {"phase": "Lost"}}),
            )],
            "persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"pv\"",
        ),
    ];
    for (more, reason) in cases {
        let decision = decide(&user("data"), &cluster(more));
        let refused = decision.pre_filter().expect("refused outright");
        assert_eq!(refused.refusal.message(), reason);
        let all = format!("0/2 nodes are available: {reason}. not found");
        assert_eq!(message(&decision), all);
    }
}

#[test]
fn a_pod_follows_its_bound_volume() {
    let snapshot = cluster(vec![
        bound("data", "pv"),
        volume("pv", "1Gi", "b", &json!({})),
    ]);
    let decision = decide(&user("data"), &snapshot);
    assert_eq!(decision.winner().map(|node| &**node), Some("node-b"));
    let (_, refused) = decision.verdicts().next().expect("the first node");
    let refused = refused.expect("it cannot reach the volume");
    assert_eq!(
        (refused.plugin, refused.refusal.message().as_str()),
        (
            "VolumeBinding",
            "node(s) didn't match PersistentVolume's node affinity"
        )
    );
}

#[test]
fn a_waiting_claim_takes_the_smallest_volume_that_suits_it_on_the_node() {
    let snapshot = cluster(vec![
        claim("data", "5Gi", &json!({})),
        volume("small", "1Gi", "a", &json!({})),
        volume("fits", "5Gi", "b", &json!({})),
        volume("large", "9Gi", "b", &json!({})),
        volume(
            "taken",
            "5Gi",
            "a",
            &json!({"spec": {"claimRef": {"name": "x", "namespace": "default"}}}),
        ),
        volume(
            "used",
            "5Gi",
            "a",
            &json!({"status": {"phase": "Released"}}),
        ),
    ]);
    let web = user("data");
    let decision = decide(&web, &snapshot);
    assert_eq!(decision.winner().map(|node| &**node), Some("node-b"));
    let plan = volume_plan(as_pod(&web), &snapshot, "node-b").expect("it fits");
    let chosen: Vec<&str> = plan
        .bindings
        .iter()
        .map(|(_, volume)| volume.name())
        .collect();
    assert_eq!(chosen, ["fits"]);
    assert!(volume_plan(as_pod(&web), &snapshot, "node-a").is_none());
    let reasons = decision.to_expected_value()["rejected"]["node-a"]["reasons"].take();
    assert_eq!(
        reasons,
        json!(["node(s) didn't find available persistent volumes to bind"])
    );
}

#[test]
fn a_claim_without_a_volume_is_provisioned_where_its_class_can() {
    let of_class = |annotation: Value| {
        let fields =
            json!({"metadata": {"annotations": annotation}, "spec": {"storageClassName": "made"}});
        claim("data", "1Gi", &fields)
    };
    let web = user("data");
    let snapshot = cluster(vec![of_class(json!({}))]);
    let plan = volume_plan(as_pod(&web), &snapshot, "node-a").expect("it fits");
    assert_eq!((plan.bindings.len(), plan.provisions.len()), (0, 1));
    let selected = of_class(json!({"volume.kubernetes.io/selected-node": "node-b"}));
    let decision = decide(&web, &cluster(vec![selected]));
    assert_eq!(decision.winner().map(|node| &**node), Some("node-b"));
}

#[test]
fn a_claim_for_one_pod_is_not_shared() {
    let alone = json!({"spec": {"accessModes": ["ReadWriteOncePod"]}});
    let mut claim = bound("data", "pv").to_value();
    json_patch::merge(&mut claim, &alone);
    let claim = Object::from_value(Kind::PersistentVolumeClaim, claim).expect("a claim");
    let other = json!({"spec": {"volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
    ]}});
    let more = vec![
        claim,
        volume("pv", "1Gi", "b", &json!({})),
        placed("other", "1", "node-a", other),
    ];
    let decision = decide(&user("data"), &cluster(more));
    let reason = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
    assert!(
        message(&decision).contains(&format!("2 {reason}")),
        "{}",
        message(&decision)
    );
}

#[test]
fn labels_of_a_volume_keep_the_pod_in_its_zone() {
    let fields = json!({
        "metadata": {"labels": {ZONE: "b__c"}},
        "spec": {"nodeAffinity": null},
    });
    let snapshot = cluster(vec![bound("data", "pv"), volume("pv", "1Gi", "b", &fields)]);
    let value = decide(&user("data"), &snapshot).to_expected_value();
    assert_eq!(value["rejected"]["node-a"]["plugin"], "VolumeZone");
    assert_eq!(value["best"], json!(["node-b"]));
}

#[test]
fn a_node_takes_no_more_volumes_of_a_driver_than_it_can_attach() {
    let csi = |name: &str| {
        let source = json!({"driver": "disk.example", "volumeHandle": name});
        volume(
            name,
            "1Gi",
            "a",
            &json!({"spec": {"csi": source, "nodeAffinity": null}}),
        )
    };
    let limited = node(
        "node-a",
        json!({"status": {"allocatable": {"attachable-volumes-csi-disk.example": "1"}}}),
    );
    let other = json!({"spec": {"volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "one"}},
    ]}});
    let snapshot = Snapshot::from_objects([
        limited,
        csi("one"),
        csi("two"),
        bound("one", "one"),
        bound("two", "two"),
        placed("other", "1", "node-a", other),
    ]);
    let value = decide(&user("two"), &snapshot).to_expected_value();
    let reasons = &value["rejected"]["node-a"]["reasons"];
    assert_eq!(reasons, &json!(["node(s) exceed max volume count"]));
    assert_eq!(
        decide(&user("one"), &snapshot).winner().map(|node| &**node),
        Some("node-a")
    );
}
