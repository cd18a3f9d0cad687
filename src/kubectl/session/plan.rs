//! The first tasks of each command.

use std::sync::Arc;

use super::failure::Failure;
use super::files;
use super::task::{Maker, Task};
use super::{Session, edit};
use crate::api::field_selector::FieldSelector;
use crate::api::{Key, Kind, Object};
use crate::apiserver::Scope;
use crate::kubectl::grammar::{Command, Events, Invocation, Source, Targets, Watch};

impl Session {
    /// The first tasks of the command.
    pub(super) fn plan(&mut self) -> Result<(), Vec<Failure>> {
        let invocation = Arc::clone(&self.invocation);
        let files = Arc::clone(&self.files);
        let files::Reading {
            drafts,
            failures,
            warnings,
            ..
        } = files::drafts(&invocation, &files);
        self.failures = failures;
        self.errors.push_str(&warnings);
        match &invocation.command {
            Command::Apply { mode, .. } => self.apply(drafts, *mode),
            Command::Diff { .. } => {
                let tasks = drafts.into_iter().map(|draft| Task::Apply(Box::new(draft)));
                self.tasks.extend(tasks);
            }
            Command::Replace { by, .. } => self.replace(drafts, *by),
            Command::Create(Source::Files(_)) => {
                for draft in drafts {
                    self.make(draft, "created");
                }
            }
            Command::Create(Source::Object(object)) => self.generate(object),
            Command::Create(Source::Both(both)) => {
                self.generate(&both.0);
                self.generate(&both.1);
            }
            Command::Create(Source::Filled(filled)) => {
                let object = self.filled(filled).map_err(|failure| vec![failure])?;
                self.generate(&object);
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
            Command::Edit(edit) if self.files.contains_key(edit::EDITED) => {
                let files = Arc::clone(&self.files);
                self.save(edit, &files)?;
            }
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

    /// An object that the flags describe.
    fn generate(&mut self, object: &Object) {
        let mut object = object.clone();
        if object.kind().info().namespaced {
            let namespace = self.invocation.namespace().to_owned();
            object.metadata_mut().namespace = Some(namespace);
        }
        let by = generator(object.kind()).map_or(Maker::Plain, Maker::Generator);
        self.tasks.push_back(Task::Create {
            object: Box::new(object),
            said: "created",
            by,
        });
    }
}

/// What `kubectl create` calls what it failed to create; none lets the API server speak alone.
const fn generator(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::ConfigMap => "configmap",
        Kind::CronJob => "cronjob",
        Kind::Deployment => "deployment",
        Kind::Job => "job",
        Kind::PodDisruptionBudget => "poddisruptionbudgets",
        Kind::PriorityClass => "priorityclass",
        Kind::ResourceQuota => "quota",
        Kind::Secret => "secret",
        Kind::ServiceAccount => "serviceaccount",
        _ => return None,
    })
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
