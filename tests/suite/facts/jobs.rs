//! A Job for the facts about Jobs, and when its pods came and ended.

use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::cluster::Cluster;

use super::writes;

/// A Job whose pods run for two seconds and end with this code.
pub(crate) fn job(code: i32, spec: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: sum}}
spec:
  {spec}
  template:
    metadata: {{annotations: {{glassplane.io/exits-after: 2s, glassplane.io/exit-code: '{code}'}}}}
    spec: {{restartPolicy: Never, containers: [{{name: sum, image: 'sum:1'}}]}}
"
    )
}

/// The seconds at which pods were created.
pub(crate) fn births(cluster: &Cluster) -> Vec<u64> {
    let born = writes(cluster, Kind::Pod).filter(|(_, change)| change.previous.is_none());
    born.map(|(at, _)| at.as_secs()).collect()
}

/// The seconds at which pods ended, as their phase tells.
pub(crate) fn ends(cluster: &Cluster) -> Vec<u64> {
    let is_done = |object: &Object| Pod::of(object).is_some_and(Pod::is_finished);
    let ended = writes(cluster, Kind::Pod).filter(|(_, change)| {
        is_done(&change.object) && !change.previous.as_ref().is_some_and(is_done)
    });
    ended.map(|(at, _)| at.as_secs()).collect()
}
