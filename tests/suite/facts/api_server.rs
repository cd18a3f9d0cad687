//! A1 to A5, A8 and A11: what the API server numbers, keeps, refuses, tells and binds.

use std::collections::BTreeMap;

use glassplane::api::field_selector::{FieldRequirement, FieldSelector};
use glassplane::api::selector;
use glassplane::api::{Key, Kind, LabelSelector, Object, owners};
use glassplane::apiserver::{
    ApiServer, Binding, DeleteOptions, Note, Outcome, Patch, PatchType, Reason, Refusal, Scope,
    StatusWrite, Subresource, Verb, WatchEvent, changes_since, event_for,
};
use glassplane::cluster::Detail;
use glassplane::sim::Profile;
use glassplane::store::Change;
use serde_json::{Value, json};

use super::{kubectl, wait, world};
use crate::races::ask;
use crate::worlds::{settle, web};

/// An API server with the namespace `default` and its account.
pub(super) struct Door {
    pub(super) server: ApiServer,
    profile: Profile,
}

impl Door {
    pub(super) fn new() -> Self {
        let mut door = Self {
            server: ApiServer::new(1),
            profile: Profile::kubernetes_1_34(),
        };
        door.make(Kind::Namespace, json!({"metadata": {"name": "default"}}));
        let account = json!({"metadata": {"name": "default", "namespace": "default"}});
        door.make(Kind::ServiceAccount, account);
        door
    }

    pub(super) fn ask(&mut self, key: &Key, verb: Verb) -> Outcome {
        ask(&mut self.server, &self.profile, key, verb)
    }

    /// Creates an object and gives its key.
    pub(super) fn make(&mut self, kind: Kind, value: Value) -> Key {
        let object = Object::from_value(kind, value).expect("well-formed");
        let made = self.ask(&object.key(), Verb::Create(object));
        let made = made.expect("valid");
        made.object().expect("a create answers with it").key()
    }

    pub(super) fn map(&mut self) -> Key {
        let metadata = json!({"name": "settings", "namespace": "default"});
        self.make(
            Kind::ConfigMap,
            json!({"metadata": metadata, "data": {"a": "1"}}),
        )
    }

    pub(super) fn get(&self, key: &Key) -> Value {
        let object = self.server.store().get(key);
        object.map_or(Value::Null, Object::to_value)
    }

    pub(super) fn refusal(&mut self, key: &Key, verb: Verb) -> Refusal {
        let before = self.server.store().revision();
        let refusal = self.ask(key, verb).expect_err("it is refused");
        assert_eq!(self.server.store().revision(), before, "nothing is written");
        refusal
    }
}

fn object(kind: Kind, value: &Value) -> Object {
    Object::from_value(kind, value.clone()).expect("well-formed")
}

/// A merge patch.
pub(super) fn merge(body: Value) -> Verb {
    Verb::Patch(Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Main,
        body,
    })
}

/// A pod, on a node or on none.
pub(super) fn pod(node: Option<&str>) -> Value {
    let metadata = json!({"name": "web", "namespace": "default"});
    json!({"metadata": metadata,
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "nginx:1"}]}})
}

#[test]
fn a1_one_counter_numbers_every_write_and_each_object_carries_its_last() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 60));
    let commits: Vec<(u64, Key, Option<String>)> = cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Api(Note::Committed { change, .. }) => {
                let version = change.object.metadata().resource_version.clone();
                Some((change.revision, change.key.clone(), version))
            }
            _ => None,
        })
        .collect();
    let first = commits[0].0;
    let mut last = BTreeMap::new();
    for (place, (revision, key, version)) in commits.iter().enumerate() {
        assert_eq!(*revision, first + place as u64, "no gap, none twice");
        assert_eq!(version.as_deref(), Some(revision.to_string().as_str()));
        last.insert(key.clone(), *revision);
    }
    let newest = first + commits.len() as u64 - 1;
    assert_eq!(cluster.store().revision(), newest);
    for (key, revision) in last {
        let stored = cluster.store().get(&key).map(Object::revision);
        assert_eq!(stored, Some(revision), "{key}");
    }
}

#[test]
fn a2_an_update_from_an_old_copy_is_409_and_one_without_a_version_wins() {
    let mut door = Door::new();
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}});
    let metadata = json!({"name": "web", "namespace": "default"});
    let key = door.make(
        Kind::Deployment,
        json!({"metadata": metadata, "spec": {"replicas": 1,
            "selector": {"matchLabels": labels}, "template": template}}),
    );
    let mut old = door.get(&key);
    door.ask(&key, merge(json!({"spec": {"replicas": 2}})))
        .expect("a patch without a version is applied to the newest");
    old["spec"]["replicas"] = 3.into();
    let refusal = door.refusal(&key, Verb::Update(object(Kind::Deployment, &old)));
    let message = "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes to the latest version and try again";
    assert_eq!(
        refusal.to_value(),
        json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": message, "reason": "Conflict", "code": 409,
            "details": {"name": "web", "group": "apps", "kind": "deployments"},
        })
    );
    old["metadata"]["resourceVersion"] = Value::Null;
    door.ask(&key, Verb::Update(object(Kind::Deployment, &old)))
        .expect("the last write wins");
    assert_eq!(door.get(&key)["spec"]["replicas"], 3);
    old["metadata"]["uid"] = "another".into();
    let refusal = door.refusal(&key, Verb::Update(object(Kind::Deployment, &old)));
    let uid = door.get(&key)["metadata"]["uid"].clone();
    let uid = uid.as_str().expect("a uid");
    assert_eq!(
        (refusal.reason, refusal.message),
        (
            Reason::Conflict,
            format!(
                "Operation cannot be fulfilled on deployments.apps \"web\": StorageError: invalid object, Code: 4, Key: /registry/deployments/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: another, UID in object meta: {uid}"
            )
        )
    );
}

#[test]
fn a3_what_is_the_servers_own_in_the_metadata_stays_the_servers() {
    let mut door = Door::new();
    let key = door.make(Kind::Pod, {
        let mut pod = pod(None);
        let own = json!({"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z",
            "generation": 40, "deletionTimestamp": "2001-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": 3});
        for (field, value) in own.as_object().expect("fields") {
            pod["metadata"][field] = value.clone();
        }
        pod["status"] = json!({"phase": "Running"});
        pod
    });
    let made = door.get(&key);
    let metadata = &made["metadata"];
    assert_ne!(metadata["uid"], "mine");
    assert_eq!(metadata["creationTimestamp"], "2026-01-01T00:00:00Z");
    assert_eq!(metadata["generation"], 1);
    assert_eq!(metadata.get("deletionTimestamp"), None);
    assert_eq!(metadata.get("deletionGracePeriodSeconds"), None);
    assert_eq!(made["status"]["phase"], "Pending");
}

#[test]
fn a3_spec_and_status_do_not_change_through_each_other_and_the_generation_counts_specs() {
    let mut door = Door::new();
    let metadata = json!({"name": "web", "namespace": "default"});
    let key = door.make(
        Kind::PodDisruptionBudget,
        json!({"metadata": metadata, "spec": {"minAvailable": 1}}),
    );
    let generation = |door: &Door| door.get(&key)["metadata"]["generation"].clone();
    let mut both = door.get(&key);
    both["spec"]["minAvailable"] = 2.into();
    both["status"] = json!({"disruptionsAllowed": 5, "currentHealthy": 5,
        "desiredHealthy": 0, "expectedPods": 5});
    let both = object(Kind::PodDisruptionBudget, &both);
    door.ask(&key, Verb::WriteStatus(both.clone(), StatusWrite::Update))
        .expect("a status");
    let now = door.get(&key);
    assert_eq!(now["spec"]["minAvailable"], 1);
    assert_eq!(now["status"]["disruptionsAllowed"], 5);
    assert_eq!(generation(&door), 1);
    let mut next = now.clone();
    next["spec"]["minAvailable"] = 2.into();
    next["status"]["disruptionsAllowed"] = 9.into();
    door.ask(&key, Verb::Update(object(Kind::PodDisruptionBudget, &next)))
        .expect("a spec");
    let now = door.get(&key);
    assert_eq!(now["spec"]["minAvailable"], 2);
    assert_eq!(now["status"]["disruptionsAllowed"], 5);
    assert_eq!(generation(&door), 2);
    door.ask(&key, merge(json!({"metadata": {"labels": {"a": "b"}}})))
        .expect("a label");
    assert_eq!(generation(&door), 2);
    let stored = door.server.store().get(&key).expect("it is there");
    let owners = owners::to_value(key.kind, &owners::of(stored));
    let of_status = owners.as_array().expect("owners").iter();
    let of_status: Vec<&Value> = of_status
        .filter(|owner| owner["subresource"] == "status")
        .collect();
    assert_eq!(of_status.len(), 1);
    let status = of_status[0]["fieldsV1"].as_object().expect("fields");
    assert_eq!(status.keys().collect::<Vec<_>>(), ["f:status"]);
}

#[test]
fn a4_a_name_that_is_taken_is_409_and_a_generated_one_ends_in_five_characters() {
    let mut door = Door::new();
    let key = door.map();
    let again = object(
        Kind::ConfigMap,
        &json!({"metadata": {"name": "settings", "namespace": "default"}}),
    );
    let refusal = door.refusal(&key, Verb::Create(again));
    assert_eq!(refusal.reason, Reason::AlreadyExists);
    assert_eq!(refusal.reason.code(), 409);
    assert_eq!(refusal.message, "configmaps \"settings\" already exists");
    for _ in 0..50 {
        let metadata = json!({"generateName": "map-", "namespace": "default"});
        let key = door.make(Kind::ConfigMap, json!({"metadata": metadata}));
        let ending = key.name.strip_prefix("map-").expect("the base");
        assert_eq!(ending.len(), 5, "{ending}");
        let known = |c: char| "bcdfghjklmnpqrstvwxz2456789".contains(c);
        assert!(ending.chars().all(known), "{ending}");
    }
}

#[test]
fn a5_an_invalid_object_is_a_status_that_names_each_field_and_writes_nothing() {
    let mut door = Door::new();
    let metadata = json!({"name": "web", "namespace": "default"});
    let template = json!({"metadata": {"labels": {"app": "other"}},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}});
    let web = json!({"metadata": metadata, "spec": {"replicas": -1,
        "selector": {"matchLabels": {"app": "web"}}, "template": template}});
    let web = object(Kind::Deployment, &web);
    let refusal = door.refusal(&web.key(), Verb::Create(web.clone()));
    let replicas = "Invalid value: -1: must be greater than or equal to 0";
    let labels = "Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`";
    assert_eq!(
        refusal.to_value(),
        json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "reason": "Invalid", "code": 422,
            "message": format!("Deployment.apps \"web\" is invalid: [spec.replicas: {replicas}, spec.template.metadata.labels: {labels}]"),
            "details": {"name": "web", "group": "apps", "kind": "Deployment", "causes": [
                {"reason": "FieldValueInvalid", "field": "spec.replicas", "message": replicas},
                {"reason": "FieldValueInvalid", "field": "spec.template.metadata.labels",
                    "message": labels},
            ]},
        })
    );
}

/// The last change of an object.
fn last_change(door: &Door, key: &Key) -> Change {
    let revision = door.server.store().revision();
    let changes = changes_since(door.server.store(), key.kind, "default", revision - 1);
    let changes = changes.expect("nothing is forgotten");
    (**changes.last().expect("a change")).clone()
}

#[test]
fn a8_what_leaves_a_selector_arrives_as_deleted_and_what_enters_as_added() {
    let mut door = Door::new();
    let key = door.map();
    let red: LabelSelector = selector::parse_labels("color=red").expect("a selector");
    let scope = Scope {
        labels: Some(red),
        ..Scope::default()
    };
    let mut heard = Vec::new();
    for color in [
        json!("blue"),
        json!("red"),
        json!("red"),
        json!("blue"),
        Value::Null,
    ] {
        let count = heard.len().to_string();
        let body = json!({"metadata": {"labels": {"color": color}}, "data": {"round": count}});
        door.ask(&key, merge(body)).expect("a good patch");
        let event = event_for(&last_change(&door, &key), &scope);
        heard.push(event.map(|event| (event.name(), event.object().revision())));
    }
    let [first, second, third] = [heard[1], heard[2], heard[3]].map(|each| each.map(|(_, at)| at));
    assert_eq!(
        heard,
        [
            None,
            first.map(|at| ("ADDED", at)),
            second.map(|at| ("MODIFIED", at)),
            third.map(|at| ("DELETED", at)),
            None
        ]
    );
    assert!(
        first < second && second < third,
        "the one that left carries the revision at which it did"
    );
}

#[test]
fn a8_a_field_selector_narrows_a_watch_and_a_removal_is_told_to_those_who_saw_the_object() {
    let mut door = Door::new();
    let key = door.make(Kind::Pod, pod(None));
    let on = |node: &str| Scope {
        labels: None,
        fields: FieldSelector(vec![FieldRequirement {
            path: "spec.nodeName".to_owned(),
            value: node.to_owned(),
            equal: true,
        }]),
    };
    let uid = door.get(&key)["metadata"]["uid"].clone();
    let binding = Binding {
        node: "node-a".into(),
        uid: uid.as_str().expect("a uid").to_owned(),
    };
    door.ask(&key, Verb::Bind(binding)).expect("it is bound");
    let bound = last_change(&door, &key);
    assert!(matches!(
        event_for(&bound, &on("node-a")),
        Some(WatchEvent::Added(_))
    ));
    assert_eq!(event_for(&bound, &on("node-b")), None);
    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    door.ask(&key, Verb::Delete(now)).expect("it goes");
    let gone = last_change(&door, &key);
    assert!(matches!(
        event_for(&gone, &on("node-a")),
        Some(WatchEvent::Deleted(_))
    ));
    assert_eq!(event_for(&gone, &on("node-b")), None);
}

#[test]
fn a8_a_watch_from_before_a_compaction_is_410_expired() {
    let mut door = Door::new();
    let key = door.map();
    for round in 0..3 {
        door.ask(&key, merge(json!({"data": {"round": round.to_string()}})))
            .expect("a good patch");
    }
    let revision = door.server.store().revision();
    door.server.compact(revision - 1);
    let since = |from: u64| changes_since(door.server.store(), Kind::ConfigMap, "", from);
    let seen = since(revision - 1).expect("nothing is missing");
    assert_eq!(
        seen.iter()
            .map(|change| change.revision)
            .collect::<Vec<_>>(),
        [revision]
    );
    let refusal = since(revision - 2).expect_err("something is missing");
    assert_eq!(
        (refusal.reason, refusal.reason.code()),
        (Reason::Expired, 410)
    );
    assert_eq!(
        refusal.message,
        format!(
            "too old resource version: {} ({})",
            revision - 2,
            revision - 1
        )
    );
}

#[test]
fn a8_bookmarks_keep_a_watch_on_what_never_changes_from_falling_behind_a_compaction() {
    let mut cluster = world(1, &web(1));
    assert!(settle(&mut cluster, 60));
    wait(&mut cluster, 1_200);
    let before = cluster.trace().len();
    kubectl(&mut cluster, "fault cut-watch statefulset-controller");
    wait(&mut cluster, 10);
    let after: Vec<String> = cluster
        .trace()
        .iter()
        .skip(before)
        .map(|record| record.sentence())
        .collect();
    let expired = after.iter().find(|line| line.contains("410 Expired"));
    assert_eq!(expired, None);
    assert!(!after.is_empty());
}

#[test]
fn a11_a_pod_is_bound_once_and_through_its_subresource_only() {
    let mut door = Door::new();
    let key = door.make(Kind::Pod, pod(None));
    let uid = door.get(&key)["metadata"]["uid"].clone();
    let bind = |uid: &Value, node: &str| {
        Verb::Bind(Binding {
            node: node.into(),
            uid: uid.as_str().expect("a uid").to_owned(),
        })
    };
    let refusal = door.refusal(&key, bind(&json!("another"), "node-a"));
    assert_eq!(
        refusal.message,
        format!(
            "Operation cannot be fulfilled on pods \"web\": StorageError: invalid object, Code: 4, Key: /registry/pods/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: another, UID in object meta: {}",
            uid.as_str().expect("a uid")
        )
    );
    let placed = door.refusal(&key, merge(json!({"spec": {"nodeName": "node-a"}})));
    assert_eq!(placed.reason, Reason::Invalid);
    door.ask(&key, bind(&uid, "node-a")).expect("it is free");
    let bound = door.get(&key);
    assert_eq!(bound["spec"]["nodeName"], "node-a");
    assert_eq!(bound["status"]["conditions"][0]["type"], "PodScheduled");
    assert_eq!(bound["status"]["conditions"][0]["status"], "True");
    let refusal = door.refusal(&key, bind(&uid, "node-b"));
    assert_eq!(
        (refusal.reason, refusal.message.as_str()),
        (
            Reason::Conflict,
            "Operation cannot be fulfilled on pods/binding \"web\": pod web is already assigned to node \"node-a\""
        )
    );
}

#[test]
fn a11_a_pod_at_a_gate_is_not_bound() {
    let mut door = Door::new();
    let mut gated = pod(None);
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    let key = door.make(Kind::Pod, gated);
    let uid = door.get(&key)["metadata"]["uid"].clone();
    let binding = Binding {
        node: "node-a".into(),
        uid: uid.as_str().expect("a uid").to_owned(),
    };
    let refusal = door.refusal(&key, Verb::Bind(binding));
    assert_eq!(
        refusal.message,
        "Operation cannot be fulfilled on pods/binding \"web\": pod web has non-empty .spec.schedulingGates"
    );
}
