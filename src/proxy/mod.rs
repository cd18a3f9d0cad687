//! kube-proxy: on each node a table of where requests to a Service go, kept up by watches of its own.

mod note;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use note::Note;
pub use table::{Endpoint, Table};

use crate::api::{Key, Kind, Object};
use crate::client::{
    Component, Context, Delivery, Informers, Input, Note as ClientNote, Seen, Subscription,
};
use crate::sim::{RecordId, Time};

/// What it watches.
const KINDS: [Kind; 2] = [Kind::Service, Kind::EndpointSlice];

/// What a kube-proxy wants to be woken for: the tables are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyAlarm;

type Hands<'a> = Context<'a, Note, ProxyAlarm>;

/// The kube-proxy of one node. Cloning copies one pointer.
#[derive(Clone, Debug)]
pub struct KubeProxy {
    state: Arc<State>,
}

#[derive(Clone, Debug)]
struct State {
    node: Arc<str>,
    caches: Informers,
    listed: BTreeSet<Kind>,
    /// The tables in the kernel, by Service. They outlive the process.
    tables: BTreeMap<Key, Arc<Table>>,
    /// The Services whose tables may be out of date.
    changed: BTreeSet<Key>,
    /// When the tables were last written.
    written: Option<Time>,
    is_waiting: bool,
}

impl KubeProxy {
    /// The kube-proxy of a node, with empty tables.
    #[must_use]
    pub fn new(node: &Arc<str>) -> Self {
        Self {
            state: Arc::new(State {
                node: Arc::clone(node),
                caches: Informers::new(&KINDS),
                listed: BTreeSet::new(),
                tables: BTreeMap::new(),
                changed: BTreeSet::new(),
                written: None,
                is_waiting: false,
            }),
        }
    }

    /// The same process started anew: it knows nothing, but the tables in the kernel are still there.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let mut fresh = Self::new(&self.state.node);
        let state = Arc::make_mut(&mut fresh.state);
        state.tables.clone_from(&self.state.tables);
        fresh
    }

    /// The node that it serves.
    #[must_use]
    pub fn node(&self) -> &Arc<str> {
        &self.state.node
    }

    /// Its caches.
    #[must_use]
    pub fn informers(&self) -> &Informers {
        &self.state.caches
    }

    /// The Services whose tables are to be written.
    pub fn unwritten(&self) -> impl Iterator<Item = &Key> {
        self.state.changed.iter()
    }

    /// The tables, by Service.
    pub fn tables(&self) -> impl Iterator<Item = (&Key, &Arc<Table>)> {
        self.state.tables.iter()
    }

    /// Where requests to a Service go from this node; none when the node does not know the Service.
    #[must_use]
    pub fn table(&self, service: &Key) -> Option<&Arc<Table>> {
        self.state.tables.get(service)
    }
}

impl Component for KubeProxy {
    type Note = Note;
    type Alarm = ProxyAlarm;

    fn subscriptions(&self) -> Vec<Subscription> {
        KINDS.into_iter().map(Subscription::all).collect()
    }

    fn handle(&mut self, input: Input<ProxyAlarm>, hands: &mut Hands<'_>) {
        let state = Arc::make_mut(&mut self.state);
        match input {
            Input::Watch(delivery) => state.see(&delivery, hands),
            Input::Alarm(ProxyAlarm) => {
                state.is_waiting = false;
                state.write(hands.cause, hands);
            }
            Input::Start | Input::Answer(..) => {}
        }
    }
}

impl State {
    fn see(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let record = hands.note(hands.cause, Note::Client(ClientNote::delivery(delivery)));
        if matches!(delivery.seen, Seen::Listed(_)) {
            self.listed.insert(delivery.kind);
        }
        for (before, after) in self.caches.apply(delivery, hands.now, record) {
            let objects = [before, after].into_iter().flatten();
            self.changed
                .extend(objects.filter_map(|object| service_of(&object)));
        }
        let is_new = |service: &Key| {
            self.tables.get(service).map(|table| &**table)
                != table::of(&self.caches, service, &self.node).as_ref()
        };
        let changed = std::mem::take(&mut self.changed);
        self.changed = changed.into_iter().filter(is_new).collect();
        self.plan_write(record, hands);
    }

    /// Writes are bundled: at most one in a while. The first one comes at once.
    /// Source: `minSyncPeriod` of `KubeProxyConfiguration`.
    fn plan_write(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let is_ready = KINDS.iter().all(|kind| self.listed.contains(kind));
        if !is_ready || self.is_waiting || self.changed.is_empty() {
            return;
        }
        let Some(written) = self.written else {
            return self.write(cause, hands);
        };
        let times = &hands.profile.kube_proxy;
        let wait = (written + times.min_sync).since(hands.now);
        let takes = hands.random.duration(times.sync);
        self.is_waiting = true;
        hands.wake(wait + takes, cause, ProxyAlarm);
    }

    fn write(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.written = Some(hands.now);
        for service in std::mem::take(&mut self.changed) {
            let table = table::of(&self.caches, &service, &self.node);
            let before = self.tables.get(&service);
            if before.map(|table| &**table) == table.as_ref() {
                continue;
            }
            let table = table.map(Arc::new);
            let note = Note::Written {
                service: service.clone(),
                before: before.cloned(),
                after: table.clone(),
            };
            hands.note(cause, note);
            match table {
                Some(table) => self.tables.insert(service, table),
                None => self.tables.remove(&service),
            };
        }
    }
}

/// The Service that an object is about.
fn service_of(object: &Object) -> Option<Key> {
    match object {
        Object::Service(_) => Some(object.key()),
        Object::EndpointSlice(slice) => table::service_of(slice),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
