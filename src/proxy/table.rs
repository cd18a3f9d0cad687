//! Where the requests to one Service go from one node.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::api::{EndpointSlice, Key, Kind, Service, discovery, meta};
use crate::client::Informers;

/// The label of a slice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One place that requests go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The address of the pod.
    pub address: Ipv4Addr,
    /// The port of the pod.
    pub port: i32,
    /// The node that it is on, as the slice says.
    pub node: Arc<str>,
    /// The pod, as the slice says.
    pub pod: Option<Key>,
}

/// The places that requests to the first port of a Service go to, in the order of their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The places.
    pub endpoints: Vec<Endpoint>,
}

/// The Service that a slice belongs to.
pub(super) fn service_of(slice: &EndpointSlice) -> Option<Key> {
    let name = meta::labels(&slice.metadata).get(SERVICE_NAME)?;
    let namespace = slice.metadata.namespace.as_deref().unwrap_or_default();
    Some(Key::new(Kind::Service, namespace, name))
}

/// The table that a node should have for a Service; none when the Service is not there or has no
/// address. Ready endpoints get the requests; when there are none, those that are going but still
/// serve. Source: `CategorizeEndpoints` of `pkg/proxy/topology.go`.
///
/// Unlike Kubernetes: zones, session affinity and all ports but the first are not looked at.
pub(super) fn of(caches: &Informers, service: &Key, node: &str) -> Option<Table> {
    let object: &Service = caches.get(&service.namespace, &service.name)?;
    let spec = &object.spec;
    let ip = spec.cluster_ip.as_deref().unwrap_or_default();
    if ip.is_empty() || ip == "None" {
        return None;
    }
    let port = spec.ports.iter().flatten().next();
    let port = port.map(|port| port.name.as_deref().unwrap_or_default());
    let is_local = spec.internal_traffic_policy.as_deref() == Some("Local");
    let slices = caches.list::<EndpointSlice>(Some(&service.namespace));
    let slices = slices.filter(|slice| service_of(slice).as_ref() == Some(service));
    let all: Vec<(Standing, Endpoint)> = slices
        .flat_map(|slice| endpoints(slice, port.unwrap_or_default()))
        .filter(|(_, endpoint)| !is_local || *endpoint.node == *node)
        .collect();
    let of = |wanted: Standing| {
        let endpoints = all.iter().filter(move |(standing, _)| *standing == wanted);
        endpoints.map(|(_, endpoint)| endpoint.clone())
    };
    let mut endpoints: Vec<Endpoint> = of(Standing::Ready).collect();
    if endpoints.is_empty() {
        endpoints = of(Standing::Leaving).collect();
    }
    endpoints.sort();
    endpoints.dedup();
    Some(Table { endpoints })
}

/// What a slice says of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ready,
    /// It is being ended and still serves.
    Leaving,
    Neither,
}

fn standing(endpoint: &discovery::Endpoint) -> Standing {
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    let is_ready = conditions.ready.unwrap_or(true);
    let is_serving = conditions.serving.unwrap_or(is_ready);
    if is_ready {
        Standing::Ready
    } else if is_serving && conditions.terminating == Some(true) {
        Standing::Leaving
    } else {
        Standing::Neither
    }
}

fn endpoints<'a>(
    slice: &'a EndpointSlice,
    port: &str,
) -> impl Iterator<Item = (Standing, Endpoint)> + use<'a> {
    let ports = slice.spec.ports.iter().flatten();
    let mut named = ports.filter(|each| each.name.as_deref().unwrap_or_default() == port);
    let number = named.next().and_then(|port| port.port);
    let endpoints = slice.spec.endpoints.iter();
    endpoints.filter_map(move |endpoint| {
        let target = endpoint.target_ref.as_ref();
        let pod = target.and_then(|target| {
            let namespace = target.namespace.as_deref().unwrap_or_default();
            Some(Key::new(Kind::Pod, namespace, target.name.as_deref()?))
        });
        let place = Endpoint {
            address: endpoint.addresses.first()?.parse().ok()?,
            port: number?,
            node: endpoint.node_name.as_deref().unwrap_or_default().into(),
            pod,
        };
        Some((standing(endpoint), place))
    })
}
