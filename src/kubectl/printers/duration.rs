//! Spans of time in few letters: `5s`, `3m20s`, `4h`, `2d3h`.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time as ObjectTime;

use crate::api::meta;
use crate::sim::Time;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A span as kubectl prints ages: two units while the first is small, then one.
/// Source: `HumanDuration` of `apimachinery/pkg/util/duration`.
#[must_use]
pub fn human_duration(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds < 2 * MINUTE {
        format!("{seconds}s")
    } else if seconds < 10 * MINUTE {
        two(seconds, (MINUTE, "m"), (1, "s"))
    } else if seconds < 3 * HOUR {
        format!("{}m", seconds / MINUTE)
    } else if seconds < 8 * HOUR {
        two(seconds, (HOUR, "h"), (MINUTE, "m"))
    } else if seconds < 2 * DAY {
        format!("{}h", seconds / HOUR)
    } else if seconds < 8 * DAY {
        two(seconds, (DAY, "d"), (HOUR, "h"))
    } else if seconds < 2 * YEAR {
        format!("{}d", seconds / DAY)
    } else if seconds < 8 * YEAR {
        two(seconds, (YEAR, "y"), (DAY, "d"))
    } else {
        format!("{}y", seconds / YEAR)
    }
}

/// The span in the larger unit, and the rest in the smaller one where there is a rest.
fn two(seconds: u64, (large, large_name): (u64, &str), (small, small_name): (u64, &str)) -> String {
    let (whole, rest) = (seconds / large, seconds % large / small);
    if rest == 0 {
        format!("{whole}{large_name}")
    } else {
        format!("{whole}{large_name}{rest}{small_name}")
    }
}

/// How long ago a date of an object was; `<unknown>` for none.
#[must_use]
pub fn age(since: Option<&ObjectTime>, now: Time) -> String {
    since.map_or_else(
        || "<unknown>".to_owned(),
        |since| human_duration(now.since(meta::moment(since))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k1_ages_print_as_kubectl_prints_them() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (600, "10m"),
            (659, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 150, "3h2m"),
            (8 * HOUR + 1800, "8h"),
            (47 * HOUR, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + 3 * HOUR, "2d3h"),
            (8 * DAY + HOUR, "8d"),
            (729 * DAY, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + DAY, "2y1d"),
            (9 * YEAR, "9y"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human_duration(Duration::from_secs(seconds)), expected);
        }
    }
}
