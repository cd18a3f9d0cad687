//! What answers at the addresses of a node: which requests a pretend application takes.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::alarm::PodTimer;
use super::behaviour::OnSigterm;
use super::container::Phase;
use super::worker::Worker;
use super::{Kubelet, agent::Agent, usage};
use crate::api::Key;
use crate::sim::Time;

/// Whether an application takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// It takes them.
    Open,
    /// It takes no more, but answers those that it has in hand.
    Draining,
    /// Nobody listens: what is sent is refused, and what was in hand is lost.
    Closed,
}

/// The application behind an address and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The pod.
    pub pod: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// Whether it takes requests now.
    pub listening: Listening,
    /// How long a request takes.
    pub latency: Duration,
    /// How many requests a second it can answer at most: what it declares, and what its limit of
    /// processor time allows.
    pub most: Option<u32>,
}

impl Kubelet {
    /// Who is behind an address and a port of this node at `now`; nobody when no sandbox has the
    /// address, or the machine has no power.
    #[must_use]
    pub fn server(&self, address: Ipv4Addr, port: i32, now: Time) -> Option<Server> {
        if !self.is_on() {
            return None;
        }
        let mut workers = self.agent.workers.values();
        workers.find_map(|worker| {
            let is_here = worker.has_sandbox && worker.address == Some(address);
            let place = is_here.then(|| place_of(worker, port))??;
            let behaviour = &worker.containers[place].behaviour;
            Some(Server {
                pod: worker.key.clone(),
                uid: Arc::clone(&worker.uid),
                listening: listening(worker, place, now),
                latency: behaviour.latency,
                most: usage::most_requests(behaviour, worker.spec_of(place)),
            })
        })
    }

    /// Tells the application that answers at a port of a pod how many requests it answered in the
    /// last second.
    pub fn answered(&mut self, uid: &str, port: i32, requests: u32, now: Time) {
        let Some(worker) = self.agent.workers.get(uid) else {
            return;
        };
        let Some(place) = place_of(worker, port) else {
            return;
        };
        let agent: &mut Agent = Arc::make_mut(&mut self.agent);
        if let Some(worker) = agent.workers.get_mut(uid) {
            Arc::make_mut(worker).containers[place].answer(requests, now);
        }
    }
}

/// The container that declares the port, or the first one. A pod in the network of its machine has
/// only ports that it declares.
fn place_of(worker: &Worker, port: i32) -> Option<usize> {
    let has_port = |place: &usize| {
        let ports = worker.spec_of(*place).ports.iter().flatten();
        ports.into_iter().any(|each| each.container_port == port)
    };
    let declared = (0..worker.containers.len()).rev().find(has_port);
    let on_host = worker.pod.spec.host_network == Some(true);
    declared.or_else(|| (!on_host).then(|| worker.inits()))
}

fn listening(worker: &Worker, place: usize, now: Time) -> Listening {
    let container = &worker.containers[place];
    let Some(since) = container.running_since() else {
        return Listening::Closed;
    };
    if now.since(since) < container.behaviour.starts_in {
        return Listening::Closed;
    }
    let before_sigterm = [PodTimer::PreStop(place), PodTimer::Turn(place)];
    let is_spared = worker
        .dues
        .iter()
        .any(|due| before_sigterm.contains(&due.timer));
    let is_asked = matches!(container.phase, Phase::Stopping { .. }) && !is_spared;
    match container.behaviour.on_sigterm {
        OnSigterm::Exit if is_asked => Listening::Closed,
        OnSigterm::Drain if is_asked => Listening::Draining,
        _ => Listening::Open,
    }
}
