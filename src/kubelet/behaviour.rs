//! What the pretend application in a container does: when it ends, and what it answers to probes.

use std::time::Duration;

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

/// What a container does after each start. The default runs for ever and answers every probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// It ends by itself after this time, with this code.
    pub exits: Option<(Duration, ExitCode)>,
    /// When its probes fail.
    pub failing: Vec<Failing>,
    /// Whether it ends only by SIGKILL.
    pub ignores_sigterm: bool,
}

impl Behaviour {
    /// Whether a probe succeeds this long after the start.
    #[must_use]
    pub fn answers(&self, probe: ProbeKind, running: Duration) -> bool {
        !self.failing.iter().any(|failing| {
            failing.probe == probe
                && running >= failing.from
                && failing.until.is_none_or(|until| running < until)
        })
    }
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
