//! Traffic in the world: who is asked, when it is counted, and the clock that closes each second.

use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;

use super::super::component::Power;
use super::super::step::Happening;
use super::super::{Cluster, ComponentId, Part};
use super::flow::{Flow, Roads};
use super::{Note, Order, Traffic};
use crate::api::{Actor, Key};
use crate::kubelet::{Kubelet, Server};
use crate::proxy::{Endpoint, KubeProxy, Table};
use crate::sim::{RecordId, Time, Urgency};

/// How often counts are closed.
const SECOND: Duration = Duration::from_secs(1);

/// The roads of a world as they are now.
struct Now<'a> {
    proxies: &'a OrdMap<Arc<str>, Arc<Part<KubeProxy>>>,
    kubelets: &'a OrdMap<Arc<str>, Arc<Part<Kubelet>>>,
}

impl Roads for Now<'_> {
    /// A machine without power sends nothing; one whose kube-proxy was stopped still has its tables.
    fn senders(&self) -> Vec<Arc<str>> {
        let has_power = |node: &&Arc<str>| {
            let kubelet = self.kubelets.get(*node);
            kubelet.is_some_and(|part| part.component.is_on())
        };
        self.proxies.keys().filter(has_power).cloned().collect()
    }

    fn table(&self, node: &str, service: &Key) -> Option<Arc<Table>> {
        self.proxies.get(node)?.component.table(service).cloned()
    }

    fn server(&self, endpoint: &Endpoint, now: Time) -> Option<Server> {
        let kubelet = &self.kubelets.get(&endpoint.node)?.component;
        kubelet.server(endpoint.address, endpoint.port, now)
    }
}

impl Cluster {
    /// Traffic, as far as it is counted: at least to the last full second.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The kube-proxies, by node. They are there from the first traffic on.
    ///
    /// Unlike Kubernetes: before that nobody asks for the tables of nodes, and they are not kept.
    pub fn proxies(&self) -> impl Iterator<Item = &Part<KubeProxy>> {
        self.proxies.values().map(|part| &**part)
    }

    /// Lets clients send at another rate.
    pub(in crate::cluster) fn order_traffic(&mut self, order: &Order, cause: RecordId) {
        self.start_proxies(cause);
        self.account_traffic();
        let fresh = || Arc::new(Flow::new(order.service.clone(), self.now, cause));
        let mut flow = self
            .traffic
            .flows
            .get(&order.service)
            .cloned()
            .unwrap_or_else(fresh);
        Arc::make_mut(&mut flow).set_rate(order.rate, self.now, cause);
        self.usage_since = cause;
        self.traffic.flows.insert(order.service.clone(), flow);
        if !self.traffic.is_ticking {
            self.traffic.is_ticking = true;
            self.tick_later(cause);
        }
    }

    fn start_proxies(&mut self, cause: RecordId) {
        if !self.proxies.is_empty() {
            return;
        }
        let seed = self.config.seed;
        for node in self.kubelets.keys().cloned().collect::<Vec<_>>() {
            let id = ComponentId::KubeProxy(Arc::clone(&node));
            let part = Part::new(&id, KubeProxy::new(&node), seed);
            self.proxies.insert(Arc::clone(&node), Arc::new(part));
            let has_power = self
                .kubelet(&node)
                .is_some_and(|part| part.power == Power::On);
            if has_power {
                self.switch_on(&id, cause);
            }
        }
    }

    fn each_flow(&mut self, mut act: impl FnMut(&mut Flow, &Now<'_>)) {
        let now = Now {
            proxies: &self.proxies,
            kubelets: &self.kubelets,
        };
        let flowing = self.traffic.flows.iter().filter(|(_, flow)| flow.rate > 0);
        let services: Vec<Key> = flowing.map(|(service, _)| service.clone()).collect();
        for service in services {
            if let Some(flow) = self.traffic.flows.get_mut(&service) {
                act(Arc::make_mut(flow), &now);
            }
        }
    }

    /// Counts what was sent until now, before anything changes on the way.
    pub(in crate::cluster) fn account_traffic(&mut self) {
        let moment = self.now;
        self.each_flow(|flow, now| flow.account(now, moment));
    }

    /// Looks what became of requests in hand, after something changed on a node.
    pub(in crate::cluster) fn look_at_traffic(&mut self, node: &str) {
        let Some(record) = self.trace.last().map(|last| last.id) else {
            return;
        };
        let moment = self.now;
        self.each_flow(|flow, now| flow.look(now, node, (moment, record)));
    }

    /// A second is over: what became of its requests goes into the trace, and the applications hear
    /// how much they answered.
    pub(in crate::cluster) fn close_second(&mut self, cause: RecordId) {
        self.account_traffic();
        for service in self.traffic.flows.keys().cloned().collect::<Vec<_>>() {
            let Some(flow) = self.traffic.flows.get_mut(&service) else {
                continue;
            };
            let flow = Arc::make_mut(flow);
            let is_flowing = flow.rate > 0;
            let (loads, (counts, is_new)) = (flow.loads(), flow.close_second(self.now));
            let because = flow.cause_of(&counts);
            for (endpoint, uid, load) in loads {
                self.load(&endpoint, &uid, load);
            }
            if is_flowing || is_new {
                let note = Note {
                    service,
                    counts,
                    is_new,
                };
                self.record(Actor::Clients, Some(because), note);
            }
        }
        if self.traffic.is_flowing() {
            self.tick_later(cause);
        } else {
            self.traffic.is_ticking = false;
        }
    }

    fn load(&mut self, endpoint: &Endpoint, uid: &str, load: u64) {
        if let Some(part) = self.kubelets.get_mut(&endpoint.node) {
            let load = u32::try_from(load).unwrap_or(u32::MAX);
            let kubelet = &mut Arc::make_mut(part).component;
            kubelet.answered(uid, endpoint.port, load, self.now);
        }
    }

    fn tick_later(&mut self, cause: RecordId) {
        let happening = Happening::Second { cause };
        self.queue
            .push(self.now + SECOND, Urgency::Periodic, happening);
    }
}
