//! The requests to one Service: how many each node sends where, counted in closed form.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, Vector};

use super::count::{Counts, Loss};
use crate::api::Key;
use crate::kubelet::{Listening, Server};
use crate::proxy::{Endpoint, Table};
use crate::sim::{RecordId, Time};

const NANOS: u128 = 1_000_000_000;

/// How long back arrivals are remembered, to know what was in hand when a process ended. A request
/// that takes longer counts as one that takes this long.
const MEMORY: Duration = Duration::from_secs(10);

/// What a flow can see of the cluster.
pub(super) trait Roads {
    /// The nodes that send.
    fn senders(&self) -> Vec<Arc<str>>;
    /// Where a node sends what is for a Service.
    fn table(&self, node: &str, service: &Key) -> Option<Arc<Table>>;
    /// Who is behind an endpoint.
    fn server(&self, endpoint: &Endpoint, now: Time) -> Option<Server>;
}

/// One second, or several that were alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second {
    /// The moment when the first of them was over.
    pub at: Time,
    /// What became of the requests in each of them.
    pub counts: Counts,
}

/// The requests that clients send to one Service.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The Service.
    pub service: Key,
    /// How many requests a second all clients send together.
    pub rate: u32,
    /// What became of all requests so far.
    pub total: Counts,
    /// The same by pod; what reached no pod is not in it.
    pub pods: OrdMap<Key, Counts>,
    /// Second by second; those like the one before are left out.
    pub seconds: Vector<Second>,
    since: Time,
    accounted: Time,
    closed: Counts,
    answered: OrdMap<Key, u64>,
    turns: OrdMap<Arc<str>, usize>,
    targets: OrdMap<Endpoint, Arc<Target>>,
    /// The last tables that the nodes sent by.
    tables: OrdMap<Arc<str>, Arc<Table>>,
    /// The record of the last order or change of a table.
    turned: RecordId,
    /// The record by which an endpoint stopped answering last.
    closed_by: Option<RecordId>,
}

/// An endpoint that got requests.
#[derive(Clone, Debug)]
struct Target {
    pod: Key,
    uid: Arc<str>,
    /// Whether it answered when it was last asked.
    is_open: bool,
    latency: Duration,
    /// Billionths of requests that it has room for.
    room: u128,
    filled: Time,
    /// What it answered lately: until when, how long the span was, how many.
    recent: VecDeque<(Time, Duration, u64)>,
}

impl Flow {
    pub(in crate::cluster) fn new(service: Key, now: Time, order: RecordId) -> Self {
        Self {
            service,
            rate: 0,
            total: Counts::default(),
            pods: OrdMap::new(),
            seconds: Vector::new(),
            since: now,
            accounted: now,
            closed: Counts::default(),
            answered: OrdMap::new(),
            turns: OrdMap::new(),
            targets: OrdMap::new(),
            tables: OrdMap::new(),
            turned: order,
            closed_by: None,
        }
    }

    /// Sends at another rate from now on.
    pub(super) fn set_rate(&mut self, rate: u32, now: Time, order: RecordId) {
        self.turned = order;
        self.rate = rate;
        self.since = now;
        self.accounted = now;
    }

    /// How many requests were sent until a moment, since the rate was set.
    fn sent_until(&self, moment: Time) -> u64 {
        let nanos = moment.since(self.since).as_nanos();
        u64::try_from(nanos * u128::from(self.rate) / NANOS).unwrap_or(u64::MAX)
    }

    /// Counts what was sent since the last account, on the roads as they have been since then.
    ///
    /// Unlike Kubernetes: clients are spread evenly over the nodes that have power, and a node takes
    /// its endpoints in turn, where kube-proxy takes one at random.
    pub(super) fn account(&mut self, roads: &impl Roads, now: Time) {
        let (first, end) = (self.sent_until(self.accounted), self.sent_until(now));
        if first == end {
            return;
        }
        let span = now.since(self.accounted);
        self.accounted = now;
        let senders = roads.senders();
        let mut arrivals: OrdMap<Endpoint, u64> = OrdMap::new();
        for (place, node) in senders.iter().enumerate() {
            let count = turns_of(place as u64, senders.len() as u64, (first, end));
            if count > 0 {
                self.send(roads, (node, place), count, &mut arrivals);
            }
        }
        for (endpoint, count) in arrivals {
            self.arrive(roads, &endpoint, count, (span, now));
        }
    }

    fn send(
        &mut self,
        roads: &impl Roads,
        (node, first): (&Arc<str>, usize),
        count: u64,
        arrivals: &mut OrdMap<Endpoint, u64>,
    ) {
        let Some(table) = roads.table(node, &self.service) else {
            return self.total.lose(count, Loss::NoService);
        };
        let places = table.endpoints.len();
        if places == 0 {
            return self.total.lose(count, Loss::NoEndpoint);
        }
        // The nodes begin with different endpoints.
        let turn = self.turns.get(node).copied().unwrap_or(first) as u64;
        for (place, endpoint) in table.endpoints.iter().enumerate() {
            let share = turns_of(place as u64, places as u64, (turn, turn + count));
            if share > 0 {
                *arrivals.entry(endpoint.clone()).or_default() += share;
            }
        }
        let next = (turn + count) % places as u64;
        self.turns
            .insert(Arc::clone(node), usize::try_from(next).unwrap_or(0));
    }

    fn arrive(
        &mut self,
        roads: &impl Roads,
        endpoint: &Endpoint,
        count: u64,
        (span, now): (Duration, Time),
    ) {
        let Some(server) = roads.server(endpoint, now) else {
            self.lose(endpoint.pod.as_ref(), count, Loss::NoRoute);
            self.targets.remove(endpoint);
            return;
        };
        if server.listening != Listening::Open {
            self.lose(Some(&server.pod), count, Loss::Refused);
            return;
        }
        let target = self.targets.get(endpoint).cloned();
        let target = target.filter(|target| target.uid == server.uid);
        let mut target = target.unwrap_or_else(|| Arc::new(Target::new(&server, now)));
        let own = Arc::make_mut(&mut target);
        let taken = own.take(count, &server, now);
        own.remember(taken, (span, now));
        self.targets.insert(endpoint.clone(), target);
        self.total.answer(taken);
        self.pods
            .entry(server.pod.clone())
            .or_default()
            .answer(taken);
        if taken < count {
            self.lose(Some(&server.pod), count - taken, Loss::Overload);
        }
    }

    fn lose(&mut self, pod: Option<&Key>, count: u64, why: Loss) {
        self.total.lose(count, why);
        if let Some(pod) = pod {
            self.pods.entry(pod.clone()).or_default().lose(count, why);
        }
    }

    /// What the counts of a second come from: the endpoint that closed last, when requests were lost
    /// at closed ones, and otherwise the way that requests take since the last change.
    pub(super) fn cause_of(&self, counts: &Counts) -> RecordId {
        let at_closed = |loss: &Loss| matches!(loss, Loss::NoRoute | Loss::Refused | Loss::Dropped);
        let lost_at_closed = counts.reasons().iter().any(|(loss, _)| at_closed(loss));
        let closed = self.closed_by.filter(|_| lost_at_closed);
        closed.unwrap_or(self.turned)
    }

    /// Looks what a record changed for the requests that go to or from a node. Processes that have
    /// gone had requests in hand: those are lost.
    pub(super) fn look(&mut self, roads: &impl Roads, node: &str, (now, record): (Time, RecordId)) {
        self.look_at_table(roads, node, record);
        let here = |endpoint: &&Endpoint| *endpoint.node == *node;
        let endpoints: Vec<Endpoint> = self.targets.keys().filter(here).cloned().collect();
        for endpoint in endpoints {
            let Some(target) = self.targets.get_mut(&endpoint) else {
                continue;
            };
            let server = roads.server(&endpoint, now);
            let server = server.filter(|server| server.uid == target.uid);
            let listening = server.map_or(Listening::Closed, |server| server.listening);
            let was_open = std::mem::replace(
                &mut Arc::make_mut(target).is_open,
                listening == Listening::Open,
            );
            if was_open && listening != Listening::Open {
                self.closed_by = Some(record);
            }
            if was_open && listening == Listening::Closed {
                let (pod, lost) = (target.pod.clone(), target.in_hand(now));
                self.total.take_back(lost);
                self.pods.entry(pod).or_default().take_back(lost);
                self.targets.remove(&endpoint);
            }
        }
    }

    fn look_at_table(&mut self, roads: &impl Roads, node: &str, record: RecordId) {
        let Some(table) = roads.table(node, &self.service) else {
            return;
        };
        let known = self.tables.get(node);
        if known.is_none_or(|known| !Arc::ptr_eq(known, &table)) {
            self.turned = record;
            self.tables.insert(Arc::from(node), table);
        }
    }

    /// Closes a second: what became of its requests, and whether that is not what became of those
    /// of the second before.
    pub(super) fn close_second(&mut self, now: Time) -> (Counts, bool) {
        let counts = self.total.since(&self.closed);
        self.closed = self.total;
        let is_new = self.seconds.last().map(|second| second.counts) != Some(counts);
        if is_new {
            self.seconds.push_back(Second { at: now, counts });
        }
        (counts, is_new)
    }

    /// How many requests each pod has answered since this was last asked, with where it is.
    pub(super) fn loads(&mut self) -> Vec<(Endpoint, Arc<str>, u64)> {
        let mut loads = Vec::new();
        for (endpoint, target) in &self.targets {
            let total = self
                .pods
                .get(&target.pod)
                .map_or(0, |counts| counts.answered);
            let before = self.answered.insert(target.pod.clone(), total);
            let load = total.saturating_sub(before.unwrap_or(0));
            loads.push((endpoint.clone(), Arc::clone(&target.uid), load));
        }
        loads
    }
}

impl Target {
    fn new(server: &Server, now: Time) -> Self {
        Self {
            pod: server.pod.clone(),
            uid: Arc::clone(&server.uid),
            is_open: true,
            latency: server.latency,
            room: u128::from(server.most.unwrap_or(0)) * NANOS,
            filled: now,
            recent: VecDeque::new(),
        }
    }

    /// How many of these requests it takes. What it cannot answer at once waits, up to a second.
    fn take(&mut self, count: u64, server: &Server, now: Time) -> u64 {
        self.latency = server.latency;
        let since = now.since(self.filled).as_nanos();
        self.filled = now;
        let Some(most) = server.most.map(u128::from) else {
            return count;
        };
        self.room = (self.room + most * since).min(most * NANOS);
        let taken = count.min(u64::try_from(self.room / NANOS).unwrap_or(u64::MAX));
        self.room -= u128::from(taken) * NANOS;
        taken
    }

    fn remember(&mut self, count: u64, (span, now): (Duration, Time)) {
        self.recent.push_back((now, span, count));
        let horizon = now - MEMORY;
        while self
            .recent
            .front()
            .is_some_and(|(until, ..)| *until < horizon)
        {
            self.recent.pop_front();
        }
    }

    /// How many of its requests are not answered yet.
    fn in_hand(&self, now: Time) -> u64 {
        let from = now - self.latency;
        let overlap = |(until, span, count): &(Time, Duration, u64)| {
            let begun = (*until - *span).max(from);
            let inside = until.since(begun).as_nanos();
            u128::from(*count) * inside / span.as_nanos().max(1)
        };
        let sum: u128 = self.recent.iter().map(overlap).sum();
        u64::try_from(sum).unwrap_or(u64::MAX)
    }
}

/// How many of the numbers from `first` up to `end` fall to the one at `place` when all of `count`
/// take them in turn.
fn turns_of(place: u64, count: u64, (first, end): (u64, u64)) -> u64 {
    let until = |number: u64| (number + count - 1 - place) / count;
    until(end) - until(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_shared_evenly_and_none_is_lost() {
        for count in 1..6 {
            for first in 0..12 {
                for end in first..24 {
                    let shares: Vec<u64> = (0..count)
                        .map(|place| turns_of(place, count, (first, end)))
                        .collect();
                    assert_eq!(shares.iter().sum::<u64>(), end - first);
                    let spread = shares.iter().max().zip(shares.iter().min());
                    assert!(spread.is_some_and(|(most, least)| most - least <= 1));
                }
            }
        }
    }

    #[test]
    fn what_is_in_hand_is_what_came_within_the_time_that_a_request_takes() {
        let server = Server {
            pod: Key::new(crate::api::Kind::Pod, "default", "web"),
            uid: "uid".into(),
            listening: Listening::Open,
            latency: Duration::from_millis(500),
            most: None,
        };
        let mut target = Target::new(&server, Time::START);
        let second = Duration::from_secs(1);
        target.remember(10, (second, Time::from_secs(1)));
        target.remember(20, (second, Time::from_secs(2)));
        assert_eq!(target.in_hand(Time::from_secs(2)), 10);
        assert_eq!(
            target.in_hand(Time::from_secs(2) + Duration::from_millis(250)),
            5
        );
        assert_eq!(target.in_hand(Time::from_secs(3)), 0);
    }

    #[test]
    fn a_pod_answers_no_more_than_it_can_and_has_a_second_of_patience() {
        let server = Server {
            pod: Key::new(crate::api::Kind::Pod, "default", "web"),
            uid: "uid".into(),
            listening: Listening::Open,
            latency: Duration::ZERO,
            most: Some(10),
        };
        let mut target = Target::new(&server, Time::START);
        assert_eq!(target.take(15, &server, Time::START), 10);
        assert_eq!(target.take(15, &server, Time::from_secs(1)), 10);
        let half = Time::from_secs(1) + Duration::from_millis(500);
        assert_eq!(target.take(15, &server, half), 5);
        assert_eq!(target.take(15, &server, Time::from_secs(9)), 10);
    }
}
