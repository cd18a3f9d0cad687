//! `drain` before its filters: what it refuses, what it warns of, what it asks.

use super::*;

/// A node with one pod of this shape on it.
fn desk_with(pod: Value) -> Desk {
    let mut desk = Desk::new();
    desk.node("a");
    let mut pod = pod;
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "web".into();
    pod["metadata"]["namespace"] = "default".into();
    pod["spec"]["nodeName"] = "a".into();
    pod["spec"]["containers"] = json!([{"name": "c", "image": "nginx"}]);
    desk.put(pod);
    desk
}

fn owned_by(kind: &str) -> Value {
    json!({"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "owner",
        "uid": "u", "controller": true}]}})
}

const FIRST: [&str; 3] = [
    "GET /api/v1/nodes/a",
    "PATCH /api/v1/nodes/a {\"spec\":{\"unschedulable\":true}}",
    "GET /api/v1/pods?spec.nodeName=a",
];

#[test]
fn drain_refuses_pods_that_nobody_allowed_it_to_lose() {
    let with_data = || {
        let mut pod = owned_by("ReplicaSet");
        pod["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
        pod
    };
    let cases = [
        (
            json!({}),
            "",
            "cannot delete Pods that declare no controller (use --force to override): default/web",
        ),
        (
            with_data(),
            "",
            "cannot delete Pods with local storage (use --delete-emptydir-data to override): \
             default/web",
        ),
        (
            owned_by("DaemonSet"),
            " --ignore-daemonsets",
            "cannot delete daemonsets.apps \"owner\" not found: default/web",
        ),
    ];
    for (pod, flags, problem) in cases {
        let mut desk = desk_with(pod);
        let errors = format!(
            "error: unable to drain node \"a\" due to error: {problem}, continuing \
             command...\nThere are pending nodes to be drained:\n a\n{problem}\n"
        );
        let mut requests = FIRST.to_vec();
        if flags.contains("daemonsets") {
            requests.push("GET A…/daemonsets/owner");
        }
        desk.check(
            &format!("drain a{flags}"),
            &requests,
            "node/a cordoned\n",
            &errors,
        );
    }
}

#[test]
fn drain_says_what_it_loses_and_evicts_what_nothing_protects() {
    let mut desk = desk_with(json!({}));
    let evict = "POST …/pods/web/eviction";
    let get = "GET …/pods/web";
    let requests: Vec<&str> = FIRST.into_iter().chain([evict, get]).collect();
    let run = desk.run_with("drain a --force", |desk| {
        let key = Key::new(Kind::Pod, "default", "web");
        let now = DeleteOptions {
            grace_period_seconds: Some(0),
            ..DeleteOptions::default()
        };
        desk.ask(key, Verb::Delete(now)).expect("it goes");
    });
    let again: Vec<&str> = requests.iter().copied().chain([get]).collect();
    assert_eq!(run.requests, again);
    assert_eq!(
        run.session.output(),
        lines(&[
            "node/a cordoned",
            "evicting pod default/web",
            "pod/web evicted",
            "node/a drained",
        ])
    );
    assert_eq!(
        run.session.error_text(),
        "Warning: deleting Pods that declare no controller: default/web\n"
    );
    assert_eq!(run.session.exit_code(), Some(0));
}

#[test]
fn drain_leaves_the_pods_of_a_daemon_set_where_they_are() {
    let mut desk = desk_with(owned_by("DaemonSet"));
    let labels = json!({"app": "owner"});
    desk.put(
        json!({"kind": "DaemonSet", "metadata": {"name": "owner", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}),
    );
    let requests: Vec<&str> = FIRST
        .into_iter()
        .chain(["GET A…/daemonsets/owner"])
        .collect();
    desk.check(
        "drain a --ignore-daemonsets",
        &requests,
        "node/a cordoned\nnode/a drained\n",
        "Warning: ignoring DaemonSet-managed Pods: default/web\n",
    );
    desk.check(
        "drain a",
        &[requests[0], requests[2], requests[3]],
        "node/a already cordoned\n",
        "error: unable to drain node \"a\" due to error: cannot delete DaemonSet-managed Pods (use \
         --ignore-daemonsets to ignore): default/web, continuing command...\nThere are pending \
         nodes to be drained:\n a\ncannot delete DaemonSet-managed Pods (use --ignore-daemonsets \
         to ignore): default/web\n",
    );
}

#[test]
fn drain_by_deletion_asks_no_budget() {
    let mut desk = desk_with(owned_by("ReplicaSet"));
    let run = desk.run_with("drain a --disable-eviction --grace-period=0", |_| {});
    let requests: Vec<&str> = FIRST
        .into_iter()
        .chain(["DELETE …/pods/web grace=0", "GET …/pods/web"])
        .collect();
    assert_eq!(run.requests, requests);
    assert_eq!(
        run.session.output(),
        "node/a cordoned\npod/web deleted\nnode/a drained\n"
    );
}

#[test]
fn drain_takes_only_the_pods_that_its_selector_picks() {
    let mut desk = desk_with(json!({}));
    desk.check(
        "drain a --pod-selector app=other",
        &[
            FIRST[0],
            FIRST[1],
            "GET /api/v1/pods?app in (other)&spec.nodeName=a",
        ],
        "node/a cordoned\nnode/a drained\n",
        "",
    );
}
