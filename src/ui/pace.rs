//! How fast the world goes: the ladders of paces, and how they are said.

use crate::cluster::task::{Pace, Snapshot};

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
    }
}

/// The other kind of pace: happenings a second, or virtual time against the time on the wall.
#[must_use]
pub fn other_kind(pace: Pace) -> Pace {
    match pace {
        Pace::Steps { .. } => Pace::Clock { hundredths: 100 },
        Pace::Clock { .. } => Pace::default(),
    }
}

/// How it goes, for the title: running or paused, and the pace.
#[must_use]
pub fn words(snapshot: &Snapshot) -> String {
    let pace = match snapshot.pace {
        Pace::Steps { in_ten_seconds } => format!("{} steps/s", decimal(in_ten_seconds, 10)),
        Pace::Clock { hundredths } => format!("time ×{}", decimal(hundredths, 100)),
    };
    if snapshot.running {
        format!("▶ {pace}")
    } else {
        format!("‖ paused ({pace})")
    }
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
