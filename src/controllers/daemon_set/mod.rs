//! daemonset-controller: one pod on each node that fits. Source: `pkg/controller/daemon`.

mod back_off;
mod placement;
mod update;

use std::collections::BTreeMap;

use super::claim::{self, Claims};
use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::memory::Memory;
use super::pod_control;
use super::pod_template::{PodMould, min_ready, until_available};
use super::revision_history::{History, LeftBehind, REVISION_LABEL};
use super::wording;
use crate::api::{DaemonSet, Key, Kind, Node, Object, Pod, PodSpec, Typed, apps, meta};
use crate::apiserver::Outcome;
use crate::client::Informers;
use crate::sim::counted;
pub use back_off::FailedPods;
use placement::Fit;

/// What a look at a set whose pods fail is for.
const FAILED: &str = "a failed daemon pod may be replaced";

/// The label of a pod with the count of the template that it was made from.
const GENERATION_LABEL: &str = "pod-template-generation";

pub(super) static DAEMON_SET: Controller = Controller {
    name: "daemonset-controller",
    event_source: "daemonset-controller",
    watches: &[
        Kind::DaemonSet,
        Kind::Pod,
        Kind::Node,
        Kind::ControllerRevision,
    ],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// Labels and taints of a node decide for every DaemonSet; its heartbeats for none.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let Some(Object::Node(_)) = change.latest() else {
        return claim::owners_concerned(caches, change, |set: &DaemonSet| Some(&set.spec.selector));
    };
    let sides = [change.before, change.after].map(|side| side.and_then(Node::of));
    if let [Some(before), Some(after)] = sides
        && before.spec == after.spec
        && before.metadata.labels == after.metadata.labels
    {
        return Vec::new();
    }
    let sets = caches.all(Kind::DaemonSet, None);
    sets.map(|cached| cached.object.key()).collect()
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(set) = planned.subject::<DaemonSet>() else {
        return Plan::nothing("the DaemonSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = Claims::of(planned.caches, Kind::Pod, &owner, &set.spec.selector);
    let left = LeftBehind::to(planned.caches, &owner, &set.spec.selector);
    if claims.orphans.is_empty() && left.is_empty() {
        return reconcile(planned, set, &claims, false);
    }
    let about = "what to adopt, if the DaemonSet is still wanted";
    Plan::asking(about, claim::question(&owner), plan_with_answer)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(set) = planned.subject::<DaemonSet>() else {
        return Plan::nothing("the DaemonSet is gone");
    };
    let owner = set.clone().into_object();
    let claims = Claims::of(planned.caches, Kind::Pod, &owner, &set.spec.selector);
    let adopts = claim::may_adopt(set.uid(), answers);
    let left = LeftBehind::to(planned.caches, &owner, &set.spec.selector);
    if adopts && !left.is_empty() {
        return left.taken(&owner, &claims);
    }
    reconcile(planned, set, &claims, adopts)
}

/// The nodes, and the daemon pods on each of them.
struct Daemons<'a> {
    planned: &'a Planned<'a>,
    set: &'a DaemonSet,
    owner: Object,
    spec: PodSpec,
    hash: String,
    nodes: Vec<(&'a Node, Fit)>,
    pods: BTreeMap<&'a str, Vec<&'a Pod>>,
    failed: FailedPods,
    actions: Vec<Action>,
    events: Vec<Said>,
    next_try: Option<LookAgain>,
}

fn reconcile(planned: &Planned<'_>, set: &DaemonSet, claims: &Claims<'_>, adopts: bool) -> Plan {
    let owner = set.clone().into_object();
    let history = History::of(
        planned.caches,
        &owner,
        set.status.collision_count.unwrap_or(0),
    );
    let spec = set.spec.template.spec.clone().unwrap_or_default();
    let spec = PodSpec::from(placement::tolerant(spec));
    let nodes = planned.caches.list::<Node>(None);
    let nodes = nodes
        .map(|node| (node, placement::fit(&spec, node)))
        .collect();
    let mut pods: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
    for pod in claims.mine::<Pod>(adopts) {
        pods.entry(placement::target(pod).unwrap_or_default())
            .or_default()
            .push(pod);
    }
    let mut daemons = Daemons {
        planned,
        set,
        actions: claims.actions(&owner, adopts),
        owner,
        spec,
        hash: history.update.hash.clone(),
        nodes,
        pods,
        failed: FailedPods::of(
            planned.failed_pods(),
            set.status.observed_generation.unwrap_or(0),
            planned.now,
        ),
        events: Vec::new(),
        next_try: None,
    };
    if !set.is_terminating() {
        daemons.actions.extend(history.write.clone());
        let before = daemons.actions.len();
        daemons.manage();
        // First every node has what it shall have, then the update goes on.
        if daemons.actions.len() == before && update::is_rolling(set) {
            update::roll(&mut daemons);
        }
    }
    let used: Vec<&str> = daemons
        .pods
        .values()
        .flatten()
        .map(|pod| hash_of(pod))
        .collect();
    let limit = set.spec.revision_history_limit.unwrap_or(10);
    let old = history.truncate(set.namespace(), limit, &used);
    let mut plan = daemons.into_plan();
    plan.actions.extend(old);
    plan
}

fn hash_of(pod: &Pod) -> &str {
    label(pod, REVISION_LABEL).unwrap_or_default()
}

fn label<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    meta::labels(&pod.metadata).get(name).map(String::as_str)
}

impl<'a> Daemons<'a> {
    fn on(&self, node: &str) -> &[&'a Pod] {
        self.pods.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// Source: `podsShouldBeOnNode`.
    fn manage(&mut self) {
        let mut missing = Vec::new();
        let mut surplus = Vec::new();
        for (node, fit) in self.nodes.clone() {
            let pods = self.on(node.name()).to_vec();
            if fit == Fit::Leave {
                surplus.extend(pods.into_iter().filter(|pod| !pod.is_terminating()));
                continue;
            }
            if fit == Fit::Run && pods.is_empty() {
                missing.push(node.name());
            }
            let (ended, mut living): (Vec<&Pod>, Vec<&Pod>) = pods
                .into_iter()
                .filter(|pod| !pod.is_terminating())
                .partition(|pod| pod.is_finished());
            for pod in ended {
                if self.may_go(pod, node.name()) {
                    self.tell_ended(pod, node.name());
                    surplus.push(pod);
                }
            }
            living.sort_by_key(|pod| {
                let created = meta::created(&pod.metadata);
                (pod.spec.node_name.is_none(), created, pod.name().to_owned())
            });
            surplus.extend(update::surplus(self, &living));
        }
        for node in missing {
            let create = self.create(node);
            self.actions.push(create);
        }
        for pod in surplus {
            let delete = self.delete(pod, "it is not to be on its node");
            self.actions.push(delete);
        }
    }

    /// Whether an ended pod may be deleted now. One that failed may have to wait.
    fn may_go(&mut self, pod: &Pod, node: &str) -> bool {
        if pod.phase() != "Failed" {
            return true;
        }
        if let Some(left) = self.failed.left(node, self.planned.now) {
            let look = LookAgain::to_check(left).because(FAILED);
            self.next_try = LookAgain::earlier(self.next_try, Some(look));
            return false;
        }
        self.failed.count(node, self.planned.now);
        true
    }

    fn tell_ended(&mut self, pod: &Pod, node: &str) {
        let place = format!(
            "daemon pod {}/{} on node {node}",
            pod.namespace(),
            pod.name()
        );
        self.events.push(if pod.phase() == "Failed" {
            let message = format!("Found failed {place}, will try to kill it");
            Said::warning(&self.owner, "FailedDaemonPod", message)
        } else {
            let message = format!("Found succeeded {place}, will try to delete it");
            Said::normal(&self.owner, "SucceededDaemonPod", message)
        });
    }

    fn create(&self, node: &str) -> Action {
        let mut template = self.set.spec.template.clone();
        template.spec = Some((*self.spec.shared).clone());
        let mut pod = PodMould::new(&self.owner, &template).unnamed(&self.owner);
        placement::tie(pod.spec_mut().shared_mut(), node);
        let labels = pod.metadata_mut().labels.get_or_insert_default();
        labels.insert(REVISION_LABEL.to_owned(), self.hash.clone());
        if let Some(generation) = self.generation() {
            labels.insert(GENERATION_LABEL.to_owned(), generation.to_owned());
        }
        pod_control::create(&self.owner, pod, format!("creates the pod for {node}"))
    }

    fn delete(&self, pod: &Pod, why: &str) -> Action {
        pod_control::delete(&self.owner, pod, why)
    }

    fn generation(&self) -> Option<&'a str> {
        meta::annotation(&self.set.metadata, meta::TEMPLATE_GENERATION)
    }

    /// Whether a pod is of the template as it is now, by its hash or by the count of templates: a
    /// set that was made anew counts from 1 again. Source: `IsPodUpdated`.
    fn is_updated(&self, pod: &Pod) -> bool {
        let counted = label(pod, GENERATION_LABEL);
        hash_of(pod) == self.hash || (counted.is_some() && counted == self.generation())
    }

    fn is_available(&self, pod: &Pod) -> bool {
        let least = min_ready(self.set.spec.min_ready_seconds);
        !pod.is_terminating()
            && until_available(pod, least, self.planned.now).is_some_and(|wait| wait.is_zero())
    }

    /// Source: `updateDaemonSetStatus`.
    fn status(&self) -> apps::DaemonSetStatus {
        let mut status = apps::DaemonSetStatus {
            observed_generation: self.set.metadata.generation,
            collision_count: self.set.status.collision_count,
            conditions: self.set.status.conditions.clone(),
            ..apps::DaemonSetStatus::default()
        };
        let (mut available, mut updated) = (0, 0);
        for (node, fit) in &self.nodes {
            let pods = self.on(node.name());
            if *fit != Fit::Run {
                status.number_misscheduled += i32::from(!pods.is_empty());
                continue;
            }
            status.desired_number_scheduled += 1;
            let oldest = pods.iter().min_by_key(|pod| meta::created(&pod.metadata));
            let Some(pod) = oldest else { continue };
            status.current_number_scheduled += 1;
            status.number_ready += i32::from(pod.is_ready());
            available += i32::from(self.is_available(pod));
            updated += i32::from(self.is_updated(pod));
        }
        let some = |number: i32| (number > 0).then_some(number);
        status.number_available = some(available);
        status.number_unavailable = some(status.desired_number_scheduled - available);
        status.updated_number_scheduled = some(updated);
        status
    }

    fn into_plan(mut self) -> Plan {
        let status = self.status();
        let desired = wording::size(status.desired_number_scheduled);
        let observed = wording::size(status.current_number_scheduled);
        let mut difference = wording::difference(desired, observed);
        if difference.is_empty() && !self.actions.is_empty() {
            "some pods are not as they should be".clone_into(&mut difference);
        }
        if status != *self.set.status {
            if difference.is_empty() {
                "the status is behind".clone_into(&mut difference);
            }
            let mut written = self.set.clone();
            *written.status_mut() = status;
            let write = Action::status(written.into_object(), "writes the status".to_owned());
            self.actions.push(write);
        }
        let least = min_ready(self.set.spec.min_ready_seconds);
        let pods = self.pods.values().flatten();
        let waits = pods.filter_map(|pod| until_available(pod, least, self.planned.now));
        let next = waits.filter(|wait| !wait.is_zero()).min();
        Plan {
            desired: format!("{} with a pod each", counted(desired, "node")),
            observed: counted(observed, "pod"),
            difference,
            actions: self.actions,
            events: self.events,
            look_again: LookAgain::earlier(next.map(LookAgain::to_act), self.next_try),
            remember: Some(Memory::FailedPods(self.failed)),
            ..Plan::default()
        }
    }
}

#[cfg(test)]
mod tests;
