//! persistentvolume-attach-detach-controller: a volume is attached to the node whose pods use it, and
//! one for a single node to no other before it is detached there.
//! Source: `pkg/controller/volume/attachdetach`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::memory::Memory;
use crate::api::{
    Key, Kind, Node, Object, PersistentVolume, PersistentVolumeClaim, Pod, Typed, taint, volume,
};
use crate::apiserver::{Patch, PatchType, Subresource, Verb};
use crate::client::Informers;

/// How long it takes to attach a volume.
const ATTACHING: Duration = Duration::from_secs(1);

/// How long a volume that no pod uses stays attached to a node that is not ready.
/// Source: `reconcilerMaxWaitForUnmountDuration`.
const PATIENCE: Duration = Duration::from_mins(6);

/// Unlike Kubernetes: it works without VolumeAttachments and the external-attacher that answers them,
/// and what no pod of a ready node uses is not mounted there any more, for the kubelet does not say
/// which volumes it has in use.
pub(super) static ATTACH_DETACH: Controller = Controller {
    name: "persistentvolume-attach-detach-controller",
    event_source: "attachdetach-controller",
    watches: &[
        Kind::Pod,
        Kind::Node,
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
    ],
    concerns,
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

fn node_key(name: &str) -> Key {
    Key::new(Kind::Node, "", name)
}

/// The nodes of a pod that comes, goes or ends, and of those who share a claim with it; a node that has
/// other volumes now, and the nodes that wait for those.
fn concerns(caches: &Informers, change: &Change<'_>) -> Vec<Key> {
    let nodes: BTreeSet<Key> = match (change.before, change.after) {
        (before, after @ Some(Object::Pod(_))) | (before @ Some(Object::Pod(_)), after) => {
            concerned_by_pod(caches, before.and_then(Pod::of), after.and_then(Pod::of))
        }
        (before, Some(Object::Node(node))) => {
            let before = before.and_then(Node::of);
            let had: BTreeSet<&str> = before.into_iter().flat_map(volume::attached).collect();
            let has: BTreeSet<&str> = volume::attached(node).collect();
            let is_news = had != has || before.is_none_or(|it| it.is_ready() != node.is_ready());
            let waiting = had.symmetric_difference(&has);
            let waiting = waiting.flat_map(|name| nodes_that_want(caches, name));
            let own = is_news.then(|| node_key(node.name()));
            own.into_iter().chain(waiting).collect()
        }
        (_, Some(Object::PersistentVolume(found))) => volume::attachment(found)
            .map(|name| nodes_that_want(caches, &name))
            .unwrap_or_default(),
        (_, Some(Object::PersistentVolumeClaim(claim))) => users(caches, claim)
            .filter_map(|pod| pod.spec.node_name.as_deref().map(node_key))
            .collect(),
        _ => BTreeSet::new(),
    };
    nodes.into_iter().collect()
}

fn concerned_by_pod(
    caches: &Informers,
    before: Option<&Pod>,
    after: Option<&Pod>,
) -> BTreeSet<Key> {
    let node = |pod: Option<&Pod>| {
        let pod = pod.filter(|pod| !pod.is_finished())?;
        pod.spec.node_name.as_deref().map(node_key)
    };
    let Some(pod) = after.or(before).filter(|_| node(before) != node(after)) else {
        return BTreeSet::new();
    };
    let claims: BTreeSet<&str> = volume::claims(pod).collect();
    if claims.is_empty() {
        return BTreeSet::new();
    }
    let others = caches.list::<Pod>(Some(pod.namespace()));
    let sharing = others.filter(|other| volume::claims(other).any(|name| claims.contains(name)));
    let sharing = sharing.filter_map(|other| node(Some(other)));
    sharing.chain(node(before)).chain(node(after)).collect()
}

/// The pods that have a node and not ended and use the claim.
fn users<'a>(
    caches: &'a Informers,
    claim: &'a PersistentVolumeClaim,
) -> impl Iterator<Item = &'a Pod> {
    let pods = caches.list::<Pod>(Some(claim.namespace()));
    pods.filter(|pod| pod.spec.node_name.is_some() && !pod.is_finished())
        .filter(|pod| volume::claims(pod).any(|name| name == claim.name()))
}

/// The claim that a volume is bound to.
fn claim_of<'a>(caches: &'a Informers, of: &PersistentVolume) -> Option<&'a PersistentVolumeClaim> {
    let claim = of.spec.claim_ref.as_ref()?;
    let claim: &PersistentVolumeClaim =
        caches.get(claim.namespace.as_deref()?, claim.name.as_deref()?)?;
    (volume::volume_name(claim) == of.name()).then_some(claim)
}

/// The nodes whose pods use the volume of this name.
fn nodes_that_want(caches: &Informers, attachment: &str) -> BTreeSet<Key> {
    let volumes = caches.list::<PersistentVolume>(None);
    let mut meant = volumes.filter(|each| volume::attachment(each).as_deref() == Some(attachment));
    let claim = meant.next().and_then(|meant| claim_of(caches, meant));
    let pods = claim.into_iter().flat_map(|claim| users(caches, claim));
    pods.filter_map(|pod| pod.spec.node_name.as_deref().map(node_key))
        .collect()
}

/// A volume that pods of a node use.
struct Wanted<'a> {
    volume: &'a PersistentVolume,
    claim: &'a PersistentVolumeClaim,
    pods: Vec<&'a Pod>,
}

/// What the pods of a node use, by the name under which it is attached.
fn wanted<'a>(caches: &'a Informers, node: &str) -> BTreeMap<String, Wanted<'a>> {
    let mut wanted: BTreeMap<String, Wanted<'_>> = BTreeMap::new();
    let pods = caches.list::<Pod>(None);
    let here = pods.filter(|pod| pod.spec.is_on(node) && !pod.is_finished());
    for pod in here {
        for name in volume::claims(pod) {
            let claim: Option<&PersistentVolumeClaim> = caches.get(pod.namespace(), name);
            let Some(claim) = claim.filter(|claim| volume::is_fully_bound(claim)) else {
                continue;
            };
            let found = caches.get("", volume::volume_name(claim));
            let Some((volume, name)) =
                found.and_then(|found| Some((found, volume::attachment(found)?)))
            else {
                continue;
            };
            let entry = wanted.entry(name).or_insert_with(|| Wanted {
                volume,
                claim,
                pods: Vec::new(),
            });
            entry.pods.push(pod);
        }
    }
    wanted
}

/// Whether a volume can be attached to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Turn {
    /// It can.
    Free,
    /// A pod of another node came before.
    Later,
    /// It is attached to another node, to which it belongs alone: what is said of that.
    Taken(String),
}

/// Source: `attachDesiredVolumes` and `reportMultiAttachError`.
fn turn(caches: &Informers, node: &str, (name, wanted): (&str, &Wanted<'_>)) -> Turn {
    if volume::is_shared(wanted.volume) {
        return Turn::Free;
    }
    let holders = caches
        .list::<Node>(None)
        .filter(|other| other.name() != node);
    let holders: Vec<&str> = holders
        .filter(|other| volume::attached(other).any(|attached| attached == name))
        .map(Node::name)
        .collect();
    if holders.is_empty() {
        let order = |pod: &&Pod| {
            (
                pod.metadata.creation_timestamp.clone(),
                pod.name().to_owned(),
            )
        };
        let first = users(caches, wanted.claim).min_by_key(order);
        return match first {
            Some(first) if !first.spec.is_on(node) => Turn::Later,
            _ => Turn::Free,
        };
    }
    let others = users(caches, wanted.claim);
    let others = others.filter(|pod| holders.iter().any(|holder| pod.spec.is_on(holder)));
    let others: Vec<&str> = others.map(Pod::name).collect();
    let why = if others.is_empty() {
        "Volume is already exclusively attached to one node and can't be attached to another"
            .to_owned()
    } else {
        format!("Volume is already used by pod(s) {}", others.join(", "))
    };
    let name = wanted.volume.name();
    Turn::Taken(format!("Multi-Attach error for volume \"{name}\" {why}"))
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(node) = planned.subject::<Node>() else {
        return Plan::nothing("the node is gone");
    };
    let wanted = wanted(planned.caches, node.name());
    let mut draft = Draft {
        attached: volume::attached(node).map(str::to_owned).collect(),
        node,
        planned,
        plan: Plan::default(),
        refused: BTreeSet::new(),
    };
    draft.detach(&wanted);
    draft.attach(&wanted);
    draft.conclude(wanted.len())
}

/// The plan in the making.
struct Draft<'a> {
    planned: &'a Planned<'a>,
    node: &'a Node,
    /// What will be attached when all actions so far are done.
    attached: Vec<String>,
    plan: Plan,
    refused: BTreeSet<String>,
}

impl Draft<'_> {
    /// Lets go of what no pod uses; on a node that is not ready only after a long while, for nobody
    /// knows whether it writes to it still, unless somebody has said that it is off.
    fn detach(&mut self, wanted: &BTreeMap<String, Wanted<'_>>) {
        let surplus: Vec<String> = self.attached.clone();
        let surplus = surplus
            .into_iter()
            .filter(|name| !wanted.contains_key(name));
        for name in surplus {
            let since = self.planned.waiting_since.unwrap_or(self.planned.now);
            let left = (since + PATIENCE).since(self.planned.now);
            let may_write = !self.node.is_ready() && !taint::is_out_of_service(self.node);
            if may_write && !left.is_zero() {
                self.look_again(LookAgain::to_check(left));
                continue;
            }
            self.attached.retain(|each| *each != name);
            let why = format!("detaches {} from {}", brief(&name), self.node.name());
            self.write(why, None);
        }
    }

    fn attach(&mut self, wanted: &BTreeMap<String, Wanted<'_>>) {
        let told = match self.planned.remembered {
            Some(Memory::Told(told)) => told.clone(),
            _ => BTreeSet::new(),
        };
        for (name, wanted) in wanted {
            if self.attached.contains(name) {
                continue;
            }
            match turn(self.planned.caches, self.node.name(), (name, wanted)) {
                Turn::Later => {}
                Turn::Taken(message) => {
                    if !told.contains(name) {
                        let said = |pod: &&Pod| {
                            let about = (*pod).clone().into_object();
                            Said::warning(&about, "FailedAttachVolume", message.clone())
                        };
                        self.plan.events.extend(wanted.pods.iter().map(said));
                    }
                    self.refused.insert(name.clone());
                }
                Turn::Free => self.attach_one(name, wanted),
            }
        }
    }

    fn attach_one(&mut self, name: &str, wanted: &Wanted<'_>) {
        let since = self.planned.waiting_since.unwrap_or(self.planned.now);
        let left = (since + ATTACHING).since(self.planned.now);
        if !left.is_zero() {
            self.look_again(LookAgain::to_act(left));
            return;
        }
        self.attached.push(name.to_owned());
        let volume = wanted.volume.name();
        let message = format!("AttachVolume.Attach succeeded for volume \"{volume}\" ");
        let said = wanted.pods.first().map(|pod| {
            let about = (*pod).clone().into_object();
            Said::normal(&about, "SuccessfulAttachVolume", message)
        });
        let why = format!("attaches {volume} to {}", self.node.name());
        self.write(why, said);
    }

    /// Writes what is attached to the node.
    fn write(&mut self, why: String, said: Option<Said>) {
        let attached = self.attached.iter();
        let attached: Vec<_> = attached
            .map(|name| json!({"name": name, "devicePath": ""}))
            .collect();
        let patch = Patch {
            patch_type: PatchType::Merge,
            subresource: Subresource::Status,
            body: json!({"status": {"volumesAttached": attached}}),
        };
        let action = Action::new(node_key(self.node.name()), Verb::Patch(patch), why);
        self.plan.actions.push(match said {
            Some(said) => action.saying(said),
            None => action,
        });
    }

    fn look_again(&mut self, look: LookAgain) {
        self.plan.look_again = LookAgain::earlier(self.plan.look_again, Some(look));
    }

    fn conclude(self, wanted: usize) -> Plan {
        let name = self.node.name();
        let count = |count: usize| match count {
            1 => "1 volume".to_owned(),
            count => format!("{count} volumes"),
        };
        let had = volume::attached(self.node).count();
        let difference = if !self.refused.is_empty() {
            "a volume for one node is attached to another".to_owned()
        } else if self.plan.actions.is_empty() && self.plan.look_again.is_none() {
            String::new()
        } else {
            "its pods use other volumes".to_owned()
        };
        Plan {
            desired: format!("{} attached to {name}", count(wanted)),
            observed: format!("{name} has {}", count(had)),
            difference,
            remember: Some(Memory::Told(self.refused)),
            ..self.plan
        }
    }
}

/// The volume's own name in the name under which it is attached.
fn brief(attachment: &str) -> &str {
    attachment.rsplit('^').next().unwrap_or(attachment)
}

#[cfg(test)]
mod tests;
