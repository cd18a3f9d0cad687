//! The words of `traffic …`.

use crate::api::{Key, Kind};

/// The most requests a second that may be asked for.
const RATE_MOST: u32 = 1_000_000;

/// The grammar, for errors, help and completion.
pub const GRAMMAR: &[(&str, &str)] = &[
    (
        "SERVICE RATE",
        "clients send so many requests a second through the Service",
    ),
    ("SERVICE stop", "they stop"),
];

/// At which rate clients send to a Service from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The Service.
    pub service: Key,
    /// Requests a second; 0 to stop.
    pub rate: u32,
}

impl Order {
    /// Reads the words after `traffic`: `web 50/s`, `shop/web 50`, `web stop`.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [service, rate] = words.as_slice() else {
            let lines = GRAMMAR
                .iter()
                .map(|(line, what)| format!("  traffic {line:<14} {what}\n"));
            return Err(format!(
                "error: say which traffic:\n{}",
                lines.collect::<String>().trim_end()
            ));
        };
        let name = service.strip_prefix("service/").unwrap_or(service);
        let name = name.strip_prefix("svc/").unwrap_or(name);
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let rate = match *rate {
            "stop" => 0,
            rate => rate
                .strip_suffix("/s")
                .unwrap_or(rate)
                .parse()
                .ok()
                .filter(|rate| (1..=RATE_MOST).contains(rate))
                .ok_or_else(|| {
                    format!(
                        "error: \"{rate}\" is no rate; write 50/s, at most {RATE_MOST}/s, or stop"
                    )
                })?,
        };
        Ok(Self {
            service: Key::new(Kind::Service, namespace, name),
            rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_reads_as_people_write_it() {
        for (line, namespace, name, rate) in [
            ("web 50/s", "default", "web", 50),
            ("shop/web 7", "shop", "web", 7),
            ("service/web stop", "default", "web", 0),
            ("svc/web 1000000", "default", "web", 1_000_000),
        ] {
            let order = Order::parse(line);
            let service = Key::new(Kind::Service, namespace, name);
            assert_eq!(order, Ok(Order { service, rate }), "{line}");
        }
    }

    #[test]
    fn wrong_traffic_says_what_would_be_right() {
        for (line, said) in [
            ("", "traffic SERVICE RATE"),
            ("web", "traffic SERVICE RATE"),
            ("web much", "\"much\" is no rate; write 50/s"),
            ("web 0", "is no rate"),
            ("web 2000000", "at most 1000000/s"),
        ] {
            let error = Order::parse(line).expect_err(line);
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
