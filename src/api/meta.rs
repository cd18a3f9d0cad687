//! What everybody asks of metadata: labels, owners, dates.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time as ObjectTime;

use super::{Object, ObjectMeta, OwnerReference};
use crate::sim::Time;

/// The annotation of a DaemonSet that counts the changes of its template, from 1.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// The labels; none is the same as an empty set.
#[must_use]
pub fn labels(metadata: &ObjectMeta) -> &Labels {
    static NONE: Labels = Labels::new();
    metadata.labels.as_ref().unwrap_or(&NONE)
}

/// The annotation of this name.
#[must_use]
pub fn annotation<'a>(metadata: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(name).map(String::as_str)
}

/// The owner that is responsible for the object, if any.
#[must_use]
pub fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))
}

/// A reference that makes `owner` responsible for what carries it.
/// Source: `metav1.NewControllerRef`.
#[must_use]
pub fn controller_reference(owner: &Object) -> OwnerReference {
    let info = owner.kind().info();
    OwnerReference {
        api_version: info.api_version(),
        kind: info.name.to_owned(),
        name: owner.name().to_owned(),
        uid: owner.uid().to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// A moment as objects carry it: whole seconds.
#[must_use]
pub fn object_time(time: Time) -> ObjectTime {
    ObjectTime(Time::from_secs(time.as_secs()).to_timestamp())
}

/// The moment that an object's date stands for.
#[must_use]
pub fn moment(time: &ObjectTime) -> Time {
    Time::from_timestamp(time.0)
}

/// When the object was created, as the API server stamped it.
#[must_use]
pub fn created(metadata: &ObjectMeta) -> Time {
    metadata
        .creation_timestamp
        .as_ref()
        .map_or(Time::START, moment)
}
