//! The ResourceQuota plugin: a namespace holds no more than its quotas say.
//! Source: `apiserver/pkg/admission/plugin/resourcequota/controller.go` and `pkg/quota/v1/evaluator`.
//!
//! Unlike Kubernetes: what is used is counted from what stands in the store, so a deleted object
//! makes room at once; the API server reads it from the status of the quota, which lags behind.

use std::collections::BTreeMap;

use crate::api::requests::{RequestOptions, ResourceList, pod_requests, read_list};
use crate::api::{Key, Kind, Object, Pod, Quantity, ResourceQuota, Service, core, qos_class};
use crate::apiserver::Refusal;
use crate::store::Store;

use super::Operation;
use super::limit_ranger::pod_limits;

/// A quota on one of these obliges each container to say how much it wants.
const EXPLICIT: [&str; 6] = [
    "cpu",
    "limits.cpu",
    "limits.memory",
    "memory",
    "requests.cpu",
    "requests.memory",
];

/// Refuses what would take the namespace beyond one of its quotas.
pub(super) fn check(
    operation: Operation,
    object: &Object,
    key: &Key,
    store: &Store,
) -> Result<(), Refusal> {
    let grows = matches!(
        object,
        Object::Service(_) | Object::PersistentVolumeClaim(_)
    );
    if key.namespace.is_empty() || operation == Operation::Update && !grows {
        return Ok(());
    }
    for found in store.list(Kind::ResourceQuota, Some(&key.namespace)) {
        if let Object::ResourceQuota(quota) = found {
            check_one(quota, object, key, store)?;
        }
    }
    Ok(())
}

fn check_one(
    quota: &ResourceQuota,
    object: &Object,
    key: &Key,
    store: &Store,
) -> Result<(), Refusal> {
    let hard = read_list(quota.spec.hard.as_ref());
    if !in_scope(&quota.spec, object) {
        return Ok(());
    }
    if let Object::Pod(pod) = object
        && let Some(missing) = unspecified(pod, &hard)
    {
        let why = format!("failed quota: {}: must specify {missing}", quota.name());
        return Err(Refusal::forbidden(key, &why));
    }
    let mut requested = usage(object);
    requested.retain(|name, _| hard.contains_key(name));
    if let Some(old) = store.get(key) {
        let before = usage(old);
        for (name, amount) in &mut requested {
            let earlier = before.get(name).copied().unwrap_or(Quantity::ZERO);
            *amount = (*amount - earlier).max(Quantity::ZERO);
        }
    }
    requested.retain(|_, amount| !amount.is_zero());
    if requested.is_empty() {
        return Ok(());
    }
    let used = used(&quota.spec, object.kind(), &key.namespace, store);
    let used = |name: &String| used.get(name).copied().unwrap_or(Quantity::ZERO);
    let exceeded: Vec<&String> = requested
        .iter()
        .filter(|(name, amount)| used(name) + **amount > hard[*name])
        .map(|(name, _)| name)
        .collect();
    if exceeded.is_empty() {
        return Ok(());
    }
    let print = |amount: &dyn Fn(&String) -> Quantity| {
        let texts: Vec<String> = exceeded
            .iter()
            .map(|name| format!("{name}={}", amount(name)))
            .collect();
        texts.join(",")
    };
    let why = format!(
        "exceeded quota: {}, requested: {}, used: {}, limited: {}",
        quota.name(),
        print(&|name| requested[name]),
        print(&used),
        print(&|name| hard[name]),
    );
    Err(Refusal::forbidden(key, &why))
}

/// What all objects of a kind in the namespace take together, as far as the quota is about them.
fn used(
    quota: &core::ResourceQuotaSpec,
    kind: Kind,
    namespace: &str,
    store: &Store,
) -> ResourceList {
    let mut sum = ResourceList::new();
    for object in store.list(kind, Some(namespace)) {
        if in_scope(quota, object) {
            for (name, amount) in usage(object) {
                *sum.entry(name).or_insert(Quantity::ZERO) += amount;
            }
        }
    }
    sum
}

/// What an object takes of everything that a quota can limit.
fn usage(object: &Object) -> ResourceList {
    let mut usage = ResourceList::new();
    let one = Quantity::units(1);
    let resource = object.kind().info().group_resource();
    usage.insert(format!("count/{resource}"), one);
    match object {
        Object::Pod(pod) if !pod.is_finished() => add_pod(pod, &mut usage),
        Object::Service(service) => add_service(service, &mut usage),
        Object::PersistentVolumeClaim(claim) => {
            usage.insert("persistentvolumeclaims".to_owned(), one);
            let resources = claim.spec.resources.as_ref();
            let requests = read_list(resources.and_then(|it| it.requests.as_ref()));
            if let Some(storage) = requests.get("storage") {
                usage.insert("requests.storage".to_owned(), *storage);
                if let Some(class) = &claim.spec.storage_class_name {
                    let of_class = format!("{class}.storageclass.storage.k8s.io");
                    usage.insert(format!("{of_class}/requests.storage"), *storage);
                    usage.insert(format!("{of_class}/persistentvolumeclaims"), one);
                }
            }
        }
        Object::ConfigMap(_) | Object::Secret(_) | Object::ResourceQuota(_) => {
            usage.insert(object.kind().info().plural.to_owned(), one);
        }
        _ => {}
    }
    usage
}

fn add_pod(pod: &Pod, usage: &mut ResourceList) {
    usage.insert("pods".to_owned(), Quantity::units(1));
    for (name, amount) in pod_requests(pod, &RequestOptions::of_spec()) {
        usage.insert(format!("requests.{name}"), amount);
        if !name.contains('/') {
            usage.insert(name, amount);
        }
    }
    for (name, amount) in pod_limits(pod) {
        usage.insert(format!("limits.{name}"), amount);
    }
}

fn add_service(service: &Service, usage: &mut ResourceList) {
    let one = Quantity::units(1);
    let ports = service.spec.ports.as_ref().map_or(0, Vec::len);
    let ports = Quantity::units(i64::try_from(ports).unwrap_or(i64::MAX));
    usage.insert("services".to_owned(), one);
    match service.spec.type_.as_deref() {
        Some("NodePort") => {
            usage.insert("services.nodeports".to_owned(), ports);
        }
        Some("LoadBalancer") => {
            usage.insert("services.loadbalancers".to_owned(), one);
            if service.spec.allocate_load_balancer_node_ports != Some(false) {
                usage.insert("services.nodeports".to_owned(), ports);
            }
        }
        _ => {}
    }
}

/// `limits.cpu for: web; requests.memory for: log,web`: what a quota wants to know and the pod
/// does not say.
fn unspecified(pod: &Pod, hard: &ResourceList) -> Option<String> {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let init = pod.spec.init_containers.iter().flatten();
    for container in pod.spec.containers.iter().chain(init) {
        let resources = container.resources.as_ref();
        for name in EXPLICIT.into_iter().filter(|name| hard.contains_key(*name)) {
            let list = match name.strip_prefix("limits.") {
                Some(plain) => (plain, resources.and_then(|it| it.limits.as_ref())),
                None => (
                    name.strip_prefix("requests.").unwrap_or(name),
                    resources.and_then(|it| it.requests.as_ref()),
                ),
            };
            let (plain, amounts) = list;
            if amounts.is_none_or(|amounts| !amounts.contains_key(plain)) {
                missing.entry(name).or_default().push(&container.name);
            }
        }
    }
    if missing.is_empty() {
        return None;
    }
    let texts = missing.into_iter().map(|(name, mut containers)| {
        containers.sort_unstable();
        format!("{name} for: {}", containers.join(","))
    });
    Some(texts.collect::<Vec<_>>().join("; "))
}

/// Whether a quota is about this object: scopes are about pods only.
fn in_scope(quota: &core::ResourceQuotaSpec, object: &Object) -> bool {
    let selector = quota.scope_selector.iter();
    let expressions = selector.flat_map(|it| it.match_expressions.iter().flatten());
    let scopes = quota.scopes.as_deref().unwrap_or_default();
    let Object::Pod(pod) = object else {
        return scopes.is_empty() && expressions.count() == 0;
    };
    let exists = core::ScopedResourceSelectorRequirement {
        operator: "Exists".to_owned(),
        ..core::ScopedResourceSelectorRequirement::default()
    };
    scopes
        .iter()
        .all(|scope| matches_scope(pod, scope, &exists))
        && expressions
            .into_iter()
            .all(|each| matches_scope(pod, &each.scope_name, each))
}

fn matches_scope(
    pod: &Pod,
    scope: &str,
    expression: &core::ScopedResourceSelectorRequirement,
) -> bool {
    let terminating = pod.spec.active_deadline_seconds.is_some();
    let best_effort = || qos_class(&pod.spec) == "BestEffort";
    match scope {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => {
            let class = pod.spec.priority_class_name.as_ref();
            let class = class.filter(|name| !name.is_empty());
            let listed = class
                .is_some_and(|class| expression.values.iter().flatten().any(|each| each == class));
            match expression.operator.as_str() {
                "Exists" => class.is_some(),
                "DoesNotExist" => class.is_none(),
                "In" => listed,
                "NotIn" => !listed,
                _ => false,
            }
        }
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn crosses_namespaces(pod: &Pod) -> bool {
    let affinity = pod.spec.affinity.as_ref();
    let near = affinity.and_then(|it| it.pod_affinity.as_ref());
    let apart = affinity.and_then(|it| it.pod_anti_affinity.as_ref());
    let required = near
        .and_then(|it| {
            it.required_during_scheduling_ignored_during_execution
                .as_ref()
        })
        .into_iter()
        .chain(apart.and_then(|it| {
            it.required_during_scheduling_ignored_during_execution
                .as_ref()
        }));
    let preferred = near
        .and_then(|it| {
            it.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        })
        .into_iter()
        .chain(apart.and_then(|it| {
            it.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        }));
    let weighted = preferred.flatten().map(|term| &term.pod_affinity_term);
    required.flatten().chain(weighted).any(|term| {
        let named = term.namespaces.as_ref().is_some_and(|it| !it.is_empty());
        named || term.namespace_selector.is_some()
    })
}
