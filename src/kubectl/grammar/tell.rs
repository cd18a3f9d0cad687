//! Lines that need nobody to be asked: `explain`, `api-resources`, `version`.

use super::flags::Given;
use super::{UsageError, resources};
use crate::kubectl::explain::explain;
use crate::kubectl::printers;

/// The versions of kubectl and of the API server that this program shows.
const VERSION: &str =
    "Client Version: v1.34.1\nKustomize Version: v5.7.1\nServer Version: v1.34.1\n";

pub(super) fn answer(verb: &str, given: &Given) -> Result<String, UsageError> {
    match verb {
        "api-resources" => Ok(printers::api_resources()),
        "version" => Ok(VERSION.to_owned()),
        _ => explained(given),
    }
}

fn explained(given: &Given) -> Result<String, UsageError> {
    let words = given.arguments();
    let path = match words.as_slice() {
        [path] => path,
        [] => {
            return Err(UsageError(
                "error: You must specify the type of resource to explain. Use \"kubectl \
                 api-resources\" for a complete list of supported resources."
                    .to_owned(),
            ));
        }
        _ => {
            return Err(UsageError(
                "error: We accept only this format: explain RESOURCE".to_owned(),
            ));
        }
    };
    let mut parts = path.split('.').filter(|part| !part.is_empty());
    let kind = resources::kind_of(parts.next().unwrap_or_default())?;
    let fields: Vec<&str> = parts.collect();
    explain(kind, &fields, given.is_on("recursive")).map_err(UsageError)
}
