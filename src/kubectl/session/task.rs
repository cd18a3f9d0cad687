//! What a run of kubectl still has to do: one request each, in order.

use std::collections::VecDeque;

use super::files::Draft;
use super::observe::Purpose;
use super::server_side::Application;
use crate::api::field_selector::FieldSelector;
use crate::api::{Key, Kind, LabelSelector, Object, Pod};
use crate::apiserver::{DeleteOptions, LogOptions, Patch, Refusal, Scope, Verb};

/// One request, and what it is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    /// Read an object that the line names.
    Get(Key),
    /// Read the objects of a kind that the line means.
    List(Key, Scope),
    /// Read what the pods or nodes of a scope use.
    Measure(Key, Scope),
    /// Read an object again, as the helpers of some commands do.
    Again(Key),
    /// Read all objects of a kind, to describe those whose name begins like this one.
    Resembling(Key, Refusal),
    /// Make an object.
    Create {
        /// The object.
        object: Box<Object>,
        /// What to say when it is made.
        said: &'static str,
        /// What it is made by.
        by: Maker,
    },
    /// Read what an applied object is now.
    Apply(Box<Draft>),
    /// Have the API server merge an applied object with what is there.
    ApplyServerSide(Box<Application>),
    /// Read what an object that is to be replaced is now.
    Replace(Box<Draft>),
    /// Put an object in the place of the one that is there.
    Put {
        /// The object.
        object: Box<Object>,
        /// The file.
        source: String,
    },
    /// Change an object that has been read.
    Patch {
        /// The object as it was read.
        object: Box<Object>,
        /// The patch.
        patch: Patch,
        /// What to say when it is made.
        said: &'static str,
        /// For `apply`, the file.
        source: Option<String>,
    },
    /// Remove an object.
    Delete {
        /// Which.
        key: Key,
        /// The file that names it.
        source: Option<String>,
    },
    /// See whether an object is gone; another of that name and of another uid is not it.
    AwaitEnd {
        /// Which.
        key: Key,
        /// Its uid; empty for any.
        uid: String,
    },
    /// See whether what is waited for has come true of an object.
    Await(Key),
    /// Watch an object until something has come true: no request, but a watch.
    Observe(Key, Purpose),
    /// List the pods of a node that is drained.
    NodePods(Key, Scope),
    /// See whether the DaemonSet of a pod of that node is there.
    DaemonSet {
        /// Which.
        key: Key,
        /// The pod's place among the pods of the node.
        pod: usize,
    },
    /// Ask a pod to go, or delete it.
    Remove {
        /// The pod as it was read.
        pod: Box<Pod>,
        /// How.
        verb: Verb,
        /// How often it was asked before.
        tries: u32,
    },
    /// See whether a pod that was told to go is gone.
    AwaitRemoval {
        /// The pod as it was read.
        pod: Box<Pod>,
        /// How often it was looked at before.
        looks: u32,
    },
    /// List the objects of a kind that keep the revisions of a workload.
    Revisions(Box<Object>, Kind, LabelSelector),
    /// Read the log of a container.
    Log(Key, LogOptions),
    /// List the pods of a workload, to read the log of one of them.
    PodsOf(Box<Object>, LabelSelector),
    /// Read what belongs to an object that is described.
    Gather(Box<Gathering>),
}

/// By what an object is made, for the words of an error.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Maker {
    /// From a file.
    File(String),
    /// By a generator that names what it failed to create.
    Generator(&'static str),
    /// By a command that lets the API server speak.
    Plain,
}

/// An object and what was read about it so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gathering {
    /// The object.
    pub(super) object: Object,
    /// What is still to be read.
    pub(super) reads: VecDeque<(Key, Verb)>,
    /// What was read.
    pub(super) related: Vec<Object>,
}

impl Task {
    /// The request.
    pub(super) fn request(&self, delete: &DeleteOptions) -> (Key, Verb) {
        match self {
            Self::Get(key)
            | Self::Again(key)
            | Self::Await(key)
            | Self::Observe(key, _)
            | Self::AwaitEnd { key, .. }
            | Self::DaemonSet { key, .. } => (key.clone(), Verb::Get),
            Self::AwaitRemoval { pod, .. } => (pod_key(pod), Verb::Get),
            Self::Remove { pod, verb, .. } => (pod_key(pod), verb.clone()),
            Self::List(key, scope) | Self::NodePods(key, scope) => {
                (key.clone(), Verb::List(scope.clone()))
            }
            Self::Measure(key, scope) => (key.clone(), Verb::Metrics(scope.clone())),
            Self::Resembling(key, _) => {
                let all = Key::new(key.kind, &key.namespace, "");
                (all, Verb::List(Scope::default()))
            }
            Self::Create { object, .. } => (object.key(), Verb::Create((**object).clone())),
            Self::Apply(draft) | Self::Replace(draft) => (draft.key.clone(), Verb::Get),
            Self::ApplyServerSide(application) => application.request(),
            Self::Put { object, .. } => (object.key(), Verb::Update((**object).clone())),
            Self::Patch { object, patch, .. } => (object.key(), Verb::Patch(patch.clone())),
            Self::Delete { key, .. } => (key.clone(), Verb::Delete(delete.clone())),
            Self::Log(key, options) => (key.clone(), Verb::Log(options.clone())),
            Self::PodsOf(object, selector) => {
                let scope = Scope {
                    labels: Some(selector.clone()),
                    fields: FieldSelector::everything(),
                };
                (
                    Key::new(Kind::Pod, object.namespace(), ""),
                    Verb::List(scope),
                )
            }
            Self::Revisions(object, kind, selector) => {
                let key = Key::new(*kind, object.namespace(), "");
                let scope = Scope {
                    labels: Some(selector.clone()),
                    fields: FieldSelector::everything(),
                };
                (key, Verb::List(scope))
            }
            Self::Gather(gathering) => {
                let next = gathering.reads.front().cloned();
                next.unwrap_or_else(|| (gathering.object.key(), Verb::Get))
            }
        }
    }

    /// Whether nothing else is done while it waits to look again.
    pub(super) fn blocks(&self) -> bool {
        matches!(self, Self::Await(_))
    }

    /// Whether it reads what the line means, before anything is done about it.
    pub(super) fn is_first_read(&self) -> bool {
        matches!(self, Self::Get(_) | Self::List(..))
    }
}

fn pod_key(pod: &Pod) -> Key {
    Key::new(Kind::Pod, pod.namespace(), pod.name())
}
