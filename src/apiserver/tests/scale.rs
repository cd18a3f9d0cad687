//! The scale subresource: read and written without the workload around it.

use super::*;

fn key(kind: Kind) -> Key {
    Key::new(kind, "default", "web")
}

fn with(kind: Kind) -> Door {
    let mut door = Door::new();
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}});
    let spec = json!({"replicas": 2, "selector": {"matchLabels": labels}, "template": template});
    let metadata = json!({"name": "web", "namespace": "default"});
    door.put(kind, json!({"metadata": metadata, "spec": spec}));
    door.set_status(&key(kind), json!({"replicas": 1}));
    door
}

fn read(door: &mut Door, kind: Kind) -> Scale {
    match door.ask(&key(kind), Verb::GetScale) {
        Ok(Answer::Scale(scale)) => scale,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a11_the_scale_of_a_workload_is_read_and_written_and_touches_nothing_else() {
    for kind in [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet] {
        let mut door = with(kind);
        let before = door.stored(&key(kind));
        let mut scale = read(&mut door, kind);
        assert_eq!((scale.replicas, scale.current_replicas), (2, 1), "{kind}");
        scale.replicas = 5;
        let outdated = scale.clone();
        door.ask(&key(kind), Verb::UpdateScale(scale))
            .expect("a good scale");
        let mut expected = before;
        let now = door.stored(&key(kind));
        expected["spec"]["replicas"] = 5.into();
        expected["metadata"]["generation"] = 2.into();
        expected["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
        assert_eq!(now, expected, "{kind}");
        let refusal = door
            .ask(&key(kind), Verb::UpdateScale(outdated))
            .expect_err("it is old");
        assert_eq!(refusal.reason, Reason::Conflict, "{kind}");
        let resource = kind.info().group_resource();
        let message = format!(
            "Operation cannot be fulfilled on {resource} \"web\": the object has been modified; \
             please apply your changes to the latest version and try again"
        );
        assert_eq!(refusal.message, message);
    }
}

#[test]
fn a11_a_scale_below_none_is_refused_and_a_kind_without_one_has_none() {
    let mut door = with(Kind::Deployment);
    let mut scale = read(&mut door, Kind::Deployment);
    scale.replicas = -1;
    let before = door.api.store().revision();
    let verb = Verb::UpdateScale(scale);
    let refusal = door
        .ask(&key(Kind::Deployment), verb)
        .expect_err("less than none");
    assert_eq!(refusal.reason, Reason::Invalid);
    assert!(
        refusal
            .message
            .ends_with("spec.replicas: Invalid value: -1: must be greater than or equal to 0")
    );
    assert_eq!(door.api.store().revision(), before);
    let mut door = with(Kind::DaemonSet);
    let refusal = door
        .ask(&key(Kind::DaemonSet), Verb::GetScale)
        .expect_err("it has none");
    assert_eq!(refusal.reason, Reason::NotFound);
    assert_eq!(
        refusal.message,
        "the server could not find the requested resource (get daemonsets/scale)"
    );
}

#[test]
fn a3_what_is_empty_is_not_stored() {
    let mut door = Door::new();
    let key = Key::new(Kind::ConfigMap, "default", "x");
    let metadata =
        json!({"name": "x", "namespace": "default", "finalizers": [], "ownerReferences": []});
    door.put(Kind::ConfigMap, json!({"metadata": metadata}));
    for field in ["finalizers", "ownerReferences"] {
        assert_eq!(door.stored(&key)["metadata"].get(field), None, "{field}");
    }
    let body = json!({"metadata": {"finalizers": ["example.com/a"]}});
    let patch = |body: Value| {
        Verb::Patch(Patch {
            patch_type: PatchType::Merge,
            subresource: Subresource::Main,
            body,
        })
    };
    door.ask(&key, patch(body)).expect("a good patch");
    door.ask(&key, patch(json!({"metadata": {"finalizers": []}})))
        .expect("a good patch");
    assert_eq!(door.stored(&key)["metadata"].get("finalizers"), None);
}
