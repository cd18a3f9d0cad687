//! Faults strike: what each of them does to the world.

use std::sync::Arc;

use super::command::{Note as CommandNote, node_key};
use super::step::{Happening, Wake};
use super::watches::WatchId;
use super::{Cluster, Command, ComponentId, Fault, Part, Power};
use crate::api::{Actor, Key, Kind, Object, Pod};
use crate::client::{Delivery, Seen};
use crate::controllers::Runner;
use crate::kubelet::Trouble;
use crate::scheduler::Scheduler;
use crate::sim::{RecordId, RecordKind, Urgency};

impl Cluster {
    /// Lets a fault strike. One that hits nothing says so in the trace.
    pub(super) fn strike(&mut self, fault: &Fault, cause: RecordId) {
        match fault {
            Fault::NodeDown(node) => self.node_down(node, cause),
            Fault::NodeUp(node) => self.node_up(node, cause),
            Fault::Crash { pod, container } => self.crash(pod, container.as_deref(), cause),
            Fault::SlowRegistry { factor, span } => {
                let until = self.now + *span;
                let what = format!("makes the registry {factor} times slower for {span:?}");
                let record = self.struck(RecordKind::FaultSlowRegistry, None, what, cause);
                for node in self.kubelets.keys().cloned().collect::<Vec<_>>() {
                    self.suffer(
                        &node,
                        &Trouble::SlowRegistry {
                            factor: *factor,
                            until,
                        },
                        record,
                    );
                }
            }
            Fault::CutWatch(name) => match self.component_named(name) {
                Some(id) => {
                    let what = format!("cuts the watches of {name}");
                    let record = self.struck(RecordKind::FaultCutWatch, None, what, cause);
                    self.cut_watches(&id, record);
                }
                None => self.missed(RecordKind::FaultCutWatch, name, cause),
            },
            Fault::Restart(name) => self.switch(name, &[Power::Off, Power::On], cause),
            Fault::Stop(name) => self.switch(name, &[Power::Off], cause),
            Fault::Start(name) => self.switch(name, &[Power::On], cause),
        }
    }

    fn struck(
        &mut self,
        kind: RecordKind,
        object: Option<Key>,
        what: String,
        cause: RecordId,
    ) -> RecordId {
        self.record(
            Actor::Outside,
            Some(cause),
            CommandNote::Struck { kind, object, what },
        )
    }

    fn missed(&mut self, kind: RecordKind, name: &str, cause: RecordId) {
        let names: Vec<String> = self
            .running_components()
            .iter()
            .map(ComponentId::to_string)
            .take(12)
            .collect();
        let what = format!(
            "strikes nothing: there is no \"{name}\" among {}",
            names.join(", ")
        );
        self.struck(kind, None, what, cause);
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
            .collect()
    }

    fn component_named(&self, name: &str) -> Option<ComponentId> {
        self.running_components()
            .into_iter()
            .find(|id| id.to_string() == name)
    }

    fn node_down(&mut self, node: &str, cause: RecordId) {
        let kind = RecordKind::FaultNodeDown;
        let Some(part) = self.kubelets.get(node) else {
            return self.missed(kind, node, cause);
        };
        if part.power == Power::Off {
            self.struck(
                kind,
                Some(node_key(node)),
                format!("finds {node} down already"),
                cause,
            );
            return;
        }
        let what = format!("takes the power from {node}");
        let record = self.struck(kind, Some(node_key(node)), what, cause);
        self.suffer(node, &Trouble::PowerOff, record);
        self.switch_off(&ComponentId::Kubelet(Arc::from(node)));
        self.switch_off(&ComponentId::KubeProxy(Arc::from(node)));
        self.silent.insert(Arc::from(node));
    }

    fn node_up(&mut self, node: &str, cause: RecordId) {
        let kind = RecordKind::FaultNodeUp;
        let Some(part) = self.kubelets.get(node) else {
            return self.missed(kind, node, cause);
        };
        if part.power == Power::On {
            self.struck(
                kind,
                Some(node_key(node)),
                format!("finds {node} up already"),
                cause,
            );
            return;
        }
        let what = format!("gives {node} its power back");
        let record = self.struck(kind, Some(node_key(node)), what, cause);
        self.silent.remove(node);
        // The machine is up before its kubelet lists: what it hears before is lost.
        let id = ComponentId::Kubelet(Arc::from(node));
        let subscriptions = self.start(&id);
        self.suffer(node, &Trouble::PowerOn, record);
        self.open_watches(&id, subscriptions, record);
        self.wake(&id, Wake::Start, record);
        let proxy = ComponentId::KubeProxy(Arc::from(node));
        if self.proxies.contains_key(node) {
            self.renew(&proxy);
            self.switch_on(&proxy, record);
        }
    }

    fn crash(&mut self, name: &str, container: Option<&str>, cause: RecordId) {
        let kind = RecordKind::FaultCrash;
        let Some((key, node)) = self.victim(name) else {
            return self.missed_pod(name, cause);
        };
        let what = match container {
            Some(container) => format!("crashes container {container} of {key}"),
            None => format!("crashes {key}"),
        };
        let record = self.struck(kind, Some(key.clone()), what, cause);
        let trouble = Trouble::CrashContainer {
            pod: key,
            container: container.map(str::to_owned),
        };
        self.suffer(&node, &trouble, record);
    }

    fn missed_pod(&mut self, name: &str, cause: RecordId) {
        let what = format!("strikes nothing: no running pod is called \"{name}\" or begins so");
        self.struck(RecordKind::FaultCrash, None, what, cause);
    }

    /// The pod of that name on a node, or the first whose name begins so.
    fn victim(&self, name: &str) -> Option<(Key, Arc<str>)> {
        let name = name.strip_prefix("pod/").unwrap_or(name);
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let placed = |pod: &Pod| {
            let node = pod.spec.node_name.clone()?;
            (!pod.is_finished()).then(|| (Key::new(Kind::Pod, namespace, pod.name()), node))
        };
        let pods = || {
            self.store()
                .list(Kind::Pod, Some(namespace))
                .filter_map(|object| match object {
                    Object::Pod(pod) => Some(pod),
                    _ => None,
                })
        };
        let exact = pods().find(|pod| pod.name() == name).and_then(placed);
        exact.or_else(|| {
            pods()
                .filter(|pod| pod.name().starts_with(name))
                .find_map(placed)
        })
    }

    fn suffer(&mut self, node: &str, trouble: &Trouble, cause: RecordId) {
        self.account_traffic();
        let moment = (self.now, cause, self.next_record());
        let profile = Arc::clone(&self.profile);
        let Some(part) = self.kubelets.get_mut(node) else {
            return;
        };
        if part.power == Power::Off {
            return;
        }
        let output = Arc::make_mut(part).run(moment, &profile, |kubelet, hands| {
            kubelet.suffer(trouble, hands);
        });
        self.collect(&ComponentId::Kubelet(Arc::from(node)), output);
        self.look_at_traffic(node);
    }

    fn cut_watches(&mut self, id: &ComponentId, cause: RecordId) {
        for watch in self.watches.of(id) {
            let Some((kind, sent, opening)) = self.close(watch) else {
                continue;
            };
            let gone = Delivery {
                kind,
                revision: sent,
                seen: Seen::Gone,
            };
            let delivery = Happening::Delivery {
                watch,
                opening,
                delivery: gone,
                cause,
            };
            self.queue.push(self.now, Urgency::Work, delivery);
            let at = self.now + self.network.duration(self.profile.network.rewatch);
            self.queue.push(
                at,
                Urgency::Work,
                Happening::Open {
                    watch,
                    opening,
                    cause,
                },
            );
        }
    }

    /// Closes a watch; what was on its way is lost.
    fn close(&mut self, watch: WatchId) -> Option<(Kind, u64, u32)> {
        let watch = self.watches.get_mut(watch)?;
        watch.is_open = false;
        watch.opening += 1;
        // What had not arrived was never seen: the watch goes on from there.
        watch.sent = watch.delivered;
        Some((watch.subscription.kind, watch.sent, watch.opening))
    }

    fn switch(&mut self, name: &str, powers: &[Power], cause: RecordId) {
        let kind = RecordKind::FaultComponent;
        match self.component_named(name) {
            Some(ComponentId::Kubelet(node)) => {
                let what = format!(
                    "leaves {name} alone: a kubelet stops with its machine, say fault node-down {node}"
                );
                self.struck(kind, None, what, cause);
            }
            Some(id) => {
                let what = match powers {
                    [Power::Off] => format!("stops {name}"),
                    [Power::On] => format!("starts {name}"),
                    _ => format!("crashes {name}, which starts again with empty hands"),
                };
                let record = self.struck(kind, None, what, cause);
                for power in powers {
                    match power {
                        Power::Off => self.switch_off(&id),
                        Power::On if !self.is_on(&id) => {
                            self.renew(&id);
                            self.switch_on(&id, record);
                        }
                        Power::On => {}
                    }
                }
            }
            None => self.missed(kind, name, cause),
        }
    }

    /// What a fault would miss because there is no such node or component; nothing when it hits.
    #[must_use]
    pub fn misses(&self, command: &Command) -> Option<String> {
        let Command::Fault { fault, .. } = command else {
            return None;
        };
        let (what, name, known) = match fault {
            Fault::NodeDown(node) | Fault::NodeUp(node) => {
                let names: Vec<String> = self.kubelets.keys().map(ToString::to_string).collect();
                ("node", node, names)
            }
            Fault::CutWatch(name)
            | Fault::Restart(name)
            | Fault::Stop(name)
            | Fault::Start(name) => {
                let all = self.running_components();
                (
                    "component",
                    name,
                    all.iter().map(ToString::to_string).collect(),
                )
            }
            Fault::Crash { .. } | Fault::SlowRegistry { .. } => return None,
        };
        if known.contains(name) {
            return None;
        }
        let some: Vec<&str> = known.iter().map(String::as_str).take(12).collect();
        Some(format!(
            "error: there is no {what} \"{name}\"; there are {}",
            some.join(", ")
        ))
    }

    fn is_on(&self, id: &ComponentId) -> bool {
        self.is_started(id, self.start_of(id))
    }

    fn switch_off(&mut self, id: &ComponentId) {
        match id {
            ComponentId::Controller(name) => {
                if let Some(part) = self.controllers.get_mut(name) {
                    Arc::make_mut(part).power = Power::Off;
                }
            }
            ComponentId::Scheduler => Arc::make_mut(&mut self.scheduler).power = Power::Off,
            ComponentId::Kubelet(node) => {
                if let Some(part) = self.kubelets.get_mut(node) {
                    Arc::make_mut(part).power = Power::Off;
                }
            }
            ComponentId::KubeProxy(node) => {
                if let Some(part) = self.proxies.get_mut(node) {
                    Arc::make_mut(part).power = Power::Off;
                }
            }
            ComponentId::Kubectl(_) => {}
        }
        for watch in self.watches.of(id) {
            self.close(watch);
        }
    }

    /// A component that starts again knows nothing of its last life.
    fn renew(&mut self, id: &ComponentId) {
        match id {
            ComponentId::Controller(name) => {
                if let Some(part) = self.controllers.get_mut(name) {
                    let part = Arc::make_mut(part);
                    part.component = Runner::new(part.component.controller());
                }
            }
            ComponentId::Scheduler => {
                let configuration = Arc::clone(&self.config.scheduler);
                Arc::make_mut(&mut self.scheduler).component = Scheduler::configured(configuration);
            }
            ComponentId::KubeProxy(node) => {
                if let Some(part) = self.proxies.get_mut(node) {
                    let part = Arc::make_mut(part);
                    part.component = part.component.restarted();
                }
            }
            ComponentId::Kubelet(_) | ComponentId::Kubectl(_) => {}
        }
    }
}

impl Part<Runner> {
    /// The name of the loop.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.component.controller().name
    }
}
