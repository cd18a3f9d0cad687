//! How many pods a budget expects: those that are there, or as many as their controllers want.

use std::collections::BTreeMap;

use super::super::deployment::{Rounding, scaled};
use super::super::wording;
use crate::api::{
    Deployment, IntOrString, Kind, Pod, PodDisruptionBudget, ReplicaSet, StatefulSet, meta,
};
use crate::client::Informers;

/// How many pods are expected, and how many of them have to be healthy.
pub(super) struct Expectation {
    pub(super) expected: i32,
    pub(super) desired: i32,
    /// Whether a pod that no controller is responsible for makes the number of expected ones wrong.
    pub(super) is_unsure: bool,
}

/// Source: `getExpectedPodCount`.
pub(super) fn expectation(
    caches: &Informers,
    budget: &PodDisruptionBudget,
    pods: &[&Pod],
) -> Result<Expectation, String> {
    let spec = &budget.spec;
    let counted = |desired: i32| Expectation {
        expected: wording::replicas(pods.len()),
        desired,
        is_unsure: false,
    };
    let least = match (&spec.max_unavailable, &spec.min_available) {
        (None, None) => return Ok(counted(0)),
        (None, Some(IntOrString::Int(least))) => return Ok(counted(*least)),
        (Some(most), _) => Err(most),
        (None, Some(share)) => Ok(share),
    };
    let expected = expected_scale(caches, pods)?;
    let desired = match least {
        Ok(share) => scaled(share, expected, Rounding::Up),
        Err(most) => (expected - scaled(most, expected, Rounding::Up)).max(0),
    };
    let mut owners = pods.iter().map(|pod| meta::controller_of(&pod.metadata));
    Ok(Expectation {
        expected,
        desired,
        is_unsure: owners.any(|owner| owner.is_none()),
    })
}

/// The sum of the scales of the controllers behind the pods. Source: `getExpectedScale`.
fn expected_scale(caches: &Informers, pods: &[&Pod]) -> Result<i32, String> {
    let mut scales: BTreeMap<String, i32> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = meta::controller_of(&pod.metadata) else {
            continue;
        };
        if scales.contains_key(&owner.uid) {
            continue;
        }
        let (uid, scale) = scale_of(caches, pod.namespace(), (&owner.kind, &owner.name))
            .ok_or_else(|| scaleless(&owner.kind, pod))?;
        scales.insert(uid, scale);
        scales.entry(owner.uid.clone()).or_insert(0);
    }
    Ok(scales.values().sum())
}

/// Why nobody says how many pods there should be.
fn scaleless(owner: &str, pod: &Pod) -> String {
    let kind = Kind::ALL.iter().find(|kind| kind.info().name == owner);
    let has_scale = |kind: &Kind| {
        matches!(
            kind,
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet
        )
    };
    match kind.filter(|kind| !has_scale(kind)) {
        Some(kind) => {
            let resource = kind.info().group_resource();
            format!("{resource} does not implement the scale subresource")
        }
        None => format!("found no controllers for pod \"{}\"", pod.name()),
    }
}

/// The uid and the size of the workload that a ReplicaSet or StatefulSet stands for.
fn scale_of(
    caches: &Informers,
    namespace: &str,
    (kind, name): (&str, &str),
) -> Option<(String, i32)> {
    if kind == "StatefulSet" {
        let set = caches.get::<StatefulSet>(namespace, name)?;
        return Some((set.uid().to_owned(), set.spec.replicas.unwrap_or(1)));
    }
    let set = caches
        .get::<ReplicaSet>(namespace, name)
        .filter(|_| kind == "ReplicaSet")?;
    let above = meta::controller_of(&set.metadata).filter(|owner| owner.kind == "Deployment");
    match above.and_then(|owner| caches.get::<Deployment>(namespace, &owner.name)) {
        Some(above) => Some((above.uid().to_owned(), above.spec.replicas.unwrap_or(1))),
        None => Some((set.uid().to_owned(), set.spec.replicas.unwrap_or(1))),
    }
}
