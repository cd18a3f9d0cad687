//! Reads of a pod's log: which container is meant, before the node is asked.

use std::time::Duration;

use super::Refusal;
use crate::api::{Object, core};
use crate::sim::Time;

/// What of a log is read: a GET of `pods/NAME/log`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The container; the only one of the pod when not said.
    pub container: Option<String>,
    /// Whether the run before the current one is meant.
    pub previous: bool,
    /// Only so many lines, the last ones.
    pub tail: Option<usize>,
    /// Only lines of this last while.
    pub since: Option<Duration>,
    /// Whether each line begins with its time.
    pub timestamps: bool,
    /// Only what comes after this, of the run that this is a place in.
    pub after: Option<LogPlace>,
}

/// How far a log has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// How often the container had been restarted when the run began.
    pub restarts: i32,
    /// When the last line was written that has been read.
    pub at: Time,
    /// How many of the lines of that moment have been read.
    pub lines: usize,
}

/// What was read of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogText {
    /// The lines, as they are printed.
    pub lines: Vec<String>,
    /// How far the log has been read; none where there is no log yet.
    pub place: Option<LogPlace>,
    /// Whether the run has ended, so that no line comes any more.
    pub is_over: bool,
}

/// The container that is meant. Source: `LogLocation` of `pkg/registry/core/pod/strategy.go`.
///
/// # Errors
/// When the pod has no such container, or several and none is named.
pub fn container_of(object: &Object, options: &LogOptions) -> Result<String, Refusal> {
    let Object::Pod(pod) = object else {
        return Err(Refusal::bad_request("only pods have logs".to_owned()));
    };
    let names = |list: &[core::Container]| -> Vec<String> {
        list.iter()
            .map(|container| container.name.clone())
            .collect()
    };
    let regular = names(&pod.spec.containers);
    let initial = names(pod.spec.init_containers.as_deref().unwrap_or_default());
    let name = pod.name();
    match &options.container {
        Some(wanted) if regular.contains(wanted) || initial.contains(wanted) => Ok(wanted.clone()),
        Some(wanted) => {
            let message = format!("container {wanted} is not valid for pod {name}");
            Err(Refusal::bad_request(message))
        }
        None => match regular.as_slice() {
            [only] => Ok(only.clone()),
            several => {
                let several = several.join(" ");
                let or = match initial.join(" ") {
                    none if none.is_empty() => none,
                    some => format!(" or one of the init containers: [{some}]"),
                };
                Err(Refusal::bad_request(format!(
                    "a container name must be specified for pod {name}, choose one of: \
                     [{several}]{or}"
                )))
            }
        },
    }
}
