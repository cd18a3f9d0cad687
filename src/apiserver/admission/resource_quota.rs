//! The ResourceQuota plugin: a namespace holds no more than its quotas say.
//! Source: `apiserver/pkg/admission/plugin/resourcequota/controller.go`.
//!
//! What is used is read from the status of a quota and written there by what is let in. What goes
//! makes room only when the controller of quotas has counted again.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::quota::{self, EXPLICIT};
use crate::api::requests::{ResourceList, read_list};
use crate::api::{Key, Kind, Object, Pod, Quantity, ResourceQuota};
use crate::apiserver::Refusal;
use crate::sim::Time;
use crate::store::Store;

use super::Operation;

/// What a write would take of the quotas of its namespace: those whose status it changes, with the
/// amounts that are used then.
pub(in crate::apiserver) type Charges = Vec<ResourceQuota>;

/// Refuses what would take the namespace beyond one of its quotas; says what the rest takes.
///
/// Unlike Kubernetes: the newest status is read, where the API server has a cache of quotas and
/// tries again when it was behind.
pub(super) fn check(
    operation: Operation,
    object: &Object,
    key: &Key,
    store: &Store,
    now: Time,
) -> Result<Charges, Refusal> {
    let grows = matches!(
        object,
        Object::Service(_) | Object::PersistentVolumeClaim(_)
    );
    if key.namespace.is_empty() || operation == Operation::Update && !grows {
        return Ok(Charges::new());
    }
    let mut concerned = Vec::new();
    for found in store.list(Kind::ResourceQuota, Some(&key.namespace)) {
        if let Object::ResourceQuota(quota) = found
            && concerns(quota, object)
        {
            require(quota, object, key)?;
            concerned.push(quota);
        }
    }
    let mut charges = Charges::new();
    for quota in concerned {
        charges.extend(charge(quota, object, store.get(key), key, now)?);
    }
    Ok(charges)
}

/// Whether a quota limits something that the object uses. One that its controller has not seen yet
/// limits nothing.
fn concerns(quota: &ResourceQuota, object: &Object) -> bool {
    let mut hard = quota.status.hard.iter().flatten();
    hard.any(|(name, _)| quota::is_of(object.kind(), name)) && quota::covers(&quota.spec, object)
}

/// What a quota needs to know of the object, and of itself.
fn require(quota: &ResourceQuota, object: &Object, key: &Key) -> Result<(), Refusal> {
    let hard = quota.status.hard.iter().flatten();
    let limited: Vec<&str> = hard
        .map(|(name, _)| name.as_str())
        .filter(|name| quota::is_of(object.kind(), name))
        .collect();
    if let Object::Pod(pod) = object
        && let Some(missing) = unspecified(pod, &limited)
    {
        let why = format!("failed quota: {}: must specify {missing}", quota.name());
        return Err(Refusal::forbidden(key, &why));
    }
    let used = quota.status.used.as_ref();
    let is_known = |name: &str| used.is_some_and(|used| used.contains_key(name));
    if !limited.iter().all(|name| is_known(name)) {
        let why = format!(
            "status unknown for quota: {}, resources: {}",
            quota.name(),
            limited.join(",")
        );
        return Err(Refusal::forbidden(key, &why));
    }
    Ok(())
}

/// The quota with what the object takes, if it takes anything.
fn charge(
    quota: &ResourceQuota,
    object: &Object,
    before: Option<&Object>,
    key: &Key,
    now: Time,
) -> Result<Option<ResourceQuota>, Refusal> {
    let hard = read_list(quota.status.hard.as_ref());
    let used = read_list(quota.status.used.as_ref());
    let mut requested = quota::usage(object, now);
    requested.retain(|name, _| hard.contains_key(name));
    if let Some(before) = before.filter(|before| quota::covers(&quota.spec, before)) {
        let before = quota::usage(before, now);
        for (name, amount) in &mut requested {
            let earlier = before.get(name).copied().unwrap_or(Quantity::ZERO);
            *amount = (*amount - earlier).max(Quantity::ZERO);
        }
    }
    requested.retain(|_, amount| !amount.is_zero());
    if requested.is_empty() {
        return Ok(None);
    }
    let used_of = |name: &str| used.get(name).copied().unwrap_or(Quantity::ZERO);
    let exceeded: Vec<&str> = requested
        .iter()
        .filter(|(name, amount)| used_of(name) + **amount > hard[*name])
        .map(|(name, _)| name.as_str())
        .collect();
    if !exceeded.is_empty() {
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota.name(),
            printed(&exceeded, &requested),
            printed(&exceeded, &used),
            printed(&exceeded, &hard),
        );
        return Err(Refusal::forbidden(key, &why));
    }
    let mut charged = quota.clone();
    let status = charged.status_mut().used.get_or_insert_default();
    for (name, amount) in requested {
        let sum = used_of(&name) + amount;
        status.insert(name, Text(sum.to_string()));
    }
    Ok(Some(charged))
}

/// `pods=1,requests.cpu=500m`
fn printed(names: &[&str], amounts: &ResourceList) -> String {
    let texts: Vec<String> = names
        .iter()
        .filter_map(|name| Some(format!("{name}={}", amounts.get(*name)?)))
        .collect();
    texts.join(",")
}

/// `limits.cpu for: web; requests.memory for: log,web`: what a quota wants to know and the pod
/// does not say.
fn unspecified(pod: &Pod, limited: &[&str]) -> Option<String> {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let init = pod.spec.init_containers.iter().flatten();
    for container in pod.spec.containers.iter().chain(init) {
        let resources = container.resources.as_ref();
        for name in EXPLICIT.into_iter().filter(|name| limited.contains(name)) {
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
