//! What Services take from the server's ranges: addresses and node ports.
//!
//! Source: `pkg/registry/core/service/storage` and the allocators `ipallocator` and `portallocator`
//! beside it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::defaulting::is_blank;
use super::field_error::FieldError;
use super::validation::is_health_checked;
use crate::api::{Kind, Service, Typed, core};
use crate::sim::Random;
use crate::store::Store;

/// Where the addresses of Services begin: `10.96.0.0/12`, as kubeadm sets it up.
const FIRST_ADDRESS: u32 = u32::from_be_bytes([10, 96, 0, 0]);

/// How many addresses the range has.
const ADDRESSES: u32 = 1 << 20;

/// The lower part of the range, kept for addresses that users choose.
const KEPT_FOR_USERS: u32 = 256;

/// The ports that nodes open for Services. Source: `--service-node-port-range`.
const NODE_PORTS: std::ops::RangeInclusive<i32> = 30_000..=32_767;

/// How many of them, from the first on, are left to users as long as others are free.
/// Source: `calculateRangeOffset`.
const LEFT_TO_USERS: i32 = 86;

fn type_of(spec: &core::ServiceSpec) -> &str {
    spec.type_.as_deref().unwrap_or("ClusterIP")
}

/// Whether the type has an address in the cluster. Source: `needsClusterIP`.
fn needs_address(spec: &core::ServiceSpec) -> bool {
    type_of(spec) != "ExternalName"
}

/// Whether nodes open ports for the Service. Source: `needsNodePort`.
fn needs_node_ports(spec: &core::ServiceSpec) -> bool {
    match type_of(spec) {
        "NodePort" => true,
        "LoadBalancer" => spec.allocate_load_balancer_node_ports.unwrap_or(true),
        _ => false,
    }
}

fn node_ports(spec: &core::ServiceSpec) -> impl Iterator<Item = (&str, i32)> {
    let ports = spec.ports.iter().flatten();
    ports.filter_map(|port| {
        let number = port.node_port.filter(|number| *number != 0)?;
        Some((port.protocol.as_deref().unwrap_or("TCP"), number))
    })
}

/// The port at which nodes say whether they have pods of the Service, if there is one.
fn health_check(spec: &core::ServiceSpec) -> Option<i32> {
    spec.health_check_node_port.filter(|number| *number != 0)
}

/// What an update that leaves it out keeps, and what the new type has no use for goes.
/// Source: `patchAllocatedValues` and `dropTypeDependentFields`.
pub(super) fn carry_over(after: &mut Service, before: &Service) {
    let (was, mut spec) = (&*before.spec, (*after.spec).clone());
    if needs_address(was) && needs_address(&spec) && is_blank(spec.cluster_ip.as_ref()) {
        spec.cluster_ip.clone_from(&was.cluster_ip);
        spec.cluster_ips.clone_from(&was.cluster_ips);
    }
    follow_address(&mut spec, was);
    if needs_node_ports(was) && needs_node_ports(&spec) {
        keep_node_ports(&mut spec, was);
    }
    if needs_address(was) && !needs_address(&spec) && spec.cluster_ip == was.cluster_ip {
        spec.cluster_ip = None;
        spec.cluster_ips = None;
        spec.ip_families = None;
        spec.ip_family_policy = None;
        spec.internal_traffic_policy = None;
    }
    let same_ports = node_ports(&spec).eq(node_ports(was));
    if needs_node_ports(was) && !needs_node_ports(&spec) && same_ports {
        let ports = spec.ports.iter_mut().flatten();
        ports.for_each(|port| port.node_port = None);
    }
    match (is_health_checked(was), is_health_checked(&spec)) {
        (true, true) if health_check(&spec).is_none() => {
            spec.health_check_node_port = was.health_check_node_port;
        }
        (true, false) if spec.health_check_node_port == was.health_check_node_port => {
            spec.health_check_node_port = None;
        }
        _ => {}
    }
    let balanced = |spec: &core::ServiceSpec| type_of(spec) == "LoadBalancer";
    if balanced(was) && !balanced(&spec) {
        let kept = spec.allocate_load_balancer_node_ports == was.allocate_load_balancer_node_ports;
        spec.allocate_load_balancer_node_ports =
            spec.allocate_load_balancer_node_ports.filter(|_| !kept);
        let kept = spec.load_balancer_class == was.load_balancer_class;
        spec.load_balancer_class = spec.load_balancer_class.filter(|_| !kept);
    }
    let outside = |spec: &core::ServiceSpec| matches!(type_of(spec), "NodePort" | "LoadBalancer");
    let same_policy = spec.external_traffic_policy == was.external_traffic_policy;
    let has_addresses = spec.external_ips.as_ref().is_some_and(|it| !it.is_empty());
    if outside(was) && !outside(&spec) && same_policy && !has_addresses {
        spec.external_traffic_policy = None;
    }
    if spec != *after.spec {
        *after.spec_mut() = spec;
    }
}

/// Who changes the one address means the first of all of them. Source: `NormalizeClusterIPs`.
fn follow_address(spec: &mut core::ServiceSpec, was: &core::ServiceSpec) {
    if spec.cluster_ip != was.cluster_ip
        && spec.cluster_ips == was.cluster_ips
        && let Some(address) = spec.cluster_ip.clone()
    {
        let all = spec.cluster_ips.get_or_insert_default();
        match all.first_mut() {
            Some(first) => *first = address,
            None => all.push(address),
        }
    }
}

/// Ports that name no node port keep the one of the same port and protocol.
fn keep_node_ports(spec: &mut core::ServiceSpec, was: &core::ServiceSpec) {
    let mut used: BTreeSet<i32> = node_ports(spec).map(|(_, number)| number).collect();
    for port in spec.ports.iter_mut().flatten() {
        if port.node_port.is_some_and(|number| number != 0) {
            continue;
        }
        let mut olds = was.ports.iter().flatten();
        let old = olds.find(|old| old.port == port.port && old.protocol == port.protocol);
        let number = old.and_then(|old| old.node_port);
        port.node_port = number.filter(|number| used.insert(*number));
    }
}

/// Gives a Service the address that it lacks, if its type has one.
pub(super) fn give_address(service: &mut Service, store: &Store, random: &mut Random) {
    let taken = |address: &str| {
        let mut services = store.list(Kind::Service, None).filter_map(Service::of);
        services.any(|other| other.spec.cluster_ip.as_deref() == Some(address))
    };
    allocate_address(service, taken, &mut |bound| random.below(bound));
}

/// Gives a Service that has none an address of `10.96.0.0/12`; `draw` gives a number below its
/// bound. The upper part of the range is used first, as the allocator of the API server does; a
/// Service stays without an address when all are taken.
fn allocate_address(
    service: &mut Service,
    taken: impl Fn(&str) -> bool,
    draw: &mut dyn FnMut(u64) -> u64,
) {
    if !needs_address(&service.spec) || !is_blank(service.spec.cluster_ip.as_ref()) {
        return;
    }
    // The first address of the range is the network, the last one its broadcast.
    let upper = KEPT_FOR_USERS + 1..ADDRESSES - 1;
    let span = upper.end - upper.start;
    let start = u32::try_from(draw(u64::from(span))).unwrap_or(0);
    let from_start = (0..span).map(|step| upper.start + (start + step) % span);
    let lower = 1..=KEPT_FOR_USERS;
    let free = from_start
        .chain(lower)
        .map(|offset| Ipv4Addr::from(FIRST_ADDRESS + offset).to_string())
        .find(|address| !taken(address));
    if let Some(address) = free {
        let spec = service.spec_mut();
        spec.cluster_ips = Some(vec![address.clone()]);
        spec.cluster_ip = Some(address);
    }
}

/// Gives a Service the node ports that it lacks, and refuses numbers and addresses that are taken or
/// out of range.
///
/// # Errors
/// The fields at fault.
pub(super) fn allocate(
    service: &mut Service,
    store: &Store,
    random: &mut Random,
) -> Result<(), Vec<FieldError>> {
    let (name, namespace) = (service.name().to_owned(), service.namespace().to_owned());
    let others = store.list(Kind::Service, None).filter_map(Service::of);
    let others: Vec<&Service> = others
        .filter(|other| other.name() != name || other.namespace() != namespace)
        .collect();
    let taken = |address: &str| {
        let mut others = others.iter();
        others.any(|other| other.spec.cluster_ip.as_deref() == Some(address))
    };
    if let Some(why) = address_fault(&service.spec, taken) {
        let addresses = service.spec.cluster_ips.clone().unwrap_or_default();
        let address = service.spec.cluster_ip.clone().unwrap_or_default();
        let why = format!("failed to allocate IP {address}: {why}");
        return Err(vec![FieldError::invalid(
            &"spec.clusterIPs",
            addresses,
            &why,
        )]);
    }
    if !matches!(type_of(&service.spec), "NodePort" | "LoadBalancer") {
        return Ok(());
    }
    let mut used = BTreeSet::new();
    for other in others {
        used.extend(node_ports(&other.spec).map(|(_, number)| number));
        used.extend(health_check(&other.spec));
    }
    allocate_node_ports(service, &used, random)?;
    allocate_health_check(service, used, random)
}

/// Gives a Service the port for its health check, where balancers ask for one.
/// Source: `allocHealthCheckNodePort`.
fn allocate_health_check(
    service: &mut Service,
    mut used: BTreeSet<i32>,
    random: &mut Random,
) -> Result<(), Vec<FieldError>> {
    if !is_health_checked(&service.spec) {
        return Ok(());
    }
    used.extend(node_ports(&service.spec).map(|(_, number)| number));
    let is_free = |number: i32| !used.contains(&number);
    if let Some(number) = health_check(&service.spec) {
        let fault = node_port_fault(number, is_free(number));
        let path = "spec.healthCheckNodePort";
        return fault.map_or(Ok(()), |why| {
            Err(vec![FieldError::invalid(&path, number, why)])
        });
    }
    service.spec_mut().health_check_node_port = drawn(random, |number| is_free(*number));
    Ok(())
}

fn allocate_node_ports(
    service: &mut Service,
    used: &BTreeSet<i32>,
    random: &mut Random,
) -> Result<(), Vec<FieldError>> {
    let mut spec = (*service.spec).clone();
    let mut errors = Vec::new();
    let mut own: Vec<(i32, i32)> = Vec::new();
    let gives = needs_node_ports(&spec);
    for (place, port) in spec.ports.iter_mut().flatten().enumerate() {
        let is_free = |number: i32| !used.contains(&number);
        if let Some(number) = port.node_port.filter(|number| *number != 0) {
            if let Some(why) = node_port_fault(number, is_free(number)) {
                let path = format!("spec.ports[{place}].nodePort");
                errors.push(FieldError::invalid(&path, number, why));
            }
            own.push((port.port, number));
            continue;
        }
        if !gives {
            continue;
        }
        // One port for several protocols has one node port.
        let shared = own.iter().find(|(of, _)| *of == port.port);
        let shared = shared.map(|(_, number)| *number);
        let shared = shared.filter(|number| is_free(*number));
        let is_open = |number: &i32| is_free(*number) && own.iter().all(|(_, one)| one != number);
        let number = shared.or_else(|| drawn(random, is_open));
        own.extend(number.map(|number| (port.port, number)));
        port.node_port = number;
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if spec != *service.spec {
        *service.spec_mut() = spec;
    }
    Ok(())
}

/// Why a node port cannot be had.
fn node_port_fault(number: i32, is_free: bool) -> Option<&'static str> {
    if !NODE_PORTS.contains(&number) {
        let why =
            "provided port is not in the valid range. The range of valid ports is 30000-32767";
        return Some(why);
    }
    (!is_free).then_some("provided port is already allocated")
}

/// A free node port, by chance from the upper part of the range, then from the part left to users.
fn drawn(random: &mut Random, is_open: impl Fn(&i32) -> bool) -> Option<i32> {
    let (first, last) = (*NODE_PORTS.start() + LEFT_TO_USERS, *NODE_PORTS.end());
    let span = last - first + 1;
    let bound = u64::try_from(span).unwrap_or(1);
    let start = i32::try_from(random.below(bound)).unwrap_or(0);
    let from_start = (0..span).map(|step| first + (start + step) % span);
    from_start.chain(*NODE_PORTS.start()..first).find(is_open)
}

/// Why an address cannot be had.
fn address_fault(spec: &core::ServiceSpec, taken: impl Fn(&str) -> bool) -> Option<String> {
    let address = spec.cluster_ip.as_deref().filter(|_| needs_address(spec))?;
    let number = u32::from(address.parse::<Ipv4Addr>().ok()?);
    if !(FIRST_ADDRESS + 1..FIRST_ADDRESS + ADDRESSES - 1).contains(&number) {
        return Some(format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.96.0.0/12"
        ));
    }
    taken(address).then(|| "provided IP is already allocated".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Object;
    use crate::apiserver::defaulting::apply_defaults;
    use crate::store::Precondition;

    fn service(name: &str, spec: &Value) -> Service {
        let value = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        let mut object = Object::from_value(Kind::Service, value).expect("a service");
        apply_defaults(&mut object);
        Service::of(&object).expect("a service").clone()
    }

    fn taken(spec: &Value) -> Store {
        let mut store = Store::new();
        let object = service("there", spec).into_object();
        store.put(object, Precondition::Absent).expect("it is new");
        store
    }

    fn numbers(service: &Service) -> Vec<Option<i32>> {
        let ports = service.spec.ports.iter().flatten();
        ports.map(|port| port.node_port).collect()
    }

    #[test]
    fn a6_node_ports_come_from_their_range_and_one_port_of_two_protocols_has_one() {
        let two = json!([{"name": "a", "port": 53, "protocol": "UDP"}, {"name": "b", "port": 53},
            {"name": "c", "port": 80}]);
        for kind in ["NodePort", "LoadBalancer"] {
            let mut given = service("web", &json!({"type": kind, "ports": two}));
            let mut random = Random::stream(7, "ports");
            allocate(&mut given, &Store::new(), &mut random).expect("there are enough");
            let got = numbers(&given);
            assert!(
                got.iter()
                    .flatten()
                    .all(|number| (30_086..=32_767).contains(number))
            );
            assert_eq!(got[0], got[1]);
            assert_ne!(got[0], got[2]);
        }
        for spec in [
            json!({"ports": two}),
            json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "ports": two}),
        ] {
            let mut given = service("web", &spec);
            allocate(&mut given, &Store::new(), &mut Random::stream(7, "ports")).expect("nothing");
            assert_eq!(numbers(&given), [None; 3]);
        }
    }

    #[test]
    fn a6_a_balancer_that_keeps_to_local_pods_has_a_port_for_its_health_check() {
        let spec = |kind: &str, policy: &str| json!({"type": kind, "externalTrafficPolicy": policy, "ports": [{"port": 80}]});
        let given = |spec: &Value| {
            let mut service = service("web", spec);
            let mut random = Random::stream(7, "ports");
            allocate(&mut service, &Store::new(), &mut random).expect("there are enough");
            service
        };
        let local = given(&spec("LoadBalancer", "Local"));
        let number = health_check(&local.spec).expect("it has one");
        assert!((30_086..=32_767).contains(&number), "{number}");
        assert_ne!(numbers(&local), [Some(number)]);
        for (kind, policy) in [("LoadBalancer", "Cluster"), ("NodePort", "Local")] {
            let other = given(&spec(kind, policy));
            assert_eq!(other.spec.health_check_node_port, None, "{kind} {policy}");
        }
        for (policy, kept) in [("Local", Some(number)), ("Cluster", None)] {
            let mut after = local.clone();
            after.spec_mut().external_traffic_policy = Some(policy.to_owned());
            carry_over(&mut after, &local);
            assert_eq!(after.spec.health_check_node_port, kept, "{policy}");
        }
        let mut again = service("web", &spec("LoadBalancer", "Local"));
        carry_over(&mut again, &local);
        assert_eq!(
            health_check(&again.spec),
            Some(number),
            "what is left out stays"
        );
    }

    #[test]
    fn a5_numbers_and_addresses_that_are_taken_or_out_of_range_are_refused() {
        let store = taken(&json!({"type": "NodePort", "clusterIP": "10.96.0.10",
            "ports": [{"port": 80, "nodePort": 30080}]}));
        let port =
            |number: i32| json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": number}]});
        for (spec, message) in [
            (
                port(8080),
                "spec.ports[0].nodePort: Invalid value: 8080: provided port is not in the valid range. \
                 The range of valid ports is 30000-32767",
            ),
            (
                port(30080),
                "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
            ),
            (
                json!({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]}),
                "spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: \
                 provided IP is already allocated",
            ),
            (
                json!({"clusterIP": "192.168.1.1", "ports": [{"port": 80}]}),
                "spec.clusterIPs: Invalid value: [\"192.168.1.1\"]: failed to allocate IP 192.168.1.1: \
                 the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is \
                 10.96.0.0/12",
            ),
        ] {
            let mut given = service("web", &spec);
            let refused = allocate(&mut given, &store, &mut Random::stream(7, "ports"));
            let errors = refused.expect_err(message);
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].to_string(), message);
        }
        let mut again = service("there", &port(30080));
        let own = allocate(&mut again, &store, &mut Random::stream(7, "ports"));
        assert!(own.is_ok(), "what is one's own is not taken");
    }

    #[test]
    fn a7_another_type_lets_go_of_what_it_has_no_use_for_and_keeps_the_rest() {
        let before = service(
            "web",
            &json!({"type": "NodePort", "clusterIP": "10.96.0.10", "ports": [{"port": 80, "nodePort": 30080}]}),
        );
        let turned = |spec: Value| {
            let mut after = service("web", &spec);
            carry_over(&mut after, &before);
            let spec = after.spec.clone();
            (
                numbers(&after),
                spec.cluster_ip.clone(),
                spec.external_traffic_policy.clone(),
            )
        };
        let address = || Some("10.96.0.10".to_owned());
        // As a patch of the type alone leaves it.
        let whole = |kind: &str| {
            let mut spec = serde_json::to_value(&*before.spec).expect("JSON");
            spec["type"] = kind.into();
            spec
        };
        assert_eq!(turned(whole("ClusterIP")), (vec![None], address(), None));
        let outside = turned(whole("LoadBalancer"));
        assert_eq!(
            outside,
            (vec![Some(30080)], address(), Some("Cluster".to_owned()))
        );
        let mut named = whole("ExternalName");
        named["externalName"] = "example.com".into();
        assert_eq!(turned(named), (vec![None], None, None));
        // As an apply of a manifest without numbers leaves it.
        let plain = json!({"type": "NodePort", "ports": [{"port": 80}]});
        assert_eq!(turned(plain).0, [Some(30080)]);
        let moved = json!({"type": "NodePort", "ports": [{"port": 81}]});
        assert_eq!(turned(moved).0, [None]);
    }

    #[test]
    fn a6_a_service_gets_a_free_address_of_the_range() {
        let address = |spec: &Value, drawn: u64, taken: &[&str]| {
            let mut service = service("web", spec);
            allocate_address(
                &mut service,
                |address| taken.contains(&address),
                &mut |bound| drawn.min(bound - 1),
            );
            service.spec.cluster_ip.clone()
        };
        let plain = || json!({"ports": [{"port": 80}]});
        let text = |address: &str| Some(address.to_owned());
        assert_eq!(address(&plain(), 0, &[]), text("10.96.1.1"));
        assert_eq!(address(&plain(), 0, &["10.96.1.1"]), text("10.96.1.2"));
        assert_eq!(address(&plain(), u64::MAX, &[]), text("10.111.255.254"));
        let last = ["10.111.255.254"];
        assert_eq!(address(&plain(), u64::MAX, &last), text("10.96.1.1"));
        let chosen = json!({"clusterIP": "10.96.0.10"});
        assert_eq!(address(&chosen, 0, &[]), text("10.96.0.10"));
        assert_eq!(address(&json!({"clusterIP": "None"}), 0, &[]), text("None"));
        let named = json!({"type": "ExternalName", "externalName": "example.com"});
        assert_eq!(address(&named, 0, &[]), None);
    }
}
