//! The next steps of a StatefulSet: create upwards, delete downwards, replace from the top; in
//! order, each waits for the one before. Source: `stateful_set_control.go`.

use std::time::Duration;

use super::super::controller::{Action, LookAgain, Planned, Said};
use super::super::pod_template::{min_ready, until_available};
use super::super::revision_history::{History, Revision};
use super::identity;
use super::retention::{self, Obstacle};
use crate::api::{Object, Pod, StatefulSet, Typed};
use crate::apiserver::{DeleteOptions, Verb};

/// Whether the sync goes on after a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    /// Not in a set that goes in order.
    Wait,
    /// In none.
    Stop,
}

/// What is done to a pod, as events tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Create,
    Update,
    Delete,
}

impl Deed {
    /// The verb, and the reasons of its success and its failure.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Create => ("create", "SuccessfulCreate", "FailedCreate"),
            Self::Update => ("update", "SuccessfulUpdate", "FailedUpdate"),
            Self::Delete => ("delete", "SuccessfulDelete", "FailedDelete"),
        }
    }
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
    /// The pods that go for the sake of another revision.
    pub(super) replaced: Vec<&'a Pod>,
    /// When to try again what something stood in the way of.
    pub(super) look_again: Option<LookAgain>,
}

/// The first wait before something is tried again; doubles. Source: `DefaultControllerRateLimiter`.
const RETRY_FIRST: Duration = Duration::from_millis(5);
/// The longest one.
const RETRY_MOST: Duration = Duration::from_secs(1_000);
/// From here on a world that only waits for this has nothing to do.
const RETRY_IN_SIGHT: Duration = Duration::from_secs(1);

impl<'a> Steps<'a> {
    pub(super) fn new(
        planned: &'a Planned<'a>,
        set: &'a StatefulSet,
        history: &'a History,
        pods: &[&'a Pod],
    ) -> Self {
        let ordinals = identity::ordinals(set);
        let numbered = |pod: &'a Pod| Some((identity::ordinal(set.name(), pod.name())?, pod));
        let mut numbered: Vec<(i32, &Pod)> = pods.iter().copied().filter_map(numbered).collect();
        numbered.sort_by_key(|(ordinal, _)| *ordinal);
        let at = |wanted: i32| {
            let found = numbered.iter().find(|(ordinal, _)| *ordinal == wanted);
            found.map(|(_, pod)| *pod)
        };
        let replicas = ordinals
            .clone()
            .map(|ordinal| (ordinal, at(ordinal)))
            .collect();
        let condemned = numbered
            .iter()
            .rev()
            .filter(|(ordinal, _)| !ordinals.contains(ordinal))
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
            replaced: Vec::new(),
            look_again: None,
        }
    }

    pub(super) fn take(&mut self) {
        for place in 0..self.replicas.len() {
            let flow = self.tend(place);
            if self.stops(flow) {
                return;
            }
        }
        for pod in self.condemned.clone() {
            self.correct_claims(pod);
        }
        for pod in self.condemned.clone() {
            let flow = self.condemn(pod);
            if self.stops(flow) {
                return;
            }
        }
        self.roll();
    }

    /// Source: `runForAll`.
    fn stops(&self, flow: Flow) -> bool {
        let is_in_order = self.set.spec.pod_management_policy.as_deref() != Some("Parallel");
        flow == Flow::Stop || (flow == Flow::Wait && is_in_order)
    }

    fn is_available(&self, pod: &Pod) -> bool {
        let least = min_ready(self.set.spec.min_ready_seconds);
        let running = pod.phase() == "Running";
        running && until_available(pod, least, self.planned.now).is_some_and(|wait| wait.is_zero())
    }

    fn wait(&mut self, pod: &Pod, what: &str) -> Flow {
        if self.stops(Flow::Wait) {
            self.waits_for = Some(format!("waits for {} to {what}", pod.name()));
        }
        Flow::Wait
    }

    /// Source: `processReplica`.
    fn tend(&mut self, place: usize) -> Flow {
        let (ordinal, pod) = self.replicas[place];
        let Some(pod) = pod else {
            return self.create(ordinal);
        };
        if pod.is_finished() {
            // The next one comes when this one is gone.
            if !pod.is_terminating() {
                self.delete(pod, "it has ended, and another one takes its place");
            }
            return Flow::Wait;
        }
        if pod.phase() == "Pending" {
            self.create_claims(pod.name());
            self.correct_claims(pod);
        }
        if self.stops(Flow::Wait) {
            if pod.is_terminating() {
                return self.wait(pod, "end");
            }
            if !self.is_available(pod) {
                return self.wait(pod, "be Running and Ready");
            }
        }
        self.keep_identity(ordinal, pod);
        Flow::On
    }

    /// Who a pod is and what belongs to it. Source: `UpdateStatefulPod`.
    fn keep_identity(&mut self, ordinal: i32, pod: &Pod) {
        let before = self.actions.len();
        self.correct_claims(pod);
        if !identity::is_labelled(pod) {
            let mut labelled = pod.clone();
            identity::label(&mut labelled, ordinal);
            let labelled = labelled.into_object();
            let why = format!("labels {} with its name", pod.name());
            let update = Action::new(labelled.key(), Verb::Update(labelled), why);
            self.actions.push(update);
        }
        if self.actions.len() > before
            && let Some(last) = self.actions.pop()
        {
            self.actions
                .push(self.telling(last, Deed::Update, pod.name()));
        }
    }

    /// Puts right who owns the claims of a pod.
    fn correct_claims(&mut self, pod: &Pod) {
        let corrections = retention::corrections(self.planned, self.set, pod);
        for correction in corrections {
            if !self
                .actions
                .iter()
                .any(|action| action.key == correction.key)
            {
                self.actions.push(correction);
            }
        }
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

    /// Creates the pod of an ordinal, unless one of its claims stands in the way.
    fn create(&mut self, ordinal: i32) -> Flow {
        let pod = identity::pod(self.set, self.revision_for(ordinal), ordinal);
        let name = pod.name().to_owned();
        match retention::obstacle(self.planned, self.set, &name) {
            Some(Obstacle::Stale(claim)) => {
                let claim = claim.name;
                self.waits_for = Some(format!("waits for the claim {claim} of another {name}"));
                self.try_again();
                return Flow::Wait;
            }
            Some(Obstacle::Leaving(claim)) => {
                let claim = claim.name;
                let set = self.set.name();
                self.waits_for = Some(format!("waits for the claim {claim} to be gone"));
                let message = format!(
                    "create Pod {name} in StatefulSet {set} failed error: pvc {claim} is being \
                     deleted"
                );
                let said = Said::warning(&self.owner, "FailedCreate", message);
                self.events.push(said);
                self.try_again();
                return Flow::Stop;
            }
            None => {}
        }
        self.create_claims(&name);
        let pod = pod.into_object();
        let why = format!("creates {name}: its turn has come");
        let create = Action::new(pod.key(), Verb::Create(pod), why);
        self.actions.push(self.telling(create, Deed::Create, &name));
        Flow::Wait
    }

    /// Looks again after a wait that doubles each time.
    fn try_again(&mut self) {
        let now = self.planned.now;
        let since = self.planned.waiting_since.unwrap_or(now);
        let wait = now.since(since).clamp(RETRY_FIRST, RETRY_MOST);
        let look = if wait > RETRY_IN_SIGHT {
            LookAgain::to_check(wait)
        } else {
            LookAgain::to_act(wait)
        };
        self.look_again = LookAgain::earlier(self.look_again, Some(look));
    }

    /// An action about a pod, with the events that tell of it. Source: `recordPodEvent`.
    fn telling(&self, action: Action, deed: Deed, pod: &str) -> Action {
        let set = self.set.name();
        let (verb, success, failure) = deed.words();
        let done = format!("{verb} Pod {pod} in StatefulSet {set} successful");
        let failed = format!("{verb} Pod {pod} in StatefulSet {set} failed error: {{refusal}}");
        action
            .saying(Said::normal(&self.owner, success, done))
            .warning(Said::warning(&self.owner, failure, failed))
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
                "create Claim {name} for Pod {pod} in StatefulSet {set} failed error: {{refusal}}"
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
        let key = pod.clone().into_object().key();
        let why = format!("deletes {name}: {why}");
        let delete = Action::new(key, Verb::Delete(DeleteOptions::default()), why);
        self.actions.push(self.telling(delete, Deed::Delete, name));
    }

    /// Source: `processCondemned`.
    fn condemn(&mut self, pod: &Pod) -> Flow {
        if pod.is_terminating() {
            return self.wait(pod, "end");
        }
        let must_wait = self.stops(Flow::Wait) && !self.is_available(pod);
        if must_wait && !self.is_first_unhealthy(pod) {
            return self.wait(pod, "be Running and Ready");
        }
        self.delete(pod, "there are too many");
        Flow::Wait
    }

    fn is_first_unhealthy(&self, pod: &Pod) -> bool {
        let replicas = self.replicas.iter().filter_map(|(_, pod)| *pod);
        let condemned = self.condemned.iter().rev().copied();
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
        let targets: Vec<(i32, Option<&'a Pod>)> = self.replicas.clone();
        for (ordinal, pod) in targets.into_iter().skip(partition).rev() {
            let Some(pod) = pod else {
                // It is only just being created.
                self.waits_for = Some(format!("waits for the pod of ordinal {ordinal}"));
                return;
            };
            let is_old = identity::revision_of(pod) != self.history.update.name;
            if is_old && !pod.is_terminating() {
                self.delete(pod, "it was made from another revision");
                self.replaced.push(pod);
                return;
            }
            if !is_healthy(pod) {
                self.waits_for = Some(format!("waits for {} to be Running and Ready", pod.name()));
                return;
            }
        }
    }
}

fn is_healthy(pod: &Pod) -> bool {
    pod.is_ready() && pod.phase() == "Running" && !pod.is_terminating()
}
