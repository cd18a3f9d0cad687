//! `kubectl diff`: what an apply would change, as `diff -u -N` prints it.
//!
//! Unlike Kubernetes: kubectl compares files in two folders with numbers in their names and dates
//! behind them; here both are left out, so that the same difference is always the same text.

use similar::TextDiff;

use super::Session;
use crate::api::Object;
use crate::manifest::print;

impl Session {
    /// Prints how an object would differ from what is there.
    pub(super) fn differs(&mut self, live: Option<&Object>, merged: &Object) {
        let text = |object: &Object| print::to_yaml(&object.to_value());
        let (old, new) = (live.map_or_else(String::new, text), text(merged));
        if old == new {
            return;
        }
        let name = file_name(merged);
        let (old_name, new_name) = (format!("/tmp/LIVE/{name}"), format!("/tmp/MERGED/{name}"));
        let difference = TextDiff::from_lines(&old, &new);
        let lines = difference
            .unified_diff()
            .context_radius(3)
            .header(&old_name, &new_name)
            .to_string();
        let first = format!("diff -u -N {old_name} {new_name}\n");
        self.output.push_str(&first);
        self.output.push_str(&lines);
        self.differences += 1;
    }
}

/// `apps.v1.Deployment.default.web`: the name of the file that kubectl gives to diff.
fn file_name(object: &Object) -> String {
    let info = object.kind().info();
    let parts = [
        info.group,
        info.version,
        info.name,
        object.namespace(),
        object.name(),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(".")
}
