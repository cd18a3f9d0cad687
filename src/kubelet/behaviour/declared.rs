//! How people declare what an application does: annotations of a pod, and rules of a scenario.

use std::time::Duration;

use super::{Behaviour, Curve, Exits, Failing, OnSigterm, Problems};
use crate::api::{ObjectMeta, Quantity};
use crate::kubelet::alarm::ProbeKind;
use crate::kubelet::rule::Rule;
use crate::sim::parse_duration;

/// What the annotations begin with. `glassplane.io/…` is about the first container of a pod,
/// `NAME.glassplane.io/…` about the container of that name.
pub const PREFIX: &str = "glassplane.io";

/// Each thing that can be declared: its name, an example, what it means.
pub const KEYS: &[(&str, &str, &str)] = &[
    (
        "exits-after",
        "20s",
        "the process ends by itself this long after each start; `never`: not even in a Job",
    ),
    (
        "exit-code",
        "1",
        "the code with which it then ends; 0 when not said",
    ),
    (
        "starts-in",
        "8s",
        "it needs so long to come up: before that no probe succeeds and no request is answered",
    ),
    (
        "fails-startup",
        "0s..30s",
        "its startup probe fails in these times after the start",
    ),
    (
        "fails-readiness",
        "30s..50s, 2m..",
        "its readiness probe likewise; an open end means for ever",
    ),
    ("fails-liveness", "60s..", "its liveness probe likewise"),
    (
        "cpu",
        "0s 50m, 30s 50m, 30s 400m",
        "processors used beside requests: one amount, or amounts at moments after the start with \
         straight lines between; 1m when not said",
    ),
    (
        "memory",
        "0s 64Mi, 60s 512Mi",
        "memory used, likewise; above its limit the process is killed; 16Mi when not said",
    ),
    (
        "disk",
        "0s 1Gi, 60s 90Gi",
        "room on the disk of its node that it fills, likewise; nothing when not said",
    ),
    (
        "answers",
        "50/s",
        "how many requests a second it can answer at most",
    ),
    (
        "latency",
        "20ms",
        "how long a request takes, one of a probe too; 10ms when not said",
    ),
    (
        "cpu-per-request",
        "5ms",
        "processor time that a request costs",
    ),
    (
        "on-sigterm",
        "drain",
        "`exit` drops the requests in hand, `drain` answers them first, `ignore` goes on until SIGKILL; the code is 0, or 143 where `exits-after` or a Job has work left",
    ),
    ("stops-in", "2s", "how long it takes to end after SIGTERM"),
];

/// The behaviours of the containers of these names, of which one is the main one: what the rules
/// say that fit the pod, and above them what its annotations say. What is wrong changes nothing and
/// is said.
#[must_use]
pub(super) fn read(
    metadata: &ObjectMeta,
    (names, main): (&[&str], &str),
    rules: &[Rule],
) -> (Vec<Behaviour>, Problems) {
    let mut behaviours = vec![Behaviour::default(); names.len()];
    let mut problems = Problems::new();
    for rule in rules.iter().filter(|rule| rule.fits(metadata)) {
        let wanted = rule.container.as_deref().unwrap_or(main);
        let place = names.iter().position(|name| *name == wanted);
        if let Some(behaviour) = place.map(|place| &mut behaviours[place]) {
            for (key, value) in &rule.says {
                problems.extend(behaviour.declare(key, value).err());
            }
        }
    }
    for (annotation, value) in metadata.annotations.iter().flatten() {
        let Some((wanted, key)) = split(annotation) else {
            continue;
        };
        let wanted = wanted.unwrap_or(main);
        match names.iter().position(|name| *name == wanted) {
            Some(place) => {
                let said = behaviours[place].declare(key, value);
                problems.extend(
                    said.err()
                        .map(|why| format!("annotation {annotation}: {why}")),
                );
            }
            None => problems.push(format!(
                "annotation {annotation}: there is no container \"{wanted}\"; there are {}",
                names.join(", ")
            )),
        }
    }
    (behaviours, problems)
}

/// The container and the key of an annotation, if it is one of ours.
fn split(annotation: &str) -> Option<(Option<&str>, &str)> {
    let (prefix, key) = annotation.split_once('/')?;
    let rest = prefix.strip_suffix(PREFIX)?;
    match rest {
        "" => Some((None, key)),
        _ => Some((Some(rest.strip_suffix('.')?), key)),
    }
}

impl Behaviour {
    /// Takes in one declaration.
    ///
    /// # Errors
    /// Says what would be right; then nothing has changed.
    pub fn declare(&mut self, key: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        match key {
            "exits-after" if value == "never" => self.exits = Exits::Never,
            "exits-after" => self.exits = Exits::After(parse_duration(value)?),
            "exit-code" => self.exit_code = exit_code(value)?,
            "starts-in" => self.starts_in = parse_duration(value)?,
            "fails-startup" => self.fail(ProbeKind::Startup, value)?,
            "fails-readiness" => self.fail(ProbeKind::Readiness, value)?,
            "fails-liveness" => self.fail(ProbeKind::Liveness, value)?,
            "cpu" => self.cpu = Some(curve(value, "50m", cpu_amount)?),
            "memory" => self.memory = Some(curve(value, "64Mi", byte_amount)?),
            "disk" => self.disk = Some(curve(value, "1Gi", byte_amount)?),
            "answers" => self.answers = Some(rate(value)?),
            "latency" => self.latency = parse_duration(value)?,
            "cpu-per-request" => self.cpu_per_request = parse_duration(value)?,
            "on-sigterm" => self.on_sigterm = on_sigterm(value)?,
            "stops-in" => self.stops_in = Some(parse_duration(value)?),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    fn fail(&mut self, probe: ProbeKind, value: &str) -> Result<(), String> {
        let spans = value.split(',').map(|span| failing(probe, span.trim()));
        let spans = spans.collect::<Result<Vec<_>, _>>()?;
        self.failing.retain(|failing| failing.probe != probe);
        self.failing.extend(spans);
        Ok(())
    }
}

fn unknown(key: &str) -> String {
    let names = KEYS.iter().map(|(name, ..)| *name);
    let nearest = names
        .clone()
        .min_by_key(|name| strsim::damerau_levenshtein(name, key))
        .filter(|name| strsim::damerau_levenshtein(name, key) <= 3);
    if let Some(name) = nearest {
        return format!("there is no \"{key}\"; did you mean \"{name}\"?");
    }
    let all: Vec<&str> = names.collect();
    format!("there is no \"{key}\"; there are {}", all.join(", "))
}

fn exit_code(value: &str) -> Result<i32, String> {
    let code = value.parse().ok().filter(|code| (0..=255).contains(code));
    code.ok_or_else(|| format!("\"{value}\" is no exit code; write a number from 0 to 255"))
}

fn rate(value: &str) -> Result<u32, String> {
    let number = value.strip_suffix("/s").unwrap_or(value).trim();
    number
        .parse()
        .map_err(|_| format!("\"{value}\" is no rate; write 50/s"))
}

fn on_sigterm(value: &str) -> Result<OnSigterm, String> {
    match value {
        "exit" => Ok(OnSigterm::Exit),
        "drain" => Ok(OnSigterm::Drain),
        "ignore" => Ok(OnSigterm::Ignore),
        _ => Err(format!("\"{value}\" is none of exit, drain, ignore")),
    }
}

fn failing(probe: ProbeKind, span: &str) -> Result<Failing, String> {
    let wrong = || format!("\"{span}\" is no span of time; write 30s..50s, or 30s.. for ever");
    let (from, until) = span.split_once("..").ok_or_else(wrong)?;
    let from = match from.trim() {
        "" => Duration::ZERO,
        from => parse_duration(from)?,
    };
    let until = match until.trim() {
        "" => None,
        until => Some(parse_duration(until)?),
    };
    if until.is_some_and(|until| until <= from) {
        return Err(format!("\"{span}\" ends before it begins"));
    }
    Ok(Failing { probe, from, until })
}

/// Reads one amount, or `MOMENT AMOUNT` pairs with commas between them.
fn curve(
    value: &str,
    example: &str,
    amount: impl Fn(&str) -> Option<u64>,
) -> Result<Curve, String> {
    let read = |text: &str| {
        amount(text).ok_or_else(|| format!("\"{text}\" is no amount; write {example}"))
    };
    if !value.contains(char::is_whitespace) && !value.contains(',') {
        return read(value).map(Curve::constant);
    }
    let point = |pair: &str| match pair.trim().split_once(char::is_whitespace) {
        Some((at, text)) => Ok((parse_duration(at)?, read(text.trim())?)),
        None => Err(format!(
            "\"{}\" is no moment with an amount; write 30s {example}",
            pair.trim()
        )),
    };
    let points = value.split(',').map(point).collect::<Result<Vec<_>, _>>()?;
    Curve::through(points)
}

fn quantity(text: &str) -> Option<Quantity> {
    let quantity: Quantity = text.parse().ok()?;
    (!quantity.is_negative()).then_some(quantity)
}

/// Billionths of a processor.
fn cpu_amount(text: &str) -> Option<u64> {
    let millis = u64::try_from(quantity(text)?.milli_value()).ok()?;
    millis.checked_mul(1_000_000)
}

fn byte_amount(text: &str) -> Option<u64> {
    u64::try_from(quantity(text)?.value()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(pairs: &[(&str, &str)]) -> ObjectMeta {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ObjectMeta {
            annotations: Some(pairs.collect()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn every_documented_example_reads_and_changes_something() {
        for (key, example, _) in KEYS {
            let mut behaviour = Behaviour::default();
            assert_eq!(behaviour.declare(key, example), Ok(()), "{key}");
            assert_ne!(behaviour, Behaviour::default(), "{key}");
        }
    }

    #[test]
    fn an_annotation_is_about_the_main_container_or_the_one_it_names() {
        let metadata = annotated(&[
            ("glassplane.io/exit-code", "3"),
            ("proxy.glassplane.io/exit-code", "4"),
            ("example.com/exit-code", "5"),
            ("notglassplane.io/exit-code", "6"),
        ]);
        let (behaviours, problems) = read(&metadata, (&["web", "proxy"], "web"), &[]);
        let codes: Vec<i32> = behaviours.iter().map(|each| each.exit_code).collect();
        assert_eq!(codes, [3, 4]);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_rule_is_above_the_default_and_below_an_annotation() {
        let rule = Rule::new("", None, &[("exit-code", "3"), ("starts-in", "4s")]);
        let rules = [rule.expect("it reads")];
        let metadata = annotated(&[("glassplane.io/exit-code", "5")]);
        let (behaviours, _) = read(&metadata, (&["web"], "web"), &rules);
        assert_eq!(behaviours[0].exit_code, 5);
        assert_eq!(behaviours[0].starts_in, Duration::from_secs(4));
    }

    #[test]
    fn a_wrong_declaration_says_what_would_be_right_and_changes_nothing() {
        for (name, value, said) in [
            (
                "exits-after",
                "soon",
                "\"soon\" is no duration; write 250ms, 40s, 5m or 1h30m",
            ),
            (
                "exit-code",
                "256",
                "\"256\" is no exit code; write a number from 0 to 255",
            ),
            (
                "exit-cod",
                "1",
                "there is no \"exit-cod\"; did you mean \"exit-code\"?",
            ),
            ("fails-readiness", "30s", "\"30s\" is no span of time"),
            ("fails-readiness", "30s..20s", "ends before it begins"),
            ("cpu", "much", "\"much\" is no amount; write 50m"),
            ("cpu", "-1", "\"-1\" is no amount; write 50m"),
            (
                "memory",
                "0s 64Mi, 5s",
                "\"5s\" is no moment with an amount; write 30s 64Mi",
            ),
            ("memory", "5s 64Mi, 1s 4Mi", "the moments must not go back"),
            ("answers", "many", "\"many\" is no rate; write 50/s"),
            (
                "on-sigterm",
                "cry",
                "\"cry\" is none of exit, drain, ignore",
            ),
        ] {
            let annotation = format!("{PREFIX}/{name}");
            let metadata = annotated(&[(&annotation, value)]);
            let (behaviours, problems) = read(&metadata, (&["web"], "web"), &[]);
            assert_eq!(behaviours, [Behaviour::default()], "{name}");
            let [problem] = problems.as_slice() else {
                panic!("{name}: {problems:?}");
            };
            assert!(problem.contains(said), "{problem}");
            assert!(
                problem.starts_with(&format!("annotation {annotation}: ")),
                "{problem}"
            );
        }
        let metadata = annotated(&[("db.glassplane.io/cpu", "1")]);
        let (_, problems) = read(&metadata, (&["web", "proxy"], "web"), &[]);
        let said =
            "annotation db.glassplane.io/cpu: there is no container \"db\"; there are web, proxy";
        assert_eq!(problems, [said]);
    }
}
