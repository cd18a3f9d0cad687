//! The table of `kubectl api-resources`.

use super::{Table, render};
use crate::api::Kind;

/// All kinds that there are, by group and name.
#[must_use]
pub fn api_resources() -> String {
    let mut kinds = Kind::ALL.to_vec();
    kinds.sort_by_key(|kind| (kind.info().group, kind.info().plural));
    let headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
    let rows = kinds.iter().map(|kind| {
        let info = kind.info();
        vec![
            info.plural.to_owned(),
            info.short_names.join(","),
            info.api_version(),
            info.namespaced.to_string(),
            info.name.to_owned(),
        ]
    });
    render(&Table {
        headers: headers.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    })
}
