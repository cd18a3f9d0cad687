//! Pods as endpoints: their addresses, ports and conditions.

use std::collections::BTreeMap;

use crate::api::{IntOrString, Node, Pod, Service, core, discovery, meta};
use crate::client::Informers;

/// What of a pod is in its endpoint, or decides about it. Source: `endpointslice/util.podChanged`.
pub(super) fn essence(pod: &Pod) -> impl PartialEq + use<'_> {
    (
        (
            &pod.metadata.labels,
            pod.is_terminating(),
            pod.is_finished(),
        ),
        (pod.is_ready(), &pod.status.pod_ip),
        (&pod.spec.node_name, &pod.spec.hostname, &pod.spec.subdomain),
    )
}

/// Whether a pod has an address and has not ended. Source: `ShouldPodBeInEndpoints`.
pub(super) fn is_endpoint(pod: &Pod) -> bool {
    let has_address = pod.status.pod_ip.as_ref().is_some_and(|ip| !ip.is_empty());
    has_address && !pod.is_finished()
}

/// A port that pods of a Service serve; pods of one port list share slices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    name: String,
    number: i32,
    protocol: String,
    app_protocol: Option<String>,
}

impl Port {
    /// As a slice carries it.
    pub(super) fn to_slice(&self) -> discovery::EndpointPort {
        discovery::EndpointPort {
            name: Some(self.name.clone()),
            port: Some(self.number),
            protocol: Some(self.protocol.clone()),
            app_protocol: self.app_protocol.clone(),
        }
    }

    /// As read from a slice.
    pub(super) fn from_slice(port: &discovery::EndpointPort) -> Self {
        Self {
            name: port.name.clone().unwrap_or_default(),
            number: port.port.unwrap_or(0),
            protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
            app_protocol: port.app_protocol.clone(),
        }
    }
}

/// The endpoints of a Service, by the ports that their pods serve.
pub(super) fn by_ports(
    caches: &Informers,
    service: &Service,
    pods: &[&Pod],
) -> BTreeMap<Vec<Port>, Vec<discovery::Endpoint>> {
    let mut endpoints: BTreeMap<Vec<Port>, Vec<discovery::Endpoint>> = BTreeMap::new();
    for pod in pods {
        let place = endpoints.entry(ports(service, pod)).or_default();
        place.push(endpoint(caches, service, pod));
    }
    endpoints
}

/// A port whose name the pod does not know is left out. Source: `getEndpointPorts`.
fn ports(service: &Service, pod: &Pod) -> Vec<Port> {
    let ports = service.spec.ports.iter().flatten();
    let mut ports: Vec<Port> = ports
        .filter_map(|port| {
            Some(Port {
                name: port.name.clone().unwrap_or_default(),
                number: target(port, pod)?,
                protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
                app_protocol: port.app_protocol.clone(),
            })
        })
        .collect();
    ports.sort();
    ports
}

/// Source: `podutil.FindPort`.
fn target(port: &core::ServicePort, pod: &Pod) -> Option<i32> {
    match &port.target_port {
        None | Some(IntOrString::Int(0)) => Some(port.port),
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(name)) => {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            let is_sidecar =
                |each: &&core::Container| each.restart_policy.as_deref() == Some("Always");
            let sidecars = pod.spec.init_containers.iter().flatten().filter(is_sidecar);
            pod.spec
                .containers
                .iter()
                .chain(sidecars)
                .flat_map(|container| container.ports.iter().flatten())
                .find(|port| {
                    port.name.as_deref() == Some(name)
                        && port.protocol.as_deref().unwrap_or("TCP") == protocol
                })
                .map(|port| port.container_port)
        }
    }
}

/// Source: `podToEndpoint`.
fn endpoint(caches: &Informers, service: &Service, pod: &Pod) -> discovery::Endpoint {
    let terminating = pod.is_terminating();
    let serving = pod.is_ready();
    let unready_too = service.spec.publish_not_ready_addresses == Some(true);
    let node = pod.spec.node_name.as_deref();
    let zone = node
        .and_then(|node| caches.get::<Node>("", node))
        .and_then(|node| meta::labels(&node.metadata).get("topology.kubernetes.io/zone"));
    let is_named = pod.spec.subdomain.as_deref() == Some(service.name());
    discovery::Endpoint {
        addresses: pod.status.pod_ip.clone().into_iter().collect(),
        conditions: Some(discovery::EndpointConditions {
            ready: Some(unready_too || (serving && !terminating)),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        hostname: pod.spec.hostname.clone().filter(|_| is_named),
        node_name: node.map(str::to_owned),
        target_ref: Some(core::ObjectReference {
            kind: Some("Pod".to_owned()),
            namespace: Some(pod.namespace().to_owned()),
            name: Some(pod.name().to_owned()),
            uid: Some(pod.uid().to_owned()),
            ..core::ObjectReference::default()
        }),
        zone: zone.cloned(),
        ..discovery::Endpoint::default()
    }
}
