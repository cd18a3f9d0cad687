//! A machine that runs out of memory: its condition, whom the kubelet evicts, and in which words.
//!
//! Source: `pkg/kubelet/eviction`. Only memory is watched, by the one hard threshold that a kubelet
//! has without flags.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use super::agent::{Agent, Hands};
use super::alarm::KubeletAlarm;
use super::note::{Happening, Note};
use super::usage::{self, PodUsage};
use super::worker::{Failure, FailureKind, Turn, Worker};
use crate::api::requests::{self, RequestOptions};
use crate::api::{Pod, Quantity, qos_class, taint};
use crate::client::EventType;
use crate::sim::{RecordId, Time};

/// Below this much free memory the kubelet evicts. Source: `memory.available<100Mi` of
/// `DefaultEvictionHard`.
const THRESHOLD: i64 = 100 << 20;

/// How long the condition stays after the last shortage.
/// Source: `evictionPressureTransitionPeriod`.
const TRANSITION: Duration = Duration::from_mins(5);

/// What an evicted pod has to end in. Source: `immediateEvictionGracePeriodSeconds`.
const GRACE: Duration = Duration::from_secs(1);

/// How often the kubelet looks whether an evicted pod is gone, before it looks at the memory again.
/// Source: `podCleanupPollFreq`.
const CLEAN_UP: Duration = Duration::from_secs(1);

/// How long it waits for that at most. Source: `podCleanupTimeout`.
const CLEAN_UP_MOST: Duration = Duration::from_secs(30);

/// From this priority on a pod is critical. Source: `scheduling.SystemCriticalPriority`.
const CRITICAL: i32 = 2_000_000_000;

/// The taint that a pod must tolerate to come to a node short of memory without requests.
const TAINT: &str = "node.kubernetes.io/memory-pressure";

/// What a kubelet knows of a shortage of memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Pressure {
    /// When memory was last short.
    last_short: Option<Time>,
    /// Whether the node says so.
    pub(super) is_on: bool,
    /// The pod that was evicted last, until it is gone, and since when.
    evicting: Option<(Arc<str>, Time)>,
}

impl Agent {
    /// Looks at the memory, as every ten seconds: says whether it is short, and evicts one pod.
    ///
    /// Unlike Kubernetes: the clock of the lease does it, and the kernel's own notice of a shortage
    /// is left out.
    pub(super) fn check_memory(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        if self.pressure.evicting.is_some() {
            return;
        }
        let (now, pods) = (hands.now, self.pod_usages(hands.now));
        let available = self.machine.memory.value() - used(&pods);
        let is_short = available < THRESHOLD;
        if is_short {
            self.pressure.last_short = Some(now);
        }
        let last = self.pressure.last_short;
        let is_on = last.is_some_and(|last| is_short || now.since(last) < TRANSITION);
        if self.pressure.is_on != is_on {
            self.pressure.is_on = is_on;
            self.is_node_checked = false;
        }
        if !is_short {
            return;
        }
        let record = hands.note(cause, Note::MemoryShort(self.node_key(), available));
        self.say_of_node(
            (
                EventType::Warning,
                "EvictionThresholdMet",
                "Attempting to reclaim memory".to_owned(),
            ),
            record,
            hands,
        );
        self.evict_one(&pods, available, record, hands);
    }

    fn pod_usages(&self, now: Time) -> Vec<PodUsage> {
        let workers = self.workers.values().filter(|worker| worker.takes_room());
        workers.map(|worker| usage::of_pod(worker, now)).collect()
    }

    fn evict_one(
        &mut self,
        pods: &[PodUsage],
        available: i64,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let runs = pods.iter().filter(|usage| !usage.containers.is_empty());
        let candidates = runs.filter_map(|usage| Some((usage, &self.workers.get(&usage.uid)?.pod)));
        let mut ranked: Vec<(&PodUsage, &Pod)> = candidates
            .filter(|(_, pod)| !is_critical(pod) && !pod.is_terminating())
            .collect();
        ranked.sort_by_key(|(usage, pod)| rank(usage, pod));
        let Some((usage, pod)) = ranked.first() else {
            return;
        };
        let (uid, message) = (Arc::clone(&usage.uid), message(usage, pod, available));
        self.pressure.evicting = Some((Arc::clone(&uid), hands.now));
        hands.wake(CLEAN_UP, cause, KubeletAlarm::Evicted);
        self.turn(&uid, cause, hands, |worker, turn| {
            worker.evict(message, turn);
        });
    }

    /// Looks whether the pod that was evicted is gone; then the memory is looked at again at once.
    pub(super) fn await_eviction(&mut self, hands: &mut Hands<'_>) {
        let Some((uid, since)) = &self.pressure.evicting else {
            return;
        };
        let worker = self.workers.get(uid);
        let is_gone = worker.is_none_or(|worker| !worker.takes_room());
        if is_gone || hands.now.since(*since) >= CLEAN_UP_MOST {
            self.pressure.evicting = None;
            self.check_memory(hands.cause, hands);
        } else {
            hands.wake(CLEAN_UP, hands.cause, KubeletAlarm::Evicted);
        }
    }
}

/// Why a node short of memory does not take a pod: those without any request are not let in.
/// Source: `Admit` of `pkg/kubelet/eviction/eviction_manager.go`.
pub(super) fn refuses(pod: &Pod) -> bool {
    let tolerations = pod.spec.tolerations.as_deref().unwrap_or_default();
    let short = [crate::api::core::Taint {
        key: TAINT.to_owned(),
        effect: "NoSchedule".to_owned(),
        ..crate::api::core::Taint::default()
    }];
    let tolerates = taint::first_untolerated(&short, tolerations, &["NoSchedule"]).is_none();
    !is_critical(pod) && qos_class(&pod.spec) == "BestEffort" && !tolerates
}

fn is_critical(pod: &Pod) -> bool {
    pod.spec
        .priority
        .is_some_and(|priority| priority >= CRITICAL)
}

fn used(pods: &[PodUsage]) -> i64 {
    let pods: u64 = pods.iter().map(|pod| pod.total().memory_bytes).sum();
    let sum = pods.saturating_add(usage::SYSTEM.memory_bytes);
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// Who goes first: who uses more than requested, then who has the lowest priority, then who is
/// furthest above its request. Source: `rankMemoryPressure`.
fn rank(usage: &PodUsage, pod: &Pod) -> (bool, i32, Reverse<i64>) {
    let used = i64::try_from(usage.total().memory_bytes).unwrap_or(i64::MAX);
    let requested = requests::pod_requests(pod, &RequestOptions::of_placed());
    let requested = requested.get("memory").map_or(0, |memory| memory.value());
    let above = used.saturating_sub(requested);
    let priority = pod.spec.priority.unwrap_or(0);
    (above <= 0, priority, Reverse(above))
}

/// Source: `evictionMessage` of `pkg/kubelet/eviction/helpers.go`.
fn message(usage: &PodUsage, pod: &Pod, available: i64) -> String {
    let threshold = Quantity::bytes(THRESHOLD);
    let available = Quantity::bytes(available);
    let initial = pod.spec.init_containers.iter().flatten();
    let specs: Vec<_> = pod.spec.containers.iter().chain(initial).collect();
    let larger = usage.containers.iter().filter_map(|container| {
        let spec = specs.iter().find(|spec| *spec.name == *container.name);
        let resources = spec.and_then(|spec| spec.resources.as_ref());
        let requested = requests::read_list(resources.and_then(|each| each.requests.as_ref()));
        let requested = requested.get("memory").copied().unwrap_or(Quantity::ZERO);
        let (name, used) = (&container.name, container.usage.memory());
        let sentence = format!(
            "Container {name} was using {used}, request is {requested}, has larger consumption of \
             memory. "
        );
        (used > requested).then_some(sentence)
    });
    format!(
        "The node was low on resource: memory. Threshold quantity: {threshold}, available: \
         {available}. {}",
        larger.collect::<String>()
    )
}

impl Worker {
    /// Ends the pod because the node needs its memory.
    fn evict(&mut self, message: String, turn: &mut Turn<'_>) {
        turn.say(Happening::Evicted, None);
        turn.event(EventType::Warning, "Evicted", message.clone(), None);
        self.failure = Some(Failure {
            reason: "Evicted",
            message,
            kind: FailureKind::Pressure,
        });
        turn.write();
        self.terminate(GRACE, turn);
    }
}
