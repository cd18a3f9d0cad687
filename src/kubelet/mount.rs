//! What holds a pod back until everything is there that it names: its volumes before its sandbox,
//! the environment of a container before its creation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::alarm::PodTimer;
use super::container::{Phase, Waiting};
use super::fetch::Purpose;
use super::held::SYNC_AGAIN;
use super::named::{self, Answers, Obstacle};
use super::note::Happening;
use super::worker::{Action, Stage, Turn, Worker};
use crate::api::Key;
use crate::client::EventType;
use crate::sim::Urgency;

/// The first wait before a volume is set up again, doubled with each failure.
/// Source: `pkg/util/goroutinemap/exponentialbackoff`, as for the next.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(122);

/// Why a volume is not mounted that the attach-detach-controller has not attached.
const UNATTACHED: &str = "Volume not attached according to node status";

/// How long one sync waits for the volumes.
/// Source: `podAttachAndMountTimeout` of `pkg/kubelet/volumemanager/volume_manager.go`.
const PATIENCE: Duration = Duration::from_secs(123);

impl Worker {
    /// Begins to mount the volumes of the pod, anew after a loss of power.
    pub(super) fn want_volumes(&mut self, turn: &mut Turn<'_>) {
        let keys = named::by_volumes(&self.pod);
        if keys.is_empty() {
            self.make_sandbox(turn);
            return;
        }
        self.stage = Stage::Volumes;
        self.mount_wait = None;
        self.arm(PodTimer::MountLate, PATIENCE, Urgency::Periodic, turn);
        Self::fetch_volumes(keys, Answers::new(), turn);
    }

    fn fetch_volumes(keys: BTreeSet<Key>, known: Answers, turn: &mut Turn<'_>) {
        let action = Action::Fetch(Purpose::Volumes, keys, known);
        turn.actions.push(action);
    }

    /// Tries again to mount them.
    pub(super) fn mount_again(&mut self, turn: &mut Turn<'_>) {
        if self.stage == Stage::Volumes {
            let keys = named::by_volumes(&self.pod);
            Self::fetch_volumes(keys, Answers::new(), turn);
        }
    }

    /// Mounts the volumes, if everything is there for them.
    pub(super) fn mount(&mut self, answers: Answers, turn: &mut Turn<'_>) {
        if self.stage != Stage::Volumes {
            return;
        }
        let behind = named::behind_claims(&self.pod, &answers);
        if !behind.is_empty() {
            Self::fetch_volumes(behind, answers, turn);
            return;
        }
        let obstacles = named::obstacles(&self.pod, &answers, turn.node);
        if obstacles.is_empty() {
            self.disarm(PodTimer::MountLate);
            self.make_sandbox(turn);
            return;
        }
        for (volume, obstacle) in &obstacles {
            let why = match obstacle {
                Obstacle::SetUp(why) => {
                    let message =
                        format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}");
                    turn.event(EventType::Warning, "FailedMount", message, None);
                    why
                }
                Obstacle::Claim(why) => why,
                Obstacle::Attachment => UNATTACHED,
            };
            turn.say(
                Happening::MountFailed(volume.as_str().into(), why.to_owned()),
                None,
            );
        }
        if !self.lacks_claims(&obstacles, turn) {
            let doubled = self.mount_wait.map(|wait| (wait * 2).min(LONGEST_WAIT));
            let wait = doubled.unwrap_or(FIRST_WAIT);
            self.mount_wait = Some(wait);
            // A wait that has stopped growing goes on for ever, so an idle world may have it.
            let urgency = if wait < LONGEST_WAIT {
                Urgency::Work
            } else {
                Urgency::Periodic
            };
            turn.say(Happening::BackedOff("FailedMount", wait), None);
            self.arm(PodTimer::Mount, wait, urgency, turn);
        }
        self.unmounted = obstacles.into_iter().collect();
    }

    /// With a claim that cannot be used the sync fails at once. True when there is one.
    fn lacks_claims(
        &mut self,
        obstacles: &BTreeMap<String, Obstacle>,
        turn: &mut Turn<'_>,
    ) -> bool {
        let claims = obstacles
            .iter()
            .filter_map(|(volume, obstacle)| match obstacle {
                Obstacle::Claim(why) => Some((volume.as_str(), why.as_str())),
                Obstacle::SetUp(_) | Obstacle::Attachment => None,
            });
        let (volumes, errors): (Vec<&str>, Vec<&str>) = claims.unzip();
        if volumes.is_empty() {
            return false;
        }
        let unmounted: Vec<&str> = obstacles.keys().map(String::as_str).collect();
        Self::cannot_mount((&unmounted, &[], &volumes), &errors.join("; "), turn);
        let wait = turn.random.duration(SYNC_AGAIN);
        turn.say(Happening::BackedOff("FailedMount", wait), None);
        self.disarm(PodTimer::MountLate);
        self.arm(PodTimer::Mount, wait, Urgency::Periodic, turn);
        true
    }

    /// The sync has waited for the volumes for long enough; after a pause it waits again.
    pub(super) fn mount_is_late(&mut self, turn: &mut Turn<'_>) {
        if self.stage != Stage::Volumes {
            return;
        }
        let unmounted = std::mem::take(&mut self.unmounted);
        let names: Vec<&str> = unmounted.iter().map(|(name, _)| name.as_str()).collect();
        let is_unattached = |(_, why): &&(String, Obstacle)| *why == Obstacle::Attachment;
        let unattached = unmounted.iter().filter(is_unattached);
        let unattached: Vec<&str> = unattached.map(|(name, _)| name.as_str()).collect();
        let why = "context deadline exceeded";
        Self::cannot_mount((&names, &unattached, &[]), why, turn);
        self.unmounted = unmounted;
        let pause = turn.random.duration(SYNC_AGAIN);
        self.arm(
            PodTimer::MountLate,
            pause + PATIENCE,
            Urgency::Periodic,
            turn,
        );
    }

    /// Source: `WaitForAttachAndMount` of `pkg/kubelet/volumemanager/volume_manager.go`.
    fn cannot_mount(
        (unmounted, unattached, unknown): (&[&str], &[&str], &[&str]),
        why: &str,
        turn: &mut Turn<'_>,
    ) {
        let message = format!(
            "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[{}], \
             failed to process volumes=[{}]: {why}",
            unmounted.join(" "),
            unattached.join(" "),
            unknown.join(" ")
        );
        turn.event(EventType::Warning, "FailedMount", message, None);
    }

    /// Step two of a start: the settings of the container.
    pub(super) fn want_environment(&mut self, place: usize, turn: &mut Turn<'_>) {
        let keys = named::by_environment(&self.key.namespace, self.spec_of(place));
        if keys.is_empty() {
            self.create_as_user(place, turn);
            return;
        }
        self.containers[place].phase = Phase::Configuring;
        let purpose = Purpose::Environment(place);
        turn.actions
            .push(Action::Fetch(purpose, keys, Answers::new()));
    }

    /// Makes the environment of a container, if everything is there for it.
    /// Source: `startContainer` of `pkg/kubelet/kuberuntime/kuberuntime_container.go`.
    pub(super) fn configure(&mut self, place: usize, answers: &Answers, turn: &mut Turn<'_>) {
        if self.containers[place].phase != Phase::Configuring {
            return;
        }
        let spec = self.spec_of(place);
        match named::environment(&self.key.namespace, spec, answers) {
            Ok(()) => self.create_as_user(place, turn),
            Err(why) => self.cannot_configure(place, why, turn),
        }
    }

    /// Creates the container, unless it would run as the user that it must not be.
    fn create_as_user(&mut self, place: usize, turn: &mut Turn<'_>) {
        match self.forbidden_user(place) {
            None => self.create(place, turn),
            Some(why) => self.cannot_configure(place, why, turn),
        }
    }

    /// Why a container may not run as its user, if it may not.
    /// Source: `verifyRunAsNonRoot` of `pkg/kubelet/kuberuntime/security_context.go`.
    ///
    /// Unlike Kubernetes: as whom an image runs that nobody gives a user is not known, and no
    /// container is held back for it.
    fn forbidden_user(&self, place: usize) -> Option<String> {
        let of_pod = self.pod.spec.security_context.as_ref();
        let spec = self.spec_of(place);
        let own = spec.security_context.as_ref();
        let must_not_be_root = own
            .and_then(|it| it.run_as_non_root)
            .or(of_pod.and_then(|it| it.run_as_non_root));
        let user = own
            .and_then(|it| it.run_as_user)
            .or(of_pod.and_then(|it| it.run_as_user));
        (must_not_be_root == Some(true) && user == Some(0)).then(|| {
            format!(
                "container's runAsUser breaks non-root policy (pod: \"{}\", container: {})",
                self.full_name(),
                spec.name
            )
        })
    }

    fn cannot_configure(&mut self, place: usize, why: String, turn: &mut Turn<'_>) {
        let reason = "CreateContainerConfigError";
        turn.say(Happening::ConfigurationFailed(why.clone()), Some(place));
        let message = format!("Error: {why}");
        turn.event(EventType::Warning, "Failed", message, Some(place));
        self.containers[place].waiting = Waiting::For(reason, why);
        self.hold_until_sync(place, turn);
    }
}
