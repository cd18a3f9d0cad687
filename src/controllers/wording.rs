//! Numbers in words, as plans show them: `2 too few`.

use std::cmp::Ordering;

use crate::api::Key;
use crate::sim::counted;

/// `2 too few`, `1 too many`, or nothing.
pub(super) fn difference(desired: usize, observed: usize) -> String {
    match observed.cmp(&desired) {
        Ordering::Less => format!("{} too few", desired - observed),
        Ordering::Greater => format!("{} too many", observed - desired),
        Ordering::Equal => String::new(),
    }
}

/// `waits for 2 pods to become ready`, or nothing.
pub(super) fn waits(missing: usize, state: &str) -> String {
    match missing {
        0 => String::new(),
        _ => format!("waits for {} to become {state}", counted(missing, "pod")),
    }
}

/// `deployment default/web`, `pods in default`: what is read, one object or all of a kind.
pub(super) fn asked(about: &Key) -> String {
    let plural = about.kind.info().plural;
    match (&*about.name, &*about.namespace) {
        ("", "") => plural.to_owned(),
        ("", namespace) => format!("{plural} in {namespace}"),
        _ => about.to_string(),
    }
}

/// A number of replicas as an index; what is below zero counts as zero.
pub(super) fn size(replicas: i32) -> usize {
    usize::try_from(replicas).unwrap_or(0)
}

/// A number of objects as a status field counts them.
pub(super) fn replicas(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
