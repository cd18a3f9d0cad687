//! How objects are shown: the words of `-o`, `--sort-by` and `--watch`, and those of `kubectl events`.

use super::command::{Events, Named, Output, Watch};
use super::flags::Given;
use super::{UsageError, resources};
use crate::kubectl::json_path::{JsonPath, JsonPathError};

/// The formats that there are, as kubectl lists them, without Go's templates.
const FORMATS: &str = "custom-columns,json,jsonpath,name,wide,yaml";

/// Reads the text of `-o`.
pub(super) fn read(text: Option<&str>) -> Result<Output, UsageError> {
    let text = text.unwrap_or_default();
    let (format, argument) = match text.split_once('=') {
        Some((format, argument)) => (format, Some(argument)),
        None => (text, None),
    };
    match (format, argument) {
        ("", None) => Ok(Output::Table),
        ("wide", None) => Ok(Output::Wide),
        ("json", None) => Ok(Output::Json),
        ("yaml", None) => Ok(Output::Yaml),
        ("name", None) => Ok(Output::Name),
        ("jsonpath", Some(template)) if !template.is_empty() => JsonPath::parse(template)
            .map(Output::JsonPath)
            .map_err(|problem| unreadable(template, &problem)),
        ("jsonpath", _) => Err(UsageError(
            "error: template format specified but no template given".to_owned(),
        )),
        ("custom-columns", Some(spec)) if !spec.is_empty() => columns(spec),
        ("custom-columns", _) => Err(UsageError(
            "error: custom-columns format specified but no custom columns given".to_owned(),
        )),
        ("go-template" | "template" | "go-template-file" | "templatefile", _) => {
            Err(UsageError(format!(
                "error: Unlike Kubernetes: glassplane reads no Go templates, so there is no \
                 \"{format}\"; write -o jsonpath= or -o custom-columns="
            )))
        }
        ("jsonpath-as-json" | "jsonpath-file" | "custom-columns-file" | "kyaml", _) => {
            Err(UsageError(format!(
                "error: Unlike Kubernetes: glassplane has no output format \"{format}\"; allowed \
                 formats are: {FORMATS}"
            )))
        }
        _ => Err(UsageError(format!(
            "error: unable to match a printer suitable for the output format \"{text}\", \
             allowed formats are: {FORMATS}"
        ))),
    }
}

/// What is told of a template that cannot be read.
pub(super) fn unreadable(template: &str, problem: &JsonPathError) -> UsageError {
    UsageError(format!(
        "error: error parsing jsonpath {template}, {problem}"
    ))
}

/// Reads `NAME:.metadata.name,IMAGE:.spec.containers[*].image`.
fn columns(spec: &str) -> Result<Output, UsageError> {
    let column = |part: &str| {
        let Some((header, path)) = part.split_once(':') else {
            return Err(UsageError(format!(
                "error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            )));
        };
        let path = JsonPath::parse_relaxed(path)
            .map_err(|problem| UsageError(format!("error: {problem}")))?;
        Ok((header.to_owned(), path))
    };
    parts(spec)
        .into_iter()
        .map(column)
        .collect::<Result<_, _>>()
        .map(Output::Columns)
}

/// The parts between commas that stand in no bracket.
fn parts(spec: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0);
    for (place, letter) in spec.char_indices() {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&spec[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    found.push(&spec[start..]);
    found
}

/// Reads `--sort-by`.
pub(super) fn sort_by(given: &Given) -> Result<Option<JsonPath>, UsageError> {
    let text = given.text("sort-by").filter(|text| !text.is_empty());
    text.map(|text| JsonPath::parse_relaxed(&text))
        .transpose()
        .map_err(|problem| UsageError(format!("error: {problem}")))
}

/// Reads `--watch` and `--watch-only`.
pub(super) fn watch(given: &Given) -> Watch {
    if given.is_on("watch-only") {
        Watch::Only
    } else if given.is_on("watch") {
        Watch::Yes
    } else {
        Watch::No
    }
}

/// Reads `kubectl events`. Source: `kubectl/pkg/cmd/events/events.go`.
pub(super) fn events(given: &Given) -> Result<Events, UsageError> {
    let about = given.text("for").filter(|text| !text.is_empty());
    let about = about.map(
        |text| match text.split('/').collect::<Vec<_>>().as_slice() {
            [kind, name] => Ok(Named {
                kind: resources::kind_of(kind)?,
                name: (*name).to_owned(),
            }),
            [_] => Err(UsageError(
                "error: --for must be in resource/name form".to_owned(),
            )),
            _ => Err(UsageError(
                "error: arguments in resource/name form may not have more than one slash"
                    .to_owned(),
            )),
        },
    );
    let types = given.texts("types");
    let is_type =
        |text: &String| ["normal", "warning"].contains(&text.to_ascii_lowercase().as_str());
    if !types.iter().all(is_type) {
        return Err(UsageError(
            "error: valid --types are Normal or Warning".to_owned(),
        ));
    }
    Ok(Events {
        everywhere: given.is_on("all-namespaces"),
        about: about.transpose()?,
        types,
        headers: !given.is_on("no-headers"),
    })
}
