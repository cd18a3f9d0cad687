//! The runtime state of one container.

use std::sync::Arc;

use super::alarm::ProbeKind;
use super::back_off::BackOff;
use super::behaviour::{Behaviour, ExitCode};
use super::log::Log;
use super::probe::Probe;
use crate::sim::Time;

/// Where a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It may be started when its turn comes.
    Idle,
    /// Its image is wanted.
    Pulling,
    /// What its environment is made of is asked for.
    Configuring,
    /// It is being created.
    Creating,
    /// It is being started.
    Starting,
    /// It runs since this moment, but its postStart hook is not done.
    Hooked(Time),
    /// It runs since this moment.
    Running(Time),
    /// It runs, and has to end.
    Stopping {
        /// Since when it runs.
        since: Time,
        /// When its grace is over.
        deadline: Time,
    },
    /// It waits before another attempt.
    Held(Attempt),
    /// It will not be started again.
    Ended,
}

/// What is attempted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The pull of the image.
    Pull,
    /// What stands in its way is looked at with each sync of the pod, without a wait that grows.
    Sync,
    /// A start after an end.
    Restart,
}

/// Why a container does not run, as the status says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Waiting {
    /// It waits for its turn, or for the first attempt to be done.
    #[default]
    Turn,
    /// For this reason, with this message.
    For(&'static str, String),
}

/// One end of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) exit: ExitCode,
    pub(super) started: Time,
    pub(super) finished: Time,
    /// Which run it was, counted from 1.
    pub(super) run: u32,
}

/// A container as the kubelet knows it. What it shall be stands in the pod spec.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) phase: Phase,
    pub(super) waiting: Waiting,
    /// How often it was created.
    pub(super) runs: u32,
    /// The image that it runs or is to run, as the spec names it.
    pub(super) image: Arc<str>,
    /// Whether it has passed its startup probe.
    pub(super) is_started: bool,
    /// Whether it is an init container that did its work in this sandbox.
    pub(super) is_done: bool,
    pub(super) ending: Option<Arc<Ending>>,
    pub(super) earlier: Option<Arc<Ending>>,
    pub(super) restart: Option<BackOff>,
    pub(super) pull: Option<BackOff>,
    pub(super) probes: Vec<Probe>,
    pub(super) behaviour: Arc<Behaviour>,
    /// How many requests it answered in the last second.
    pub(super) load: u32,
    /// Billionths of a processor that a load takes beside requests.
    pub(super) burden: u64,
    /// What the current run wrote, or the last one.
    pub(super) log: Log,
    /// What the run before wrote.
    pub(super) earlier_log: Log,
}

impl Container {
    pub(super) fn new(image: &str, behaviour: Arc<Behaviour>) -> Self {
        Self {
            phase: Phase::Idle,
            waiting: Waiting::Turn,
            runs: 0,
            image: image.into(),
            is_started: false,
            is_done: false,
            ending: None,
            earlier: None,
            restart: None,
            pull: None,
            probes: Vec::new(),
            behaviour,
            load: 0,
            burden: 0,
            log: Log::default(),
            earlier_log: Log::default(),
        }
    }

    /// Since when its process runs, if it does.
    pub(super) fn running_since(&self) -> Option<Time> {
        match self.phase {
            Phase::Hooked(since) | Phase::Running(since) | Phase::Stopping { since, .. } => {
                Some(since)
            }
            _ => None,
        }
    }

    /// Whether the worker has its hands full with it.
    pub(super) fn is_in_work(&self) -> bool {
        matches!(
            self.phase,
            Phase::Pulling
                | Phase::Configuring
                | Phase::Creating
                | Phase::Starting
                | Phase::Hooked(_)
        )
    }

    /// Whether it may get requests.
    pub(super) fn is_ready(&self) -> bool {
        let readiness = self.probe(ProbeKind::Readiness);
        self.running_since().is_some()
            && self.is_started
            && readiness.is_none_or(|probe| probe.verdict == Some(true))
    }

    /// Why another attempt is waited for, as the status says it.
    pub(super) fn reason_of(&self, attempt: Attempt) -> &'static str {
        match (attempt, &self.waiting) {
            (Attempt::Pull, _) => "ImagePullBackOff",
            (Attempt::Restart, _) => "CrashLoopBackOff",
            (Attempt::Sync, Waiting::For(reason, _)) => reason,
            (Attempt::Sync, Waiting::Turn) => "ContainerCreating",
        }
    }

    pub(super) fn probe(&self, kind: ProbeKind) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.kind == kind)
    }

    pub(super) fn probe_mut(&mut self, kind: ProbeKind) -> Option<&mut Probe> {
        self.probes.iter_mut().find(|probe| probe.kind == kind)
    }

    /// Writes down the end of the process, and forgets what was known of it while it ran.
    pub(super) fn end(&mut self, exit: ExitCode, started: Time, finished: Time) {
        self.earlier = self.ending.take();
        self.ending = Some(Arc::new(Ending {
            exit,
            started,
            finished,
            run: self.runs,
        }));
        self.phase = Phase::Ended;
        self.waiting = Waiting::Turn;
        self.is_started = false;
        self.probes.clear();
        self.load = 0;
        self.burden = 0;
    }
}
