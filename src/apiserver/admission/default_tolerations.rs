//! The DefaultTolerationSeconds plugin: a pod waits a while before it leaves a node that is lost.

use crate::api::{Pod, core};
use crate::sim::Profile;

/// The taints of a node that does not answer, or is not well.
const TAINTS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

/// Adds the toleration for each of the two taints that the pod says nothing about.
/// Source: `plugin/pkg/admission/defaulttolerationseconds`.
pub(super) fn admit(pod: &mut Pod, profile: &Profile) {
    let seconds = i64::try_from(profile.nodes.default_toleration.as_secs()).unwrap_or(i64::MAX);
    for taint in TAINTS {
        let tolerations = pod.spec.tolerations.iter().flatten();
        if !tolerations.clone().any(|each| covers(each, taint)) {
            let spec = pod.spec_mut().shared_mut();
            spec.tolerations
                .get_or_insert_default()
                .push(core::Toleration {
                    key: Some(taint.to_owned()),
                    operator: Some("Exists".to_owned()),
                    effect: Some("NoExecute".to_owned()),
                    toleration_seconds: Some(seconds),
                    value: None,
                });
        }
    }
}

/// Whether the pod has said what it does about this taint.
fn covers(toleration: &core::Toleration, taint: &str) -> bool {
    let key = toleration.key.as_deref().unwrap_or_default();
    let effect = toleration.effect.as_deref().unwrap_or_default();
    (key == taint || key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
}
