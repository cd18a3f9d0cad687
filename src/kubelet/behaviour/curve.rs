//! An amount that changes over time: points with straight lines between them.

use std::time::Duration;

/// An amount over the time since a container's start. Before its first point it is as at the first,
/// after the last as at the last; two points of one moment are a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    points: Vec<(Duration, u64)>,
}

impl Curve {
    /// Always the same amount.
    #[must_use]
    pub fn constant(amount: u64) -> Self {
        Self {
            points: vec![(Duration::ZERO, amount)],
        }
    }

    /// Through these points.
    ///
    /// # Errors
    /// When there are none, or one lies before the one ahead of it.
    pub fn through(points: Vec<(Duration, u64)>) -> Result<Self, String> {
        if points.is_empty() {
            return Err("no amount is given".to_owned());
        }
        if !points.is_sorted_by_key(|(at, _)| *at) {
            return Err("the moments must not go back".to_owned());
        }
        Ok(Self { points })
    }

    /// The amount this long after the start.
    #[must_use]
    pub fn at(&self, since: Duration) -> u64 {
        let after = self.points.partition_point(|(at, _)| *at <= since);
        match (after.checked_sub(1), self.points.get(after)) {
            (None, Some((_, first))) => *first,
            (Some(before), None) => self.points[before].1,
            (Some(before), Some(next)) => between(self.points[before], *next, since),
            (None, None) => 0,
        }
    }

    /// The first moment at which the amount is more than `limit`.
    #[must_use]
    pub fn exceeds(&self, limit: u64) -> Option<Duration> {
        let (first_at, first) = *self.points.first()?;
        if first > limit {
            return Some(Duration::ZERO.min(first_at));
        }
        let mut pairs = self.points.windows(2);
        let (from, to) = pairs.find_map(|pair| match pair {
            [from, to] if to.1 > limit => Some((*from, *to)),
            _ => None,
        })?;
        let span = to.0.saturating_sub(from.0).as_nanos();
        let rise = u128::from(to.1 - from.1);
        let needed = u128::from(limit - from.1) + 1;
        let nanos = (span * needed).div_ceil(rise.max(1));
        Some(from.0 + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

fn between(from: (Duration, u64), to: (Duration, u64), since: Duration) -> u64 {
    let span = to.0.saturating_sub(from.0).as_nanos().max(1);
    let passed = since.saturating_sub(from.0).as_nanos();
    let part = |amount: u64| u128::from(amount) * passed / span;
    let change = u64::try_from(part(from.1.abs_diff(to.1))).unwrap_or(u64::MAX);
    if to.1 >= from.1 {
        from.1.saturating_add(change)
    } else {
        from.1.saturating_sub(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(u64, u64)]) -> Curve {
        let points = points.iter();
        let points = points.map(|(at, amount)| (Duration::from_secs(*at), *amount));
        Curve::through(points.collect()).expect("the moments go on")
    }

    #[test]
    fn amounts_lie_on_straight_lines_between_their_points() {
        let leak = curve(&[(10, 100), (20, 300), (30, 200)]);
        for (at, amount) in [
            (0, 100),
            (10, 100),
            (15, 200),
            (20, 300),
            (25, 250),
            (99, 200),
        ] {
            assert_eq!(leak.at(Duration::from_secs(at)), amount, "at {at}");
        }
        let step = curve(&[(0, 1), (5, 1), (5, 9)]);
        assert_eq!(step.at(Duration::from_millis(4999)), 1);
        assert_eq!(step.at(Duration::from_secs(5)), 9);
    }

    #[test]
    fn the_first_moment_above_a_limit_is_exact() {
        let seconds = |at: u64| Some(Duration::from_secs(at));
        let leak = curve(&[(0, 0), (100, 1_000_000_000)]);
        let crossing = leak.exceeds(499_999_999).expect("it crosses");
        assert_eq!(Some(crossing), seconds(50));
        assert!(leak.at(crossing) > 499_999_999);
        assert_eq!(leak.exceeds(1_000_000_000), None);
        assert_eq!(curve(&[(0, 1), (5, 1), (5, 9)]).exceeds(4), seconds(5));
        assert_eq!(Curve::constant(7).exceeds(6), Some(Duration::ZERO));
    }

    #[test]
    fn points_must_follow_each_other() {
        let points = vec![(Duration::from_secs(5), 1), (Duration::from_secs(4), 1)];
        assert!(Curve::through(points).is_err());
        assert!(Curve::through(Vec::new()).is_err());
    }
}
