//! A session as a file: seed, machines, journal, bookmarks, breakpoints; small enough to paste.
//!
//! The file holds no state. Whoever opens it makes the run again from its beginning; the fingerprints
//! of the records say whether it is the same run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::breakpoint::{Breakpoints, Condition};
use super::machines::{Application, Machines, applications};
use super::runs::Bookmark;
use super::verify::{TraceMark, Verdict};
use super::{Cluster, ClusterConfig, Command, Entry, Files, History, Journaled};
use crate::api::schema::nearest;
use crate::scheduler::Configuration;
use crate::sim::{Time, parse_duration};

/// The format that this program writes and reads.
const FORMAT: u64 = 1;

/// The key that every session begins with.
const MARK: &str = "glassplane";

/// The most steps that a session may ask to be made again.
const STEPS_MOST: u64 = 20_000_000;

/// What a session says beside its format.
const PARTS: [&str; 9] = [
    "seed",
    "cluster",
    "scheduler",
    "applications",
    "journal",
    "bookmarks",
    "breakpoints",
    "end",
    "trace",
];

/// One run with everything that makes it again.
#[derive(Clone, Debug)]
pub struct SessionFile {
    config: ClusterConfig,
    journal: Vec<Journaled>,
    bookmarks: Vec<Bookmark>,
    breakpoints: Vec<(Condition, bool)>,
    end: Option<End>,
    trace: Option<TraceMark>,
    problems: Vec<String>,
}

/// A session that was made again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What to call the run.
    pub name: String,
    /// The world at its end.
    pub cluster: Cluster,
    /// Its past.
    pub history: History,
    /// Moments with a name.
    pub bookmarks: Vec<Bookmark>,
    /// Breakpoints, and whether each is on.
    pub breakpoints: Vec<(Condition, bool)>,
    /// What could not be read or done; empty for a session that is as it was.
    pub problems: Vec<String>,
    /// Whether the trace is the recorded one.
    pub verdict: Verdict,
}

/// Where a run ended: after a step, at a moment.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct End {
    step: u64,
    #[serde(with = "as_text")]
    at: Duration,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct JournalEntry {
    step: u64,
    #[serde(with = "as_text")]
    at: Duration,
    /// Whether it was planned for its moment; else it was typed.
    #[serde(default, skip_serializing_if = "is_no")]
    timed: bool,
    run: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, Content>,
}

/// A file: its text, or its bytes where they are no text.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    stop: String,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    on: bool,
}

/// What is written, in this order.
#[derive(Debug, Serialize)]
struct Written {
    glassplane: u64,
    seed: u64,
    cluster: Machines,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    applications: Vec<Application>,
    journal: Vec<JournalEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bookmarks: Vec<Bookmark>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breakpoints: Vec<Stop>,
    end: Option<End>,
    trace: Option<TraceMark>,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_yes(flag: &bool) -> bool {
    *flag
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_no(flag: &bool) -> bool {
    !*flag
}

/// Durations as people write them, to the nanosecond: `1.319123456s`.
mod as_text {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    use super::parse_duration;

    pub(super) fn serialize<S: Serializer>(span: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&format!("{span:?}").replace('µ', "u"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        let said = Value::deserialize(input)?;
        let text = said.as_str();
        let text = text
            .ok_or_else(|| D::Error::custom(format!("{said} is no span of time; write 4.107s")))?;
        parse_duration(text).map_err(D::Error::custom)
    }
}

impl SessionFile {
    /// The session of a run as it stands.
    #[must_use]
    pub fn of(cluster: &Cluster, bookmarks: &[Bookmark], breakpoints: &Breakpoints) -> Self {
        let breakpoints = breakpoints.iter();
        Self {
            config: cluster.config().clone(),
            journal: cluster.journal().map(|entry| (**entry).clone()).collect(),
            bookmarks: bookmarks.to_vec(),
            breakpoints: breakpoints
                .map(|each| (each.condition.clone(), each.is_on))
                .collect(),
            end: Some(End {
                step: cluster.steps(),
                at: cluster.now().since(Time::START),
            }),
            trace: Some(TraceMark::of(cluster.trace())),
            problems: Vec::new(),
        }
    }

    /// Whether a text is a session: its first key says so.
    #[must_use]
    pub fn is_session(text: &str) -> bool {
        let mut lines = text.lines().filter(|line| !line.starts_with(['#', '-']));
        let first = lines.find(|line| !line.trim().is_empty());
        first.is_some_and(|line| line.split(':').next() == Some(MARK))
    }

    /// Reads a session, as much of it as can be read; what cannot is among the problems.
    ///
    /// # Errors
    /// When it is no session, or one of another format, or says of no cluster.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !Self::is_session(text) {
            return Err(format!(
                "this is no session: it does not begin with \"{MARK}: {FORMAT}\""
            ));
        }
        let mut problems = Vec::new();
        let mut parts = mapping(text, &mut problems)?;
        let format = parts.remove(MARK).unwrap_or_default();
        if format.as_u64() != Some(FORMAT) {
            return Err(format!(
                "this session has format {format}; this program reads format {FORMAT}"
            ));
        }
        let config = config(&mut parts)?;
        let mut session = Self {
            config,
            journal: Vec::new(),
            bookmarks: read_list(&mut parts, "bookmarks", &mut problems),
            breakpoints: Vec::new(),
            end: read(&mut parts, "end", &mut problems)
                .and_then(|end| possible(end, &mut problems)),
            trace: read(&mut parts, "trace", &mut problems),
            problems: Vec::new(),
        };
        session.read_journal(&mut parts, &mut problems);
        for stop in read_list::<Stop>(&mut parts, "breakpoints", &mut problems) {
            match Condition::parse(&stop.stop) {
                Ok(condition) => session.breakpoints.push((condition, stop.on)),
                Err(error) => problems.push(format!("breakpoint \"{}\": {error}", stop.stop)),
            }
        }
        if session.trace.is_none() && problems.is_empty() {
            problems.push("it breaks off before its trace".to_owned());
        }
        for name in parts.keys() {
            let near = nearest(name, PARTS.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            problems.push(format!(
                "\"{name}\" means nothing in a session and was left out{near}"
            ));
        }
        session.problems = problems;
        Ok(session)
    }

    /// Takes the journal up to the first entry that cannot be read: what follows it would meet another
    /// world.
    fn read_journal(&mut self, parts: &mut BTreeMap<String, Value>, problems: &mut Vec<String>) {
        let entries = match parts.remove("journal") {
            Some(Value::Array(entries)) => entries,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                problems.push("journal: this is no list".to_owned());
                Vec::new()
            }
        };
        let count = entries.len();
        for (place, entry) in entries.into_iter().enumerate() {
            let before = self.journal.last().map_or(0, |last| last.step);
            match journaled(entry, before) {
                Ok(entry) => self.journal.push(entry),
                Err(error) => {
                    let (number, after) = (place + 1, count - place - 1);
                    problems.push(format!(
                        "journal entry {number}: {error}; kept: the {place} before it, left out: \
                         it and the {after} after it"
                    ));
                    return;
                }
            }
        }
    }

    /// Lets the run that is made again keep so many records.
    pub fn keep_records(&mut self, most: usize) {
        self.config.records_most = most;
    }

    /// The session as YAML.
    ///
    /// # Errors
    /// When it cannot be written as YAML, in the words of the writer.
    pub fn to_yaml(&self) -> Result<String, String> {
        let source = self.config.scheduler.source();
        let is_default = source.as_object().is_some_and(serde_json::Map::is_empty);
        let stop = |(condition, on): &(Condition, bool)| Stop {
            stop: condition.source().to_owned(),
            on: *on,
        };
        let written = Written {
            glassplane: FORMAT,
            seed: self.config.seed,
            cluster: Machines::of(&self.config),
            scheduler: (!is_default).then(|| source.clone()),
            applications: self
                .config
                .applications
                .iter()
                .map(Application::of)
                .collect(),
            journal: self.journal.iter().map(JournalEntry::of).collect(),
            bookmarks: self.bookmarks.clone(),
            breakpoints: self.breakpoints.iter().map(stop).collect(),
            end: self.end,
            trace: self.trace.clone(),
        };
        serde_yaml::to_string(&written).map_err(|error| error.to_string())
    }

    /// Makes the run again, from its beginning to its end, as far as its journal applies.
    #[must_use]
    pub fn replay(self, name: &str) -> Replayed {
        let mut problems = self.problems;
        let mut cluster = Cluster::new(self.config);
        let mut history = History::starting_at(&cluster);
        let count = self.journal.len();
        for (place, entry) in self.journal.into_iter().enumerate() {
            go_to(&mut cluster, &mut history, entry.step);
            let trouble = if cluster.steps() < entry.step {
                let (steps, wanted) = (cluster.steps(), entry.step);
                Some(format!(
                    "the run ends at step {steps}, it is for step {wanted}"
                ))
            } else {
                cluster.never_hits(&entry.command)
            };
            if let Some(trouble) = trouble {
                let (number, after) = (place + 1, count - place - 1);
                problems.push(format!(
                    "journal entry {number} no longer applies ({}): {trouble}; it and the {after} \
                     after it were left out",
                    entry.command.line()
                ));
                break;
            }
            let at = entry.at.max(cluster.now());
            cluster.take(Arc::new(Journaled { at, ..entry }));
        }
        match self.end {
            // What follows a journal that broke off would be another run than the recorded one.
            _ if !problems.is_empty() => {}
            Some(end) => {
                go_to(&mut cluster, &mut history, end.step);
                cluster.come_to_rest(Time::START + end.at);
            }
            None => problems.push("the session does not say where it ends".to_owned()),
        }
        let verdict = match self.trace {
            Some(mark) if problems.is_empty() => mark.verify(cluster.trace()),
            _ => Verdict::Unknown,
        };
        Replayed {
            name: name.to_owned(),
            cluster,
            history,
            bookmarks: self.bookmarks,
            breakpoints: self.breakpoints,
            problems,
            verdict,
        }
    }
}

impl Replayed {
    /// How it went, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        match self.problems.first() {
            None => self.verdict.to_string(),
            Some(first) => {
                let more = match self.problems.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                format!("Opened as far as it can be read: {first}{more}")
            }
        }
    }
}

impl JournalEntry {
    fn of(entry: &Journaled) -> Self {
        let content = |bytes: &Arc<[u8]>| match std::str::from_utf8(bytes) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(_) => Content::Bytes(bytes.to_vec()),
        };
        let files = match &entry.command {
            Command::Kubectl { files, .. } => files
                .iter()
                .map(|(name, bytes)| (name.clone(), content(bytes)))
                .collect(),
            Command::Fault { .. } | Command::Traffic { .. } => BTreeMap::new(),
        };
        Self {
            step: entry.step,
            at: entry.at.since(Time::START),
            timed: entry.entry == Entry::Timed,
            run: entry.command.line(),
            files,
        }
    }
}

/// Makes steps up to one.
fn go_to(cluster: &mut Cluster, history: &mut History, step: u64) {
    while cluster.steps() < step && cluster.step() {
        history.keep(cluster);
    }
}

fn journaled(entry: Value, before: u64) -> Result<Journaled, String> {
    let entry: JournalEntry = serde_json::from_value(entry).map_err(|error| error.to_string())?;
    if entry.step < before {
        let step = entry.step;
        return Err(format!(
            "step {step} comes before {before}, that of the entry before it"
        ));
    }
    beyond(entry.step)?;
    let files: Files = entry
        .files
        .into_iter()
        .map(|(name, content)| match content {
            Content::Text(text) => (name, Arc::from(text.into_bytes())),
            Content::Bytes(bytes) => (name, Arc::from(bytes)),
        })
        .collect();
    let command = Command::parse(&entry.run, &Arc::new(files));
    let command =
        command.map_err(|error| format!("\"{}\": {}", entry.run, plain(&error.to_string())))?;
    let at = Time::START + entry.at;
    let came = if entry.timed {
        Entry::Timed
    } else {
        Entry::Typed
    };
    Ok(Journaled {
        step: entry.step,
        at,
        entry: came,
        command,
    })
}

fn config(parts: &mut BTreeMap<String, Value>) -> Result<ClusterConfig, String> {
    let seed = parts.remove("seed");
    let seed = seed.ok_or("it names no seed; write \"seed: \" and the number of the saved run")?;
    let seed = seed
        .as_u64()
        .ok_or_else(|| format!("seed: {seed} is no number from 0 up"))?;
    let machines: Machines = match parts.remove("cluster") {
        None | Some(Value::Null) => Machines::default(),
        Some(written) => {
            serde_json::from_value(written).map_err(|error| format!("cluster: {error}"))?
        }
    };
    let mut config = machines
        .config(seed)
        .map_err(|error| format!("cluster: {}", plain(&error)))?;
    if let Some(source) = parts.remove("scheduler") {
        let read = Configuration::read(&source);
        let read = read.map_err(|error| format!("scheduler: {}: {}", error.path, error.reason))?;
        config.scheduler = Arc::new(read);
    }
    if let Some(written) = parts.remove("applications") {
        let written: Vec<Application> =
            serde_json::from_value(written).map_err(|error| format!("applications: {error}"))?;
        config.applications = applications(written).map_err(|error| plain(&error))?;
    }
    Ok(config)
}

/// The parts of the file by name. Of one that breaks off, what stands before the break.
fn mapping(text: &str, problems: &mut Vec<String>) -> Result<BTreeMap<String, Value>, String> {
    let error = match serde_yaml::from_str(text) {
        Ok(parts) => return Ok(parts),
        Err(error) => error,
    };
    let lines: Vec<&str> = text.lines().collect();
    let begins =
        |line: &&str| line.starts_with("- ") || line.starts_with(|c: char| c.is_alphabetic());
    let cuts = (1..lines.len()).rev().filter(|cut| begins(&lines[*cut]));
    for cut in cuts {
        if let Ok(parts) = serde_yaml::from_str(&lines[..cut].join("\n")) {
            let kept = format!("{error}; kept: the {cut} lines before line {}", cut + 1);
            problems.push(kept);
            return Ok(parts);
        }
    }
    Err(error.to_string())
}

fn read<T: for<'de> Deserialize<'de>>(
    parts: &mut BTreeMap<String, Value>,
    name: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    match serde_json::from_value(parts.remove(name)?) {
        Ok(part) => Some(part),
        Err(error) => {
            problems.push(format!("{name}: {error}"));
            None
        }
    }
}

fn read_list<T: for<'de> Deserialize<'de>>(
    parts: &mut BTreeMap<String, Value>,
    name: &str,
    problems: &mut Vec<String>,
) -> Vec<T> {
    let entries: Vec<Value> = read(parts, name, problems).unwrap_or_default();
    let mut list = Vec::new();
    for (place, entry) in entries.into_iter().enumerate() {
        match serde_json::from_value(entry) {
            Ok(entry) => list.push(entry),
            Err(error) => problems.push(format!("{name}, entry {}: {error}", place + 1)),
        }
    }
    list
}

/// The end of a run, if anybody can get there.
fn possible(end: End, problems: &mut Vec<String>) -> Option<End> {
    let reached = beyond(end.step);
    problems.extend(reached.clone().err().map(|error| format!("end: {error}")));
    reached.is_ok().then_some(end)
}

fn beyond(step: u64) -> Result<(), String> {
    if step > STEPS_MOST {
        return Err(format!(
            "step {step} is too far; a session has {STEPS_MOST} steps at most"
        ));
    }
    Ok(())
}

/// An error of a command within one of ours: in one line, without an "error:" of its own.
fn plain(error: &str) -> String {
    let words: Vec<&str> = error.split_whitespace().collect();
    words.join(" ").replacen("error: ", "", 1)
}
