//! PreBind of VolumeBinding: before a pod is bound, its claims get volumes or learn for which node
//! theirs shall be made, and the scheduler waits until all of them are bound.
//! Source: `BindPodVolumes` of `framework/plugins/volumebinding/binder.go`.

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, Vector};

use super::decision::Decision;
use super::live::{Hands, Scheduler, SchedulerAlarm};
use super::note::Note;
use super::plugins::volume_plan;
use crate::api::{
    Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod, Typed, meta, volume,
};
use crate::apiserver::{Outcome, RequestId, Verb};
use crate::sim::{RecordId, Time};

/// How often it looks whether the volumes are bound.
const POLL: Duration = Duration::from_secs(1);

/// How long it waits for them. Source: the default of `bindTimeoutSeconds`.
///
/// Unlike Kubernetes: a configuration does not change it.
const PATIENCE: Duration = Duration::from_mins(10);

/// The pods whose volumes are being seen to.
#[derive(Clone, Debug, Default)]
pub(super) struct VolumeWork {
    pods: OrdMap<Key, Waiting>,
    requests: OrdMap<RequestId, Key>,
}

/// One pod that has a node and waits for its volumes.
#[derive(Clone, Debug)]
struct Waiting {
    decision: Arc<Decision>,
    /// What is still to be written, the one on its way first.
    to_write: Vector<Object>,
    /// What has been written, as the API server answered.
    written: Vector<Object>,
    next_look: Time,
    until: Time,
}

/// How it stands with the volumes of a pod.
enum State {
    Bound,
    NotYet,
    Failed(String),
}

impl Scheduler {
    /// Begins what the pod's volumes need on its node; nothing when they need nothing.
    pub(super) fn begin_volumes(
        &mut self,
        pod: &Pod,
        decision: &Arc<Decision>,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) -> Option<RecordId> {
        let node = decision.winner()?;
        let plan = volume_plan(pod, &self.snapshot, node)?;
        let writes: Vector<Object> = plan.writes(node).into();
        if writes.is_empty() {
            return None;
        }
        // Nobody else may take them from now on.
        for object in &writes {
            self.snapshot.apply(None, Some(object));
        }
        let key = decision.pod.clone();
        let count = writes.len();
        let what = format!(
            "sees to the volumes of {key} on {node} before it is bound: {count} to write first"
        );
        let record = hands.note(
            cause,
            Note::Volumes {
                pod: key.clone(),
                what,
            },
        );
        let waiting = Waiting {
            decision: Arc::clone(decision),
            to_write: writes,
            written: Vector::new(),
            next_look: hands.now,
            until: hands.now,
        };
        self.volumes.pods.insert(key.clone(), waiting);
        self.write_next(&key, record, hands);
        Some(record)
    }

    /// Sends the next write of a pod's volumes; after the last one it begins to wait.
    fn write_next(&mut self, key: &Key, cause: RecordId, hands: &mut Hands<'_>) {
        let Some(waiting) = self.volumes.pods.get_mut(key) else {
            return;
        };
        if let Some(object) = waiting.to_write.front().cloned() {
            let request = hands.ask(cause, object.key(), Verb::Update(object));
            self.volumes.requests.insert(request, key.clone());
            return;
        }
        waiting.next_look = hands.now + POLL;
        waiting.until = hands.now + PATIENCE;
        hands.wake_periodic(POLL, cause, SchedulerAlarm::Volumes(key.clone()));
    }

    /// The answer to one of these writes.
    pub(super) fn hear_of_volumes(
        &mut self,
        request: RequestId,
        outcome: &Outcome,
        hands: &mut Hands<'_>,
    ) {
        let Some(key) = self.volumes.requests.remove(&request) else {
            return;
        };
        match outcome {
            Ok(answer) => {
                if let Some(waiting) = self.volumes.pods.get_mut(&key) {
                    waiting.to_write.pop_front();
                    waiting.written.extend(answer.object().cloned());
                }
                self.write_next(&key, hands.cause, hands);
            }
            Err(refusal) => self.fail_volumes(&key, &refusal.to_string(), hands),
        }
    }

    /// A volume or a claim changed: who waits for the last of them looks again at its next look, and
    /// until then there is work.
    pub(super) fn see_volumes(&self, kind: Kind, record: RecordId, hands: &mut Hands<'_>) {
        if !matches!(kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim) {
            return;
        }
        for (key, waiting) in &self.volumes.pods {
            if waiting.to_write.is_empty() && !matches!(self.state_of(waiting), State::NotYet) {
                let after = waiting.next_look.since(hands.now);
                hands.wake(after, record, SchedulerAlarm::Volumes(key.clone()));
            }
        }
    }

    /// Looks whether the volumes of a pod are bound by now.
    pub(super) fn check_volumes(&mut self, key: &Key, hands: &mut Hands<'_>) {
        let Some(waiting) = self.volumes.pods.get(key).cloned() else {
            return;
        };
        if !waiting.to_write.is_empty() || hands.now < waiting.next_look {
            return;
        }
        let pod = self.informers.object(key).and_then(Pod::of).cloned();
        let Some(pod) = pod else {
            let why = "binding volumes: pod does not exist any more";
            self.fail_volumes(key, why, hands);
            return;
        };
        match self.state_of(&waiting) {
            State::Bound => {
                self.volumes.pods.remove(key);
                let what = format!("sees that the volumes of {key} are bound");
                let pod_key = key.clone();
                let record = hands.note(hands.cause, Note::Volumes { pod: pod_key, what });
                self.ask_to_bind(&pod, &waiting.decision, record, hands);
            }
            State::Failed(why) => {
                self.fail_volumes(key, &format!("binding volumes: {why}"), hands);
            }
            State::NotYet if hands.now >= waiting.until => {
                let why = "binding volumes: context deadline exceeded";
                self.fail_volumes(key, why, hands);
            }
            State::NotYet => {
                if let Some(waiting) = self.volumes.pods.get_mut(key) {
                    waiting.next_look = hands.now + POLL;
                }
                hands.wake_periodic(POLL, hands.cause, SchedulerAlarm::Volumes(key.clone()));
            }
        }
    }

    /// How it stands with what was written. Source: `checkBindings`.
    fn state_of(&self, waiting: &Waiting) -> State {
        for written in &waiting.written {
            let known = self.informers.object(&written.key());
            // A cache that is behind the own write says nothing.
            let known = known.filter(|known| known.revision() >= written.revision());
            let state = match known {
                Some(Object::PersistentVolume(found)) => self.state_of_volume(found),
                Some(Object::PersistentVolumeClaim(claim)) => self.state_of_claim(claim, waiting),
                _ => State::NotYet,
            };
            if !matches!(state, State::Bound) {
                return state;
            }
        }
        State::Bound
    }

    fn state_of_volume(&self, found: &PersistentVolume) -> State {
        let claim = found.spec.claim_ref.as_ref();
        let Some(claim) = claim.filter(|claim| claim.uid.is_some()) else {
            let name = found.name();
            return State::Failed(format!("ClaimRef got reset for pv \"{name}\""));
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (namespace, name) = (text(&claim.namespace), text(&claim.name));
        let claim: Option<&PersistentVolumeClaim> = self.informers.get(&namespace, &name);
        match claim {
            Some(claim) if volume::is_fully_bound(claim) => State::Bound,
            _ => State::NotYet,
        }
    }

    fn state_of_claim(&self, claim: &PersistentVolumeClaim, waiting: &Waiting) -> State {
        let chosen = waiting.decision.winner().map(|name| &**name);
        if meta::annotation(&claim.metadata, volume::SELECTED_NODE) != chosen {
            let name = claim.name();
            return State::Failed(format!("provisioning failed for PVC \"{name}\""));
        }
        let node = chosen.and_then(|name| self.snapshot.node(name));
        let found: Option<&PersistentVolume> = self.informers.get("", volume::volume_name(claim));
        if let (Some(found), Some(node)) = (found, node)
            && !volume::is_reachable(found, &node.node)
        {
            let (found, node) = (found.name(), &node.name);
            return State::Failed(format!(
                "pv \"{found}\" node affinity doesn't match node \"{node}\": no matching NodeSelectorTerms"
            ));
        }
        if volume::is_fully_bound(claim) {
            State::Bound
        } else {
            State::NotYet
        }
    }

    /// The pod is not bound: what was only assumed is forgotten, and the pod waits for its next try.
    fn fail_volumes(&mut self, key: &Key, why: &str, hands: &mut Hands<'_>) {
        let Some(waiting) = self.volumes.pods.remove(key) else {
            return;
        };
        for assumed in waiting.to_write.iter().chain(&waiting.written) {
            let known = self.informers.object(&assumed.key()).cloned();
            self.snapshot.apply(Some(assumed), known.as_ref());
        }
        let why = format!("running PreBind plugin \"VolumeBinding\": {why}");
        self.take_back(key, &waiting.decision, &why, hands);
    }
}
