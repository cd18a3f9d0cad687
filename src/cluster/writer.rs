//! A scripted client: it reads an object, thinks, and writes all of it back, as two people with an
//! editor do. Whoever wrote in between makes its write fail with 409; then it reads again.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{Key, Object};
use crate::apiserver::{Outcome, Reason, RequestId, Verb};
use crate::client::{Component, Context, Input, Subscription};
use crate::kubectl::Note;
use crate::sim::RecordId;

/// How long it looks at what it has read. Longer than any request takes: two that begin together
/// read the same revision.
const THINKING: Duration = Duration::from_millis(50);

/// From one write to the next look.
const RESTING: Duration = Duration::from_millis(200);

/// The annotation that it writes.
const ANNOTATION: &str = "edited-by";

/// What a scripted client wants to be woken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriterAlarm {
    /// To read.
    Read,
    /// To write what it has thought of.
    Write,
}

/// One scripted client.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    name: Arc<str>,
    key: Key,
    left: u32,
    asked: Option<RequestId>,
    copy: Option<Object>,
    done: u32,
    refused: u32,
}

type Hands<'a> = Context<'a, Note, WriterAlarm>;

impl Writer {
    /// A client that writes an object so many times; it begins with [`Input::Start`].
    pub(super) fn new(name: &Arc<str>, key: Key, times: u32) -> Self {
        Self {
            name: Arc::clone(name),
            key,
            left: times,
            asked: None,
            copy: None,
            done: 0,
            refused: 0,
        }
    }

    fn read(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.asked = Some(hands.ask(cause, self.key.clone(), Verb::Get));
    }

    fn write(&mut self, hands: &mut Hands<'_>) {
        let Some(mut object) = self.copy.clone() else {
            return;
        };
        let said = format!("{} (edit {})", self.name, self.done + 1);
        let annotations = &mut object.metadata_mut().annotations;
        annotations
            .get_or_insert_default()
            .insert(ANNOTATION.to_owned(), said);
        let what = format!(
            "writes all of {} back, as it was at revision {}",
            self.key,
            object.revision()
        );
        let record = hands.note(hands.cause, Note::Heard(Some(self.key.clone()), what));
        self.asked = Some(hands.ask(record, self.key.clone(), Verb::Update(object)));
    }

    fn hear(&mut self, outcome: &Outcome, hands: &mut Hands<'_>) {
        let is_write = self.copy.take().is_some();
        match outcome {
            Ok(answer) if is_write => {
                self.done += 1;
                self.left -= 1;
                let revision = answer.object().map_or(0, Object::revision);
                let what = format!("has written {} at revision {revision}", self.key);
                let record = self.heard(what, hands);
                if self.left == 0 {
                    self.end(record, 0, hands);
                } else {
                    hands.wake(RESTING, record, WriterAlarm::Read);
                }
            }
            Ok(answer) => {
                let revision = answer.object().map_or(0, Object::revision);
                self.copy = answer.object().cloned();
                let what = format!("reads {} at revision {revision}", self.key);
                let record = self.heard(what, hands);
                hands.wake(THINKING, record, WriterAlarm::Write);
            }
            Err(refusal) => {
                self.refused += 1;
                let what = format!("is told {}: {refusal}", refusal.reason.code());
                let record = self.heard(what, hands);
                if is_write && refusal.reason == Reason::Conflict {
                    self.read(record, hands);
                } else {
                    self.end(record, 1, hands);
                }
            }
        }
    }

    fn heard(&self, what: String, hands: &mut Hands<'_>) -> RecordId {
        hands.note(hands.cause, Note::Heard(Some(self.key.clone()), what))
    }

    fn end(&self, cause: RecordId, exit_code: i32, hands: &mut Hands<'_>) {
        let said = format!("{} writes, {} refused", self.done, self.refused);
        let (output, errors) = if exit_code == 0 {
            (said, String::new())
        } else {
            (String::new(), said)
        };
        let note = Note::Ended {
            exit_code,
            output: output.into(),
            errors: errors.into(),
        };
        hands.note(cause, note);
    }
}

impl Component for Writer {
    type Note = Note;
    type Alarm = WriterAlarm;

    fn subscriptions(&self) -> Vec<Subscription> {
        Vec::new()
    }

    fn handle(&mut self, input: Input<WriterAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start | Input::Alarm(WriterAlarm::Read) => self.read(hands.cause, hands),
            Input::Alarm(WriterAlarm::Write) => self.write(hands),
            Input::Answer(id, outcome) if self.asked == Some(id) => {
                self.asked = None;
                self.hear(&outcome, hands);
            }
            Input::Answer(..) | Input::Watch(_) => {}
        }
    }
}
