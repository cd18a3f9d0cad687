//! The rolling update of daemon pods: old ones go first and are replaced, or, with `maxSurge`, new
//! ones come first beside them. Source: `rollingUpdate` in `update.go`.

use super::super::deployment::{Rounding, scaled};
use super::super::wording;
use super::Daemons;
use super::placement::Fit;
use crate::api::{DaemonSet, IntOrString, Pod, apps};

fn strategy(set: &DaemonSet) -> Option<&apps::RollingUpdateDaemonSet> {
    set.spec.update_strategy.as_ref()?.rolling_update.as_ref()
}

pub(super) fn is_rolling(set: &DaemonSet) -> bool {
    let strategy = set.spec.update_strategy.as_ref();
    strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete")
}

/// How many nodes may have a second pod, and on how many the pod may be missing.
/// Source: `updatedDesiredNodeCounts`.
fn limits(set: &DaemonSet, nodes: usize) -> (usize, usize) {
    let nodes = wording::replicas(nodes);
    let of = |amount: Option<&IntOrString>, default: i32| {
        let amount = amount.cloned().unwrap_or(IntOrString::Int(default));
        wording::size(scaled(&amount, nodes, Rounding::Up))
    };
    let strategy = strategy(set);
    let surge = of(strategy.and_then(|rolling| rolling.max_surge.as_ref()), 0);
    let missing = of(
        strategy.and_then(|rolling| rolling.max_unavailable.as_ref()),
        1,
    );
    if surge == 0 && missing == 0 {
        return (0, 1);
    }
    (surge, missing)
}

/// Whether new pods may come beside old ones. Source: `AllowsSurge`.
fn surges(set: &DaemonSet) -> bool {
    is_rolling(set) && limits(set, 1).0 > 0
}

/// Of the pods that live on one node, oldest first, those that are too many. Only an old pod that
/// is ready and a new one that is not available yet may stand side by side.
/// Source: `podsShouldBeOnNode`.
pub(super) fn surplus<'a>(daemons: &Daemons<'a>, living: &[&'a Pod]) -> Vec<&'a Pod> {
    if !surges(daemons.set) || living.len() < 2 {
        return living.iter().skip(1).copied().collect();
    }
    let is_new = |pod: &&&Pod| daemons.is_updated(pod);
    let new = living.iter().find(|pod| is_new(pod)).copied();
    let old = living.iter().find(|pod| !is_new(pod)).copied();
    let is_kept = |pod: &Pod| {
        [new, old]
            .into_iter()
            .flatten()
            .any(|kept| kept.uid() == pod.uid())
    };
    let mut surplus: Vec<&Pod> = living.iter().copied().filter(|pod| !is_kept(pod)).collect();
    if let (Some(new), Some(old)) = (new, old)
        && (!old.is_ready() || daemons.is_available(new))
    {
        surplus.push(old);
    }
    surplus
}

/// How a node stands in an update.
enum Standing<'a> {
    /// Its pods are put right elsewhere.
    Unclear,
    /// It has the new pod.
    New(&'a Pod),
    /// It has the old pod.
    Old(&'a Pod),
    /// It has both.
    Both { new: &'a Pod, old: &'a Pod },
}

/// Source: `findUpdatedPodsOnNode`.
fn standing<'a>(daemons: &Daemons<'a>, node: &str) -> Standing<'a> {
    let living = daemons.on(node).iter().copied();
    let living = living.filter(|pod| !pod.is_terminating());
    let (new, old): (Vec<&Pod>, Vec<&Pod>) = living.partition(|pod| daemons.is_updated(pod));
    match (&new[..], &old[..]) {
        ([new], []) => Standing::New(new),
        ([], [old]) => Standing::Old(old),
        ([new], [old]) => Standing::Both { new, old },
        _ => Standing::Unclear,
    }
}

/// The next step of an update.
pub(super) fn roll(daemons: &mut Daemons<'_>) {
    let nodes = daemons.nodes.iter().filter(|(_, fit)| *fit == Fit::Run);
    let nodes: Vec<String> = nodes.map(|(node, _)| node.name().to_owned()).collect();
    let (surge, missing) = limits(daemons.set, nodes.len());
    if surge == 0 {
        replace(daemons, &nodes, missing);
    } else {
        grow(daemons, &nodes, surge);
    }
}

/// Old pods that are not available go at once, and of the others as many as may be missing.
fn replace(daemons: &mut Daemons<'_>, nodes: &[String], allowed: usize) {
    let (mut broken, mut candidates, mut missing) = (Vec::new(), Vec::new(), 0);
    for node in nodes {
        match standing(daemons, node) {
            Standing::Unclear | Standing::Both { .. } => missing += 1,
            Standing::New(pod) => missing += usize::from(!daemons.is_available(pod)),
            Standing::Old(pod) if daemons.is_available(pod) => candidates.push(pod),
            Standing::Old(pod) => {
                broken.push(pod);
                missing += 1;
            }
        }
    }
    let spared = candidates.into_iter().take(allowed.saturating_sub(missing));
    for pod in broken.into_iter().chain(spared) {
        let delete = daemons.delete(pod, "it was made from an older template");
        daemons.actions.push(delete);
    }
}

/// Where the old pod is not available a new one comes at once, and of the other nodes to as many as
/// may have two; an old pod goes when the new one beside it is available.
fn grow(daemons: &mut Daemons<'_>, nodes: &[String], allowed: usize) {
    let (mut broken, mut candidates, mut done, mut doubled) =
        (Vec::new(), Vec::new(), Vec::new(), 0);
    for node in nodes {
        match standing(daemons, node) {
            Standing::New(_) => {}
            Standing::Old(pod) if daemons.is_available(pod) => candidates.push(node),
            Standing::Old(_) => broken.push(node),
            Standing::Both { new, old } if daemons.is_available(new) => done.push(old),
            Standing::Both { .. } | Standing::Unclear => doubled += 1,
        }
    }
    let spared = candidates.into_iter().take(allowed.saturating_sub(doubled));
    for node in broken.into_iter().chain(spared) {
        let create = daemons.create(node);
        daemons.actions.push(create);
    }
    for pod in done {
        let delete = daemons.delete(pod, "a new one has taken its place");
        daemons.actions.push(delete);
    }
}
