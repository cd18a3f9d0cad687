//! What a run of kubectl does with an answer: prints, goes on, or notes a failure.

use std::sync::Arc;

use super::Session;
use super::act::{Act, act};
use super::change::Change;
use super::failure::Failure;
use super::files::Draft;
use super::rollout::{self, Progress};
use super::task::{Gathering, Maker, Task};
use crate::api::{Key, Object};
use crate::apiserver::{Answer, Outcome, Patch, PatchType, Reason, Refusal, Subresource};
use crate::kubectl::Note;
use crate::kubectl::describe;
use crate::kubectl::grammar::{Command, RolloutAction, Until};
use crate::manifest::patch;
use crate::sim::Time;

impl Session {
    /// Takes the answer to a task. Returns what `apply` found out by comparing.
    pub(super) fn finish(&mut self, task: Task, outcome: &Outcome, now: Time) -> Option<Note> {
        match (task, outcome) {
            (Task::Apply(draft), _) => return self.compare(*draft, outcome),
            (Task::ApplyServerSide(application), outcome) => self.applied(*application, outcome),
            (Task::Replace(draft), outcome) => self.read_to_replace(*draft, outcome),
            (Task::Put { .. }, Ok(Answer::Object(object))) => self.say(object, "replaced"),
            (Task::Create { .. }, Ok(Answer::Object(object))) if self.is_diff() => {
                self.differs(None, object);
            }
            (Task::Patch { object, .. }, Ok(Answer::Object(after))) if self.is_diff() => {
                self.differs(Some(&object), after);
            }
            (task @ Task::Await { .. }, outcome) => self.look(task, outcome, now),
            (Task::Get(_), Ok(Answer::Object(object))) => self.found(vec![object.clone()], now),
            (Task::List(..), Ok(Answer::List { items, .. })) => self.found(items.clone(), now),
            (Task::Measure(..), outcome) => self.take_metrics(outcome),
            (Task::Again(_), Ok(Answer::Object(object))) => self.found_again(object.clone()),
            (Task::Resembling(key, refusal), Ok(Answer::List { items, .. })) => {
                self.resembling(&key, &refusal, items);
            }
            (Task::Create { said, .. }, Ok(Answer::Object(object))) => self.say(object, said),
            (Task::Patch { object, said, .. }, Ok(Answer::Object(after))) => {
                let same = said == "patched" && after.revision() == object.revision();
                self.say(after, if same { "patched (no change)" } else { said });
            }
            (Task::Delete { key, .. }, Ok(Answer::Object(object))) => self.deleted(key, object),
            (Task::AwaitEnd { key, uid }, Ok(Answer::Object(object))) if object.uid() == uid => {
                self.sleep(Task::AwaitEnd { key, uid });
            }
            (Task::AwaitEnd { .. }, _) => {}
            (Task::Status { key, said, .. }, Ok(Answer::Object(object))) => {
                self.progress(key, &said, object);
            }
            (Task::Revisions(object, _), Ok(Answer::List { items, .. })) => {
                self.revisions(*object, items);
            }
            (Task::NodePods(..), Ok(Answer::List { items, .. })) => self.found_on_node(items, now),
            (Task::DaemonSet { pod, .. }, outcome) => self.looked_up(pod, outcome, now),
            (Task::Remove { pod, verb, tries }, outcome) => {
                self.removal_answered(*pod, verb, tries, outcome);
            }
            (Task::AwaitRemoval { pod, looks }, outcome) => {
                self.looked_for(*pod, looks, outcome, now);
            }
            (Task::PodsOf(object, _), Ok(Answer::List { items, .. })) => {
                self.choose_pod(&object, items);
            }
            (Task::Log(key, options), Ok(Answer::Log(lines))) => {
                self.print_log(&key.name, options.container.as_deref(), lines);
            }
            (Task::Gather(gathering), outcome) => self.gather(*gathering, outcome, now),
            (task, Err(refusal)) => self.refused(&task, refusal),
            (_, Ok(_)) => {}
        }
        None
    }

    /// Objects that the line means have been read.
    fn found(&mut self, objects: Vec<Object>, now: Time) {
        let invocation = Arc::clone(&self.invocation);
        match &invocation.command {
            Command::Get(_) | Command::Events(_) | Command::Top(_) => self.found.extend(objects),
            Command::Wait(_) => {
                let waits = objects.iter().map(|object| Task::Await {
                    key: object.key(),
                    uid: Some(object.uid().to_owned()),
                });
                self.tasks.extend(waits);
            }
            Command::Logs(logs) => self.read_logs(logs, &objects),
            Command::Describe { .. } => {
                let again = objects.iter().map(|object| Task::Again(object.key()));
                self.tasks.extend(again);
            }
            Command::Delete(_) => {
                let deletes = objects.iter().map(|object| Task::Delete {
                    key: object.key(),
                    source: None,
                });
                self.tasks.extend(deletes);
            }
            command => {
                if matches!(command, Command::Drain(_)) {
                    self.drain.add(&objects);
                }
                let mut next = Vec::new();
                for object in &objects {
                    match act(command, object, now) {
                        Ok(Act::Ask(before, task)) => {
                            self.print_lines(&before);
                            next.push(*task);
                        }
                        Ok(Act::Say(said)) => self.say(object, said),
                        Ok(Act::Nothing) => {}
                        Err(failure) => self.failures.push(failure),
                    }
                }
                if acts_at_once(command) {
                    for task in next.into_iter().rev() {
                        self.tasks.push_front(task);
                    }
                } else {
                    self.tasks.extend(next);
                }
            }
        }
    }

    fn take_metrics(&mut self, outcome: &Outcome) {
        let invocation = Arc::clone(&self.invocation);
        match (&invocation.command, outcome) {
            (Command::Top(top), Ok(Answer::Metrics(metrics))) => self.measured(top, metrics),
            (_, Err(refusal)) => self.unmeasured(refusal),
            (_, Ok(_)) => {}
        }
    }

    fn print_lines(&mut self, lines: &[String]) {
        for line in lines {
            self.output.push_str(line);
            self.output.push('\n');
        }
    }

    /// An object has been read a second time.
    fn found_again(&mut self, object: Object) {
        let Command::Rollout { action, .. } = &self.invocation.command else {
            let gathering = Gathering {
                reads: describe::reads(&object).into(),
                related: Vec::new(),
                object,
            };
            self.tasks.push_front(Task::Gather(Box::new(gathering)));
            return;
        };
        let verb = if matches!(action, RolloutAction::History { .. }) {
            "history viewer"
        } else {
            "rollbacker"
        };
        match rollout::history_of(&object, verb) {
            Ok(selector) => {
                let revisions = Task::Revisions(Box::new(object), selector);
                self.tasks.push_front(revisions);
            }
            Err(failure) => self.failures.push(failure),
        }
    }

    /// `describe` takes the beginning of a name where there is no such name.
    fn resembling(&mut self, key: &Key, refusal: &Refusal, items: &[Object]) {
        let alike: Vec<Task> = items
            .iter()
            .filter(|object| object.name().starts_with(&*key.name))
            .map(|object| Task::Again(object.key()))
            .collect();
        if alike.is_empty() {
            self.failures.push(Failure::of(refusal));
        }
        for task in alike.into_iter().rev() {
            self.tasks.push_front(task);
        }
    }

    /// Reads one more of what belongs to an object; when all is read, describes it.
    fn gather(&mut self, mut gathering: Gathering, outcome: &Outcome, now: Time) {
        gathering.reads.pop_front();
        // What cannot be read is left out of the description.
        match outcome {
            Ok(Answer::Object(object)) => gathering.related.push(object.clone()),
            Ok(Answer::List { items, .. }) => gathering.related.extend(items.iter().cloned()),
            Ok(_) | Err(_) => {}
        }
        if gathering.reads.is_empty() {
            let text = describe::text(&gathering.object, &gathering.related, now);
            self.described.push(text);
        } else {
            self.tasks.push_front(Task::Gather(Box::new(gathering)));
        }
    }

    /// `apply` has read what is there.
    fn compare(&mut self, draft: Draft, outcome: &Outcome) -> Option<Note> {
        let modified = patch::with_last_applied(&draft.value);
        let live = match outcome {
            Ok(Answer::Object(object)) => object,
            Err(refusal) if refusal.reason == Reason::NotFound => {
                match Object::from_value(draft.key.kind, modified) {
                    Ok(object) => self.tasks.push_front(Task::Create {
                        object: Box::new(object),
                        said: "created",
                        by: Maker::File(draft.source),
                    }),
                    Err(error) => self.failures.push(Failure::Own(error.to_string())),
                }
                return None;
            }
            Err(refusal) => {
                self.failures.push(Failure::of(refusal));
                return None;
            }
            Ok(_) => return None,
        };
        let live_value = live.to_value();
        let last = patch::last_applied(&live_value);
        if last.is_none() {
            self.warn_of_missing_annotation(&draft.key);
        }
        let body = match patch::three_way(draft.key.kind, last.as_ref(), &modified, &live_value) {
            Ok(body) => body,
            Err(error) => {
                self.failures.push(Failure::Own(error.to_string()));
                return None;
            }
        };
        let compared = Note::Compared(draft.key, Arc::new(body.clone()));
        if body.as_object().is_some_and(serde_json::Map::is_empty) {
            if !self.is_diff() {
                self.say(live, "unchanged");
            }
        } else {
            let patch = Patch {
                patch_type: PatchType::Strategic,
                subresource: Subresource::Main,
                body,
            };
            self.tasks.push_front(Task::Patch {
                object: Box::new(live.clone()),
                patch,
                said: "configured",
                source: Some(draft.source),
            });
        }
        Some(compared)
    }

    fn warn_of_missing_annotation(&mut self, key: &Key) {
        let (plural, name) = (key.kind.info().plural, &key.name);
        let annotation = patch::LAST_APPLIED;
        let warning = format!(
            "Warning: resource {plural}/{name} is missing the {annotation} annotation which is \
             required by kubectl apply. kubectl apply should only be used on resources created \
             declaratively by either kubectl create --save-config or kubectl apply. The missing \
             annotation will be patched automatically.\n"
        );
        self.errors.push_str(&warning);
    }

    fn is_diff(&self) -> bool {
        matches!(self.invocation.command, Command::Diff { .. })
    }

    /// A rollout has been looked at.
    fn progress(&mut self, key: Key, said: &str, object: &Object) {
        let Command::Rollout {
            action: RolloutAction::Status { watch, revision },
            ..
        } = self.invocation.command
        else {
            return;
        };
        match rollout::status(object, revision) {
            Err(failure) => self.failures.push(failure),
            Ok(Progress::Done(line)) => self.print_lines(&[line]),
            Ok(Progress::Waiting(line)) => {
                if line != said {
                    self.print_lines(std::slice::from_ref(&line));
                }
                if watch {
                    // Only a deployment that is not paused has a deadline.
                    let stands = !matches!(object, Object::Deployment(deployment)
                        if deployment.spec.paused != Some(true));
                    let said = line;
                    self.sleep(Task::Status { key, said, stands });
                }
            }
        }
    }

    /// The replica sets of a deployment have been read.
    fn revisions(&mut self, object: Object, sets: &[Object]) {
        let Command::Rollout { action, .. } = self.invocation.command else {
            return;
        };
        let result =
            match action {
                RolloutAction::History { revision } => rollout::history(&object, sets, revision)
                    .map(|text| {
                        self.output.push_str(&text);
                    }),
                RolloutAction::Undo { to_revision } => rollout::undo(&object, sets, to_revision)
                    .map(|(said, change)| match change {
                        Some(Change::Patch { patch, said, .. }) => {
                            self.tasks.push_front(Task::Patch {
                                object: Box::new(object),
                                patch,
                                said,
                                source: None,
                            });
                        }
                        _ => self.say(&object, &said),
                    }),
                _ => Ok(()),
            };
        if let Err(failure) = result {
            self.failures.push(failure);
        }
    }

    /// The API server said no.
    fn refused(&mut self, task: &Task, refusal: &Refusal) {
        if let (Task::Get(key), Command::Wait(wait)) = (task, &self.invocation.command)
            && refusal.reason == Reason::NotFound
            && matches!(wait.until, Until::Created | Until::Deleted)
        {
            // What is gone already was waited for long enough.
            if wait.until == Until::Created {
                self.tasks.push_back(Task::Await {
                    key: key.clone(),
                    uid: None,
                });
            }
            return;
        }
        let silent = match &self.invocation.command {
            Command::Get(get) => get.ignore_not_found,
            Command::Delete(delete) => delete.ignore_not_found,
            _ => false,
        };
        if silent && refusal.reason == Reason::NotFound || self.may_be_absent(task, refusal) {
            return;
        }
        let failure = match task {
            Task::Get(key)
                if matches!(self.invocation.command, Command::Describe { .. })
                    && refusal.reason == Reason::NotFound =>
            {
                let resembling = Task::Resembling(key.clone(), refusal.clone());
                self.tasks.push_front(resembling);
                return;
            }
            Task::Get(_)
                if matches!(self.invocation.command, Command::Logs(_))
                    && refusal.reason == Reason::NotFound =>
            {
                let namespace = self.invocation.namespace();
                let reason = refusal.reason;
                Failure::Own(format!(
                    "error from server ({reason}): {refusal} in namespace \"{namespace}\""
                ))
            }
            Task::Get(_) if matches!(self.invocation.command, Command::Scale(_)) => {
                Failure::Own(format!("no objects passed to scale {refusal}"))
            }
            Task::Create { by, .. } => match by {
                Maker::File(source) => Failure::while_doing("creating", Some(source), refusal),
                Maker::Generator(what) => {
                    Failure::Own(format!("failed to create {what}: {refusal}"))
                }
                Maker::Plain => Failure::of(refusal),
            },
            Task::Put { source, .. } => Failure::while_doing("replacing", Some(source), refusal),
            Task::Delete { source, .. } => {
                Failure::while_doing("deleting", source.as_deref(), refusal)
            }
            Task::Patch {
                object,
                patch,
                source: Some(source),
                ..
            } => applying(object, patch, source, refusal),
            _ => Failure::of(refusal),
        };
        self.failures.push(failure);
        if task.is_first_read() && !goes_on(&self.invocation.command) {
            self.tasks.retain(Task::is_first_read);
        }
    }
}

/// What kubectl says when a patch of `apply` is refused.
fn applying(object: &Object, patch: &Patch, source: &str, refusal: &Refusal) -> Failure {
    let info = object.kind().info();
    let version = info.api_version();
    let version = if info.group.is_empty() {
        format!("/{version}")
    } else {
        version
    };
    Failure::Server {
        refusal: refusal.clone(),
        doing: format!(
            "error when applying patch:\n{}\nto:\nResource: \"{version}, Resource={}\", \
             GroupVersionKind: \"{version}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"\nfor: \
             \"{source}\": error when patching \"{source}\": ",
            patch.body,
            info.plural,
            info.name,
            object.name(),
            object.namespace()
        ),
    }
}

/// Whether the command goes on with other objects when one cannot be read.
fn goes_on(command: &Command) -> bool {
    matches!(
        command,
        Command::Get(_)
            | Command::Describe { .. }
            | Command::Delete(_)
            | Command::Label(_)
            | Command::Annotate(_)
            | Command::Patch { .. }
            | Command::Wait(_)
    )
}

/// Whether the command changes each object before it reads the next.
fn acts_at_once(command: &Command) -> bool {
    matches!(
        command,
        Command::Label(_) | Command::Annotate(_) | Command::Patch { .. }
    )
}
