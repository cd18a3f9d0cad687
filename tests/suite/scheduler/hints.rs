//! A pod that fits nowhere is tried again after the events that can help, and after no others.

use std::collections::BTreeSet;

use glassplane::api::{Kind, Object};
use glassplane::scheduler::{ClusterEvent, Configuration, Queue, QueueTimes, changes};
use glassplane::sim::Time;
use serde_json::{Value, json};

use super::{as_pod, node, object, placed, pod};

/// What happens to an object, and whether that wakes the pod.
type Case = (Option<Object>, Option<Object>, bool);

/// Tells queues in which `waiting` was refused by the plugin of each case.
fn check(waiting: &Object, plugin: &'static str, cases: Vec<Case>) {
    let configuration = Configuration::default();
    for (old, new, expected) in cases {
        let mut queue = Queue::new(QueueTimes::default());
        queue.add(as_pod(waiting), &configuration, Time::START);
        let popped = queue.pop().expect("the only pod");
        let refused = BTreeSet::from([plugin]);
        queue.put_back(&popped.key, refused, &configuration, Time::START);
        let (old, new) = (old.as_ref(), new.as_ref());
        let mut woken = false;
        for change in changes(old, new) {
            let event = ClusterEvent { change, old, new };
            woken |= !queue.notice(&event, &configuration, Time::START).is_empty();
        }
        assert_eq!(woken, expected, "{plugin}\n  {old:?}\n  {new:?}");
    }
}

fn came(object: Object, helps: bool) -> Case {
    (None, Some(object), helps)
}

fn went(object: Object, helps: bool) -> Case {
    (Some(object), None, helps)
}

fn changed(old: Object, new: Object, helps: bool) -> Case {
    (Some(old), Some(new), helps)
}

fn with_cpu(cpu: &str) -> Object {
    node("node-a", json!({"status": {"allocatable": {"cpu": cpu}}}))
}

fn with_taint(taints: &Value) -> Object {
    node("node-a", json!({"spec": {"taints": taints}}))
}

fn labelled(labels: &Value) -> Object {
    node("node-a", json!({"metadata": {"labels": labels}}))
}

#[test]
fn s4_resources_that_come_free_wake_who_lacks_resources() {
    let shrunk = |cpu: &str| placed("other", cpu, "node-a", json!({}));
    let cases = vec![
        came(with_cpu("2"), true),
        came(with_cpu("500m"), false),
        changed(with_cpu("2"), with_cpu("3"), true),
        changed(with_cpu("3"), with_cpu("2"), false),
        changed(with_cpu("100m"), with_cpu("900m"), false),
        changed(labelled(&json!({})), labelled(&json!({"a": "b"})), false),
        came(placed("other", "1", "node-a", json!({})), false),
        went(placed("other", "1", "node-a", json!({})), true),
        went(pod("other", "1", json!({})), false),
        changed(shrunk("2"), shrunk("1"), true),
        changed(shrunk("1"), shrunk("2"), false),
    ];
    check(&pod("web", "1", json!({})), "NodeResourcesFit", cases);
}

#[test]
fn s4_a_taint_that_goes_wakes_who_does_not_tolerate_it() {
    let taint = json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]);
    let mild = json!([{"key": "dedicated", "effect": "PreferNoSchedule"}]);
    let cases = vec![
        came(with_taint(&json!([])), true),
        came(with_taint(&taint), false),
        changed(with_taint(&taint), with_taint(&json!([])), true),
        changed(with_taint(&taint), with_taint(&mild), true),
        changed(with_taint(&mild), with_taint(&json!([])), false),
        changed(with_taint(&json!([])), with_taint(&taint), false),
        changed(with_cpu("2"), with_cpu("3"), false),
        went(placed("other", "1", "node-a", json!({})), false),
    ];
    check(&pod("web", "1", json!({})), "TaintToleration", cases);
}

#[test]
fn s4_an_uncordoned_node_wakes_who_met_only_cordoned_ones() {
    let cordoned = |is: bool| node("node-a", json!({"spec": {"unschedulable": is}}));
    let cases = vec![
        came(cordoned(false), true),
        came(cordoned(true), false),
        changed(cordoned(true), cordoned(false), true),
        changed(cordoned(false), cordoned(true), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    check(&pod("web", "1", json!({})), "NodeUnschedulable", cases);
}

#[test]
fn s4_a_label_that_is_asked_for_wakes_who_asks_for_it() {
    let waiting = pod(
        "web",
        "1",
        json!({"spec": {"nodeSelector": {"disk": "ssd"}}}),
    );
    let (ssd, hdd) = (json!({"disk": "ssd"}), json!({"disk": "hdd"}));
    let cases = vec![
        came(labelled(&ssd), true),
        came(labelled(&hdd), false),
        changed(labelled(&hdd), labelled(&ssd), true),
        changed(labelled(&ssd), labelled(&hdd), false),
        changed(
            labelled(&ssd),
            labelled(&json!({"disk": "ssd", "a": "b"})),
            false,
        ),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    check(&waiting, "NodeAffinity", cases);
    let named = pod("web", "1", json!({"spec": {"nodeName": "node-b"}}));
    let cases = vec![
        came(node("node-b", json!({})), true),
        came(node("node-a", json!({})), false),
    ];
    check(&named, "NodeName", cases);
}

#[test]
fn s4_a_port_that_comes_free_wakes_who_wants_it() {
    let port = |port: i32| {
        let port = json!({"containerPort": 80, "hostPort": port});
        json!({"spec": {"containers": [{"name": "c", "ports": [port]}]}})
    };
    let cases = vec![
        came(node("node-a", json!({})), true),
        went(placed("other", "1", "node-a", port(8080)), true),
        went(placed("other", "1", "node-a", port(9090)), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    check(&pod("web", "1", port(8080)), "NodePorts", cases);
}

#[test]
fn s4_pods_of_the_group_wake_who_spreads() {
    let constraint = json!({
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    });
    let waiting = pod(
        "web",
        "1",
        json!({"spec": {"topologySpreadConstraints": [constraint]}}),
    );
    let other = |app: &str| {
        placed(
            "other",
            "1",
            "node-a",
            json!({"metadata": {"labels": {"app": app}}}),
        )
    };
    let zone = |zone: &str| labelled(&json!({"zone": zone}));
    let cases = vec![
        came(other("web"), true),
        came(other("db"), false),
        went(other("web"), true),
        went(other("db"), false),
        changed(other("db"), other("web"), true),
        came(zone("a"), true),
        came(labelled(&json!({})), false),
        went(zone("a"), true),
        changed(zone("a"), zone("b"), true),
        changed(zone("a"), labelled(&json!({"zone": "a", "a": "b"})), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    check(&waiting, "PodTopologySpread", cases);
}

#[test]
fn s4_pods_to_be_near_or_far_from_wake_who_asks_for_them() {
    let with = |kind: &str| {
        let term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}});
        let terms = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
        json!({"spec": {"affinity": {kind: terms}}})
    };
    let other = |app: &str| {
        placed(
            "other",
            "1",
            "node-a",
            json!({"metadata": {"labels": {"app": app}}}),
        )
    };
    let zone = |zone: &str| labelled(&json!({"zone": zone}));
    let near = vec![
        came(other("db"), true),
        came(other("web"), false),
        went(other("db"), false),
        changed(other("web"), other("db"), true),
        came(zone("a"), true),
        came(labelled(&json!({})), false),
        changed(zone("a"), zone("b"), true),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    check(
        &pod("web", "1", with("podAffinity")),
        "InterPodAffinity",
        near,
    );
    let far = vec![
        went(other("db"), true),
        went(other("web"), false),
        came(other("db"), false),
        changed(other("db"), other("web"), true),
        came(zone("a"), true),
        changed(zone("a"), zone("b"), true),
    ];
    check(
        &pod("web", "1", with("podAntiAffinity")),
        "InterPodAffinity",
        far,
    );
    let keeps_away = placed("other", "1", "node-a", with("podAntiAffinity"));
    check(
        &pod("web", "1", json!({})),
        "InterPodAffinity",
        vec![went(keeps_away, false)],
    );
    let waiting = pod("web", "1", json!({"metadata": {"labels": {"app": "db"}}}));
    let keeps_away = placed("other", "1", "node-a", with("podAntiAffinity"));
    check(&waiting, "InterPodAffinity", vec![went(keeps_away, true)]);
}

#[test]
fn s4_claims_and_volumes_wake_who_waits_for_storage() {
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": "data"}});
    let waiting = pod("web", "1", json!({"spec": {"volumes": [volume]}}));
    let claim = |name: &str| object(Kind::PersistentVolumeClaim, name, json!({}));
    let volume = || object(Kind::PersistentVolume, "pv", json!({}));
    let class = |mode: &str| {
        let fields = json!({"provisioner": "disk.example", "volumeBindingMode": mode});
        object(Kind::StorageClass, "fast", fields)
    };
    let binding = vec![
        came(claim("data"), true),
        came(claim("other"), false),
        came(volume(), true),
        came(class("Immediate"), true),
        changed(class("Immediate"), class("Immediate"), false),
        changed(with_cpu("2"), with_cpu("3"), false),
        went(placed("other", "1", "node-a", json!({})), false),
    ];
    check(&waiting, "VolumeBinding", binding);
    let zone = vec![
        came(claim("data"), true),
        came(class("WaitForFirstConsumer"), true),
        came(class("Immediate"), false),
        came(volume(), true),
        changed(volume(), volume(), false),
    ];
    check(&waiting, "VolumeZone", zone);
    let user = |name: &str| {
        let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": name}});
        placed(
            "other",
            "1",
            "node-a",
            json!({"spec": {"volumes": [volume]}}),
        )
    };
    let restrictions = vec![went(user("data"), true), went(user("other"), false)];
    check(&waiting, "VolumeRestrictions", restrictions);
    let limits = vec![
        went(user("other"), true),
        went(placed("other", "1", "node-a", json!({})), false),
        came(claim("other"), false),
    ];
    check(&waiting, "NodeVolumeLimits", limits);
}
