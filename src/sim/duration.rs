//! Spans of time in the words of Go, in which Kubernetes prints them.

use std::time::Duration;

/// A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `1.234s`, `350ms`.
#[must_use]
pub fn go_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, rest) = (millis / 1000 % 60, millis % 1000);
    let fraction = match rest {
        0 => String::new(),
        _ => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

/// How long something lasts or takes still, the one way in which a span is said outside of what
/// kubectl prints: `<1ms`, `120ms`, `4.2s`, `5m0s`, `1h10m`.
#[must_use]
pub fn span_words(span: Duration) -> String {
    let millis = span.as_millis();
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    match (millis, millis % 1000 / 100) {
        (0, _) if span.is_zero() => "0s".to_owned(),
        (0, _) => "<1ms".to_owned(),
        (1..1000, _) => format!("{millis}ms"),
        (1000..60_000, 0) => format!("{seconds}s"),
        (1000..60_000, tenths) => format!("{seconds}.{tenths}s"),
        (60_000..3_600_000, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_says_spans_in_one_way() {
        for (millis, text) in [
            (0, "0s"),
            (120, "120ms"),
            (4000, "4s"),
            (4240, "4.2s"),
            (300_000, "5m0s"),
            (75_900, "1m15s"),
            (4_200_000, "1h10m"),
        ] {
            assert_eq!(span_words(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        for (millis, text) in [
            (0, "0s"),
            (350, "350ms"),
            (1234, "1.234s"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (80_000, "1m20s"),
            (300_000, "5m0s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(millis)), text);
        }
    }
}
