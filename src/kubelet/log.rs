//! The log of a container: what its pretend application wrote, and what `kubectl logs` gets of it.

use std::fmt;
use std::sync::Arc;

use imbl::Vector;

use super::behaviour::OnSigterm;
use super::container::Container;
use super::worker::Worker;
use super::{Kubelet, pod_status};
use crate::api::core;
use crate::sim::Time;

/// How many lines of a run are kept.
const LINES_MOST: usize = 1_000;

/// One thing that an application wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It begins; whether it needs time to come up.
    Began(bool),
    /// It has come up.
    Up,
    /// So many requests were answered in the last second.
    Answered(u32),
    /// It was asked to end.
    Sigterm(OnSigterm),
    /// It ends by itself, with this code.
    Ends(i32),
    /// Something went wrong in it.
    Crashed,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Began(true) => f.write_str("starting"),
            Self::Began(false) => f.write_str("started"),
            Self::Up => f.write_str("up"),
            Self::Answered(1) => f.write_str("answered 1 request"),
            Self::Answered(count) => write!(f, "answered {count} requests"),
            Self::Sigterm(OnSigterm::Exit) => f.write_str("SIGTERM: exiting"),
            Self::Sigterm(OnSigterm::Drain) => {
                f.write_str("SIGTERM: exiting when the requests in hand are answered")
            }
            Self::Sigterm(OnSigterm::Ignore) => f.write_str("SIGTERM: ignored"),
            Self::Ends(0) => f.write_str("done"),
            Self::Ends(code) => write!(f, "fatal: exiting with code {code}"),
            Self::Crashed => f.write_str("fatal: crashed"),
        }
    }
}

/// The lines of one run of a container, with their times.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Vector<(Time, Said)>);

impl Container {
    /// A process begins: the log of the run before is kept, the one before that is not.
    pub(super) fn began(&mut self, now: Time) {
        let needs_time = !self.behaviour.starts_in.is_zero();
        self.earlier_log = std::mem::take(&mut self.log);
        self.say(now, Said::Began(needs_time));
    }

    /// The application writes a line.
    pub(super) fn say(&mut self, now: Time, said: Said) {
        self.log.0.push_back((now, said));
        if self.log.0.len() > LINES_MOST {
            self.log.0.pop_front();
        }
    }

    /// The application answered so many requests in the last second.
    pub(super) fn answer(&mut self, requests: u32, now: Time) {
        self.load = requests;
        if requests > 0 {
            self.say(now, Said::Answered(requests));
        }
    }
}

/// A line of a log: when, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Time,
    /// What was written.
    pub text: String,
}

/// What a container wrote during one of its runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLog {
    /// Its lines, oldest first.
    pub lines: Vec<LogLine>,
    /// How often the container had been restarted when the current run began.
    pub restarts: i32,
    /// Whether the current run has ended, so that no line comes any more.
    pub is_over: bool,
}

impl Kubelet {
    /// The log of a container of a pod, oldest line first; that of the run before the current one
    /// when `previous` is asked for.
    ///
    /// # Errors
    /// Why there is none, in the words of the kubelet.
    pub fn log(&self, uid: &str, container: &str, previous: bool) -> Result<ContainerLog, String> {
        let found = self.agent.workers.get(uid).and_then(|worker| {
            let mut places = 0..worker.containers.len();
            let place = places.find(|place| worker.spec_of(*place).name == container)?;
            Some((worker, place))
        });
        let Some((worker, place)) = found else {
            return Err(format!("container \"{container}\" in pod is not available"));
        };
        let log = choose(worker, place, previous)?;
        let lines = log.0.iter().map(|(at, said)| LogLine {
            at: *at,
            text: said.to_string(),
        });
        let status = pod_status::status_of(worker, place);
        let state = status.state.as_ref();
        Ok(ContainerLog {
            lines: lines.collect(),
            restarts: status.restart_count,
            is_over: state.is_none_or(|state| state.running.is_none()),
        })
    }
}

/// Which run is meant. Source: `validateContainerLogStatus` of `pkg/kubelet/kubelet_pods.go`.
fn choose(worker: &Arc<Worker>, place: usize, previous: bool) -> Result<&Log, String> {
    let container = &worker.containers[place];
    let (name, pod) = (&worker.spec_of(place).name, &worker.key.name);
    let status = pod_status::status_of(worker, place);
    let waiting = status
        .state
        .as_ref()
        .and_then(|state| state.waiting.as_ref());
    let has_earlier = ended_before(&status);
    if previous {
        let log = match waiting {
            // The run that ended last is the earlier one of the container that is to come.
            Some(_) => &container.log,
            None => &container.earlier_log,
        };
        return has_earlier.then_some(log).ok_or_else(|| {
            format!("previous terminated container \"{name}\" in pod \"{pod}\" not found")
        });
    }
    match waiting {
        Some(waiting) if !has_earlier => {
            let why = match waiting.reason.as_deref().unwrap_or_default() {
                "ErrImagePull" => "image can't be pulled",
                "ImagePullBackOff" => "trying and failing to pull image",
                reason => reason,
            };
            let head = format!("container \"{name}\" in pod \"{pod}\"");
            Err(format!("{head} is waiting to start: {why}"))
        }
        _ => Ok(&container.log),
    }
}

fn ended_before(status: &core::ContainerStatus) -> bool {
    let last = status.last_state.as_ref();
    last.is_some_and(|last| last.terminated.is_some())
}
