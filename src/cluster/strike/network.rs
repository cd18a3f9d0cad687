//! A machine without a network: what it sends and what is sent to it is lost.

use std::sync::Arc;
use std::time::Duration;

use super::super::step::Happening;
use super::super::{Cluster, ComponentId};
use crate::apiserver::{Answering, Outcome, Reason, Refusal, Request, RequestId};
use crate::sim::{RecordId, RecordKind, Urgency};

/// How long a kubelet waits for an answer. Source: `nodeStatusUpdateFrequency`, which is the timeout
/// of its heartbeat client.
const ANSWER_MOST: Duration = Duration::from_secs(10);

/// Whether a client tells itself that no answer came.
pub(in crate::cluster) fn is_timeout(outcome: &Outcome) -> bool {
    outcome
        .as_ref()
        .is_err_and(|refusal| refusal.reason == Reason::Timeout)
}

impl Cluster {
    /// Whether a component is on a machine without a network.
    pub(in crate::cluster) fn is_cut_off(&self, id: &ComponentId) -> bool {
        match id {
            ComponentId::Kubelet(node) => self.troubles.cut_off.contains(node),
            _ => false,
        }
    }

    /// A request gets nowhere.
    pub(in crate::cluster) fn lose_request(
        &mut self,
        from: &ComponentId,
        start: u32,
        request: &Arc<Request>,
        cause: RecordId,
    ) {
        let what = format!("loses {request} of {from} in the partition");
        let object = Some(request.key.clone());
        let record = self.struck(RecordKind::FaultPartition, object, what, cause);
        if request.answer == Answering::Awaited {
            let outcome = Err(Refusal::timeout(&request.key));
            self.answer_late(from.clone(), start, (request.id, outcome), record);
        }
    }

    /// An answer gets nowhere: the write may have been made, and its client does not know.
    pub(in crate::cluster) fn lose_answer(
        &mut self,
        to: ComponentId,
        start: u32,
        (id, outcome): (RequestId, &Outcome),
        cause: RecordId,
    ) {
        let key = match outcome {
            Ok(answer) => answer.object().map(crate::api::Object::key),
            Err(refusal) => refusal.key.clone(),
        };
        let what = format!("loses an answer to {to} in the partition");
        let record = self.struck(RecordKind::FaultPartition, key.clone(), what, cause);
        if let Some(key) = key {
            let outcome = Err(Refusal::timeout(&key));
            self.answer_late(to, start, (id, outcome), record);
        }
    }

    fn answer_late(
        &mut self,
        to: ComponentId,
        start: u32,
        (id, outcome): (RequestId, Outcome),
        cause: RecordId,
    ) {
        let answer = Happening::Answer {
            to,
            start,
            id,
            outcome: Arc::new(outcome),
            cause,
        };
        // It goes on for as long as the partition does: nothing to wait for.
        self.queue
            .push(self.now + ANSWER_MOST, Urgency::Periodic, answer);
    }
}
