//! `kubectl set env`, `set resources`, `set selector`, `set serviceaccount`.

use super::UsageError;
use super::changes;
use super::command::{Command, Setting};
use super::flags::Given;
use super::resources::{self, Bare};
use crate::api::Quantity;

pub(super) fn set(what: &str, given: &Given) -> Result<Command, UsageError> {
    let containers = given.text("containers").unwrap_or_else(|| "*".to_owned());
    let words = given.arguments();
    let (objects, setting) = match what {
        "env" => environment(words, containers)?,
        "resources" => {
            let (limits, requests) = (amounts(given, "limits")?, amounts(given, "requests")?);
            if limits.is_empty() && requests.is_empty() {
                return Err(UsageError(
                    "error: you must specify an update to requests or limits (in the form of \
                     --requests/--limits)"
                        .to_owned(),
                ));
            }
            let setting = Setting::Resources {
                containers,
                limits,
                requests,
            };
            (words, setting)
        }
        "selector" => selector(words)?,
        _ => service_account(words)?,
    };
    Ok(Command::Set {
        targets: resources::read(given, &objects, Bare::Refused)?,
        setting,
    })
}

fn environment(
    words: Vec<String>,
    containers: String,
) -> Result<(Vec<String>, Setting), UsageError> {
    let (objects, changes) = changes::split(words, changes::is_pair, "environment")?;
    if changes.is_empty() {
        return Err(UsageError(
            "error: at least one environment variable must be provided".to_owned(),
        ));
    }
    let (set, remove) = changes::pairs(&changes, "environment variable")?;
    let setting = Setting::Environment {
        containers,
        set,
        remove,
    };
    Ok((objects, setting))
}

/// Reads `cpu=200m,memory=512Mi`.
fn amounts(given: &Given, flag: &str) -> Result<Vec<(String, String)>, UsageError> {
    let amount = |text: String| {
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, amount) = pair.ok_or_else(|| {
            UsageError(format!(
                "error: invalid argument syntax {text}, expected <resource>=<value>"
            ))
        })?;
        if amount.parse::<Quantity>().is_err() {
            return Err(UsageError(
                "error: quantities must match the regular expression \
                 '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    .to_owned(),
            ));
        }
        Ok((name.to_owned(), amount.to_owned()))
    };
    given.texts(flag).into_iter().map(amount).collect()
}

fn selector(mut words: Vec<String>) -> Result<(Vec<String>, Setting), UsageError> {
    let expression = words
        .pop()
        .filter(|word| word.contains('='))
        .ok_or_else(|| UsageError("error: one or more resources must be specified as <resource> <name> or <resource>/<name>".to_owned()))?;
    let pairs = expression.split(',').map(|pair| {
        pair.split_once('=')
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| UsageError(format!("error: invalid selector: {pair}")))
    });
    let pairs = pairs.collect::<Result<_, _>>()?;
    Ok((words, Setting::Selector(pairs)))
}

fn service_account(mut words: Vec<String>) -> Result<(Vec<String>, Setting), UsageError> {
    match words.pop() {
        Some(name) if !words.is_empty() => Ok((words, Setting::ServiceAccount(name))),
        _ => Err(UsageError("error: serviceaccount is required".to_owned())),
    }
}
