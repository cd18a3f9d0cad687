//! What a pod names has to be there before it starts.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::World;
use crate::api::{Key, Kind, Object};
use crate::apiserver::{StatusWrite, Verb};
use crate::sim::Time;

fn waiting(world: &World, pod: &Key) -> (String, String) {
    let state = world.container(pod, 0).state.expect("there is a state");
    let waiting = state.waiting.expect("it waits");
    (
        waiting.reason.unwrap_or_default(),
        waiting.message.unwrap_or_default(),
    )
}

fn make(world: &mut World, kind: Kind, name: &str, mut value: Value) {
    value["metadata"] = json!({"name": name, "namespace": "default"});
    let object = Object::from_value(kind, value).expect("the test writes an object");
    world.ask(object.key(), Verb::Create(object));
}

fn with_environment(world: &mut World, fields: &Value) -> Key {
    let mut container = json!({"name": "web", "image": "nginx:1.29"});
    for (name, value) in fields.as_object().expect("fields of a container") {
        container[name] = value.clone();
    }
    world.run_pod("web", json!({"containers": [container]}))
}

fn with_volume(world: &mut World, source: &Value) -> Key {
    let mut volume = source.clone();
    volume["name"] = "v".into();
    let container = json!({
        "name": "web", "image": "nginx:1.29", "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    });
    world.run_pod(
        "web",
        json!({"containers": [container], "volumes": [volume]}),
    )
}

/// A world with a ConfigMap and a Secret called `there`, each with the key `a`.
fn furnished() -> World {
    let mut world = World::new();
    let map = json!({"data": {"a": "1"}});
    make(&mut world, Kind::ConfigMap, "there", map);
    let secret = json!({"stringData": {"a": "1"}});
    make(&mut world, Kind::Secret, "there", secret);
    world
}

#[test]
fn k2_what_the_environment_lacks_is_said_in_the_words_of_the_kubelet() {
    let from = |kind: &str, optional: Value| json!({"envFrom": [{kind: {"name": "nope", "optional": optional}}]});
    let one = |kind: &str, name: &str, optional: Value| {
        json!({"env": [{"name": "A", "valueFrom": {
            kind: {"name": name, "key": "x", "optional": optional},
        }}]})
    };
    let no = Value::Null;
    let cases = [
        (
            from("configMapRef", no.clone()),
            Some("configmap \"nope\" not found"),
        ),
        (
            from("secretRef", no.clone()),
            Some("secret \"nope\" not found"),
        ),
        (from("configMapRef", json!(true)), None),
        (from("secretRef", json!(true)), None),
        (
            one("configMapKeyRef", "nope", no.clone()),
            Some("configmap \"nope\" not found"),
        ),
        (
            one("secretKeyRef", "nope", no.clone()),
            Some("secret \"nope\" not found"),
        ),
        (
            one("configMapKeyRef", "there", no.clone()),
            Some("couldn't find key x in ConfigMap default/there"),
        ),
        (
            one("secretKeyRef", "there", no),
            Some("couldn't find key x in Secret default/there"),
        ),
        (one("configMapKeyRef", "there", json!(true)), None),
        (one("secretKeyRef", "nope", json!(true)), None),
    ];
    for (fields, expected) in cases {
        let mut world = furnished();
        let pod = with_environment(&mut world, &fields);
        world.pass_seconds(9);
        let Some(message) = expected else {
            assert_eq!(world.phase(&pod), "Running", "{fields}");
            continue;
        };
        let reason = "CreateContainerConfigError".to_owned();
        assert_eq!(
            waiting(&world, &pod),
            (reason, message.to_owned()),
            "{fields}"
        );
        assert_eq!(world.phase(&pod), "Pending");
        let event = format!("Failed: Error: {message}");
        assert!(world.events().contains(&event), "{:?}", world.events());
    }
}

#[test]
fn k2_a_container_without_its_settings_is_tried_again_each_ten_to_fifteen_seconds() {
    let mut world = World::new();
    let fields = json!({"envFrom": [{"configMapRef": {"name": "nope"}}]});
    let pod = with_environment(&mut world, &fields);
    world.settle();
    world.pass_seconds(60);
    let failures: Vec<Time> = failures(&world, "configuration-failed");
    assert!((5..=7).contains(&failures.len()), "{failures:?}");
    for pair in failures.windows(2) {
        let wait = pair[1].since(pair[0]).as_millis();
        assert!((10_000..=15_100).contains(&wait), "{wait} ms");
    }
    make(&mut world, Kind::ConfigMap, "nope", json!({}));
    world.pass_seconds(17);
    assert_eq!(world.phase(&pod), "Running");
    assert_eq!(world.container(&pod, 0).restart_count, 0);
}

fn failures(world: &World, step: &str) -> Vec<Time> {
    let of_step = |(at, note): &(Time, crate::kubelet::Note)| {
        (note.to_value()["step"] == step).then_some(*at)
    };
    world.notes.iter().filter_map(of_step).collect()
}

#[test]
fn k2_what_a_volume_lacks_is_said_in_the_words_of_the_kubelet() {
    let item = json!([{"key": "x", "path": "x"}]);
    let optional = json!({"configMap": {"name": "nope", "optional": true}});
    let several = json!({"projected": {"sources": [
        {"configMap": {"name": "nope"}}, {"secret": {"name": "none"}}, {"downwardAPI": {}},
    ]}});
    let cases = [
        (
            json!({"configMap": {"name": "nope"}}),
            Some("configmap \"nope\" not found"),
        ),
        (
            json!({"secret": {"secretName": "nope"}}),
            Some("secret \"nope\" not found"),
        ),
        (
            json!({"configMap": {"name": "there", "items": item}}),
            Some("references non-existent config key: x"),
        ),
        (
            json!({"secret": {"secretName": "there", "items": item}}),
            Some("references non-existent secret key: x"),
        ),
        (
            several,
            Some("[configmap \"nope\" not found, secret \"none\" not found]"),
        ),
        (optional, None),
        (json!({"configMap": {"name": "there"}}), None),
        (json!({"emptyDir": {}}), None),
    ];
    for (source, expected) in cases {
        let mut world = furnished();
        let pod = with_volume(&mut world, &source);
        world.pass_seconds(9);
        let Some(message) = expected else {
            assert_eq!(world.phase(&pod), "Running", "{source}");
            continue;
        };
        assert_eq!(waiting(&world, &pod).0, "ContainerCreating", "{source}");
        let message = format!("FailedMount: MountVolume.SetUp failed for volume \"v\" : {message}");
        assert!(world.events().contains(&message), "{:?}", world.events());
    }
}

#[test]
fn k2_a_volume_is_set_up_again_after_waits_that_double_from_half_a_second_to_122_s() {
    let mut world = World::new();
    let pod = with_volume(&mut world, &json!({"secret": {"secretName": "nope"}}));
    world.pass_seconds(600);
    let failures = failures(&world, "mount-failed");
    let waits = failures.windows(2).map(|pair| pair[1].since(pair[0]));
    let halves: Vec<u128> = waits.map(|wait| wait.as_millis() / 500).collect();
    assert_eq!(halves[..9], [1, 2, 4, 8, 16, 32, 64, 128, 244]);
    let late = "FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached \
                volumes=[], failed to process volumes=[]: context deadline exceeded";
    assert!(
        world.events().iter().any(|event| event == late),
        "{:?}",
        world.events()
    );
    make(&mut world, Kind::Secret, "nope", json!({}));
    world.pass_seconds(130);
    assert_eq!(world.phase(&pod), "Running");
    let deadline = world.now;
    world.pass_seconds(300);
    let later = world.events().iter().filter(|event| *event == late).count();
    assert_eq!(later, 1, "nothing is said once the pod runs, {deadline}");
}

#[test]
fn k2_a_claim_that_cannot_be_used_holds_the_pod_back_until_it_can() {
    let mut world = World::new();
    let source = json!({"persistentVolumeClaim": {"claimName": "data"}});
    let pod = with_volume(&mut world, &source);
    world.pass_seconds(5);
    let said = |why: &str| {
        format!(
            "FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached \
             volumes=[], failed to process volumes=[v]: error processing PVC default/data: {why}"
        )
    };
    let absent =
        said("failed to fetch PVC from API server: persistentvolumeclaims \"data\" not found");
    assert_eq!(world.events(), [absent]);
    let spec = json!({"spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
    }});
    make(&mut world, Kind::PersistentVolumeClaim, "data", spec);
    world.pass_seconds(16);
    assert!(
        world.events().contains(&said("PVC is not bound")),
        "{:?}",
        world.events()
    );
    assert_eq!(waiting(&world, &pod).0, "ContainerCreating");
    let key = Key::new(Kind::PersistentVolumeClaim, "default", "data");
    let current = world.server.store().get(&key).expect("there").clone();
    let mut claim = <crate::api::PersistentVolumeClaim as crate::api::Typed>::of(&current)
        .expect("a claim")
        .clone();
    claim.metadata_mut().resource_version = None;
    claim.spec_mut().volume_name = Some("pv-1".to_owned());
    world.ask(
        key.clone(),
        Verb::Update(Object::PersistentVolumeClaim(claim.clone())),
    );
    claim.status_mut().phase = Some("Bound".to_owned());
    world.ask(
        key,
        Verb::WriteStatus(Object::PersistentVolumeClaim(claim), StatusWrite::Update),
    );
    world.pass_seconds(30);
    assert_eq!(world.phase(&pod), "Running");
}

#[test]
fn k2_a_pod_that_waits_for_its_volumes_ends_at_once_when_it_is_deleted() {
    let mut world = World::new();
    let pod = with_volume(&mut world, &json!({"configMap": {"name": "nope"}}));
    world.pass_seconds(3);
    world.delete(&pod, None);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.phase(&pod), "gone");
}

#[test]
fn k2_a_kubelet_that_is_started_again_asks_again() {
    let mut world = World::new();
    let pod = with_volume(&mut world, &json!({"configMap": {"name": "nope"}}));
    world.pass_seconds(3);
    world.restart();
    make(&mut world, Kind::ConfigMap, "nope", json!({}));
    world.pass_seconds(10);
    assert_eq!(world.phase(&pod), "Running");
}

#[test]
fn k2_a_container_that_must_not_be_root_is_not_created_as_root() {
    let root = json!({"runAsNonRoot": true, "runAsUser": 0});
    let cases = [
        (json!({}), root.clone(), true),
        (root.clone(), json!({}), true),
        (json!({"runAsNonRoot": true}), json!({"runAsUser": 0}), true),
        (root.clone(), json!({"runAsUser": 1000}), false),
        (root, json!({"runAsNonRoot": false}), false),
        (json!({}), json!({"runAsUser": 0}), false),
    ];
    for (of_pod, of_container, is_held) in cases {
        let mut world = World::new();
        let pod = world.run_pod(
            "web",
            json!({
                "securityContext": of_pod,
                "containers": [
                    {"name": "web", "image": "nginx:1.29", "securityContext": of_container},
                ],
            }),
        );
        world.pass_seconds(9);
        if !is_held {
            assert_eq!(world.phase(&pod), "Running", "{of_pod} {of_container}");
            continue;
        }
        let uid = world.pod(&pod).expect("it is there").uid().to_owned();
        let message = format!(
            "container's runAsUser breaks non-root policy (pod: \"web_default({uid})\", container: \
             web)"
        );
        let reason = "CreateContainerConfigError".to_owned();
        assert_eq!(waiting(&world, &pod), (reason, message.clone()));
        assert!(
            world
                .events()
                .contains(&format!("Failed: Error: {message}"))
        );
    }
}

#[test]
fn k2_a_kubelet_takes_no_pod_with_a_setting_of_the_kernel_that_others_would_feel() {
    let with = |name: &str, mut spec: Value| {
        let sysctls = json!([{"name": name, "value": "1"}]);
        spec["securityContext"] = json!({"sysctls": sysctls});
        let mut world = World::new();
        let pod = world.run_pod("web", spec);
        world.pass_seconds(9);
        let status = world.pod(&pod).expect("it stays").status;
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        let said = world.events().first().cloned().unwrap_or_default();
        (
            of(&status.phase),
            of(&status.reason),
            of(&status.message),
            said,
        )
    };
    for safe in ["net.ipv4.tcp_syncookies", "kernel/shm_rmid_forced"] {
        assert_eq!(with(safe, json!({})).0, "Running", "{safe}");
    }
    let cases = [
        (
            "kernel.msgmax",
            json!({}),
            "\"kernel.msgmax\" not allowlisted",
        ),
        (
            "net.ipv4.tcp_rmem",
            json!({"hostNetwork": true}),
            "\"net.ipv4.tcp_rmem\" not allowed with host Net enabled",
        ),
        (
            "kernel.shm_rmid_forced",
            json!({"hostIPC": true}),
            "\"kernel.shm_rmid_forced\" not allowed with host IPC enabled",
        ),
    ];
    for (name, spec, why) in cases {
        let (phase, reason, message, said) = with(name, spec);
        assert_eq!((&*phase, &*reason), ("Failed", "SysctlForbidden"), "{name}");
        assert_eq!(
            message,
            format!("Pod was rejected: forbidden sysctl: {why}")
        );
        assert_eq!(said, format!("SysctlForbidden: forbidden sysctl: {why}"));
    }
}
