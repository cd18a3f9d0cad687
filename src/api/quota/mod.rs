//! What resource quotas count, and of which objects: asked by the API server and the controller alike.
//! Source: `pkg/quota/v1/evaluator`, `apiserver/pkg/quota/v1`.
//!
//! Unlike Kubernetes: leases are not counted.

mod scope;

use super::requests::{
    RequestOptions, ResourceList, is_huge_pages, pod_limits, pod_requests, read_list,
};
use super::{Kind, Object, PersistentVolumeClaim, Pod, Quantity, Service, meta, volume};
use crate::sim::Time;

pub use scope::covers;

/// The kinds that can be counted. Events never are.
pub const KINDS: &[Kind] = &[
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ControllerRevision,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::ServiceAccount,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::ResourceQuota,
    Kind::LimitRange,
    Kind::PersistentVolumeClaim,
];

/// What of a pod is counted beside its number and its huge pages.
const OF_PODS: [&str; 10] = [
    "pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

const OF_SERVICES: [&str; 3] = ["services", "services.nodeports", "services.loadbalancers"];

const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];

/// Stands between the name of a class and what is counted of its claims.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// A limit on one of these obliges each container of a pod to say how much it wants.
/// Source: `validationSet` of `evaluator/core/pods.go`.
pub const EXPLICIT: [&str; 6] = [
    "cpu",
    "limits.cpu",
    "limits.memory",
    "memory",
    "requests.cpu",
    "requests.memory",
];

/// `count/deployments.apps`: the name under which all objects of a kind are counted.
fn count_of(kind: Kind) -> String {
    format!("count/{}", kind.info().group_resource())
}

/// Whether objects of the kind use the resource of this name.
#[must_use]
pub fn is_of(kind: Kind, resource: &str) -> bool {
    if resource
        .strip_prefix("count/")
        .is_some_and(|counted| counted == kind.info().group_resource())
    {
        return KINDS.contains(&kind);
    }
    match kind {
        Kind::Pod => {
            let plain = resource.strip_prefix("requests.");
            OF_PODS.contains(&resource)
                || is_huge_pages(plain.unwrap_or(resource))
                || plain.is_some_and(|plain| !is_native(plain))
        }
        Kind::Service => OF_SERVICES.contains(&resource),
        Kind::PersistentVolumeClaim => {
            let of_class = resource.split_once(OF_CLASS).map(|(_, plain)| plain);
            OF_CLAIMS.contains(&of_class.unwrap_or(resource))
        }
        Kind::ConfigMap | Kind::Secret | Kind::ResourceQuota => resource == kind.info().plural,
        _ => false,
    }
}

/// True for a resource of Kubernetes itself: without a domain, or of `kubernetes.io`.
#[must_use]
pub fn is_native(resource: &str) -> bool {
    !resource.contains('/') || resource.contains("kubernetes.io/")
}

/// What an object takes of everything that a quota can limit.
#[must_use]
pub fn usage(object: &Object, now: Time) -> ResourceList {
    let one = Quantity::units(1);
    let mut usage = ResourceList::from([(count_of(object.kind()), one)]);
    match object {
        Object::Pod(pod) if is_charged(pod, now) => {
            usage.insert("pods".to_owned(), one);
            add_requests(&mut usage, pod);
            add_limits(&mut usage, pod);
        }
        Object::Service(service) => add_service(&mut usage, service),
        Object::PersistentVolumeClaim(claim) => add_claim(&mut usage, claim),
        Object::ConfigMap(_) | Object::Secret(_) | Object::ResourceQuota(_) => {
            usage.insert(object.kind().info().plural.to_owned(), one);
        }
        _ => {}
    }
    usage
}

/// Whether a pod uses more than its name: it has not ended, and is not stuck in its end.
/// Source: `QuotaV1Pod`.
fn is_charged(pod: &Pod, now: Time) -> bool {
    let metadata = &pod.metadata;
    let stuck = metadata
        .deletion_timestamp
        .as_ref()
        .zip(metadata.deletion_grace_period_seconds)
        .is_some_and(|(at, grace)| {
            let grace = std::time::Duration::from_secs(u64::try_from(grace).unwrap_or(0));
            now > meta::moment(at) + grace
        });
    !pod.is_finished() && !stuck
}

/// Source: `podComputeUsageHelper`.
fn add_requests(usage: &mut ResourceList, pod: &Pod) {
    for (name, amount) in pod_requests(pod, &RequestOptions::of_placed()) {
        let is_compute = OF_PODS.contains(&name.as_str()) || is_huge_pages(&name);
        if is_compute || !is_native(&name) {
            usage.insert(format!("requests.{name}"), amount);
        }
        if is_compute {
            usage.insert(name, amount);
        }
    }
}

fn add_limits(usage: &mut ResourceList, pod: &Pod) {
    for (name, amount) in pod_limits(pod) {
        let name = format!("limits.{name}");
        if OF_PODS.contains(&name.as_str()) {
            usage.insert(name, amount);
        }
    }
}

/// Source: `evaluator/core/services.go`.
fn add_service(usage: &mut ResourceList, service: &Service) {
    let ports = || service.spec.ports.iter().flatten();
    let balances = service.spec.type_.as_deref() == Some("LoadBalancer");
    let node_ports = match service.spec.type_.as_deref() {
        Some("LoadBalancer") if service.spec.allocate_load_balancer_node_ports == Some(false) => {
            let has_one = |port: &i32| *port != 0;
            ports()
                .filter(|port| port.node_port.as_ref().is_some_and(has_one))
                .count()
        }
        Some("NodePort" | "LoadBalancer") => ports().count(),
        _ => 0,
    };
    let node_ports = i64::try_from(node_ports).unwrap_or(i64::MAX);
    let counts = [1, node_ports, i64::from(balances)];
    for (name, count) in OF_SERVICES.into_iter().zip(counts) {
        usage.insert(name.to_owned(), Quantity::units(count));
    }
}

/// Source: `evaluator/core/persistent_volume_claims.go`.
fn add_claim(usage: &mut ResourceList, claim: &PersistentVolumeClaim) {
    let resources = claim.spec.resources.as_ref();
    let asked = read_list(resources.and_then(|it| it.requests.as_ref()));
    let given = read_list(claim.status.allocated_resources.as_ref());
    let storage = asked.get("storage").map(|asked| {
        let most = given
            .get("storage")
            .map_or(*asked, |given| *given.max(asked));
        most.rounded_up()
    });
    let class = volume::class_of(claim);
    for (name, amount) in OF_CLAIMS
        .into_iter()
        .zip([Some(Quantity::units(1)), storage])
    {
        let Some(amount) = amount else { continue };
        usage.insert(name.to_owned(), amount);
        if !class.is_empty() {
            usage.insert(format!("{class}{OF_CLASS}{name}"), amount);
        }
    }
}

#[cfg(test)]
mod tests;
