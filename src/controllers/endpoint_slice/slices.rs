//! Endpoints spread over slices of at most a hundred, with as few writes as may be.

use std::collections::BTreeMap;

use super::endpoints::Port;
use crate::api::owners::Provenance;
use crate::api::{EndpointSlice, Key, Kind, Object, ObjectMeta, Service, Typed, discovery, meta};
use crate::apiserver::{DeleteOptions, Verb};
use crate::client::Informers;
use crate::sim::counted;

use super::super::controller::Action;

/// Source: `--max-endpoints-per-slice`.
const MOST_ENDPOINTS: usize = 100;

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// The Service that a slice of this controller belongs to.
pub(super) fn service_of(slice: &Object) -> Option<Key> {
    let labels = meta::labels(slice.metadata());
    let name = labels.get(SERVICE_NAME)?;
    (labels.get(MANAGED_BY).map(String::as_str) == Some(CONTROLLER))
        .then(|| Key::new(Kind::Service, slice.namespace(), name))
}

/// The slices of a Service that this controller keeps.
pub(super) fn existing<'a>(caches: &'a Informers, service: &Service) -> Vec<&'a EndpointSlice> {
    let slices = caches.owned(Kind::EndpointSlice, service.uid());
    slices
        .filter(|slice| service_of(slice).is_some_and(|key| *key.name == *service.name()))
        .filter(|slice| !slice.is_terminating())
        .filter_map(EndpointSlice::of)
        .collect()
}

/// A slice as it shall be: an existing one, or a new one.
struct Wanted<'a> {
    existing: Option<&'a EndpointSlice>,
    ports: Vec<Port>,
    endpoints: Vec<discovery::Endpoint>,
}

/// The writes that make the slices hold these endpoints. Endpoints stay in their slice; new ones
/// fill what has room; a slice that would go is reused for one that would come; and a Service
/// without endpoints keeps one empty slice. Source: `Reconciler.reconcileByAddressType`.
pub(super) fn reconcile(
    service: &Service,
    by_ports: BTreeMap<Vec<Port>, Vec<discovery::Endpoint>>,
    existing: &[&EndpointSlice],
) -> Vec<Action> {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for (ports, endpoints) in by_ports {
        wanted.extend(spread(&ports, endpoints, existing));
    }
    if wanted.is_empty() {
        wanted.push(Wanted {
            existing: None,
            ports: Vec::new(),
            endpoints: Vec::new(),
        });
    }
    let kept: Vec<&str> = wanted
        .iter()
        .filter_map(|wanted| wanted.existing)
        .map(EndpointSlice::name)
        .collect();
    let mut spare: Vec<&EndpointSlice> = existing
        .iter()
        .copied()
        .filter(|slice| !kept.contains(&slice.name()))
        .rev()
        .collect();
    for wanted in wanted.iter_mut().filter(|wanted| wanted.existing.is_none()) {
        wanted.existing = spare.pop();
    }
    let writes = wanted.iter().filter_map(|wanted| write(service, wanted));
    writes.chain(spare.into_iter().rev().map(delete)).collect()
}

/// The pod behind an endpoint, by its uid.
fn pod_of(endpoint: &discovery::Endpoint) -> Option<&str> {
    endpoint.target_ref.as_ref()?.uid.as_deref()
}

fn ports_of(slice: &EndpointSlice) -> Vec<Port> {
    let ports = slice.spec.ports.iter().flatten();
    let mut ports: Vec<Port> = ports.map(Port::from_slice).collect();
    ports.sort();
    ports
}

/// The endpoints of one port list in the slices that serve it already, and in new ones.
fn spread<'a>(
    ports: &[Port],
    endpoints: Vec<discovery::Endpoint>,
    existing: &[&'a EndpointSlice],
) -> Vec<Wanted<'a>> {
    // By pod: a look at all endpoints for each that a slice holds would be too slow for thousands.
    let places = endpoints.iter().enumerate();
    let places: BTreeMap<String, usize> = places
        .filter_map(|(place, endpoint)| Some((pod_of(endpoint)?.to_owned(), place)))
        .collect();
    let mut left: Vec<Option<discovery::Endpoint>> = endpoints.into_iter().map(Some).collect();
    let mut slices: Vec<Wanted<'a>> = Vec::new();
    for slice in existing.iter().filter(|slice| ports_of(slice) == ports) {
        let held = slice.spec.endpoints.iter();
        let kept = held.filter_map(|held| left[*places.get(pod_of(held)?)?].take());
        let kept = kept.collect();
        slices.push(Wanted {
            existing: Some(slice),
            ports: ports.to_vec(),
            endpoints: kept,
        });
    }
    let mut endpoints: Vec<discovery::Endpoint> = left.into_iter().flatten().collect();
    slices.retain(|slice| !slice.endpoints.is_empty());
    // The fullest first: the fewer slices change, the fewer watchers hear of it.
    slices.sort_by_key(|slice| std::cmp::Reverse(slice.endpoints.len()));
    for slice in &mut slices {
        let room = MOST_ENDPOINTS.saturating_sub(slice.endpoints.len());
        slice
            .endpoints
            .extend(endpoints.drain(..room.min(endpoints.len())));
    }
    while !endpoints.is_empty() {
        let rest = endpoints.split_off(endpoints.len().min(MOST_ENDPOINTS));
        slices.push(Wanted {
            existing: None,
            ports: ports.to_vec(),
            endpoints: std::mem::replace(&mut endpoints, rest),
        });
    }
    slices
}

/// Those of the Service, and those by which a slice is found. Source: `setEndpointSliceLabels`.
fn labels(service: &Service) -> meta::Labels {
    let mut labels = meta::labels(&service.metadata).clone();
    labels.insert(SERVICE_NAME.to_owned(), service.name().to_owned());
    labels.insert(MANAGED_BY.to_owned(), CONTROLLER.to_owned());
    if service.spec.cluster_ip.as_deref() == Some("None") {
        labels.insert(HEADLESS.to_owned(), String::new());
    } else {
        labels.remove(HEADLESS);
    }
    labels
}

fn write(service: &Service, wanted: &Wanted<'_>) -> Option<Action> {
    let families = service.spec.ip_families.as_deref().unwrap_or_default();
    let family = families.first().map_or("IPv4", String::as_str);
    let wanted_labels = labels(service);
    if let Some(slice) = wanted.existing
        && slice.metadata.labels.as_ref() == Some(&wanted_labels)
        && slice.spec.endpoints == wanted.endpoints
        && ports_of(slice) == wanted.ports
        && slice.spec.address_type == family
    {
        return None;
    }
    let owner = service.clone().into_object();
    let ports: Vec<_> = wanted.ports.iter().map(Port::to_slice).collect();
    let body = discovery::EndpointSlice {
        address_type: family.to_owned(),
        endpoints: wanted.endpoints.clone(),
        ports: (!ports.is_empty()).then_some(ports),
        metadata: ObjectMeta::default(),
    };
    let number = body.endpoints.len();
    let Some(existing) = wanted.existing else {
        let metadata = ObjectMeta {
            generate_name: Some(format!("{}-", service.name())),
            namespace: service.metadata.namespace.clone(),
            labels: Some(wanted_labels),
            owner_references: Some(vec![meta::controller_reference(&owner)]),
            ..ObjectMeta::default()
        };
        let slice = EndpointSlice {
            provenance: Provenance::default(),
            metadata: metadata.into(),
            spec: body.into(),
            status: ().into(),
        };
        let slice = slice.into_object();
        let why = format!("creates a slice with {}", counted(number, "endpoint"));
        return Some(Action::new(slice.key(), Verb::Create(slice), why));
    };
    let mut slice = existing.clone();
    if slice.metadata.labels.as_ref() != Some(&wanted_labels) {
        slice.metadata_mut().labels = Some(wanted_labels);
    }
    let is_same = slice.spec.endpoints == body.endpoints
        && ports_of(&slice) == wanted.ports
        && slice.spec.address_type == body.address_type;
    if !is_same {
        slice.spec = body.into();
    }
    let object = slice.into_object();
    let why = format!(
        "updates slice {}: {}",
        object.name(),
        counted(number, "endpoint")
    );
    Some(Action::new(object.key(), Verb::Update(object), why))
}

fn delete(slice: &EndpointSlice) -> Action {
    let key = slice.clone().into_object().key();
    let why = format!("deletes {key}: it has nothing to hold");
    Action::new(key, Verb::Delete(DeleteOptions::default()), why)
}
