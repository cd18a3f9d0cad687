//! metrics-server: scrapes what the kubelets tell of usage, and serves it behind the API server.
//!
//! In a cluster it is an extension API server of its own that asks each kubelet's `/metrics/resource`.
//! It is no client of the store: its clock rings like that of any component, and the world asks the
//! kubelets for it. Source: `kubernetes-sigs/metrics-server`, `pkg/scraper` and `pkg/storage`.

use std::sync::Arc;

use super::command::node_key;
use super::{Cluster, ComponentId, Part, Power};
use crate::api::{Actor, Kind, Metrics, Usage};
use crate::apiserver::{Note, ResourceMetrics};
use crate::client::{Component, Context, Input, Subscription};
use crate::kubelet::{ContainerUsage, Kubelet, PodUsage, Usage as Used};
use crate::sim::{MetricsTimes, Profile, RecordId, Time};

/// metrics-server, as far as it has a clock.
#[derive(Clone, Debug)]
pub struct MetricsServer;

/// Time to scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrapeAlarm;

impl Component for MetricsServer {
    type Note = Note;
    type Alarm = ScrapeAlarm;

    /// It watches no objects.
    fn subscriptions(&self) -> Vec<Subscription> {
        Vec::new()
    }

    /// Sets its clock, at the start and after each scrape.
    fn handle(&mut self, _: Input<ScrapeAlarm>, hands: &mut Context<'_, Note, ScrapeAlarm>) {
        let resolution = hands.profile.metrics.resolution;
        hands.wake_periodic(resolution, hands.cause, ScrapeAlarm);
    }
}

impl Cluster {
    /// metrics-server.
    #[must_use]
    pub fn metrics_server(&self) -> &Part<MetricsServer> {
        &self.metrics_server
    }

    /// How many nodes and how many pods have metrics now; none when nobody serves any.
    #[must_use]
    pub fn measured(&self) -> Option<(usize, usize)> {
        let scraped = self.api.resource_metrics()?;
        let nodes = scraped.keys().filter(|key| key.kind == Kind::Node).count();
        Some((nodes, scraped.keys().count() - nodes))
    }

    /// Asks every kubelet that answers. What does not answer has no metrics from now on.
    ///
    /// Unlike Kubernetes: the processor counts as it is at the moment of the scrape, and not on
    /// average since the scrape before.
    pub(super) fn scrape(&mut self) {
        let (now, profile) = ((self.now, self.next_record()), Arc::clone(&self.profile));
        let mut all = Vec::new();
        let mut nodes = 0;
        for (name, part) in &self.kubelets {
            let is_heard = part.power == Power::On && part.component.is_on();
            if !is_heard || self.is_cut_off(&ComponentId::Kubelet(Arc::clone(name))) {
                continue;
            }
            nodes += 1;
            all.extend(of_node(name, part, now, &profile));
        }
        let pods = all.len() - nodes;
        self.api
            .serve_metrics(Some(ResourceMetrics::from_iter(all)));
        let silent = self.kubelets.len() - nodes;
        let scraped = Note::Scraped {
            nodes,
            silent,
            pods,
        };
        self.record(Actor::MetricsServer, Some(self.usage_since), scraped);
    }
}

fn of_node(
    name: &str,
    part: &Part<Kubelet>,
    (now, record): (Time, RecordId),
    profile: &Profile,
) -> impl Iterator<Item = Metrics> {
    let kubelet = &part.component;
    let node = Metrics {
        key: node_key(name),
        timestamp: now,
        record,
        window: profile.metrics.resolution,
        parts: vec![(Arc::from(""), amounts(kubelet.node_usage(now)))],
    };
    let times = profile.metrics.clone();
    let pods = kubelet
        .usage(now)
        .filter_map(move |pod| of_pod(&pod, (now, record), &times));
    std::iter::once(node).chain(pods)
}

/// The metrics of a pod; none as long as one of its containers is too young to be measured.
fn of_pod(
    pod: &PodUsage,
    (now, record): (Time, RecordId),
    times: &MetricsTimes,
) -> Option<Metrics> {
    let age = |container: &ContainerUsage| now.since(container.since);
    let youngest = pod.containers.iter().map(age).min()?;
    if youngest < times.fresh_container {
        return None;
    }
    let parts = pod.containers.iter();
    let parts = parts.map(|each| (Arc::clone(&each.name), amounts(each.usage)));
    Some(Metrics {
        key: pod.pod.clone(),
        timestamp: now,
        record,
        window: youngest.min(times.resolution),
        parts: parts.collect(),
    })
}

fn amounts(used: Used) -> Usage {
    Usage {
        cpu: used.cpu(),
        memory: used.memory(),
    }
}
