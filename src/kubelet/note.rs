//! What kubelets have to say to the trace.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::alarm::ProbeKind;
use super::behaviour::ExitCode;
use super::pressure::Scarce;
use crate::api::{Key, Quantity};
use crate::client;
use crate::sim::{RecordKind, counted, go_duration};

/// One happening at a kubelet.
#[derive(Clone, Debug)]
pub enum Note {
    /// Around a watch.
    Client(client::Note),
    /// In a pod.
    Pod(PodNote),
    /// The sign of life of a node.
    LeaseRenewed(Key),
    /// The kubelet reports on its node, and why it does.
    NodeReported(Key, NodeReport),
    /// The kubelet is switched on.
    Started(Key),
    /// The machine has power again, and the kubelet waits for its watches.
    PowerIsBack(Key),
    /// The machine has lost its power, and so many containers with it.
    PowerIsGone(Key, usize),
    /// The registry gives so many times fewer bytes.
    RegistrySlowed(Key, u32),
    /// Of this so many bytes are free, which is too few.
    Short(Key, Scarce, i64),
    /// So many images that nobody used are removed, which makes so many bytes.
    ImagesRemoved(Key, usize, u64),
    /// Something that is no pod fills the disk up to so many per cent; 0 when it is gone.
    DiskFilled(Key, u32),
}

/// Why a kubelet reports on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeReport {
    /// There is no node of its name: it makes it.
    Registered,
    /// What it reports is different from what the API server says.
    Changed,
    /// It was time to repeat it.
    Repeated,
}

/// One happening in a pod.
#[derive(Clone, Debug)]
pub struct PodNote {
    /// The pod.
    pub pod: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// The container that it is about, if it is about one.
    pub container: Option<Arc<str>>,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The worker saw that the pod is to run here.
    Noticed,
    /// The worker saw that the pod is to go, with this grace.
    AskedToStop(Duration),
    /// The worker saw that the pod is no longer in the API.
    Vanished,
    /// The worker saw another image in the spec.
    Redefined,
    /// The node has room for the pod.
    Admitted,
    /// The node has no room for the pod, or does not fit: reason and message.
    Rejected(&'static str, String),
    /// The pod was active for longer than it may be.
    DeadlineExceeded,
    /// The pod has to go because the node is short of what it uses; of nothing when the pod itself
    /// uses more of the disk than it may.
    Evicted(Option<Scarce>),
    /// The application has come up and answers from now on.
    Up,
    /// The sandbox stands, with this address.
    SandboxReady(Ipv4Addr),
    /// The sandbox is gone and has to be made again.
    SandboxLost,
    /// An image has to be fetched; so many pulls come before it.
    PullWanted(Arc<str>, usize),
    /// The fetching begins: so many bytes.
    PullBegun(Arc<str>, u64),
    /// The image is there.
    Pulled {
        /// The image.
        image: Arc<str>,
        /// Its size.
        bytes: u64,
        /// How long the fetching took.
        took: Duration,
    },
    /// The image was there already.
    ImagePresent(Arc<str>),
    /// The image cannot be had: reason and message.
    PullFailed(&'static str, String),
    /// A volume cannot be mounted: which and why.
    MountFailed(Arc<str>, String),
    /// The environment of the container cannot be made: why.
    ConfigurationFailed(String),
    /// The container is created, for the nth time.
    Created(u32),
    /// The container runs.
    Started,
    /// The application was made to crash.
    Crashed,
    /// The preStop hook runs for so long.
    HookBegun(Duration),
    /// The process was asked to end and has so much time.
    Sigterm(Duration),
    /// The process was ended.
    Sigkill,
    /// The process ended.
    Exited(ExitCode),
    /// A probe was answered: its kind, the answer, how often in a row, how often it needs.
    Probed {
        /// Which.
        probe: ProbeKind,
        /// The answer.
        succeeded: bool,
        /// How often in a row by now.
        count: i32,
        /// How often in a row it takes to count.
        threshold: i32,
    },
    /// Another attempt comes after this wait: the reason as in the status.
    BackedOff(&'static str, Duration),
    /// The status is written: phase, ready containers, containers.
    Reported(String, usize, usize),
    /// The last word: the API server may remove the pod.
    Released,
    /// The worker is done with the pod.
    Forgotten,
}

impl Note {
    /// What the record is about.
    #[must_use]
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Client(note) => note.kind(),
            Self::Pod(note) => note.what.kind(),
            Self::LeaseRenewed(_) => RecordKind::LeaseRenew,
            Self::NodeReported(..) => RecordKind::StatusWrite,
            Self::ImagesRemoved(..) => RecordKind::ImagePull,
            Self::Started(_)
            | Self::PowerIsBack(_)
            | Self::PowerIsGone(..)
            | Self::RegistrySlowed(..)
            | Self::Short(..)
            | Self::DiskFilled(..) => RecordKind::KubeletNotice,
        }
    }

    /// Which object it is about.
    #[must_use]
    pub fn object(&self) -> Option<Key> {
        match self {
            Self::Client(note) => note.object(),
            Self::Pod(note) => Some(note.pod.clone()),
            Self::LeaseRenewed(key)
            | Self::NodeReported(key, _)
            | Self::Started(key)
            | Self::PowerIsBack(key)
            | Self::PowerIsGone(key, _)
            | Self::RegistrySlowed(key, _)
            | Self::Short(key, ..)
            | Self::ImagesRemoved(key, ..)
            | Self::DiskFilled(key, _) => Some(key.clone()),
        }
    }

    /// The uid of that object, where it is known.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Client(note) => note.uid(),
            Self::Pod(note) => Some(&note.uid),
            _ => None,
        }
    }

    /// One sentence for the reader; the kubelet is its subject.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Client(note) => note.sentence(),
            Self::Pod(note) => note.sentence(),
            Self::LeaseRenewed(_) => "gives its sign of life: renews the lease".to_owned(),
            Self::NodeReported(key, NodeReport::Registered) => {
                format!("registers {key}: there is none of that name")
            }
            Self::NodeReported(key, NodeReport::Changed) => format!("reports what is new on {key}"),
            Self::NodeReported(key, NodeReport::Repeated) => {
                format!("reports on {key} as every few minutes")
            }
            Self::Started(_) => "starts".to_owned(),
            Self::PowerIsBack(_) => "has power again and starts".to_owned(),
            Self::PowerIsGone(_, containers) => {
                format!(
                    "loses its power, and {} with it",
                    counted(*containers, "container")
                )
            }
            Self::Short(_, what, available) => {
                let (of, least) = match what {
                    Scarce::Memory => ("memory", "100Mi"),
                    Scarce::Disk => ("its disk", "15 %"),
                };
                let available = Quantity::bytes(*available);
                format!("finds only {available} of {of} free, and {least} must be")
            }
            Self::ImagesRemoved(_, images, bytes) => {
                let what = match images {
                    1 => "an image".to_owned(),
                    images => counted(*images, "image"),
                };
                let megabytes = bytes / 1_000_000;
                format!("removes {what} that nobody uses: {megabytes} MB of disk are free again")
            }
            Self::DiskFilled(_, 0) => "has a disk with room again".to_owned(),
            Self::DiskFilled(_, percent) => {
                format!("has {percent} % of its disk full, by files of no pod")
            }
            Self::RegistrySlowed(_, factor) => {
                format!("gets its images {factor} times slower from now on")
            }
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Client(note) => note.to_value(),
            Self::Pod(note) => {
                let mut value = note.what.to_value();
                if let (Some(container), Some(fields)) = (&note.container, value.as_object_mut()) {
                    fields.insert("container".to_owned(), (**container).into());
                }
                value
            }
            Self::LeaseRenewed(_) | Self::Started(_) | Self::PowerIsBack(_) => json!({}),
            Self::NodeReported(_, why) => json!({"changed": *why != NodeReport::Repeated}),
            Self::PowerIsGone(_, containers) => json!({"containers": containers}),
            Self::RegistrySlowed(_, factor) => json!({"factor": factor}),
            Self::Short(_, what, available) => {
                json!({"resource": what.resource(), "available": available})
            }
            Self::ImagesRemoved(_, images, bytes) => json!({"images": images, "bytes": bytes}),
            Self::DiskFilled(_, percent) => json!({"percent": percent}),
        }
    }
}

impl PodNote {
    /// The sentence of what happens to images; empty for everything else.
    fn image_sentence(&self) -> String {
        let container = self.container.as_deref().unwrap_or_default();
        match &self.what {
            Happening::PullWanted(image, 0) => format!("has to fetch image {image}"),
            Happening::PullWanted(image, before) => {
                format!(
                    "has to fetch image {image}, after {}",
                    counted(*before, "other")
                )
            }
            Happening::PullBegun(image, bytes) => {
                format!("fetches image {image}, {} MB", bytes / 1_000_000)
            }
            Happening::Pulled { image, took, .. } => {
                format!("has fetched image {image} in {}", go_duration(*took))
            }
            Happening::ImagePresent(image) => format!("has image {image} already"),
            Happening::PullFailed(_, why) => format!("cannot have the image of {container}: {why}"),
            _ => String::new(),
        }
    }

    /// The sentence of a probe; empty for everything else.
    fn probe_sentence(&self) -> String {
        let Happening::Probed {
            probe,
            succeeded,
            count,
            threshold,
        } = &self.what
        else {
            return String::new();
        };
        let (pod, container) = (&self.pod, self.container.as_deref().unwrap_or_default());
        let probe = probe.name().to_ascii_lowercase();
        let verdict = if *succeeded { "succeed" } else { "fail" };
        let times = if count > threshold {
            format!("{count} times in a row")
        } else {
            format!("{count} of {threshold}")
        };
        format!("sees the {probe} probe of {container} of {pod} {verdict}, {times}")
    }

    /// The sentence of what ends a pod or a container; empty for everything else.
    fn end_sentence(&self) -> String {
        let pod = &self.pod;
        let container = self.container.as_deref().unwrap_or_default();
        match &self.what {
            Happening::AskedToStop(grace) => {
                let grace = go_duration(*grace);
                format!("notices that {pod} is to end within {grace}")
            }
            Happening::DeadlineExceeded => format!("ends {pod}: its deadline is over"),
            Happening::Evicted(short) => {
                let why = match short {
                    Some(Scarce::Memory) => "the node needs its memory",
                    Some(Scarce::Disk) => "the node needs its room on the disk",
                    None => "it has more on the disk than it may",
                };
                format!("evicts {pod}: {why}")
            }
            Happening::Crashed => format!("sees container {container} of {pod} crash"),
            Happening::HookBegun(span) => {
                let span = go_duration(*span);
                format!("runs the preStop hook of {container} of {pod} for {span}")
            }
            Happening::Sigterm(grace) => {
                let grace = go_duration(*grace);
                format!("sends SIGTERM to {container} of {pod}, which has {grace}")
            }
            Happening::Sigkill => format!("sends SIGKILL to {container} of {pod}"),
            Happening::Exited(exit) => {
                let (code, reason) = (exit.code, exit.reason());
                format!("sees {container} of {pod} end with code {code} ({reason})")
            }
            _ => String::new(),
        }
    }

    fn sentence(&self) -> String {
        let pod = &self.pod;
        let container = self.container.as_deref().unwrap_or_default();
        match &self.what {
            Happening::Noticed => format!("notices that {pod} is to run here"),
            Happening::Vanished => format!("notices that {pod} is no longer wanted by anybody"),
            Happening::Redefined => format!("notices that {container} of {pod} has a new image"),
            Happening::Admitted => format!("has room for {pod}"),
            Happening::Rejected(_, why) => format!("rejects {pod}: {why}"),
            Happening::SandboxReady(ip) => format!("made the sandbox of {pod} with address {ip}"),
            Happening::SandboxLost => format!("has to make the sandbox of {pod} again"),
            Happening::PullWanted(..)
            | Happening::PullBegun(..)
            | Happening::Pulled { .. }
            | Happening::ImagePresent(_)
            | Happening::PullFailed(..) => self.image_sentence(),
            Happening::MountFailed(volume, why) => {
                format!("cannot mount volume {volume} of {pod}: {why}")
            }
            Happening::ConfigurationFailed(why) => {
                format!("cannot create container {container} of {pod}: {why}")
            }
            Happening::Created(1) => format!("creates container {container} of {pod}"),
            Happening::Created(run) => {
                format!(
                    "creates container {container} of {pod}, restart {}",
                    run - 1
                )
            }
            Happening::Started => format!("starts container {container} of {pod}"),
            Happening::Up => format!("sees {container} of {pod} come up"),
            Happening::AskedToStop(_)
            | Happening::DeadlineExceeded
            | Happening::Evicted(_)
            | Happening::Crashed
            | Happening::HookBegun(_)
            | Happening::Sigterm(_)
            | Happening::Sigkill
            | Happening::Exited(_) => self.end_sentence(),
            Happening::Probed { .. } => self.probe_sentence(),
            Happening::BackedOff(reason, wait) if container.is_empty() => {
                let wait = go_duration(*wait);
                format!("waits {wait} before it tries {pod} again: {reason}")
            }
            Happening::BackedOff(reason, wait) => {
                let wait = go_duration(*wait);
                format!("waits {wait} before it tries {container} of {pod} again: {reason}")
            }
            Happening::Reported(phase, ready, all) => {
                format!(
                    "reports {pod}: {phase}, {ready} of {} ready",
                    counted(*all, "container")
                )
            }
            Happening::Released => format!("lets the API server remove {pod}"),
            Happening::Forgotten => format!("is done with {pod}"),
        }
    }
}

impl Happening {
    /// Whether it is one more of the same, as a probe that goes on succeeding.
    #[must_use]
    pub fn says_nothing_new(&self) -> bool {
        matches!(self, Self::Probed { succeeded: true, count, threshold, .. } if count > threshold)
    }

    fn kind(&self) -> RecordKind {
        match self {
            Self::Noticed
            | Self::AskedToStop(_)
            | Self::Vanished
            | Self::Redefined
            | Self::Admitted
            | Self::Rejected(..)
            | Self::DeadlineExceeded
            | Self::Evicted(_)
            | Self::SandboxLost
            | Self::MountFailed(..)
            | Self::ConfigurationFailed(_)
            | Self::Released
            | Self::Forgotten => RecordKind::KubeletNotice,
            Self::PullWanted(..)
            | Self::PullBegun(..)
            | Self::Pulled { .. }
            | Self::ImagePresent(_)
            | Self::PullFailed(..) => RecordKind::ImagePull,
            Self::SandboxReady(_) | Self::Created(_) | Self::Started | Self::Up => {
                RecordKind::ContainerStart
            }
            Self::Crashed
            | Self::HookBegun(_)
            | Self::Sigterm(_)
            | Self::Sigkill
            | Self::Exited(_) => RecordKind::ContainerExit,
            Self::Probed { .. } => RecordKind::ProbeResult,
            Self::BackedOff(..) => RecordKind::BackoffWait,
            Self::Reported(..) => RecordKind::StatusWrite,
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Noticed => json!({"step": "noticed"}),
            Self::AskedToStop(grace) => json!({"step": "asked-to-stop", "graceMs": millis(*grace)}),
            Self::Vanished => json!({"step": "vanished"}),
            Self::Redefined => json!({"step": "redefined"}),
            Self::Admitted => json!({"step": "admitted"}),
            Self::Rejected(reason, message) => {
                json!({"step": "rejected", "reason": reason, "message": message})
            }
            Self::DeadlineExceeded => json!({"step": "deadline-exceeded"}),
            Self::Evicted(short) => {
                json!({"step": "evicted", "resource": short.map(Scarce::resource)})
            }
            Self::Up => json!({"step": "up"}),
            Self::SandboxReady(ip) => json!({"step": "sandbox-ready", "ip": ip.to_string()}),
            Self::SandboxLost => json!({"step": "sandbox-lost"}),
            Self::PullWanted(image, before) => {
                json!({"step": "wanted", "image": **image, "before": before})
            }
            Self::PullBegun(image, bytes) => {
                json!({"step": "begun", "image": **image, "bytes": bytes})
            }
            Self::Pulled { image, bytes, took } => {
                json!({"step": "pulled", "image": **image, "bytes": bytes, "tookMs": millis(*took)})
            }
            Self::ImagePresent(image) => json!({"step": "present", "image": **image}),
            Self::PullFailed(reason, message) => {
                json!({"step": "failed", "reason": reason, "message": message})
            }
            Self::MountFailed(volume, why) => {
                json!({"step": "mount-failed", "volume": **volume, "message": why})
            }
            Self::ConfigurationFailed(why) => {
                json!({"step": "configuration-failed", "message": why})
            }
            Self::Created(run) => json!({"step": "created", "restarts": run.saturating_sub(1)}),
            Self::Started => json!({"step": "started"}),
            Self::Crashed => json!({"step": "crashed"}),
            Self::HookBegun(span) => json!({"step": "pre-stop", "tookMs": millis(*span)}),
            Self::Sigterm(grace) => json!({"step": "sigterm", "graceMs": millis(*grace)}),
            Self::Sigkill => json!({"step": "sigkill"}),
            Self::Exited(exit) => {
                json!({"step": "exited", "exitCode": exit.code, "reason": exit.reason()})
            }
            Self::Probed {
                probe,
                succeeded,
                count,
                threshold,
            } => {
                let probe = probe.name().to_ascii_lowercase();
                json!({"probe": probe, "succeeded": succeeded, "count": count, "threshold": threshold})
            }
            Self::BackedOff(reason, wait) => json!({"reason": reason, "waitMs": millis(*wait)}),
            Self::Reported(phase, ready, all) => {
                json!({"phase": phase, "ready": ready, "containers": all})
            }
            Self::Released => json!({"step": "released"}),
            Self::Forgotten => json!({"step": "forgotten"}),
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
