//! Who a pod of a StatefulSet is: its ordinal, its name, its claims.

use super::super::pod_template::PodMould;
use super::super::revision_history::{REVISION_LABEL, Revision};
use crate::api::owners::Provenance;
use crate::api::{
    Key, Kind, Object, ObjectMeta, PersistentVolumeClaim, Pod, StatefulSet, Typed, core, meta,
};

/// The label of a pod with its own name. Source: `StatefulSetPodNameLabel`.
const NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label of a pod with its ordinal. Source: `PodIndexLabel`.
const INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The number at the end of a pod's name, if the rest is the name of the set.
pub(super) fn ordinal(set: &str, pod: &str) -> Option<i32> {
    let number = pod.strip_prefix(set)?.strip_prefix('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

/// The first ordinal.
pub(super) fn start(set: &StatefulSet) -> i32 {
    let ordinals = set.spec.ordinals.as_ref();
    ordinals.and_then(|ordinals| ordinals.start).unwrap_or(0)
}

/// All wanted ordinals.
pub(super) fn ordinals(set: &StatefulSet) -> std::ops::Range<i32> {
    let start = start(set);
    start..start.saturating_add(set.spec.replicas.unwrap_or(1))
}

/// The revision that a pod was made from.
pub(super) fn revision_of(pod: &Pod) -> &str {
    let labels = pod.metadata.labels.as_ref();
    labels
        .and_then(|labels| labels.get(REVISION_LABEL))
        .map_or("", String::as_str)
}

fn claim_name(template: &PersistentVolumeClaim, pod: &str) -> String {
    format!("{}-{pod}", template.name())
}

fn claim_templates(set: &StatefulSet) -> Vec<PersistentVolumeClaim> {
    let templates = set.spec.volume_claim_templates.iter().flatten();
    templates
        .map(|template| PersistentVolumeClaim {
            provenance: Provenance::default(),
            metadata: template.metadata.clone().into(),
            spec: template.spec.clone().unwrap_or_default().into(),
            status: core::PersistentVolumeClaimStatus::default().into(),
        })
        .collect()
}

/// The claims of a pod, as they are to be created. Source: `getPersistentVolumeClaims`.
pub(super) fn claims(set: &StatefulSet, pod: &str) -> Vec<(Key, Object)> {
    claim_templates(set)
        .into_iter()
        .map(|template| {
            let name = claim_name(&template, pod);
            let mut labels = template.metadata.labels.clone().unwrap_or_default();
            labels.extend(set.spec.selector.match_labels.clone().unwrap_or_default());
            let metadata = ObjectMeta {
                name: Some(name.clone()),
                namespace: set.metadata.namespace.clone(),
                labels: Some(labels),
                annotations: template.metadata.annotations.clone(),
                ..ObjectMeta::default()
            };
            let key = Key::new(Kind::PersistentVolumeClaim, set.namespace(), &name);
            let claim = PersistentVolumeClaim {
                provenance: Provenance::default(),
                metadata: metadata.into(),
                ..template
            };
            (key, claim.into_object())
        })
        .collect()
}

/// The pod of an ordinal, made from a revision. Source: `newStatefulSetPod`.
pub(super) fn pod(set: &StatefulSet, revision: &Revision, ordinal: i32) -> Pod {
    let owner = set.clone().into_object();
    let name = format!("{}-{ordinal}", set.name());
    let mut pod = PodMould::new(&owner, &revision.template).named(&name);
    label(&mut pod, ordinal);
    let labels = pod.metadata_mut().labels.get_or_insert_default();
    labels.insert(REVISION_LABEL.to_owned(), revision.name.clone());
    let spec = pod.spec_mut().shared_mut();
    spec.hostname = Some(name.clone());
    spec.subdomain.clone_from(&set.spec.service_name);
    let volumes = claim_templates(set)
        .into_iter()
        .map(|template| core::Volume {
            name: template.name().to_owned(),
            persistent_volume_claim: Some(core::PersistentVolumeClaimVolumeSource {
                claim_name: claim_name(&template, &name),
                read_only: None,
            }),
            ..core::Volume::default()
        });
    let mut volumes: Vec<core::Volume> = volumes.collect();
    let others = spec.volumes.take().unwrap_or_default();
    let replaced: Vec<String> = volumes.iter().map(|volume| volume.name.clone()).collect();
    volumes.extend(
        others
            .into_iter()
            .filter(|other| !replaced.contains(&other.name)),
    );
    spec.volumes = (!volumes.is_empty()).then_some(volumes);
    pod
}

/// Whether a pod carries its own name. Source: `identityMatches`.
pub(super) fn is_labelled(pod: &Pod) -> bool {
    meta::labels(&pod.metadata)
        .get(NAME_LABEL)
        .map(String::as_str)
        == Some(pod.name())
}

/// Labels a pod with its name and ordinal. Source: `updateIdentity`.
pub(super) fn label(pod: &mut Pod, ordinal: i32) {
    let name = pod.name().to_owned();
    let labels = pod.metadata_mut().labels.get_or_insert_default();
    labels.insert(NAME_LABEL.to_owned(), name);
    labels.insert(INDEX_LABEL.to_owned(), ordinal.to_string());
}
