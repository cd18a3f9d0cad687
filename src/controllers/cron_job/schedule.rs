//! When a CronJob is due. Source: `robfig/cron` v3.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use crate::api::time_zone;
use crate::sim::{Time, parse_duration};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Least and most value of a field, and the names that stand for values.
type Bounds = (u8, u8, &'static [&'static str]);

const FIELDS: [Bounds; 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &MONTHS),
    (0, 6, &DAYS),
];

/// So many years ahead a date is looked for; 29 February comes within them.
const YEARS_AHEAD: i16 = 5;

/// How far clocks are put back at the most.
const PUT_BACK_MOST: i64 = 3;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Every so often, from wherever one starts.
    Every(Duration),
    /// By the calendar.
    Calendar(Calendar),
}

/// The minutes, hours, days of the month, months and days of the week of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    sets: [Set; 5],
    zone: TimeZone,
}

/// Values of a field as bits, and whether the field was `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    bits: u64,
    any: bool,
}

impl Set {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits >> value & 1 == 1)
    }
}

impl Schedule {
    /// Reads a schedule by the clocks of a zone, those of universal time where none is named; nothing
    /// when it is none, which the API server has ruled out. A zone within the text, as old ones have
    /// it, goes first.
    pub(super) fn read(text: &str, zone: Option<&str>) -> Option<Self> {
        let (zone, text) = match text.split_once(' ') {
            Some((first, rest)) if first.contains("TZ=") => {
                let named = first.split_once('=').map(|(_, zone)| zone);
                (named, rest.trim())
            }
            _ => (zone, text),
        };
        let zone = match zone {
            Some(name) => time_zone::named(name)?,
            None => TimeZone::UTC,
        };
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(every) = text.strip_prefix("@every ") {
            let every = Duration::from_secs(parse_duration(every).ok()?.as_secs().max(1));
            return Some(Self::Every(every));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let fields: [&str; 5] = fields.try_into().ok()?;
        let mut sets = [Set {
            bits: 0,
            any: false,
        }; 5];
        for ((set, field), bounds) in sets.iter_mut().zip(fields).zip(FIELDS) {
            for part in field.split(',') {
                let read = read_part(part, bounds)?;
                set.bits |= read.bits;
                set.any |= read.any;
            }
        }
        Some(Self::Calendar(Calendar { sets, zone }))
    }

    /// The first moment after `time` at which the schedule is due.
    pub(super) fn next(&self, time: Time) -> Option<Time> {
        match self {
            Self::Every(every) => Some(Time::from_secs(time.as_secs()) + *every),
            Self::Calendar(calendar) => calendar.next(time),
        }
    }
}

fn read_value(text: &str, least: u8, names: &[&str]) -> Option<u8> {
    let lower = text.to_lowercase();
    match names.iter().zip(least..).find(|(name, _)| **name == lower) {
        Some((_, number)) => Some(number),
        None => text.parse().ok(),
    }
}

fn read_part(part: &str, (lowest, highest, names): Bounds) -> Option<Set> {
    let value = |text: &str| read_value(text, lowest, names);
    let (span, step) = part
        .split_once('/')
        .map_or((part, None), |(span, step)| (span, Some(step)));
    let any = matches!(span, "*" | "?");
    let (first, last) = match span.split_once('-') {
        _ if any => (lowest, highest),
        Some((first, last)) => (value(first)?, value(last)?),
        None if step.is_some() => (value(span)?, highest),
        None => (value(span)?, value(span)?),
    };
    let step: usize = step.map_or(Some(1), |step| step.parse().ok())?;
    let values = (first..=last.min(highest)).step_by(step.max(1));
    Some(Set {
        bits: values.fold(0, |bits, value| bits | 1 << value),
        any: any && step == 1,
    })
}

impl Calendar {
    /// Where clocks are put forward, what is due in the hour that does not come is passed over; where
    /// they are put back, it is due twice.
    fn next(&self, time: Time) -> Option<Time> {
        let now = time.to_timestamp();
        let clock = self.zone.to_datetime(now);
        let mut at = clock;
        if self.zone != TimeZone::UTC {
            at = at.checked_sub(PUT_BACK_MOST.hours()).ok()?;
        }
        let mut due: Option<Timestamp> = None;
        while due.is_none() || at <= clock {
            at = self.next_on_clock(at)?;
            let moments = match self.zone.to_ambiguous_timestamp(at).offset() {
                AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
                AmbiguousOffset::Gap { .. } => [None, None],
                AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            };
            let moments = moments.into_iter().flatten();
            let coming = moments.filter_map(|offset| offset.to_timestamp(at).ok());
            due = coming.filter(|moment| *moment > now).chain(due).min();
        }
        due.map(Time::from_timestamp)
    }

    /// The first minute after this one that the clock shows and the schedule names.
    fn next_on_clock(&self, after: DateTime) -> Option<DateTime> {
        let [minutes, hours, _, months, _] = self.sets;
        let mut at = after
            .with()
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .ok()?
            .checked_add(1.minute())
            .ok()?;
        let end = at.year() + YEARS_AHEAD;
        while at.year() <= end {
            if !months.has(at.month()) {
                at = midnight(at.first_of_month())?.checked_add(1.month()).ok()?;
            } else if !self.is_day(at) {
                at = midnight(at)?.checked_add(1.day()).ok()?;
            } else if !hours.has(at.hour()) {
                let hour = at.with().minute(0).build().ok()?;
                at = hour.checked_add(1.hour()).ok()?;
            } else if !minutes.has(at.minute()) {
                at = at.checked_add(1.minute()).ok()?;
            } else {
                return Some(at);
            }
        }
        None
    }

    /// With both kinds of day given, either is enough.
    fn is_day(&self, at: DateTime) -> bool {
        let [_, _, days, _, weekdays] = self.sets;
        let day = days.has(at.day());
        let weekday = weekdays.has(at.weekday().to_sunday_zero_offset());
        if days.any || weekdays.any {
            day && weekday
        } else {
            day || weekday
        }
    }
}

fn midnight(at: DateTime) -> Option<DateTime> {
    at.with().hour(0).minute(0).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_a_schedule_is_due_when_cron_says_so() {
        // The run starts on Thursday, 2026-01-01.
        let cases = [
            ("* * * * *", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z"),
            ("30 2 * * *", "2026-01-01T02:30:00Z"),
            ("0 0 * * mon", "2026-01-05T00:00:00Z"),
            ("0 9-17/4 * * *", "2026-01-01T09:00:00Z"),
            ("0 0 13 * fri", "2026-01-02T00:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("@monthly", "2026-02-01T00:00:00Z"),
            ("@hourly", "2026-01-01T01:00:00Z"),
            ("@every 90s", "2026-01-01T00:01:30Z"),
            ("0 0 1 jan ?", "2027-01-01T00:00:00Z"),
        ];
        for (text, expected) in cases {
            let schedule = Schedule::read(text, None).expect(text);
            let due = schedule.next(Time::START).expect(text);
            assert_eq!(due.to_timestamp().to_string(), expected, "{text}");
        }
        assert_eq!(
            Schedule::read("0 0 31 2 *", None).and_then(|never| never.next(Time::START)),
            None
        );
        assert_eq!(Schedule::read("now and then", None), None);
    }

    #[test]
    fn c6_a_schedule_goes_by_the_clocks_of_its_zone_whatever_is_done_to_them() {
        let due = |text: &str, zone: &str, after: &str, count: usize| {
            let schedule = Schedule::read(text, Some(zone)).expect(text);
            let mut at = Time::from_timestamp(after.parse().expect(after));
            let mut all = Vec::new();
            for _ in 0..count {
                at = schedule.next(at).expect(text);
                all.push(at.to_timestamp().to_string());
            }
            all
        };
        let berlin = "Europe/Berlin";
        // In winter it is an hour later there.
        let morning = due("0 9 * * *", berlin, "2026-01-05T08:00:00Z", 1);
        assert_eq!(morning, ["2026-01-06T08:00:00Z"]);
        // From 2 to 3 on 29 March there is no hour; from 2 to 3 on 25 October there are two.
        let spring = due("30 2 * * *", berlin, "2026-03-28T12:00:00Z", 1);
        assert_eq!(spring, ["2026-03-30T00:30:00Z"]);
        let autumn = due("30 2 * * *", berlin, "2026-10-24T12:00:00Z", 3);
        assert_eq!(
            autumn,
            [
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-26T01:30:00Z"
            ]
        );
        let hourly = due("0 * * * *", berlin, "2026-10-25T00:00:00Z", 3);
        assert_eq!(
            hourly,
            [
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
                "2026-10-25T03:00:00Z"
            ]
        );
        let old = Schedule::read("TZ=Asia/Tokyo 0 9 * * *", None).expect("a zone in the text");
        let due = old
            .next(Time::START)
            .map(|due| due.to_timestamp().to_string());
        assert_eq!(due.as_deref(), Some("2026-01-02T00:00:00Z"));
        assert_eq!(Schedule::read("0 9 * * *", Some("Mars/X")), None);
    }
}
