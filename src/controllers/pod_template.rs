//! Pods made from a template, and what controllers ask of pods.

use std::time::Duration;

use crate::api::{Object, ObjectMeta, Pod, PodSpec, core, meta};
use crate::sim::Time;

/// A mould for the pods of one owner: they share one spec.
pub(super) struct PodMould {
    metadata: ObjectMeta,
    spec: PodSpec,
}

impl PodMould {
    /// The mould for the pods of `owner`. Source: `GetPodFromTemplate`.
    pub(super) fn new(owner: &Object, template: &core::PodTemplateSpec) -> Self {
        let from = template.metadata.clone().unwrap_or_default();
        Self {
            metadata: ObjectMeta {
                namespace: Some(owner.namespace().to_owned()),
                labels: from.labels,
                annotations: from.annotations,
                finalizers: from.finalizers,
                owner_references: Some(vec![meta::controller_reference(owner)]),
                ..ObjectMeta::default()
            },
            spec: template.spec.clone().unwrap_or_default().into(),
        }
    }

    /// A pod that gets its name from the API server: `web-6d4f-` and five characters.
    pub(super) fn unnamed(&self, owner: &Object) -> Pod {
        let mut metadata = self.metadata.clone();
        metadata.generate_name = Some(format!("{}-", owner.name()));
        self.cast(metadata)
    }

    /// A pod of this name.
    pub(super) fn named(&self, name: &str) -> Pod {
        let mut metadata = self.metadata.clone();
        metadata.name = Some(name.to_owned());
        self.cast(metadata)
    }

    fn cast(&self, metadata: ObjectMeta) -> Pod {
        Pod {
            metadata: metadata.into(),
            spec: self.spec.clone().into(),
            status: core::PodStatus::default().into(),
        }
    }
}

/// How long a ready pod still has to stay ready until it is available: zero when it is, nothing
/// when it is not ready. Source: `IsPodAvailable`.
pub(super) fn until_available(pod: &Pod, min_ready: Duration, now: Time) -> Option<Duration> {
    until_ready_for((pod.is_ready(), pod.ready_since()), min_ready, now)
}

/// The same of whatever is ready or not, and since when.
pub(super) fn until_ready_for(
    (is_ready, since): (bool, Option<Time>),
    min_ready: Duration,
    now: Time,
) -> Option<Duration> {
    if !is_ready {
        return None;
    }
    if min_ready.is_zero() {
        return Some(Duration::ZERO);
    }
    // Kubernetes wants the moment to have passed; a nanosecond after it is soon enough.
    let available = since? + min_ready + Duration::from_nanos(1);
    Some(available.since(now))
}

/// `minReadySeconds` as a span.
pub(super) fn min_ready(seconds: Option<i32>) -> Duration {
    Duration::from_secs(u64::try_from(seconds.unwrap_or(0)).unwrap_or(0))
}
