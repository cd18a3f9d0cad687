//! Who of those that would work on an object does not run: without him the difference does not close.

use crate::api::{Key, Kind, Object, Pod, Typed, meta};
use crate::cluster::{Cluster, ComponentId, Power, Standing};
use crate::ui::panes::index::Objects;
use crate::ui::theme::Role;

/// How many pods of an owner are asked for whom they wait.
const LOOKED_AT: usize = 50;

/// Who is off or paused, since when, and what that means; the first that the object waits for.
pub(super) fn words(world: &Cluster, objects: &Objects, object: &Object) -> Option<(String, Role)> {
    let mut waited_for = loops(object).chain(of_pods(world, objects, object));
    let standing = waited_for.find_map(|id| off(world, &id));
    let collector = || {
        let id = ComponentId::Controller("garbage-collector");
        off(world, &id).filter(|_| is_left(world, object))
    };
    let Standing {
        id, power, since, ..
    } = standing.or_else(collector)?;
    Some(if power == Power::Paused {
        let words = format!("{id} is paused since {since}: it hears, but does nothing");
        (words, Role::Waiting)
    } else {
        let words = format!("{id} is off since {since}: nobody does its work");
        (words, Role::Bad)
    })
}

fn off(world: &Cluster, id: &ComponentId) -> Option<Standing> {
    let standing = world.standing(id)?;
    // A kubelet is off with its machine, which is told otherwise.
    let is_absent = match id {
        ComponentId::Kubelet(_) => standing.power == Power::Paused,
        _ => standing.power != Power::On,
    };
    is_absent.then_some(standing)
}

/// The loops that look after an object of this kind.
fn loops(object: &Object) -> impl Iterator<Item = ComponentId> {
    let names: &[&'static str] = match object.kind() {
        Kind::Deployment => &["deployment-controller", "replicaset-controller"],
        Kind::ReplicaSet => &["replicaset-controller"],
        Kind::StatefulSet => &["statefulset-controller"],
        Kind::DaemonSet => &["daemonset-controller"],
        Kind::Job => &["job-controller"],
        Kind::CronJob => &["cronjob-controller"],
        Kind::Service => &["endpointslice-controller"],
        Kind::Namespace => &["namespace-controller"],
        Kind::Node => &["node-lifecycle-controller", "taint-eviction-controller"],
        Kind::HorizontalPodAutoscaler => &["horizontal-pod-autoscaler-controller"],
        _ => &[],
    };
    let measures = object.kind() == Kind::HorizontalPodAutoscaler;
    let measures = measures.then_some(ComponentId::MetricsServer);
    let loops = names.iter().map(|name| ComponentId::Controller(name));
    loops.chain(measures)
}

/// Whom the pods of the object wait for: the scheduler without a node, and the kubelet of their node; of
/// a Service the proxies.
fn of_pods(
    world: &Cluster,
    objects: &Objects,
    object: &Object,
) -> impl Iterator<Item = ComponentId> {
    let own = Pod::of(object).map(|_| object.key());
    let mut pods: Vec<Key> = own.into_iter().collect();
    for child in objects.owned_by(object.uid()).into_iter().flatten() {
        match objects.uid_of(child) {
            Some(uid) if child.kind != Kind::Pod => {
                let own = objects.owned_by(uid).into_iter().flatten();
                pods.extend(own.take(LOOKED_AT).cloned());
            }
            _ => pods.push(child.clone()),
        }
    }
    pods.truncate(LOOKED_AT);
    let pods = pods.into_iter().filter_map(|key| {
        let pod = world.store().get(&key).and_then(Pod::of)?;
        match pod.spec.node_name.as_deref() {
            None => Some(ComponentId::Scheduler),
            Some(node) if !pod.is_ready() || pod.is_terminating() => {
                Some(ComponentId::Kubelet(node.into()))
            }
            Some(_) => None,
        }
    });
    let proxies = world.components().into_iter();
    let proxies = proxies.filter(|id| matches!(id, ComponentId::KubeProxy(_)));
    let routes = object.kind() == Kind::Service;
    pods.chain(proxies.filter(move |_| routes))
}

/// Whether the object is only there because nobody has collected it: its owner is gone, or it goes after
/// what it owns.
fn is_left(world: &Cluster, object: &Object) -> bool {
    let owner = meta::controller_of(object.metadata());
    let namespace = &object.key().namespace;
    let is_orphan = owner.is_some_and(|owner| {
        let kind = Kind::of_word(&owner.kind.to_ascii_lowercase());
        kind.is_some_and(|kind| {
            let there = world.store().get(&Key::new(kind, namespace, &owner.name));
            there.is_none_or(|there| there.uid() != owner.uid)
        })
    });
    is_orphan || object.is_terminating()
}
