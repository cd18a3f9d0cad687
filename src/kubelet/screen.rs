//! What the screen reads of a kubelet: its pods in words, its images, its pulls, its waits.

use std::sync::Arc;

use super::agent::Power;
use super::alarm::PodTimer;
use super::container::Phase;
use super::image::{Image, Pull, Wanted};
use super::pod_status;
use super::worker::Worker;
use super::{Kubelet, Machine};
use crate::api::Key;
use crate::sim::Time;

/// A pod worker, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodState {
    /// The pod.
    pub pod: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// Where it stands.
    pub stage: String,
    /// What comes next by the clock, and when.
    pub next: Option<(&'static str, Time)>,
}

/// A container that waits before another attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The pod.
    pub pod: Key,
    /// The container.
    pub container: String,
    /// `CrashLoopBackOff`, `ImagePullBackOff`, `CreateContainerConfigError` and so on.
    pub reason: &'static str,
    /// Until when.
    pub until: Time,
}

impl Kubelet {
    /// The machine below.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.agent.machine
    }

    /// Whether the machine has power.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.agent.power != Power::Off
    }

    /// The pods that it looks after, ordered by uid.
    pub fn pods(&self) -> impl Iterator<Item = PodState> {
        self.agent.workers.values().map(|worker| {
            let next = worker.dues.iter().min_by_key(|due| (due.at, due.timer));
            PodState {
                pod: worker.key.clone(),
                uid: Arc::clone(&worker.uid),
                stage: pod_status::stage_words(worker),
                next: next.map(|due| (due.timer.words(), due.at)),
            }
        })
    }

    /// The images on its disk, largest first.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.agent.images.iter()
    }

    /// The pull under way.
    #[must_use]
    pub fn pull(&self) -> Option<&Pull> {
        self.agent.pulls.current.as_ref()
    }

    /// The pulls that wait, first come first.
    pub fn waiting_pulls(&self) -> impl Iterator<Item = &Wanted> {
        self.agent.pulls.waiting.iter()
    }

    /// The containers that wait before another attempt, ordered by the uid of their pod.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> {
        self.agent
            .workers
            .values()
            .flat_map(|worker| worker.dues.iter().filter_map(|due| holding(worker, due)))
    }
}

fn holding(worker: &Worker, due: &super::alarm::Due) -> Option<Holding> {
    let PodTimer::BackOff(place) = due.timer else {
        return None;
    };
    let container = worker.containers.get(place)?;
    let Phase::Held(attempt) = container.phase else {
        return None;
    };
    Some(Holding {
        pod: worker.key.clone(),
        container: worker.spec_of(place).name.clone(),
        reason: container.reason_of(attempt),
        until: due.at,
    })
}
