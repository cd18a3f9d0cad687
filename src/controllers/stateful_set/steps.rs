//! The next steps of a StatefulSet: create upwards, delete downwards, replace from the top; in
//! order, each waits for the one before. Source: `stateful_set_control.go`.

use super::super::controller::{Action, Planned, Said};
use super::super::pod_template::{min_ready, until_available};
use super::super::revision_history::{History, Revision};
use super::identity;
use crate::api::{Object, Pod, StatefulSet, Typed};
use crate::apiserver::{DeleteOptions, Verb};

/// Whether the sync goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Stop,
}

/// What is to be done, as it comes together.
pub(super) struct Steps<'a> {
    planned: &'a Planned<'a>,
    set: &'a StatefulSet,
    history: &'a History,
    owner: Object,
    /// Slot by slot from the first ordinal on.
    replicas: Vec<(i32, Option<&'a Pod>)>,
    /// Pods beyond the wanted ordinals, highest first.
    condemned: Vec<&'a Pod>,
    pub(super) actions: Vec<Action>,
    pub(super) events: Vec<Said>,
    pub(super) waits_for: Option<String>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        planned: &'a Planned<'a>,
        set: &'a StatefulSet,
        history: &'a History,
        pods: &[&'a Pod],
    ) -> Self {
        let start = identity::start(set);
        let end = start.saturating_add(set.spec.replicas.unwrap_or(1));
        let numbered = |pod: &'a Pod| Some((identity::ordinal(set.name(), pod.name())?, pod));
        let mut numbered: Vec<(i32, &Pod)> = pods.iter().copied().filter_map(numbered).collect();
        numbered.sort_by_key(|(ordinal, _)| *ordinal);
        let at = |wanted: i32| {
            let found = numbered.iter().find(|(ordinal, _)| *ordinal == wanted);
            found.map(|(_, pod)| *pod)
        };
        let replicas = (start..end).map(|ordinal| (ordinal, at(ordinal))).collect();
        let condemned = numbered
            .iter()
            .rev()
            .filter(|(ordinal, _)| !(start..end).contains(ordinal))
            .map(|(_, pod)| *pod)
            .collect();
        Self {
            planned,
            set,
            history,
            owner: set.clone().into_object(),
            replicas,
            condemned,
            actions: Vec::new(),
            events: Vec::new(),
            waits_for: None,
        }
    }

    pub(super) fn take(&mut self) {
        for place in 0..self.replicas.len() {
            if self.tend(place) == Flow::Stop {
                return;
            }
        }
        for place in 0..self.condemned.len() {
            if self.condemn(place) == Flow::Stop {
                return;
            }
        }
        self.roll();
    }

    fn is_in_order(&self) -> bool {
        self.set.spec.pod_management_policy.as_deref() != Some("Parallel")
    }

    fn is_available(&self, pod: &Pod) -> bool {
        let least = min_ready(self.set.spec.min_ready_seconds);
        let running = pod.phase() == "Running";
        running && until_available(pod, least, self.planned.now).is_some_and(|wait| wait.is_zero())
    }

    /// Waiting stops an ordered set and no other.
    fn wait(&mut self, pod: &Pod, what: &str) -> Flow {
        if !self.is_in_order() {
            return Flow::On;
        }
        self.waits_for = Some(format!("waits for {} to {what}", pod.name()));
        Flow::Stop
    }

    /// Source: `processReplica`.
    fn tend(&mut self, place: usize) -> Flow {
        let (ordinal, pod) = self.replicas[place];
        let Some(pod) = pod else {
            self.create(ordinal);
            return if self.is_in_order() {
                Flow::Stop
            } else {
                Flow::On
            };
        };
        if pod.is_finished() && !pod.is_terminating() {
            self.replace_finished(pod);
            return Flow::Stop;
        }
        if pod.phase() == "Pending" {
            self.create_claims(pod.name());
        }
        if pod.is_terminating() {
            return self.wait(pod, "end");
        }
        if !self.is_available(pod) {
            return self.wait(pod, "be Running and Ready");
        }
        Flow::On
    }

    fn replace_finished(&mut self, pod: &Pod) {
        let (namespace, set) = (self.set.namespace(), self.set.name());
        let name = pod.name();
        let event = if pod.phase() == "Failed" {
            let message = format!("StatefulSet {namespace}/{set} is recreating failed Pod {name}");
            Said::warning(&self.owner, "RecreatingFailedPod", message)
        } else {
            let message =
                format!("StatefulSet {namespace}/{set} is recreating terminated Pod {name}");
            Said::normal(&self.owner, "RecreatingTerminatedPod", message)
        };
        self.events.push(event);
        self.delete(pod, "it has ended, and another one takes its place");
    }

    /// The revision for a new pod: below the partition, or while the first rollout of a new one has
    /// not come so far, the current one. Source: `newVersionedStatefulSetPod`.
    fn revision_for(&self, ordinal: i32) -> &Revision {
        let update = &self.history.update;
        let strategy = self.set.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return update;
        }
        let start = identity::start(self.set);
        let below = match strategy.and_then(|strategy| strategy.rolling_update.as_ref()) {
            Some(rolling) => start + rolling.partition.unwrap_or(0),
            None => start + self.set.status.current_replicas.unwrap_or(0),
        };
        let current = self.set.status.current_revision.as_deref();
        let current = current.and_then(|name| self.history.named(name));
        current.filter(|_| ordinal < below).unwrap_or(update)
    }

    fn create(&mut self, ordinal: i32) {
        let pod = identity::pod(self.set, self.revision_for(ordinal), ordinal);
        let name = pod.name().to_owned();
        let set = self.set.name();
        self.create_claims(&name);
        let done = format!("create Pod {name} in StatefulSet {set} successful");
        let failed = format!("create Pod {name} in StatefulSet {set} failed error: {{refusal}}");
        let pod = pod.into_object();
        let why = format!("creates {name}: its turn has come");
        let create = Action::new(pod.key(), Verb::Create(pod), why)
            .saying(Said::normal(&self.owner, "SuccessfulCreate", done))
            .warning(Said::warning(&self.owner, "FailedCreate", failed));
        self.actions.push(create);
    }

    fn create_claims(&mut self, pod: &str) {
        let set = self.set.name();
        for (key, claim) in identity::claims(self.set, pod) {
            if self.planned.caches.object(&key).is_some() {
                continue;
            }
            let name = &key.name;
            let done = format!("create Claim {name} Pod {pod} in StatefulSet {set} success");
            let failed = format!(
                "create Claim {name} Pod {pod} in StatefulSet {set} failed error: {{refusal}}"
            );
            let why = format!("creates the claim {name} of {pod}");
            let create = Action::new(key.clone(), Verb::Create(claim), why)
                .saying(Said::normal(&self.owner, "SuccessfulCreate", done))
                .warning(Said::warning(&self.owner, "FailedCreate", failed));
            self.actions.push(create);
        }
    }

    fn delete(&mut self, pod: &Pod, why: &str) {
        let name = pod.name();
        let set = self.set.name();
        let done = format!("delete Pod {name} in StatefulSet {set} successful");
        let failed = format!("delete Pod {name} in StatefulSet {set} failed error: {{refusal}}");
        let key = pod.clone().into_object().key();
        let why = format!("deletes {name}: {why}");
        let delete = Action::new(key, Verb::Delete(DeleteOptions::default()), why)
            .saying(Said::normal(&self.owner, "SuccessfulDelete", done))
            .warning(Said::warning(&self.owner, "FailedDelete", failed));
        self.actions.push(delete);
    }

    /// Source: `processCondemned`.
    fn condemn(&mut self, place: usize) -> Flow {
        let pod = self.condemned[place];
        if pod.is_terminating() {
            return self.wait(pod, "end");
        }
        if !self.is_available(pod) && !self.is_first_unhealthy(pod) {
            return self.wait(pod, "be Running and Ready");
        }
        self.delete(pod, "there are too many");
        if self.is_in_order() {
            Flow::Stop
        } else {
            Flow::On
        }
    }

    fn is_first_unhealthy(&self, pod: &Pod) -> bool {
        let replicas = self.replicas.iter().filter_map(|(_, pod)| *pod);
        let condemned = self.condemned.iter().rev().copied();
        let is_healthy =
            |pod: &&Pod| pod.is_ready() && pod.phase() == "Running" && !pod.is_terminating();
        let first = replicas.chain(condemned).find(|pod| !is_healthy(pod));
        first.is_some_and(|first| first.name() == pod.name())
    }

    /// From the highest ordinal down to the partition, one pod at a time is replaced, and the next
    /// one waits until it is back. Source: `updateStatefulSetAfterInvariantEstablished`.
    fn roll(&mut self) {
        let strategy = self.set.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return;
        }
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let partition = rolling.and_then(|rolling| rolling.partition).unwrap_or(0);
        let partition = super::wording::size(partition);
        let targets = self.replicas.iter().skip(partition).rev();
        let targets: Vec<&Pod> = targets.filter_map(|(_, pod)| *pod).collect();
        for pod in targets {
            let is_old = identity::revision_of(pod) != self.history.update.name;
            if is_old && !pod.is_terminating() {
                self.delete(pod, "it was made from another revision");
                return;
            }
            if !self.is_available(pod) || pod.is_terminating() {
                self.waits_for = Some(format!("waits for {} to be Running and Ready", pod.name()));
                return;
            }
        }
    }
}
