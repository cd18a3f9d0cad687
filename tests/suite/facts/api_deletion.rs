//! A9: what is deleted is marked first, and goes when nothing holds it and the kubelet has confirmed.

use glassplane::api::{Key, Kind};
use glassplane::apiserver::{DeleteOptions, Note, Propagation, Reason, Verb};
use glassplane::cluster::{Cluster, Detail};
use serde_json::{Value, json};

use super::api_server::{Door, merge, pod};
use super::{kubectl, world, writes};
use crate::worlds::{pods, settle, web};

#[test]
fn a9_a_pod_is_marked_and_goes_when_its_kubelet_says_so() {
    let mut cluster = world(1, &web(1));
    assert!(settle(&mut cluster, 60));
    let name = pods(&cluster)[0].name().to_owned();
    let before = cluster.store().revision();
    kubectl(&mut cluster, &format!("delete pod {name} --wait=false"));
    assert!(settle(&mut cluster, 60));
    let life: Vec<(String, Option<i64>)> = writes(&cluster, Kind::Pod)
        .filter(|(_, change)| change.revision > before && *change.key.name == *name)
        .map(|(_, change)| {
            let grace = change.object.metadata().deletion_grace_period_seconds;
            (change.change_type.to_string(), grace)
        })
        .collect();
    let change = |kind: &str, grace: i64| (kind.to_owned(), Some(grace));
    let (first, rest) = (&life[0], &life[life.len() - 2..]);
    assert_eq!(*first, change("MODIFIED", 30), "the mark");
    assert_eq!(rest, [change("MODIFIED", 0), change("DELETED", 0)]);
    let by = removed_by(&cluster, &name);
    assert_eq!(by, "kubelet/node-a");
}

/// Who removed a pod.
fn removed_by(cluster: &Cluster, pod: &str) -> String {
    let removal = cluster
        .trace()
        .iter()
        .find_map(|record| match &record.detail {
            Detail::Api(Note::Committed { change, by })
                if *change.key.name == *pod && change.change_type.to_string() == "DELETED" =>
            {
                Some(by.to_string())
            }
            _ => None,
        });
    removal.expect("it was removed")
}

#[test]
fn a9_a_finalizer_holds_a_marked_object_until_it_is_taken_away() {
    let mut door = Door::new();
    let key = door.map();
    let held = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    door.ask(&key, merge(held)).expect("a finalizer");
    door.ask(&key, Verb::Delete(DeleteOptions::default()))
        .expect("marked");
    let marked = door.get(&key);
    assert_eq!(
        marked["metadata"]["deletionTimestamp"],
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    let revision = door.server.store().revision();
    door.ask(&key, Verb::Delete(DeleteOptions::default()))
        .expect("asked again");
    assert_eq!(door.server.store().revision(), revision, "once is enough");
    door.ask(&key, merge(json!({"metadata": {"finalizers": null}})))
        .expect("let go");
    assert_eq!(door.get(&key), Value::Null);
    assert_eq!(door.server.store().revision(), revision + 1);
}

#[test]
fn a9_each_propagation_leaves_its_finalizer_and_background_leaves_none() {
    for (propagation, expected) in [
        (Propagation::Background, Value::Null),
        (Propagation::Foreground, json!(["foregroundDeletion"])),
        (Propagation::Orphan, json!(["orphan"])),
    ] {
        let mut door = Door::new();
        let key = door.map();
        let options = DeleteOptions {
            propagation,
            ..DeleteOptions::default()
        };
        door.ask(&key, Verb::Delete(options)).expect("deleted");
        let left = door.get(&key);
        assert_eq!(left["metadata"]["finalizers"], expected, "{propagation:?}");
        assert_eq!(left.is_null(), propagation == Propagation::Background);
    }
}

#[test]
fn a9_a_deletion_may_name_the_uid_and_the_revision_that_it_means() {
    let mut door = Door::new();
    let key = door.map();
    let (uid, version) = {
        let metadata = &door.get(&key)["metadata"];
        let text = |field: &str| metadata[field].as_str().expect("a text").to_owned();
        (text("uid"), text("resourceVersion"))
    };
    let options = |uid: &str, version: &str| {
        Verb::Delete(DeleteOptions {
            uid: Some(uid.to_owned()),
            resource_version: Some(version.to_owned()),
            ..DeleteOptions::default()
        })
    };
    let refusal = door.refusal(&key, options("another", &version));
    assert_eq!(refusal.reason, Reason::Conflict);
    assert_eq!(
        refusal.message,
        format!(
            "Operation cannot be fulfilled on ConfigMap \"settings\": the UID in the precondition (another) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        )
    );
    let refusal = door.refusal(&key, options(&uid, "1"));
    assert_eq!(
        refusal.message,
        format!(
            "Operation cannot be fulfilled on ConfigMap \"settings\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version}). The object might have been modified"
        )
    );
    door.ask(&key, options(&uid, &version))
        .expect("it is the one");
    assert_eq!(door.get(&key), Value::Null);
}

#[test]
fn a9_the_time_to_end_comes_from_the_request_or_the_pod_and_can_only_become_shorter() {
    let running = |door: &mut Door| {
        let mut pod = pod(Some("node-a"));
        pod["spec"]["terminationGracePeriodSeconds"] = 20.into();
        door.make(Kind::Pod, pod)
    };
    let delete = |seconds: Option<i64>| {
        Verb::Delete(DeleteOptions {
            grace_period_seconds: seconds,
            ..DeleteOptions::default()
        })
    };
    let left = |door: &Door, key: &Key| {
        let metadata = door.get(key)["metadata"].clone();
        let fields = [
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "generation",
        ];
        fields.map(|field| metadata[field].clone())
    };
    for (first, second, expected) in [
        (None, None, json!([20, "2026-01-01T00:00:20Z", 2])),
        (Some(5), None, json!([5, "2026-01-01T00:00:05Z", 2])),
        (Some(60), Some(10), json!([10, "2026-01-01T00:00:10Z", 2])),
        (Some(10), Some(60), json!([10, "2026-01-01T00:00:10Z", 2])),
        (None, Some(0), json!([null, null, null])),
        (Some(0), None, json!([null, null, null])),
    ] {
        let mut door = Door::new();
        let key = running(&mut door);
        door.ask(&key, delete(first)).expect("marked");
        if let Some(again) = second {
            door.ask(&key, delete(Some(again))).expect("marked again");
        }
        assert_eq!(json!(left(&door, &key)), expected, "{first:?} {second:?}");
    }
    // Nobody has to confirm the end of a pod that is on no node.
    let mut door = Door::new();
    let key = door.make(Kind::Pod, pod(None));
    door.ask(&key, delete(None)).expect("gone");
    assert_eq!(door.get(&key), Value::Null);
}

#[test]
fn a9_a_second_deletion_may_ask_for_another_propagation() {
    let mut door = Door::new();
    let key = door.map();
    let delete = |propagation| {
        Verb::Delete(DeleteOptions {
            propagation,
            ..DeleteOptions::default()
        })
    };
    for (propagation, expected) in [
        (Propagation::Foreground, "foregroundDeletion"),
        (Propagation::Orphan, "orphan"),
        (Propagation::Background, "orphan"),
    ] {
        door.ask(&key, delete(propagation)).expect("marked");
        let finalizers = door.get(&key)["metadata"]["finalizers"].clone();
        assert_eq!(finalizers, json!([expected]), "{propagation:?}");
    }
}
