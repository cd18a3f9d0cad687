//! Defaults of Services, and the addresses that they get.
//! Source: `SetDefaults_Service` in `pkg/apis/core/v1/defaults.go`, `pkg/registry/core/service`.

use std::net::Ipv4Addr;

use crate::api::{IntOrString, Service, core};

use super::rule::{Rule, each, is_blank, text, value};

/// Where the addresses of Services begin: `10.96.0.0/12`, as kubeadm sets it up.
pub(in crate::apiserver) const FIRST_ADDRESS: u32 = u32::from_be_bytes([10, 96, 0, 0]);

/// How many addresses the range has.
pub(in crate::apiserver) const ADDRESSES: u32 = 1 << 20;

/// The lower part of the range, kept for addresses that users choose.
const KEPT_FOR_USERS: u32 = 256;

/// How long a client sticks to a pod: three hours, in seconds.
const AFFINITY_SECONDS: i32 = 10_800;

pub(super) const SERVICE: &[Rule<core::ServiceSpec>] = &[
    text!(session_affinity = "None"),
    Rule {
        lacks: |spec| {
            is(spec.session_affinity.as_ref(), "None") && spec.session_affinity_config.is_some()
        },
        set: |spec| spec.session_affinity_config = None,
    },
    Rule {
        lacks: |spec| {
            let config = spec.session_affinity_config.as_ref();
            let client = config.and_then(|config| config.client_ip.as_ref());
            is(spec.session_affinity.as_ref(), "ClientIP")
                && client.and_then(|client| client.timeout_seconds).is_none()
        },
        set: |spec| {
            spec.session_affinity_config = Some(core::SessionAffinityConfig {
                client_ip: Some(core::ClientIPConfig {
                    timeout_seconds: Some(AFFINITY_SECONDS),
                }),
            });
        },
    },
    text!(type_ = "ClusterIP"),
    each!(ports: PORT),
    Rule {
        lacks: |spec| is_reachable(spec) && is_blank(spec.external_traffic_policy.as_ref()),
        set: |spec| spec.external_traffic_policy = Some("Cluster".to_owned()),
    },
    Rule {
        lacks: |spec| has_address(spec) && is_blank(spec.internal_traffic_policy.as_ref()),
        set: |spec| spec.internal_traffic_policy = Some("Cluster".to_owned()),
    },
    Rule {
        lacks: |spec| {
            is(spec.type_.as_ref(), "LoadBalancer")
                && spec.allocate_load_balancer_node_ports.is_none()
        },
        set: |spec| spec.allocate_load_balancer_node_ports = Some(true),
    },
    // The two fields of the address say the same.
    Rule {
        lacks: |spec| {
            !is_blank(spec.cluster_ip.as_ref())
                && spec.cluster_ips.as_ref().is_none_or(Vec::is_empty)
        },
        set: |spec| spec.cluster_ips = spec.cluster_ip.clone().map(|address| vec![address]),
    },
    Rule {
        lacks: |spec| has_address(spec) && spec.ip_families.as_ref().is_none_or(Vec::is_empty),
        set: |spec| spec.ip_families = Some(vec!["IPv4".to_owned()]),
    },
    Rule {
        lacks: |spec| has_address(spec) && is_blank(spec.ip_family_policy.as_ref()),
        set: |spec| spec.ip_family_policy = Some("SingleStack".to_owned()),
    },
];

const PORT: &[Rule<core::ServicePort>] = &[
    text!(protocol = "TCP"),
    value!(target_port = IntOrString::Int(0)),
    Rule {
        lacks: |port| match &port.target_port {
            Some(IntOrString::Int(number)) => *number == 0 && port.port != 0,
            Some(IntOrString::String(name)) => name.is_empty(),
            None => false,
        },
        set: |port| port.target_port = Some(IntOrString::Int(port.port)),
    },
];

fn is(text: Option<&String>, expected: &str) -> bool {
    text.is_some_and(|text| text == expected)
}

/// True for every type that has an address in the cluster.
fn has_address(spec: &core::ServiceSpec) -> bool {
    ["ClusterIP", "NodePort", "LoadBalancer"]
        .iter()
        .any(|kind| is(spec.type_.as_ref(), kind))
}

fn is_reachable(spec: &core::ServiceSpec) -> bool {
    let external = spec.external_ips.as_ref().is_some_and(|it| !it.is_empty());
    ["NodePort", "LoadBalancer"]
        .iter()
        .any(|kind| is(spec.type_.as_ref(), kind))
        || external && is(spec.type_.as_ref(), "ClusterIP")
}

/// Gives a Service that has none an address of `10.96.0.0/12`; `draw` gives a number below its
/// bound. The upper part of the range is used first, as the allocator of the API server does; a
/// Service stays without an address when all are taken.
pub(in crate::apiserver) fn allocate_cluster_ip(
    service: &mut Service,
    taken: impl Fn(&str) -> bool,
    draw: &mut dyn FnMut(u64) -> u64,
) {
    if !has_address(&service.spec) || !is_blank(service.spec.cluster_ip.as_ref()) {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{Kind, Object, Typed};
    use crate::apiserver::defaulting::apply_defaults;

    fn service(spec: &Value) -> Service {
        let value = json!({"metadata": {"name": "web"}, "spec": spec});
        let mut object = Object::from_value(Kind::Service, value).expect("a service");
        apply_defaults(&mut object);
        Service::of(&object).expect("a service").clone()
    }

    #[test]
    fn a6_a_service_gets_its_defaults() {
        let given = service(&json!({"ports": [{"port": 80}, {"port": 81, "targetPort": "web"}]}));
        let expected = json!({
            "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [
                {"port": 80, "protocol": "TCP", "targetPort": 80},
                {"port": 81, "protocol": "TCP", "targetPort": "web"},
            ],
            "sessionAffinity": "None", "type": "ClusterIP",
        });
        assert_eq!(serde_json::to_value(&*given.spec).expect("JSON"), expected);
        let headless = service(&json!({"clusterIP": "None", "sessionAffinity": "ClientIP"}));
        assert_eq!(headless.spec.cluster_ips, Some(vec!["None".to_owned()]));
        let config = headless.spec.session_affinity_config.clone();
        let seconds = config.and_then(|it| it.client_ip?.timeout_seconds);
        assert_eq!(seconds, Some(10_800));
    }

    #[test]
    fn a6_a_service_gets_a_free_address_of_the_range() {
        let address = |spec: &Value, drawn: u64, taken: &[&str]| {
            let mut service = service(spec);
            allocate_cluster_ip(
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
