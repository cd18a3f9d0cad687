//! What happens to machines: power, network, disk.

use std::sync::Arc;

use super::super::command::node_key;
use super::super::step::Wake;
use super::super::{Cluster, ComponentId, Power};
use crate::kubelet::{KubeletAlarm, Trouble};
use crate::sim::{RecordId, RecordKind};

impl Cluster {
    fn has_power(&self, node: &str) -> bool {
        self.kubelets
            .get(node)
            .is_some_and(|part| part.power != Power::Off)
    }

    pub(super) fn node_down(&mut self, node: &str, cause: RecordId) -> Result<(), String> {
        if !self.has_power(node) {
            return Err(format!("{node} is down already"));
        }
        let what = format!("takes the power from {node}");
        let record = self.struck(RecordKind::FaultNodeDown, Some(node_key(node)), what, cause);
        self.suffer(node, &Trouble::PowerOff, record);
        self.switch_off(&ComponentId::Kubelet(Arc::from(node)));
        self.switch_off(&ComponentId::KubeProxy(Arc::from(node)));
        self.troubles.cut_off.remove(node);
        self.troubles.fall_silent(node, record);
        Ok(())
    }

    pub(super) fn node_up(&mut self, node: &str, cause: RecordId) -> Result<(), String> {
        if self.has_power(node) {
            return Err(format!("{node} is up already"));
        }
        let what = format!("gives {node} its power back");
        let record = self.struck(RecordKind::FaultNodeUp, Some(node_key(node)), what, cause);
        self.troubles.speak_again(node);
        // The machine is up before its kubelet lists: what it hears before is lost.
        let id = ComponentId::Kubelet(Arc::from(node));
        let subscriptions = self.start(&id);
        self.suffer(node, &Trouble::PowerOn, record);
        self.open_watches(&id, subscriptions, record);
        self.wake(&id, Wake::Start, record);
        if self.proxies.contains_key(node) {
            self.switch_on_anew(&ComponentId::KubeProxy(Arc::from(node)), record);
        }
        Ok(())
    }

    pub(super) fn fill_disk(
        &mut self,
        node: &str,
        percent: u32,
        cause: RecordId,
    ) -> Result<(), String> {
        if !self.has_power(node) {
            return Err(format!("{node} is down"));
        }
        let what = match percent {
            0 => format!("removes the files from the disk of {node} again"),
            percent => format!("fills the disk of {node} up to {percent} %, by files of no pod"),
        };
        let kind = RecordKind::FaultFillDisk;
        let record = self.struck(kind, Some(node_key(node)), what, cause);
        self.suffer(node, &Trouble::FillDisk { percent }, record);
        self.press(node, |alarm| *alarm == KubeletAlarm::Heartbeat);
        Ok(())
    }

    pub(super) fn partition(&mut self, node: &str, cause: RecordId) -> Result<(), String> {
        if !self.has_power(node) {
            return Err(format!("{node} is down"));
        }
        if self.troubles.cut_off.contains(node) {
            return Err(format!("{node} is cut off already"));
        }
        let what = format!("cuts {node} off: it runs on, but its kubelet reaches nothing");
        let record = self.struck(
            RecordKind::FaultPartition,
            Some(node_key(node)),
            what,
            cause,
        );
        let id = ComponentId::Kubelet(Arc::from(node));
        let proxy = ComponentId::KubeProxy(Arc::from(node));
        for watch in self
            .watches
            .of(&id)
            .into_iter()
            .chain(self.watches.of(&proxy))
        {
            self.close(watch);
        }
        self.troubles.cut_off.insert(Arc::from(node));
        self.troubles.fall_silent(node, record);
        Ok(())
    }

    pub(super) fn heal(&mut self, node: &str, cause: RecordId) -> Result<(), String> {
        if self.troubles.cut_off.remove(node).is_none() {
            return Err(format!("{node} is not cut off"));
        }
        self.troubles.speak_again(node);
        let what = format!("gives {node} its network back");
        let record = self.struck(
            RecordKind::FaultPartition,
            Some(node_key(node)),
            what,
            cause,
        );
        let id = ComponentId::Kubelet(Arc::from(node));
        self.break_watches(&id, None, record);
        self.break_watches(&ComponentId::KubeProxy(Arc::from(node)), None, record);
        Ok(())
    }
}
