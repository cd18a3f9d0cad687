//! What bounds or moves workloads, in a line: an autoscaler, a budget, a quota, a namespace that goes.

use unicode_width::UnicodeWidthStr;

use super::scaler;
use crate::api::{Key, Kind, Namespace, Object, PodDisruptionBudget, Quantity, ResourceQuota};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// What its kind is called in the line.
pub(super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::HorizontalPodAutoscaler => "HPA",
        Kind::PodDisruptionBudget => "PDB",
        kind => kind.info().name,
    }
}

/// The line in words that fit into the room, the shortest when none do.
pub(super) fn words(view: &View<'_>, key: &Key, room: usize) -> Option<(String, Role)> {
    let (variants, role) = match view.world().store().get(key)? {
        Object::HorizontalPodAutoscaler(_) => return scaler::words(view, key, room),
        Object::PodDisruptionBudget(budget) => of_budget(budget),
        Object::ResourceQuota(quota) => of_quota(quota),
        Object::Namespace(namespace) => of_namespace(namespace),
        _ => return None,
    };
    let fits = variants.iter().find(|words| words.width() <= room);
    let words = fits.or(variants.last()).cloned().unwrap_or_default();
    Some((words, role))
}

/// `2 of 2 healthy, 2 needed → 0 may be evicted`
fn of_budget(budget: &PodDisruptionBudget) -> (Vec<String>, Role) {
    let status = &budget.status;
    let (healthy, needed) = (status.current_healthy, status.desired_healthy);
    let (expected, allowed) = (status.expected_pods, status.disruptions_allowed);
    let role = if allowed > 0 {
        Role::Current
    } else {
        Role::Waiting
    };
    let variants = vec![
        format!("{healthy} of {expected} healthy, {needed} needed → {allowed} may be evicted"),
        format!("{healthy} healthy, {needed} needed → {allowed} may go"),
        format!("{allowed} may go"),
    ];
    (variants, role)
}

/// `pods 3/3, requests.cpu 500m/2`
fn of_quota(quota: &ResourceQuota) -> (Vec<String>, Role) {
    let status = &quota.status;
    let used = |name: &str| {
        let used = status.used.as_ref().and_then(|used| used.get(name));
        used.map_or("0", |used| used.0.as_str())
    };
    let amount = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ZERO);
    let hard = || status.hard.iter().flatten();
    let parts: Vec<String> = hard()
        .map(|(name, hard)| format!("{name} {}/{}", used(name), hard.0))
        .collect();
    let full = hard()
        .filter(|(name, hard)| amount(used(name)) >= amount(&hard.0))
        .count();
    let (first, role) = match full {
        0 => (String::new(), Role::Current),
        _ => ("full: ".to_owned(), Role::Waiting),
    };
    let all = parts.join(", ");
    let variants = vec![
        format!("{first}{all}"),
        all,
        format!("{full} of {} full", parts.len()),
    ];
    (variants, role)
}

/// `Terminating: example.com/hold in 1 resource instances`
fn of_namespace(namespace: &Namespace) -> (Vec<String>, Role) {
    let condition = |name: &str| {
        let mut conditions = namespace.status.conditions.iter().flatten();
        let found =
            conditions.find(|condition| condition.type_ == name && condition.status == "True");
        found.and_then(|condition| condition.message.as_deref())
    };
    let held = condition("NamespaceFinalizersRemaining");
    let held = held.or_else(|| condition("NamespaceContentRemaining"));
    let short = held.map(|message| message.split_once(": ").map_or(message, |(_, what)| what));
    let mut variants: Vec<String> = [held, short]
        .into_iter()
        .flatten()
        .map(|message| format!("◌ Terminating: {message}"))
        .collect();
    variants.push("◌ Terminating".to_owned());
    (variants, Role::Waiting)
}
