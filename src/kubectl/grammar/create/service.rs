//! Services from flags: `create service clusterip|nodeport|loadbalancer|externalname NAME`.

use serde_json::{Value, json};

use super::super::UsageError;
use super::super::flags::{Given, not_set};
use super::decoded;
use crate::api::{Kind, Object};

pub(super) fn service(given: &Given) -> Result<Object, UsageError> {
    let words = given.arguments();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (word, names) = words.split_first().ok_or_else(|| {
        UsageError(
            "error: kubectl create service needs one of: clusterip, externalname, loadbalancer, \
             nodeport"
                .to_owned(),
        )
    })?;
    let kind = match *word {
        "clusterip" => "ClusterIP",
        "nodeport" => "NodePort",
        "loadbalancer" => "LoadBalancer",
        "externalname" => "ExternalName",
        other => {
            return Err(UsageError(format!(
                "error: unknown command \"{other}\"\nSee 'kubectl create service -h' for help and \
                 examples"
            )));
        }
    };
    let [name] = names else {
        return Err(UsageError(format!(
            "error: exactly one NAME is required, got {}\nSee 'kubectl create service {word} -h' \
             for help and examples",
            names.len()
        )));
    };
    let ports = given.texts("tcp");
    let headless = given.text("clusterip").as_deref() == Some("None");
    if ports.is_empty() && kind != "ExternalName" && !headless {
        return Err(UsageError(
            "error: at least one tcp port specifier must be provided".to_owned(),
        ));
    }
    let ports = ports
        .iter()
        .map(|text| port(text, given.number("node-port")));
    let ports: Vec<Value> = ports.collect::<Result<_, _>>()?;
    let labels = json!({"app": name});
    let mut spec = json!({"type": kind, "selector": labels});
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    if let Some(address) = given.text("clusterip") {
        spec["clusterIP"] = address.into();
    }
    if kind == "ExternalName" {
        let external = given.text("external-name");
        spec["externalName"] = external.ok_or_else(|| not_set("external-name"))?.into();
    }
    decoded(
        Kind::Service,
        json!({"metadata": {"name": name, "labels": labels}, "spec": spec}),
    )
}

/// Reads `80` or `80:8080`: the port of the service and that of the containers.
fn port(text: &str, node_port: Option<i64>) -> Result<Value, UsageError> {
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let number = port.parse::<u16>().map_err(|_| {
        UsageError(format!(
            "error: strconv.ParseInt: parsing \"{port}\": invalid syntax"
        ))
    })?;
    let target = target
        .parse::<i64>()
        .map_or_else(|_| target.into(), Value::from);
    let name = text.replace(':', "-");
    let mut port = json!({"name": name, "port": number, "protocol": "TCP", "targetPort": target});
    if let Some(node_port) = node_port {
        port["nodePort"] = node_port.into();
    }
    Ok(port)
}
