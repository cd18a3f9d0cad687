//! What the pretend application in a container does: when it ends, what it answers, what it uses.

mod curve;
mod declared;

use std::sync::Arc;
use std::time::Duration;

pub use curve::Curve;
pub use declared::{KEYS, PREFIX};

use super::alarm::ProbeKind;
use crate::api::core;
use crate::sim::Range;

/// How long an init container takes whose behaviour nobody declared.
pub(super) const INIT_RUN: Range = Range {
    least: Duration::from_millis(300),
    most: Duration::from_millis(900),
};

/// How long a container of a Job's pod takes whose behaviour nobody declared.
pub(super) const JOB_RUN: Range = Range {
    least: Duration::from_secs(2),
    most: Duration::from_secs(5),
};

/// How long a request takes whose duration nobody declared.
const LATENCY: Duration = Duration::from_millis(10);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCode {
    /// The code; 128 + n after signal n.
    pub code: i32,
    /// Whether the kernel ended it because it used more memory than its limit.
    pub out_of_memory: bool,
}

impl ExitCode {
    /// An end with a code.
    #[must_use]
    pub const fn of(code: i32) -> Self {
        Self {
            code,
            out_of_memory: false,
        }
    }

    /// An end by SIGTERM.
    pub const TERMINATED: Self = Self::of(143);

    /// An end by SIGKILL.
    pub const KILLED: Self = Self::of(137);

    /// An end by the kernel, for memory.
    pub const OUT_OF_MEMORY: Self = Self {
        code: 137,
        out_of_memory: true,
    };

    /// The reason in the status: `Completed`, `Error` or `OOMKilled`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self {
                out_of_memory: true,
                ..
            } => "OOMKilled",
            Self { code: 0, .. } => "Completed",
            // What containerd says of containers that were gone when it came up.
            Self { code: 255, .. } => "Unknown",
            Self { .. } => "Error",
        }
    }
}

/// Whether and when a process ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exits {
    /// As its kind does: init containers and containers of Jobs when their work is done, all others
    /// never.
    #[default]
    AsItsKind,
    /// Never.
    Never,
    /// This long after its start.
    After(Duration),
}

/// A time in which a probe fails, counted from the start of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Which probe.
    pub probe: ProbeKind,
    /// From when on.
    pub from: Duration,
    /// Until when; for ever when not said.
    pub until: Option<Duration>,
}

/// What a process does when it is asked to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSigterm {
    /// It stops listening and drops the requests that it has in hand.
    #[default]
    Exit,
    /// It stops listening and answers the requests that it has in hand.
    Drain,
    /// It goes on as if nothing had been said, until SIGKILL.
    Ignore,
}

/// What a container does after each start. The default does its work and answers everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether and when it ends by itself.
    pub exits: Exits,
    /// With which code it then ends.
    pub exit_code: i32,
    /// How long after its start it is up: before that it listens to nobody and no probe succeeds.
    pub starts_in: Duration,
    /// When its probes fail.
    pub failing: Vec<Failing>,
    /// What it does when it is asked to end.
    pub on_sigterm: OnSigterm,
    /// How long it takes to end then; drawn with the seed when not said.
    pub stops_in: Option<Duration>,
    /// Billionths of a processor that it uses beside requests; nobody declared it when none.
    pub cpu: Option<Curve>,
    /// Bytes of memory that it uses; nobody declared it when none.
    pub memory: Option<Curve>,
    /// Bytes that it has written to the disk; nothing when none.
    pub disk: Option<Curve>,
    /// How many requests a second it can answer at most; any number when not said.
    pub answers: Option<u32>,
    /// How long a request takes.
    pub latency: Duration,
    /// Processor time that a request costs.
    pub cpu_per_request: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            exits: Exits::AsItsKind,
            exit_code: 0,
            starts_in: Duration::ZERO,
            failing: Vec::new(),
            on_sigterm: OnSigterm::Exit,
            stops_in: None,
            cpu: None,
            memory: None,
            disk: None,
            answers: None,
            latency: LATENCY,
            cpu_per_request: Duration::ZERO,
        }
    }
}

impl Behaviour {
    /// Whether the application would answer within `timeout` what a probe asks.
    #[must_use]
    pub fn answers_within(&self, timeout: Duration) -> bool {
        self.latency < timeout
    }

    /// Whether a probe succeeds this long after the start.
    #[must_use]
    pub fn answers_probe(&self, probe: ProbeKind, running: Duration) -> bool {
        running >= self.starts_in
            && !self.failing.iter().any(|failing| {
                failing.probe == probe
                    && running >= failing.from
                    && failing.until.is_none_or(|until| running < until)
            })
    }
}

/// What a pod's annotations say wrongly, one sentence each.
pub(super) type Problems = Vec<String>;

/// The behaviours of a pod's containers, init containers first, and what is wrong in the words
/// that declare them.
#[must_use]
pub(super) fn of_pod(
    pod: &crate::api::Pod,
    rules: &[super::Rule],
) -> (Vec<Arc<Behaviour>>, Problems) {
    let initial = pod.spec.init_containers.as_deref().unwrap_or_default();
    let names: Vec<&str> = initial
        .iter()
        .chain(&pod.spec.containers)
        .map(|container| container.name.as_str())
        .collect();
    let main = pod.spec.containers.first().map(|each| each.name.as_str());
    let (behaviours, problems) =
        declared::read(&pod.metadata, (&names, main.unwrap_or_default()), rules);
    (behaviours.into_iter().map(Arc::new).collect(), problems)
}

/// How long a hook says itself that it takes: `sleep: {seconds: 5}` or a command that sleeps.
/// None when it does not say.
pub(super) fn hook_duration(hook: &core::LifecycleHandler) -> Option<Duration> {
    if let Some(sleep) = &hook.sleep {
        return Some(seconds(sleep.seconds));
    }
    let command = hook.exec.as_ref()?.command.as_ref()?;
    let words: Vec<&str> = command
        .iter()
        .flat_map(|part| part.split_whitespace())
        .collect();
    let place = words
        .iter()
        .position(|word| *word == "sleep" || word.ends_with("/sleep"))?;
    let number = words.get(place + 1)?.trim_end_matches([';', 's']);
    number.parse().ok().map(seconds)
}

/// A number of seconds as a duration; below zero counts as none.
pub(super) fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
