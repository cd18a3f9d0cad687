//! What a run of kubectl does with an answer: prints, goes on, or notes a failure.

use std::sync::Arc;

use super::Session;
use super::act::{Act, act};
use super::failure::Failure;
use super::files::Draft;
use super::history::{self, Undo};
use super::task::{Gathering, Maker, Task};
use crate::api::{Key, Object};
use crate::apiserver::{
    Answer, LogOptions, Outcome, Patch, PatchType, Reason, Refusal, Subresource,
};
use crate::kubectl::Note;
use crate::kubectl::describe;
use crate::kubectl::grammar::{Command, RolloutAction, Targets};
use crate::manifest::{self, patch};
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
            (Task::Await(key), outcome) => self.look(key, outcome, now),
            (Task::Get(_), Ok(Answer::Object(object))) => self.found(vec![object.clone()], now),
            (Task::List(..), Ok(Answer::List { items, .. })) => self.found(items.clone(), now),
            (Task::Measure(..), outcome) => self.take_metrics(outcome),
            (Task::Again(_), Ok(Answer::Object(object))) => self.found_again(object.clone()),
            (Task::Resembling(key, refusal), Ok(Answer::List { items, .. })) => {
                self.resembling(&key, &refusal, items);
            }
            (Task::Create { said, .. }, Ok(Answer::Object(object))) => self.made(object, said),
            (Task::Patch { .. }, Ok(Answer::Object(after))) if self.edits().is_some() => {
                self.edited(after);
            }
            (
                Task::Patch {
                    object,
                    patch,
                    said,
                    ..
                },
                Ok(Answer::Object(after)),
            ) => {
                self.warn_of_unknown_fields(&object, &patch);
                let same = said == "patched" && after.revision() == object.revision();
                self.say(after, if same { "patched (no change)" } else { said });
            }
            (Task::Delete { key, .. }, Ok(Answer::Object(object))) => self.deleted(key, object),
            (Task::AwaitEnd { key, uid }, outcome) => self.looked_for_end(key, uid, outcome),
            (Task::Revisions(object, ..), Ok(Answer::List { items, .. })) => {
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
            (Task::Log(key, options), Ok(Answer::Log(text))) => self.print_log(key, options, text),
            // A pod that is followed to its end is gone then.
            (Task::Log(_, LogOptions { after: Some(_), .. }), Err(_)) => {}
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
            Command::Get(_) | Command::Edit(_) | Command::Events(_) | Command::Top(_) => {
                self.found.extend(objects);
            }
            Command::Wait(wait) => self.wait_for(wait, &objects),
            Command::Listed {
                targets,
                annotations,
            } => {
                let is_one = matches!(targets, Targets::Named(names) if names.len() == 1);
                for object in &objects {
                    self.list_entries(object, *annotations, is_one);
                }
            }
            Command::LastApplied { json, .. } => {
                for object in &objects {
                    self.show_last_applied(object, *json);
                }
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

    pub(super) fn print_lines(&mut self, lines: &[String]) {
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
        match history::kept_in(&object, verb) {
            Ok((kind, selector)) => {
                let revisions = Task::Revisions(Box::new(object), kind, selector);
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
                if let Err(refusal) = &draft.object {
                    let failure = Failure::while_doing("creating", Some(&draft.source), refusal);
                    self.failures.push(failure);
                    return None;
                }
                match manifest::decode_leniently(draft.key.kind, modified) {
                    Ok((object, _)) => self.tasks.push_front(Task::Create {
                        object: Box::new(object),
                        said: "created",
                        by: Maker::File(draft.source),
                    }),
                    Err(problems) => {
                        let texts = problems.iter().map(ToString::to_string);
                        self.failures.extend(texts.map(Failure::Own));
                    }
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

    /// The API server's warning of what `patch` names and no object of the kind has.
    fn warn_of_unknown_fields(&mut self, object: &Object, patch: &Patch) {
        if patch.patch_type == PatchType::Json {
            return;
        }
        for problem in manifest::strict_problems(object.kind(), &patch.body) {
            let field = problem.path.rsplit('.').next().unwrap_or_default();
            if problem.at_key && !field.starts_with('$') {
                let said = problem
                    .message
                    .trim_start_matches("strict decoding error: ");
                self.errors.extend(["Warning: ", said, "\n"]);
            }
        }
    }

    fn is_diff(&self) -> bool {
        matches!(self.invocation.command, Command::Diff { .. })
    }

    /// What keeps the revisions of a workload has been read.
    fn revisions(&mut self, object: Object, kept: &[Object]) {
        let Command::Rollout { action, .. } = self.invocation.command else {
            return;
        };
        match action {
            RolloutAction::History { revision } => {
                match history::history(&object, kept, revision) {
                    Ok(text) => self.output.push_str(&text),
                    Err(failure) => self.failures.push(failure),
                }
            }
            RolloutAction::Undo { to_revision } => {
                match history::undo(&object, kept, to_revision) {
                    Ok(Undo::Skip(said)) => self.say(&object, &said),
                    Ok(Undo::Patch(patch)) => self.tasks.push_front(Task::Patch {
                        object: Box::new(object),
                        patch,
                        said: "rolled back",
                        source: None,
                    }),
                    Err(failure) => self.failures.push(failure),
                }
            }
            _ => {}
        }
    }
}

/// Whether the command changes each object before it reads the next.
fn acts_at_once(command: &Command) -> bool {
    matches!(
        command,
        Command::Label(_) | Command::Annotate(_) | Command::Patch { .. }
    )
}
