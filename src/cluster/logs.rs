//! Logs: the API server passes the question on to the kubelet of the pod's node.

use super::Cluster;
use crate::api::Object;
use crate::apiserver::{Answer, LogOptions, Outcome, Refusal, log_container};

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
            return Ok(Answer::Log(Vec::new()));
        };
        let kubelet = self.kubelet(node).map(|part| &part.component);
        let Some(kubelet) = kubelet.filter(|kubelet| kubelet.is_on()) else {
            let (namespace, name) = (pod.namespace(), pod.name());
            let address = self
                .kubelet(node)
                .map(|part| part.component.machine().address);
            let host = address.map_or_else(|| node.to_owned(), |address| address.to_string());
            return Err(Refusal::unreachable(format!(
                "Get \"https://{host}:10250/containerLogs/{namespace}/{name}/{container}\": dial tcp \
                 {host}:10250: connect: no route to host"
            )));
        };
        let log = kubelet.log(pod.uid(), &container, options.previous);
        let mut lines = log.map_err(Refusal::bad_request)?;
        if let Some(since) = options.since {
            let from = self.now() - since;
            lines.retain(|line| line.at >= from);
        }
        let skip = options
            .tail
            .map_or(0, |tail| lines.len().saturating_sub(tail));
        let text = lines.into_iter().skip(skip).map(|line| {
            if options.timestamps {
                format!("{:.9} {}", line.at.to_timestamp(), line.text)
            } else {
                line.text
            }
        });
        Ok(Answer::Log(text.collect()))
    }
}
