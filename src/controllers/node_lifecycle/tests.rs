//! C8: how silence is noticed and what follows.

use std::time::Duration;

use serde_json::{Value, json};

use super::NODE_LIFECYCLE;
use crate::api::{Key, Kind, Object};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::{Change, Plan};

fn node(name: &str, change: impl FnOnce(&mut Value)) -> Object {
    let node = object(
        Kind::Node,
        json!({
            "metadata": {"name": name, "uid": name, "resourceVersion": "7",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"topology.kubernetes.io/zone": "a"}},
            "status": {"conditions": [
                {"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-01-01T00:05:00Z",
                 "lastTransitionTime": "2026-01-01T00:01:00Z"},
                {"type": "MemoryPressure", "status": "False"},
                {"type": "DiskPressure", "status": "False"},
                {"type": "PIDPressure", "status": "False"}]},
        }),
    );
    changed(&node, change)
}

fn down(name: &str, status: &str, since: &str, taints: &Value) -> Object {
    node(name, |node| {
        let ready = &mut node["status"]["conditions"][0];
        ready["status"] = json!(status);
        ready["lastTransitionTime"] = json!(since);
        node["spec"]["taints"] = taints.clone();
    })
}

fn lease(name: &str) -> Object {
    object(
        Kind::Lease,
        json!({"metadata": {"name": name, "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": name}}),
    )
}

fn pod(name: &str, node: &str) -> Object {
    object(
        Kind::Pod,
        json!({"metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": node, "containers": []},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True",
                "lastTransitionTime": "2026-01-01T00:02:00Z"}]}}),
    )
}

fn key(name: &str) -> Key {
    Key::new(Kind::Node, "", name)
}

fn suspicious(bench: &Bench) -> Vec<String> {
    let periodic = NODE_LIFECYCLE.periodic.as_ref().expect("a monitor");
    let profile = crate::sim::Profile::kubernetes_1_34();
    (periodic.keys)(&bench.caches, bench.now, &profile)
        .iter()
        .map(|key| key.name.to_string())
        .collect()
}

fn taints(plan: &Plan) -> Vec<String> {
    let patch = plan
        .actions
        .iter()
        .find(|action| action.verb.name() == "patch");
    let body = patch.map(written).unwrap_or_default();
    body["spec"]["taints"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|taint| {
            let text = |field: &str| taint[field].as_str().unwrap_or_default().to_owned();
            format!(
                "{}:{}",
                text("key").replace("node.kubernetes.io/", ""),
                text("effect")
            )
        })
        .collect()
}

#[test]
fn c8_a_node_is_unknown_after_50_seconds_without_a_lease() {
    let objects = [
        node("node-a", |_| {}),
        lease("node-a"),
        pod("web", "node-a"),
    ];
    let mut bench = Bench::new(&NODE_LIFECYCLE, &objects);
    bench.wait(Duration::from_secs(50));
    assert_eq!(suspicious(&bench), Vec::<String>::new());
    bench.wait(Duration::from_nanos(1));
    assert_eq!(suspicious(&bench), ["node-a"]);
    let plan = bench.plan(&key("node-a"));
    assert_eq!(outlines(&plan), ["status node node-a", "status pod web"]);
    let conditions = &written(&plan.actions[0])["status"]["conditions"];
    for place in 0..4 {
        assert_eq!(conditions[place]["status"], "Unknown");
        assert_eq!(conditions[place]["reason"], "NodeStatusUnknown");
        assert_eq!(
            conditions[place]["message"],
            "Kubelet stopped posting node status."
        );
    }
    let condition = &written(&plan.actions[1])["status"]["conditions"][0];
    assert_eq!(condition["status"], "False");
    assert_eq!(
        messages(&plan),
        [
            "NodeNotReady Node node-a status is now: NodeNotReady",
            "NodeNotReady Node is not ready",
            "RegisteredNode Node node-a event: Registered Node node-a in Controller",
        ]
    );
}

#[test]
fn c8_the_arrival_of_the_lease_counts_and_a_relist_of_the_same_is_none() {
    let objects = [node("node-a", |_| {}), lease("node-a")];
    let mut bench = Bench::new(&NODE_LIFECYCLE, &objects);
    bench.wait(Duration::from_secs(40));
    bench.see(&objects);
    bench.wait(Duration::from_secs(11));
    assert_eq!(suspicious(&bench), ["node-a"]);
    let renewed = changed(&objects[1], |lease| {
        lease["spec"]["renewTime"] = json!("2026-01-01T00:10:50.000000Z");
    });
    bench.see(&[objects[0].clone(), renewed]);
    assert_eq!(suspicious(&bench), Vec::<String>::new());
}

#[test]
fn c8_unknown_is_tainted_no_schedule_at_once_and_no_execute_at_the_next_look() {
    let unknown = |taints| down("node-a", "Unknown", "2026-01-01T00:10:00Z", &taints);
    let well = node("node-b", |_| {});
    let mut bench = Bench::new(&NODE_LIFECYCLE, &[unknown(json!([])), well.clone()]);
    let plan = bench.plan(&key("node-a"));
    assert_eq!(taints(&plan), ["unreachable:NoSchedule"]);
    assert_eq!(
        written(&plan.actions[0])["metadata"]["resourceVersion"],
        "7"
    );
    let first = json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}]);
    bench.see(&[unknown(first), well]);
    bench.wait(Duration::from_secs(5));
    assert_eq!(suspicious(&bench), ["node-a", "node-b"]);
    let plan = bench.plan(&key("node-a"));
    assert_eq!(
        taints(&plan),
        ["unreachable:NoSchedule", "unreachable:NoExecute"]
    );
}

#[test]
fn c8_a_node_that_is_back_loses_its_taints_and_keeps_those_of_others() {
    let back = node("node-a", |node| {
        node["spec"]["taints"] = json!([
            {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
            {"key": "dedicated", "value": "db", "effect": "NoSchedule"}]);
    });
    let plan = Bench::new(&NODE_LIFECYCLE, &[back, lease("node-a")]).plan(&key("node-a"));
    assert_eq!(taints(&plan), ["dedicated:NoSchedule"]);
}

#[test]
fn c8_a_cordoned_node_is_tainted_unschedulable() {
    let cordoned = node("node-a", |node| node["spec"]["unschedulable"] = json!(true));
    let plan = Bench::new(&NODE_LIFECYCLE, &[cordoned, lease("node-a")]).plan(&key("node-a"));
    assert_eq!(taints(&plan), ["unschedulable:NoSchedule"]);
}

#[test]
fn c8_when_nothing_answers_nobody_is_evicted() {
    let objects = [
        down("node-a", "Unknown", "2026-01-01T00:09:00Z", &json!([])),
        down("node-b", "Unknown", "2026-01-01T00:09:00Z", &json!([])),
    ];
    let plan = Bench::new(&NODE_LIFECYCLE, &objects).plan(&key("node-a"));
    assert_eq!(taints(&plan), ["unreachable:NoSchedule"]);
}

#[test]
fn c8_nodes_of_one_zone_are_emptied_ten_seconds_apart() {
    let mut objects = vec![
        down("node-a", "Unknown", "2026-01-01T00:09:00Z", &json!([])),
        down("node-b", "Unknown", "2026-01-01T00:09:01Z", &json!([])),
    ];
    objects.extend(["c", "d"].map(|name| node(name, |_| {})));
    let mut bench = Bench::new(&NODE_LIFECYCLE, &objects);
    let both = ["unreachable:NoSchedule", "unreachable:NoExecute"];
    assert_eq!(taints(&bench.plan(&key("node-a"))), both);
    assert_eq!(taints(&bench.plan(&key("node-b"))), both[..1]);
    objects[0] = down(
        "node-a",
        "Unknown",
        "2026-01-01T00:09:00Z",
        &json!([
        {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute",
         "timeAdded": "2026-01-01T00:10:00Z"}]),
    );
    bench.see(&objects);
    bench.wait(Duration::from_secs(9));
    assert_eq!(taints(&bench.plan(&key("node-b"))), both[..1]);
    bench.wait(Duration::from_secs(1));
    assert_eq!(taints(&bench.plan(&key("node-b"))), both);
}

#[test]
fn c8_leases_and_heartbeats_concern_nobody() {
    let bench = Bench::new(&NODE_LIFECYCLE, &[]);
    let concerns = |before: &Object, after: &Object| {
        let change = Change {
            before: Some(before),
            after: Some(after),
        };
        (NODE_LIFECYCLE.concerns)(&bench.caches, &change).len()
    };
    let well = node("node-a", |_| {});
    let beat = node("node-a", |node| {
        node["status"]["conditions"][0]["lastHeartbeatTime"] = json!("2026-01-01T00:10:00Z");
    });
    let ill = down("node-a", "False", "2026-01-01T00:10:00Z", &json!([]));
    assert_eq!(concerns(&lease("node-a"), &lease("node-a")), 0);
    assert_eq!(concerns(&well, &beat), 0);
    assert_eq!(concerns(&well, &ill), 1);
}

#[test]
fn c8_a_node_is_greeted_once_and_what_is_deleted_is_seen_off() {
    let node = node("node-a", |_| {});
    let mut bench = Bench::new(&NODE_LIFECYCLE, &[node.clone(), lease("node-a")]);
    let plan = bench.plan(&key("node-a"));
    let greeting = "RegisteredNode Node node-a event: Registered Node node-a in Controller";
    assert_eq!(messages(&plan), [greeting]);
    bench.remembered = plan.remember;
    assert_eq!(messages(&bench.plan(&key("node-a"))), Vec::<String>::new());
    let change = Change {
        before: Some(&node),
        after: None,
    };
    let concerned = (NODE_LIFECYCLE.concerns)(&bench.caches, &change);
    assert_eq!(concerned, [key("node-a")]);
    let gone = Bench::new(&NODE_LIFECYCLE, &[]).plan(&key("node-a"));
    let farewell = "RemovingNode Node node-a event: Removing Node node-a from Controller";
    assert_eq!(messages(&gone), [farewell]);
}
