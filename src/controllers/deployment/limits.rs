//! How many pods a rolling update may add, and how many may be missing.

use crate::api::{Deployment, IntOrString, apps};

/// The bounds of a rollout, in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// How many are wanted.
    pub(super) replicas: i32,
    /// How many may be there beyond that.
    pub(super) surge: i32,
    /// How many of those wanted may be unavailable.
    pub(super) unavailable: i32,
}

impl Limits {
    /// The bounds that the strategy sets; without a rolling update both are zero.
    pub(super) fn of(deployment: &Deployment) -> Self {
        let replicas = deployment.spec.replicas.unwrap_or(1);
        let rolling = rolling_update(deployment);
        let (surge, unavailable) = rolling.map_or((0, 0), |rolling| bounds(rolling, replicas));
        let unavailable = if replicas == 0 { 0 } else { unavailable };
        Self {
            replicas,
            surge,
            unavailable: unavailable.min(replicas),
        }
    }

    /// The most pods at any time.
    pub(super) const fn most(self) -> i32 {
        self.replicas + self.surge
    }

    /// The fewest available pods at any time.
    pub(super) const fn least_available(self) -> i32 {
        self.replicas - self.unavailable
    }
}

/// True for the strategy `Recreate`.
pub(super) fn is_recreate(deployment: &Deployment) -> bool {
    strategy(deployment) == Some("Recreate")
}

fn strategy(deployment: &Deployment) -> Option<&str> {
    deployment.spec.strategy.as_ref()?.type_.as_deref()
}

fn rolling_update(deployment: &Deployment) -> Option<apps::RollingUpdateDeployment> {
    if is_recreate(deployment) {
        return None;
    }
    let strategy = deployment.spec.strategy.as_ref();
    Some(
        strategy
            .and_then(|strategy| strategy.rolling_update.clone())
            .unwrap_or_default(),
    )
}

/// Surge rounds up and unavailable down; both zero would stand still, so one may be missing then.
/// Source: `ResolveFenceposts` in `pkg/controller/deployment/util`.
fn bounds(rolling: apps::RollingUpdateDeployment, replicas: i32) -> (i32, i32) {
    let quarter = || IntOrString::String("25%".to_owned());
    let surge = rolling.max_surge.unwrap_or_else(quarter);
    let unavailable = rolling.max_unavailable.unwrap_or_else(quarter);
    let surge = scaled(&surge, replicas, Rounding::Up);
    let unavailable = scaled(&unavailable, replicas, Rounding::Down);
    if surge == 0 && unavailable == 0 {
        (0, 1)
    } else {
        (surge, unavailable)
    }
}

/// Which way a share of pods that is no whole number goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::controllers) enum Rounding {
    Up,
    Down,
}

/// A number as it stands, or a percentage of `total`; what is neither counts as zero.
/// Source: `intstr.GetScaledValueFromIntOrPercent`.
pub(in crate::controllers) fn scaled(value: &IntOrString, total: i32, rounding: Rounding) -> i32 {
    match value {
        IntOrString::Int(number) => *number,
        IntOrString::String(text) => {
            let percent: i64 = text
                .strip_suffix('%')
                .and_then(|number| number.parse().ok())
                .unwrap_or(0);
            let share = percent.saturating_mul(i64::from(total));
            let share = match rounding {
                Rounding::Up => (share + 99).div_euclid(100),
                Rounding::Down => share.div_euclid(100),
            };
            i32::try_from(share).unwrap_or(i32::MAX)
        }
    }
}
