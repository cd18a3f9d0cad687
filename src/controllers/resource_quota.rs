//! resourcequota-controller: how much of what the quotas of a namespace limit is in use.
//! Source: `pkg/controller/resourcequota`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::controller::{Action, Change, Controller, Periodic, Plan, Planned};
use crate::api::requests::{ResourceList, read_list};
use crate::api::{Key, Kind, Object, Quantity, ResourceQuota, Typed, core, quota};
use crate::client::Informers;
use crate::sim::{Time, counted};

/// What is let in is counted by the API server at once; this loop counts what goes, and what the
/// API server could not know.
pub(super) static RESOURCE_QUOTA: Controller = Controller {
    name: "resourcequota-controller",
    event_source: "resourcequota-controller",
    watches: quota::KINDS,
    concerns,
    plan,
    periodic: Some(Periodic {
        name: "full count of all quotas",
        period: |profile| profile.controllers.quota_sync,
        keys: |caches, _, _| caches.list::<ResourceQuota>(None).map(key).collect(),
    }),
    pace: None,
    gathers: None,
};

fn key(quota: &ResourceQuota) -> Key {
    Key::new(Kind::ResourceQuota, quota.namespace(), quota.name())
}

/// A quota that asks for something new, and the quotas that limit what an object has given back.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    let hard = |object: &Object| {
        ResourceQuota::of(object).map(|quota| read_list(quota.spec.hard.as_ref()))
    };
    if let Some(after) = change.after
        && let Some(wanted) = hard(after)
        && change.before.and_then(hard).as_ref() != Some(&wanted)
    {
        keys.push(after.key());
    }
    if let Some(before) = change.before
        && gives_back(before, change.after)
    {
        let quotas = caches.list::<ResourceQuota>(Some(before.namespace()));
        let limiting = quotas.filter(|quota| {
            let mut hard = quota.status.hard.iter().flatten();
            hard.any(|(name, _)| quota::is_of(before.kind(), name))
        });
        keys.extend(limiting.map(key));
    }
    keys
}

/// Whether less may be in use than before: what is new is counted when it is let in.
/// Source: `pkg/quota/v1/install/update_filter.go`.
fn gives_back(before: &Object, after: Option<&Object>) -> bool {
    match (before, after) {
        (_, None) | (Object::PersistentVolumeClaim(_), _) => true,
        (Object::Pod(before), Some(Object::Pod(after))) => {
            before.is_finished() != after.is_finished() || is_resized(&before.status, &after.status)
        }
        (Object::Service(before), Some(Object::Service(after))) => {
            before.spec.type_ != after.spec.type_
        }
        _ => false,
    }
}

/// Whether containers were allotted more or less than before.
fn is_resized(before: &core::PodStatus, after: &core::PodStatus) -> bool {
    let (before, after) = (&before.container_statuses, &after.container_statuses);
    let (before, after) = (before.iter().flatten(), after.iter().flatten());
    before.clone().count() == after.clone().count()
        && before
            .zip(after)
            .any(|(before, after)| before.allocated_resources != after.allocated_resources)
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(quota) = planned.subject::<ResourceQuota>() else {
        return Plan::nothing("the quota is gone");
    };
    let hard = read_list(quota.spec.hard.as_ref());
    let told = read_list(quota.status.used.as_ref());
    let mut used = told.clone();
    used.extend(usage(planned.caches, quota, &hard, planned.now));
    used.retain(|name, _| hard.contains_key(name));
    let status = &quota.status;
    let is_told = status.hard.is_some() && status.used.is_some();
    let plan = Plan {
        desired: format!("{} counted", counted(hard.len(), "limit")),
        observed: printed(&used, &hard),
        ..Plan::default()
    };
    if is_told && read_list(status.hard.as_ref()) == hard && used == told {
        return plan;
    }
    let mut written = quota.clone();
    let status = written.status_mut();
    status.hard = Some(quota.spec.hard.clone().unwrap_or_default());
    status.used = Some(texts(&used));
    let why = "writes how much is used".to_owned();
    Plan {
        difference: "the status says something else".to_owned(),
        actions: vec![Action::status(written.into_object(), why)],
        ..plan
    }
}

/// What the objects of the namespace use together of what the quota limits.
/// Source: `CalculateUsage` of `apiserver/pkg/quota/v1/resources.go`.
fn usage(
    caches: &Informers,
    quota: &ResourceQuota,
    hard: &ResourceList,
    now: Time,
) -> ResourceList {
    let mut sum = ResourceList::new();
    for kind in quota::KINDS.iter().copied() {
        let limited: Vec<&String> = hard
            .keys()
            .filter(|name| quota::is_of(kind, name))
            .collect();
        if limited.is_empty() {
            continue;
        }
        let objects = caches.all(kind, Some(quota.namespace()));
        let objects = objects
            .map(|cached| &cached.object)
            .filter(|object| quota::covers(&quota.spec, object));
        let usages: Vec<ResourceList> = objects.map(|object| quota::usage(object, now)).collect();
        for name in limited {
            let amounts = usages.iter().filter_map(|usage| usage.get(name));
            let total = amounts.fold(Quantity::ZERO, |total, amount| total + *amount);
            sum.insert(name.clone(), total);
        }
    }
    sum
}

fn texts(amounts: &ResourceList) -> BTreeMap<String, Text> {
    let amounts = amounts.iter();
    amounts
        .map(|(name, amount)| (name.clone(), Text(amount.to_string())))
        .collect()
}

/// `pods 2 of 3, requests.cpu 500m of 1`
fn printed(used: &ResourceList, hard: &ResourceList) -> String {
    let amounts = used.iter().map(|(name, amount)| {
        let limit = hard.get(name).copied().unwrap_or(Quantity::ZERO);
        format!("{name} {amount} of {limit}")
    });
    amounts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controllers::bench::{Bench, changed, object, written};

    fn quota(hard: &Value, status: &Value) -> Object {
        object(
            Kind::ResourceQuota,
            json!({"metadata": {"name": "team", "namespace": "default", "resourceVersion": "7"},
                "spec": {"hard": hard}, "status": status}),
        )
    }

    fn pod(name: &str, namespace: &str, phase: &str) -> Object {
        object(
            Kind::Pod,
            json!({"metadata": {"name": name, "namespace": namespace},
                "spec": {"containers": [{"name": "a", "image": "i",
                    "resources": {"requests": {"cpu": "300m"}}}]},
                "status": {"phase": phase}}),
        )
    }

    #[test]
    fn a6_what_a_namespace_uses_is_counted_and_nothing_stays_open() {
        let hard = json!({"pods": "5", "requests.cpu": "2", "configmaps": "1",
            "count/deployments.apps": "1", "count/widgets.example.com": "1"});
        let objects = [
            quota(&hard, &json!({})),
            pod("a", "default", "Running"),
            pod("b", "default", "Pending"),
            pod("done", "default", "Succeeded"),
            pod("c", "other", "Running"),
        ];
        let plan = Bench::new(&RESOURCE_QUOTA, &objects).plan(&objects[0].key());
        let told = written(&plan.actions[0]);
        assert_eq!(
            told["status"],
            json!({"hard": hard, "used": {"pods": "2", "requests.cpu": "600m", "configmaps": "0",
                "count/deployments.apps": "0"}})
        );
        assert_eq!(told["metadata"]["resourceVersion"], "7");
        let again = [
            objects[1].clone(),
            objects[2].clone(),
            quota(&hard, &told["status"]),
        ];
        let plan = Bench::new(&RESOURCE_QUOTA, &again).plan(&again[2].key());
        assert!(plan.is_empty());
    }

    #[test]
    fn a6_what_goes_wakes_the_quotas_that_limit_it_and_what_comes_does_not() {
        let status = json!({"hard": {"pods": "5"}, "used": {"pods": "1"}});
        let quota = quota(&json!({"pods": "5"}), &status);
        let caches = Bench::new(&RESOURCE_QUOTA, std::slice::from_ref(&quota)).caches;
        let running = pod("a", "default", "Running");
        let ended = pod("a", "default", "Succeeded");
        let secret = object(Kind::Secret, json!({"metadata": {"namespace": "default"}}));
        let cases = [
            (None, Some(&running), false),
            (Some(&running), Some(&running), false),
            (Some(&running), Some(&ended), true),
            (Some(&running), None, true),
            (Some(&secret), None, false),
        ];
        for (before, after, expected) in cases {
            let keys = concerns(&caches, &Change { before, after });
            assert_eq!(!keys.is_empty(), expected, "{before:?} {after:?}");
        }
        let more = changed(&quota, |quota| quota["spec"]["hard"]["pods"] = "6".into());
        for (after, expected) in [(&quota, 0), (&more, 1)] {
            let change = Change {
                before: Some(&quota),
                after: Some(after),
            };
            assert_eq!(concerns(&caches, &change).len(), expected);
        }
    }
}
