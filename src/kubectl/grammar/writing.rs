//! How a command writes: in earnest or to see what would come of it, in whose name, and which apply.

use super::command::{Command, Output};
use super::flags::Given;
use super::source::Unknown;
use super::verbs::Verb;
use super::{UsageError, output};
use crate::api::owners::Manager;
use crate::apiserver::Conflicts;

/// Whether a command is meant: `--dry-run`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// It is.
    #[default]
    None,
    /// kubectl only says what it would ask for.
    Client,
    /// The API server goes through it and stores nothing.
    Server,
}

impl DryRun {
    /// What kubectl says behind each line.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
}

/// Who merges what is applied with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMode {
    /// kubectl, from what it applied last.
    ClientSide,
    /// The API server, from who owns what.
    ServerSide(Conflicts),
}

/// Reads `--dry-run`.
pub(super) fn dry_run(given: &Given) -> Result<DryRun, UsageError> {
    match given.text("dry-run").as_deref() {
        None | Some("none") => Ok(DryRun::None),
        Some("client") => Ok(DryRun::Client),
        Some("server") => Ok(DryRun::Server),
        Some(other) => Err(UsageError(format!(
            "error: Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
        ))),
    }
}

/// Reads `-o` of a verb that writes; those that only read have their own.
pub(super) fn shown(verb: &Verb, given: &Given) -> Result<Output, UsageError> {
    let is_own = !verb.writes() || matches!(verb.words, "delete" | "edit");
    if is_own {
        return Ok(Output::Table);
    }
    match output::read(given.text("output").as_deref())? {
        Output::Wide | Output::Columns(_) => Err(UsageError(
            "error: what is written is shown with -o name, json, yaml or jsonpath=".to_owned(),
        )),
        shown => Ok(shown),
    }
}

/// Reads `--validate`. Source: `GetValidationDirective` of `kubectl/pkg/cmd/util/helpers.go`.
pub(super) fn unknown_fields(given: &Given) -> Result<Unknown, UsageError> {
    match given.text("validate").as_deref() {
        None | Some("true" | "strict") => Ok(Unknown::Refused),
        Some("warn") => Ok(Unknown::Warned),
        Some("false" | "ignore") => Ok(Unknown::Ignored),
        Some(other) => Err(UsageError(format!(
            "error: invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore \
             (or false)"
        ))),
    }
}

/// Reads `--server-side` and `--force-conflicts`.
pub(super) fn apply_mode(given: &Given) -> Result<ApplyMode, UsageError> {
    let is_forced = given.is_on("force-conflicts");
    if !given.is_on("server-side") {
        if is_forced {
            let problem = "error: --force-conflicts only works with --server-side";
            return Err(UsageError(problem.to_owned()));
        }
        return Ok(ApplyMode::ClientSide);
    }
    if dry_run(given)? == DryRun::Client {
        return Err(UsageError(
            "error: --dry-run=client doesn't work with --server-side (did you mean \
             --dry-run=server instead?)"
                .to_owned(),
        ));
    }
    Ok(ApplyMode::ServerSide(if is_forced {
        Conflicts::Force
    } else {
        Conflicts::Refuse
    }))
}

impl Command {
    /// The name under which the fields that the command writes are owned.
    #[must_use]
    pub fn manager(&self) -> Manager {
        Manager::Borrowed(match self {
            Self::Apply {
                mode: ApplyMode::ClientSide,
                ..
            } => "kubectl-client-side-apply",
            Self::Create(_) | Self::JobFrom { .. } => "kubectl-create",
            Self::Edit(_) => "kubectl-edit",
            Self::Replace { .. } => "kubectl-replace",
            Self::Label(_) => "kubectl-label",
            Self::Annotate(_) => "kubectl-annotate",
            Self::SetImage { .. } | Self::Set { .. } => "kubectl-set",
            Self::Taint { .. } => "kubectl-taint",
            Self::Rollout { .. } => "kubectl-rollout",
            Self::Patch { .. } => "kubectl-patch",
            Self::Autoscale { .. } => "kubectl-autoscale",
            Self::Expose { .. } => "kubectl-expose",
            Self::Apply { .. }
            | Self::Diff { .. }
            | Self::Get(_)
            | Self::Describe { .. }
            | Self::Delete(_)
            | Self::Scale(_)
            | Self::Cordon { .. }
            | Self::Drain(_)
            | Self::Wait(_)
            | Self::Events(_)
            | Self::Logs(_)
            | Self::LastApplied { .. }
            | Self::Listed { .. }
            | Self::Tell(_)
            | Self::Top(_) => "kubectl",
        })
    }
}
