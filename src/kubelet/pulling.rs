//! How pulls are taken from the queue of a node, and what their ends mean.

use std::sync::Arc;

use super::agent::{Agent, Hands};
use super::alarm::KubeletAlarm;
use super::image::{Image, Pull, Reference};
use super::note::{Happening, Note, PodNote};
use super::start::PullEnd;
use crate::sim::RecordId;

impl Agent {
    /// A worker wants the image of a container.
    pub(super) fn want_image(
        &mut self,
        uid: &Arc<str>,
        place: usize,
        cause: RecordId,
        hands: &mut Hands<'_>,
    ) -> RecordId {
        let Some(worker) = self.workers.get(uid) else {
            return cause;
        };
        let image = &worker.containers[place].image;
        let wanted = ((&worker.key, uid), (place, image));
        let before = self.pulls.want(wanted.0, wanted.1, hands.now);
        let what = Happening::PullWanted(Arc::clone(image), before);
        let record = self.say(uid, Some(place), what, cause, hands);
        self.begin_pull(record, hands);
        record
    }

    /// Begins the next pull when none is under way.
    fn begin_pull(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        if self.pulls.current.is_some() {
            return;
        }
        let Some(wanted) = self.pulls.waiting.pop_front() else {
            return;
        };
        let bytes = Reference::parse(&wanted.image).map_or(0, |reference| {
            let is_short =
                self.images.has(&reference.name()) || self.images.refusal(&reference).is_some();
            if is_short { 0 } else { reference.bytes() }
        });
        let kubelet = &hands.profile.kubelet;
        let overhead = hands.random.duration(kubelet.pull_overhead);
        let flow = (hands.now, overhead, kubelet.registry_bytes_per_second);
        let pull = self.pulls.begin(wanted, bytes, flow);
        let note = of_pull(
            pull,
            Happening::PullBegun(Arc::clone(&pull.wanted.image), bytes),
        );
        let record = hands.note(cause, note);
        wake(pull, record, hands);
    }

    /// The end of a pull: the image is on the disk, or cannot be had.
    pub(super) fn pull_ends(&mut self, number: u64, turn: u32, hands: &mut Hands<'_>) {
        let current = self.pulls.current.take_if(|pull| {
            pull.wanted.number == number && pull.turn == turn && pull.ends <= hands.now
        });
        let Some(pull) = current else {
            return;
        };
        let image = Arc::clone(&pull.wanted.image);
        let (end, cause) = self.settle(&pull, hands);
        let uid = Arc::clone(&pull.wanted.uid);
        self.turn(&uid, cause, hands, |worker, turn| {
            worker.pulled(pull.wanted.place, &image, end, turn);
        });
        self.begin_pull(cause, hands);
    }

    /// What a pull that is through has brought, with the record of it.
    fn settle(&mut self, pull: &Pull, hands: &mut Hands<'_>) -> (PullEnd, RecordId) {
        let reference = match Reference::parse(&pull.wanted.image) {
            Ok(reference) => reference,
            Err(why) => return (PullEnd::Failed(why), hands.cause),
        };
        if let Some(why) = self.images.refusal(&reference) {
            return (PullEnd::Failed(why), hands.cause);
        }
        let bytes = reference.bytes();
        let took = hands.now.since(pull.begun);
        self.images.add(Image {
            name: reference.name().into(),
            bytes,
            since: hands.now,
            last_used: hands.now,
        });
        self.is_node_checked = false;
        let image = Arc::clone(&pull.wanted.image);
        let what = Happening::Pulled { image, bytes, took };
        let record = hands.note(hands.cause, of_pull(pull, what));
        let end = PullEnd::Done {
            took,
            waited: hands.now.since(pull.wanted.since),
            bytes,
        };
        (end, record)
    }

    /// Sets the alarm of the pull under way once more, after the kubelet was started again.
    pub(super) fn resume_pull(&self, cause: RecordId, hands: &mut Hands<'_>) {
        if let Some(pull) = &self.pulls.current {
            wake(pull, cause, hands);
        }
    }
}

fn wake(pull: &Pull, cause: RecordId, hands: &mut Hands<'_>) {
    let alarm = KubeletAlarm::Pull {
        pull: pull.wanted.number,
        turn: pull.turn,
    };
    hands.wake(pull.ends.since(hands.now), cause, alarm);
}

fn of_pull(pull: &Pull, what: Happening) -> Note {
    Note::Pod(PodNote {
        pod: pull.wanted.pod.clone(),
        uid: Arc::clone(&pull.wanted.uid),
        container: None,
        what,
    })
}
