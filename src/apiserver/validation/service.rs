//! Services and EndpointSlices.
//! Source: `ValidateService` in `pkg/apis/core/validation/validation.go`, `pkg/apis/discovery/validation`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::api::{EndpointSlice, IntOrString, Service, core};
use crate::apiserver::FieldError;

use super::format::{self, check, one_of};
use super::metadata;
use super::path::Path;
use super::values::{json, text};

const SPEC: Path<'static> = Path::new("spec");

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";

/// The longest that a client may stick to a pod: a day, in seconds.
const LONGEST_AFFINITY: i32 = 86_400;

fn is_headless(spec: &core::ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some("None")
}

fn kind_of(spec: &core::ServiceSpec) -> &str {
    text(spec.type_.as_ref())
}

/// A Service of itself, its defaults set.
pub(super) fn service(service: &Service, errors: &mut Vec<FieldError>) {
    let spec = &*service.spec;
    let kind = kind_of(spec);
    let list = SPEC.child("ports");
    let ports = spec.ports.as_deref().unwrap_or_default();
    if ports.is_empty() && !is_headless(spec) && kind != "ExternalName" {
        errors.push(FieldError::required(&list, ""));
    }
    by_type(spec, errors);
    let mut names = BTreeSet::new();
    for (place, port) in ports.iter().enumerate() {
        let path = list.index(place);
        service_port(&path, port, ports.len() > 1, errors);
        let name = text(port.name.as_ref());
        if !name.is_empty() && !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
    }
    let selector = SPEC.child("selector");
    metadata::labels(&selector, spec.selector.as_ref(), errors);
    session_affinity(spec, errors);
    if kind != "ExternalName" {
        cluster_ips(spec, errors);
    }
    external_ips(spec, errors);
    one_of(
        &SPEC.child("type"),
        spec.type_.as_ref(),
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
        errors,
    );
    unique_ports(&list, ports, kind, errors);
    load_balancer(spec, errors);
    traffic(spec, errors);
}

fn by_type(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    let kind = kind_of(spec);
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => errors.push(FieldError::invalid(
            &SPEC.child("clusterIPs[0]"),
            "None",
            &format!("may not be set to 'None' for {kind} services"),
        )),
        "ExternalName" => {
            let set = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|it| !it.is_empty());
            let fields = [
                ("clusterIPs", set(&spec.cluster_ips)),
                ("ipFamilies", set(&spec.ip_families)),
                ("ipFamilyPolicy", spec.ip_family_policy.is_some()),
            ];
            for (field, _) in fields.iter().filter(|(_, set)| *set) {
                errors.push(FieldError::forbidden(
                    &SPEC.child(field),
                    "may not be set for ExternalName services",
                ));
            }
            let path = SPEC.child("externalName");
            let name = text(spec.external_name.as_ref());
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                errors.push(FieldError::required(&path, ""));
            } else {
                check(&path, name, format::dns_1123_subdomain(name), errors);
            }
        }
        _ => {}
    }
    let ports = SPEC.child("ports");
    for (place, port) in spec.ports.iter().flatten().enumerate() {
        if kind == "LoadBalancer" && port.port == 10250 {
            errors.push(FieldError::invalid(
                &ports.index(place),
                port.port,
                "may not expose port 10250 externally since it is used by kubelet",
            ));
        }
    }
}

fn service_port(
    path: &Path<'_>,
    port: &core::ServicePort,
    needs_name: bool,
    errors: &mut Vec<FieldError>,
) {
    let name = text(port.name.as_ref());
    if !name.is_empty() {
        check(
            &path.child("name"),
            name,
            format::dns_1123_label(name),
            errors,
        );
    } else if needs_name {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    format::port_number(&path.child("port"), port.port, errors);
    let protocol = path.child("protocol");
    one_of(&protocol, port.protocol.as_ref(), &PROTOCOLS, errors);
    let default = IntOrString::Int(0);
    let target = port.target_port.as_ref().unwrap_or(&default);
    format::port_number_or_name(&path.child("targetPort"), target, errors);
    if let Some(application) = &port.app_protocol {
        metadata::label_name(&path.child("appProtocol"), application, errors);
    }
}

fn session_affinity(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    one_of(
        &SPEC.child("sessionAffinity"),
        spec.session_affinity.as_ref(),
        &["ClientIP", "None"],
        errors,
    );
    let path = SPEC.child("sessionAffinityConfig");
    let config = spec.session_affinity_config.as_ref();
    match text(spec.session_affinity.as_ref()) {
        "ClientIP" => {
            let client = config.and_then(|config| config.client_ip.as_ref());
            let needed = "when session affinity type is ClientIP";
            let (field, seconds) = match (config, client) {
                (None, _) => ("", None),
                (Some(_), None) => (".clientIP", None),
                (_, Some(client)) => (".clientIP.timeoutSeconds", client.timeout_seconds),
            };
            let path = format!("{path}{field}");
            match seconds {
                None => errors.push(FieldError::required(&path, needed)),
                Some(seconds) if !(1..=LONGEST_AFFINITY).contains(&seconds) => {
                    errors.push(FieldError::invalid(
                        &path,
                        seconds,
                        &format!("must be greater than 0 and less than {LONGEST_AFFINITY}"),
                    ));
                }
                Some(_) => {}
            }
        }
        "None" if config.is_some() => errors.push(FieldError::forbidden(
            &path,
            "must not be set when session affinity is None",
        )),
        _ => {}
    }
}

fn cluster_ips(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("clusterIPs");
    let first = text(spec.cluster_ip.as_ref());
    let addresses = spec.cluster_ips.as_deref().unwrap_or_default();
    match (first, addresses.first()) {
        ("", None) => {}
        ("", Some(_)) => errors.push(FieldError::invalid(
            &path,
            json(&addresses),
            "must be empty when `clusterIP` is not specified",
        )),
        (_, None) => errors.push(FieldError::required(&path, "")),
        (first, Some(other)) if other != first => errors.push(FieldError::invalid(
            &path,
            json(&addresses),
            "first value must match `clusterIP`",
        )),
        _ => {}
    }
    let families = SPEC.child("ipFamilies");
    let mut known = BTreeSet::new();
    for (place, family) in spec.ip_families.iter().flatten().enumerate() {
        let item = families.index(place);
        let supported = ["IPv4", "IPv6"];
        if !supported.contains(&family.as_str()) {
            let value = family.as_str();
            errors.push(FieldError::not_supported(&item, value, &supported));
        }
        if !known.insert(family) {
            errors.push(FieldError::duplicate(&item, family.as_str()));
        }
    }
    format::one_of_if_set(
        &SPEC.child("ipFamilyPolicy"),
        spec.ip_family_policy.as_ref(),
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
        errors,
    );
    for (place, address) in addresses.iter().enumerate() {
        if place == 0 && address == "None" {
            if addresses.len() > 1 {
                let message = "'None' must be the first and only value";
                errors.push(FieldError::invalid(&path, json(&addresses), message));
            }
            continue;
        }
        check(
            &path.index(place),
            address,
            format::ip_address(address),
            errors,
        );
    }
    if addresses.len() > 2 {
        let message = "may only hold up to 2 values";
        errors.push(FieldError::invalid(&path, json(&addresses), message));
    }
}

fn external_ips(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("externalIPs");
    for (place, address) in spec.external_ips.iter().flatten().enumerate() {
        let item = path.index(place);
        let messages = format::ip_address(address);
        if messages.is_empty() {
            ordinary_address(&item, address, errors);
        }
        check(&item, address, messages, errors);
    }
}

/// An address that others can reach: not unspecified, loopback or link-local.
fn ordinary_address(path: &Path<'_>, address: &str, errors: &mut Vec<FieldError>) {
    let Ok(parsed) = address.parse::<IpAddr>() else {
        errors.push(FieldError::invalid(
            path,
            address,
            "must be a valid IP address",
        ));
        return;
    };
    let link_local = match parsed {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    let unspecified = format!("may not be unspecified ({address})");
    let rules = [
        (parsed.is_unspecified(), unspecified.as_str()),
        (
            parsed.is_loopback(),
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            link_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
    ];
    for (_, message) in rules.iter().filter(|(broken, _)| *broken) {
        errors.push(FieldError::invalid(path, address, message));
    }
}

fn unique_ports(
    path: &Path<'_>,
    ports: &[core::ServicePort],
    kind: &str,
    errors: &mut Vec<FieldError>,
) {
    let (mut node_ports, mut own_ports) = (BTreeSet::new(), BTreeSet::new());
    for (place, port) in ports.iter().enumerate() {
        let item = path.index(place);
        let protocol = text(port.protocol.as_ref());
        if let Some(node_port) = port.node_port.filter(|port| *port != 0) {
            let path = item.child("nodePort");
            if kind == "ClusterIP" {
                let message = "may not be used when `type` is 'ClusterIP'";
                errors.push(FieldError::forbidden(&path, message));
            }
            if !node_ports.insert((protocol, node_port)) {
                errors.push(FieldError::duplicate(&path, node_port));
            }
        }
        if !own_ports.insert((protocol, port.port)) {
            let pair = serde_json::json!({"protocol": protocol, "port": port.port});
            errors.push(FieldError::duplicate(&item, pair));
        }
    }
}

fn load_balancer(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    let balanced = kind_of(spec) == "LoadBalancer";
    let path = SPEC.child("LoadBalancerSourceRanges");
    let ranges = spec
        .load_balancer_source_ranges
        .as_deref()
        .unwrap_or_default();
    if !ranges.is_empty() && !balanced {
        errors.push(FieldError::forbidden(&path, ONLY_LOAD_BALANCER));
    }
    for (place, range) in ranges.iter().enumerate() {
        let messages = format::cidr(range.trim());
        check(&path.index(place), range.trim(), messages, errors);
    }
    let fields = [
        (
            "allocateLoadBalancerNodePorts",
            spec.allocate_load_balancer_node_ports.is_some(),
        ),
        ("loadBalancerClass", spec.load_balancer_class.is_some()),
    ];
    for (field, _) in fields.iter().filter(|(_, set)| *set && !balanced) {
        let path = SPEC.child(field);
        errors.push(FieldError::forbidden(&path, ONLY_LOAD_BALANCER));
    }
    if let Some(class) = spec.load_balancer_class.as_ref().filter(|_| balanced) {
        metadata::label_name(&SPEC.child("loadBalancerClass"), class, errors);
    }
}

fn traffic(spec: &core::ServiceSpec, errors: &mut Vec<FieldError>) {
    let kind = kind_of(spec);
    let external = spec.external_ips.as_ref().is_some_and(|it| !it.is_empty());
    let reachable = ["LoadBalancer", "NodePort"].contains(&kind) || external && kind == "ClusterIP";
    let path = SPEC.child("externalTrafficPolicy");
    let policy = text(spec.external_traffic_policy.as_ref());
    if reachable {
        one_of(
            &path,
            spec.external_traffic_policy.as_ref(),
            &["Cluster", "Local"],
            errors,
        );
    } else if !policy.is_empty() {
        let message = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(&path, policy, message));
    }
    if let Some(port) = spec.health_check_node_port.filter(|port| *port != 0) {
        let path = SPEC.child("healthCheckNodePort");
        if is_health_checked(spec) {
            format::port_number(&path, port, errors);
        } else {
            errors.push(FieldError::invalid(
                &path,
                port,
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
            ));
        }
    }
    let path = SPEC.child("internalTrafficPolicy");
    let policy = spec.internal_traffic_policy.as_ref();
    if policy.is_some() || ["ClusterIP", "LoadBalancer", "NodePort"].contains(&kind) {
        one_of(&path, policy, &["Cluster", "Local"], errors);
    }
    format::one_of_if_set(
        &SPEC.child("trafficDistribution"),
        spec.traffic_distribution.as_ref(),
        &["PreferClose", "PreferSameZone", "PreferSameNode"],
        errors,
    );
}

/// Whether balancers ask nodes which of them have pods of the Service. Source: `NeedsHealthCheck`.
pub(in crate::apiserver) fn is_health_checked(spec: &core::ServiceSpec) -> bool {
    let policy = spec.external_traffic_policy.as_deref();
    kind_of(spec) == "LoadBalancer" && policy == Some("Local")
}

/// The address of a Service stays, unless it is or becomes an external name.
pub(super) fn update(new: &Service, old: &Service, errors: &mut Vec<FieldError>) {
    let (spec, before) = (&*new.spec, &*old.spec);
    if kind_of(spec) != "ExternalName" && kind_of(before) != "ExternalName" {
        let (headless, was_headless) = (is_headless(spec), is_headless(before));
        if !(headless && was_headless) {
            let lists = [&spec.cluster_ips, &before.cluster_ips];
            kept_in_order("clusterIPs", "clusterIP", lists, spec, errors);
        }
        if !headless && !was_headless {
            let lists = [&spec.ip_families, &before.ip_families];
            kept_in_order("ipFamilies", "ipFamily", lists, spec, errors);
        }
    }
    if is_health_checked(spec)
        && is_health_checked(before)
        && spec.health_check_node_port != before.health_check_node_port
    {
        let path = SPEC.child("healthCheckNodePort");
        errors.push(FieldError::forbidden(&path, metadata::IMMUTABLE));
    }
    let balanced = |spec: &core::ServiceSpec| kind_of(spec) == "LoadBalancer";
    if balanced(spec) && balanced(before) && spec.load_balancer_class != before.load_balancer_class
    {
        errors.push(FieldError::invalid(
            &SPEC.child("loadBalancerClass"),
            json(&spec.load_balancer_class),
            "may not change once set",
        ));
    }
}

/// Of addresses and families the first one stays; a second one may come, or go when the policy says so.
/// Source: `validateUpgradeDowngradeClusterIPs`, `validateUpgradeDowngradeIPFamilies`.
fn kept_in_order(
    field: &'static str,
    one: &str,
    [after, before]: [&Option<Vec<String>>; 2],
    spec: &core::ServiceSpec,
    errors: &mut Vec<FieldError>,
) {
    let after = after.as_deref().unwrap_or_default();
    let before = before.as_deref().unwrap_or_default();
    let path = SPEC.child(field);
    if before.len() == after.len() {
        let changed = before.iter().zip(after).enumerate();
        for (place, _) in changed.filter(|(_, (before, after))| before != after) {
            // Of families the API server names the first place, whichever changed.
            let place = if field == "clusterIPs" { place } else { 0 };
            let path = path.index(place);
            errors.push(FieldError::invalid(
                &path,
                json(&after),
                "may not change once set",
            ));
        }
        return;
    }
    let first = path.index(0);
    match (after.first(), before.first()) {
        (None, Some(_)) => {
            let message = format!("primary {one} can not be unset");
            errors.push(FieldError::invalid(&first, json(&after), &message));
        }
        (Some(one), Some(two)) if one != two => {
            errors.push(FieldError::invalid(
                &first,
                json(&after),
                "may not change once set",
            ));
        }
        _ => {}
    }
    let policy = spec.ip_family_policy.as_deref();
    if before.len() > after.len() && after.len() == 1 && policy != Some("SingleStack") {
        errors.push(FieldError::invalid(
            &SPEC.child("ipFamilyPolicy"),
            json(&policy),
            &format!("must be set to 'SingleStack' when releasing the secondary {one}"),
        ));
    }
}

/// An EndpointSlice of itself.
pub(super) fn endpoint_slice(slice: &EndpointSlice, errors: &mut Vec<FieldError>) {
    let kind = slice.spec.address_type.as_str();
    let path = Path::new("addressType");
    let supported = ["FQDN", "IPv4", "IPv6"];
    one_of(&path, Some(&slice.spec.address_type), &supported, errors);
    let list = Path::new("endpoints");
    let endpoints = &slice.spec.endpoints;
    if endpoints.len() > 1000 {
        errors.push(FieldError::too_many(&list, endpoints.len(), 1000));
        return;
    }
    for (place, endpoint) in endpoints.iter().enumerate() {
        let item = list.index(place);
        let path = item.child("addresses");
        if endpoint.addresses.is_empty() {
            let message = "must contain at least 1 address";
            errors.push(FieldError::required(&path, message));
        } else if endpoint.addresses.len() > 100 {
            let error = FieldError::too_many(&path, endpoint.addresses.len(), 100);
            errors.push(error);
        }
        for (place, address) in endpoint.addresses.iter().enumerate() {
            endpoint_address(&path.index(place), kind, address, errors);
        }
        if let Some(name) = &endpoint.hostname {
            let messages = format::dns_1123_label(name);
            check(&item.child("hostname"), name, messages, errors);
        }
        if let Some(node) = &endpoint.node_name {
            let messages = format::dns_1123_subdomain(node);
            check(&item.child("nodeName"), node, messages, errors);
        }
    }
    endpoint_ports(slice, errors);
}

fn endpoint_address(path: &Path<'_>, kind: &str, address: &str, errors: &mut Vec<FieldError>) {
    let parsed = address.parse::<IpAddr>().ok();
    let (fits, message) = match kind {
        "IPv4" => (
            parsed.is_some_and(|it| it.is_ipv4()),
            "must be a valid IPv4 address",
        ),
        "IPv6" => (
            parsed.is_some_and(|it| it.is_ipv6()),
            "must be a valid IPv6 address",
        ),
        _ => return check(path, address, format::dns_1123_subdomain(address), errors),
    };
    if !fits {
        errors.push(FieldError::invalid(path, address, message));
    }
    ordinary_address(path, address, errors);
}

fn endpoint_ports(slice: &EndpointSlice, errors: &mut Vec<FieldError>) {
    let list = Path::new("ports");
    let ports = slice.spec.ports.as_deref().unwrap_or_default();
    if ports.len() > 20_000 {
        errors.push(FieldError::too_many(&list, ports.len(), 20_000));
        return;
    }
    let mut names = BTreeSet::new();
    for (place, port) in ports.iter().enumerate() {
        let path = list.index(place);
        let name = text(port.name.as_ref());
        if !name.is_empty() {
            let messages = format::dns_1123_label(name);
            check(&path.child("name"), name, messages, errors);
        }
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        let protocol = path.child("protocol");
        one_of(&protocol, port.protocol.as_ref(), &PROTOCOLS, errors);
    }
}
