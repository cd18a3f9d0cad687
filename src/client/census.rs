//! How many pods of an owner stand how: counted as they come, change and go, so that the owner of ten
//! thousand does not read them all for each look.

use imbl::OrdMap;

use crate::api::meta::{self, Labels};
use crate::api::{Object, Pod, Typed};
use crate::sim::Time;

/// What decides how a pod counts for its owner; pods that agree in this are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// Its labels.
    pub labels: Labels,
    /// Whether it has not ended and is not on its way out.
    pub is_active: bool,
    /// Whether it is ready.
    pub is_ready: bool,
    /// Since when, if it says so.
    pub ready_since: Option<Time>,
}

impl Standing {
    /// How a pod stands.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        Self {
            labels: meta::labels(&pod.metadata).clone(),
            is_active: pod.is_active(),
            is_ready: pod.is_ready(),
            ready_since: pod.ready_since(),
        }
    }
}

/// Whether two states of a pod count the same.
pub(super) fn stand_alike(one: &Pod, other: &Pod) -> bool {
    one.is_active() == other.is_active()
        && one.is_ready() == other.is_ready()
        && one.ready_since() == other.ready_since()
        && meta::labels(&one.metadata) == meta::labels(&other.metadata)
}

/// The pods of one owner by their standing.
#[derive(Clone, Debug, Default)]
pub(super) struct Census(OrdMap<Standing, usize>);

impl Census {
    /// The census of these objects, as far as they are pods.
    pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let mut census = Self::default();
        for pod in objects.filter_map(Pod::of) {
            census.add(pod);
        }
        census
    }

    pub(super) fn add(&mut self, pod: &Pod) {
        *self.0.entry(Standing::of(pod)).or_insert(0) += 1;
    }

    pub(super) fn remove(&mut self, pod: &Pod) {
        let standing = Standing::of(pod);
        match self.0.get_mut(&standing) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                self.0.remove(&standing);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Standing, usize)> {
        self.0.iter().map(|(standing, count)| (standing, *count))
    }
}
