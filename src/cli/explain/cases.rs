//! `explain --cases`: many clusters in one file, one a line, each with a pod; one answer a line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::output::complain;
use crate::api::{Kind, Object, Pod, Typed};
use crate::apiserver::scheduling_problems;
use crate::manifest;
use crate::scheduler::{Configuration, Snapshot, schedule};
use crate::sim::Random;

/// The longest line that is read, in bytes.
const LINE_MOST: usize = 64 << 20;

/// So many mistakes of one line are told.
const MISTAKES_MOST: usize = 10;

/// The lists of a case and the kinds of their objects.
const LISTS: [(&str, Kind); 10] = [
    ("nodes", Kind::Node),
    ("pods", Kind::Pod),
    ("namespaces", Kind::Namespace),
    ("services", Kind::Service),
    ("replicaSets", Kind::ReplicaSet),
    ("statefulSets", Kind::StatefulSet),
    ("podDisruptionBudgets", Kind::PodDisruptionBudget),
    ("persistentVolumes", Kind::PersistentVolume),
    ("persistentVolumeClaims", Kind::PersistentVolumeClaim),
    ("storageClasses", Kind::StorageClass),
];

/// Answers each line that can be answered, and says what is wrong with the others: their line, the
/// path, the mistake. Returns whether all could be answered.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn answer_all(path: &Path, seed: u64) -> Result<bool, String> {
    let name = path.to_string_lossy();
    let mut reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("error: the path \"{name}\" does not exist"),
            _ => format!("error: {name}: {error}"),
        })?;
        Box::new(BufReader::new(file))
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut number, mut all_answered) = (0_usize, true);
    let mut line = Vec::new();
    while next_line(&mut reader, &mut line).map_err(|error| format!("error: {name}: {error}"))? {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match answer(line.trim_ascii_end(), seed) {
            Ok(answer) => {
                // A reader that went away wants no more answers.
                if writeln!(out, "{answer}").is_err() {
                    return Ok(all_answered);
                }
            }
            Err(mistakes) => {
                all_answered = false;
                for mistake in &mistakes {
                    complain(&format!("{name}:{number}:{mistake}"));
                }
            }
        }
    }
    let _ = out.flush();
    Ok(all_answered)
}

/// Reads the next line; of one that is too long as much as shows that.
fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = LINE_MOST as u64 + 1;
    let mut limited = Read::take(&mut *reader, most);
    if limited.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if limited.limit() == 0 && line.last() != Some(&b'\n') {
        skip_line(limited.into_inner())?;
    }
    Ok(true)
}

fn skip_line(reader: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let (used, is_end) = {
            let bytes = reader.fill_buf()?;
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (bytes.len(), bytes.is_empty()),
            }
        };
        reader.consume(used);
        if is_end {
            return Ok(());
        }
    }
}

/// An answer with its fields in the order of the recorded ones.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pre_filter: Option<Refused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<BTreeMap<String, Refused>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weighted_scores: Option<BTreeMap<String, BTreeMap<String, i64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_scores: Option<BTreeMap<String, i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unschedulable_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nominated_node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    victims: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    plugin: String,
    reasons: Vec<String>,
    code: String,
}

/// Answers one case, or lists its mistakes: ` path: what is wrong`, or `column: what is wrong`.
fn answer(line: &[u8], seed: u64) -> Result<String, Vec<String>> {
    if line.len() > LINE_MOST {
        let most = LINE_MOST >> 20;
        return Err(vec![format!(
            " the line is too long: at most {most} MiB are read"
        )]);
    }
    let case: Value = serde_json::from_slice(line).map_err(|error| {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        vec![format!("{}: {what}", error.column())]
    })?;
    let case = Case::read(case)?;
    let profile = case.configuration.profile_of(&case.pod);
    let profile = profile.ok_or_else(|| {
        let missing = case.configuration.missing_profile(&case.pod);
        vec![format!(" pod.spec.schedulerName: {missing}")]
    })?;
    let mut random = Random::stream(seed, "explain");
    let decision = schedule(&case.pod, &case.snapshot, profile, &mut random, 0);
    let mut answer: Answer = serde_json::from_value(decision.to_expected_value())
        .expect("a decision has the fields of an answer");
    answer.name = case.name;
    Ok(serde_json::to_string(&answer).expect("an answer has string keys only"))
}

struct Case {
    name: String,
    pod: Pod,
    snapshot: Snapshot,
    configuration: Configuration,
}

impl Case {
    fn read(case: Value) -> Result<Self, Vec<String>> {
        let Value::Object(mut fields) = case else {
            return Err(vec![" a case is an object with nodes and a pod".to_owned()]);
        };
        let mut mistakes = Mistakes::default();
        let name = match fields.remove("name") {
            Some(Value::String(name)) => name,
            Some(_) => mistakes.say("name", "must be a string"),
            None => mistakes.say("name", "Required value"),
        };
        let mut objects = Vec::new();
        for (list, kind) in LISTS {
            match fields.remove(list) {
                None | Some(Value::Null) => {}
                Some(Value::Array(items)) => {
                    for (place, item) in items.into_iter().enumerate() {
                        objects.extend(mistakes.object(&format!("{list}[{place}]"), kind, item));
                    }
                }
                Some(_) => mistakes.say(list, "must be a list"),
            }
        }
        let pod = match fields.remove("pod") {
            None | Some(Value::Null) => mistakes.say("pod", "Required value"),
            Some(pod) => mistakes.object("pod", Kind::Pod, pod),
        };
        let configuration = match fields.remove("schedulerConfig") {
            None | Some(Value::Null) => Configuration::default(),
            Some(given) => Configuration::read(&given).unwrap_or_else(|error| {
                let path = format!("schedulerConfig.{}", error.path);
                mistakes.say::<()>(&path, &error.reason);
                Configuration::default()
            }),
        };
        for unknown in fields.keys() {
            mistakes.say::<()>(unknown, "unknown field");
        }
        match (pod.as_ref().and_then(Pod::of), mistakes.0.is_empty()) {
            (Some(pod), true) => Ok(Self {
                name,
                pod: pod.clone(),
                snapshot: Snapshot::from_objects(objects),
                configuration,
            }),
            _ => Err(mistakes.0),
        }
    }
}

/// What is wrong with a case; the first few things.
#[derive(Debug, Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    /// Takes note of a mistake; what would have been read is nothing.
    fn say<T: Default>(&mut self, path: &str, what: &str) -> T {
        if self.0.len() < MISTAKES_MOST {
            self.0.push(format!(" {path}: {what}"));
        }
        T::default()
    }

    /// The object at this path, if all is well with it.
    fn object(&mut self, path: &str, kind: Kind, value: Value) -> Option<Object> {
        let before = self.0.len();
        let info = kind.info();
        for (field, expected) in [
            ("apiVersion", info.api_version()),
            ("kind", info.name.to_owned()),
        ] {
            let given = value.get(field).filter(|given| !given.is_null());
            if given.is_some_and(|given| given.as_str() != Some(&expected)) {
                self.say::<()>(&format!("{path}.{field}"), &format!("must be {expected}"));
            }
        }
        let mut object = match manifest::decode(kind, value) {
            Ok(object) => object,
            Err(problems) => {
                for problem in problems {
                    let at = [path, &problem.path]
                        .into_iter()
                        .filter(|part| !part.is_empty())
                        .collect::<Vec<_>>()
                        .join(".");
                    let help = problem
                        .help
                        .map_or_else(String::new, |help| format!("; {help}"));
                    self.say::<()>(&at, &format!("{}{help}", problem.message));
                }
                return None;
            }
        };
        if object.name().is_empty() {
            self.say::<()>(&format!("{path}.metadata.name"), "Required value");
        }
        if info.namespaced && object.namespace().is_empty() {
            object.metadata_mut().namespace = Some("default".to_owned());
        }
        for error in scheduling_problems(&object) {
            self.say::<()>(&format!("{path}.{}", error.field), &error.message);
        }
        (self.0.len() == before).then_some(object)
    }
}
