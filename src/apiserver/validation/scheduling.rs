//! What a scheduler must be able to rely on in objects that no API server has checked: amounts,
//! selectors and terms that can be understood, and not more of them than can be worked through.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::{LabelSelector, Node, Object, Pod, PodDisruptionBudget, core};
use crate::apiserver::FieldError;
use crate::apiserver::field_error::FieldErrorReason;

use super::metadata::label_selector;
use super::path::Path;
use super::{amounts, placement};

/// The most items in one list of terms, requirements or tolerations.
const TERMS_MOST: usize = 1_000;

/// The largest amount that can be scored, in the unit that the scheduler counts it in: scores
/// multiply with 100.
const COUNTED_MOST: i64 = i64::MAX / 100;

const SPEC: Path<'static> = Path::new("spec");
const STATUS: Path<'static> = Path::new("status");

/// What is wrong with an object as far as scheduling depends on it; nothing when a decision can be
/// made. What the API server refuses and the scheduler does not mind is not looked for.
///
/// Unlike Kubernetes: amounts beyond what 64 bits can score and lists of more than 1,000 terms are
/// refused; the API server takes them.
#[must_use]
pub(in crate::apiserver) fn scheduling(object: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match object {
        Object::Pod(it) => pod(it, &mut errors),
        Object::Node(it) => node(it, &mut errors),
        Object::PodDisruptionBudget(it) => budget(it, &mut errors),
        Object::ReplicaSet(it) => selector(Some(&it.spec.selector), &mut errors),
        Object::StatefulSet(it) => selector(Some(&it.spec.selector), &mut errors),
        Object::PersistentVolume(it) => {
            let path = SPEC.child("capacity");
            list(&path, it.spec.capacity.as_ref(), &mut errors);
            let affinity = it.spec.node_affinity.as_ref();
            if let Some(required) = affinity.and_then(|affinity| affinity.required.as_ref()) {
                let path = SPEC.child("nodeAffinity.required");
                node_selector_lengths(&path, required, &mut errors);
                placement::node_selector(&path, required, &mut errors);
            }
        }
        Object::PersistentVolumeClaim(it) => {
            let resources = it.spec.resources.as_ref();
            let requests = resources.and_then(|resources| resources.requests.as_ref());
            list(&SPEC.child("resources.requests"), requests, &mut errors);
            selector(it.spec.selector.as_ref(), &mut errors);
        }
        _ => {}
    }
    errors.retain(|error| error.reason != FieldErrorReason::Duplicate);
    errors
}

fn selector(selector: Option<&LabelSelector>, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("selector");
    selector_lengths(&path, selector, errors);
    label_selector(&path, selector, errors);
}

fn budget(budget: &PodDisruptionBudget, errors: &mut Vec<FieldError>) {
    selector(budget.spec.selector.as_ref(), errors);
    let allowed = budget.status.disruptions_allowed;
    if allowed < 0 {
        errors.push(FieldError::invalid(
            &STATUS.child("disruptionsAllowed"),
            allowed,
            "must be greater than or equal to 0",
        ));
    }
}

fn node(node: &Node, errors: &mut Vec<FieldError>) {
    let allocatable = node.status.allocatable.as_ref();
    list(&STATUS.child("allocatable"), allocatable, errors);
    let taints = node.spec.taints.as_deref().unwrap_or_default();
    let path = SPEC.child("taints");
    if at_most(&path, taints.len(), errors) {
        placement::taints(&path, taints, errors);
    }
    let images = STATUS.child("images");
    for (place, image) in node.status.images.iter().flatten().enumerate() {
        let size = image.size_bytes.unwrap_or(0);
        if !(0..=COUNTED_MOST).contains(&size) {
            let item = images.index(place);
            let message = format!("must be between 0 and {COUNTED_MOST}, inclusive");
            errors.push(FieldError::invalid(
                &item.child("sizeBytes"),
                size,
                &message,
            ));
        }
    }
}

fn pod(pod: &Pod, errors: &mut Vec<FieldError>) {
    let spec: &core::PodSpec = &pod.spec;
    let lists = [
        ("initContainers", spec.init_containers.as_deref()),
        ("containers", Some(spec.containers.as_slice())),
    ];
    for (field, containers) in lists {
        let path = SPEC.child(field);
        for (place, container) in containers.unwrap_or_default().iter().enumerate() {
            let item = path.index(place);
            let resources = container.resources.as_ref();
            let requests = resources.and_then(|resources| resources.requests.as_ref());
            list(&item.child("resources.requests"), requests, errors);
        }
    }
    let resources = spec.resources.as_ref();
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    list(&SPEC.child("resources.requests"), requests, errors);
    list(&SPEC.child("overhead"), spec.overhead.as_ref(), errors);
    let path = SPEC.child("affinity");
    if let Some(affinity) = &spec.affinity {
        affinity_lengths(&path, affinity, errors);
        placement::affinity(&path, affinity, errors);
    }
    let tolerations = spec.tolerations.as_deref().unwrap_or_default();
    let path = SPEC.child("tolerations");
    if at_most(&path, tolerations.len(), errors) {
        placement::tolerations(&path, tolerations, errors);
    }
    let constraints = spec.topology_spread_constraints.as_deref();
    let constraints = constraints.unwrap_or_default();
    let path = SPEC.child("topologySpreadConstraints");
    if at_most(&path, constraints.len(), errors) {
        for (place, constraint) in constraints.iter().enumerate() {
            let item = path.index(place);
            let selector = constraint.label_selector.as_ref();
            selector_lengths(&item.child("labelSelector"), selector, errors);
        }
        placement::topology_spread(&path, constraints, errors);
    }
}

/// Amounts that are some, not negative and not beyond what can be scored.
fn list(path: &Path<'_>, amounts: Option<&BTreeMap<String, Text>>, errors: &mut Vec<FieldError>) {
    for (name, text) in amounts.into_iter().flatten() {
        let path = path.key(name);
        amounts::amount(&path, name, text, errors);
        let amount = amounts::read(text);
        let counted = match name.as_str() {
            "cpu" => amount.milli_value(),
            _ => amount.value(),
        };
        if counted > COUNTED_MOST {
            let unit = if name == "cpu" { " thousandths" } else { "" };
            let message = format!("must be less than or equal to {COUNTED_MOST}{unit}");
            errors.push(FieldError::invalid(&path, text.0.as_str(), &message));
        }
    }
}

fn at_most(path: &Path<'_>, items: usize, errors: &mut Vec<FieldError>) -> bool {
    if items > TERMS_MOST {
        errors.push(FieldError::too_many(path, items, TERMS_MOST));
    }
    items <= TERMS_MOST
}

fn selector_lengths(
    path: &Path<'_>,
    selector: Option<&LabelSelector>,
    errors: &mut Vec<FieldError>,
) {
    let expressions = selector.and_then(|selector| selector.match_expressions.as_ref());
    let path = path.child("matchExpressions");
    at_most(&path, expressions.map_or(0, Vec::len), errors);
}

fn node_selector_lengths(
    path: &Path<'_>,
    selector: &core::NodeSelector,
    errors: &mut Vec<FieldError>,
) {
    let path = path.child("nodeSelectorTerms");
    at_most(&path, selector.node_selector_terms.len(), errors);
    for (place, term) in selector.node_selector_terms.iter().enumerate() {
        term_lengths(&path.index(place), term, errors);
    }
}

fn term_lengths(path: &Path<'_>, term: &core::NodeSelectorTerm, errors: &mut Vec<FieldError>) {
    let lists = [
        ("matchExpressions", &term.match_expressions),
        ("matchFields", &term.match_fields),
    ];
    for (field, requirements) in lists {
        let count = requirements.as_ref().map_or(0, Vec::len);
        at_most(&path.child(field), count, errors);
    }
}

fn affinity_lengths(path: &Path<'_>, affinity: &core::Affinity, errors: &mut Vec<FieldError>) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(selector) = &node.required_during_scheduling_ignored_during_execution {
            node_selector_lengths(&path.child(REQUIRED), selector, errors);
        }
        let preferred = node
            .preferred_during_scheduling_ignored_during_execution
            .as_deref()
            .unwrap_or_default();
        let path = path.child(PREFERRED);
        at_most(&path, preferred.len(), errors);
        for (place, term) in preferred.iter().enumerate() {
            let item = path.index(place);
            term_lengths(&item.child("preference"), &term.preference, errors);
        }
    }
    let near = affinity.pod_affinity.as_ref().map(|near| {
        (
            &near.required_during_scheduling_ignored_during_execution,
            &near.preferred_during_scheduling_ignored_during_execution,
        )
    });
    let far = affinity.pod_anti_affinity.as_ref().map(|far| {
        (
            &far.required_during_scheduling_ignored_during_execution,
            &far.preferred_during_scheduling_ignored_during_execution,
        )
    });
    for (field, lists) in [("podAffinity", near), ("podAntiAffinity", far)] {
        let Some((required, preferred)) = lists else {
            continue;
        };
        let path = path.child(field);
        let (required, preferred) = (
            required.as_deref().unwrap_or_default(),
            preferred.as_deref().unwrap_or_default(),
        );
        at_most(&path.child(REQUIRED), required.len(), errors);
        at_most(&path.child(PREFERRED), preferred.len(), errors);
        let weighted = preferred.iter().map(|term| &term.pod_affinity_term);
        for term in required.iter().chain(weighted) {
            pod_term_lengths(&path, term, errors);
        }
    }
}

fn pod_term_lengths(path: &Path<'_>, term: &core::PodAffinityTerm, errors: &mut Vec<FieldError>) {
    let selector = path.child("labelSelector");
    selector_lengths(&selector, term.label_selector.as_ref(), errors);
    let selector = path.child("namespaceSelector");
    selector_lengths(&selector, term.namespace_selector.as_ref(), errors);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Kind;

    fn said(kind: Kind, value: Value) -> Vec<String> {
        let object = Object::from_value(kind, value).expect("fields of the kind");
        let errors = scheduling(&object);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_decision_needs_is_checked_and_nothing_else() {
        let container = |requests: Value| json!({"spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}});
        let expression = |operator: &str| {
            let selector = json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": operator}]}]});
            let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": selector});
            json!({"spec": {"containers": [], "affinity": {"nodeAffinity": required}}})
        };
        let taint = json!({"key": "a", "effect": "NoSchedule"});
        let cases: [(Kind, Value, &[&str]); 8] = [
            (Kind::Pod, container(json!({"cpu": "1"})), &[]),
            (
                Kind::Pod,
                container(json!({"cpu": "-1"})),
                &[
                    "spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
                ],
            ),
            (
                Kind::Pod,
                container(json!({"memory": "9e30"})),
                &[
                    "spec.containers[0].resources.requests[memory]: Invalid value: \"9e30\": must be less than or equal to 92233720368547758",
                ],
            ),
            (Kind::Pod, expression("Exists"), &[]),
            (
                Kind::Pod,
                expression(""),
                &[
                    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: \"\": not a valid selector operator",
                ],
            ),
            (
                Kind::Pod,
                json!({"spec": {"containers": [], "tolerations": vec![json!({"operator": "Exists"}); 10_000]}}),
                &["spec.tolerations: Too many: 10000: must have at most 1000 items"],
            ),
            (
                Kind::Node,
                json!({"spec": {"taints": [taint, taint]}, "status": {"allocatable": {"cpu": "x"}}}),
                &[
                    "status.allocatable[cpu]: Invalid value: \"x\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                ],
            ),
            (
                Kind::PodDisruptionBudget,
                json!({"spec": {}, "status": {"disruptionsAllowed": -5, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}}),
                &[
                    "status.disruptionsAllowed: Invalid value: -5: must be greater than or equal to 0",
                ],
            ),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(said(kind, value), expected);
        }
    }
}
