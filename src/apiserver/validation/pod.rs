//! Pods: what holds when they are created, and how little may change later.
//! Source: `ValidatePodCreate` and `ValidatePodUpdate` in `pkg/apis/core/validation/validation.go`.

use crate::api::{Pod, core};
use crate::apiserver::FieldError;

use super::format;
use super::path::Path;
use super::pod_spec::{self, Place};
use super::{container, placement, values};

const SPEC: Path<'static> = Path::new("spec");

/// What may change in a running pod.
const CHANGEABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A pod that is to be created.
pub(super) fn create(pod: &Pod, errors: &mut Vec<FieldError>) {
    body(pod, errors);
    let spec = &pod.spec;
    if spec
        .ephemeral_containers
        .as_ref()
        .is_some_and(|it| !it.is_empty())
    {
        errors.push(FieldError::forbidden(
            &SPEC.child("ephemeralContainers"),
            "cannot be set on create",
        ));
    }
    let gated = spec
        .scheduling_gates
        .as_ref()
        .is_some_and(|it| !it.is_empty());
    if spec.node_name.is_some() && gated {
        errors.push(FieldError::forbidden(
            &SPEC.child("nodeName"),
            "cannot be set until all schedulingGates have been cleared",
        ));
    }
}

fn body(pod: &Pod, errors: &mut Vec<FieldError>) {
    let annotations = Path::new("metadata.annotations");
    pod_spec::pod_annotations(&annotations, pod.metadata.annotations.as_ref(), errors);
    pod_spec::pod_spec(&SPEC, &pod.spec.shared, Place::Pod, errors);
    if let Some(node) = &pod.spec.node_name {
        let messages = format::dns_1123_subdomain(node);
        format::check(&SPEC.child("nodeName"), node, messages, errors);
    }
    container::of_pod(&SPEC.child("containers"), &pod.spec.containers, errors);
    let init = pod.spec.init_containers.as_deref().unwrap_or_default();
    container::of_pod(&SPEC.child("initContainers"), init, errors);
}

/// A pod that replaces an older one.
pub(super) fn update(new: &Pod, old: &Pod, errors: &mut Vec<FieldError>) {
    if std::sync::Arc::ptr_eq(&new.spec.shared, &old.spec.shared)
        && new.spec.node_name == old.spec.node_name
    {
        return;
    }
    body(new, errors);
    let init = |pod: &Pod| pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    let counts = [
        (
            "containers",
            new.spec.containers.len(),
            old.spec.containers.len(),
        ),
        ("initContainers", init(new), init(old)),
    ];
    for (field, after, before) in counts {
        if after != before {
            errors.push(FieldError::forbidden(
                &SPEC.child(field),
                "pod updates may not add or remove containers",
            ));
            return;
        }
    }
    if !deadline(new, old, errors) {
        return;
    }
    only_added_tolerations(new, old, errors);
    only_removed_gates(new, old, errors);
    if new.spec != old.spec {
        nothing_else(new, old, errors);
    }
}

/// The deadline may come, or come nearer. False when it makes no sense to look further.
fn deadline(new: &Pod, old: &Pod, errors: &mut Vec<FieldError>) -> bool {
    let path = SPEC.child("activeDeadlineSeconds");
    let most = i64::from(i32::MAX);
    match (
        new.spec.active_deadline_seconds,
        old.spec.active_deadline_seconds,
    ) {
        (Some(after), _) if !(0..=most).contains(&after) => {
            let message = format::in_range(0, most);
            errors.push(FieldError::invalid(&path, after, &message));
            false
        }
        (Some(after), Some(before)) if before < after => {
            let message = "must be less than or equal to previous value";
            errors.push(FieldError::invalid(&path, after, message));
            false
        }
        (None, Some(_)) => {
            errors.push(FieldError::invalid(
                &path,
                serde_json::Value::Null,
                "must not update from a positive integer to nil value",
            ));
            true
        }
        _ => true,
    }
}

fn only_added_tolerations(new: &Pod, old: &Pod, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("tolerations");
    let after = new.spec.tolerations.as_deref().unwrap_or_default();
    let same = |one: &core::Toleration, two: &core::Toleration| {
        (&one.key, &one.operator, &one.value, &one.effect)
            == (&two.key, &two.operator, &two.value, &two.effect)
    };
    let mut before = old.spec.tolerations.iter().flatten();
    if before.any(|old| !after.iter().any(|new| same(old, new))) {
        errors.push(FieldError::forbidden(
            &path,
            "existing toleration can not be modified except its tolerationSeconds",
        ));
        return;
    }
    placement::tolerations(&path, after, errors);
}

fn only_removed_gates(new: &Pod, old: &Pod, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("schedulingGates");
    let before = old.spec.scheduling_gates.as_deref().unwrap_or_default();
    for (place, gate) in new.spec.scheduling_gates.iter().flatten().enumerate() {
        if !before.contains(gate) {
            let message = format!(
                "only deletion is allowed, but found new scheduling gate '{}'",
                gate.name
            );
            let item = path.index(place);
            errors.push(FieldError::forbidden(&item.child("name"), &message));
        }
    }
}

/// With everything that may change set back, the specs must be the same.
fn nothing_else(new: &Pod, old: &Pod, errors: &mut Vec<FieldError>) {
    let mut munged = crate::api::PodSpec::clone(&new.spec);
    let before = &*old.spec;
    let spec = munged.shared_mut();
    for (after, before) in spec.containers.iter_mut().zip(&before.containers) {
        after.image.clone_from(&before.image);
    }
    let init = spec.init_containers.iter_mut().flatten();
    for (after, before) in init.zip(before.init_containers.iter().flatten()) {
        after.image.clone_from(&before.image);
    }
    spec.active_deadline_seconds = before.active_deadline_seconds;
    spec.scheduling_gates.clone_from(&before.scheduling_gates);
    spec.tolerations.clone_from(&before.tolerations);
    let grace = before.termination_grace_period_seconds;
    if grace.is_some_and(|grace| grace < 0) && spec.termination_grace_period_seconds == Some(1) {
        spec.termination_grace_period_seconds = grace;
    }
    if before
        .scheduling_gates
        .as_ref()
        .is_some_and(|it| !it.is_empty())
    {
        gated_placement(spec, before, errors);
    }
    if munged != *before {
        errors.push(FieldError::forbidden(
            &SPEC,
            &format!("{CHANGEABLE}\n{}", values::difference(before, &munged)),
        ));
    }
}

/// A pod that still waits at a gate may become harder to place, never easier.
fn gated_placement(spec: &mut core::PodSpec, before: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let kept = before.node_selector.iter().flatten().all(|(key, value)| {
        let after = spec.node_selector.as_ref();
        after.and_then(|all| all.get(key)) == Some(value)
    });
    if !kept {
        errors.push(FieldError::invalid(
            &SPEC.child("nodeSelector"),
            values::json(&spec.node_selector),
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        ));
    }
    spec.node_selector.clone_from(&before.node_selector);
    let affinity = |spec: &core::PodSpec| {
        let affinity = spec.affinity.as_ref();
        affinity.and_then(|affinity| affinity.node_affinity.clone())
    };
    let earlier = affinity(before);
    only_narrower(affinity(spec).as_ref(), earlier.as_ref(), errors);
    let mut munged = spec.affinity.take().unwrap_or_default();
    munged.node_affinity = earlier;
    let is_empty = munged == core::Affinity::default();
    spec.affinity = (!is_empty || before.affinity.is_some()).then_some(munged);
}

/// Terms are alternatives, so none may come; each may ask for more.
/// Source: `validateNodeAffinityMutation`.
fn only_narrower(
    new: Option<&core::NodeAffinity>,
    old: Option<&core::NodeAffinity>,
    errors: &mut Vec<FieldError>,
) {
    let terms = |affinity: Option<&core::NodeAffinity>| -> Vec<core::NodeSelectorTerm> {
        let required = affinity.and_then(|it| {
            it.required_during_scheduling_ignored_during_execution
                .as_ref()
        });
        required.map_or_else(Vec::new, |required| required.node_selector_terms.clone())
    };
    let (after, before) = (terms(new), terms(old));
    let affinity = SPEC.child("affinity.nodeAffinity");
    let path = affinity.child("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    if !before.is_empty() && before.len() != after.len() {
        errors.push(FieldError::invalid(
            &path,
            values::json(&after),
            "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
        ));
        return;
    }
    for (place, (after, before)) in after.iter().zip(&before).enumerate() {
        if !has_only_more(after, before) {
            errors.push(FieldError::invalid(
                &path.index(place),
                values::json(after),
                "only additions are allowed (no mutations or deletions)",
            ));
        }
    }
}

/// Source: `validateNodeSelectorTermHasOnlyAdditions`.
fn has_only_more(new: &core::NodeSelectorTerm, old: &core::NodeSelectorTerm) -> bool {
    type Requirements = Option<Vec<core::NodeSelectorRequirement>>;
    let count = |list: &Requirements| list.as_ref().map_or(0, Vec::len);
    if count(&old.match_expressions) + count(&old.match_fields) == 0 {
        // A term without requirements picks nothing, so nothing narrows it.
        return count(&new.match_expressions) + count(&new.match_fields) == 0;
    }
    let begins = |new: &Requirements, old: &Requirements| {
        let new = new.as_deref().unwrap_or_default();
        new.starts_with(old.as_deref().unwrap_or_default())
    };
    begins(&new.match_expressions, &old.match_expressions)
        && begins(&new.match_fields, &old.match_fields)
}
