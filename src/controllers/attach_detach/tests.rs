//! What is attached where, and what is said of a volume that two nodes want.

use std::time::Duration;

use serde_json::{Value, json};

use super::ATTACH_DETACH;
use crate::api::{Key, Kind, Object};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::Change;

const NAME: &str = "kubernetes.io/csi/ebs.csi.aws.com^vol-1";

fn node(name: &str, ready: &str, attached: &[&str]) -> Object {
    let attached: Vec<Value> = attached
        .iter()
        .map(|name| json!({"name": name, "devicePath": ""}))
        .collect();
    let conditions = json!([{"type": "Ready", "status": ready}]);
    let status = json!({"conditions": conditions, "volumesAttached": attached});
    object(
        Kind::Node,
        json!({"metadata": {"name": name, "uid": name}, "status": status}),
    )
}

fn pod(name: &str, node: &str, second: u32) -> Object {
    let created = format!("2026-01-01T00:00:{second:02}Z");
    object(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "namespace": "default", "creationTimestamp": created},
            "spec": {"nodeName": node, "containers": [],
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
            "status": {"phase": "Pending"},
        }),
    )
}

/// A volume of a disk in the cloud, bound to the claim `data`.
fn disk(modes: &Value) -> [Object; 2] {
    let claim = json!({"name": "data", "namespace": "default"});
    [
        object(
            Kind::PersistentVolume,
            json!({"metadata": {"name": "pv-1"}, "spec": {
                "accessModes": modes, "claimRef": claim,
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}}),
        ),
        object(
            Kind::PersistentVolumeClaim,
            json!({"metadata": {"name": "data", "namespace": "default",
                    "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
                "spec": {"accessModes": modes, "volumeName": "pv-1"},
                "status": {"phase": "Bound"}}),
        ),
    ]
}

fn key(name: &str) -> Key {
    Key::new(Kind::Node, "", name)
}

fn bench(modes: &Value, others: &[Object]) -> Bench {
    let objects: Vec<Object> = disk(modes)
        .into_iter()
        .chain(others.iter().cloned())
        .collect();
    Bench::new(&ATTACH_DETACH, &objects)
}

fn alone() -> Value {
    json!(["ReadWriteOnce"])
}

#[test]
fn a_volume_is_attached_to_the_node_of_its_pod_after_a_second() {
    let others = [node("node-a", "True", &[]), pod("web", "node-a", 0)];
    let mut bench = bench(&alone(), &others);
    let plan = bench.plan(&key("node-a"));
    assert!(plan.actions.is_empty());
    assert_eq!(plan.look_again.map(|look| look.after.as_secs()), Some(1));
    bench.waiting_since = Some(bench.now);
    bench.wait(Duration::from_secs(1));
    let plan = bench.plan(&key("node-a"));
    assert_eq!(outlines(&plan), ["patch node node-a"]);
    let attached = json!({"status": {"volumesAttached": [{"name": NAME, "devicePath": ""}]}});
    assert_eq!(written(&plan.actions[0]), attached);
    let said = "SuccessfulAttachVolume AttachVolume.Attach succeeded for volume \"pv-1\" ";
    assert_eq!(messages(&plan), [said]);
}

#[test]
fn of_a_volume_for_one_node_the_second_is_told_once_who_has_it() {
    let holder = node("node-a", "True", &[NAME]);
    let others = [
        holder.clone(),
        node("node-b", "True", &[]),
        pod("first", "node-a", 0),
        pod("second", "node-b", 1),
    ];
    let mut bench = bench(&alone(), &others);
    let plan = bench.plan(&key("node-b"));
    assert!(plan.actions.is_empty() && plan.look_again.is_none());
    let said = "FailedAttachVolume Multi-Attach error for volume \"pv-1\" Volume is already used by \
                pod(s) first";
    assert_eq!(messages(&plan), [said]);
    bench.remembered = plan.remember;
    assert_eq!(messages(&bench.plan(&key("node-b"))), Vec::<String>::new());
    // When it is detached there, this node is looked at again.
    let free = changed(&holder, |node| {
        node["status"]["volumesAttached"] = json!([]);
    });
    let change = Change {
        before: Some(&holder),
        after: Some(&free),
    };
    let concerned = (ATTACH_DETACH.concerns)(&bench.caches, &change);
    assert_eq!(concerned, [key("node-a"), key("node-b")]);
}

#[test]
fn a_volume_whose_pod_was_removed_by_force_is_said_to_be_attached_to_one_node() {
    let others = [
        node("node-a", "Unknown", &[NAME]),
        node("node-b", "True", &[]),
        pod("second", "node-b", 1),
    ];
    let plan = bench(&alone(), &others).plan(&key("node-b"));
    let said = "FailedAttachVolume Multi-Attach error for volume \"pv-1\" Volume is already \
                exclusively attached to one node and can't be attached to another";
    assert_eq!(messages(&plan), [said]);
}

#[test]
fn a_volume_for_many_nodes_is_attached_to_each_and_one_for_one_to_the_older_pod() {
    for (modes, waits) in [(json!(["ReadWriteMany"]), true), (alone(), false)] {
        let others = [
            node("node-a", "True", &[]),
            node("node-b", "True", &[]),
            pod("second", "node-b", 1),
            pod("zero", "node-a", 0),
        ];
        let bench = bench(&modes, &others);
        assert!(bench.plan(&key("node-a")).look_again.is_some(), "{modes}");
        let plan = bench.plan(&key("node-b"));
        assert_eq!(plan.look_again.is_some(), waits, "{modes}");
        assert!(plan.is_empty(), "{modes}");
    }
}

#[test]
fn what_no_pod_uses_is_detached_at_once_and_from_a_silent_node_after_six_minutes() {
    let plan = bench(&alone(), &[node("node-a", "True", &[NAME])]).plan(&key("node-a"));
    assert_eq!(outlines(&plan), ["patch node node-a"]);
    let none = json!({"status": {"volumesAttached": []}});
    assert_eq!(written(&plan.actions[0]), none);
    let silent = node("node-a", "Unknown", &[NAME]);
    let out = changed(&silent, |node| {
        let taint = "node.kubernetes.io/out-of-service";
        node["spec"]["taints"] = json!([{"key": taint, "effect": "NoExecute"}]);
    });
    let plan = bench(&alone(), &[out]).plan(&key("node-a"));
    assert_eq!(outlines(&plan), ["patch node node-a"]);
    let mut bench = bench(&alone(), &[silent]);
    let plan = bench.plan(&key("node-a"));
    assert!(plan.actions.is_empty());
    assert_eq!(plan.look_again.map(|look| look.after.as_secs()), Some(360));
    bench.waiting_since = Some(bench.now);
    bench.wait(Duration::from_mins(6));
    assert_eq!(outlines(&bench.plan(&key("node-a"))), ["patch node node-a"]);
}
