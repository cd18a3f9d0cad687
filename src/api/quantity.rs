//! Amounts of cpu, memory and the rest: reading, adding and printing as Kubernetes does.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

const NANO: i128 = 1_000_000_000;

/// Beyond this an amount counts as this, as in `apimachinery/pkg/api/resource`.
const MOST: i128 = (1_i128 << 63) * NANO - NANO;

/// Which suffixes an amount is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Format {
    /// Powers of ten: `m`, `k`, `M`.
    Decimal,
    /// Powers of two: `Ki`, `Mi`.
    Binary,
    /// Powers of ten in digits: `12e6`.
    Exponent,
}

/// An amount in billionths of its unit, which is as fine as Kubernetes counts.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// Why a text is no quantity; the wording of the API server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)]
pub struct QuantityError;

/// Suffixes with their format and the power of their base (thousandths of ten, or of two).
const SUFFIXES: [(&str, Format, i32); 16] = [
    ("n", Format::Decimal, -9),
    ("u", Format::Decimal, -6),
    ("m", Format::Decimal, -3),
    ("", Format::Decimal, 0),
    ("k", Format::Decimal, 3),
    ("M", Format::Decimal, 6),
    ("G", Format::Decimal, 9),
    ("T", Format::Decimal, 12),
    ("P", Format::Decimal, 15),
    ("E", Format::Decimal, 18),
    ("Ki", Format::Binary, 10),
    ("Mi", Format::Binary, 20),
    ("Gi", Format::Binary, 30),
    ("Ti", Format::Binary, 40),
    ("Pi", Format::Binary, 50),
    ("Ei", Format::Binary, 60),
];

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        nanos: 0,
        format: Format::Decimal,
    };

    /// So many whole units.
    #[must_use]
    pub fn units(units: i64) -> Self {
        Self {
            nanos: i128::from(units) * NANO,
            format: Format::Decimal,
        }
    }

    /// So many thousandths, as in `250m` of a cpu.
    #[must_use]
    pub fn millis(millis: i64) -> Self {
        Self {
            nanos: i128::from(millis) * (NANO / 1000),
            format: Format::Decimal,
        }
    }

    /// So many bytes, printed with powers of two.
    #[must_use]
    pub fn bytes(bytes: i64) -> Self {
        Self {
            nanos: i128::from(bytes) * NANO,
            format: Format::Binary,
        }
    }

    /// Whole units, rounded up.
    #[must_use]
    pub fn value(self) -> i64 {
        saturate(divide_up(self.nanos, NANO))
    }

    /// The same in whole units, rounded up.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        Self {
            nanos: divide_up(self.nanos, NANO) * NANO,
            format: self.format,
        }
    }

    /// The same in whole units, written with powers of ten or of two as the other is; unchanged
    /// when both are written alike.
    #[must_use]
    pub fn written_as(self, other: Self) -> Self {
        if self.format == other.format {
            return self;
        }
        Self {
            format: other.format,
            ..self.rounded_up()
        }
    }

    /// Thousandths, rounded up.
    #[must_use]
    pub fn milli_value(self) -> i64 {
        saturate(divide_up(self.nanos, NANO / 1000))
    }

    /// True for nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// True for less than nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }
}

fn saturate(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

/// Divides and rounds away from zero.
fn divide_up(number: i128, by: i128) -> i128 {
    let quotient = number / by;
    if number % by == 0 {
        quotient
    } else {
        quotient + number.signum()
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (digits, suffix) = unsigned.split_at(end);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(QuantityError);
        }
        let (format, power) = read_suffix(suffix)?;
        let nanos = scale(whole, fraction, format, power);
        Ok(Self {
            nanos: if negative { -nanos } else { nanos },
            format,
        })
    }
}

fn read_suffix(suffix: &str) -> Result<(Format, i32), QuantityError> {
    if let Some((_, format, power)) = SUFFIXES.iter().find(|(name, _, _)| *name == suffix) {
        return Ok((*format, *power));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError)?;
    exponent
        .parse()
        .map(|power| (Format::Exponent, power))
        .map_err(|_| QuantityError)
}

/// The amount in nanos, rounded up to the next nano, not above [`MOST`].
fn scale(whole: &str, fraction: &str, format: Format, power: i32) -> i128 {
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    // More than this many digits before the point is beyond the most in any format.
    if digits.len() > 36 {
        return if whole.trim_start_matches('0').len() > 20 {
            MOST
        } else {
            scale(
                whole,
                &fraction[..fraction.len() - (digits.len() - 36)],
                format,
                power,
            )
        };
    }
    let mantissa: i128 = digits.parse().unwrap_or(MOST);
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let (binary, decimal) = match format {
        Format::Binary => (power, 9 - places),
        Format::Decimal | Format::Exponent => (0, power.saturating_add(9).saturating_sub(places)),
    };
    let shifted = mantissa.checked_mul(1_i128 << binary.clamp(0, 60));
    let scaled = match u32::try_from(decimal) {
        Ok(up) => 10_i128
            .checked_pow(up)
            .and_then(|factor| shifted?.checked_mul(factor)),
        Err(_) => Some(shifted.map_or(MOST, |number| {
            10_i128
                .checked_pow(decimal.unsigned_abs())
                .map_or(1, |by| divide_up(number, by))
        })),
    };
    scaled.map_or(MOST, |nanos| nanos.min(MOST))
}

/// The canonical form: no fraction, the largest suffix that keeps it exact.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        if self.format == Format::Binary
            && self.nanos.abs() >= 1024 * NANO
            && self.nanos % NANO == 0
        {
            let mut amount = self.nanos / NANO;
            let mut suffix = "";
            for next in ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] {
                if amount % 1024 != 0 {
                    break;
                }
                amount /= 1024;
                suffix = next;
            }
            return write!(f, "{amount}{suffix}");
        }
        let mut amount = self.nanos;
        let mut power = -9;
        while amount % 1000 == 0 && power < 18 {
            amount /= 1000;
            power += 3;
        }
        if self.format == Format::Exponent && power != 0 {
            return write!(f, "{amount}e{power}");
        }
        let suffix = SUFFIXES
            .iter()
            .find(|(_, format, each)| *format == Format::Decimal && *each == power)
            .map_or("", |(name, _, _)| name);
        write!(f, "{amount}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Self {
            nanos: (self.nanos + other.nanos).clamp(-MOST, MOST),
            format,
        }
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self {
            nanos: -other.nanos,
            format: other.format,
        }
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_and_print_in_canonical_form() {
        let cases = [
            ("0", "0"),
            ("100m", "100m"),
            ("1000m", "1"),
            ("1.5", "1500m"),
            ("0.5Gi", "512Mi"),
            ("1Gi", "1Gi"),
            ("1024Mi", "1Gi"),
            ("1500Mi", "1500Mi"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("129M", "129M"),
            ("123Mi", "123Mi"),
            ("1E", "1E"),
            ("1Ei", "1Ei"),
            ("-5", "-5"),
            ("+3k", "3k"),
            ("1u", "1u"),
            ("1n", "1n"),
            (".5", "500m"),
            ("1.", "1"),
            ("0.0000000001", "1n"),
            ("12345678901234567890", "9223372036854775807"),
        ];
        for (text, printed) in cases {
            let quantity: Quantity = text.parse().expect(text);
            assert_eq!(quantity.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "", "m", "1.2.3", "1 Gi", "1gi", "1Mib", "--1", "e3", "1e", "ten",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn values_round_up() {
        let value = |text: &str| text.parse::<Quantity>().expect(text);
        assert_eq!(value("1m").value(), 1);
        assert_eq!(value("1001u").milli_value(), 2);
        assert_eq!(value("2Gi").value(), 2_147_483_648);
        assert_eq!((value("1Gi") + value("512Mi")).to_string(), "1536Mi");
        assert_eq!((value("0") + value("512Mi")).to_string(), "512Mi");
        assert_eq!((value("1") - value("100m")).to_string(), "900m");
    }
}
