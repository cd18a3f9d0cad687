//! What happens to components: switched off and on, paused, slowed, and the scripted clients that come.

use std::sync::Arc;
use std::time::Duration;

use super::super::component::{AnyAlarm, part, part_mut};
use super::super::step::{Happening, Wake};
use super::super::writer::Writer;
use super::super::{Cluster, ComponentChange, ComponentId, Part, Power};
use crate::api::Key;
use crate::controllers::Runner;
use crate::kubelet::Trouble;
use crate::scheduler::Scheduler;
use crate::sim::{RecordId, RecordKind, Urgency, counted, span_words};

/// What the scripted clients are called.
const NAMES: [&str; 2] = ["ann", "bob"];

/// An alarm that rang while its component was paused.
#[derive(Clone, Debug)]
pub(super) struct Held {
    of: ComponentId,
    start: u32,
    alarm: AnyAlarm,
    urgency: Urgency,
    cause: RecordId,
}

impl Cluster {
    pub(super) fn change_component(
        &mut self,
        name: &str,
        change: ComponentChange,
        cause: RecordId,
    ) -> Result<(), String> {
        let Some(id) = self.component_named(name) else {
            return Err(format!("there is no component \"{name}\""));
        };
        let what = self.foresee(&id, name, change)?;
        let record = self.struck(RecordKind::FaultComponent, None, what, cause);
        match change {
            ComponentChange::Restart if is_kubelet(&id) => self.break_watches(&id, None, record),
            ComponentChange::Stop if is_kubelet(&id) => self.pause(&id, record),
            ComponentChange::Start if is_kubelet(&id) => {
                self.resume(&id, record);
                self.break_watches(&id, None, record);
            }
            ComponentChange::Restart => {
                self.switch_off(&id);
                self.switch_on_anew(&id, record);
            }
            ComponentChange::Stop => self.switch_off(&id),
            ComponentChange::Start => self.switch_on_anew(&id, record),
            ComponentChange::Pause => self.pause(&id, record),
            ComponentChange::Resume => self.resume(&id, record),
            ComponentChange::Slow(delay) => {
                part_mut!(self, &id, part => Arc::make_mut(part).slowness = delay, ());
            }
            ComponentChange::Expectations(kept) => {
                if let ComponentId::Controller(name) = &id
                    && let Some(part) = self.controllers.get_mut(name)
                {
                    Arc::make_mut(part).component.keep_expectations(kept);
                }
            }
        }
        Ok(())
    }

    /// What a change will do to a component, in words, or why it does nothing.
    fn foresee(
        &self,
        id: &ComponentId,
        name: &str,
        change: ComponentChange,
    ) -> Result<String, String> {
        let power = self.power_of(id);
        if let ComponentId::Kubelet(node) = id
            && power == Power::Off
        {
            return Err(format!("{node} is down; say fault node-up {node}"));
        }
        match (change, power) {
            (ComponentChange::Restart, _) if is_kubelet(id) => Ok(format!(
                "crashes {name}, which starts again and lists: its containers have run on"
            )),
            (ComponentChange::Stop, Power::On) if is_kubelet(id) => Ok(format!(
                "stops {name}: what runs on its machine runs on, and nobody looks after it"
            )),
            (ComponentChange::Stop, Power::Paused) if is_kubelet(id) => {
                Err(format!("{name} is stopped already"))
            }
            (ComponentChange::Start, Power::Paused) if is_kubelet(id) => {
                Ok(format!("starts {name}, which lists and goes on"))
            }
            (ComponentChange::Restart, _) => Ok(format!(
                "crashes {name}, which starts again with empty hands"
            )),
            (
                ComponentChange::Stop | ComponentChange::Pause | ComponentChange::Resume,
                Power::Off,
            ) => Err(format!("{name} is off")),
            (ComponentChange::Stop, _) => Ok(format!("stops {name}")),
            (ComponentChange::Start, Power::Off) => Ok(format!("starts {name}")),
            (ComponentChange::Start, _) => Err(format!("{name} is on already")),
            (ComponentChange::Pause, Power::On) => {
                Ok(format!("pauses {name}: it still hears, but does nothing"))
            }
            (ComponentChange::Pause, Power::Paused) => Err(format!("{name} is paused already")),
            (ComponentChange::Resume, Power::Paused) => Ok(format!("lets {name} go on")),
            (ComponentChange::Resume, Power::On) => Err(format!("{name} is not paused")),
            (ComponentChange::Slow(Duration::ZERO), _) => {
                Ok(format!("lets {name} be as fast as it can"))
            }
            (ComponentChange::Slow(delay), _) => Ok(format!(
                "slows {name}: all that it sets about begins {} later",
                span_words(delay)
            )),
            (ComponentChange::Expectations(_), _) if !matches!(id, ComponentId::Controller(_)) => {
                Err(format!("{name} keeps no expectations; only controllers do"))
            }
            (ComponentChange::Expectations(false), _) => Ok(format!(
                "lets {name} plan again before it has seen its own writes"
            )),
            (ComponentChange::Expectations(true), _) => Ok(format!(
                "lets {name} wait again until it has seen its own writes"
            )),
        }
    }

    fn power_of(&self, id: &ComponentId) -> Power {
        part!(self, id, part => part.power, Power::Off)
    }

    fn set_power(&mut self, id: &ComponentId, power: Power) {
        let now = self.now;
        part_mut!(
            self,
            id,
            part => {
                let part = Arc::make_mut(part);
                part.power = power;
                part.since = now;
            },
            ()
        );
    }

    /// Switches a component off: what reaches it is lost.
    pub(super) fn switch_off(&mut self, id: &ComponentId) {
        self.set_power(id, Power::Off);
        self.fall_silent(id);
        self.troubles.held.retain(|held| held.of != *id);
        for watch in self.watches.of(id) {
            self.close(watch);
        }
    }

    /// A component that starts again knows nothing of its last life.
    pub(super) fn switch_on_anew(&mut self, id: &ComponentId, cause: RecordId) {
        match id {
            ComponentId::Controller(name) => {
                if let Some(part) = self.controllers.get_mut(name) {
                    let part = Arc::make_mut(part);
                    part.component = part.component.reborn();
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
            ComponentId::Kubelet(_)
            | ComponentId::MetricsServer
            | ComponentId::Kubectl(_)
            | ComponentId::Writer(_) => {}
        }
        self.switch_on(id, cause);
    }

    /// Nobody serves metrics while metrics-server does nothing, nor after it before its next scrape.
    fn fall_silent(&mut self, id: &ComponentId) {
        if *id == ComponentId::MetricsServer {
            self.api.serve_metrics(None);
        }
    }

    fn pause(&mut self, id: &ComponentId, record: RecordId) {
        self.set_power(id, Power::Paused);
        self.fall_silent(id);
        if let ComponentId::Kubelet(node) = id {
            self.troubles.fall_silent(node, record);
            self.suffer(node, &Trouble::Freeze(true), record);
        }
    }

    fn resume(&mut self, id: &ComponentId, record: RecordId) {
        self.set_power(id, Power::On);
        if let ComponentId::Kubelet(node) = id {
            if !self.troubles.cut_off.contains(node) {
                self.troubles.speak_again(node);
            }
            self.suffer(node, &Trouble::Freeze(false), record);
        }
        let (own, others) = std::mem::take(&mut self.troubles.held)
            .into_iter()
            .partition(|held| held.of == *id);
        self.troubles.held = others;
        let own: imbl::Vector<Held> = own;
        for held in own {
            let Held {
                of,
                start,
                alarm,
                urgency,
                cause,
            } = held;
            let ringing = Happening::Alarm {
                of,
                start,
                alarm,
                cause,
            };
            self.queue.push(self.now, urgency, ringing);
        }
    }

    /// Whether a component is paused.
    pub(in crate::cluster) fn is_paused(&self, id: &ComponentId) -> bool {
        self.power_of(id) == Power::Paused
    }

    /// What has rung for a component since it was paused.
    pub(in crate::cluster) fn held_alarms(
        &self,
        id: &ComponentId,
    ) -> impl Iterator<Item = &AnyAlarm> {
        let held = self.troubles.held.iter();
        held.filter(move |held| held.of == *id)
            .map(|held| &held.alarm)
    }

    /// Keeps an alarm until its component goes on.
    pub(in crate::cluster) fn hold(
        &mut self,
        (of, start): (ComponentId, u32),
        alarm: AnyAlarm,
        urgency: Urgency,
        cause: RecordId,
    ) {
        self.troubles.held.push_back(Held {
            of,
            start,
            alarm,
            urgency,
            cause,
        });
    }

    pub(super) fn send_writers(
        &mut self,
        object: &Key,
        clients: u32,
        times: u32,
        cause: RecordId,
    ) -> Result<(), String> {
        if self.store().get(object).is_none() {
            return Err(format!("there is no {object} that could be written"));
        }
        let what = match clients {
            1 => format!(
                "lets another client write {object} {}",
                counted(times, "time")
            ),
            _ => format!("lets {clients} clients read {object} and write it back"),
        };
        let kind = RecordKind::FaultSecondClient;
        let record = self.struck(kind, Some(object.clone()), what, cause);
        for name in NAMES
            .iter()
            .take(usize::try_from(clients).unwrap_or(NAMES.len()))
        {
            let name = Arc::from(self.free_name(name));
            let id = ComponentId::Writer(Arc::clone(&name));
            let writer = Writer::new(&name, object.clone(), times);
            let mut part = Part::new(&id, writer, self.config.seed);
            part.power = Power::On;
            self.writers.insert(name, Arc::new(part));
            self.wake(&id, Wake::Start, record);
        }
        Ok(())
    }

    /// The name itself, or with the first number that nobody has had.
    fn free_name(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.writers.contains_key(name.as_str()))
            .unwrap_or_else(|| name.to_owned())
    }
}

/// A kubelet is a process of a machine that goes on without it.
const fn is_kubelet(id: &ComponentId) -> bool {
    matches!(id, ComponentId::Kubelet(_))
}

impl Part<Runner> {
    /// The name of the loop.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.component.controller().name
    }
}
