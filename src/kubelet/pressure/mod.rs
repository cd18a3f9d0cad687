//! A machine that runs out of memory or of room on its disk: its conditions, whom the kubelet evicts.
//!
//! Source: `pkg/kubelet/eviction`. The thresholds are the hard ones that a kubelet has without flags;
//! there is none for processes by default, so `PIDPressure` never comes true.

mod limits;
mod scarce;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use scarce::Scarce;

use super::agent::{Agent, Hands};
use super::alarm::KubeletAlarm;
use super::note::{Happening, Note};
use super::usage::{self, PodUsage};
use super::worker::{Failure, FailureKind, Turn, Worker};
use crate::api::{Pod, core, qos_class, taint};
use crate::client::EventType;
use crate::sim::{RecordId, Time};

/// How long a condition stays after the last shortage.
/// Source: `evictionPressureTransitionPeriod`.
const TRANSITION: Duration = Duration::from_mins(5);

/// What an evicted pod has to end in. Source: `immediateEvictionGracePeriodSeconds`.
const GRACE: Duration = Duration::from_secs(1);

/// How often the kubelet looks whether evicted pods are gone, before it looks again for what is
/// short. Source: `podCleanupPollFreq`.
const CLEAN_UP: Duration = Duration::from_secs(1);

/// How long it waits for that at most. Source: `podCleanupTimeout`.
const CLEAN_UP_MOST: Duration = Duration::from_secs(30);

/// From this priority on a pod is critical. Source: `scheduling.SystemCriticalPriority`.
const CRITICAL: i32 = 2_000_000_000;

/// What a kubelet knows of shortages.
#[derive(Clone, Debug, Default)]
pub(super) struct Pressure {
    /// When each was last short, until the node no longer says so.
    last_short: BTreeMap<Scarce, Time>,
    /// The pods that were evicted last, until they are gone, and since when.
    evicting: Option<(Vec<Arc<str>>, Time)>,
}

impl Pressure {
    /// What the node says is short, memory first.
    pub(super) fn told(&self) -> Vec<Scarce> {
        self.last_short.keys().copied().collect()
    }
}

impl Agent {
    /// Looks for what is short, as every ten seconds: says so, and evicts one pod.
    ///
    /// Unlike Kubernetes: the clock of the lease does it, and the kernel's own notice of a shortage
    /// of memory is left out; images and containers share the one disk of the machine.
    pub(super) fn relieve(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        if self.pressure.evicting.is_some() {
            return;
        }
        let (now, pods) = (hands.now, self.pod_usages(hands.now));
        let short = self.short(&pods);
        let before = self.pressure.told();
        for (what, _) in &short {
            self.pressure.last_short.insert(*what, now);
        }
        self.pressure
            .last_short
            .retain(|_, last| now.since(*last) < TRANSITION);
        if self.pressure.told() != before {
            self.is_node_checked = false;
        }
        let above = limits::above(&pods, |uid| self.workers.get(uid).map(|each| &each.pod));
        if !above.is_empty() {
            self.evict(above, None, cause, hands);
            return;
        }
        let Some((what, available)) = short.first().copied() else {
            return;
        };
        let record = hands.note(cause, Note::Short(self.node_key(), what, available));
        let message = format!("Attempting to reclaim {}", what.resource());
        let said = (EventType::Warning, "EvictionThresholdMet", message);
        self.say_of_node(said, record, hands);
        if what == Scarce::Disk {
            self.remove_images(record, hands);
            let short = self.short(&pods);
            if !short.iter().any(|(still, _)| *still == what) {
                return;
            }
        }
        let available = self.available(what, &pods);
        self.evict_one(&pods, (what, available), record, hands);
    }

    /// What is short now, and how many bytes of it are free: memory first.
    /// Source: `byEvictionPriority`.
    fn short(&self, pods: &[PodUsage]) -> Vec<(Scarce, i64)> {
        let all = Scarce::ALL.into_iter();
        all.map(|what| (what, self.available(what, pods)))
            .filter(|(what, available)| *available < what.threshold(&self.machine))
            .collect()
    }

    fn available(&self, what: Scarce, pods: &[PodUsage]) -> i64 {
        let used = match what {
            Scarce::Memory => usage::memory(pods),
            Scarce::Disk => self.disk_used(pods),
        };
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        (what.capacity(&self.machine) - used).max(0)
    }

    fn pod_usages(&self, now: Time) -> Vec<PodUsage> {
        let workers = self.workers.values().filter(|worker| worker.takes_room());
        workers.map(|worker| usage::of_pod(worker, now)).collect()
    }

    /// What the disk holds, in bytes.
    pub(super) fn disk_used(&self, pods: &[PodUsage]) -> u64 {
        let images: u64 = self.images.iter().map(|image| image.bytes).sum();
        usage::disk(pods) + images + self.other_files
    }

    /// The same as it is now.
    pub(super) fn disk_used_now(&self, now: Time) -> u64 {
        self.disk_used(&self.pod_usages(now))
    }

    fn evict_one(
        &mut self,
        pods: &[PodUsage],
        (what, available): (Scarce, i64),
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let runs = pods.iter().filter(|usage| !usage.containers.is_empty());
        let candidates = runs.filter_map(|usage| Some((usage, &self.workers.get(&usage.uid)?.pod)));
        let candidates = candidates.filter(|(_, pod)| !is_critical(pod) && !pod.is_terminating());
        let first = candidates.min_by_key(|(usage, pod)| what.rank(usage, pod));
        let Some((usage, pod)) = first else {
            return;
        };
        let message = what.message(&self.machine, (usage, pod), available);
        let evicted = vec![(Arc::clone(&usage.uid), message)];
        self.evict(evicted, Some(what), cause, hands);
    }

    /// Evicts pods, and waits until they are gone.
    fn evict(
        &mut self,
        pods: Vec<(Arc<str>, String)>,
        short: Option<Scarce>,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) {
        let uids = pods.iter().map(|(uid, _)| Arc::clone(uid)).collect();
        self.pressure.evicting = Some((uids, hands.now));
        hands.wake(CLEAN_UP, cause, KubeletAlarm::Evicted);
        for (uid, message) in pods {
            self.turn(&uid, cause, hands, |worker, turn| {
                worker.evict(message, short, turn);
            });
        }
    }

    /// Looks whether the pods that were evicted are gone; then it looks at once for what is short.
    pub(super) fn await_eviction(&mut self, hands: &mut Hands<'_>) {
        let Some((uids, since)) = &self.pressure.evicting else {
            return;
        };
        let workers = uids.iter().filter_map(|uid| self.workers.get(uid));
        let are_gone = workers.into_iter().all(|worker| !worker.takes_room());
        if are_gone || hands.now.since(*since) >= CLEAN_UP_MOST {
            self.pressure.evicting = None;
            self.relieve(hands.cause, hands);
        } else {
            hands.wake(CLEAN_UP, hands.cause, KubeletAlarm::Evicted);
        }
    }
}

/// Why a node under pressure does not take a pod: none when its disk is short, and when only memory
/// is short none without any request. Source: `Admit` of `pkg/kubelet/eviction/eviction_manager.go`.
pub(super) fn refuses(pod: &Pod, told: &[Scarce]) -> Option<String> {
    if told.is_empty() || is_critical(pod) {
        return None;
    }
    let spared = qos_class(&pod.spec) != "BestEffort" || tolerates(pod, Scarce::Memory.taint());
    if told == [Scarce::Memory] && spared {
        return None;
    }
    let conditions: Vec<&str> = told.iter().map(|what| what.condition()).collect();
    Some(format!(
        "The node had condition: [{}]. ",
        conditions.join(" ")
    ))
}

fn tolerates(pod: &Pod, key: &str) -> bool {
    let tolerations = pod.spec.tolerations.as_deref().unwrap_or_default();
    let short = [core::Taint {
        key: key.to_owned(),
        effect: "NoSchedule".to_owned(),
        ..core::Taint::default()
    }];
    taint::first_untolerated(&short, tolerations, &["NoSchedule"]).is_none()
}

fn is_critical(pod: &Pod) -> bool {
    pod.spec
        .priority
        .is_some_and(|priority| priority >= CRITICAL)
}

impl Worker {
    /// Ends the pod because the node needs what it uses, or because it uses more than it may.
    fn evict(&mut self, message: String, short: Option<Scarce>, turn: &mut Turn<'_>) {
        turn.say(Happening::Evicted(short), None);
        turn.event(EventType::Warning, "Evicted", message.clone(), None);
        self.failure = Some(Failure {
            reason: "Evicted",
            message,
            kind: match short {
                Some(_) => FailureKind::Pressure,
                None => FailureKind::Limit,
            },
        });
        turn.write();
        self.terminate(GRACE, turn);
    }
}
