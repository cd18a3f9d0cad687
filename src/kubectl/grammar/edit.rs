//! The words of `kubectl edit`.
//!
//! Source: `kubectl/pkg/cmd/edit/edit.go` and `kubectl/pkg/cmd/util/editor`, Kubernetes 1.34.

use super::UsageError;
use super::command::{Edit, Output};
use super::flags::Given;
use super::resources::{self, Bare};
use crate::apiserver::Subresource;

/// What is said to whoever wants other resources for a pod that runs.
///
/// Unlike Kubernetes: a pod cannot be resized in place.
pub(super) const NO_RESIZE: &str = "error: Unlike Kubernetes: glassplane changes the resources of no \
    pod that runs; change the template of its workload, or delete the pod and create it anew";

/// Reads them.
pub(super) fn edit(given: &Given) -> Result<Edit, UsageError> {
    let output = match given.text("output").as_deref() {
        None | Some("") => Output::Table,
        Some("json") => Output::Json,
        Some("yaml") => Output::Yaml,
        Some("name") => Output::Name,
        Some(other) => {
            return Err(UsageError(format!(
                "error: unable to match a printer suitable for the output format \"{other}\", \
                 allowed formats are: json,name,yaml"
            )));
        }
    };
    let subresource = match given.text("subresource").as_deref() {
        None | Some("") => Subresource::Main,
        Some("status") => Subresource::Status,
        Some("resize") => return Err(UsageError(NO_RESIZE.to_owned())),
        Some(other) => {
            return Err(UsageError(format!(
                "error: invalid subresource value: \"{other}\". Must be one of [status resize]"
            )));
        }
    };
    Ok(Edit {
        targets: resources::read(given, &given.arguments(), Bare::All)?,
        output,
        subresource,
        shows_patch: given.is_on("output-patch"),
    })
}
