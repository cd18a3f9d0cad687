//! Defaults of Services. Source: `SetDefaults_Service` in `pkg/apis/core/v1/defaults.go`.

use crate::api::{IntOrString, core};

use super::rule::{Rule, each, is_blank, text, value};

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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::{Kind, Object, Service, Typed};
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
}
