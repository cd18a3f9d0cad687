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
mod failure;
mod files;
mod logs;
mod make;
mod rollout;
mod server_side;
mod set;
mod show;
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
use self::server_side::Application;
use self::task::{Maker, Task};
use super::Note;
use super::grammar::{
    ApplyMode, Command, Events, Invocation, Output, Source, Targets, Until, Watch,
};
use super::printers::{self, Table};
use crate::api::selector::FieldSelector;
use crate::api::{Key, Kind, Metrics, Object};
use crate::apiserver::{Answer, DeleteOptions, Outcome, Refusal, RequestId, Scope};
use crate::client::{Component, Context, Input, Subscription};
use crate::sim::{RecordId, Time, Urgency};

pub use files::Files;

type Hands<'a> = Context<'a, Note, KubectlAlarm>;

/// How long kubectl waits before it looks again whether a rollout is done or an object gone.
///
/// Unlike Kubernetes: kubectl watches the object; here it asks once a second.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a run of kubectl wants to be woken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubectlAlarm {
    /// To look again whether what it waits for has come true; the number tells several apart.
    LookAgain(u64),
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
    naps: u64,
    drain: drain::State,
    differences: u32,
    found: Vec<Object>,
    metrics: Vec<Metrics>,
    described: Vec<String>,
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
            naps: 0,
            drain: drain::State::default(),
            differences: 0,
            found: Vec::new(),
            metrics: Vec::new(),
            described: Vec::new(),
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
        self.waiting.is_none() && !self.sleeping.is_empty() || self.is_watching()
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
        self.watched().into_iter().collect()
    }

    fn handle(&mut self, input: Input<KubectlAlarm>, hands: &mut Hands<'_>) {
        match input {
            Input::Start => {
                self.begun = hands.now;
                if let Err(failures) = self.plan() {
                    self.failures = failures;
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
            Input::Watch(delivery) => self.see(&delivery, hands),
        }
    }
}

impl Session {
    /// The first tasks of the command.
    fn plan(&mut self) -> Result<(), Vec<Failure>> {
        let invocation = Arc::clone(&self.invocation);
        let drafts = files::drafts(&invocation, &self.files)?;
        match &invocation.command {
            Command::Apply {
                mode: ApplyMode::ServerSide(conflicts),
                ..
            } => {
                let applications = drafts
                    .into_iter()
                    .map(|draft| Box::new(Application::new(draft, *conflicts)));
                self.tasks.extend(applications.map(Task::ApplyServerSide));
            }
            Command::Apply { .. } | Command::Diff { .. } => {
                let tasks = drafts.into_iter().map(|draft| Task::Apply(Box::new(draft)));
                self.tasks.extend(tasks);
            }
            Command::Replace { by, .. } => self.replace(drafts, *by),
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
                    Kind::PodDisruptionBudget => Maker::Generator("poddisruptionbudgets"),
                    Kind::PriorityClass => Maker::Generator("priorityclass"),
                    Kind::ResourceQuota => Maker::Generator("quota"),
                    Kind::Secret => Maker::Generator("secret"),
                    Kind::ServiceAccount => Maker::Generator("serviceaccount"),
                    _ => Maker::Plain,
                };
                self.tasks.push_back(Task::Create {
                    object,
                    said: "created",
                    by,
                });
            }
            Command::Tell(text) => self.output.push_str(text),
            Command::Events(events) => self.tasks.push_back(events_of(events, &invocation)),
            Command::Get(get) if get.watch != Watch::No => {
                if self.watched().is_none() {
                    let message = "you may only specify a single resource type".to_owned();
                    return Err(vec![Failure::Own(message)]);
                }
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
        let blocked = self.sleeping.iter().any(|each| each.task.blocks());
        let stays = self.is_watching() && self.failures.is_empty();
        if blocked || stays || self.waiting.is_some() {
            return;
        }
        while let Some(task) = self.next_task() {
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
            Task::Status { stands: false, .. } | Task::Await { .. } => Nap {
                after: self
                    .gives_up()
                    .map_or(LOOK_AGAIN, |end| end.since(now).min(LOOK_AGAIN)),
                urgency: Urgency::Work,
            },
            _ => Nap {
                after: LOOK_AGAIN,
                urgency: Urgency::Periodic,
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

    fn print_found(&mut self, now: Time) {
        let invocation = Arc::clone(&self.invocation);
        match &invocation.command {
            Command::Get(get) => {
                match show::found(get, &self.found, now) {
                    Ok(text) => self.output.push_str(&text),
                    Err(failure) => self.failures.push(failure),
                }
                let is_table = matches!(get.output, Output::Table | Output::Wide);
                if is_table && !get.ignore_not_found {
                    self.say_nothing_found(&get.targets);
                }
            }
            Command::Events(events) => self.print_events(events, now),
            Command::Wait(wait)
                if self.output.is_empty()
                    && self.failures.is_empty()
                    && wait.until != Until::Deleted =>
            {
                let failure = Failure::Own("no matching resources found".to_owned());
                self.failures.push(failure);
            }
            Command::Top(top) => self.print_top(top, now),
            Command::Describe { targets } => {
                self.output.push_str(&self.described.join("\n\n"));
                if self.described.is_empty() {
                    self.say_nothing_found(targets);
                }
            }
            Command::Logs(logs)
                if logs.selects() && self.output.is_empty() && self.failures.is_empty() =>
            {
                self.say_nothing_found(&logs.targets);
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

    fn print_events(&mut self, events: &Events, now: Time) {
        let wanted = |object: &Object| {
            let Object::Event(event) = object else {
                return false;
            };
            let of_type = |wanted: &String| {
                let own = event.spec.type_.as_deref().unwrap_or_default();
                own.eq_ignore_ascii_case(wanted)
            };
            events.types.is_empty() || events.types.iter().any(of_type)
        };
        self.found.retain(wanted);
        if !self.found.is_empty() {
            let text = printers::events(&self.found, now, events.everywhere, events.headers);
            self.output.push_str(&text);
        } else if self.failures.is_empty() {
            let text = if events.everywhere {
                "No events found.\n".to_owned()
            } else {
                let namespace = self.invocation.namespace();
                format!("No events found in {namespace} namespace.\n")
            };
            self.errors.push_str(&text);
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
        let suffix = self.invocation.dry_run.suffix();
        for part in [path.as_str(), " ", what, suffix, "\n"] {
            self.output.push_str(part);
        }
    }
}

/// The request of `kubectl events`.
fn events_of(events: &Events, invocation: &Invocation) -> Task {
    let namespace = if events.everywhere {
        ""
    } else {
        invocation.namespace()
    };
    let mut fields = FieldSelector::everything();
    if let Some(about) = &events.about {
        let kind = FieldSelector::equal("involvedObject.kind", about.kind.info().name);
        let name = FieldSelector::equal("involvedObject.name", &about.name);
        fields.0.extend(kind.0.into_iter().chain(name.0));
    }
    let scope = Scope {
        labels: None,
        fields,
    };
    Task::List(Key::new(Kind::Event, namespace, ""), scope)
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
        Ok(Answer::Log(lines)) => format!("reads {} lines of a log", lines.len()),
        Ok(Answer::Scale(scale)) => format!("reads that {key} wants {}", scale.replicas),
        Ok(Answer::Metrics(items)) => {
            format!("reads what {} {} use", items.len(), key.kind.info().plural)
        }
        Err(refusal) => format!("is told: {refusal}"),
    }
}

#[cfg(test)]
mod tests;
