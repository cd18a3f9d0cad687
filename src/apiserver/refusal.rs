//! Why the API server says no: Kubernetes' reasons, codes and wording.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::{Cause, FieldError};
use crate::api::{Key, Kind};

/// The machine-readable reason. Source: `metav1.StatusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// 400: the request itself makes no sense.
    BadRequest,
    /// 403: not allowed, whatever the caller does.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 409: the name is taken.
    AlreadyExists,
    /// 409: the object has changed since it was read.
    Conflict,
    /// 410: the revision has been forgotten.
    Expired,
    /// 422: the object breaks the rules of its kind.
    Invalid,
    /// 429: not now.
    TooManyRequests,
    /// 500: something behind the API server did not answer; the message says what.
    Unknown,
    /// 504: no answer came in time.
    Timeout,
    /// 503: what stands behind the API server does not answer.
    ServiceUnavailable,
}

impl Reason {
    /// The HTTP status code.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Expired => 410,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Unknown => 500,
            Self::Timeout => 504,
            Self::ServiceUnavailable => 503,
        }
    }
}

/// `NotFound`, `AlreadyExists`, …
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A refused request. Nothing was written and the revision did not move.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The whole message.
    pub message: String,
    /// What it ran into: the fields at fault, the budget, the owners.
    pub causes: Vec<Cause>,
    /// The object that the request was about.
    pub key: Option<Key>,
    /// After how many seconds to try again, for `TooManyRequests`; 0 for no advice.
    pub retry_after_seconds: u32,
}

impl Refusal {
    fn new(reason: Reason, key: Option<&Key>, message: String) -> Self {
        Self {
            reason,
            message,
            causes: Vec::new(),
            key: key.cloned(),
            retry_after_seconds: 0,
        }
    }

    /// 404 for an object.
    #[must_use]
    pub fn not_found(key: &Key) -> Self {
        let resource = key.kind.info().group_resource();
        Self::new(
            Reason::NotFound,
            Some(key),
            format!("{resource} \"{}\" not found", key.name),
        )
    }

    /// 404 for a subresource that the kind does not have.
    #[must_use]
    pub fn no_such_resource(key: &Key, subresource: &str) -> Self {
        let resource = key.kind.info().plural;
        let message = format!(
            "the server could not find the requested resource (get {resource}/{subresource})"
        );
        Self::new(Reason::NotFound, Some(key), message)
    }

    /// 503 while nobody has measured anything.
    #[must_use]
    pub fn metrics_unavailable(key: &Key) -> Self {
        let resource = key.kind.info().plural;
        let message = format!(
            "the server is currently unable to handle the request (get {resource}.metrics.k8s.io)"
        );
        Self::new(Reason::ServiceUnavailable, Some(key), message)
    }

    /// 404 for a pod or a node that nobody has measured.
    #[must_use]
    pub fn no_metrics(key: &Key) -> Self {
        let resource = key.kind.info().name.to_ascii_lowercase();
        let name = if key.namespace.is_empty() {
            key.name.to_string()
        } else {
            format!("{}/{}", key.namespace, key.name)
        };
        let message = format!("{resource}metrics.metrics.k8s.io \"{name}\" not found");
        Self::new(Reason::NotFound, Some(key), message)
    }

    /// 409 for a name that is taken.
    #[must_use]
    pub fn already_exists(key: &Key) -> Self {
        let resource = key.kind.info().group_resource();
        let message = format!("{resource} \"{}\" already exists", key.name);
        Self::new(Reason::AlreadyExists, Some(key), message)
    }

    /// 409 for a write from an old copy.
    #[must_use]
    pub fn modified(key: &Key) -> Self {
        Self::conflict(
            key,
            "the object has been modified; please apply your changes to the latest version and \
             try again",
        )
    }

    /// 409 for another reason.
    #[must_use]
    pub fn conflict(key: &Key, why: &str) -> Self {
        Self::unfulfilled(key, &key.kind.info().group_resource(), why)
    }

    /// 409 for a write about another object of that name, as the storage says it.
    /// Source: `Preconditions.Check` of `apiserver/pkg/storage/interfaces.go`.
    #[must_use]
    pub fn other_object(key: &Key, asked: &str, found: &str) -> Self {
        let info = key.kind.info();
        let resource = match key.kind {
            Kind::Node => "minions",
            Kind::Service => "services/specs",
            _ => info.plural,
        };
        let mut place = format!("/registry/{resource}");
        for part in [&key.namespace, &key.name] {
            if !part.is_empty() {
                place = format!("{place}/{part}");
            }
        }
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {place}, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object \
             meta: {found}"
        );
        Self::conflict(key, &why)
    }

    /// 409 for a deletion that names another state of the object.
    /// Source: `BeforeDelete` of `apiserver/pkg/registry/rest/delete.go`.
    #[must_use]
    pub fn precondition(key: &Key, what: &str, asked: &str, found: &str) -> Self {
        let info = key.kind.info();
        let kind = if info.group.is_empty() {
            info.name.to_owned()
        } else {
            format!("{}.{}", info.name, info.group)
        };
        let might = match what {
            "UID" => "deleted and then recreated",
            _ => "modified",
        };
        let why = format!(
            "the {what} in the precondition ({asked}) does not match the {what} in record \
             ({found}). The object might have been {might}"
        );
        Self::unfulfilled(key, &kind, &why)
    }

    /// 409 for a pod that cannot be bound. Source: `BindingREST` of `pkg/registry/core/pod/storage`.
    #[must_use]
    pub fn not_bindable(key: &Key, why: &str) -> Self {
        Self::unfulfilled(key, "pods/binding", why)
    }

    fn unfulfilled(key: &Key, what: &str, why: &str) -> Self {
        let name = &key.name;
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        Self::new(Reason::Conflict, Some(key), message)
    }

    /// 403 for an object.
    #[must_use]
    pub fn forbidden(key: &Key, why: &str) -> Self {
        let resource = key.kind.info().group_resource();
        let message = format!("{resource} \"{}\" is forbidden: {why}", key.name);
        Self::new(Reason::Forbidden, Some(key), message)
    }

    /// 422 with the fields at fault.
    #[must_use]
    pub fn invalid(key: &Key, causes: Vec<FieldError>) -> Self {
        let info = key.kind.info();
        let kind = if info.group.is_empty() {
            info.name.to_owned()
        } else {
            format!("{}.{}", info.name, info.group)
        };
        let list = match causes.as_slice() {
            [one] => one.to_string(),
            many => {
                let texts: Vec<String> = many.iter().map(ToString::to_string).collect();
                format!("[{}]", texts.join(", "))
            }
        };
        let message = format!("{kind} \"{}\" is invalid: {list}", key.name);
        Self {
            causes: causes.into_iter().map(Cause::Field).collect(),
            ..Self::new(Reason::Invalid, Some(key), message)
        }
    }

    /// 422 for what does not fit, without a word about why.
    #[must_use]
    pub fn rejected() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(Reason::Invalid, None, message.to_owned())
    }

    /// 422 for a patch that leaves no object of the kind.
    #[must_use]
    pub fn bad_patch(shown: String, why: &str) -> Self {
        let error = FieldError::invalid(&"patch", shown, why);
        Self {
            message: format!(" \"\" is invalid: {error}"),
            causes: vec![Cause::Field(error)],
            ..Self::new(Reason::Invalid, None, String::new())
        }
    }

    /// 400 with a message.
    #[must_use]
    pub fn bad_request(message: String) -> Self {
        Self::new(Reason::BadRequest, None, message)
    }

    /// 500 for what the server cannot do: a node that it cannot reach, two budgets for one pod.
    #[must_use]
    pub fn unknown(message: String) -> Self {
        Self::new(Reason::Unknown, None, message)
    }

    /// 410 for a revision that has been forgotten.
    #[must_use]
    pub fn expired(asked: u64, kept: u64) -> Self {
        Self::new(
            Reason::Expired,
            None,
            format!("too old resource version: {asked} ({kept})"),
        )
    }

    /// No answer: what a client says to itself when it has waited for too long.
    #[must_use]
    pub fn timeout(key: &Key) -> Self {
        let message = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        Self::new(Reason::Timeout, Some(key), message.to_owned())
    }

    /// 429 because a budget does not let a pod go. Source: `EvictionREST`.
    #[must_use]
    pub fn over_budget(why: String, retry_after_seconds: u32) -> Self {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        Self {
            retry_after_seconds,
            causes: vec![Cause::Budget(why)],
            ..Self::new(Reason::TooManyRequests, None, message.to_owned())
        }
    }

    /// 409 for an apply of fields that others own. Source: `getConflictMessage`.
    #[must_use]
    pub fn owned(key: &Key, causes: Vec<Cause>) -> Self {
        let message = match causes.as_slice() {
            [one] => format!("Apply failed with 1 conflict: {one}"),
            many => {
                let lines = by_owner(many).join("\n");
                format!("Apply failed with {} conflicts: {lines}", many.len())
            }
        };
        Self {
            causes,
            ..Self::new(Reason::Conflict, Some(key), message)
        }
    }

    /// 403 because the namespace is on its way out. Source: the NamespaceLifecycle admission.
    #[must_use]
    pub fn namespace_terminating(key: &Key) -> Self {
        let namespace = &key.namespace;
        Self::forbidden(
            key,
            &format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            ),
        )
    }

    /// 404 for a namespace.
    #[must_use]
    pub fn namespace_not_found(namespace: &str) -> Self {
        Self::not_found(&Key::new(Kind::Namespace, "", namespace))
    }

    /// The refusal as a `Status` object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut details = serde_json::Map::new();
        if let Some(key) = &self.key {
            let info = key.kind.info();
            details.insert("name".to_owned(), (*key.name).into());
            if !info.group.is_empty() {
                details.insert("group".to_owned(), info.group.into());
            }
            let kind = if self.reason == Reason::Invalid {
                info.name
            } else {
                info.plural
            };
            details.insert("kind".to_owned(), kind.into());
        }
        if !self.causes.is_empty() {
            details.insert(
                "causes".to_owned(),
                self.causes.iter().map(Cause::to_value).collect(),
            );
        }
        if self.retry_after_seconds > 0 {
            details.insert(
                "retryAfterSeconds".to_owned(),
                self.retry_after_seconds.into(),
            );
        }
        json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason.to_string(),
            "details": details, "code": self.reason.code(),
        })
    }
}

/// `conflicts with "kubectl" using apps/v1:` and a line for each field, by owner.
fn by_owner(causes: &[Cause]) -> Vec<String> {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cause in causes {
        if let Cause::Owned { field, message } = cause {
            owners.entry(message).or_default().push(field);
        }
    }
    let mut lines = Vec::new();
    for (message, fields) in owners {
        lines.push(format!("{}:", message.replacen("conflict", "conflicts", 1)));
        lines.extend(fields.into_iter().map(|field| format!("- {field}")));
    }
    lines
}
