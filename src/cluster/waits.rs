//! What a world waits for that has nothing to do: components that are off, machines that are silent,
//! and what is due later.

use std::time::Duration;

use super::component::AnyAlarm;
use super::step::Happening;
use super::{Cluster, ComponentId, Power};
use crate::api::{Key, Kind, Lease, Node, Pod, Typed, meta};
use crate::controllers::{ControllerAlarm, Runner};
use crate::kubectl::KubectlAlarm;
use crate::kubelet::KubeletAlarm;
use crate::sim::{Time, span_words};

/// The loop that gives up silent nodes.
const MONITOR: &str = "node-lifecycle-controller";

/// One thing that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A component does not run: what it would do is not done.
    Off(ComponentId),
    /// A component hears, but does nothing.
    Paused(ComponentId),
    /// A machine says nothing, and the control plane has not noticed yet.
    Unnoticed {
        /// The node.
        node: Key,
        /// When it will be noticed.
        until: Time,
    },
    /// A pod that was told to go is on a machine that says nothing.
    Stranded {
        /// The pod.
        pod: Key,
        /// Where.
        node: Key,
    },
    /// A container waits before another attempt.
    Held {
        /// The pod.
        pod: Key,
        /// `CrashLoopBackOff` or `ImagePullBackOff`.
        reason: &'static str,
        /// Until when.
        until: Time,
    },
    /// The API server refused a loop what it wanted; it asks again, each time later.
    Refused {
        /// The object that the loop works on.
        at: Key,
        /// What the API server said.
        why: String,
        /// Until when.
        until: Time,
    },
    /// A run of kubectl waits for something to come true.
    Kubectl {
        /// The line as typed.
        line: String,
        /// What for, or why; empty when it has said nothing.
        what: String,
        /// When it asks again; none when it watches.
        until: Option<Time>,
    },
    /// A loop looks at an object again.
    Look {
        /// Which loop.
        who: &'static str,
        /// At what.
        at: Key,
        /// When.
        until: Time,
        /// What will be so then; empty when there is nothing to say.
        why: &'static str,
    },
}

impl Wait {
    /// When it is over; none when that depends on somebody.
    #[must_use]
    pub fn until(&self) -> Option<Time> {
        match self {
            Self::Off(_) | Self::Paused(_) | Self::Stranded { .. } => None,
            Self::Kubectl { until, .. } => *until,
            Self::Unnoticed { until, .. }
            | Self::Held { until, .. }
            | Self::Refused { until, .. }
            | Self::Look { until, .. } => Some(*until),
        }
    }

    /// What explains others comes before what only looks on.
    const fn rank(&self) -> u8 {
        match self {
            Self::Off(_) | Self::Paused(_) => 0,
            Self::Unnoticed { .. } | Self::Stranded { .. } => 1,
            Self::Held { .. } | Self::Refused { .. } => 2,
            Self::Look { .. } => 3,
            Self::Kubectl { .. } => 4,
        }
    }

    /// The object that waits; none for a component and for a run of kubectl.
    #[must_use]
    pub fn about(&self) -> Option<&Key> {
        match self {
            Self::Off(_) | Self::Paused(_) | Self::Kubectl { .. } => None,
            Self::Unnoticed { node, .. } => Some(node),
            Self::Stranded { pod, .. } | Self::Held { pod, .. } => Some(pod),
            Self::Refused { at, .. } | Self::Look { at, .. } => Some(at),
        }
    }

    /// Whether it only repeats what is always done: nobody need be told of it.
    #[must_use]
    pub fn is_routine(&self) -> bool {
        match self {
            Self::Look { at, why, .. } => {
                why.is_empty() && at.kind != Kind::HorizontalPodAutoscaler
            }
            Self::Off(_)
            | Self::Paused(_)
            | Self::Unnoticed { .. }
            | Self::Stranded { .. }
            | Self::Held { .. }
            | Self::Refused { .. }
            | Self::Kubectl { .. } => false,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn words(&self, now: Time) -> String {
        let left = |until: &Time| span_words(until.since(now));
        match self {
            Self::Off(id) => format!("{id} is off"),
            Self::Paused(id) => format!("{id} is paused"),
            Self::Unnoticed { node, until } => format!(
                "{} is silent, nobody knows yet: it counts as Ready for {} more",
                node.name,
                left(until)
            ),
            Self::Stranded { pod, node } => format!(
                "{} is gone only when the kubelet of {} says so",
                pod.name, node.name
            ),
            Self::Held { pod, reason, until } => {
                format!("{}: {reason}, again in {}", pod.name, left(until))
            }
            Self::Refused { at, why, until } => format!(
                "{} {}: {why}; again in {}",
                kind_words(at.kind),
                at.name,
                left(until)
            ),
            Self::Kubectl { line, what, until } => {
                let what = match what.as_str() {
                    "" => String::new(),
                    what => format!(": {what}"),
                };
                let again = until.map_or_else(String::new, |until| {
                    format!("; asks again in {}", left(&until))
                });
                format!("{line} waits{what}{again}")
            }
            Self::Look {
                who,
                at,
                until,
                why: "",
            } => format!("{who} looks at {} in {}", at.name, left(until)),
            Self::Look { at, until, why, .. } => {
                format!(
                    "{} {} in {}: {why}",
                    kind_words(at.kind),
                    at.name,
                    left(until)
                )
            }
        }
    }
}

/// A kind, in few letters where kubectl has them.
fn kind_words(kind: Kind) -> String {
    match kind {
        Kind::HorizontalPodAutoscaler => "HPA".to_owned(),
        _ => kind.info().name.to_ascii_lowercase(),
    }
}

impl Cluster {
    /// Everything that is waited for: the reasons of other waits first, then by when it is over.
    #[must_use]
    pub fn waits(&self) -> Vec<Wait> {
        let mut waits: Vec<Wait> = self.off().collect();
        waits.extend(self.unnoticed());
        waits.extend(self.stranded());
        waits.extend(self.held());
        waits.extend(self.patient());
        waits.extend(self.looks());
        waits.sort_by_key(|wait| (wait.rank(), wait.until()));
        waits
    }

    /// The first thing that somebody should be told is waited for, in words.
    #[must_use]
    pub fn first_wait_in_words(&self) -> Option<String> {
        let waits = self.waits();
        let first = waits.iter().find(|wait| !wait.is_routine());
        first.map(|wait| wait.words(self.now()))
    }

    /// What a settled world says to whoever wants to go on.
    pub(super) fn settled_in_words(&self) -> String {
        match self.first_wait_in_words() {
            None => "Settled: nothing is left but heartbeats.".to_owned(),
            Some(wait) => format!("Settled, but {wait}."),
        }
    }

    /// The next moment that is waited for, of those that somebody should be told of.
    pub(super) fn next_wait(&self) -> Option<Time> {
        let waits = self.waits();
        let told = waits.iter().filter(|wait| !wait.is_routine());
        told.filter_map(Wait::until).min()
    }

    /// When the control plane will notice that a silent node is silent; none when it is not, or when
    /// that is known.
    #[must_use]
    pub fn unnoticed_until(&self, node: &str) -> Option<Time> {
        if !self.is_silent(node) || !self.is_monitored() {
            return None;
        }
        let key = super::command::node_key(node);
        let status = self.store().get(&key).and_then(Node::of)?;
        let mut conditions = status.status.conditions.iter().flatten();
        let ready = conditions.find(|condition| condition.type_ == "Ready")?;
        if ready.status != "True" {
            return None;
        }
        let beat = ready.last_heartbeat_time.as_ref().map(meta::moment);
        let heard = self.lease_heard(node).max(beat.unwrap_or(Time::START));
        Some(self.monitored_after(heard + self.profile().nodes.monitor_grace))
    }

    /// Whether somebody is there who would notice that a node is silent.
    #[must_use]
    pub fn is_monitored(&self) -> bool {
        let monitor = self.controllers.get(MONITOR);
        monitor.is_some_and(|part| part.power == Power::On)
    }

    /// Whether the machine says nothing to the control plane.
    #[must_use]
    pub fn is_silent(&self, node: &str) -> bool {
        self.troubles.silent().any(|silent| &**silent == node)
    }

    /// When the loop that gives up nodes last heard of the lease of one.
    fn lease_heard(&self, node: &str) -> Time {
        let key = Key::new(Kind::Lease, "kube-node-lease", node);
        let monitor = self.controllers.get(MONITOR);
        let heard = monitor.and_then(|part| part.component.informers().cached(&key));
        heard.map_or_else(
            || {
                let lease = self.store().get(&key).and_then(Lease::of);
                let renewed = lease.and_then(|lease| lease.spec.renew_time.as_ref());
                renewed.map_or(Time::START, |renewed| Time::from_timestamp(renewed.0))
            },
            |lease| lease.arrived,
        )
    }

    /// The first look of the node monitor after a moment.
    fn monitored_after(&self, moment: Time) -> Time {
        let period = self.profile().nodes.monitor_period;
        let mut looks = self.queue.iter().filter_map(|(at, _, happening)| {
            let Happening::Alarm { of, alarm, .. } = happening else {
                return None;
            };
            let is_its = *of == ComponentId::Controller(MONITOR)
                && matches!(alarm, AnyAlarm::Controller(ControllerAlarm::Periodic));
            is_its.then_some(at)
        });
        let Some(mut next) = looks.next() else {
            return moment;
        };
        while next <= moment && period > Duration::ZERO {
            next = next + period;
        }
        next
    }

    /// The components that do nothing.
    fn off(&self) -> impl Iterator<Item = Wait> {
        let ids = self.components().into_iter();
        ids.filter_map(|id| {
            // What stands still with its machine is told of the machine.
            let goes_with_machine = match &id {
                ComponentId::Kubelet(_) => true,
                ComponentId::KubeProxy(node) => {
                    let kubelet = self.kubelets.get(node);
                    kubelet.is_none_or(|part| part.power == Power::Off)
                }
                _ => false,
            };
            match self.standing(&id)?.power {
                _ if goes_with_machine => None,
                Power::On => None,
                Power::Paused => Some(Wait::Paused(id)),
                Power::Off => Some(Wait::Off(id)),
            }
        })
    }

    fn unnoticed(&self) -> impl Iterator<Item = Wait> {
        let silent = self.troubles.silent();
        silent.filter_map(|node| {
            let until = self.unnoticed_until(node)?;
            let node = super::command::node_key(node);
            Some(Wait::Unnoticed { node, until })
        })
    }

    fn stranded(&self) -> Vec<Wait> {
        if self.troubles.silent().next().is_none() {
            return Vec::new();
        }
        let pods = self.store().list(Kind::Pod, None).filter_map(Pod::of);
        let stranded = pods.filter(|pod| pod.is_terminating()).filter_map(|pod| {
            let node = pod.spec.node_name.as_deref()?;
            self.is_silent(node).then(|| Wait::Stranded {
                pod: Key::new(Kind::Pod, pod.namespace(), pod.name()),
                node: super::command::node_key(node),
            })
        });
        stranded.collect()
    }

    fn held(&self) -> impl Iterator<Item = Wait> {
        let holdings = self.kubelets().flat_map(|part| part.component.holdings());
        holdings.map(|holding| Wait::Held {
            pod: holding.pod,
            reason: holding.reason,
            until: holding.until,
        })
    }

    /// The runs of kubectl that wait.
    fn patient(&self) -> impl Iterator<Item = Wait> {
        self.sessions().filter_map(|(number, session)| {
            let what = session.waits_for()?;
            let id = ComponentId::Kubectl(number);
            let mut alarms = self.queue.iter().filter_map(|(at, _, happening)| {
                let Happening::Alarm { of, alarm, .. } = happening else {
                    return None;
                };
                let asks = matches!(alarm, AnyAlarm::Kubectl(KubectlAlarm::LookAgain(_)));
                (asks && *of == id).then_some(at)
            });
            Some(Wait::Kubectl {
                line: session.invocation().line.clone(),
                what,
                until: alarms.next(),
            })
        })
    }

    fn looks(&self) -> impl Iterator<Item = Wait> {
        self.controllers().flat_map(|part| {
            let queue = part.component.queue();
            queue
                .delayed()
                .map(|(key, until)| look(&part.component, key, until))
        })
    }

    /// What a component does when an alarm rings, in words; none for one that says nothing by itself.
    pub(super) fn alarm_purpose(&self, of: &ComponentId, alarm: &AnyAlarm) -> Option<String> {
        match (of, alarm) {
            (ComponentId::Kubelet(node), AnyAlarm::Kubelet(KubeletAlarm::Pod { uid, timer })) => {
                let kubelet = &self.kubelet(node)?.component;
                let pod = kubelet.pods().find(|pod| pod.uid == *uid)?;
                Some(format!("· {}: {}", pod.pod.name, timer.words()))
            }
            (_, AnyAlarm::Kubelet(KubeletAlarm::Heartbeat)) => Some("renews its lease".to_owned()),
            (_, AnyAlarm::Kubelet(KubeletAlarm::Pull { .. })) => {
                Some("has pulled an image".to_owned())
            }
            (ComponentId::MetricsServer, _) => Some("asks the kubelets what is used".to_owned()),
            _ => None,
        }
    }

    /// What an alarm of a component is for, in words; none for one that says nothing by itself.
    pub(super) fn alarm_words(&self, of: &ComponentId, alarm: &AnyAlarm) -> Option<String> {
        let (ComponentId::Controller(name), AnyAlarm::Controller(ControllerAlarm::Due(key))) =
            (of, alarm)
        else {
            return None;
        };
        let part = self.controllers.get(name)?;
        let mut delayed = part.component.queue().delayed();
        let (_, until) = delayed.find(|(delayed, _)| *delayed == key)?;
        Some(look(&part.component, key, until).words(self.now()))
    }
}

/// Why a loop looks at an object later.
fn look(runner: &Runner, key: &Key, until: Time) -> Wait {
    match runner.refused(key) {
        Some(refusal) => {
            let message = refusal.message.as_str();
            let why = message.split_once("is forbidden: ");
            Wait::Refused {
                at: key.clone(),
                why: why.map_or(message, |(_, why)| why).to_owned(),
                until,
            }
        }
        None => Wait::Look {
            who: runner.controller().name,
            at: key.clone(),
            until,
            why: runner.why_later(key),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cluster::{ClusterConfig, Command, Files};

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: \
                       [{name: web, image: 'nginx:1.27'}], nodeName: node-b}\n";

    fn world(fault: &str, seconds: u64) -> Cluster {
        let files: Files = [("pod.yaml".to_owned(), Arc::from(POD.as_bytes()))].into();
        let files = Arc::new(files);
        let mut world = Cluster::new(ClusterConfig::with_nodes(7, 3));
        for line in ["kubectl apply -f pod.yaml", fault] {
            let command = Command::parse(line, &files).expect("the line is a command");
            world.submit(command);
            world.run_until(Duration::from_secs(5), |_| false);
        }
        world.run_until(Duration::from_secs(seconds), |_| false);
        world
    }

    fn told(world: &Cluster) -> Vec<String> {
        let waits = world.waits();
        let told = waits.iter().filter(|wait| !wait.is_routine());
        told.map(|wait| wait.words(world.now())).collect()
    }

    #[test]
    fn c8_a_silent_node_counts_as_ready_until_the_monitor_gives_it_up() {
        let mut world = world("fault node-down node-b", 0);
        let until = world.unnoticed_until("node-b").expect("nobody knows yet");
        let key = crate::cluster::command::node_key("node-b");
        let is_ready = |world: &Cluster| {
            let node = world.store().get(&key).and_then(Node::of).expect("a node");
            let mut conditions = node.status.conditions.iter().flatten();
            conditions.any(|each| each.type_ == "Ready" && each.status == "True")
        };
        assert!(is_ready(&world));
        let silence = until.since(world.now());
        assert!(silence <= Duration::from_secs(55), "{silence:?}");
        world.run_until(silence.saturating_sub(Duration::from_millis(1)), |_| false);
        assert!(is_ready(&world), "it is noticed before {until}");
        world.run_until(Duration::from_secs(1), |_| false);
        assert!(!is_ready(&world), "it is not noticed at {until}");
        assert_eq!(world.unnoticed_until("node-b"), None);
    }

    #[test]
    fn c9_a_pod_that_tolerates_for_a_while_says_when_it_goes() {
        let mut world = world("fault node-down node-b", 60);
        let words = told(&world).join("; ");
        assert!(words.contains("pod web in 4m"), "{words}");
        assert!(
            words.contains("its toleration of the taint ends"),
            "{words}"
        );
        world.run_until(Duration::from_secs(330), |_| false);
        let words = told(&world).join("; ");
        assert!(
            words.contains("gone only when the kubelet of node-b"),
            "{words}"
        );
    }

    #[test]
    fn a_loop_that_is_off_is_waited_for_and_a_well_world_waits_for_nothing() {
        let off = world("fault stop deployment-controller", 0);
        assert_eq!(told(&off), ["deployment-controller is off"]);
        let on = world("kubectl get pods", 0);
        assert_eq!(told(&on), [""; 0]);
    }
}
