//! Where a pod may run: node selectors, affinity, tolerations, spreading; and the taints of nodes.
//! Source: `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use crate::api::{LabelSelector, core};
use crate::apiserver::FieldError;

use super::format::{self, check, one_of_if_set};
use super::metadata::{label_name, label_selector, requirement_form};
use super::path::Path;
use super::values::{json, text};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

const IN_BOTH: &str = "exists in both matchLabelKeys and labelSelector";

/// Affinity to nodes, to pods and away from pods.
pub(super) fn affinity(path: &Path<'_>, affinity: &core::Affinity, errors: &mut Vec<FieldError>) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(selector) = &node.required_during_scheduling_ignored_during_execution {
            node_selector(&path.child(REQUIRED), selector, errors);
        }
        let preferred = node
            .preferred_during_scheduling_ignored_during_execution
            .iter();
        let list = path.child(PREFERRED);
        for (place, term) in preferred.flatten().enumerate() {
            let item = list.index(place);
            weight(&item, term.weight, errors);
            node_selector_term(&item.child("preference"), &term.preference, errors);
        }
    }
    if let Some(pods) = &affinity.pod_affinity {
        let path = path.child("podAffinity");
        let required = &pods.required_during_scheduling_ignored_during_execution;
        pod_terms(&path.child(REQUIRED), required.as_deref(), errors);
        let preferred = &pods.preferred_during_scheduling_ignored_during_execution;
        weighted_pod_terms(&path.child(PREFERRED), preferred.as_deref(), errors);
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        let path = path.child("podAntiAffinity");
        let required = &pods.required_during_scheduling_ignored_during_execution;
        pod_terms(&path.child(REQUIRED), required.as_deref(), errors);
        let preferred = &pods.preferred_during_scheduling_ignored_during_execution;
        weighted_pod_terms(&path.child(PREFERRED), preferred.as_deref(), errors);
    }
}

fn weight(path: &Path<'_>, weight: i32, errors: &mut Vec<FieldError>) {
    if !(1..=100).contains(&weight) {
        let path = path.child("weight");
        errors.push(FieldError::invalid(
            &path,
            weight,
            "must be in the range 1-100",
        ));
    }
}

/// At least one term.
pub(super) fn node_selector(
    path: &Path<'_>,
    selector: &core::NodeSelector,
    errors: &mut Vec<FieldError>,
) {
    let list = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.push(FieldError::required(
            &list,
            "must have at least one node selector term",
        ));
    }
    for (place, term) in selector.node_selector_terms.iter().enumerate() {
        node_selector_term(&list.index(place), term, errors);
    }
}

fn node_selector_term(
    path: &Path<'_>,
    term: &core::NodeSelectorTerm,
    errors: &mut Vec<FieldError>,
) {
    let expressions = path.child("matchExpressions");
    for (place, requirement) in term.match_expressions.iter().flatten().enumerate() {
        node_requirement(&expressions.index(place), requirement, errors);
    }
    let fields = path.child("matchFields");
    for (place, requirement) in term.match_fields.iter().flatten().enumerate() {
        node_field_requirement(&fields.index(place), requirement, errors);
    }
}

fn node_requirement(
    path: &Path<'_>,
    requirement: &core::NodeSelectorRequirement,
    errors: &mut Vec<FieldError>,
) {
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "Gt" | "Lt" if values.len() != 1 => errors.push(FieldError::required(
            &path.child("values"),
            "must be specified single value when `operator` is 'Lt' or 'Gt'",
        )),
        "Gt" | "Lt" => {}
        operator => requirement_form(path, operator, values, errors),
    }
    label_name(&path.child("key"), &requirement.key, errors);
}

fn node_field_requirement(
    path: &Path<'_>,
    requirement: &core::NodeSelectorRequirement,
    errors: &mut Vec<FieldError>,
) {
    let values = requirement.values.as_deref().unwrap_or_default();
    let values_path = path.child("values");
    let operator = requirement.operator.as_str();
    if !["In", "NotIn"].contains(&operator) {
        errors.push(FieldError::invalid(
            &path.child("operator"),
            operator,
            "not a valid selector operator",
        ));
    } else if values.len() != 1 {
        errors.push(FieldError::required(
            &values_path,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ));
    }
    if requirement.key == "metadata.name" {
        for (place, value) in values.iter().enumerate() {
            let messages = format::dns_1123_subdomain(value);
            check(&values_path.index(place), value, messages, errors);
        }
    } else {
        errors.push(FieldError::invalid(
            &path.child("key"),
            requirement.key.as_str(),
            "not a valid field selector key",
        ));
    }
}

fn pod_terms(
    path: &Path<'_>,
    terms: Option<&[core::PodAffinityTerm]>,
    errors: &mut Vec<FieldError>,
) {
    for (place, term) in terms.unwrap_or_default().iter().enumerate() {
        pod_term(&path.index(place), term, errors);
    }
}

fn weighted_pod_terms(
    path: &Path<'_>,
    terms: Option<&[core::WeightedPodAffinityTerm]>,
    errors: &mut Vec<FieldError>,
) {
    for (place, term) in terms.unwrap_or_default().iter().enumerate() {
        let path = path.index(place);
        weight(&path, term.weight, errors);
        pod_term(
            &path.child("podAffinityTerm"),
            &term.pod_affinity_term,
            errors,
        );
    }
}

fn pod_term(path: &Path<'_>, term: &core::PodAffinityTerm, errors: &mut Vec<FieldError>) {
    let selector = term.label_selector.as_ref();
    label_selector(&path.child("labelSelector"), selector, errors);
    let namespaces = term.namespace_selector.as_ref();
    label_selector(&path.child("namespaceSelector"), namespaces, errors);
    for name in term.namespaces.iter().flatten() {
        let messages = format::dns_1123_label(name);
        check(&path.child("namespace"), name, messages, errors);
    }
    let matching = term.match_label_keys.as_deref().unwrap_or_default();
    let mismatching = term.mismatch_label_keys.as_deref().unwrap_or_default();
    let matching_path = path.child("matchLabelKeys");
    label_keys(&matching_path, matching, selector, errors);
    let mismatching_path = path.child("mismatchLabelKeys");
    label_keys(&mismatching_path, mismatching, selector, errors);
    for (place, key) in matching.iter().enumerate() {
        if mismatching.contains(key) {
            errors.push(FieldError::invalid(
                &matching_path.index(place),
                key.as_str(),
                "exists in both matchLabelKeys and mismatchLabelKeys",
            ));
        }
    }
    let topology_key = path.child("topologyKey");
    if term.topology_key.is_empty() {
        errors.push(FieldError::required(&topology_key, "can not be empty"));
    }
    label_name(&topology_key, &term.topology_key, errors);
}

fn label_keys(
    path: &Path<'_>,
    keys: &[String],
    selector: Option<&LabelSelector>,
    errors: &mut Vec<FieldError>,
) {
    if keys.is_empty() {
        return;
    }
    if selector.is_none() {
        errors.push(FieldError::forbidden(
            path,
            "must not be specified when labelSelector is not set",
        ));
        return;
    }
    for (place, key) in keys.iter().enumerate() {
        label_name(&path.index(place), key, errors);
    }
}

/// What taints the pod stands.
pub(super) fn tolerations(
    path: &Path<'_>,
    tolerations: &[core::Toleration],
    errors: &mut Vec<FieldError>,
) {
    for (place, toleration) in tolerations.iter().enumerate() {
        let path = path.index(place);
        let key = text(toleration.key.as_ref());
        let operator = text(toleration.operator.as_ref());
        let effect = text(toleration.effect.as_ref());
        let operator_path = path.child("operator");
        if !key.is_empty() {
            label_name(&path.child("key"), key, errors);
        } else if operator != "Exists" {
            errors.push(FieldError::invalid(
                &operator_path,
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            ));
        }
        if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
            errors.push(FieldError::invalid(
                &path.child("effect"),
                effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            ));
        }
        toleration_value(&operator_path, toleration, operator, errors);
        if !effect.is_empty() && !EFFECTS.contains(&effect) {
            let path = path.child("effect");
            errors.push(FieldError::not_supported(&path, effect, &EFFECTS));
        }
    }
}

fn toleration_value(
    path: &Path<'_>,
    toleration: &core::Toleration,
    operator: &str,
    errors: &mut Vec<FieldError>,
) {
    let value = text(toleration.value.as_ref());
    match operator {
        "" | "Equal" => {
            let messages = format::label_value(value);
            if !messages.is_empty() {
                errors.push(FieldError::invalid(path, value, &messages.join(";")));
            }
        }
        "Exists" if value.is_empty() => {}
        "Exists" => errors.push(FieldError::invalid(
            path,
            json(toleration),
            "value must be empty when `operator` is 'Exists'",
        )),
        other => errors.push(FieldError::not_supported(path, other, &["Equal", "Exists"])),
    }
}

/// What a node does not let come or stay; one for each key and effect.
pub(super) fn taints(path: &Path<'_>, taints: &[core::Taint], errors: &mut Vec<FieldError>) {
    let mut known = BTreeSet::new();
    for (place, taint) in taints.iter().enumerate() {
        let path = path.index(place);
        label_name(&path.child("key"), &taint.key, errors);
        let value = text(taint.value.as_ref());
        let messages = format::label_value(value);
        if !messages.is_empty() {
            errors.push(FieldError::invalid(
                &path.child("value"),
                value,
                &messages.join(";"),
            ));
        }
        format::one_of(&path.child("effect"), Some(&taint.effect), &EFFECTS, errors);
        if !known.insert((&taint.effect, &taint.key)) {
            let mut error = FieldError::duplicate(&path, json(taint));
            error
                .message
                .push_str(": taints must be unique by key and effect pair");
            errors.push(error);
        }
    }
}

/// How evenly the pods of a selector stand over zones, nodes and the like.
pub(super) fn topology_spread(
    path: &Path<'_>,
    constraints: &[core::TopologySpreadConstraint],
    errors: &mut Vec<FieldError>,
) {
    const ACTIONS: [&str; 2] = ["DoNotSchedule", "ScheduleAnyway"];
    for (place, constraint) in constraints.iter().enumerate() {
        let path = path.index(place);
        if constraint.max_skew <= 0 {
            errors.push(FieldError::invalid(
                &path.child("maxSkew"),
                constraint.max_skew,
                "must be greater than zero",
            ));
        }
        if constraint.topology_key.is_empty() {
            let path = path.child("topologyKey");
            errors.push(FieldError::required(&path, "can not be empty"));
        }
        let action = constraint.when_unsatisfiable.as_str();
        if !ACTIONS.contains(&action) {
            let path = path.child("whenUnsatisfiable");
            errors.push(FieldError::not_supported(&path, action, &ACTIONS));
        }
        let repeated = |later: &core::TopologySpreadConstraint| {
            later.topology_key == constraint.topology_key
                && later.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints[place + 1..].iter().any(repeated) {
            let pair = format!("{{{}, {action}}}", constraint.topology_key);
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(&path, pair));
        }
        min_domains(&path.child("minDomains"), constraint, errors);
        let policies = [
            ("nodeAffinityPolicy", &constraint.node_affinity_policy),
            ("nodeTaintsPolicy", &constraint.node_taints_policy),
        ];
        for (field, policy) in policies {
            let supported = ["Honor", "Ignore"];
            one_of_if_set(&path.child(field), policy.as_ref(), &supported, errors);
        }
        spread_keys(&path.child("matchLabelKeys"), constraint, errors);
        let selector = constraint.label_selector.as_ref();
        label_selector(&path.child("labelSelector"), selector, errors);
    }
}

fn min_domains(
    path: &Path<'_>,
    constraint: &core::TopologySpreadConstraint,
    errors: &mut Vec<FieldError>,
) {
    let Some(domains) = constraint.min_domains else {
        return;
    };
    if domains <= 0 {
        let message = "must be greater than zero";
        errors.push(FieldError::invalid(path, domains, message));
    }
    let action = constraint.when_unsatisfiable.as_str();
    if action != "DoNotSchedule" {
        let message =
            format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.push(FieldError::invalid(path, domains, &message));
    }
}

fn spread_keys(
    path: &Path<'_>,
    constraint: &core::TopologySpreadConstraint,
    errors: &mut Vec<FieldError>,
) {
    let keys = constraint.match_label_keys.as_deref().unwrap_or_default();
    if keys.is_empty() {
        return;
    }
    if constraint.label_selector.is_none() {
        errors.push(FieldError::forbidden(
            path,
            "must not be specified when labelSelector is not set",
        ));
    }
    let labels = constraint.label_selector.iter();
    let selected: BTreeSet<&String> = labels
        .clone()
        .flat_map(|it| it.match_labels.iter().flat_map(|labels| labels.keys()))
        .chain(labels.flat_map(|it| {
            let expressions = it.match_expressions.iter().flatten();
            expressions.map(|requirement| &requirement.key)
        }))
        .collect();
    for (place, key) in keys.iter().enumerate() {
        label_name(&path.index(place), key, errors);
        if selected.contains(key) {
            errors.push(FieldError::invalid(
                &path.index(place),
                key.as_str(),
                IN_BOTH,
            ));
        }
    }
}
