//! Images that nobody uses: removed when the disk fills up, before any pod is evicted.
//!
//! Source: `pkg/kubelet/images/image_gc_manager.go`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::agent::{Agent, Hands};
use super::image::Reference;
use super::note::Note;
use super::worker::Worker;
use crate::client::EventType;
use crate::sim::{RecordId, Time};

/// From this share of the disk on, in per cent, images are removed. Source:
/// `imageGCHighThresholdPercent`.
const HIGH: u64 = 85;

/// Down to this share, in per cent. Source: `imageGCLowThresholdPercent`.
const LOW: u64 = 80;

/// A younger image is not removed. Source: `imageMinimumGCAge`.
const LEAST_AGE: Duration = Duration::from_mins(2);

/// How often the kubelet looks. Source: `ImageGCPeriod`.
pub(super) const PERIOD: Duration = Duration::from_mins(5);

impl Agent {
    /// Looks how full the disk is, as every five minutes, and removes images when it is too full.
    pub(super) fn collect_images(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        if hands.now < self.next_image_gc {
            return;
        }
        self.next_image_gc = hands.now + PERIOD;
        let capacity = u64::try_from(self.machine.ephemeral_storage.value()).unwrap_or(0);
        let used = self.disk_used_now(hands.now);
        // Whole per cents, as the manager counts them.
        if used.saturating_mul(100) / capacity.max(1) < HIGH {
            return;
        }
        let wanted = used.saturating_sub(capacity / 100 * LOW);
        let freed = self.free_images(wanted, cause, hands);
        if freed < wanted {
            let message = format!(
                "Failed to garbage collect required amount of images. Attempted to free {wanted} \
                 bytes, but only found {freed} bytes eligible to free."
            );
            let said = (EventType::Warning, "FreeDiskSpaceFailed", message);
            self.say_of_node(said, cause, hands);
        }
    }

    /// Removes every image that nobody uses: the disk is short. Source: `DeleteUnusedImages`.
    pub(super) fn remove_images(&mut self, cause: RecordId, hands: &mut Hands<'_>) {
        self.free_images(u64::MAX, cause, hands);
    }

    /// Removes images that nobody uses until so many bytes are free, those first that were used
    /// longest ago. Returns how many bytes that made. Source: `freeSpace`.
    fn free_images(&mut self, wanted: u64, cause: RecordId, hands: &mut Hands<'_>) -> u64 {
        let in_use: BTreeSet<String> = self
            .workers
            .values()
            .flat_map(|worker| images_of(worker))
            .collect();
        let now = hands.now;
        let is_old = |since: Time| now.since(since) >= LEAST_AGE;
        let unused = self
            .images
            .iter()
            .filter(|image| !in_use.contains(&*image.name) && is_old(image.since));
        let mut unused: Vec<(Time, Time, Arc<str>, u64)> = unused
            .map(|image| {
                (
                    image.last_used,
                    image.since,
                    Arc::clone(&image.name),
                    image.bytes,
                )
            })
            .collect();
        unused.sort();
        let mut freed = 0;
        let mut removed = 0;
        for (_, _, name, bytes) in unused {
            if freed >= wanted {
                break;
            }
            self.images.remove(&name);
            freed += bytes;
            removed += 1;
        }
        if removed > 0 {
            self.is_node_checked = false;
            hands.note(cause, Note::ImagesRemoved(self.node_key(), removed, freed));
        }
        freed
    }
}

/// The images of the containers that a pod has on the disk, by their whole names.
pub(super) fn images_of(worker: &Worker) -> impl Iterator<Item = String> {
    let made = worker.containers.iter().filter(|each| each.runs > 0);
    made.filter_map(|container| Some(Reference::parse(&container.image).ok()?.name()))
}
