//! The story of an object: which records are told, on which lane, and which caused which.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::strip;
use crate::api::{Actor, Key, Kind};
use crate::cluster::{Record, Trace};
use crate::sim::{RecordId, RecordKind};
use crate::ui::panes::Direction;
use crate::ui::panes::index::{Index, Part, change_of, part_of};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// How many of the records that followed from a request are looked at.
const EFFECTS_MOST: usize = 20_000;

/// How many records before the first column are looked through for what was so then.
const WRITES_BACK: usize = 2000;

/// How many records a walk back along the causes may take.
const HOPS_MOST: usize = 256;

/// A row of the picture: who acts there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lane {
    rank: u8,
    /// Who, as Kubernetes spells it.
    pub name: String,
}

/// The rank of the lane that every write arrives on.
const API_RANK: u8 = 1;

/// A column of the picture: one record that is told.
#[derive(Clone, Debug)]
pub(super) struct Station {
    /// The record.
    pub record: Arc<Record>,
    /// Its lane, by place.
    pub lane: usize,
    /// The station that caused it, by place.
    pub cause: Option<usize>,
}

/// Whose story is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An object's, with all that it owns.
    Object(Key),
    /// A request's: everything that followed from what somebody asked for.
    Request {
        /// The record of the asking.
        root: RecordId,
        /// What was asked.
        line: String,
    },
    /// Nobody's: a way of causes, whoever acts on it.
    Way,
}

impl Subject {
    /// The object, if it is one.
    pub(super) fn object(&self) -> Option<&Key> {
        match self {
            Self::Object(key) => Some(key),
            Self::Request { .. } | Self::Way => None,
        }
    }

    /// Whether it is a pod, which has phases and containers to show.
    pub(super) fn is_pod(&self) -> bool {
        self.object().is_some_and(|key| key.kind == Kind::Pod)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(key) => key.fmt(f),
            Self::Request { line, .. } => f.write_str(line),
            Self::Way => f.write_str("a way"),
        }
    }
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Whose story it is.
    pub subject: Subject,
    /// The rows, from top to bottom.
    pub lanes: Vec<Lane>,
    /// The columns, from left to right.
    pub stations: Vec<Station>,
    /// How many stations are left out before and after.
    pub left_out: (usize, usize),
    /// The place of the station under the cursor.
    pub cursor: usize,
    /// What `kubectl get` said of the subject before the first column, if it was there.
    pub before: Option<(String, Role)>,
}

impl Lane {
    pub(super) fn of(actor: &Actor) -> Self {
        let (rank, name) = match actor {
            Actor::Kubectl(_) | Actor::Outside | Actor::Clients => (0, actor.to_string()),
            Actor::ApiServer | Actor::Etcd => (API_RANK, "kube-apiserver".to_owned()),
            Actor::Controller("deployment-controller") => (2, actor.to_string()),
            Actor::Controller("replicaset-controller") => (3, actor.to_string()),
            Actor::Controller(_) | Actor::MetricsServer => (4, actor.to_string()),
            Actor::Scheduler => (5, actor.to_string()),
            Actor::Kubelet(_) => (6, actor.to_string()),
            Actor::KubeProxy(_) => (7, actor.to_string()),
        };
        Self { rank, name }
    }

    /// Whether this is the lane of the API server and the store.
    pub(super) fn is_api(&self) -> bool {
        self.rank == API_RANK
    }
}

impl Story {
    /// The story of the selected object, or of what was written last, in at most so many columns.
    /// None when there is nothing to tell.
    pub(super) fn of(view: &View<'_>, index: &Index, columns: usize) -> Option<Self> {
        let (subject, seeds) = subject(view, index)?;
        let columns = columns.max(1);
        let cursor = view.model.record.or_else(|| seeds.last().copied())?;
        let here = seeds.partition_point(|id| *id <= cursor);
        // The cursor stays in the right third, so that what led to it is seen.
        let end = (here + columns / 3).min(seeds.len());
        let start = end.saturating_sub(columns);
        let told = told(
            view,
            (index, &subject),
            &seeds,
            start..end.max(start + columns).min(seeds.len()),
        );
        let place = told
            .partition_point(|record| record.id <= cursor)
            .saturating_sub(1);
        let last = (place + 1 + columns / 3).max(columns).min(told.len());
        let first = last.saturating_sub(columns);
        let left_out = (
            start + first,
            seeds.len().saturating_sub(end.max(start + columns)) + told.len() - last,
        );
        let shown = &told[first..last];
        let lanes = lanes(index, &subject, shown);
        let stations = stations(view, index, &lanes, shown);
        let before = said_before(view, index, &subject, shown.first()?.id);
        (!stations.is_empty()).then(|| Self {
            subject,
            before,
            lanes,
            left_out,
            cursor: place.saturating_sub(first).min(stations.len() - 1),
            stations,
        })
    }

    /// The stations on the way that led to the cursor, the cursor included.
    pub(super) fn path(&self) -> BTreeSet<usize> {
        let causes = |place: &usize| self.stations.get(*place)?.cause;
        std::iter::successors(Some(self.cursor), causes).collect()
    }

    /// The place left or right of the cursor, or of its cause, or of its first effect.
    pub(super) fn neighbour(&self, direction: Direction) -> Option<usize> {
        match direction {
            Direction::Left => self.cursor.checked_sub(1),
            Direction::Right => Some(self.cursor + 1),
            Direction::Up => self.stations[self.cursor].cause,
            Direction::Down => {
                let mut places = self.stations.iter();
                places.position(|station| station.cause == Some(self.cursor))
            }
        }
    }

    /// How long after its cause a station happened.
    pub(super) fn latency(&self, place: usize) -> Option<Duration> {
        let station = self.stations.get(place)?;
        let cause = self.stations.get(station.cause?)?;
        Some(station.record.time.since(cause.record.time))
    }

    /// The record under the cursor.
    pub(super) fn record(&self) -> &Arc<Record> {
        &self.stations[self.cursor].record
    }
}

/// What the last write of the subject before a record says of it.
fn said_before(
    view: &View<'_>,
    index: &Index,
    subject: &Subject,
    first: RecordId,
) -> Option<(String, Role)> {
    let about = index.records.about(subject.object()?);
    let before = &about[..about.partition_point(|id| *id < first)];
    let trace = view.world().trace();
    let records = before.iter().rev().take(WRITES_BACK);
    let mut records = records.filter_map(|id| trace.get(*id));
    records.find_map(|record| strip::words_at(subject, record))
}

/// Whose story, and the stations of it.
fn subject<'a>(view: &View<'_>, index: &'a Index) -> Option<(Subject, Cow<'a, [RecordId]>)> {
    let trace = view.world().trace();
    if let Some(root) = view.model.request.and_then(|id| trace.get(id)) {
        let mut followed = trace.effects(root.id, EFFECTS_MOST).shown;
        followed.retain(|effect| part_of(&effect.record, trace) == Part::Station);
        let ids = followed.iter().map(|effect| effect.record.id);
        let seeds = std::iter::once(root.id).chain(ids).collect();
        let sentence = root.sentence();
        let line = sentence.strip_prefix("runs: ").unwrap_or(&sentence);
        let subject = Subject::Request {
            root: root.id,
            line: format!("“{line}”"),
        };
        return Some((subject, Cow::Owned(seeds)));
    }
    let selected = view.model.selection.as_ref();
    let selected = selected.filter(|key| !index.records.story(key).is_empty());
    let key = selected.or_else(|| index.records.subject())?;
    let seeds = Cow::Borrowed(index.records.story(key));
    Some((Subject::Object(key.clone()), seeds))
}

/// The records of a window, with what caused them as far as it is told and not before the window.
fn told(
    view: &View<'_>,
    (index, subject): (&Index, &Subject),
    seeds: &[RecordId],
    window: Range<usize>,
) -> Vec<Arc<Record>> {
    let trace = view.world().trace();
    let first = if window.start == 0 {
        RecordId(0)
    } else {
        seeds[window.start]
    };
    let mut told: BTreeSet<RecordId> = seeds[window].iter().copied().collect();
    for id in told.clone() {
        let mut effect = trace.get(id);
        for record in causes(trace, index, id) {
            if record.id < first || told.contains(&record.id) {
                break;
            }
            let is_told = part_of(record, trace) != Part::Hidden
                && !is_of_another_pod(record, index, subject)
                && effect.is_none_or(|effect| !is_act_before(record, effect));
            if is_told {
                told.insert(record.id);
                effect = Some(record);
            }
        }
    }
    told.into_iter()
        .filter_map(|id| trace.get(id).cloned())
        .collect()
}

/// Whether a record is about a pod that is neither the subject nor owned by it: controllers that
/// create one pod after the other, and a scheduler that is busy, come from pod to pod.
fn is_of_another_pod(record: &Record, index: &Index, subject: &Subject) -> bool {
    let Some(subject) = subject.object() else {
        return false;
    };
    let pod = record.object().filter(|key| key.kind == Kind::Pod);
    pod.is_some_and(|pod| {
        let mut owners = std::iter::successors(Some(&pod), |key| index.records.owner_of(key));
        owners.all(|key| key != subject)
    })
}

/// Whether a record is only the act before another one of the same loop: the last one is enough.
fn is_act_before(record: &Record, effect: &Record) -> bool {
    let is_act = |record: &Record| record.kind() == RecordKind::ReconcileAct;
    is_act(record) && is_act(effect) && record.actor == effect.actor
}

/// The way back from a record, without the record itself.
fn causes<'a>(
    trace: &'a Trace,
    index: &'a Index,
    id: RecordId,
) -> impl Iterator<Item = &'a Arc<Record>> {
    std::iter::successors(trace.get(id), move |record| cause(trace, index, record))
        .skip(1)
        .take(HOPS_MOST)
}

/// What a record followed from. The scheduler takes a pod when it is done with another one: to the
/// story of the pod belongs why it was in the queue, not what the scheduler was busy with.
fn cause<'a>(trace: &'a Trace, index: &Index, record: &Record) -> Option<&'a Arc<Record>> {
    let cause = trace.get(record.cause?)?;
    let pod = record
        .object()
        .filter(|_| record.kind() == RecordKind::SchedPop);
    let Some(pod) = pod.filter(|pod| cause.object().as_ref() != Some(pod)) else {
        return Some(cause);
    };
    let about = index.records.about(&pod);
    let before = &about[..about.partition_point(|id| *id < record.id)];
    let mut before = before
        .iter()
        .rev()
        .take(HOPS_MOST)
        .filter_map(|id| trace.get(*id));
    let queued = before.find(|each| {
        let kind = each.kind();
        let is_queued = kind == RecordKind::QueueAdd || kind == RecordKind::QueueBackoff;
        is_queued && each.actor == record.actor
    });
    queued.or(Some(cause))
}

fn lanes(index: &Index, subject: &Subject, shown: &[Arc<Record>]) -> Vec<Lane> {
    let mut lanes: BTreeSet<Lane> = shown.iter().map(|record| Lane::of(&record.actor)).collect();
    lanes.extend(
        [Actor::kubectl(), Actor::ApiServer, Actor::Scheduler]
            .iter()
            .map(Lane::of),
    );
    let mut kinds = std::iter::successors(subject.object(), |key| index.records.owner_of(key));
    if kinds.any(|key| key.kind == Kind::Deployment) {
        let loops = ["deployment-controller", "replicaset-controller"];
        lanes.extend(loops.map(|name| Lane::of(&Actor::Controller(name))));
    }
    if lanes.iter().all(|lane| lane.rank != 6) {
        lanes.insert(Lane {
            rank: 6,
            name: "kubelet".to_owned(),
        });
    }
    lanes.into_iter().collect()
}

fn stations(view: &View<'_>, index: &Index, lanes: &[Lane], shown: &[Arc<Record>]) -> Vec<Station> {
    let trace = view.world().trace();
    let place_of = |id: RecordId| shown.binary_search_by_key(&id, |record| record.id).ok();
    let station = |record: &Arc<Record>| {
        let mut causes = causes(trace, index, record.id);
        Station {
            record: Arc::clone(record),
            lane: lanes.binary_search(&Lane::of(&record.actor)).unwrap_or(0),
            cause: causes.find_map(|cause| place_of(cause.id)),
        }
    };
    shown.iter().map(station).collect()
}

impl Station {
    /// The glyph and its colour.
    pub(super) fn glyph(&self) -> (&'static str, Role) {
        match self.record.kind() {
            RecordKind::Command => ("▶", Role::Key),
            RecordKind::StoreCommit => ("●", Role::Current),
            RecordKind::ApiReject
            | RecordKind::ApiConflict
            | RecordKind::ContainerExit
            | RecordKind::LeaseLost
            | RecordKind::FaultNodeDown
            | RecordKind::FaultCrash => ("✗", Role::Bad),
            RecordKind::BackoffWait => ("↻", Role::Waiting),
            RecordKind::StatusWrite => ("▲", Role::Desired),
            _ => ("◆", Role::Desired),
        }
    }

    /// The word beside the glyph; none for a status report, whose sign says it.
    pub(super) fn label(&self) -> String {
        let sentence = self.record.sentence();
        match self.record.kind() {
            RecordKind::Command => command_word(&sentence).to_owned(),
            RecordKind::StoreCommit => {
                let revision = change_of(&self.record).map_or(0, |change| change.revision);
                format!("r{revision}")
            }
            RecordKind::ApiReject | RecordKind::ApiConflict => {
                let code = sentence
                    .split_whitespace()
                    .find(|word| word.parse::<u16>().is_ok());
                code.unwrap_or("refused").to_owned()
            }
            RecordKind::ReconcileAct => act_word(&sentence),
            RecordKind::SchedFilter => "filter".to_owned(),
            RecordKind::SchedScore => "score".to_owned(),
            RecordKind::SchedPreempt => "preempt".to_owned(),
            RecordKind::SchedBind => "bind".to_owned(),
            RecordKind::KubeletNotice => "notice".to_owned(),
            RecordKind::ImagePull => image_word(&sentence).to_owned(),
            RecordKind::ContainerStart => start_word(&sentence).to_owned(),
            RecordKind::ContainerExit => "stop".to_owned(),
            RecordKind::ProbeResult => "probe".to_owned(),
            RecordKind::BackoffWait => "back-off".to_owned(),
            RecordKind::StatusWrite => String::new(),
            other => other
                .name()
                .split('.')
                .next_back()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// `apply` of `runs: kubectl apply -f web.yaml`.
fn command_word(sentence: &str) -> &str {
    let line = sentence.strip_prefix("runs: ").unwrap_or(sentence);
    let line = line.strip_prefix("kubectl ").unwrap_or(line);
    line.split_whitespace().next().unwrap_or("command")
}

/// `create` of `creates pod 1 of 3 missing`, `status` of `writes the status`.
fn act_word(sentence: &str) -> String {
    let first = sentence.split_whitespace().next().unwrap_or("act");
    match first {
        "writes" => "status".to_owned(),
        _ => first.strip_suffix('s').unwrap_or(first).to_owned(),
    }
}

/// An image is pulled, has been, or cannot be.
fn image_word(sentence: &str) -> &str {
    if sentence.starts_with("has fetched") {
        "pulled"
    } else if sentence.starts_with("cannot") {
        "failed"
    } else if sentence.ends_with("already") {
        "cached"
    } else {
        "pull"
    }
}

fn start_word(sentence: &str) -> &str {
    if sentence.contains("sandbox") {
        "sandbox"
    } else if sentence.starts_with("creates") {
        "create"
    } else {
        "start"
    }
}
