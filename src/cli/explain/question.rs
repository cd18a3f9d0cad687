//! What is asked: the pod, taken out of a saved cluster, and the cluster without it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::input;
use super::super::output::complain;
use crate::api::{Key, Kind, Object, Pod, PriorityClass, Typed};
use crate::apiserver::{scheduling_problems, with_defaults};
use crate::manifest::{self, SavedObject};
use crate::scheduler::{self, Profile, Snapshot, unplaced};

/// A pod and the cluster in which it looks for a node.
pub(super) struct Question {
    /// The pod as it would be if it had just been created: without a node.
    pub(super) pod: Pod,
    /// The cluster without it.
    pub(super) world: Snapshot,
    /// The same with the pod where it is.
    pub(super) world_as_it_is: Snapshot,
    /// The node that it is bound to.
    pub(super) bound: Option<Arc<str>>,
    /// What is not as the explanation assumes, in sentences.
    pub(super) remarks: Vec<String>,
}

impl Question {
    /// Reads the cluster and finds the pod. What is passed over is said on standard error.
    ///
    /// # Errors
    /// When a file cannot be read or an object in it cannot be understood, or the pod is not there.
    pub(super) fn read(name: &str, files: &[PathBuf]) -> Result<Self, String> {
        let objects = read_objects(files)?;
        let pod = find(name, &objects)?.clone();
        let world_as_it_is = Snapshot::from_objects(objects.iter().cloned());
        let (new, world) = unplaced(&pod, &world_as_it_is);
        let bound = pod.spec.node_name.clone();
        let remarks = remarks(&pod);
        Ok(Self {
            pod: with_priority(new, &objects),
            world,
            world_as_it_is,
            bound,
            remarks,
        })
    }

    /// The question as the scheduler takes it.
    pub(super) fn asked<'a>(&'a self, profile: &'a Profile) -> scheduler::Question<'a> {
        scheduler::Question {
            pod: &self.pod,
            snapshot: &self.world,
            profile,
            start: 0,
        }
    }

    /// `namespace/name`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.pod.namespace(), self.pod.name())
    }
}

/// The pod as its scheduler met it, with the priority of its class.
fn with_priority(mut pod: Pod, objects: &[Object]) -> Pod {
    let class = pod.spec.priority_class_name.as_deref().unwrap_or_default();
    let class = objects
        .iter()
        .filter_map(PriorityClass::of)
        .find(|each| each.name() == class);
    if let (None, Some(class)) = (pod.spec.priority, class) {
        let value = class.spec.value;
        let policy = class.spec.preemption_policy.clone();
        let spec = pod.spec_mut().shared_mut();
        spec.priority = Some(value);
        spec.preemption_policy = spec.preemption_policy.take().or(policy);
    }
    let status = pod.status_mut();
    status.phase = None;
    if status.nominated_node_name.as_deref() == Some("") {
        status.nominated_node_name = None;
    }
    pod
}

fn remarks(pod: &Pod) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(node) = &pod.spec.node_name {
        let state = if pod.is_finished() {
            " and has ended"
        } else {
            ""
        };
        remarks.push(format!(
            "It is bound to {node} already{state}; this is what would be decided if it were to be scheduled now."
        ));
    }
    if pod.is_terminating() {
        remarks.push("It is on its way out.".to_owned());
    }
    let gates = pod.spec.scheduling_gates.iter().flatten();
    let gates: Vec<&str> = gates.map(|gate| gate.name.as_str()).collect();
    if !gates.is_empty() {
        remarks.push(format!(
            "It has scheduling gates ({}): the scheduler does not try it before they are gone; this is what it would decide then.",
            gates.join(", ")
        ));
    }
    remarks
}

/// The kinds that a decision may depend on.
fn is_wanted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Node
            | Kind::Pod
            | Kind::Namespace
            | Kind::Service
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::PodDisruptionBudget
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::StorageClass
            | Kind::PriorityClass
    )
}

fn read_objects(files: &[PathBuf]) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    let mut problems = Vec::new();
    for path in files {
        let name = path.to_string_lossy();
        let files = input::load_up_to(Path::new(""), &name, manifest::MOST_SAVED_BYTES)?;
        for (name, bytes) in &files {
            let saved = manifest::saved(name, bytes, &is_wanted);
            for line in &saved.passed_over {
                complain(line);
            }
            problems.extend(saved.problems.iter().map(ToString::to_string));
            for object in saved.objects {
                problems.extend(mistakes(&object));
                objects.push(settled(object.object));
            }
        }
    }
    if problems.is_empty() {
        Ok(objects)
    } else {
        problems.truncate(20);
        Err(problems.join("\n"))
    }
}

/// What the scheduler could not work with, with its place.
fn mistakes(saved: &SavedObject) -> Vec<String> {
    let errors = scheduling_problems(&saved.object);
    let told = errors.iter().map(|error| {
        let place = saved.place(&error.field);
        format!("{}:{}:{}: {error}", saved.file, place.line, place.column)
    });
    told.collect()
}

/// The object with its defaults, in a namespace if its kind needs one.
fn settled(mut object: Object) -> Object {
    if object.kind().info().namespaced && object.namespace().is_empty() {
        object.metadata_mut().namespace = Some("default".to_owned());
    }
    with_defaults(object)
}

/// The pod of this name: in the namespace that is named, else in `default`, else in the only
/// namespace that has one.
fn find<'a>(name: &str, objects: &'a [Object]) -> Result<&'a Pod, String> {
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, name),
    };
    let pods = objects.iter().filter_map(Pod::of);
    let named: Vec<&Pod> = pods.filter(|pod| pod.name() == name).collect();
    let wanted = namespace.unwrap_or("default");
    if let Some(pod) = named.iter().find(|pod| pod.namespace() == wanted) {
        return Ok(pod);
    }
    match (namespace, named.as_slice()) {
        (None, [only]) => Ok(only),
        (None, [_, ..]) => {
            let choices: Vec<String> = named
                .iter()
                .map(|pod| format!("{}/{name}", pod.namespace()))
                .collect();
            Err(format!(
                "error: several pods are called \"{name}\": write {}",
                choices.join(" or ")
            ))
        }
        _ => {
            let key = Key::new(Kind::Pod, wanted, name);
            let nearest = nearest(&key, objects);
            Err(format!(
                "Error from server (NotFound): pods \"{name}\" not found in namespace {wanted}{nearest}"
            ))
        }
    }
}

fn nearest(key: &Key, objects: &[Object]) -> String {
    let pods: Vec<&Pod> = objects.iter().filter_map(Pod::of).collect();
    let distance = |pod: &&&Pod| {
        let elsewhere = usize::from(pod.namespace() != &*key.namespace);
        strsim::levenshtein(pod.name(), &key.name) + elsewhere
    };
    match pods.iter().min_by_key(distance) {
        Some(pod) => format!(
            "; the nearest of {} is {}/{}",
            pods.len(),
            pod.namespace(),
            pod.name()
        ),
        None => "; no pod was given at all".to_owned(),
    }
}
