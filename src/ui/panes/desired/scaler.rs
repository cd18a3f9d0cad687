//! An autoscaler in a line: what it measures beside what it keeps to, its bounds, and what it wants.

use unicode_width::UnicodeWidthStr;

use crate::api::{HorizontalPodAutoscaler, Key, Object};
use crate::cluster::Cluster;
use crate::controllers::Runner;
use crate::kubectl::printers::scaler_targets;
use crate::sim::span_words;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// `cpu: 200%/50%  1..5 → 5, may shrink in 4m40s`: in the words that fit into the room, the shortest
/// when none do.
pub(super) fn words(view: &View<'_>, key: &Key, room: usize) -> Option<(String, Role)> {
    let Some(Object::HorizontalPodAutoscaler(scaler)) = view.world().store().get(key) else {
        return None;
    };
    let targets = scaler_targets(scaler);
    let (least, most) = (
        scaler.spec.min_replicas.unwrap_or(1),
        scaler.spec.max_replicas,
    );
    let wanted = scaler.status.desired_replicas;
    let numbers = match (scaler.status.current_replicas, wanted) {
        (Some(current), 0) => format!("leaves {current}"),
        (Some(current), wanted) if current != wanted => format!("{current} → {wanted}"),
        (None, 0) => "nothing yet".to_owned(),
        (_, wanted) => format!("→ {wanted}"),
    };
    let bounds = format!("{least}..{most}");
    let (then, role) = outlook(view.world(), key, scaler);
    let variants = [
        format!("{targets}  {bounds} {numbers}{then}"),
        format!("{targets} {numbers}{then}"),
        format!("{numbers}{then}"),
        format!("{targets} {numbers}"),
        targets,
    ];
    let fits = variants.iter().find(|words| words.width() <= room);
    Some((fits.or(variants.last())?.clone(), role))
}

/// What holds it back: no figures, the memory of higher advice, or its bounds.
fn outlook(world: &Cluster, key: &Key, scaler: &HorizontalPodAutoscaler) -> (String, Role) {
    let condition = |name: &str| {
        let mut conditions = scaler.status.conditions.iter().flatten();
        conditions.find(|condition| condition.type_ == name)
    };
    if let Some(idle) = condition("ScalingActive").filter(|active| active.status != "True") {
        let reason = idle.reason.as_deref().unwrap_or("not active");
        return (format!(", {reason}"), Role::Waiting);
    }
    if let Some(at) = may_shrink(world, key, scaler) {
        let left = span_words(at.since(world.now()));
        return (format!(", may shrink in {left}"), Role::Waiting);
    }
    let limited = condition("ScalingLimited").filter(|limited| limited.status == "True");
    match limited.and_then(|limited| limited.reason.as_deref()) {
        Some("TooManyReplicas") => (", at its most".to_owned(), Role::Waiting),
        Some("TooFewReplicas") => (", at its least".to_owned(), Role::Current),
        _ => (String::new(), Role::Current),
    }
}

/// When higher advice of the past no longer holds the number up; none when none does.
fn may_shrink(
    world: &Cluster,
    key: &Key,
    scaler: &HorizontalPodAutoscaler,
) -> Option<crate::sim::Time> {
    let mut loops = world.controllers();
    let runner: &Runner = &loops
        .find(|part| part.component.recommended(key).is_some())?
        .component;
    let behavior = scaler.spec.behavior.as_ref();
    let down = behavior.and_then(|behavior| behavior.scale_down.as_ref());
    let seconds = down.and_then(|rules| rules.stabilization_window_seconds);
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let window = seconds.map_or(
        world.profile().autoscaler.downscale_window,
        std::time::Duration::from_secs,
    );
    let current = scaler.status.current_replicas?;
    let until = runner.recommended(key)?.held_until(current, window)?;
    (until > world.now()).then_some(until)
}
