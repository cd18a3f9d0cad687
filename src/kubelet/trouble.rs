//! What goes wrong at a node, from outside.

use std::sync::Arc;
use std::time::Duration;

use super::agent::{Agent, Hands, Power, Starting};
use super::image::{Reference, Slowness};
use super::note::Note;
use super::{Behaviour, ExitCode, Failing, ProbeKind};
use crate::api::Key;
use crate::sim::Time;

/// One thing that happens to a node without anybody in the cluster wanting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The process in a container ends with code 1.
    CrashContainer {
        /// The pod.
        pod: Key,
        /// The container; the first of the pod when not said.
        container: Option<String>,
    },
    /// The kernel ends the process in a container for the memory that it uses.
    OutOfMemory {
        /// The pod.
        pod: Key,
        /// The container; the first of the pod when not said.
        container: Option<String>,
    },
    /// The registry gives fewer bytes for some time.
    SlowRegistry {
        /// How many times fewer.
        factor: u32,
        /// Until when.
        until: Time,
    },
    /// Nobody has this image any more, or somebody has it again.
    MissingImage {
        /// The image as a pod spec names it.
        image: String,
        /// Whether it is missing from now on.
        is_missing: bool,
    },
    /// An application behaves like this from its next start on; its probes at once.
    Behave {
        /// The pod.
        pod: Key,
        /// The container; the first of the pod when not said.
        container: Option<String>,
        /// What it does.
        behaviour: Behaviour,
    },
    /// A probe of an application fails from now on, whatever it would do by itself, or no longer.
    Probe {
        /// The pod.
        pod: Key,
        /// The container; the first of the pod when not said.
        container: Option<String>,
        /// Which probe.
        probe: ProbeKind,
        /// Whether it fails from now on.
        fails: bool,
    },
    /// Something that is no pod fills the disk.
    FillDisk {
        /// Up to how much of it, in per cent; 0 when it goes.
        percent: u32,
    },
    /// Somebody stops the process of the kubelet, or lets it go on.
    Freeze(bool),
    /// The machine loses its power: containers end, the kubelet is silent, the disk stays.
    PowerOff,
    /// The machine has power again. The kubelet acts when its watch on pods has listed.
    PowerOn,
}

impl Agent {
    pub(super) fn suffer(&mut self, trouble: &Trouble, hands: &mut Hands<'_>) {
        match trouble {
            Trouble::CrashContainer { pod, container } => {
                self.crash(pod, container.as_deref(), ExitCode::of(1), hands);
            }
            Trouble::OutOfMemory { pod, container } => {
                self.crash(pod, container.as_deref(), ExitCode::OUT_OF_MEMORY, hands);
            }
            Trouble::SlowRegistry { factor, until } => self.slow_down(*factor, *until, hands),
            Trouble::MissingImage { image, is_missing } => {
                if let Ok(reference) = Reference::parse(image) {
                    self.images.set_missing(reference.name(), *is_missing);
                }
            }
            Trouble::Behave {
                pod,
                container,
                behaviour,
            } => {
                let Some((uid, place)) = self.find(pod, container.as_deref()) else {
                    return;
                };
                if let Some(worker) = self.workers.get_mut(&uid) {
                    let behaviour = Arc::new(behaviour.clone());
                    Arc::make_mut(worker).containers[place].behaviour = behaviour;
                }
            }
            Trouble::Probe {
                pod,
                container,
                probe,
                fails,
            } => self.fail_probe((pod, container.as_deref()), *probe, *fails),
            Trouble::FillDisk { percent } => self.fill_disk(*percent, hands),
            Trouble::Freeze(frozen) => self.freeze(*frozen, hands),
            Trouble::PowerOff => self.power_off(hands),
            Trouble::PowerOn => self.power_on(hands),
        }
    }

    fn crash(&mut self, pod: &Key, container: Option<&str>, exit: ExitCode, hands: &mut Hands<'_>) {
        if let Some((uid, place)) = self.find(pod, container) {
            self.turn(&uid, hands.cause, hands, |worker, turn| {
                worker.crash(place, exit, turn);
            });
        }
    }

    fn fail_probe(&mut self, target: (&Key, Option<&str>), probe: ProbeKind, fails: bool) {
        let Some((uid, place)) = self.find(target.0, target.1) else {
            return;
        };
        if let Some(worker) = self.workers.get_mut(&uid) {
            let container = &mut Arc::make_mut(worker).containers[place];
            let behaviour = Arc::make_mut(&mut container.behaviour);
            behaviour.failing.retain(|failing| failing.probe != probe);
            if fails {
                behaviour.failing.push(Failing {
                    probe,
                    from: Duration::ZERO,
                    until: None,
                });
            }
        }
    }

    /// The uid of a pod on this node, and the place of a container in it.
    fn find(&self, pod: &Key, container: Option<&str>) -> Option<(Arc<str>, usize)> {
        let mut workers = self.workers.values();
        let worker = workers.find(|worker| worker.key == *pod && !worker.is_gone())?;
        let place = match container {
            None => worker.inits(),
            Some(name) => {
                (0..worker.containers.len()).find(|place| worker.spec_of(*place).name == name)?
            }
        };
        Some((Arc::clone(&worker.uid), place))
    }

    fn slow_down(&mut self, factor: u32, until: Time, hands: &mut Hands<'_>) {
        let note = Note::RegistrySlowed(self.node_key(), factor);
        let record = hands.note(hands.cause, note);
        let speed = hands.profile.kubelet.registry_bytes_per_second;
        let slowness = Slowness { factor, until };
        self.pulls.slow_down(slowness, hands.now, speed);
        self.resume_pull(record, hands);
    }

    fn fill_disk(&mut self, percent: u32, hands: &mut Hands<'_>) {
        self.other_files = 0;
        let capacity = u64::try_from(self.machine.ephemeral_storage.value()).unwrap_or(0);
        let wanted = capacity / 100 * u64::from(percent);
        self.other_files = wanted.saturating_sub(self.disk_used_now(hands.now));
        hands.note(hands.cause, Note::DiskFilled(self.node_key(), percent));
    }

    fn power_off(&mut self, hands: &mut Hands<'_>) {
        if self.power == Power::Off {
            return;
        }
        self.power = Power::Off;
        self.pulls.clear();
        let mut lost = 0;
        for worker in self.workers.values_mut() {
            lost += Arc::make_mut(worker).lose_power(hands.now);
        }
        hands.note(hands.cause, Note::PowerIsGone(self.node_key(), lost));
    }

    /// A kubelet that goes on tells what has happened in the meantime.
    fn freeze(&mut self, frozen: bool, hands: &mut Hands<'_>) {
        self.is_frozen = frozen;
        let uids: Vec<Arc<str>> = self.workers.keys().cloned().collect();
        for uid in uids.iter().filter(|_| !frozen) {
            self.write(uid, hands.cause, hands);
        }
    }

    fn power_on(&mut self, hands: &mut Hands<'_>) {
        if self.power != Power::Off {
            return;
        }
        self.power = Power::Back;
        self.boots += 1;
        self.is_node_checked = false;
        self.is_frozen = false;
        self.starting = Some(Starting::Machine);
        // What it knew of its node went with the power.
        self.node = None;
        let record = hands.note(hands.cause, Note::PowerIsBack(self.node_key()));
        self.beat_soon(record, hands);
    }
}
