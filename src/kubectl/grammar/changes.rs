//! The small languages of changes: labels, annotations, taints, images.

use std::fmt::Write as _;

use super::UsageError;
use super::command::TaintChanges;
use crate::api::core;

/// What a label's value may be, in Kubernetes' words.
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What the name of a key may be, in Kubernetes' words.
const KEY_NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Splits words into those that name objects and those that say changes.
pub(super) fn split(
    words: Vec<String>,
    is_change: fn(&str) -> bool,
    what: &str,
) -> Result<(Vec<String>, Vec<String>), UsageError> {
    let (mut objects, mut changes) = (Vec::new(), Vec::new());
    for word in words {
        if is_change(&word) {
            changes.push(word);
        } else if changes.is_empty() {
            objects.push(word);
        } else {
            return Err(UsageError(format!(
                "error: all resources must be specified before {what} changes: {word}"
            )));
        }
    }
    Ok((objects, changes))
}

/// Whether a word is `key=value` or `key-`.
pub(super) fn is_pair(word: &str) -> bool {
    word.find('=').is_some_and(|at| at > 0) || word.len() > 1 && word.ends_with('-')
}

/// Whether a word is `key=value:Effect`, `key:Effect` or either with `-` at its end.
pub(super) fn is_taint(word: &str) -> bool {
    word.contains(['=', ':']) || word.ends_with('-')
}

/// Keys and values to set, and keys to remove.
pub type Pairs = (Vec<(String, String)>, Vec<String>);

/// Reads `key=value` and `key-`.
///
/// # Errors
/// In kubectl's words, when a value cannot be one or a key is both set and removed.
pub fn pairs(words: &[String], what: &str) -> Result<Pairs, UsageError> {
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => {
                if what == "label" && !is_label_value(value) {
                    return Err(UsageError(format!(
                        "error: invalid label value: \"{word}\": {LABEL_VALUE}"
                    )));
                }
                set.push((key.to_owned(), value.to_owned()));
            }
            None => remove.push(word.trim_end_matches('-').to_owned()),
        }
    }
    if set.iter().any(|(key, _)| remove.contains(key)) {
        let article = if what == "label" { "a" } else { "an" };
        return Err(UsageError(format!(
            "error: can not both modify and remove {article} {what} in the same command"
        )));
    }
    Ok((set, remove))
}

fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_name(value)
}

/// Letters and digits at both ends, and `-`, `_`, `.` between them; at most 63 characters.
fn is_name(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn bad_taint(problem: &str) -> UsageError {
    UsageError(format!(
        "error: {problem}\nSee 'kubectl taint -h' for help and examples"
    ))
}

/// Reads taints to add and to remove. Source: `kubectl/pkg/cmd/taint/utils.go`.
///
/// # Errors
/// In kubectl's words, when a word is no taint.
pub fn taints(words: &[String]) -> Result<TaintChanges, UsageError> {
    let mut changes = TaintChanges::default();
    for word in words {
        if let Some(removed) = word.strip_suffix('-') {
            let taint = taint(removed)?;
            let effect = Some(taint.effect).filter(|effect| !effect.is_empty());
            changes.remove.push((taint.key, effect));
            continue;
        }
        let taint = taint(word)?;
        if taint.effect.is_empty() {
            return Err(bad_taint(&format!("invalid taint spec: {word}")));
        }
        let twice = |other: &core::Taint| other.key == taint.key && other.effect == taint.effect;
        if changes.add.iter().any(twice) {
            let value = taint.value.as_deref().unwrap_or_default();
            return Err(bad_taint(&format!(
                "duplicated taints with the same key and effect: {{{} {value} {} <nil>}}",
                taint.key, taint.effect
            )));
        }
        changes.add.push(taint);
    }
    Ok(changes)
}

fn taint(word: &str) -> Result<core::Taint, UsageError> {
    let (pair, effect) = match word.split_once(':') {
        Some((_, rest)) if rest.contains(':') => {
            return Err(bad_taint(&format!("invalid taint spec: {word}")));
        }
        Some((pair, effect)) => (pair, effect),
        None => (word, ""),
    };
    let has_effect = word.contains(':');
    if has_effect && !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
        return Err(bad_taint(&format!(
            "invalid taint effect: {effect}, unsupported taint effect"
        )));
    }
    let (key, value) = match pair.split_once('=') {
        Some((_, rest)) if has_effect && rest.contains('=') => {
            return Err(bad_taint(&format!("invalid taint spec: {word}")));
        }
        Some((key, value)) if has_effect => (key, Some(value)),
        _ => (pair, None),
    };
    if !is_label_value(value.unwrap_or_default()) {
        return Err(bad_taint(&format!(
            "invalid taint spec: {word}, {LABEL_VALUE}"
        )));
    }
    let name = key.rsplit('/').next().unwrap_or(key);
    if !is_name(name) {
        return Err(bad_taint(&format!(
            "invalid taint spec: {word}, {KEY_NAME}"
        )));
    }
    Ok(core::Taint {
        key: key.to_owned(),
        value: value.filter(|value| !value.is_empty()).map(str::to_owned),
        effect: effect.to_owned(),
        time_added: None,
    })
}

/// Reads `container=image`.
pub(super) fn images(words: &[String]) -> Result<Vec<(String, String)>, UsageError> {
    if words.is_empty() {
        return Err(UsageError(
            "error: at least one image update is required".to_owned(),
        ));
    }
    let mut invalid = String::new();
    let mut images = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((container, image)) if !container.is_empty() => {
                images.push((container.to_owned(), image.to_owned()));
            }
            _ => {
                let comma = if invalid.is_empty() { "" } else { ", " };
                write!(invalid, "{comma}{word}").expect("writing to memory does not fail");
            }
        }
    }
    if invalid.is_empty() {
        Ok(images)
    } else {
        Err(UsageError(format!(
            "error: invalid image format: {invalid}"
        )))
    }
}
