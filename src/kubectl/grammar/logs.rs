//! The words of `kubectl logs`.

use super::UsageError;
use super::command::{Containers, LogRun, Logs, Named, Targets};
use super::flags::Given;
use super::resources;
use crate::api::Kind;
use crate::api::field_selector::FieldSelector;
use crate::sim::parse_duration;

/// How many lines of each log are shown when a selector picks the pods.
/// Source: `selectorTail` of `kubectl/pkg/cmd/logs`.
const SELECTOR_TAIL: usize = 10;

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME \
    is a required argument for the logs command";

/// Reads them.
pub(super) fn logs(given: &Given) -> Result<Logs, UsageError> {
    let words = given.arguments();
    let wrong = |why: &str| UsageError(format!("error: {why}"));
    let labels = resources::labels(given)?;
    let mut container = given.text("container");
    let selects = labels.is_some();
    let targets = match (words.as_slice(), labels) {
        ([], Some(labels)) => Targets::Kinds {
            kinds: vec![Kind::Pod],
            labels: Some(labels),
            fields: FieldSelector::everything(),
            everywhere: false,
        },
        ([_, ..], Some(_)) => {
            return Err(wrong("only a selector (-l) or a POD name is allowed"));
        }
        ([one], None) => Targets::Named(vec![named(one)?]),
        ([one, inline], None) => {
            if container.is_some() {
                let why = "only one of -c or an inline [CONTAINER] arg is allowed";
                return Err(wrong(why));
            }
            container = Some(inline.clone());
            Targets::Named(vec![named(one)?])
        }
        _ => {
            return Err(UsageError(format!(
                "error: {USAGE}\nSee 'kubectl logs -h' for help and examples"
            )));
        }
    };
    let containers = match (container, given.is_on("all-containers")) {
        (Some(_), true) => {
            let why = "--all-containers=true should not be specified with container name";
            return Err(wrong(why));
        }
        (Some(name), false) => Containers::One(name),
        (None, true) => Containers::All,
        (None, false) => Containers::Default,
    };
    let tail = match given.number("tail") {
        None => selects.then_some(SELECTOR_TAIL),
        Some(-1) => None,
        Some(lines) => Some(
            usize::try_from(lines)
                .map_err(|_| wrong("--tail must be greater than or equal to -1"))?,
        ),
    };
    let since = given.text("since").map(|text| parse_duration(&text));
    Ok(Logs {
        targets,
        containers,
        run: match (given.is_on("previous"), given.is_on("follow")) {
            (true, _) => LogRun::Previous,
            (false, true) => LogRun::Followed,
            (false, false) => LogRun::Current,
        },
        tail,
        since: since.transpose().map_err(|why| wrong(&why))?,
        timestamps: given.is_on("timestamps"),
        prefix: given.is_on("prefix"),
    })
}

fn named(word: &str) -> Result<Named, UsageError> {
    if word.contains('/') {
        return resources::pair(word);
    }
    Ok(Named {
        kind: Kind::Pod,
        name: word.to_owned(),
    })
}
