//! C3: what a ReplicaSet's plan does about its pods.

use std::time::Duration;

use serde_json::{Value, json};

use super::REPLICA_SET;
use crate::api::{Key, Kind, Object};
use crate::apiserver::{Answer, Refusal};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::{Change, Plan};

fn set(replicas: i32) -> Object {
    object(
        Kind::ReplicaSet,
        json!({
            "metadata": {"name": "web-6d4f", "namespace": "default", "uid": "set", "generation": 1},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}, "annotations": {"note": "kept"}},
                    "spec": {"containers": [{"name": "app", "image": "nginx"}]},
                },
            },
        }),
    )
}

fn settled(set: &Object, pods: i32) -> Object {
    changed(set, |set| {
        set["status"] = json!({
            "replicas": pods, "fullyLabeledReplicas": pods, "readyReplicas": pods,
            "availableReplicas": pods, "observedGeneration": 1,
        });
    })
}

fn key() -> Key {
    Key::new(Kind::ReplicaSet, "default", "web-6d4f")
}

/// A ready pod of the set, with changes.
fn pod(name: &str, change: impl FnOnce(&mut Value)) -> Object {
    let pod = object(
        Kind::Pod,
        json!({
            "metadata": {
                "name": name, "namespace": "default", "uid": name, "labels": {"app": "web"},
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet",
                    "name": "web-6d4f", "uid": "set", "controller": true}],
            },
            "spec": {"nodeName": format!("node-{name}"), "containers": []},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True",
                    "lastTransitionTime": "2026-01-01T00:01:00Z"}],
            },
        }),
    );
    changed(&pod, change)
}

fn plain(name: &str) -> Object {
    pod(name, |_| {})
}

#[test]
fn c3_what_is_missing_is_created_from_the_template() {
    let bench = Bench::new(&REPLICA_SET, &[set(3), plain("a")]);
    let plan = bench.plan(&key());
    assert_eq!(plan.desired, "3 pods");
    assert_eq!(plan.observed, "1 pod");
    assert_eq!(plan.difference, "2 too few");
    assert_eq!(
        outlines(&plan),
        ["create pod", "create pod", "status replicaset web-6d4f"]
    );
    let pod = written(&plan.actions[0]);
    assert_eq!(pod["metadata"]["generateName"], "web-6d4f-");
    assert_eq!(pod["metadata"]["labels"], json!({"app": "web"}));
    assert_eq!(pod["metadata"]["annotations"], json!({"note": "kept"}));
    let owner = &pod["metadata"]["ownerReferences"][0];
    assert_eq!(owner["kind"], "ReplicaSet");
    assert_eq!(owner["controller"], true);
    assert_eq!(owner["blockOwnerDeletion"], true);
    assert_eq!(messages(&plan)[0], "SuccessfulCreate Created pod: {name}");
}

#[test]
fn c3_a_settled_set_has_nothing_to_do() {
    let objects = [settled(&set(2), 2), plain("a"), plain("b")];
    let plan = Bench::new(&REPLICA_SET, &objects).plan(&key());
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.difference, "");
    assert_eq!(plan.look_again, None);
}

#[test]
fn c3_pods_that_ended_or_are_ending_do_not_count() {
    let ending = pod("b", |pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:05:00Z");
    });
    let failed = pod("c", |pod| pod["status"]["phase"] = json!("Failed"));
    let plan = Bench::new(&REPLICA_SET, &[set(3), plain("a"), ending, failed]).plan(&key());
    assert_eq!(plan.difference, "2 too few");
}

#[test]
fn c3_the_least_useful_pod_goes_first() {
    type Spoil = fn(&mut Value);
    let cases: [(&str, Spoil); 7] = [
        ("unassigned", |pod| {
            pod["spec"]["nodeName"] = Value::Null;
            pod["status"] = json!({"phase": "Pending"});
        }),
        ("pending", |pod| pod["status"] = json!({"phase": "Pending"})),
        ("not ready", |pod| pod["status"]["conditions"] = json!([])),
        ("lower deletion cost", |pod| {
            pod["metadata"]["annotations"] =
                json!({"controller.kubernetes.io/pod-deletion-cost": "-1"});
        }),
        ("shares its node", |pod| {
            pod["spec"]["nodeName"] = json!("node-a");
        }),
        ("ready for less time", |pod| {
            pod["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-01-01T00:09:00Z");
        }),
        ("more restarts", |pod| {
            pod["status"]["containerStatuses"] = json!([{"name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 4}]);
        }),
    ];
    // Each case is better than the one before in that respect, and worse than all after it.
    let objects: Vec<Object> = cases
        .iter()
        .enumerate()
        .map(|(place, (_, spoil))| pod(&format!("p{place}"), spoil))
        .chain([
            pod("a", |pod| {
                pod["metadata"]["annotations"] =
                    json!({"controller.kubernetes.io/pod-deletion-cost": "9"});
            }),
            pod("younger", |pod| {
                pod["metadata"]["creationTimestamp"] = json!("2026-01-01T00:09:30Z");
            }),
            plain("older"),
        ])
        .collect();
    let total = i32::try_from(objects.len()).expect("few");
    for surplus in 1..=9_i32 {
        let mut all = objects.clone();
        all.push(set(total - surplus));
        let plan = Bench::new(&REPLICA_SET, &all).plan(&key());
        let deleted: Vec<String> = outlines(&plan)
            .into_iter()
            .filter(|outline| outline.starts_with("delete"))
            .collect();
        let order = [
            "p0", "p1", "p2", "p3", "p4", "p5", "p6", "younger", "older", "a",
        ];
        let expected: Vec<String> = order[..usize::try_from(surplus).expect("few")]
            .iter()
            .map(|name| format!("delete pod {name}"))
            .collect();
        assert_eq!(deleted, expected);
    }
}

#[test]
fn c3_orphans_that_match_are_adopted_once_the_set_is_known_to_be_wanted() {
    let orphan = pod("orphan", |pod| {
        pod["metadata"]["ownerReferences"] = Value::Null;
    });
    let bench = Bench::new(&REPLICA_SET, &[set(1), orphan]);
    let plan = bench.plan(&key());
    let inquiry = plan.inquiry.clone().expect("it asks before it adopts");
    assert_eq!(inquiry.questions.len(), 1);

    let wanted = [Ok(Answer::Object(set(1)))];
    let plan = bench.plan_with(&key(), |planned| (inquiry.then)(planned, &wanted));
    assert_eq!(
        outlines(&plan),
        ["patch pod orphan", "status replicaset web-6d4f"]
    );
    let body = written(&plan.actions[0]);
    assert_eq!(body["metadata"]["uid"], "orphan");
    assert_eq!(body["metadata"]["ownerReferences"][0]["uid"], "set");

    let gone = changed(&set(1), |set| {
        set["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:05:00Z");
    });
    let unwanted = [Ok(Answer::Object(gone))];
    let plan = bench.plan_with(&key(), |planned| (inquiry.then)(planned, &unwanted));
    assert!(!outlines(&plan).contains(&"patch pod orphan".to_owned()));
}

#[test]
fn c3_pods_whose_labels_left_are_released_and_replaced() {
    let stray = pod("stray", |pod| {
        pod["metadata"]["labels"] = json!({"app": "other"});
    });
    let plan = Bench::new(&REPLICA_SET, &[set(1), stray]).plan(&key());
    assert_eq!(
        outlines(&plan),
        [
            "patch pod stray",
            "create pod",
            "status replicaset web-6d4f"
        ]
    );
    let reference = &written(&plan.actions[0])["metadata"]["ownerReferences"][0];
    assert_eq!(reference, &json!({"$patch": "delete", "uid": "set"}));
}

#[test]
fn c3_a_pod_is_available_when_it_was_ready_for_long_enough() {
    let set = changed(&set(1), |set| set["spec"]["minReadySeconds"] = json!(30));
    let fresh = pod("a", |pod| {
        pod["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-01-01T00:09:50Z");
    });
    let mut bench = Bench::new(&REPLICA_SET, &[set, fresh]);
    let plan = bench.plan(&key());
    let status = &written(plan.actions.last().expect("the status"))["status"];
    assert_eq!(status["readyReplicas"], 1);
    assert_eq!(status.get("availableReplicas"), None);
    let wait = plan.look_again.expect("it will look again").after;
    assert_eq!(wait, Duration::from_secs(20) + Duration::from_nanos(1));
    bench.wait(wait);
    let plan = bench.plan(&key());
    let status = &written(plan.actions.last().expect("the status"))["status"];
    assert_eq!(status["availableReplicas"], 1);
    assert_eq!(plan.look_again, None);
}

#[test]
fn c3_a_refused_create_becomes_the_condition_replica_failure() {
    let mut bench = Bench::new(&REPLICA_SET, &[settled(&set(1), 0)]);
    let why = "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2";
    let pod = Key::new(Kind::Pod, "default", "web-6d4f-abcde");
    bench.refused = Some(Refusal::forbidden(&pod, why));
    let again = outlines(&bench.plan(&key()));
    assert_eq!(again[0], "create pod", "it is tried again");
    let told = bench.plan_with(&key(), |planned| Plan {
        actions: super::tell_failure(planned),
        ..Plan::default()
    });
    assert_eq!(outlines(&told), ["status replicaset web-6d4f"]);
    let condition = &written(&told.actions[0])["status"]["conditions"][0];
    assert_eq!(condition["type"], "ReplicaFailure");
    assert_eq!(condition["reason"], "FailedCreate");
    let message = format!("pods \"web-6d4f-abcde\" is forbidden: {why}");
    assert_eq!(condition["message"], message.as_str());
}

#[test]
fn c3_a_pod_wakes_its_owner_and_an_orphan_whoever_would_have_it() {
    let orphan = pod("orphan", |pod| {
        pod["metadata"]["ownerReferences"] = Value::Null;
    });
    let stranger = changed(&orphan, |pod| {
        pod["metadata"]["labels"] = json!({"app": "other"});
    });
    let bench = Bench::new(&REPLICA_SET, &[set(1)]);
    for (pod, expected) in [
        (plain("a"), vec![key()]),
        (orphan, vec![key()]),
        (stranger, vec![]),
    ] {
        let change = Change {
            before: None,
            after: Some(&pod),
        };
        assert_eq!((REPLICA_SET.concerns)(&bench.caches, &change), expected);
    }
}
