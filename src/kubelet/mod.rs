//! placeholder
use crate::api::*;
use crate::client::*;
use crate::sim::*;
use serde_json::Value;
#[derive(Clone, Debug)]
pub struct Kubelet;
#[derive(Clone, Debug)]
pub enum KubeletAlarm {
    A,
}
#[derive(Clone, Debug)]
pub enum Note {
    Client(crate::client::Note),
}
impl Note {
    pub fn kind(&self) -> RecordKind {
        let Self::Client(n) = self;
        n.kind()
    }
    pub fn object(&self) -> Option<Key> {
        let Self::Client(n) = self;
        n.object()
    }
    pub fn uid(&self) -> Option<&str> {
        let Self::Client(n) = self;
        n.uid()
    }
    pub fn sentence(&self) -> String {
        let Self::Client(n) = self;
        n.sentence()
    }
    pub fn to_value(&self) -> Value {
        let Self::Client(n) = self;
        n.to_value()
    }
}
impl Component for Kubelet {
    type Note = Note;
    type Alarm = KubeletAlarm;
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![]
    }
    fn handle(&mut self, _i: Input<KubeletAlarm>, _h: &mut Context<'_, Note, KubeletAlarm>) {}
}

use std::collections::BTreeMap;
use std::sync::Arc;
pub struct Machine {
    pub name: Arc<str>,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub pods: i64,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<core::Taint>,
}
pub enum Trouble {
    CrashContainer { pod: Key, container: Option<String> },
    SlowRegistry { factor: u32, until: Time },
    PowerOff,
    PowerOn,
}
impl Kubelet {
    pub fn new(_m: Machine) -> Self {
        Self
    }
    pub fn node_object(&self, _n: Time) -> Object {
        todo!()
    }
    pub fn lease_object(&self, _n: Time) -> Object {
        todo!()
    }
    pub fn suffer(&mut self, _t: &Trouble, _h: &mut Context<'_, Note, KubeletAlarm>) {}
}
