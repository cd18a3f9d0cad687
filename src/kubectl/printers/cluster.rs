//! Cells of namespaces, nodes, services and their endpoints, settings, accounts, events, leases.

use std::collections::{BTreeMap, BTreeSet};

use super::{NONE, age, join, label_text};
use crate::api::meta::{self, Labels};
use crate::api::{
    ConfigMap, EndpointSlice, Event, Lease, Namespace, Node, Secret, Service, ServiceAccount, core,
};
use crate::sim::Time;

const UNKNOWN: &str = "<unknown>";
/// How many ports or addresses of an endpoint slice are shown.
const MOST_LISTED: usize = 3;

/// NAME, STATUS, AGE.
pub(super) fn namespace(namespace: &Namespace, now: Time) -> Vec<String> {
    vec![
        namespace.name().to_owned(),
        namespace.status.phase.clone().unwrap_or_default(),
        age(namespace.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, STATUS, ROLES, AGE, VERSION, INTERNAL-IP, EXTERNAL-IP, OS-IMAGE, KERNEL-VERSION,
/// CONTAINER-RUNTIME.
pub(super) fn node(node: &Node, now: Time) -> Vec<String> {
    let about = node.status.node_info.as_ref();
    let or_unknown = |read: fn(&core::NodeSystemInfo) -> &String| {
        let text = about.map(read).filter(|text| !text.is_empty());
        text.map_or_else(|| UNKNOWN.to_owned(), Clone::clone)
    };
    let version = about.map(|about| about.kubelet_version.clone());
    vec![
        node.name().to_owned(),
        node_status(node),
        node_roles(node),
        age(node.metadata.creation_timestamp.as_ref(), now),
        version.unwrap_or_default(),
        address(node, "InternalIP"),
        address(node, "ExternalIP"),
        or_unknown(|about| &about.os_image),
        or_unknown(|about| &about.kernel_version),
        or_unknown(|about| &about.container_runtime_version),
    ]
}

fn node_status(node: &Node) -> String {
    let mut conditions = node.status.conditions.iter().flatten();
    let status = match conditions.find(|condition| condition.type_ == "Ready") {
        Some(ready) if ready.status == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node.spec.unschedulable == Some(true) {
        format!("{status},SchedulingDisabled")
    } else {
        status.to_owned()
    }
}

/// The roles that a node's labels give it, or `<none>`.
pub(in crate::kubectl) fn node_roles(node: &Node) -> String {
    let labels = meta::labels(&node.metadata);
    let roles: BTreeSet<&str> = labels
        .iter()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => Some(role),
                None if key == "kubernetes.io/role" => Some(value.as_str()),
                None => None,
            },
        )
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() {
        NONE.to_owned()
    } else {
        join(roles)
    }
}

fn address(node: &Node, address_type: &str) -> String {
    let mut addresses = node.status.addresses.iter().flatten();
    addresses
        .find(|each| each.type_ == address_type)
        .map_or_else(|| NONE.to_owned(), |found| found.address.clone())
}

/// NAME, TYPE, CLUSTER-IP, EXTERNAL-IP, PORT(S), AGE, SELECTOR.
pub(super) fn service(service: &Service, now: Time) -> Vec<String> {
    let spec = &*service.spec;
    let cluster_ip = spec.cluster_ips.iter().flatten().next();
    let ports = spec.ports.as_deref().unwrap_or_default();
    let ports = ports.iter().map(|port| {
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        match port.node_port {
            Some(node_port) if node_port > 0 => format!("{}:{node_port}/{protocol}", port.port),
            _ => format!("{}/{protocol}", port.port),
        }
    });
    vec![
        service.name().to_owned(),
        spec.type_.clone().unwrap_or_default(),
        cluster_ip.map_or_else(|| NONE.to_owned(), Clone::clone),
        external_ip(service),
        none_if_empty(join(ports)),
        age(service.metadata.creation_timestamp.as_ref(), now),
        label_text(spec.selector.as_ref().unwrap_or(&Labels::new())),
    ]
}

fn external_ip(service: &Service) -> String {
    let spec = &*service.spec;
    let listed = spec.external_ips.as_deref().unwrap_or_default();
    match spec.type_.as_deref() {
        Some("ClusterIP" | "NodePort") => none_if_empty(join(listed)),
        Some("LoadBalancer") => {
            let balancer = service.status.load_balancer.as_ref();
            let ingress = balancer.and_then(|balancer| balancer.ingress.as_deref());
            let addresses: BTreeSet<&str> = ingress
                .unwrap_or_default()
                .iter()
                .filter_map(|each| each.ip.as_deref().or(each.hostname.as_deref()))
                .collect();
            let all = join(
                addresses
                    .into_iter()
                    .chain(listed.iter().map(String::as_str)),
            );
            if all.is_empty() {
                "<pending>".to_owned()
            } else {
                all
            }
        }
        Some("ExternalName") => spec.external_name.clone().unwrap_or_default(),
        _ => UNKNOWN.to_owned(),
    }
}

/// NAME, ADDRESSTYPE, PORTS, ENDPOINTS, AGE.
pub(super) fn endpoint_slice(slice: &EndpointSlice, now: Time) -> Vec<String> {
    let ports = slice
        .spec
        .ports
        .iter()
        .flatten()
        .map(|port| match port.port {
            Some(number) => number.to_string(),
            None => port.name.clone().unwrap_or_else(|| "*".to_owned()),
        });
    let addresses = slice.spec.endpoints.iter();
    let addresses = addresses.flat_map(|endpoint| endpoint.addresses.iter().cloned());
    vec![
        slice.name().to_owned(),
        slice.spec.address_type.clone(),
        first_few(ports.collect()),
        first_few(addresses.collect()),
        age(slice.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn first_few(texts: Vec<String>) -> String {
    match texts.len() {
        0 => "<unset>".to_owned(),
        count if count > MOST_LISTED => {
            let shown = join(&texts[..MOST_LISTED]);
            format!("{shown} + {} more...", count - MOST_LISTED)
        }
        _ => join(texts),
    }
}

/// NAME, DATA, AGE.
pub(super) fn config_map(map: &ConfigMap, now: Time) -> Vec<String> {
    let texts = map.spec.data.as_ref().map_or(0, BTreeMap::len);
    let blobs = map.spec.binary_data.as_ref().map_or(0, BTreeMap::len);
    vec![
        map.name().to_owned(),
        (texts + blobs).to_string(),
        age(map.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, TYPE, DATA, AGE.
pub(super) fn secret(secret: &Secret, now: Time) -> Vec<String> {
    let entries = secret.spec.data.as_ref().map_or(0, BTreeMap::len);
    vec![
        secret.name().to_owned(),
        secret.spec.type_.clone().unwrap_or_default(),
        entries.to_string(),
        age(secret.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// NAME, SECRETS, AGE.
pub(super) fn service_account(account: &ServiceAccount, now: Time) -> Vec<String> {
    let secrets = account.spec.secrets.as_ref().map_or(0, Vec::len);
    vec![
        account.name().to_owned(),
        secrets.to_string(),
        age(account.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// LAST SEEN, TYPE, REASON, OBJECT, SUBOBJECT, SOURCE, MESSAGE, FIRST SEEN, COUNT, NAME.
pub(super) fn event(event: &Event, now: Time) -> Vec<String> {
    let spec = &*event.spec;
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let micro = |time: &k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime| {
        super::human_duration(now.since(Time::from_timestamp(time.0)))
    };
    let first = match (&spec.first_timestamp, &spec.event_time) {
        (None, Some(time)) => micro(time),
        (first, _) => age(first.as_ref(), now),
    };
    let series = spec.series.as_ref();
    let last = match (series, &spec.last_timestamp) {
        (Some(series), _) => series
            .last_observed_time
            .as_ref()
            .map_or_else(|| UNKNOWN.to_owned(), micro),
        (None, Some(last)) => age(Some(last), now),
        (None, None) => first.clone(),
    };
    let count = match series {
        Some(series) => series.count.unwrap_or(0),
        None => spec.count.filter(|count| *count != 0).unwrap_or(1),
    };
    let about = &spec.involved_object;
    let mut target = text(&about.kind).to_lowercase();
    if let Some(name) = about.name.as_deref().filter(|name| !name.is_empty()) {
        target.push('/');
        target.push_str(name);
    }
    vec![
        last,
        text(&spec.type_),
        text(&spec.reason),
        target,
        text(&about.field_path),
        event_source(spec),
        text(&spec.message).trim().to_owned(),
        first,
        count.to_string(),
        event.name().to_owned(),
    ]
}

/// Who wrote an event: `kubelet, node-a`.
pub(in crate::kubectl) fn event_source(event: &core::Event) -> String {
    let source = event.source.as_ref();
    let filled = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
    let component = filled(source.and_then(|source| source.component.as_ref()))
        .or_else(|| filled(event.reporting_component.as_ref()));
    let host = filled(source.and_then(|source| source.host.as_ref()))
        .or_else(|| filled(event.reporting_instance.as_ref()));
    let component = component.unwrap_or_default();
    match host {
        Some(host) => format!("{component}, {host}"),
        None => component,
    }
}

/// NAME, HOLDER, AGE.
pub(super) fn lease(lease: &Lease, now: Time) -> Vec<String> {
    vec![
        lease.name().to_owned(),
        lease.spec.holder_identity.clone().unwrap_or_default(),
        age(lease.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn none_if_empty(text: String) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text
    }
}
