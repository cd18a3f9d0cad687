//! A rollout in words.

use super::super::controller::Action;
use super::super::wording;
use super::limits::Limits;
use super::revision::{Member, Members};
use crate::api::Deployment;
use crate::sim::counted;

pub(super) fn desired(limits: Limits) -> String {
    let pods = counted(wording::size(limits.replicas), "pod");
    if limits.surge == 0 && limits.unavailable == 0 {
        return format!("{pods} of the newest template");
    }
    let (most, least) = (limits.most(), limits.least_available());
    format!("{pods} of the newest template, at most {most}, at least {least} available")
}

fn numbers(members: &Members) -> (usize, usize) {
    let new = members.new.as_ref().map_or(0, Member::replicas_before);
    let old = members.old.iter().map(Member::replicas_before).sum();
    (wording::size(new), wording::size(old))
}

pub(super) fn observed(members: &Members) -> String {
    let (new, old) = numbers(members);
    let available: i32 = members.all().map(Member::available).sum();
    let new = if members.new.is_some() {
        new.to_string()
    } else {
        "no ReplicaSet for it".to_owned()
    };
    if old == 0 {
        format!("{new}, {available} available")
    } else {
        format!("{new}, {old} old, {available} available")
    }
}

pub(super) fn difference(members: &Members, seen: &Deployment, actions: &[Action]) -> String {
    let limits = Limits::of(seen);
    let (new, old) = numbers(members);
    let mut parts = vec![wording::difference(wording::size(limits.replicas), new)];
    if old > 0 {
        parts.push(format!("{old} old"));
    }
    parts.retain(|part| !part.is_empty());
    if actions.is_empty() && seen.spec.paused == Some(true) {
        if !parts.is_empty() {
            parts.push("paused until rollout resume".to_owned());
        }
    } else if actions.is_empty() {
        // Nothing can be done: what is missing has to come up first.
        let newest = members.new.as_ref().map_or(0, Member::available);
        let missing = wording::size(limits.replicas - newest);
        parts.push(wording::waits(missing, "available"));
        parts.retain(|part| !part.is_empty());
    } else if parts.is_empty() {
        parts.push("the status is behind".to_owned());
    }
    parts.join(", ")
}
