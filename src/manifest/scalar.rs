//! What a plain YAML scalar means to kubectl: YAML 1.1 as `sigs.k8s.io/yaml` resolves it.

/// The meaning of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Boolean(bool),
    Integer(i64),
    Large(u64),
    Float(f64),
    /// Infinite, or not a number; JSON has neither.
    NotFinite,
    /// A date, which JSON holds as its text.
    Date,
    Text,
}

/// Resolves a plain scalar as kubectl does: `yes` and `on` are booleans, `0644` is octal.
/// Source: `resolve.go` of go-yaml 2.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Boolean(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Boolean(false)
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => Scalar::NotFinite,
        _ => match text.as_bytes()[0] {
            b'0'..=b'9' | b'+' | b'-' | b'.' => resolve_number(text),
            _ => Scalar::Text,
        },
    }
}

fn resolve_number(text: &str) -> Scalar {
    if is_date(text) {
        return Scalar::Date;
    }
    let digits = text.replace('_', "");
    if let Some(whole) = integer(&digits) {
        if let Ok(integer) = i64::try_from(whole) {
            return Scalar::Integer(integer);
        }
        if let Ok(large) = u64::try_from(whole) {
            return Scalar::Large(large);
        }
    }
    if is_float(&digits) {
        return match digits.parse::<f64>() {
            Ok(float) if float.is_finite() => Scalar::Float(float),
            _ => Scalar::Text,
        };
    }
    Scalar::Text
}

/// A whole number with the prefixes of Go: `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<i128> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let amount = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -amount } else { amount })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa_fits && exponent_fits
}

/// `2006-1-2`, `2006-1-2 15:4:5`, `2006-1-2T15:4:5Z`.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = parts
        .next()
        .is_some_and(|year| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()));
    let in_range = |part: Option<&str>, range: std::ops::RangeInclusive<u32>| {
        part.is_some_and(|part| {
            matches!(part.len(), 1..=2)
                && part.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse().is_ok_and(|number| range.contains(&number))
        })
    };
    let date_fits = year && in_range(parts.next(), 1..=12) && in_range(parts.next(), 1..=31);
    date_fits && time.is_none_or(is_time)
}

/// ` 15:4:5.9`, `T15:4:5.9Z`, `T15:4:5+02:00`, with the separator before it.
fn is_time(text: &str) -> bool {
    let (separator, rest) = text.split_at(1);
    let clock = if separator == " " {
        rest
    } else if let Some(clock) = rest.strip_suffix('Z') {
        clock
    } else {
        let Some(at) = rest.rfind(['+', '-']) else {
            return false;
        };
        let zone = &rest.as_bytes()[at + 1..];
        if !matches!(zone, [a, b, b':', c, d] if [a, b, c, d].iter().all(|x| x.is_ascii_digit())) {
            return false;
        }
        &rest[..at]
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let limits = [24, 60, 60];
    let parts: Vec<&str> = whole.split(':').collect();
    let fits = |(part, limit): (&&str, &u32)| {
        matches!(part.len(), 1..=2) && part.parse().is_ok_and(|number: u32| number < *limit)
    };
    parts.len() == 3
        && parts.iter().zip(&limits).all(fits)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        let cases = [
            ("yes", Scalar::Boolean(true)),
            ("yEs", Scalar::Text),
            ("off", Scalar::Boolean(false)),
            ("n", Scalar::Boolean(false)),
            ("~", Scalar::Null),
            ("0644", Scalar::Integer(420)),
            ("0o17", Scalar::Integer(15)),
            ("089", Scalar::Float(89.0)),
            ("0x1F", Scalar::Integer(31)),
            ("0x", Scalar::Text),
            ("0b11", Scalar::Integer(3)),
            ("1_000", Scalar::Integer(1000)),
            ("-5", Scalar::Integer(-5)),
            ("+5", Scalar::Integer(5)),
            ("--5", Scalar::Text),
            ("18446744073709551615", Scalar::Large(u64::MAX)),
            ("1e3", Scalar::Float(1000.0)),
            ("12e", Scalar::Text),
            (".5", Scalar::Float(0.5)),
            ("5.", Scalar::Float(5.0)),
            (".", Scalar::Text),
            ("-", Scalar::Text),
            ("1.2.3", Scalar::Text),
            ("1:30", Scalar::Text),
            ("100m", Scalar::Text),
            (".inf", Scalar::NotFinite),
            ("2020-01-01", Scalar::Date),
            ("2020-1-1 1:2:3", Scalar::Date),
            ("2020-01-01T10:00:00Z", Scalar::Date),
            ("2020-01-01T10:00:00.5+02:00", Scalar::Date),
            ("2020-13-01", Scalar::Text),
            ("2020-01-01T25:00:00Z", Scalar::Text),
            ("192.168.0.1", Scalar::Text),
            ("<<", Scalar::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
