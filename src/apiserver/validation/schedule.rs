//! The schedule of a CronJob: five fields, or a word such as `@daily`.
//! Source: `robfig/cron` v3, which the API server reads schedules with.

/// A field: its least and most value and the names that stand for values, from the least up.
struct Field {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Minute, hour, day of the month, month, day of the week.
const FIELDS: [Field; 5] = [
    Field {
        least: 0,
        most: 59,
        names: &[],
    },
    Field {
        least: 0,
        most: 23,
        names: &[],
    },
    Field {
        least: 1,
        most: 31,
        names: &[],
    },
    Field {
        least: 1,
        most: 12,
        names: &MONTHS,
    },
    Field {
        least: 0,
        most: 6,
        names: &DAYS,
    },
];

/// Says what is wrong with a schedule.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    let mut rest = schedule;
    if rest.starts_with("TZ=") || rest.starts_with("CRON_TZ=") {
        rest = rest.split_once(' ').map_or("", |(_, rest)| rest.trim());
    }
    if rest.starts_with('@') {
        return descriptor(rest);
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(if schedule.is_empty() {
            "empty spec string".to_owned()
        } else {
            format!(
                "expected exactly 5 fields, found {}: [{}]",
                fields.len(),
                fields.join(" ")
            )
        });
    }
    FIELDS
        .iter()
        .zip(fields)
        .flat_map(|(field, list)| list.split(',').map(move |part| (field, part)))
        .try_for_each(|(field, part)| range(field, part))
}

fn descriptor(word: &str) -> Result<(), String> {
    const KNOWN: [&str; 7] = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if KNOWN.contains(&word) {
        return Ok(());
    }
    let Some(every) = word.strip_prefix("@every ") else {
        return Err(format!("unrecognized descriptor: {word}"));
    };
    crate::sim::parse_duration(every)
        .map(|_| ())
        .map_err(|_| format!("failed to parse duration {word}: time: invalid duration \"{every}\""))
}

/// One part of a field: `*`, `5`, `1-5`, `*/15`, `mon-fri/2`.
fn range(field: &Field, part: &str) -> Result<(), String> {
    let mut halves = part.split('/');
    let (span, step) = (halves.next().unwrap_or_default(), halves.next());
    if halves.next().is_some() {
        return Err(format!("too many slashes: {part}"));
    }
    let mut ends = span.split('-');
    let (first, last) = (ends.next().unwrap_or_default(), ends.next());
    let (start, mut end) = if first == "*" || first == "?" {
        (field.least, field.most)
    } else {
        let start = number(field, first)?;
        let end = match last {
            Some(last) => number(field, last)?,
            None => start,
        };
        if ends.next().is_some() {
            return Err(format!("too many hyphens: {part}"));
        }
        (start, end)
    };
    if let Some(step) = step {
        let step = whole(step)?;
        if last.is_none() && first != "*" && first != "?" {
            end = field.most;
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
    }
    if start < field.least {
        return Err(format!(
            "beginning of range ({start}) below minimum ({}): {part}",
            field.least
        ));
    }
    if end > field.most {
        return Err(format!(
            "end of range ({end}) above maximum ({}): {part}",
            field.most
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {part}"
        ));
    }
    Ok(())
}

fn number(field: &Field, text: &str) -> Result<u32, String> {
    let lower = text.to_lowercase();
    let named = field.names.iter().zip(field.least..);
    let found = named.clone().find(|(name, _)| **name == lower);
    found.map_or_else(|| whole(text), |(_, number)| Ok(number))
}

fn whole(text: &str) -> Result<u32, String> {
    let number: i64 = text.parse().map_err(|_| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
    })?;
    u32::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_schedules_are_read_as_cron_reads_them() {
        for schedule in [
            "* * * * *",
            "*/15 0 1,15 * mon-fri",
            "0 0 1 jan ?",
            "@hourly",
            "@every 1h30m",
            "5/10 * * * *",
        ] {
            assert_eq!(check(schedule), Ok(()), "{schedule}");
        }
        let cases = [
            ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
            ("61 * * * *", "end of range (61) above maximum (59): 61"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "5-1 * * * *",
                "beginning of range (5) beyond end of range (1): 5-1",
            ),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            (
                "x * * * *",
                "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            ("@never", "unrecognized descriptor: @never"),
        ];
        for (schedule, message) in cases {
            assert_eq!(check(schedule), Err(message.to_owned()), "{schedule}");
        }
    }
}
