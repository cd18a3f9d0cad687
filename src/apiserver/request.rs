//! A request to the API server as a value: who asks for what, and what the answer was.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::log::LogText;
use super::{LogOptions, Refusal, Scale};
use crate::api::field_selector::FieldSelector;
use crate::api::owners::Manager;
use crate::api::{Actor, Key, Kind, LabelSelector, Metrics, Object};
use crate::sim::{RecordId, Urgency};

/// The number that a client gives to its request, to know the answer by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The client's number for it.
    pub id: RequestId,
    /// Who asks.
    pub actor: Actor,
    /// About which object; the name is empty for lists and for creates with `generateName`.
    pub key: Key,
    /// What is asked.
    pub verb: Verb,
    /// Whether somebody waits for the answer.
    pub answer: Answering,
    /// Whether an idle world may still have such requests on their way.
    pub urgency: Urgency,
    /// What is said beside the verb of a write.
    pub options: WriteOptions,
}

/// Whether a write is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// It is.
    #[default]
    Real,
    /// It goes the whole way, and nothing is stored: `--dry-run=server`.
    Dry,
}

/// What a client says beside the verb of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The name that owns the fields; without one the client's own name.
    pub manager: Option<Manager>,
    /// Whether it is meant.
    pub run: Run,
    /// What becomes of fields that the kind does not have.
    pub unknown_fields: UnknownFields,
}

/// What becomes of fields that a kind does not have: `fieldValidation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// The write is refused: `Strict`.
    #[default]
    Refused,
    /// They are left out, and the client is warned: `Warn`.
    Dropped,
}

/// Whether the client waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// The client goes on when the answer is there.
    Awaited,
    /// The client does not look at the answer.
    Ignored,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read the log of a container: a read of `pods/NAME/log`.
    Log(LogOptions),
    /// Read all objects of a kind, in a namespace or (with an empty one) in all.
    List(Scope),
    /// Read the number of replicas of a workload: its `scale`.
    GetScale,
    /// Read what pods or nodes use, from the aggregated API `metrics.k8s.io`: one of them by name,
    /// or all that the scope covers.
    Metrics(Scope),
    /// Write an object that is not there yet.
    Create(Object),
    /// Write all of an object but its status. Without a resourceVersion the last write wins.
    Update(Object),
    /// Write only the status of an object, one way or the other.
    WriteStatus(Object, StatusWrite),
    /// Write the number of replicas of a workload. Without a resourceVersion the last write wins.
    UpdateScale(Scale),
    /// Change some fields of the newest state.
    Patch(Patch),
    /// Mark an object for deletion, or remove it.
    Delete(DeleteOptions),
    /// Bind a pod to a node: a write to `pods/NAME/binding`.
    Bind(Binding),
    /// Ask for a pod to go as its budget allows: a write to `pods/NAME/eviction`.
    Evict(DeleteOptions),
    /// Write a namespace's remaining finalizers: a write to `namespaces/NAME/finalize`.
    Finalize(Object),
}

/// How a status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWrite {
    /// The whole of it takes the place of what is there: a PUT. It is refused when the object has
    /// another resourceVersion by now; one that names none is the last to write, and wins.
    Update,
    /// As a change of the newest state, whatever the resourceVersion: the PATCH that kubelets, the
    /// scheduler and pod-gc send.
    Patch,
}

/// Which objects of a kind a list or a watch is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Label selector; none picks everything.
    pub labels: Option<LabelSelector>,
    /// Field selector.
    pub fields: FieldSelector,
}

impl Scope {
    /// Whether objects of a kind can be asked for like this.
    ///
    /// # Errors
    /// 400 that names a field which cannot be asked for.
    pub(super) fn check(&self, kind: Kind) -> Result<(), Refusal> {
        self.fields.check(kind).map_err(Refusal::bad_request)
    }

    /// Whether an object belongs.
    #[must_use]
    pub fn covers(&self, object: &Object) -> bool {
        let labels = self.labels.as_ref();
        labels.is_none_or(|labels| crate::api::selector::matches_object(labels, object))
            && self.fields.matches(object)
    }
}

/// How a patch is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json`.
    Json,
    /// `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`.
    Strategic,
    /// `application/apply-patch+yaml`: a server-side apply.
    Apply(Conflicts),
}

/// What an apply does about fields that others own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// It is refused.
    Refuse,
    /// It takes them.
    Force,
}

/// Which part of the object a patch may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subresource {
    /// All but the status.
    Main,
    /// The status alone.
    Status,
    /// The number of replicas.
    Scale,
}

impl Subresource {
    /// The last part of the path; none for the object itself.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Status => Some("status"),
            Self::Scale => Some("scale"),
        }
    }
}

/// A change of some fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// How it is to be read.
    pub patch_type: PatchType,
    /// What it may change.
    pub subresource: Subresource,
    /// The patch itself.
    pub body: Value,
}

/// What happens to the objects that an object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They go after their owner.
    #[default]
    Background,
    /// They go before their owner.
    Foreground,
    /// They stay.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds to end in good order; none means what the object says.
    pub grace_period_seconds: Option<i64>,
    /// What happens to what it owns.
    pub propagation: Propagation,
    /// The object must have this uid.
    pub uid: Option<String>,
    /// The object must have this revision.
    pub resource_version: Option<String>,
}

/// The node for a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The node.
    pub node: Arc<str>,
    /// The uid of the pod that was looked at; another pod of that name is not bound.
    pub uid: String,
}

/// What the API server answers when it does not refuse.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The object as it stands now; after a removal, as it stood.
    Object(Object),
    /// The objects of a list, at a revision.
    List {
        /// In the order of their keys.
        items: Vec<Object>,
        /// The revision that the list is of.
        revision: u64,
    },
    /// What was read of a log.
    Log(LogText),
    /// The number of replicas of a workload.
    Scale(Scale),
    /// What pods or nodes use, in the order of their keys.
    Metrics(Vec<Metrics>),
}

impl Answer {
    /// The object, if the answer is one.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::List { .. } | Self::Scale(_) | Self::Metrics(_) | Self::Log(_) => None,
        }
    }

    /// The record of the measurement that the answer tells of, if it tells of one. What follows from
    /// the answer follows from what was measured, not from the question.
    #[must_use]
    pub fn measured_by(&self) -> Option<RecordId> {
        match self {
            Self::Metrics(metrics) => metrics.iter().map(|each| each.record).max(),
            _ => None,
        }
    }
}

/// What comes back.
pub type Outcome = Result<Answer, Refusal>;

impl Verb {
    /// The verb as audit logs and roles spell it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get | Self::GetScale | Self::Log(_) => "get",
            Self::List(_) | Self::Metrics(_) => "list",
            Self::Create(_) | Self::Bind(_) | Self::Evict(_) => "create",
            Self::Update(_)
            | Self::WriteStatus(_, StatusWrite::Update)
            | Self::UpdateScale(_)
            | Self::Finalize(_) => "update",
            Self::Patch(_) | Self::WriteStatus(_, StatusWrite::Patch) => "patch",
            Self::Delete(_) => "delete",
        }
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::Get | Self::List(_) | Self::GetScale | Self::Metrics(_) | Self::Log(_) => "GET",
            Self::Create(_) | Self::Bind(_) | Self::Evict(_) => "POST",
            Self::Update(_)
            | Self::WriteStatus(_, StatusWrite::Update)
            | Self::UpdateScale(_)
            | Self::Finalize(_) => "PUT",
            Self::Patch(_) | Self::WriteStatus(_, StatusWrite::Patch) => "PATCH",
            Self::Delete(_) => "DELETE",
        }
    }

    /// The part of the object that the request goes to.
    #[must_use]
    pub const fn subresource(&self) -> Option<&'static str> {
        match self {
            Self::WriteStatus(..) => Some("status"),
            Self::GetScale | Self::UpdateScale(_) => Some("scale"),
            Self::Bind(_) => Some("binding"),
            Self::Evict(_) => Some("eviction"),
            Self::Log(_) => Some("log"),
            Self::Finalize(_) => Some("finalize"),
            Self::Patch(patch) => patch.subresource.name(),
            Self::Get
            | Self::List(_)
            | Self::Metrics(_)
            | Self::Create(_)
            | Self::Update(_)
            | Self::Delete(_) => None,
        }
    }
}

/// The group and version of the resource metrics API.
const METRICS_API: &str = "metrics.k8s.io/v1beta1";

impl Request {
    /// The path on the wire: `/apis/apps/v1/namespaces/default/deployments/web`.
    #[must_use]
    pub fn path(&self) -> String {
        let info = self.key.kind.info();
        let root = if info.group.is_empty() {
            "/api/"
        } else {
            "/apis/"
        };
        let mut path = match &self.verb {
            Verb::Metrics(_) => format!("/apis/{METRICS_API}"),
            _ => format!("{root}{}", info.api_version()),
        };
        if info.namespaced && !self.key.namespace.is_empty() {
            path.push_str("/namespaces/");
            path.push_str(&self.key.namespace);
        }
        path.push('/');
        path.push_str(info.plural);
        if !self.key.name.is_empty() && !matches!(self.verb, Verb::Create(_)) {
            path.push('/');
            path.push_str(&self.key.name);
        }
        if let Some(subresource) = self.verb.subresource() {
            path.push('/');
            path.push_str(subresource);
        }
        path
    }

    /// True when the request may write.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        !matches!(
            self.verb,
            Verb::Get | Verb::List(_) | Verb::GetScale | Verb::Metrics(_) | Verb::Log(_)
        )
    }
}

/// `POST /apis/apps/v1/namespaces/default/deployments`
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.method(), self.path())
    }
}
