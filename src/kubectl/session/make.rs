//! Objects that kubectl makes from one that it has read: services, autoscalers, jobs.

use serde_json::{Map, Value, json};

use super::failure::Failure;
use crate::api::{Kind, LabelSelector, Object};
use crate::kubectl::grammar::Exposed;

fn own(message: impl Into<String>) -> Failure {
    Failure::Own(message.into())
}

fn decoded(kind: Kind, value: Value) -> Result<Object, Failure> {
    Object::from_value(kind, value).map_err(|error| own(error.to_string()))
}

/// The service for a workload, or another one for a service.
/// Source: `kubectl/pkg/cmd/expose/expose.go`.
pub(super) fn service(object: &Object, exposed: &Exposed) -> Result<Object, Failure> {
    let value = object.to_value();
    let selector = selector_for(object, &value, exposed)?;
    let ports = match exposed.port {
        Some(port) => vec![port],
        None => container_ports(&value),
    };
    if ports.is_empty() {
        return Err(own("couldn't find port via --port flag or introspection"));
    }
    let many = ports.len() > 1;
    let ports = ports.iter().enumerate().map(|(place, port)| {
        let target = exposed.target_port.as_deref();
        let target = target.map_or_else(
            || Value::from(*port),
            |text| {
                text.parse::<i32>()
                    .map_or_else(|_| text.into(), Value::from)
            },
        );
        let mut entry = json!({"port": port, "protocol": exposed.protocol, "targetPort": target});
        if many {
            entry["name"] = format!("port-{}", place + 1).into();
        }
        entry
    });
    let ports: Vec<Value> = ports.collect();
    let name = exposed.name.as_deref().unwrap_or(object.name());
    let labels = if exposed.labels.is_empty() {
        value["metadata"]["labels"].clone()
    } else {
        let labels = exposed.labels.iter();
        labels
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect::<Map<String, Value>>()
            .into()
    };
    let mut service = json!({
        "metadata": {"name": name, "namespace": object.namespace(), "labels": labels},
        "spec": {"ports": ports, "selector": selector},
    });
    if let Some(service_type) = &exposed.service_type {
        service["spec"]["type"] = service_type.as_str().into();
    }
    decoded(Kind::Service, service)
}

/// The labels of the pods that a service for this object is for.
fn selector_for(object: &Object, value: &Value, exposed: &Exposed) -> Result<Value, Failure> {
    Ok(match object {
        _ if exposed.selector.is_some() => {
            let labels = exposed.selector.iter().flat_map(selected);
            labels.collect::<Map<String, Value>>().into()
        }
        Object::Pod(_)
            if value["metadata"]["labels"]
                .as_object()
                .is_none_or(Map::is_empty) =>
        {
            return Err(own(
                "couldn't retrieve selectors via --selector flag or introspection: the pod has no \
                 labels and cannot be exposed",
            ));
        }
        Object::Pod(_) => value["metadata"]["labels"].clone(),
        Object::Service(_) => value["spec"]["selector"].clone(),
        Object::Deployment(_) | Object::ReplicaSet(_) => {
            let expressions = &value["spec"]["selector"]["matchExpressions"];
            if expressions.as_array().is_some_and(|list| !list.is_empty()) {
                return Err(own(format!(
                    "couldn't convert expressions - \"{expressions}\" to map-based selector format"
                )));
            }
            value["spec"]["selector"]["matchLabels"].clone()
        }
        other => {
            let resource = other.kind().info().group_resource();
            return Err(own(format!("cannot expose a {resource}")));
        }
    })
}

/// The labels that a selector asks for by their values.
fn selected(selector: &LabelSelector) -> Vec<(String, Value)> {
    let equal = selector.match_labels.iter().flatten();
    let mut labels: Vec<(String, Value)> = equal
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    for requirement in selector.match_expressions.iter().flatten() {
        if let Some([value]) = requirement.values.as_deref() {
            labels.push((requirement.key.clone(), value.as_str().into()));
        }
    }
    labels
}

fn container_ports(value: &Value) -> Vec<i32> {
    let spec = value
        .pointer("/spec/template/spec/containers")
        .or_else(|| value.pointer("/spec/containers"));
    let containers = spec.and_then(Value::as_array).into_iter().flatten();
    containers
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .filter_map(|port| port["containerPort"].as_i64())
        .filter_map(|port| i32::try_from(port).ok())
        .collect()
}

/// The autoscaler for a workload.
pub(super) fn autoscaler(
    object: &Object,
    name: Option<&str>,
    (minimum, maximum): (Option<i32>, i32),
    cpu: Option<i32>,
) -> Result<Object, Failure> {
    let kind = object.kind();
    if !matches!(
        kind,
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet
    ) {
        let kind = match kind.info().group {
            "" => kind.info().name.to_owned(),
            group => format!("{}.{group}", kind.info().name),
        };
        return Err(own(format!("cannot autoscale a {kind}")));
    }
    let mut spec = json!({
        "maxReplicas": maximum,
        "scaleTargetRef": {"apiVersion": kind.info().api_version(), "kind": kind.info().name,
            "name": object.name()},
    });
    if let Some(minimum) = minimum {
        spec["minReplicas"] = minimum.into();
    }
    if let Some(share) = cpu {
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": share}}}]);
    }
    let name = name.unwrap_or(object.name());
    let metadata = json!({"name": name, "namespace": object.namespace()});
    let value = json!({"metadata": metadata, "spec": spec});
    decoded(Kind::HorizontalPodAutoscaler, value)
}

/// The job that a cron job would make now.
/// Source: `createJobFromCronJob` of `kubectl/pkg/cmd/create/create_job.go`, Kubernetes 1.34.
pub(super) fn job_from(object: &Object, name: &str) -> Result<Object, Failure> {
    if object.kind() != Kind::CronJob {
        let kind = object.kind().info();
        let (version, name) = (kind.version, kind.name);
        return Err(own(format!(
            "from must be an existing cronjob; unknown object type *{version}.{name}"
        )));
    }
    let template = object.to_value()["spec"]["jobTemplate"].take();
    let mut annotations = json!({"cronjob.kubernetes.io/instantiate": "manual"});
    let given = template["metadata"]["annotations"].as_object();
    for (key, value) in given.into_iter().flatten() {
        annotations[key] = value.clone();
    }
    let owner = json!({"apiVersion": "batch/v1", "kind": "CronJob", "name": object.name(),
        "uid": object.uid(), "controller": true});
    let metadata = json!({"name": name, "namespace": object.namespace(),
        "annotations": annotations, "labels": template["metadata"]["labels"],
        "ownerReferences": [owner]});
    decoded(
        Kind::Job,
        json!({"metadata": metadata, "spec": template["spec"]}),
    )
}
