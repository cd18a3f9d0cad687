//! How a world begins: namespaces, nodes and their leases are there, and everybody watches.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, Vector};
use serde_json::{Value, json};

use super::command::Note as CommandNote;
use super::component::part_mut;
use super::metrics::MetricsServer;
use super::own_service;
use super::step::{Happening, Wake};
use super::strike::Troubles;
use super::terminal::Terminal;
use super::watches::Watches;
use super::{Cluster, ComponentId, Part, Power, Trace, Traffic};
use crate::api::{Actor, Kind, Object, Quantity, Typed, core};
use crate::apiserver::{
    Answering, ApiServer, Moment, Note as ApiNote, Refusal, Request, RequestId, Verb, WriteOptions,
};
use crate::client::{Component, Delivery, Subscription};
use crate::controllers::{CONTROLLERS, Runner, root_ca_certificate};
use crate::kubelet::{Kubelet, Machine, Rule};
use crate::scheduler::{Configuration, Scheduler};
use crate::sim::{EventQueue, Profile, Random, RecordId, Time, Urgency};

/// The zones of the default nodes.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// How many records are kept when nothing else is said. Of the default scenario these are 188,000
/// steps, some 38 hours, and 145 MiB; with the checkpoints, whose traces reach back as far again, 333 MiB.
const RECORDS_MOST: usize = 1 << 18;

/// How a world is made.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The machines.
    pub nodes: Vec<NodeConfig>,
    /// The profiles of the scheduler.
    pub scheduler: Arc<Configuration>,
    /// What the applications do, beside what their pods declare themselves.
    pub applications: Arc<[Rule]>,
    /// How many records the trace keeps, and with them how far back anybody can go. It decides nothing
    /// that happens: equal worlds stay equal whatever they remember.
    pub records_most: usize,
}

/// One machine.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    /// Its name.
    pub name: String,
    /// Processors.
    pub cpu: Quantity,
    /// Memory.
    pub memory: Quantity,
    /// How many pods it may hold.
    pub pods: i64,
    /// Labels beside those that a kubelet sets.
    pub labels: BTreeMap<String, String>,
    /// Taints.
    pub taints: Vec<core::Taint>,
}

impl NodeConfig {
    /// The default machine: 8 processors, 16Gi, 110 pods, no taints.
    #[must_use]
    pub fn named(name: String, zone: &str) -> Self {
        let zone_label = ("topology.kubernetes.io/zone".to_owned(), zone.to_owned());
        Self {
            name,
            cpu: Quantity::units(8),
            memory: Quantity::bytes(16 << 30),
            pods: 110,
            labels: BTreeMap::from([zone_label]),
            taints: Vec::new(),
        }
    }

    /// The machine number `number`; the number decides its addresses.
    fn machine(&self, number: usize) -> Machine {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        Machine {
            cpu: self.cpu,
            memory: self.memory,
            pods: self.pods,
            labels: self.labels.clone(),
            taints: self.taints.clone(),
            ..Machine::new(&self.name, number)
        }
    }
}

impl ClusterConfig {
    /// So many default nodes: `node-a` to `node-z`, then `node-27` and so on, in three zones.
    #[must_use]
    pub fn with_nodes(seed: u64, count: usize) -> Self {
        let nodes = (0..count).map(|place| {
            let name = match u8::try_from(place) {
                Ok(letter) if letter < 26 => format!("node-{}", char::from(b'a' + letter)),
                _ => format!("node-{}", place + 1),
            };
            NodeConfig::named(name, ZONES[place % ZONES.len()])
        });
        Self {
            seed,
            nodes: nodes.collect(),
            scheduler: Arc::default(),
            applications: Arc::default(),
            records_most: RECORDS_MOST,
        }
    }
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self::with_nodes(0, 3)
    }
}

impl Cluster {
    /// A world at its start: the nodes are registered, everybody watches, nothing else is there.
    #[must_use]
    pub fn new(config: ClusterConfig) -> Self {
        let seed = config.seed;
        let profile = Arc::new(Profile::kubernetes_1_34());
        let controller = |controller: &&'static crate::controllers::Controller| {
            let id = ComponentId::Controller(controller.name);
            (
                controller.name,
                Arc::new(Part::new(&id, Runner::new(controller), seed)),
            )
        };
        let kubelet = |(number, node): (usize, &NodeConfig)| {
            let name: Arc<str> = Arc::from(node.name.as_str());
            let id = ComponentId::Kubelet(Arc::clone(&name));
            let rules = Arc::clone(&config.applications);
            let kubelet = Kubelet::new(node.machine(number), rules);
            (name, Arc::new(Part::new(&id, kubelet, seed)))
        };
        let scheduler = Scheduler::configured(Arc::clone(&config.scheduler));
        let mut cluster = Self {
            profile,
            now: Time::START,
            steps: 0,
            queue: EventQueue::new(),
            api: ApiServer::new(seed),
            watches: Watches::default(),
            trace: Trace::keeping(config.records_most),
            controllers: CONTROLLERS.iter().map(controller).collect(),
            scheduler: Arc::new(Part::new(&ComponentId::Scheduler, scheduler, seed)),
            kubelets: config.nodes.iter().enumerate().map(kubelet).collect(),
            proxies: OrdMap::new(),
            metrics_server: Arc::new(Part::new(&ComponentId::MetricsServer, MetricsServer, seed)),
            traffic: Traffic::default(),
            sessions: OrdMap::new(),
            terminal: Terminal::default(),
            network: Random::stream(seed, "network"),
            journal: Vector::new(),
            last_compaction: 1,
            born: 0,
            last_step: RecordId(0),
            usage_since: RecordId(0),
            writers: OrdMap::new(),
            troubles: Troubles::default(),
            config: Arc::new(config),
        };
        cluster.boot();
        cluster
    }

    fn boot(&mut self) {
        let nodes = self.config.nodes.len();
        let started = CommandNote::Started {
            nodes,
            seed: self.config.seed,
        };
        let cause = self.record(Actor::Outside, None, started);
        for object in system_objects() {
            self.register(&Actor::ApiServer, object, cause);
        }
        let registered: Vec<(Actor, [Object; 2])> = self
            .kubelets
            .iter()
            .map(|(name, part)| {
                let (kubelet, now) = (&part.component, self.now);
                (
                    Actor::Kubelet(Arc::clone(name)),
                    [kubelet.node_object(now), kubelet.lease_object(now)],
                )
            })
            .collect();
        for (actor, objects) in registered {
            for object in objects {
                self.register(&actor, object, cause);
            }
        }
        self.last_compaction = self.store().revision();
        for id in self.running_components() {
            self.switch_on(&id, cause);
        }
        let at = self.now + self.profile.store.compaction;
        let compact = Happening::Compact { cause };
        self.queue.push(at, Urgency::Periodic, compact);
        self.await_expiry(cause);
        // What a fresh cluster does on its own is over before anybody looks.
        while !self.is_settled() {
            self.step();
        }
        self.steps = 0;
        self.last_step = self.next_record();
        self.born = self.store().revision();
    }

    /// Stores what is there before the first step.
    fn register(&mut self, actor: &Actor, object: Object, cause: RecordId) {
        let key = object.key();
        if let Err(refusal) = self.create_itself(actor, object, cause) {
            panic!("the first objects are valid, but {key}: {refusal}");
        }
    }

    /// Stores what nobody asked for, through the same door as everything else.
    pub(super) fn create_itself(
        &mut self,
        actor: &Actor,
        object: Object,
        cause: RecordId,
    ) -> Result<(), Refusal> {
        let key = object.key();
        let request = Request {
            id: RequestId(0),
            actor: actor.clone(),
            key,
            verb: Verb::Create(object),
            answer: Answering::Ignored,
            urgency: Urgency::Periodic,
            options: WriteOptions::default(),
        };
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        let handled = self.api.handle(&request, moment);
        for change in handled.changes {
            let (change_told, by) = (Arc::clone(&change), actor.clone());
            let note = ApiNote::Committed { change, by };
            let commit = self.record(Actor::Etcd, Some(cause), note);
            self.spread(&change_told, commit, Urgency::Work);
        }
        handled.outcome.map(|_| ())
    }

    /// Lets a component run: its watches list and open, its first alarms are set.
    pub(super) fn switch_on(&mut self, id: &ComponentId, cause: RecordId) {
        let subscriptions = self.start(id);
        self.open_watches(id, subscriptions, cause);
        self.wake(id, Wake::Start, cause);
    }

    /// Marks a component as running and says what it watches.
    pub(super) fn start(&mut self, id: &ComponentId) -> Vec<Subscription> {
        part_mut!(self, id, part => start(part), Vec::new())
    }

    /// Lists for each subscription and watches from there.
    pub(super) fn open_watches(
        &mut self,
        id: &ComponentId,
        subscriptions: Vec<Subscription>,
        cause: RecordId,
    ) {
        if self.watches.of(id).is_empty() {
            for subscription in subscriptions {
                self.watches.add(id, subscription, self.config.seed);
            }
        }
        for number in self.watches.of(id) {
            let revision = self.store().revision();
            let Some(watch) = self.watches.get_mut(number) else {
                continue;
            };
            watch.is_open = true;
            watch.opening += 1;
            watch.sent = revision;
            watch.delivered = revision;
            let subscription = watch.subscription.clone();
            let delivery = Delivery {
                kind: subscription.kind,
                revision,
                seen: self.listed(&subscription),
            };
            self.wake(id, Wake::Watch(delivery), cause);
        }
    }
}

/// Marks a component as running and says what it watches.
fn start<C: Component>(part: &mut Arc<Part<C>>) -> Vec<Subscription> {
    let part = Arc::make_mut(part);
    part.power = Power::On;
    part.start += 1;
    part.component.subscriptions()
}

/// What every cluster has before anybody asks for anything.
fn system_objects() -> Vec<Object> {
    let namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];
    let mut values: Vec<(Kind, Value)> = Vec::new();
    for name in namespaces {
        values.push((Kind::Namespace, json!({"metadata": {"name": name}})));
    }
    for (name, value, description) in [
        (
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another \
             node if necessary.",
        ),
    ] {
        let class = json!({"metadata": {"name": name}, "value": value, "description": description});
        values.push((Kind::PriorityClass, class));
    }
    for namespace in namespaces {
        let account = json!({"metadata": {"name": "default", "namespace": namespace}});
        values.push((Kind::ServiceAccount, account));
    }
    let objects = values.into_iter().map(|(kind, value)| {
        Object::from_value(kind, value).expect("the first objects are well-formed")
    });
    let maps = namespaces.map(|name| root_ca_certificate(name).into_object());
    objects.chain(maps).chain(own_service::objects()).collect()
}
