//! ReplicaSets as revisions of a Deployment: which is the new one, its hash, its number.

use std::collections::BTreeMap;

use super::limits::Limits;
use crate::api::owners::Provenance;
use crate::api::{Deployment, ObjectMeta, ReplicaSet, Typed, apps, core, meta};

/// The label that tells the pods of one template from those of another.
pub(super) const HASH_LABEL: &str = "pod-template-hash";
/// The number of a revision.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers that a revision had before it came back.
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many replicas the Deployment wanted when the ReplicaSet was last scaled.
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// The same with the surge.
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations that a ReplicaSet does not take over from its Deployment.
const NOT_TAKEN_OVER: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
];

/// The characters of hashes and generated names. Source: `k8s.io/apimachinery/pkg/util/rand`.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A ReplicaSet as the cache holds it, and as the plan wants it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// As it is.
    pub(super) seen: ReplicaSet,
    /// As it shall be.
    pub(super) wanted: ReplicaSet,
}

impl Member {
    fn new(seen: &ReplicaSet) -> Self {
        Self {
            seen: seen.clone(),
            wanted: seen.clone(),
        }
    }

    /// How many replicas it shall have.
    pub(super) fn replicas(&self) -> i32 {
        self.wanted.spec.replicas.unwrap_or(1)
    }

    /// How many it was asked for so far.
    pub(super) fn replicas_before(&self) -> i32 {
        self.seen.spec.replicas.unwrap_or(1)
    }

    /// How many of its pods are available.
    pub(super) fn available(&self) -> i32 {
        self.seen.status.available_replicas.unwrap_or(0)
    }

    /// Whether it is asked for any pods.
    pub(super) fn is_active(&self) -> bool {
        self.replicas() > 0
    }

    /// Asks for another number of pods; true when that is a change.
    pub(super) fn scale(&mut self, replicas: i32, limits: Limits) -> bool {
        let moved = self.replicas() != replicas;
        if moved {
            self.wanted.spec_mut().replicas = Some(replicas);
        }
        note_size(&mut self.wanted, limits);
        moved
    }
}

/// The ReplicaSets of a Deployment.
#[derive(Clone, Debug)]
pub(super) struct Members {
    /// The one with the Deployment's template.
    pub(super) new: Option<Member>,
    /// The others, oldest first.
    pub(super) old: Vec<Member>,
}

impl Members {
    /// Tells the new one from the old. Of several with the same template the oldest is the new one.
    /// Source: `FindNewReplicaSet`.
    pub(super) fn of(deployment: &Deployment, sets: &[&ReplicaSet]) -> Self {
        let mut sets = sets.to_vec();
        sets.sort_by_key(|set| (meta::created(&set.metadata), set.name().to_owned()));
        let template = without_hash(&deployment.spec.template);
        let new = sets.iter().position(|set| {
            let own = set.spec.template.as_ref();
            own.is_some_and(|own| without_hash(own) == template)
        });
        let new = new.map(|place| Member::new(sets.remove(place)));
        let old = sets.into_iter().map(Member::new).collect();
        Self { new, old }
    }

    /// All of them, the new one last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Member> {
        self.old.iter().chain(&self.new)
    }

    /// The same, to change.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.old.iter_mut().chain(&mut self.new)
    }

    /// How many pods they shall have together.
    pub(super) fn replicas(&self) -> i32 {
        self.all().map(Member::replicas).sum()
    }

    /// Gives the new one the Deployment's annotations, its revision and its least ready time.
    /// Source: `SetNewReplicaSetAnnotations`.
    pub(super) fn sync_revision(&mut self, deployment: &Deployment) {
        let revision = self.next_revision();
        let Some(new) = &mut self.new else { return };
        annotate(&mut new.wanted, deployment, revision);
        if new.wanted.spec.min_ready_seconds.unwrap_or(0)
            != deployment.spec.min_ready_seconds.unwrap_or(0)
        {
            new.wanted.spec_mut().min_ready_seconds = deployment.spec.min_ready_seconds;
        }
    }

    /// One more than the highest number of an old one.
    pub(super) fn next_revision(&self) -> i64 {
        let highest = self.old.iter().map(|old| revision(&old.seen)).max();
        highest.unwrap_or(0) + 1
    }
}

/// The number of a ReplicaSet as a revision; 0 without one.
pub(super) fn revision(set: &ReplicaSet) -> i64 {
    meta::annotation(&set.metadata, REVISION)
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// How many replicas the Deployment wanted when the ReplicaSet was last scaled.
pub(super) fn desired_replicas(set: &ReplicaSet) -> Option<i32> {
    meta::annotation(&set.metadata, DESIRED_REPLICAS)?
        .parse()
        .ok()
}

/// The most replicas at that time.
pub(super) fn max_replicas(set: &ReplicaSet) -> Option<i32> {
    meta::annotation(&set.metadata, MAX_REPLICAS)?.parse().ok()
}

/// Writes down how many replicas the Deployment wants now.
fn note_size(set: &mut ReplicaSet, limits: Limits) {
    if desired_replicas(set) == Some(limits.replicas) && max_replicas(set) == Some(limits.most()) {
        return;
    }
    let annotations = set.metadata_mut().annotations.get_or_insert_default();
    annotations.insert(DESIRED_REPLICAS.to_owned(), limits.replicas.to_string());
    annotations.insert(MAX_REPLICAS.to_owned(), limits.most().to_string());
}

fn annotate(set: &mut ReplicaSet, deployment: &Deployment, next: i64) {
    let number = revision(set);
    let mut changes = BTreeMap::new();
    for (name, value) in deployment.metadata.annotations.iter().flatten() {
        if !NOT_TAKEN_OVER.contains(&name.as_str()) {
            changes.insert(name.clone(), value.clone());
        }
    }
    if number < next {
        changes.insert(REVISION.to_owned(), next.to_string());
        if number > 0 {
            let earlier = meta::annotation(&set.metadata, REVISION_HISTORY);
            let history = earlier.into_iter().map(str::to_owned);
            let history: Vec<String> = history.chain([number.to_string()]).collect();
            changes.insert(REVISION_HISTORY.to_owned(), history.join(","));
        }
    }
    changes.retain(|name, value| meta::annotation(&set.metadata, name) != Some(value));
    if !changes.is_empty() {
        let annotations = set.metadata_mut().annotations.get_or_insert_default();
        annotations.extend(changes);
    }
}

fn without_hash(template: &core::PodTemplateSpec) -> core::PodTemplateSpec {
    let mut template = template.clone();
    let metadata = template.metadata.get_or_insert_default();
    metadata.labels.get_or_insert_default().remove(HASH_LABEL);
    template
}

/// The `pod-template-hash`: 32 bits of FNV-1a over the template and the number of collisions, as
/// decimal digits in the alphabet of generated names. Equal templates give equal hashes.
/// Source: `ComputeHash`.
///
/// Unlike Kubernetes: the template is written as JSON and not as Go prints it, so the hash of a
/// template differs from that on a real cluster, though it looks the same.
pub(super) fn template_hash(deployment: &Deployment) -> String {
    let value = deployment.clone().into_object().to_value();
    let template = value
        .pointer("/spec/template")
        .map(ToString::to_string)
        .unwrap_or_default();
    let collisions = deployment.status.collision_count;
    let collisions = collisions.map_or_else(Vec::new, |count| count.to_le_bytes().to_vec());
    let hash = template
        .bytes()
        .chain(collisions)
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    let digits = hash.to_string().into_bytes();
    digits
        .into_iter()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

/// The ReplicaSet for the Deployment's template, as it is to be created.
/// Source: `getNewReplicaSet`.
pub(super) fn new_replica_set(deployment: &Deployment, members: &Members) -> ReplicaSet {
    let hash = template_hash(deployment);
    let mut template = deployment.spec.template.clone();
    let labels = template
        .metadata
        .get_or_insert_default()
        .labels
        .get_or_insert_default();
    labels.insert(HASH_LABEL.to_owned(), hash.clone());
    let labels = labels.clone();
    let mut selector = deployment.spec.selector.clone();
    selector
        .match_labels
        .get_or_insert_default()
        .insert(HASH_LABEL.to_owned(), hash.clone());
    let owner = deployment.clone().into_object();
    let metadata = ObjectMeta {
        name: Some(format!("{}-{hash}", deployment.name())),
        namespace: deployment.metadata.namespace.clone(),
        labels: Some(labels),
        owner_references: Some(vec![meta::controller_reference(&owner)]),
        ..ObjectMeta::default()
    };
    let limits = Limits::of(deployment);
    let spec = apps::ReplicaSetSpec {
        replicas: Some(new_replicas(0, members.replicas(), limits, deployment)),
        min_ready_seconds: deployment.spec.min_ready_seconds,
        selector,
        template: Some(template),
    };
    let mut set = ReplicaSet {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: spec.into(),
        status: apps::ReplicaSetStatus::default().into(),
    };
    annotate(&mut set, deployment, members.next_revision());
    note_size(&mut set, limits);
    set
}

/// How many replicas the new ReplicaSet may have now: as many as are wanted, as far as the surge
/// leaves room. Source: `NewRSNewReplicas`.
pub(super) fn new_replicas(
    current: i32,
    total: i32,
    limits: Limits,
    deployment: &Deployment,
) -> i32 {
    if super::limits::is_recreate(deployment) {
        return limits.replicas;
    }
    let room = limits.most() - total;
    if room <= 0 {
        return current;
    }
    current + room.min(limits.replicas - current)
}
