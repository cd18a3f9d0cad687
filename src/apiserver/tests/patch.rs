//! A10: patches of every kind at the door: what they make, what is refused with which code.

use serde_json::{Value, json};

use super::*;
use crate::api::owners;

fn key() -> Key {
    Key::new(Kind::Deployment, "default", "web")
}

fn with_web() -> Door {
    let mut door = Door::new();
    let labels = json!({"app": "web"});
    door.put(
        Kind::Deployment,
        json!({"metadata": {"name": "web", "namespace": "default",
                "annotations": {"note": "old"}},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}}}),
    );
    door
}

fn patch(door: &mut Door, patch_type: PatchType, body: &Value) -> Outcome {
    let patch = Patch {
        patch_type,
        subresource: Subresource::Main,
        body: body.clone(),
    };
    door.ask(&key(), Verb::Patch(patch))
}

#[test]
fn a10_each_kind_of_patch_changes_the_newest_state() {
    let cases = [
        (
            PatchType::Json,
            json!([{"op": "test", "path": "/spec/replicas", "value": 1},
                {"op": "replace", "path": "/spec/replicas", "value": 4}]),
        ),
        (
            PatchType::Merge,
            json!({"spec": {"replicas": 4}, "metadata": {"annotations": {"note": null}}}),
        ),
        (
            PatchType::Strategic,
            json!({"spec": {"replicas": 4, "template": {"spec": {
                "$setElementOrder/containers": [{"name": "d"}, {"name": "c"}],
                "containers": [{"name": "d", "image": "log:1"}]}}}}),
        ),
    ];
    for (patch_type, body) in cases {
        let mut door = with_web();
        patch(&mut door, patch_type, &body).expect("a good patch");
        assert_eq!(door.stored(&key())["spec"]["replicas"], 4, "{body}");
        assert_eq!(door.stored(&key())["metadata"]["generation"], 2, "{body}");
    }
}

#[test]
fn a10_a_patch_that_does_not_fit_is_refused_with_the_code_of_its_fault() {
    let unfit = "the server rejected our request due to an error in our request";
    let spec = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let cases = [
        (
            PatchType::Json,
            json!([{"op": "test", "path": "/spec/replicas", "value": 7}]),
            (Reason::Invalid, 422, unfit.to_owned()),
        ),
        (
            PatchType::Json,
            json!([{"op": "remove", "path": "/spec/nothing"}]),
            (Reason::Invalid, 422, unfit.to_owned()),
        ),
        (
            PatchType::Strategic,
            spec(json!({"containers": [{"image": "x"}]})),
            (
                Reason::Unknown,
                500,
                "map: map[image:x] does not contain declared merge key: name".to_owned(),
            ),
        ),
        (
            PatchType::Strategic,
            spec(json!({"nodeSelector": {"$patch": "fly"}})),
            // There is nothing to merge with, so the directive is passed over.
            (Reason::Unknown, 0, String::new()),
        ),
        (
            PatchType::Strategic,
            json!({"metadata": {"annotations": {"$patch": "fly"}}}),
            (
                Reason::Unknown,
                500,
                "unknown patch type: fly in map: map[]".to_owned(),
            ),
        ),
        (
            PatchType::Strategic,
            spec(json!({"containers": [{"name": "d"}],
                "$setElementOrder/containers": [{"name": "c"}]})),
            (
                Reason::BadRequest,
                400,
                "invalid patch format of setElementOrder list".to_owned(),
            ),
        ),
    ];
    for (patch_type, body, (reason, code, message)) in cases {
        let mut door = with_web();
        let before = door.api.store().revision();
        match patch(&mut door, patch_type, &body) {
            Ok(_) => assert_eq!(code, 0, "{body}"),
            Err(refusal) => {
                assert_eq!(
                    (refusal.reason, refusal.message),
                    (reason, message),
                    "{body}"
                );
                assert_eq!(reason.code(), code);
                assert_eq!(door.api.store().revision(), before, "nothing is written");
            }
        }
    }
}

#[test]
fn a10_a_patch_that_leaves_no_object_of_the_kind_is_invalid_at_patch() {
    let mut door = with_web();
    let body = json!({"spec": {"replicas": "many"}});
    let refusal = patch(&mut door, PatchType::Strategic, &body).expect_err("no number");
    assert_eq!(refusal.reason, Reason::Invalid);
    let begins = " \"\" is invalid: patch: Invalid value: \"map[spec:map[replicas:many]]\": ";
    assert!(refusal.message.starts_with(begins), "{}", refusal.message);
    assert_eq!(refusal.to_value()["details"]["causes"][0]["field"], "patch");
}

#[test]
fn a2_a_patch_that_names_a_revision_must_name_the_newest() {
    let mut door = with_web();
    let old = door.stored(&key())["metadata"]["resourceVersion"].clone();
    let other = json!({"metadata": {"labels": {"a": "b"}}});
    patch(&mut door, PatchType::Merge, &other).expect("a good patch");
    let path = "/metadata/resourceVersion";
    for (patch_type, body) in [
        (
            PatchType::Merge,
            json!({"metadata": {"resourceVersion": old}, "spec": {"replicas": 9}}),
        ),
        (
            PatchType::Json,
            json!([{"op": "replace", "path": path, "value": old},
                {"op": "replace", "path": "/spec/replicas", "value": 9}]),
        ),
    ] {
        let refusal = patch(&mut door, patch_type, &body).expect_err("an old revision");
        assert_eq!(
            (refusal.reason, refusal.message.as_str()),
            (
                Reason::Conflict,
                "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes to the latest version and try again"
            )
        );
        let new = door.stored(&key())["metadata"]["resourceVersion"].clone();
        let newest = body.to_string().replace(&old.to_string(), &new.to_string());
        let newest: Value = serde_json::from_str(&newest).expect("JSON");
        patch(&mut door, patch_type, &newest).expect("the newest revision");
    }
}

#[test]
fn a10_a_patch_of_the_managed_fields_says_who_owns_what() {
    let mut door = with_web();
    let owners_of = |door: &Door| {
        let object = door.api.store().get(&key()).expect("it is there");
        owners::to_value(Kind::Deployment, &owners::of(object))
    };
    let mut managed = owners_of(&door);
    managed[0]["manager"] = "somebody".into();
    let replace = |managed: &Value| json!([{"op": "replace", "path": "/metadata/managedFields", "value": managed}]);
    patch(&mut door, PatchType::Json, &replace(&managed)).expect("owners that can be read");
    assert_eq!(owners_of(&door), managed);
    // What cannot be read is passed over, and one empty entry says that nobody owns anything.
    managed[0]["operation"] = "Fly".into();
    patch(&mut door, PatchType::Json, &replace(&managed)).expect("passed over");
    assert_eq!(owners_of(&door)[0]["operation"], "Update");
    let nobody = json!({"metadata": {"managedFields": [{}]}});
    patch(&mut door, PatchType::Merge, &nobody).expect("a list of nobody");
    assert_eq!(owners_of(&door), json!([]));
}

#[test]
fn a10_kubectl_takes_back_what_it_applied_itself_and_nothing_that_others_changed_since() {
    let applied = |replicas: i32, image: &str| {
        let labels = json!({"app": "web"});
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": image}]}}}})
    };
    let ask = |door: &mut Door, verb: Verb, by: &'static str| {
        let options = WriteOptions {
            manager: Some(by.into()),
            ..WriteOptions::default()
        };
        door.handle(&key(), verb, options).outcome
    };
    let mut door = Door::new();
    let first = crate::manifest::patch::with_last_applied(&applied(1, "nginx:1"));
    let first = Object::from_value(Kind::Deployment, first).expect("well-formed");
    ask(&mut door, Verb::Create(first), "kubectl-client-side-apply").expect("valid");
    let apply = |body: Value| {
        Verb::Patch(Patch {
            patch_type: PatchType::Apply(Conflicts::Refuse),
            subresource: Subresource::Main,
            body,
        })
    };
    let refusal = ask(&mut door, apply(applied(2, "nginx:1")), "another").expect_err("owned");
    assert_eq!(
        refusal.message,
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas"
    );
    ask(&mut door, apply(applied(2, "nginx:1")), "kubectl").expect("its own");
    let image = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "c", "image": "nginx:9"}]}}}});
    let changed = Verb::Patch(Patch {
        patch_type: PatchType::Strategic,
        subresource: Subresource::Main,
        body: image,
    });
    ask(&mut door, changed, "kubectl-set").expect("valid");
    let refusal = ask(&mut door, apply(applied(3, "nginx:2")), "kubectl").expect_err("changed");
    assert_eq!(
        refusal.message,
        "Apply failed with 1 conflict: conflict with \"kubectl-set\" using apps/v1: .spec.template.spec.containers[name=\"c\"].image"
    );
}
