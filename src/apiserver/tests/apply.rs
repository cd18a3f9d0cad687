//! Server-side apply and the owners of fields.

use super::*;
use crate::api::owners;

fn key() -> Key {
    Key::new(Kind::Deployment, "default", "web")
}

fn as_manager(name: &'static str) -> WriteOptions {
    WriteOptions {
        manager: Some(name.into()),
        ..WriteOptions::default()
    }
}

/// A server-side apply.
fn apply(door: &mut Door, by: &'static str, conflicts: Conflicts, body: Value) -> Handled {
    let patch = Patch {
        patch_type: PatchType::Apply(conflicts),
        subresource: Subresource::Main,
        body,
    };
    door.handle(&key(), Verb::Patch(patch), as_manager(by))
}

fn patch(door: &mut Door, by: &'static str, subresource: Subresource, body: Value) {
    let patch = Patch {
        patch_type: PatchType::Merge,
        subresource,
        body,
    };
    let handled = door.handle(&key(), Verb::Patch(patch), as_manager(by));
    handled.outcome.expect("a good patch");
}

fn web(replicas: i32) -> Value {
    let labels = json!({"app": "web"});
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c", "image": "nginx:1",
                "ports": [{"containerPort": 80}]}]}}}})
}

fn managed(door: &Door) -> Value {
    let object = door.api.store().get(&key()).expect("it is there");
    owners::to_value(Kind::Deployment, &owners::of(object))
}

/// `manager operation subresource: fields` of each owner.
fn owned(door: &Door) -> Vec<String> {
    let object = door.api.store().get(&key()).expect("it is there");
    let lines = owners::of(object).into_iter().map(|owner| {
        let subresource = owner.writer.subresource.unwrap_or("-");
        let paths = owner.fields.paths().join(" ");
        format!(
            "{} {} {subresource}: {paths}",
            owner.writer.manager,
            owner.operation.name()
        )
    });
    lines.collect()
}

#[test]
fn a3_the_first_writer_owns_what_it_wrote_and_what_was_defaulted_and_a_status_writer_its_status() {
    let mut door = Door::new();
    let object = Object::from_value(Kind::Deployment, web(2)).expect("well-formed");
    door.handle(&key(), Verb::Create(object), as_manager("kubectl-create"))
        .outcome
        .expect("valid");
    door.now = Time::from_secs(130);
    door.set_status(&key(), json!({"observedGeneration": 1, "replicas": 2}));
    assert_eq!(
        managed(&door),
        json!([
            {"apiVersion": "apps/v1", "fieldsType": "FieldsV1", "manager": "kubectl-create",
             "operation": "Update", "time": "2026-01-01T00:01:40Z", "fieldsV1": {"f:spec": {
                "f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:revisionHistoryLimit": {},
                "f:selector": {},
                "f:strategy": {
                    "f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}},
                    "f:type": {}},
                "f:template": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {
                    "f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {},
                        "f:imagePullPolicy": {}, "f:name": {},
                        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {
                            ".": {}, "f:containerPort": {}, "f:protocol": {}}},
                        "f:resources": {}, "f:terminationMessagePath": {},
                        "f:terminationMessagePolicy": {}}},
                    "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {},
                    "f:securityContext": {}, "f:terminationGracePeriodSeconds": {}}}}}},
            {"apiVersion": "apps/v1", "fieldsType": "FieldsV1", "manager": "kubectl",
             "operation": "Update", "subresource": "status", "time": "2026-01-01T00:02:10Z",
             "fieldsV1": {"f:status": {"f:observedGeneration": {}, "f:replicas": {}}}},
        ])
    );
}

#[test]
fn a10_an_applier_owns_only_what_it_names() {
    let mut door = Door::new();
    let handled = apply(&mut door, "kubectl", Conflicts::Refuse, web(3));
    handled.outcome.expect("a new object");
    assert_eq!(
        managed(&door)[0]["fieldsV1"],
        json!({"f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers": {
                "k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:name": {}, "f:ports": {
                    "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {},
                        "f:containerPort": {}}}}}}}}})
    );
    assert_eq!(managed(&door)[0]["operation"], "Apply");
}

#[test]
fn a10_what_another_manager_owns_is_a_conflict_that_names_it_and_the_field() {
    let updated = "conflict with \"kubectl-client-side-apply\" using apps/v1";
    let scaled = "conflict with \"kubectl\" with subresource \"scale\" using apps/v1";
    let cases = [
        (
            "kubectl-client-side-apply",
            Subresource::Main,
            format!("Apply failed with 1 conflict: {updated}: .spec.replicas"),
            updated,
        ),
        (
            "kubectl",
            Subresource::Scale,
            format!("Apply failed with 1 conflict: {scaled}: .spec.replicas"),
            scaled,
        ),
    ];
    for (by, subresource, message, cause) in cases {
        let mut door = Door::new();
        let first = apply(&mut door, "team", Conflicts::Refuse, web(3));
        first.outcome.expect("a new object");
        patch(&mut door, by, subresource, json!({"spec": {"replicas": 5}}));
        let before = door.api.store().revision();
        let refusal = apply(&mut door, "team", Conflicts::Refuse, web(3))
            .outcome
            .expect_err("somebody else owns it");
        assert_eq!(refusal.reason, Reason::Conflict);
        assert_eq!(refusal.message, message);
        assert_eq!(
            refusal.to_value()["details"]["causes"],
            json!([{"reason": "FieldManagerConflict", "message": cause, "field": ".spec.replicas"}])
        );
        assert_eq!(door.api.store().revision(), before, "nothing is written");
        let forced = apply(&mut door, "team", Conflicts::Force, web(3));
        forced.outcome.expect("forced");
        assert_eq!(door.stored(&key())["spec"]["replicas"], 3);
        let other = owned(&door).into_iter().find(|line| line.starts_with(by));
        assert_eq!(other, None, "it has lost its only field");
    }
}

#[test]
fn a10_several_conflicts_are_listed_by_manager() {
    let mut door = Door::new();
    apply(&mut door, "team", Conflicts::Refuse, web(3))
        .outcome
        .expect("a new object");
    let image = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "c", "image": "nginx:2", "ports": [{"containerPort": 80}]}]}}}});
    patch(&mut door, "kubectl-set", Subresource::Main, image);
    patch(
        &mut door,
        "kubectl-edit",
        Subresource::Main,
        json!({"spec": {"replicas": 5, "paused": true}}),
    );
    let refusal = apply(&mut door, "team", Conflicts::Refuse, {
        let mut body = web(3);
        body["spec"]["paused"] = false.into();
        body
    })
    .outcome
    .expect_err("three fields are others'");
    assert_eq!(
        refusal.message,
        "Apply failed with 3 conflicts: conflicts with \"kubectl-edit\" using apps/v1:\n\
         - .spec.paused\n- .spec.replicas\nconflicts with \"kubectl-set\" using apps/v1:\n\
         - .spec.template.spec.containers[name=\"c\"].image"
    );
}

#[test]
fn a10_managers_that_say_the_same_share_a_field_and_it_goes_when_the_last_lets_go() {
    let mut door = Door::new();
    let labelled = |color: Option<&str>| {
        let mut body = web(2);
        if let Some(color) = color {
            body["metadata"]["labels"] = json!({"color": color});
        }
        body
    };
    for by in ["one", "two"] {
        let handled = apply(&mut door, by, Conflicts::Refuse, labelled(Some("red")));
        handled.outcome.expect("they agree");
    }
    let color = |door: &Door| door.stored(&key())["metadata"]["labels"]["color"].clone();
    apply(&mut door, "one", Conflicts::Refuse, labelled(None))
        .outcome
        .expect("it lets go");
    assert_eq!(color(&door), "red", "the other still names it");
    apply(&mut door, "two", Conflicts::Refuse, labelled(None))
        .outcome
        .expect("it lets go");
    assert_eq!(color(&door), Value::Null);
}

#[test]
fn a10_a_container_and_a_volume_source_that_are_no_longer_applied_go_with_their_defaults() {
    let mut door = Door::new();
    let mut body = web(2);
    body["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "log", "image": "busybox"}));
    body["spec"]["template"]["spec"]["volumes"] =
        json!([{"name": "v", "configMap": {"name": "m"}}]);
    apply(&mut door, "team", Conflicts::Refuse, body)
        .outcome
        .expect("valid");
    let mut body = web(2);
    body["spec"]["template"]["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
    apply(&mut door, "team", Conflicts::Refuse, body)
        .outcome
        .expect("valid");
    let spec = &door.stored(&key())["spec"]["template"]["spec"];
    assert_eq!(spec["containers"].as_array().map(Vec::len), Some(1));
    assert_eq!(spec["volumes"], json!([{"name": "v", "emptyDir": {}}]));
}

#[test]
fn a10_applying_the_same_again_writes_nothing() {
    let mut door = Door::new();
    apply(&mut door, "team", Conflicts::Refuse, web(2))
        .outcome
        .expect("valid");
    door.now = Time::from_secs(200);
    let handled = apply(&mut door, "team", Conflicts::Refuse, web(2));
    assert!(handled.outcome.is_ok());
    assert!(handled.changes.is_empty());
    // Another manager that says the same becomes an owner too, and that is written.
    let handled = apply(&mut door, "other", Conflicts::Refuse, web(2));
    assert_eq!(handled.changes.len(), 1);
    assert_eq!(managed(&door)[1]["manager"], "other");
}

#[test]
fn a10_an_apply_with_managed_fields_in_it_is_refused() {
    let mut door = Door::new();
    let mut body = web(2);
    body["metadata"]["managedFields"] = json!([]);
    let refusal = apply(&mut door, "team", Conflicts::Refuse, body)
        .outcome
        .expect_err("they are the server's");
    assert_eq!(refusal.message, "metadata.managedFields must be nil");
}

#[test]
fn a3_owners_are_the_same_however_long_the_chain_of_writes() {
    let mut door = Door::new();
    apply(&mut door, "team", Conflicts::Refuse, web(2))
        .outcome
        .expect("valid");
    for round in 0..100 {
        let by = if round % 2 == 0 { "even" } else { "odd" };
        let annotation = json!({"metadata": {"annotations": {by: round.to_string()}}});
        patch(&mut door, by, Subresource::Main, annotation);
    }
    let lines = owned(&door);
    assert!(lines[0].starts_with("team Apply"), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "even Update -: .metadata.annotations .metadata.annotations.even".to_owned(),
            "odd Update -: .metadata.annotations.odd".to_owned(),
        ]
    );
}

#[test]
fn a3_binding_deletion_and_eviction_make_nobody_an_owner() {
    let mut door = Door::new();
    let pod = Key::new(Kind::Pod, "default", "p");
    let object = door.put(
        Kind::Pod,
        json!({"metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}),
    );
    let before = owners::of(door.api.store().get(&pod).expect("there"));
    assert_eq!(before.len(), 1);
    let text = owners::to_value(Kind::Pod, &before).to_string();
    for servers in ["tolerations", "serviceAccountName", "priority", "status"] {
        assert!(!text.contains(servers), "{servers}: {text}");
    }
    let binding = Binding {
        node: "a".into(),
        uid: object.uid().to_owned(),
    };
    door.ask(&pod, Verb::Bind(binding)).expect("it is bound");
    door.ask(&pod, Verb::Evict(DeleteOptions::default()))
        .expect("it goes");
    let after = owners::of(door.api.store().get(&pod).expect("it ends"));
    assert_eq!(before, after);
}
