//! placeholder
use super::grammar;
use crate::api::*;
use crate::apiserver::*;
use crate::client::*;
use crate::sim::*;
use serde_json::Value;
use std::sync::Arc;
#[derive(Clone, Debug)]
pub struct Session {
    inv: Arc<Invocation>,
    files: Arc<Files>,
}
#[derive(Clone, Debug)]
pub enum KubectlAlarm {
    A,
}
#[derive(Clone, Debug)]
pub enum Note {
    Client(crate::client::Note),
}
pub type Files = std::collections::BTreeMap<String, Arc<[u8]>>;
#[derive(Clone, Debug)]
pub struct Invocation(pub grammar::Invocation);
pub fn parse(l: &str) -> Result<Invocation, String> {
    grammar::parse(l).map(Invocation).map_err(|e| e.to_string())
}
impl Invocation {
    pub fn file_names(&self) -> Vec<String> {
        self.0.files().to_vec()
    }
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
impl Session {
    pub fn new(inv: Arc<Invocation>, files: Arc<Files>) -> Self {
        Self { inv, files }
    }
    pub fn exit_code(&self) -> Option<i32> {
        None
    }
    pub fn error_text(&self) -> String {
        String::new()
    }
}
impl Component for Session {
    type Note = Note;
    type Alarm = KubectlAlarm;
    fn subscriptions(&self) -> Vec<Subscription> {
        vec![]
    }
    fn handle(&mut self, i: Input<KubectlAlarm>, h: &mut Context<'_, Note, KubectlAlarm>) {
        if let Input::Start = i {
            for (n, b) in self.files.iter() {
                for d in crate::manifest::parse(n, b).documents {
                    let mut o = d.object.clone();
                    if o.kind().info().namespaced && o.namespace().is_empty() {
                        o.metadata_mut().namespace = Some("default".into());
                    }
                    let k = o.key();
                    h.ask(h.cause, k, Verb::Create(o));
                }
            }
            if let grammar::Command::Scale(s) = &self.inv.0.command {
                let _ = s;
                h.ask(
                    h.cause,
                    Key::new(Kind::Deployment, "default", "web"),
                    Verb::Patch(Patch {
                        patch_type: PatchType::Merge,
                        subresource: Subresource::Main,
                        body: serde_json::json!({"spec":{"replicas": s.replicas}}),
                    }),
                );
            }
        }
        if let Input::Answer(_, o) = &i {
            eprintln!("{:?}", o.as_ref().as_ref().err());
            let c = h.cause;
            h.note(
                c,
                Note::Client(crate::client::Note::Started(Key::new(Kind::Pod, "", ""))),
            );
        }
    }
}
