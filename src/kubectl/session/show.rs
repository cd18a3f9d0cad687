//! What `kubectl get` prints of the objects that it has got.

use serde_json::Value;

use crate::api::{Kind, Object, owners};
use crate::kubectl::grammar::{Get, Invocation, Output, Targets};
use crate::kubectl::printers::{self, Options, Table};
use crate::manifest::print;
use crate::sim::Time;

/// Everything that goes to stdout.
pub(super) fn found(get: &Get, objects: &[Object], now: Time) -> String {
    match get.output {
        Output::Json => print::to_json_pretty(&whole(get, objects)),
        Output::Yaml => print::to_yaml(&whole(get, objects)),
        Output::Name => {
            let mut lines: Vec<String> = objects.iter().map(path_of).collect();
            lines.push(String::new());
            lines.join("\n")
        }
        Output::Table | Output::Wide => tables(get, objects, now),
    }
}

/// `deployment.apps/web`.
pub(super) fn path_of(object: &Object) -> String {
    let kind = object.kind().info().qualified_singular();
    format!("{kind}/{}", object.name())
}

/// What kubectl says on stderr when it has found nothing.
pub(super) fn nothing(invocation: &Invocation, kinds: &[Kind], everywhere: bool) -> String {
    let namespaced = kinds.iter().any(|kind| kind.info().namespaced);
    if namespaced && !everywhere {
        let namespace = invocation.namespace();
        format!("No resources found in {namespace} namespace.\n")
    } else {
        "No resources found\n".to_owned()
    }
}

/// One object by name is shown as it is, everything else as a list.
fn whole(get: &Get, objects: &[Object]) -> Value {
    let value = |object: &Object| {
        let mut value = object.to_value();
        if get.managed_fields {
            let owners = owners::to_value(object.kind(), &owners::of(object));
            value["metadata"]["managedFields"] = owners;
        }
        value
    };
    match (&get.targets, objects) {
        (Targets::Named(names), [one]) if names.len() == 1 => value(one),
        (Targets::Files(_), [one]) => value(one),
        _ => print::list(objects.iter().map(value)),
    }
}

fn tables(get: &Get, objects: &[Object], now: Time) -> String {
    let mut kinds: Vec<Kind> = Vec::new();
    for object in objects {
        if !kinds.contains(&object.kind()) {
            kinds.push(object.kind());
        }
    }
    let (asked, everywhere) = match &get.targets {
        Targets::Kinds {
            kinds, everywhere, ..
        } => (kinds.len(), *everywhere),
        Targets::Named(_) | Targets::Files(_) => (kinds.len(), false),
    };
    let options = Options {
        wide: get.output == Output::Wide,
        namespaces: everywhere,
        kinds: asked > 1,
        labels: get.labels.clone(),
    };
    let texts: Vec<String> = kinds
        .iter()
        .map(|&kind| {
            let mut table: Table = printers::table(kind, objects, now, &options);
            if !get.headers {
                table.headers.clear();
            }
            printers::render(&table)
        })
        .collect();
    texts.join("\n")
}
