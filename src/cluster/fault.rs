//! What can go wrong on purpose: the words of `fault …` and what they mean.

use std::time::Duration;

use crate::sim::parse_duration;

/// How much slower a slow registry is.
const SLOW_REGISTRY_FACTOR: u32 = 20;

/// Something that breaks, or is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A machine loses power: its kubelet is silent, its containers are gone.
    NodeDown(String),
    /// The machine comes back.
    NodeUp(String),
    /// A container of a pod crashes.
    Crash {
        /// The pod, as `name` or `namespace/name`; a prefix takes the first running pod.
        pod: String,
        /// The container; the first one if not named.
        container: Option<String>,
    },
    /// The registry is slower by a factor for some time.
    SlowRegistry {
        /// How many times slower.
        factor: u32,
        /// For how long.
        span: Duration,
    },
    /// A component loses its watches and opens them again.
    CutWatch(String),
    /// A component crashes and starts again with empty hands.
    Restart(String),
    /// A component stops.
    Stop(String),
    /// A stopped component starts again.
    Start(String),
}

/// Each fault with its grammar, for errors, help and completion.
pub const GRAMMAR: &[(&str, &str)] = &[
    ("node-down NODE", "the machine loses power"),
    ("node-up NODE", "the machine comes back"),
    ("crash POD [CONTAINER]", "a container crashes"),
    (
        "slow-registry DURATION [FACTOR]",
        "images arrive slowly for a while",
    ),
    (
        "cut-watch COMPONENT",
        "a component loses its watches for a moment",
    ),
    ("restart COMPONENT", "a component crashes and starts again"),
    ("stop COMPONENT", "a component is switched off"),
    ("start COMPONENT", "a component is switched on again"),
];

impl Fault {
    /// Reads the words after `fault`.
    ///
    /// # Errors
    /// Says which faults there are, or what a fault needs.
    pub fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, rest) = words.split_first().ok_or_else(unknown)?;
        let one = || match rest {
            [word] => Ok((*word).to_owned()),
            _ => Err(usage(name)),
        };
        match *name {
            "node-down" => one().map(Self::NodeDown),
            "node-up" => one().map(Self::NodeUp),
            "cut-watch" => one().map(Self::CutWatch),
            "restart" => one().map(Self::Restart),
            "stop" => one().map(Self::Stop),
            "start" => one().map(Self::Start),
            "crash" => match rest {
                [pod] => Ok(Self::Crash {
                    pod: (*pod).to_owned(),
                    container: None,
                }),
                [pod, container] => Ok(Self::Crash {
                    pod: (*pod).to_owned(),
                    container: Some((*container).to_owned()),
                }),
                _ => Err(usage(name)),
            },
            "slow-registry" => {
                let (span, factor) = match rest {
                    [span] => (span, SLOW_REGISTRY_FACTOR),
                    [span, factor] => {
                        let factor = factor
                            .parse()
                            .ok()
                            .filter(|factor| (2..=1000).contains(factor));
                        (span, factor.ok_or("the factor is a number from 2 to 1000")?)
                    }
                    _ => return Err(usage(name)),
                };
                Ok(Self::SlowRegistry {
                    factor,
                    span: parse_duration(span)?,
                })
            }
            _ => Err(unknown_name(name)),
        }
    }
}

fn usage(name: &str) -> String {
    let line = GRAMMAR
        .iter()
        .map(|(line, _)| *line)
        .find(|line| line.split(' ').next() == Some(name));
    format!("error: usage: fault {}", line.unwrap_or(name))
}

fn unknown() -> String {
    let lines: Vec<String> = GRAMMAR
        .iter()
        .map(|(line, what)| format!("  fault {line:<32} {what}"))
        .collect();
    format!("error: say which fault:\n{}", lines.join("\n"))
}

fn unknown_name(name: &str) -> String {
    let names = GRAMMAR
        .iter()
        .filter_map(|(line, _)| line.split(' ').next());
    let nearest = names.min_by_key(|known| strsim::damerau_levenshtein(known, name));
    match nearest.filter(|known| strsim::damerau_levenshtein(known, name) <= 3) {
        Some(known) => format!("error: unknown fault \"{name}\"\n\nDid you mean this?\n\t{known}"),
        None => format!("error: unknown fault \"{name}\"\n{}", unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_they_are_documented() {
        let cases = [
            ("node-down node-b", Fault::NodeDown("node-b".to_owned())),
            (
                "crash web-1",
                Fault::Crash {
                    pod: "web-1".to_owned(),
                    container: None,
                },
            ),
            (
                "slow-registry 40s",
                Fault::SlowRegistry {
                    factor: SLOW_REGISTRY_FACTOR,
                    span: Duration::from_secs(40),
                },
            ),
            (
                "cut-watch replicaset-controller",
                Fault::CutWatch("replicaset-controller".to_owned()),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(Fault::parse(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn a_wrong_fault_says_what_would_be_right() {
        let cases = [
            ("node-dwn b", "Did you mean this?\n\tnode-down"),
            ("node-down", "usage: fault node-down NODE"),
            ("", "say which fault"),
            ("slow-registry soon", "is no duration"),
            ("slow-registry 5s 1", "a number from 2 to 1000"),
        ];
        for (line, expected) in cases {
            let error = Fault::parse(line).expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
