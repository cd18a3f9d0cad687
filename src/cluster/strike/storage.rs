//! What happens to the store and to the registry: a slow disk, a compaction, images that are slow or gone.

use std::sync::Arc;
use std::time::Duration;

use super::super::step::Happening;
use super::super::{Cluster, ComponentId};
use crate::apiserver::{Request, Verb};
use crate::kubelet::{Reference, Trouble};
use crate::sim::{RecordId, RecordKind, Time, span_words};

/// A disk that takes its time: one write after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    latency: Duration,
    until: Time,
    free: Time,
}

impl Cluster {
    pub(super) fn slow_disk(&mut self, latency: Duration, span: Duration, cause: RecordId) {
        let what = format!(
            "lets each write to the store take {} for {}",
            span_words(latency),
            span_words(span)
        );
        self.struck(RecordKind::FaultSlowDisk, None, what, cause);
        self.troubles.disk = Some(Disk {
            latency,
            until: self.now + span,
            free: self.now,
        });
    }

    /// Whether a request has to wait until the disk has written it; then it comes again.
    pub(in crate::cluster) fn waits_for_disk(
        &mut self,
        from: &ComponentId,
        start: u32,
        request: &Arc<Request>,
        cause: RecordId,
    ) -> bool {
        let Some(disk) = &mut self.troubles.disk else {
            return false;
        };
        if matches!(request.verb, Verb::Get | Verb::List(_)) {
            return false;
        }
        // What came while it was slow is still before what comes now.
        disk.free = disk.free.max(self.now);
        if self.now < disk.until {
            disk.free = disk.free + disk.latency;
        } else if disk.free == self.now {
            self.troubles.disk = None;
            return false;
        }
        let at = disk.free;
        let again = Happening::Request {
            from: from.clone(),
            start,
            request: Arc::clone(request),
            cause,
            is_written: true,
        };
        self.queue.push(at, request.urgency, again);
        true
    }

    pub(super) fn compact_now(&mut self, cause: RecordId) {
        let what = "lets the store forget all revisions but the newest".to_owned();
        let record = self.struck(RecordKind::FaultCompact, None, what, cause);
        let revision = self.store().revision();
        self.last_compaction = revision;
        self.forget_up_to(revision, record);
    }

    pub(super) fn slow_registry(&mut self, factor: u32, span: Duration, cause: RecordId) {
        let until = self.now + span;
        let what = format!(
            "makes the registry {factor} times slower for {}",
            span_words(span)
        );
        let record = self.struck(RecordKind::FaultSlowRegistry, None, what, cause);
        self.tell_all(&Trouble::SlowRegistry { factor, until }, record);
    }

    pub(super) fn change_image(
        &mut self,
        image: &str,
        is_missing: bool,
        cause: RecordId,
    ) -> Result<(), String> {
        Reference::parse(image).map_err(|problem| format!("\"{image}\" is no image: {problem}"))?;
        let what = if is_missing {
            format!("takes {image} out of the registry")
        } else {
            format!("puts {image} back into the registry")
        };
        let record = self.struck(RecordKind::FaultImage, None, what, cause);
        let trouble = Trouble::MissingImage {
            image: image.to_owned(),
            is_missing,
        };
        self.tell_all(&trouble, record);
        Ok(())
    }

    /// The registry is the same for all machines, also for one that is off just now.
    fn tell_all(&mut self, trouble: &Trouble, cause: RecordId) {
        for node in self.kubelets.keys().cloned().collect::<Vec<_>>() {
            self.suffer(&node, trouble, cause);
        }
    }
}
