//! Who owns which field of an object: `metadata.managedFields`, worked out when somebody looks.
//!
//! Every write leaves behind who made it and what stood there before ([`Provenance`]); the owners
//! follow from that chain. So a write costs one pointer, and only a server-side apply or a look at
//! the owners costs a comparison of states.
//!
//! Unlike Kubernetes: `managedFields` in a request is passed over, and more than ten managers of
//! updates are not drawn together into `ancient-changes`.

mod compare;
mod set;
mod topology;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

pub use compare::{Comparison, compare, fields};
pub use set::{Element, FieldSet};
pub use topology::{Part, Topology, elements};

use super::{Kind, Object, meta};
use crate::sim::Time;

/// The name under which a client owns fields: `kubectl-client-side-apply`.
pub type Manager = Cow<'static, str>;

/// After so many writes the owners are worked out at once, so that the chain stays short.
const WRITES_MOST: u32 = 32;

/// Who made a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The name.
    pub manager: Manager,
    /// The part of the object that was written, where it is not the main one: `status`, `scale`.
    pub subresource: Option<&'static str>,
    /// When.
    pub time: Time,
}

impl Writer {
    /// The API server, which writes statuses by itself: of budgets, of quotas.
    #[must_use]
    pub fn server(time: Time) -> Self {
        Self {
            manager: Manager::Borrowed("kube-apiserver"),
            subresource: Some("status"),
            time,
        }
    }
}

/// Whether a manager says what it wants, or changes what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A server-side apply.
    Apply,
    /// Any other write.
    Update,
}

impl Operation {
    /// `Apply` or `Update`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// What one manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who, through which part, and since when.
    pub writer: Writer,
    /// How it became the owner.
    pub operation: Operation,
    /// Of what.
    pub fields: FieldSet,
}

/// Where the fields of an object come from. It is no part of what the object says: two objects that
/// say the same are equal, whoever wrote them.
#[derive(Clone, Default)]
pub struct Provenance(Option<Arc<Origin>>);

enum Origin {
    /// Somebody changed what stood there.
    Write(Write),
    /// The owners, as they were worked out.
    Owners(Vec<Owner>),
}

struct Write {
    /// Who; none for a write that makes nobody an owner.
    by: Option<Writer>,
    /// What stood there before.
    before: Option<Object>,
    /// What was asked for, where the server stored something else.
    asked: Option<Object>,
    /// How many writes come before this one without the owners being known.
    depth: u32,
}

impl Provenance {
    /// A write. `before` is what stood there, `asked` a new object as its maker wanted it.
    #[must_use]
    pub fn write(by: Option<Writer>, before: Option<&Object>, asked: Option<Object>) -> Self {
        let depth = before.map_or(0, |before| before.provenance().depth() + 1);
        let mut before = before.cloned();
        let depth = match &mut before {
            Some(before) if depth >= WRITES_MOST => {
                let owners = of(before);
                before.set_provenance(Self::owners(owners));
                0
            }
            _ => depth,
        };
        Self(Some(Arc::new(Origin::Write(Write {
            by,
            before,
            asked,
            depth,
        }))))
    }

    /// Owners that are known.
    #[must_use]
    pub fn owners(owners: Vec<Owner>) -> Self {
        Self(Some(Arc::new(Origin::Owners(owners))))
    }

    fn depth(&self) -> u32 {
        match self.0.as_deref() {
            Some(Origin::Write(write)) => write.depth,
            _ => 0,
        }
    }
}

impl PartialEq for Provenance {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.as_deref() {
            None => "unknown",
            Some(Origin::Write(_)) => "written",
            Some(Origin::Owners(_)) => "owned",
        })
    }
}

/// The owners of an object's fields, in the order in which the API server lists them.
#[must_use]
pub fn of(object: &Object) -> Vec<Owner> {
    let mut writes = Vec::new();
    let mut here = object;
    let mut owners = loop {
        match here.provenance().0.as_deref() {
            Some(Origin::Write(write)) => {
                writes.push((here, write));
                match &write.before {
                    Some(before) => here = before,
                    None => break Vec::new(),
                }
            }
            Some(Origin::Owners(owners)) => break owners.clone(),
            None => break Vec::new(),
        }
    };
    for (after, write) in writes.into_iter().rev() {
        if let Some(by) = &write.by {
            let difference = difference(after, write);
            updated(&mut owners, by, &difference);
        }
    }
    owners.sort_by(in_order);
    owners
}

/// What a write changed. A new object has no status yet: that is the server's.
fn difference(after: &Object, write: &Write) -> Comparison {
    let kind = after.kind();
    let Some(before) = &write.before else {
        let mut asked = write.asked.as_ref().unwrap_or(after).to_value();
        if let Some(fields) = asked.as_object_mut() {
            fields.remove("status");
        }
        return compare(kind, &Value::Null, &asked);
    };
    compare(kind, &before.to_value(), &after.to_value())
}

/// Who changes a field owns it from then on, and nobody else; what is gone is nobody's.
pub fn updated(owners: &mut Vec<Owner>, by: &Writer, difference: &Comparison) {
    let taken = difference.touched();
    for owner in owners.iter_mut() {
        let fields = std::mem::take(&mut owner.fields);
        owner.fields = fields.without(&taken).without(&difference.removed);
    }
    owners.retain(|owner| !owner.fields.is_empty() || is_same(owner, by, Operation::Update));
    let own = owners
        .iter_mut()
        .find(|owner| is_same(owner, by, Operation::Update));
    match own {
        Some(own) if !taken.is_empty() => {
            own.writer.time = by.time;
            let fields = std::mem::take(&mut own.fields);
            own.fields = fields.union(&taken);
        }
        None if !taken.is_empty() => owners.push(Owner {
            writer: by.clone(),
            operation: Operation::Update,
            fields: taken,
        }),
        _ => {}
    }
    owners.retain(|owner| !owner.fields.is_empty());
}

/// Whether an owner is this manager, by the same operation at the same part.
#[must_use]
pub fn is_same(owner: &Owner, by: &Writer, operation: Operation) -> bool {
    owner.operation == operation
        && owner.writer.manager == by.manager
        && owner.writer.subresource == by.subresource
}

/// Whether both lists give the same fields to the same owners, whatever the time and the order.
#[must_use]
pub fn same(one: &[Owner], other: &[Owner]) -> bool {
    let in_other = |owner: &Owner| {
        other.iter().any(|each| {
            is_same(each, &owner.writer, owner.operation) && each.fields == owner.fields
        })
    };
    one.len() == other.len() && one.iter().all(in_other)
}

/// Source: `sortEncodedManagedFields`.
fn in_order(one: &Owner, other: &Owner) -> Ordering {
    let key = |owner: &Owner| (owner.operation, owner.writer.time.as_secs());
    key(one)
        .cmp(&key(other))
        .then_with(|| one.writer.manager.cmp(&other.writer.manager))
        .then_with(|| one.writer.subresource.cmp(&other.writer.subresource))
}

/// `metadata.managedFields`
#[must_use]
pub fn to_value(kind: Kind, owners: &[Owner]) -> Value {
    let entries = owners.iter().map(|owner| {
        let mut entry = json!({
            "apiVersion": kind.info().api_version(),
            "fieldsType": "FieldsV1",
            "fieldsV1": owner.fields.to_value(),
            "manager": owner.writer.manager,
            "operation": owner.operation.name(),
            "time": meta::object_time(owner.writer.time),
        });
        if let Some(subresource) = owner.writer.subresource {
            entry["subresource"] = subresource.into();
        }
        entry
    });
    entries.collect()
}
