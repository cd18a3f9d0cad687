//! kubectl's own grammar: a typed line becomes an [`Invocation`], or an error in kubectl's words.

mod changes;
mod command;
mod create;
mod drain;
mod edit;
mod flags;
mod logs;
mod output;
mod resources;
mod set;
mod source;
mod tell;
mod top;
mod verbs;
mod wait;
mod writing;

use std::borrow::Cow;

use serde_json::Value;

pub use changes::{Pairs, pairs, taints};
pub use command::{
    Command, Containers, Delete, Edit, Events, Exposed, Get, Invocation, LogRun, Logs, Named,
    Output, Relabel, RolloutAction, Scale, Setting, TaintChanges, Targets, Until, Wait, Watch,
};
pub use source::{Entry, Filled, Replacement, Source, Unknown};
pub use top::{Lines, SortBy, Top};

pub(super) use create::encoded;
pub use drain::{Consent, Drain, Removal};
pub use writing::{ApplyMode, DryRun};

use self::flags::Given;
use self::resources::Bare;
use crate::api::Kind;
use crate::apiserver::{PatchType, Propagation, Subresource};
use crate::kubectl::printers::LabelColumns;

/// Why a line is no kubectl line: what kubectl prints on stderr, without a newline at the end.
/// Its exit code is 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Reads a line as a shell and then kubectl would. The word `kubectl` in front may be left out.
///
/// Source: the behaviour of kubectl 1.33, which is that of 1.34 in all that is here.
///
/// # Errors
/// In the words of kubectl; commands that kubectl has and that are not here say so.
pub fn parse(line: &str) -> Result<Invocation, UsageError> {
    let words =
        shlex::split(line).ok_or_else(|| UsageError("error: a quote is not closed".to_owned()))?;
    parse_words(&words)
}

/// The same for a line that is words already.
///
/// # Errors
/// As [`parse`].
pub fn parse_words(words: &[String]) -> Result<Invocation, UsageError> {
    let words = match words {
        [first, rest @ ..] if first == "kubectl" => rest,
        all => all,
    };
    let quoted = words.iter().map(|word| quoted(word));
    let quoted = quoted.collect::<Result<Vec<_>, _>>()?.join(" ");
    let (verb, rest) = flags::split(words)?;
    let given = flags::read(verb, &rest)?;
    let namespace = given.text("namespace").filter(|name| !name.is_empty());
    Ok(Invocation {
        line: format!("kubectl {quoted}"),
        namespace,
        dry_run: writing::dry_run(&given)?,
        shown: writing::shown(verb, &given)?,
        manager: given.text("field-manager").filter(|name| !name.is_empty()),
        command: command(verb.words, &given)?,
    })
}

/// The words of every verb, in their order; each once.
pub fn verbs() -> impl Iterator<Item = &'static str> {
    let mut words: Vec<&'static str> = verbs::VERBS.iter().map(|verb| verb.words).collect();
    words.dedup();
    words.into_iter()
}

/// A word as somebody would type it: in quotes only where a shell would take it apart.
fn quoted(word: &str) -> Result<Cow<'_, str>, UsageError> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Ok(word.into());
    }
    shlex::try_quote(word).map_err(|_| UsageError("error: a word has a zero byte in it".to_owned()))
}

fn command(verb: &str, given: &Given) -> Result<Command, UsageError> {
    Ok(match verb {
        "annotate" | "label" => relabel(given, verb)?,
        "apply view-last-applied" => last_applied(given)?,
        "api-resources" | "explain" | "version" => Command::Tell(tell::answer(verb, given)?),
        "apply" => Command::Apply {
            mode: writing::apply_mode(given)?,
            unknown: writing::unknown_fields(given)?,
            files: files(given, "apply")?,
        },
        "autoscale" => autoscale(given)?,
        "cordon" | "uncordon" => Command::Cordon {
            targets: resources::nodes(given, verb)?,
            closed: verb == "cordon",
        },
        "create" => Command::Create(Source::Files(files(given, "create")?)),
        "delete" => Command::Delete(delete(given)?),
        "describe" => Command::Describe {
            targets: describe(given)?,
        },
        "diff" => Command::Diff {
            files: files(given, "diff")?,
        },
        "drain" => Command::Drain(drain::drain(given)?),
        "edit" => Command::Edit(edit::edit(given)?),
        "events" => Command::Events(output::events(given)?),
        "expose" => expose(given)?,
        "get" => Command::Get(get(given)?),
        "logs" => Command::Logs(logs::logs(given)?),
        "patch" => patch(given)?,
        "replace" => Command::Replace {
            files: files(given, "replace")?,
            by: if given.is_on("force") {
                Replacement::Recreation
            } else {
                Replacement::Update
            },
        },
        "scale" => Command::Scale(scale(given)?),
        "set image" => set_image(given)?,
        "taint" => taint(given)?,
        "top node" => Command::Top(top::read(Kind::Node, given)?),
        "top pod" => Command::Top(top::read(Kind::Pod, given)?),
        "wait" => Command::Wait(wait::wait(given)?),
        other => match other.split_once(' ') {
            Some(("rollout", action)) => rollout(action, given)?,
            Some(("set", what)) => set::set(what, given)?,
            _ => create::create(other, given)?,
        },
    })
}

fn usage(verb: &str, problem: &str) -> UsageError {
    UsageError(format!(
        "error: {problem}\nSee 'kubectl {verb} -h' for help and examples"
    ))
}

fn files(given: &Given, verb: &str) -> Result<Vec<String>, UsageError> {
    let words = given.arguments();
    if !words.is_empty() {
        let words = words.join(" ");
        return Err(usage(verb, &format!("Unexpected args: [{words}]")));
    }
    let files = given.texts("filename");
    if files.is_empty() {
        return Err(UsageError(
            "error: must specify one of -f and -k".to_owned(),
        ));
    }
    Ok(files)
}

fn get(given: &Given) -> Result<Get, UsageError> {
    let words = given.arguments();
    if words.is_empty() && given.texts("filename").is_empty() {
        return Err(UsageError(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a \
             complete list of supported resources.\n\nerror: Required resource not \
             specified.\nUse \"kubectl explain <resource>\" for a detailed description of that \
             resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples"
                .to_owned(),
        ));
    }
    Ok(Get {
        targets: resources::read(given, &words, Bare::All)?,
        output: output::read(given.text("output").as_deref())?,
        labels: LabelColumns {
            chosen: given.texts("label-columns"),
            all: given.is_on("show-labels"),
        },
        headers: !given.is_on("no-headers"),
        ignore_not_found: given.is_on("ignore-not-found"),
        managed_fields: given.is_on("show-managed-fields"),
        sort_by: output::sort_by(given)?,
        watch: output::watch(given),
    })
}

fn describe(given: &Given) -> Result<Targets, UsageError> {
    let words = given.arguments();
    if words.is_empty() && given.texts("filename").is_empty() {
        return Err(UsageError(
            "error: You must specify the type of resource to describe. Use \"kubectl \
             api-resources\" for a complete list of supported resources."
                .to_owned(),
        ));
    }
    resources::read(given, &words, Bare::All)
}

fn delete(given: &Given) -> Result<Delete, UsageError> {
    let targets = resources::read(given, &given.arguments(), Bare::Refused)?;
    let propagation = match given.text("cascade").as_deref() {
        None | Some("background" | "true") => Propagation::Background,
        Some("foreground") => Propagation::Foreground,
        Some("orphan" | "false") => Propagation::Orphan,
        Some(other) => {
            return Err(UsageError(format!(
                "error: invalid cascade value ({other}). Must be \"background\", \
                 \"foreground\", or \"orphan\""
            )));
        }
    };
    let (force, now) = (given.is_on("force"), given.is_on("now"));
    let grace = given.number("grace-period").filter(|grace| *grace >= 0);
    let grace = match (grace, now, force) {
        (Some(_), true, _) => {
            return Err(UsageError(
                "error: --now and --grace-period cannot be specified together".to_owned(),
            ));
        }
        // Without --force kubectl asks for one second at least: the kubelet shall see the end.
        (None, true, _) | (Some(0), false, false) => Some(1),
        (None, false, true) => Some(0),
        (Some(grace), false, true) if grace > 0 => {
            return Err(UsageError(
                "error: --force and --grace-period greater than 0 cannot be specified together"
                    .to_owned(),
            ));
        }
        (grace, false, _) => grace,
    };
    let output = match given.text("output").as_deref() {
        None | Some("") => Output::Table,
        Some("name") => Output::Name,
        Some(other) => {
            return Err(UsageError(format!(
                "error: unexpected -o output mode: {other}. We only support '-o name'"
            )));
        }
    };
    Ok(Delete {
        targets,
        propagation,
        grace_period_seconds: grace,
        force,
        wait: given.switch("wait").unwrap_or(true) && !force,
        ignore_not_found: given.is_on("ignore-not-found"),
        output,
    })
}

fn scale(given: &Given) -> Result<Scale, UsageError> {
    let replicas = given.required_number("replicas")?;
    let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    if replicas < 0 {
        return Err(UsageError(
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or \
             equal to 0"
                .to_owned(),
        ));
    }
    let current = given.number("current-replicas");
    Ok(Scale {
        targets: resources::read(given, &given.arguments(), Bare::Refused)?,
        replicas: small(replicas),
        current_replicas: current.filter(|number| *number >= 0).map(small),
    })
}

fn set_image(given: &Given) -> Result<Command, UsageError> {
    let words = given.arguments();
    let is_image: fn(&str) -> bool = |word| word.find('=').is_some_and(|at| at > 0);
    let (objects, changes) = changes::split(words, is_image, "image")?;
    let targets = resources::read(given, &objects, Bare::Refused)?;
    Ok(Command::SetImage {
        targets,
        images: changes::images(&changes)?,
    })
}

/// `label` and `annotate`.
fn relabel(given: &Given, verb: &str) -> Result<Command, UsageError> {
    let annotations = verb == "annotate";
    let what = if annotations { "annotation" } else { "label" };
    let (objects, changes) = changes::split(given.arguments(), changes::is_pair, what)?;
    let has_files = !given.texts("filename").is_empty();
    if objects.is_empty() && !has_files {
        return Err(UsageError(
            "error: one or more resources must be specified as <resource> <name> or \
             <resource>/<name>"
                .to_owned(),
        ));
    }
    if changes.is_empty() && given.is_on("list") {
        return Ok(Command::Listed {
            targets: resources::read(given, &objects, Bare::All)?,
            annotations,
        });
    }
    if changes.is_empty() {
        return Err(UsageError(format!(
            "error: at least one {what} update is required"
        )));
    }
    let (set, remove) = pairs(&changes, what)?;
    let relabel = Relabel {
        targets: resources::read(given, &objects, Bare::Refused)?,
        set,
        remove,
        overwrite: given.is_on("overwrite"),
    };
    Ok(if annotations {
        Command::Annotate(relabel)
    } else {
        Command::Label(relabel)
    })
}

/// `apply view-last-applied`.
fn last_applied(given: &Given) -> Result<Command, UsageError> {
    let json = match given.text("output").as_deref() {
        None | Some("" | "yaml") => false,
        Some("json") => true,
        Some(other) => {
            return Err(UsageError(format!(
                "error: Unexpected -o output mode: {other}, the flag 'output' must be one of yaml|json"
            )));
        }
    };
    Ok(Command::LastApplied {
        targets: resources::read(given, &given.arguments(), Bare::Refused)?,
        json,
    })
}

fn taint(given: &Given) -> Result<Command, UsageError> {
    let (objects, changes) = changes::split(given.arguments(), changes::is_taint, "taint")?;
    let Some(word) = objects.first() else {
        return Err(UsageError(
            "error: one or more resources must be specified as <resource> <name>".to_owned(),
        ));
    };
    if changes.is_empty() {
        return Err(UsageError(
            "error: at least one taint update is required".to_owned(),
        ));
    }
    let changes = taints(&changes)?;
    let kind = resources::kind_of(word)?;
    if kind != Kind::Node {
        return Err(UsageError(format!(
            "error: invalid resource type {word}, only node types are supported"
        )));
    }
    Ok(Command::Taint {
        targets: resources::read(given, &objects, Bare::Refused)?,
        changes,
        overwrite: given.is_on("overwrite"),
    })
}

fn rollout(action: &str, given: &Given) -> Result<Command, UsageError> {
    let words = given.arguments();
    if words.is_empty() && given.texts("filename").is_empty() {
        return Err(UsageError(
            "error: required resource not specified".to_owned(),
        ));
    }
    let number = |flag: &str| given.number(flag).unwrap_or(0);
    let action = match action {
        "status" => RolloutAction::Status {
            watch: given.switch("watch").unwrap_or(true),
            revision: number("revision"),
            timeout: wait::rollout_timeout(given)?,
        },
        "undo" => RolloutAction::Undo {
            to_revision: number("to-revision"),
        },
        "history" => RolloutAction::History {
            revision: number("revision"),
        },
        "pause" => RolloutAction::Pause,
        "resume" => RolloutAction::Resume,
        _ => RolloutAction::Restart,
    };
    Ok(Command::Rollout {
        targets: resources::read(given, &words, Bare::All)?,
        action,
    })
}

fn patch(given: &Given) -> Result<Command, UsageError> {
    let Some(text) = given.text("patch") else {
        return Err(UsageError(
            "error: must specify --patch or --patch-file containing the contents of the patch"
                .to_owned(),
        ));
    };
    let patch_type = match given.text("type").as_deref() {
        None | Some("strategic") => PatchType::Strategic,
        Some("merge") => PatchType::Merge,
        Some("json") => PatchType::Json,
        Some(other) => {
            return Err(UsageError(format!(
                "error: --type must be one of [json merge strategic], not \"{other}\""
            )));
        }
    };
    let subresource = match given.text("subresource").as_deref() {
        None | Some("") => Subresource::Main,
        Some("status") => Subresource::Status,
        Some("scale") => Subresource::Scale,
        Some("resize") => return Err(UsageError(edit::NO_RESIZE.to_owned())),
        Some(other) => {
            return Err(UsageError(format!(
                "error: invalid subresource value: \"{other}\". Must be one of [status scale \
                 resize]"
            )));
        }
    };
    let body: Value = serde_yaml::from_str(&text)
        .map_err(|problem| UsageError(format!("error: unable to parse {text:?}: {problem}")))?;
    Ok(Command::Patch {
        targets: resources::read(given, &given.arguments(), Bare::Refused)?,
        patch_type,
        subresource,
        body,
    })
}

fn autoscale(given: &Given) -> Result<Command, UsageError> {
    let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    let maximum = small(given.required_number("max")?);
    let minimum = given.number("min").filter(|number| *number >= 0).map(small);
    if maximum < 1 {
        return Err(UsageError(format!(
            "error: --max=MAXPODS is required and must be at least 1, max: {maximum}"
        )));
    }
    if let Some(minimum) = minimum.filter(|minimum| maximum < *minimum) {
        return Err(UsageError(format!(
            "error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: {maximum}, min: \
             {minimum}"
        )));
    }
    let share = given.text("cpu");
    let share = match &share {
        Some(text) => {
            let number = text.strip_suffix('%').and_then(|text| text.parse().ok());
            Some(number.ok_or_else(|| {
                UsageError(format!(
                    "error: invalid value {text:?} for --cpu: write a percentage, as in 50%"
                ))
            })?)
        }
        None => given.number("cpu-percent").map(small),
    };
    Ok(Command::Autoscale {
        targets: resources::read(given, &given.arguments(), Bare::Refused)?,
        name: given.text("name"),
        minimum,
        maximum,
        cpu: share,
    })
}

fn expose(given: &Given) -> Result<Command, UsageError> {
    // The selector is that of the service to be.
    let targets = resources::read_selected(given, &given.arguments(), Bare::Refused, None)?;
    let port = given.number("port");
    let port = port.map(|port| i32::try_from(port).unwrap_or(i32::MAX));
    Ok(Command::Expose {
        targets,
        service: Exposed {
            name: given.text("name"),
            port,
            target_port: given.text("target-port"),
            protocol: given.text("protocol").unwrap_or_else(|| "TCP".to_owned()),
            service_type: given.text("type"),
            selector: resources::labels(given)?,
            labels: create::pairs_of(&given.texts("labels"), "label")?,
        },
    })
}

#[cfg(test)]
mod tests;
