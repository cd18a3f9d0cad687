//! How every component stands: whether it runs, what waits for it, and how far behind the store it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::component::AnyAlarm;
use super::step::Happening;
use super::{Cluster, ComponentId, Part, Power, Watch};
use crate::api::{Key, Kind, Object};
use crate::client::Informers;
use crate::controllers::Runner;
use crate::kubelet::{Kubelet, KubeletAlarm};
use crate::proxy::KubeProxy;
use crate::scheduler::{Place, Scheduler};
use crate::sim::Time;

/// The state of one component at a moment.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which component.
    pub id: ComponentId,
    /// Whether it runs.
    pub power: Power,
    /// Since when it is off or paused, if it is.
    pub since: Time,
    /// How much later everything that it sets about begins.
    pub slowness: Duration,
    /// What waits to be taken, in order: keys of a loop, pods of the scheduler, pulls of a
    /// kubelet, and what a kubelet that is paused has heard of.
    pub waiting: Vec<Key>,
    /// What is being worked on.
    pub in_work: Vec<Key>,
    /// What comes back later, and when: keys in back-off, pods in back-off, containers in back-off.
    pub later: Vec<(Key, Time)>,
    /// What waits for something to happen: unschedulable and gated pods.
    pub parked: Vec<Key>,
}

/// One client's own copy of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Whose.
    pub component: ComponentId,
    /// The revision of its copy; none when it has none.
    pub revision: Option<u64>,
    /// The newest revision that its watch has told it of.
    pub delivered: u64,
    /// Whether its watch is open.
    pub is_open: bool,
    /// How many changes of this kind it has still to hear of.
    pub behind: usize,
    /// Since when the oldest of them has been on its way.
    pub since: Option<Time>,
}

impl Cluster {
    /// Every component beside the API server, in a fixed order: the loops, the scheduler, the
    /// kubelets, the kube-proxies, metrics-server.
    #[must_use]
    pub fn components(&self) -> Vec<ComponentId> {
        self.running_components()
    }

    /// How a component stands; none for a run of kubectl and for one that is not there.
    #[must_use]
    pub fn standing(&self, id: &ComponentId) -> Option<Standing> {
        match id {
            ComponentId::Controller(name) => {
                self.controllers.get(name).map(|part| of_loop(id, part))
            }
            ComponentId::Scheduler => Some(of_scheduler(&self.scheduler)),
            ComponentId::Kubelet(node) => self.kubelets.get(node).map(|part| {
                let mut standing = of_kubelet(id, part);
                standing.waiting.extend(self.unheeded(id, &part.component));
                standing
            }),
            ComponentId::KubeProxy(node) => self.proxies.get(node).map(|part| of_proxy(id, part)),
            ComponentId::MetricsServer => Some(Standing {
                id: id.clone(),
                power: self.metrics_server().power,
                since: self.metrics_server().since,
                slowness: self.metrics_server().slowness,
                waiting: Vec::new(),
                in_work: Vec::new(),
                later: Vec::new(),
                parked: Vec::new(),
            }),
            ComponentId::Kubectl(_) | ComponentId::Writer(_) => None,
        }
    }

    /// The pods to which a kubelet that is paused would have to look.
    fn unheeded(&self, id: &ComponentId, kubelet: &Kubelet) -> BTreeSet<Key> {
        let due = self.held_alarms(id).filter_map(|alarm| match alarm {
            AnyAlarm::Kubelet(KubeletAlarm::Pod { uid, .. }) => Some(uid),
            _ => None,
        });
        due.filter_map(|uid| kubelet.pods().find(|each| each.uid == *uid))
            .map(|each| each.pod.clone())
            .collect()
    }

    /// How many messages of watches are on their way to each component.
    #[must_use]
    pub fn messages_on_the_way(&self) -> BTreeMap<ComponentId, usize> {
        let mut counts = BTreeMap::new();
        for (_, _, happening) in self.queue.iter() {
            let watch = match happening {
                Happening::Change(in_flight) => in_flight.watch,
                Happening::Delivery { watch, .. } => *watch,
                _ => continue,
            };
            if let Some(watch) = self.watches.get(watch) {
                *counts.entry(watch.component.clone()).or_insert(0) += 1;
            }
        }
        counts
    }

    /// The watches of a component.
    pub fn watches_of(&self, id: &ComponentId) -> impl Iterator<Item = &Watch> {
        let ids = self.watches.of(id);
        ids.into_iter().filter_map(|id| self.watches.get(id))
    }

    /// The copies of an object that its watchers hold. The object may be gone: then its last state
    /// says who watched it.
    #[must_use]
    pub fn copies_of(&self, object: &Object) -> Vec<Copy> {
        let key = object.key();
        let watching = self
            .watches()
            .filter(|watch| watch.subscription.kind == key.kind)
            .filter(|watch| watch.subscription.scope.covers(object));
        watching.map(|watch| self.copy(watch, &key)).collect()
    }

    fn copy(&self, watch: &Watch, key: &Key) -> Copy {
        let informers = self.informers_of(&watch.component);
        let seen = |kind: Kind, revision: u64| {
            let changes = self.store().changes_after(revision).into_iter().flatten();
            changes.filter(move |change| change.key.kind == kind)
        };
        let mut missed = seen(key.kind, watch.delivered)
            .filter(|change| watch.subscription.scope.covers(&change.object));
        let oldest = missed.next();
        Copy {
            component: watch.component.clone(),
            revision: informers
                .and_then(|informers| informers.object(key))
                .map(Object::revision),
            delivered: watch.delivered,
            is_open: watch.is_open,
            behind: oldest.map_or(0, |_| 1 + missed.count()),
            since: oldest
                .and_then(|change| self.trace().write_of_revision(change.revision))
                .map(|record| record.time),
        }
    }

    /// The caches of a component, where it keeps some.
    #[must_use]
    pub fn informers_of(&self, id: &ComponentId) -> Option<&Informers> {
        match id {
            ComponentId::Controller(name) => {
                let part = self.controllers.get(name)?;
                Some(part.component.informers())
            }
            ComponentId::Scheduler => Some(self.scheduler.component.informers()),
            ComponentId::KubeProxy(node) => {
                let part = self.proxies.get(node)?;
                Some(part.component.informers())
            }
            ComponentId::Kubelet(_)
            | ComponentId::MetricsServer
            | ComponentId::Kubectl(_)
            | ComponentId::Writer(_) => None,
        }
    }
}

fn of_loop(id: &ComponentId, part: &Part<Runner>) -> Standing {
    let queue = part.component.queue();
    Standing {
        id: id.clone(),
        power: part.power,
        since: part.since,
        slowness: part.slowness,
        waiting: queue.waiting().map(|queued| queued.key.clone()).collect(),
        in_work: queue.in_work().cloned().collect(),
        later: queue.delayed().map(|(key, at)| (key.clone(), at)).collect(),
        parked: Vec::new(),
    }
}

fn of_proxy(id: &ComponentId, part: &Part<KubeProxy>) -> Standing {
    Standing {
        id: id.clone(),
        power: part.power,
        since: part.since,
        slowness: part.slowness,
        waiting: part.component.unwritten().cloned().collect(),
        in_work: Vec::new(),
        later: Vec::new(),
        parked: Vec::new(),
    }
}

fn of_scheduler(part: &Part<Scheduler>) -> Standing {
    let queue = part.component.queue();
    let keys = |pods: &mut dyn Iterator<Item = &crate::scheduler::QueuedPod>| {
        pods.map(|pod| pod.key.clone()).collect::<Vec<_>>()
    };
    Standing {
        id: ComponentId::Scheduler,
        power: part.power,
        since: part.since,
        slowness: part.slowness,
        waiting: keys(&mut queue.active()),
        in_work: keys(&mut queue.in_flight()),
        later: queue
            .backing_off()
            .filter_map(|pod| match pod.place {
                Place::BackOff(until) => Some((pod.key.clone(), until)),
                _ => None,
            })
            .collect(),
        parked: keys(&mut queue.unschedulable().chain(queue.gated())),
    }
}

fn of_kubelet(id: &ComponentId, part: &Part<Kubelet>) -> Standing {
    let kubelet = &part.component;
    Standing {
        id: id.clone(),
        power: part.power,
        since: part.since,
        slowness: part.slowness,
        waiting: kubelet
            .waiting_pulls()
            .map(|wanted| wanted.pod.clone())
            .collect(),
        in_work: kubelet
            .pull()
            .map(|pull| pull.wanted.pod.clone())
            .into_iter()
            .collect(),
        later: kubelet
            .holdings()
            .map(|holding| (holding.pod, holding.until))
            .collect(),
        parked: Vec::new(),
    }
}
