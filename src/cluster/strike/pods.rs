//! What happens to containers: they crash, the kernel ends them, their probes fail.

use std::sync::Arc;

use super::super::{Cluster, Container, Power};
use crate::api::{Key, Kind, Object, Pod};
use crate::kubelet::{KubeletAlarm, PodTimer, ProbeKind, Trouble};
use crate::sim::{RecordId, RecordKind};

impl Cluster {
    pub(super) fn crash(
        &mut self,
        target: &Container,
        out_of_memory: bool,
        cause: RecordId,
    ) -> Result<(), String> {
        let (pod, node) = self.victim(target)?;
        let what = match (&target.name, out_of_memory) {
            (Some(container), false) => format!("crashes container {container} of {pod}"),
            (None, false) => format!("crashes {pod}"),
            (Some(container), true) => {
                format!("lets the kernel end container {container} of {pod} for its memory")
            }
            (None, true) => format!("lets the kernel end {pod} for its memory"),
        };
        let record = self.struck(RecordKind::FaultCrash, Some(pod.clone()), what, cause);
        let container = target.name.clone();
        let trouble = if out_of_memory {
            Trouble::OutOfMemory { pod, container }
        } else {
            Trouble::CrashContainer { pod, container }
        };
        self.suffer(&node, &trouble, record);
        Ok(())
    }

    pub(super) fn change_probe(
        &mut self,
        target: &Container,
        probe: ProbeKind,
        fails: bool,
        cause: RecordId,
    ) -> Result<(), String> {
        let (pod, node) = self.victim(target)?;
        let name = probe.name().to_lowercase();
        if !self.has_probe(&pod, target.name.as_deref(), probe) {
            return Err(format!("{pod} has no {name} probe there"));
        }
        let what = if fails {
            format!("makes the {name} probe of {pod} fail")
        } else {
            format!("lets the {name} probe of {pod} succeed again")
        };
        let record = self.struck(RecordKind::FaultProbe, Some(pod.clone()), what, cause);
        let trouble = Trouble::Probe {
            pod: pod.clone(),
            container: target.name.clone(),
            probe,
            fails,
        };
        self.suffer(&node, &trouble, record);
        let uid = self.store().get(&pod).map(|pod| pod.uid().to_owned());
        self.press(&node, |alarm| match alarm {
            KubeletAlarm::Pod {
                uid: of,
                timer: PodTimer::Probe(_, kind),
            } => *kind == probe && uid.as_deref() == Some(&**of),
            _ => false,
        });
        Ok(())
    }

    fn has_probe(&self, pod: &Key, container: Option<&str>, probe: ProbeKind) -> bool {
        let Some(Object::Pod(pod)) = self.store().get(pod) else {
            return false;
        };
        let mut containers = pod.spec.containers.iter();
        let container = match container {
            Some(name) => containers.find(|container| container.name == name),
            None => containers.next(),
        };
        container.is_some_and(|container| match probe {
            ProbeKind::Startup => container.startup_probe.is_some(),
            ProbeKind::Readiness => container.readiness_probe.is_some(),
            ProbeKind::Liveness => container.liveness_probe.is_some(),
        })
    }

    /// The pod of that name on a machine with power, or the first whose name begins so.
    fn victim(&self, target: &Container) -> Result<(Key, Arc<str>), String> {
        let name = target.pod.strip_prefix("pod/").unwrap_or(&target.pod);
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let pods = || {
            self.store()
                .list(Kind::Pod, Some(namespace))
                .filter_map(|object| match object {
                    Object::Pod(pod) => Some(pod),
                    _ => None,
                })
        };
        let exact = pods().find(|pod| pod.name() == name);
        let found = exact.and_then(|pod| self.placed(pod)).or_else(|| {
            pods()
                .filter(|pod| pod.name().starts_with(name))
                .find_map(|pod| self.placed(pod))
        });
        let (pod, node) =
            found.ok_or_else(|| format!("no running pod is called \"{name}\" or begins so"))?;
        if let Some(container) = &target.name {
            let mut all = pod.spec.init_containers.iter().flatten();
            let is_there = all.any(|each| each.name == *container)
                || pod
                    .spec
                    .containers
                    .iter()
                    .any(|each| each.name == *container);
            if !is_there {
                let name = pod.name();
                return Err(format!("container {container} is not valid for pod {name}"));
            }
        }
        Ok((Key::new(Kind::Pod, namespace, pod.name()), node))
    }

    fn placed<'a>(&self, pod: &'a Pod) -> Option<(&'a Pod, Arc<str>)> {
        let node = pod.spec.node_name.clone()?;
        let is_on = self
            .kubelets
            .get(&node)
            .is_some_and(|part| part.power != Power::Off);
        (is_on && !pod.is_finished()).then_some((pod, node))
    }
}
