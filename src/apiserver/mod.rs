//! The only door to the store: decoding, defaulting, admission, validation, versions, deletion.

mod admission;
mod apply;
mod cause;
mod defaulting;
mod deletion;
mod eviction;
mod field_error;
mod log;
mod metrics;
mod note;
mod prepare;
mod refusal;
mod request;
mod scale;
mod service_ranges;
mod template;
mod validation;
mod watch;
mod write;

use std::sync::Arc;

pub use cause::Cause;
pub use field_error::FieldError;
pub use log::{LogOptions, LogPlace, LogText, container_of as log_container};
pub use metrics::ResourceMetrics;
pub use note::Note;
pub use refusal::{Reason, Refusal};
pub use request::{
    Answer, Answering, Binding, Conflicts, DeleteOptions, Outcome, Patch, PatchType, Propagation,
    Request, RequestId, Run, Scope, StatusWrite, Subresource, UnknownFields, Verb, WriteOptions,
};
pub use scale::Scale;
pub use watch::{WatchEvent, changes_since, event_for};

use crate::api::owners::{Manager, Owner, Provenance, Writer};
use crate::api::{Actor, Key, Kind, Object};
use crate::sim::{Profile, Random, Time};
use crate::store::{Change, Store};
use template::SharedTemplates;

/// The API server and the store behind it.
#[derive(Clone, Debug)]
pub struct ApiServer {
    store: Store,
    random: Random,
    templates: SharedTemplates,
    metrics: Option<Arc<ResourceMetrics>>,
}

/// What is wrong with an object as far as a scheduling decision depends on it, for objects that come
/// from a file and not through a server; nothing when all can be understood.
#[must_use]
pub fn scheduling_problems(object: &Object) -> Vec<FieldError> {
    validation::scheduling(object)
}

/// The object with the defaults that the server fills in, for objects that come from a file.
#[must_use]
pub fn with_defaults(mut object: Object) -> Object {
    defaulting::apply_defaults(&mut object);
    object
}

/// What the server knows of the world beside the store.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Now.
    pub now: Time,
    /// Constants.
    pub profile: &'a Profile,
}

/// One station on the way of a write through the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageName {
    /// JSON became an object.
    Decode,
    /// What was left out got its default.
    Default,
    /// Admission plugins looked at it and changed it.
    Admit,
    /// The copy was compared with the newest revision.
    Version,
    /// The rules of the kind were checked.
    Validate,
    /// It was written.
    Commit,
}

impl StageName {
    /// The word on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Default => "default",
            Self::Admit => "admit",
            Self::Version => "version",
            Self::Validate => "validate",
            Self::Commit => "commit",
        }
    }
}

/// A station that a request reached, with the object as it left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Which station.
    pub name: StageName,
    /// The object as it stood afterwards.
    pub object: Object,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Handled {
    /// The stations it reached, in order; a refused request ends at the last one.
    pub stages: Vec<Stage>,
    /// What was written, in order: nothing, one change, for an eviction up to three; charged quotas
    /// come first.
    pub changes: Vec<Arc<Change>>,
    /// What goes back to the client.
    pub outcome: Outcome,
}

impl ApiServer {
    /// A server over an empty store.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            store: Store::new(),
            random: Random::stream(seed, "kube-apiserver"),
            templates: SharedTemplates::default(),
            metrics: None,
        }
    }

    /// The store, to look at.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Removes an object whose time is up, without asking anybody.
    pub fn expire(&mut self, key: &Key) -> Option<Arc<Change>> {
        let revision = self.store.get(key)?.revision();
        self.store.remove(key, revision).ok()
    }

    /// Forgets the changes up to a revision.
    pub fn compact(&mut self, revision: u64) {
        self.store.compact(revision);
    }

    /// Handles one request from the first station to the last.
    pub fn handle(&mut self, request: &Request, moment: Moment<'_>) -> Handled {
        if request.is_write() && request.options.run == Run::Dry {
            // What is tried goes the whole way, in a copy that nobody sees.
            let handled = self.clone().handle_really(request, moment);
            return Handled {
                changes: Vec::new(),
                ..handled
            };
        }
        self.handle_really(request, moment)
    }

    fn handle_really(&mut self, request: &Request, moment: Moment<'_>) -> Handled {
        let mut stages = Vec::new();
        match &request.verb {
            // The log itself is at the node; here is the pod that it is of.
            Verb::Get | Verb::Log(_) => {
                Handled::read(self.get(&request.key).cloned().map(Answer::Object))
            }
            Verb::List(scope) => Handled::read(self.list(&request.key, scope)),
            Verb::GetScale => Handled::read(self.scale_of(&request.key).map(Answer::Scale)),
            Verb::Metrics(scope) => Handled::read(self.read_metrics(&request.key, scope)),
            write => {
                let manager = manager_of(request);
                let caller = Caller {
                    manager: &manager,
                    unknown_fields: request.options.unknown_fields,
                    now: moment.now,
                    profile: moment.profile,
                };
                let written = self.write(write, &request.key, caller, &mut stages);
                let (changes, outcome) = match written {
                    Ok(Written { changes, object }) => (changes, Ok(Answer::Object(object))),
                    Err(refusal) => (Vec::new(), Err(refusal)),
                };
                Handled {
                    stages,
                    changes,
                    outcome,
                }
            }
        }
    }

    fn get(&self, key: &Key) -> Result<&Object, Refusal> {
        self.store.get(key).ok_or_else(|| Refusal::not_found(key))
    }

    fn list(&self, key: &Key, scope: &Scope) -> Outcome {
        scope.check(key.kind)?;
        let namespace = (!key.namespace.is_empty()).then_some(&*key.namespace);
        let objects = self.store.list(key.kind, namespace);
        let items = objects
            .filter(|object| scope.covers(object))
            .cloned()
            .collect();
        Ok(Answer::List {
            items,
            revision: self.store.revision(),
        })
    }

    /// What a watch with this scope lists before it begins. A scope of one name costs one look.
    ///
    /// # Errors
    /// 400 when objects of this kind cannot be watched like this.
    pub fn list_for(&self, kind: Kind, scope: &Scope) -> Result<Vec<Object>, Refusal> {
        scope.check(kind)?;
        let named = scope
            .fields
            .0
            .iter()
            .find(|each| each.equal && each.path == "metadata.name");
        Ok(match named {
            Some(name) if !kind.info().namespaced => self
                .store
                .get(&Key::new(kind, "", &name.value))
                .cloned()
                .into_iter()
                .collect(),
            _ => self
                .store
                .list(kind, None)
                .filter(|object| scope.covers(object))
                .cloned()
                .collect(),
        })
    }
}

impl Handled {
    fn read(outcome: Outcome) -> Self {
        Self {
            stages: Vec::new(),
            changes: Vec::new(),
            outcome,
        }
    }
}

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
struct Caller<'a> {
    manager: &'a Manager,
    unknown_fields: UnknownFields,
    now: Time,
    profile: &'a Profile,
}

impl Caller<'_> {
    /// The caller as the owner of what it writes into a part of an object.
    fn writer(&self, subresource: Option<&'static str>) -> Writer {
        Writer {
            manager: self.manager.clone(),
            subresource,
            time: self.now,
        }
    }
}

/// In whose name something is written.
#[derive(Clone, Debug)]
enum Signed {
    /// The writer owns what it changes.
    By(Writer),
    /// Nobody owns it: the server does it by itself.
    Nobody,
    /// These own it.
    Owners(Vec<Owner>),
}

impl Signed {
    /// How the object came to be what it is, with what stood there before or was asked for.
    fn provenance(self, before: Option<&Object>, asked: Option<Object>) -> Provenance {
        match self {
            Self::By(writer) => Provenance::write(Some(writer), before, asked),
            Self::Nobody => Provenance::write(None, before, asked),
            Self::Owners(owners) => Provenance::owners(owners),
        }
    }
}

/// The name under which a client owns what it writes: what it says, or that of its program.
fn manager_of(request: &Request) -> Manager {
    if let Some(manager) = &request.options.manager {
        return manager.clone();
    }
    Manager::Borrowed(match request.actor {
        Actor::Controller(_) => "kube-controller-manager",
        Actor::Scheduler => "kube-scheduler",
        Actor::Kubelet(_) => "kubelet",
        Actor::MetricsServer => "metrics-server",
        Actor::KubeProxy(_) => "kube-proxy",
        Actor::ApiServer | Actor::Etcd => "kube-apiserver",
        Actor::Kubectl(_) | Actor::Clients | Actor::Outside => "kubectl",
    })
}

/// A write that went through; without a change it would have changed nothing.
struct Written {
    changes: Vec<Arc<Change>>,
    object: Object,
}

impl Written {
    /// Nothing had to be written.
    fn nothing(object: Object) -> Self {
        Self {
            changes: Vec::new(),
            object,
        }
    }

    fn of(change: Arc<Change>) -> Self {
        Self {
            object: change.object.clone(),
            changes: vec![change],
        }
    }

    /// The same, after these changes.
    fn after(mut self, mut changes: Vec<Arc<Change>>) -> Self {
        changes.append(&mut self.changes);
        self.changes = changes;
        self
    }
}

#[cfg(test)]
mod tests;
