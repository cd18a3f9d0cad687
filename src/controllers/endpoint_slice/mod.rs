//! endpointslice-controller: the pods behind each Service, in slices.
//! Source: `pkg/controller/endpointslice`, `k8s.io/endpointslice`.

mod endpoints;
mod slices;

use super::controller::{Change, Controller, Plan, Planned};
use super::wording;
use crate::api::{Key, Kind, LabelSelector, Object, Pod, Service, Typed, meta, selector};
use crate::client::Informers;
use crate::sim::counted;

/// Unlike Kubernetes: one address family for each Service, no topology hints, and no annotation with
/// the time of the change that triggered an update.
pub(super) static ENDPOINT_SLICE: Controller = Controller {
    name: "endpointslice-controller",
    event_source: "endpoint-slice-controller",
    watches: &[Kind::Service, Kind::Pod, Kind::Node, Kind::EndpointSlice],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// A Service for itself and its slices, and the Services that select a pod when something about it
/// changed that is in its endpoint.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    match (change.before, change.after) {
        (_, Some(service @ Object::Service(_))) => vec![service.key()],
        (before, after @ (Some(Object::EndpointSlice(_)) | None))
            if matches!(before, Some(Object::EndpointSlice(_)) | None) =>
        {
            let slice = after.or(before);
            slice.and_then(slices::service_of).into_iter().collect()
        }
        (before, after) => {
            let sides = [before, after].map(|side| side.and_then(Pod::of));
            let [before, after] = sides;
            let same = before.zip(after).is_some_and(|(before, after)| {
                endpoints::essence(before) == endpoints::essence(after)
            });
            if same {
                return Vec::new();
            }
            let mut keys: Vec<Key> = sides
                .into_iter()
                .flatten()
                .flat_map(|pod| services_of(caches, pod))
                .collect();
            keys.sort();
            keys.dedup();
            keys
        }
    }
}

fn services_of(caches: &Informers, pod: &Pod) -> Vec<Key> {
    let services = caches.list::<Service>(Some(pod.namespace()));
    services
        .filter(|service| {
            pod_selector(service)
                .is_some_and(|wanted| selector::matches(&wanted, meta::labels(&pod.metadata)))
        })
        .map(|service| Key::new(Kind::Service, service.namespace(), service.name()))
        .collect()
}

/// Which pods a Service stands for; none for Services whose endpoints somebody else keeps.
fn pod_selector(service: &Service) -> Option<LabelSelector> {
    if service.spec.type_.as_deref() == Some("ExternalName") {
        return None;
    }
    let labels = service.spec.selector.clone()?;
    (!labels.is_empty()).then_some(LabelSelector {
        match_labels: Some(labels),
        match_expressions: None,
    })
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(service) = planned.subject::<Service>() else {
        return Plan::nothing("the Service is gone");
    };
    let Some(wanted) = pod_selector(service) else {
        return Plan::nothing("the Service selects no pods");
    };
    let mut pods: Vec<&Pod> = planned.caches.selected(service.namespace(), &wanted);
    pods.retain(|pod| endpoints::is_endpoint(pod));
    let by_ports = endpoints::by_ports(planned.caches, service, &pods);
    let existing = slices::existing(planned.caches, service);
    let held: usize = existing
        .iter()
        .map(|slice| slice.spec.endpoints.len())
        .sum();
    let actions = slices::reconcile(service, by_ports, &existing);
    let mut difference = wording::difference(pods.len(), held);
    if difference.is_empty() && !actions.is_empty() {
        "the slices tell an old story".clone_into(&mut difference);
    }
    Plan {
        desired: counted(pods.len(), "endpoint"),
        observed: format!(
            "{} in {}",
            counted(held, "endpoint"),
            counted(existing.len(), "slice")
        ),
        difference,
        actions,
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests;
