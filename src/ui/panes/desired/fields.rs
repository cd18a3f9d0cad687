//! What an object wants beside what is there: numbers of pods, and field by field.

use std::fmt::Display;

use crate::api::{
    DaemonSet, Deployment, Job, Kind, Object, ObjectMeta, Pod, ReplicaSet, Service, StatefulSet,
};
use crate::ui::panes::index::{Objects, Tally};

/// How many pods an owner wants and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// As its spec says; none where it says nothing about a number.
    pub want: Option<usize>,
    /// Pods that are there and neither finished nor being ended.
    pub have: usize,
    /// Those of them that are ready; for a Job those that succeeded.
    pub ready: usize,
}

impl Counts {
    /// The numbers of a workload, counted from the pods that are there.
    pub(super) fn of(object: &Object, objects: &Objects) -> Self {
        let tally = tally(object, objects);
        let want = match object {
            Object::Deployment(deployment) => Some(count(deployment.spec.replicas.or(Some(1)))),
            Object::ReplicaSet(set) => Some(count(set.spec.replicas.or(Some(1)))),
            Object::StatefulSet(set) => Some(count(set.spec.replicas.or(Some(1)))),
            Object::DaemonSet(set) => Some(count(Some(set.status.desired_number_scheduled))),
            // A Job that is over wants nothing any more.
            Object::Job(job) if has_ended(job) => Some(count(job.status.succeeded)),
            Object::Job(job) => job
                .spec
                .completions
                .map(|completions| count(Some(completions))),
            _ => None,
        };
        let ready = match object {
            Object::Job(job) => count(job.status.succeeded),
            _ => tally.ready,
        };
        let have = match object {
            Object::Job(_) => tally.active + ready,
            _ => tally.active,
        };
        Self { want, have, ready }
    }

    /// Ready less wanted: negative when something is missing.
    pub(super) fn gap(&self) -> Option<isize> {
        let signed = |count: usize| isize::try_from(count).unwrap_or(isize::MAX);
        let short = signed(self.ready) - signed(self.want?);
        let surplus = signed(self.have) - signed(self.want?);
        Some(if surplus > 0 { surplus } else { short })
    }
}

fn has_ended(job: &Job) -> bool {
    let mut conditions = job.status.conditions.iter().flatten();
    conditions
        .any(|each| each.status == "True" && matches!(each.type_.as_str(), "Complete" | "Failed"))
}

fn count(number: Option<i32>) -> usize {
    number
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(0)
}

/// The pods of the object, or of what it owns.
fn tally(object: &Object, objects: &Objects) -> Tally {
    let mut sum = objects.tally(object.uid());
    let owned = objects.owned_by(object.uid()).into_iter().flatten();
    for child in owned.filter(|child| child.kind != Kind::Pod) {
        if let Some(uid) = objects.uid_of(child) {
            let tally = objects.tally(uid);
            sum.all += tally.all;
            sum.active += tally.active;
            sum.ready += tally.ready;
        }
    }
    sum
}

/// One field that is wanted, and the field that says what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Where the wish stands.
    pub spec: String,
    /// The wish.
    pub want: String,
    /// Where the report stands.
    pub status: String,
    /// The report.
    pub have: String,
}

impl Field {
    fn new(spec: &str, want: impl Display, status: &str, have: impl Display) -> Self {
        Self {
            spec: spec.to_owned(),
            want: format!("{want}"),
            status: status.to_owned(),
            have: format!("{have}"),
        }
    }

    /// Leaves out in which part of the object the fields stand.
    pub(super) fn shorten(&mut self) {
        for name in [&mut self.spec, &mut self.status] {
            if let Some((_, field)) = name.split_once('.') {
                *name = field.to_owned();
            }
        }
    }

    /// Whether the report says what is wanted.
    pub(super) fn agrees(&self) -> bool {
        self.want == self.have
    }
}

/// Spec against status, field by field.
pub(super) fn fields(object: &Object) -> Vec<Field> {
    match object {
        Object::Deployment(deployment) => of_deployment(deployment),
        Object::ReplicaSet(set) => of_replica_set(set),
        Object::StatefulSet(set) => of_stateful_set(set),
        Object::DaemonSet(set) => of_daemon_set(set),
        Object::Job(job) => of_job(job),
        Object::Pod(pod) => of_pod(pod),
        _ => Vec::new(),
    }
}

fn generation(metadata: &ObjectMeta, observed: Option<i64>) -> Field {
    Field::new(
        "metadata.generation",
        metadata.generation.unwrap_or(0),
        "status.observedGeneration",
        observed.unwrap_or(0),
    )
}

fn replicas(want: Option<i32>, reports: &[(&str, Option<i32>)]) -> Vec<Field> {
    let want = want.unwrap_or(1);
    let field = |(name, have): &(&str, Option<i32>)| {
        Field::new(
            "spec.replicas",
            want,
            &format!("status.{name}"),
            have.unwrap_or(0),
        )
    };
    reports.iter().map(field).collect()
}

fn of_deployment(deployment: &Deployment) -> Vec<Field> {
    let status = &deployment.status;
    let mut fields = replicas(
        deployment.spec.replicas,
        &[
            ("replicas", status.replicas),
            ("updatedReplicas", status.updated_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ],
    );
    fields.push(generation(&deployment.metadata, status.observed_generation));
    fields
}

fn of_replica_set(set: &ReplicaSet) -> Vec<Field> {
    let status = &set.status;
    let mut fields = replicas(
        set.spec.replicas,
        &[
            ("replicas", Some(status.replicas)),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ],
    );
    fields.push(generation(&set.metadata, status.observed_generation));
    fields
}

fn of_stateful_set(set: &StatefulSet) -> Vec<Field> {
    let status = &set.status;
    let mut fields = replicas(
        set.spec.replicas,
        &[
            ("replicas", Some(status.replicas)),
            ("updatedReplicas", status.updated_replicas),
            ("readyReplicas", status.ready_replicas),
        ],
    );
    fields.push(generation(&set.metadata, status.observed_generation));
    fields
}

fn of_daemon_set(set: &DaemonSet) -> Vec<Field> {
    let status = &set.status;
    let want = status.desired_number_scheduled;
    let field = |name: &str, have: i32| {
        Field::new(
            "one on each fitting node",
            want,
            &format!("status.{name}"),
            have,
        )
    };
    vec![
        field("currentNumberScheduled", status.current_number_scheduled),
        field(
            "updatedNumberScheduled",
            status.updated_number_scheduled.unwrap_or(0),
        ),
        field("numberReady", status.number_ready),
        generation(&set.metadata, status.observed_generation),
    ]
}

fn of_job(job: &Job) -> Vec<Field> {
    let (spec, status) = (&job.spec, &job.status);
    let mut fields = vec![
        Field::new(
            "spec.completions",
            spec.completions
                .map_or("–".to_owned(), |number| number.to_string()),
            "status.succeeded",
            status.succeeded.unwrap_or(0),
        ),
        Field::new(
            "spec.parallelism",
            spec.parallelism.unwrap_or(1),
            "status.active",
            status.active.unwrap_or(0),
        ),
    ];
    if let Some(failed) = status.failed {
        let limit = spec.backoff_limit.unwrap_or(6);
        fields.push(Field::new(
            "spec.backoffLimit",
            limit,
            "status.failed",
            failed,
        ));
    }
    fields
}

fn of_pod(pod: &Pod) -> Vec<Field> {
    let node = pod.spec.node_name.as_deref().unwrap_or("–");
    let placed = if pod.has_condition("PodScheduled") {
        node
    } else {
        "–"
    };
    let mut fields = vec![Field::new("spec.nodeName", node, "PodScheduled on", placed)];
    for container in &pod.spec.containers {
        let mut statuses = pod.status.container_statuses.iter().flatten();
        let status = statuses.find(|status| status.name == container.name);
        let have = super::container_words(status.and_then(|status| status.state.as_ref()));
        let spec = format!("container {}", container.name);
        fields.push(Field::new(&spec, "running", "state", have));
    }
    let ready = pod
        .condition("Ready")
        .map_or("–", |condition| condition.status.as_str());
    fields.push(Field::new("readiness", "True", "Ready", ready));
    fields
}

/// What a Service selects, in words.
pub(super) fn selector_words(service: &Service) -> String {
    let pairs = service.spec.selector.iter().flatten();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() {
        "no selector".to_owned()
    } else {
        pairs.join(",")
    }
}
