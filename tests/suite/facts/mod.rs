//! What must be true to Kubernetes, row by row, over whole worlds: each test carries the row's name.

mod api_deletion;
mod api_server;
mod autoscaler;
mod changing;
mod claims;
mod cron_job;
mod deletion;
mod deployment;
mod growing;
mod job;
mod job_policies;
mod jobs;
mod kubelet;
mod nodes;
mod orphans;
mod pod_end;
mod pod_life;
mod pod_start;
mod pod_status;
mod pods_of;
mod quota;
mod reading;
mod services;
mod zones;

use std::sync::Arc;
use std::time::Duration;

use glassplane::api::{Kind, Object};
use glassplane::apiserver::Note;
use glassplane::cluster::{Cluster, ClusterConfig, Detail};
use glassplane::sim::Time;
use glassplane::store::Change;

use crate::worlds::command;

/// A world of so many nodes into which manifests are applied, before the first step.
pub(crate) fn world(nodes: usize, manifests: &str) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(1, nodes));
    cluster.submit(command("apply -f file.yaml", manifests));
    cluster
}

/// Lets so many seconds pass.
pub(crate) fn wait(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(Duration::from_secs(seconds), |_| false);
}

/// Types a line.
pub(crate) fn kubectl(cluster: &mut Cluster, line: &str) {
    cluster.submit(command(line, ""));
}

/// The writes of a kind, with their moments, as `-o watch` prints them.
pub(crate) fn writes(cluster: &Cluster, kind: Kind) -> impl Iterator<Item = (Time, &Arc<Change>)> {
    cluster
        .trace()
        .iter()
        .filter_map(move |record| match &record.detail {
            Detail::Api(Note::Committed { change, .. }) if change.key.kind == kind => {
                Some((record.time, change))
            }
            _ => None,
        })
}

/// The events about objects of a kind since the start was over, in the order of their first writes:
/// the second, reason and message.
pub(crate) fn events(cluster: &Cluster, about: Kind) -> Vec<(u64, String, String)> {
    let born = cluster.born();
    let news = writes(cluster, Kind::Event).filter(|(_, change)| {
        let before = change.previous.as_ref();
        change.revision > born && before.is_none_or(|before| before.revision() <= born)
    });
    news.filter_map(|(at, change)| match &change.object {
        Object::Event(event) => {
            let kind = event.spec.involved_object.kind.as_deref();
            (kind == Some(about.info().name)).then(|| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                (
                    at.as_secs(),
                    text(&event.spec.reason),
                    text(&event.spec.message),
                )
            })
        }
        _ => None,
    })
    .collect()
}
