//! What a kubelet sets its clock for.

use std::sync::Arc;

use crate::sim::{Time, Urgency};

/// An alarm of a kubelet. An alarm that was set before the machine lost its power means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubeletAlarm {
    /// The lease is due, and a look at the node itself.
    Heartbeat,
    /// The image pull that is under way comes to its end.
    Pull {
        /// The number of the pull.
        pull: u64,
        /// Counts how often the end was moved, because the registry changed its speed.
        turn: u32,
    },
    /// Time to look whether an evicted pod is gone.
    Evicted,
    /// Something in a pod is due.
    Pod {
        /// The pod.
        uid: Arc<str>,
        /// What.
        timer: PodTimer,
    },
}

/// What can be due in a pod. The number is the place of the container among all of the pod,
/// init containers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodTimer {
    /// The worker looks at what the watch said.
    Notice,
    /// The sandbox is made.
    Sandbox,
    /// The container is created.
    Create(usize),
    /// The container is started.
    Start(usize),
    /// The application has come up.
    Up(usize),
    /// The postStart hook is done.
    PostStart(usize),
    /// The process ends by itself.
    Exit(usize),
    /// The process uses more memory than its limit.
    OutOfMemory(usize),
    /// The worker looks again at a container that it could not start.
    LookAgain(usize),
    /// The wait before another attempt is over.
    BackOff(usize),
    /// A probe is due.
    Probe(usize, ProbeKind),
    /// The preStop hook is done.
    PreStop(usize),
    /// The grace of a sidecar is over before its turn to end came.
    Turn(usize),
    /// The process ends after SIGTERM.
    Stop(usize),
    /// The grace is over: SIGKILL.
    Kill(usize),
    /// `activeDeadlineSeconds` is over.
    Deadline,
    /// Another attempt to write the status.
    Write,
}

/// The three kinds of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Has the application come up? Holds the others back.
    Startup,
    /// May it get requests?
    Readiness,
    /// Must it be started again?
    Liveness,
}

impl ProbeKind {
    /// `Startup`, `Readiness`, `Liveness`, as in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

impl PodTimer {
    /// The container that it is about.
    #[must_use]
    pub const fn container(self) -> Option<usize> {
        match self {
            Self::Notice | Self::Sandbox | Self::Deadline | Self::Write => None,
            Self::Create(place)
            | Self::Start(place)
            | Self::Up(place)
            | Self::PostStart(place)
            | Self::Exit(place)
            | Self::OutOfMemory(place)
            | Self::LookAgain(place)
            | Self::BackOff(place)
            | Self::Probe(place, _)
            | Self::PreStop(place)
            | Self::Turn(place)
            | Self::Stop(place)
            | Self::Kill(place) => Some(place),
        }
    }

    /// What will happen, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Notice => "looks at the pod",
            Self::Sandbox => "sandbox ready",
            Self::Create(_) => "container created",
            Self::Start(_) => "container started",
            Self::Up(_) => "application up",
            Self::PostStart(_) => "postStart hook done",
            Self::Exit(_) => "process ends",
            Self::OutOfMemory(_) => "killed for memory",
            Self::LookAgain(_) => "looks again",
            Self::BackOff(_) => "tries again",
            Self::Probe(_, ProbeKind::Startup) => "startup probe",
            Self::Probe(_, ProbeKind::Readiness) => "readiness probe",
            Self::Probe(_, ProbeKind::Liveness) => "liveness probe",
            Self::PreStop(_) => "preStop hook done",
            Self::Turn(_) => "SIGTERM, though others have not ended",
            Self::Stop(_) => "process ends after SIGTERM",
            Self::Kill(_) => "SIGKILL",
            Self::Deadline => "deadline of the pod",
            Self::Write => "writes the status again",
        }
    }
}

/// An alarm of a pod with its time. One that rings at another time was moved or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// What.
    pub(super) timer: PodTimer,
    /// When.
    pub(super) at: Time,
    /// Whether an idle world may still have it.
    pub(super) urgency: Urgency,
}
