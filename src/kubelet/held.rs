//! A container that waits before another attempt: for how long, and what is said of it meanwhile.
//!
//! In reality the worker does all of this each time that it syncs the pod.

use std::time::Duration;

use super::alarm::PodTimer;
use super::back_off::BackOff;
use super::container::{Attempt, Phase, Waiting};
use super::note::Happening;
use super::worker::{Turn, Worker};
use crate::client::EventType;
use crate::sim::{Range, Urgency, go_duration};

/// When a worker syncs its pod again after a failure; a back-off is one.
/// Source: `backOffPeriod` and `workerBackOffPeriodJitterFactor` of `pkg/kubelet/pod_workers.go`.
pub(super) const SYNC_AGAIN: Range = Range {
    least: Duration::from_secs(10),
    most: Duration::from_secs(15),
};

/// When it syncs it because something of the pod has started or ended: the relist period of the pod
/// lifecycle event generator. Source: `genericPlegRelistPeriod` of `pkg/kubelet/kubelet.go`.
const RELIST: Duration = Duration::from_secs(1);

impl Worker {
    /// Sets a container aside whose image could not be pulled.
    pub(super) fn hold_pull(&mut self, place: usize, turn: &mut Turn<'_>) {
        let before = self.containers[place].pull;
        let back_off = BackOff::next(before, turn.now, turn.now, turn.profile);
        self.containers[place].pull = Some(back_off);
        // After the first failure the start of the sandbox makes the worker look once more.
        let look = match before {
            None => RELIST,
            Some(_) => turn.random.duration(SYNC_AGAIN),
        };
        self.hold(place, Attempt::Pull, back_off.wait, turn);
        self.look_again_in(place, look, Urgency::Work, turn);
        turn.write();
        self.advance(turn);
    }

    /// Sets a container aside until the next sync, which finds the same or does not.
    pub(super) fn hold_until_sync(&mut self, place: usize, turn: &mut Turn<'_>) {
        let wait = turn.random.duration(SYNC_AGAIN);
        self.hold(place, Attempt::Sync, wait, turn);
        turn.write();
        self.advance(turn);
    }

    /// Sets a container aside until its wait is over.
    ///
    /// Unlike Kubernetes: the next attempt comes when the back-off is over, and not at the first sync
    /// of the pod after that, which is up to 15 s later.
    fn hold(&mut self, place: usize, attempt: Attempt, wait: Duration, turn: &mut Turn<'_>) {
        let container = &mut self.containers[place];
        container.phase = Phase::Held(attempt);
        let back_off = match attempt {
            Attempt::Pull => container.pull,
            Attempt::Sync => None,
            Attempt::Restart => container.restart,
        };
        // What does not grow any more goes on for ever, so an idle world may have it.
        let urgency = if back_off.is_none_or(|back_off| back_off.is_longest(turn.profile)) {
            Urgency::Periodic
        } else {
            Urgency::Work
        };
        let reason = container.reason_of(attempt);
        turn.say(Happening::BackedOff(reason, wait), Some(place));
        self.arm(PodTimer::BackOff(place), wait, urgency, turn);
    }

    /// Sets the alarm for the next look at a container that waits, unless it is tried before that.
    fn look_again_in(
        &mut self,
        place: usize,
        after: Duration,
        urgency: Urgency,
        turn: &mut Turn<'_>,
    ) {
        let mut dues = self.dues.iter();
        let attempt = dues.find(|due| due.timer == PodTimer::BackOff(place));
        if attempt.is_some_and(|due| turn.now + after < due.at) {
            self.arm(PodTimer::LookAgain(place), after, urgency, turn);
        }
    }

    /// A look at a container that waits: the status names the back-off, and an event says it once
    /// more.
    /// Source: `doBackOff` of `kuberuntime_manager.go`, `pullImage` of `image_manager.go`.
    pub(super) fn look_again(&mut self, place: usize, turn: &mut Turn<'_>) {
        let name = &self.spec_of(place).name;
        let container = &self.containers[place];
        let Phase::Held(attempt) = container.phase else {
            return;
        };
        let pod = self.full_name();
        let (reason, message) = match (attempt, &container.waiting) {
            (Attempt::Pull, Waiting::For(reason, why)) => {
                let head = format!("Back-off pulling image \"{}\"", container.image);
                turn.event(EventType::Normal, "BackOff", head.clone(), Some(place));
                let error = "Error: ImagePullBackOff".to_owned();
                turn.event(EventType::Warning, "Failed", error, Some(place));
                let message = match *reason {
                    "ErrImagePull" => format!("{head}: ErrImagePull: {why}"),
                    _ => why.clone(),
                };
                ("ImagePullBackOff", message)
            }
            (Attempt::Pull | Attempt::Sync, _) => return,
            (Attempt::Restart, _) => {
                let said = format!("Back-off restarting failed container {name} in pod {pod}");
                turn.event(EventType::Warning, "BackOff", said, Some(place));
                let wait = container.restart.map(|back_off| back_off.wait);
                let wait = go_duration(wait.unwrap_or_default());
                let message =
                    format!("back-off {wait} restarting failed container={name} pod={pod}");
                ("CrashLoopBackOff", message)
            }
        };
        self.containers[place].waiting = Waiting::For(reason, message);
        let next = turn.random.duration(SYNC_AGAIN);
        self.look_again_in(place, next, Urgency::Periodic, turn);
        turn.write();
    }

    /// The wait of a container is over.
    pub(super) fn try_again(&mut self, place: usize, turn: &mut Turn<'_>) {
        let Phase::Held(attempt) = self.containers[place].phase else {
            return;
        };
        match attempt {
            Attempt::Pull | Attempt::Sync => self.containers[place].phase = Phase::Idle,
            Attempt::Restart => self.allow_restart(place, turn),
        }
        self.advance(turn);
    }

    /// Decides about a container that ended and is to start again: at once, or after a wait.
    /// Source: `doBackOff` of `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.
    pub(super) fn restart_or_wait(&mut self, place: usize, turn: &mut Turn<'_>) {
        let before = self.containers[place].restart;
        match BackOff::until(before, turn.now, turn.now, turn.profile) {
            Some(until) => {
                let wait = until.since(turn.now);
                self.hold(place, Attempt::Restart, wait, turn);
                self.look_again_in(place, RELIST, Urgency::Work, turn);
            }
            None => self.allow_restart(place, turn),
        }
    }

    fn allow_restart(&mut self, place: usize, turn: &Turn<'_>) {
        let container = &mut self.containers[place];
        let finished = container.ending.as_ref().map(|ending| ending.finished);
        let finished = finished.unwrap_or(turn.now);
        let next = BackOff::next(container.restart, finished, turn.now, turn.profile);
        container.restart = Some(next);
        container.phase = Phase::Idle;
    }
}
