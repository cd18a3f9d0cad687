//! Which objects a line is about: `pods`, `deploy/web`, `deploy,po`, `all`, `-f web.yaml`, `-l app=web`.

use super::UsageError;
use super::command::{Named, Targets};
use super::flags::Given;
use crate::api::field_selector::FieldSelector;
use crate::api::selector;
use crate::api::{Kind, LabelSelector};

/// What `all` stands for, in the order in which the API server lists these resources.
const ALL: [Kind; 9] = [
    Kind::Pod,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

const NOTHING_GIVEN: &str = "error: You must provide one or more resources by argument or \
    filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   \
    '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// Whether a kind alone, without a name or a selector, means all its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// It does, as for `get`.
    All,
    /// It is refused, as for `delete`.
    Refused,
}

/// Reads the objects from files, arguments and selectors.
/// Source: `cli-runtime/pkg/resource/builder.go`.
pub(super) fn read(given: &Given, words: &[String], bare: Bare) -> Result<Targets, UsageError> {
    read_selected(given, words, bare, labels(given)?)
}

/// The same where `-l` may mean something else.
pub(super) fn read_selected(
    given: &Given,
    words: &[String],
    bare: Bare,
    labels: Option<LabelSelector>,
) -> Result<Targets, UsageError> {
    let files = given.texts("filename");
    if !files.is_empty() {
        if !words.is_empty() {
            return Err(UsageError(
                "error: when paths, URLs, or stdin is provided as input, you may not specify \
                 resource arguments as well"
                    .to_owned(),
            ));
        }
        return Ok(Targets::Files(files));
    }
    if words.is_empty() {
        return Err(UsageError(NOTHING_GIVEN.to_owned()));
    }
    let all = given.is_on("all");
    if all && labels.is_some() {
        return Err(UsageError(
            "error: setting 'all' parameter but found a non empty selector. ".to_owned(),
        ));
    }
    let selects = all || labels.is_some();
    let everywhere = given.is_on("all-namespaces");
    if words.iter().any(|word| word.contains('/')) {
        if selects {
            return Err(UsageError(
                "error: selectors and the all flag cannot be used when passing resource/name \
                 arguments"
                    .to_owned(),
            ));
        }
        return named(in_one_word(words)?, everywhere);
    }
    let kinds = kinds(&words[0])?;
    let names = &words[1..];
    if names.is_empty() {
        let fields = fields(given)?;
        if bare == Bare::Refused && !selects && fields.0.is_empty() {
            return Err(UsageError(
                "error: resource(s) were provided, but no name was specified".to_owned(),
            ));
        }
        return Ok(Targets::Kinds {
            kinds,
            labels,
            fields,
            everywhere,
        });
    }
    if selects {
        return Err(UsageError(
            "error: name cannot be provided when a selector is specified".to_owned(),
        ));
    }
    let pairs = kinds.iter().flat_map(|&kind| {
        names.iter().map(move |name| Named {
            kind,
            name: name.clone(),
        })
    });
    named(pairs.collect(), everywhere)
}

fn named(pairs: Vec<Named>, everywhere: bool) -> Result<Targets, UsageError> {
    if everywhere {
        return Err(UsageError(
            "error: a resource cannot be retrieved by name across all namespaces".to_owned(),
        ));
    }
    Ok(Targets::Named(pairs))
}

/// `deploy/web po/db`: each word with its kind.
fn in_one_word(words: &[String]) -> Result<Vec<Named>, UsageError> {
    if !words.iter().all(|word| word.contains('/')) {
        return Err(UsageError(
            "error: there is no need to specify a resource type as a separate argument when \
             passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' \
             instead of 'kubectl get resource resource/<resource_name>'"
                .to_owned(),
        ));
    }
    words.iter().map(|word| pair(word)).collect()
}

pub(super) fn pair(word: &str) -> Result<Named, UsageError> {
    let parts: Vec<&str> = word.split('/').collect();
    match parts.as_slice() {
        [kind, name] if !kind.is_empty() && !name.is_empty() && !kind.contains(',') => Ok(Named {
            kind: kind_of(kind)?,
            name: (*name).to_owned(),
        }),
        [_, _] => Err(UsageError(
            "error: arguments in resource/name form must have a single resource and name"
                .to_owned(),
        )),
        _ => Err(UsageError(
            "error: arguments in resource/name form may not have more than one slash".to_owned(),
        )),
    }
}

/// The kinds that a word means, each once.
fn kinds(word: &str) -> Result<Vec<Kind>, UsageError> {
    let mut found = Vec::new();
    for part in word.split(',').filter(|part| !part.is_empty()) {
        let meant = if part == "all" {
            ALL.to_vec()
        } else {
            vec![kind_of(part)?]
        };
        for kind in meant {
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
    }
    if found.is_empty() {
        return Err(UsageError(NOTHING_GIVEN.to_owned()));
    }
    Ok(found)
}

/// Unlike Kubernetes: there are no v1 Endpoints, which are deprecated since 1.33; EndpointSlices say
/// the same.
const NO_ENDPOINTS: &str = "error: Unlike Kubernetes: glassplane has no v1 Endpoints, which are \
    deprecated since v1.33; write endpointslices";

/// The kind that a word means.
pub(super) fn kind_of(word: &str) -> Result<Kind, UsageError> {
    Kind::of_word(word).ok_or_else(|| {
        UsageError(match word.to_ascii_lowercase().as_str() {
            "endpoints" | "ep" => NO_ENDPOINTS.to_owned(),
            _ => format!("error: the server doesn't have a resource type \"{word}\""),
        })
    })
}

pub(super) fn labels(given: &Given) -> Result<Option<LabelSelector>, UsageError> {
    let text = given.text("selector").filter(|text| !text.is_empty());
    text.map(|text| selector::parse_labels(&text))
        .transpose()
        .map_err(|problem| UsageError(format!("error: {problem}")))
}

pub(super) fn fields(given: &Given) -> Result<FieldSelector, UsageError> {
    let text = given.text("field-selector").unwrap_or_default();
    FieldSelector::parse(&text).map_err(|problem| UsageError(format!("error: {problem}")))
}

/// Nodes by name or label, as `cordon` and `uncordon` take them.
pub(super) fn nodes(given: &Given, verb: &str) -> Result<Targets, UsageError> {
    let names = given.arguments();
    let labels = labels(given)?;
    match (names.is_empty(), labels) {
        (true, None) => Err(UsageError(format!(
            "error: USAGE: {verb} NODE [flags]\nSee 'kubectl {verb} -h' for help and examples"
        ))),
        (false, Some(_)) => Err(UsageError(
            "error: error: cannot specify both a node name and a --selector option".to_owned(),
        )),
        (true, labels) => Ok(Targets::Kinds {
            kinds: vec![Kind::Node],
            labels,
            fields: FieldSelector::everything(),
            everywhere: false,
        }),
        (false, None) => {
            let nodes = names.into_iter().map(|name| {
                let name = name.strip_prefix("node/").unwrap_or(&name).to_owned();
                Named {
                    kind: Kind::Node,
                    name,
                }
            });
            Ok(Targets::Named(nodes.collect()))
        }
    }
}
