//! How fast the world goes: the ladders of paces, and how they are said.

use crate::cluster::driver::{Pace, Snapshot};

/// Happenings in ten seconds.
const STEPS: [u32; 9] = [5, 10, 20, 50, 100, 200, 500, 1000, 10_000];

/// Hundredths of the time on the wall.
const CLOCK: [u32; 9] = [10, 50, 100, 200, 500, 1000, 6000, 36_000, 100_000];

/// The pace that is next on its ladder.
#[must_use]
pub fn changed(pace: Pace, faster: bool) -> Pace {
    match pace {
        Pace::Steps { in_ten_seconds } => Pace::Steps {
            in_ten_seconds: next(&STEPS, in_ten_seconds, faster),
        },
        Pace::Clock { hundredths } => Pace::Clock {
            hundredths: next(&CLOCK, hundredths, faster),
        },
        Pace::Keys => Pace::Keys,
    }
}

/// The next kind of pace: happenings a second, virtual time against the time on the wall, or nothing
/// without a key.
#[must_use]
pub fn other_kind(pace: Pace) -> Pace {
    match pace {
        Pace::Steps { .. } => Pace::Clock { hundredths: 100 },
        Pace::Clock { .. } => Pace::Keys,
        Pace::Keys => Pace::default(),
    }
}

/// How it goes, for the title: running or paused, and the pace.
#[must_use]
pub fn words(snapshot: &Snapshot) -> String {
    let pace = match snapshot.pace {
        Pace::Steps { in_ten_seconds } => format!("{} steps/s", decimal(in_ten_seconds, 10)),
        Pace::Clock { hundredths } => format!("time ×{}", decimal(hundredths, 100)),
        Pace::Keys => return "‖ key by key".to_owned(),
    };
    if snapshot.running {
        format!("▶ {pace}")
    } else {
        format!("‖ paused ({pace})")
    }
}

/// Reads `5/s`, `x10`, `×0.1` or `keys`.
///
/// # Errors
/// Says what a pace looks like.
pub fn parse(text: &str) -> Result<Pace, String> {
    let wrong = || {
        format!("\"{text}\" is no pace; write 2/s (0.1/s to 1000/s), x10 (x0.1 to x1000) or keys")
    };
    let parts = |number: &str, of: f64, most: f64| {
        let number: f64 = number.trim().parse().ok()?;
        let is_sane = (0.1..=most).contains(&number);
        // At most 100,000, so it fits.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and 100,000"
        )]
        is_sane.then_some((number * of).round() as u32)
    };
    if text == "keys" {
        return Ok(Pace::Keys);
    }
    let pace = if let Some(number) = text.strip_suffix("/s") {
        parts(number, 10.0, 1000.0).map(|in_ten_seconds| Pace::Steps { in_ten_seconds })
    } else {
        let number = text.strip_prefix(['x', '×']).unwrap_or_default();
        parts(number, 100.0, 1000.0).map(|hundredths| Pace::Clock { hundredths })
    };
    pace.ok_or_else(wrong)
}

fn next(ladder: &[u32], now: u32, faster: bool) -> u32 {
    let found = if faster {
        ladder.iter().find(|rung| **rung > now)
    } else {
        ladder.iter().rev().find(|rung| **rung < now)
    };
    found.copied().unwrap_or(now)
}

/// A number of parts with its decimals, without zeros at the end.
fn decimal(parts: u32, of: u32) -> String {
    if parts.is_multiple_of(of) {
        return (parts / of).to_string();
    }
    let text = format!("{:.2}", f64::from(parts) / f64::from(of));
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faster_and_slower_walk_the_ladder_and_stop_at_its_ends() {
        let mut pace = Pace::Steps { in_ten_seconds: 20 };
        pace = changed(pace, true);
        assert_eq!(pace, Pace::Steps { in_ten_seconds: 50 });
        for _ in 0..20 {
            pace = changed(pace, false);
        }
        assert_eq!(pace, Pace::Steps { in_ten_seconds: 5 });
    }

    #[test]
    fn a_typed_pace_is_read_or_told_what_it_looks_like() {
        let steps = |in_ten_seconds| Ok(Pace::Steps { in_ten_seconds });
        let clock = |hundredths| Ok(Pace::Clock { hundredths });
        for (text, pace) in [
            ("5/s", steps(50)),
            ("0.5/s", steps(5)),
            ("x10", clock(1000)),
            ("×0.1", clock(10)),
            ("x1000", clock(100_000)),
            ("keys", Ok(Pace::Keys)),
        ] {
            assert_eq!(parse(text), pace, "{text}");
        }
        for text in ["x0", "x1001", "0/s", "fast", "", "10", "x-3", "xNaN"] {
            assert!(
                parse(text).is_err_and(|error| error.contains("x0.1 to x1000")),
                "{text}"
            );
        }
    }

    #[test]
    fn paces_are_said_in_steps_and_in_times() {
        for (parts, of, words) in [
            (5, 10, "0.5"),
            (20, 10, "2"),
            (10, 100, "0.1"),
            (36_000, 100, "360"),
        ] {
            assert_eq!(decimal(parts, of), words);
        }
    }
}
