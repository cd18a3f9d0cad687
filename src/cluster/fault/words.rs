//! How the words of a fault are read, and what a wrong one is told.

use std::str::FromStr;
use std::time::Duration;

use super::{ComponentChange, Container, Disorder, Fault, GRAMMAR, WatchChange};
use crate::api::{Key, Kind, Quantity};
use crate::kubelet::ProbeKind;
use crate::sim::parse_duration;

/// How much slower a slow registry is.
const SLOW_REGISTRY_FACTOR: u32 = 20;

/// How long a write takes on a slow disk.
const SLOW_DISK_LATENCY: Duration = Duration::from_millis(500);

/// How full a disk gets, in per cent.
const FULL_PERCENT: u32 = 90;

/// How long a load stays.
const LOAD_SPAN: Duration = Duration::from_mins(2);

/// The most processors that one load may want.
const PROCESSORS_MOST: i64 = 100_000;

/// How often a second client writes.
const SECOND_CLIENT_TIMES: u32 = 10;

/// The most events or writes that one fault may be about.
const COUNT_MOST: u32 = 1000;

/// The words of one fault: its name and what follows it.
#[derive(Clone, Copy)]
struct Words<'a> {
    name: &'a str,
    rest: &'a [&'a str],
}

pub(super) fn parse(line: &str) -> Result<Fault, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, rest) = words.split_first().ok_or_else(all)?;
    let words = Words { name, rest };
    let is_known = GRAMMAR
        .iter()
        .any(|(line, _)| line.split(' ').next() == Some(name));
    if !is_known {
        return Err(unknown(name));
    }
    match *name {
        "node-down" => words.one().map(Fault::NodeDown),
        "node-up" => words.one().map(Fault::NodeUp),
        "partition" => words.one().map(Fault::Partition),
        "heal" => words.one().map(Fault::Heal),
        "crash" | "oom" => Ok(Fault::Crash {
            target: words.container(1)?,
            out_of_memory: *name == "oom",
        }),
        "fail-probe" | "mend-probe" => words.probe(*name == "fail-probe"),
        "missing-image" | "restore-image" => Ok(Fault::Image {
            image: words.one()?,
            is_missing: *name == "missing-image",
        }),
        "slow-registry" => words.slow_registry(),
        "slow-disk" => words.slow_disk(),
        "fill-disk" => words.fill_disk(),
        "load-step" => words.load_step(),
        "compact" => words.none(Fault::Compact),
        "second-client" | "two-writers" => words.writers(),
        "cut-watch" | "delay-watch" | "drop-events" | "duplicate-events" | "reorder-events" => {
            words.watch()
        }
        _ => words.component(),
    }
}

impl Words<'_> {
    fn usage(&self) -> String {
        let line = GRAMMAR
            .iter()
            .map(|(line, _)| *line)
            .find(|line| line.split(' ').next() == Some(self.name));
        format!("error: usage: fault {}", line.unwrap_or(self.name))
    }

    fn none(&self, fault: Fault) -> Result<Fault, String> {
        match self.rest {
            [] => Ok(fault),
            _ => Err(self.usage()),
        }
    }

    fn one(&self) -> Result<String, String> {
        match self.rest {
            [word] => Ok((*word).to_owned()),
            _ => Err(self.usage()),
        }
    }

    /// The pod in front and the container at a place, if it is named.
    fn container(&self, place: usize) -> Result<Container, String> {
        if self.rest.len() < place || self.rest.len() > place + 1 {
            return Err(self.usage());
        }
        Ok(Container {
            pod: self.rest[0].to_owned(),
            name: self.rest.get(place).map(|name| (*name).to_owned()),
        })
    }

    fn probe(&self, fails: bool) -> Result<Fault, String> {
        let target = self.container(2)?;
        let probe = match self.rest[1] {
            "readiness" => ProbeKind::Readiness,
            "liveness" => ProbeKind::Liveness,
            "startup" => ProbeKind::Startup,
            other => {
                return Err(format!(
                    "error: \"{other}\" is no probe; there are readiness, liveness and startup"
                ));
            }
        };
        Ok(Fault::Probe {
            target,
            probe,
            fails,
        })
    }

    fn slow_registry(&self) -> Result<Fault, String> {
        let (span, factor) = match self.rest {
            [span] => (span, SLOW_REGISTRY_FACTOR),
            [span, factor] => (span, number(factor, "factor", 2, COUNT_MOST)?),
            _ => return Err(self.usage()),
        };
        Ok(Fault::SlowRegistry {
            factor,
            span: duration(span)?,
        })
    }

    fn slow_disk(&self) -> Result<Fault, String> {
        let (span, latency) = match self.rest {
            [span] => (span, SLOW_DISK_LATENCY),
            [span, latency] => (span, duration(latency)?),
            _ => return Err(self.usage()),
        };
        Ok(Fault::SlowDisk {
            latency,
            span: duration(span)?,
        })
    }

    fn fill_disk(&self) -> Result<Fault, String> {
        let (node, percent) = match self.rest {
            [node] => (node, FULL_PERCENT),
            [node, percent] => (
                node,
                number(percent, "share of the disk in per cent", 0, 100)?,
            ),
            _ => return Err(self.usage()),
        };
        Ok(Fault::FillDisk {
            node: (*node).to_owned(),
            percent,
        })
    }

    fn load_step(&self) -> Result<Fault, String> {
        let (workload, cpu, span) = match self.rest {
            [workload, cpu] => (workload, cpu, LOAD_SPAN),
            [workload, cpu, span] => (workload, cpu, duration(span)?),
            _ => return Err(self.usage()),
        };
        let cpu = cpu
            .parse()
            .ok()
            .filter(|cpu: &Quantity| !cpu.is_negative() && *cpu <= Quantity::units(PROCESSORS_MOST))
            .ok_or_else(|| {
                format!(
                    "error: \"{cpu}\" is no number of processors; write 500m or 2, at most \
                     {PROCESSORS_MOST}"
                )
            })?;
        Ok(Fault::Load {
            workload: object_key(workload)?,
            cpu,
            span,
        })
    }

    fn writers(&self) -> Result<Fault, String> {
        let (object, clients, times) = match (self.name, self.rest) {
            ("two-writers", [object]) => (object, 2, 1),
            ("second-client", [object]) => (object, 1, SECOND_CLIENT_TIMES),
            ("second-client", [object, times]) => {
                (object, 1, number(times, "number of writes", 1, COUNT_MOST)?)
            }
            _ => return Err(self.usage()),
        };
        Ok(Fault::Writers {
            object: object_key(object)?,
            clients,
            times,
        })
    }

    fn component(&self) -> Result<Fault, String> {
        let (name, change) = match (self.name, self.rest) {
            ("restart", [name]) => (name, ComponentChange::Restart),
            ("stop", [name]) => (name, ComponentChange::Stop),
            ("start", [name]) => (name, ComponentChange::Start),
            ("pause", [name]) => (name, ComponentChange::Pause),
            ("resume", [name]) => (name, ComponentChange::Resume),
            ("slow", [name, delay]) => (name, ComponentChange::Slow(duration(delay)?)),
            ("expectations", ["off", name]) => (name, ComponentChange::Expectations(false)),
            ("expectations", ["on", name]) => (name, ComponentChange::Expectations(true)),
            _ => return Err(self.usage()),
        };
        Ok(Fault::Component {
            name: (*name).to_owned(),
            change,
        })
    }

    fn watch(&self) -> Result<Fault, String> {
        let count = |disorder, rest: &[&str]| match rest {
            [] => Ok(WatchChange::Disorder(disorder, 1)),
            [count] => {
                let count = number(count, "number of events", 1, COUNT_MOST)?;
                Ok(WatchChange::Disorder(disorder, count))
            }
            _ => Err(self.usage()),
        };
        let (component, rest) = self.rest.split_first().ok_or_else(|| self.usage())?;
        let change = match (self.name, rest) {
            ("cut-watch", []) => WatchChange::Cut(None),
            ("cut-watch", [kind]) => WatchChange::Cut(Some(kind_of(kind)?)),
            ("delay-watch", [delay]) => WatchChange::Delay(None, duration(delay)?),
            ("delay-watch", [delay, kind]) => {
                WatchChange::Delay(Some(kind_of(kind)?), duration(delay)?)
            }
            ("drop-events", rest) => count(Disorder::Drop, rest)?,
            ("duplicate-events", rest) => count(Disorder::Duplicate, rest)?,
            ("reorder-events", rest) => count(Disorder::Reorder, rest)?,
            _ => return Err(self.usage()),
        };
        Ok(Fault::Watch {
            component: (*component).to_owned(),
            change,
        })
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|problem| format!("error: {problem}"))
}

fn number(text: &str, what: &str, least: u32, most: u32) -> Result<u32, String> {
    u32::from_str(text)
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("error: the {what} is a number from {least} to {most}"))
}

fn kind_of(word: &str) -> Result<Kind, String> {
    Kind::of_word(word)
        .ok_or_else(|| format!("error: the server doesn't have a resource type \"{word}\""))
}

/// `deployment/web`, or `NAMESPACE/deployment/web`.
fn object_key(word: &str) -> Result<Key, String> {
    let parts: Vec<&str> = word.split('/').collect();
    let (namespace, kind, name) = match parts.as_slice() {
        [kind, name] => ("default", kind, name),
        [namespace, kind, name] => (*namespace, kind, name),
        _ => {
            return Err(format!(
                "error: \"{word}\" names no object; write deployment/web"
            ));
        }
    };
    let kind = kind_of(kind)?;
    let namespace = if kind.info().namespaced {
        namespace
    } else {
        ""
    };
    Ok(Key::new(kind, namespace, name))
}

/// Every fault with its grammar.
fn all() -> String {
    let lines: Vec<String> = GRAMMAR
        .iter()
        .map(|(line, what)| format!("  fault {line:<40} {what}"))
        .collect();
    format!("error: say which fault:\n{}", lines.join("\n"))
}

fn unknown(name: &str) -> String {
    let names = GRAMMAR
        .iter()
        .filter_map(|(line, _)| line.split(' ').next());
    let nearest = names.min_by_key(|known| strsim::damerau_levenshtein(known, name));
    match nearest.filter(|known| strsim::damerau_levenshtein(known, name) <= 3) {
        Some(known) => format!("error: unknown fault \"{name}\"\n\nDid you mean this?\n\t{known}"),
        None => format!("error: unknown fault \"{name}\"\n{}", all()),
    }
}
