//! Deployments, ReplicaSets, StatefulSets and DaemonSets.
//! Source: `pkg/apis/apps/validation/validation.go` and the strategies of `pkg/registry/apps`.

use crate::api::{
    DaemonSet, Deployment, IntOrString, LabelSelector, ReplicaSet, StatefulSet, apps, core, meta,
    selector,
};
use crate::apiserver::FieldError;

use super::format::{not_negative, qualified_name};
use super::metadata;
use super::path::Path;
use super::pod_spec;
use super::values::{at_most_all, count_or_percent, is_none, json, text};

const SPEC: Path<'static> = Path::new("spec");

/// A Deployment of itself.
pub(super) fn deployment(deployment: &Deployment, errors: &mut Vec<FieldError>) {
    let spec = &deployment.spec;
    not_negative(&SPEC.child("replicas"), spec.replicas, errors);
    selector_and_template(
        &spec.selector,
        &spec.template,
        "empty selector is invalid for deployment",
        errors,
    );
    if let Some(strategy) = &spec.strategy {
        deployment_strategy(&SPEC.child("strategy"), strategy, errors);
    }
    not_negative(
        &SPEC.child("minReadySeconds"),
        spec.min_ready_seconds,
        errors,
    );
    let history = SPEC.child("revisionHistoryLimit");
    not_negative(&history, spec.revision_history_limit, errors);
    if let Some(seconds) = spec.progress_deadline_seconds {
        let path = SPEC.child("progressDeadlineSeconds");
        not_negative(&path, Some(seconds), errors);
        if seconds <= spec.min_ready_seconds.unwrap_or(0) {
            let message = "must be greater than minReadySeconds";
            errors.push(FieldError::invalid(&path, seconds, message));
        }
    }
}

/// A ReplicaSet of itself.
pub(super) fn replica_set(set: &ReplicaSet, errors: &mut Vec<FieldError>) {
    let spec = &set.spec;
    not_negative(&SPEC.child("replicas"), spec.replicas, errors);
    not_negative(
        &SPEC.child("minReadySeconds"),
        spec.min_ready_seconds,
        errors,
    );
    let empty = core::PodTemplateSpec::default();
    selector_and_template(
        &spec.selector,
        spec.template.as_ref().unwrap_or(&empty),
        // The API server says deployment here as well.
        "empty selector is invalid for deployment",
        errors,
    );
}

/// True when the selector has no field at all, which stands for one that was not given; one that was
/// given without a word in it has empty labels.
fn is_missing(selector: &LabelSelector) -> bool {
    selector.match_labels.is_none() && selector.match_expressions.is_none()
}

/// How an empty selector prints, whichever way it was written.
fn no_words() -> serde_json::Value {
    json(&LabelSelector::default())
}

/// True when the selector cannot be turned into a query.
fn is_broken(selector: &LabelSelector) -> bool {
    let mut labels = selector.match_labels.iter().flatten();
    let mut expressions = selector.match_expressions.iter().flatten();
    labels.any(|(key, value)| {
        !qualified_name(key).is_empty() || !super::format::label_value(value).is_empty()
    }) || expressions.any(|requirement| {
        let valued = requirement.values.as_ref().is_some_and(|it| !it.is_empty());
        let fits = match requirement.operator.as_str() {
            "In" | "NotIn" => valued,
            "Exists" | "DoesNotExist" => !valued,
            _ => false,
        };
        !fits || !qualified_name(&requirement.key).is_empty()
    })
}

/// The labels of a template, for which `None` prints as null.
fn template_labels(template: &core::PodTemplateSpec) -> Option<&meta::Labels> {
    template.metadata.as_ref()?.labels.as_ref()
}

/// Adds the error for a selector that does not pick the pods of its own template.
fn selector_must_match(
    path: &Path<'_>,
    given: &LabelSelector,
    template: &core::PodTemplateSpec,
    errors: &mut Vec<FieldError>,
) {
    let labels = template_labels(template);
    let none = meta::Labels::new();
    let picks = selector::matches(given, labels.unwrap_or(&none));
    // An empty selector picks whatever the labels are, one that was not given picks nothing.
    if !picks || is_missing(given) {
        errors.push(FieldError::invalid(
            &path.child("metadata.labels"),
            json(&labels),
            "`selector` does not match template `labels`",
        ));
    }
}

/// What ReplicaSets and Deployments share.
fn selector_and_template(
    given: &LabelSelector,
    template: &core::PodTemplateSpec,
    empty: &str,
    errors: &mut Vec<FieldError>,
) {
    let path = SPEC.child("selector");
    required_selector(&path, given, empty, errors);
    if is_broken(given) {
        let message = "invalid label selector";
        errors.push(FieldError::invalid(&path, json(given), message));
        return;
    }
    let path = SPEC.child("template");
    selector_must_match(&path, given, template, errors);
    pod_spec::template(&path, template, errors);
    always_running(&path, template, "ReplicaSet", errors);
}

fn required_selector(
    path: &Path<'_>,
    given: &LabelSelector,
    empty: &str,
    errors: &mut Vec<FieldError>,
) {
    if is_missing(given) {
        errors.push(FieldError::required(path, ""));
        return;
    }
    metadata::label_selector(path, Some(given), errors);
    if selector::is_empty(given) {
        errors.push(FieldError::invalid(path, no_words(), empty));
    }
}

/// Pods of these workloads never come to an end by themselves.
fn always_running(
    path: &Path<'_>,
    template: &core::PodTemplateSpec,
    kind: &str,
    errors: &mut Vec<FieldError>,
) {
    let Some(spec) = &template.spec else { return };
    let path = path.child("spec");
    let policy = text(spec.restart_policy.as_ref());
    if policy != "Always" {
        let path = path.child("restartPolicy");
        errors.push(FieldError::not_supported(&path, policy, &["Always"]));
    }
    if spec.active_deadline_seconds.is_some() {
        errors.push(FieldError::forbidden(
            &path.child("activeDeadlineSeconds"),
            &format!("activeDeadlineSeconds in {kind} is not Supported"),
        ));
    }
}

fn deployment_strategy(
    path: &Path<'_>,
    strategy: &apps::DeploymentStrategy,
    errors: &mut Vec<FieldError>,
) {
    let rolling = path.child("rollingUpdate");
    match (text(strategy.type_.as_ref()), &strategy.rolling_update) {
        ("Recreate", Some(_)) => errors.push(FieldError::forbidden(
            &rolling,
            "may not be specified when strategy `type` is 'Recreate'",
        )),
        ("Recreate", None) => {}
        ("RollingUpdate", None) => errors.push(FieldError::required(
            &rolling,
            "this should be defaulted and never be nil",
        )),
        ("RollingUpdate", Some(update)) => rolling_deployment(&rolling, update, errors),
        _ => {
            let supported = ["Recreate", "RollingUpdate"];
            errors.push(FieldError::not_supported(path, json(strategy), &supported));
        }
    }
}

fn rolling_deployment(
    path: &Path<'_>,
    update: &apps::RollingUpdateDeployment,
    errors: &mut Vec<FieldError>,
) {
    let none = IntOrString::Int(0);
    let unavailable = update.max_unavailable.as_ref().unwrap_or(&none);
    let surge = update.max_surge.as_ref().unwrap_or(&none);
    let unavailable_path = path.child("maxUnavailable");
    count_or_percent(&unavailable_path, unavailable, errors);
    count_or_percent(&path.child("maxSurge"), surge, errors);
    if is_none(unavailable) && is_none(surge) {
        errors.push(FieldError::invalid(
            &unavailable_path,
            json(unavailable),
            "may not be 0 when `maxSurge` is 0",
        ));
    }
    at_most_all(&unavailable_path, unavailable, errors);
}

/// A StatefulSet of itself. Its template is checked when pods are made from it, as in Kubernetes.
pub(super) fn stateful_set(set: &StatefulSet, errors: &mut Vec<FieldError>) {
    let spec = &set.spec;
    let path = SPEC.child("podManagementPolicy");
    match text(spec.pod_management_policy.as_ref()) {
        "" => errors.push(FieldError::required(&path, "")),
        "OrderedReady" | "Parallel" => {}
        other => errors.push(FieldError::invalid(
            &path,
            other,
            "must be 'OrderedReady' or 'Parallel'",
        )),
    }
    stateful_strategy(spec.update_strategy.as_ref(), errors);
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = SPEC.child("persistentVolumeClaimRetentionPolicy");
        let fields = [
            ("whenDeleted", &policy.when_deleted),
            ("whenScaled", &policy.when_scaled),
        ];
        for (field, value) in fields {
            let value = text(value.as_ref());
            if !["Retain", "Delete"].contains(&value) {
                let path = path.child(field);
                let supported = ["Retain", "Delete"];
                errors.push(FieldError::not_supported(&path, value, &supported));
            }
        }
    }
    not_negative(&SPEC.child("replicas"), spec.replicas, errors);
    not_negative(
        &SPEC.child("minReadySeconds"),
        spec.min_ready_seconds,
        errors,
    );
    let start = spec.ordinals.as_ref().and_then(|ordinals| ordinals.start);
    not_negative(&SPEC.child("ordinals.start"), start, errors);
    let path = SPEC.child("selector");
    let empty = "empty selector is invalid for statefulset";
    required_selector(&path, &spec.selector, empty, errors);
    let template = SPEC.child("template");
    if is_broken(&spec.selector) {
        let selector = json(&spec.selector);
        errors.push(FieldError::invalid(&path, selector, ""));
    } else {
        selector_must_match(&template, &spec.selector, &spec.template, errors);
        pod_spec::template_metadata(&template, &spec.template, errors);
    }
    always_running(&template, &spec.template, "StatefulSet", errors);
}

fn stateful_strategy(
    strategy: Option<&apps::StatefulSetUpdateStrategy>,
    errors: &mut Vec<FieldError>,
) {
    let path = SPEC.child("updateStrategy");
    let Some(strategy) = strategy else {
        errors.push(FieldError::required(&path, ""));
        return;
    };
    let rolling = path.child("rollingUpdate");
    match (text(strategy.type_.as_ref()), &strategy.rolling_update) {
        ("", _) => errors.push(FieldError::required(&path, "")),
        ("OnDelete", Some(update)) => errors.push(FieldError::invalid(
            &rolling,
            json(update),
            "only allowed for updateStrategy 'RollingUpdate'",
        )),
        ("RollingUpdate", Some(update)) => {
            not_negative(&rolling.child("partition"), update.partition, errors);
            if let Some(unavailable) = &update.max_unavailable {
                let path = rolling.child("maxUnavailable");
                count_or_percent(&path, unavailable, errors);
                if is_none(unavailable) {
                    let value = json(unavailable);
                    errors.push(FieldError::invalid(&path, value, "cannot be 0"));
                }
                at_most_all(&path, unavailable, errors);
            }
        }
        ("OnDelete" | "RollingUpdate", None) => {}
        _ => errors.push(FieldError::invalid(
            &path,
            json(strategy),
            "must be 'RollingUpdate' or 'OnDelete'",
        )),
    }
}

/// A DaemonSet of itself.
pub(super) fn daemon_set(set: &DaemonSet, errors: &mut Vec<FieldError>) {
    let spec = &set.spec;
    let path = SPEC.child("selector");
    let template = SPEC.child("template");
    metadata::label_selector(&path, Some(&spec.selector), errors);
    if !is_broken(&spec.selector) {
        selector_must_match(&template, &spec.selector, &spec.template, errors);
    }
    if !is_missing(&spec.selector) && selector::is_empty(&spec.selector) {
        errors.push(FieldError::invalid(
            &path,
            no_words(),
            "empty selector is invalid for daemonset",
        ));
    }
    pod_spec::template(&template, &spec.template, errors);
    always_running(&template, &spec.template, "DaemonSet", errors);
    not_negative(
        &SPEC.child("minReadySeconds"),
        spec.min_ready_seconds,
        errors,
    );
    daemon_strategy(spec.update_strategy.as_ref(), errors);
    let history = SPEC.child("revisionHistoryLimit");
    not_negative(&history, spec.revision_history_limit, errors);
}

fn daemon_strategy(strategy: Option<&apps::DaemonSetUpdateStrategy>, errors: &mut Vec<FieldError>) {
    let path = SPEC.child("updateStrategy");
    let kind = text(strategy.and_then(|it| it.type_.as_ref()));
    if kind == "OnDelete" {
        return;
    }
    if kind != "RollingUpdate" {
        let supported = ["RollingUpdate", "OnDelete"];
        let error = FieldError::not_supported(&path, json(&strategy), &supported);
        errors.push(error);
        return;
    }
    let path = path.child("rollingUpdate");
    let Some(update) = strategy.and_then(|it| it.rolling_update.as_ref()) else {
        errors.push(FieldError::required(&path, ""));
        return;
    };
    let none = IntOrString::Int(0);
    let unavailable = update.max_unavailable.as_ref().unwrap_or(&none);
    let surge = update.max_surge.as_ref().unwrap_or(&none);
    let fields = [
        (path.child("maxUnavailable"), unavailable),
        (path.child("maxSurge"), surge),
    ];
    for (path, value) in &fields {
        count_or_percent(path, value, errors);
    }
    for (path, value) in &fields {
        at_most_all(path, value, errors);
    }
    match (is_none(unavailable), is_none(surge)) {
        (false, false) => errors.push(FieldError::invalid(
            &path.child("maxSurge"),
            json(surge),
            "may not be set when maxUnavailable is non-zero",
        )),
        (true, true) => errors.push(FieldError::required(
            &path.child("maxUnavailable"),
            "cannot be 0 when maxSurge is 0",
        )),
        _ => {}
    }
}

/// The selector of a workload stays as it was made.
pub(super) fn same_selector(
    new: &LabelSelector,
    old: &LabelSelector,
    errors: &mut Vec<FieldError>,
) {
    if new != old {
        let path = SPEC.child("selector");
        let error = FieldError::invalid(&path, json(new), metadata::IMMUTABLE);
        errors.push(error);
    }
}

/// A StatefulSet may change what does not touch the names and the storage of its pods.
pub(super) fn stateful_set_update(
    new: &StatefulSet,
    old: &StatefulSet,
    errors: &mut Vec<FieldError>,
) {
    let before = &old.spec;
    let mut munged = apps::StatefulSetSpec::clone(&new.spec);
    munged.replicas = before.replicas;
    munged.template.clone_from(&before.template);
    munged.update_strategy.clone_from(&before.update_strategy);
    munged.min_ready_seconds = before.min_ready_seconds;
    munged.ordinals.clone_from(&before.ordinals);
    munged.revision_history_limit = before.revision_history_limit;
    munged
        .persistent_volume_claim_retention_policy
        .clone_from(&before.persistent_volume_claim_retention_policy);
    if munged != **before {
        errors.push(FieldError::forbidden(
            &SPEC,
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
    }
}
