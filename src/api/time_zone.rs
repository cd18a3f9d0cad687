//! The time zones of the world, by their names.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The zone of this name as the database of zones spells it: `Europe/Berlin`, `UTC`. The database is
/// part of the program, so that every machine knows the same zones.
#[must_use]
pub fn named(name: &str) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_exact_name() {
        for name in [
            "UTC",
            "Etc/UTC",
            "Europe/Berlin",
            "America/New_York",
            "US/Eastern",
        ] {
            assert!(named(name).is_some(), "{name}");
        }
        for name in ["Mars/X", "europe/berlin", "", "Local", "local", "+01:00"] {
            assert!(named(name).is_none(), "{name}");
        }
    }
}
