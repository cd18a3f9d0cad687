//! The components of the world: who they are, whether they run, and their own stream of chance.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::metrics::ScrapeAlarm;
use super::writer::WriterAlarm;
use crate::api::Actor;
use crate::client::{Component, Context, Line, Output};
use crate::controllers::ControllerAlarm;
use crate::kubectl::KubectlAlarm;
use crate::kubelet::KubeletAlarm;
use crate::proxy::ProxyAlarm;
use crate::scheduler::SchedulerAlarm;
use crate::sim::{Profile, Random, RecordId, Time};

/// Which component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentId {
    /// A loop of the controller manager, by name.
    Controller(&'static str),
    /// The scheduler.
    Scheduler,
    /// The kubelet of a node.
    Kubelet(Arc<str>),
    /// The kube-proxy of a node.
    KubeProxy(Arc<str>),
    /// metrics-server.
    MetricsServer,
    /// One run of kubectl, by number.
    Kubectl(u64),
    /// A scripted client, by name.
    Writer(Arc<str>),
}

impl ComponentId {
    /// The component as it signs its requests and records.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Controller(name) => Actor::Controller(name),
            Self::Scheduler => Actor::Scheduler,
            Self::Kubelet(node) => Actor::Kubelet(Arc::clone(node)),
            Self::KubeProxy(node) => Actor::KubeProxy(Arc::clone(node)),
            Self::MetricsServer => Actor::MetricsServer,
            Self::Kubectl(_) => Actor::kubectl(),
            Self::Writer(name) => Actor::Kubectl(Arc::clone(name)),
        }
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubectl(number) => write!(f, "kubectl run {number}"),
            other => other.actor().fmt(f),
        }
    }
}

/// Does the same with whichever part a component is: `$then` sees it as `$part`, `$other` stands for
/// one that is not there.
macro_rules! part {
    ($cluster:expr, $id:expr, $part:ident => $then:expr, $other:expr) => {
        match $id {
            ComponentId::Controller(name) => match $cluster.controllers.get(name) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::Scheduler => {
                let $part = &$cluster.scheduler;
                $then
            }
            ComponentId::Kubelet(node) => match $cluster.kubelets.get(node) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::KubeProxy(node) => match $cluster.proxies.get(node) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::MetricsServer => {
                let $part = &$cluster.metrics_server;
                $then
            }
            ComponentId::Kubectl(number) => match $cluster.sessions.get(number) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::Writer(name) => match $cluster.writers.get(name) {
                Some($part) => $then,
                None => $other,
            },
        }
    };
}

/// The same with the part to be changed.
macro_rules! part_mut {
    ($cluster:expr, $id:expr, $part:ident => $then:expr, $other:expr) => {
        match $id {
            ComponentId::Controller(name) => match $cluster.controllers.get_mut(name) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::Scheduler => {
                let $part = &mut $cluster.scheduler;
                $then
            }
            ComponentId::Kubelet(node) => match $cluster.kubelets.get_mut(node) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::KubeProxy(node) => match $cluster.proxies.get_mut(node) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::MetricsServer => {
                let $part = &mut $cluster.metrics_server;
                $then
            }
            ComponentId::Kubectl(number) => match $cluster.sessions.get_mut(number) {
                Some($part) => $then,
                None => $other,
            },
            ComponentId::Writer(name) => match $cluster.writers.get_mut(name) {
                Some($part) => $then,
                None => $other,
            },
        }
    };
}

pub(super) use {part, part_mut};

/// An alarm of any component.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyAlarm {
    /// Of a controller.
    Controller(ControllerAlarm),
    /// Of the scheduler.
    Scheduler(SchedulerAlarm),
    /// Of a kubelet.
    Kubelet(KubeletAlarm),
    /// Of a kube-proxy.
    KubeProxy(ProxyAlarm),
    /// Of metrics-server.
    MetricsServer(ScrapeAlarm),
    /// Of a run of kubectl.
    Kubectl(KubectlAlarm),
    /// Of a scripted client.
    Writer(WriterAlarm),
}

/// The way between a component's own alarm and any alarm, there and back.
macro_rules! alarm_of {
    ($($variant:ident($alarm:ty)),*) => {
        $(
            impl From<$alarm> for AnyAlarm {
                fn from(alarm: $alarm) -> Self {
                    Self::$variant(alarm)
                }
            }

            impl TryFrom<AnyAlarm> for $alarm {
                type Error = AnyAlarm;

                fn try_from(alarm: AnyAlarm) -> Result<Self, AnyAlarm> {
                    if let AnyAlarm::$variant(own) = alarm { Ok(own) } else { Err(alarm) }
                }
            }
        )*
    };
}

alarm_of!(
    Controller(ControllerAlarm),
    Scheduler(SchedulerAlarm),
    Kubelet(KubeletAlarm),
    KubeProxy(ProxyAlarm),
    MetricsServer(ScrapeAlarm),
    Kubectl(KubectlAlarm),
    Writer(WriterAlarm)
);

/// Whether a component runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It runs.
    On,
    /// It hears but does nothing: its alarms wait until it goes on.
    Paused,
    /// It does not; what reaches it is lost.
    Off,
}

/// A component with what the world keeps for it.
#[derive(Clone, Debug)]
pub struct Part<C> {
    /// The component.
    pub component: C,
    /// Whether it runs.
    pub power: Power,
    /// Since when it is off or paused, if it is.
    pub since: Time,
    /// Counts its starts; what was meant for an earlier start no longer arrives.
    pub start: u32,
    /// How much later everything that it sets about begins.
    pub slowness: Duration,
    actor: Actor,
    random: Random,
    line: Line,
}

impl<C: Component> Part<C> {
    /// A component that does not run yet.
    #[must_use]
    pub fn new(id: &ComponentId, component: C, seed: u64) -> Self {
        Self {
            component,
            power: Power::Off,
            since: Time::START,
            start: 0,
            slowness: Duration::ZERO,
            actor: id.actor(),
            random: Random::stream(seed, &id.to_string()),
            line: Line::default(),
        }
    }

    /// Lets the component do one step and returns everything it did.
    pub fn run(
        &mut self,
        moment: (Time, RecordId, RecordId),
        profile: &Profile,
        act: impl FnOnce(&mut C, &mut Context<'_, C::Note, C::Alarm>),
    ) -> Output<C::Note, C::Alarm> {
        let mut hands = Context::new(
            &self.actor,
            moment,
            profile,
            &mut self.random,
            &mut self.line,
        );
        act(&mut self.component, &mut hands);
        hands.finish()
    }
}
