//! What is the server's own in an object: names, uids, dates, generations, and the status of a new one.

use std::sync::Arc;

use super::{Refusal, service_ranges};
use crate::api::{DaemonSet, Key, Kind, Object, ObjectMeta, core, meta};
use crate::sim::{Random, Time};
use crate::store::Store;

/// The longest base of a generated name. Source: `k8s.io/apiserver/pkg/storage/names`.
const GENERATED_BASE_MOST: usize = 58;

/// How many characters the server appends.
const GENERATED_SUFFIX: usize = 5;

/// A name from its base.
pub(super) fn generated(base: &str, random: &mut Random) -> String {
    let base: String = base.chars().take(GENERATED_BASE_MOST).collect();
    base + &random.name_suffix(GENERATED_SUFFIX)
}

/// Puts the object where the request says, and refuses when the two contradict each other.
pub(super) fn address(object: &mut Object, key: &Key) -> Result<(), Refusal> {
    let info = key.kind.info();
    let said = object.metadata();
    let is_said = |said: &Option<String>, asked: &str| said.as_deref() == Some(asked);
    let says_where = !info.namespaced || is_said(&said.namespace, &key.namespace);
    if says_where && (key.name.is_empty() || is_said(&said.name, &key.name)) {
        // Untouched, the metadata stays one with that of the request: the trace keeps both.
        return Ok(());
    }
    let metadata = object.metadata_mut();
    if info.namespaced {
        let namespace = metadata.namespace.get_or_insert_default();
        if namespace.is_empty() {
            namespace.push_str(&key.namespace);
        }
        if **namespace != *key.namespace {
            let message = "the namespace of the provided object does not match the namespace sent \
                           on the request";
            return Err(Refusal::bad_request(message.to_owned()));
        }
    }
    if !key.name.is_empty() {
        let name = metadata.name.get_or_insert_default();
        if name.is_empty() {
            name.push_str(&key.name);
        }
        if **name != *key.name {
            let message = format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                key.name
            );
            return Err(Refusal::bad_request(message));
        }
    }
    Ok(())
}

/// Lists without an entry are left out, as where the server prints what it has stored.
pub(super) fn omit_empty(object: &mut Object) {
    let metadata = object.metadata();
    let owners = metadata.owner_references.as_ref();
    let finalizers = metadata.finalizers.as_ref();
    let has_no_owners = owners.is_some_and(Vec::is_empty);
    let has_no_finalizers = finalizers.is_some_and(Vec::is_empty);
    if has_no_owners {
        object.metadata_mut().owner_references = None;
    }
    if has_no_finalizers {
        object.metadata_mut().finalizers = None;
    }
    if let Object::Job(job) = object
        && job.status.conditions.as_ref().is_some_and(Vec::is_empty)
    {
        job.status_mut().conditions = None;
    }
}

/// Kinds whose spec changes are counted. Source: the strategies below `pkg/registry`.
const fn counts_generations(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::PriorityClass
    )
}

/// Stamps a new object and gives it the status that a new one has.
pub(super) fn for_create(object: Object, store: &Store, random: &mut Random, now: Time) -> Object {
    // A node brings its status along: the kubelet registers what it has.
    let mut object = if matches!(object.kind(), Kind::Node) {
        object
    } else {
        first_status(object.without_status())
    };
    if let Object::Service(service) = &mut object {
        service_ranges::give_address(service, store, random);
    }
    let uid = random.uid();
    let kind = object.kind();
    let metadata = object.metadata_mut();
    metadata.uid = Some(uid);
    metadata.creation_timestamp = Some(meta::object_time(now));
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
    metadata.managed_fields = None;
    metadata.generation = counts_generations(kind).then_some(1);
    match &mut object {
        Object::Job(job) => {
            super::defaulting::generate_job_selector(job);
            super::defaulting::job_labels(job);
        }
        Object::DaemonSet(set) => {
            let generation = template_generation(&set.metadata).max(1);
            count_template(set, generation);
        }
        _ => {}
    }
    object
}

/// How often the template of a DaemonSet has changed; 0 when it does not say.
/// Source: `daemonSetStrategy`, whose field stands in an annotation since `apps/v1`.
fn template_generation(metadata: &ObjectMeta) -> i64 {
    let said = meta::annotation(metadata, meta::TEMPLATE_GENERATION);
    said.and_then(|said| said.parse().ok()).unwrap_or(0)
}

fn count_template(set: &mut DaemonSet, generation: i64) {
    let generation = generation.to_string();
    if meta::annotation(&set.metadata, meta::TEMPLATE_GENERATION) != Some(&generation) {
        let annotations = &mut set.metadata_mut().annotations;
        let name = meta::TEMPLATE_GENERATION.to_owned();
        annotations.get_or_insert_default().insert(name, generation);
    }
}

fn first_status(mut object: Object) -> Object {
    match &mut object {
        Object::Pod(pod) => {
            let class = crate::api::qos_class(&pod.spec);
            let conditions = gated_condition(&pod.spec).map(|gated| vec![gated]);
            let status = pod.status_mut();
            status.conditions = conditions;
            status.phase = Some("Pending".to_owned());
            status.qos_class = Some(class.to_owned());
        }
        Object::Namespace(namespace) => {
            namespace.status_mut().phase = Some("Active".to_owned());
        }
        Object::PersistentVolume(volume) => volume.status_mut().phase = Some("Pending".to_owned()),
        Object::PersistentVolumeClaim(claim) => {
            claim.status_mut().phase = Some("Pending".to_owned());
        }
        Object::Service(service) => {
            service.status_mut().load_balancer = Some(core::LoadBalancerStatus::default());
        }
        _ => {}
    }
    object
}

/// What a pod with scheduling gates says from its first moment on.
/// Source: `applySchedulingGatedCondition` of `pkg/registry/core/pod/strategy.go`.
fn gated_condition(spec: &core::PodSpec) -> Option<core::PodCondition> {
    spec.scheduling_gates.as_ref()?.first()?;
    Some(core::PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("SchedulingGated".to_owned()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        ..core::PodCondition::default()
    })
}

/// The new state of an object whose main part is replaced: the server's own fields stay.
pub(super) fn for_update(object: Object, current: &Object) -> Object {
    let object = object.with_status_of(current);
    let moved = !object.same_spec(current);
    let kept = current.metadata();
    let mut metadata = ObjectMeta::clone(object.metadata());
    metadata.uid.clone_from(&kept.uid);
    metadata
        .creation_timestamp
        .clone_from(&kept.creation_timestamp);
    metadata
        .deletion_timestamp
        .clone_from(&kept.deletion_timestamp);
    metadata.deletion_grace_period_seconds = kept.deletion_grace_period_seconds;
    metadata.generate_name.clone_from(&kept.generate_name);
    metadata.managed_fields.clone_from(&kept.managed_fields);
    metadata.resource_version.clone_from(&kept.resource_version);
    metadata.generation = kept.generation;
    if moved && counts_generations(current.kind()) {
        metadata.generation = Some(kept.generation.unwrap_or(0) + 1);
    }
    // Most writes leave the metadata as it is; then it stays one with the current object's.
    let metadata = if metadata == **kept {
        Arc::clone(kept)
    } else {
        Arc::new(metadata)
    };
    let mut object = object.with_metadata(metadata);
    match (&mut object, current) {
        (Object::Service(service), Object::Service(kept)) => {
            service_ranges::carry_over(service, kept);
        }
        (Object::DaemonSet(set), Object::DaemonSet(kept)) => {
            let is_other = moved && set.spec.template != kept.spec.template;
            let generation = template_generation(&kept.metadata) + i64::from(is_other);
            count_template(set, generation);
        }
        _ => {}
    }
    object
}

/// The current state with another status. A Deployment's annotations come along: that is how its
/// controller writes the revision. Source: `deploymentStatusStrategy`.
pub(super) fn for_status(object: &Object, current: &Object) -> Object {
    let mut result = current.clone().with_status_of(object);
    if let Object::Deployment(deployment) = &mut result
        && deployment.metadata.annotations != object.metadata().annotations
    {
        deployment
            .metadata_mut()
            .annotations
            .clone_from(&object.metadata().annotations);
    }
    result
}

/// The namespace with the finalizers that are left.
pub(super) fn for_finalize(object: &Object, current: &Object) -> Object {
    let mut result = current.clone();
    if let (Object::Namespace(namespace), Object::Namespace(wanted)) = (&mut result, object) {
        namespace
            .spec_mut()
            .finalizers
            .clone_from(&wanted.spec.finalizers);
    }
    result
}

/// Marks an object for deletion after `grace` seconds.
pub(super) fn mark_for_deletion(object: &mut Object, grace: i64, now: Time) {
    let span = std::time::Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    let kind = object.kind();
    let metadata = object.metadata_mut();
    metadata.deletion_timestamp = Some(meta::object_time(now + span));
    // Namespaces are marked in a way of their own. Source: `Delete` of `pkg/registry/core/namespace`.
    metadata.deletion_grace_period_seconds = (kind != Kind::Namespace).then_some(grace);
    if let Some(generation) = metadata.generation.filter(|generation| *generation > 0) {
        metadata.generation = Some(generation + 1);
    }
    if let Object::Namespace(namespace) = object {
        namespace.status_mut().phase = Some("Terminating".to_owned());
    }
}

/// Leaves an object that is marked for deletion `grace` seconds from its mark.
pub(super) fn hurry_deletion(object: &mut Object, grace: i64) {
    let metadata = object.metadata_mut();
    let before = metadata.deletion_grace_period_seconds.replace(grace);
    let spared = u64::try_from(before.unwrap_or(grace) - grace).unwrap_or(0);
    if let Some(at) = &mut metadata.deletion_timestamp {
        let earlier = meta::moment(at).as_secs().saturating_sub(spared);
        *at = meta::object_time(Time::from_secs(earlier));
    }
}

/// True when an object is marked for deletion and nothing holds it back: no finalizer, and no
/// grace period that a kubelet has still to confirm.
pub(super) fn is_released(object: &Object) -> bool {
    let metadata = object.metadata();
    let held = metadata
        .finalizers
        .as_ref()
        .is_some_and(|finalizers| !finalizers.is_empty());
    let held_by_spec = match object {
        Object::Namespace(namespace) => namespace
            .spec
            .finalizers
            .as_ref()
            .is_some_and(|finalizers| !finalizers.is_empty()),
        _ => false,
    };
    let graceful = metadata.deletion_grace_period_seconds.unwrap_or(0) > 0;
    object.is_terminating() && !held && !held_by_spec && !graceful
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a4_generate_name_adds_five_characters_and_keeps_to_63() {
        let mut random = Random::stream(1, "names");
        let name = generated("web-", &mut random);
        assert_eq!(name.len(), 9);
        let suffix = &name[4..];
        assert!(
            suffix
                .chars()
                .all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)),
            "{suffix}"
        );
        assert_eq!(generated(&"x".repeat(80), &mut random).len(), 63);
    }

    #[test]
    fn an_object_goes_when_marked_and_nothing_holds_it() {
        let object = |metadata: serde_json::Value| {
            Object::from_value(Kind::Pod, json!({"metadata": metadata})).expect("metadata")
        };
        let date = "2026-01-01T00:00:00Z";
        assert!(!is_released(&object(json!({"name": "a"}))));
        assert!(is_released(&object(
            json!({"name": "a", "deletionTimestamp": date})
        )));
        let graceful = json!({"deletionTimestamp": date, "deletionGracePeriodSeconds": 30});
        assert!(!is_released(&object(graceful)));
        let held = json!({"deletionTimestamp": date, "finalizers": ["example.com/hold"]});
        assert!(!is_released(&object(held)));
    }
}
