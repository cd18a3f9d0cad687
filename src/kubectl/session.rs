//! placeholder
use crate::api::*;
use crate::client::*;
use crate::sim::*;
use serde_json::Value;
#[derive(Clone, Debug)]
pub struct Session;
#[derive(Clone, Debug)]
pub enum KubectlAlarm {
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
impl Component for Session {
    type Note = Note;
    type Alarm = KubectlAlarm;
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![]
    }
    fn handle(&mut self, _i: Input<KubectlAlarm>, _h: &mut Context<'_, Note, KubectlAlarm>) {}
}

#[derive(Clone, Debug)]
pub struct Invocation;
pub type Files = std::collections::BTreeMap<String, std::sync::Arc<[u8]>>;
pub fn parse(_l: &str) -> Result<Invocation, String> {
    Ok(Invocation)
}
impl Session {
    pub fn new(_i: std::sync::Arc<Invocation>, _f: std::sync::Arc<Files>) -> Self {
        Self
    }
}
impl Session {
    pub fn exit_code(&self) -> Option<i32> {
        None
    }
    pub fn output_text(&self) -> String {
        String::new()
    }
    pub fn error_text(&self) -> String {
        String::new()
    }
}
impl Invocation {
    pub fn file_names(&self) -> Vec<String> {
        vec![]
    }
}
