//! One run of kubectl as a value: it asks for one thing after the other, prints, and ends.
//!
//! The requests and their order are those of kubectl 1.33, recorded at a real kubectl; those of 1.34
//! are the same. What stays away: discovery, the OpenAPI documents, and the scale subresource read
//! that `--current-replicas` costs.

mod answer;
mod change;
mod failure;
mod files;
mod make;
mod rollout;
mod show;
mod task;
mod top;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use self::failure::Failure;
use self::task::{Maker, Task};
use super::Note;
use super::grammar::{Command, Invocation, Source, Targets};
use crate::api::{Key, Kind, Metrics, Object};
use crate::apiserver::{Answer, DeleteOptions, Outcome, RequestId, Scope};
use crate::client::{Component, Context, Input, Subscription};
use crate::sim::RecordId;

pub use files::Files;

type Hands<'a> = Context<'a, Note, KubectlAlarm>;

/// How long kubectl waits before it looks again whether a rollout is done or an object gone.
///
/// Unlike Kubernetes: kubectl watches the object; here it asks once a second.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a run of kubectl wants to be woken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubectlAlarm {
    /// To look again whether what it waits for has come true.
    LookAgain,
}

/// One run of kubectl.
#[derive(Clone, Debug)]
pub struct Session {
    invocation: Arc<Invocation>,
    files: Arc<Files>,
    tasks: VecDeque<Task>,
    waiting: Option<(RequestId, Task)>,
    sleeping: Option<Task>,
    found: Vec<Object>,
    metrics: Vec<Metrics>,
    described: Vec<String>,
    output: String,
    errors: String,
    failures: Vec<Failure>,
    exit_code: Option<i32>,
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
            sleeping: None,
            found: Vec::new(),
            metrics: Vec::new(),
            described: Vec::new(),
            output: String::new(),
            errors: String::new(),
            failures: Vec::new(),
            exit_code: None,
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

    /// Whether it has asked all it has to ask for now, and waits for something to come true.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.sleeping.is_some()
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
        Vec::new()
    }

    fn handle(&mut self, input: Input<KubectlAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => {
                if let Err(failures) = self.plan() {
                    self.failures = failures;
                }
                self.advance(hands.cause, hands);
            }
            Input::Answer(id, outcome) => self.hear(id, &outcome, hands),
            Input::Alarm(KubectlAlarm::LookAgain) => {
                if let Some(task) = self.sleeping.take() {
                    let (key, _) = task.request(&DeleteOptions::default());
                    let record = hands.note(hands.cause, Note::LooksAgain(key));
                    self.tasks.push_front(task);
                    self.advance(record, hands);
                }
            }
            Input::Watch(_) => {}
        }
    }
}

impl Session {
    /// The first tasks of the command.
    fn plan(&mut self) -> Result<(), Vec<Failure>> {
        let invocation = Arc::clone(&self.invocation);
        let drafts = files::drafts(&invocation, &self.files)?;
        match &invocation.command {
            Command::Apply { .. } => {
                let tasks = drafts.into_iter().map(|draft| Task::Apply(Box::new(draft)));
                self.tasks.extend(tasks);
            }
            Command::Create(Source::Files(_)) => {
                self.tasks
                    .extend(drafts.into_iter().map(|draft| Task::Create {
                        object: Box::new(draft.object),
                        said: "created",
                        by: Maker::File(draft.source),
                    }));
            }
            Command::Create(Source::Object(object)) => {
                let mut object = object.clone();
                if object.kind().info().namespaced {
                    object.metadata_mut().namespace = Some(invocation.namespace().to_owned());
                }
                let by = match object.kind() {
                    Kind::ConfigMap => Maker::Generator("configmap"),
                    Kind::CronJob => Maker::Generator("cronjob"),
                    Kind::Deployment => Maker::Generator("deployment"),
                    Kind::Job => Maker::Generator("job"),
                    Kind::ServiceAccount => Maker::Generator("serviceaccount"),
                    _ => Maker::Plain,
                };
                self.tasks.push_back(Task::Create {
                    object,
                    said: "created",
                    by,
                });
            }
            Command::Top(top) => self.measure(top),
            command => {
                let deletes = matches!(command, Command::Delete(_));
                if deletes {
                    self.warn_of_deletion();
                }
                if let Some(targets) = command.targets() {
                    self.read_targets(targets, drafts, deletes);
                }
            }
        }
        Ok(())
    }

    /// One request for each object or kind that the line means; what is deleted is not read before.
    fn read_targets(&mut self, targets: &Targets, drafts: Vec<files::Draft>, deletes: bool) {
        let one = |key: Key, source: Option<String>| {
            if deletes {
                Task::Delete { key, source }
            } else {
                Task::Get(key)
            }
        };
        let namespace = self.invocation.namespace();
        match targets {
            Targets::Named(names) => {
                let keys = names
                    .iter()
                    .map(|named| Key::new(named.kind, namespace, &named.name));
                self.tasks.extend(keys.map(|key| one(key, None)));
            }
            Targets::Files(_) => {
                let drafts = drafts.into_iter();
                self.tasks
                    .extend(drafts.map(|draft| one(draft.key, Some(draft.source))));
            }
            Targets::Kinds {
                kinds,
                labels,
                fields,
                everywhere,
            } => {
                let namespace = if *everywhere { "" } else { namespace };
                let scope = Scope {
                    labels: labels.clone(),
                    fields: fields.clone(),
                };
                let lists = kinds
                    .iter()
                    .map(|&kind| Task::List(Key::new(kind, namespace, ""), scope.clone()));
                self.tasks.extend(lists);
            }
        }
    }

    fn warn_of_deletion(&mut self) {
        let Command::Delete(delete) = &self.invocation.command else {
            return;
        };
        let everywhere = matches!(
            delete.targets,
            Targets::Kinds {
                everywhere: true,
                ..
            }
        );
        let cluster_wide = match &delete.targets {
            Targets::Named(names) => names.iter().any(|named| !named.kind.info().namespaced),
            Targets::Kinds { kinds, .. } => kinds.iter().any(|kind| !kind.info().namespaced),
            Targets::Files(_) => false,
        };
        if delete.force && delete.grace_period_seconds == Some(0) {
            self.errors.push_str(
                "Warning: Immediate deletion does not wait for confirmation that the running \
                 resource has been terminated. The resource may continue to run on the cluster \
                 indefinitely.\n",
            );
        }
        if cluster_wide && self.invocation.namespace.is_some() && !everywhere {
            self.errors.push_str(
                "Warning: deleting cluster-scoped resources, not scoped to the provided \
                 namespace\n",
            );
        }
    }

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
        if self.sleeping.is_some() {
            return;
        }
        match self.tasks.pop_front() {
            Some(task) => {
                let (key, verb) = task.request(&self.delete_options());
                let id = hands.ask(cause, key, verb);
                self.waiting = Some((id, task));
            }
            None => self.end(cause, hands),
        }
    }

    fn hear(&mut self, id: RequestId, outcome: &Outcome, hands: &mut Hands<'_>) {
        let Some((_, task)) = self.waiting.take_if(|(awaited, _)| *awaited == id) else {
            return;
        };
        let (key, _) = task.request(&DeleteOptions::default());
        let printed = self.output.len();
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
        if let Some(task) = &self.sleeping {
            // What may last for ever must not keep the world from being idle.
            if matches!(task, Task::Status { stands: false, .. }) {
                hands.wake(LOOK_AGAIN, record, KubectlAlarm::LookAgain);
            } else {
                hands.wake_periodic(LOOK_AGAIN, record, KubectlAlarm::LookAgain);
            }
        }
        self.advance(record, hands);
    }

    /// Prints what is left to print, and says how it went.
    fn end(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.print_found(hands.now);
        let failures = failure::text(&self.failures);
        self.errors.push_str(&failures);
        let exit_code = i32::from(!self.failures.is_empty());
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

    fn print_found(&mut self, now: crate::sim::Time) {
        let invocation = Arc::clone(&self.invocation);
        match &invocation.command {
            Command::Get(get) => {
                self.output.push_str(&show::found(get, &self.found, now));
                let is_table = !matches!(
                    get.output,
                    super::grammar::Output::Json
                        | super::grammar::Output::Yaml
                        | super::grammar::Output::Name
                );
                if is_table && !get.ignore_not_found {
                    self.say_nothing_found(&get.targets);
                }
            }
            Command::Top(top) => self.print_top(top, now),
            Command::Describe { targets } => {
                self.output.push_str(&self.described.join("\n\n"));
                if self.described.is_empty() {
                    self.say_nothing_found(targets);
                }
            }
            Command::Delete(delete)
                if matches!(delete.targets, Targets::Kinds { .. })
                    && self.output.is_empty()
                    && self.failures.is_empty() =>
            {
                self.output.push_str("No resources found\n");
            }
            Command::Scale(_) if self.output.is_empty() && self.failures.is_empty() => {
                let failure = Failure::Own("no objects passed to scale".to_owned());
                self.failures.push(failure);
            }
            _ => {}
        }
    }

    fn say_nothing_found(&mut self, targets: &Targets) {
        let Targets::Kinds {
            kinds, everywhere, ..
        } = targets
        else {
            return;
        };
        if self.found.is_empty() && self.failures.is_empty() {
            let text = show::nothing(&self.invocation, kinds, *everywhere);
            self.errors.push_str(&text);
        }
    }

    fn say(&mut self, object: &Object, what: &str) {
        let path = show::path_of(object);
        for part in [path.as_str(), " ", what, "\n"] {
            self.output.push_str(part);
        }
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
        Ok(Answer::Scale(scale)) => format!("reads that {key} wants {}", scale.replicas),
        Ok(Answer::Metrics(items)) => {
            format!("reads what {} {} use", items.len(), key.kind.info().plural)
        }
        Err(refusal) => format!("is told: {refusal}"),
    }
}

#[cfg(test)]
mod tests;
