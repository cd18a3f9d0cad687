//! Virtual time: nanoseconds since the start of the run; the only notion of time below the screen.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;

/// The date that object timestamps count from: 2026-01-01T00:00:00Z, in seconds since 1970.
const EPOCH_SECOND: i64 = 1_767_225_600;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A moment of the run, in nanoseconds since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const START: Self = Self(0);

    /// The moment `nanos` nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `seconds` seconds after the start.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since the start.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The date that objects carry for this moment.
    #[must_use]
    pub fn to_timestamp(self) -> Timestamp {
        let seconds = EPOCH_SECOND + i64::try_from(self.as_secs()).unwrap_or(i64::MAX / 2);
        let nanos = i32::try_from(self.0 % NANOS_PER_SECOND).unwrap_or(0);
        Timestamp::new(seconds, nanos).unwrap_or(Timestamp::MAX)
    }

    /// The moment that an object's date stands for; dates before the start become the start.
    #[must_use]
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        let since_epoch = timestamp.as_nanosecond() - i128::from(EPOCH_SECOND) * 1_000_000_000;
        Self(u64::try_from(since_epoch.max(0)).unwrap_or(u64::MAX))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

/// `00:01:02.345`: hours, minutes, seconds and milliseconds since the start.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(
            f,
            "{hours:02}:{minutes:02}:{:02}.{:03}",
            seconds % 60,
            self.as_millis() % 1000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_hours_minutes_seconds_millis() {
        let moment = Time::from_secs(3_723) + Duration::from_millis(45);
        assert_eq!(moment.to_string(), "01:02:03.045");
    }

    #[test]
    fn object_dates_count_from_the_first_of_january_2026_and_come_back() {
        let moment = Time::from_secs(90) + Duration::from_nanos(7);
        assert_eq!(
            Time::START.to_timestamp().to_string(),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(Time::from_timestamp(moment.to_timestamp()), moment);
    }
}
