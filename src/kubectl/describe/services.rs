//! The description of a service.

use super::containers::port_text;
use super::writer::Writer;
use crate::api::meta::Labels;
use crate::api::{EndpointSlice, Event, Object, Service, Typed, core};
use crate::kubectl::printers::{join, label_text};
use crate::sim::Time;

/// How many endpoints of a port are shown.
const MOST_ENDPOINTS: usize = 3;

/// Source: `describeService` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(
    writer: &mut Writer,
    service: &Service,
    related: &[Object],
    events: &[&Event],
    now: Time,
) {
    let spec = &*service.spec;
    writer.field(0, "Name", service.name());
    writer.field(0, "Namespace", service.namespace());
    writer.labels(0, "Labels", service.metadata.labels.as_ref());
    writer.annotations(0, service.metadata.annotations.as_ref());
    let selector = spec.selector.as_ref();
    let selector = label_text(selector.unwrap_or(&Labels::new()));
    writer.field(0, "Selector", selector);
    writer.field(0, "Type", spec.type_.as_deref().unwrap_or_default());
    if let Some(policy) = &spec.ip_family_policy {
        writer.field(0, "IP Family Policy", policy);
    }
    let families = spec.ip_families.as_deref().unwrap_or_default();
    writer.field(0, "IP Families", super::or_none(&join(families)));
    writer.field(0, "IP", spec.cluster_ip.as_deref().unwrap_or_default());
    let ips = spec.cluster_ips.as_deref().unwrap_or_default();
    writer.field(0, "IPs", super::or_none(&join(ips)));
    let external = spec.external_ips.as_deref().unwrap_or_default();
    writer.filled(0, "External IPs", Some(&join(external)));
    writer.filled(
        0,
        "Desired LoadBalancer IP",
        spec.load_balancer_ip.as_deref(),
    );
    writer.filled(0, "External Name", spec.external_name.as_deref());
    balancer(writer, service);
    for port in spec.ports.iter().flatten() {
        describe_port(writer, port, related);
    }
    let affinity = spec.session_affinity.as_deref().unwrap_or_default();
    writer.field(0, "Session Affinity", affinity);
    let external = spec.external_traffic_policy.as_deref();
    writer.filled(0, "External Traffic Policy", external);
    if let Some(port) = spec.health_check_node_port.filter(|port| *port != 0) {
        writer.field(0, "HealthCheck NodePort", port);
    }
    let internal = spec.internal_traffic_policy.as_deref();
    writer.filled(0, "Internal Traffic Policy", internal);
    let ranges = spec.load_balancer_source_ranges.as_deref();
    writer.filled(
        0,
        "LoadBalancer Source Ranges",
        Some(&join(ranges.unwrap_or_default())),
    );
    super::events(writer, events, now);
}

fn balancer(writer: &mut Writer, service: &Service) {
    let balancer = service.status.load_balancer.as_ref();
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_deref());
    let texts: Vec<&str> = ingress
        .unwrap_or_default()
        .iter()
        .filter_map(|each| each.ip.as_deref().or(each.hostname.as_deref()))
        .collect();
    writer.filled(0, "LoadBalancer Ingress", Some(&texts.join(", ")));
}

fn describe_port(writer: &mut Writer, port: &core::ServicePort, related: &[Object]) {
    let name = port.name.as_deref().filter(|name| !name.is_empty());
    let shown = name.unwrap_or("<unset>");
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    writer.field(0, "Port", format_args!("{shown}\t{}/{protocol}", port.port));
    let target = port.target_port.as_ref().map(port_text);
    let target = target.filter(|target| target != "0");
    if let Some(target) = target {
        writer.field(0, "TargetPort", format_args!("{target}/{protocol}"));
    }
    if let Some(node_port) = port.node_port.filter(|number| *number != 0) {
        writer.field(
            0,
            "NodePort",
            format_args!("{shown}\t{node_port}/{protocol}"),
        );
    }
    let endpoints = endpoints(related, name.unwrap_or_default());
    writer.field(0, "Endpoints", endpoints);
}

/// The addresses of the ready endpoints behind a port of this name.
fn endpoints(related: &[Object], name: &str) -> String {
    let slices: Vec<&EndpointSlice> = related.iter().filter_map(EndpointSlice::of).collect();
    if slices.is_empty() {
        return super::NONE.to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ports = slice.spec.ports.iter().flatten();
        let ports = ports.filter(|port| port.name.as_deref().unwrap_or_default() == name);
        for number in ports.filter_map(|port| port.port) {
            let ready = slice.spec.endpoints.iter().filter(|endpoint| {
                let conditions = endpoint.conditions.as_ref();
                conditions.and_then(|each| each.ready) != Some(false)
            });
            let addresses = ready.flat_map(|endpoint| &endpoint.addresses);
            all.extend(addresses.map(|address| {
                if address.contains(':') {
                    format!("[{address}]:{number}")
                } else {
                    format!("{address}:{number}")
                }
            }));
        }
    }
    if all.len() > MOST_ENDPOINTS {
        let shown = join(&all[..MOST_ENDPOINTS]);
        return format!("{shown} + {} more...", all.len() - MOST_ENDPOINTS);
    }
    join(all)
}
