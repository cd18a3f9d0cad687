//! How many replicas a metric asks for: what is used against what should be used.
//! Source: `pkg/controller/podautoscaler/replica_calculator.go`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::requests::{self, RequestOptions};
use crate::api::{Metrics, Pod, Quantity, core, meta};
use crate::sim::{Profile, Time, counted};

/// What one pod uses of the resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// In thousandths.
    pub(super) millis: i64,
    timestamp: Time,
    window: Duration,
}

/// The samples, by the names of the pods.
pub(super) type Samples = BTreeMap<String, Sample>;

/// What should be used on average.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Per cent of what is requested.
    Utilization(i32),
    /// An amount in thousandths.
    Average(i64),
}

/// What the pods of a workload use of a resource, and what they should use.
pub(super) struct Question<'a> {
    /// The resource.
    pub(super) resource: &'a str,
    /// Only this container of each pod; without, all of them.
    pub(super) container: Option<&'a str>,
    /// How many replicas are wanted now.
    pub(super) replicas: i32,
    /// The goal.
    pub(super) target: Target,
    /// The pods that the selector picks.
    pub(super) pods: &'a [&'a Pod],
    /// Now.
    pub(super) now: Time,
    /// Constants.
    pub(super) profile: &'a Profile,
}

/// What a metric asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Proposal {
    /// So many replicas.
    pub(super) replicas: i32,
    /// What is used, in per cent of what is requested.
    pub(super) utilization: Option<i32>,
    /// What a pod uses on average, in thousandths.
    pub(super) average: i64,
    /// How it was worked out, for the reader.
    pub(super) sum: String,
}

/// The pods as far as their samples count.
struct Groups<'a> {
    ready: usize,
    unready: Vec<&'a str>,
    missing: Vec<&'a str>,
    ignored: Vec<&'a str>,
}

/// How much is used in relation to the goal.
struct Ratio {
    of_target: f64,
    utilization: Option<i32>,
    average: i64,
}

/// The samples of the pods; an error when a container is not among them.
/// Source: `getPodMetrics` and `getContainerMetrics` of `metrics/client.go`.
pub(super) fn samples(
    measured: &[Metrics],
    resource: &str,
    container: Option<&str>,
) -> Result<Samples, String> {
    let mut samples = Samples::new();
    for metrics in measured {
        let amount = match container {
            None => metrics.total().of(resource),
            Some(name) => {
                let part = metrics.parts.iter().find(|(part, _)| **part == *name);
                let (_, usage) = part.ok_or_else(|| {
                    let (namespace, pod) = (&metrics.key.namespace, &metrics.key.name);
                    format!(
                        "failed to get container metrics: container {name} not present in metrics \
                         for pod {namespace}/{pod}"
                    )
                })?;
                usage.of(resource)
            }
        };
        if let Some(amount) = amount.filter(|_| !metrics.parts.is_empty()) {
            let sample = Sample {
                millis: amount.milli_value(),
                timestamp: metrics.timestamp,
                window: metrics.window,
            };
            samples.insert(metrics.key.name.to_string(), sample);
        }
    }
    Ok(samples)
}

impl Question<'_> {
    /// The answer, or why there is none.
    pub(super) fn propose(&self, mut samples: Samples) -> Result<Proposal, String> {
        if self.pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".to_owned());
        }
        let groups = self.group(&samples);
        for name in groups.ignored.iter().chain(&groups.unready) {
            samples.remove(*name);
        }
        if samples.is_empty() {
            let why = "did not receive metrics for targeted pods (pods might be unready)";
            return Err(why.to_owned());
        }
        let requests = self.requests()?;
        let first = self.ratio(&samples, &requests)?;
        let rises_with_unready = !groups.unready.is_empty() && first.of_target > 1.0;
        if !rises_with_unready && groups.missing.is_empty() {
            let replicas = if self.tolerates(first.of_target) {
                self.replicas
            } else {
                round_up(first.of_target, groups.ready)
            };
            return Ok(self.proposal(replicas, &first, first.of_target, groups.ready));
        }
        self.stand_in(
            &mut samples,
            &groups,
            &requests,
            first.of_target,
            rises_with_unready,
        );
        let second = self.ratio(&samples, &requests)?.of_target;
        let turns =
            (first.of_target < 1.0 && second > 1.0) || (first.of_target > 1.0 && second < 1.0);
        let replicas = round_up(second, samples.len());
        let against = (second < 1.0 && replicas > self.replicas)
            || (second > 1.0 && replicas < self.replicas);
        let stays = self.tolerates(second) || turns || against;
        let replicas = if stays { self.replicas } else { replicas };
        Ok(self.proposal(replicas, &first, second, samples.len()))
    }

    /// What is assumed of pods without a sample, always against the change: nothing used on the
    /// way up, all of it on the way down.
    fn stand_in(
        &self,
        samples: &mut Samples,
        groups: &Groups<'_>,
        requests: &BTreeMap<&str, i64>,
        ratio: f64,
        rises_with_unready: bool,
    ) {
        let sample = |millis| Sample {
            millis,
            timestamp: self.now,
            window: Duration::ZERO,
        };
        for name in &groups.missing {
            let assumed = if ratio < 1.0 {
                match self.target {
                    Target::Utilization(target) => {
                        let requested = requests.get(name).copied().unwrap_or(0);
                        requested * i64::from(target.max(100)) / 100
                    }
                    Target::Average(target) => target,
                }
            } else if ratio > 1.0 {
                0
            } else {
                continue;
            };
            samples.insert((*name).to_owned(), sample(assumed));
        }
        if rises_with_unready {
            let idle = groups.unready.iter();
            samples.extend(idle.map(|name| ((*name).to_owned(), sample(0))));
        }
    }

    fn tolerates(&self, ratio: f64) -> bool {
        let tolerance = f64::from(self.profile.autoscaler.tolerance_per_cent) / 100.0;
        (1.0 - tolerance..=1.0 + tolerance).contains(&ratio)
    }

    fn proposal(&self, replicas: i32, first: &Ratio, used: f64, pods: usize) -> Proposal {
        let sum = if self.tolerates(used) {
            let per_cent = self.profile.autoscaler.tolerance_per_cent;
            format!("{used:.2} of the target, within the tolerance of {per_cent} %")
        } else {
            let pods = counted(pods, "pod");
            format!("{used:.2} of the target × {pods} → {replicas}")
        };
        Proposal {
            replicas,
            utilization: first.utilization,
            average: first.average,
            sum,
        }
    }

    /// Source: `GetResourceUtilizationRatio` and `GetMetricUsageRatio` of `metrics/utilization.go`.
    fn ratio(&self, samples: &Samples, requests: &BTreeMap<&str, i64>) -> Result<Ratio, String> {
        let asked: i64 = samples
            .keys()
            .filter_map(|name| requests.get(&**name))
            .sum();
        let counts = |name: &str| match self.target {
            Target::Utilization(_) => requests.contains_key(name),
            Target::Average(_) => true,
        };
        let counted = samples.iter().filter(|(name, _)| counts(name));
        let used: i64 = counted.clone().map(|(_, sample)| sample.millis).sum();
        let pods = i64::try_from(counted.count()).unwrap_or(i64::MAX);
        let average = used.checked_div(pods).unwrap_or(0);
        match self.target {
            Target::Utilization(target) => {
                let utilization = (used * 100)
                    .checked_div(asked)
                    .ok_or("no metrics returned matched known pods")?;
                let utilization = i32::try_from(utilization).unwrap_or(i32::MAX);
                Ok(Ratio {
                    of_target: f64::from(utilization) / f64::from(target),
                    utilization: Some(utilization),
                    average,
                })
            }
            Target::Average(target) => Ok(Ratio {
                of_target: quotient(average, target),
                utilization: None,
                average,
            }),
        }
    }

    /// Source: `groupPods`.
    fn group(&self, samples: &Samples) -> Groups<'_> {
        let mut groups = Groups {
            ready: 0,
            unready: Vec::new(),
            missing: Vec::new(),
            ignored: Vec::new(),
        };
        for pod in self.pods {
            let name = pod.name();
            if pod.is_terminating() || pod.is_finished() {
                groups.ignored.push(name);
            } else if pod.phase() == "Pending" {
                groups.unready.push(name);
            } else if let Some(sample) = samples.get(name) {
                if self.resource == "cpu" && !self.counts(pod, *sample) {
                    groups.unready.push(name);
                } else {
                    groups.ready += 1;
                }
            } else {
                groups.missing.push(name);
            }
        }
        groups
    }

    /// Whether a sample of cpu is that of a pod at work: while a pod starts it uses more than later.
    fn counts(&self, pod: &Pod, sample: Sample) -> bool {
        let started = pod.status.start_time.as_ref().map(meta::moment);
        let (Some(ready), Some(started)) = (pod.condition("Ready"), started) else {
            return false;
        };
        let times = &self.profile.autoscaler;
        let changed = ready.last_transition_time.as_ref().map(meta::moment);
        let changed = changed.unwrap_or(Time::START);
        if started + times.cpu_initialization > self.now {
            ready.status != "False" && sample.timestamp >= changed + sample.window
        } else {
            ready.status != "False" || started + times.initial_readiness <= changed
        }
    }

    /// What each pod requests, in thousandths; nothing when that does not matter.
    /// Source: `calculateRequests`.
    fn requests(&self) -> Result<BTreeMap<&str, i64>, String> {
        if matches!(self.target, Target::Average(_)) {
            return Ok(BTreeMap::new());
        }
        let requests = self.pods.iter().map(|pod| {
            let request = if self.container.is_none() && has_pod_level_requests(pod) {
                self.pod_level_request(pod)
            } else {
                self.container_requests(pod)
            };
            Ok((pod.name(), request?))
        });
        requests.collect()
    }

    fn pod_level_request(&self, pod: &Pod) -> Result<i64, String> {
        let requests = requests::pod_requests(pod, &RequestOptions::of_spec());
        let request = requests.get(self.resource).copied();
        request.map(Quantity::milli_value).ok_or_else(|| {
            let (resource, name) = (self.resource, pod.name());
            format!("missing pod-level request for {resource} in Pod {name}")
        })
    }

    fn container_requests(&self, pod: &Pod) -> Result<i64, String> {
        let sidecars = pod.spec.init_containers.iter().flatten();
        let sidecars = sidecars.filter(|container| requests::is_sidecar(container));
        let mut sum = 0;
        for container in pod.spec.containers.iter().chain(sidecars) {
            let is_meant = self.container.is_none_or(|name| name == container.name);
            if is_meant {
                sum += self.request(container).ok_or_else(|| {
                    let (resource, name) = (self.resource, &container.name);
                    format!(
                        "missing request for {resource} in container {name} of Pod {}",
                        pod.name()
                    )
                })?;
            }
            if self.container.is_some() && is_meant {
                return Ok(sum);
            }
        }
        match self.container {
            None => Ok(sum),
            Some(name) => Err(format!("container {name} not found in Pod {}", pod.name())),
        }
    }

    fn request(&self, container: &core::Container) -> Option<i64> {
        let requests = container.resources.as_ref()?.requests.as_ref();
        let requests = requests::read_list(requests);
        requests
            .get(self.resource)
            .map(|amount| amount.milli_value())
    }
}

fn has_pod_level_requests(pod: &Pod) -> bool {
    !requests::pod_level_requests(&pod.spec).is_empty()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Kubernetes divides these as floats"
)]
fn quotient(used: i64, target: i64) -> f64 {
    used as f64 / target as f64
}

/// So many pods times the ratio, rounded up; what is too much for a number becomes the greatest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the number of pods is small, and the conversion saturates"
)]
fn round_up(ratio: f64, pods: usize) -> i32 {
    (ratio * pods as f64).ceil() as i32
}
