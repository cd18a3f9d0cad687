//! Virtual time: nanoseconds since the start of the run; the only notion of time below the screen.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
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

/// `4.120`, `6:01.245`, `1:11:20.500`: seconds with milliseconds since the start, after minutes and hours
/// once there are some. The one way in which a moment is said.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let (seconds, millis) = (seconds % 60, self.as_millis() % 1000);
        let text = match (hours, minutes) {
            (0, 0) => format!("{seconds}.{millis:03}"),
            (0, _) => format!("{minutes}:{seconds:02}.{millis:03}"),
            _ => format!("{hours}:{minutes:02}:{seconds:02}.{millis:03}"),
        };
        f.pad(&text)
    }
}

/// Reads a moment as it is said, with fewer decimals too.
impl FromStr for Time {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let wrong = || NoMoment(text.to_owned());
        let number = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse::<u64>().ok();
            number.filter(|_| is_number).ok_or_else(wrong)
        };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        if decimals.len() > 9 {
            return Err(wrong());
        }
        let nanos = number(&format!("{decimals:0<9}"))?;
        let units: Vec<u64> = whole.split(':').map(number).collect::<Result<_, _>>()?;
        let (largest, rest) = units.split_first().ok_or_else(wrong)?;
        if rest.len() > 2 || rest.iter().any(|unit| *unit >= 60) {
            return Err(wrong());
        }
        let seconds = rest.iter().try_fold(*largest, |sum, unit| {
            sum.checked_mul(60).and_then(|sum| sum.checked_add(*unit))
        });
        let whole = seconds.and_then(|seconds| seconds.checked_mul(NANOS_PER_SECOND));
        whole
            .map(|whole| Self(whole.saturating_add(nanos)))
            .ok_or_else(wrong)
    }
}

/// Text that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no moment; write seconds, minutes and hours as in 4.12, 6:01.245 or 1:11:20")]
pub struct NoMoment(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_in_one_way_and_read_again() {
        for (millis, text) in [
            (0, "0.000"),
            (4_120, "4.120"),
            (59_999, "59.999"),
            (60_000, "1:00.000"),
            (361_245, "6:01.245"),
            (3_723_045, "1:02:03.045"),
            (86_400_000, "24:00:00.000"),
        ] {
            let moment = Time::START + Duration::from_millis(millis);
            assert_eq!(moment.to_string(), text);
            assert_eq!(text.parse(), Ok(moment));
        }
        assert_eq!(
            "90.5".parse(),
            Ok(Time::START + Duration::from_millis(90_500))
        );
        assert_eq!("1:00:00".parse(), Ok(Time::from_secs(3600)));
        for text in [
            "",
            "1:",
            ":1",
            "1:60",
            "1.2.3",
            "-1",
            "+1",
            "1:2:3:4",
            "1.0000000001",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
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
