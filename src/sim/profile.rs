//! Timing constants of one Kubernetes version, and the delays of the pretend hardware below it.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// The profile that ships with the program.
const KUBERNETES_1_34: &str = include_str!("../../assets/profiles/kubernetes-1.34.yaml");

/// The shortest and the longest that something may take; written `2ms..6ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

/// Constants that decide when things happen. Each is explained beside its value in
/// `assets/profiles/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The Kubernetes version whose defaults these are.
    pub kubernetes: String,
    /// Delays between the components.
    pub network: Network,
    /// How long the store keeps what is not kept for ever.
    pub store: Store,
    /// What every controller's loop keeps to.
    pub controllers: Controllers,
    /// The horizontal pod autoscaler.
    pub autoscaler: Autoscaler,
    /// What pods and nodes use, and how it is measured.
    pub metrics: Metrics,
    /// When a silent node is noticed and what follows.
    pub nodes: Nodes,
    /// The scheduler's queues.
    pub scheduler: Scheduler,
    /// The kubelet and the pretend container runtime under it.
    pub kubelet: Kubelet,
    /// The tables of endpoints on the nodes.
    pub kube_proxy: KubeProxy,
}

/// The tables of endpoints on the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubeProxy {
    /// At least so long between two writes of the tables.
    #[serde(deserialize_with = "duration")]
    pub min_sync: Duration,
    /// How long a write takes.
    #[serde(deserialize_with = "range")]
    pub sync: Range,
}

/// Delays between the components.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// From the client to the API server.
    #[serde(deserialize_with = "range")]
    pub request: Range,
    /// From the API server back to the client.
    #[serde(deserialize_with = "range")]
    pub response: Range,
    /// From a commit to an informer, drawn for each informer.
    #[serde(deserialize_with = "range")]
    pub watch: Range,
    /// From a broken watch to its next attempt.
    #[serde(deserialize_with = "range")]
    pub rewatch: Range,
}

/// How long the store keeps what is not kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How long an event stays after it was last written.
    #[serde(deserialize_with = "duration")]
    pub event_ttl: Duration,
    /// How often the store looks for events whose time is up.
    #[serde(deserialize_with = "duration")]
    pub lease_sweep: Duration,
    /// How often old revisions are forgotten.
    #[serde(deserialize_with = "duration")]
    pub compaction: Duration,
}

/// What every controller's loop keeps to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controllers {
    /// From a key in the queue to a worker that takes it.
    #[serde(deserialize_with = "range")]
    pub pick_up: Range,
    /// How many keys one controller works on at the same time.
    pub workers: usize,
    /// The first wait of a key whose reconcile failed; doubles each time.
    #[serde(deserialize_with = "duration")]
    pub backoff_first: Duration,
    /// The longest such wait.
    #[serde(deserialize_with = "duration")]
    pub backoff_most: Duration,
    /// How long a controller waits to see its own write before it plans without.
    #[serde(deserialize_with = "duration")]
    pub expectations: Duration,
    /// How often the garbage collector and others look at everything again.
    #[serde(deserialize_with = "duration")]
    pub resync: Duration,
    /// How often what each quota limits is counted again.
    #[serde(deserialize_with = "duration")]
    pub quota_sync: Duration,
}

/// The horizontal pod autoscaler.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoscaler {
    /// How often each autoscaler is looked at.
    #[serde(deserialize_with = "duration")]
    pub sync: Duration,
    /// How far usage may be from its target, in per cent of the target, before anything is done.
    pub tolerance_per_cent: u32,
    /// How long a higher recommendation holds back a lower one.
    #[serde(deserialize_with = "duration")]
    pub downscale_window: Duration,
    /// How long after its start a pod's cpu counts only while the pod is ready.
    #[serde(deserialize_with = "duration")]
    pub cpu_initialization: Duration,
    /// A pod that turned unready this soon after its start has not been ready yet.
    #[serde(deserialize_with = "duration")]
    pub initial_readiness: Duration,
}

/// What pods and nodes use, and how it is measured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// How often metrics-server scrapes the kubelets.
    #[serde(deserialize_with = "duration")]
    pub resolution: Duration,
    /// The age at which a container that was not there at the scrape before is measured already.
    #[serde(deserialize_with = "duration")]
    pub fresh_container: Duration,
}

/// When a silent node is noticed and what follows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nodes {
    /// How long a lease is valid.
    #[serde(deserialize_with = "duration")]
    pub lease_duration: Duration,
    /// How often a kubelet renews it.
    #[serde(deserialize_with = "duration")]
    pub lease_renew: Duration,
    /// How often the node-lifecycle controller looks.
    #[serde(deserialize_with = "duration")]
    pub monitor_period: Duration,
    /// How long a node may be silent before it is Unknown.
    #[serde(deserialize_with = "duration")]
    pub monitor_grace: Duration,
    /// What admission gives each pod for `not-ready` and `unreachable`.
    #[serde(deserialize_with = "duration")]
    pub default_toleration: Duration,
    /// How often an unchanged node status is written.
    #[serde(deserialize_with = "duration")]
    pub status_report: Duration,
}

/// The scheduler's queues.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduler {
    /// From a pod in the active queue to the cycle that takes it.
    #[serde(deserialize_with = "range")]
    pub pick_up: Range,
    /// How long filtering takes, and scoring again as long.
    #[serde(deserialize_with = "range")]
    pub phase: Range,
    /// The first wait of a pod that did not fit; doubles each time.
    #[serde(deserialize_with = "duration")]
    pub backoff_first: Duration,
    /// The longest such wait.
    #[serde(deserialize_with = "duration")]
    pub backoff_most: Duration,
    /// After which an unschedulable pod is tried again without a reason.
    #[serde(deserialize_with = "duration")]
    pub unschedulable_flush: Duration,
}

/// The kubelet and the pretend container runtime under it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubelet {
    /// From a watch event to the pod worker that acts on it.
    #[serde(deserialize_with = "range")]
    pub notice: Range,
    /// Making the sandbox: namespaces, network.
    #[serde(deserialize_with = "range")]
    pub sandbox: Range,
    /// Creating one container.
    #[serde(deserialize_with = "range")]
    pub create: Range,
    /// Starting one container.
    #[serde(deserialize_with = "range")]
    pub start: Range,
    /// What a pull takes beside the bytes: names, manifests, unpacking.
    #[serde(deserialize_with = "range")]
    pub pull_overhead: Range,
    /// How many bytes a second the registry gives one node.
    pub registry_bytes_per_second: u64,
    /// How long a well-behaved process takes to end after SIGTERM.
    #[serde(deserialize_with = "range")]
    pub exit: Range,
    /// The first wait before a failed pull or a crashed container is tried again; doubles.
    #[serde(deserialize_with = "duration")]
    pub backoff_first: Duration,
    /// The longest such wait.
    #[serde(deserialize_with = "duration")]
    pub backoff_most: Duration,
    /// A container that ran this long starts again without waiting.
    #[serde(deserialize_with = "duration")]
    pub backoff_reset: Duration,
}

impl Profile {
    /// The constants of the version that the program shows.
    ///
    /// # Panics
    /// When the embedded profile does not parse, which a test rules out.
    #[must_use]
    pub fn kubernetes_1_34() -> Self {
        serde_yaml::from_str(KUBERNETES_1_34).expect("the embedded profile parses; a test reads it")
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

fn range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Range, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (least, most) = text.split_once("..").unwrap_or((&text, &text));
    let parse = |part: &str| parse_duration(part).map_err(serde::de::Error::custom);
    let range = Range {
        least: parse(least)?,
        most: parse(most)?,
    };
    if range.least > range.most {
        return Err(serde::de::Error::custom(format!(
            "the range {text} ends before it begins"
        )));
    }
    Ok(range)
}

/// Reads `10s`, `1m30s`, `250ms` or `2h`.
///
/// # Errors
/// Says what a duration looks like when the text is none, or is below zero.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no duration; write 250ms, 40s, 5m or 1h30m");
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_profile_holds_the_documented_constants() {
        let profile = Profile::kubernetes_1_34();
        let seconds = |duration: Duration| duration.as_secs();
        assert_eq!(profile.kubernetes, "1.34");
        assert_eq!(seconds(profile.nodes.lease_duration), 40);
        assert_eq!(seconds(profile.nodes.lease_renew), 10);
        assert_eq!(seconds(profile.nodes.monitor_period), 5);
        assert_eq!(seconds(profile.nodes.monitor_grace), 50);
        assert_eq!(seconds(profile.nodes.default_toleration), 300);
        assert_eq!(seconds(profile.kubelet.backoff_first), 10);
        assert_eq!(seconds(profile.kubelet.backoff_most), 300);
        assert_eq!(seconds(profile.scheduler.backoff_first), 1);
        assert_eq!(seconds(profile.scheduler.backoff_most), 10);
        assert_eq!(seconds(profile.scheduler.unschedulable_flush), 300);
    }

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in [
            ("250ms", 250),
            ("40s", 40_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("0", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in ["", "40", "-3s", "soon", "3 parsecs"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
