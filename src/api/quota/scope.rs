//! Of which objects a quota speaks: scopes pick pods and claims.
//! Source: `podMatchesScopeFunc`, `pvcMatchesScopeFunc`, `generic.Matches`.

use crate::api::{Object, PersistentVolumeClaim, Pod, core, qos_class};

type Requirement = core::ScopedResourceSelectorRequirement;

/// Whether the scopes of a quota, if it has any, all pick the object.
#[must_use]
pub fn covers(quota: &core::ResourceQuotaSpec, object: &Object) -> bool {
    let plain = quota.scopes.iter().flatten().map(|scope| Requirement {
        scope_name: scope.clone(),
        operator: "Exists".to_owned(),
        values: None,
    });
    let selector = quota.scope_selector.iter();
    let expressions = selector.flat_map(|it| it.match_expressions.iter().flatten());
    let picks = |requirement: &Requirement| match object {
        Object::Pod(pod) => picks_pod(requirement, pod),
        Object::PersistentVolumeClaim(claim) => picks_claim(requirement, claim),
        _ => false,
    };
    plain.into_iter().all(|each| picks(&each)) && expressions.into_iter().all(picks)
}

fn picks_pod(requirement: &Requirement, pod: &Pod) -> bool {
    let deadline = pod.spec.active_deadline_seconds;
    let terminating = deadline.is_some_and(|seconds| seconds >= 0);
    let best_effort = || qos_class(&pod.spec) == "BestEffort";
    match requirement.scope_name.as_str() {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => holds(requirement, pod.spec.priority_class_name.as_deref()),
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

/// A claim that is being moved to another class is of both.
fn picks_claim(requirement: &Requirement, claim: &PersistentVolumeClaim) -> bool {
    if requirement.scope_name != "VolumeAttributesClass" {
        return false;
    }
    let status = &claim.status;
    let modified = status.modify_volume_status.as_ref();
    let classes = [
        claim.spec.volume_attributes_class_name.as_deref(),
        status.current_volume_attributes_class_name.as_deref(),
        modified.and_then(|it| it.target_volume_attributes_class_name.as_deref()),
    ];
    let mut named = classes
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty())
        .peekable();
    match named.peek() {
        Some(_) => named.any(|name| holds(requirement, Some(name))),
        None => holds(requirement, None),
    }
}

/// Whether a requirement holds for the name of a class; an empty name is none.
fn holds(requirement: &Requirement, class: Option<&str>) -> bool {
    let class = class.filter(|name| !name.is_empty());
    let mut values = requirement.values.iter().flatten();
    let mut is_listed = || class.is_some_and(|class| values.any(|each| each == class));
    match requirement.operator.as_str() {
        "Exists" => class.is_some(),
        "DoesNotExist" => class.is_none(),
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        _ => false,
    }
}

fn crosses_namespaces(pod: &Pod) -> bool {
    let Some(affinity) = &pod.spec.affinity else {
        return false;
    };
    let crosses = |term: &core::PodAffinityTerm| {
        let named = term.namespaces.as_ref().is_some_and(|it| !it.is_empty());
        named || term.namespace_selector.is_some()
    };
    let (near, apart) = (&affinity.pod_affinity, &affinity.pod_anti_affinity);
    let required = [
        near.as_ref().and_then(|it| {
            it.required_during_scheduling_ignored_during_execution
                .as_ref()
        }),
        apart.as_ref().and_then(|it| {
            it.required_during_scheduling_ignored_during_execution
                .as_ref()
        }),
    ];
    let preferred = [
        near.as_ref().and_then(|it| {
            it.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        }),
        apart.as_ref().and_then(|it| {
            it.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        }),
    ];
    let weighted = preferred.into_iter().flatten().flatten();
    required.into_iter().flatten().flatten().any(crosses)
        || weighted
            .into_iter()
            .any(|each| crosses(&each.pod_affinity_term))
}
