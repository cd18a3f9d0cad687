//! A run as a script: machines, seed, commands with their moments, and what to wait for.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::expression::Watched;
pub use super::machines::counted;
use super::machines::{Application, Machines, applications};
use super::{Cluster, ClusterConfig, Command, Expression, Files};
use crate::kubectl::Session;
use crate::manifest;
use crate::sim::{Time, parse_duration};

/// How long a run may take in virtual time when nobody says.
pub const DEFAULT_LIMIT: Duration = Duration::from_mins(10);

/// A run that is ready to go.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Seed and machines.
    pub config: ClusterConfig,
    /// What is done, in order.
    pub steps: Vec<Timed>,
    /// What is waited for; none means the whole limit, or (without a limit) that all is settled.
    pub until: Option<Expression>,
    /// The longest time.
    pub limit: Option<Duration>,
}

/// A command and its moment.
#[derive(Clone, Debug)]
pub struct Timed {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub command: Command,
}

/// When a command is due. Each waits for the ones before it to have been given.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// When the command before it is done, as at a terminal.
    Now,
    /// At a moment of virtual time, whatever else goes on.
    At(Time),
    /// As soon as an expression is true and the commands before it have begun.
    When(Expression),
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The world at its end.
    pub cluster: Cluster,
    /// Whether what was waited for came true.
    pub came_true: bool,
    /// What went wrong on the way, in the words of who said so.
    pub failures: Vec<String>,
}

/// Gives the files that a name stands for: one file, or all manifests of a folder.
pub type Loader<'a> = &'a dyn Fn(&str) -> Result<Files, String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    cluster: Machines,
    #[serde(default)]
    applications: Vec<Application>,
    #[serde(default, rename = "do")]
    steps: Vec<Spanned<ScriptStep>>,
    until: Option<String>,
    #[serde(rename = "for")]
    limit: Option<String>,
}

/// A command, alone or with its moment.
#[derive(Debug)]
struct ScriptStep {
    at: Option<String>,
    when: Option<String>,
    run: String,
}

/// Not an untagged enum: that would forget what does not fit, and where.
impl<'de> Deserialize<'de> for ScriptStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = ScriptStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command, or { at: a time, run: a command }")
    }

    fn visit_str<E>(self, line: &str) -> Result<ScriptStep, E> {
        Ok(ScriptStep {
            at: None,
            when: None,
            run: line.to_owned(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ScriptStep, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            at: Option<String>,
            when: Option<String>,
            run: String,
        }
        let Fields { at, when, run } = Fields::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(ScriptStep { at, when, run })
    }
}

impl Scenario {
    /// Reads a script.
    ///
    /// # Errors
    /// Says what in it does not fit, with its line where the text has one.
    pub fn parse(text: &str, load: Loader<'_>) -> Result<Self, String> {
        let script: Script = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let steps = script
            .steps
            .iter()
            .map(|step| {
                let line = step.referenced.line();
                timed(&step.value, load).map_err(|why| format!("line {line}: {why}"))
            })
            .collect::<Result<_, _>>()?;
        let until = script.until.as_deref().map(parse_expression).transpose()?;
        let limit = script.limit.as_deref().map(parse_duration).transpose()?;
        Ok(Self {
            config: ClusterConfig {
                applications: applications(script.applications)?,
                ..script.cluster.config(script.seed)?
            },
            steps,
            until,
            limit,
        })
    }

    /// Whether a text is a script and not a manifest: its first key is one of a script's.
    #[must_use]
    pub fn is_script(text: &str) -> bool {
        let mut lines = text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let first = lines
            .find(|line| !line.starts_with("---"))
            .unwrap_or_default();
        [
            "seed:",
            "cluster:",
            "applications:",
            "do:",
            "until:",
            "for:",
        ]
        .iter()
        .any(|key| first.starts_with(key))
    }

    /// The world with its commands given, as the screen opens it: nothing has happened yet.
    ///
    /// # Errors
    /// When a command waits for an expression, which only a run can do.
    pub fn open(self) -> Result<Cluster, String> {
        let mut cluster = Cluster::new(self.config);
        for timed in self.steps {
            match timed.trigger {
                Trigger::Now => cluster.submit(timed.command),
                Trigger::At(at) => cluster.submit_at(at, timed.command),
                Trigger::When(expression) => {
                    return Err(format!(
                        "error: \"when: {}\" needs glassplane run; the screen takes times only",
                        expression.source()
                    ));
                }
            }
        }
        Ok(cluster)
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// When an expression has no answer.
    pub fn run(self) -> Result<Finished, String> {
        let mut cluster = Cluster::new(self.config);
        let mut pending: VecDeque<Timed> = self.steps.into();
        let settled = parse_expression("settled()")?;
        let until = match (self.until, self.limit) {
            (None, None) => Some(settled),
            (until, _) => until,
        };
        let end = cluster.now() + self.limit.unwrap_or(DEFAULT_LIMIT);
        let mut watched = Watched::default();
        let came_true = loop {
            give(&mut pending, &mut cluster, &mut watched)?;
            if pending.is_empty()
                && let Some(until) = &until
                && holds(&mut watched, until, &cluster)?
            {
                break true;
            }
            match cluster.next_at() {
                Some((at, _)) if at <= end => cluster.step(),
                _ => {
                    cluster.wait_until(end);
                    break until.is_none() && pending.is_empty();
                }
            };
        };
        let mut failures = failures(&cluster);
        failures.extend(cluster.missed_faults().map(|why| format!("error: {why}")));
        let pending = pending.iter().map(|timed| &timed.command);
        let waiting = cluster.waiting_lines().map(|entry| &entry.command);
        failures.extend(
            waiting
                .chain(pending)
                .map(|command| format!("error: never came to: {}", command.line())),
        );
        Ok(Finished {
            cluster,
            came_true,
            failures,
        })
    }
}

/// Gives the commands that are due.
fn give(
    pending: &mut VecDeque<Timed>,
    cluster: &mut Cluster,
    watched: &mut Watched,
) -> Result<(), String> {
    while let Some(next) = pending.front() {
        if let Trigger::When(expression) = &next.trigger
            && (cluster.waiting_lines().next().is_some() || !holds(watched, expression, cluster)?)
        {
            return Ok(());
        }
        if let Some(next) = pending.pop_front() {
            if let Some(message) = cluster.never_hits(&next.command) {
                return Err(message);
            }
            match next.trigger {
                Trigger::At(at) => cluster.submit_at(at, next.command),
                Trigger::Now | Trigger::When(_) => cluster.submit(next.command),
            }
        }
        watched.forget();
    }
    Ok(())
}

/// Whether an expression is true, asked only when something has changed since it was not.
fn holds(
    watched: &mut Watched,
    expression: &Expression,
    cluster: &Cluster,
) -> Result<bool, String> {
    let answer = watched.asked(expression, cluster).unwrap_or(Ok(false));
    answer.map_err(|error| error.to_string())
}

/// What the runs of kubectl complained about, and where in their files.
fn failures(cluster: &Cluster) -> Vec<String> {
    let failed = cluster.sessions().filter(|(_, session)| {
        // A diff that has found something ends with 1 and has nothing to complain about.
        session.exit_code().is_some_and(|code| code != 0) && !session.error_text().is_empty()
    });
    failed.map(|(_, session)| complaint(session)).collect()
}

/// What a run of kubectl complained about, and where in its files.
#[must_use]
pub fn complaint(session: &Session) -> String {
    let error = session.error_text();
    let places = places(session);
    let mut lines: Vec<&str> = error.trim_end().lines().collect();
    lines.extend(places.iter().map(String::as_str));
    lines.join("\n")
}

/// The places in the files of what could not be read and of the fields that the API server refused.
fn places(session: &Session) -> Vec<String> {
    let mut places = Vec::new();
    if session.invocation().manifests().is_empty() {
        return places;
    }
    for (name, bytes) in session.files() {
        let problems = manifest::parse(name, bytes).problems;
        places.extend(problems.iter().map(ToString::to_string));
    }
    for refusal in session.refusals() {
        let fields: Vec<&str> = refusal
            .causes
            .iter()
            .filter_map(|cause| Some(cause.field()?.field.as_str()))
            .collect();
        for (name, bytes) in session.files() {
            let documents = manifest::parse(name, bytes).documents;
            let about = documents.iter().filter(|document| {
                let key = refusal.key.as_ref();
                key.is_some_and(|key| {
                    key.kind == document.kind && *key.name == *document.object.name()
                })
            });
            places.extend(about.flat_map(|document| {
                fields.iter().map(move |path| {
                    let place = document.place(path);
                    format!("{name}:{}:{}: {path}", place.line, place.column)
                })
            }));
        }
    }
    places
}

/// Reads an expression.
///
/// # Errors
/// In the words of the expression room.
pub fn parse_expression(text: &str) -> Result<Expression, String> {
    Expression::parse(text).map_err(|error| error.to_string())
}

/// Reads `40s: fault node-down node-b`, or a command without a time.
///
/// # Errors
/// When the command is none.
pub fn timed_line(line: &str, load: Loader<'_>) -> Result<Timed, String> {
    let timed = line
        .split_once(':')
        .and_then(|(head, rest)| Some((parse_duration(head).ok()?, rest)));
    let (trigger, line) = match timed {
        Some((after, rest)) => (Trigger::At(Time::START + after), rest),
        None => (Trigger::Now, line),
    };
    Ok(Timed {
        trigger,
        command: command(line, load)?,
    })
}

fn timed(step: &ScriptStep, load: Loader<'_>) -> Result<Timed, String> {
    let trigger = match (&step.at, &step.when) {
        (Some(at), None) => Trigger::At(Time::START + parse_duration(at)?),
        (None, Some(when)) => Trigger::When(parse_expression(when)?),
        (None, None) => Trigger::Now,
        (Some(_), Some(_)) => {
            return Err("error: both at and when are given; say one of them".to_owned());
        }
    };
    Ok(Timed {
        trigger,
        command: command(&step.run, load)?,
    })
}

/// Reads a command together with the files that it names.
///
/// # Errors
/// In kubectl's words, or when a file cannot be had.
pub fn command(line: &str, load: Loader<'_>) -> Result<Command, String> {
    let mut files = Files::new();
    let command = Command::parse(line, &Arc::default()).map_err(|error| error.to_string())?;
    for name in command.file_names() {
        files.extend(load(&name)?);
    }
    Ok(command.with_files(files))
}
