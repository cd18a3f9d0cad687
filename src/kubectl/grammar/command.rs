//! What a kubectl line asks for, as a value.

use std::time::Duration;

use serde_json::Value;

use super::Top;
use super::drain::Drain;
use super::source::{Replacement, Source, Unknown};
use super::writing::{ApplyMode, DryRun};
use crate::api::field_selector::FieldSelector;
use crate::api::{Kind, LabelSelector, core};
use crate::apiserver::{PatchType, Propagation, Subresource};
use crate::kubectl::json_path::JsonPath;
use crate::kubectl::printers::LabelColumns;

/// One kubectl line, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The line as it was typed, with `kubectl` in front.
    pub line: String,
    /// The namespace of `-n`, where it was given.
    pub namespace: Option<String>,
    /// Whether it is meant.
    pub dry_run: DryRun,
    /// How a command that writes shows what it made or changed; a table is a sentence for each.
    pub shown: Output,
    /// The name of `--field-manager`, where it was given.
    pub manager: Option<String>,
    /// What is asked.
    pub command: Command,
}

impl Invocation {
    /// The namespace that the command works in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// The files that the command reads, as they were named.
    #[must_use]
    pub fn files(&self) -> &[String] {
        match &self.command {
            Command::Apply { files, .. }
            | Command::Replace { files, .. }
            | Command::Diff { files }
            | Command::Create(Source::Files(files)) => files,
            Command::Create(Source::Filled(filled)) => &filled.files,
            command => match command.targets() {
                Some(Targets::Files(files)) => files,
                _ => &[],
            },
        }
    }

    /// Those of them that hold objects.
    #[must_use]
    pub fn manifests(&self) -> &[String] {
        match &self.command {
            Command::Create(Source::Filled(_)) => &[],
            _ => self.files(),
        }
    }

    /// The same as names of one's own.
    #[must_use]
    pub fn file_names(&self) -> Vec<String> {
        self.files().to_vec()
    }
}

impl Command {
    /// Which objects the command is about; none for those that make objects.
    #[must_use]
    pub fn targets(&self) -> Option<&Targets> {
        match self {
            Self::Apply { .. }
            | Self::Create(_)
            | Self::Replace { .. }
            | Self::Diff { .. }
            | Self::Events(_)
            | Self::Tell(_)
            | Self::Top(_) => None,
            Self::Wait(wait) => Some(&wait.targets),
            Self::Edit(edit) => Some(&edit.targets),
            Self::Get(get) => Some(&get.targets),
            Self::Delete(delete) => Some(&delete.targets),
            Self::Drain(drain) => Some(&drain.targets),
            Self::Logs(logs) => Some(&logs.targets),
            Self::Scale(scale) => Some(&scale.targets),
            Self::Label(relabel) | Self::Annotate(relabel) => Some(&relabel.targets),
            Self::Describe { targets }
            | Self::Cordon { targets, .. }
            | Self::JobFrom { targets, .. }
            | Self::LastApplied { targets, .. }
            | Self::Listed { targets, .. }
            | Self::Set { targets, .. }
            | Self::SetImage { targets, .. }
            | Self::Patch { targets, .. }
            | Self::Autoscale { targets, .. }
            | Self::Expose { targets, .. }
            | Self::Taint { targets, .. }
            | Self::Rollout { targets, .. } => Some(targets),
        }
    }
}

impl Command {
    /// Whether it changes nothing and ends at once.
    #[must_use]
    pub fn only_asks(&self) -> bool {
        match self {
            Self::Get(get) => get.watch == Watch::No,
            Self::Logs(logs) => logs.run != LogRun::Followed,
            Self::Describe { .. }
            | Self::Events(_)
            | Self::LastApplied { .. }
            | Self::Listed { .. }
            | Self::Tell(_)
            | Self::Top(_) => true,
            Self::Rollout { action, .. } => matches!(
                action,
                RolloutAction::History { .. } | RolloutAction::Status { watch: false, .. }
            ),
            _ => false,
        }
    }
}

impl Command {
    /// Whether it goes on showing what comes until somebody ends it.
    #[must_use]
    pub fn stays(&self) -> bool {
        match self {
            Self::Get(get) => get.watch != Watch::No,
            Self::Logs(logs) => logs.run == LogRun::Followed,
            _ => false,
        }
    }
}

/// What kubectl is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make objects be as the files say.
    Apply {
        /// The files.
        files: Vec<String>,
        /// What becomes of fields that no such object has.
        unknown: Unknown,
        /// Who merges.
        mode: ApplyMode,
    },
    /// Put objects in the place of those that are there.
    Replace {
        /// The files.
        files: Vec<String>,
        /// Whether the old ones are deleted first.
        by: Replacement,
    },
    /// Show what an apply would change.
    Diff {
        /// The files.
        files: Vec<String>,
    },
    /// Make objects that are not there yet.
    Create(Source),
    /// Make a job as a cron job would.
    JobFrom {
        /// The cron job.
        targets: Targets,
        /// The name of the job.
        name: String,
    },
    /// Show what `apply` was given last.
    LastApplied {
        /// Of which objects.
        targets: Targets,
        /// As JSON, or else as YAML.
        json: bool,
    },
    /// List labels or annotations.
    Listed {
        /// Of which objects.
        targets: Targets,
        /// Whether annotations are meant, and not labels.
        annotations: bool,
    },
    /// Change objects in an editor.
    Edit(Edit),
    /// Show objects in a table or as they are.
    Get(Get),
    /// Tell everything about objects.
    Describe {
        /// Which.
        targets: Targets,
    },
    /// Show what the application in a container wrote.
    Logs(Logs),
    /// Remove objects.
    Delete(Delete),
    /// Set the number of replicas.
    Scale(Scale),
    /// Set the images of containers.
    SetImage {
        /// Of which workloads.
        targets: Targets,
        /// Container and image; `*` stands for every container.
        images: Vec<(String, String)>,
    },
    /// Set and remove labels.
    Label(Relabel),
    /// Set and remove annotations.
    Annotate(Relabel),
    /// Set and remove taints of nodes.
    Taint {
        /// Which nodes.
        targets: Targets,
        /// What to add and to remove.
        changes: TaintChanges,
        /// Whether a taint of the same key and effect is replaced.
        overwrite: bool,
    },
    /// Close nodes for new pods, or open them again.
    Cordon {
        /// Which nodes.
        targets: Targets,
        /// Closed, or open.
        closed: bool,
    },
    /// Empty nodes.
    Drain(Drain),
    /// Look at or steer a rollout.
    Rollout {
        /// Of which workloads.
        targets: Targets,
        /// What to do.
        action: RolloutAction,
    },
    /// Change some fields.
    Patch {
        /// Of which objects.
        targets: Targets,
        /// How the patch is to be read.
        patch_type: PatchType,
        /// Which part it changes.
        subresource: Subresource,
        /// The patch.
        body: Value,
    },
    /// Make an autoscaler for a workload.
    Autoscale {
        /// Which workload.
        targets: Targets,
        /// The autoscaler's name, where it is not that of the workload.
        name: Option<String>,
        /// Fewest replicas.
        minimum: Option<i32>,
        /// Most replicas.
        maximum: i32,
        /// Per cent of the requested cpu.
        cpu: Option<i32>,
    },
    /// Stay until something is true of objects.
    Wait(Wait),
    /// Show what happened.
    Events(Events),
    /// Change one part of a template or of a selector.
    Set {
        /// Of which objects.
        targets: Targets,
        /// What.
        setting: Setting,
    },
    /// Say what needs nobody to be asked: descriptions, tables of kinds, drafts.
    Tell(String),
    /// Show what pods or nodes use.
    Top(Top),
    /// Make a service for a workload.
    Expose {
        /// Which workload.
        targets: Targets,
        /// The service.
        service: Exposed,
    },
}

/// One object by kind and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The kind.
    pub kind: Kind,
    /// The name.
    pub name: String,
}

/// Which objects a command is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// These.
    Named(Vec<Named>),
    /// Those of some kinds that selectors pick.
    Kinds {
        /// The kinds, in the order in which they are asked for.
        kinds: Vec<Kind>,
        /// Label selector.
        labels: Option<LabelSelector>,
        /// Field selector.
        fields: FieldSelector,
        /// In every namespace.
        everywhere: bool,
    },
    /// Those in files.
    Files(Vec<String>),
}

/// How objects are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Output {
    /// A table.
    #[default]
    Table,
    /// A table with further columns.
    Wide,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// `pod/web`, one line each.
    Name,
    /// What a template comes to.
    JsonPath(JsonPath),
    /// A table of one's own columns: a header and a path for each.
    Columns(Vec<(String, JsonPath)>),
}

/// `kubectl get`.
#[derive(Clone, Debug, PartialEq)]
pub struct Get {
    /// Which objects.
    pub targets: Targets,
    /// How to show them.
    pub output: Output,
    /// Which labels have columns.
    pub labels: LabelColumns,
    /// Whether the table has a line of headers.
    pub headers: bool,
    /// By what the objects are sorted; none keeps the order of the API server.
    pub sort_by: Option<JsonPath>,
    /// Whether kubectl stays and shows every change.
    pub watch: Watch,
    /// Whether a name that is not there is passed over in silence.
    pub ignore_not_found: bool,
    /// Whether JSON and YAML say who owns which field.
    pub managed_fields: bool,
}

/// `kubectl edit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Which objects.
    pub targets: Targets,
    /// As what they are edited, and shown when they have been changed.
    pub output: Output,
    /// Which part is changed.
    pub subresource: Subresource,
    /// Whether the patch is printed.
    pub shows_patch: bool,
}

/// Whether `kubectl get` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// It shows what is there and ends.
    #[default]
    No,
    /// It shows what is there, and then every change.
    Yes,
    /// It shows changes alone.
    Only,
}

/// `kubectl wait`.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// For which objects.
    pub targets: Targets,
    /// For what.
    pub until: Until,
    /// How long at most; zero looks once.
    pub timeout: Duration,
}

/// What `kubectl wait` waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    /// The object is there.
    Created,
    /// The object is gone.
    Deleted,
    /// A condition has a status; both compared without regard to case.
    Condition {
        /// Its type.
        name: String,
        /// Its status.
        status: String,
    },
    /// A path leads to a value, or (without one) to anything.
    Path {
        /// The path.
        path: JsonPath,
        /// The value.
        value: Option<String>,
    },
}

/// `kubectl events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// In every namespace.
    pub everywhere: bool,
    /// Only about this object.
    pub about: Option<Named>,
    /// Only of these types; all when there are none.
    pub types: Vec<String>,
    /// Whether the table has a line of headers.
    pub headers: bool,
}

/// `kubectl set …`, beside images.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Variables of containers.
    Environment {
        /// In which containers; `*` stands for all.
        containers: String,
        /// Names and values to set.
        set: Vec<(String, String)>,
        /// Names to remove.
        remove: Vec<String>,
    },
    /// What containers ask for and may use at most.
    Resources {
        /// In which containers; `*` stands for all.
        containers: String,
        /// Most, by resource.
        limits: Vec<(String, String)>,
        /// Asked for, by resource.
        requests: Vec<(String, String)>,
    },
    /// The selector of a service.
    Selector(Vec<(String, String)>),
    /// The service account of pods.
    ServiceAccount(String),
}

/// `kubectl delete`.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// Which objects.
    pub targets: Targets,
    /// What happens to what they own.
    pub propagation: Propagation,
    /// Seconds to end in good order; none means what the object says.
    pub grace_period_seconds: Option<i64>,
    /// Whether kubectl says that it does not wait for the end of the pod.
    pub force: bool,
    /// Whether kubectl stays until the objects are gone.
    pub wait: bool,
    /// Whether a name that is not there is passed over in silence.
    pub ignore_not_found: bool,
    /// As a sentence, or the name alone.
    pub output: Output,
}

/// Which containers of a pod are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Containers {
    /// The one that the pod says, or its first.
    Default,
    /// The one of this name.
    One(String),
    /// All, init containers first.
    All,
}

/// Which run of a container a log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRun {
    /// The current one, or the last.
    Current,
    /// The same, and kubectl stays and shows what comes until it ends.
    Followed,
    /// The one before.
    Previous,
}

/// `kubectl logs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Logs {
    /// Of which pods, or of a pod of which workload.
    pub targets: Targets,
    /// Of which containers.
    pub containers: Containers,
    /// Of which run of each container.
    pub run: LogRun,
    /// Only so many lines, the last ones.
    pub tail: Option<usize>,
    /// Only lines of this last while.
    pub since: Option<Duration>,
    /// Each line with its time.
    pub timestamps: bool,
    /// Each line with its pod and container.
    pub prefix: bool,
}

/// `kubectl scale`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Which workloads.
    pub targets: Targets,
    /// How many replicas.
    pub replicas: i32,
    /// How many there must be now.
    pub current_replicas: Option<i32>,
}

/// `kubectl label` and `kubectl annotate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relabel {
    /// Which objects.
    pub targets: Targets,
    /// Keys and values to set.
    pub set: Vec<(String, String)>,
    /// Keys to remove.
    pub remove: Vec<String>,
    /// Whether a key that has another value may change.
    pub overwrite: bool,
}

/// What happens to the taints of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaintChanges {
    /// Taints to add.
    pub add: Vec<core::Taint>,
    /// Keys to remove, with the effect where only one is meant.
    pub remove: Vec<(String, Option<String>)>,
}

/// What to do with a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutAction {
    /// Say how far it is, until it is done (or once).
    Status {
        /// Whether to stay until it is done.
        watch: bool,
        /// Only for this revision; 0 for the newest.
        revision: i64,
        /// How long at most; none for ever.
        timeout: Option<Duration>,
    },
    /// Go back to a revision; 0 is the one before.
    Undo {
        /// The revision.
        to_revision: i64,
    },
    /// Replace all pods.
    Restart,
    /// List the revisions, or (unless 0) show one of them.
    History {
        /// The revision.
        revision: i64,
    },
    /// Stop rolling.
    Pause,
    /// Go on rolling.
    Resume,
}

/// The service that `kubectl expose` makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    /// Its name, where it is not that of the workload.
    pub name: Option<String>,
    /// Its port; that of the containers where it is not given.
    pub port: Option<i32>,
    /// The port of the containers, by number or by name.
    pub target_port: Option<String>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`.
    pub service_type: Option<String>,
    /// Which pods it is for, where that is not what the object selects.
    pub selector: Option<LabelSelector>,
    /// Its labels, where they are not those of the object.
    pub labels: Vec<(String, String)>,
}
