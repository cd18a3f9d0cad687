//! The pure scheduler: recorded decisions, queues, hints, volumes, preemption.

mod conformance;
mod hints;
mod preemption;
mod queue;
mod sampling;
mod volumes;

use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::scheduler::{Configuration, DEFAULT_SCHEDULER, Decision, Snapshot, schedule};
use glassplane::sim::Random;
use serde_json::{Value, json};

/// An object of this kind and name with these fields; pods and claims live in `default`.
fn object(kind: Kind, name: &str, fields: Value) -> Object {
    let mut value = json!({"metadata": {"name": name}});
    if kind.info().namespaced {
        value["metadata"]["namespace"] = "default".into();
    }
    json_patch::merge(&mut value, &fields);
    Object::from_value(kind, value).expect("fields of the kind")
}

/// A node with four cpus, eight gibibytes, room for ten pods, and a host name.
fn node(name: &str, fields: Value) -> Object {
    let mut value = json!({
        "metadata": {"labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
    });
    json_patch::merge(&mut value, &fields);
    object(Kind::Node, name, value)
}

/// A pod with one container that asks for so much cpu.
fn pod(name: &str, cpu: &str, fields: Value) -> Object {
    let mut value = json!({
        "metadata": {"uid": format!("{name}-uid")},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
    });
    json_patch::merge(&mut value, &fields);
    object(Kind::Pod, name, value)
}

/// The same on a node.
fn placed(name: &str, cpu: &str, node: &str, fields: Value) -> Object {
    let mut value = json!({"spec": {"nodeName": node}, "status": {"phase": "Running"}});
    json_patch::merge(&mut value, &fields);
    pod(name, cpu, value)
}

fn as_pod(object: &Object) -> &Pod {
    Pod::of(object).expect("a pod")
}

/// What the default profile decides for the pod.
fn decide(pod: &Object, snapshot: &Snapshot) -> Decision {
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER);
    let mut random = Random::stream(1, "test");
    let profile = profile.expect("the default profile");
    schedule(as_pod(pod), snapshot, profile, &mut random, 0)
}
