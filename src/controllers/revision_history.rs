//! The templates that a StatefulSet or a DaemonSet has had, as ControllerRevisions.
//! Source: `pkg/controller/history`.

use serde_json::{Value, json};

use super::claim::Claims;
use super::controller::{Action, Plan};
use super::wording;
use crate::api::owners::Provenance;
use crate::api::{
    ControllerRevision, Key, Kind, LabelSelector, Object, ObjectMeta, RawExtension, Typed, apps,
    core, meta,
};
use crate::apiserver::{DeleteOptions, Verb};
use crate::client::Informers;
use crate::sim::counted;

/// The label of a pod that names the revision that it was made from.
pub(super) const REVISION_LABEL: &str = "controller-revision-hash";

/// The label of a revision with its hash.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// The characters of hashes. Source: `k8s.io/apimachinery/pkg/util/rand`.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// One revision: stored, or still to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Revision {
    /// `web-5d4b…`
    pub(super) name: String,
    /// `5d4b…`
    pub(super) hash: String,
    /// The template that it keeps.
    pub(super) template: core::PodTemplateSpec,
}

/// The revisions that are nobody's and match a set: an earlier set left them behind. The set takes
/// them before it looks at its history. Source: `adoptOrphanRevisions`, `controlledHistories`.
pub(super) struct LeftBehind<'a>(Claims<'a>);

impl<'a> LeftBehind<'a> {
    pub(super) fn to(caches: &'a Informers, owner: &Object, selector: &LabelSelector) -> Self {
        let kind = Kind::ControllerRevision;
        Self(Claims::of(caches, kind, owner, selector))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.orphans.is_empty()
    }

    /// Takes them, and the pods with them. The history is read when they are seen to be there.
    pub(super) fn taken(&self, owner: &Object, pods: &Claims<'_>) -> Plan {
        let mut actions = self.0.actions(owner, true);
        let observed = counted(actions.len(), "revision");
        actions.extend(pods.actions(owner, true));
        Plan {
            desired: "the revisions that an earlier set left behind".to_owned(),
            observed: format!("{observed} without an owner"),
            difference: "they are nobody's".to_owned(),
            actions,
            ..Plan::default()
        }
    }
}

/// All revisions of an owner, and the one of its template as it is now.
pub(super) struct History {
    /// That of the template as it is now.
    pub(super) update: Revision,
    /// All that are stored, oldest first, with their numbers.
    stored: Vec<(i64, Revision)>,
    /// The write that makes the newest one known, if one is needed.
    pub(super) write: Option<Action>,
}

impl History {
    /// The history of `owner`, whose template stands at `/spec/template`.
    ///
    /// Unlike Kubernetes: the hash of a template differs from that on a real cluster.
    pub(super) fn of(caches: &Informers, owner: &Object, collisions: i32) -> Self {
        let value = owner.to_value();
        let template = value.pointer("/spec/template").cloned().unwrap_or_default();
        let mut stored: Vec<(&ControllerRevision, Value)> = caches
            .owned(Kind::ControllerRevision, owner.uid())
            .filter_map(ControllerRevision::of)
            .map(|revision| (revision, kept_template(revision)))
            .collect();
        stored.sort_by_key(|(revision, _)| (revision.spec.revision, revision.name().to_owned()));
        let highest = stored
            .last()
            .map_or(0, |(revision, _)| revision.spec.revision);
        let equal = stored.iter().rev().find(|(_, kept)| *kept == template);
        let (update, write) = if let Some((revision, kept)) = equal {
            let is_newest = revision.spec.revision == highest;
            let write = (!is_newest).then(|| renumber(revision, highest + 1));
            (read(owner, revision, kept), write)
        } else {
            let hash = hash(&template, collisions);
            let write = create(owner, &hash, &template, highest + 1);
            let revision = Revision {
                name: format!("{}-{hash}", owner.name()),
                hash,
                template: typed(owner, &template),
            };
            (revision, Some(write))
        };
        let stored = stored
            .iter()
            .map(|(revision, kept)| (revision.spec.revision, read(owner, revision, kept)))
            .collect();
        Self {
            update,
            stored,
            write,
        }
    }

    /// The stored revision of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Revision> {
        let mut all = self.stored.iter().map(|(_, revision)| revision);
        all.find(|revision| revision.name == name)
    }

    /// Deletes the oldest of those that are not in use beyond the limit.
    pub(super) fn truncate(&self, namespace: &str, limit: i32, used: &[&str]) -> Vec<Action> {
        let names = self.stored.iter().map(|(_, revision)| revision);
        let unused: Vec<&Revision> = names
            .filter(|each| {
                each.name != self.update.name
                    && !used.contains(&each.name.as_str())
                    && !used.contains(&each.hash.as_str())
            })
            .collect();
        let surplus = unused.len().saturating_sub(wording::size(limit));
        unused
            .into_iter()
            .take(surplus)
            .map(|revision| {
                let key = Key::new(Kind::ControllerRevision, namespace, &revision.name);
                let why = format!("deletes {key}: beyond the limit of {limit}");
                Action::new(key, Verb::Delete(DeleteOptions::default()), why)
            })
            .collect()
    }
}

fn kept_template(revision: &ControllerRevision) -> Value {
    let data = revision.spec.data.as_ref().map(|data| &data.0);
    let mut template = data
        .and_then(|data| data.pointer("/spec/template"))
        .cloned()
        .unwrap_or_default();
    if let Value::Object(fields) = &mut template {
        fields.remove("$patch");
    }
    template
}

fn read(owner: &Object, revision: &ControllerRevision, kept: &Value) -> Revision {
    let hash = meta::labels(&revision.metadata).get(HASH_LABEL).cloned();
    Revision {
        name: revision.name().to_owned(),
        hash: hash.unwrap_or_default(),
        template: typed(owner, kept),
    }
}

/// A template out of JSON: read as part of an object of the owner's kind.
fn typed(owner: &Object, template: &Value) -> core::PodTemplateSpec {
    let spec = json!({"spec": {"selector": {}, "serviceName": "", "template": template}});
    match Object::from_value(owner.kind(), spec) {
        Ok(Object::StatefulSet(set)) => set.spec.template.clone(),
        Ok(Object::DaemonSet(set)) => set.spec.template.clone(),
        _ => core::PodTemplateSpec::default(),
    }
}

/// Source: `HashControllerRevision`.
fn hash(template: &Value, collisions: i32) -> String {
    let hash = template
        .to_string()
        .bytes()
        .chain(collisions.to_string().bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    let digits = hash.to_string().into_bytes();
    digits
        .into_iter()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

fn create(owner: &Object, hash: &str, template: &Value, number: i64) -> Action {
    let mut data = json!({"spec": {"template": template}});
    data["spec"]["template"]["$patch"] = json!("replace");
    let mut labels = template_labels(template);
    labels.insert(HASH_LABEL.to_owned(), hash.to_owned());
    let name = format!("{}-{hash}", owner.name());
    let metadata = ObjectMeta {
        name: Some(name.clone()),
        namespace: Some(owner.namespace().to_owned()),
        labels: Some(labels),
        // Among them why it was changed, for `kubectl rollout history`.
        annotations: owner.metadata().annotations.clone(),
        owner_references: Some(vec![meta::controller_reference(owner)]),
        ..ObjectMeta::default()
    };
    let revision = ControllerRevision {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: apps::ControllerRevision {
            data: Some(RawExtension(data)),
            metadata: ObjectMeta::default(),
            revision: number,
        }
        .into(),
        status: ().into(),
    };
    let object = revision.into_object();
    let why = format!("keeps the template as revision {number}, {name}");
    Action::new(object.key(), Verb::Create(object), why)
}

fn template_labels(template: &Value) -> meta::Labels {
    let labels = template
        .pointer("/metadata/labels")
        .and_then(Value::as_object);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = labels.into_iter().flatten();
    labels
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

fn renumber(revision: &ControllerRevision, number: i64) -> Action {
    let mut newer = revision.clone();
    newer.spec_mut().revision = number;
    let object = newer.into_object();
    let why = format!("{} comes back as revision {number}", object.key());
    Action::new(object.key(), Verb::Update(object), why)
}
