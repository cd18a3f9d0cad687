//! Which components have a line when there is not room for all: the idle ones are only counted.

use crate::cluster::{Cluster, ComponentId, Power};

/// How far from the cursor components are looked at: of thousands of kubelets most are out of sight.
const REACH: usize = 100;

/// The places of the components to show in so many lines, in their order. One line is kept for those
/// that are left out.
pub(super) fn of(
    world: &Cluster,
    components: &[ComponentId],
    cursor: usize,
    lines: usize,
) -> Vec<usize> {
    if components.len() <= lines {
        return (0..components.len()).collect();
    }
    let near = cursor.saturating_sub(REACH)..components.len().min(cursor + REACH);
    let mut places: Vec<usize> = near.collect();
    places.sort_by_cached_key(|place| {
        let interest = components.get(*place).map(|id| Interest::of(world, id));
        (*place != cursor, interest, place.abs_diff(cursor))
    });
    places.truncate(lines.saturating_sub(1).max(1));
    places.sort_unstable();
    places
}

/// `⋮ 21 more, all idle`.
pub(super) fn rest_words(world: &Cluster, components: &[ComponentId], shown: &[usize]) -> String {
    let left_out = components.len() - shown.len();
    let others = components.iter().enumerate();
    let others = others.filter(|(place, _)| !shown.contains(place));
    let others = others
        .take(REACH * 2)
        .map(|(_, id)| Interest::of(world, id));
    let busy = others
        .filter(|interest| *interest <= Interest::Busy)
        .count();
    match busy {
        0 => format!("⋮ {left_out} more, all idle"),
        busy => format!("⋮ {left_out} more, {busy} of them busy or off"),
    }
}

/// How much a component has to tell, most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Interest {
    /// It does not run.
    Off,
    /// Something waits for it, or is in its hands.
    Busy,
    /// It has done something.
    Worked,
    /// Nothing yet.
    Idle,
}

impl Interest {
    fn of(world: &Cluster, id: &ComponentId) -> Self {
        let Some(standing) = world.standing(id) else {
            return Self::Idle;
        };
        let queued = [&standing.waiting, &standing.in_work, &standing.parked];
        if standing.power != Power::On {
            Self::Off
        } else if queued.into_iter().any(|keys| !keys.is_empty()) || !standing.later.is_empty() {
            Self::Busy
        } else if super::detail::last_words(world, id).is_empty() {
            Self::Idle
        } else {
            Self::Worked
        }
    }
}
