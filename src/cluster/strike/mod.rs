//! Faults strike: what each of them does to the world, and what it does not hit.

mod components;
mod load;
mod network;
mod nodes;
mod pods;
mod storage;
mod watches;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

pub(super) use network::is_timeout;

use self::components::Held;
use self::load::{Load, Shares};
use self::storage::Disk;
use self::watches::Disordered;
use super::command::Note as CommandNote;
use super::component::AnyAlarm;
use super::step::Happening;
use super::{Cluster, Command, ComponentId, Fault, TrafficOrder};
use crate::api::{Actor, Key, schema};
use crate::kubelet::{KubeletAlarm, Trouble};
use crate::sim::{RecordId, RecordKind};

/// How many names an error lists.
const NAMES_MOST: usize = 12;

/// Unlike Kubernetes: the API server and etcd never fail; what is between them and others does.
const DOOR: [&str; 2] = ["kube-apiserver", "etcd"];

/// What is broken at the moment, and what could not be broken.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles {
    /// Machines that say nothing to the control plane, with the record of what silenced them.
    silent: OrdMap<Arc<str>, RecordId>,
    /// Machines that were silent and are heard again.
    returned: OrdSet<Arc<str>>,
    /// Machines without a network.
    cut_off: OrdSet<Arc<str>>,
    /// Alarms that rang for components that were paused.
    held: Vector<Held>,
    /// Components whose watches do not tell what they should.
    disordered: OrdMap<ComponentId, Disordered>,
    disk: Option<Disk>,
    /// Why faults struck nothing, oldest first.
    missed: Vector<Arc<str>>,
    /// The work that came upon workloads.
    loads: OrdMap<Key, Load>,
    /// What pods have of it.
    shares: Shares,
}

impl Troubles {
    /// Machines that say nothing to the control plane.
    pub(super) fn silent(&self) -> impl Iterator<Item = &Arc<str>> {
        self.silent.keys()
    }

    /// Machines that were silent and are heard again.
    pub(super) fn returned(&self) -> impl Iterator<Item = &Arc<str>> {
        self.returned.iter()
    }

    fn fall_silent(&mut self, node: &str, record: RecordId) {
        let node: Arc<str> = node.into();
        self.returned.remove(&node);
        self.silent.insert(node, record);
    }

    fn speak_again(&mut self, node: &str) {
        if let Some((node, _)) = self.silent.remove_with_key(node) {
            self.returned.insert(node);
        }
    }

    /// The record of what silenced a machine.
    pub(super) fn silenced_by(&self, node: &str) -> Option<RecordId> {
        self.silent.get(node).copied()
    }
}

impl Cluster {
    /// Lets a fault strike. One that hits nothing says so in the trace.
    pub(super) fn strike(&mut self, fault: &Fault, cause: RecordId) {
        let kind = kind_of(fault);
        let struck = match self.stranger(fault) {
            Some(why) => Err(why),
            None => self.hit(fault, cause),
        };
        if let Err(why) = struck {
            self.troubles.missed.push_back(why.as_str().into());
            self.record(Actor::Outside, Some(cause), CommandNote::Missed(kind, why));
        }
    }

    fn hit(&mut self, fault: &Fault, cause: RecordId) -> Result<(), String> {
        match fault {
            Fault::NodeDown(node) => self.node_down(node, cause),
            Fault::NodeUp(node) => self.node_up(node, cause),
            Fault::Partition(node) => self.partition(node, cause),
            Fault::Heal(node) => self.heal(node, cause),
            Fault::FillDisk { node, percent } => self.fill_disk(node, *percent, cause),
            Fault::Crash {
                target,
                out_of_memory,
            } => self.crash(target, *out_of_memory, cause),
            Fault::Probe {
                target,
                probe,
                fails,
            } => self.change_probe(target, *probe, *fails, cause),
            Fault::SlowRegistry { factor, span } => {
                self.slow_registry(*factor, *span, cause);
                Ok(())
            }
            Fault::Image { image, is_missing } => self.change_image(image, *is_missing, cause),
            Fault::SlowDisk { latency, span } => {
                self.slow_disk(*latency, *span, cause);
                Ok(())
            }
            Fault::Load {
                workload,
                cpu,
                span,
            } => self.load_step(workload, (*cpu, *span), cause),
            Fault::Compact => {
                self.compact_now(cause);
                Ok(())
            }
            Fault::Component { name, change } => self.change_component(name, *change, cause),
            Fault::Watch { component, change } => self.change_watches(component, *change, cause),
            Fault::Writers {
                object,
                clients,
                times,
            } => self.send_writers(object, *clients, *times, cause),
        }
    }

    /// What the kubelet of a node does next of its own accord will find what a fault did: until then
    /// the world has something to do.
    fn press(&mut self, node: &str, is_meant: impl Fn(&KubeletAlarm) -> bool) {
        self.queue.press(|happening| {
            matches!(
                happening,
                Happening::Alarm { of: ComponentId::Kubelet(of), alarm: AnyAlarm::Kubelet(alarm), .. }
                    if &**of == node && is_meant(alarm)
            )
        });
    }

    fn struck(
        &mut self,
        kind: RecordKind,
        object: Option<Key>,
        what: String,
        cause: RecordId,
    ) -> RecordId {
        let note = CommandNote::Struck { kind, object, what };
        self.record(Actor::Outside, Some(cause), note)
    }

    /// Everybody who runs beside the API server, except people.
    pub(super) fn running_components(&self) -> Vec<ComponentId> {
        let controllers = self
            .controllers
            .keys()
            .map(|name| ComponentId::Controller(name));
        let kubelets = self
            .kubelets
            .keys()
            .map(|name| ComponentId::Kubelet(Arc::clone(name)));
        let proxies = self
            .proxies
            .keys()
            .map(|name| ComponentId::KubeProxy(Arc::clone(name)));
        controllers
            .chain([ComponentId::Scheduler])
            .chain(kubelets)
            .chain(proxies)
            .chain([ComponentId::MetricsServer])
            .collect()
    }

    fn component_named(&self, name: &str) -> Option<ComponentId> {
        self.running_components()
            .into_iter()
            .find(|id| id.to_string() == name)
    }

    /// What a command would miss: it is about nobody, or about somebody to whom it cannot happen now.
    /// Nothing when it hits, or when only its own moment can tell.
    #[must_use]
    pub fn misses(&self, command: &Command) -> Option<String> {
        let now = || match command {
            Command::Fault { fault, .. } => self.rehearse(fault),
            Command::Traffic { order, .. } => self.unserved(order),
            Command::Kubectl { .. } => None,
        };
        self.never_hits(command)
            .or_else(|| now().map(|why| format!("error: {why}")))
    }

    /// What a command would miss at any moment: there is nobody of that name, nor will there be.
    #[must_use]
    pub fn never_hits(&self, command: &Command) -> Option<String> {
        let Command::Fault { fault, .. } = command else {
            return None;
        };
        self.stranger(fault).map(|why| format!("error: {why}"))
    }

    /// Why a fault would strike nothing now, tried in a copy of the world. What was typed before it may
    /// still change that.
    fn rehearse(&self, fault: &Fault) -> Option<String> {
        let has_waiting = self.journal().any(|entry| entry.step >= self.steps());
        if has_waiting || !self.terminal.is_empty() {
            return None;
        }
        let cause = self.trace().last()?.id;
        self.clone().hit(fault, cause).err()
    }

    /// Why nobody could be asked by the requests of an order.
    fn unserved(&self, order: &TrafficOrder) -> Option<String> {
        let is_there = self.store().get(&order.service).is_some();
        let name = &order.service.name;
        (!is_there && order.rate > 0)
            .then(|| format!("there is no Service \"{name}\" to send requests through"))
    }

    /// Why there is nobody of the name that a fault is meant for.
    fn stranger(&self, fault: &Fault) -> Option<String> {
        let (what, name, known) = match fault {
            Fault::NodeDown(node)
            | Fault::NodeUp(node)
            | Fault::Partition(node)
            | Fault::Heal(node)
            | Fault::FillDisk { node, .. } => {
                let names: Vec<String> = self.kubelets.keys().map(ToString::to_string).collect();
                ("node", node, names)
            }
            Fault::Component { name, .. }
            | Fault::Watch {
                component: name, ..
            } => {
                let all = self.running_components();
                let names = all.iter().map(ToString::to_string).collect();
                ("component", name, names)
            }
            Fault::Crash { .. }
            | Fault::Probe { .. }
            | Fault::SlowRegistry { .. }
            | Fault::Image { .. }
            | Fault::SlowDisk { .. }
            | Fault::Load { .. }
            | Fault::Compact
            | Fault::Writers { .. } => return None,
        };
        if known.contains(name) {
            return None;
        }
        if what == "component" && DOOR.contains(&name.as_str()) {
            return Some(format!(
                "{name} cannot be stopped here, everything goes through it; say fault slow-disk, \
                 fault cut-watch or fault partition"
            ));
        }
        let nearest = schema::nearest(name, known.iter().map(String::as_str));
        let some = if let Some(near) = nearest.filter(|_| known.len() > NAMES_MOST) {
            format!("did you mean \"{near}\"?")
        } else {
            let some: Vec<&str> = known.iter().map(String::as_str).take(NAMES_MOST).collect();
            let more = if known.len() > NAMES_MOST {
                ", …"
            } else {
                ""
            };
            format!("there are {}{more}", some.join(", "))
        };
        Some(format!("there is no {what} \"{name}\"; {some}"))
    }

    /// Why faults struck nothing, oldest first.
    pub fn missed_faults(&self) -> impl Iterator<Item = &str> {
        self.troubles.missed.iter().map(|why| &**why)
    }

    /// Lets something happen to a machine that has power.
    fn suffer(&mut self, node: &str, trouble: &Trouble, cause: RecordId) {
        self.account_traffic();
        let moment = (self.now, cause, self.next_record());
        let profile = Arc::clone(&self.profile);
        let Some(part) = self.kubelets.get_mut(node) else {
            return;
        };
        let output = Arc::make_mut(part).run(moment, &profile, |kubelet, hands| {
            kubelet.suffer(trouble, hands);
        });
        self.collect(&ComponentId::Kubelet(Arc::from(node)), output);
        self.look_at_traffic(node);
        self.share_loads();
    }
}

const fn kind_of(fault: &Fault) -> RecordKind {
    match fault {
        Fault::NodeDown(_) => RecordKind::FaultNodeDown,
        Fault::NodeUp(_) => RecordKind::FaultNodeUp,
        Fault::Partition(_) | Fault::Heal(_) => RecordKind::FaultPartition,
        Fault::Crash { .. } => RecordKind::FaultCrash,
        Fault::Probe { .. } => RecordKind::FaultProbe,
        Fault::SlowRegistry { .. } => RecordKind::FaultSlowRegistry,
        Fault::Image { .. } => RecordKind::FaultImage,
        Fault::SlowDisk { .. } => RecordKind::FaultSlowDisk,
        Fault::FillDisk { .. } => RecordKind::FaultFillDisk,
        Fault::Load { .. } => RecordKind::FaultLoad,
        Fault::Compact => RecordKind::FaultCompact,
        Fault::Component { .. } => RecordKind::FaultComponent,
        Fault::Watch {
            change: super::WatchChange::Cut(_),
            ..
        } => RecordKind::FaultCutWatch,
        Fault::Watch { .. } => RecordKind::FaultWatch,
        Fault::Writers { .. } => RecordKind::FaultSecondClient,
    }
}
