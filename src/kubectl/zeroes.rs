//! Fields that Go writes although there is nothing in them: `resources: {}`, `status: {}`.
//!
//! Source: the fields of `k8s.io/api` that are structs and not pointers, Kubernetes 1.34.

use serde_json::{Map, Value, json};

use crate::api::Kind;

/// The object as Go's encoder writes it.
#[must_use]
pub(super) fn written(kind: Kind, mut value: Value) -> Value {
    if let Some(path) = kind.template_path() {
        let template = if path.is_empty() {
            Some(&mut value)
        } else {
            value.pointer_mut(path)
        };
        if let Some(template) = template {
            fill(template, "metadata", json!({}));
            containers(template);
        }
    }
    for (path, field, zero) in zeroes(kind) {
        if let Some(parent) = value.pointer_mut(path) {
            fill(parent, field, zero);
        }
    }
    value
}

fn zeroes(kind: Kind) -> Vec<(&'static str, &'static str, Value)> {
    let empty = || json!({});
    match kind {
        Kind::Pod | Kind::Job | Kind::ResourceQuota => vec![("", "status", empty())],
        Kind::Namespace => vec![("", "spec", empty()), ("", "status", empty())],
        Kind::Deployment => vec![("/spec", "strategy", empty()), ("", "status", empty())],
        Kind::CronJob => vec![
            ("/spec/jobTemplate", "metadata", empty()),
            ("", "status", empty()),
        ],
        Kind::Service => vec![
            ("", "status", empty()),
            ("/status", "loadBalancer", empty()),
        ],
        Kind::PersistentVolumeClaim => {
            vec![("/spec", "resources", empty()), ("", "status", empty())]
        }
        Kind::HorizontalPodAutoscaler => vec![
            ("", "status", empty()),
            ("/status", "currentMetrics", Value::Null),
            ("/status", "desiredReplicas", 0.into()),
        ],
        Kind::PodDisruptionBudget => {
            let counts = json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0,
                "expectedPods": 0});
            vec![("", "status", counts)]
        }
        _ => Vec::new(),
    }
}

fn containers(template: &mut Value) {
    for list in ["initContainers", "containers"] {
        let list = template.pointer_mut(&format!("/spec/{list}"));
        for container in list.and_then(Value::as_array_mut).into_iter().flatten() {
            fill(container, "resources", json!({}));
        }
    }
}

fn fill(parent: &mut Value, field: &str, zero: Value) {
    if let Some(fields) = parent.as_object_mut() {
        let fields: &mut Map<String, Value> = fields;
        fields.entry(field).or_insert(zero);
    }
}
