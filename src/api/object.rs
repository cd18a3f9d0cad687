//! An object in three shared parts, so that a status update does not copy the spec.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::owners::Provenance;
use super::{Key, Kind, Object, ObjectMeta};

/// An object of one kind. For kinds without a `spec` field, `spec` is all but the metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource<S, T> {
    /// Name, labels, owners, versions.
    pub metadata: Arc<ObjectMeta>,
    /// What is wanted.
    pub spec: Arc<S>,
    /// What is there.
    pub status: Arc<T>,
    /// Who wrote it.
    pub provenance: Provenance,
}

impl<S, T> Resource<S, T> {
    /// The name; empty before the API server has generated one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// The namespace; empty for kinds without one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The uid; empty before the object is stored.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// True once a delete has been asked for.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

impl<S: Clone, T: Clone> Resource<S, T> {
    /// The metadata, to change; other holders do not see the change.
    pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
        Arc::make_mut(&mut self.metadata)
    }

    /// The spec, to change; other holders do not see the change.
    pub fn spec_mut(&mut self) -> &mut S {
        Arc::make_mut(&mut self.spec)
    }

    /// The status, to change; other holders do not see the change.
    pub fn status_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.status)
    }
}

/// A type that stands for one kind: the way between `Pod` and `Object::Pod`.
pub trait Typed: Clone {
    /// The kind that it stands for.
    const KIND: Kind;

    /// The object as this type, if it is of this kind.
    fn of(object: &Object) -> Option<&Self>;

    /// This as an object of any kind.
    fn into_object(self) -> Object;
}

impl Object {
    /// Where the object stands in the store.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(self.kind(), self.namespace(), self.name())
    }

    /// The name; empty before the API server has generated one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// The namespace; empty for kinds without one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata().namespace.as_deref().unwrap_or_default()
    }

    /// The uid; empty before the object is stored.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata().uid.as_deref().unwrap_or_default()
    }

    /// The revision of the last write; 0 before the first.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.metadata()
            .resource_version
            .as_deref()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    /// True once a delete has been asked for.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

/// Why JSON is no object of the kind that it claims to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {message}")]
pub struct DecodeError {
    /// `metadata`, `spec`, `status`, or the whole.
    pub part: &'static str,
    /// What does not fit.
    pub message: String,
}

/// True when both say the same; two pointers to one value need no look.
pub(super) fn same<T: PartialEq>(one: &Arc<T>, two: &Arc<T>) -> bool {
    Arc::ptr_eq(one, two) || one == two
}

pub(super) fn encode_split<S: Serialize, T: Serialize>(
    kind: Kind,
    resource: &Resource<S, T>,
) -> Value {
    let mut fields = head(kind, &resource.metadata);
    for (name, part) in [
        ("spec", encode(&*resource.spec)),
        ("status", encode(&*resource.status)),
    ] {
        if !is_empty(&part) {
            fields.insert(name.to_owned(), part);
        }
    }
    Value::Object(fields)
}

pub(super) fn encode_whole<S: Serialize>(kind: Kind, resource: &Resource<S, ()>) -> Value {
    let mut fields = head(kind, &resource.metadata);
    if let Value::Object(body) = encode(&*resource.spec) {
        fields.extend(body.into_iter().filter(|(name, _)| name != "metadata"));
    }
    Value::Object(fields)
}

pub(super) fn decode_split<S, T>(mut value: Value) -> Result<Resource<S, T>, DecodeError>
where
    S: DeserializeOwned + Default,
    T: DeserializeOwned + Default,
{
    Ok(Resource {
        metadata: decode_part(&mut value, "metadata")?,
        spec: decode_part(&mut value, "spec")?,
        status: decode_part(&mut value, "status")?,
        provenance: Provenance::default(),
    })
}

pub(super) fn decode_whole<S>(mut value: Value) -> Result<Resource<S, ()>, DecodeError>
where
    S: DeserializeOwned + Default,
{
    let metadata = decode_part(&mut value, "metadata")?;
    if let Value::Object(fields) = &mut value {
        fields.insert("metadata".to_owned(), Value::Object(serde_json::Map::new()));
    }
    let spec = serde_json::from_value(value).map_err(|error| DecodeError {
        part: "object",
        message: error.to_string(),
    })?;
    Ok(Resource {
        metadata,
        spec: Arc::new(spec),
        status: Arc::default(),
        provenance: Provenance::default(),
    })
}

fn decode_part<P>(value: &mut Value, part: &'static str) -> Result<Arc<P>, DecodeError>
where
    P: DeserializeOwned + Default,
{
    match value.get_mut(part).map(Value::take) {
        None | Some(Value::Null) => Ok(Arc::default()),
        Some(body) => serde_json::from_value(body)
            .map(Arc::new)
            .map_err(|error| DecodeError {
                part,
                message: error.to_string(),
            }),
    }
}

fn head(kind: Kind, metadata: &ObjectMeta) -> serde_json::Map<String, Value> {
    let mut fields = serde_json::Map::new();
    fields.insert("apiVersion".to_owned(), kind.info().api_version().into());
    fields.insert("kind".to_owned(), kind.info().name.into());
    fields.insert("metadata".to_owned(), encode(metadata));
    fields
}

fn encode<P: Serialize>(part: &P) -> Value {
    serde_json::to_value(part).expect("official types have string keys only, so JSON can hold them")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
