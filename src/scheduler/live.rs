//! placeholder
use crate::api::*;
use crate::client::*;
use crate::sim::RecordKind;
use serde_json::Value;
#[derive(Clone, Debug)]
pub struct Scheduler;
#[derive(Clone, Debug)]
pub enum SchedulerAlarm {
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
impl Component for Scheduler {
    type Note = Note;
    type Alarm = SchedulerAlarm;
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![]
    }
    fn handle(&mut self, _i: Input<SchedulerAlarm>, _h: &mut Context<'_, Note, SchedulerAlarm>) {}
}
impl Scheduler {
    pub fn new() -> Self {
        Self
    }
}
