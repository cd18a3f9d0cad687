//! One run of kubectl as a value: it asks for one thing after the other, prints, and ends.
//!
//! The requests and their order are those of kubectl 1.33, recorded at a real kubectl; those of 1.34
//! are the same. What stays away: discovery, the OpenAPI documents, and the scale subresource read
//! that `--current-replicas` costs.

mod act;
mod answer;
mod change;
mod delete;
mod difference;
mod drain;
pub mod edit;
mod failure;
mod files;
mod fill;
mod history;
mod last;
mod logs;
mod make;
mod observe;
mod plan;
mod refused;
mod rollout;
mod server_side;
mod set;
mod show;
mod shown;
mod sort;
mod task;
mod top;
mod wait;
mod watching;
mod write;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use self::failure::Failure;
use self::task::Task;
use super::Note;
use super::grammar::{Command, Invocation};
use super::printers::Table;
use crate::api::{Key, Metrics, Object};
use crate::apiserver::{Answer, DeleteOptions, Outcome, Refusal, RequestId};
use crate::client::{Component, Context, Input, Subscription};
use crate::sim::{RecordId, Time, Urgency};

pub use files::Files;

/// How long kubectl waits before it asks for more of a log that it follows.
const FOLLOW: Duration = Duration::from_secs(1);

type Hands<'a> = Context<'a, Note, KubectlAlarm>;

/// How long kubectl waits before it looks again whether an object has come.
/// Source: `RunWait` of `kubectl/pkg/cmd/wait/wait.go`, which is to watch one day.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a run of kubectl wants to be woken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubectlAlarm {
    /// To look again whether what it waits for has come true; the number tells several apart.
    LookAgain(u64),
    /// That what it watches for has not come true in time; the number likewise.
    GivesUp(u64),
}

/// A task that waits to be tried again.
#[derive(Clone, Debug)]
struct Sleeper {
    number: u64,
    task: Task,
}

/// When a task is tried again.
struct Nap {
    after: Duration,
    urgency: Urgency,
}

/// One run of kubectl.
#[derive(Clone, Debug)]
pub struct Session {
    invocation: Arc<Invocation>,
    files: Arc<Files>,
    tasks: VecDeque<Task>,
    waiting: Option<(RequestId, Task)>,
    sleeping: Vec<Sleeper>,
    observed: Option<observe::Observed>,
    naps: u64,
    drain: drain::State,
    differences: u32,
    found: Vec<Object>,
    metrics: Vec<Metrics>,
    described: Vec<String>,
    draft: Option<Arc<str>>,
    output: String,
    errors: String,
    failures: Vec<Failure>,
    exit_code: Option<i32>,
    begun: Time,
    rows: Table,
}

impl Session {
    /// A run of this line, with the files that it names; it begins with [`Input::Start`].
    #[must_use]
    pub fn new(invocation: Arc<Invocation>, files: Arc<Files>) -> Self {
        Self {
            invocation,
            files,
            tasks: VecDeque::new(),
            waiting: None,
            sleeping: Vec::new(),
            observed: None,
            naps: 0,
            drain: drain::State::default(),
            differences: 0,
            found: Vec::new(),
            metrics: Vec::new(),
            described: Vec::new(),
            draft: None,
            output: String::new(),
            errors: String::new(),
            failures: Vec::new(),
            exit_code: None,
            begun: Time::START,
            rows: Table::default(),
        }
    }

    /// The line that it runs.
    #[must_use]
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// The files that the line names.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What it has printed on stdout so far, lines with their newlines.
    #[must_use]
    pub fn output(&self) -> &str {
        &self.output
    }

    /// What it has printed on stderr so far, lines with their newlines.
    #[must_use]
    pub fn error_text(&self) -> String {
        self.errors.clone()
    }

    /// What the API server refused, with its causes.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.failures.iter().filter_map(Failure::refusal)
    }

    /// Whether it has asked all it has to ask for now, and waits for something to come true.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let is_patient = !self.sleeping.is_empty() || self.observed.is_some();
        self.waiting.is_none() && is_patient || self.is_watching()
    }

    /// What it waits for, or why it has to: the last that it said. None when it does not wait, or shows
    /// changes until somebody ends it.
    #[must_use]
    pub fn waits_for(&self) -> Option<String> {
        if self.exit_code.is_some() || !self.is_waiting() || self.is_watching() {
            return None;
        }
        let last = |text: &str| text.lines().next_back().unwrap_or_default().to_owned();
        let asleep = self.sleeping.iter().find_map(|each| match &each.task {
            Task::AwaitRemoval { pod, .. } => Some(format!("pod {} has to end", pod.name())),
            Task::Remove { .. } => {
                let said = last(&self.errors);
                let reason = said.split_once("): ");
                Some(reason.map_or(said.as_str(), |(_, why)| why).to_owned())
            }
            _ => None,
        });
        let observed = self.observed.as_ref().and_then(observe::Observed::end);
        Some(asleep.or(observed).unwrap_or_else(|| last(&self.output)))
    }

    /// 0 or 1 once it has ended.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        self.exit_code
    }
}

impl Component for Session {
    type Note = Note;
    type Alarm = KubectlAlarm;

    fn subscriptions(&self) -> Vec<Subscription> {
        let watched = self.watched().or_else(|| self.observation());
        watched.into_iter().collect()
    }

    fn handle(&mut self, input: Input<KubectlAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => {
                self.begun = hands.now;
                if let Err(failures) = self.plan() {
                    self.failures.extend(failures);
                }
                self.advance(hands.cause, hands);
            }
            Input::Answer(id, outcome) => self.hear(id, &outcome, hands),
            Input::Alarm(KubectlAlarm::LookAgain(number)) => {
                let place = self.sleeping.iter().position(|each| each.number == number);
                if let Some(place) = place {
                    let task = self.sleeping.remove(place).task;
                    let (key, _) = task.request(&DeleteOptions::default());
                    let record = hands.note(hands.cause, Note::LooksAgain(key));
                    self.tasks.push_front(task);
                    self.advance(record, hands);
                }
            }
            Input::Alarm(KubectlAlarm::GivesUp(number)) => self.time_is_out(number, hands),
            Input::Watch(delivery) if self.observed.is_some() => self.look_at(&delivery, hands),
            Input::Watch(delivery) => self.see(&delivery, hands),
        }
    }
}

impl Session {
    /// How objects are deleted.
    fn delete_options(&self) -> DeleteOptions {
        match &self.invocation.command {
            Command::Delete(delete) => DeleteOptions {
                grace_period_seconds: delete.grace_period_seconds,
                propagation: delete.propagation,
                ..DeleteOptions::default()
            },
            _ => DeleteOptions::default(),
        }
    }

    /// Sends the next request, or ends.
    fn advance(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        let blocked = self.sleeping.iter().any(|each| each.task.blocks());
        let stays = self.is_watching() && self.failures.is_empty();
        if blocked || stays || self.waiting.is_some() || self.observed.is_some() {
            return;
        }
        while let Some(task) = self.next_task() {
            if let Task::Observe(key, purpose) = task {
                self.observe(key, purpose, cause, hands);
                return;
            }
            if self.may_begin(&task, hands.now) {
                let (key, verb) = task.request(&self.delete_options());
                let id = hands.ask_with(cause, (key, verb), self.write_options(Some(&task)));
                self.waiting = Some((id, task));
                return;
            }
        }
        if self.sleeping.is_empty() {
            self.end(cause, hands);
        }
    }

    fn next_task(&mut self) -> Option<Task> {
        let task = self.tasks.pop_front();
        task.or_else(|| self.next_of_drain())
    }

    /// Puts a task off; it is tried again after its nap.
    fn sleep(&mut self, task: Task) {
        let number = self.naps;
        self.naps += 1;
        self.sleeping.push(Sleeper { number, task });
    }

    /// When a task that was put off is tried again.
    fn nap(&self, task: &Task, now: Time) -> Nap {
        // What may last for ever must not keep the world from being idle.
        match task {
            Task::Remove { tries, .. } => self.nap_of_removal(*tries),
            Task::AwaitRemoval { looks, .. } => self.nap_of_wait(*looks),
            Task::Log(..) => Nap {
                after: FOLLOW,
                urgency: Urgency::Periodic,
            },
            _ => Nap {
                after: self
                    .gives_up()
                    .map_or(LOOK_AGAIN, |end| end.since(now).min(LOOK_AGAIN)),
                urgency: Urgency::Work,
            },
        }
    }

    fn hear(&mut self, id: RequestId, outcome: &Outcome, hands: &mut Hands<'_>) {
        let Some((_, task)) = self.waiting.take_if(|(awaited, _)| *awaited == id) else {
            return;
        };
        let (key, _) = task.request(&DeleteOptions::default());
        let printed = self.output.len();
        let naps = self.naps;
        let compared = self.finish(task, outcome, hands.now);
        let sentence = match self.output[printed..].lines().next_back() {
            Some(line) => format!("prints: {line}"),
            None => heard(&key, outcome),
        };
        let about = (!key.name.is_empty()).then_some(key);
        let mut record = hands.note(hands.cause, Note::Heard(about, sentence));
        if let Some(compared) = compared {
            record = hands.note(record, compared);
        }
        for sleeper in self.sleeping.iter().filter(|each| each.number >= naps) {
            let alarm = KubectlAlarm::LookAgain(sleeper.number);
            let nap = self.nap(&sleeper.task, hands.now);
            match nap.urgency {
                Urgency::Work => hands.wake(nap.after, record, alarm),
                Urgency::Periodic => hands.wake_periodic(nap.after, record, alarm),
            }
        }
        self.advance(record, hands);
    }

    /// Prints what is left to print, and says how it went.
    fn end(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.print_found(hands.now);
        let failures = failure::text(&self.failures);
        self.errors.push_str(&failures);
        let exit_code = i32::from(!self.failures.is_empty() || self.differences > 0);
        self.exit_code = Some(exit_code);
        // What was read stays in the world; the run keeps only what it printed.
        self.found = Vec::new();
        let note = Note::Ended {
            exit_code,
            output: self.output.as_str().into(),
            errors: self.errors.as_str().into(),
        };
        hands.note(cause, note);
    }
}

/// An answer that made kubectl print nothing, in words.
fn heard(key: &Key, outcome: &Outcome) -> String {
    match outcome {
        Ok(Answer::Object(object)) => {
            format!("reads {} at revision {}", object.key(), object.revision())
        }
        Ok(Answer::List { items, revision }) => {
            let plural = key.kind.info().plural;
            format!("reads {} {plural} at revision {revision}", items.len())
        }
        Ok(Answer::Log(text)) => format!("reads {} lines of a log", text.lines.len()),
        Ok(Answer::Scale(scale)) => format!("reads that {key} wants {}", scale.replicas),
        Ok(Answer::Metrics(items)) => {
            format!("reads what {} {} use", items.len(), key.kind.info().plural)
        }
        Err(refusal) => format!("is told: {refusal}"),
    }
}

#[cfg(test)]
mod tests;
