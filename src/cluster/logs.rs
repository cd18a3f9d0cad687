//! Logs: the API server passes the question on to the kubelet of the pod's node.

use super::Cluster;
use crate::api::Object;
use crate::apiserver::{Answer, LogOptions, LogPlace, LogText, Outcome, Refusal, log_container};
use crate::kubelet::{ContainerLog, LogLine};
use crate::sim::Time;

impl Cluster {
    /// The log of the pod that the API server has found.
    ///
    /// Unlike Kubernetes: the way from the API server to the kubelet and back takes no time of its own.
    pub(super) fn read_log(&self, found: Outcome, options: &LogOptions) -> Outcome {
        let Answer::Object(object) = found? else {
            return Err(Refusal::bad_request("only pods have logs".to_owned()));
        };
        let container = log_container(&object, options)?;
        let Object::Pod(pod) = &object else {
            return Err(Refusal::bad_request("only pods have logs".to_owned()));
        };
        // A pod without a node has an empty log.
        let Some(node) = pod.spec.node_name.as_deref() else {
            return Ok(Answer::Log(LogText {
                lines: Vec::new(),
                place: None,
                is_over: false,
            }));
        };
        let kubelet = self.kubelet(node).map(|part| &part.component);
        let Some(kubelet) = kubelet.filter(|kubelet| kubelet.is_on()) else {
            let (namespace, name) = (pod.namespace(), pod.name());
            let address = self
                .kubelet(node)
                .map(|part| part.component.machine().address);
            let host = address.map_or_else(|| node.to_owned(), |address| address.to_string());
            return Err(Refusal::unknown(format!(
                "Get \"https://{host}:10250/containerLogs/{namespace}/{name}/{container}\": dial tcp \
                 {host}:10250: connect: no route to host"
            )));
        };
        let read = |previous: bool| {
            let log = kubelet.log(pod.uid(), &container, previous);
            log.map_err(Refusal::bad_request)
        };
        let mut log = read(options.previous)?;
        if let Some(after) = options.after {
            if log.restarts > after.restarts {
                // The run that was read has ended meanwhile: what it wrote at its end, and no more.
                log = ContainerLog {
                    lines: read(true)?.lines,
                    restarts: after.restarts,
                    is_over: true,
                };
            }
            log.lines = rest(log.lines, after);
        }
        Ok(Answer::Log(text(log, options, self.now())))
    }
}

/// The lines that stand behind a place.
fn rest(lines: Vec<LogLine>, after: LogPlace) -> Vec<LogLine> {
    let mut same = 0;
    let mut is_new = |line: &LogLine| {
        same += usize::from(line.at == after.at);
        line.at > after.at || line.at == after.at && same > after.lines
    };
    lines.into_iter().filter(|line| is_new(line)).collect()
}

/// What is asked for of a log, as it is printed.
fn text(log: ContainerLog, options: &LogOptions, now: Time) -> LogText {
    let mut lines = log.lines;
    let (at, known) = match (lines.last(), options.after) {
        (Some(last), Some(after)) if last.at == after.at => (last.at, after.lines),
        (Some(last), _) => (last.at, 0),
        (None, Some(after)) => (after.at, after.lines),
        (None, None) => (Time::START, 0),
    };
    let place = LogPlace {
        restarts: log.restarts,
        at,
        lines: known + lines.iter().filter(|line| line.at == at).count(),
    };
    if let Some(since) = options.since {
        let from = now - since;
        lines.retain(|line| line.at >= from);
    }
    let skip = options
        .tail
        .map_or(0, |tail| lines.len().saturating_sub(tail));
    let printed = lines.into_iter().skip(skip).map(|line| {
        if options.timestamps {
            format!("{:.9} {}", line.at.to_timestamp(), line.text)
        } else {
            line.text
        }
    });
    LogText {
        lines: printed.collect(),
        place: Some(place),
        is_over: log.is_over,
    }
}
