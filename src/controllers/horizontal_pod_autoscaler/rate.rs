//! How fast an autoscaler may move: windows that hold a change back, and limits per period.
//! Source: `normalizeDesiredReplicas` and what it calls in `pkg/controller/podautoscaler/horizontal.go`.

use std::time::Duration;

use imbl::Vector;

use crate::api::autoscaling;
use crate::sim::{Profile, Time};

/// Without rules of its own an autoscaler may double its replicas at each look, …
const UP_FACTOR: i32 = 2;
/// … or go up to four.
const UP_LEAST: i32 = 4;

/// No window and no period is longer; what is older is forgotten.
/// Source: `pkg/apis/autoscaling/validation`.
const LONGEST: Duration = Duration::from_hours(1);

/// What an autoscaler remembers: what it recommended, and what it did, each with its moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recommendations {
    given: Vector<(Time, i32)>,
    added: Vector<(Time, i32)>,
    removed: Vector<(Time, i32)>,
}

impl Recommendations {
    /// These, beginning with the replicas that there are when it has none yet.
    pub(super) fn beginning_with(remembered: Option<&Self>, replicas: i32, now: Time) -> Self {
        let mut all = remembered.cloned().unwrap_or_default();
        for list in [&mut all.given, &mut all.added, &mut all.removed] {
            list.retain(|(at, _)| now.since(*at) <= LONGEST);
        }
        if all.given.is_empty() {
            all.given.push_back((now, replicas));
        }
        all
    }

    fn recommend(&mut self, replicas: i32, now: Time) {
        self.given.push_back((now, replicas));
    }

    /// Remembers a change of the number of replicas, for the rules that limit it.
    pub(super) fn scaled(&mut self, from: i32, to: i32, now: Time) {
        if to > from {
            self.added.push_back((now, to - from));
        } else {
            self.removed.push_back((now, from - to));
        }
    }

    /// Until when advice of the past holds this number of replicas up, although the newest advice is
    /// lower; none when it is not. `window` is the stabilization of going down.
    #[must_use]
    pub fn held_until(&self, replicas: i32, window: Duration) -> Option<Time> {
        let (_, newest) = self.given.last()?;
        let as_high = self.given.iter().filter(|(_, given)| *given >= replicas);
        let last = as_high.map(|(at, _)| *at).max()?;
        (*newest < replicas).then(|| last + window)
    }

    /// How many replicas there were when a period began.
    fn at_start_of(&self, period: Duration, replicas: i32, now: Time) -> i32 {
        let within = |list: &Vector<(Time, i32)>| -> i32 {
            let recent = list.iter().filter(|(at, _)| *at + period > now);
            recent.map(|(_, change)| change).sum()
        };
        replicas - within(&self.added) + within(&self.removed)
    }
}

/// What became of a recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Normalized {
    /// So many replicas.
    pub(super) replicas: i32,
    /// Reason and message of the condition AbleToScale.
    pub(super) able: (&'static str, &'static str),
    /// Whether something limits the number, with reason and message of the condition
    /// ScalingLimited.
    pub(super) limited: (bool, &'static str, &'static str),
}

const HELD_DOWN: (&str, &str) = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent \
     recommendation",
);
const HELD_UP: (&str, &str) = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const READY: (&str, &str) = ("ReadyForNewScale", "recommended size matches current size");
const TOO_FAST_UP: (&str, &str) = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
);
const TOO_FAST_DOWN: (&str, &str) = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);
const TOO_MANY: (&str, &str) = (
    "TooManyReplicas",
    "the desired replica count is more than the maximum replica count",
);
const TOO_FEW: (&str, &str) = (
    "TooFewReplicas",
    "the desired replica count is less than the minimum replica count",
);
const IN_RANGE: (&str, &str) = (
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
);

/// The numbers between which an autoscaler moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The fewest replicas.
    pub(super) least: i32,
    /// The most.
    pub(super) most: i32,
    /// How many are wanted now.
    pub(super) current: i32,
}

/// Holds a recommendation back and limits it, and remembers it.
pub(super) fn normalize(
    behavior: Option<&autoscaling::HorizontalPodAutoscalerBehavior>,
    remembered: &mut Recommendations,
    bounds: Bounds,
    desired: i32,
    (now, profile): (Time, &Profile),
) -> Normalized {
    let window = profile.autoscaler.downscale_window;
    let (stable, held, (replicas, why)) = match behavior {
        None => {
            let recent = remembered
                .given
                .iter()
                .filter(|(at, _)| *at + window >= now);
            let highest = recent.map(|(_, replicas)| *replicas).max();
            let stable = highest.unwrap_or(desired).max(desired);
            (stable, HELD_DOWN, within_doubling(bounds, stable))
        }
        Some(behavior) => {
            let (stable, held) = hold(behavior, remembered, bounds, desired, (now, window));
            let limited = within_rules(behavior, remembered, bounds, stable, now);
            (stable, held, limited)
        }
    };
    remembered.recommend(desired, now);
    Normalized {
        replicas,
        able: if stable == desired { READY } else { held },
        limited: (replicas != stable, why.0, why.1),
    }
}

type Limited = (i32, (&'static str, &'static str));

/// Source: `convertDesiredReplicasWithRules`.
fn within_doubling(bounds: Bounds, desired: i32) -> Limited {
    let rate = bounds.current.saturating_mul(UP_FACTOR).max(UP_LEAST);
    let (most, why) = if bounds.most > rate {
        (rate, TOO_FAST_UP)
    } else {
        (bounds.most, TOO_MANY)
    };
    if desired < bounds.least {
        (bounds.least, TOO_FEW)
    } else if desired > most {
        (most, why)
    } else {
        (desired, IN_RANGE)
    }
}

/// Between the lowest recommendation of the window for going up and the highest of that for going
/// down nothing moves. Source: `stabilizeRecommendationWithBehaviors`.
fn hold(
    behavior: &autoscaling::HorizontalPodAutoscalerBehavior,
    remembered: &Recommendations,
    bounds: Bounds,
    desired: i32,
    (now, window): (Time, Duration),
) -> (i32, (&'static str, &'static str)) {
    let span = |rules: Option<&autoscaling::HPAScalingRules>, otherwise: Duration| {
        let seconds = rules.and_then(|rules| rules.stabilization_window_seconds);
        seconds.map_or(otherwise, seconds_of)
    };
    let up = span(behavior.scale_up.as_ref(), Duration::ZERO);
    let down = span(behavior.scale_down.as_ref(), window);
    let recent = |window: Duration| {
        let recent = remembered
            .given
            .iter()
            .filter(move |(at, _)| *at + window > now);
        recent.map(|(_, replicas)| *replicas)
    };
    let lowest = recent(up).min().unwrap_or(desired).min(desired);
    let highest = recent(down).max().unwrap_or(desired).max(desired);
    let stable = bounds.current.max(lowest).min(highest);
    let held = if desired >= bounds.current {
        HELD_UP
    } else {
        HELD_DOWN
    };
    (stable, held)
}

/// Source: `convertDesiredReplicasWithBehaviorRate`.
fn within_rules(
    behavior: &autoscaling::HorizontalPodAutoscalerBehavior,
    remembered: &Recommendations,
    bounds: Bounds,
    desired: i32,
    now: Time,
) -> Limited {
    let current = bounds.current;
    if desired > current {
        let rate = up_limit(behavior.scale_up.as_ref(), remembered, current, now).max(current);
        let (most, why) = if bounds.most > rate {
            (rate, TOO_FAST_UP)
        } else {
            (bounds.most, TOO_MANY)
        };
        if desired > most {
            return (most, why);
        }
    } else if desired < current {
        let rate = down_limit(behavior.scale_down.as_ref(), remembered, current, now).min(current);
        let (least, why) = if bounds.least < rate {
            (rate, TOO_FAST_DOWN)
        } else {
            (bounds.least, TOO_FEW)
        };
        if desired < least {
            return (least, why);
        }
    }
    (desired, IN_RANGE)
}

/// Source: `calculateScaleUpLimitWithScalingRules`.
fn up_limit(
    rules: Option<&autoscaling::HPAScalingRules>,
    remembered: &Recommendations,
    current: i32,
    now: Time,
) -> i32 {
    let limits = limits(rules, |policy| {
        let start = remembered.at_start_of(seconds_of(policy.period_seconds), current, now);
        if policy.type_ == "Pods" {
            start.saturating_add(policy.value)
        } else {
            // Rounded up: a share that is less than one pod would never move.
            let share = i64::from(start) * (100 + i64::from(policy.value));
            i32::try_from((share + 99).div_euclid(100)).unwrap_or(i32::MAX)
        }
    });
    match selection(rules) {
        Selection::Disabled => current,
        Selection::Least => limits.min().unwrap_or(i32::MAX),
        Selection::Most => limits.max().unwrap_or(i32::MIN),
    }
}

/// Source: `calculateScaleDownLimitWithBehaviors`.
fn down_limit(
    rules: Option<&autoscaling::HPAScalingRules>,
    remembered: &Recommendations,
    current: i32,
    now: Time,
) -> i32 {
    let limits = limits(rules, |policy| {
        let start = remembered.at_start_of(seconds_of(policy.period_seconds), current, now);
        if policy.type_ == "Pods" {
            start.saturating_sub(policy.value)
        } else {
            let share = i64::from(start) * (100 - i64::from(policy.value)) / 100;
            i32::try_from(share).unwrap_or(0)
        }
    });
    match selection(rules) {
        Selection::Disabled => current,
        Selection::Least => limits.max().unwrap_or(i32::MIN),
        Selection::Most => limits.min().unwrap_or(i32::MAX),
    }
}

/// Which of several policies holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selection {
    /// The one that allows the most.
    Most,
    /// The one that allows the least.
    Least,
    /// None: there is no moving this way.
    Disabled,
}

fn selection(rules: Option<&autoscaling::HPAScalingRules>) -> Selection {
    match rules.and_then(|rules| rules.select_policy.as_deref()) {
        Some("Disabled") => Selection::Disabled,
        Some("Min") => Selection::Least,
        _ => Selection::Most,
    }
}

fn limits<'a>(
    rules: Option<&'a autoscaling::HPAScalingRules>,
    limit: impl Fn(&autoscaling::HPAScalingPolicy) -> i32 + 'a,
) -> impl Iterator<Item = i32> + 'a {
    let policies = rules
        .into_iter()
        .flat_map(|rules| rules.policies.iter().flatten());
    policies.map(limit)
}

fn seconds_of(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
