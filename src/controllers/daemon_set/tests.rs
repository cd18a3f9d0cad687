//! C5: one pod for each node that fits.

use serde_json::{Value, json};

use super::DAEMON_SET;
use crate::api::{Key, Kind, Object};
use crate::apiserver::Verb;
use crate::controllers::bench::{Bench, changed, object, outlines, written};
use crate::controllers::controller::{Change, Plan};

fn set(change: impl FnOnce(&mut Value)) -> Object {
    let set = object(
        Kind::DaemonSet,
        json!({
            "metadata": {"name": "agent", "namespace": "default", "uid": "set", "generation": 1},
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
                "template": {
                    "metadata": {"labels": {"app": "agent"}},
                    "spec": {"containers": [{"name": "app", "image": "agent:1"}]},
                },
            },
        }),
    );
    changed(&set, change)
}

fn node(name: &str, taints: &Value) -> Object {
    let labels =
        json!({"kubernetes.io/hostname": name, "disk": if name == "node-a" {"ssd"} else {"hdd"}});
    object(
        Kind::Node,
        json!({"metadata": {"name": name, "labels": labels}, "spec": {"taints": taints}}),
    )
}

fn nodes() -> Vec<Object> {
    ["node-a", "node-b", "node-c"]
        .map(|name| node(name, &json!([])))
        .to_vec()
}

fn plan(objects: &[Object]) -> Plan {
    let key = Key::new(Kind::DaemonSet, "default", "agent");
    Bench::new(&DAEMON_SET, objects).plan(&key)
}

/// The nodes that a plan's new pods are tied to.
fn tied(plan: &Plan) -> Vec<String> {
    let pods = plan
        .actions
        .iter()
        .map(written)
        .filter(|each| each["kind"] == "Pod");
    pods.map(|pod| {
        let path = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution\
                    /nodeSelectorTerms/0/matchFields/0/values/0";
        let node = pod.pointer(path).and_then(Value::as_str);
        node.unwrap_or_default().to_owned()
    })
    .collect()
}

/// The world after a plan, with every pod bound, named and ready.
fn after(objects: &[Object], plan: &Plan) -> Vec<Object> {
    let mut objects = objects.to_vec();
    let mut nodes = tied(plan).into_iter();
    for action in &plan.actions {
        match &action.verb {
            Verb::Create(pod) if pod.kind() == Kind::Pod => {
                let node = nodes.next().unwrap_or_default();
                let number = objects.len();
                objects.push(changed(pod, |pod| {
                    pod["metadata"]["name"] = json!(format!("agent-{node}-{number}"));
                    pod["metadata"]["uid"] = json!(format!("uid-{number}"));
                    pod["spec"]["nodeName"] = json!(node);
                    pod["status"] = json!({"phase": "Running",
                        "conditions": [{"type": "Ready", "status": "True"}]});
                }));
            }
            Verb::Create(other) => objects.push(other.clone()),
            Verb::Delete(_) => objects.retain(|each| each.key() != action.key),
            Verb::WriteStatus(set, _) => {
                objects.retain(|each| each.key() != action.key);
                objects.push(set.clone());
            }
            other => unreachable!("a DaemonSet does not {}", other.name()),
        }
    }
    objects
}

#[test]
fn c5_every_node_gets_one_pod_that_the_scheduler_binds() {
    let mut objects = nodes();
    objects.push(set(|_| {}));
    let first = plan(&objects);
    assert_eq!(tied(&first), ["node-a", "node-b", "node-c"]);
    let pod = first
        .actions
        .iter()
        .map(written)
        .find(|each| each["kind"] == "Pod");
    let pod = pod.expect("a pod");
    assert_eq!(pod["spec"].get("nodeName"), None);
    assert_eq!(pod["metadata"]["generateName"], "agent-");
    let settled = after(&after(&objects, &first), &plan(&after(&objects, &first)));
    let idle = plan(&settled);
    assert!(idle.is_empty(), "{:?}", outlines(&idle));
}

/// What the first pod of a set tolerates, by the last word of the taint.
fn tolerated(set: Object) -> Vec<String> {
    let mut objects = nodes();
    objects.push(set);
    let plan = plan(&objects);
    let pods = plan.actions.iter().map(written);
    let pod = pods.into_iter().find(|each| each["kind"] == "Pod");
    let tolerations = pod.expect("a pod")["spec"]["tolerations"].clone();
    let tolerations = tolerations.as_array().expect("a list").clone();
    let mut words: Vec<String> = tolerations
        .iter()
        .map(|each| {
            assert_eq!(each["operator"], "Exists");
            assert_eq!(each.get("tolerationSeconds"), None, "for ever");
            let [key, effect] = ["key", "effect"].map(|field| each[field].as_str());
            let key = key.and_then(|key| key.strip_prefix("node.kubernetes.io/"));
            format!("{} {}", key.unwrap_or_default(), effect.unwrap_or_default())
        })
        .collect();
    words.sort();
    words
}

#[test]
fn c5_daemon_pods_tolerate_what_befalls_their_node_for_ever() {
    let always = [
        "disk-pressure NoSchedule",
        "memory-pressure NoSchedule",
        "not-ready NoExecute",
        "pid-pressure NoSchedule",
        "unreachable NoExecute",
        "unschedulable NoSchedule",
    ];
    assert_eq!(tolerated(set(|_| {})), always);
    let in_the_network_of_the_node =
        set(|set| set["spec"]["template"]["spec"]["hostNetwork"] = json!(true));
    let mut more = always.to_vec();
    more.insert(2, "network-unavailable NoSchedule");
    assert_eq!(tolerated(in_the_network_of_the_node), more);
}

#[test]
fn c5_only_nodes_that_fit_get_one() {
    let mut objects = nodes();
    objects[1] = node(
        "node-b",
        &json!([{"key": "dedicated", "effect": "NoSchedule"}]),
    );
    objects[2] = node(
        "node-c",
        &json!([{"key": "node.kubernetes.io/unschedulable",
        "effect": "NoSchedule"}]),
    );
    objects.push(set(|_| {}));
    assert_eq!(
        tied(&plan(&objects)),
        ["node-a", "node-c"],
        "cordoned nodes are tolerated"
    );
    objects[3] =
        set(|set| set["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "ssd"}));
    assert_eq!(tied(&plan(&objects)), ["node-a"]);
    objects[3] = set(|set| {
        set["spec"]["template"]["spec"]["affinity"] = json!({"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "disk", "operator": "NotIn", "values": ["ssd"]}]}]}}});
    });
    assert_eq!(tied(&plan(&objects)), ["node-c"]);
}

#[test]
fn c5_an_update_replaces_one_pod_after_the_other() {
    let mut objects = nodes();
    objects.push(set(|_| {}));
    for _ in 0..3 {
        objects = after(&objects, &plan(&objects));
    }
    let place = objects
        .iter()
        .position(|each| each.kind() == Kind::DaemonSet);
    let place = place.expect("the set");
    objects[place] = changed(&objects[place], |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("agent:2");
    });
    let mut deleted = Vec::new();
    for _ in 0..12 {
        let plan = plan(&objects);
        let of_pods = outlines(&plan).into_iter();
        let now: Vec<String> = of_pods
            .filter(|each| each.starts_with("delete pod"))
            .collect();
        assert!(now.len() <= 1, "{now:?}");
        deleted.extend(now);
        objects = after(&objects, &plan);
    }
    assert_eq!(
        deleted,
        [
            "delete pod agent-node-a-5",
            "delete pod agent-node-b-6",
            "delete pod agent-node-c-7"
        ]
    );
    assert!(plan(&objects).is_empty());
}

#[test]
fn c5_a_heartbeat_concerns_no_daemon_set_and_a_label_all_of_them() {
    let bench = Bench::new(&DAEMON_SET, &[set(|_| {})]);
    let well = node("node-a", &json!([]));
    let beat = changed(&well, |node| {
        node["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    });
    let labelled = changed(&well, |node| {
        node["metadata"]["labels"]["new"] = json!("yes");
    });
    for (after, expected) in [(&beat, 0), (&labelled, 1)] {
        let change = Change {
            before: Some(&well),
            after: Some(after),
        };
        assert_eq!(
            (DAEMON_SET.concerns)(&bench.caches, &change).len(),
            expected
        );
    }
}

/// What a plan does to pods: creates on nodes, deletes by name.
fn steps(plan: &Plan) -> Vec<String> {
    let creates = tied(plan)
        .into_iter()
        .map(|node| format!("create on {node}"));
    let deletes = outlines(plan).into_iter();
    creates
        .chain(deletes.filter(|outline| outline.starts_with("delete")))
        .collect()
}

/// All pods, or none of them, are ready.
fn with_ready(objects: &[Object], is_it: impl Fn(&Object) -> bool, ready: &str) -> Vec<Object> {
    let change = |each: &Object| {
        if each.kind() != Kind::Pod || !is_it(each) {
            return each.clone();
        }
        changed(each, |pod| {
            pod["status"] = json!({"phase": "Running",
                "conditions": [{"type": "Ready", "status": ready}]});
        })
    };
    objects.iter().map(change).collect()
}

/// Three pods of one image, and then another image is asked for.
fn surging() -> Vec<Object> {
    let mut objects = nodes();
    objects.push(set(|set| {
        set["spec"]["updateStrategy"]["rollingUpdate"] =
            json!({"maxSurge": 1, "maxUnavailable": 0});
    }));
    let first = plan(&objects);
    objects = after(&objects, &first);
    for each in &mut objects {
        if each.kind() == Kind::DaemonSet {
            *each = changed(each, |set| {
                set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("agent:2");
            });
        }
    }
    objects
}

#[test]
fn c5_with_surge_the_new_pod_comes_first_and_the_old_one_goes_when_it_is_available() {
    let mut objects = surging();
    let second = plan(&objects);
    assert_eq!(
        steps(&second),
        ["create on node-a"],
        "one node has two pods"
    );
    objects = after(&objects, &second);
    let new = objects.iter().rfind(|each| each.kind() == Kind::Pod);
    let new = new.expect("it was created").name().to_owned();
    let waiting = with_ready(&objects, |pod| pod.name() == new, "False");
    assert_eq!(
        steps(&plan(&waiting)),
        Vec::<String>::new(),
        "it is not available yet"
    );
    let third = plan(&objects);
    assert_eq!(steps(&third), ["delete pod agent-node-a-5"]);
    let fourth = plan(&after(&objects, &third));
    assert_eq!(steps(&fourth), ["create on node-b"]);
}

#[test]
fn c5_with_surge_an_old_pod_that_is_not_ready_makes_way_for_the_new_one() {
    let objects = with_ready(&surging(), |_| true, "False");
    let second = plan(&objects);
    let all = ["create on node-a", "create on node-b", "create on node-c"];
    assert_eq!(steps(&second), all, "no old pod is available");
    let objects = with_ready(&after(&objects, &second), |_| true, "False");
    let third = steps(&plan(&objects));
    let deletes = third.iter().filter(|step| step.starts_with("delete"));
    assert_eq!(deletes.count(), 3, "{third:?}");
}

#[test]
fn c5_failed_pods_of_a_node_go_after_1_2_4_seconds() {
    let mut objects = nodes();
    objects.push(set(|_| {}));
    let first = plan(&objects);
    let objects = after(&objects, &first);
    let failed: Vec<Object> = objects
        .iter()
        .map(|each| match each {
            Object::Pod(_) => changed(each, |pod| pod["status"]["phase"] = json!("Failed")),
            other => other.clone(),
        })
        .collect();
    let key = Key::new(Kind::DaemonSet, "default", "agent");
    let mut bench = Bench::new(&DAEMON_SET, &failed);
    let deleted = |bench: &mut Bench| {
        let plan = bench.plan(&key);
        bench.remembered.clone_from(&plan.remember);
        let outlines = outlines(&plan);
        let deletes = outlines
            .iter()
            .filter(|each| each.starts_with("delete pod"));
        (
            deletes.count(),
            plan.look_again.map(|look| look.after.as_secs()),
        )
    };
    assert_eq!(deleted(&mut bench), (3, None), "the first ones go at once");
    for seconds in [1, 2, 4, 8] {
        assert_eq!(deleted(&mut bench), (0, Some(seconds)), "these stay");
        bench.wait(std::time::Duration::from_secs(seconds));
        assert_eq!(deleted(&mut bench), (3, None), "and go after {seconds} s");
    }
}
