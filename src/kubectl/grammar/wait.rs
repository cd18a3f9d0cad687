//! `kubectl wait`: for what, and for how long.
//!
//! Source: `kubectl/pkg/cmd/wait/wait.go`, Kubernetes 1.34.

use std::time::Duration;

use super::UsageError;
use super::command::{Until, Wait};
use super::flags::Given;
use super::output::unreadable;
use super::resources::{self, Bare};
use crate::kubectl::json_path::JsonPath;
use crate::sim::parse_duration;

/// How long kubectl waits when nobody says.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long it waits when it is told to wait for ever.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// The form of a path with a value.
const FORM: &str = "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or \
    --for=jsonpath='{.status.readyReplicas}'";

pub(super) fn wait(given: &Given) -> Result<Wait, UsageError> {
    let until = until(&given.text("for").unwrap_or_default())?;
    Ok(Wait {
        targets: resources::read(given, &given.arguments(), Bare::Refused)?,
        until,
        timeout: timeout(given.text("timeout").as_deref())?,
    })
}

/// How long `kubectl rollout status` waits; nothing and zero are for ever.
pub(super) fn rollout_timeout(given: &Given) -> Result<Option<Duration>, UsageError> {
    let text = given.text("timeout");
    let timeout = text
        .map(|text| duration(&text, "rollout status"))
        .transpose()?;
    Ok(timeout.filter(|timeout| !timeout.is_zero()))
}

fn timeout(text: Option<&str>) -> Result<Duration, UsageError> {
    text.map_or(Ok(TIMEOUT), |text| duration(text, "wait"))
}

fn duration(text: &str, verb: &str) -> Result<Duration, UsageError> {
    let wrong = |_| {
        UsageError(format!(
            "error: invalid argument \"{text}\" for \"--timeout\" flag: time: invalid duration \
             \"{text}\"\nSee 'kubectl {verb} --help' for usage."
        ))
    };
    match text.strip_prefix('-') {
        Some(rest) => parse_duration(rest).map(|_| WEEK).map_err(wrong),
        None => parse_duration(text).map_err(wrong),
    }
}

fn until(text: &str) -> Result<Until, UsageError> {
    let unknown = || UsageError(format!("error: unrecognized condition: {text:?}"));
    match text.to_lowercase().as_str() {
        "delete" => return Ok(Until::Deleted),
        "create" => return Ok(Until::Created),
        _ => {}
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, status) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Until::Condition {
            name: name.to_owned(),
            status: status.to_owned(),
        });
    }
    let path = text.strip_prefix("jsonpath=").ok_or_else(unknown)?;
    let (path, value) = match split(path).as_slice() {
        [path] => (path.clone(), None),
        [path, value] => {
            let value = value.trim_matches(['\'', '"']).to_owned();
            if value.is_empty() {
                return Err(UsageError(
                    "error: jsonpath wait has to have a value after equal sign, like \
                     --for=jsonpath='{.status.readyReplicas}'=3"
                        .to_owned(),
                ));
            }
            (path.clone(), Some(value))
        }
        _ => return Err(UsageError(format!("error: {FORM}"))),
    };
    let read = if path.starts_with('{') {
        JsonPath::parse(&path)
    } else {
        JsonPath::parse_relaxed(&path)
    };
    Ok(Until::Path {
        path: read.map_err(|problem| unreadable(&path, &problem))?,
        value,
    })
}

/// Splits at single equal signs; two of them belong to a comparison.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = parts.last_mut();
        match (letter, letters.peek()) {
            ('=', Some('=')) => {
                letters.next();
                last.map(|last| last.push_str("=="))
            }
            ('=', _) => {
                parts.push(String::new());
                None
            }
            (letter, _) => last.map(|last| last.push(letter)),
        };
    }
    parts
}
