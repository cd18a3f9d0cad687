//! The pure scheduler: recorded decisions, queues, hints, volumes, preemption.

mod conformance;
mod hints;
mod preemption;
mod queue;
mod sampling;
mod sentences;
mod volumes;
mod what_if;

use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::scheduler::{Configuration, DEFAULT_SCHEDULER, Decision, Snapshot, schedule};
use glassplane::sim::Random;
use serde_json::{Value, json};

/// The value with the other's fields over its own; null takes a field away.
fn merged(value: Value, over: Value) -> Value {
    match (value, over) {
        (Value::Object(mut fields), Value::Object(over)) => {
            for (name, value) in over {
                let before = fields.remove(&name).unwrap_or(Value::Null);
                if !value.is_null() {
                    fields.insert(name, merged(before, value));
                }
            }
            Value::Object(fields)
        }
        (_, over) => over,
    }
}

/// An object of this kind and name with these fields; pods and claims live in `default`.
fn object(kind: Kind, name: &str, fields: Value) -> Object {
    let mut value = json!({"metadata": {"name": name}});
    if kind.info().namespaced {
        value["metadata"]["namespace"] = "default".into();
    }
    Object::from_value(kind, merged(value, fields)).expect("fields of the kind")
}

/// A node with four cpus, eight gibibytes, room for ten pods, and a host name.
fn node(name: &str, fields: Value) -> Object {
    let value = json!({
        "metadata": {"labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
    });
    object(Kind::Node, name, merged(value, fields))
}

/// A pod with one container that asks for so much cpu.
fn pod(name: &str, cpu: &str, fields: Value) -> Object {
    let value = json!({
        "metadata": {"uid": format!("{name}-uid")},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
    });
    object(Kind::Pod, name, merged(value, fields))
}

/// The same on a node.
fn placed(name: &str, cpu: &str, node: &str, fields: Value) -> Object {
    let value = json!({"spec": {"nodeName": node}, "status": {"phase": "Running"}});
    pod(name, cpu, merged(value, fields))
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
