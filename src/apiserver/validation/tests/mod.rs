//! What is refused, kind by kind, in the words of the API server.

mod changes;
mod fine;
mod metadata;
mod others;
mod pods;
mod workloads;

use serde_json::{Value, json};

use super::{validate_create, validate_update};
use crate::api::{Kind, Object};
use crate::apiserver::defaulting::{apply_defaults, generate_job_selector};

/// The messages about a new object, given its defaults.
fn refused(kind: Kind, value: Value) -> Vec<String> {
    let mut object = Object::from_value(kind, value).expect("an object");
    apply_defaults(&mut object);
    if let Object::Job(job) = &mut object {
        job.metadata_mut().uid = Some("u".to_owned());
        generate_job_selector(job);
    }
    let errors = validate_create(&object);
    errors.iter().map(ToString::to_string).collect()
}

/// The messages about an update of an object by a JSON merge patch.
fn refused_update(kind: Kind, old: &Value, patch: &Value) -> Vec<String> {
    let build = |value: Value| {
        let mut object = Object::from_value(kind, value).expect("an object");
        apply_defaults(&mut object);
        object
    };
    let before = build(old.clone());
    let mut value = before.to_value();
    json_patch::merge(&mut value, patch);
    let errors = validate_update(&build(value), &before);
    errors.iter().map(ToString::to_string).collect()
}

fn object(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

fn container() -> Value {
    json!({"name": "web", "image": "nginx:1"})
}

/// Specs of one kind, with the messages about each.
type Cases<'a> = &'a [(Value, &'a [&'a str])];

fn check(kind: Kind, cases: Cases<'_>) {
    for (spec, expected) in cases {
        assert_eq!(refused(kind, object("x", spec)), *expected, "{kind} {spec}");
    }
}

/// A spec of a pod with one container, with these fields beside it.
fn pod_with(fields: &Value) -> Value {
    let mut spec = json!({"containers": [container()]});
    json_patch::merge(&mut spec, fields);
    spec
}

/// A pod with one container that has these fields.
fn with_container(fields: &Value) -> Value {
    let mut only = container();
    json_patch::merge(&mut only, fields);
    json!({"containers": [only]})
}
