//! Dry runs: every verb that writes goes the whole way, answers as if it had been meant, and leaves
//! nothing behind.

use super::*;

/// Two runs of one request: tried, and meant.
fn both(door: &mut Door, key: &Key, verb: &Verb) -> [Handled; 2] {
    let before = door.api.store().revision();
    let dry = WriteOptions {
        run: Run::Dry,
        ..WriteOptions::default()
    };
    let tried = door.handle(key, verb.clone(), dry);
    assert_eq!(door.api.store().revision(), before, "{verb:?} writes");
    assert!(tried.changes.is_empty(), "{verb:?} changes something");
    let meant = door.handle(key, verb.clone(), WriteOptions::default());
    [tried, meant]
}

fn patch(patch_type: PatchType, subresource: Subresource, body: Value) -> Verb {
    Verb::Patch(Patch {
        patch_type,
        subresource,
        body,
    })
}

fn deployment() -> Value {
    let labels = json!({"app": "web"});
    json!({
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}},
        },
    })
}

#[test]
fn a6_every_verb_that_writes_can_be_tried_and_answers_as_if_it_were_meant() {
    let mut door = Door::new();
    let key = Key::new(Kind::Deployment, "default", "web");
    let object = Object::from_value(Kind::Deployment, deployment()).expect("well-formed");
    let applied = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "a"}}});
    let mut updated = object.clone();
    updated.metadata_mut().labels = Some([("a".to_owned(), "b".to_owned())].into());
    let mut scale = Scale::of(&object).expect("a Deployment has one");
    scale.replicas = 5;
    let main = Subresource::Main;
    let verbs = [
        Verb::Create(object.clone()),
        Verb::Update(updated),
        Verb::WriteStatus(object, StatusWrite::Update),
        patch(PatchType::Merge, main, json!({"spec": {"replicas": 2}})),
        patch(PatchType::Strategic, main, json!({"spec": {"replicas": 3}})),
        patch(
            PatchType::Json,
            main,
            json!([{"op": "replace", "path": "/spec/replicas", "value": 4}]),
        ),
        patch(PatchType::Apply(Conflicts::Refuse), main, applied),
        Verb::UpdateScale(scale),
        Verb::Delete(DeleteOptions::default()),
    ];
    for verb in verbs {
        let [tried, meant] = both(&mut door, &key, &verb);
        let (tried, meant) = (tried.outcome.expect("valid"), meant.outcome.expect("valid"));
        match (tried.object(), meant.object()) {
            (Some(tried), Some(meant)) => {
                assert!(!tried.uid().is_empty(), "{verb:?}");
                let spec = |object: &Object| object.to_value()["spec"].clone();
                assert_eq!(spec(tried), spec(meant), "{verb:?}");
                let labels = |object: &Object| object.metadata().labels.clone();
                assert_eq!(labels(tried), labels(meant), "{verb:?}");
            }
            (tried, meant) => assert_eq!(tried.is_some(), meant.is_some(), "{verb:?}"),
        }
    }
}

#[test]
fn a6_a_dry_create_answers_with_what_the_server_fills_in() {
    let mut door = Door::new();
    let key = Key::new(Kind::Deployment, "default", "web");
    let object = Object::from_value(Kind::Deployment, deployment()).expect("well-formed");
    let [tried, _] = both(&mut door, &key, &Verb::Create(object));
    let answer = tried.outcome.expect("valid");
    let made = answer
        .object()
        .expect("a create answers with it")
        .to_value();
    assert!(made["metadata"]["uid"].is_string());
    assert!(made["metadata"]["creationTimestamp"].is_string());
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["spec"]["replicas"], 1);
    let template = &made["spec"]["template"]["spec"];
    assert_eq!(template["restartPolicy"], "Always");
    assert_eq!(template["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(made["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
}

#[test]
fn a6_what_would_be_refused_is_refused_when_it_is_tried() {
    let mut door = Door::new();
    let key = Key::new(Kind::Deployment, "default", "web");
    let mut value = deployment();
    value["spec"]["replicas"] = json!(-1);
    let object = Object::from_value(Kind::Deployment, value).expect("well-formed");
    let [tried, meant] = both(&mut door, &key, &Verb::Create(object));
    let message = "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be \
                   greater than or equal to 0";
    for handled in [tried, meant] {
        assert_eq!(handled.outcome.expect_err("it is refused").message, message);
    }
}

#[test]
fn a11_bindings_and_deletions_of_pods_can_be_tried() {
    let mut door = Door::new();
    let key = Key::new(Kind::Pod, "default", "web");
    let metadata = json!({"name": "web", "namespace": "default"});
    let spec = json!({"containers": [{"name": "c", "image": "nginx:1"}]});
    door.put(Kind::Pod, json!({"metadata": metadata, "spec": spec}));
    let uid = door.stored(&key)["metadata"]["uid"].clone();
    let binding = Binding {
        node: "node-a".into(),
        uid: uid.as_str().expect("a uid").to_owned(),
    };
    let before = door.stored(&key);
    let verb = Verb::Bind(binding);
    let dry = WriteOptions {
        run: Run::Dry,
        ..WriteOptions::default()
    };
    assert!(door.handle(&key, verb.clone(), dry.clone()).outcome.is_ok());
    assert_eq!(door.stored(&key), before);
    let [_, meant] = both(&mut door, &key, &verb);
    assert!(meant.outcome.is_ok());
    let delete = Verb::Delete(DeleteOptions::default());
    let before = door.stored(&key);
    let tried = door.handle(&key, delete, dry).outcome.expect("it may go");
    let marked = tried.object().expect("it answers with it");
    assert!(marked.is_terminating(), "it would have 30 s");
    assert_eq!(door.stored(&key), before);
}
