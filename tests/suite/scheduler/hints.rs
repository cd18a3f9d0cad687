//! A pod that fits nowhere is tried again after the events that can help, and after no others.

use std::collections::{BTreeMap, BTreeSet};

use glassplane::api::{Kind, Object};
use glassplane::scheduler::{ClusterEvent, Configuration, Queue, QueueTimes, changes};
use glassplane::sim::Time;
use serde_json::{Value, json};

use super::{as_pod, node, object, placed, pod};

/// What happens to an object, and whether that wakes the pod.
type Case = (Option<Object>, Option<Object>, bool);

/// A pod that a plugin refused, and what happens then.
struct Table {
    waiting: Object,
    plugin: &'static str,
    cases: Vec<Case>,
}

/// The default plugins that can refuse a pod.
const REFUSING: [&str; 13] = [
    "SchedulingGates",
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
];

/// A queue in which the pod waits because the plugin refused it.
fn queue_of(table: &Table, configuration: &Configuration) -> Queue {
    let mut queue = Queue::new(QueueTimes::default());
    queue.add(as_pod(&table.waiting), configuration, Time::START);
    // A pod with gates does not come so far that it could be taken.
    if let Some(popped) = queue.pop() {
        let refused = BTreeSet::from([table.plugin]);
        queue.put_back(&popped.key, refused, configuration, Time::START);
    }
    queue
}

/// Whether what happens to the object moves the pod. Its own updates reach the queue by another
/// door than what happens to everything else.
fn wakes(table: &Table, old: Option<&Object>, new: Option<&Object>) -> bool {
    let configuration = Configuration::default();
    let mut queue = queue_of(table, &configuration);
    if let (Some(old), Some(new)) = (old, new)
        && new.key() == table.waiting.key()
    {
        let (old, new) = (as_pod(old), as_pod(new));
        return queue
            .update(old, new, &configuration, Time::START)
            .is_some();
    }
    let mut events = changes(old, new).into_iter();
    events.any(|change| {
        let event = ClusterEvent { change, old, new };
        !queue.notice(&event, &configuration, Time::START).is_empty()
    })
}

fn check(tables: Vec<Table>) {
    for table in tables {
        for (old, new, expected) in &table.cases {
            let woken = wakes(&table, old.as_ref(), new.as_ref());
            assert_eq!(woken, *expected, "{}\n  {old:?}\n  {new:?}", table.plugin);
        }
    }
}

fn table(plugin: &'static str, waiting: Object, cases: Vec<Case>) -> Table {
    Table {
        waiting,
        plugin,
        cases,
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

/// The pod that waits in most tables.
fn web(fields: Value) -> Object {
    pod("web", "1", fields)
}

/// A pod that runs already.
fn other(fields: Value) -> Object {
    placed("other", "1", "node-a", fields)
}

fn of_app(app: &str) -> Object {
    other(json!({"metadata": {"labels": {"app": app}}}))
}

fn with_cpu(cpu: &str) -> Object {
    node("node-a", json!({"status": {"allocatable": {"cpu": cpu}}}))
}

fn with_taint(taints: &Value) -> Object {
    node("node-a", json!({"spec": {"taints": taints}}))
}

fn cordoned(is: bool) -> Object {
    node("node-a", json!({"spec": {"unschedulable": is}}))
}

fn labelled(labels: &Value) -> Object {
    node("node-a", json!({"metadata": {"labels": labels}}))
}

fn in_zone(zone: &str) -> Object {
    labelled(&json!({"zone": zone}))
}

/// A sign of life, as each node gives it every few seconds.
fn beat(time: &str) -> Object {
    let condition = json!({"type": "Ready", "status": "True", "lastHeartbeatTime": time});
    node("node-a", json!({"status": {"conditions": [condition]}}))
}

/// A container that takes this port of its node.
fn with_port(port: i32) -> Value {
    let port = json!({"containerPort": 80, "hostPort": port});
    json!({"spec": {"containers": [{"name": "c", "ports": [port]}]}})
}

/// A volume of this claim.
fn with_claim(name: &str) -> Value {
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": name}});
    json!({"spec": {"volumes": [volume]}})
}

/// A wish of this kind that means the pods of the data base, zone by zone.
fn with_wish(kind: &str) -> Value {
    let term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}});
    let terms = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
    json!({"spec": {"affinity": {kind: terms}}})
}

fn tolerating(key: &str) -> Object {
    web(json!({"spec": {"tolerations": [{"key": key, "operator": "Exists"}]}}))
}

fn resources() -> Vec<Table> {
    let asking = |cpu: &str| placed("other", cpu, "node-a", json!({}));
    let cases = vec![
        came(with_cpu("2"), true),
        came(with_cpu("500m"), false),
        changed(with_cpu("2"), with_cpu("3"), true),
        changed(with_cpu("3"), with_cpu("2"), false),
        changed(with_cpu("100m"), with_cpu("900m"), false),
        changed(labelled(&json!({})), labelled(&json!({"a": "b"})), false),
        came(other(json!({})), false),
        went(other(json!({})), true),
        went(pod("other", "1", json!({})), false),
        changed(asking("2"), asking("1"), true),
        changed(asking("1"), asking("2"), false),
        changed(web(json!({})), pod("web", "500m", json!({})), true),
    ];
    vec![table("NodeResourcesFit", web(json!({})), cases)]
}

fn taints() -> Vec<Table> {
    let taint = json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]);
    let mild = json!([{"key": "dedicated", "effect": "PreferNoSchedule"}]);
    let none = json!([]);
    let tainted = vec![
        came(with_taint(&none), true),
        came(with_taint(&taint), false),
        changed(with_taint(&taint), with_taint(&none), true),
        changed(with_taint(&taint), with_taint(&mild), true),
        changed(with_taint(&mild), with_taint(&none), false),
        changed(with_taint(&none), with_taint(&taint), false),
        changed(with_cpu("2"), with_cpu("3"), false),
        went(other(json!({})), false),
        changed(web(json!({})), tolerating("dedicated"), true),
    ];
    let closed = vec![
        came(cordoned(false), true),
        came(cordoned(true), false),
        changed(cordoned(true), cordoned(false), true),
        changed(cordoned(false), cordoned(true), false),
        changed(with_cpu("2"), with_cpu("3"), false),
        changed(
            web(json!({})),
            tolerating("node.kubernetes.io/unschedulable"),
            true,
        ),
        changed(web(json!({})), tolerating("dedicated"), false),
    ];
    vec![
        table("TaintToleration", web(json!({})), tainted),
        table("NodeUnschedulable", web(json!({})), closed),
    ]
}

fn gates() -> Vec<Table> {
    let gated = |names: &[&str]| {
        let gates: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        web(json!({"spec": {"schedulingGates": gates}}))
    };
    let cases = vec![
        changed(gated(&["a"]), gated(&[]), true),
        changed(gated(&["a", "b"]), gated(&["a"]), false),
        came(node("node-a", json!({})), false),
        went(other(json!({})), false),
    ];
    vec![table("SchedulingGates", gated(&["a"]), cases)]
}

fn labels() -> Vec<Table> {
    let (ssd, hdd) = (json!({"disk": "ssd"}), json!({"disk": "hdd"}));
    let more = json!({"disk": "ssd", "a": "b"});
    let asked = vec![
        came(labelled(&ssd), true),
        came(labelled(&hdd), false),
        changed(labelled(&hdd), labelled(&ssd), true),
        changed(labelled(&ssd), labelled(&hdd), false),
        changed(labelled(&ssd), labelled(&more), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    let named = vec![
        came(node("node-b", json!({})), true),
        came(node("node-a", json!({})), false),
    ];
    let asking = web(json!({"spec": {"nodeSelector": {"disk": "ssd"}}}));
    let naming = web(json!({"spec": {"nodeName": "node-b"}}));
    vec![
        table("NodeAffinity", asking, asked),
        table("NodeName", naming, named),
    ]
}

fn ports() -> Vec<Table> {
    let cases = vec![
        came(node("node-a", json!({})), true),
        went(other(with_port(8080)), true),
        went(other(with_port(9090)), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    vec![table("NodePorts", web(with_port(8080)), cases)]
}

fn groups() -> Vec<Table> {
    let constraint = json!({
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    });
    let waiting = web(json!({"spec": {"topologySpreadConstraints": [constraint]}}));
    let more = json!({"zone": "a", "a": "b"});
    let cases = vec![
        came(of_app("web"), true),
        came(of_app("db"), false),
        went(of_app("web"), true),
        went(of_app("db"), false),
        changed(of_app("db"), of_app("web"), true),
        came(in_zone("a"), true),
        came(labelled(&json!({})), false),
        went(in_zone("a"), true),
        changed(in_zone("a"), in_zone("b"), true),
        changed(in_zone("a"), labelled(&more), false),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    vec![table("PodTopologySpread", waiting, cases)]
}

fn wishes() -> Vec<Table> {
    let near = vec![
        came(of_app("db"), true),
        came(of_app("web"), false),
        went(of_app("db"), false),
        changed(of_app("web"), of_app("db"), true),
        came(in_zone("a"), true),
        came(labelled(&json!({})), false),
        changed(in_zone("a"), in_zone("b"), true),
        changed(with_cpu("2"), with_cpu("3"), false),
    ];
    let far = vec![
        went(of_app("db"), true),
        went(of_app("web"), false),
        came(of_app("db"), false),
        changed(of_app("db"), of_app("web"), true),
        came(in_zone("a"), true),
        changed(in_zone("a"), in_zone("b"), true),
    ];
    let wants_distance = other(with_wish("podAntiAffinity"));
    let unwanted = web(json!({"metadata": {"labels": {"app": "db"}}}));
    let gone = |helps| vec![went(wants_distance.clone(), helps)];
    vec![
        table("InterPodAffinity", web(with_wish("podAffinity")), near),
        table("InterPodAffinity", web(with_wish("podAntiAffinity")), far),
        table("InterPodAffinity", web(json!({})), gone(false)),
        table("InterPodAffinity", unwanted, gone(true)),
    ]
}

fn storage() -> Vec<Table> {
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
        went(other(json!({})), false),
    ];
    let zone = vec![
        came(claim("data"), true),
        came(class("WaitForFirstConsumer"), true),
        came(class("Immediate"), false),
        came(volume(), true),
        changed(volume(), volume(), false),
    ];
    let restrictions = vec![
        went(other(with_claim("data")), true),
        went(other(with_claim("other")), false),
    ];
    let limits = vec![
        went(other(with_claim("other")), true),
        went(other(json!({})), false),
        came(claim("other"), false),
    ];
    let tables = [
        ("VolumeBinding", binding),
        ("VolumeZone", zone),
        ("VolumeRestrictions", restrictions),
        ("NodeVolumeLimits", limits),
    ];
    let waiting = || web(with_claim("data"));
    let tables = tables.into_iter();
    tables
        .map(|(plugin, cases)| table(plugin, waiting(), cases))
        .collect()
}

fn all() -> impl Iterator<Item = Table> {
    let topics = [
        resources, taints, gates, labels, ports, groups, wishes, storage,
    ];
    topics.into_iter().flat_map(|tables| tables())
}

#[test]
fn s4_resources_that_come_free_wake_who_lacks_resources() {
    check(resources());
}

#[test]
fn s4_a_taint_that_goes_wakes_who_does_not_tolerate_it() {
    check(taints());
}

#[test]
fn s4_the_last_gate_that_goes_wakes_who_waits_behind_it() {
    check(gates());
}

#[test]
fn s4_a_label_that_is_asked_for_wakes_who_asks_for_it() {
    check(labels());
}

#[test]
fn s4_a_port_that_comes_free_wakes_who_wants_it() {
    check(ports());
}

#[test]
fn s4_pods_of_the_group_wake_who_spreads() {
    check(groups());
}

#[test]
fn s4_pods_to_be_near_or_far_from_wake_who_asks_for_them() {
    check(wishes());
}

#[test]
fn s4_claims_and_volumes_wake_who_waits_for_storage() {
    check(storage());
}

#[test]
fn s4_every_plugin_that_refuses_has_events_that_help_and_events_that_do_not() {
    let mut seen: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for table in all() {
        let helps = table.cases.iter().map(|(_, _, helps)| *helps);
        seen.entry(table.plugin).or_default().extend(helps);
    }
    for plugin in REFUSING {
        assert_eq!(seen.get(plugin), Some(&[false, true].into()), "{plugin}");
    }
    assert_eq!(seen.len(), REFUSING.len());
}

#[test]
fn s4_a_heartbeat_wakes_nobody_whoever_refused() {
    let (old, new) = (beat("2026-01-01T00:00:00Z"), beat("2026-01-01T00:00:10Z"));
    for table in all() {
        let woken = wakes(&table, Some(&old), Some(&new));
        assert!(!woken, "{}", table.plugin);
    }
}
